# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The hook's calls of several domains at the same time, on the real kernel and with the real systemd:
# prepare, started and release of each, with CPUs that overlap.
# limit: 420

# shellcheck source-path=SCRIPTDIR/../guest source=isolation.sh
. "$SHARE/guest/isolation.sh"

# 20 are run by hand: emulated, with all of the host's work on one CPU, each takes some 15 seconds.
rounds=4
pins=(1 2 3 "1 2" "1 2 3" "1 3" "2 3" 3 2 1)
remember_isolation
for i in "${!pins[@]}"; do
    domain_xml "p$i" pin="${pins[i]}" emulator=0 \
        tags="<hosttune:isolation/><hosttune:quiet thp='never' watchdog='off'/>" >"$TMP/p$i.xml"
done

# all OPERATION SUBOPERATION: of every domain, in a process each.
all() {
    local i pids=() failed=0
    for i in "${!pins[@]}"; do
        (hook_call "p$i" "$TMP/p$i.xml" "$@") >"$TMP/said-$i" 2>&1 </dev/null &
        pids+=("$!")
    done
    for i in "${!pids[@]}"; do
        wait "${pids[i]}" || {
            failed=$((failed + 1))
            sed "s/^/p$i: /" "$TMP/said-$i"
        }
    done
    assert_eq "failed calls of $1" 0 "$failed"
}

# life I: one domain's calls in order, beginning at a moment of its own.
life() {
    sleep "0.$((RANDOM % 10))"
    (hook_call "p$1" "$TMP/p$1.xml" prepare begin) || return
    (hook_call "p$1" "$TMP/p$1.xml" started begin) || return
    sleep "0.$((RANDOM % 10))"
    (hook_call "p$1" "$TMP/p$1.xml" release end)
}

begin=$(now_ms)
step "all at once, step by step"
all prepare begin
assert_units_off 1-3
assert_eq "claims" "${#pins[@]}" "$(claims | wc -l)"
all started begin
assert_isolated 1-3
all release end
assert_claims
assert_isolation_undone before

for ((round = 2; round <= rounds; round++)); do
    step "round $round: as many lives, none waits for another"
    pids=()
    for i in "${!pins[@]}"; do
        life "$i" >"$TMP/life-$i" 2>&1 &
        pids+=("$!")
    done
    for i in "${!pids[@]}"; do
        wait "${pids[i]}" || fail "p$i: $(cat "$TMP/life-$i")"
    done
    assert_claims
    assert_isolation_undone before
done
note "$rounds rounds of ${#pins[@]} domains took $(($(now_ms) - begin)) ms"

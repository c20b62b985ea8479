# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Eight tagged domains started at once, and stopped at once.
# limit: 480

names=()
for i in 0 1 2 3 4 5 6 7; do
    define "d$i" cells="32@$((i % 2))" pin=$((i % 4)) hugepages=yes \
        tags="<hosttune:hugepages/><hosttune:governor/>"
    names+=("d$i")
done

# at_once VERB [FLAG]: every domain, each by a virsh of its own.
at_once() {
    local name begin pids=() failed=0 i
    begin=$(now_ms)
    for name in "${names[@]}"; do
        timeout -k 5 200 virsh "$@" "$name" >"$TMP/$1-$name" 2>&1 &
        pids+=("$!")
    done
    for i in "${!pids[@]}"; do
        wait "${pids[i]}" || {
            failed=$((failed + 1))
            sed "s/^/${names[i]}: /" "$TMP/$1-${names[i]}"
        }
    done
    note "$1 of eight at once took $(($(now_ms) - begin)) ms"
    assert_eq "failed virsh $1" 0 "$failed"
}

at_once start --paused
assert_claims "${names[@]}"
assert_eq "pools" "64 64" "$(pool 0) $(pool 1)"
assert_eq "free pages" "0 0" "$(pool_free 0) $(pool_free 1)"
assert_eq "governors" "performance performance performance" \
    "$(governor 0) $(governor 1) $(governor 2)"
for i in 0 1 2 3 4 5 6 7; do
    assert_eq "pages of d$i" 16 "$(qemu_pages_on_node "d$i" $((i % 2)))"
done
must 30 hosttune status
at_once destroy
assert_claims
wait_for 30 hook_is_gone

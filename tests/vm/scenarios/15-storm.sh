# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For a minute, six domains are prepared and released in random order by three workers at the
# same time, and some of these calls are killed. Then everything is given back.
# limit: 300

seconds=${STORM_SECONDS:-60}
nic=$(nic_address)
readarray -t pair < <(paired_nic_addresses)
tags="<hosttune:hugepages/><hosttune:governor/>"
domain_xml s0 cells="32@0" pin=0 hugepages=yes tags="$tags" >"$TMP/s0.xml"
domain_xml s1 cells="64@0" pin=1 hugepages=yes tags="$tags" >"$TMP/s1.xml"
domain_xml s2 cells="32@1" pin=2 hugepages=yes tags="$tags" >"$TMP/s2.xml"
domain_xml s3 cells="64@1" pin=3 hugepages=yes tags="$tags" >"$TMP/s3.xml"
domain_xml s4 cells="16@0 16@1" pin="0 3" hugepages=yes hostdev="$nic" \
    tags="$tags<hosttune:passthrough/>" >"$TMP/s4.xml"
domain_xml s5 hostdev="${pair[0]}" hostdev="${pair[1]}" tags="<hosttune:passthrough/>" >"$TMP/s5.xml"

# As libvirt: one operation per domain at a time, a worker has two domains.
worker() {
    local mine=("s$1" "s$(($1 + 3))") end=$(($(now_ms) + seconds * 1000)) domain op pid rc
    RANDOM=$(($1 + 17))
    while [ "$(now_ms)" -lt "$end" ]; do
        domain=${mine[RANDOM % 2]}
        op="prepare begin"
        [ $((RANDOM % 2)) -eq 0 ] || op="release end"
        # shellcheck disable=SC2086
        hook_call_in_background "$domain" $op
        if [ $((RANDOM % 3)) -eq 0 ]; then
            sleep "0.$((RANDOM % 10))"
            kill -9 "$pid" 2>/dev/null && echo killed
        fi
        rc=0
        wait "$pid" || rc=$?
        echo "$domain ${op%% *} $rc"
        [ "$rc" -ne 0 ] || holds "$domain" "${op%% *}" || wrong "$domain" "$op"
    done
}

# What was found instead, at once; the ledger is kept.
wrong() {
    local found
    found=$(cat "$LEDGER")
    echo "WRONG: after $2 of $1: pools $(pool 0) $(pool 1), governors $(governor 0) $(governor 1)" \
        "$(governor 2), $nic on $(driver "$nic"), ${pair[0]} on $(driver "${pair[0]}")"
    echo "after $2 of $1: $found" >>"$OUT/wrong"
}

# Is the host what a call that succeeded has promised, whatever the other workers do?
holds() {
    if [ "$2" = release ]; then
        ! claims | grep -qx "$1"
    else
        claims | grep -qx "$1" || return 1
        case $1 in
        s0) [ "$(pool 0)" -ge 16 ] && [ "$(governor 0)" = performance ] ;;
        s1) [ "$(pool 0)" -ge 32 ] && [ "$(governor 1)" = performance ] ;;
        s2) [ "$(pool 1)" -ge 16 ] && [ "$(governor 2)" = performance ] ;;
        s3) [ "$(pool 1)" -ge 32 ] && [ "$(governor 2)" = performance ] ;;
        s4) [ "$(driver "$nic")" = vfio-pci ] ;;
        s5) [ "$(driver "${pair[0]}")" = vfio-pci ] && [ "$(driver "${pair[1]}")" = vfio-pci ] ;;
        esac
    fi
}

hook_call_in_background() {
    bash -c 'hook_call "$@"' _ "$1" "$TMP/$1.xml" "$2" "$3" >>"$TMP/messages" 2>&1 &
    pid=$!
}

for i in 0 1 2; do
    worker "$i" >"$OUT/worker$i" 2>&1 &
done
wait
wait_for 60 hook_is_gone
cat "$OUT"/worker? >"$TMP/calls"
done_calls=$(grep -c ' 0$' "$TMP/calls" || true)
note "$done_calls calls done, $(grep -c killed "$TMP/calls" || true) killed," \
    "$(grep -E '^s[0-5] ' "$TMP/calls" | grep -Evc ' (0|137)$' || true) refused"
sort "$TMP/messages" | uniq -c | sort -rn | head -n 20
assert_ge "calls that were done" 6 "$done_calls"
sort "$TMP/calls" | uniq -c
! grep WRONG "$TMP/calls" || fail "a call succeeded without its effect"
! grep -E ' (134|135|136|139)$' "$TMP/calls" || fail "a call crashed"

step "put right"
try 60 hosttune sync
assert_not_crashed
if [ -n "$(claims)" ]; then
    try 60 hosttune status
    assert_not_crashed
fi
must 60 hosttune release --all
assert_claims
assert_host before

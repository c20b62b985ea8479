# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the hook may do while it works: its capability sets, read from outside while `prepare`
# stands still at each of its own writes.
# limit: 180

gpu=$(gpu_address) audio=$(audio_address)
domain_xml victim hostdev="$gpu" hostdev="$audio" cells="32@0" pin=0 hugepages=yes \
    tags="<hosttune:hugepages/><hosttune:governor/><hosttune:passthrough/>" >"$TMP/victim.xml"

# Every call that changes something takes a quarter of a second, so that there is time to look.
export HOOK_UNDER="strace -f --seccomp-bpf -o $OUT/trace -e trace=write,renameat,renameat2,rename -e inject=write,renameat,renameat2,rename:delay_enter=250000"
hook_start victim "$TMP/victim.xml" prepare begin
unset HOOK_UNDER
: >"$TMP/sets"
looks=0
while kill -0 "$HOOK_PID" 2>/dev/null; do
    for pid in $(pgrep -f "^$HOOK victim "); do
        # Not strace itself, nor the hook before it has run.
        sets=$(awk '/^Cap/ { printf "%s ", $1 $2 }' \
            "/proc/$pid/status" 2>/dev/null) || continue
        echo "$sets" >>"$TMP/sets"
        looks=$((looks + 1))
    done
    sleep 0.05
done
wait "$HOOK_PID" || fail "prepare failed under strace: $(cat "$TMP/background")"
hook victim "$TMP/victim.xml" release end

sort "$TMP/sets" | uniq -c | while read -r count sets; do note "$count looks: $sets"; done
assert_ge "looks" 10 "$looks"
# The first look may come before the drop; from the first reduced one on, all must be reduced.
full=$(awk '/^CapEff/ { print $2 }' /proc/self/status)
reduced=$(grep -vc "CapEff:$full" "$TMP/sets" || true)
assert_ge "looks at which capabilities had been dropped" $((looks - 3)) "$reduced"

# Number of each capability that no part of the work needs.
declare -A forbidden=([CAP_NET_ADMIN]=12 [CAP_NET_RAW]=13 [CAP_SYS_BOOT]=22 [CAP_BPF]=39 [CAP_DAC_OVERRIDE]=1
    [CAP_SYS_TIME]=25 [CAP_SETUID]=7 [CAP_SETGID]=6 [CAP_SETFCAP]=31 [CAP_MKNOD]=27
    [CAP_SYS_CHROOT]=18 [CAP_LINUX_IMMUTABLE]=9 [CAP_MAC_ADMIN]=33 [CAP_AUDIT_CONTROL]=30)
grep -v "CapEff:$full" "$TMP/sets" | sort -u >"$TMP/reduced"
while read -r sets; do
    for set in CapEff CapPrm CapInh CapAmb CapBnd; do
        value=$(grep -o "$set:[0-9a-f]*" <<<"$sets" | cut -d: -f2)
        for name in "${!forbidden[@]}"; do
            (( (0x$value >> ${forbidden[$name]} & 1) == 0 )) || fail "$name is in $set ($value)"
        done
    done
done <"$TMP/reduced"
note "effective while at work: $(while read -r sets; do
    grep -o 'CapEff:[0-9a-f]*' <<<"$sets"
done <"$TMP/reduced" | sort -u | while IFS=: read -r _ value; do capabilities "$value"; done | paste -sd' ')"
assert_host before

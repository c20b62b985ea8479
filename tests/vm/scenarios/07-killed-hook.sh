# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The hook is killed at many moments of `prepare`: before exact system calls, and at a spread of
# times. Whatever it had done by then, the `release` that libvirt sends next (in every second
# case: `hosttune sync`, then `hosttune release`) makes the host what it was.
# limit: 1200

gpu=$(gpu_address) audio=$(audio_address)
xml=$TMP/victim.xml
domain_xml victim hostdev="$gpu" hostdev="$audio" cells="32@0 32@1" pin="0 2" hugepages=yes \
    tags="<hosttune:hugepages/><hosttune:governor/><hosttune:passthrough/>" >"$xml"

changes=write,pwrite64,writev,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat
changes+=,ftruncate,fsync,finit_module,init_module

# With a filter in the kernel: stopping at every system call takes too long on emulated CPUs.
strace="strace -f --seccomp-bpf"

moments=0 exact=0 missed=0 halfway=0 by_release=0 by_sync=0

# After a kill: was the host caught half-way, and does it come back?
recover() {
    wait_for 30 hook_is_gone
    moments=$((moments + 1))
    snapshot >"$TMP/cut"
    if ! same_snapshot "$TMP/before" "$TMP/cut" && ! same_snapshot "$TMP/prepared" "$TMP/cut" >/dev/null; then
        halfway=$((halfway + 1))
    fi
    if [ $((moments % 2)) -eq 0 ]; then
        hook victim "$xml" release end
        assert_eq "exit status of release" 0 "$RC"
        by_release=$((by_release + 1))
    else
        try 60 hosttune sync
        assert_not_crashed
        must 60 hosttune release victim
        by_sync=$((by_sync + 1))
    fi
    assert_host before
    assert_claims
}

# Was anybody killed? strace does not always find the call again: then prepare succeeded, and is
# given back. The number of cuts that were made is checked in the end.
was_cut() {
    ! grep -q 'killed by SIGKILL' "$1" || return 0
    echo "=== not cut"
    missed=$((missed + 1))
    assert_eq "exit status of prepare" 0 "$RC"
    hook victim "$xml" release end
    assert_host before
    return 1
}

# spread N MAX: MAX of the numbers 1..N, evenly.
spread() {
    local n=$1 max=$2 i
    [ "$n" -gt "$max" ] || max=$n
    for ((i = 0; i < max; i++)); do echo $((1 + i * n / max)); done
}

step "one whole prepare, undisturbed and timed, then traced"
hook victim "$xml" prepare begin
assert_eq "exit status of prepare" 0 "$RC"
whole=$MS
note "an undisturbed prepare took $whole ms"
snapshot >"$TMP/prepared"
! same_snapshot "$TMP/before" "$TMP/prepared" || fail "prepare changed nothing"
hook victim "$xml" release end
note "its release took $MS ms"
assert_host before

HOOK_UNDER="$strace -o $OUT/trace -e trace=$changes" hook victim "$xml" prepare begin
assert_eq "exit status of prepare" 0 "$RC"
# strace counts each system call by itself, the third write, the second rename, and for each
# process: these are the hook's own, which is the one that renames the ledger. A helper that gets
# as far dies, too.
awk 'NR == FNR { if (!hook && $2 ~ /^renameat\(/) hook = $1; next }
    $1 == hook && match($2, /^[a-z0-9_]+\(/) {
        call = substr($2, 1, RLENGTH - 1)
        print call, ++n[call]
    }' "$OUT/trace" "$OUT/trace" >"$TMP/points"
calls=$(wc -l <"$TMP/points")
note "prepare itself makes $calls system calls that change something"
hook victim "$xml" release end
assert_host before

step "killed before one of these system calls"
for k in $(spread "$calls" 12); do
    read -r call nth < <(sed -n "${k}p" "$TMP/points")
    HOOK_UNDER="$strace -o $OUT/trace-$k -e trace=$changes -e inject=$call:signal=KILL:when=$nth" \
        hook victim "$xml" prepare begin
    echo "=== cut before call $k, $call number $nth"
    was_cut "$OUT/trace-$k" || continue
    recover
done
exact=$moments

step "whichever process writes to these attributes, killed before it does"
for path in /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages \
    "$(realpath "/sys/bus/pci/devices/$gpu")/driver_override" \
    /sys/bus/pci/drivers/bochs-drm/unbind /sys/bus/pci/drivers/snd_hda_intel/unbind \
    /sys/bus/pci/drivers/vfio-pci/bind; do
    HOOK_UNDER="$strace -o $OUT/trace-path -P $path -e trace=write -e inject=write:signal=KILL" \
        hook victim "$xml" prepare begin
    echo "=== exit status $RC when the writer of $path was killed"
    was_cut "$OUT/trace-path" || continue
    [ "$RC" -ne 0 ] || fail "prepare succeeded without its write to $path"
    recover
done

step "everything of it killed after a time"
for i in {1..24}; do
    hook_start victim "$xml" prepare begin
    sleep "$(awk -v ms="$whole" -v i="$i" 'BEGIN { printf "%.3f", ms * i / 25 / 1000 }')"
    kill -9 -- "-$HOOK_PID" 2>/dev/null || true
    wait "$HOOK_PID" || true
    recover
done

note "$moments moments ($exact before exact calls), host caught half-way in $halfway;" \
    "$by_release put right by release, $by_sync by sync and release; $missed cuts not made"
assert_ge "moments" 20 "$moments"
assert_ge "moments at which the host was half-way" 3 "$halfway"

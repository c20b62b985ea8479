# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A domain without our element: it starts, and the hook neither looks at the host nor writes
# anything.
# limit: 180

define plain mem=64 pin=2
define tagged mem=64 pin=2 tags="<hosttune:governor/>"

step "under libvirt"
[ ! -e /run/hosttune ] || fail "/run/hosttune is there before the test"
start plain
virsh dumpxml plain >"$TMP/plain.live.xml"
[ ! -e /run/hosttune ] || fail "the hook made /run/hosttune"
assert_host before

step "traced"
calls() {
    HOOK_UNDER="strace -f --seccomp-bpf -o $OUT/trace -e trace=%file,%desc,%process" hook "$@"
    assert_eq "exit status of $3" 0 "$RC"
    assert_eq "output of $3" "" "$(cat "$LAST")"
}
# What was opened below /sys, by an absolute path or from a root descriptor.
opened_sys() { grep -E 'open[a-z0-9]*\(' "$OUT/trace" | grep -Ec '"(\./|/)?sys(/|")' || true; }

for operation in "prepare begin" "start begin" "started begin" "stopped end" "release end" "reconnect begin"; do
    # shellcheck disable=SC2086
    calls plain "$TMP/plain.live.xml" $operation
    assert_eq "opens below /sys in '$operation'" 0 "$(opened_sys)"
    ! grep -q 'hosttune.*O_CREAT' "$OUT/trace" || fail "'$operation' creates a file of ours"
    ! grep -E 'mkdir|rename' "$OUT/trace" | grep -q '= 0' || fail "'$operation' writes"
    ! grep -Eq 'clone|fork' "$OUT/trace" || fail "'$operation' starts a process"
    note "$operation: $(grep -c '^' "$OUT/trace") file system calls"
done
[ ! -e /run/hosttune ] || fail "the hook made /run/hosttune"

step "the same look at a tagged domain does see its work"
calls tagged "$TMP/tagged.xml" prepare begin
assert_ge "opens below /sys" 1 "$(opened_sys)"
calls tagged "$TMP/tagged.xml" release end
snapshot >"$TMP/now"

step "timed"
rm -rf /run/hosttune
loop() {
    local _ begin
    begin=$(now_ms)
    for _ in 1 2 3 4 5 6 7 8 9 10; do "$@" </dev/null >/dev/null 2>&1 || return 1; done
    echo "$((($(now_ms) - begin) / 10))"
}
untagged() { "$HOOK" plain prepare begin - <"$TMP/plain.live.xml"; }
hook_ms=$(loop untagged)
note "untagged hook $hook_ms ms, /bin/true $(loop /bin/true) ms (mean of 10, on emulated CPUs)"
stop plain
[ ! -e /run/hosttune ] || fail "the hook made /run/hosttune"

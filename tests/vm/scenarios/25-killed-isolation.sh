# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The hook is killed at many moments of `prepare`, `started` and `release`: `hosttune sync` makes
# the host what the ledger says, and once the claim is released it is what it was.
# limit: 600

# shellcheck source-path=SCRIPTDIR/../guest source=isolation.sh
. "$SHARE/guest/isolation.sh"

xml=$TMP/victim.xml
tags="<hosttune:isolation/><hosttune:quiet thp='never' watchdog='off' stat-interval='10'/>"
domain_xml victim pin="2 3" emulator=0-1 tags="$tags" >"$xml"
remember_isolation
moments=0 halfway=0

# killed_after MS DOMAIN XML OPERATION SUBOPERATION
killed_after() {
    local ms=$1
    shift
    hook_start "$@"
    sleep "$(awk -v ms="$ms" 'BEGIN { printf "%.3f", ms / 1000 }')"
    kill -9 -- "-$HOOK_PID" 2>/dev/null || true
    wait "$HOOK_PID" || true
    wait_for 30 hook_is_gone
    moments=$((moments + 1))
}

count_halfway() {
    snapshot >"$TMP/cut"
    same_snapshot "$TMP/before" "$TMP/cut" >/dev/null || same_snapshot "$TMP/prepared" "$TMP/cut" >/dev/null ||
        halfway=$((halfway + 1))
}

step "undisturbed"
hook victim "$xml" prepare begin
assert_eq "exit status of prepare" 0 "$RC"
prepare_ms=$MS
snapshot >"$TMP/prepared"
hook victim "$xml" release end
assert_eq "exit status of release" 0 "$RC"
release_ms=$MS
note "an undisturbed prepare took $prepare_ms ms, release $release_ms ms"
assert_isolation_undone before

step "prepare"
for i in {1..9}; do
    killed_after $((prepare_ms * i / 10)) victim "$xml" prepare begin
    count_halfway
    try 60 hosttune sync
    assert_not_crashed
    # libvirt's release follows a prepare that failed.
    hook victim "$xml" release end
    assert_host before
    assert_claims
done
assert_isolation_undone before

step "release"
for i in {1..6}; do
    hook victim "$xml" prepare begin
    assert_eq "exit status of prepare" 0 "$RC"
    killed_after $((release_ms * i / 7)) victim "$xml" release end
    count_halfway
    must 60 hosttune sync
    # It may have been killed before it wrote that the claim is to go.
    [ -z "$(claims)" ] || must 60 hosttune release victim
    assert_host before
    assert_claims
done
assert_isolation_undone before

step "started, of a domain that runs"
define runner pin="2 3" emulator=0-1 tags="$tags"
PAUSED=yes start runner
virsh dumpxml runner >"$TMP/runner.xml"
hook runner "$TMP/runner.xml" started begin
assert_eq "exit status of started" 0 "$RC"
started_ms=$MS
for i in {1..6}; do
    killed_after $((started_ms * i / 7)) runner "$TMP/runner.xml" started begin
    must 60 hosttune sync
    assert_partition 2-3
    assert_units_off 2-3
done
assert_isolated 2-3
stop runner
assert_isolation_undone before
note "$moments moments, the host caught half-way in $halfway"
assert_ge "moments" 20 "$moments"
assert_ge "moments at which the host was half-way" 3 "$halfway"

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Two guest cells bound to the two nodes: QEMU runs on pages that the hook reserved there, and
# afterwards each pool is what it was; with pages of the administrator's own, too.
# limit: 240

pools() { echo "$(pool 0) $(pool 1)"; }

define cells cells="64@0 96@1" pin="0 2" hugepages=yes tags="<hosttune:hugepages/>"

step "plan writes nothing and says what prepare will do"
must 30 hosttune plan cells
assert_said 'hugepages node0/2048kB 0 -> 32' 'hugepages node1/2048kB 0 -> 48'
assert_host before
[ ! -e "$LEDGER" ] || assert_claims ""

step "empty pools"
start cells
note "start with 80 pages took $MS ms"
assert_eq "pools" "32 48" "$(pools)"
assert_eq "free pages" "0 0" "$(pool_free 0) $(pool_free 1)"
assert_eq "QEMU's pages on node0" 32 "$(qemu_pages_on_node cells 0)"
assert_eq "QEMU's pages on node1" 48 "$(qemu_pages_on_node cells 1)"
assert_claims cells
must 30 hosttune status
assert_said cells
stop cells
assert_eq "pools" "0 0" "$(pools)"
assert_claims
assert_host before

step "the administrator has 16 free pages on node0, and 60 on node1"
set_pool 0 16
set_pool 1 60
snapshot >"$TMP/own-pages"
must 30 hosttune plan cells
assert_said 'hugepages node0/2048kB 16 -> 32'
refute_said 'hugepages node1'
start cells
assert_eq "pools: only the shortfall was added" "32 60" "$(pools)"
assert_eq "QEMU's pages on node0" 32 "$(qemu_pages_on_node cells 0)"
assert_eq "QEMU's pages on node1" 48 "$(qemu_pages_on_node cells 1)"
stop cells
assert_eq "pools" "16 60" "$(pools)"
assert_host own-pages
set_pool 0 0
set_pool 1 0

step "prepare and release by hand"
virsh dumpxml cells >"$TMP/cells.live.xml"
hook cells "$TMP/cells.live.xml" prepare begin
assert_eq "exit status of prepare" 0 "$RC"
assert_eq "output of prepare" "" "$(cat "$LAST")"
note "prepare of 80 pages took $MS ms"
assert_eq "pools" "32 48" "$(pools)"
hook cells "$TMP/cells.live.xml" release end
assert_eq "exit status of release" 0 "$RC"
note "release took $MS ms"
assert_eq "pools" "0 0" "$(pools)"

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# More pages than the node has: refused within bounded time, with the cause and a remedy, and
# nothing that was already done stays.
# limit: 360

set_pool 0 8
set_pool 1 4
snapshot >"$TMP/own-pages"
tags="<hosttune:hugepages/><hosttune:governor/>"
total=$(awk '/MemTotal/ { print int($4 / 2048) }' /sys/devices/system/node/node1/meminfo)

step "more than the node will ever have"
define huge cells="64@0 $((total * 2 + 200))@1" pin="0 2" hugepages=yes tags="$tags"
start_refused huge
note "more than the node has: refused within $MS ms"
assert_said "node1: needs $((total + 100)) x 2 MiB hugepages" 'what to do:'
assert_claims
assert_host own-pages

# A process that holds memory of node1 and asked for that, so that it cannot be moved.
step "more than the node has left"
held=$((total * 2 * 45 / 100))
numactl --membind=1 python3 -c "
import time
held = bytearray($held << 20)
for i in range(0, len(held), 4096): held[i] = 1
open('$TMP/holding', 'w')
time.sleep(600)" &
holder=$!
wait_for 120 test -e "$TMP/holding"
free_pages=$(awk '/MemFree/ { print int($4 / 2048) }' /sys/devices/system/node/node1/meminfo)
wanted=$((total * 80 / 100))
echo "node1: $total pages in all, $free_pages free, $wanted wanted"
[ "$free_pages" -lt "$wanted" ] || fail "node1 is not short: the test is void"
define big cells="64@0 $((wanted * 2))@1" pin="0 2" hugepages=yes tags="$tags"
cause="node1: needs $wanted x 2 MiB hugepages, got [0-9]+"
asking_begins
START_LIMIT=120 start_refused big
asking_ends
note "more than it has left: refused within $MS ms; 'virsh list' meanwhile took $SLOWEST ms at most"
assert_le "time to the refusal (ms)" 60000 "$MS"
assert_said "$cause" 'what to do:'
got=$(grep -Eo 'hugepages, got [0-9]+' "$LAST" | grep -Eo '[0-9]+' | head -n 1)
assert_le "pages that it says it got" "$((wanted - 1))" "$got"
assert_ge "pages that it says it got" "$((free_pages / 2))" "$got"
note "it had got $got of $wanted pages"
assert_eq "pools" "8 4" "$(pool 0) $(pool 1)"
assert_claims
assert_host own-pages

step "what the hook itself says: at most three lines, cause first, then a remedy"
hook big "$TMP/big.xml" prepare begin
[ "$RC" -ne 0 ] || fail "prepare was not refused"
assert_le "time to the refusal (ms)" 60000 "$MS"
sed 's/^/    /' "$LAST"
lines=$(wc -l <"$LAST")
assert_le "lines" 3 "$lines"
assert_ge "lines" 2 "$lines"
head -n 1 "$LAST" | grep -Eq "$cause" ||
    fail "the first line is not the cause"
assert_host own-pages
hook big "$TMP/big.xml" release end
assert_eq "exit status of release" 0 "$RC"
assert_claims
assert_host own-pages

kill "$holder"
wait "$holder" || true

step "one that fits still starts"
define small cells="64@0 64@1" pin="0 2" hugepages=yes tags="<hosttune:hugepages/>"
start small
stop small
assert_host own-pages
set_pool 0 0
set_pool 1 0

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Two domains with a CPU each: what is isolated is the union, whoever stops first, and in the end
# the host is what it was. A third that would leave the host without a CPU is refused.
# limit: 300

# shellcheck source-path=SCRIPTDIR/../guest source=isolation.sh
. "$SHARE/guest/isolation.sh"

export PAUSED=yes
remember_isolation
for cpu in 2 3; do
    define "on$cpu" pin="$cpu" emulator=0-1 \
        tags="<hosttune:isolation/><hosttune:quiet thp='never' watchdog='off'/>"
done

for first in 2 3; do
    other=$((5 - first))
    step "CPU $first, then $other; stopped in the same order"
    start on2
    start on3
    assert_isolated 2-3
    assert_partition 2-3
    stop "on$first"
    assert_isolated "$other"
    assert_partition "$other"
    in_list "$first" "$(cat /sys/fs/cgroup/system.slice/cpuset.cpus.effective)" ||
        fail "system.slice did not get CPU $first back"
    assert_eq "CPUs of the watchdog" "$([ "$first" = 2 ] && echo 0-2 || echo 0-1,3)" \
        "$(cat /proc/sys/kernel/watchdog_cpumask)"
    assert_eq "THP" "always madvise [never]" "$(cat /sys/kernel/mm/transparent_hugepage/enabled)"
    assert_claims "on$other"
    stop "on$other"
    assert_claims
    assert_isolation_undone before
done

step "all CPUs"
start on2
define greedy pin="0 1 3" tags="<hosttune:isolation/>"
start_refused greedy
assert_said "greedy|CPU"
assert_claims on2
assert_isolated 2
stop on2
assert_isolation_undone before

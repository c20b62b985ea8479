# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the administrator does while a domain is isolated: he is not fought, and his settings stay;
# CPUs that go offline and come back are dealt with.
# limit: 300

# shellcheck source-path=SCRIPTDIR/../guest source=isolation.sh
. "$SHARE/guest/isolation.sh"

export PAUSED=yes
slice_cpus() { cat "/sys/fs/cgroup/$1/cpuset.cpus.effective"; }
# What it asks for: of that, it has none of the CPUs of a partition.
slice_asks() { cat "/sys/fs/cgroup/$1/cpuset.cpus"; }
has_asked() { [ "$(slice_asks "$1")" = "$2" ]; }
remember_isolation
define iso pin="2 3" emulator=0-1 tags="<hosttune:isolation/><hosttune:quiet thp='never'/>"
start iso
assert_isolated 2-3

step "AllowedCPUs of a slice, set by the administrator"
must 60 systemctl set-property --runtime system.slice AllowedCPUs=0-2
wait_for 10 has_asked system.slice 0-2
try 60 hosttune sync
assert_not_crashed
assert_eq "CPUs of system.slice after sync" 0-2 "$(slice_asks system.slice)"
try 30 hosttune status
cat "$LAST"
assert_said system.slice
assert_eq "CPUs of user.slice" 0-1 "$(slice_cpus user.slice)"

step "the mask of an interrupt and THP, too"
irq=$(awk '/virtio.*-requests/ { sub(":", "", $1); print $1; exit }' /proc/interrupts)
echo 0-2 >"/proc/irq/$irq/smp_affinity_list"
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
try 60 hosttune sync
assert_eq "CPUs of interrupt $irq after sync" 0-2 "$(cat "/proc/irq/$irq/smp_affinity_list")"
assert_eq "THP after sync" "always [madvise] never" "$(cat /sys/kernel/mm/transparent_hugepage/enabled)"

step "the domain stops: his settings stay"
stop iso
assert_claims
assert_eq "CPUs of system.slice" 0-2 "$(slice_cpus system.slice)"
assert_eq "AllowedCPUs of system.slice" 0-2 "$(systemctl show --value -p AllowedCPUs system.slice)"
assert_eq "CPUs of user.slice" "$ONLINE" "$(slice_cpus user.slice)"
assert_eq "CPUs of interrupt $irq" 0-2 "$(cat "/proc/irq/$irq/smp_affinity_list")"
assert_eq "THP" "always [madvise] never" "$(cat /sys/kernel/mm/transparent_hugepage/enabled)"
systemctl set-property --runtime system.slice AllowedCPUs="$ONLINE"
systemctl set-property --runtime system.slice AllowedCPUs=
sed -n "s/^proc\/irq\/$irq\/smp_affinity_list = //p" "$TMP/before" >"/proc/irq/$irq/smp_affinity_list"
sed -n 's/.*transparent_hugepage\/enabled = .*\[\(.*\)\].*/\1/p' "$TMP/before" >/sys/kernel/mm/transparent_hugepage/enabled
must 30 hosttune status
assert_isolation_undone before

step "a CPU of the host goes offline and comes back while a domain is isolated"
start iso
echo 0 >/sys/devices/system/cpu/cpu1/online
must 60 hosttune sync
assert_isolated 2-3
must 30 hosttune status
echo 1 >/sys/devices/system/cpu/cpu1/online
must 60 hosttune sync
assert_isolated 2-3
assert_partition 2-3
assert_eq "CPUs of system.slice" 0-1 "$(slice_cpus system.slice)"
must 30 hosttune status
stop iso
assert_isolation_undone before

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# While a domain runs nothing else of the host may run on its CPUs, what appears meanwhile
# neither; afterwards everything is what it was.
# limit: 300

# shellcheck source-path=SCRIPTDIR/../guest source=isolation.sh
. "$SHARE/guest/isolation.sh"

# A host that has what <quiet> turns off.
echo always >/sys/kernel/mm/transparent_hugepage/enabled
echo madvise >/sys/kernel/mm/transparent_hugepage/defrag
echo 1 >/sys/kernel/mm/ksm/run
snapshot >"$TMP/noisy"
remember_isolation
nic=$(basename "/sys/bus/pci/devices/$(nic_address)/net/"*)

define iso pin="2 3" emulator=0-1 tags="<hosttune:isolation/><hosttune:quiet thp='never' ksm='off'
    numa-balancing='off' watchdog='off' stat-interval='10' latency='n/a' boost='off'/>"

step "plan writes nothing and says what prepare will do"
must 30 hosttune plan iso
cat "$LAST"
assert_said 'system.slice' '(irq|default_smp_affinity)' 'workqueue' 'thp|transparent_hugepage'
assert_host noisy

step "while it runs"
PAUSED=yes start iso
note "start of an isolated domain took $MS ms"
assert_isolated 2-3
assert_partition 2-3
must 30 hosttune status iso
cat "$LAST"
assert_said '2-3'
note_bound_threads 2-3
note "interrupts that cannot leave CPUs 2-3: $(grep -c ^managed "$TMP/irqs" || true)"
pid=$(qemu_pid iso)
for task in "/proc/$pid/task/"*; do
    name=$(<"$task/comm")
    mask=$(sed -n 's/^Cpus_allowed_list:\t//p' "$task/status")
    echo "QEMU: $name $mask"
    case $name in
    "CPU 0/"*) assert_eq "CPUs of vCPU 0" 2 "$mask" ;;
    "CPU 1/"*) assert_eq "CPUs of vCPU 1" 3 "$mask" ;;
    *) ! in_list 2-3 "$mask" || fail "QEMU's thread '$name' may run on CPUs $mask" ;;
    esac
done
assert_eq "THP" "always madvise [never]" "$(cat /sys/kernel/mm/transparent_hugepage/enabled)"
assert_eq "KSM" 0 "$(cat /sys/kernel/mm/ksm/run)"
assert_eq "NUMA balancing" 0 "$(cat /proc/sys/kernel/numa_balancing)"
assert_eq "CPUs of the watchdog" 0-1 "$(cat /proc/sys/kernel/watchdog_cpumask)"
assert_eq "interval of vmstat" 10 "$(cat /proc/sys/vm/stat_interval)"
for cpu in 2 3; do
    assert_eq "latency of CPU $cpu" "n/a" "$(cat "/sys/devices/system/cpu/cpu$cpu/power/pm_qos_resume_latency_us")"
done

step "what is started meanwhile: a service, a login's slice, a slice of the administrator"
begin=$(now_ms)
systemd-run --quiet --unit=late-service sleep 600
systemd-run --quiet --unit=late-login --slice=user-1000.slice sleep 600
systemd-run --quiet --unit=late-admin --slice=administrator.slice sleep 600
for unit in late-service late-login; do
    main=$(systemctl show --value -p MainPID "$unit")
    assert_eq "CPUs of $unit" 0-1 "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$main/status")"
done
wait_for "$SWEEP_LIMIT" no_thread_on 2-3
note "a process in a new slice was off the CPUs after $(($(now_ms) - begin)) ms"
assert_units_off 2-3

step "interrupts that appear meanwhile"
ip link set "$nic" up
begin=$(now_ms)
wait_for 10 grep -q "$nic" /proc/interrupts
wait_for "$SWEEP_LIMIT" no_irq_on 2-3
note "new interrupts of $nic were off the CPUs after $(($(now_ms) - begin)) ms"
ip link set "$nic" down

step "daemon-reload"
must 60 systemctl daemon-reload
assert_isolated 2-3
assert_partition 2-3

step "restart of libvirtd"
must 60 systemctl restart libvirtd
must 60 virsh list
assert_eq "state of iso" paused "$(virsh domstate iso | head -n 1)"
wait_for 60 hook_is_gone
assert_isolated 2-3
assert_partition 2-3

step "stop"
systemctl stop late-service late-login late-admin
stop iso
note "its stop took $MS ms"
assert_claims
# Slices without processes go away.
systemctl stop administrator.slice user-1000.slice
assert_isolation_undone noisy
echo madvise >/sys/kernel/mm/transparent_hugepage/defrag
echo 0 >/sys/kernel/mm/ksm/run

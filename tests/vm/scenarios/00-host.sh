# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The guest is the host that the other scenarios count on: nothing here tests the program.
# limit: 180

assert_eq "nodes" "0-1" "$(cat /sys/devices/system/node/online)"
assert_eq "policies" "policy0 policy1 policy2" \
    "$(basename -a /sys/devices/system/cpu/cpufreq/policy* | paste -sd' ')"
assert_eq "CPUs of policy2" "2 3" "$(cat /sys/devices/system/cpu/cpufreq/policy2/affected_cpus)"
grep -qw performance /sys/devices/system/cpu/cpufreq/policy0/scaling_available_governors ||
    fail "no governor 'performance'"

step "the comparison of snapshots sees what it has to see"
set_pool 0 1
set_governor 2 performance
snapshot >"$TMP/other"
set_pool 0 0
set_governor 2 schedutil
if same_snapshot "$TMP/before" "$TMP/other" >"$TMP/seen"; then fail "no difference seen"; fi
grep -q '^+.*node0.*nr_hugepages = 1$' "$TMP/seen" || fail "no difference of the pool seen"
grep -q '^-.*policy2/scaling_governor = schedutil$' "$TMP/seen" || fail "no difference of the governor seen"
{
    cat "$TMP/before"
    echo "proc/irq/999/smp_affinity_list = 0"
} >"$TMP/other"
same_snapshot "$TMP/before" "$TMP/other" || fail "a new interrupt counts as a difference"
irq=$(grep -o '^proc/irq/[0-9]*/smp_affinity_list' "$TMP/before" | head -n 1)
sed "s|^\($irq\) = .*|\1 = 9|" "$TMP/before" >"$TMP/other"
if same_snapshot "$TMP/before" "$TMP/other" >/dev/null; then fail "a changed interrupt is not seen"; fi

step "PCI devices, their drivers and groups"
lspci -nnk
gpu=$(gpu_address) audio=$(audio_address) nic=$(nic_address)
readarray -t pair < <(paired_nic_addresses)
assert_eq "driver of the GPU" bochs-drm "$(driver "$gpu")"
assert_eq "driver of its audio function" snd_hda_intel "$(driver "$audio")"
assert_eq "driver of the NIC" e1000e "$(driver "$nic")"
assert_eq "drivers of the two NICs behind the bridge" "e1000 e1000" \
    "$(driver "${pair[0]}") $(driver "${pair[1]}")"
assert_eq "group of the audio function" "$(iommu_group "$gpu")" "$(iommu_group "$audio")"
assert_eq "group of the second NIC behind the bridge" "$(iommu_group "${pair[0]}")" \
    "$(iommu_group "${pair[1]}")"
[ "$(iommu_group "$nic")" != "$(iommu_group "$gpu")" ] || fail "the NIC shares the GPU's group"
assert_eq "virtual functions of the NVMe device" 4 \
    "$(cat "/sys/bus/pci/devices/$(pci_find 1b36 0010)/sriov_totalvfs")"

step "the mdev sample parent"
modprobe mtty
grep -q . /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/available_instances
rmmod mtty

step "a domain"
define plain mem=64
start plain
note "start of a domain took $MS ms"
stop plain
note "its stop took $MS ms"

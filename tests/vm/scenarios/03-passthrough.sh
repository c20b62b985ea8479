# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A GPU and its audio function in one IOMMU group, handed to a domain and back; a group with a
# stranger in it is refused.
# limit: 300

gpu=$(gpu_address) audio=$(audio_address)
group=$(iommu_group "$gpu")
readarray -t pair < <(paired_nic_addresses)

define gpu hostdev="$gpu" hostdev="$audio" confined=yes tags="<hosttune:passthrough/>"
define stranger hostdev="${pair[0]}" tags="<hosttune:passthrough/>"
define pair hostdev="${pair[0]}" hostdev="${pair[1]}" tags="<hosttune:passthrough/>"

step "plan"
must 30 hosttune plan gpu
assert_said "passthrough $gpu bochs-drm -> vfio-pci" "passthrough $audio snd_hda_intel -> vfio-pci"
assert_host before

step "the whole group"
for turn in first second; do
    start gpu
    note "$turn start with two PCI devices took $MS ms"
    assert_eq "driver of the GPU" vfio-pci "$(driver "$gpu")"
    assert_eq "driver of its audio function" vfio-pci "$(driver "$audio")"
    qemu_has_open gpu "/dev/vfio/$group" || fail "QEMU does not have /dev/vfio/$group open"
    assert_claims gpu
    stop gpu
    note "$turn stop took $MS ms"
    assert_eq "driver of the GPU" bochs-drm "$(driver "$gpu")"
    assert_eq "driver of its audio function" snd_hda_intel "$(driver "$audio")"
    assert_eq "override of the GPU" "(null)" "$(driver_override "$gpu")"
    assert_eq "override of its audio function" "(null)" "$(driver_override "$audio")"
    wait_for 10 test -e "/sys/bus/pci/devices/$audio/sound"
    assert_host before
done

step "a group with a stranger"
try 30 hosttune plan stranger
assert_eq "exit status of plan" 1 "$RC"
assert_said "${pair[1]}"
start_refused stranger
assert_said "${pair[1]}"
assert_claims
assert_host before

step "the same group without one"
start pair
assert_eq "drivers" "vfio-pci vfio-pci" "$(driver "${pair[0]}") $(driver "${pair[1]}")"
qemu_has_open pair "/dev/vfio/$(iommu_group "${pair[0]}")" || fail "QEMU does not have the group open"

step "a second claim on a device names its holder"
define rival hostdev="${pair[0]}" hostdev="${pair[1]}" tags="<hosttune:passthrough/>"
domain_xml rival hostdev="${pair[0]}" hostdev="${pair[1]}" tags="<hosttune:passthrough/>" >"$TMP/rival.xml"
hook rival "$TMP/rival.xml" prepare begin
[ "$RC" -ne 0 ] || fail "the second claim was not refused"
assert_said "pair"
hook rival "$TMP/rival.xml" release end
assert_eq "drivers" "vfio-pci vfio-pci" "$(driver "${pair[0]}") $(driver "${pair[1]}")"
stop pair

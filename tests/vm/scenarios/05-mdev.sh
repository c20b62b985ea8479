# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A mediated device, made for the domain and gone with it; with every instance taken, refused
# with the number.
# limit: 240

modprobe mtty
uuid=4f2c3f3e-8f5f-4f0e-9a55-2f4e5b1c7a01
device=/sys/bus/mdev/devices/$uuid
types=/sys/class/mdev_bus/mtty/mdev_supported_types
available() { cat "$types/$1/available_instances"; }
before=$(available mtty-2)

define port mdev="$uuid" tags="<hosttune:mdev parent='mtty' type='mtty-2'/>"

step "plan"
must 30 hosttune plan port
assert_said "mdev $uuid absent -> mtty/mtty-2"

step "a domain with it"
start port
assert_eq "type of the mdev" mtty-2 "$(basename "$(readlink "$device/mdev_type")")"
assert_eq "instances left" "$((before - 1))" "$(available mtty-2)"
qemu_has_open port "/dev/vfio/$(iommu_group_of_mdev "$uuid")" || fail "QEMU does not have the mdev open"
stop port
[ ! -e "$device" ] || fail "the mdev is still there"
assert_eq "instances left" "$before" "$(available mtty-2)"

step "an mdev of the administrator's with that UUID is not ours to remove"
echo "$uuid" >"$types/mtty-2/create"
domain_xml port mdev="$uuid" tags="<hosttune:mdev parent='mtty' type='mtty-2'/>" >"$TMP/port.xml"
hook port "$TMP/port.xml" prepare begin
echo "prepare: $RC"
hook port "$TMP/port.xml" release end
[ -e "$device" ] || fail "the administrator's own mdev was removed"
echo 1 >"$device/remove"

step "every instance taken"
taken=()
while [ "$(available mtty-1)" -gt 0 ]; do
    taken+=("$(cat /proc/sys/kernel/random/uuid)")
    echo "${taken[-1]}" >"$types/mtty-1/create"
done
echo "took ${#taken[@]} instances"
define full mdev="$uuid" tags="<hosttune:mdev parent='mtty' type='mtty-1'/>"
start_refused full
assert_said "[^0-9]0 instances left of type 'mtty-1'"
[ ! -e "$device" ] || fail "the mdev was created"
assert_claims
for mdev in "${taken[@]}"; do
    echo 1 >"/sys/bus/mdev/devices/$mdev/remove"
done
start full
stop full
wait_for 10 rmmod mtty

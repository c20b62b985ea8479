# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libvirtd restarts while two tagged domains run: they keep running, on what they have.
# limit: 240

nic=$(nic_address)
tags="<hosttune:hugepages/><hosttune:governor/>"
define a cells="64@0" pin=0 hugepages=yes tags="$tags"
define b cells="64@1" pin=2 hugepages=yes hostdev="$nic" tags="$tags<hosttune:passthrough/>"
start a
start b
pids="$(qemu_pid a) $(qemu_pid b)"
snapshot >"$TMP/running"
cp "$LEDGER" "$TMP/ledger"

for way in restart kill; do
    step "$way"
    if [ "$way" = restart ]; then
        must 60 systemctl restart libvirtd
    else
        systemctl kill -s KILL libvirtd
        wait_for 30 systemctl is-active -q libvirtd
    fi
    # The reconnect of each domain calls the hook; a domain answers when that is done.
    must 60 virsh list
    assert_eq "state of a" running "$(virsh domstate a | head -n 1)"
    assert_eq "state of b" running "$(virsh domstate b | head -n 1)"
    must 60 virsh qemu-monitor-command a --hmp info status
    must 60 virsh qemu-monitor-command b --hmp info status
    assert_eq "QEMU's process ids" "$pids" "$(qemu_pid a) $(qemu_pid b)"
    assert_claims a b
    assert_host running
    must 30 hosttune status
done
wait_for 60 hook_is_gone

stop a
assert_eq "pools" "0 32" "$(pool 0) $(pool 1)"
assert_eq "driver of the NIC" vfio-pci "$(driver "$nic")"
stop b
assert_claims
assert_host before

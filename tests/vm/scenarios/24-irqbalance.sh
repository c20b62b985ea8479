# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# irqbalance runs throughout: it is told to leave the isolated CPUs alone, moves nothing back to
# them, and has its own list again afterwards.
# limit: 240

# shellcheck source-path=SCRIPTDIR/../guest source=isolation.sh
. "$SHARE/guest/isolation.sh"

cycle=2
nic=$(basename "/sys/bus/pci/devices/$(nic_address)/net/"*)
banned() { irqbalance_setup | sed -n 's/.*BANNED //p' | tr -d ', '; }
banned_is() { [ "$(banned)" = "$1" ]; }

# The masks that irqbalance changed on its own account are the scenario's to put back.
give_masks_back() {
    local path value
    systemctl stop irqbalance
    systemctl mask --quiet irqbalance
    mv "$TMP/default-irqbalance" /etc/default/irqbalance
    ip link set "$nic" down
    sed -n 's/^proc\/irq\/\([0-9]*\/smp_affinity_list\) = \(.*\)$/\1 \2/p' "$TMP/before" |
        while read -r path value; do
            [ ! -e "/proc/irq/$path" ] || { echo "$value" >"/proc/irq/$path"; } 2>/dev/null || true
        done
}
trap give_masks_back EXIT

step "irqbalance runs, with a CPU that the administrator banned"
cp /etc/default/irqbalance "$TMP/default-irqbalance"
printf 'IRQBALANCE_ARGS="-t %d"\nIRQBALANCE_BANNED_CPULIST=1\n' "$cycle" >/etc/default/irqbalance
systemctl unmask --quiet irqbalance
systemctl start irqbalance
wait_for 30 banned_is 00000002
main=$(systemctl show --value -p MainPID irqbalance)

step "a domain is isolated"
define iso pin="2 3" emulator=0-1 tags="<hosttune:isolation/>"
PAUSED=yes start iso
wait_for $((3 * cycle + 5)) banned_is 0000000e
no_irq_on 2-3 || fail "interrupts that may go to CPUs 2-3:"$'\n'"$(cat "$TMP/irqs")"

step "for five of its cycles, with interrupts to balance"
ip link set "$nic" up
ip address add 192.0.2.1/24 dev "$nic"
ip neighbour replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev "$nic"
end=$(($(now_ms) + 5 * cycle * 1000)) looks=0
while [ "$(now_ms)" -lt "$end" ]; do
    for _ in {1..200}; do echo packet >/dev/udp/192.0.2.2/9 || true; done 2>/dev/null
    no_irq_on 2-3 || fail "interrupts that may go to CPUs 2-3:"$'\n'"$(cat "$TMP/irqs")"
    looks=$((looks + 1))
done
ip address flush dev "$nic"
note "in $((5 * cycle)) s of cycles of $cycle s, no interrupt went back ($looks looks)"
assert_eq "irqbalance's process" "$main" "$(systemctl show --value -p MainPID irqbalance)"

step "it is stopped"
stop iso
wait_for $((3 * cycle + 5)) banned_is 00000002
assert_eq "irqbalance's process" "$main" "$(systemctl show --value -p MainPID irqbalance)"
assert_claims

step "irqbalance is restarted by the administrator while a domain is isolated"
PAUSED=yes start iso
wait_for $((3 * cycle + 5)) banned_is 0000000e
systemctl restart irqbalance
begin=$(now_ms)
wait_for "$SWEEP_LIMIT" banned_is 0000000e
note "a new irqbalance was told after $(($(now_ms) - begin)) ms"
wait_for "$SWEEP_LIMIT" no_irq_on 2-3
stop iso
wait_for $((3 * cycle + 5)) banned_is 00000002

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A guest's driver makes VFIO ask for an interrupt long after the last call of the hook: with
# irqs='yes' it goes to the host's CPUs, with irqs='vcpu' to the domain's.
# limit: 240

# shellcheck source-path=SCRIPTDIR/../guest source=isolation.sh
. "$SHARE/guest/isolation.sh"

nic=$(nic_address)
as --32 -o "$TMP/late-irq.o" "$SHARE/guest/late-irq.S"
ld -m elf_i386 --oformat binary -Ttext 0 -e 0xf000 -o "$TMP/late-irq.rom" "$TMP/late-irq.o"
chmod 755 "$TMP"
remember_isolation

late_irq() { sed -n "s/^ *\([0-9]*\):.*vfio-msix\[0\]($nic)\$/\1/p" /proc/interrupts; }
has_late_irq() { [ -n "$(late_irq)" ]; }
late_irq_is_on() { in_list "$1" "$(cat "/proc/irq/$(late_irq)/smp_affinity_list")"; }
late_irq_is_off() { ! late_irq_is_on "$1"; }

for irqs in yes vcpu; do
    step "irqs='$irqs'"
    define "late-$irqs" pin="2 3" emulator=0-1 firmware="$TMP/late-irq.rom" hostdev="$nic" slot=4 managed=yes \
        tags="<hosttune:isolation irqs='$irqs'/>"
    start "late-$irqs"
    ! has_late_irq || fail "the guest was too quick"
    wait_for 60 has_late_irq
    begin=$(now_ms)
    grep vfio /proc/interrupts
    if [ "$irqs" = yes ]; then
        wait_for "$SWEEP_LIMIT" late_irq_is_off 2-3
    else
        wait_for "$SWEEP_LIMIT" late_irq_is_off 0-1
        late_irq_is_on 2-3 || fail "on CPUs $(cat "/proc/irq/$(late_irq)/smp_affinity_list")"
    fi
    note "irqs='$irqs': the new interrupt was where it should be after $(($(now_ms) - begin)) ms"
    must 30 hosttune status
    stop "late-$irqs"
    assert_isolation_undone before
done

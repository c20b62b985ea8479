# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a spinning domain feels of a loaded host: at most a hundredth of the waiting and of the device
# interrupts, and a tenth of the involuntary switches that it has without hosttune, and each less
# than with AllowedCPUs alone.
# limit: 420

nic=$(basename "/sys/bus/pci/devices/$(nic_address)/net/"*)
# bench/isolation makes a slice of its own, and the cpuset controller may stay on.
must 400 bash "$SHARE/bench/isolation" --cpus 2-3 --seconds "${EFFECT_SECONDS:-10}" --net "$nic" \
    --type qemu --json "$TMP/figures"
cp "$LAST" "$OUT/effect.md"
cat "$LAST"
systemctl stop hosttunebench.slice
grep '^|' "$LAST" | while read -r line; do note "$line"; done

figure() { jq -r --arg variant "$1" --arg key "$2" '.[] | select(.variant == $variant)[$key]' "$TMP/figures"; }

# at_most KEY PARTS: with hosttune at most PARTS thousandths of without, and less than with AllowedCPUs.
at_most() {
    awk -v key="$1" -v parts="$2" -v a="$(figure none "$1")" -v b="$(figure slices "$1")" \
        -v c="$(figure hosttune "$1")" 'BEGIN {
            printf "%s: %s -> %s -> %s, %.2f %%\n", key, a, b, c, a > 0 ? 100 * c / a : 0
            exit !(a > 0 && c <= a * parts / 1000 && c < b)
        }' || fail "$1 is not what was promised"
}

LAST=
at_most waited_ms 10
at_most device_irqs 10
at_most involuntary 100

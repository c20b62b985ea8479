# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The steps of the guests' boots: step_NAME is what `run` calls NAME, its argument what follows
# the colon.

ARGUMENTS=(transparent_hugepage=never "hugepages=$HUGEPAGES" intel_iommu=on)

effect_is() {
    local pages=$1 thp=$2 groups=$3
    [ "$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages)" -eq "$pages" ] ||
        fail "$(grep HugePages_Total /proc/meminfo), not $pages"
    grep -q "\[$thp\]" /sys/kernel/mm/transparent_hugepage/enabled ||
        fail "transparent huge pages: $(cat /sys/kernel/mm/transparent_hugepage/enabled), not $thp"
    if [ "$groups" = yes ]; then
        [ -n "$(ls /sys/kernel/iommu_groups)" ] || fail "no IOMMU groups"
    else
        [ -z "$(ls /sys/kernel/iommu_groups)" ] || fail "there are IOMMU groups"
    fi
}

step_install() {
    point install install_loader
}

# ---- the cycle: apply, second kernel, reboot, verify, roll back, reboot ----

step_change() {
    point baseline baseline
    point apply apply
    point apply-again apply_again
    point second-kernel second_kernel
}

baseline() {
    arguments_nowhere transparent_hugepage hugepages intel_iommu=on
    arguments_everywhere intel_iommu=off hosttune.note
    effect_is 0 always no
    parses
    running >"$STATE/running"
    fingerprint >"$STATE/fingerprint"
    find /etc/default /etc/kernel | sort >"$STATE/configuration"
    uname -r >"$STATE/kernel"
}

apply() {
    local answer
    try kargs sinks
    must 0 kargs apply iommu no-thp "hugepages=2Mx$HUGEPAGES"
    answer=$SAID
    echo "$TOOK" >"$STATE/took"
    arguments_everywhere "${ARGUMENTS[@]}" hosttune.note
    parses
    must 1 kargs verify
    grep -q "^pending  *hugepages=$HUGEPAGES$" <<<"$SAID" || fail "kargs verify does not say 'pending'"
    fingerprint >"$STATE/applied"
    [[ $answer != *"kargs: error:"* ]] || fail "an error is said of a change that was made: $answer"
}

apply_again() {
    must 77 kargs apply iommu no-thp "hugepages=2Mx$HUGEPAGES"
    fingerprint | diff "$STATE/applied" - || fail "the second run changed something"
}

second_kernel() {
    local before
    before=$(sources | wc -l)
    must 0 dpkg -i /opt/second/kernel.deb
    [ "$(sources | wc -l)" -gt "$before" ] || fail "no entry for the second kernel"
    arguments_everywhere "${ARGUMENTS[@]}" hosttune.note
}

step_effect() {
    point in-effect in_effect
    point verify verify
    point rollback rollback
    # Two that did the same work: the first one may have waited for the disk.
    say "time $(sort -n "$STATE/took" | head -n 1)"
}

in_effect() {
    local want
    [ "$(uname -r)" != "$(cat "$STATE/kernel")" ] || fail "this is not the second kernel"
    for want in "${ARGUMENTS[@]}"; do
        [[ " $(cat /proc/cmdline) " == *" $want "* ]] || fail "no $want: $(cat /proc/cmdline)"
    done
    echo "booted with $(cat /proc/cmdline)"
    [ -z "$(running | tr ' ' '\n' | sort | uniq -d)" ] || fail "twice: $(cat /proc/cmdline)"
    effect_is "$HUGEPAGES" never yes
}

verify() {
    local want
    must 0 kargs verify
    for want in "${ARGUMENTS[@]}"; do
        grep -q "^in-effect  *$want$" <<<"$SAID" || fail "kargs does not say that $want is in effect"
    done
}

rollback() {
    arguments_everywhere "${ARGUMENTS[@]}"
    must 0 kargs rollback
    echo "$TOOK" >>"$STATE/took"
    arguments_nowhere transparent_hugepage hugepages intel_iommu=on
    arguments_everywhere intel_iommu=off hosttune.note
    parses
    # What was there before kargs is again as it was, but for the menu, which was generated since.
    grep -v /boot/grub/ "$STATE/fingerprint" >"$STATE/before"
    fingerprint | grep -Fxf "$STATE/before" | diff "$STATE/before" - ||
        fail "a file is not what it was before kargs"
    find /etc/default /etc/kernel | sort | diff "$STATE/configuration" - ||
        fail "there are other files than before kargs"
}

step_gone() {
    point gone gone
    names >"$STATE/names"
    rm -f "$STATE/value"
}

# In an entry that was made since, what was put back may stand elsewhere.
in_any_order() { tr ' ' '\n' | sort; }

gone() {
    [ "$(running | in_any_order)" = "$(in_any_order <"$STATE/running")" ] ||
        fail "booted with '$(running)', not '$(cat "$STATE/running")'"
    effect_is 0 always no
}

# ---- power cuts: hosttune.cut=N replaces hosttune.cut=N-1, or whichever was there last ----

step_cut() {
    sync
    say "cut"
    try kargs set "hosttune.cut=$1"
    say "  $1: kargs was done after $TOOK s, exit $RC"
    sleep infinity
}

# The values that the sources have, one line each; "none" too is one.
values() {
    local line
    while IFS=$'\t' read -r _ line; do
        if [[ " $line" =~ [[:space:]]hosttune\.cut=([0-9]+) ]]; then
            echo "${BASH_REMATCH[1]}"
        else
            echo none
        fi
    done < <(sources) | sort -u
}

step_recover() {
    point "cut-$1" recover "$1"
}

recover() {
    local new=$1 old booted found
    old=$(cat "$STATE/value" 2>/dev/null || echo none)
    booted=$(sed -n 's/.*hosttune\.cut=\([0-9]*\).*/\1/p' /proc/cmdline)
    found=$(values | paste -sd,)
    POINT="cut-$new" note "was $old, booted with ${booted:-none}, found $found"
    [[ ${booted:-none} == "$old" || $booted == "$new" ]] ||
        fail "booted with ${booted:-none}, neither the old $old nor the new $new"
    parses
    # A run that has nothing to change of its own.
    try kargs set mitigations=off
    [ "$RC" -eq 77 ] || [ "$RC" -eq 0 ] || fail "kargs exited $RC"
    found=$(values | paste -sd,)
    POINT="cut-$new" note "after the next run (exit $RC, $TOOK s): $found"
    [ "$found" = "$old" ] || [ "$found" = "$new" ] ||
        fail "the sources have $found, neither all the old $old nor all the new $new"
    echo "$found" >"$STATE/value"
    parses
    arguments_everywhere mitigations=off hosttune.note
    must 77 kargs set mitigations=off
    leftovers
}

# Files of a run that did not end. A drop-in that the change itself made is none.
leftovers() {
    local left
    left=$(names | comm -13 "$STATE/names" - | grep -Ev '^/etc/default/grub\.d(/[^./][^/]*\.cfg)?$' || true)
    [ -z "$left" ] || fail "left lying about: $left"
}

# The power goes the moment that kargs has ended: what it wrote has to be on the disk, and where
# the loader looks. GRUB does not read the journal of /boot.
step_at-once() {
    sync
    try kargs set hosttune.cut=100000
    say "    kargs was done after $TOOK s, exit $RC"
    say end
    echo b >/proc/sysrq-trigger
}

step_booted-new() {
    point cut-at-once booted_new
}

booted_new() {
    echo "booted with $(cat /proc/cmdline)"
    [ "$(values)" = 100000 ] || fail "the sources have $(values | paste -sd,)"
    parses
    leftovers
    if [ "$LOADER" = efi ]; then
        # In the root file system, which kargs does not freeze, GRUB may find the old menu.
        ! mountpoint -q /boot || fail "/boot is a file system of its own"
    else
        [[ $(cat /proc/cmdline) == *" hosttune.cut=100000"* ]] ||
            fail "it booted with $(cat /proc/cmdline)"
    fi
}

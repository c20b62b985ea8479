# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For the agent and its steps: what to say to the host, and what the boot path looks like to those
# who read it. Nothing here asks kargs.

# The firmware says things on that port too.
say() {
    echo "hosttune: $*" >/dev/ttyS1
}

say_lines() {
    local line
    while IFS= read -r line; do
        say "    $line"
    done
}

fail() {
    echo "FAIL: $*"
    exit 1
}

# point NAME FUNCTION ARGUMENT...: one line of the report, and the function's output if it failed.
point() {
    local name=$1 log=/run/$1.log began=${EPOCHREALTIME/./} rc seconds
    shift
    set +e
    (
        set -eE
        trap 'echo "FAIL: line $LINENO: $BASH_COMMAND"' ERR
        "$@"
    ) >"$log" 2>&1 </dev/null
    rc=$?
    set -e
    seconds=$(((${EPOCHREALTIME/./} - began) / 100000))
    seconds=$((seconds / 10)).$((seconds % 10))
    if [ "$rc" -eq 0 ]; then
        say "ok $name ($seconds s)"
        ! [ -e "$log.note" ] || say_lines <"$log.note"
    else
        say "not ok $name ($seconds s)"
        tail -n 60 "$log" | say_lines
    fi
    echo "-- $name"
    cat "$log"
}

# A line under the point's own in the report.
note() {
    echo "note: $*"
    echo "$*" >>"/run/$POINT.log.note"
}

# try COMMAND...: its exit status in RC, what it said in SAID, how long it took in TOOK.
try() {
    local began=${EPOCHREALTIME/./}
    RC=0
    SAID=$("$@" 2>&1) || RC=$?
    TOOK=$(((${EPOCHREALTIME/./} - began) / 10000))
    TOOK=$(printf '%d.%02d' $((TOOK / 100)) $((TOOK % 100)))
    printf '+ %s: exit %s, %s s\n%s\n' "$*" "$RC" "$TOOK" "$SAID"
}

must() {
    local want=$1
    shift
    try "$@"
    [ "$RC" -eq "$want" ] || fail "'$*' exited $RC, not $want: $SAID"
}

# ---- the boot path, as its readers see it: lines "SOURCE<TAB>arguments" ----

grub_default() {
    # shellcheck disable=SC2016
    sh -c '
        . /etc/default/grub
        for file in /etc/default/grub.d/*.cfg; do [ ! -e "$file" ] || . "$file"; done
        printf "/etc/default/grub\t%s %s\n" "$GRUB_CMDLINE_LINUX" "$GRUB_CMDLINE_LINUX_DEFAULT"'
}

# The menu's entries but for the recovery ones.
grub_cfg() {
    sed -n 's/^[[:space:]]*linux[[:space:]]\+\([^ ]*\) \(.*\)$/\1\t\2/p' /boot/grub/grub.cfg |
        grep -v ' single ' || true
}

kernelopts() {
    grub-editenv /boot/grub/grubenv list | sed -n 's/^kernelopts=//p'
}

# With what GRUB puts in the place of its variables.
# shellcheck disable=SC2016 # GRUB's variables, not the shell's
bls_entries() {
    local file name line
    for file in "$ENTRIES"/*.conf; do
        sed -n "s#^options[[:space:]]\\+#${file##*/}\t#p" "$file"
    done | while IFS=$'\t' read -r name line; do
        [[ $line != *'$kernelopts'* ]] || line=${line/'$kernelopts'/"$(kernelopts)"}
        printf '%s\t%s\n' "$name" "${line/ '$tuned_params'/}"
    done
}

sources() {
    case $LOADER in
    bios | efi)
        grub_default
        grub_cfg
        ;;
    sd-boot)
        printf '/etc/kernel/cmdline\t%s\n' "$(cat /etc/kernel/cmdline)"
        bls_entries
        ;;
    bls)
        grub_default
        printf '/etc/kernel/cmdline\t%s\n' "$(cat /etc/kernel/cmdline)"
        bls_entries
        ;;
    bls-env)
        grub_default
        printf 'kernelopts\t%s\n' "$(kernelopts)"
        bls_entries
        ;;
    esac
}

# Every source has each of these arguments (a name alone: with any value).
arguments_everywhere() {
    local source line want
    [ -n "$(sources)" ] || fail "no source of arguments"
    while IFS=$'\t' read -r source line; do
        for want in "$@"; do
            [[ " $line" =~ [[:space:]\"]"$want"([=[:space:]]|$) ]] ||
                fail "$source has no $want: $line"
        done
    done < <(sources)
}

arguments_nowhere() {
    local source line unwanted
    while IFS=$'\t' read -r source line; do
        for unwanted in "$@"; do
            ! [[ " $line" =~ [[:space:]\"]"$unwanted"([=[:space:]]|$) ]] ||
                fail "$source has $unwanted: $line"
        done
    done < <(sources)
}

# The files that the sources are in, that somebody else generates or not.
boot_files() {
    case $LOADER in
    bios | efi) find /etc/default/grub /etc/default/grub.d /boot/grub/grub.cfg /boot/grub/grubenv -type f ;;
    sd-boot) find /etc/kernel "$ENTRIES" -type f ;;
    bls*) find /etc/kernel /etc/default/grub /etc/default/grub.d /boot/grub/grub.cfg /boot/grub/grubenv \
        "$ENTRIES" -type f ;;
    esac 2>/dev/null | sort
}

entries_parse() {
    [ "$(bls_entries | wc -l)" -ge "$(find /boot -maxdepth 1 -name 'vmlinuz-*' | wc -l)" ] ||
        fail "there are fewer entries than kernels"
}

# Whoever reads those files could.
parses() {
    case $LOADER in
    bios | efi)
        sh -n /etc/default/grub
        grub-script-check /boot/grub/grub.cfg
        [ "$(grub_cfg | wc -l)" -ge "$(find /boot -maxdepth 1 -name 'vmlinuz-*' | wc -l)" ] ||
            fail "grub.cfg has fewer entries than there are kernels"
        ;;
    sd-boot)
        entries_parse
        [ "$(wc -l </etc/kernel/cmdline)" -eq 1 ] || fail "/etc/kernel/cmdline is not one line"
        ;;
    bls*)
        entries_parse
        sh -n /etc/default/grub
        grub-script-check /boot/grub/grub.cfg
        [ "$(stat -c %s /boot/grub/grubenv)" -eq 1024 ] || fail "grubenv does not have its size"
        ;;
    esac
}

# Everything below /etc and /boot, by name, for what is left lying about.
names() {
    find /etc /boot ! -name '*.dpkg-*' ! -path '/etc/mtab' ! -path '/etc/adjtime' | sort
}

# Owner, mode and digest of the sources' files.
fingerprint() {
    local file
    for file in $(boot_files); do
        echo "$(stat -c '%n %U:%G %a' "$file") $(sha256sum <"$file")"
    done
}

# The running kernel's arguments, without what loaders add, quotes as GRUB sets them made one's own.
running() {
    sed -e 's/"hosttune.note=/hosttune.note="/' /proc/cmdline | tr ' ' '\n' |
        grep -Ev '^(BOOT_IMAGE|initrd|root|systemd.machine_id)=|^ro$' | paste -sd' '
}

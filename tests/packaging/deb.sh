# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# Debian's packages, by every way through their maintainer scripts. Sourced by run, with lib.sh;
# $deb is the package, $deb_newer a later version of it.

hook=/etc/libvirt/hooks/qemu

in_dpkg() { # OPTION...
    # No trigger, no log of the machine's own; the libraries are there without being packages.
    dpkg --root="$root" --log="$work/log.dpkg" --force-depends --force-unsafe-io "$@"
}

state_of() { # PACKAGE
    dpkg-query --root="$root" -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null || true
}

# changed_deb FILE VERSION [SCRIPT TEXT]: the package with another version and script
changed_deb() {
    local dir=$work/changed

    rm -rf "$dir"
    dpkg-deb -R "$deb" "$dir"
    sed -i "s/^Version: .*/Version: $2/" "$dir/DEBIAN/control"
    if [ $# -gt 2 ]; then
        printf '#!/bin/sh\n%s\n' "$4" >"$dir/DEBIAN/$3"
        chmod 755 "$dir/DEBIAN/$3"
    fi
    dpkg-deb --root-owner-group -b "$dir" "$1" >/dev/null
}

deb_install() {
    new_root
    mkdir "$root/etc/libvirt"
    listing >"$work/before"
    must in_dpkg -i "$deb"
    same "state" "ii " "$(state_of hosttune)"
    same "hook" /usr/sbin/hosttune "$(readlink "$root$hook")"
    same "reloads of libvirtd" 1 "$(reloads)"
    absent "$hook.d"
    start_domain
    end_domain
    report "deb: installed as a link, the daemon told, a domain started and ended"

    : >"$root/log"
    must in_dpkg -i "$deb"
    same "hook" /usr/sbin/hosttune "$(readlink "$root$hook")"
    same "reloads" 0 "$(reloads)"
    report "deb: installed again, nothing is done twice"
}

deb_upgrade_and_remove() {
    local ledger

    start_domain
    ledger=$(sha256sum <"$root/run/hosttune/ledger.json")
    must in_dpkg -i "$deb_newer"
    same "version" 0.2.0-1 "$(dpkg-query --root="$root" -W -f '${Version}' hosttune)"
    same "ledger" "$ledger" "$(sha256sum <"$root/run/hosttune/ledger.json")"
    same "governor" performance "$(governor)"
    same "reloads" 0 "$(reloads)"
    must in_root hosttune status
    said "alpha $uuid: live" "governor policy0 performance"
    report "deb: upgraded while a domain runs, its claim stays"

    must_fail in_dpkg -r hosttune
    said "alpha $uuid: live" "Stop them first"
    same "state" "ri " "$(state_of hosttune)"
    same "hook" /usr/sbin/hosttune "$(readlink "$root$hook")"
    end_domain
    report "deb: not removed while a domain runs"

    start_domain
    lose_domain
    must in_dpkg -r hosttune
    same "governor" schedutil "$(governor)"
    same "state" "rc " "$(state_of hosttune)"
    same "what is left" "./etc/hosttune d 755 |./etc/hosttune/hosttune.conf f 644 |" \
        "$(listing | comm -13 "$work/before" - | tr '\n' '|')"
    report "deb: removed after a domain was lost; only configuration is left"

    must in_dpkg -P hosttune
    same "what is left" "" "$(listing | comm -13 "$work/before" -)"
    same "state" "" "$(state_of hosttune)"
    report "deb: purged, nothing is left"
}

# An administrator's hook stays what it is, and both run.
deb_beside() {
    local before own=$hook.d/20-own

    new_root
    own_hook "$hook"
    own_hook "$own"
    before=$(identity "$hook" && identity "$own")
    must in_dpkg -i "$deb"
    said "'$hook' is another hook, which is kept." "hosttune is beside it"
    same "our hook" /usr/sbin/hosttune "$(readlink "$root$hook.d/50-hosttune")"
    same "reloads" 0 "$(reloads)"
    start_domain
    same "calls of the own hooks" 6 "$(grep -c '^own alpha' "$root/log")"
    must in_dpkg -i "$deb_newer"
    same "own hooks after the upgrade" "$before" "$(identity "$hook" && identity "$own")"
    end_domain
    must in_dpkg -r hosttune
    absent "$hook.d/50-hosttune"
    same "own hooks after the removal" "$before" "$(identity "$hook" && identity "$own")"
    must in_dpkg -P hosttune
    same "own hooks after the purge" "$before" "$(identity "$hook" && identity "$own")"
    report "deb: beside an administrator's hooks, which stay as they are, and run"

    new_root
    own_hook "$hook"
    must in_dpkg -i "$deb"
    must in_dpkg -P hosttune
    absent "$hook.d"
    report "deb: qemu.d goes again if it was ours alone"
}

# What is no hook for libvirt is the administrator's all the same.
deb_odd_hooks() {
    local kind

    for kind in not-executable dangling directory; do
        new_root
        mkdir -p "$root/etc/libvirt/hooks"
        case $kind in
        not-executable) own_hook "$hook" && chmod 644 "$root$hook" ;;
        dangling) ln -s /nowhere "$root$hook" ;;
        directory) mkdir "$root$hook" ;;
        esac
        must in_dpkg -i "$deb"
        same "our hook" /usr/sbin/hosttune "$(readlink "$root$hook.d/50-hosttune")"
        same "reloads" 1 "$(reloads)"
        must in_dpkg -P hosttune
        [ -e "$root$hook" ] || [ -L "$root$hook" ] || problem "$kind: it is gone"
        report "deb: a hook that is $kind is kept"
    done

    new_root
    own_hook "$hook"
    own_hook "$hook.d/50-hosttune"
    must in_dpkg -i "$deb"
    said "is another hook, too, so that hosttune is not installed as a hook"
    must in_dpkg -P hosttune
    must in_root test -x "$hook.d/50-hosttune"
    report "deb: both places taken, installed as the tool only"
}

deb_earlier_hosttune() {
    new_root
    mkdir -p "$root/etc/libvirt/hooks"
    cp "$work/deb/usr/sbin/hosttune" "$root$hook"
    must in_dpkg -i "$deb"
    same "hook" /usr/sbin/hosttune "$(readlink "$root$hook")"
    same "reloads" 0 "$(reloads)"
    report "deb: in place of a hosttune that was installed by hand"

    new_root
    mkdir -p "$root$hook.d"
    cp "$work/deb/usr/sbin/hosttune" "$root$hook.d/10-tune"
    must in_dpkg -i "$deb"
    said "'$hook.d/10-tune' is hosttune already, and libvirt would run both."
    absent "$hook"
    report "deb: not a second one, where a hosttune has another name"
}

# An editor, cp and wget -O write through a link.
deb_written_through() {
    local what

    for what in upgrade remove; do
        new_root
        must in_dpkg -i "$deb"
        printf '#!/bin/sh\necho "own $*" >>/log\n' >"$work/own"
        must in_root sh -c "cat >'$hook'" <"$work/own"
        if [ "$what" = upgrade ]; then
            must in_dpkg -i "$deb_newer"
            same "our hook" /usr/sbin/hosttune "$(readlink "$root$hook.d/50-hosttune")"
            must cmp "$work/newer/usr/sbin/hosttune" "$root/usr/sbin/hosttune"
        else
            must in_dpkg -r hosttune
        fi
        if [ -L "$root$hook" ] || ! cmp -s "$work/own" "$root$hook" || ! [ -x "$root$hook" ]; then
            problem "what was written is not the hook"
        fi
        report "deb: a hook written through the link is kept: $what"
    done
}

deb_failures() {
    new_root
    must in_dpkg -i "$deb"
    start_domain
    changed_deb "$work/bad.deb" 0.3.0-1 preinst 'exit 1'
    must_fail in_dpkg -i "$work/bad.deb"
    same "state" "ii " "$(state_of hosttune)"
    same "hook" /usr/sbin/hosttune "$(readlink "$root$hook")"
    changed_deb "$work/bad.deb" 0.3.0-1 postinst '[ -e /mended ]'
    must_fail in_dpkg -i "$work/bad.deb"
    same "state" "iF " "$(state_of hosttune)"
    touch "$root/mended"
    must in_dpkg --configure -a
    changed_deb "$work/bad.deb" 0.3.0-1 prerm 'exit 1'
    must in_dpkg -i "$work/bad.deb"
    must in_dpkg -i "$deb"
    same "hook" /usr/sbin/hosttune "$(readlink "$root$hook")"
    end_domain
    report "deb: upgrades that fail before, after, and are taken back"

    new_root
    echo 'exit 1' >"$root/does/deb-systemd-invoke"
    must in_dpkg -i "$deb"
    said "libvirtd has not seen this hook yet: systemctl reload-or-restart libvirtd"
    same "state" "ii " "$(state_of hosttune)"
    report "deb: a daemon that could not be told is said, and no failure"

    new_root
    rm "$root/usr/bin/systemctl"
    must in_dpkg -i "$deb"
    said "send it SIGHUP"
    new_root
    daemon_runs none
    must in_dpkg -i "$deb"
    same "reloads" 0 "$(reloads)"
    new_root
    daemon_runs virtqemud
    must in_dpkg -i "$deb"
    said "virtqemud was told of its first hook."
    report "deb: without systemd, without a daemon, with virtqemud"
}

deb_damaged() {
    new_root
    must in_dpkg -i "$deb"
    start_domain
    sed -i 's/"version":1/"version":99/' "$root/run/hosttune/ledger.json"
    must in_dpkg -i "$deb_newer"
    must_fail in_dpkg -r hosttune
    said "its version is 99" "Stop them first"
    sed -i 's/"version":99/"version":1/' "$root/run/hosttune/ledger.json"
    end_domain
    must in_dpkg -r hosttune
    report "deb: not removed under a ledger of another version"

    new_root
    must in_dpkg -i "$deb"
    rm "$root$hook"
    must in_dpkg -r hosttune
    new_root
    must in_dpkg -i "$deb"
    rm -r "$root/etc/libvirt"
    must in_dpkg -i "$deb_newer"
    same "hook" /usr/sbin/hosttune "$(readlink "$root$hook")"
    report "deb: a hook that somebody removed"
}

# script OPERATION/SUB-OPERATION/NAME COMMAND
script() {
    mkdir -p "$(dirname "$root$hook.d/alpha/$1")"
    # shellcheck disable=SC2016 # its own variables
    printf '#!/bin/sh\necho "script $* $(cat /sys/devices/system/cpu/cpufreq/policy0/scaling_governor)" >>/log\n%s\n' \
        "$2" >"$root$hook.d/alpha/$1"
    chmod 755 "$root$hook.d/alpha/$1"
}

# Where hosttune took the place of the dispatcher, its scripts run around what hosttune does.
deb_vfio_tools() {
    local before

    new_root
    mkdir -p "$root/etc/libvirt/hooks"
    # shellcheck disable=SC2016 # its own variables
    printf '#!/bin/sh\nHOOKPATH="$BASEDIR/qemu.d/$GUEST_NAME/$HOOK_NAME/$STATE_NAME"\n' >"$root$hook"
    chmod 755 "$root$hook"
    before=$(identity "$hook")
    script prepare/begin/10-stop :
    script release/end/10-start :
    must in_dpkg -i "$deb"
    said "hosttune-vfio-tools(7)"
    start_domain
    end_domain
    same "scripts that hosttune ran" "" "$(grep '^script' "$root/log" || true)"
    must in_root /usr/libexec/hosttune/install-hook -l -t /usr/sbin/hosttune
    same "hook" /usr/sbin/hosttune "$(readlink "$root$hook")"
    absent "$hook.d/50-hosttune"
    must grep -qx 'vfio_tools_scripts = yes' "$root/etc/hosttune/hosttune.conf"
    start_domain
    end_domain
    same "scripts that hosttune ran" \
        "script alpha prepare begin - schedutil|script alpha release end - schedutil|" \
        "$(grep '^script' "$root/log" | tr '\n' '|')"
    report "deb: in the place of VFIO-Tools' dispatcher its scripts run before and after"

    script prepare/begin/20-bad 'echo no display manager >&2; exit 3'
    script release/end/05-bad 'exit 4'
    : >"$root/log"
    must_fail hooks prepare begin
    said "domain 'alpha': '$hook.d/alpha/prepare/begin/20-bad' ended with status 3: no display manager"
    same "governor" schedutil "$(governor)"
    must hooks release end
    same "scripts" 4 "$(grep -c '^script' "$root/log")"
    report "deb: a script that fails refuses the start, by its name, and no end"

    must_fail in_root /usr/libexec/hosttune/install-hook -l -t /usr/sbin/hosttune
    said "is not VFIO-Tools' dispatcher"
    must in_dpkg -r hosttune
    same "the dispatcher" "$before" "$(identity "$hook")"
    absent "$hook.vfio-tools"
    report "deb: the dispatcher is back after the removal"
}

kargs_packages() {
    new_root
    must in_dpkg -i "$deb_kargs"
    must in_root kargs --version
    mkdir -p "$root"/var/lib/hosttune/{kargs/20261120T120000Z-1,kept}
    must in_dpkg -r kargs
    must in_root test -d /var/lib/hosttune/kargs/20261120T120000Z-1 -a -f /etc/hosttune/kargs.conf
    must in_dpkg -P kargs
    absent /var/lib/hosttune /etc/hosttune
    report "deb: kargs keeps its records until it is purged"
}

deb_all() {
    deb_install
    deb_upgrade_and_remove
    deb_beside
    deb_odd_hooks
    deb_earlier_hosttune
    deb_written_through
    deb_failures
    deb_damaged
    deb_vfio_tools
    kargs_packages
}

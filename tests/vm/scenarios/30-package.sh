# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Debian's package on a Debian host with AppArmor enforced: installed, a domain started and ended;
# upgraded while a domain runs; not removed while one runs, then removed and purged. A hook of the
# administrator's stays as it is.
# limit: 600

packages=$SHARE/packages
beside=$HOOK.d/50-hosttune

apt=(apt-get -q -y)
state_of() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null || true; }
pools() { echo "$(pool 0) $(pool 1)"; }

# What AppArmor kept a program of ours from, since the scenario began.
denials() {
    journalctl -k -q --since "$begin" | grep 'apparmor="DENIED"' | grep -E 'hosttune|hooks/qemu' || true
}

files_of_that_name() {
    find / -xdev \( -path "$SHARE" -o -path /tmp -o -path /mnt -o -path /var/lib/dpkg \) -prune -o \
        -path '*hosttune*' -print | sort
}

# The package, with a later version.
make_newer() {
    local dir=$TMP/newer
    dpkg-deb -R "$packages"/hosttune_*.deb "$dir"
    sed -i 's/^Version: .*/Version: 9.9-1/' "$dir/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$dir" "$TMP/hosttune_9.9-1.deb" >/dev/null
}

begin=$(date '+%F %T')
[ -d "$packages" ] || fail "there are no packages in $packages"
make_newer
gpu=$(gpu_address) audio=$(audio_address)
define gpu hostdev="$gpu" hostdev="$audio" tags="<hosttune:passthrough/>"
define tuned cells="64@0 96@1" pin="0 2" hugepages=yes \
    tags="<hosttune:hugepages/><hosttune:governor cpuset='0'/>"

step "the profile of libvirtd is enforced; libvirtd knows of no hook, and nothing is installed"
rm -rf "$HOOK" "$HOOK.d" /usr/sbin/hosttune /run/hosttune
systemctl restart libvirtd
virsh list >/dev/null
assert_eq "libvirtd's profile" "libvirtd (enforce)" \
    "$(cat "/proc/$(systemctl show --value -p MainPID libvirtd)/attr/current")"

files_of_that_name >"$TMP/files"

step "apt install"
must 180 "${apt[@]}" install "$packages"/hosttune_*.deb
note "apt install took $MS ms"
assert_said 'libvirtd was told of its first hook'
assert_eq "the hook" /usr/sbin/hosttune "$(readlink "$HOOK")"
assert_eq "package" "install ok installed" "$(state_of hosttune)"

step "a domain is started and ended"
start tuned
assert_eq "pools" "32 48" "$(pools)"
assert_eq "governor" performance "$(governor 0)"
assert_claims tuned
stop tuned
assert_claims
assert_host before

step "a device that a confined program has open is found"
apparmor_parser -r <<END
profile keeper flags=(complain) { }
END
card=/dev/dri/$(basename "/sys/bus/pci/devices/$gpu/drm/"card*)
aa-exec -p keeper -- sleep 600 9<"$card" &
HOLDER=$!
wait_for 10 grep -q keeper "/proc/$HOLDER/attr/current"
start_refused gpu
assert_said "in use on the host by sleep \\(pid $HOLDER\\)"
let_go
assert_claims
assert_host before

step "upgraded while a domain runs"
start tuned
must 180 "${apt[@]}" install "$TMP/hosttune_9.9-1.deb"
assert_eq "version" 9.9-1 "$(dpkg-query -W -f '${Version}' hosttune)"
assert_claims tuned
assert_eq "pools" "32 48" "$(pools)"
must 30 hosttune status
assert_said 'tuned .*: live'

step "not removed while it runs"
try 180 "${apt[@]}" remove hosttune
[ "$RC" -ne 0 ] || fail "it was removed"
assert_said 'tuned .*: live' 'Stop them first'
assert_eq "the hook" /usr/sbin/hosttune "$(readlink "$HOOK")"
assert_claims tuned
stop tuned
assert_claims
assert_host before

step "removed: only configuration is left"
must 180 "${apt[@]}" remove hosttune
assert_eq "package" "deinstall ok config-files" "$(state_of hosttune)"
assert_eq "files" "/etc/hosttune /etc/hosttune/hosttune.conf" \
    "$(files_of_that_name | comm -13 "$TMP/files" - | paste -sd' ')"
[ ! -e /run/hosttune ] || fail "/run/hosttune is left"
assert_eq "hooks left" "" "$(ls "${HOOK%/*}")"
must 180 "${apt[@]}" purge hosttune
assert_eq "package" "" "$(state_of hosttune)"
assert_eq "files" "" "$(files_of_that_name | comm -13 "$TMP/files" -)"

step "beside a hook of the administrator's: both run, and it stays as it is"
cat >"$HOOK" <<END
#!/bin/sh
echo "\$*" >>/run/own-hook
END
chmod 755 "$HOOK"
own=$(stat -c '%i %A %s %Y' "$HOOK"; sha256sum "$HOOK")
must 180 "${apt[@]}" install "$packages"/hosttune_*.deb
assert_said 'is another hook, which is kept'
assert_eq "our hook" /usr/sbin/hosttune "$(readlink "$beside")"
start tuned
assert_eq "pools" "32 48" "$(pools)"
assert_claims tuned
must 180 "${apt[@]}" install "$TMP/hosttune_9.9-1.deb"
stop tuned
assert_host before
must 5 cat /run/own-hook
assert_said 'tuned prepare begin' 'tuned start begin' 'tuned started begin' 'tuned stopped end' 'tuned release end'
must 180 "${apt[@]}" purge hosttune
assert_eq "the administrator's hook" "$own" "$(stat -c '%i %A %s %Y' "$HOOK"; sha256sum "$HOOK")"
[ ! -e "$HOOK.d" ] || fail "$HOOK.d is left"
rm -f "$HOOK" /run/own-hook

step "AppArmor had nothing against it"
assert_eq "denials" "" "$(denials)"

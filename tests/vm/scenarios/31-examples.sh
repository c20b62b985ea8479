# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libvirt takes every domain of examples/, and hosttune plans one of them by name; the settings of
# examples/host do what they say.
# limit: 300

examples=$SHARE/examples

# ---- domains ----

# A description of firmware for <os firmware='efi'>, which the guest has not. It is not run.
firmware=/etc/qemu/firmware/50-example.json
mkdir -p "${firmware%/*}"
touch "$TMP/code.fd" "$TMP/vars.fd"
jq -n --arg dir "$TMP" '{
    description: "example", "interface-types": ["uefi"], tags: [], features: [],
    mapping: {device: "flash",
        executable: {filename: ($dir + "/code.fd"), format: "raw"},
        "nvram-template": {filename: ($dir + "/vars.fd"), format: "raw"}},
    targets: [{architecture: "x86_64", machines: ["pc-q35-*"]}]}' >"$firmware"

# There is no KVM here, which host-passthrough needs, and no SPICE in this QEMU: they become what is here
# in their place.
adapted() { # FILE
    sed -e 's/<domain type="kvm">/<domain type="qemu">/' \
        -e 's/<cpu mode="host-passthrough"/<cpu mode="maximum"/' \
        -e 's/<graphics type="spice">/<graphics type="vnc">/' -e '/<gl enable="yes"\/>/d' "$1"
}

count=0
for file in "$examples"/*.xml; do
    step "$(basename "$file")"
    adapted "$file" >"$TMP/domain.xml"
    must 30 virsh define --validate "$TMP/domain.xml"
    name=$(xmllint --xpath 'string(/domain/name)' "$file")
    must 30 virsh dumpxml --inactive "$name"
    # What hosttune reads is there still.
    if grep -q urn:hosttune:1 "$file"; then
        assert_said "urn:hosttune:1"
        must 30 virsh metadata "$name" urn:hosttune:1 --config
        assert_said "<host"
    else
        refute_said "hosttune"
        must 30 hosttune plan "$name"
        assert_said "nothing is done for it"
    fi
    must 30 virsh undefine --nvram "$name"
    count=$((count + 1))
done
rm "$firmware"
assert_ge "domains" 7 "$count"

step "one that is not right is refused"
sed 's/<vcpu placement="static">2</<vcpu placement="here">2</' "$examples/untagged.xml" >"$TMP/wrong.xml"
try 30 virsh define --validate "$TMP/wrong.xml"
assert_eq "exit status" 1 "$RC"
assert_said "vcpu"

# ---- settings of the host ----

step "60-hosttune.conf"
settings=$examples/host/60-hosttune.conf
sysctl fs.aio-max-nr vm.swappiness vm.dirty_background_ratio vm.dirty_ratio >"$TMP/sysctl"
must 30 sysctl -p "$settings"
while read -r key value; do
    assert_eq "$key" "$value" "$(sysctl -n "$key")"
done < <(sed -n 's/^\([a-z][^ ]*\) = /\1 /p' "$settings")
must 30 sysctl -p "$TMP/sysctl"

step "hosttune-tmpfiles.conf"
thp=/sys/kernel/mm/transparent_hugepage
word() { sed 's/.*\[\(.*\)\].*/\1/' "$1"; }
enabled=$(word $thp/enabled) defrag=$(word $thp/defrag) ksm=$(cat /sys/kernel/mm/ksm/run)
echo always >$thp/enabled
echo always >$thp/defrag
must 30 systemd-tmpfiles --create "$examples/host/hosttune-tmpfiles.conf"
assert_eq "THP" madvise "$(word $thp/enabled)"
assert_eq "THP, defrag" defer "$(word $thp/defrag)"
assert_eq "KSM" 0 "$(cat /sys/kernel/mm/ksm/run)"
echo "$enabled" >$thp/enabled
echo "$defrag" >$thp/defrag
echo "$ksm" >/sys/kernel/mm/ksm/run

step "udev rules"
mkdir -p /run/udev/rules.d
cp "$examples"/host/*.rules /run/udev/rules.d/
if udevadm verify --help >/dev/null 2>&1; then
    must 30 udevadm verify /run/udev/rules.d/60-io-scheduler.rules /run/udev/rules.d/70-sriov.rules
fi
udevadm control --reload
try 30 udevadm test /sys/block/vda
refute_said '(60-io-scheduler|70-sriov)\.rules:[0-9]+.*(Invalid|invalid|Unknown|unknown|Failed|failed)'
schedulers=/sys/block/vda/queue/scheduler
scheduler=$(word $schedulers) rotational=$(cat /sys/block/vda/queue/rotational)
expect_scheduler() { # ROTATIONAL OTHER EXPECTED
    echo "$1" >/sys/block/vda/queue/rotational
    echo "$2" >$schedulers
    udevadm trigger --action=change --settle /sys/block/vda
    assert_eq "scheduler of a disk with rotational=$1" "$3" "$(word $schedulers)"
}
expect_scheduler 0 mq-deadline none
expect_scheduler 1 none mq-deadline
rm /run/udev/rules.d/60-io-scheduler.rules /run/udev/rules.d/70-sriov.rules
udevadm control --reload
echo "$rotational" >/sys/block/vda/queue/rotational
echo "$scheduler" >$schedulers

step "dev-hugepages1G.mount"
unit=dev-hugepages1G.mount
cp "$examples/host/$unit" /run/systemd/system/
systemctl daemon-reload
try 30 systemd-analyze --man=no verify "/run/systemd/system/$unit"
refute_said "hugepages1G"
must 30 systemctl start "$unit"
if [ -e /sys/kernel/mm/hugepages/hugepages-1048576kB ]; then
    assert_eq "page size of the mount" "1024M" \
        "$(findmnt -n -o OPTIONS /dev/hugepages1G | grep -o 'pagesize=[^,]*' | cut -d= -f2)"
    must 30 systemctl stop "$unit"
else
    [ ! -e /dev/hugepages1G ] || fail "mounted, where there are no such pages"
    note "no pages of 1 GiB here: the unit does nothing"
fi
rmdir /dev/hugepages1G 2>/dev/null || true
rm "/run/systemd/system/$unit"
systemctl daemon-reload

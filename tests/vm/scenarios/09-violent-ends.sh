# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ends that nobody asked for: QEMU killed, and a start that another hook refuses after ours
# prepared it. The host gets everything back each time.
# limit: 360

gpu=$(gpu_address) audio=$(audio_address)
define victim hostdev="$gpu" hostdev="$audio" cells="64@0" pin=0 hugepages=yes \
    tags="<hosttune:hugepages/><hosttune:governor/><hosttune:passthrough/>"

no_claims() { [ -z "$(claims)" ]; }

step "QEMU killed"
start victim
assert_eq "driver of the GPU" vfio-pci "$(driver "$gpu")"
began=$(now_ms)
kill -9 "$(qemu_pid victim)"
wait_for 60 is_shut_off victim
wait_for 30 no_claims
note "baseline $(($(now_ms) - began)) ms after QEMU was killed"
assert_host before

step "QEMU killed while libvirtd is down"
start victim
pid=$(qemu_pid victim)
must 60 systemctl stop libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd.service
kill -9 "$pid"
wait_for 20 test ! -e "/proc/$pid"
assert_eq "driver of the GPU: nobody has given it back yet" vfio-pci "$(driver "$gpu")"
assert_claims victim
must 60 systemctl start libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd.service
wait_for 60 is_shut_off victim
wait_for 30 no_claims
assert_host before

# What our own hook was asked to do is seen from beside it.
refuse() {
    mkdir -p "$HOOK.d"
    cat >"$HOOK.d/zz-refuse" <<EOF
#!/bin/sh
echo "\$2" >>/run/refuse.log
[ "\$2" != "$1" ] || {
    cat /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages >/run/refuse.pool
    echo "refused in $1" >&2
    exit 1
}
EOF
    chmod 755 "$HOOK.d/zz-refuse"
    rm -f /run/refuse.log /run/refuse.pool
}

for operation in start started prepare; do
    step "another hook refuses in '$operation'"
    refuse "$operation"
    start_refused victim
    assert_said "refused in $operation"
    grep -qx release /run/refuse.log || fail "libvirt did not call release: the test is void"
    assert_eq "pool of node0 when it refused: ours had prepared" 32 "$(cat /run/refuse.pool)"
    wait_for 30 no_claims
    assert_host before
done
rm -rf "$HOOK.d" /run/refuse.log /run/refuse.pool

step "and without it the domain starts"
start victim
stop victim

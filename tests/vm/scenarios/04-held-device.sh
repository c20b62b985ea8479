# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A device that a process has open is not taken away from it: refused at once, by the
# process's name, and libvirtd answers meanwhile.
# limit: 240

export PAUSED=yes
gpu=$(gpu_address) audio=$(audio_address)
define gpu hostdev="$gpu" hostdev="$audio" cells="64@0" pin=0 hugepages=yes \
    tags="<hosttune:hugepages/><hosttune:governor/><hosttune:passthrough/>"

# Five seconds; more where even an idle libvirtd takes long to answer.
must 30 virsh list
allowed=$((MS * 8 > 5000 ? MS * 8 : 5000))
note "an idle libvirtd answers 'virsh list' in $MS ms"

refused_for() {
    local node=$1 name=$2
    step "$node is open"
    hold_open "$name" "$node"
    asking_begins
    start_refused gpu
    asking_ends
    assert_said "$name" "$HOLDER"
    assert_le "time to the refusal (ms)" "$allowed" "$MS"
    note "refused within $MS ms; 'virsh list' meanwhile took $SLOWEST ms at most"
    assert_le "slowest answer to 'virsh list' (ms)" "$allowed" "$SLOWEST"
    kill -0 "$HOLDER" || fail "the process that held the device is gone"
    assert_claims
    assert_host before
    let_go
}

refused_for "$(echo /dev/snd/controlC*)" holds-sound
card=$(basename "/sys/bus/pci/devices/$gpu/drm/"card*)
refused_for "/dev/dri/$card" holds-card

step "and after it let go, the domain starts"
start gpu
assert_eq "driver of the GPU" vfio-pci "$(driver "$gpu")"
stop gpu
wait_for 10 test -e "/sys/bus/pci/devices/$audio/sound"

# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a scenario is written with. Scenarios run under `set -eEuo pipefail` as root of the
# guest; a helper that does not find what it was told to find ends the scenario.

SHARE=/share
HOOK=/etc/libvirt/hooks/qemu
LEDGER=/run/hosttune/ledger.json
OUT=${OUT:-/tmp}  # logs of this scenario, seen by the host
TMP=${TMP:-/tmp}  # scratch of this scenario
RC=0 MS=0 LAST=   # of the last `try`: exit status, milliseconds, file with its output

export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin

# --- verdicts ---

fail() {
    echo "FAIL: $*"
    [ -z "$LAST" ] || [ ! -s "$LAST" ] || {
        echo "last command, exit $RC after $MS ms, said:"
        sed 's/^/    /' "$LAST"
    }
    exit 1
}

# A scenario (or its rest) cannot be tested here: say why.
skip() {
    echo "$*" >"$OUT/skip"
    exit 77
}

# One line of the report, for measured figures.
note() {
    echo "note: $*"
    echo "$*" >>"$OUT/notes"
}

step() {
    echo "--- $*"
}

# --- running things ---

now_ms() {
    local t=${EPOCHREALTIME/./}
    echo $((t / 1000))
}

# try SECONDS COMMAND...: run it; its verdict is RC, MS and LAST.
try() {
    local limit=$1 begin
    shift
    LAST=$TMP/last
    RC=0
    begin=$(now_ms)
    timeout -k 5 "$limit" "$@" >"$LAST" 2>&1 </dev/null || RC=$?
    MS=$(($(now_ms) - begin))
    echo "+ $* -> $RC ($MS ms)"
    [ "$MS" -lt $((limit * 1000)) ] || fail "'$*' did not end within $limit s"
}

# must SECONDS COMMAND...: it has to exit 0.
must() {
    try "$@"
    shift
    [ "$RC" -eq 0 ] || fail "'$*' failed"
}

# wait_for SECONDS COMMAND...: until it is true.
wait_for() {
    local limit=$1 end
    shift
    end=$(($(now_ms) + limit * 1000))
    until "$@"; do
        [ "$(now_ms)" -lt "$end" ] || fail "not within $limit s: $*"
        sleep 0.2
    done
}

# The hook as libvirt calls it: hook_call DOMAIN XMLFILE OPERATION SUBOPERATION
# With HOOK_UNDER, a command and its words, under that command (strace).
hook_call() {
    local xml=$2
    cd /
    # shellcheck disable=SC2086
    exec env -i LC_ALL=C PATH="$PATH" USER=root ${HOOK_UNDER:-} \
        "$HOOK" "$1" "$3" "$4" - <"$xml"
}
export -f hook_call
export HOOK

# hook DOMAIN XMLFILE OPERATION SUBOPERATION: bounded; verdict in RC, MS, LAST.
hook() {
    try "${HOOK_LIMIT:-60}" bash -c 'hook_call "$@"' _ "$@"
}

# hook_start DOMAIN XMLFILE OPERATION SUBOPERATION: in the background, leading a process group
# of its own whose number is HOOK_PID.
hook_start() {
    setsid bash -c 'hook_call "$@"' _ "$@" >"$TMP/background" 2>&1 &
    HOOK_PID=$!
}

# Nothing of a hook is at work any more.
hook_is_gone() {
    ! pgrep -f "^$HOOK " >/dev/null
}

# Ask libvirtd for its domains again and again, from asking_begins to asking_ends; the slowest
# answer, in milliseconds, is SLOWEST.
asking_begins() {
    rm -f "$TMP/asked-enough" "$TMP/slowest"
    (
        slowest=0
        while [ ! -e "$TMP/asked-enough" ]; do
            begin=$(now_ms)
            timeout 120 virsh list >/dev/null
            took=$(($(now_ms) - begin))
            [ "$took" -le "$slowest" ] || slowest=$took
            echo "$slowest" >"$TMP/slowest"
        done
    ) &
    ASKING=$!
    wait_for 30 test -s "$TMP/slowest"
}

asking_ends() {
    touch "$TMP/asked-enough"
    wait "$ASKING"
    SLOWEST=$(cat "$TMP/slowest")
}

# --- assertions ---

assert_eq() {
    [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
    echo "ok: $1 is '$3'"
}

assert_le() {
    [ "$3" -le "$2" ] || fail "$1: expected at most $2, got $3"
    echo "ok: $1 is $3, at most $2"
}

assert_ge() {
    [ "$3" -ge "$2" ] || fail "$1: expected at least $2, got $3"
    echo "ok: $1 is $3, at least $2"
}

# assert_said REGEX...: in what the last command printed (libvirt may fold its lines).
assert_said() {
    local regex
    for regex; do
        tr '\n' ' ' <"$LAST" | grep -Eq -- "$regex" || fail "the output does not say /$regex/"
        echo "ok: said /$regex/"
    done
}

refute_said() {
    local regex
    for regex; do
        ! tr '\n' ' ' <"$LAST" | grep -Eq -- "$regex" || fail "the output says /$regex/"
    done
}

assert_not_crashed() {
    [ "$RC" -lt 126 ] || fail "exit status $RC"
}

# --- this host's attributes ---

pool() {
    cat "/sys/devices/system/node/node$1/hugepages/hugepages-2048kB/nr_hugepages"
}

pool_free() {
    cat "/sys/devices/system/node/node$1/hugepages/hugepages-2048kB/free_hugepages"
}

set_pool() {
    echo "$2" >"/sys/devices/system/node/node$1/hugepages/hugepages-2048kB/nr_hugepages"
    assert_eq "pool of node$1, set by the administrator" "$2" "$(pool "$1")"
}

governor() {
    cat "/sys/devices/system/cpu/cpufreq/policy$1/scaling_governor"
}

set_governor() {
    echo "$2" >"/sys/devices/system/cpu/cpufreq/policy$1/scaling_governor"
}

# pci_find VENDOR DEVICE [CLASS]: the addresses of the devices with these ids, one per line.
pci_find() {
    local device
    for device in /sys/bus/pci/devices/*; do
        [ "$(cat "$device/vendor")" = "0x$1" ] || continue
        [ "$(cat "$device/device")" = "0x$2" ] || continue
        [ -z "${3:-}" ] || [[ $(cat "$device/class") = "0x$3"* ]] || continue
        basename "$device"
    done
}

gpu_address() { pci_find 1234 1111 0380; }
audio_address() { pci_find 8086 293e; }
nic_address() { pci_find 8086 10d3; }
paired_nic_addresses() { pci_find 8086 100e; }

driver() {
    local link=/sys/bus/pci/devices/$1/driver
    [ -e "$link" ] || {
        echo none
        return 0
    }
    basename "$(readlink "$link")"
}

driver_override() { cat "/sys/bus/pci/devices/$1/driver_override"; }
iommu_group_of_mdev() { basename "$(readlink "/sys/bus/mdev/devices/$1/iommu_group")"; }
iommu_group() { basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")"; }

# The cpuset attributes of a slice that restricts nothing come and go with the controller, which
# libvirt enables for machine.slice; and a cgroup with processes that was restricted once has all
# CPUs instead of none: the kernel does not let it go back further.
snapshot() {
    if [ -x "$SHARE/bin/hosttune-snapshot" ]; then
        "$SHARE/bin/hosttune-snapshot"
    else
        bash "$SHARE/guest/snapshot"
    fi | grep -Ev '/cpuset\.[a-z.]* = (member)?$|machine.slice/cgroup.subtree_control = |'"/cpuset\\.cpus = $(</sys/devices/system/cpu/online)\$"
}

# same_snapshot A B: 0 if they are; otherwise prints the difference. An interrupt that only one of
# them has says nothing: the kernel makes and frees its number with the driver that asks for it.
same_snapshot() {
    local difference
    difference=$(
        set +o pipefail
        irqs() { sed -n 's/^\(proc\/irq\/[0-9]*\/\).*/\1/p' "$1" | sort -u; }
        relevant() { grep -v '^proc/irq/[0-9]' "$1"; grep '^proc/irq/[0-9]' "$1" | grep -F "$common"; }
        common=$(comm -12 <(irqs "$1") <(irqs "$2"))
        diff -U0 <(relevant "$1") <(relevant "$2") | grep '^[-+][^-+]'
    ) || true
    [ -n "$difference" ] || return 0
    echo "$difference"
    return 1
}

# assert_host NAME: this host is what it was at `snapshot >$TMP/NAME` (`before`: when the
# scenario began). What a driver makes, such as a sound card, may appear a moment after its bind.
assert_host() {
    local _
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        snapshot >"$TMP/now"
        if same_snapshot "$TMP/$1" "$TMP/now" >"$TMP/difference"; then
            echo "ok: the host is what it was at '$1'"
            return 0
        fi
        sleep 0.3
    done
    LAST=
    fail "the host differs from '$1':"$'\n'"$(cat "$TMP/difference")"
}

# The names in a capability mask.
capabilities() {
    local -a names=(chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap
        linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner
        sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice
        sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap
        mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf
        checkpoint_restore)
    local i list=
    for i in "${!names[@]}"; do
        (((0x$1 >> i & 1) == 0)) || list+=,${names[i]}
    done
    echo "${list:1}"
}

# --- the ledger ---

claims() {
    [ ! -e "$LEDGER" ] || jq -r '.claims[].domain' "$LEDGER"
}

assert_claims() {
    assert_eq "claims in the ledger" "$*" "$(claims | sort | paste -sd' ')"
}

# --- domains ---

pci_source() {
    local a=${1//[:.]/ } d b s f
    read -r d b s f <<<"$a"
    echo "<address domain='0x$d' bus='0x$b' slot='0x$s' function='0x$f'/>"
}

# The UUID of the domain of that name.
uuid_of() {
    local sum
    sum=$(md5sum <<<"$1")
    echo "${sum:0:8}-${sum:8:4}-4${sum:13:3}-8${sum:17:3}-${sum:20:12}"
}

# domain_xml NAME [KEY=VALUE...]: XML of a domain without disks.
#   mem=MIB cells="MIB@NODE ..." hugepages=yes nodeset=LIST pin="CPU ..." (one vCPU each)
#   emulator=LIST (its pin) firmware=FILE (instead of the BIOS)
#   hostdev=PCIADDRESS (may repeat) slot=N (of the guest, for all of them) managed=yes|no
#   mdev=UUID tags=ELEMENTS (no tags: untagged)
#   confined=yes: QEMU under an AppArmor profile of its own (costs 5 s on emulated CPUs; the
#   hook always runs under libvirtd's)
domain_xml() {
    local name=$1 mem=64 cells='' hugepages=no nodeset='' pin='' managed=no tags='' mdev=''
    local confined=no emulator='' firmware='' slot=''
    local -a hostdevs=()
    shift
    local pair
    for pair; do
        case $pair in
        hostdev=*) hostdevs+=("${pair#*=}") ;;
        *=*) printf -v "${pair%%=*}" %s "${pair#*=}" ;;
        esac
    done
    local vcpus=0 cpu cell i
    for cpu in $pin; do vcpus=$((vcpus + 1)); done
    local -a cell_list=()
    read -ra cell_list <<<"$cells"
    if [ ${#cell_list[@]} -gt 0 ]; then
        mem=0
        for cell in "${cell_list[@]}"; do mem=$((mem + ${cell%@*})); done
        [ "$vcpus" -ge ${#cell_list[@]} ] || vcpus=${#cell_list[@]}
    fi
    [ "$vcpus" -gt 0 ] || vcpus=1

    echo "<domain type='qemu'><name>$name</name><uuid>$(uuid_of "$name")</uuid>"
    [ -z "$tags" ] ||
        echo "<metadata><hosttune:host xmlns:hosttune='urn:hosttune:1'>$tags</hosttune:host></metadata>"
    echo "<memory unit='MiB'>$mem</memory><vcpu>$vcpus</vcpu>"
    [ "$hugepages" = no ] ||
        echo "<memoryBacking><hugepages><page size='2' unit='MiB'/></hugepages></memoryBacking>"
    if [ -n "$pin" ]; then
        echo "<cputune>"
        i=0
        for cpu in $pin; do
            echo "<vcpupin vcpu='$i' cpuset='$cpu'/>"
            i=$((i + 1))
        done
        [ -z "$emulator" ] || echo "<emulatorpin cpuset='$emulator'/>"
        echo "</cputune>"
    fi
    if [ ${#cell_list[@]} -gt 0 ]; then
        echo "<numatune>"
        for i in "${!cell_list[@]}"; do
            echo "<memnode cellid='$i' mode='strict' nodeset='${cell_list[i]#*@}'/>"
        done
        echo "</numatune>"
    elif [ -n "$nodeset" ]; then
        echo "<numatune><memory mode='strict' nodeset='$nodeset'/></numatune>"
    fi
    echo "<os><type arch='x86_64' machine='q35'>hvm</type>"
    [ -z "$firmware" ] || echo "<loader readonly='yes' type='rom'>$firmware</loader>"
    echo "</os>"
    if [ ${#cell_list[@]} -gt 0 ]; then
        echo "<cpu><numa>"
        for i in "${!cell_list[@]}"; do
            echo "<cell id='$i' cpus='$i' memory='${cell_list[i]%@*}' unit='MiB'/>"
        done
        echo "</numa></cpu>"
    fi
    echo "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>"
    echo "<controller type='usb' model='none'/><memballoon model='none'/>"
    for i in "${hostdevs[@]}"; do
        echo "<hostdev mode='subsystem' type='pci' managed='$managed'><driver name='vfio'/>"
        echo "<source>$(pci_source "$i")</source><rom enabled='no'/>"
        [ -z "$slot" ] || echo "<address type='pci' bus='0' slot='$slot'/>"
        echo "</hostdev>"
    done
    [ -z "$mdev" ] || {
        echo "<hostdev mode='subsystem' type='mdev' model='vfio-pci' display='off'>"
        echo "<source><address uuid='$mdev'/></source></hostdev>"
    }
    echo "</devices>"
    [ "$confined" = yes ] || echo "<seclabel type='none' model='apparmor'/>"
    echo "</domain>"
}

# define NAME [KEY=VALUE...]: as domain_xml.
define() {
    domain_xml "$@" >"$TMP/$1.xml"
    must 30 virsh define --validate "$TMP/$1.xml"
}

# start NAME: it has to start. With PAUSED=yes its virtual CPUs stay where they are, which spares
# the time that emulated CPUs take to emulate a BIOS.
start() {
    local state=running flags=()
    [ "${PAUSED:-no}" = no ] || state=paused flags=(--paused)
    must "${START_LIMIT:-90}" virsh start "${flags[@]}" "$1"
    assert_eq "state of $1" "$state" "$(virsh domstate "$1" | head -n 1)"
}

# start_refused NAME: it must not start; what virsh said is in LAST.
start_refused() {
    try "${START_LIMIT:-90}" virsh start "$1"
    [ "$RC" -ne 0 ] || fail "the start of $1 was not refused"
    assert_eq "state of $1" "shut off" "$(virsh domstate "$1" | head -n 1)"
}

stop() {
    must 60 virsh destroy "$1"
    assert_eq "state of $1" "shut off" "$(virsh domstate "$1" | head -n 1)"
}

is_shut_off() { [ "$(virsh domstate "$1" 2>/dev/null | head -n 1)" = "shut off" ]; }
qemu_pid() { cat "/run/libvirt/qemu/$1.pid"; }

# QEMU's hugepages on a node, from its numa_maps.
qemu_pages_on_node() {
    awk -v node="N$2=" '/ huge / {
            for (i = 1; i <= NF; i++) if (index($i, node) == 1) n += substr($i, length(node) + 1)
        } END { print n + 0 }' "/proc/$(qemu_pid "$1")/numa_maps"
}

# Does the QEMU of this domain have that file open?
qemu_has_open() {
    local fd
    for fd in "/proc/$(qemu_pid "$1")/fd"/*; do
        [ "$(readlink "$fd")" != "$2" ] || return 0
    done
    return 1
}

# A process with the name NAME that holds FILE open; its id is HOLDER.
hold_open() {
    cp /bin/sleep "$TMP/$1"
    "$TMP/$1" 600 9<"$2" &
    HOLDER=$!
    wait_for 10 test -e "/proc/$HOLDER/fd/9"
    wait_for 10 grep -qx "$1" "/proc/$HOLDER/comm"
}

let_go() {
    kill "$HOLDER" 2>/dev/null || true
    wait "$HOLDER" 2>/dev/null || true
}

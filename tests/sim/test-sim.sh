#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The simulated kernel against what the real one does. Prints TAP.
#
# usage: HOSTS=tests/data/hosts test-sim.sh SIMHOST TREE-EXPAND

set -u

simhost=$(realpath "$1")
tree_expand=$(realpath "$2")
hosts=$(realpath "${HOSTS:-$(dirname "$0")/../data/hosts}")
count=0
failed=0
mounted=

if ! [ -w /dev/fuse ] || ! command -v fusermount3 >/dev/null; then
    echo "1..0 # SKIP /dev/fuse or fusermount3 is not available"
    exit 0
fi

work=$(mktemp -d)
m=$work/host
mkdir "$m"

stop_host() {
    if [ -n "$mounted" ]; then
        fusermount3 -u "$m" || fusermount3 -u -z "$m"
        mounted=
    fi
}

clean_up() {
    stop_host
    rm -rf "$work"
}
trap clean_up EXIT

# start_host NAME: serve a host of tests/data/hosts
start_host() {
    stop_host
    "$simhost" -t "$work/trace" "$hosts/$1.tree" "$m" || exit 1
    mounted=1
}

report() { # RESULT NAME
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        echo "not ok $count - $2"
        failed=$((failed + 1))
    fi
}

# put VALUE PATH: one write(2); prints the errno name on failure
put() {
    perl -MErrno -e '
        my ($value, $path) = @ARGV;
        sub fail { print((grep { $!{$_} } keys %!)[0], "\n"); exit 0 }
        sysopen(my $fh, $path, 01 | 01000) or fail();
        defined(syswrite($fh, $value)) or fail();
        close($fh) or fail();
        print "ok\n";' "$1" "$m/$2"
}

is() { # NAME EXPECTED ACTUAL
    if [ "$2" = "$3" ]; then
        report 0 "$1"
    else
        report 1 "$1"
        printf '# expected: %s\n#   actual: %s\n' "$2" "$3"
    fi
}

value() {
    cat "$m/$1" 2>&1
}

link() {
    basename "$(readlink "$m/$1" || echo none)"
}

pool() { # DIRECTORY: nr free surplus
    echo "$(value "$1/nr_hugepages") $(value "$1/free_hugepages")" \
        "$(value "$1/surplus_hugepages")"
}

test_tree_expand() {
    local tree

    for tree in "$hosts"/*.tree; do
        mkdir "$work/tree"
        "$tree_expand" "$tree" "$work/tree"
        report $? "tree-expand $(basename "$tree")"
        is "... without sim/" "" "$(ls -d "$work/tree/sim" 2>/dev/null)"
        is "... without dangling links" "" "$(find "$work/tree" -xtype l \
            ! -path '*/fd/*' ! -name module)"
        rm -rf "$work/tree"
    done

    mkdir "$work/tree"
    printf '%s\n' 'a/b{1..2}/c{0..4..2} = {2*10+1},{1}' 'a/l -> ../x' 'a/d/' \
        'a/w [0200] =' 'a/m = x\ny' 'gone = 1' '!gone' >"$work/t.tree"
    "$tree_expand" "$work/t.tree" "$work/tree"
    is "ranges and references" "41,2" "$(cat "$work/tree/a/b2/c4")"
    is "ranges with a step" "c0 c2 c4" "$(cd "$work/tree/a/b1" && echo *)"
    is "mode" "200" "$(stat -c %a "$work/tree/a/w")"
    is "escapes" "2" "$(wc -l <"$work/tree/a/m")"
    is "removal" "" "$(ls "$work/tree/gone" 2>/dev/null)"
    printf '%s\n' '# comment' 'a/b{2..1} = 1' >"$work/t.tree"
    is "errors name the line" "$work/t.tree:2: bad range in the path" \
        "$("$tree_expand" "$work/t.tree" "$work/tree" 2>&1)"
    rm -rf "$work/tree"
}

test_sysfs_manners() {
    start_host desktop-two-gpus
    is "no creation in sysfs" "EACCES" "$(
        perl -MErrno -e 'sysopen(F, $ARGV[0], 0101) or print((grep { $!{$_} } keys %!)[0])' \
            "$m/sys/new"
    )"
    is "write-only attributes cannot be read" "1" \
        "$(value sys/bus/pci/drivers_probe | grep -c denied)"
    is "read-only attributes cannot be written" "EACCES" \
        "$(put 1 sys/devices/system/node/node0/meminfo)"
    is "a shorter value leaves no tail" "ok 0" \
        "$(put 150 proc/sys/vm/stat_interval >/dev/null
        put 0 proc/sys/vm/stat_interval) $(value proc/sys/vm/stat_interval)"
    mkdir "$m/sys/new" 2>/dev/null
    is "no directories in sysfs" "" "$(ls -d "$m/sys/new" 2>/dev/null)"
    printf 'proc/77/comm = late\n!proc/820/comm\n' >"$m/sim/load"
    is "sim/load adds" "late" "$(value proc/77/comm)"
    is "sim/load removes" "" "$(ls "$m/proc/820/comm" 2>/dev/null)"
    is "accesses are traced" "1" "$(grep -c '^write proc/sys/vm/stat_interval = 0$' \
        "$work/trace")"
}

test_plain_files() {
    (
        set -e
        cd "$m/run"
        mkdir -p a/b
        printf 'one\ntwo\n' >a/x
        printf 'three\n' >>a/x
        [ "$(wc -l <a/x)" -eq 3 ]
        printf 'new\n' >a/x.tmp
        sync a/x.tmp a
        mv a/x.tmp a/x
        [ "$(cat a/x)" = new ]
        chmod 600 a/x
        [ "$(stat -c '%a %s' a/x)" = "600 4" ]
        truncate -s 1 a/x
        [ "$(cat a/x)" = n ]
        ln -s x a/link
        [ "$(cat a/link)" = n ]
        exec 7<>a/x
        rm a/x
        echo gone >&7
        if rmdir a 2>/dev/null; then exit 1; fi
        rm -r a
        [ -z "$(ls)" ]
    )
    report $? "ordinary files below run/"

    perl -e '
        use Fcntl; use constant SETLKW => 38; use constant SETLK => 37;
        my $path = shift; my $p = "s s x4 q q i x4"; alarm 20;
        sysopen(my $a, $path, O_RDWR | O_CREAT) or die;
        fcntl($a, SETLK, pack($p, F_WRLCK, 0, 0, 10, 0)) or die "first: $!";
        pipe(my $r, my $w);
        my $pid = fork() // die;
        if (!$pid) {
            close($a);
            sysopen(my $b, $path, O_RDWR) or die;
            fcntl($b, SETLK, pack($p, F_WRLCK, 0, 20, 10, 0)) or die "other range: $!";
            fcntl($b, SETLK, pack($p, F_WRLCK, 0, 5, 1, 0)) and die "not exclusive";
            syswrite($w, "t");
            fcntl($b, SETLKW, pack($p, F_WRLCK, 0, 5, 1, 0)) or die "wait: $!";
            syswrite($w, "g");
            exit 0;
        }
        close($w);
        sysread($r, my $c, 1); select(undef, undef, undef, 0.2);
        vec(my $bits = "", fileno($r), 1) = 1;
        select($bits, undef, undef, 0) == 0 or die "did not wait";
        close($a);
        sysread($r, $c, 1); waitpid($pid, 0);
        exit($c eq "g" && $? == 0 ? 0 : 1);' "$m/run/lock"
    report $? "OFD byte-range locks across processes"
}

test_hugepages() {
    local global=sys/kernel/mm/hugepages/hugepages-2048kB n0 n1 free

    start_host dual-socket-server
    n0=sys/devices/system/node/node0/hugepages/hugepages-2048kB
    n1=sys/devices/system/node/node1/hugepages/hugepages-2048kB
    is "the administrator's pool" "16 16 0" "$(pool $n0)"
    is "grow a node" "ok" "$(put 100 $n1/nr_hugepages)"
    is "... grants" "100 100 0" "$(pool $n1)"
    is "... counts globally" "116 116 0" "$(pool $global)"
    is "... and in meminfo" "116" \
        "$(awk '/HugePages_Total/ { print $2 }' "$m/proc/meminfo")"
    is "... takes MemFree" "$((118 * 1048576 - 204800))" \
        "$(awk '/MemFree/ { print $4 }' "$m/sys/devices/system/node/node1/meminfo")"
    is "nonsense is refused" "EINVAL" "$(put 1x $n1/nr_hugepages)"
    put 99999999 $n1/nr_hugepages >/dev/null
    free=$((118 * 1048576 / 2048))
    is "a node grants at most its free memory" "$free $free 0" "$(pool $n1)"
    put 100 $n1/nr_hugepages >/dev/null

    mkdir -p "$m/sim/node1/hugepages-2048kB"
    put 30 sim/node1/hugepages-2048kB/in_use >/dev/null
    echo 30 >"$m/sim/node1/hugepages-2048kB/in_use"
    is "pages in use" "100 70 0" "$(pool $n1)"
    put 10 $n1/nr_hugepages >/dev/null
    is "shrinking below them makes surplus pages" "30 0 20" "$(pool $n1)"
    put 12 $n1/nr_hugepages >/dev/null
    is "growing takes surplus pages first" "30 0 18" "$(pool $n1)"
    echo 0 >"$m/sim/node1/hugepages-2048kB/in_use"
    is "surplus pages go with their user" "12 12 0" "$(pool $n1)"
    put 6 $global/nr_hugepages >/dev/null
    is "global writes spread over the nodes" "6 6 0" "$(pool $global)"

    echo 20 >"$m/sim/node1/hugepages-2048kB/max"
    echo 40 >"$m/sim/node1/hugepages-2048kB/max_compacted"
    put 50 $n1/nr_hugepages >/dev/null
    is "fragmented memory gives less" "20" "$(value $n1/nr_hugepages)"
    put 1 sys/devices/system/node/node1/compact >/dev/null
    put 50 $n1/nr_hugepages >/dev/null
    is "... more after compaction" "40" "$(value $n1/nr_hugepages)"
    is "no overcommit of gigantic pages" "EINVAL" \
        "$(put 1 sys/kernel/mm/hugepages/hugepages-1048576kB/nr_overcommit_hugepages)"
    is "drop_caches" "ok" "$(put 3 proc/sys/vm/drop_caches)"
    is "... frees the page cache" "0" \
        "$(awk '/FilePages/ { print $4 }' "$m/sys/devices/system/node/node0/meminfo")"
}

test_cpufreq() {
    local policy=sys/devices/system/cpu/cpufreq/policy3

    is "unknown governor" "EINVAL" "$(put turbo $policy/scaling_governor)"
    is "known governor" "ok performance" \
        "$(put performance $policy/scaling_governor) $(value $policy/scaling_governor)"

    start_host laptop-gvt
    is "active mode knows two governors" "EINVAL" "$(put ondemand $policy/scaling_governor)"
    is "preference" "ok power" "$(put power $policy/energy_performance_preference) $(
        value $policy/energy_performance_preference)"
    put performance $policy/scaling_governor >/dev/null
    is "the governor performance sets it" "performance" \
        "$(value $policy/energy_performance_preference)"
    is "... and keeps it" "EBUSY" "$(put power $policy/energy_performance_preference)"
    is "... at that" "ok" "$(put performance $policy/energy_performance_preference)"
    put powersave $policy/scaling_governor >/dev/null
    is "powersave brings it back" "power" "$(value $policy/energy_performance_preference)"
    is "unknown preference" "EINVAL" "$(put fast $policy/energy_performance_preference)"
}

test_irq() {
    local irq=proc/irq/40/smp_affinity_list default=proc/irq/default_smp_affinity
    local workqueue=sys/devices/virtual/workqueue

    start_host desktop-two-gpus
    is "interrupt to some CPUs" "ok 0-1,4" "$(put 0,1,4 $irq) $(value $irq)"
    is "... to none" "EINVAL" "$(put " " $irq)"
    is "... to CPUs that are not there" "EINVAL" "$(put 16-31 $irq)"
    echo 'sim/irq/40/refuse = EIO' >"$m/sim/load"
    is "... that is managed" "EIO 0-1,4" "$(put 0 $irq) $(value $irq)"
    echo EPERM >"$m/sim/irq/40/refuse"
    is "... since Linux 6.12" "EPERM" "$(put 0 $irq)"
    is "mask of new interrupts" "ok 00ff" "$(put 00ff $default) $(value $default)"
    is "... without a CPU" "EINVAL" "$(put 0 $default)"
    is "... of others" "EINVAL" "$(put ffff0000 $default)"
    is "unbound workqueues" "ok 000f" "$(put 000f $workqueue/cpumask) $(value $workqueue/cpumask)"
    is "... without a CPU" "EINVAL" "$(put 0 $workqueue/writeback/cpumask)"
}

test_quiet() {
    local mm=sys/kernel/mm latency=sys/devices/system/cpu/cpu3/power/pm_qos_resume_latency_us

    start_host desktop-two-gpus
    is "transparent hugepages" "ok always madvise [never]" \
        "$(put never $mm/transparent_hugepage/enabled) $(value $mm/transparent_hugepage/enabled)"
    is "... in a way that there is not" "EINVAL" "$(put some $mm/transparent_hugepage/defrag)"
    is "KSM" "ok 2" "$(put 2 $mm/ksm/run) $(value $mm/ksm/run)"
    is "... in a way that there is not" "EINVAL" "$(put 3 $mm/ksm/run)"
    echo "$mm/ksm/pages_shared = 7" >"$m/sim/load"
    is "merging across nodes while pages are" "EBUSY" "$(put 0 $mm/ksm/merge_across_nodes)"
    is "... the same again" "ok" "$(put 1 $mm/ksm/merge_across_nodes)"
    is "no latency at all" "ok n/a" "$(put n/a $latency) $(value $latency)"
    is "... that is no number" "EINVAL" "$(put x $latency)"
    is "boost is on or off" "EINVAL" "$(put 2 sys/devices/system/cpu/cpufreq/boost)"
}

test_pci() {
    local gpu=0000:02:00.0 device=sys/bus/pci/devices/0000:02:00.0

    start_host desktop-two-gpus
    is "bind without a match" "ENODEV" "$(put $gpu sys/bus/pci/drivers/vfio-pci/bind)"
    is "unbind from another driver" "ENODEV" "$(put $gpu sys/bus/pci/drivers/nvme/unbind)"
    put vfio-pci $device/driver_override >/dev/null
    is "override" "vfio-pci" "$(value $device/driver_override)"
    is "bind while bound" "EBUSY" "$(put $gpu sys/bus/pci/drivers/vfio-pci/bind)"
    is "probe while bound" "ok nouveau" \
        "$(put $gpu sys/bus/pci/drivers_probe) $(link $device/driver)"
    is "unbind" "ok none none" "$(put $gpu sys/bus/pci/drivers/nouveau/unbind) $(
        link $device/driver) $(link sys/bus/pci/drivers/nouveau/$gpu)"
    is "... takes what the driver made" "" "$(ls -d "$m/$device/drm" \
        "$m/sys/class/drm/card1" 2>/dev/null)"
    is "... once" "ENODEV" "$(put $gpu sys/bus/pci/drivers/nouveau/unbind)"
    is "probe binds to the override" "ok vfio-pci" \
        "$(put "$gpu
" sys/bus/pci/drivers_probe) $(link $device/driver)"
    is "... and the driver knows the device" "$gpu" \
        "$(link sys/bus/pci/drivers/vfio-pci/$gpu)"
    is "vfio makes the group" "15" "$(cd "$m/sys/class/vfio" && echo *)"
    is "... and its character device" "0" "$(
        test -e "$m/dev/vfio/15"
        echo $?
    )"
    put "
" $device/driver_override >/dev/null
    is "a newline clears the override" "(null)" "$(value $device/driver_override)"
    put $gpu sys/bus/pci/drivers/vfio-pci/unbind >/dev/null
    is "the group goes with its last device" "" "$(ls "$m/sys/class/vfio")"
    put $gpu sys/bus/pci/drivers_probe >/dev/null
    is "the native driver comes back" "nouveau" "$(link $device/driver)"
    is "... with what it makes" "card1" "$(link sys/class/drm/card1)"
    put no-such-driver $device/driver_override >/dev/null
    put $gpu sys/bus/pci/drivers/nouveau/unbind >/dev/null
    is "probe succeeds without a bind" "ok none" \
        "$(put $gpu sys/bus/pci/drivers_probe) $(link $device/driver)"
    is "unknown device" "EINVAL" "$(put 0000:99:00.0 sys/bus/pci/drivers_probe)"
}

test_mdev() {
    local parent=sys/class/mdev_bus/0000:00:02.0/mdev_supported_types
    local large=$parent/i915-GVTg_V5_4 small=$parent/i915-GVTg_V5_8
    local a=11111111-2222-3333-4444-aaaaaaaaaaaa b=11111111-2222-3333-4444-bbbbbbbbbbbb

    start_host laptop-gvt
    is "not a UUID" "EINVAL" "$(put vgpu $small/create)"
    is "create" "ok" "$(put ${a^^} $small/create)"
    is "... on the bus" "i915-GVTg_V5_8" "$(link sys/bus/mdev/devices/$a/mdev_type)"
    is "... takes an instance" "1 0" "$(value $small/available_instances) $(
        value $large/available_instances)"
    is "... has a group of its own" "$a" \
        "$(ls "$m/sys/bus/mdev/devices/$a/iommu_group/devices")"
    is "... that vfio knows" "$(link sys/bus/mdev/devices/$a/iommu_group)" \
        "$(ls "$m/sys/class/vfio")"
    is "the same UUID" "EEXIST" "$(put $a $small/create)"
    is "no instance left" "ENOSPC" "$(put $b $large/create)"
    is "remove" "ok none" "$(put 1 sys/bus/mdev/devices/$a/remove) $(
        link sys/bus/mdev/devices/$a)"
    is "... and its group" "" "$(ls "$m/sys/class/vfio")"
    is "... gives it back" "2 1" "$(value $small/available_instances) $(
        value $large/available_instances)"
}

test_cgroup() {
    local top=sys/fs/cgroup/machine.slice list=cpuset.cpus.exclusive

    start_host dual-socket-server
    printf '%s\n' "$top/leaf/$list = \\n" "$top/leaf/cpuset.cpus.partition = member" \
        "$top/other/$list = \\n" >"$m/sim/load"
    is "a partition without CPUs" "isolated invalid (Cpu list in cpuset.cpus.exclusive empty)" \
        "$(put isolated $top/leaf/cpuset.cpus.partition >/dev/null && value $top/leaf/cpuset.cpus.partition)"
    put 2-3 $top/$list >/dev/null
    is "... with those of the group above" "ok isolated 2-3" \
        "$(put 2-3 $top/leaf/$list) $(value $top/leaf/cpuset.cpus.partition) $(
            value sys/fs/cgroup/cpuset.cpus.isolated)"
    is "CPUs that another group has" "EINVAL" "$(put 3 $top/other/$list)"
    is "what is no partition" "EINVAL" "$(put alone $top/leaf/cpuset.cpus.partition)"
    is "member takes it back" "ok " "$(put member $top/leaf/cpuset.cpus.partition) $(
        value sys/fs/cgroup/cpuset.cpus.isolated)"
}

test_vgpu() {
    local vf=sys/devices/pci0000:17/0000:17:00.0/0000:18:10.0/nvidia

    start_host dual-socket-server
    printf '%s\n' "$vf/current_vgpu_type = 0" \
        "$vf/creatable_vgpu_types [0444] = ID : Name\\n1132 : A" >"$m/sim/load"
    is "a type of vGPU" "ok 1132" "$(put 1132 $vf/current_vgpu_type) $(value $vf/current_vgpu_type)"
    is "... while there is one" "EPERM" "$(put 1132 $vf/current_vgpu_type)"
    echo 'sim/pci/0000:18:10.0/open = 1' >"$m/sim/load"
    is "... while it is open" "EBUSY" "$(put 0 $vf/current_vgpu_type)"
    echo 'sim/pci/0000:18:10.0/open = 0' >"$m/sim/load"
    is "... none" "ok" "$(put 0 $vf/current_vgpu_type)"
    is "... that cannot be" "EINVAL" "$(put 77 $vf/current_vgpu_type)"
}

test_faults() {
    local governor=sys/devices/system/cpu/cpufreq/policy0/scaling_governor before after

    start_host dual-socket-server
    echo "write $governor 2 EBUSY" >"$m/sim/faults"
    is "the second write fails" "ok EBUSY ok" "$(put ondemand $governor) $(
        put performance $governor) $(put powersave $governor)"
    is "... once" "" "$(cat "$m/sim/faults")"
    echo "write $governor 1 late EIO" >"$m/sim/faults"
    is "it is done, and fails" "EIO performance" "$(put performance $governor) $(value $governor)"
    echo "write */driver_override 1 tear" >"$m/sim/faults"
    is "half of it is done" "EIO vfio" "$(
        put vfio-pci sys/bus/pci/devices/0000:18:10.0/driver_override) $(
        value sys/bus/pci/devices/0000:18:10.0/driver_override)"
    echo "read $governor * ENODEV" >"$m/sim/faults"
    is "each read fails" "" "$(cat "$m/$governor" "$m/$governor" 2>/dev/null)"
    echo "write $governor 1 block 400" >"$m/sim/faults"
    before=$(date +%s%N)
    put ondemand $governor >/dev/null
    after=$(date +%s%N)
    is "a write takes its time" "yes" "$([ $((after - before)) -ge 400000000 ] && echo yes)"
    is "what is no fault" "EINVAL" "$(put "write $governor once EBUSY" sim/faults)"
    echo "make run/* 1 ENOSPC" >"$m/sim/faults"
    is "no room" "1" "$(
        mkdir "$m/run/new" 2>/dev/null
        echo $?
    )"
    echo "write $governor 1 kill-before" >"$m/sim/faults"
    is "a killed program" "137 ondemand" "$(
        setsid --wait bash -c "echo powersave >'$m/$governor'" 2>/dev/null
        echo "$? $(value $governor)"
    )"
}

test_checkpoint() {
    local gpu=sys/bus/pci/devices/0000:18:10.0

    start_host dual-socket-server
    echo now >"$m/sim/checkpoint"
    echo on >"$m/sim/changes"
    echo 0000:18:10.0 >"$m/$gpu/driver/unbind"
    is "a record of changes" "write sys/bus/pci/drivers/iavf/unbind = 0000:18:10.0" \
        "$(cat "$m/sim/changes")"
    echo now >"$m/sim/difference"
    is "what is different" "- sys/devices/pci0000:17/0000:17:00.0/0000:18:10.0/driver -> ../../../../bus/pci/drivers/iavf" \
        "$(grep '/driver ' "$m/sim/difference")"
    echo now >"$m/sim/restore"
    echo now >"$m/sim/difference"
    is "as it was" " iavf" "$(cat "$m/sim/difference") $(link $gpu/driver)"
    is "a checkpoint that is none" "ENOENT" "$(put other sim/restore)"
}

test_tree_expand
test_sysfs_manners
test_plain_files
test_hugepages
test_cpufreq
test_irq
test_quiet
test_pci
test_mdev
test_cgroup
test_vgpu
test_faults
test_checkpoint
stop_host
echo "1..$count"
[ "$failed" -eq 0 ]

# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the scenarios on CPU isolation look at, beyond lib.sh. None of it asks the program.

ISOLATION="<hosttune:isolation/>"
ONLINE=$(cat /sys/devices/system/cpu/online)

# Until a change that nobody tells the program of is noticed: twice the interval of its timer.
SWEEP_LIMIT=60

# --- threads ---

# threads_on CPUS: threads that may run there and are not in machine.slice: "KIND TID MASK NAME".
# KIND: `user`; `kernel` for a kernel thread that can be moved; `bound` for one that cannot
# (PF_NO_SETAFFINITY), which is either there for that CPU alone or a worker of a workqueue.
threads_on() {
    # Processes end meanwhile: that is no failure.
    {
        grep -sHE '^(Name|Cpus_allowed_list):' /proc/[0-9]*/task/[0-9]*/status || true
        grep -sH . /proc/[0-9]*/task/[0-9]*/stat || true
        grep -sH '^0::' /proc/[0-9]*/task/[0-9]*/cgroup || true
    } | awk -v cpus="$1" '
        function expand(list, set,    i, j, n, part, range) {
            n = split(list, part, ",")
            for (i = 1; i <= n; i++) {
                if (split(part[i], range, "-") == 1) range[2] = range[1]
                for (j = range[1]; j <= range[2]; j++) set[j + 0] = 1
            }
        }
        BEGIN { expand(cpus, isolated) }
        {
            split($0, path, "/")
            tid = path[5]
            file = path[6]
            sub(/:.*/, "", file)
            text = substr($0, index($0, "/" file ":") + length(file) + 2)
        }
        file == "status" && text ~ /^Name:/ { name[tid] = substr(text, 7) }
        file == "status" && text ~ /^Cpus/ { mask[tid] = substr(text, 20) }
        file == "cgroup" { cgroup[tid] = text }
        file == "stat" {
            sub(/.*\) /, "", text)
            split(text, field, " ")
            flags[tid] = field[7]
        }
        END {
            for (tid in mask) {
                if (!(tid in flags) || cgroup[tid] ~ /^0::\/machine\.slice\//) continue
                split("", allowed)
                expand(mask[tid], allowed)
                hit = 0
                for (cpu in isolated) if (cpu in allowed) hit = 1
                if (!hit) continue
                kind = "user"
                if (int(flags[tid] / 2097152) % 2) kind = "kernel"
                if (int(flags[tid] / 67108864) % 2) kind = "bound"
                print kind, tid, mask[tid], name[tid]
            }
        }'
}

no_thread_on() {
    threads_on "$1" | grep -v '^bound' >"$TMP/threads"
    [ ! -s "$TMP/threads" ]
}

# What stays there because nobody can move it: threads of a CPU by their names, and workers and rescuers
# of workqueues, which the kernel binds.
note_bound_threads() {
    threads_on "$1" | awk '$1 == "bound" {
            print $4 ~ /^kworker/ || $4 !~ /[\/:]/ ? "kworker" : substr($4, 1, match($4, /[\/:]/) - 1)
        }' | sort | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }' >"$TMP/bound"
    note "threads that cannot leave CPUs $1: $(cat "$TMP/bound")"
}

# --- interrupts ---
# Without forking, for each of them: on emulated CPUs that is what costs.

# in_list CPUS LIST: do they have a CPU in common?
in_list() {
    local a b
    for a in ${1//,/ }; do
        for b in ${2//,/ }; do
            ((${a%-*} > ${b#*-} || ${b%-*} > ${a#*-})) || return 0
        done
    done
    return 1
}

# A mask that cannot be written, even with what it says, is the kernel's.
irq_is_movable() {
    { echo "$(<"/proc/irq/$1/smp_affinity_list")" >"/proc/irq/$1/smp_affinity_list"; } 2>/dev/null
}

# irqs_on CPUS: those in use whose mask has one of these CPUs: "movable|managed NUMBER MASK NAME".
irqs_on() {
    local dir irq mask actions
    shopt -s nullglob
    for dir in /proc/irq/[0-9]*; do
        actions=("$dir"/*/)
        [ ${#actions[@]} -gt 0 ] || continue
        irq=${dir##*/}
        { mask=$(<"$dir/smp_affinity_list"); } 2>/dev/null || continue
        in_list "$1" "$mask" || continue
        if irq_is_movable "$irq"; then
            echo "movable $irq $mask $(basename "${actions[0]}")"
        else
            echo "managed $irq $mask $(basename "${actions[0]}")"
        fi
    done
    shopt -u nullglob
}

no_irq_on() {
    irqs_on "$1" >"$TMP/irqs"
    ! grep -q '^movable' "$TMP/irqs"
}

# --- everything at once ---

# The units directly below the root of systemd's tree, but for machine.slice and what the suite
# itself keeps.
top_units() {
    systemctl list-units --plain --no-legend --type=slice --type=scope | awk '{ print $1 }' |
        while read -r unit; do
            [ -d "/sys/fs/cgroup/$unit" ] && [ "$unit" != machine.slice ] && echo "$unit"
        done
    return 0
}

# No unit but machine.slice may use these CPUs.
assert_units_off() {
    local unit
    for unit in $(top_units); do
        ! in_list "$1" "$(cat "/sys/fs/cgroup/$unit/cpuset.cpus.effective")" ||
            fail "$unit may use CPUs $(cat "/sys/fs/cgroup/$unit/cpuset.cpus.effective")"
    done
    echo "ok: no unit may use CPUs $1"
}

# assert_isolated CPUS: nothing else may run there, now.
assert_isolated() {
    assert_units_off "$1"
    no_thread_on "$1" || fail "threads that may run on CPUs $1:"$'\n'"$(cat "$TMP/threads")"
    echo "ok: no thread may run on CPUs $1"
    no_irq_on "$1" || fail "interrupts that may go to CPUs $1:"$'\n'"$(cat "$TMP/irqs")"
    echo "ok: no interrupt may go to CPUs $1"
    ! in_list "$1" "$(mask_to_list "$(cat /proc/irq/default_smp_affinity)")" ||
        fail "new interrupts may go to CPUs $1: default_smp_affinity $(cat /proc/irq/default_smp_affinity)"
    ! in_list "$1" "$(mask_to_list "$(cat /sys/devices/virtual/workqueue/cpumask)")" ||
        fail "workqueues may use CPUs $1: $(cat /sys/devices/virtual/workqueue/cpumask)"
    echo "ok: new interrupts and workqueues stay off CPUs $1"
}

# A hexadecimal mask of at most 32 CPUs as a list.
mask_to_list() {
    local cpu list=
    for cpu in {0..31}; do
        (((0x$1 >> cpu & 1) == 0)) || list+=,$cpu
    done
    echo "${list:1}"
}

has_partitions() { [ -e /sys/fs/cgroup/cpuset.cpus.isolated ]; }

assert_partition() {
    ! has_partitions || assert_eq "CPUs in isolated partitions" "$1" "$(cat /sys/fs/cgroup/cpuset.cpus.isolated)"
}

# --- the baseline ---

# What the snapshot does not have: systemd's view of its units, kernel threads that can be moved,
# what irqbalance leaves alone. All CPUs and no restriction are the same: a cgroup with processes
# cannot go back from the former to the latter. The thread of an interrupt goes where the kernel puts that.
isolation_state() {
    local units file
    readarray -t units < <(systemctl list-units --all --plain --no-legend --type=slice --type=scope |
        awk '{ print $1 }')
    systemctl show -p Id -p AllowedCPUs -p EffectiveCPUs -- "${units[@]}" |
        awk -v RS= -v FS='\n' -v online="$ONLINE" '{
            split("", value)
            for (i = 1; i <= NF; i++) {
                at = index($i, "=")
                value[substr($i, 1, at - 1)] = substr($i, at + 1)
            }
            if (value["EffectiveCPUs"] == online) value["EffectiveCPUs"] = ""
            print "unit " value["Id"] " allowed=" value["AllowedCPUs"] " effective=" value["EffectiveCPUs"]
        }'
    for file in /run/systemd/{system.control,transient}/*.d/50-AllowedCPUs.conf; do
        ! grep -q '^AllowedCPUs=.' "$file" 2>/dev/null || echo "dropin $file $(grep ^Allowed "$file")"
    done
    threads_on "$ONLINE" | awk '$1 == "kernel" && $4 !~ "^irq/" { print "kthread", $4, $3 }' | sort -u
    irqbalance_setup | sed 's/^/irqbalance /'
}

# remember_isolation: the baseline for assert_isolation_undone.
remember_isolation() {
    isolation_state >"$TMP/isolation-before"
}

# What the two have in common and is not the same. Kernel threads and units that only one of them has are
# new or gone; of several kernel threads with one name, some may be.
isolation_difference() {
    (
        set +o pipefail
        names() { awk '{ print $1, $2 }' "$1" | sort -u; }
        common=$(comm -12 <(names "$1") <(names "$2"))
        in_common() { awk 'NR == FNR { known[$0] = 1; next } $1 " " $2 in known' <(echo "$common") "$1"; }
        diff -U0 <(in_common "$1") <(in_common "$2") | grep '^[-+][^-+]'
    ) || true
}

# assert_isolation_undone SNAPSHOT: as assert_host, and what remember_isolation saw.
assert_isolation_undone() {
    assert_host "$1"
    isolation_state >"$TMP/isolation-now"
    isolation_difference "$TMP/isolation-before" "$TMP/isolation-now" >"$TMP/difference"
    [ ! -s "$TMP/difference" ] || {
        LAST=
        fail "not as before the isolation:"$'\n'"$(cat "$TMP/difference")"
    }
    echo "ok: units and kernel threads are what they were"
}

# --- irqbalance ---

# irqbalance's settings, by its own socket; nothing if it does not run.
irqbalance_setup() {
    local socket
    for socket in /run/irqbalance/irqbalance*.sock; do
        [ ! -S "$socket" ] || perl -MIO::Socket::UNIX -e '
            my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit;
            $s->send("setup");
            $s->recv(my $answer, 65536);
            print "$answer\n";' "$socket"
    done
}

# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# Shared by the tests of the packages: points, and a small root that packages are installed in.
# Its programs are this machine's; its kernel files and daemons are plain files and a script.

point=0 failed=0 problems=0
work=${work:?}
root=
tools=(awk basename cat chmod chown cmp cp dirname grep head id ln ls mkdir mv od readlink rm rmdir
    sed sh sleep sort tail test touch tr)
uuid=6695eb01-f6a4-4304-a7c7-b70e35e65e6e

problem() {
    problems=$((problems + 1))
    echo "# $*"
}

# The output of the last command, which is in $work/output.
show_output() {
    tail -n 20 "$work/output" | sed 's/^/#   /'
}

# One TAP point: problems counted since the last one make it fail.
report() { # NAME
    point=$((point + 1))
    if [ "$problems" -eq 0 ]; then
        echo "ok $point - $1"
    else
        failed=$((failed + 1))
        echo "not ok $point - $1"
    fi
    problems=0
}

# must COMMAND...: it has to exit 0; its output in $work/output.
must() {
    if ! "$@" >"$work/output" 2>&1; then
        problem "failed: $*"
        show_output
    fi
}

# must_fail COMMAND...
must_fail() {
    if "$@" >"$work/output" 2>&1; then
        problem "did not fail: $*"
        show_output
    fi
}

said() { # TEXT...: in the last output
    local text

    for text; do
        if ! grep -qF -e "$text" "$work/output"; then
            problem "not said: $text"
            show_output
        fi
    done
}

same() { # WHAT EXPECTED FOUND
    if [ "$2" != "$3" ]; then
        problem "$1: expected '$2', found '$3'"
    fi
}

absent() { # PATH...: in the root
    local path

    for path; do
        if [ -e "$root$path" ] || [ -L "$root$path" ]; then
            problem "'$path' is there"
        fi
    done
}

# ---- the root ----

in_root() { # COMMAND...
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"
}

# A program or library, and the libraries that it is linked with.
copy_with_libraries() { # FILE...
    local file

    while read -r file; do
        [ -e "$root$file" ] || cp --parents -L "$file" "$root"
    done < <(
        printf '%s\n' "$@"
        ldd "$@" 2>/dev/null | sed -n 's/^\t\(.* => \)\{0,1\}\(\/[^ ]*\) (.*/\2/p' | sort -u
    )
}

library() { # SONAME: its path
    ldconfig -p | sed -n "s/^\t$1 (.*x86-64.*) => //p; s/^\t$1 (libc6) => //p" | head -n 1
}

# A command that says what it was called for in /log, and does what /does/NAME says.
stub() { # NAME
    cat >"$root/usr/bin/$1" <<END
#!/bin/sh
echo "$1 \$*" >>/log
[ ! -e /does/$1 ] || . /does/$1
END
    chmod 755 "$root/usr/bin/$1"
}

kernel_file() { # PATH VALUE
    mkdir -p "$(dirname "$root/$1")"
    printf '%s\n' "$2" >"$root/$1"
}

# The smallest host that a domain can ask something of: a frequency governor.
make_host() {
    kernel_file proc/sys/kernel/random/boot_id 0e4d1f5c-6c5b-4a5e-8f41-0d4f0a6f7f10
    kernel_file sys/devices/system/cpu/online 0-1
    kernel_file sys/devices/system/cpu/possible 0-1
    kernel_file sys/devices/system/cpu/present 0-1
    kernel_file sys/devices/system/cpu/cpufreq/policy0/related_cpus "0 1"
    kernel_file sys/devices/system/cpu/cpufreq/policy0/affected_cpus "0 1"
    kernel_file sys/devices/system/cpu/cpufreq/policy0/scaling_driver acpi-cpufreq
    kernel_file sys/devices/system/cpu/cpufreq/policy0/scaling_governor schedutil
    kernel_file sys/devices/system/cpu/cpufreq/policy0/scaling_available_governors \
        "performance schedutil"
    cat >"$root/domain.xml" <<END
<domain type='qemu'><name>alpha</name><uuid>$uuid</uuid><metadata>
<hosttune:host xmlns:hosttune='urn:hosttune:1'><hosttune:governor cpuset='0'/></hosttune:host>
</metadata><memory unit='MiB'>64</memory><vcpu>1</vcpu></domain>
END
}

governor() {
    cat "$root/sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
}

# An empty root, with libvirtd running.
new_root() {
    local tool soname

    rm -rf --one-file-system "$work/root"
    root=$work/root
    mkdir -p "$root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,tmp,dev,run,does,var/lib/dpkg/{info,updates}}
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root/"
    : >"$root/var/lib/dpkg/status"
    : >"$root/var/lib/dpkg/available"
    : >"$root/dev/null"
    for tool in "${tools[@]}" env; do
        tool=$(readlink -f "$(type -P "$tool")")
        copy_with_libraries "$tool"
    done
    for tool in "${tools[@]}" env; do
        [ -e "$root/usr/bin/$tool" ] ||
            ln -s "$(readlink -f "$(type -P "$tool")")" "$root/usr/bin/$tool"
    done
    for soname in libxml2.so.2 libjson-c.so.5 libcap-ng.so.0; do
        copy_with_libraries "$(library "$soname")"
    done
    stub systemctl
    stub deb-systemd-invoke
    stub restorecon
    daemon_runs libvirtd
    make_host
    : >"$root/log"
}

daemon_runs() { # NAME
    cat >"$root/does/systemctl" <<END
case "\$*" in
*is-active*$1.service) exit 0 ;;
*is-active*) exit 3 ;;
esac
END
}

# Calls of reload since the log was emptied.
reloads() {
    grep -c -E '^(systemctl|deb-systemd-invoke) (reload|restart)' "$root/log" || true
}

# ---- libvirt ----

# What libvirt would run: the hook, then the executable files of qemu.d in order; each has to exit 0.
hooks() { # OPERATION SUB-OPERATION
    local file

    for file in "$root/etc/libvirt/hooks/qemu" "$root"/etc/libvirt/hooks/qemu.d/*; do
        file=${file#"$root"}
        in_root test -f "$file" -a -x "$file" || continue
        in_root "$file" alpha "$1" "$2" - <"$root/domain.xml" || return
    done
}

start_domain() {
    must hooks prepare begin
    kernel_file run/libvirt/qemu/alpha.pid 4711
    kernel_file proc/4711/cmdline "qemu -uuid $uuid"
    must hooks start begin
    must hooks started begin
    same "governor of a domain that runs" performance "$(governor)"
}

# It ends, and libvirt says so.
end_domain() {
    lose_domain
    must hooks stopped end
    must hooks release end
    same "governor afterwards" schedutil "$(governor)"
}

# It ends, and nobody says so.
lose_domain() {
    rm -rf "$root/run/libvirt" "$root/proc/4711"
}

# ---- an administrator's own hook ----

own_hook() { # PATH
    mkdir -p "$(dirname "$root$1")"
    cat >"$root$1" <<'END'
#!/bin/sh
echo "own $*" >>/log
END
    chmod 750 "$root$1"
    touch -d 2020-02-02 "$root$1"
}

# Everything of a file that somebody could have touched.
identity() { # PATH
    stat -c '%i %A %u:%g %s %Y' "$root$1"
    sha256sum <"$root$1"
}

# All files of the root but the packager's own records and what calls leave.
listing() {
    (cd "$root" && find . -path ./var/lib/dpkg -prune -o \
        -path ./log -prune -o -path ./does -prune -o ! -path . -printf '%p %y %m %l\n' |
        LC_ALL=C sort)
}

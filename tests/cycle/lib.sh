# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Shared by the tests of whole cycles: a simulated host that is mounted, hook calls on it, and
# snapshots. Sourced with the programs in the environment: SIMHOST, HOSTTUNE, SNAPSHOT.
# $data is tests/data.

set -euo pipefail

# shellcheck disable=SC2034 # for those that source this
data=$(cd "$(dirname "${BASH_SOURCE[0]}")/../data" && pwd)
host=
mounted=no
work=
point=0
problems=0

if [ -z "${SIMHOST:-}" ]; then
    echo "1..0 # SKIP the simulated host is not built: libfuse3 is missing"
    exit 0
elif ! [ -w /dev/fuse ]; then
    echo "1..0 # SKIP /dev/fuse is missing or not writable: no host can be simulated"
    exit 0
elif ! command -v fusermount3 >/dev/null; then
    echo "1..0 # SKIP fusermount3 is not installed: no host can be simulated"
    exit 0
fi

work=$(mktemp -d)
host=$work/host
mkdir "$host"

unmount_host() {
    if [ "$mounted" = yes ]; then
        fusermount3 -u "$host" 2>/dev/null || fusermount3 -u -z "$host"
        mounted=no
    fi
}

clean_up() {
    unmount_host
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# mount_host TREE...: simulate these trees, laid over each other
mount_host() {
    unmount_host
    "$SIMHOST" "$@" "$host"
    mounted=yes
}

# One TAP point: problems counted since the last one make it fail.
report() { # NAME
    point=$((point + 1))
    if [ "$problems" -eq 0 ]; then
        echo "ok $point - $1"
    else
        echo "not ok $point - $1"
    fi
    problems=0
}

finish() {
    echo "1..$point"
}

problem() {
    printf '# %s\n' "$*"
    problems=$((problems + 1))
}

show() { # FILE
    sed 's/^/#   /' "$1"
}

take_snapshot() { # FILE
    "$SNAPSHOT" --sysroot "$host" >"$1"
}

hosttune() {
    "$HOSTTUNE" --sysroot "$host" "$@"
}

# hook XML OPERATION SUB-OPERATION: as libvirt calls it; exit status in $status, output in files
hook() {
    local xml=$1 name

    shift
    name=$(domain_name "$xml")
    status=0
    hosttune hook "$name" "$@" - <"$xml" >"$work/out" 2>"$work/err" || status=$?
}

domain_name() { # XML
    sed -n 's:.*<name>\(.*\)</name>.*:\1:p;T;q' "$1"
}

expect_done() { # WHAT: the last hook call
    if [ "$status" -ne 0 ]; then
        problem "$1: exit status $status"
        show "$work/err"
    fi
    if [ -s "$work/out" ]; then
        problem "$1: something on stdout"
        show "$work/out"
    fi
}

expect_same() { # EXPECTED ACTUAL WHAT
    if ! diff "$1" "$2" >"$work/diff"; then
        problem "$3:"
        show "$work/diff"
    fi
}

expect_host() { # SNAPSHOT WHAT
    take_snapshot "$work/now"
    expect_same "$1" "$work/now" "$2"
}

# Claims, and what is recorded of the host: without what is only about the last write.
ledger() {
    if [ -e "$host/run/hosttune/ledger.json" ]; then
        jq -S '{claims, entries: [.entries[] | del(.previous, .claim)]}' \
            "$host/run/hosttune/ledger.json"
    else
        echo none
    fi
}

# A ledger that was being written when its process died is left to the next that writes.
expect_no_ledger() { # WHAT
    local file

    for file in "$host"/run/hosttune/*; do
        case ${file##*/} in
        lock | claims.lock | ledger.json.new | '*') ;;
        *)
            problem "$1: /run/hosttune/${file##*/} is left:"
            show "$file"
            ;;
        esac
    done
}

expect_status() { # EXPECTED WHAT: of "hosttune status"
    local actual=0

    hosttune status >"$work/out" 2>"$work/err" || actual=$?
    if [ "$actual" -ne "$1" ]; then
        problem "$2: hosttune status exits $actual:"
        show "$work/out"
        show "$work/err"
    fi
}

# value PATH: of an attribute of the host
value() {
    cat "$host/$1"
}

expect_value() { # PATH EXPECTED WHAT
    local actual

    actual=$(value "$1")
    if [ "$actual" != "$2" ]; then
        problem "$3: '$1' is '$actual', not '$2'"
    fi
}

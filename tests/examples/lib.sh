# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Shared by the tests of the examples, which print TAP. Sourced with the programs in HOSTTUNE, KARGS and
# TREE_EXPAND. The working directory is the source tree then.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'chmod -R u+rwX "$work" && rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM
export LC_ALL=C
point=0

skip_all() { # REASON
    echo "1..0 # SKIP $*"
    exit 0
}

# result STATUS NAME: a line of TAP; what is in $work/log when it failed
result() {
    point=$((point + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $point - $2"
    else
        echo "not ok $point - $2"
        sed 's/^/# /' "$work/log"
    fi
}

# check NAME COMMAND...: a point that passes if the command does
check() {
    local name=$1 status=0

    shift
    "$@" >"$work/log" 2>&1 || status=$?
    result "$status" "$name"
}

skip() { # NAME REASON
    point=$((point + 1))
    echo "ok $point - $1 # SKIP $2"
}

has() {
    command -v "$1" >/dev/null
}

# gives STATUS COMMAND...: that exit status; what is not expected is shown
gives() {
    local expected=$1 status=0

    shift
    "$@" || status=$?
    [ "$status" -eq "$expected" ] || {
        echo "exit status $status, not $expected: $*"
        return 1
    }
}

# kargs' host of that name, as files in DIRECTORY
expand_kargs_host() { # NAME DIRECTORY
    mkdir -p "$2"
    bash tests/golden/kargs/expand "tests/golden/kargs/$1/host.tree" "$2"
}

finish() {
    echo "1..$point"
}

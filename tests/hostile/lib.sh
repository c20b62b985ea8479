# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Shared by the tests with an attacker: a tree of a host, a user of it who is not root, and a victim, which is
# a file outside of all that hosttune and kargs have. Sourced.

set -euo pipefail

work=$(mktemp -d)
point=0
problems=0
status=0

clean_up() {
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

if [ "$(id -u)" -ne 0 ]; then
    echo "1..0 # SKIP only root can be attacked by somebody else"
    exit 0
elif ! command -v setpriv >/dev/null; then
    echo "1..0 # SKIP there is no setpriv to become somebody else"
    exit 0
fi

# The attacker gets as far as the tree, and has a place of his own.
chmod 755 "$work"
umask 022
root=$work/root
own=$work/own
victim=$work/victim

problem() {
    printf '# %s\n' "$*"
    problems=$((problems + 1))
}

show() { # FILE
    sed 's/^/#   /' "$1"
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

attacker() { # COMMAND...
    setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
}

# A file of the attacker's, from stdin.
attacker_writes() { # PATH
    attacker sh -c "cat >'$1'"
}

# new_place: what every test begins with, beside the tree
new_place() {
    rm -rf --one-file-system "$root" "$own"
    mkdir "$root" "$own"
    chown 65534:65534 "$own"
    echo "precious" >"$victim"
    chmod 600 "$victim"
}

# As /tmp is: everybody may make names in it.
let_everybody_in() { # DIRECTORY
    mkdir -p "$1"
    chmod 1777 "$1"
}

# run COMMAND...: exit status in $status, what it said in $work/said. What hangs is ended, and is a problem.
run() {
    status=0
    timeout 60 "$@" >"$work/said" 2>&1 || status=$?
    if [ "$status" -eq 124 ]; then
        problem "it hangs: $*"
    fi
}

expect() { # STATUS WHAT [TEXT]: of the last run
    if [ "$status" -ne "$1" ]; then
        problem "$2: exit status $status instead of $1"
        show "$work/said"
    fi
    if [ -n "${3:-}" ] && ! grep -qF -- "$3" "$work/said"; then
        problem "$2: nothing is said of: $3"
        show "$work/said"
    fi
}

# Everything below a directory but what is listed: bytes, modes, owners, links.
snapshot() { # DIRECTORY FILE
    (
        cd "$1"
        find . \( -path ./run/hosttune -o -path ./var/lib/hosttune \) -prune \
            -o -type d -printf '%p %m %U\n' \
            -o -printf '%p %y %m %U %n %l\n' -type f -exec sha256sum -- {} + |
            LC_ALL=C sort
    ) >"$2"
}

remember() {
    snapshot "$root" "$work/before-root"
    snapshot "$own" "$work/before-own"
}

# Neither the host, nor what is the attacker's, nor the victim is touched.
expect_untouched() { # WHAT
    local part

    for part in root own; do
        snapshot "$work/$part" "$work/now"
        if ! diff "$work/before-$part" "$work/now" >"$work/diff"; then
            problem "$1: something of the tree '$part' has changed:"
            show "$work/diff"
        fi
    done
    expect_victim "$1"
}

expect_victim() { # WHAT
    if [ "$(cat "$victim")" != "precious" ] || [ "$(stat -c '%a %u %h' "$victim")" != "600 0 ${2:-1}" ]; then
        problem "$1: the victim is '$(cat "$victim")', $(stat -c '%a %u %h' "$victim")"
    fi
}

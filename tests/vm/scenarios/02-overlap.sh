# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Two domains that claim the same node's pages and the same governor: whichever ends first,
# the other keeps what it has, and the last one gives everything back. Their CPUs differ, but
# CPUs 2 and 3 belong to one policy.
# limit: 300

export PAUSED=yes
tags="<hosttune:hugepages/><hosttune:governor/>"
define a cells="64@1" pin=2 hugepages=yes tags="$tags"
define b cells="96@1" pin=3 hugepages=yes tags="$tags"

tuned() {
    assert_eq "pool of node1" "$1" "$(pool 1)"
    assert_eq "governor of policy2" performance "$(governor 2)"
    assert_eq "governor of policy0" schedutil "$(governor 0)"
}

both() {
    start a
    tuned 32
    start b
    tuned 80
    assert_claims a b
    assert_eq "pages of a" 32 "$(qemu_pages_on_node a 1)"
    assert_eq "pages of b" 48 "$(qemu_pages_on_node b 1)"
}

step "a ends first"
both
stop a
tuned 48
assert_eq "pages of b" 48 "$(qemu_pages_on_node b 1)"
assert_claims b
stop b
assert_claims
assert_host before

step "b ends first"
both
stop b
tuned 32
assert_eq "pages of a" 32 "$(qemu_pages_on_node a 1)"
assert_claims a
stop a
assert_claims
assert_host before

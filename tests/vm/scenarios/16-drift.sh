# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The administrator changes what we changed while the domain runs: `status` says so, and the
# release leaves it.
# limit: 240

export PAUSED=yes
modprobe cpufreq_powersave
set_pool 0 6
define tuned cells="64@0" pin=2 hugepages=yes tags="<hosttune:hugepages/><hosttune:governor/>"

step "the governor"
start tuned
assert_eq "governor of policy2" performance "$(governor 2)"
must 30 hosttune status
set_governor 2 powersave
try 30 hosttune status
assert_eq "exit status of status" 1 "$RC"
assert_said policy2 powersave
try 30 hosttune status --json
assert_eq "exit status of status --json" 1 "$RC"
jq . "$LAST" >/dev/null || fail "status --json does not print JSON"
stop tuned
assert_eq "governor of policy2: the administrator's" powersave "$(governor 2)"
assert_eq "pool of node0" 6 "$(pool 0)"
assert_claims
set_governor 2 schedutil

step "the pool: ten more pages"
start tuned
assert_eq "pool of node0" 32 "$(pool 0)"
set_pool 0 42
try 30 hosttune status
assert_eq "exit status of status" 1 "$RC"
assert_said node0
stop tuned
assert_eq "pool of node0: the administrator's ten stay" 16 "$(pool 0)"
assert_eq "governor of policy2" schedutil "$(governor 2)"
assert_claims

step "without drift, status is content again"
must 30 hosttune status
set_pool 0 0
rmmod cpufreq_powersave

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules about the host's processors: virtualization, frequency, idle states, clock. Kernel:
 * Documentation/admin-guide/pm/cpufreq.rst, cpuidle.rst, intel_pstate.rst, amd-pstate.rst.
 */

#include <inttypes.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/check.h"

#define CPU "sys/devices/system/cpu/"
#define POLICIES CPU "cpufreq"
#define LATENCY_MAX_US 100 /* of an idle state that a guest need not notice */

/* ---- virtualization ---- */

static char *read_cpuinfo(struct checking *c)
{
	char *text = check_read_file(c, "proc/cpuinfo");

	if (!text)
		check_unknown(c, "'/proc/cpuinfo' is not there");
	return text;
}

static bool can_virtualize(const char *cpuinfo)
{
	return check_cpu_has(cpuinfo, "vmx") || check_cpu_has(cpuinfo, "svm");
}

static void look_virtualization(struct checking *c)
{
	_cleanup_free_ char *cpuinfo = read_cpuinfo(c);

	if (!cpuinfo || !check_is_x86(cpuinfo) || can_virtualize(cpuinfo))
		return;
	check_seen(c, "proc/cpuinfo: neither vmx nor svm");
	if (check_cpu_has(cpuinfo, "hypervisor"))
		check_found(c,
			    "nested virtualization on the host of this virtual machine",
			    "this virtual machine's processor has no virtualization");
	else
		check_found(c, "VT-x or SVM in the firmware setup",
			    "the processor has no virtualization, or it is off");
}

static void look_kvm(struct checking *c)
{
	_cleanup_free_ char *cpuinfo = NULL;

	if (sysroot_exists(c->root, "dev/kvm"))
		return;
	cpuinfo = read_cpuinfo(c);
	if (!cpuinfo || (check_is_x86(cpuinfo) && !can_virtualize(cpuinfo)))
		return; /* another rule's */
	check_seen(c, "dev/kvm");
	check_found(c,
		    !check_is_x86(cpuinfo)	  ? "kvm" :
		    check_cpu_has(cpuinfo, "svm") ? "kvm_amd" :
						    "kvm_intel",
		    "the processor has virtualization, but there is no /dev/kvm");
}

static void look_nested(struct checking *c)
{
	_cleanup_free_ char *cpuinfo = read_cpuinfo(c);

	if (!cpuinfo || !check_cpu_has(cpuinfo, "hypervisor"))
		return;
	check_seen(c, "proc/cpuinfo: hypervisor");
	check_found(c, NULL, "this host is a virtual machine itself");
}

/* ---- frequency ---- */

/* Frequency policies, "policy0": none is no finding. */
static bool list_policies(struct checking *c, struct strv *ret)
{
	_cleanup_strv_ struct strv names = STRV_NULL;

	if (!check_list(c, &names, POLICIES))
		return false;
	strv_for_each(name, &names) {
		if (str_has_prefix(name, "policy"))
			strv_push(ret, name);
	}
	return ret->n > 0;
}

/* One finding for all policies that @is_bad: its text names them. */
static void find_policies(struct checking *c,
			  bool (*is_bad)(struct checking *c, const char *policy),
			  const char *text)
{
	_cleanup_strv_ struct strv policies = STRV_NULL, bad = STRV_NULL;
	_cleanup_free_ char *some = NULL, *evidence = NULL;

	if (!list_policies(c, &policies))
		return;
	strv_for_each(policy, &policies) {
		if (!is_bad(c, policy))
			continue;
		if (bad.n == 0)
			evidence = xstrdup(c->evidence);
		strv_push(&bad, policy);
	}
	if (bad.n == 0)
		return;
	some = check_some(&bad);
	check_evidence(c, "%s", evidence);
	check_found(c, NULL, "%s: %zu of %zu frequency policies (%s)", text, bad.n,
		    policies.n, some);
}

static void look_cpufreq(struct checking *c)
{
	_cleanup_strv_ struct strv policies = STRV_NULL;

	if (!list_policies(c, &policies)) {
		check_seen(c, POLICIES);
		check_found(c, NULL, "there is no frequency scaling");
	}
}

/* In active mode the drivers of the processors' makers scale by themselves, and call that powersave. */
static bool is_lowest(struct checking *c, const char *policy)
{
	_cleanup_free_ char *driver =
		check_read(c, POLICIES "/%s/scaling_driver", policy);
	_cleanup_free_ char *governor =
		check_read(c, POLICIES "/%s/scaling_governor", policy);

	return driver && governor && STREQ(governor, "powersave") &&
	       !STREQ(driver, "intel_pstate") && !STREQ(driver, "amd-pstate-epp");
}

static void look_governor(struct checking *c)
{
	find_policies(c, is_lowest, "the governor keeps CPUs at their lowest frequency");
}

static bool saves_energy(struct checking *c, const char *policy)
{
	_cleanup_free_ char *epp =
		check_read(c, POLICIES "/%s/energy_performance_preference", policy);

	return epp && (STREQ(epp, "power") || STREQ(epp, "balance_power"));
}

static void look_epp(struct checking *c)
{
	find_policies(c, saves_energy, "energy is preferred to performance");
}

static bool is_capped(struct checking *c, const char *policy)
{
	uint64_t able, allowed;

	return check_number(c, &able, POLICIES "/%s/cpuinfo_max_freq", policy) &&
	       check_number(c, &allowed, POLICIES "/%s/scaling_max_freq", policy) &&
	       allowed < able;
}

static void look_cap(struct checking *c)
{
	find_policies(c, is_capped, "the frequency is limited to less than the maximum");
}

static void look_boost(struct checking *c)
{
	uint64_t value;

	if (check_number(c, &value, CPU "intel_pstate/no_turbo") && value == 1)
		check_found(c, "echo 0 > /" CPU "intel_pstate/no_turbo",
			    "turbo frequencies are off");
	else if (check_number(c, &value, CPU "cpufreq/boost") && value == 0)
		check_found(c, "echo 1 > /" CPU "cpufreq/boost",
			    "boost frequencies are off");
}

/* ---- idle, online, clock ---- */

static void look_idle(struct checking *c)
{
	_cleanup_strv_ struct strv states = STRV_NULL;
	uint64_t limit = 0, deepest = 0;

	/* 0 is no limit. */
	if (!check_list(c, &states, CPU "cpu0/cpuidle") ||
	    (check_number(c, &limit, CPU "cpu0/power/pm_qos_resume_latency_us") &&
	     limit && limit <= LATENCY_MAX_US))
		return;
	strv_for_each(state, &states) {
		uint64_t latency, disabled;

		if (check_number(c, &disabled, CPU "cpu0/cpuidle/%s/disable", state) &&
		    disabled == 0 &&
		    check_number(c, &latency, CPU "cpu0/cpuidle/%s/latency", state))
			deepest = MAX(deepest, latency);
	}
	if (deepest <= LATENCY_MAX_US)
		return;
	check_seen(c, CPU "cpu0/cpuidle");
	check_found(c, NULL, "an idle CPU may take %" PRIu64 " us to wake up", deepest);
}

static void look_offline(struct checking *c)
{
	_cleanup_free_ char *present = check_read(c, CPU "present");
	_cleanup_free_ char *smt = check_read(c, CPU "smt/control");
	_cleanup_free_ char *offline = check_read(c, CPU "offline");
	_cleanup_bitset_ struct bitset missing = BITSET_NULL, there = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	/* Siblings are offline by decision. */
	if (!present || !offline || (smt && strstr(smt, "off")))
		return;
	if (bitset_parse(present, &there) < 0 || bitset_parse(offline, &missing) < 0) {
		check_unknown(c, "'/" CPU "present' and 'offline' are no lists of CPUs");
		return;
	}
	if (!bitset_intersects(&missing, &there))
		return;
	for (unsigned cpu = bitset_next(&missing, 0); cpu != BITSET_MAX;
	     cpu = bitset_next(&missing, cpu + 1)) {
		if (!bitset_has(&there, cpu))
			bitset_remove(&missing, cpu);
	}
	list = bitset_format(&missing);
	check_found(c, list, "CPU %s is there and offline", list);
}

static void look_clock(struct checking *c)
{
	_cleanup_free_ char *clock = check_read(
		c, "sys/devices/system/clocksource/clocksource0/current_clocksource");

	if (clock && (STREQ(clock, "hpet") || STREQ(clock, "acpi_pm")))
		check_found(c, NULL, "the clock is '%s' and not the processor's own",
			    clock);
}

static void look_split_lock(struct checking *c)
{
	uint64_t value;

	if (check_number(c, &value, "proc/sys/kernel/split_lock_mitigate") && value == 1)
		check_found(c, NULL, "programs that use split locks are slowed down");
}

static void look_watchdog(struct checking *c)
{
	uint64_t value;

	if (check_number(c, &value, "proc/sys/kernel/nmi_watchdog") && value == 1)
		check_found(c, NULL, "the NMI watchdog is on");
}

const struct check_rule check_cpu_rules[] = {
	{ "virtualization-off", SEVERITY_WARNING, NEED_KVM, SEVERITY_ERROR,
	  "KVM needs the processor's virtualization", "switch on {}",
	  look_virtualization },
	{ "kvm-missing", SEVERITY_WARNING, NEED_KVM, SEVERITY_ERROR,
	  "domains of type 'kvm' do not start without it",
	  "modprobe {}; if that fails, 'journalctl -k -g kvm' says why", look_kvm },
	{ "host-is-guest", SEVERITY_NOTICE, 0, 0,
	  "what is isolated here still shares the CPUs of the host below, and devices can be "
	  "passed on only if that host gives this one an IOMMU",
	  "see to its pins and its hugepages on the host below as well", look_nested },
	{ "cpufreq-missing", SEVERITY_NOTICE, 0, 0,
	  "there is no governor to set: the firmware, or the host below, decides",
	  "choose the maximum performance in the firmware setup; leave <governor> away",
	  look_cpufreq },
	{ "governor-lowest", SEVERITY_WARNING, 0, 0,
	  "powersave of this driver is the lowest frequency at all times",
	  "add <governor/> to the domain's metadata, or: cpupower frequency-set -g "
	  "performance",
	  look_governor },
	{ "energy-preference", SEVERITY_WARNING, 0, 0,
	  "the processor raises its frequency late",
	  "add <governor epp='performance'/> to the domain's metadata", look_epp },
	{ "frequency-limited", SEVERITY_WARNING, 0, 0,
	  "the host never reaches the speed that it has",
	  "see who set it (tlp, tuned, power-profiles-daemon, thermald), or: cpupower "
	  "frequency-set -u 100GHz",
	  look_cap },
	{ "boost-off", SEVERITY_NOTICE, 0, 0,
	  "single threads run slower than the processor can", "{}", look_boost },
	{ "idle-states-deep", SEVERITY_NOTICE, 0, 0,
	  "a vCPU that waits for an interrupt gets it that much later",
	  "add <quiet latency='10'/> to the metadata of domains that mind", look_idle },
	{ "cpus-offline", SEVERITY_NOTICE, 0, 0,
	  "nothing runs on them, and a pin to them alone refuses the start",
	  "chcpu -e {}", look_offline },
	{ "clock-slow", SEVERITY_WARNING, 0, 0,
	  "each look at the clock, by host and guests, takes a microsecond or more and goes "
	  "through one lock",
	  "find out why the TSC is not trusted: journalctl -k -g 'tsc|clocksource'",
	  look_clock },
	{ "split-lock-mitigation", SEVERITY_NOTICE, 0, 0,
	  "a guest that takes a split lock, as some games do, stops for 10 ms each time",
	  "sysctl -w kernel.split_lock_mitigate=0", look_split_lock },
	{ "nmi-watchdog", SEVERITY_NOTICE, 0, 0,
	  "it interrupts every CPU, and keeps one of its performance counters from guests",
	  "add <quiet watchdog='off'/> to the metadata of domains that mind",
	  look_watchdog },
};
const size_t n_check_cpu_rules = ARRAY_SIZE(check_cpu_rules);

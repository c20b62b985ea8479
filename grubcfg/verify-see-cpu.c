// SPDX-License-Identifier: LGPL-2.1-or-later
/* Isolation, interrupts, governors: see verify-see.h. */

#include <ctype.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "grubcfg/value.h"
#include "grubcfg/verify-see.h"

/* The CPUs of the argument that exist against those of a list in sysfs. */
static void see_cpu_list(const struct probe *p, const char *path, struct finding *ret)
{
	_cleanup_bitset_ struct bitset wanted = BITSET_NULL, seen = BITSET_NULL;
	_cleanup_free_ char *text = NULL, *expected = NULL, *found = NULL;
	bool all = true;

	if (value_cpus(p->arg->value, &wanted) < 0)
		return;
	if (sysroot_read(p->tree->root, &text, "%s", path) < 0) {
		finding_set(ret, VERDICT_NO_EFFECT, "there is no /%s", path);
		finding_remedy(ret, "this kernel is built without it");
		return;
	}
	/* A kernel that has none says "(null)". */
	if (bitset_parse(text, &seen) < 0)
		bitset_done(&seen);
	bitset_for_each(cpu, &wanted) {
		if (!bitset_is_empty(&p->machine->cpus_possible) &&
		    !bitset_has(&p->machine->cpus_possible, cpu))
			bitset_remove(&wanted, cpu);
		else
			all = all && bitset_has(&seen, cpu);
	}
	expected = bitset_format(&wanted);
	found = bitset_format(&seen);
	if (all) { /* partitions of cpusets can add more */
		finding_set(ret, VERDICT_IN_EFFECT, "/%s is '%s'", path, found);
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT, "/%s is '%s', not '%s'", path, found,
		    expected);
	finding_remedy(ret,
		       "see 'Housekeeping:' and 'isolcpus:' in the kernel's log: dmesg");
}

void see_isolcpus(const struct probe *p, struct finding *ret)
{
	const char *value = p->arg->value ? p->arg->value : "";

	/* With flags, of which none is "domain", the scheduler still uses the CPUs. */
	if (isalpha((unsigned char)value[0]) && !value_has(value, "domain"))
		return;
	see_cpu_list(p, "sys/devices/system/cpu/isolated", ret);
}

void see_nohz_full(const struct probe *p, struct finding *ret)
{
	see_cpu_list(p, "sys/devices/system/cpu/nohz_full", ret);
}

/* "ff,ffffffff": groups of 32 bits, the highest first. */
static int parse_mask(const char *text, struct bitset *ret)
{
	_cleanup_strv_ struct strv groups = STRV_NULL;

	strv_split(&groups, text, ",\n");
	for (size_t i = 0; i < groups.n; i++) {
		uint64_t bits;

		if (parse_hex(groups.items[groups.n - 1 - i], &bits) < 0)
			return -EINVAL;
		for (unsigned bit = 0; bit < 32; bit++) {
			if (bits >> bit & 1 && i * 32 + bit < BITSET_MAX)
				bitset_add(ret, (unsigned)(i * 32 + bit));
		}
	}
	return groups.n ? 0 : -EINVAL;
}

void see_irqaffinity(const struct probe *p, struct finding *ret)
{
	_cleanup_bitset_ struct bitset wanted = BITSET_NULL, seen = BITSET_NULL;
	_cleanup_free_ char *text = NULL, *found = NULL, *expected = NULL;

	if (value_cpus(p->arg->value, &wanted) < 0 ||
	    sysroot_read(p->tree->root, &text, "proc/irq/default_smp_affinity") < 0 ||
	    parse_mask(text, &seen) < 0)
		return;
	found = bitset_format(&seen);
	expected = bitset_format(&wanted);
	if (STREQ(found, expected)) {
		finding_set(ret, VERDICT_IN_EFFECT,
			    "/proc/irq/default_smp_affinity is '%s'", found);
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT,
		    "/proc/irq/default_smp_affinity is '%s', not '%s'", found, expected);
	finding_remedy(ret, "see what changes it: irqbalance, tuned");
}

void see_governor(const struct probe *p, struct finding *ret)
{
	_cleanup_strv_ struct strv policies = STRV_NULL;
	size_t n = 0, same = 0;

	if (sysroot_list(p->tree->root, &policies, "sys/devices/system/cpu/cpufreq") < 0)
		policies.n = 0;
	strv_for_each(policy, &policies) {
		_cleanup_free_ char *governor = NULL;

		if (!str_has_prefix(policy, "policy") ||
		    sysroot_read(p->tree->root, &governor,
				 "sys/devices/system/cpu/cpufreq/%s/scaling_governor",
				 policy) < 0)
			continue;
		n++;
		same += p->arg->value && STREQ(governor, p->arg->value);
	}
	if (n == 0) {
		finding_set(ret, VERDICT_NO_EFFECT,
			    "no CPU has a governor (/sys/devices/system/cpu/cpufreq)");
		finding_remedy(
			ret,
			"nothing to do in a virtual machine: its host has the governor");
	} else if (same > 0) {
		finding_set(ret, VERDICT_IN_EFFECT,
			    "scaling_governor is '%s' for %zu of %zu", p->arg->value,
			    same, n);
	} else {
		finding_set(ret, VERDICT_NO_EFFECT, "scaling_governor is '%s' nowhere",
			    p->arg->value ? p->arg->value : "");
		finding_remedy(ret,
			       "see what changes it: tuned, power-profiles-daemon; or it is "
			       "not built into the kernel");
	}
}

void see_nmi_watchdog(const struct probe *p, struct finding *ret)
{
	_cleanup_free_ char *text = NULL;

	if (!p->arg->value || !isdigit((unsigned char)p->arg->value[0]) ||
	    sysroot_read(p->tree->root, &text, "proc/sys/kernel/nmi_watchdog") < 0)
		return;
	if (STREQ(text, p->arg->value)) {
		finding_set(ret, VERDICT_IN_EFFECT, "/proc/sys/kernel/nmi_watchdog is %s",
			    text);
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT, "/proc/sys/kernel/nmi_watchdog is %s", text);
	finding_remedy(ret, "see what changes it: sysctl.d, tuned");
}

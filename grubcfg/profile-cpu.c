// SPDX-License-Identifier: LGPL-2.1-or-later
/* The profiles isolate, performance and latency; see profile-expansion.h. */

#include "common/alloc.h"
#include "common/parse.h"
#include "grubcfg/profile-expansion.h"
#include "grubcfg/value.h"

/* The CPUs that are not isolated, or an error when that cannot work. */
static int find_housekeeping(struct expansion *e, const struct bitset *isolated,
			     struct bitset *ret)
{
	const struct bitset *possible = &e->machine->cpus_possible;
	_cleanup_free_ char *list = bitset_format(possible);

	bitset_for_each(cpu, isolated) {
		if (!bitset_is_empty(possible) && !bitset_has(possible, cpu)) {
			(void)error_set(e->err, -ENODEV, "isolate: there is no CPU %u",
					cpu);
			error_remedy(e->err, "this machine has %s", list);
			return -ENODEV;
		}
	}
	if (bitset_has(isolated, 0)) {
		(void)error_set(e->err, -EINVAL,
				"isolate: CPU 0 cannot be isolated: it boots the machine "
				"and keeps its time");
		error_remedy(e->err, "leave CPU 0 out");
		return -EINVAL;
	}
	bitset_for_each(cpu, possible) {
		if (!bitset_has(isolated, cpu))
			bitset_add(ret, cpu);
	}
	return 0;
}

static void note_split_cores(struct expansion *e, const struct bitset *isolated)
{
	for (size_t i = 0; i < e->machine->n_cores; i++) {
		const struct bitset *core = &e->machine->cores[i];
		_cleanup_free_ char *list = bitset_format(core);
		size_t n = 0;

		bitset_for_each(cpu, core) {
			n += bitset_has(isolated, cpu);
		}
		if (n > 0 && n < bitset_count(core))
			expansion_note(
				e,
				"CPUs %s are one core: what the host does on one of them "
				"slows the other",
				list);
	}
}

int expand_isolate(struct expansion *e, const char *value)
{
	_cleanup_bitset_ struct bitset isolated = BITSET_NULL, housekeeping = BITSET_NULL;
	_cleanup_free_ char *list = NULL, *rest = NULL;
	int r;

	r = bitset_parse(value, &isolated);
	if (r < 0 || bitset_is_empty(&isolated)) {
		(void)error_set(e->err, -EINVAL, "isolate: '%s' is not a list of CPUs",
				value);
		error_remedy(e->err, "write, for example, isolate=2-5,8");
		return -EINVAL;
	}
	r = find_housekeeping(e, &isolated, &housekeeping);
	if (r < 0)
		return r;
	note_split_cores(e, &isolated);
	list = bitset_format(&isolated);
	rest = bitset_format(&housekeeping);
	expansion_wantf(e, "isolcpus=managed_irq,domain,%s", list);
	if (expansion_config_is(e, "NO_HZ_FULL", "n")) {
		expansion_note(e, "nohz_full left out: this kernel is built without it "
				  "(CONFIG_NO_HZ_FULL)");
		if (expansion_config_is(e, "RCU_NOCB_CPU", "y"))
			expansion_wantf(e, "rcu_nocbs=%s", list);
	} else {
		expansion_wantf(e, "nohz_full=%s", list);
		expansion_note(e, "rcu_nocbs left out: nohz_full implies it");
	}
	if (*rest)
		expansion_wantf(e, "irqaffinity=%s", rest);
	else
		expansion_note(e,
			       "irqaffinity left out: how many CPUs there are is not known "
			       "below this root");
	return 0;
}

static void want_governor(struct expansion *e)
{
	static const char arg[] = "cpufreq.default_governor=performance";

	if (expansion_config_is(e, "CPU_FREQ_DEFAULT_GOV_PERFORMANCE", "y"))
		expansion_note(e, "%s left out: it is this kernel's default", arg);
	else if (machine_kernel_before(e->machine, 5, 9))
		expansion_note(e, "%s left out: Linux %s does not know it (5.9 does)",
			       arg, e->machine->kernel);
	else if (expansion_config_is(e, "CPU_FREQ_GOV_PERFORMANCE", "m") ||
		 expansion_config_is(e, "CPU_FREQ_GOV_PERFORMANCE", "n"))
		expansion_note(e,
			       "%s left out: that governor is not built into this kernel",
			       arg);
	else
		expansion_want(e, arg);
}

int expand_performance(struct expansion *e, const char *value _unused_)
{
	want_governor(e);
	if (machine_is_not_x86(e->machine))
		expansion_note(e, "iommu=pt left out: it is an argument of x86");
	else if (e->machine->has_sev_snp)
		expansion_note(e, "iommu=pt left out: it would switch SEV-SNP off");
	else if (expansion_config_is(e, "IOMMU_DEFAULT_PASSTHROUGH", "y"))
		expansion_note(e, "iommu=pt left out: it is this kernel's default");
	else
		expansion_want(e, "iommu=pt");
	expansion_note(e, "mitigations=off left out: what it gains is paid with security");
	return 0;
}

int expand_latency(struct expansion *e, const char *value _unused_)
{
	const struct machine *machine = e->machine;

	expansion_want(e, "skew_tick=1");
	expansion_want(e, "nmi_watchdog=0");
	if (machine_is_not_x86(machine))
		expansion_note(
			e, "limits of idle states left out: these are arguments of x86");
	else if (machine->vendor == CPU_INTEL)
		expansion_want(e, "intel_idle.max_cstate=1");
	else if (machine->vendor == CPU_AMD)
		expansion_want(e, "processor.max_cstate=1");
	else
		expansion_note(
			e, "limits of idle states left out: the processor is not known");
	expansion_note(
		e,
		"idle=poll left out: it costs the turbo frequencies, and other threads "
		"of the core");
	expansion_note(e, "tsc=reliable left out: it hides a clock that is wrong");
	expansion_note(e, "CPUs are isolated with isolate=CPULIST only");
	return 0;
}

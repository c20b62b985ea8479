// SPDX-License-Identifier: LGPL-2.1-or-later
/* The conditions of the table of advice; see advice-rule.h. */

#include <ctype.h>

#include "common/alloc.h"
#include "common/gvt.h"
#include "grubcfg/advice-rule.h"
#include "grubcfg/change.h"
#include "grubcfg/value.h"

#define HUGEPAGES_MAX_PERCENT 90
/* MAX_INIT_ENVS of init/main.c, CONFIG_INIT_ENV_ARG_LIMIT */
#define INIT_ENVS_MAX 32
#define VFIO_IDS_SIZE 1024

/* ---------------------------------------------------------------- predicates: IOMMU, VFIO */

bool when_is_x86(const struct matter *m)
{
	return !machine_is_not_x86(m->machine);
}

bool when_is_unknown_amd_option(const struct matter *m)
{
	static const char *const known[] = {
		"on",	       "off",
		"fullflush",   "force_enable",
		"pgtbl_v1",    "pgtbl_v2",
		"irtcachedis", "force_isolation",
		"nohugepages", "v2_pgsizes_only",
	};
	_cleanup_strv_ struct strv items = STRV_NULL;

	strv_split(&items, m->arg->value ? m->arg->value : "", ",");
	strv_for_each(item, &items) {
		size_t i = 0;

		while (i < ARRAY_SIZE(known) && !STREQ(item, known[i]))
			i++;
		if (i == ARRAY_SIZE(known))
			return true;
	}
	return false;
}

bool when_is_for_intel_only(const struct matter *m)
{
	return m->machine->vendor == CPU_AMD || m->machine->vendor == CPU_OTHER ||
	       machine_is_not_x86(m->machine);
}

bool when_is_for_amd_only(const struct matter *m)
{
	return m->machine->vendor == CPU_INTEL || m->machine->vendor == CPU_OTHER ||
	       machine_is_not_x86(m->machine);
}

/* What is about the other vendor's IOMMU is said by the two above. */
bool when_is_for_this_iommu(const struct matter *m)
{
	if (cmdline_same_name(m->arg->name, "intel_iommu"))
		return !when_is_for_intel_only(m);
	if (cmdline_same_name(m->arg->name, "amd_iommu"))
		return !when_is_for_amd_only(m);
	return true;
}

bool when_intel_iommu_is_default(const struct matter *m)
{
	return machine_config_is(m->machine, "INTEL_IOMMU_DEFAULT_ON", "y");
}

bool when_has_snp(const struct matter *m)
{
	return m->machine->has_sev_snp;
}

bool when_has_true_value_and_snp(const struct matter *m)
{
	return when_has_snp(m) && value_is_true(m->arg->value);
}

bool when_has_true_value(const struct matter *m)
{
	return value_is_true(m->arg->value);
}

/* A later argument of the same name has another value. */
bool when_is_overridden(const struct matter *m)
{
	const struct arg *last = cmdline_last(m->line, m->arg->name);

	return last && last != m->arg && !cmdline_same_arg(last, m->arg);
}

bool when_is_overridden_single(const struct matter *m)
{
	return key_policy(m->arg->name) == KEY_SINGLE && when_is_overridden(m);
}

bool when_is_too_long_for_ids(const struct matter *m)
{
	return m->arg->value && strlen(m->arg->value) >= VFIO_IDS_SIZE;
}

bool when_vfio_pci_is_module(const struct matter *m)
{
	return machine_config_is(m->machine, "VFIO_PCI", "m");
}

bool when_has_no_vfio_vga(const struct matter *m)
{
	return machine_config_is(m->machine, "VFIO_PCI_VGA", "n");
}

bool when_has_config_acs(const struct matter *m)
{
	return m->arg->value && strstr(m->arg->value, "config_acs=");
}

bool when_is_list_of_framebuffers(const struct matter *m)
{
	return value_has(m->arg->value, "vesafb:off") ||
	       value_has(m->arg->value, "simplefb:off");
}

/* ---------------------------------------------------------------- predicates: graphics */

bool when_gpu_has_no_gvt(const struct matter *m)
{
	unsigned id = m->machine->intel_gpu_id;

	if (!value_is_true(m->arg->value) || !m->machine->is_running_host)
		return false;
	return id == 0 || !gvt_generation(id);
}

bool when_kernel_has_no_gvt(const struct matter *m)
{
	return value_is_true(m->arg->value) &&
	       machine_config_is(m->machine, "DRM_I915_GVT_KVMGT", "n");
}

bool when_guc_prevents_gvt(const struct matter *m)
{
	const struct arg *guc = cmdline_last(m->line, "i915.enable_guc");

	return value_is_true(m->arg->value) && guc && guc->value &&
	       (STREQ(guc->value, "1") || STREQ(guc->value, "3"));
}

/* ---------------------------------------------------------------- predicates: CPUs */

static bool cpus_of(const struct cmdline *line, const char *name, struct bitset *ret)
{
	const struct arg *arg = cmdline_last(line, name);

	return arg && value_cpus(arg->value, ret) == 0;
}

static bool is_subset(const struct bitset *a, const struct bitset *b)
{
	bitset_for_each(i, a) {
		if (!bitset_has(b, i))
			return false;
	}
	return true;
}

enum relation { DIFFER, INTERSECT, SUBSET };

/* How this argument's CPUs stand to those of the last @other; false where either is not known. */
static bool cpus_relate(const struct matter *m, const char *other, enum relation relation)
{
	_cleanup_bitset_ struct bitset mine = BITSET_NULL, others = BITSET_NULL;

	if (value_cpus(m->arg->value, &mine) < 0 || !cpus_of(m->line, other, &others))
		return false;
	if (relation == INTERSECT)
		return bitset_intersects(&mine, &others);
	if (relation == SUBSET)
		return is_subset(&mine, &others);
	return !is_subset(&mine, &others) || !is_subset(&others, &mine);
}

bool when_differs_from_nohz_full(const struct matter *m)
{
	return cpus_relate(m, "nohz_full", DIFFER);
}

bool when_meets_isolated(const struct matter *m)
{
	return cpus_relate(m, "isolcpus", INTERSECT) ||
	       cpus_relate(m, "nohz_full", INTERSECT);
}

bool when_is_within_nohz_full(const struct matter *m)
{
	return cpus_relate(m, "nohz_full", SUBSET);
}

/* An earlier argument of this name has other CPUs: the kernel keeps the first. */
bool when_is_discarded_mask(const struct matter *m)
{
	for (size_t i = 0; i < m->index; i++) {
		const struct arg *before = &m->line->items[i];

		if (cmdline_same_name(before->name, m->arg->name) &&
		    !cmdline_same_arg(before, m->arg))
			return true;
	}
	return false;
}

bool when_has_cpu_0(const struct matter *m)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;

	return value_cpus(m->arg->value, &cpus) == 0 && bitset_has(&cpus, 0);
}

bool when_leaves_no_cpu(const struct matter *m)
{
	const struct bitset *possible = &m->machine->cpus_possible;
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;

	return !bitset_is_empty(possible) && value_cpus(m->arg->value, &cpus) == 0 &&
	       is_subset(possible, &cpus);
}

bool when_governor_is_not_built_in(const struct matter *m)
{
	_cleanup_free_ char *key = NULL;

	if (!m->arg->value)
		return false;
	key = xasprintf("CPU_FREQ_GOV_%s", m->arg->value);
	for (char *p = key; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return machine_config_is(m->machine, key, "m") ||
	       machine_config_is(m->machine, key, "n");
}

bool when_pstate_driver_has_two(const struct matter *m)
{
	return m->machine->vendor == CPU_INTEL &&
	       !value_any_has(m->line, "intel_pstate", "disable") &&
	       !value_any_has(m->line, "intel_pstate", "passive");
}

/* ---------------------------------------------------------------- predicates: memory */

static bool is_page_arg(const struct arg *arg)
{
	return cmdline_same_name(arg->name, "hugepages") ||
	       cmdline_same_name(arg->name, "hugepagesz") ||
	       cmdline_same_name(arg->name, "default_hugepagesz");
}

/* No hugepages= follows before the next size. */
bool when_has_no_count(const struct matter *m)
{
	for (size_t i = m->index + 1; i < m->line->n_kernel; i++) {
		if (is_page_arg(&m->line->items[i]))
			return !cmdline_same_name(m->line->items[i].name, "hugepages");
	}
	return true;
}

bool when_follows_count(const struct matter *m)
{
	for (size_t i = m->index; i-- > 0;) {
		if (is_page_arg(&m->line->items[i]))
			return cmdline_same_name(m->line->items[i].name, "hugepages");
	}
	return false;
}

bool when_is_repeated(const struct matter *m)
{
	for (size_t i = 0; i < m->index; i++) {
		if (cmdline_same_name(m->line->items[i].name, m->arg->name) &&
		    value_page_kib(m->line->items[i].value) ==
			    value_page_kib(m->arg->value))
			return true;
	}
	return false;
}

bool when_is_1g_and_unknown(const struct matter *m)
{
	return value_page_kib(m->arg->value) == UINT64_C(1) << 20 &&
	       (m->machine->vendor == CPU_INTEL || m->machine->vendor == CPU_AMD) &&
	       !m->machine->has_1g_pages;
}

/* Said of the last hugepages=, for all of them. */
bool when_is_too_much_memory(const struct matter *m)
{
	const struct arg *size = cmdline_last(m->line, "default_hugepagesz");
	uint64_t usual = size ? value_page_kib(size->value) : UINT64_C(2) << 10;
	uint64_t total = 0, memory = m->machine->memory_kib;

	if (memory == 0 || cmdline_last(m->line, "hugepages") != m->arg)
		return false;
	for (size_t i = 0; i <= m->index; i++) {
		const struct arg *arg = &m->line->items[i];
		uint64_t pages, kib = value_page_kib_at(m->line, i);

		if (!cmdline_same_name(arg->name, "hugepages") ||
		    value_pages(arg->value, &pages) < 0)
			continue;
		if (kib == 0)
			kib = usual;
		if (kib && pages > memory / kib)
			return true;
		total += kib * pages;
	}
	return total > memory / 100 * HUGEPAGES_MAX_PERCENT;
}

bool when_is_no_thp_value(const struct matter *m)
{
	const char *value = m->arg->value;

	return !value || (!STREQ(value, "always") && !STREQ(value, "madvise") &&
			  !STREQ(value, "never"));
}

bool when_has_dollar(const struct matter *m)
{
	return m->arg->value && strchr(m->arg->value, '$');
}

/* memmap=SIZE without a place, which is what is left when '$' was lost on the way. */
bool when_is_memmap_limit(const struct matter *m)
{
	return m->arg->value && !strpbrk(m->arg->value, "@#$!%") &&
	       !STREQ(m->arg->value, "exactmap");
}

/* ---------------------------------------------------------------- predicates: the line */

bool when_is_not_ascii(const struct matter *m)
{
	for (const char *p = m->arg->raw; *p; p++) {
		if ((unsigned char)*p >= 0x80)
			return true;
	}
	return false;
}

bool when_is_too_long(const struct matter *m)
{
	/* COMMAND_LINE_SIZE of arch/<...>/include/.../setup.h, with the NUL */
	static const struct {
		const char *arch;
		size_t size;
	} sizes[] = {
		{ "armv", 1024 },   { "loongarch", 4096 }, { "mips", 4096 },
		{ "s390", 4096 },   { "alpha", 256 },	   { "m68k", 256 },
		{ "x86_64", 2048 }, { "i686", 2048 },	   { "aarch64", 2048 },
		{ "riscv", 2048 },  { "ppc", 2048 },
	};
	_cleanup_free_ char *text = cmdline_format(m->line);
	size_t size = 2048;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (m->machine->arch && str_has_prefix(m->machine->arch, sizes[i].arch))
			size = sizes[i].size;
	}
	return strlen(text) >= size;
}

/* Names without a dot that the kernel is known to take, of those that are seen in practice. */
static bool is_common_name(const char *name)
{
	static const char *const names[] = {
		"acpi",
		"apparmor",
		"audit",
		"console",
		"crashkernel",
		"debug",
		"default_hugepagesz",
		"earlycon",
		"earlyprintk",
		"efi",
		"elevator",
		"hugepages",
		"hugepagesz",
		"init",
		"intel_iommu",
		"amd_iommu",
		"intel_pstate",
		"amd_pstate",
		"iommu",
		"irqaffinity",
		"isolcpus",
		"kaslr",
		"l1tf",
		"log_buf_len",
		"loglevel",
		"lsm",
		"maxcpus",
		"mds",
		"mem",
		"memmap",
		"mitigations",
		"net",
		"nmi_watchdog",
		"noapic",
		"nohz",
		"nohz_full",
		"nokaslr",
		"nomodeset",
		"nosmt",
		"nosoftlockup",
		"nowatchdog",
		"panic",
		"pci",
		"pcie_aspm",
		"pti",
		"quiet",
		"rcu_nocbs",
		"rcu_nocb_poll",
		"resume",
		"ro",
		"root",
		"rootdelay",
		"rootflags",
		"rootfstype",
		"rootwait",
		"rw",
		"security",
		"selinux",
		"skew_tick",
		"spectre_v2",
		"swapaccount",
		"transparent_hugepage",
		"tsc",
		"video",
		"zswap",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (cmdline_same_name(name, names[i]))
			return true;
	}
	return false;
}

bool when_has_too_many_unknown(const struct matter *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->line->n_kernel; i++) {
		const char *name = m->line->items[i].name;

		n += !strchr(name, '.') && !is_common_name(name);
	}
	return n > INIT_ENVS_MAX;
}

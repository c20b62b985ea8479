/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows of the table of advice, and the conditions that they name: advice-table.c is the data,
 * advice-when.c the conditions, advice.c applies them.
 */
#pragma once

#include "grubcfg/advice.h"

/* What a row is held against: an argument of a line. */
struct matter {
	const struct machine *machine;
	const struct cmdline *line;
	size_t index;
	const struct arg *arg; /* NULL: the whole line */
};

struct version {
	unsigned major, minor;
};

struct rule {
	const char *id;
	enum severity severity;
	const char *name; /* alternatives "a|b"; NULL: the whole line, once */
	const char *item; /* of the value's comma list, alternatives; NULL: whatever the value */
	struct version from,
		until; /* first kernel, and first one that it is not for; 0: all */
	bool (*when)(const struct matter *m);
	const char *message, *remedy, *source;
};

extern const struct rule advice_rules[];
extern const size_t advice_n_rules;

bool when_is_x86(const struct matter *m);
bool when_is_unknown_amd_option(const struct matter *m);
bool when_is_for_intel_only(const struct matter *m);
bool when_is_for_amd_only(const struct matter *m);
bool when_is_for_this_iommu(const struct matter *m);
bool when_intel_iommu_is_default(const struct matter *m);
bool when_has_true_value_and_snp(const struct matter *m);
bool when_has_snp(const struct matter *m);
bool when_has_true_value(const struct matter *m);
bool when_is_overridden(const struct matter *m);
bool when_is_overridden_single(const struct matter *m);
bool when_is_too_long_for_ids(const struct matter *m);
bool when_vfio_pci_is_module(const struct matter *m);
bool when_has_no_vfio_vga(const struct matter *m);
bool when_has_config_acs(const struct matter *m);
bool when_is_list_of_framebuffers(const struct matter *m);
bool when_gpu_has_no_gvt(const struct matter *m);
bool when_kernel_has_no_gvt(const struct matter *m);
bool when_guc_prevents_gvt(const struct matter *m);
bool when_differs_from_nohz_full(const struct matter *m);
bool when_meets_isolated(const struct matter *m);
bool when_is_within_nohz_full(const struct matter *m);
bool when_is_discarded_mask(const struct matter *m);
bool when_has_cpu_0(const struct matter *m);
bool when_leaves_no_cpu(const struct matter *m);
bool when_governor_is_not_built_in(const struct matter *m);
bool when_pstate_driver_has_two(const struct matter *m);
bool when_has_no_count(const struct matter *m);
bool when_follows_count(const struct matter *m);
bool when_is_repeated(const struct matter *m);
bool when_is_1g_and_unknown(const struct matter *m);
bool when_is_too_much_memory(const struct matter *m);
bool when_is_no_thp_value(const struct matter *m);
bool when_has_dollar(const struct matter *m);
bool when_is_memmap_limit(const struct matter *m);
bool when_is_not_ascii(const struct matter *m);
bool when_is_too_long(const struct matter *m);
bool when_has_too_many_unknown(const struct matter *m);

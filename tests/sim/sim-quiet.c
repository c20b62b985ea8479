// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * Background work of the kernel: transparent hugepages (mm/huge_memory.c), KSM (mm/ksm.c), NUMA
 * balancing, latency limits of CPUs (drivers/base/power/sysfs.c), boost (drivers/cpufreq/)
 *
 * KSM merges nothing here; ksm/pages_shared is what the description says.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/macro.h"
#include "common/strv.h"
#include "sim.h"

#define MM "sys/kernel/mm/"
#define CPU "sys/devices/system/cpu/"

/* "always [madvise] never": one of the words becomes the one in brackets. */
static int write_choice(struct sim *sim, struct node *node, const char *value)
{
	_cleanup_free_ char *text = sim_value(node), *line = NULL;
	_cleanup_strv_ struct strv words = STRV_NULL, shown = STRV_NULL;

	(void)sim;
	if (!text)
		return -ENOMEM;
	strv_split(&words, text, " []");
	if (!strv_contains(&words, value))
		return -EINVAL;
	strv_for_each(word, &words)
		strv_pushf(&shown, STREQ(word, value) ? "[%s]" : "%s", word);
	line = strv_join(&shown, " ");
	return sim_store(node, line);
}

static int write_up_to(struct node *node, const char *value, long max)
{
	long number;

	if (sim_parse_long(value, &number) < 0 || number > max)
		return -EINVAL;
	return sim_store_long(node, number);
}

static int write_switch(struct sim *sim, struct node *node, const char *value)
{
	(void)sim;
	return write_up_to(node, value, 1);
}

/* ksm/run: merge, or undo that; numa_balancing: in order to spread, or to demote. */
static int write_mode(struct sim *sim, struct node *node, const char *value)
{
	(void)sim;
	return write_up_to(node, value, 2);
}

static int write_merge(struct sim *sim, struct node *node, const char *value)
{
	(void)sim;
	if (!sim_value_is(node, value) &&
	    sim_long(node_child(node->parent, "pages_shared"), 0) > 0)
		return -EBUSY;
	return write_up_to(node, value, 1);
}

static int write_number(struct sim *sim, struct node *node, const char *value)
{
	(void)sim;
	return write_up_to(node, value, 2147483647);
}

static int write_latency(struct sim *sim, struct node *node, const char *value)
{
	return STREQ(value, "n/a") ? sim_store(node, value) :
				     write_number(sim, node, value);
}

static const struct sim_attr quiet_attrs[] = {
	{ MM "transparent_hugepage/enabled", write_choice },
	{ MM "transparent_hugepage/defrag", write_choice },
	{ MM "ksm/run", write_mode },
	{ MM "ksm/merge_across_nodes", write_merge },
	{ "proc/sys/kernel/numa_balancing", write_mode },
	{ "proc/sys/vm/stat_interval", write_number },
	{ CPU "cpu*/power/pm_qos_resume_latency_us", write_latency },
	{ CPU "cpufreq/boost", write_switch },
	{ CPU "intel_pstate/no_turbo", write_switch },
};

const struct sim_subsystem sim_quiet = {
	.name = "quiet",
	.attr = quiet_attrs,
	.n_attr = ARRAY_SIZE(quiet_attrs),
};

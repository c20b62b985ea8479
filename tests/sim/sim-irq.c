// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * Masks of CPUs: of interrupts (kernel/irq/proc.c), workqueues (kernel/workqueue.c), and the
 * lockup detectors (kernel/watchdog.c)
 *
 * An interrupt has to go to a CPU that is online, and a workqueue to any.
 *
 * Control, optional:
 *	sim/irq/N/refuse	the error that moving interrupt N gives: "EIO" as managed ones
 *				before Linux 6.12, "EPERM" as those since, "ENOSPC" when there
 *				is no vector left
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/bitset.h"
#include "common/macro.h"
#include "sim.h"

#define WORKQUEUE "sys/devices/virtual/workqueue/"

static bool has_online(const struct sim *sim, const struct bitset *cpus)
{
	_cleanup_free_ char *text =
		sim_value(tree_find(sim->tree, "sys/devices/system/cpu/online"));
	_cleanup_bitset_ struct bitset online = BITSET_NULL;

	return text && bitset_parse(text, &online) == 0 &&
	       bitset_intersects(cpus, &online);
}

static int refusal(const struct sim *sim, const struct node *irq)
{
	const struct node *control =
		tree_findf(sim->tree, "sim/irq/%s/refuse", irq->name);

	if (sim_value_is(control, "EIO"))
		return -EIO;
	if (sim_value_is(control, "EPERM"))
		return -EPERM;
	return sim_value_is(control, "ENOSPC") ? -ENOSPC : 0;
}

static int write_irq(struct sim *sim, struct node *node, const char *value)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *list = NULL;
	int r = refusal(sim, node->parent);

	if (r < 0)
		return r;
	if (bitset_parse(value, &cpus) < 0 || !has_online(sim, &cpus))
		return -EINVAL;
	list = bitset_format(&cpus);
	return sim_store(node, list);
}

/* "f0,0000000c": the digits from the right are CPUs 0-3, 4-7 and so on. */
static int parse_mask(const char *mask, struct bitset *ret)
{
	unsigned bit = 0;

	for (const char *p = mask + strlen(mask); p-- > mask;) {
		const char digit[] = { *p, '\0' };
		unsigned long bits = strtoul(digit, NULL, 16);

		if (*p == ',')
			continue;
		if (!isxdigit((unsigned char)*p))
			return -EINVAL;
		for (unsigned i = 0; i < 4; i++, bit++) {
			if (bits >> i & 1)
				bitset_add(ret, bit);
		}
	}
	return 0;
}

static int write_default(struct sim *sim, struct node *node, const char *value)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;

	if (parse_mask(value, &cpus) < 0 || !has_online(sim, &cpus))
		return -EINVAL;
	return sim_store(node, value);
}

static int write_workqueue(struct sim *sim, struct node *node, const char *value)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	struct node *requested = node_child(node->parent, "cpumask_requested");
	int r;

	(void)sim;
	if (parse_mask(value, &cpus) < 0 || bitset_is_empty(&cpus))
		return -EINVAL;
	r = requested ? sim_store(requested, value) : 0;
	return r < 0 ? r : sim_store(node, value);
}

static int write_watchdog(struct sim *sim, struct node *node, const char *value)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	(void)sim;
	if (bitset_parse(value, &cpus) < 0)
		return -EINVAL;
	list = bitset_format(&cpus);
	return sim_store(node, list);
}

static const struct sim_attr irq_attrs[] = {
	{ "proc/irq/*/smp_affinity_list", write_irq },
	{ "proc/irq/default_smp_affinity", write_default },
	{ WORKQUEUE "cpumask", write_workqueue },
	{ WORKQUEUE "*/cpumask", write_workqueue },
	{ "proc/sys/kernel/watchdog_cpumask", write_watchdog },
};

const struct sim_subsystem sim_irq = {
	.name = "irq",
	.attr = irq_attrs,
	.n_attr = ARRAY_SIZE(irq_attrs),
};

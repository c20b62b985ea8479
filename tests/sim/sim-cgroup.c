// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * Cpusets of the unified hierarchy (kernel/cgroup/cpuset.c, Linux >= 6.7)
 *
 * A group can be an isolated partition of the CPUs that it and every group above it has as exclusive
 * ones. Where it cannot, the write succeeds and the attribute says why. The root group
 * lists the CPUs of all isolated partitions. Which CPUs are effective is not simulated.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bitset.h"
#include "common/macro.h"
#include "sim.h"

#define ROOT "sys/fs/cgroup"
#define CPUS "cpuset.cpus"
#define EXCLUSIVE "cpuset.cpus.exclusive"
#define PARTITION "cpuset.cpus.partition"
#define ISOLATED "cpuset.cpus.isolated"

static int get_set(const struct node *group, const char *name, struct bitset *ret)
{
	_cleanup_free_ char *value = sim_value(node_child(group, name));

	return value && *value ? bitset_parse(value, ret) : 0;
}

static int store_set(struct node *node, const char *value)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	if (*value && bitset_parse(value, &cpus) < 0)
		return -EINVAL;
	list = bitset_format(&cpus);
	return sim_store(node, list);
}

static bool is_within(const struct bitset *inner, const struct bitset *outer)
{
	bitset_for_each(cpu, inner) {
		if (!bitset_has(outer, cpu))
			return false;
	}
	return true;
}

static bool is_root(const struct sim *sim, const struct node *group)
{
	return group == tree_find(sim->tree, ROOT);
}

/* Why the group cannot be a partition, or NULL. */
static const char *obstacle(const struct sim *sim, const struct node *group)
{
	_cleanup_bitset_ struct bitset own = BITSET_NULL;

	if (get_set(group, EXCLUSIVE, &own) < 0 || bitset_is_empty(&own))
		return "Cpu list in cpuset.cpus.exclusive empty";
	for (const struct node *g = group->parent; g && !is_root(sim, g); g = g->parent) {
		_cleanup_bitset_ struct bitset above = BITSET_NULL;

		if (get_set(g, EXCLUSIVE, &above) < 0 || !is_within(&own, &above))
			return "Parent is not a partition root";
	}
	return NULL;
}

/* Judges every partition below @group again, and adds the CPUs of the valid ones. */
static int update(struct sim *sim, struct node *group, struct bitset *isolated)
{
	struct node *node = node_child(group, PARTITION);
	int r = 0;

	if (node && strncmp(node->data, "isolated", strlen("isolated")) == 0) {
		const char *why = obstacle(sim, group);
		char text[128];

		(void)snprintf(text, sizeof(text),
			       why ? "isolated invalid (%s)" : "isolated%s",
			       why ? why : "");
		r = sim_store(node, text);
		if (!why)
			(void)get_set(group, EXCLUSIVE, isolated);
	}
	for (size_t i = 0; r == 0 && i < group->n_child; i++) {
		if (node_is_dir(group->child[i]))
			r = update(sim, group->child[i], isolated);
	}
	return r;
}

static int update_all(struct sim *sim)
{
	_cleanup_bitset_ struct bitset isolated = BITSET_NULL;
	struct node *root = tree_find(sim->tree, ROOT);
	struct node *list = node_child(root, ISOLATED);
	_cleanup_free_ char *text = NULL;
	int r = update(sim, root, &isolated);

	text = bitset_format(&isolated);
	return r < 0 || !list ? r : sim_store(list, text);
}

static int write_cpus(struct sim *sim, struct node *node, const char *value)
{
	(void)sim;
	return store_set(node, value);
}

/* No two groups side by side have the same CPU for themselves. */
static int write_exclusive(struct sim *sim, struct node *node, const char *value)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	const struct node *group = node->parent;
	int r;

	if (*value && bitset_parse(value, &cpus) < 0)
		return -EINVAL;
	for (size_t i = 0; i < group->parent->n_child; i++) {
		const struct node *sibling = group->parent->child[i];
		_cleanup_bitset_ struct bitset theirs = BITSET_NULL;

		if (sibling != group && node_is_dir(sibling) &&
		    get_set(sibling, EXCLUSIVE, &theirs) == 0 &&
		    bitset_intersects(&cpus, &theirs))
			return -EINVAL;
	}
	r = store_set(node, value);
	return r < 0 ? r : update_all(sim);
}

static int write_partition(struct sim *sim, struct node *node, const char *value)
{
	int r;

	if (!STREQ(value, "member") && !STREQ(value, "root") && !STREQ(value, "isolated"))
		return -EINVAL;
	r = sim_store(node, value);
	return r < 0 ? r : update_all(sim);
}

static const struct sim_attr cgroup_attrs[] = {
	{ ROOT "/*/" CPUS, write_cpus },
	{ ROOT "/*/" EXCLUSIVE, write_exclusive },
	{ ROOT "/*/" PARTITION, write_partition },
};

const struct sim_subsystem sim_cgroup = {
	.name = "cgroup",
	.attr = cgroup_attrs,
	.n_attr = ARRAY_SIZE(cgroup_attrs),
};

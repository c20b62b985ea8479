// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * cpufreq governors and energy performance preferences (drivers/cpufreq/)
 *
 * intel_pstate and amd-pstate-epp set the frequency themselves: they know the governors
 * "performance" and "powersave" only, and with "performance" the preference is
 * "performance" too and cannot be another.
 *
 * Control, optional:
 *	sim/cpufreq/epp_after_performance	what the preference is after the governor
 *						"performance": "saved" as before (default),
 *						or "keep" it
 */

#include <errno.h>
#include <string.h>

#include "common/macro.h"
#include "sim.h"

#define POLICY "sys/devices/system/cpu/cpufreq/policy*/"
#define EPP "energy_performance_preference"
#define EPP_AVAILABLE "energy_performance_available_preferences"

/* True if the driver of this policy has governors of its own ("active" mode). */
static bool sets_policy(const struct node *policy)
{
	const struct node *driver = node_child(policy, "scaling_driver");

	return sim_value_is(driver, "intel_pstate") ||
	       sim_value_is(driver, "amd-pstate-epp");
}

/* The governor or preference changes; keep what it was, and bring it back later. */
static int change_epp(struct sim *sim, const struct node *policy, bool to_performance)
{
	struct node *epp = node_child(policy, EPP);
	_cleanup_free_ char *value = sim_value(epp);
	struct node *saved;

	if (!value)
		return 0;
	if (to_performance) {
		int r = tree_setf(sim->tree, S_IFREG | 0644, value,
				  "sim/cpufreq/%s/epp_saved", policy->name);

		return r < 0 ? r : sim_store(epp, "performance");
	}

	if (sim_value_is(tree_find(sim->tree, "sim/cpufreq/epp_after_performance"),
			 "keep"))
		return 0;
	saved = tree_findf(sim->tree, "sim/cpufreq/%s/epp_saved", policy->name);
	return saved ? sim_store(epp, saved->data) : 0;
}

static int write_governor(struct sim *sim, struct node *node, const char *value)
{
	const struct node *policy = node->parent;
	bool was, will;
	int r;

	if (!sim_has_word(node_child(policy, "scaling_available_governors"), value))
		return -EINVAL;

	was = sim_value_is(node, "performance");
	will = STREQ(value, "performance");
	if (was != will && sets_policy(policy)) {
		r = change_epp(sim, policy, will);
		if (r < 0)
			return r;
	}
	return sim_store(node, value);
}

static int write_epp(struct sim *sim, struct node *node, const char *value)
{
	const struct node *policy = node->parent;
	long raw;

	(void)sim;
	if (!sim_has_word(node_child(policy, EPP_AVAILABLE), value) &&
	    (sim_parse_long(value, &raw) < 0 || raw > 255))
		return -EINVAL;

	if (sets_policy(policy) && !STREQ(value, "performance") && !STREQ(value, "0") &&
	    sim_value_is(node_child(policy, "scaling_governor"), "performance"))
		return -EBUSY;
	return sim_store(node, value);
}

/* A frequency limit. */
static int write_frequency(struct sim *sim, struct node *node, const char *value)
{
	long low, high, want;

	(void)sim;
	if (sim_parse_long(value, &want) < 0)
		return -EINVAL;
	low = sim_long(node_child(node->parent, "cpuinfo_min_freq"), want);
	high = sim_long(node_child(node->parent, "cpuinfo_max_freq"), want);
	return sim_store_long(node, MAX(low, MIN(high, want)));
}

static const struct sim_attr cpufreq_attrs[] = {
	{ POLICY "scaling_governor", write_governor },
	{ POLICY EPP, write_epp },
	{ POLICY "scaling_min_freq", write_frequency },
	{ POLICY "scaling_max_freq", write_frequency },
};

const struct sim_subsystem sim_cpufreq = {
	.name = "cpufreq",
	.attr = cpufreq_attrs,
	.n_attr = ARRAY_SIZE(cpufreq_attrs),
};

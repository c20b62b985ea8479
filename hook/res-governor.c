// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * governor: the frequency governor, and the energy-performance preference where there is one, of
 * every cpufreq policy that one of the domain's CPUs belongs to.
 *
 * Kernel: Documentation/admin-guide/pm/cpufreq.rst, intel_pstate.rst, amd-pstate.rst. Attributes
 * belong to policies, not CPUs: a policy is written once however many of its CPUs are asked for.
 * In the active modes of intel_pstate and amd_pstate the governor "performance" sets the
 * preference too and refuses others with EBUSY; so the preference is part of every claim there,
 * and comes after the governor both ways.
 *
 * Not handled: frequency limits, boost.
 */

#include <ctype.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/resource.h"

#define CPUFREQ_DIR "sys/devices/system/cpu/cpufreq"
#define GOVERNOR "scaling_governor"
#define GOVERNORS "scaling_available_governors"
#define EPP "energy_performance_preference"
#define EPPS "energy_performance_available_preferences"

static bool is_offered(const struct sysroot *root, const char *policy, const char *list,
		       const char *value, char **ret_offered)
{
	_cleanup_strv_ struct strv words = STRV_NULL;

	*ret_offered = NULL;
	if (sysroot_read(root, ret_offered, CPUFREQ_DIR "/%s/%s", policy, list) < 0) {
		*ret_offered = xstrdup("");
		return false;
	}
	strv_split(&words, *ret_offered, " \n");
	return strv_contains(&words, value);
}

/* In these drivers' active modes the governor "performance" brings its own preference. */
static bool brings_preference(const struct sysroot *root, const char *policy,
			      const char *governor)
{
	_cleanup_free_ char *driver = NULL;

	return STREQ(governor, "performance") &&
	       sysroot_exists(root, CPUFREQ_DIR "/%s/" EPP, policy) &&
	       sysroot_read(root, &driver, CPUFREQ_DIR "/%s/scaling_driver", policy) ==
		       0 &&
	       (STREQ(driver, "intel_pstate") || STREQ(driver, "amd-pstate-epp"));
}

/* The preference to claim: that asked for, or the one that the governor brings with it. */
static const char *epp_for(const struct sysroot *root, const char *policy,
			   const struct request_governor *request)
{
	if (request->epp)
		return request->epp;
	return brings_preference(root, policy, request->name) ? "performance" : NULL;
}

static int check_offers(const struct planning *p, const char *policy,
			const struct request_governor *request, struct error *err)
{
	_cleanup_free_ char *governors = NULL, *epps = NULL;
	const struct sysroot *root = p->host->root;
	uint64_t number;

	if (!is_offered(root, policy, GOVERNORS, request->name, &governors)) {
		(void)error_set(err, -EINVAL, "%s does not offer governor '%s'", policy,
				request->name);
		error_remedy(err, "offered: %s", governors);
		return -EINVAL;
	}
	if (request->epp && !STREQ(request->epp, "performance") &&
	    brings_preference(root, policy, request->name)) {
		(void)error_set(err, -EINVAL,
				"%s: governor 'performance' allows no other "
				"energy-performance preference than 'performance' here",
				policy);
		error_remedy(err, "for epp='%s' ask for governor 'powersave'",
			     request->epp);
		return -EINVAL;
	}
	if (!request->epp ||
	    (parse_u64(request->epp, &number) == 0 &&
	     sysroot_exists(root, CPUFREQ_DIR "/%s/" EPP, policy)) ||
	    is_offered(root, policy, EPPS, request->epp, &epps))
		return 0;
	if (!epps || !*epps) {
		(void)error_set(err, -EINVAL,
				"%s has no energy-performance preference to set to '%s'",
				policy, request->epp);
		error_remedy(err, "leave epp out for this host");
	} else {
		(void)error_set(err, -EINVAL,
				"%s does not offer energy-performance preference '%s'",
				policy, request->epp);
		error_remedy(err, "offered: %s", epps);
	}
	return -EINVAL;
}

static void add_wish(const struct planning *p, const char *policy, const char *attribute,
		     const char *value)
{
	_cleanup_free_ char *object =
		*attribute ? xasprintf("%s/%s", policy, attribute) : xstrdup(policy);
	struct wish *present = claim_find_wish(p->claim, "governor", object);

	/* Two <governor> elements of one domain that share a policy merge as two domains do. */
	if (!present)
		claim_add_wish(p->claim, "governor", object, value);
	else if (resource_governor.merge(present->value, value) == value)
		ledger_set(&present->value, value);
}

static int claim_policy(const struct planning *p, const char *policy,
			const struct request_governor *request, struct bitset *left,
			struct error *err)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *text = NULL;
	const char *epp;
	int r;

	r = sysroot_read(p->host->root, &text, CPUFREQ_DIR "/%s/affected_cpus", policy);
	if (r < 0)
		return 0; /* its CPUs are offline, and not among those it is left for */
	/* "Space-separated list" for cpufreq. */
	for (char *c = text; *c; c++)
		*c = isspace((unsigned char)*c) ? (c[1] ? ',' : '\0') : *c;
	if (bitset_parse(text, &cpus) < 0)
		return error_set(err, -EINVAL, "CPUs of %s are not a list: '%s'", policy,
				 text);
	if (!bitset_intersects(&cpus, left))
		return 0;
	bitset_for_each(cpu, &cpus)
		bitset_remove(left, cpu);

	r = check_offers(p, policy, request, err);
	if (r < 0)
		return r;
	add_wish(p, policy, "", request->name);
	epp = epp_for(p->host->root, policy, request);
	if (epp)
		add_wish(p, policy, "epp", epp);
	return 0;
}

static int claim_element(const struct planning *p, const struct request_governor *request,
			 struct error *err)
{
	_cleanup_bitset_ struct bitset left = BITSET_NULL;
	_cleanup_strv_ struct strv policies = STRV_NULL;
	_cleanup_free_ char *without = NULL;
	int r;

	bitset_add_all(&left, bitset_is_empty(&request->cpuset) ? &p->domain->vcpu_cpus :
								  &request->cpuset);
	if (bitset_is_empty(&left)) {
		(void)error_set(err, -EINVAL, "no CPUs to set: the domain pins no vCPU");
		error_remedy(err, "add <vcpupin> elements, or cpuset='...' to <governor>");
		return -EINVAL;
	}
	r = sysroot_list(p->host->root, &policies, CPUFREQ_DIR);
	if (r < 0 || policies.n == 0) {
		(void)error_set(err, -ENODEV,
				"this host has no cpufreq: its CPUs' frequency "
				"is not controlled by Linux");
		error_remedy(err, "enable it in the firmware, or remove <governor>");
		return -ENODEV;
	}
	strv_for_each(policy, &policies) {
		if (!str_has_prefix(policy, "policy"))
			continue;
		r = claim_policy(p, policy, request, &left, err);
		if (r < 0)
			return r;
	}
	if (bitset_is_empty(&left))
		return 0;
	without = bitset_format(&left);
	(void)error_set(err, -EINVAL,
			"no cpufreq policy for CPU %s: not online on this host", without);
	error_remedy(err, "correct the vcpupin or cpuset of the domain");
	return -EINVAL;
}

static int governor_claim(const struct planning *p, struct error *err)
{
	const struct request *request = &p->domain->request;

	for (size_t i = 0; i < request->n_governors; i++) {
		int r = claim_element(p, &request->governors[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* "policy0" is the governor of policy0, "policy0/epp" its preference. */
static char *attribute_path(const char *object)
{
	size_t n = strcspn(object, "/");

	return xasprintf(CPUFREQ_DIR "/%.*s/%s", (int)n, object,
			 object[n] ? EPP : GOVERNOR);
}

static int governor_read(const struct sysroot *root, const char *object, char **ret,
			 struct error *err)
{
	_cleanup_free_ char *path = attribute_path(object);
	int r = sysroot_read(root, ret, "%s", path);

	return r < 0 ? error_set(err, r, "failed to read '/%s': %s", path, strerror(-r)) :
		       0;
}

/* How much each lets a CPU run at its full speed; a number of epp is slower the larger it is. */
static int speed(const char *value)
{
	static const char *const by_speed[] = {
		"power",    "powersave",    "userspace", "balance_power",
		"default",  "conservative", "schedutil", "balance_performance",
		"ondemand", "performance",
	};
	uint64_t number;

	if (parse_u64(value, &number) == 0)
		return 256 - (int)MIN(number, UINT64_C(256));
	for (size_t i = 0; i < ARRAY_SIZE(by_speed); i++) {
		if (STREQ(value, by_speed[i]))
			return (int)i * 25;
	}
	return -1;
}

/* Which of two wins must not depend on which domain came first. */
static const char *governor_merge(const char *a, const char *b)
{
	int difference = speed(b) - speed(a);

	if (difference == 0)
		difference = strcmp(b, a);
	return difference > 0 ? b : a;
}

static int governor_write(const struct sysroot *root, const char *object,
			  const char *from _unused_, const char *to,
			  uint64_t deadline _unused_, struct error *err)
{
	_cleanup_free_ char *path = attribute_path(object);
	int r = sysroot_write(root, to, "%s", path);

	return r < 0 ? error_set(err, r, "failed to write '%s' to '/%s': %s", to, path,
				 strerror(-r)) :
		       0;
}

const struct resource resource_governor = {
	.name = "governor",
	.claim = governor_claim,
	.read = governor_read,
	.merge = governor_merge,
	.write = governor_write,
};

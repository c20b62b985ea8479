// SPDX-License-Identifier: LGPL-2.1-or-later

/* Frequency governors and energy-performance preferences. */

#include "common/alloc.h"
#include "common/deadline.h"
#include "hook/resource.h"
#include "tree-fixture.h"

#define CPUFREQ "sys/devices/system/cpu/cpufreq"

/* policy0 has CPUs 0-1 and no preference, policy2 CPUs 2-3 with one; CPU 4 is offline. */
static const char tree[] =
	"sys/devices/system/cpu/online = 0-3\n"
	"sys/devices/system/cpu/possible = 0-4\n"
	"sys/devices/system/node/has_memory = 0\n" CPUFREQ "/boost = 1\n" CPUFREQ
	"/policy0/affected_cpus = 0 1 \n" CPUFREQ
	"/policy0/scaling_driver = acpi-cpufreq\n" CPUFREQ
	"/policy0/scaling_governor = schedutil\n" CPUFREQ
	"/policy0/scaling_available_governors = "
	"conservative ondemand powersave performance schedutil \n" CPUFREQ
	"/policy2/affected_cpus = 2 3\n" CPUFREQ
	"/policy2/scaling_driver = intel_pstate\n" CPUFREQ
	"/policy2/scaling_governor = powersave\n" CPUFREQ
	"/policy2/scaling_available_governors = performance powersave\n" CPUFREQ
	"/policy2/energy_performance_preference = balance_performance\n" CPUFREQ
	"/policy2/energy_performance_available_preferences = "
	"default performance balance_performance balance_power power \n" CPUFREQ
	"/policy4/affected_cpus =\n";

static int setup(void **state)
{
	int r = fixture_setup(state);

	if (r == 0)
		fixture_add(*state, tree);
	return r;
}

/* ---- merge ---- */

static void the_faster_wish_wins(void **state _unused_)
{
	static const char *const governors[] = {
		"powersave", "userspace", "conservative",
		"schedutil", "ondemand",  "performance",
	};
	static const char *const preferences[] = {
		"power", "balance_power", "default", "balance_performance", "performance",
	};

	for (size_t i = 0; i < ARRAY_SIZE(governors); i++) {
		for (size_t j = i; j < ARRAY_SIZE(governors); j++) {
			assert_text(resource_governor.merge(governors[i], governors[j]),
				    governors[j]);
			assert_text(resource_governor.merge(governors[j], governors[i]),
				    governors[j]);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(preferences); i++) {
		for (size_t j = i; j < ARRAY_SIZE(preferences); j++) {
			assert_text(resource_governor.merge(preferences[i],
							    preferences[j]),
				    preferences[j]);
			assert_text(resource_governor.merge(preferences[j],
							    preferences[i]),
				    preferences[j]);
		}
	}
}

static void a_smaller_number_is_faster(void **state _unused_)
{
	assert_text(resource_governor.merge("0", "255"), "0");
	assert_text(resource_governor.merge("255", "0"), "0");
	assert_text(resource_governor.merge("128", "127"), "127");
	assert_text(resource_governor.merge("0", "performance"), "0");
	assert_text(resource_governor.merge("255", "balance_power"), "balance_power");
	assert_text(resource_governor.merge("power", "255"), "255");
}

static void what_is_known_beats_what_is_not(void **state _unused_)
{
	assert_text(resource_governor.merge("unknown", "powersave"), "powersave");
	assert_text(resource_governor.merge("powersave", "unknown"), "powersave");
	assert_text(resource_governor.merge("unknown", "unknown"), "unknown");
}

/* Numbers that rank like a name, and names that nobody knows, among them. */
static void merging_does_not_depend_on_the_order(void **state _unused_)
{
	static const char *const values[] = {
		"performance", "31",  "power", "256",
		"default",     "156", "walt",  "interactive",
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(values); j++)
			assert_text(resource_governor.merge(values[i], values[j]),
				    resource_governor.merge(values[j], values[i]));
	}
}

/* ---- claim ---- */

/* "policy0=performance ..." for the wishes of a domain with these elements. */
static int claim(const struct fixture *f, const char *host, const char *domain_xml,
		 char **ret, struct error *err)
{
	_cleanup_free_ char *xml = xasprintf(
		"<domain><name>x</name><metadata><host xmlns='urn:hosttune:1'>%s</host>"
		"</metadata>%s</domain>",
		host, domain_xml);
	_cleanup_host_ struct host h = { 0 };
	_cleanup_config_ struct config config = { 0 };
	_cleanup_domain_ struct domain domain = { 0 };
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_strv_ struct strv notes = STRV_NULL, wishes = STRV_NULL;
	struct claim claim = { 0 };
	const struct planning planning = { &h, &config, &domain, &ledger, &claim, &notes };
	int r;

	assert_done(host_read(&f->root, &h, err), err);
	assert_done(domain_read(xml, strlen(xml), &domain, err), err);
	r = resource_governor.claim(&planning, err);
	for (size_t i = 0; i < claim.n_wishes; i++) {
		assert_string_equal(claim.wishes[i].resource, "governor");
		strv_pushf(&wishes, "%s=%s", claim.wishes[i].object,
			   claim.wishes[i].value);
	}
	claim_done(&claim);
	*ret = strv_join(&wishes, " ");
	return r;
}

static void assert_wishes(const struct fixture *f, const char *host, const char *domain,
			  const char *expected)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *wishes = NULL;

	assert_done(claim(f, host, domain, &wishes, &err), &err);
	assert_string_equal(wishes, expected);
}

static void assert_refused(const struct fixture *f, const char *host, const char *domain,
			   int code, const char *cause, const char *remedy)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *wishes = NULL;

	assert_failed(claim(f, host, domain, &wishes, &err), code, &err, cause, remedy);
}

static void every_policy_of_the_cpus_is_claimed_once(void **state)
{
	const struct fixture *f = *state;

	assert_wishes(f, "", "<vcpu cpuset='0'>1</vcpu>", "");
	assert_wishes(f, "<governor/>", "<vcpu cpuset='0'>1</vcpu>",
		      "policy0=performance");
	assert_wishes(f, "<governor name='schedutil' cpuset='0-1'/>", "",
		      "policy0=schedutil");
	assert_wishes(f, "<governor name='powersave'/>",
		      "<cputune><vcpupin cpuset='1'/><vcpupin cpuset='3'/></cputune>",
		      "policy0=powersave policy2=powersave");
	/* The element's own CPUs come before those of the domain. */
	assert_wishes(f, "<governor cpuset='1'/>", "<vcpu cpuset='2'>1</vcpu>",
		      "policy0=performance");
}

static void performance_brings_its_preference(void **state)
{
	const struct fixture *f = *state;

	assert_wishes(f, "<governor cpuset='2'/>", "",
		      "policy2=performance policy2/epp=performance");
	fixture_set(f, CPUFREQ "/policy2/scaling_driver", "amd-pstate-epp\n");
	assert_wishes(f, "<governor cpuset='2'/>", "",
		      "policy2=performance policy2/epp=performance");
	fixture_set(f, CPUFREQ "/policy2/scaling_driver", "intel_cpufreq\n");
	assert_wishes(f, "<governor cpuset='2'/>", "", "policy2=performance");
}

static void a_preference_is_claimed(void **state)
{
	const struct fixture *f = *state;

	assert_wishes(f, "<governor name='powersave' epp='power' cpuset='2'/>", "",
		      "policy2=powersave policy2/epp=power");
	assert_wishes(f, "<governor name='powersave' epp='128' cpuset='2'/>", "",
		      "policy2=powersave policy2/epp=128");
}

static void elements_that_share_a_policy_merge(void **state)
{
	const struct fixture *f = *state;

	assert_wishes(f,
		      "<governor name='ondemand' cpuset='0'/>"
		      "<governor name='powersave' cpuset='1'/>",
		      "", "policy0=ondemand");
	assert_wishes(f,
		      "<governor name='powersave' cpuset='0'/>"
		      "<governor name='ondemand' cpuset='1'/>",
		      "", "policy0=ondemand");
	assert_wishes(f,
		      "<governor name='powersave' epp='power' cpuset='2'/>"
		      "<governor name='powersave' epp='default' cpuset='3'/>",
		      "", "policy2=powersave policy2/epp=default");
}

static void what_is_not_offered_is_refused(void **state)
{
	const struct fixture *f = *state;

	assert_refused(f, "<governor name='turbo' cpuset='0'/>", "", -EINVAL,
		       "policy0 does not offer governor 'turbo'",
		       "offered: conservative ondemand powersave performance schedutil");
	assert_refused(f, "<governor name='schedutil' cpuset='0-3'/>", "", -EINVAL,
		       "policy2 does not offer governor 'schedutil'",
		       "offered: performance powersave");
	assert_refused(f, "<governor name='power' cpuset='0'/>", "", -EINVAL,
		       "does not offer governor 'power'", "offered:");
	assert_refused(f, "<governor name='powersave' epp='fastest' cpuset='2'/>", "",
		       -EINVAL,
		       "policy2 does not offer energy-performance preference 'fastest'",
		       "offered: default performance");
	assert_refused(f, "<governor epp='performance' cpuset='0'/>", "", -EINVAL,
		       "policy0 has no energy-performance preference to set to "
		       "'performance'",
		       "leave epp out for this host");
	assert_refused(f, "<governor epp='power' cpuset='2'/>", "", -EINVAL,
		       "policy2: governor 'performance' allows no other",
		       "for epp='power' ask for governor 'powersave'");
	assert_refused(f, "<governor epp='0' cpuset='0'/>", "", -EINVAL,
		       "policy0 has no energy-performance preference", "leave epp out");
}

static void cpus_without_a_policy_are_refused(void **state)
{
	const struct fixture *f = *state;

	assert_refused(f, "<governor/>", "", -EINVAL,
		       "no CPUs to set: the domain pins no vCPU",
		       "add <vcpupin> elements, or cpuset");
	assert_refused(f, "<governor/>", "<vcpu cpuset='1-2,4,7-8'>1</vcpu>", -EINVAL,
		       "no cpufreq policy for CPU 4,7-8: not online on this host",
		       "correct the vcpupin or cpuset");
	fixture_set(f, CPUFREQ "/policy2/affected_cpus", "2,x\n");
	assert_refused(f, "<governor cpuset='0,3'/>", "", -EINVAL,
		       "CPUs of policy2 are not a list: '2,x'", NULL);
	fixture_remove(f, CPUFREQ "/policy2/affected_cpus");
	/* A policy that does not answer, as when its CPUs are offline, is none. */
	assert_refused(f, "<governor cpuset='0,3'/>", "", -EINVAL,
		       "no cpufreq policy for CPU 3: not online on this host",
		       "correct the vcpupin or cpuset");
}

static void a_host_without_cpufreq_is_refused(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *from = fixture_path(f, CPUFREQ);
	_cleanup_free_ char *to = fixture_path(f, "gone");

	assert_int_equal(rename(from, to), 0);
	assert_refused(f, "<governor cpuset='0'/>", "", -ENODEV,
		       "this host has no cpufreq",
		       "enable it in the firmware, or remove <governor>");
	fixture_add(f, CPUFREQ "/\n");
	assert_refused(f, "<governor cpuset='0'/>", "", -ENODEV,
		       "this host has no cpufreq", "firmware");
}

/* ---- read and write ---- */

static void attributes_are_read_and_written(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *governor = NULL, *preference = NULL, *raw = NULL,
			    *none = NULL;

	assert_done(resource_governor.read(&f->root, "policy2", &governor, &err), &err);
	assert_string_equal(governor, "powersave");
	assert_done(resource_governor.read(&f->root, "policy2/epp", &preference, &err),
		    &err);
	assert_string_equal(preference, "balance_performance");
	assert_done(resource_governor.write(&f->root, "policy2/epp", "x", "power",
					    deadline_in_ms(1000), &err),
		    &err);
	raw = fixture_get(f, CPUFREQ "/policy2/energy_performance_preference");
	assert_string_equal(raw, "power");
	assert_failed(resource_governor.read(&f->root, "policy0/epp", &none, &err),
		      -ENOENT, &err,
		      "failed to read '/" CPUFREQ
		      "/policy0/energy_performance_preference'",
		      NULL);
	assert_failed(resource_governor.write(&f->root, "policy9", "a", "b",
					      deadline_in_ms(1000), &err),
		      -ENOENT, &err,
		      "failed to write 'b' to '/" CPUFREQ "/policy9/scaling_governor'",
		      NULL);
}

#define GOVERNOR_TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_faster_wish_wins),
		cmocka_unit_test(a_smaller_number_is_faster),
		cmocka_unit_test(what_is_known_beats_what_is_not),
		cmocka_unit_test(merging_does_not_depend_on_the_order),
		GOVERNOR_TEST(every_policy_of_the_cpus_is_claimed_once),
		GOVERNOR_TEST(performance_brings_its_preference),
		GOVERNOR_TEST(a_preference_is_claimed),
		GOVERNOR_TEST(elements_that_share_a_policy_merge),
		GOVERNOR_TEST(what_is_not_offered_is_refused),
		GOVERNOR_TEST(cpus_without_a_policy_are_refused),
		GOVERNOR_TEST(a_host_without_cpufreq_is_refused),
		GOVERNOR_TEST(attributes_are_read_and_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

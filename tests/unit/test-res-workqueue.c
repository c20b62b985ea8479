// SPDX-License-Identifier: LGPL-2.1-or-later

/* Surveys of single files: masks of workqueues and of the lockup detectors, NUMA balancing. */

#include "common/alloc.h"
#include "common/deadline.h"
#include "survey-fixture.h"

static const char tree[] = "sys/devices/system/cpu/online = 0-3\n"
			   "sys/devices/system/cpu/possible = 0-7\n"
			   "sys/devices/system/node/has_memory = 0\n"
			   "sys/devices/virtual/workqueue/cpumask = ff\n"
			   "sys/devices/virtual/workqueue/writeback/cpumask = 0f\n"
			   "sys/devices/virtual/workqueue/writeback/nice = 0\n"
			   "sys/devices/virtual/workqueue/kvfree/cpumask = 0c\n"
			   "sys/devices/virtual/workqueue/power/control = auto\n"
			   "proc/sys/kernel/watchdog_cpumask = 0-7\n"
			   "proc/sys/kernel/numa_balancing = 1\n";

#define WORKQUEUE "sys/devices/virtual/workqueue/"

struct test {
	struct fixture *f;
	struct survey_fixture s;
};

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));
	void *f;
	int r = fixture_setup(&f);

	if (r < 0)
		return r;
	t->f = f;
	fixture_add(f, tree);
	survey_fixture_setup(&t->s, f, &resource_workqueue);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;
	void *f = t->f;

	survey_fixture_done(&t->s);
	free(t);
	return fixture_teardown(&f);
}

static void claim(struct test *t, const char *domain, const char *cpus)
{
	survey_fixture_claim(&t->s, domain, t->s.resource->name, "cpus", cpus);
}

static void assert_file(const struct test *t, const char *path, const char *expected)
{
	_cleanup_free_ char *text = fixture_get(t->f, path);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	assert_text(text, expected);
}

static void every_mask_loses_the_cpus(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true), "cpumask ff -> f3\n"
						     /* nothing would be left of it */
						     "kvfree/cpumask 0c -> 03\n"
						     "writeback/cpumask 0f -> 03\n");
	assert_text(survey_fixture_run(&t->s, false), "");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "cpumask f3 -> ff\n"
						      "kvfree/cpumask 03 -> 0c\n"
						      "writeback/cpumask 03 -> 0f\n");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void two_domains_share(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2");
	claim(t, "b", "3");
	(void)survey_fixture_run(&t->s, true);
	assert_file(t, WORKQUEUE "cpumask", "f3");
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_file(t, WORKQUEUE "cpumask", "f7");
	survey_fixture_release(&t->s, "b");
	(void)survey_fixture_run(&t->s, false);
	assert_file(t, WORKQUEUE "cpumask", "ff");
}

/* An isolated partition shows in cpumask, and not in what was asked for. */
static void what_was_requested_is_compared(void **state)
{
	struct test *t = *state;

	fixture_add(t->f, WORKQUEUE "cpumask_requested = ff\n" WORKQUEUE "cpumask = 3f\n");
	claim(t, "a", "2-3");
	survey_fixture_killed(&t->s, true, 1);
	assert_file(t, WORKQUEUE "cpumask", "f3");
	fixture_add(t->f, WORKQUEUE "cpumask_requested = f3\n" WORKQUEUE "cpumask = 33\n");
	assert_lacks(survey_fixture_run(&t->s, false), "\ncpumask");
	survey_fixture_release(&t->s, "a");
	survey_fixture_killed(&t->s, false, 1);
	assert_file(t, WORKQUEUE "cpumask", "ff");
}

static void one_that_is_gone_is_forgotten(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	fixture_remove(t->f, WORKQUEUE "kvfree/cpumask");
	(void)survey_fixture_run(&t->s, false);
	assert_null(survey_fixture_entry(&t->s, "kvfree/cpumask"));
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void a_refused_mask_is_an_error(void **state)
{
	struct test *t = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_failed(resource_workqueue.write(&t->f->root, "none/cpumask", "0f", "03",
					       deadline_in_ms(1000), &err),
		      -ENOENT, &err,
		      "failed to write '03' to '/" WORKQUEUE "none/cpumask'", NULL);
	assert_failed(resource_watchdog.write(&(struct sysroot){ .fd = -1 }, "", "0-3",
					      "0-1", deadline_in_ms(1000), &err),
		      -EBADF, &err,
		      "failed to write '0-1' to '/proc/sys/kernel/watchdog_cpumask'",
		      NULL);
	assert_failed(resource_numa_balancing.write(&(struct sysroot){ .fd = -1 }, "",
						    "1", "0", deadline_in_ms(1000), &err),
		      -EBADF, &err,
		      "failed to write '0' to '/proc/sys/kernel/numa_balancing'", NULL);
}

static void a_host_without_any_is_fine(void **state)
{
	struct test *t = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_changes_ struct changes changes = { 0 };
	struct sysroot root = SYSROOT_NULL;
	_cleanup_free_ char *dir = fixture_path(t->f, "sys/devices/system");

	assert_int_equal(sysroot_open(dir, &root), 0);
	t->s.host.root = &root;
	claim(t, "a", "2-3");
	assert_done(resource_workqueue.survey(&t->s.host, &t->s.ledger, true, &changes,
					      &err),
		    &err);
	assert_done(resource_watchdog.survey(&t->s.host, &t->s.ledger, true, &changes,
					     &err),
		    &err);
	assert_done(resource_numa_balancing.survey(&t->s.host, &t->s.ledger, true,
						   &changes, &err),
		    &err);
	assert_int_equal(changes.n, 0);
	sysroot_close(&root);
}

static void the_watchdog_leaves_the_cpus_that_ask(void **state)
{
	struct test *t = *state;

	t->s.resource = &resource_watchdog;
	claim(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true), "watchdog_cpumask 0-7 -> 0-1,4-7\n");
	claim(t, "b", "1");
	assert_text(survey_fixture_run(&t->s, true),
		    "watchdog_cpumask 0-1,4-7 -> 0,4-7\n");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "watchdog_cpumask 0,4-7 -> 0,2-7\n");
	survey_fixture_release(&t->s, "b");
	assert_text(survey_fixture_run(&t->s, false), "watchdog_cpumask 0,2-7 -> 0-7\n");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void a_watchdog_mask_is_never_emptied(void **state)
{
	struct test *t = *state;

	t->s.resource = &resource_watchdog;
	fixture_set(t->f, "proc/sys/kernel/watchdog_cpumask", "3\n");
	claim(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true), "");
	assert_file(t, "proc/sys/kernel/watchdog_cpumask", "3");
}

static void numa_balancing_is_off_until_the_last_leaves(void **state)
{
	struct test *t = *state;

	t->s.resource = &resource_numa_balancing;
	survey_fixture_claim(&t->s, "a", "numa-balancing", "host", "0");
	survey_fixture_claim(&t->s, "b", "numa-balancing", "host", "0");
	assert_text(survey_fixture_run(&t->s, true), "numa_balancing 1 -> 0\n");
	survey_fixture_release(&t->s, "b");
	assert_text(survey_fixture_run(&t->s, false), "");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "numa_balancing 0 -> 1\n");
	assert_int_equal(t->s.ledger.n_entries, 0);
	assert_text(survey_fixture_run(&t->s, false), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_mask_loses_the_cpus),
		TEST(two_domains_share),
		TEST(what_was_requested_is_compared),
		TEST(one_that_is_gone_is_forgotten),
		TEST(a_refused_mask_is_an_error),
		TEST(a_host_without_any_is_fine),
		TEST(the_watchdog_leaves_the_cpus_that_ask),
		TEST(a_watchdog_mask_is_never_emptied),
		TEST(numa_balancing_is_off_until_the_last_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

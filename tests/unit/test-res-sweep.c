// SPDX-License-Identifier: LGPL-2.1-or-later

/* The timer: when it is started, started anew, and stopped. */

#include <stdio.h>

#include "common/alloc.h"
#include "hook/isolation.h"
#include "hook/systemd.h"
#include "survey-fixture.h"

static struct {
	char active[8][48]; /* timers that run */
	char path[64];
	unsigned starts;
	int fails;
} host_systemd;

int __wrap_systemd_start_timer(const struct systemd_timer *timer, uint64_t deadline,
			       struct error *err);
int __wrap_systemd_stop(const char *unit, uint64_t deadline, struct error *err);
int __wrap_systemd_is_active(const char *unit, uint64_t deadline, struct error *err);

static char *find_timer(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(host_systemd.active); i++) {
		if (STREQ(host_systemd.active[i], name))
			return host_systemd.active[i];
	}
	return NULL;
}

int __wrap_systemd_start_timer(const struct systemd_timer *timer,
			       uint64_t deadline _unused_, struct error *err)
{
	if (host_systemd.fails)
		return error_set(err, host_systemd.fails, "systemd refuses");
	assert_null(find_timer(timer->timer));
	assert_text(timer->argv[0], "hosttune");
	assert_text(timer->argv[1], "sync");
	assert_null(timer->argv[2]);
	(void)snprintf(host_systemd.path, sizeof(host_systemd.path), "%s", timer->path);
	(void)snprintf(find_timer(""), sizeof(host_systemd.active[0]), "%s", timer->timer);
	host_systemd.starts++;
	return 0;
}

int __wrap_systemd_stop(const char *unit, uint64_t deadline _unused_, struct error *err)
{
	char *active = find_timer(unit);

	if (!active)
		return error_set(err, -ENOENT, "no unit '%s'", unit);
	*active = '\0';
	return 0;
}

int __wrap_systemd_is_active(const char *unit, uint64_t deadline _unused_,
			     struct error *err)
{
	return host_systemd.fails ?
		       error_set(err, host_systemd.fails, "systemd refuses") :
		       find_timer(unit) != NULL;
}

static unsigned n_active(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(host_systemd.active); i++)
		n += host_systemd.active[i][0] != '\0';
	return n;
}

struct setting {
	struct fixture *f;
	struct survey_fixture s;
};

static int setup(void **state)
{
	struct setting *t = xcalloc(1, sizeof(*t));
	_cleanup_free_ char *link = NULL;
	void *f;

	if (fixture_setup(&f) < 0)
		return -1;
	t->f = f;
	memset(&host_systemd, 0, sizeof(host_systemd));
	fixture_add(t->f, "sys/devices/system/cpu/online = 0-3\n"
			  "sys/devices/system/cpu/possible = 0-3\n"
			  "sys/devices/system/node/has_memory = 0\n"
			  "run/systemd/system/x = \nproc/self/x = \n");
	link = fixture_path(t->f, "proc/self/exe");
	if (symlink("/etc/libvirt/hooks/qemu", link) < 0)
		return -1;
	survey_fixture_setup(&t->s, t->f, &resource_sweep);
	t->s.root.is_host = true;
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct setting *t = *state;
	void *f = t->f;

	survey_fixture_done(&t->s);
	free(t);
	return fixture_teardown(&f);
}

static void isolate(struct setting *t, const char *domain)
{
	survey_fixture_claim(&t->s, domain, "sweep", ISOLATION_CPUS, "2-3");
}

static char *status(struct setting *t)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;

	resource_sweep.describe(&t->s.host, &t->s.ledger, t->s.ledger.claims, &lines);
	return strv_join(&lines, "\n");
}

static void it_runs_while_cpus_are_isolated(void **state)
{
	struct setting *t = *state;
	_cleanup_free_ char *text = NULL;

	assert_text(survey_fixture_run(&t->s, false), "");
	isolate(t, "a");
	assert_contains(survey_fixture_run(&t->s, true), ".timer inactive -> active\n");
	assert_int_equal(n_active(), 1);
	assert_text(host_systemd.path, "/etc/libvirt/hooks/qemu");
	assert_text(survey_fixture_run(&t->s, false), "");
	text = status(t);
	assert_text(text, "");
	survey_fixture_release(&t->s, "a");
	assert_contains(survey_fixture_run(&t->s, false), ".timer active -> inactive\n");
	assert_int_equal(n_active(), 0);
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void it_starts_anew_with_each_claim_and_each_qemu(void **state)
{
	struct setting *t = *state;

	isolate(t, "a");
	(void)survey_fixture_run(&t->s, true);
	ledger_find_domain(&t->s.ledger, "a")->started = true;
	(void)survey_fixture_run(&t->s, false);
	assert_int_equal(host_systemd.starts, 2);
	(void)usleep(2000);
	isolate(t, "b");
	(void)survey_fixture_run(&t->s, true);
	assert_int_equal(host_systemd.starts, 3);
	assert_int_equal(n_active(), 1);
	/* An end is no reason. */
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "");
	survey_fixture_release(&t->s, "b");
	(void)survey_fixture_run(&t->s, false);
	assert_int_equal(n_active(), 0);
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void one_that_was_stopped_stays_so(void **state)
{
	struct setting *t = *state;
	_cleanup_free_ char *text = NULL;

	isolate(t, "a");
	(void)survey_fixture_run(&t->s, true);
	memset(host_systemd.active, 0, sizeof(host_systemd.active));
	assert_text(survey_fixture_run(&t->s, false), "");
	text = status(t);
	assert_contains(text, "its timer does not run");
}

static void who_was_killed_before_the_start_is_made_up_for(void **state)
{
	struct setting *t = *state;

	isolate(t, "a");
	survey_fixture_killed(&t->s, true, 0);
	assert_int_equal(n_active(), 0);
	(void)survey_fixture_run(&t->s, false);
	assert_int_equal(n_active(), 1);
	survey_fixture_release(&t->s, "a");
	survey_fixture_killed(&t->s, false, 0);
	(void)survey_fixture_run(&t->s, false);
	assert_int_equal(n_active(), 0);
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void a_failure_is_none_of_the_domains(void **state)
{
	struct setting *t = *state;

	isolate(t, "a");
	host_systemd.fails = -EACCES;
	assert_contains(survey_fixture_run(&t->s, true), "inactive -> active");
	assert_text(survey_fixture_run(&t->s, false), "");
}

static void a_program_that_was_replaced_runs_by_its_name(void **state)
{
	struct setting *t = *state;
	_cleanup_free_ char *link = fixture_path(t->f, "proc/self/exe");

	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("/usr/sbin/hosttune (deleted)", link), 0);
	isolate(t, "a");
	(void)survey_fixture_run(&t->s, true);
	assert_text(host_systemd.path, "/usr/sbin/hosttune");
}

static void without_systemd_there_is_none(void **state)
{
	struct setting *t = *state;
	_cleanup_free_ char *text = NULL;

	t->s.root.is_host = false;
	isolate(t, "a");
	assert_text(survey_fixture_run(&t->s, true), "");
	assert_int_equal(t->s.ledger.n_entries, 0);
	text = status(t);
	assert_contains(text, "no systemd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(it_runs_while_cpus_are_isolated),
		T(it_starts_anew_with_each_claim_and_each_qemu),
		T(one_that_was_stopped_stays_so),
		T(who_was_killed_before_the_start_is_made_up_for),
		T(a_failure_is_none_of_the_domains),
		T(a_program_that_was_replaced_runs_by_its_name),
		T(without_systemd_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Interrupts that leave isolated CPUs, and come back. */

#include "common/alloc.h"
#include "common/deadline.h"
#include "hook/irq.h"
#include "survey-fixture.h"

/*
 * Four CPUs on two nodes: 1-8 anywhere, 9 on the second node's, 10 on CPU 0, 12 is managed; 13 has
 * by chance what new ones get while CPUs are isolated.
 */
static const char tree[] = "sys/devices/system/cpu/online = 0-3\n"
			   "sys/devices/system/cpu/possible = 0-7\n"
			   "sys/devices/system/node/has_memory = 0-1\n"
			   "sys/devices/system/node/node0/cpulist = 0-1\n"
			   "sys/devices/system/node/node1/cpulist = 2-3\n"
			   "sys/kernel/irq/12/actions = nvme0q1\n"
			   "proc/irq/default_smp_affinity = ff\n"
			   "proc/irq/{1..8}/smp_affinity_list = 0-7\n"
			   "proc/irq/{1..8}/node = 0\n"
			   "proc/irq/9/smp_affinity_list = 2-3\n"
			   "proc/irq/9/node = 1\n"
			   "proc/irq/10/smp_affinity_list = 0\n"
			   "proc/irq/12/smp_affinity_list = 3\n"
			   "proc/irq/12/node = 1\n"
			   "proc/irq/13/smp_affinity_list = 0-1,4-7\n";

/* ---- the kernel ---- */

static int refusal; /* what writing the managed interrupt gives */
static unsigned n_writes, n_refused;

int __real_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...) _printf_(3, 4);
int __wrap_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...) _printf_(3, 4);

int __wrap_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...)
{
	_cleanup_free_ char *path = NULL, *stored = xasprintf("%s\n", value);
	va_list ap;

	va_start(ap, fmt);
	path = xvasprintf(fmt, ap);
	va_end(ap);
	n_writes++;
	if (strstr(path, "/12/")) {
		n_refused++;
		return refusal;
	}
	return __real_sysroot_write(root, stored, "%s", path);
}

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
	survey_fixture_setup(&t->s, f, &resource_irq);
	refusal = -EIO;
	n_writes = 0;
	n_refused = 0;
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
	survey_fixture_claim(&t->s, domain, "irq", "cpus", cpus);
}

static void assert_irq(const struct test *t, unsigned irq, const char *cpus)
{
	_cleanup_free_ char *path = xasprintf("proc/irq/%u/smp_affinity_list", irq);
	_cleanup_free_ char *expected = xasprintf("%s\n", cpus);
	_cleanup_free_ char *text = fixture_get(t->f, path);

	assert_text(text, expected);
}

static void set_irq(const struct test *t, unsigned irq, const char *cpus)
{
	_cleanup_free_ char *path = xasprintf("proc/irq/%u/smp_affinity_list", irq);
	_cleanup_free_ char *text = xasprintf("%s\n", cpus);

	fixture_set(t->f, path, text);
}

static char *host_state(const struct test *t)
{
	return fixture_dump(t->f, "proc/irq");
}

/* ---- tests ---- */

static void interrupts_leave_and_come_back(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *before = host_state(t), *after = NULL;

	claim(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true),
		    "default_smp_affinity ff -> f3\n"
		    "1-8 0-7 -> 0-1,4-7\n"
		    /* no CPU of its node is left */
		    "9 2-3 -> 0-1\n"
		    "12 3 -> 0-1\n"
		    /* and it is tried twice before it is believed */
		    "12 3 -> 0-1\n");
	assert_irq(t, 3, "0-1,4-7");
	assert_irq(t, 9, "0-1");
	assert_irq(t, 10, "0");
	assert_irq(t, 12, "3");
	assert_text(survey_fixture_run(&t->s, false), "");
	assert_int_equal(n_refused, 2);

	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "default_smp_affinity f3 -> ff\n"
						      "1-8 0-1,4-7 -> 0-7\n"
						      "9 0-1 -> 2-3\n");
	after = host_state(t);
	assert_text(after, before);
	assert_int_equal(t->s.ledger.n_entries, 0);
	assert_int_equal(n_refused, 2);
}

static void nothing_is_done_for_nobody(void **state)
{
	struct test *t = *state;

	assert_text(survey_fixture_run(&t->s, false), "");
	assert_int_equal(t->s.ledger.n_entries, 0);
	assert_int_equal(n_writes, 0);
}

static void two_domains_share(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *before = host_state(t);

	for (unsigned first_out = 0; first_out < 2; first_out++) {
		_cleanup_free_ char *after = NULL;

		claim(t, "a", "2");
		(void)survey_fixture_run(&t->s, true);
		assert_irq(t, 1, "0-1,3-7");
		assert_irq(t, 9, "3");
		claim(t, "b", "3");
		(void)survey_fixture_run(&t->s, true);
		assert_irq(t, 1, "0-1,4-7");
		assert_irq(t, 9, "0-1");
		survey_fixture_release(&t->s, first_out ? "a" : "b");
		(void)survey_fixture_run(&t->s, false);
		assert_irq(t, 1, first_out ? "0-2,4-7" : "0-1,3-7");
		assert_irq(t, 9, first_out ? "2" : "3");
		survey_fixture_release(&t->s, first_out ? "b" : "a");
		(void)survey_fixture_run(&t->s, false);
		after = host_state(t);
		assert_text(after, before);
		assert_int_equal(t->s.ledger.n_entries, 0);
		while (t->s.ledger.n_claims)
			ledger_remove_claim(&t->s.ledger, t->s.ledger.claims[0].id);
	}
}

static void every_refusal_of_managed_interrupts_is_known(void **state)
{
	static const int refusals[] = { -EIO, -EPERM, -EACCES };
	struct test *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		refusal = refusals[i];
		assert_int_equal(irq_write(&t->f->root, 12, "0"), 0);
	}
	refusal = -ENOSPC;
	assert_int_equal(irq_write(&t->f->root, 12, "0"), -ENOSPC);
	/* gone meanwhile */
	assert_int_equal(irq_write(&t->f->root, 99, "0"), 0);
	assert_int_equal(irq_write(&t->f->root, 1, "0"), 1);
}

static void a_file_without_write_permission_is_not_tried(void **state)
{
	struct test *t = *state;

	fixture_add(t->f, "proc/irq/12/smp_affinity_list [0444] = 3\n");
	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	assert_int_equal(n_refused, 0);
	assert_text(survey_fixture_entry(&t->s, "irqs"),
		    "0=10;0-1,4-7=13;0-7=1-8;2-3=9;3=12|0=10;0-1=9,12;0-1,4-7=1-8,13|"
		    "!3=12;0=10;0-1=9;0-1,4-7=1-8,13");
}

/* 20: just so; 21: its driver chose; 22: of the range that was there before. */
static void new_interrupts_are_found(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	fixture_add(t->f, "proc/irq/20/smp_affinity_list = 0-1,4-7\n"
			  "proc/irq/21/smp_affinity_list = 1-2\n"
			  "proc/irq/22/smp_affinity_list = 0-7\n");
	assert_text(survey_fixture_run(&t->s, false), "22 0-7 -> 0-1,4-7\n"
						      "21 1-2 -> 1\n");
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_irq(t, 20, "0-7"); /* what it would have got without us */
	assert_irq(t, 21, "1-2");
	assert_irq(t, 22, "0-7");
}

static void one_that_came_since_the_last_survey_is_given_back(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	fixture_add(t->f, "proc/irq/20/smp_affinity_list = 0-1,4-7\n");
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_irq(t, 20, "0-7");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void a_number_may_be_another_interrupt_now(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	set_irq(t, 10, "0-1,4-7");
	assert_text(survey_fixture_run(&t->s, false), "");
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_irq(t, 10, "0-7");
}

static void interrupts_that_are_gone_are_forgotten(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	fixture_remove(t->f, "proc/irq/9/smp_affinity_list");
	assert_text(survey_fixture_run(&t->s, false), "");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "default_smp_affinity f3 -> ff\n"
						      "1-8 0-1,4-7 -> 0-7\n");
}

static void what_somebody_else_set_is_kept(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	set_irq(t, 1, "2");
	set_irq(t, 2, "0");
	fixture_set(t->f, "proc/irq/default_smp_affinity", "01\n");
	assert_text(survey_fixture_run(&t->s, false), "");
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_irq(t, 1, "2");
	assert_irq(t, 2, "0");
	assert_irq(t, 3, "0-7");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void a_start_overrules_it_and_brings_it_back(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2");
	(void)survey_fixture_run(&t->s, true);
	set_irq(t, 1, "2-3");
	claim(t, "b", "2-3");
	(void)survey_fixture_run(&t->s, true);
	assert_irq(t, 1, "0-1");
	survey_fixture_release(&t->s, "a");
	survey_fixture_release(&t->s, "b");
	(void)survey_fixture_run(&t->s, false);
	assert_irq(t, 1, "2-3");
}

/* Its CPUs went offline: the kernel lets it go everywhere, and nobody asked for that. */
static void the_kernels_own_move_is_no_wish(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	fixture_set(t->f, "sys/devices/system/cpu/online", "1-3\n");
	set_irq(t, 10, "1-3");
	assert_contains(survey_fixture_run(&t->s, false), "10 1-3 -> 1\n");
	assert_irq(t, 10, "1");
	fixture_set(t->f, "sys/devices/system/cpu/online", "0-3\n");
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_irq(t, 10, "0");
}

/* Killed after any number of writes, when taking and when giving back. */
static void a_killed_process_leaves_nothing(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *before = host_state(t);

	for (size_t writes = 0; writes < 5; writes++) {
		_cleanup_free_ char *after = NULL;

		claim(t, "a", "2-3");
		survey_fixture_killed(&t->s, true, writes);
		survey_fixture_release(&t->s, "a");
		survey_fixture_killed(&t->s, false, writes);
		(void)survey_fixture_run(&t->s, false);
		after = host_state(t);
		assert_text(after, before);
		assert_int_equal(t->s.ledger.n_entries, 0);
		ledger_remove_claim(&t->s.ledger, t->s.ledger.claims[0].id);
	}
}

static void a_killed_survey_is_finished_by_the_next(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2");
	(void)survey_fixture_run(&t->s, true);
	claim(t, "b", "3");
	survey_fixture_killed(&t->s, true, 0);
	(void)survey_fixture_run(&t->s, false);
	assert_irq(t, 1, "0-1,4-7");
	survey_fixture_release(&t->s, "a");
	survey_fixture_release(&t->s, "b");
	(void)survey_fixture_run(&t->s, false);
	assert_irq(t, 1, "0-7");
}

static void interrupts_of_a_domains_device_go_to_its_cpus(void **state)
{
	struct test *t = *state;

	fixture_add(t->f,
		    "sys/bus/pci/devices/0000:01:00.0/driver -> ../drivers/nvme\n"
		    "sys/bus/pci/devices/0000:01:00.0/irq = 7\n"
		    "sys/bus/pci/devices/0000:01:00.0/msi_irqs/6 = msi\n"
		    "sys/bus/pci/devices/0000:02:00.0/driver -> ../drivers/vfio-pci\n"
		    "sys/bus/pci/devices/0000:02:00.0/irq = 7\n"
		    "sys/kernel/irq/7/actions = vfio-intx(0000:02:00.0)\n"
		    "sys/bus/pci/devices/0000:03:00.0/driver -> ../drivers/vfio-pci\n"
		    "sys/bus/pci/devices/0000:03:00.0/irq = 8\n"
		    "sys/kernel/irq/8/actions = ehci_hcd,vfio-intx(0000:03:00.0)\n");
	claim(t, "a", "2-3");
	survey_fixture_claim(&t->s, "a", "irq", "0000:01:00.0", "2-3");
	survey_fixture_claim(&t->s, "a", "irq", "0000:02:00.0", "2-3");
	survey_fixture_claim(&t->s, "a", "irq", "0000:03:00.0", "2-3");
	(void)survey_fixture_run(&t->s, true);
	assert_irq(t, 6, "0-1,4-7"); /* a driver of the host has it */
	assert_irq(t, 7, "2-3");
	assert_irq(t, 8, "0-1,4-7"); /* another device shares it */

	/* The guest's driver loads. */
	fixture_remove(t->f, "sys/bus/pci/devices/0000:01:00.0/msi_irqs/6");
	fixture_remove(t->f, "sys/bus/pci/devices/0000:01:00.0/driver");
	fixture_add(t->f,
		    "sys/bus/pci/devices/0000:01:00.0/driver -> ../d/mlx5_vfio_pci\n"
		    "sys/bus/pci/devices/0000:01:00.0/msi_irqs/31 = msix\n"
		    "sys/bus/pci/devices/0000:01:00.0/msi_irqs/30 = msix\n"
		    "proc/irq/{30..31}/smp_affinity_list = 0-1,4-7\n");
	assert_text(survey_fixture_run(&t->s, false), "30-31 0-1,4-7 -> 2-3\n");
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_irq(t, 7, "0-7");
	assert_irq(t, 31, "0-7");
}

static void status_tells_moved_and_fixed(void **state)
{
	struct test *t = *state;
	_cleanup_strv_ struct strv lines = STRV_NULL;
	_cleanup_free_ char *text = NULL;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	set_irq(t, 1, "3");
	resource_irq.describe(&t->s.host, &t->s.ledger, &t->s.ledger.claims[0], &lines);
	text = strv_join(&lines, "\n");
	assert_text(text, "interrupts: 8 moved off CPU 2-3\n"
			  "interrupts: 1 cannot be moved: 12 nvme0q1\n"
			  "interrupts: 1 were put there by somebody else");
}

static void a_plan_names_what_cannot_be_moved(void **state)
{
	struct test *t = *state;
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	struct planning p = { .host = &t->s.host, .notes = &notes };

	fixture_add(t->f, "proc/irq/{31..37}/smp_affinity_list [0444] = {%4}\n");
	t->s.host.root = &t->s.root;
	claim(t, "a", "0-3");
	claim(t, "none", "5");
	p.claim = &t->s.ledger.claims[0];
	assert_done(resource_irq.claim(&p, &err), &err);
	text = strv_join(&notes, "\n");
	assert_text(text,
		    "interrupts of CPU 0-3 that cannot be moved: 31 unused, 32 unused, "
		    "33 unused, 34 unused, 35 unused, 36 unused, and 1 more");
	p.claim = &t->s.ledger.claims[1];
	assert_done(resource_irq.claim(&p, &err), &err);
	assert_int_equal(notes.n, 1);
}

static void a_damaged_record_is_an_error(void **state)
{
	struct test *t = *state;
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	struct ledger *ledger = &t->s.ledger;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	ledger_set(&ledger_find_entry(ledger, "irq", "irqs")->written, "0-3");
	assert_failed(resource_irq.survey(&t->s.host, ledger, false, &changes, &err),
		      -EINVAL, &err, "record of irqs is damaged", NULL);
}

static void no_time_left_is_an_error(void **state)
{
	struct test *t = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_failed(resource_irq.write(&t->f->root, "1-8", "0-7", "0-1", 0, &err),
		      -ETIMEDOUT, &err, "no time left for interrupt 1", NULL);
	assert_failed(resource_irq.write(&t->f->root, "x", "0-7", "0-1",
					 deadline_in_ms(1000), &err),
		      -EINVAL, &err, "not a list of interrupts", NULL);
	assert_int_equal(n_writes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(interrupts_leave_and_come_back),
		TEST(nothing_is_done_for_nobody),
		TEST(two_domains_share),
		TEST(every_refusal_of_managed_interrupts_is_known),
		TEST(a_file_without_write_permission_is_not_tried),
		TEST(new_interrupts_are_found),
		TEST(one_that_came_since_the_last_survey_is_given_back),
		TEST(a_number_may_be_another_interrupt_now),
		TEST(interrupts_that_are_gone_are_forgotten),
		TEST(what_somebody_else_set_is_kept),
		TEST(a_start_overrules_it_and_brings_it_back),
		TEST(the_kernels_own_move_is_no_wish),
		TEST(a_killed_process_leaves_nothing),
		TEST(a_killed_survey_is_finished_by_the_next),
		TEST(interrupts_of_a_domains_device_go_to_its_cpus),
		TEST(status_tells_moved_and_fixed),
		TEST(a_plan_names_what_cannot_be_moved),
		TEST(a_damaged_record_is_an_error),
		TEST(no_time_left_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

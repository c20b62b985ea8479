// SPDX-License-Identifier: LGPL-2.1-or-later

/* Kernel threads that leave isolated CPUs, and come back. */

#include <sched.h>
#include <time.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "survey-fixture.h"

#define MOVABLE "2097216" /* PF_KTHREAD */
#define BOUND "69206080" /* PF_KTHREAD | PF_NO_SETAFFINITY */
#define PROCESS "4194304"

#define THREAD(pid, name, flags, cpus)                                            \
	"proc/" pid "/stat = " pid " (" name ") S 2 0 0 0 -1 " flags " 0 0 0 0\n" \
	"proc/" pid "/status = Name:\tx\\nCpus_allowed:\tff\\n"                   \
	"Cpus_allowed_list:\t" cpus "\\nMems_allowed:\t1\n"

/* 2 kthreadd, 12 for CPU 2, 15 of an interrupt, 16 on CPU 3 by wish, 80000 a process's worker. */
static const char tree[] =
	"sys/devices/system/cpu/online = 0-3\n"
	"sys/devices/system/cpu/possible = 0-7\n"
	"sys/devices/system/node/has_memory = 0\n" THREAD("1", "systemd", PROCESS,
							  "0-7") THREAD("2", "kthreadd",
									MOVABLE, "0-7")
		THREAD("12", "migration/2", BOUND,
		       "2") THREAD("14", "a) b (c 1 2 3", MOVABLE,
				   "0-7") THREAD("15", "irq/24-nvme0q1", MOVABLE,
						 "3") THREAD("16", "on-purpose", MOVABLE,
							     "3") THREAD("17",
									 "elsewhere",
									 MOVABLE, "0-1")
			THREAD("80000", "vhost-4711", MOVABLE,
			       "0-7") "proc/80000/cgroup = 0::/machine.slice/machine-qemu.scope/libvirt/emulator\n"
				      "proc/14/cgroup = 1:name=systemd:/\\n0::/\n"
				      "proc/self -> 1\n"
				      "proc/cmdline = quiet\n";

#define PARTITION "sys/fs/cgroup/cpuset.cpus.isolated"

/* ---- the kernel ---- */

static const struct fixture *kernel;
static int refusal;
static bool in_partition; /* when a thread was moved */

int __wrap_sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);

static void set_cpus(const struct fixture *f, unsigned pid, const char *cpus)
{
	_cleanup_free_ char *path = xasprintf("proc/%u/status", pid);
	_cleanup_free_ char *text =
		xasprintf("Name:\tx\nCpus_allowed:\tff\n"
			  "Cpus_allowed_list:\t%s\nMems_allowed:\t1\n",
			  cpus);

	fixture_set(f, path, text);
}

int __wrap_sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	if (fixture_has(kernel, PARTITION)) {
		_cleanup_free_ char *isolated = fixture_get(kernel, PARTITION);

		in_partition = in_partition || STREQ(isolated, "2-3\n");
	}
	if (refusal) {
		errno = refusal;
		return -1;
	}
	for (unsigned cpu = 0; cpu < size * 8; cpu++) {
		if (CPU_ISSET_S(cpu, size, set))
			bitset_add(&cpus, cpu);
	}
	list = bitset_format(&cpus);
	set_cpus(kernel, (unsigned)pid, list);
	return 0;
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
	kernel = f;
	refusal = 0;
	in_partition = false;
	fixture_add(f, tree);
	survey_fixture_setup(&t->s, f, &resource_kthread);
	t->s.root.is_host = true; /* threads are only moved there */
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
	survey_fixture_claim(&t->s, domain, "kthread", "cpus", cpus);
}

static char *state_of(const struct test *t)
{
	return fixture_dump(t->f, "proc");
}

/* ---- tests ---- */

static void threads_leave_and_come_back(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *before = state_of(t), *after = NULL;

	claim(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true), "2,14 0-7 -> 0-1,4-7\n");
	assert_text(survey_fixture_run(&t->s, false), "");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "2,14 0-1,4-7 -> 0-7\n");
	after = state_of(t);
	assert_text(after, before);
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void threads_of_a_whole_node_leave_it(void **state)
{
	struct test *t = *state;

	fixture_add(t->f, THREAD("18", "kswapd1", MOVABLE, "2-3"));
	claim(t, "a", "2-3");
	assert_contains(survey_fixture_run(&t->s, true), "18 2-3 -> 0-1\n");
	survey_fixture_release(&t->s, "a");
	assert_contains(survey_fixture_run(&t->s, false), "18 0-1 -> 2-3\n");
}

/* Before Linux 6.11 it follows its interrupt when it runs, which may be never. */
static void the_thread_of_an_interrupt_follows_it(void **state)
{
	struct test *t = *state;

	fixture_add(t->f, "proc/irq/24/smp_affinity_list = 0-3\n");
	claim(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true), "2,14 0-7 -> 0-1,4-7\n");
	fixture_set(t->f, "proc/irq/24/smp_affinity_list", "0-1\n");
	assert_text(survey_fixture_run(&t->s, false), "15 3 -> 0-1\n");
	assert_text(survey_fixture_run(&t->s, false), "");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false),
		    "2,14 0-1,4-7 -> 0-7\n15 0-1 -> 3\n");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static int end_partition(void *arg)
{
	const struct timespec moment = { .tv_nsec = 100000000 };

	(void)nanosleep(&moment, NULL);
	fixture_set(arg, PARTITION, "\n");
	return 0;
}

/* The kernel would cut the isolated CPUs out of what threads are given. */
static void a_partition_is_waited_for(void **state)
{
	struct test *t = *state;
	pid_t pid;

	claim(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true), "2,14 0-7 -> 0-1,4-7\n");
	survey_fixture_release(&t->s, "a");
	fixture_add(t->f, PARTITION " = 2-3\n");
	pid = unit_run(end_partition, t->f);
	assert_text(survey_fixture_run(&t->s, false), "2,14 0-1,4-7 -> 0-7\n");
	assert_int_equal(unit_exit_status(pid), 0);
	assert_false(in_partition);
}

static void cpus_isolated_at_boot_are_not_waited_for(void **state)
{
	struct test *t = *state;

	fixture_add(t->f, PARTITION " = 2-3\n"
				    "sys/devices/system/cpu/isolated = 2-3\n");
	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "2,14 0-1,4-7 -> 0-7\n");
	assert_true(in_partition);
}

static void the_list_of_children_is_enough(void **state)
{
	struct test *t = *state;

	fixture_add(t->f, "proc/2/task/2/children = 12 14 99 \n");
	claim(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true), "2,14 0-7 -> 0-1,4-7\n");
}

static void new_threads_are_found(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	fixture_add(t->f, THREAD("70000", "new", MOVABLE, "0-7"));
	assert_text(survey_fixture_run(&t->s, false), "70000 0-7 -> 0-1,4-7\n");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "2,14,70000 0-1,4-7 -> 0-7\n");
}

/* An isolated partition that comes and goes gives every thread what is not isolated. */
static void a_partitions_move_is_no_wish(void **state)
{
	struct test *t = *state;

	fixture_add(t->f, THREAD("18", "narrow", MOVABLE, "1-2"));
	claim(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true), "2,14 0-7 -> 0-1,4-7\n"
						     "18 1-2 -> 1\n");
	set_cpus(t->f, 18, "0-1,4-7");
	/* and one that we have not seen before */
	fixture_add(t->f, THREAD("19", "new", MOVABLE, "0-1,4-7"));
	assert_text(survey_fixture_run(&t->s, false), "18 0-1,4-7 -> 1\n");
	set_cpus(t->f, 2, "0-7");
	set_cpus(t->f, 14, "0-7");
	set_cpus(t->f, 18, "0-7");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "19 0-1,4-7 -> 0-7\n"
						      "18 0-7 -> 1-2\n");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void what_somebody_else_set_is_kept(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	set_cpus(t->f, 14, "2");
	assert_text(survey_fixture_run(&t->s, false), "");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "2 0-1,4-7 -> 0-7\n");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

/* As kcompactd and kswapd when a CPU comes online. */
static void what_the_kernel_brings_back_is_moved_again(void **state)
{
	struct test *t = *state;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	set_cpus(t->f, 14, "0-7");
	assert_text(survey_fixture_run(&t->s, false), "14 0-7 -> 0-1,4-7\n");
}

static void what_the_kernel_refuses_stays(void **state)
{
	struct test *t = *state;

	refusal = EINVAL;
	claim(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true), "2,14 0-7 -> 0-1,4-7\n"
						     "2,14 0-7 -> 0-1,4-7\n");
	assert_text(survey_fixture_run(&t->s, false), "");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

/* The id is another process's by the time of writing. */
static void only_kernel_threads_are_moved(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *before = NULL, *after = NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_add(t->f, THREAD("14", "bash", PROCESS, "0-7"));
	before = state_of(t);
	assert_done(resource_kthread.write(&t->s.root, "12,14,99", "0-7", "0-1",
					   deadline_in_ms(1000), &err),
		    &err);
	after = state_of(t);
	assert_text(after, before);
}

static void another_tree_has_no_threads_to_move(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *before = state_of(t), *after = NULL;

	t->s.root.is_host = false;
	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	after = state_of(t);
	assert_text(after, before);
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void status_tells_moved_and_bound(void **state)
{
	struct test *t = *state;
	_cleanup_strv_ struct strv lines = STRV_NULL;
	_cleanup_free_ char *text = NULL;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	set_cpus(t->f, 14, "3");
	resource_kthread.describe(&t->s.host, &t->s.ledger, &t->s.ledger.claims[0],
				  &lines);
	text = strv_join(&lines, "\n");
	assert_text(text,
		    "kernel threads: 1 moved off CPU 2-3, 1 bound to them by the kernel\n"
		    "kernel threads: 1 were put there by somebody else");
}

static void a_damaged_record_is_an_error(void **state)
{
	struct test *t = *state;
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	claim(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	ledger_set(&ledger_find_entry(&t->s.ledger, "kthread", "threads")->baseline, "=");
	assert_failed(resource_kthread.survey(&t->s.host, &t->s.ledger, false, &changes,
					      &err),
		      -EINVAL, &err, "record of threads is damaged", NULL);
}

static void bad_writes_are_errors(void **state)
{
	struct test *t = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_failed(resource_kthread.write(&t->s.root, "x", "0-7", "0-1",
					     deadline_in_ms(1000), &err),
		      -EINVAL, &err, "no threads 'x'", NULL);
	assert_failed(resource_kthread.write(&t->s.root, "2", "0-7", "0-1", 0, &err),
		      -ETIMEDOUT, &err, "no time left for thread 2", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(threads_leave_and_come_back),
		TEST(threads_of_a_whole_node_leave_it),
		TEST(the_thread_of_an_interrupt_follows_it),
		TEST(a_partition_is_waited_for),
		TEST(cpus_isolated_at_boot_are_not_waited_for),
		TEST(the_list_of_children_is_enough),
		TEST(new_threads_are_found),
		TEST(a_partitions_move_is_no_wish),
		TEST(what_somebody_else_set_is_kept),
		TEST(what_the_kernel_brings_back_is_moved_again),
		TEST(what_the_kernel_refuses_stays),
		TEST(only_kernel_threads_are_moved),
		TEST(another_tree_has_no_threads_to_move),
		TEST(status_tells_moved_and_bound),
		TEST(a_damaged_record_is_an_error),
		TEST(bad_writes_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Isolated partitions, on groups that take what the kernel would take. */

#include <fcntl.h>

#include "common/alloc.h"
#include "hook/privilege.h"
#include "survey-fixture.h"

#define CGROUP "sys/fs/cgroup/"
#define SCOPE(n) "machine.slice/machine-qemu\\x2d" #n ".scope"
#define LEAF(n, leaf) SCOPE(n) "/libvirt/" leaf
#define EXCLUSIVE "/cpuset.cpus.exclusive"
#define PARTITION "/cpuset.cpus.partition"

static struct {
	const char *refused; /* leaf of which the kernel says "isolated invalid" */
	const char *fails; /* attribute that cannot be written */
	bool may_isolate;
} kernel;

int __real_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...) _printf_(3, 4);
int __wrap_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...) _printf_(3, 4);
bool __wrap_privilege_may_isolate(void);

bool __wrap_privilege_may_isolate(void)
{
	return kernel.may_isolate;
}

/* A value that is shorter than the one before must not leave its end. */
int __wrap_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...)
{
	_cleanup_free_ char *path = NULL, *line = NULL;
	_cleanup_close_ int fd = -1;
	va_list ap;

	va_start(ap, fmt);
	path = xvasprintf(fmt, ap);
	va_end(ap);
	if (kernel.fails && strstr(path, kernel.fails))
		return -EINVAL;
	if (STREQ(value, "isolated") && kernel.refused && strstr(path, kernel.refused))
		value = "isolated invalid (Parent is not exclusive)";
	line = xasprintf("%s%s", value, STREQ(value, "\n") ? "" : "\n");
	fd = sysroot_openf(root, O_WRONLY | O_TRUNC, "%s", path);
	return fd < 0 ? fd : __real_sysroot_write(root, line, "%s", path);
}

struct setting {
	struct fixture *f;
	struct survey_fixture s;
};

static void add_group(const struct setting *t, const char *group, const char *cpus)
{
	_cleanup_free_ char *text =
		xasprintf(CGROUP "%s/cgroup.procs = \n" CGROUP
				 "%s/cpuset.cpus = %s\n" CGROUP "%s" EXCLUSIVE
				 " = \n" CGROUP "%s" PARTITION " = member\n",
			  group, group, cpus, group, group);

	fixture_add(t->f, text);
}

static int setup(void **state)
{
	struct setting *t = xcalloc(1, sizeof(*t));
	void *f;

	if (fixture_setup(&f) < 0)
		return -1;
	t->f = f;
	kernel = (typeof(kernel)){ .may_isolate = true };
	fixture_add(t->f, "sys/devices/system/cpu/online = 0-7\n"
			  "sys/devices/system/cpu/possible = 0-7\n"
			  "sys/devices/system/node/has_memory = 0\n" CGROUP
			  "cpuset.cpus.isolated = \n");
	add_group(t, "machine.slice", "");
	survey_fixture_setup(&t->s, t->f, &resource_partition);
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

static void wish(struct setting *t, const char *domain, const char *leaf, const char *cpus)
{
	survey_fixture_claim(&t->s, domain, "partition", leaf, cpus);
}

/* QEMU number @n of @domain runs, with the leaves vcpu0 and vcpu1 pinned so. */
static void run_qemu(struct setting *t, const char *domain, unsigned n, const char *pin0,
		     const char *pin1)
{
	_cleanup_free_ char *scope =
		xasprintf("machine.slice/machine-qemu\\x2d%u.scope", n);
	_cleanup_free_ char *files = xasprintf(
		"run/libvirt/qemu/%s.pid = %u\nproc/%u/cmdline = qemu -uuid %s\n", domain,
		n, n, domain);
	_cleanup_free_ char *cgroup_path = xasprintf("proc/%u/cgroup", n);
	_cleanup_free_ char *cgroup = xasprintf("0::/%s/libvirt/emulator\n", scope);
	_cleanup_free_ char *libvirt = xasprintf("%s/libvirt", scope);
	_cleanup_free_ char *leaf0 = xasprintf("%s/vcpu0", libvirt);
	_cleanup_free_ char *leaf1 = xasprintf("%s/vcpu1", libvirt);

	fixture_add(t->f, files);
	fixture_set(t->f, cgroup_path, cgroup);
	add_group(t, scope, "");
	add_group(t, libvirt, "");
	add_group(t, leaf0, pin0);
	add_group(t, leaf1, pin1);
	ledger_find_domain(&t->s.ledger, domain)->started = true;
}

static void assert_value(const struct setting *t, const char *object, const char *value)
{
	_cleanup_free_ char *path = xasprintf(CGROUP "%s", object);
	_cleanup_free_ char *text = fixture_get(t->f, path);

	assert_non_null(text);
	text[strcspn(text, "\n")] = '\0';
	assert_text(text, value);
}

static void assert_status(struct setting *t, const char *domain, const char *expected)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;
	_cleanup_free_ char *text = NULL;

	resource_partition.describe(&t->s.host, &t->s.ledger,
				    ledger_find_domain(&t->s.ledger, domain), &lines);
	text = strv_join(&lines, "\n");
	assert_text(text, expected);
}

static void leaves_become_partitions_when_qemu_runs(void **state)
{
	struct setting *t = *state;

	wish(t, "a", "vcpu0", "2");
	wish(t, "a", "vcpu1", "3");
	assert_text(survey_fixture_run(&t->s, true), "");
	run_qemu(t, "a", 1, "2", "3");
	assert_text(survey_fixture_run(&t->s, false),
		    "machine.slice" EXCLUSIVE "  -> 2-3\n" SCOPE(1) EXCLUSIVE
		    "  -> 2-3\n" SCOPE(1) "/libvirt" EXCLUSIVE
					  "  -> 2-3\n" LEAF(1, "vcpu0") EXCLUSIVE
		    "  -> 2\n" LEAF(1, "vcpu1") EXCLUSIVE "  -> 3\n" LEAF(1, "vcpu0")
			    PARTITION " member -> isolated\n" LEAF(1, "vcpu1") PARTITION
		    " member -> isolated\n");
	assert_text(survey_fixture_run(&t->s, false), "");
	assert_status(t, "a", "partition: CPU 2-3 isolated");
	assert_value(t, SCOPE(1) PARTITION, "member");

	/* Released by hand, while it runs. */
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false),
		    LEAF(1, "vcpu0") PARTITION " isolated -> member\n" LEAF(1, "vcpu1")
			    PARTITION " isolated -> member\n" LEAF(1, "vcpu1") EXCLUSIVE
		    " 3 -> \n" LEAF(1, "vcpu0") EXCLUSIVE
		    " 2 -> \n" SCOPE(1) "/libvirt" EXCLUSIVE " 2-3 -> \n" SCOPE(1)
			    EXCLUSIVE " 2-3 -> \nmachine.slice" EXCLUSIVE " 2-3 -> \n");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void the_slice_has_the_union_of_domains(void **state)
{
	struct setting *t = *state;

	fixture_add(t->f, CGROUP "machine.slice" EXCLUSIVE " = 7\n");
	wish(t, "a", "vcpu0", "2");
	wish(t, "b", "vcpu0", "3");
	run_qemu(t, "a", 1, "2", "");
	run_qemu(t, "b", 2, "3", "");
	(void)survey_fixture_run(&t->s, false);
	assert_value(t, "machine.slice" EXCLUSIVE, "2-3,7");
	assert_value(t, SCOPE(2) EXCLUSIVE, "3");
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_value(t, "machine.slice" EXCLUSIVE, "3,7");
	assert_value(t, LEAF(2, "vcpu0") PARTITION, "isolated");
	survey_fixture_release(&t->s, "b");
	(void)survey_fixture_run(&t->s, false);
	assert_value(t, "machine.slice" EXCLUSIVE, "7");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void groups_that_are_gone_are_forgotten(void **state)
{
	struct setting *t = *state;

	wish(t, "a", "vcpu0", "2");
	run_qemu(t, "a", 1, "2", "");
	(void)survey_fixture_run(&t->s, false);
	fixture_remove(t->f, CGROUP SCOPE(1) "/cgroup.procs");
	fixture_remove(t->f, CGROUP SCOPE(1) EXCLUSIVE);
	fixture_remove(t->f, CGROUP SCOPE(1) "/libvirt/cgroup.procs");
	fixture_remove(t->f, CGROUP SCOPE(1) "/libvirt" EXCLUSIVE);
	fixture_remove(t->f, CGROUP LEAF(1, "vcpu0") "/cgroup.procs");
	fixture_remove(t->f, CGROUP LEAF(1, "vcpu0") EXCLUSIVE);
	fixture_remove(t->f, CGROUP LEAF(1, "vcpu0") PARTITION);
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false),
		    "machine.slice" EXCLUSIVE " 2 -> \n");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void shared_cpus_are_nobodys_own(void **state)
{
	struct setting *t = *state;

	wish(t, "a", "vcpu0", "2");
	wish(t, "a", "vcpu1", "3");
	run_qemu(t, "a", 1, "2", "3");
	(void)survey_fixture_run(&t->s, false);
	/* As soon as another domain is prepared: libvirt pins it next. */
	wish(t, "b", "vcpu0", "2");
	(void)survey_fixture_run(&t->s, true);
	assert_value(t, LEAF(1, "vcpu0") PARTITION, "member");
	assert_value(t, LEAF(1, "vcpu0") EXCLUSIVE, "");
	assert_value(t, LEAF(1, "vcpu1") PARTITION, "isolated");
	assert_value(t, "machine.slice" EXCLUSIVE, "3");
	assert_status(t, "a",
		      "partition: vcpu0 has CPU 2 not for itself: only shielded\n"
		      "partition: CPU 3 isolated");
	survey_fixture_release(&t->s, "b");
	(void)survey_fixture_run(&t->s, false);
	assert_value(t, LEAF(1, "vcpu0") PARTITION, "isolated");
	assert_value(t, "machine.slice" EXCLUSIVE, "2-3");
}

static void a_refusal_is_remembered_and_taken_back(void **state)
{
	struct setting *t = *state;

	kernel.refused = "vcpu0";
	wish(t, "a", "vcpu0", "2");
	wish(t, "a", "vcpu1", "3");
	run_qemu(t, "a", 1, "2", "3");
	(void)survey_fixture_run(&t->s, false);
	assert_value(t, LEAF(1, "vcpu0") PARTITION, "member");
	assert_value(t, LEAF(1, "vcpu0") EXCLUSIVE, "");
	assert_value(t, LEAF(1, "vcpu1") PARTITION, "isolated");
	assert_status(t, "a",
		      "partition: vcpu0 on CPU 2 only shielded: the kernel says 'isolated "
		      "invalid (Parent is not exclusive)'\npartition: CPU 3 isolated");
	kernel.refused = NULL;
	assert_text(survey_fixture_run(&t->s, false), "");
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void a_write_that_fails_is_none_of_the_domains(void **state)
{
	struct setting *t = *state;

	kernel.fails = PARTITION;
	wish(t, "a", "vcpu0", "2");
	run_qemu(t, "a", 1, "2", "");
	(void)survey_fixture_run(&t->s, false);
	assert_value(t, LEAF(1, "vcpu0") EXCLUSIVE, "");
	assert_value(t, "machine.slice" EXCLUSIVE, "");
	assert_text(survey_fixture_run(&t->s, false), "");
}

static void who_was_killed_is_finished(void **state)
{
	for (size_t writes = 0; writes < 6; writes++) {
		struct setting *t = *state;

		if (writes > 0) {
			assert_int_equal(teardown(state), 0);
			assert_int_equal(setup(state), 0);
			t = *state;
		}
		wish(t, "a", "vcpu0", "2");
		run_qemu(t, "a", 1, "2", "");
		survey_fixture_killed(&t->s, false, writes);
		(void)survey_fixture_run(&t->s, false);
		assert_value(t, LEAF(1, "vcpu0") PARTITION, "isolated");
		assert_value(t, LEAF(1, "vcpu0") EXCLUSIVE, "2");
		survey_fixture_release(&t->s, "a");
		survey_fixture_killed(&t->s, false, writes);
		(void)survey_fixture_run(&t->s, false);
		assert_value(t, LEAF(1, "vcpu0") PARTITION, "member");
		assert_value(t, "machine.slice" EXCLUSIVE, "");
		assert_int_equal(t->s.ledger.n_entries, 0);
	}
}

static void a_vcpu_that_was_pinned_elsewhere_is_no_partition(void **state)
{
	struct setting *t = *state;

	wish(t, "a", "vcpu0", "2");
	run_qemu(t, "a", 1, "2", "");
	(void)survey_fixture_run(&t->s, false);
	fixture_add(t->f, CGROUP LEAF(1, "vcpu0") "/cpuset.cpus = 5\n");
	(void)survey_fixture_run(&t->s, false);
	assert_value(t, LEAF(1, "vcpu0") PARTITION, "member");
	assert_value(t, "machine.slice" EXCLUSIVE, "");
	assert_status(t, "a", "partition: vcpu0 on CPU 2 only shielded");
}

static void without_the_right_to_it_it_is_left_to_the_next(void **state)
{
	struct setting *t = *state;

	kernel.may_isolate = false;
	wish(t, "a", "vcpu0", "2");
	run_qemu(t, "a", 1, "2", "");
	assert_text(survey_fixture_run(&t->s, false), "");
	kernel.may_isolate = true;
	(void)survey_fixture_run(&t->s, false);
	assert_value(t, LEAF(1, "vcpu0") PARTITION, "isolated");
	/* And what is one stays one. */
	kernel.may_isolate = false;
	assert_text(survey_fixture_run(&t->s, false), "");
}

static void an_older_kernel_only_shields(void **state)
{
	struct setting *t = *state;

	fixture_remove(t->f, CGROUP "cpuset.cpus.isolated");
	wish(t, "a", "vcpu0", "2");
	run_qemu(t, "a", 1, "2", "");
	assert_text(survey_fixture_run(&t->s, false), "");
	assert_status(t, "a", "partition: needs Linux >= 6.7: only shielded");
}

static void a_qemu_that_is_not_in_libvirts_groups_is_left_alone(void **state)
{
	struct setting *t = *state;

	wish(t, "a", "vcpu0", "2");
	run_qemu(t, "a", 1, "2", "");
	fixture_add(t->f, "proc/1/cgroup = 0::/user.slice/session.scope\n");
	assert_text(survey_fixture_run(&t->s, false), "");
	fixture_remove(t->f, "run/libvirt/qemu/a.pid");
	assert_text(survey_fixture_run(&t->s, false), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(leaves_become_partitions_when_qemu_runs),
		T(the_slice_has_the_union_of_domains),
		T(groups_that_are_gone_are_forgotten),
		T(shared_cpus_are_nobodys_own),
		T(a_refusal_is_remembered_and_taken_back),
		T(a_write_that_fails_is_none_of_the_domains),
		T(who_was_killed_is_finished),
		T(a_vcpu_that_was_pinned_elsewhere_is_no_partition),
		T(without_the_right_to_it_it_is_left_to_the_next),
		T(an_older_kernel_only_shields),
		T(a_qemu_that_is_not_in_libvirts_groups_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Control groups: what a host's can do, where processes are. */

#include "common/alloc.h"
#include "hook/cgroup.h"
#include "tree-fixture.h"

static void cgroup_v2_with_cpusets_can_shield(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_add(f, "sys/fs/cgroup/cgroup.controllers = cpuset cpu io memory\n");
	assert_done(cgroup_can_shield(&f->root, &err), &err);
	assert_false(cgroup_can_isolate(&f->root));
	fixture_add(f, "sys/fs/cgroup/cpuset.cpus.isolated = \n");
	assert_true(cgroup_can_isolate(&f->root));
}

static void cgroup_v1_cannot(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	/* A hybrid host has v2 beside it. */
	fixture_add(f, "sys/fs/cgroup/cpuset/cpuset.cpus = 0-3\n"
		       "sys/fs/cgroup/unified/cgroup.controllers = \n");
	assert_failed(cgroup_can_shield(&f->root, &err), -EOPNOTSUPP, &err, "cgroup v1",
		      "systemd.unified_cgroup_hierarchy=1");
}

static void a_controller_is_a_word(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_add(f, "sys/fs/cgroup/cgroup.controllers = cpu cpusets memory\n");
	assert_failed(cgroup_can_shield(&f->root, &err), -EOPNOTSUPP, &err,
		      "'cpu cpusets memory'", "cgroup_disable=");
}

static void the_group_of_a_process_is_that_of_v2(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *group = NULL;

	fixture_set(f, "proc/7/cgroup",
		    "1:name=systemd:/elsewhere\n"
		    "0::/machine.slice/machine-qemu\\x2d1\\x2dx.scope/libvirt/emulator\n");
	assert_int_equal(cgroup_of_process(&f->root, 7, &group), 0);
	assert_text(group,
		    "machine.slice/machine-qemu\\x2d1\\x2dx.scope/libvirt/emulator");
	assert_int_equal(cgroup_of_process(&f->root, 8, &group), -ENOENT);
	fixture_set(f, "proc/9/cgroup", "4:cpuset:/\n");
	assert_int_equal(cgroup_of_process(&f->root, 9, &group), -ENOENT);
}

static void what_a_group_lacks_is_empty_and_what_is_gone_is_an_error(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *value = NULL;

	fixture_add(f, "sys/fs/cgroup/a.slice/cgroup.procs = \n"
		       "sys/fs/cgroup/b.slice/cgroup.procs = \n"
		       "sys/fs/cgroup/b.slice/cpuset.cpus = 1-2\n");
	assert_int_equal(cgroup_read(&f->root, "a.slice", "cpuset.cpus", &value), 0);
	assert_text(value, "");
	cleanup_free_ptr(&value);
	assert_int_equal(cgroup_read(&f->root, "b.slice", "cpuset.cpus", &value), 0);
	assert_text(value, "1-2");
	cleanup_free_ptr(&value);
	value = NULL;
	assert_int_equal(cgroup_read(&f->root, "c.slice", "cpuset.cpus", &value), -ENOENT);
}

static void kernel_threads_are_not_counted(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, "sys/fs/cgroup/cgroup.procs", "2\n3\n50\n51\n99\n");
	fixture_set(f, "proc/2/stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0\n");
	/* A name that looks like the fields behind it. */
	fixture_set(f, "proc/3/stat", "3 (x) S 0 0 0 0 -1 0) S 2 0 0 0 -1 69238848 0\n");
	fixture_set(f, "proc/50/stat", "50 (bash) S 1 50 50 0 -1 4194304 0 0\n");
	fixture_set(f, "proc/51/stat", "51 ((sd-pam)) S 1 50 50 0 -1 4194624 0 0\n");
	/* 99 has ended meanwhile. */
	assert_int_equal(cgroup_count_in_root(&f->root), 2);
}

static void populated_is_what_the_kernel_says(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, "sys/fs/cgroup/a/cgroup.events", "populated 1\nfrozen 0\n");
	fixture_set(f, "sys/fs/cgroup/b/cgroup.events", "populated 0\nfrozen 1\n");
	assert_true(cgroup_is_populated(&f->root, "a"));
	assert_false(cgroup_is_populated(&f->root, "b"));
	assert_false(cgroup_is_populated(&f->root, "c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
		T(cgroup_v2_with_cpusets_can_shield),
		T(cgroup_v1_cannot),
		T(a_controller_is_a_word),
		T(the_group_of_a_process_is_that_of_v2),
		T(what_a_group_lacks_is_empty_and_what_is_gone_is_an_error),
		T(kernel_threads_are_not_counted),
		T(populated_is_what_the_kernel_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Scripts of VFIO-Tools' dispatcher. */

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/alloc.h"
#include "common/strv.h"
#include "hook/dispatch.h"
#include "tree-fixture.h"

#define DIR "etc/libvirt/hooks/qemu.d/win11/prepare/begin"

static const struct dispatch prepare = { .domain = "win11",
					 .operation = "prepare",
					 .sub_operation = "begin",
					 .extra = "-",
					 .timeout_s = 30 };

/* A script in the fixture; "$T" in it is the fixture's own directory. */
static void add_script(const struct fixture *f, const char *path, mode_t mode,
		       const char *text)
{
	_cleanup_free_ char *file = fixture_path(f, path),
			    *script = xasprintf("#!/bin/sh\nT=%s\n%s\n", f->dir, text);

	fixture_set(f, path, script);
	assert_int_equal(chmod(file, mode), 0);
}

/* What scripts have written to the file "log", which is removed. */
static void assert_log(const struct fixture *f, const char *expected)
{
	_cleanup_free_ char *log = fixture_get(f, "log");

	assert_text(log, expected);
	if (log)
		fixture_remove(f, "log");
}

static void there_are_none(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_false(dispatch_has_scripts(&f->root, &prepare));
	assert_done(dispatch_run(&f->root, &prepare, &err), &err);
	fixture_add(f, DIR "/\n");
	assert_false(dispatch_has_scripts(&f->root, &prepare));
	/* Not executable; empty; a directory. */
	add_script(f, DIR "/notes", 0644, "echo notes >>$T/log");
	fixture_set(f, DIR "/empty", "");
	{
		_cleanup_free_ char *empty = fixture_path(f, DIR "/empty");

		assert_int_equal(chmod(empty, 0755), 0);
	}
	add_script(f, DIR "/deeper/script", 0755, "echo deeper >>$T/log");
	assert_false(dispatch_has_scripts(&f->root, &prepare));
	assert_done(dispatch_run(&f->root, &prepare, &err), &err);
	assert_log(f, NULL);
}

static void they_run_in_the_order_of_their_names(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	add_script(f, DIR "/20-b.sh", 0755, "echo b $# $* >>$T/log");
	add_script(f, DIR "/10-a.sh", 0755, "echo a $(cat | wc -c) >>$T/log; echo stdout");
	add_script(f, DIR "/100-c.sh", 0700, "pwd >>$T/log");
	assert_true(dispatch_has_scripts(&f->root, &prepare));
	assert_done(dispatch_run(&f->root, &prepare, &err), &err);
	assert_log(f, "a 0\n/\nb 4 win11 prepare begin -\n");
}

static void one_file_is_a_script(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	add_script(f, DIR, 0755, "echo file $4 >>$T/log");
	assert_done(dispatch_run(&f->root, &prepare, &err), &err);
	assert_log(f, "file -\n");
}

static void links_are_followed(void **state)
{
	struct fixture *f = *state;

	add_script(f, "opt/tune.sh", 0755, "echo linked >>$T/log");
	fixture_add(f, DIR "/10-tune -> /opt/tune.sh\n" DIR "/20-gone -> /nowhere\n");
	/* Links are the tree's own, and so is what they lead to only below "/". */
	assert_true(dispatch_has_scripts(&f->root, &prepare));
}

static void other_calls_have_others(void **state)
{
	struct fixture *f = *state;
	struct dispatch call = prepare;

	add_script(f, DIR "/a", 0755, "exit 0");
	call.domain = "win1";
	assert_false(dispatch_has_scripts(&f->root, &call));
	call.domain = "win11";
	call.operation = "start";
	assert_false(dispatch_has_scripts(&f->root, &call));
	call.operation = "prepare";
	call.sub_operation = "end";
	assert_false(dispatch_has_scripts(&f->root, &call));
}

static void no_name_leaves_the_directory(void **state)
{
	static const char *const names[] = { "..",	 ".",	   "",
					     "win11/..", "/win11", "../qemu.d/win11" };
	struct fixture *f = *state;
	struct dispatch call = prepare;

	add_script(f, DIR "/a", 0755, "exit 0");
	add_script(f, "etc/libvirt/hooks/prepare/begin", 0755, "exit 0");
	add_script(f, "etc/libvirt/hooks/qemu.d/prepare/begin", 0755, "exit 0");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		call.domain = names[i];
		assert_false(dispatch_has_scripts(&f->root, &call));
	}
}

static void a_failure_is_reported_by_name_and_ends_it(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	add_script(f, DIR "/1", 0755, "echo one >>$T/log");
	add_script(f, DIR "/2-bad", 0755,
		   "echo first; printf 'no\\tcard\\n\\n' >&2; exit 7");
	add_script(f, DIR "/3", 0755, "echo three >>$T/log");
	assert_failed(dispatch_run(&f->root, &prepare, &err), -ECHILD, &err,
		      DIR "/2-bad' ended with status 7: no?card", NULL);
	assert_log(f, "one\n");
}

static void where_something_is_taken_back_the_others_still_run(void **state)
{
	struct fixture *f = *state;
	struct dispatch call = prepare;
	_cleanup_error_ struct error err = ERROR_NULL;

	call.to_the_end = true;
	add_script(f, DIR "/1-bad", 0755, "exit 1");
	add_script(f, DIR "/2-worse", 0755, "kill -9 $$");
	add_script(f, DIR "/3", 0755, "echo three >>$T/log");
	assert_failed(dispatch_run(&f->root, &call, &err), -ECHILD, &err,
		      DIR "/1-bad' ended with status 1", NULL);
	assert_log(f, "three\n");
	fixture_remove(f, DIR "/1-bad");
	assert_failed(dispatch_run(&f->root, &call, &err), -ECHILD, &err,
		      DIR "/2-worse' was ended by signal 9", NULL);
}

static void what_cannot_be_run_is_a_failure(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *path = fixture_path(f, DIR "/bad");

	fixture_set(f, DIR "/bad", "#!/nowhere/sh\n");
	assert_int_equal(chmod(path, 0755), 0);
	assert_failed(dispatch_run(&f->root, &prepare, &err), -ENOENT, &err,
		      DIR "/bad': No such file or directory", NULL);
}

static void time_is_bounded_for_all_together(void **state)
{
	struct fixture *f = *state;
	struct dispatch call = prepare;
	uint64_t began = unit_now_ms();
	_cleanup_error_ struct error err = ERROR_NULL;

	call.timeout_s = 1;
	call.to_the_end = true;
	add_script(f, DIR "/1", 0755, "sleep 600; echo one >>$T/log");
	add_script(f, DIR "/2", 0755, "echo two >>$T/log");
	assert_failed(dispatch_run(&f->root, &call, &err), -ETIMEDOUT, &err,
		      DIR "/1' did not end within 1 s", "raise vfio_tools_timeout");
	assert_true(unit_now_ms() - began < 60000);
	assert_log(f, NULL);
}

/* A program that a script leaves running in the background does not hold us up. */
static void background_is_not_waited_for(void **state)
{
	struct fixture *f = *state;
	uint64_t began = unit_now_ms();
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *pid = NULL;

	add_script(f, DIR "/1", 0755, "sleep 100 & echo $! >>$T/log");
	assert_done(dispatch_run(&f->root, &prepare, &err), &err);
	assert_true(unit_now_ms() - began < 60000);
	pid = fixture_get(f, "log");
	assert_non_null(pid);
	assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), SIGKILL), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(there_are_none),
		T(they_run_in_the_order_of_their_names),
		T(one_file_is_a_script),
		T(links_are_followed),
		T(other_calls_have_others),
		T(no_name_leaves_the_directory),
		T(a_failure_is_reported_by_name_and_ends_it),
		T(where_something_is_taken_back_the_others_still_run),
		T(what_cannot_be_run_is_a_failure),
		T(time_is_bounded_for_all_together),
		T(background_is_not_waited_for),
	};

	return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}

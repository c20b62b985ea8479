// SPDX-License-Identifier: LGPL-2.1-or-later

/* Programs that we run, with sh for the program. */

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "common/deadline.h"
#include "common/program.h"
#include "tree-fixture.h"

#define SLOW_S 20

struct run {
	char *output;
	struct error err;
	int r;
};

static void run_done(struct run *run)
{
	free(run->output);
	error_done(&run->err);
}

static struct run run_script(const char *script, unsigned timeout_s, bool to_the_end)
{
	_cleanup_strv_ struct strv argv = STRV_NULL, environment = STRV_NULL;
	const struct program program = { .root = "/",
					 .argv = &argv,
					 .environment = &environment,
					 .timeout_s = timeout_s,
					 .to_the_end = to_the_end };
	struct run run = { .err = ERROR_NULL };

	strv_push(&argv, "/bin/sh");
	strv_push(&argv, "-c");
	strv_push(&argv, script);
	strv_push(&environment, "NAME=value");
	strv_push(&environment, "PATH=/usr/bin:/bin");
	run.r = program_run(&program, &run.output, &run.err);
	return run;
}

static void output_of_both_streams_is_kept(_unused_ void **state)
{
	_cleanup_(run_done) struct run run =
		run_script("echo out; echo err >&2; echo $NAME; echo ${HOME-unset}", 10,
			   false);

	assert_done(run.r, &run.err);
	assert_text(run.output, "out\nerr\nvalue\nunset\n");
}

static void there_is_no_input(_unused_ void **state)
{
	_cleanup_(run_done) struct run run =
		run_script("read x || echo nothing; pwd; test -t 1 || echo file", 10,
			   false);

	assert_done(run.r, &run.err);
	assert_text(run.output, "nothing\n/\nfile\n");
}

static void the_end_of_much_output_is_kept(_unused_ void **state)
{
	_cleanup_(run_done) struct run run = run_script(
		"i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done; "
		"echo last; exit 3",
		30, false);

	assert_failed(run.r, -ECHILD, &run.err, "status 3", NULL);
	assert_contains(run.output, "line 29999\nlast\n");
}

static void a_signal_is_named(_unused_ void **state)
{
	_cleanup_(run_done) struct run run = run_script("kill -11 $$", 10, false);

	assert_failed(run.r, -ECHILD, &run.err, "signal 11", NULL);
}

static void a_program_that_is_not_there_is_an_error(_unused_ void **state)
{
	_cleanup_strv_ struct strv argv = STRV_NULL, environment = STRV_NULL;
	const struct program program = {
		.root = "/", .argv = &argv, .environment = &environment, .timeout_s = 5
	};
	_cleanup_(run_done) struct run run = { .err = ERROR_NULL };

	strv_push(&argv, "/no/such/program");
	run.r = program_run(&program, &run.output, &run.err);
	assert_failed(run.r, -ENOENT, &run.err, "'/no/such/program'", NULL);
}

static void one_that_takes_too_long_ends_with_its_children(_unused_ void **state)
{
	uint64_t start = unit_now_ms();
	_cleanup_(run_done) struct run run =
		run_script("sleep 20 & sleep 20 & echo $!; wait", 1, false);
	pid_t child;

	assert_failed(run.r, -ETIMEDOUT, &run.err, "within 1 s", NULL);
	assert_true(unit_now_ms() - start < SLOW_S * 1000 / 2);
	child = (pid_t)strtol(run.output, NULL, 10);
	assert_true(child > 1);
	assert_int_equal(kill(child, 0), -1);
	assert_int_equal(errno, ESRCH);
}

struct victim {
	const char *dir;
	volatile int *step;
};

static int hold_lock_and_run(void *arg)
{
	const struct victim *v = arg;
	char script[512];
	struct run run;
	int fd = open(v->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return 1;
	(void)snprintf(script, sizeof(script),
		       "echo $$ >%s/pid.new && mv %s/pid.new %s/pid; "
		       "sleep 20",
		       v->dir, v->dir, v->dir);
	run = run_script(script, SLOW_S, false);
	run_done(&run);
	return 0;
}

/* What it started is gone before anybody else can have the lock. */
static void a_killed_caller_leaves_nothing_running(void **state)
{
	struct fixture *f = *state;
	struct victim victim = { .dir = f->dir };
	uint64_t limit = deadline_in_ms(SLOW_S * 1000 / 2);
	_cleanup_close_ int fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	pid_t pid = unit_run(hold_lock_and_run, &victim), program;

	while (!fixture_has(f, "pid") && deadline_left_ms(limit) > 0)
		deadline_sleep_ms(limit, 5);
	assert_true(fixture_has(f, "pid"));
	text = fixture_get(f, "pid");
	program = (pid_t)strtol(text, NULL, 10);
	assert_int_equal(kill(program, 0), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(unit_exit_status(pid), 128 + SIGKILL);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0 && deadline_left_ms(limit) > 0)
		deadline_sleep_ms(limit, 5);
	assert_true(deadline_left_ms(limit) > 0);
	assert_int_equal(kill(program, 0), -1);
}

static int interrupt_ourselves(void *arg)
{
	bool to_the_end = *(bool *)arg;
	struct run run;
	char script[64];
	int status;

	program_block_signals();
	(void)snprintf(script, sizeof(script), "kill -TERM %d; sleep %d", (int)getpid(),
		       to_the_end ? 1 : SLOW_S);
	run = run_script(script, SLOW_S, to_the_end);
	status = run.r == 0 ? 0 : run.r == -EINTR ? 1 : 2;
	/* It is told once. */
	if (program_interrupted() != to_the_end || program_interrupted())
		status = 3;
	run_done(&run);
	return status;
}

static void a_signal_interrupts_unless_it_must_not(_unused_ void **state)
{
	uint64_t start = unit_now_ms();
	bool to_the_end = false;

	assert_int_equal(unit_exit_status(unit_run(interrupt_ourselves, &to_the_end)), 1);
	assert_true(unit_now_ms() - start < SLOW_S * 1000 / 2);
	to_the_end = true;
	assert_int_equal(unit_exit_status(unit_run(interrupt_ourselves, &to_the_end)), 0);
}

/* Programs of ours die of SIGPIPE as they are used to; we do not. */
static int write_to_nobody(_unused_ void *arg)
{
	struct run run;
	int ends[2], status;

	program_block_signals();
	run = run_script("kill -PIPE $$; exit 0", 10, false);
	status = run.r == -ECHILD ? 0 : 1;
	run_done(&run);
	if (pipe2(ends, O_CLOEXEC) < 0 || close(ends[0]) < 0)
		return 2;
	if (write(ends[1], "x", 1) != -1 || errno != EPIPE)
		status = 3;
	(void)close(ends[1]);
	if (raise(SIGQUIT) != 0 || !program_interrupted())
		status = 4;
	return status;
}

static void a_reader_that_left_does_not_end_us(_unused_ void **state)
{
	assert_int_equal(unit_exit_status(unit_run(write_to_nobody, NULL)), 0);
}

/* As a kernel before 5.3 would. */
static int run_without_pidfd(_unused_ void *arg)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = { ARRAY_SIZE(code), code };
	struct run run;
	int status = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		return 1;
	run = run_script("sleep 0.2; echo done", 10, false);
	if (run.r != 0 || !STREQ(run.output, "done\n"))
		status = 2;
	run_done(&run);
	run = run_script("sleep 20", 1, false);
	if (run.r != -ETIMEDOUT)
		status = 3;
	run_done(&run);
	return status;
}

static void without_pidfds_a_program_is_waited_for(_unused_ void **state)
{
	assert_int_equal(unit_exit_status(unit_run(run_without_pidfd, NULL)), 0);
}

static void programs_are_found_below_the_root(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *full = fixture_path(f, "usr/bin/tool"), *found = NULL,
			    *none = NULL;

	fixture_add(f, "usr/bin/tool = #!/bin/sh\n");
	none = program_find(&f->root, "tool");
	assert_null(none);
	assert_int_equal(chmod(full, 0755), 0);
	found = program_find(&f->root, "tool");
	assert_text(found, "/usr/bin/tool");
}

#define FIXTURE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_of_both_streams_is_kept),
		cmocka_unit_test(there_is_no_input),
		cmocka_unit_test(the_end_of_much_output_is_kept),
		cmocka_unit_test(a_signal_is_named),
		cmocka_unit_test(a_program_that_is_not_there_is_an_error),
		cmocka_unit_test(one_that_takes_too_long_ends_with_its_children),
		FIXTURE_TEST(a_killed_caller_leaves_nothing_running),
		cmocka_unit_test(a_signal_interrupts_unless_it_must_not),
		cmocka_unit_test(a_reader_that_left_does_not_end_us),
		cmocka_unit_test(without_pidfds_a_program_is_waited_for),
		FIXTURE_TEST(programs_are_found_below_the_root),
	};

	return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}

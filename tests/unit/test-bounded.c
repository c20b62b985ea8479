// SPDX-License-Identifier: LGPL-2.1-or-later

/* Calls that may never return. */

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/alloc.h"
#include "common/bounded.h"
#include "common/deadline.h"
#include "unit.h"

#define SOON deadline_in_ms(20000)

static int return_number(void *arg, struct error *err _unused_)
{
	return *(int *)arg;
}

static void results_come_back(void **state _unused_)
{
	static const int numbers[] = { 0, 1, 255, 4711, -1, -EBUSY, -ENOENT };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		_cleanup_error_ struct error err = ERROR_NULL;
		int number = numbers[i];

		assert_int_equal(bounded_call(return_number, &number, SOON, &err),
				 numbers[i]);
		assert_text(err.cause, NULL);
		assert_text(err.remedy, NULL);
	}
}

static int fail_with_texts(void *arg, struct error *err)
{
	(void)error_set(err, -EBUSY, "device %s is busy", (const char *)arg);
	error_remedy(err, "wait for it");
	return -EBUSY;
}

static int succeed_with_text(void *arg, struct error *err)
{
	return error_set(err, 0, "%s", (const char *)arg);
}

static int only_remedy(void *arg _unused_, struct error *err)
{
	error_remedy(err, "pray");
	return -EIO;
}

static void texts_come_back(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	char name[] = "x", value[] = "(null)", empty[] = "";

	assert_int_equal(bounded_call(fail_with_texts, name, SOON, &err), -EBUSY);
	assert_text(err.cause, "device x is busy");
	assert_text(err.remedy, "wait for it");
	error_done(&err);

	assert_int_equal(bounded_call(succeed_with_text, value, SOON, &err), 0);
	assert_text(err.cause, "(null)");
	assert_text(err.remedy, NULL);
	error_done(&err);

	assert_int_equal(bounded_call(succeed_with_text, empty, SOON, &err), 0);
	assert_text(err.cause, NULL);

	assert_int_equal(bounded_call(only_remedy, NULL, SOON, &err), -EIO);
	assert_text(err.cause, NULL);
	assert_text(err.remedy, "pray");
}

static int fail_with_long_texts(void *arg, struct error *err)
{
	size_t size = *(size_t *)arg;
	_cleanup_free_ char *text = xmalloc(size + 1);

	memset(text, 'c', size);
	text[size] = '\0';
	(void)error_set(err, -E2BIG, "%s", text);
	memset(text, 'r', size);
	error_remedy(err, "%s", text);
	return -E2BIG;
}

static void large_texts_come_back_whole(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	size_t size = 30000;

	assert_int_equal(bounded_call(fail_with_long_texts, &size, SOON, &err), -E2BIG);
	assert_int_equal(strlen(err.cause), size);
	assert_int_equal(strspn(err.cause, "c"), size);
	assert_int_equal(strlen(err.remedy), size);
	assert_int_equal(strspn(err.remedy, "r"), size);
}

/* More than is received, and more than the pipe holds: cut, never waited for. */
static void larger_texts_are_cut(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	size_t size = 1000000;
	uint64_t start = unit_now_ms();

	assert_int_equal(bounded_call(fail_with_long_texts, &size, SOON, &err), -E2BIG);
	assert_in_range(strlen(err.cause), 30000, size);
	assert_int_equal(strspn(err.cause, "c"), strlen(err.cause));
	assert_text(err.remedy, NULL);
	assert_in_range(unit_now_ms() - start, 0, 10000);
}

static int sleep_forever(void *arg _unused_, struct error *err _unused_)
{
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGALRM, SIG_IGN);
	for (;;)
		(void)pause();
	return 0;
}

static void a_child_that_sleeps_is_killed(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	struct bounded job;
	uint64_t start = unit_now_ms();
	pid_t pid;

	assert_int_equal(bounded_start(&job, sleep_forever, NULL), 0);
	pid = job.pid;
	assert_int_equal(kill(pid, 0), 0);
	assert_failed(bounded_finish(&job, deadline_in_ms(50), &err), -ETIMEDOUT, &err,
		      "did not answer in time", NULL);
	assert_in_range(unit_now_ms() - start, 49, 10000);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(fcntl(job.fd, F_GETFD), -1);
}

static void a_deadline_in_the_past_is_a_timeout(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_failed(bounded_call(sleep_forever, NULL, 0, &err), -ETIMEDOUT, &err,
		      "in time", NULL);
}

static int die(void *arg, struct error *err)
{
	(void)error_set(err, -EPERM, "nobody hears this");
	if (*(int *)arg)
		(void)raise(*(int *)arg);
	_exit(0);
}

static void a_child_that_dies_is_an_error(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	int signals[] = { SIGKILL, SIGTERM, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		assert_failed(bounded_call(die, &signals[i], SOON, &err), -EIO, &err,
			      "killed", NULL);
}

static int list_streams(void *arg _unused_, struct error *err)
{
	char targets[3][64] = { "", "", "" };

	for (int i = 0; i < 3; i++) {
		_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", i);
		ssize_t n = readlink(path, targets[i], sizeof(targets[i]) - 1);

		if (n < 0)
			return -errno;
	}
	return error_set(err, 0, "%s %s %s", targets[0], targets[1], targets[2]);
}

static void a_child_holds_no_standard_stream(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_int_equal(bounded_call(list_streams, NULL, SOON, &err), 0);
	assert_text(err.cause, "/dev/null /dev/null /dev/null");
}

struct stream_test {
	int reader;
	struct bounded job;
};

/* As the hook is run: the pipe's writing end is our stderr and nothing else. */
static int start_with_stderr_on_pipe(void *arg)
{
	struct stream_test *test = arg;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0 || dup2(fds[1], STDERR_FILENO) < 0)
		return 1;
	(void)close(fds[1]);
	test->reader = fds[0];
	if (bounded_start(&test->job, sleep_forever, NULL) < 0)
		return 2;
	(void)close(STDERR_FILENO);
	return 0;
}

static int read_stderr_to_its_end(void *arg)
{
	struct stream_test *test = arg;
	struct error err = ERROR_NULL;
	char c;
	int r = start_with_stderr_on_pipe(test);

	if (r)
		return r;
	(void)alarm(10); /* a child that holds it would keep us here */
	r = read(test->reader, &c, 1) == 0 ? 0 : 3;
	return bounded_finish(&test->job, 0, &err) == -ETIMEDOUT ? r : 4;
}

static void a_child_keeps_no_reader_of_stderr_waiting(void **state _unused_)
{
	struct stream_test test = { 0 };

	assert_int_equal(unit_exit_status(unit_run(read_stderr_to_its_end, &test)), 0);
}

static int wait_a_little(void *arg, struct error *err _unused_)
{
	deadline_sleep_ms(UINT64_MAX, 300);
	return *(int *)arg;
}

static void jobs_run_at_the_same_time(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	struct bounded jobs[8];
	int numbers[8];
	uint64_t start = unit_now_ms();

	for (int i = 0; i < 8; i++) {
		numbers[i] = i;
		assert_int_equal(bounded_start(&jobs[i], wait_a_little, &numbers[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		assert_int_equal(bounded_finish(&jobs[i], SOON, &err), i);
	assert_in_range(unit_now_ms() - start, 299, 2000);
}

struct orphan {
	volatile pid_t pid;
	volatile int ready;
};

static int say_ready(void *arg, struct error *err)
{
	((struct orphan *)arg)->ready = 1;
	return sleep_forever(NULL, err);
}

static int start_and_die(void *arg)
{
	struct orphan *orphan = arg;
	struct bounded job;

	if (bounded_start(&job, say_ready, arg) < 0)
		return 1;
	orphan->pid = job.pid;
	while (!orphan->ready)
		deadline_sleep_ms(UINT64_MAX, 1);
	return 0;
}

static void a_child_dies_with_its_parent(void **state _unused_)
{
	struct orphan *orphan = unit_shared(sizeof(*orphan));
	pid_t reaped = 0;

	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(unit_exit_status(unit_run(start_and_die, orphan)), 0);
	for (int i = 0; i < 1000 && reaped == 0; i++) {
		reaped = waitpid(orphan->pid, NULL, WNOHANG);
		deadline_sleep_ms(UINT64_MAX, 5);
	}
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	assert_int_equal(reaped, orphan->pid);
}

struct lock {
	int fd;
	ino_t inode;
};

/* The number may be another file's in the child. */
static int holds(void *arg, struct error *err _unused_)
{
	const struct lock *lock = arg;
	struct stat st;

	return fstat(lock->fd, &st) == 0 && st.st_ino == lock->inode;
}

static void a_child_that_only_looks_holds_no_lock(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	struct bounded job;
	int fds[2];
	struct stat st;
	struct lock lock;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fstat(fds[0], &st), 0);
	lock = (struct lock){ fds[0], st.st_ino };
	bounded_set_lock_fd(lock.fd);
	assert_int_equal(bounded_call(holds, &lock, SOON, &err), 1);
	assert_int_equal(bounded_look(holds, &lock, SOON, &err), 0);
	assert_int_equal(bounded_start_apart(&job, holds, &lock), 0);
	assert_int_equal(bounded_finish(&job, SOON, &err), 0);
	bounded_set_lock_fd(-1);
	assert_int_equal(bounded_look(holds, &lock, SOON, &err), 1);
	/* All that were killed by now could be. */
	assert_false(bounded_left_behind());
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static int call_without_streams(void *arg _unused_)
{
	struct error err = ERROR_NULL;
	int number = 7;

	for (int i = 0; i < 3; i++)
		(void)close(i);
	return bounded_call(return_number, &number, SOON, &err);
}

/* The result's pipe must not become one of the streams that the child gives up. */
static void it_works_with_closed_standard_streams(void **state _unused_)
{
	assert_int_equal(unit_exit_status(unit_run(call_without_streams, NULL)), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_come_back),
		cmocka_unit_test(texts_come_back),
		cmocka_unit_test(large_texts_come_back_whole),
		cmocka_unit_test(larger_texts_are_cut),
		cmocka_unit_test(a_child_that_sleeps_is_killed),
		cmocka_unit_test(a_deadline_in_the_past_is_a_timeout),
		cmocka_unit_test(a_child_that_dies_is_an_error),
		cmocka_unit_test(a_child_holds_no_standard_stream),
		cmocka_unit_test(a_child_keeps_no_reader_of_stderr_waiting),
		cmocka_unit_test(jobs_run_at_the_same_time),
		cmocka_unit_test(a_child_dies_with_its_parent),
		cmocka_unit_test(a_child_that_only_looks_holds_no_lock),
		cmocka_unit_test(it_works_with_closed_standard_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

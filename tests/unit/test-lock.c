// SPDX-License-Identifier: LGPL-2.1-or-later

/* Locks between processes. */

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>

#include "common/deadline.h"
#include "common/lock.h"
#include "tree-fixture.h"

struct test {
	char *path;
	int fd;
	volatile int *step; /* shared between the processes */
	int kind; /* of lock: 'p'rocess or 's'hared */
};

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	void *fixture;

	if (!t || fixture_setup(&fixture) < 0)
		return -1;
	/* The fixture's directory is ours until the file is removed with it. */
	t->path = fixture_path(fixture, "lock");
	t->fd = open(t->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (t->fd < 0)
		return -1;
	(void)unlink(t->path);
	if (fixture_teardown(&fixture) < 0)
		return -1;
	t->step = unit_shared(sizeof(*t->step));
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	(void)close(t->fd);
	free(t->path);
	free(t);
	return 0;
}

/* The same file, open a second time. */
static int open_again(const struct test *t)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	return open(path, O_RDWR | O_CLOEXEC);
}

static void wait_for_step(const struct test *t, int step)
{
	for (int i = 0; *t->step < step && i < 10000; i++)
		deadline_sleep_ms(UINT64_MAX, 1);
}

static int try_50_ms(void *arg)
{
	const struct test *t = arg;
	int fd = open_again(t);
	int r = t->kind == 'p' ? lock_process(fd, deadline_in_ms(50)) :
				 lock_shared(fd, 0, deadline_in_ms(50));

	return -r;
}

static void a_process_lock_excludes_other_processes(void **state)
{
	struct test *t = *state;
	uint64_t start = unit_now_ms();

	t->kind = 'p';
	assert_int_equal(lock_process(t->fd, 0), 0);
	assert_int_equal(lock_process(t->fd, 0), 0); /* it is ours */
	assert_int_equal(unit_exit_status(unit_run(try_50_ms, t)), ETIMEDOUT);
	assert_in_range(unit_now_ms() - start, 49, 10000);
	unlock_process(t->fd);
	assert_int_equal(unit_exit_status(unit_run(try_50_ms, t)), 0);
	/* That process is gone, and its lock with it. */
	assert_int_equal(lock_process(t->fd, 0), 0);
}

static int hold_100_ms(void *arg)
{
	struct test *t = arg;
	int fd = open_again(t);
	int r = t->kind == 'p' ? lock_process(fd, 0) : lock_shared_try(fd, 0);

	*t->step = 1;
	deadline_sleep_ms(UINT64_MAX, 100);
	if (t->kind == 'p')
		unlock_process(fd);
	else
		unlock_shared(fd, 0);
	*t->step = 2;
	wait_for_step(t, 3);
	return -r;
}

static void a_waiter_gets_the_lock_when_it_is_dropped(void **state)
{
	struct test *t = *state;
	static const int kinds[] = { 'p', 's' };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		pid_t pid;
		int r;

		t->kind = kinds[i];
		*t->step = 0;
		pid = unit_run(hold_100_ms, t);
		wait_for_step(t, 1);
		r = t->kind == 'p' ? lock_process(t->fd, deadline_in_ms(20000)) :
				     lock_shared(t->fd, 0, deadline_in_ms(20000));
		wait_for_step(t, 2);
		*t->step = 3;
		assert_int_equal(unit_exit_status(pid), 0);
		assert_int_equal(r, 0);
		unlock_process(t->fd);
	}
}

static int hold_until_killed(void *arg)
{
	struct test *t = arg;

	if (lock_process(open_again(t), 0) < 0)
		return 1;
	*t->step = 1;
	for (;;)
		(void)pause();
}

static void a_killed_holder_holds_nothing(void **state)
{
	struct test *t = *state;
	pid_t pid = unit_run(hold_until_killed, t);

	wait_for_step(t, 1);
	assert_int_equal(lock_process(t->fd, deadline_in_ms(30)), -ETIMEDOUT);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(unit_exit_status(pid), 128 + SIGKILL);
	assert_int_equal(lock_process(t->fd, 0), 0);
}

static void on_signal(int signal _unused_)
{
}

static void waiting_leaves_no_timer_and_no_handler(void **state)
{
	struct test *t = *state;
	struct sigaction mine = { .sa_handler = on_signal }, now = { 0 }, former = { 0 };
	struct itimerval timer;
	sigset_t alarm, mask;
	pid_t pid = unit_run(hold_until_killed, t);

	wait_for_step(t, 1);
	assert_int_equal(sigaction(SIGALRM, &mine, &former), 0);
	/* Whoever started us may have blocked it: the wait has an end all the same. */
	(void)sigemptyset(&alarm);
	(void)sigaddset(&alarm, SIGALRM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &alarm, NULL), 0);
	assert_int_equal(lock_process(t->fd, deadline_in_ms(30)), -ETIMEDOUT);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &alarm, &mask), 0);
	assert_true(sigismember(&mask, SIGALRM));
	assert_int_equal(sigaction(SIGALRM, &former, &now), 0);
	assert_true(now.sa_handler == on_signal);
	assert_int_equal(getitimer(ITIMER_REAL, &timer), 0);
	assert_int_equal(timer.it_value.tv_sec + timer.it_value.tv_usec, 0);
	assert_int_equal(timer.it_interval.tv_sec + timer.it_interval.tv_usec, 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(unit_exit_status(pid), 128 + SIGKILL);
}

/* Takes the lock, leaves a child behind that never asked for it, and ends. */
static int take_and_leave_a_child(void *arg)
{
	struct test *t = arg;
	int fd = open_again(t);
	int r = t->kind == 'p' ? lock_process(fd, 0) : lock_shared_try(fd, 0);
	pid_t pid;

	if (r < 0)
		return 1;
	pid = fork();
	if (pid < 0)
		return 2;
	if (pid == 0) {
		for (;;)
			(void)pause();
	}
	*t->step = pid;
	return 0;
}

static void a_process_lock_is_not_kept_by_a_child(void **state)
{
	struct test *t = *state;

	t->kind = 'p';
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(unit_exit_status(unit_run(take_and_leave_a_child, t)), 0);
	assert_int_equal(lock_process(t->fd, 0), 0);
	assert_int_equal(kill(*t->step, SIGKILL), 0);
	assert_int_equal(unit_exit_status(*t->step), 128 + SIGKILL);
}

static void a_shared_lock_lives_on_in_a_child(void **state)
{
	struct test *t = *state;

	t->kind = 's';
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(unit_exit_status(unit_run(take_and_leave_a_child, t)), 0);
	assert_int_equal(lock_shared_try(t->fd, 0), -EAGAIN);
	assert_int_equal(lock_shared(t->fd, 0, deadline_in_ms(30)), -ETIMEDOUT);
	assert_int_equal(kill(*t->step, SIGKILL), 0);
	assert_int_equal(unit_exit_status(*t->step), 128 + SIGKILL);
	assert_int_equal(lock_shared_try(t->fd, 0), 0);
}

static void shared_locks_are_of_one_byte(void **state)
{
	struct test *t = *state;
	_cleanup_close_ int other = open_again(t);
	const uint64_t far = UINT64_C(1) << 40;

	assert_int_equal(lock_shared_try(t->fd, far), 0);
	assert_int_equal(lock_shared_try(other, far), -EAGAIN);
	assert_int_equal(lock_shared_try(other, far - 1), 0);
	assert_int_equal(lock_shared_try(other, far + 1), 0);
	assert_int_equal(lock_shared_try(t->fd, far + 1), -EAGAIN);
	assert_true(shared_is_locked(t->fd, far + 1));
	assert_true(shared_is_locked(other, far));
	assert_false(shared_is_locked(t->fd, far)); /* it is ours */
	assert_false(shared_is_locked(t->fd, far + 2));
	unlock_shared(t->fd, far);
	assert_int_equal(lock_shared_try(other, far), 0);
}

static void a_bad_descriptor_is_an_error(void **state _unused_)
{
	assert_int_equal(lock_process(-1, deadline_in_ms(1000)), -EBADF);
	assert_int_equal(lock_shared_try(-1, 0), -EBADF);
	assert_int_equal(lock_shared(-1, 0, deadline_in_ms(1000)), -EBADF);
	assert_false(shared_is_locked(-1, 0));
}

#define LOCK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOCK_TEST(a_process_lock_excludes_other_processes),
		LOCK_TEST(a_waiter_gets_the_lock_when_it_is_dropped),
		LOCK_TEST(a_killed_holder_holds_nothing),
		LOCK_TEST(waiting_leaves_no_timer_and_no_handler),
		LOCK_TEST(a_process_lock_is_not_kept_by_a_child),
		LOCK_TEST(a_shared_lock_lives_on_in_a_child),
		LOCK_TEST(shared_locks_are_of_one_byte),
		LOCK_TEST(a_bad_descriptor_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

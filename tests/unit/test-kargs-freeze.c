// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * Freezing and thawing, with ioctl(2) in our hands: a shared counter stands for the file system, and
 * children die where they are told to.
 */

#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "common/deadline.h"
#include "grubcfg/freeze.h"
#include "tree-fixture.h"

struct fake {
	volatile int frozen; /* as often */
	volatile int n_freezes, n_thaws;
	volatile int error; /* of freezing */
	volatile bool dies; /* who froze it, before it thaws */
	volatile bool hangs; /* in thawing, until the caller is killed */
	volatile pid_t worker;
};

static struct fake *fake;

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(_unused_ int fd, unsigned long request, ...)
{
	if (request == FIFREEZE) {
		if (fake->error) {
			errno = fake->error;
			return -1;
		}
		fake->worker = getpid();
		fake->frozen++;
		fake->n_freezes++;
		if (fake->dies)
			(void)kill(getpid(), SIGKILL);
		return 0;
	}
	if (fake->hangs && getpid() == fake->worker)
		for (;;)
			(void)pause();
	if (fake->frozen == 0) {
		errno = EINVAL;
		return -1;
	}
	fake->frozen--;
	fake->n_thaws++;
	return 0;
}

static int setup(_unused_ void **state)
{
	if (!fake)
		fake = unit_shared(sizeof(*fake));
	*fake = (struct fake){ 0 };
	return 0;
}

static void it_freezes_and_thaws(_unused_ void **state)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(freeze_and_thaw(0, 30, &err), &err);
	assert_int_equal(fake->n_freezes, 1);
	assert_int_equal(fake->n_thaws, 1);
	assert_int_equal(fake->frozen, 0);
}

/* Frozen by somebody else, or of a kind that cannot be: not ours to thaw. */
static void what_cannot_be_frozen_is_left_alone(_unused_ void **state)
{
	static const int errors[] = { EOPNOTSUPP, EBUSY };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_error_ struct error err = ERROR_NULL;

		fake->error = errors[i];
		fake->frozen = 1;
		assert_done(freeze_and_thaw(0, 30, &err), &err);
		assert_int_equal(fake->frozen, 1);
	}
}

static void another_error_is_reported(_unused_ void **state)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	fake->error = EIO;
	assert_failed(freeze_and_thaw(0, 30, &err), -EIO, &err, "'/boot'", NULL);
}

static void one_that_dies_frozen_is_thawed_by_the_other(_unused_ void **state)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	uint64_t start = unit_now_ms();

	fake->dies = true;
	assert_failed(freeze_and_thaw(0, 30, &err), -EINTR, &err, "'/boot'", NULL);
	assert_int_equal(fake->frozen, 0);
	assert_true(unit_now_ms() - start < 15000);
}

static int freeze_in_child(_unused_ void *arg)
{
	struct error err = ERROR_NULL;

	return -freeze_and_thaw(0, 1, &err);
}

static void assert_thawed_within(uint64_t ms)
{
	uint64_t limit = deadline_in_ms(ms);

	while (fake->frozen && deadline_left_ms(limit) > 0)
		deadline_sleep_ms(limit, 5);
	assert_int_equal(fake->frozen, 0);
}

static void a_killed_caller_leaves_nothing_frozen(_unused_ void **state)
{
	uint64_t limit = deadline_in_ms(10000);
	pid_t pid;

	fake->hangs = true;
	pid = unit_run(freeze_in_child, NULL);
	while (!fake->frozen && deadline_left_ms(limit) > 0)
		deadline_sleep_ms(limit, 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(unit_exit_status(pid), 128 + SIGKILL);
	assert_thawed_within(10000);
	assert_int_equal(kill(fake->worker, SIGKILL), 0);
}

/* Everybody but the watchdog is gone: it does not wait for the end of its time. */
static void nobody_left_means_thaw_at_once(_unused_ void **state)
{
	uint64_t limit = deadline_in_ms(10000);
	pid_t pid;

	fake->hangs = true;
	pid = unit_run(freeze_in_child, NULL);
	while (!fake->frozen && deadline_left_ms(limit) > 0)
		deadline_sleep_ms(limit, 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(kill(fake->worker, SIGKILL), 0);
	assert_int_equal(unit_exit_status(pid), 128 + SIGKILL);
	assert_thawed_within(10000);
}

static void another_root_has_nothing_to_freeze(void **state)
{
	struct fixture *f;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_int_equal(fixture_setup(state), 0);
	f = *state;
	fixture_add(f, "boot/\n");
	assert_done(freeze_boot(&f->root, &err), &err);
	f->root.is_host = true; /* /boot is on the root file system */
	assert_done(freeze_boot(&f->root, &err), &err);
	assert_int_equal(fake->n_freezes, 0);
	assert_int_equal(fixture_teardown(state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_freezes_and_thaws, setup),
		cmocka_unit_test_setup(what_cannot_be_frozen_is_left_alone, setup),
		cmocka_unit_test_setup(another_error_is_reported, setup),
		cmocka_unit_test_setup(one_that_dies_frozen_is_thawed_by_the_other, setup),
		cmocka_unit_test_setup(a_killed_caller_leaves_nothing_frozen, setup),
		cmocka_unit_test_setup(nobody_left_means_thaw_at_once, setup),
		cmocka_unit_test_setup(another_root_has_nothing_to_freeze, setup),
	};

	return cmocka_run_group_tests_name("kargs-freeze", tests, NULL, NULL);
}

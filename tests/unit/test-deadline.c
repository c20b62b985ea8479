// SPDX-License-Identifier: LGPL-2.1-or-later

/* Points in time. */

#include <limits.h>

#include "common/deadline.h"
#include "unit.h"

static void time_left_is_counted_down(void **state _unused_)
{
	uint64_t deadline = deadline_in_ms(60000);
	int left = deadline_left_ms(deadline);

	assert_in_range(left, 59000, 60000);
	deadline_sleep_ms(deadline, 20);
	assert_in_range(deadline_left_ms(deadline), 50000, (uintmax_t)left - 19);
}

static void time_left_is_rounded_up(void **state _unused_)
{
	/* Half a millisecond from now is one, not none. */
	uint64_t now = deadline_in_ms(0);

	assert_int_equal(deadline_left_ms(now + UINT64_C(3600) * 1000000000 + 999999) > 0,
			 1);
	assert_in_range(deadline_left_ms(deadline_in_ms(5)), 1, 5);
}

static void what_has_passed_has_nothing_left(void **state _unused_)
{
	assert_int_equal(deadline_left_ms(0), 0);
	assert_int_equal(deadline_left_ms(deadline_in_ms(0)), 0);
}

static void the_far_future_does_not_overflow(void **state _unused_)
{
	assert_int_equal(deadline_left_ms(UINT64_MAX), INT_MAX);
}

static void the_earlier_of_two_limits_counts(void **state _unused_)
{
	uint64_t near = deadline_in_ms(1000), far = deadline_in_ms(100000);

	assert_true(deadline_within_ms(near, 50000) == near);
	assert_true(deadline_within_ms(far, 2000) < far);
	assert_in_range(deadline_left_ms(deadline_within_ms(far, 2000)), 1000, 2000);
	assert_true(deadline_within_ms(0, 1000) == 0);
}

static void sleep_ends_with_the_deadline(void **state _unused_)
{
	uint64_t start = unit_now_ms();

	deadline_sleep_ms(deadline_in_ms(30), 60000);
	assert_in_range(unit_now_ms() - start, 29, 10000);
	start = unit_now_ms();
	deadline_sleep_ms(0, 60000);
	assert_in_range(unit_now_ms() - start, 0, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_left_is_counted_down),
		cmocka_unit_test(time_left_is_rounded_up),
		cmocka_unit_test(what_has_passed_has_nothing_left),
		cmocka_unit_test(the_far_future_does_not_overflow),
		cmocka_unit_test(the_earlier_of_two_limits_counts),
		cmocka_unit_test(sleep_ends_with_the_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

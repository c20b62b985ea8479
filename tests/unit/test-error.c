// SPDX-License-Identifier: LGPL-2.1-or-later

/* Cause and remedy. */

#include "common/error.h"
#include "unit.h"

static void setting_returns_the_code(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_int_equal(error_set(&err, -ENOENT, "no '%s' of %d", "thing", 3), -ENOENT);
	assert_text(err.cause, "no 'thing' of 3");
	assert_text(err.remedy, NULL);
	assert_int_equal(error_set(&err, 0, "a text"), 0);
	assert_text(err.cause, "a text");
}

static void setting_again_drops_the_former(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	(void)error_set(&err, -EIO, "first");
	error_remedy(&err, "of the first");
	assert_int_equal(error_set(&err, -EPERM, "second"), -EPERM);
	assert_text(err.cause, "second");
	assert_text(err.remedy, NULL);
}

static void the_first_remedy_stays(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	error_remedy(&err, "do %s", "this");
	error_remedy(&err, "do that");
	assert_text(err.remedy, "do this");
	assert_text(err.cause, NULL);
}

static void prefixes_come_before(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	error_prefix(&err, "device %d", 1);
	assert_text(err.cause, "device 1: failed");
	(void)error_set(&err, -EIO, "it is stuck");
	error_remedy(&err, "wait");
	error_prefix(&err, "device %d", 2);
	error_prefix(&err, "passthrough");
	assert_text(err.cause, "passthrough: device 2: it is stuck");
	assert_text(err.remedy, "wait");
}

static void texts_are_one_line(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	(void)error_set(&err, -EINVAL, "'%s'", "a\nb\tc\033[1m\r\177");
	assert_text(err.cause, "'a b c [1m  '");
	error_remedy(&err, "do\nthis");
	assert_text(err.remedy, "do this");
	error_prefix(&err, "domain '%s'", "x\ny");
	assert_text(err.cause, "domain 'x y': 'a b c [1m  '");
	(void)error_set(&err, -EINVAL, "%s", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac");
	assert_text(err.cause, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac"); /* UTF-8 stays */
}

static void it_can_be_used_again_when_done(void **state _unused_)
{
	struct error err = ERROR_NULL;

	error_done(&err);
	(void)error_set(&err, -EIO, "x");
	error_remedy(&err, "y");
	error_done(&err);
	assert_text(err.cause, NULL);
	assert_text(err.remedy, NULL);
	error_done(&err);
	(void)error_set(&err, -EIO, "z");
	assert_text(err.cause, "z");
	error_done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setting_returns_the_code),
		cmocka_unit_test(setting_again_drops_the_former),
		cmocka_unit_test(the_first_remedy_stays),
		cmocka_unit_test(prefixes_come_before),
		cmocka_unit_test(texts_are_one_line),
		cmocka_unit_test(it_can_be_used_again_when_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

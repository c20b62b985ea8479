// SPDX-License-Identifier: LGPL-2.1-or-later

/* A change taken out of another command line. */

#include "common/alloc.h"
#include "grubcfg/inverse.h"
#include "unit.h"

static void inverse_is(const char *before, const char *after, const char *text,
		       const char *expected)
{
	_cleanup_cmdline_ struct cmdline a = { 0 }, b = { 0 }, line = { 0 };
	_cleanup_free_ char *got = NULL, *again = NULL;

	cmdline_parse(&b, before, ARG_NEW);
	cmdline_parse(&a, after, ARG_NEW);
	cmdline_parse(&line, text, 0);
	assert_int_equal(inverse_apply(&line, &b, &a), strcmp(text, expected) != 0);
	got = cmdline_format(&line);
	assert_text(got, expected);
	assert_false(inverse_apply(&line, &b, &a));
	again = cmdline_format(&line);
	assert_text(again, expected);
}

static void what_came_goes(_unused_ void **state)
{
	inverse_is("root=1 quiet", "root=1 quiet a=1 b=2", "root=1 quiet a=1 b=2",
		   "root=1 quiet");
	inverse_is("root=1 quiet", "root=1 quiet a=1", "a=1 id=7 root=2 splash quiet",
		   "id=7 root=2 splash quiet");
	inverse_is("", "a=1", "a=1", "");
	inverse_is("", "dyndbg=\"x +p\"", "quiet dyndbg=\"x +p\" -- 3", "quiet -- 3");
}

static void what_was_replaced_comes_back_where_it_stood(_unused_ void **state)
{
	inverse_is("ro i=off q", "ro i=on q x=1", "ro i=on q x=1 id=7", "ro i=off q id=7");
	inverse_is("ro i=off q", "ro i=on q", "id=7 q i=on", "id=7 q i=off");
	/* Not what is another one's. */
	inverse_is("ro i=off q", "ro i=on q", "ro i=pt q", "ro i=pt q");
	inverse_is("ro i=off q", "ro i=on q", "ro q", "ro q");
}

static void what_went_comes_back(_unused_ void **state)
{
	inverse_is("ro quiet splash x", "ro x", "id=7 ro x y", "id=7 ro quiet splash x y");
	inverse_is("quiet", "", "id=7 -- 3", "id=7 quiet -- 3");
	inverse_is("ro quiet", "ro", "quiet id=7", "quiet id=7");
}

static void pairs_stay_pairs(_unused_ void **state)
{
	inverse_is("hugepagesz=2M hugepages=10 hugepagesz=1G hugepages=4",
		   "hugepagesz=2M hugepages=4 hugepagesz=1G hugepages=4",
		   "ro hugepagesz=2M hugepages=4 hugepagesz=1G hugepages=4 id=7",
		   "ro hugepagesz=2M hugepages=10 hugepagesz=1G hugepages=4 id=7");
	inverse_is("hugepagesz=1G hugepages=4",
		   "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=4",
		   "ro hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=4",
		   "ro hugepagesz=1G hugepages=4");
	inverse_is("console=tty0", "console=tty0 console=ttyS0",
		   "console=tty0 console=ttyS0", "console=tty0");
}

static void locked_ones_stay(_unused_ void **state)
{
	_cleanup_cmdline_ struct cmdline before = { 0 }, after = { 0 }, line = { 0 };

	cmdline_parse(&after, "a=1", ARG_NEW);
	cmdline_parse(&line, "a=1", 0);
	line.items[0].locked = xstrdup("tuned's");
	assert_false(inverse_apply(&line, &before, &after));
	assert_int_equal(line.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_goes),
		cmocka_unit_test(what_was_replaced_comes_back_where_it_stood),
		cmocka_unit_test(what_went_comes_back),
		cmocka_unit_test(pairs_stay_pairs),
		cmocka_unit_test(locked_ones_stay),
	};

	return cmocka_run_group_tests_name("kargs-inverse", tests, NULL, NULL);
}

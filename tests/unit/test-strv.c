// SPDX-License-Identifier: LGPL-2.1-or-later

/* Lists of strings. */

#include "common/alloc.h"
#include "common/strv.h"
#include "unit.h"

static void assert_joined(const struct strv *v, const char *expected)
{
	_cleanup_free_ char *text = strv_join(v, "|");

	assert_string_equal(text, expected);
}

static void strings_are_appended(void **state _unused_)
{
	_cleanup_strv_ struct strv v = STRV_NULL;
	char text[] = "one";

	strv_push(&v, text);
	text[0] = 'x'; /* the list has a copy */
	strv_push_take(&v, xstrdup("two"));
	strv_pushf(&v, "%s-%d", "three", 3);
	strv_push(&v, "");
	assert_int_equal(v.n, 4);
	assert_joined(&v, "one|two|three-3|");
	strv_done(&v);
	assert_int_equal(v.n, 0);
	assert_joined(&v, "");
}

static void membership_is_of_whole_strings(void **state _unused_)
{
	_cleanup_strv_ struct strv v = STRV_NULL;

	assert_false(strv_contains(&v, "a"));
	strv_split(&v, "alpha beta", " ");
	assert_true(strv_contains(&v, "alpha"));
	assert_true(strv_contains(&v, "beta"));
	assert_false(strv_contains(&v, "alph"));
	assert_false(strv_contains(&v, ""));
}

static void splitting_drops_empty_words(void **state _unused_)
{
	static const struct {
		const char *text, *separators, *expected;
	} cases[] = {
		{ "", " ", "" },
		{ "   ", " ", "" },
		{ "a", " ", "a" },
		{ " a  b ", " ", "a|b" },
		{ "a,b;c", ",;", "a|b|c" },
		{ ",,a,,", ",", "a" },
		{ "a b", ",", "a b" },
		{ "a\nb\n", "\n", "a|b" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strv_ struct strv v = STRV_NULL;

		strv_split(&v, cases[i].text, cases[i].separators);
		assert_joined(&v, cases[i].expected);
	}
}

static void splitting_appends(void **state _unused_)
{
	_cleanup_strv_ struct strv v = STRV_NULL;

	strv_push(&v, "first");
	strv_split(&v, "second third", " ");
	assert_joined(&v, "first|second|third");
}

static void sorting_compares_digits_as_numbers(void **state _unused_)
{
	_cleanup_strv_ struct strv v = STRV_NULL;

	strv_sort(&v);
	strv_split(&v, "node10 node2 cpu0 node1 node100 Node3 2048 64 1048576", " ");
	strv_sort(&v);
	assert_joined(&v, "64|2048|1048576|Node3|cpu0|node1|node2|node10|node100");
}

static void joining_puts_separators_between(void **state _unused_)
{
	_cleanup_strv_ struct strv v = STRV_NULL;
	_cleanup_free_ char *none = strv_join(&v, ", "), *one = NULL, *two = NULL,
			    *tight = NULL;

	assert_string_equal(none, "");
	strv_push(&v, "a");
	one = strv_join(&v, ", ");
	assert_string_equal(one, "a");
	strv_push(&v, "b");
	two = strv_join(&v, ", ");
	assert_string_equal(two, "a, b");
	tight = strv_join(&v, "");
	assert_string_equal(tight, "ab");
}

static void iteration_visits_all_in_order(void **state _unused_)
{
	_cleanup_strv_ struct strv v = STRV_NULL;
	char seen[8] = "";
	size_t n = 0;

	strv_split(&v, "a b c d", " ");
	strv_for_each(s, &v) {
		if (STREQ(s, "b"))
			continue;
		seen[n++] = s[0];
	}
	assert_string_equal(seen, "acd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_appended),
		cmocka_unit_test(membership_is_of_whole_strings),
		cmocka_unit_test(splitting_drops_empty_words),
		cmocka_unit_test(splitting_appends),
		cmocka_unit_test(sorting_compares_digits_as_numbers),
		cmocka_unit_test(joining_puts_separators_between),
		cmocka_unit_test(iteration_visits_all_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

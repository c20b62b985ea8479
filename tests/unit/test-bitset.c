// SPDX-License-Identifier: LGPL-2.1-or-later

/* Sets of CPUs and nodes, and their list form. */

#include <stdio.h>

#include "common/alloc.h"
#include "common/bitset.h"
#include "unit.h"

struct list_case {
	const char *list, *normal;
};

static void lists_are_parsed_and_formatted(void **state _unused_)
{
	static const struct list_case cases[] = {
		{ "", "" },
		{ "0", "0" },
		{ "63", "63" },
		{ "64", "64" },
		{ "0-3", "0-3" },
		{ "3,2,1,0", "0-3" },
		{ "0-3,8,10-11", "0-3,8,10-11" },
		{ "5-5", "5" },
		{ "0-1,2-3", "0-3" },
		{ "1,1,1", "1" },
		{ "0-127", "0-127" },
		{ "62-65", "62-65" },
		{ "007", "7" },
		{ "65535", "65535" },
		{ "0-65535", "0-65535" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_bitset_ struct bitset set = BITSET_NULL, again = BITSET_NULL;
		_cleanup_free_ char *text = NULL;

		assert_int_equal(bitset_parse(cases[i].list, &set), 0);
		text = bitset_format(&set);
		assert_string_equal(text, cases[i].normal);
		assert_int_equal(bitset_parse(text, &again), 0);
		assert_bitset(&again, cases[i].normal);
	}
}

static void exclusions_apply_in_order(void **state _unused_)
{
	static const struct list_case cases[] = {
		{ "0-7,^3", "0-2,4-7" },
		{ "0-7,^0,^7", "1-6" },
		{ "^3,0-7", "0-7" },
		{ "0-7,^3,3", "0-7" },
		{ "^3", "" },
		{ "0-3,^9", "0-3" },
		{ "5,^5", "" },
		{ "0-3,^65535", "0-3" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_bitset_ struct bitset set = BITSET_NULL;

		assert_int_equal(bitset_parse(cases[i].list, &set), 0);
		assert_bitset(&set, cases[i].normal);
	}
}

static void garbage_is_refused_and_changes_nothing(void **state _unused_)
{
	static const char *const lists[] = {
		",",	"1,",  "1,,2", ",1",	"-",   "1-",	"-1",  "3-1",
		"a",	"1a",  "1-b",  "^",	"^^1", "^1-3",	" 1",  "1 ",
		"1, 2", "0x1", "+1",   "1-2-3", "1;2", "0-3\n", "1.0", "all",
	};
	_cleanup_bitset_ struct bitset set = BITSET_NULL;

	bitset_add(&set, 5);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (bitset_parse(lists[i], &set) != -EINVAL)
			fail_msg("'%s' is accepted", lists[i]);
		assert_bitset(&set, "5");
	}
}

static void numbers_out_of_range_are_refused(void **state _unused_)
{
	static const char *const lists[] = {
		"65536",
		"0-65536",
		"^65536",
		"4294967296",
		"99999999999999999999999",
		"0-99999999999999999999999",
	};
	_cleanup_bitset_ struct bitset set = BITSET_NULL;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		assert_int_equal(bitset_parse(lists[i], &set), -ERANGE);
	assert_true(bitset_is_empty(&set));
}

static void parsing_replaces_what_was_there(void **state _unused_)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;

	assert_int_equal(bitset_parse("0-9", &set), 0);
	assert_int_equal(bitset_parse("3", &set), 0);
	assert_bitset(&set, "3");
	assert_int_equal(bitset_parse("", &set), 0);
	assert_bitset(&set, "");
}

static void many_items_are_parsed(void **state _unused_)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;
	_cleanup_free_ char *list = xmalloc((size_t)65536 * 6);
	char *p = list;

	for (unsigned i = 0; i < 65536; i += 2)
		p += sprintf(p, "%s%u", i ? "," : "", i);
	assert_int_equal(bitset_parse(list, &set), 0);
	assert_int_equal(bitset_count(&set), 32768);
	assert_bitset(&set, list);
}

/* A cpuset may be as long as an attribute can be, and no deadline bounds its parsing. */
static void a_long_list_takes_no_long_time(void **state _unused_)
{
	static const char item[] = "0-65535,";
	const size_t n = 16384;
	_cleanup_bitset_ struct bitset set = BITSET_NULL;
	_cleanup_free_ char *list = xmalloc(n * (sizeof(item) - 1) + 1);
	uint64_t start;

	for (size_t i = 0; i < n; i++)
		memcpy(list + i * (sizeof(item) - 1), item, sizeof(item) - 1);
	list[n * (sizeof(item) - 1) - 1] = '\0';
	start = unit_now_ms();
	assert_int_equal(bitset_parse(list, &set), 0);
	assert_in_range(unit_now_ms() - start, 0, 1000);
	assert_int_equal(bitset_count(&set), 65536);
}

static void members_are_added_and_removed(void **state _unused_)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;

	assert_true(bitset_is_empty(&set));
	assert_false(bitset_has(&set, 0));
	bitset_add(&set, 64);
	bitset_add(&set, 0);
	bitset_add(&set, BITSET_MAX - 1);
	assert_true(bitset_has(&set, 0));
	assert_true(bitset_has(&set, 64));
	assert_false(bitset_has(&set, 63));
	assert_false(bitset_has(&set, 65));
	assert_false(bitset_has(&set, BITSET_MAX));
	assert_int_equal(bitset_count(&set), 3);
	assert_bitset(&set, "0,64,65535");
	bitset_remove(&set, 64);
	bitset_remove(&set, 64);
	bitset_remove(&set, 1000000);
	assert_bitset(&set, "0,65535");
	bitset_remove(&set, 0);
	bitset_remove(&set, BITSET_MAX - 1);
	assert_true(bitset_is_empty(&set));
}

static void the_next_member_is_found(void **state _unused_)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;
	unsigned sum = 0, last = 0;

	assert_int_equal(bitset_next(&set, 0), BITSET_MAX);
	assert_int_equal(bitset_parse("3,63,64,200", &set), 0);
	assert_int_equal(bitset_next(&set, 0), 3);
	assert_int_equal(bitset_next(&set, 3), 3);
	assert_int_equal(bitset_next(&set, 4), 63);
	assert_int_equal(bitset_next(&set, 64), 64);
	assert_int_equal(bitset_next(&set, 65), 200);
	assert_int_equal(bitset_next(&set, 201), BITSET_MAX);
	assert_int_equal(bitset_next(&set, 100000), BITSET_MAX);
	bitset_for_each(bit, &set) {
		assert_true(bit > last);
		last = bit;
		sum += bit;
	}
	assert_int_equal(sum, 3 + 63 + 64 + 200);
}

static void sets_are_united_and_compared(void **state _unused_)
{
	_cleanup_bitset_ struct bitset a = BITSET_NULL, b = BITSET_NULL;

	assert_false(bitset_intersects(&a, &b));
	assert_int_equal(bitset_parse("0-3", &a), 0);
	assert_false(bitset_intersects(&a, &b));
	assert_int_equal(bitset_parse("100-101", &b), 0);
	assert_false(bitset_intersects(&a, &b));
	assert_false(bitset_intersects(&b, &a));
	bitset_add(&b, 3);
	assert_true(bitset_intersects(&a, &b));
	assert_true(bitset_intersects(&b, &a));
	bitset_add_all(&a, &b);
	assert_bitset(&a, "0-3,100-101");
	assert_bitset(&b, "3,100-101");
	bitset_add_all(&a, &a);
	assert_bitset(&a, "0-3,100-101");
}

static void a_set_is_taken_from_another(void **state _unused_)
{
	static const struct {
		const char *from, *taken, *left;
	} cases[] = {
		{ "0-3", "2", "0-1,3" },
		{ "0-3", "0-200", "" },
		{ "0-200", "64-127", "0-63,128-200" },
		{ "", "5", "" },
		{ "7,1000", "", "7,1000" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_bitset_ struct bitset set = BITSET_NULL, taken = BITSET_NULL;

		assert_int_equal(bitset_parse(cases[i].from, &set), 0);
		assert_int_equal(bitset_parse(cases[i].taken, &taken), 0);
		bitset_remove_all(&set, &taken);
		assert_bitset(&set, cases[i].left);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_is_taken_from_another),
		cmocka_unit_test(lists_are_parsed_and_formatted),
		cmocka_unit_test(exclusions_apply_in_order),
		cmocka_unit_test(garbage_is_refused_and_changes_nothing),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(parsing_replaces_what_was_there),
		cmocka_unit_test(many_items_are_parsed),
		cmocka_unit_test(a_long_list_takes_no_long_time),
		cmocka_unit_test(members_are_added_and_removed),
		cmocka_unit_test(the_next_member_is_found),
		cmocka_unit_test(sets_are_united_and_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

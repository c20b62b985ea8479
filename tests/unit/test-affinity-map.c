// SPDX-License-Identifier: LGPL-2.1-or-later

/* Which CPUs each of many things may use, as text. */

#include "common/alloc.h"
#include "hook/affinity-map.h"
#include "unit.h"

static void assert_round_trip(const char *text, const char *expected)
{
	_cleanup_affinity_map_ struct affinity_map map = AFFINITY_MAP_NULL;
	_cleanup_free_ char *again = NULL;

	assert_int_equal(affinity_map_parse(text, &map), 0);
	again = affinity_map_format(&map);
	assert_text(again, expected);
}

static void the_text_is_by_cpus(void **state _unused_)
{
	assert_round_trip("", "");
	assert_round_trip("0-3=1", "0-3=1");
	assert_round_trip("0-63=1,9,24-400;0-3=12", "0-3=12;0-63=1,9,24-400");
	assert_round_trip("0=3;1=2;0=1;0=2", "0=1-3;1=2");
	/* process ids */
	assert_round_trip("!0-1,5=4194303-4194304,70000", "!0-1,5=70000,4194303-4194304");
}

static void each_is_found(void **state _unused_)
{
	_cleanup_affinity_map_ struct affinity_map map = AFFINITY_MAP_NULL;

	assert_null(affinity_map_get(&map, 1));
	assert_int_equal(affinity_map_parse("0-3=5-7,1;2=6000", &map), 0);
	assert_int_equal(map.n, 5);
	assert_text(affinity_map_get(&map, 1), "0-3");
	assert_text(affinity_map_get(&map, 6), "0-3");
	assert_text(affinity_map_get(&map, 6000), "2");
	assert_null(affinity_map_get(&map, 0));
	assert_null(affinity_map_get(&map, 8));
}

static void damaged_text_is_refused(void **state _unused_)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{ "0-3", -EINVAL },
		{ "0-3=", -EINVAL },
		{ "0-3=1,", -EINVAL },
		{ "0-3=,1", -EINVAL },
		{ "0-3=1-", -EINVAL },
		{ "0-3=7-5", -EINVAL },
		{ "0-3=1 2", -EINVAL },
		{ "0-3=x", -EINVAL },
		{ "0=1;1", -EINVAL },
		{ "0-3=4294967295", -ERANGE },
		{ "0-3=99999999999999999999", -ERANGE },
		{ "0-3=0-4194304", -ERANGE },
		{ "0-3=0-4294967294", -ERANGE },
	};
	struct affinity_map map = AFFINITY_MAP_NULL;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(affinity_map_parse(cases[i].text, &map), cases[i].r);
	assert_int_equal(map.n, 0);
}

/* The size of large hosts' text, and that it takes no time to speak of. */
static void twenty_thousand_are_no_burden(void **state _unused_)
{
	_cleanup_affinity_map_ struct affinity_map map = AFFINITY_MAP_NULL;
	_cleanup_affinity_map_ struct affinity_map copy = AFFINITY_MAP_NULL;
	_cleanup_free_ char *text = NULL, *again = NULL;
	uint64_t start = unit_now_ms();

	for (unsigned i = 0; i < 20000; i++) {
		_cleanup_free_ char *cpu = xasprintf("%u", i % 1024);

		affinity_map_add(&map, i, i % 2 ? cpu : "0-1023");
	}
	text = affinity_map_format(&map);
	assert_in_range(strlen(text), 100000, 140000);
	assert_int_equal(affinity_map_parse(text, &copy), 0);
	again = affinity_map_format(&copy);
	assert_text(again, text);
	assert_in_range(unit_now_ms() - start, 0, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_by_cpus),
		cmocka_unit_test(each_is_found),
		cmocka_unit_test(damaged_text_is_refused),
		cmocka_unit_test(twenty_thousand_are_no_burden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

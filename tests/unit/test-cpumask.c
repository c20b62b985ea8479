// SPDX-License-Identifier: LGPL-2.1-or-later

/* The kernel's masks of CPUs. */

#include "common/alloc.h"
#include "hook/cpumask.h"
#include "unit.h"

static void masks_are_read(void **state _unused_)
{
	static const struct {
		const char *mask, *list;
	} cases[] = {
		{ "f", "0-3" },
		{ "0", "" },
		{ "000c", "2-3" },
		{ "80000000", "31" },
		{ "1,00000000", "32" },
		{ "ffffffff,FFFFFFFC", "2-63" },
		{ "00000001,00000000,00000002", "1,64" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_bitset_ struct bitset set = BITSET_NULL;

		assert_int_equal(cpumask_parse(cases[i].mask, &set), 0);
		assert_bitset(&set, cases[i].list);
	}
}

static void what_is_no_mask_is_refused(void **state _unused_)
{
	static const char *const cases[] = {
		"", ",", "f,", ",f", "0x3", "g", "f f", "-1"
	};
	_cleanup_bitset_ struct bitset set = BITSET_NULL;
	_cleanup_free_ char *huge = xmalloc(20001);

	bitset_add(&set, 7);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(cpumask_parse(cases[i], &set), -EINVAL);
	memset(huge, '0', 20000);
	huge[20000] = '\0';
	assert_int_equal(cpumask_parse(huge, &set), -ERANGE);
	assert_bitset(&set, "7");
}

static void a_mask_keeps_its_digits(void **state _unused_)
{
	static const struct {
		const char *mask, *taken, *online, *result;
	} cases[] = {
		{ "f", "2-3", "0-3", "3" },
		{ "ff", "", "0-7", "ff" },
		{ "000000ff,ffffffff", "32-39", "0-39", "00000000,ffffffff" },
		{ "1,00000000", "0-31", "0-32", "1,00000000" },
		/* nothing of it would be left: all that is */
		{ "0000000c", "2-3", "0-5", "00000033" },
		/* what is left is offline */
		{ "0000001c", "2-3", "0-3", "00000013" },
		{ "no mask", "2-3", "0-3", "no mask" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_bitset_ struct bitset taken = BITSET_NULL, online = BITSET_NULL;
		_cleanup_free_ char *result = NULL;

		assert_int_equal(bitset_parse(cases[i].taken, &taken), 0);
		assert_int_equal(bitset_parse(cases[i].online, &online), 0);
		result = cpumask_without(cases[i].mask, &taken, &online);
		assert_text(result, cases[i].result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_are_read),
		cmocka_unit_test(what_is_no_mask_is_refused),
		cmocka_unit_test(a_mask_keeps_its_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

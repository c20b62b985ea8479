// SPDX-License-Identifier: LGPL-2.1-or-later

/* Values of kernel parameters, read as the kernel reads them. */

#include "grubcfg/value.h"
#include "unit.h"

static void items_are_whole_words(void **state)
{
	(void)state;
	assert_true(value_has("on,sm_on", "sm-on"));
	assert_true(value_has("pt", "pt"));
	assert_false(value_has("sm_on", "on"));
	assert_false(value_has("On", "on"));
	assert_false(value_has("", "on"));
	assert_false(value_has(NULL, "on"));
}

static void items_are_looked_for_before_the_end(void **state)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };

	(void)state;
	cmdline_parse(&line, "intel-iommu=sm_on intel_iommu=on iommu -- intel_iommu=off",
		      0);
	assert_true(value_any_has(&line, "intel_iommu", "sm_on"));
	assert_true(value_any_has(&line, "intel_iommu", "on"));
	assert_false(value_any_has(&line, "intel_iommu", "off"));
	assert_false(value_any_has(&line, "iommu", "on"));
}

static void truth_is_the_kernels(void **state)
{
	static const char *const yes[] = { "y", "Y", "1", "on", "ON", "t", "true", "yes" };
	static const char *const no[] = { "n", "N", "0", "off", "of", "o", "", "2", "f" };

	(void)state;
	assert_true(value_is_true(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(value_is_true(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(value_is_true(no[i]));
}

static void page_sizes_are_powers_of_two(void **state)
{
	static const struct {
		const char *text;
		uint64_t kib;
	} cases[] = {
		{ "2M", 2048 },
		{ "2048k", 2048 },
		{ "2097152", 2048 },
		{ "1g", 1U << 20 },
		{ "64K", 64 },
		{ "16G", 16U << 20 },
		{ "3M", 0 },
		{ "", 0 },
		{ "M", 0 },
		{ "-2M", 0 },
		{ "2MB", 0 },
		{ "0", 0 },
		{ "512", 0 },
		{ "18446744073709551615G", 0 },
		{ "17179869184G", 0 },
	};

	(void)state;
	assert_int_equal(value_page_kib(NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (value_page_kib(cases[i].text) != cases[i].kib)
			fail_msg("'%s' is %llu KiB", cases[i].text,
				 (unsigned long long)value_page_kib(cases[i].text));
	}
}

static void pages_of_nodes_add_up(void **state)
{
	static const char *const bad[] = {
		"",	 "a",  "1,2", "0:",  ":1",
		"0:1,2", "-1", "0:a", "a:1", "0:18446744073709551615,1:1",
	};
	uint64_t pages = 0;

	(void)state;
	assert_int_equal(value_pages("12", &pages), 0);
	assert_int_equal(pages, 12);
	assert_int_equal(value_pages("0:2,1:3", &pages), 0);
	assert_int_equal(pages, 5);
	assert_int_equal(value_pages(NULL, &pages), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(value_pages(bad[i], &pages), -EINVAL);
	assert_int_equal(pages, 5);
}

static void cpus_come_after_the_words(void **state)
{
	static const char *const bad[] = { "",	     "managed_irq,", "domain", "all",
					   "0-7,^3", "0-31:2/4",     "3-1" };
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;

	(void)state;
	assert_int_equal(value_cpus("2-3,8", &cpus), 0);
	assert_bitset(&cpus, "2-3,8");
	assert_int_equal(value_cpus("nohz,domain,managed_irq,1", &cpus), 0);
	assert_bitset(&cpus, "1");
	assert_true(value_cpus(NULL, &cpus) < 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (value_cpus(bad[i], &cpus) == 0)
			fail_msg("'%s' is a list of CPUs", bad[i]);
	}
}

static void counts_are_of_the_size_before_them(void **state)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };

	(void)state;
	cmdline_parse(&line,
		      "hugepages=1 hugepagesz=1G hugepages=2 quiet hugepages=3 "
		      "default_hugepagesz=2M hugepages=4",
		      0);
	assert_int_equal(value_page_kib_at(&line, 0), 0);
	assert_int_equal(value_page_kib_at(&line, 2), 1 << 20);
	assert_int_equal(value_page_kib_at(&line, 4), 1 << 20);
	assert_int_equal(value_page_kib_at(&line, 6), 2048);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_are_whole_words),
		cmocka_unit_test(items_are_looked_for_before_the_end),
		cmocka_unit_test(truth_is_the_kernels),
		cmocka_unit_test(page_sizes_are_powers_of_two),
		cmocka_unit_test(pages_of_nodes_add_up),
		cmocka_unit_test(cpus_come_after_the_words),
		cmocka_unit_test(counts_are_of_the_size_before_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Numbers and words. */

#include "common/parse.h"
#include "unit.h"

struct memory_case {
	const char *number, *unit;
	int r;
	uint64_t kib;
};

static void check_memory(const struct memory_case *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t kib = 4711;
		int r = parse_memory_kib(c[i].number, c[i].unit, &kib);

		if (r != c[i].r || kib != (r < 0 ? 4711 : c[i].kib))
			fail_msg("'%s' '%s': %d, %llu", c[i].number,
				 c[i].unit ? c[i].unit : "-", r, (unsigned long long)kib);
	}
}

static void memory_without_unit_is_kib(void **state _unused_)
{
	static const struct memory_case cases[] = {
		{ "0", NULL, 0, 0 },
		{ "1", NULL, 0, 1 },
		{ "4194304", "", 0, 4194304 },
	};

	check_memory(cases, ARRAY_SIZE(cases));
}

static void memory_has_every_unit_of_libvirt(void **state _unused_)
{
	static const struct memory_case cases[] = {
		{ "1024", "b", 0, 1 },
		{ "2048", "byte", 0, 2 },
		{ "3072", "bytes", 0, 3 },
		{ "7", "k", 0, 7 },
		{ "7", "KiB", 0, 7 },
		{ "1024", "KB", 0, 1000 },
		{ "3", "M", 0, 3 << 10 },
		{ "3", "MiB", 0, 3 << 10 },
		{ "1024", "MB", 0, 1000000 },
		{ "3", "G", 0, 3 << 20 },
		{ "3", "GiB", 0, 3 << 20 },
		{ "1024", "GB", 0, 1000000000 },
		{ "3", "T", 0, UINT64_C(3) << 30 },
		{ "3", "TiB", 0, UINT64_C(3) << 30 },
		{ "1", "TB", 0, 976562500 },
		{ "3", "P", 0, UINT64_C(3) << 40 },
		{ "3", "PiB", 0, UINT64_C(3) << 40 },
		{ "1", "PB", 0, UINT64_C(976562500000) },
		{ "3", "E", 0, UINT64_C(3) << 50 },
		{ "3", "EiB", 0, UINT64_C(3) << 50 },
		{ "1", "EB", 0, UINT64_C(976562500000000) },
	};

	check_memory(cases, ARRAY_SIZE(cases));
}

static void memory_units_ignore_case(void **state _unused_)
{
	static const struct memory_case cases[] = {
		{ "1024", "B", 0, 1 },	    { "1024", "BYTES", 0, 1 },
		{ "1024", "Byte", 0, 1 },   { "5", "K", 0, 5 },
		{ "5", "kib", 0, 5 },	    { "5", "KIB", 0, 5 },
		{ "1024", "kb", 0, 1000 },  { "1024", "Kb", 0, 1000 },
		{ "5", "m", 0, 5 << 10 },   { "5", "mIb", 0, 5 << 10 },
		{ "5", "gib", 0, 5 << 20 }, { "1", "eib", 0, UINT64_C(1) << 50 },
	};

	check_memory(cases, ARRAY_SIZE(cases));
}

static void memory_is_rounded_up(void **state _unused_)
{
	static const struct memory_case cases[] = {
		{ "0", "b", 0, 0 },    { "1", "b", 0, 1 },	 { "1023", "b", 0, 1 },
		{ "1024", "b", 0, 1 }, { "1025", "b", 0, 2 },	 { "1", "KB", 0, 1 },
		{ "1", "MB", 0, 977 }, { "1", "GB", 0, 976563 },
	};

	check_memory(cases, ARRAY_SIZE(cases));
}

static void memory_that_overflows_is_refused(void **state _unused_)
{
	static const struct memory_case cases[] = {
		{ "7", "EiB", 0, UINT64_C(7) << 50 },
		{ "16", "EiB", -ERANGE, 0 },
		{ "19", "EB", -ERANGE, 0 },
		{ "9007199254740991", NULL, 0, UINT64_C(9007199254740991) },
		{ "18014398509481984", NULL, -ERANGE, 0 },
		{ "18446744073709551615", "k", -ERANGE, 0 },
		{ "18446744073709551616", "b", -ERANGE, 0 },
		{ "99999999999999999999999", NULL, -ERANGE, 0 },
	};

	check_memory(cases, ARRAY_SIZE(cases));
}

static void memory_with_a_bad_unit_is_refused(void **state _unused_)
{
	static const char *const units[] = {
		"x",	"iB", "ib",	"KiBs", "kk", "bit", " ",      " KiB",
		"KiB ", "Ki", "KBytes", "ZiB",	"1",  "B1",  "bytess", "KiB\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		check_memory(&(struct memory_case){ "1", units[i], -EINVAL, 0 }, 1);
}

static void memory_with_a_bad_number_is_refused(void **state _unused_)
{
	static const char *const numbers[] = {
		"",  "-1",   "+1",  "- 1", "1.5",  "1,5", "1 ",	 "1\n",
		" ", "0x10", "abc", "1k",  "1KiB", "--1", " -1", "1 2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		check_memory(&(struct memory_case){ numbers[i], NULL, -EINVAL, 0 }, 1);
}

static void memory_may_begin_with_blanks(void **state _unused_)
{
	static const struct memory_case cases[] = {
		{ " 4", NULL, 0, 4 },
		{ "\n\t 4096", "b", 0, 4 },
		{ "0010", NULL, 0, 10 },
	};

	check_memory(cases, ARRAY_SIZE(cases));
}

struct number_case {
	const char *text;
	int r;
	uint64_t value;
};

static void check_numbers(int (*parse)(const char *, uint64_t *),
			  const struct number_case *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value = 4711;
		int r = parse(c[i].text, &value);

		if (r != c[i].r || value != (r < 0 ? 4711 : c[i].value))
			fail_msg("'%s': %d, %llu", c[i].text, r,
				 (unsigned long long)value);
	}
}

static void u64(void **state _unused_)
{
	static const struct number_case cases[] = {
		{ "0", 0, 0 },
		{ "007", 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "0x1", -EINVAL, 0 },
		{ "1\n", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
	};

	check_numbers(parse_u64, cases, ARRAY_SIZE(cases));
}

static void hex(void **state _unused_)
{
	static const struct number_case cases[] = {
		{ "0", 0, 0 },
		{ "10de", 0, 0x10de },
		{ "0x10de", 0, 0x10de },
		{ "0XFF", 0, 0xff },
		{ "ffffffffffffffff", 0, UINT64_MAX },
		{ "10000000000000000", -ERANGE, 0 },
		{ "0x", -EINVAL, 0 },
		{ "x1", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+f", -EINVAL, 0 },
		{ " f", -EINVAL, 0 },
		{ "fg", -EINVAL, 0 },
		{ "f\n", -EINVAL, 0 },
	};

	check_numbers(parse_hex, cases, ARRAY_SIZE(cases));
}

static int parse_as_unsigned(const char *s, uint64_t *ret)
{
	unsigned value = 4711;
	int r = parse_unsigned(s, &value);

	*ret = value;
	return r;
}

static void unsigned_int(void **state _unused_)
{
	static const struct number_case cases[] = {
		{ "0", 0, 0 },
		{ "4294967295", 0, UINT32_MAX },
		{ "4294967296", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "-1", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
	};

	check_numbers(parse_as_unsigned, cases, ARRAY_SIZE(cases));
}

static void nearest_finds_slips_of_the_pen(void **state _unused_)
{
	static const char *const names[] = { "hugepages", "governor", "mdev", "vgpu",
					     NULL };

	assert_text(parse_nearest("hugepages", names), "hugepages");
	assert_text(parse_nearest("hugepage", names), "hugepages");
	assert_text(parse_nearest("hugpeages", names), "hugepages");
	assert_text(parse_nearest("govenor", names), "governor");
	assert_text(parse_nearest("governeur", names), "governor");
	assert_text(parse_nearest("gpu", names), "vgpu");
	assert_text(parse_nearest("medv", names), "mdev");
}

static void nearest_finds_nothing_far_away(void **state _unused_)
{
	static const char *const names[] = { "hugepages", "mdev", NULL };
	static const char *const none[] = { NULL };
	char longest[200];

	assert_text(parse_nearest("isolation", names), NULL);
	assert_text(parse_nearest("x", names), NULL);
	assert_text(parse_nearest("", names), NULL);
	assert_text(parse_nearest("mdev", none), NULL);
	memset(longest, 'm', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_text(parse_nearest(longest, names), NULL);
}

static void nearest_prefers_the_closest_then_the_first(void **state _unused_)
{
	static const char *const names[] = { "aaaa", "aabb", "aaab", NULL };
	static const char *const tie[] = { "yes", "yet", NULL };

	assert_text(parse_nearest("aaab", names), "aaab");
	assert_text(parse_nearest("yex", tie), "yes");
}

static void a_command_is_found_or_suggested(void **state _unused_)
{
	static const char *const names[] = { "plan", "status", NULL };
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_int_equal(parse_command("prog", "status", names, &err), 1);
	assert_null(err.cause);
	assert_failed(parse_command("prog", "staus", names, &err), -EINVAL, &err,
		      "unknown command 'staus'", "did you mean 'status'?");
	error_done(&err);
	assert_failed(parse_command("prog", "frobnicate", names, &err), -EINVAL, &err,
		      "unknown command", "see 'prog --help'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_without_unit_is_kib),
		cmocka_unit_test(memory_has_every_unit_of_libvirt),
		cmocka_unit_test(memory_units_ignore_case),
		cmocka_unit_test(memory_is_rounded_up),
		cmocka_unit_test(memory_that_overflows_is_refused),
		cmocka_unit_test(memory_with_a_bad_unit_is_refused),
		cmocka_unit_test(memory_with_a_bad_number_is_refused),
		cmocka_unit_test(memory_may_begin_with_blanks),
		cmocka_unit_test(u64),
		cmocka_unit_test(hex),
		cmocka_unit_test(unsigned_int),
		cmocka_unit_test(nearest_finds_slips_of_the_pen),
		cmocka_unit_test(nearest_finds_nothing_far_away),
		cmocka_unit_test(nearest_prefers_the_closest_then_the_first),
		cmocka_unit_test(a_command_is_found_or_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

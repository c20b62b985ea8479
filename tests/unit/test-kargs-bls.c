// SPDX-License-Identifier: LGPL-2.1-or-later

/* Boot loader entries, as each boot loader reads them. */

#include "common/alloc.h"
#include "grubcfg/bls.h"
#include "unit.h"

/* "key=value|key=value", as the reader sees it. */
static void assert_lines(const char *text, bool grub_reads, const char *expected)
{
	_cleanup_bls_ struct bls bls = { 0 };
	_cleanup_free_ char *got = xstrdup("");

	bls_parse(text, grub_reads, &bls);
	for (size_t i = 0; i < bls.n; i++) {
		const struct bls_line *line = &bls.items[i];
		char *more = xasprintf("%s%s%s=%.*s", got, i ? "|" : "", line->key,
				       (int)(line->value_end - line->value),
				       text + line->value);

		free(got);
		got = more;
	}
	assert_string_equal(got, expected);
}

static void assert_both(const char *text, const char *expected)
{
	assert_lines(text, false, expected);
	assert_lines(text, true, expected);
}

static void keys_and_values_are_split(void **state _unused_)
{
	assert_both("", "");
	assert_both("title Debian 13\nlinux /vmlinuz\n", "title=Debian 13|linux=/vmlinuz");
	assert_both("linux   /vmlinuz  \n", "linux=/vmlinuz");
	assert_both("linux\t/vmlinuz\n", "linux=/vmlinuz");
	assert_both("  linux /vmlinuz", "linux=/vmlinuz");
	assert_both("# comment\n  # another\nlinux /v\n", "linux=/v");
	assert_both("linux /v\r\noptions a b\r\n", "linux=/v|options=a b");
	assert_both("options a\noptions b\n", "options=a|options=b");
	assert_both("x-unknown-key some thing\n", "x-unknown-key=some thing");
}

static void grub_stops_at_a_line_without_a_value(void **state _unused_)
{
	assert_lines("linux /v\n\noptions a\n", false, "linux=/v|options=a");
	assert_lines("linux /v\n\noptions a\n", true, "linux=/v");
	assert_lines("linux /v\nquirk\noptions a\n", false, "linux=/v|quirk=|options=a");
	assert_lines("linux /v\nquirk\noptions a\n", true, "linux=/v");
	assert_lines("linux /v\noptions \ninitrd /i\n", false,
		     "linux=/v|options=|initrd=/i");
	assert_lines("linux /v\noptions \ninitrd /i\n", true, "linux=/v");
}

static void grub_takes_a_tab_for_a_separator_only_without_a_blank(void **state _unused_)
{
	assert_lines("options\tquiet ro\n", false, "options=quiet ro");
	assert_lines("options\tquiet ro\n", true, "options\tquiet=ro");
	assert_lines("options\tquiet\n", true, "options=quiet");
	assert_lines("options \tquiet\tro\n", true, "options=quiet\tro");
}

static void places_are_those_in_the_text(void **state _unused_)
{
	static const char text[] = "# c\nlinux /v\noptions  a b\n";
	_cleanup_bls_ struct bls bls = { 0 };
	const struct bls_line *line;

	bls_parse(text, true, &bls);
	line = bls_find(&bls, "options", 0);
	assert_non_null(line);
	assert_int_equal(line->number, 3);
	assert_int_equal(line->start, 13);
	assert_int_equal(line->value, 22);
	assert_int_equal(line->value_end, 25);
	assert_int_equal(line->end, 26);
	assert_null(bls_find(&bls, "options", 2));
	assert_null(bls_find(&bls, "option", 0));
	assert_int_equal(bls.seen, strlen(text));
}

static void assert_id(const char *name, const char *id, int left)
{
	int got;
	_cleanup_free_ char *text = bls_id(name, &got);

	assert_string_equal(text, id);
	assert_int_equal(got, left);
}

static void the_counter_of_tries_is_no_part_of_the_id(void **state _unused_)
{
	assert_id("a-6.1.0.conf", "a-6.1.0", -1);
	assert_id("a-6.1.0+3.conf", "a-6.1.0", 3);
	assert_id("a-6.1.0+2-1.conf", "a-6.1.0", 2);
	assert_id("a-6.1.0+0-3.conf", "a-6.1.0", 0);
	assert_id("a+b.conf", "a+b", -1);
	assert_id("a-6.1.0+.conf", "a-6.1.0+", -1);
	assert_id("a-6.1.0+3-.conf", "a-6.1.0+3-", -1);
	assert_id("a-6.1.0+3-x.conf", "a-6.1.0+3-x", -1);
	assert_id("a-6.12.1+deb13-amd64.conf", "a-6.12.1+deb13-amd64", -1);
	assert_id("a-6.12.1+deb13-amd64+3.conf", "a-6.12.1+deb13-amd64", 3);
	assert_id("+3.conf", "+3", -1);
	assert_id("a", "a", -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_and_values_are_split),
		cmocka_unit_test(grub_stops_at_a_line_without_a_value),
		cmocka_unit_test(grub_takes_a_tab_for_a_separator_only_without_a_blank),
		cmocka_unit_test(places_are_those_in_the_text),
		cmocka_unit_test(the_counter_of_tries_is_no_part_of_the_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* The kernel's command line, as next_arg() and parameq() of Linux take it. */

#include "common/alloc.h"
#include "common/strv.h"
#include "grubcfg/cmdline.h"
#include "unit.h"

/* "name", "name=[value]", joined by "|"; what is not the kernel's follows "--|". */
static char *parsed(const char *text)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_strv_ struct strv words = STRV_NULL;

	cmdline_parse(&line, text, 0);
	for (size_t i = 0; i < line.n; i++) {
		const struct arg *arg = &line.items[i];

		assert_int_equal(arg->origin, i);
		if (i == line.n_kernel)
			strv_push(&words, "END");
		if (arg->value)
			strv_pushf(&words, "%s=[%s]", arg->name, arg->value);
		else
			strv_push(&words, *arg->name ? arg->name : "<>");
	}
	return strv_join(&words, "|");
}

static void arguments_are_what_the_kernel_makes_of_them(void **state _unused_)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "", "" },
		{ " \t\n\v\f\r ", "" },
		{ "quiet", "quiet" },
		{ " a  b\tc\nd ", "a|b|c|d" },
		{ "a=", "a=[]" },
		{ "a=b=c", "a=[b=c]" },
		{ "root=UUID=1-2", "root=[UUID=1-2]" },
		{ "=x=y", "=x=[y]" },
		{ "=x", "=x" },
		{ "=", "=" },
		{ "==", "==[]" },
		{ "a=\"x y\" b", "a=[x y]|b" },
		{ "\"a=x y\" b", "a=[x y]|b" },
		{ "a=\"x", "a=[x]" },
		{ "a=\"x y", "a=[x y]" },
		{ "a=\"", "a=[]" },
		{ "a=\"\"", "a=[]" },
		{ "\"", "<>" },
		{ "\"\"", "<>" },
		{ "\"\" x", "<>|x" },
		{ "a=x\" \"y", "a=[x\" \"y]" },
		{ "a\" \"b=c", "a\" \"b=[c]" },
		{ "\"a=\"x y\"\"", "a=[x]|y\"\"" },
		{ "\"a=\"b\"\"", "a=[b\"]" },
		{ "a=\"b\"c", "a=[b\"c]" },
		{ "a='x y'", "a=['x]|y'" },
		{ "a=x\\ y", "a=[x\\]|y" },
		{ "a=\"x\\\" y\"", "a=[x\\]|y\"" },
		{ "parport.dyndbg=\"file x.c +mpf\"", "parport.dyndbg=[file x.c +mpf]" },
		{ "\"parport.dyndbg=file x.c +mpf\"", "parport.dyndbg=[file x.c +mpf]" },
		{ "ivrs_acpihid[14:00.5]=AMD0020:00",
		  "ivrs_acpihid[14:00.5]=[AMD0020:00]" },
		{ "psmouse.\"invalid option\" \" notamodule\"",
		  "psmouse.\"invalid option\"| notamodule" },
		{ "second_test=0 second_test=\"1 2\"",
		  "second_test=[0]|second_test=[1 2]" },
		{ "caf\xc3\xa9=1", "caf\xc3\xa9=[1]" },
		{ "\xc3\xa0=1", "\xc3|=1" }, /* 0xa0 is a blank to the kernel */
		{ "a -- b c=d", "a|END|--|b|c=[d]" },
		{ "a \"--\" b", "a|END|--|b" },
		{ "a --=1 --x b", "a|--=[1]|--x|b" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = parsed(cases[i].text);

		if (strcmp(text, cases[i].expected) != 0)
			print_error("of '%s'\n", cases[i].text);
		assert_string_equal(text, cases[i].expected);
	}
}

static void a_blank_is_what_the_kernel_takes_for_one(void **state _unused_)
{
	for (unsigned c = 0; c < 256; c++) {
		bool is_blank = c && strchr(" \t\n\v\f\r\xa0", (int)c);

		assert_int_equal(cmdline_is_space((unsigned char)c), is_blank);
	}
}

static void text_is_kept_as_it_was_written(void **state _unused_)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_free_ char *text = NULL;

	cmdline_parse(&line, "  foo=\"bar  zap\"   \"x=y z\"  -- a\"b c\"", 5);
	assert_int_equal(line.items[0].origin, 5);
	assert_int_equal(line.items[3].origin, 8);
	text = cmdline_format(&line);
	assert_string_equal(text, "foo=\"bar  zap\" \"x=y z\" -- a\"b c\"");
}

static void parsing_appends(void **state _unused_)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };

	cmdline_parse(&line, "a b", 0);
	cmdline_parse(&line, "c --", 2);
	cmdline_parse(&line, "d", ARG_NEW);
	assert_int_equal(line.n, 5);
	assert_int_equal(line.n_kernel, 3);
	assert_int_equal(line.items[2].origin, 2);
	assert_int_equal(line.items[4].origin, ARG_NEW);
}

static void names_take_dash_for_underscore(void **state _unused_)
{
	assert_true(cmdline_same_name("vfio-pci.ids", "vfio_pci.ids"));
	assert_true(cmdline_same_name("a-b_c", "a_b-c"));
	assert_false(cmdline_same_name("quiet", "Quiet"));
	assert_false(cmdline_same_name("foo", "foobar"));
	assert_false(cmdline_same_name("foobar", "foo"));
	assert_true(cmdline_same_name("", ""));
	assert_false(cmdline_same_name("", "a"));
}

static bool same(const char *a, const char *b)
{
	_cleanup_cmdline_ struct cmdline x = { 0 }, y = { 0 };

	cmdline_parse(&x, a, ARG_NEW);
	cmdline_parse(&y, b, ARG_NEW);
	return cmdline_equal(&x, &y);
}

static void arguments_are_equal_whatever_their_quotes(void **state _unused_)
{
	assert_true(same("a=\"x y\"", "\"a=x y\""));
	assert_true(same("a=\"x\"", "a=x"));
	assert_true(same("a-b=c", "a_b=c"));
	assert_false(same("a=b-c", "a=b_c"));
	assert_false(same("a", "a="));
	assert_false(same("a=b", "a=B"));
	assert_false(same("a b", "b a"));
	assert_false(same("a", "a b"));
	assert_false(same("a=x\" \"y", "a=\"x y\""));
}

static void editing_keeps_what_is_known_of_the_others(void **state _unused_)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_free_ char *text = NULL;

	cmdline_parse(&line, "a b c -- d", 0);
	line.items[1].locked = xstrdup("why");
	assert_string_equal(cmdline_insert(&line, 1, "n=\"1 2\"")->value, "1 2");
	assert_int_equal(line.items[1].origin, ARG_NEW);
	assert_int_equal(line.n_kernel, 4);
	cmdline_replace(&line, 2, "b=2");
	assert_int_equal(line.items[2].origin, 1);
	assert_string_equal(line.items[2].value, "2");
	assert_text(line.items[2].locked, "why");
	cmdline_remove(&line, 0);
	assert_int_equal(line.n_kernel, 3);
	cmdline_remove(&line, 3);
	assert_int_equal(line.n_kernel, 4);
	(void)cmdline_insert(&line, line.n, "end");
	text = cmdline_format(&line);
	assert_string_equal(text, "n=\"1 2\" b=2 c d end");
}

static void the_last_one_counts_before_the_end(void **state _unused_)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };

	cmdline_parse(&line, "a-b=1 x a_b=2 -- a_b=3", 0);
	assert_string_equal(cmdline_last(&line, "a_b")->value, "2");
	assert_string_equal(cmdline_last(&line, "a-b")->value, "2");
	assert_null(cmdline_last(&line, "a"));
}

static void a_copy_is_independent(void **state _unused_)
{
	_cleanup_cmdline_ struct cmdline line = { 0 }, copy = { 0 };

	cmdline_parse(&line, "a b=1 -- c", 3);
	line.items[0].locked = xstrdup("why");
	copy = cmdline_copy(&line);
	cmdline_remove(&line, 0);
	assert_int_equal(copy.n, 4);
	assert_int_equal(copy.n_kernel, 2);
	assert_text(copy.items[0].locked, "why");
	assert_int_equal(copy.items[1].origin, 4);
	assert_false(cmdline_equal(&line, &copy));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_what_the_kernel_makes_of_them),
		cmocka_unit_test(a_blank_is_what_the_kernel_takes_for_one),
		cmocka_unit_test(text_is_kept_as_it_was_written),
		cmocka_unit_test(parsing_appends),
		cmocka_unit_test(names_take_dash_for_underscore),
		cmocka_unit_test(arguments_are_equal_whatever_their_quotes),
		cmocka_unit_test(editing_keeps_what_is_known_of_the_others),
		cmocka_unit_test(the_last_one_counts_before_the_end),
		cmocka_unit_test(a_copy_is_independent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

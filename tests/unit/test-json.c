// SPDX-License-Identifier: LGPL-2.1-or-later

/* JSON. */

#include <limits.h>

#include "common/alloc.h"
#include "common/json.h"
#include "unit.h"

static int load(void **state _unused_)
{
	struct error err = ERROR_NULL;
	int r = json_load(&err);

	error_done(&err);
	return r == 0 ? json_load(&err) : r; /* a second time: nothing to do */
}

static json_object *parse(const char *text)
{
	json_object *object = NULL;

	if (json_parse(text, strlen(text), &object) < 0)
		fail_msg("refused: %s", text);
	return object;
}

static void objects_are_built(void **state _unused_)
{
	_cleanup_json_ json_object *root = json_new_object();
	_cleanup_free_ char *text = NULL, *pretty = NULL;
	json_object *array;

	json_add_string(root, "s", "a/b \"c\"\n");
	json_add_string(root, "none", NULL);
	json_add_number(root, "n", INT64_MIN);
	json_add_bool(root, "yes", true);
	array = json_add_array(root, "list");
	json_add_number(json_push_object(array), "x", 1);
	(void)json_push_object(array);
	json_push_string(array, "word");
	text = json_format(root, false);
	pretty = json_format(root, true);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_contains(text, "\"s\":\"a/b \\\"c\\\"\\n\"");
	assert_contains(text, "\"none\":null");
	assert_contains(text, "\"n\":-9223372036854775808");
	assert_contains(text, "\"yes\":true");
	assert_contains(text, "[{\"x\":1},{},\"word\"]");
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_contains(pretty, "\n  \"s\":\"a/b");
	assert_int_equal(pretty[strlen(pretty) - 1], '\n');
}

static void members_are_read(void **state _unused_)
{
	_cleanup_json_ json_object *root = parse(
		"{\"s\":\"text\",\"e\":\"\",\"n\":-5,\"b\":true,\"a\":[1],\"o\":{}}");
	const char *string = NULL;
	json_object *array = NULL;
	int64_t number = 0;
	bool yes = false;

	assert_int_equal(json_get_string(root, "s", &string), 0);
	assert_string_equal(string, "text");
	assert_int_equal(json_get_string(root, "e", &string), 0);
	assert_string_equal(string, "");
	assert_int_equal(json_get_number(root, "n", &number), 0);
	assert_int_equal(number, -5);
	assert_int_equal(json_get_bool(root, "b", &yes), 0);
	assert_true(yes);
	assert_int_equal(json_get_array(root, "a", &array), 0);
	assert_int_equal(sym_json_object_array_length(array), 1);
}

static void members_of_another_type_are_refused(void **state _unused_)
{
	_cleanup_json_ json_object *root = parse(
		"{\"s\":\"1\",\"n\":1,\"f\":1.5,\"b\":true,\"z\":null,\"a\":[],\"o\":{}}");
	static const char *const not_strings[] = { "n", "f", "b", "z", "a", "o", "x" };
	static const char *const not_numbers[] = { "s", "f", "b", "z", "a", "o", "x" };
	static const char *const not_bools[] = { "s", "n", "f", "z", "a", "o", "x" };
	static const char *const not_arrays[] = { "s", "n", "f", "b", "z", "o", "x" };
	const char *string = NULL;
	json_object *array = NULL;
	int64_t number = 4711;
	bool yes = true;

	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(json_get_string(root, not_strings[i], &string), -EINVAL);
		assert_int_equal(json_get_number(root, not_numbers[i], &number), -EINVAL);
		assert_int_equal(json_get_array(root, not_arrays[i], &array), -EINVAL);
		assert_int_equal(json_get_bool(root, not_bools[i], &yes), -EINVAL);
	}
	assert_true(yes);
	assert_null(string);
	assert_int_equal(number, 4711);
}

static void what_is_no_object_has_no_members(void **state _unused_)
{
	_cleanup_json_ json_object *array = parse("[\"s\"]"), *text = parse("\"s\"");
	const char *string = NULL;

	assert_int_equal(json_get_string(array, "s", &string), -EINVAL);
	assert_int_equal(json_get_string(text, "s", &string), -EINVAL);
	assert_int_equal(json_get_string(NULL, "s", &string), -EINVAL);
}

static void assert_refused(const char *text, size_t size)
{
	json_object *object = NULL;

	if (json_parse(text, size, &object) != -EINVAL)
		fail_msg("accepted: %.40s", text);
	assert_null(object);
}

static void garbage_is_refused(void **state _unused_)
{
	static const char *const texts[] = {
		"",    " ",	 "{",	"[",	 "{\"a\":}",  "{\"a\" 1}",
		"nul", "\"a",	 "{]",	"[1 2]", "abc",	      "{\"a\":1",
		"[1,", "<xml/>", "tru", "-",	 "\"\\u12\"", "{1:2}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_refused(texts[i], strlen(texts[i]));
	assert_refused("null", 4); /* no object of ours */
	assert_refused("{}", (size_t)INT_MAX + 1);
}

static void a_truncated_number_is_not_longer(void **state _unused_)
{
	_cleanup_json_ json_object *object = parse("12");

	assert_int_equal(sym_json_object_get_int64(object), 12);
}

static void deep_nesting_is_refused(void **state _unused_)
{
	_cleanup_free_ char *text = xmalloc(200001);

	memset(text, '[', 100000);
	memset(text + 100000, ']', 100000);
	text[200000] = '\0';
	assert_refused(text, 200000);
}

static void text_after_the_value_is_refused(void **state _unused_)
{
	static const char *const texts[] = { "{} garbage", "{}{}",	  "{}]",
					     "[1] 2",	   "\"a\" \"b\"", "1 2" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_refused(texts[i], strlen(texts[i]));
}

static void a_nul_byte_is_refused(void **state _unused_)
{
	static const char text[] = "{\"a\":1}\0{\"a\":2}";

	assert_refused(text, sizeof(text) - 1);
	assert_refused("{\"a\":\0 1}", 9);
}

static void blanks_around_the_value_are_fine(void **state _unused_)
{
	_cleanup_json_ json_object *object = parse(" \n{\"a\":1}\n\t ");
	int64_t number = 0;

	assert_int_equal(json_get_number(object, "a", &number), 0);
	assert_int_equal(number, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_built),
		cmocka_unit_test(members_are_read),
		cmocka_unit_test(members_of_another_type_are_refused),
		cmocka_unit_test(what_is_no_object_has_no_members),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(a_truncated_number_is_not_longer),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(text_after_the_value_is_refused),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(blanks_around_the_value_are_fine),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}

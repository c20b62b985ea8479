// SPDX-License-Identifier: LGPL-2.1-or-later

/* Allocation that cannot fail. */

#include "common/alloc.h"
#include "unit.h"

struct element {
	char text[24]; /* not a power of two in size */
	unsigned number;
};

static void arrays_grow_and_keep_what_they_hold(void **state _unused_)
{
	struct element *array = NULL;
	size_t n = 0;

	for (unsigned i = 0; i < 1000; i++) {
		struct element *e = ARRAY_PUSH(array, n);
		const struct element zero = { 0 };

		assert_int_equal(n, i + 1);
		assert_ptr_equal(e, &array[i]);
		assert_memory_equal(e, &zero, sizeof(zero));
		memset(e->text, (int)(i % 255) + 1, sizeof(e->text));
		e->number = i;
	}
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(array[i].number, i);
		assert_int_equal((unsigned char)array[i].text[23], i % 255 + 1);
	}
	free(array);
}

/* After a removal the count is smaller than what was allocated. */
static void arrays_grow_again_after_they_shrank(void **state _unused_)
{
	uint64_t *array = NULL;
	size_t n = 0;

	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 9; i++) {
			uint64_t *e = ARRAY_PUSH(array, n);

			assert_int_equal(*e, 0);
			*e = UINT64_MAX;
		}
		n -= (size_t)(round % 8);
	}
	for (size_t i = 0; i < n; i++)
		assert_true(array[i] == UINT64_MAX);
	free(array);
}

static void nothing_can_be_allocated(void **state _unused_)
{
	void *a = xmalloc(0), *b = xcalloc(0, 8), *c = xcalloc(8, 0),
	     *d = xreallocarray(NULL, 0, 8);

	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
	assert_non_null(d);
	free(a);
	free(b);
	free(c);
	free(d);
}

static void strings_are_copied_and_formatted(void **state _unused_)
{
	_cleanup_free_ char *copy = xstrdup("abc"), *part = xstrndup("abcdef", 2);
	_cleanup_free_ char *whole = xstrndup("abc", 100),
			    *text = xasprintf("%s/%u", "x", 7U);
	unsigned char *zeroed = xcalloc(3, 5);

	assert_string_equal(copy, "abc");
	assert_string_equal(part, "ab");
	assert_string_equal(whole, "abc");
	assert_string_equal(text, "x/7");
	for (int i = 0; i < 15; i++)
		assert_int_equal(zeroed[i], 0);
	free(zeroed);
}

/* More than any address space has; volatile, so that no compiler sees it. */
static volatile size_t too_much = SIZE_MAX / 2;

static int out_of_memory_by_malloc(void *arg _unused_)
{
	free(xmalloc(too_much));
	return 99;
}

static int out_of_memory_by_calloc(void *arg _unused_)
{
	free(xcalloc(too_much, 8)); /* the product overflows */
	return 99;
}

static int out_of_memory_by_realloc(void *arg _unused_)
{
	free(xreallocarray(NULL, too_much, 8));
	return 99;
}

static void out_of_memory_ends_the_process(void **state _unused_)
{
	assert_int_equal(unit_exit_status(unit_run(out_of_memory_by_malloc, NULL)),
			 EXIT_FAILURE);
	assert_int_equal(unit_exit_status(unit_run(out_of_memory_by_calloc, NULL)),
			 EXIT_FAILURE);
	assert_int_equal(unit_exit_status(unit_run(out_of_memory_by_realloc, NULL)),
			 EXIT_FAILURE);
}

static void out_of_memory_exits_with_the_status_set(void **state _unused_)
{
	alloc_set_exit_status(42);
	assert_int_equal(unit_exit_status(unit_run(out_of_memory_by_malloc, NULL)), 42);
	alloc_set_exit_status(EXIT_SUCCESS);
	assert_int_equal(unit_exit_status(unit_run(out_of_memory_by_malloc, NULL)), 0);
	alloc_set_exit_status(EXIT_FAILURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
		cmocka_unit_test(arrays_grow_again_after_they_shrank),
		cmocka_unit_test(nothing_can_be_allocated),
		cmocka_unit_test(strings_are_copied_and_formatted),
		cmocka_unit_test(out_of_memory_ends_the_process),
		cmocka_unit_test(out_of_memory_exits_with_the_status_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

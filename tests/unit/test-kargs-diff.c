// SPDX-License-Identifier: LGPL-2.1-or-later

/* What 'kargs --dry-run' shows, and text for a shell. */

#include <stdio.h>

#include "common/alloc.h"
#include "grubcfg/diff.h"
#include "grubcfg/quote.h"
#include "unit.h"

static void assert_diff(const char *before, const char *after, const char *expected)
{
	_cleanup_free_ char *diff = diff_unified("etc/x", before, after);

	assert_text(diff, expected);
}

static void equal_texts_have_no_difference(_unused_ void **state)
{
	assert_diff("", "", "");
	assert_diff(NULL, "", "");
	assert_diff("a\nb\n", "a\nb\n", "");
}

static void a_changed_line_has_three_lines_around_it(_unused_ void **state)
{
	assert_diff(
		"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n6\n7\n8\n9\n",
		"--- a/etc/x\n+++ b/etc/x\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n");
}

static void a_new_file_is_all_new(_unused_ void **state)
{
	assert_diff(NULL, "a\nb\n",
		    "--- /dev/null\n+++ b/etc/x\n@@ -0,0 +1,2 @@\n+a\n+b\n");
}

static void a_missing_final_newline_is_told(_unused_ void **state)
{
	assert_diff("a", "b\n",
		    "--- a/etc/x\n+++ b/etc/x\n@@ -1 +1 @@\n-a\n"
		    "\\ No newline at end of file\n+b\n");
}

static void far_changes_are_hunks_of_their_own(_unused_ void **state)
{
	assert_diff("A\n1\n2\n3\n4\n5\n6\n7\nB\n", "a\n1\n2\n3\n4\n5\n6\n7\nb\n",
		    "--- a/etc/x\n+++ b/etc/x\n@@ -1,4 +1,4 @@\n-A\n+a\n 1\n 2\n 3\n"
		    "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-B\n+b\n");
	assert_diff(
		"A\n1\n2\n3\n4\n5\n6\nB\n", "a\n1\n2\n3\n4\n5\n6\nb\n",
		"--- a/etc/x\n+++ b/etc/x\n@@ -1,8 +1,8 @@\n-A\n+a\n 1\n 2\n 3\n 4\n 5\n "
		"6\n-B\n+b\n");
}

static void removed_lines_leave_a_range_of_none(_unused_ void **state)
{
	assert_diff("a\n", "", "--- a/etc/x\n+++ b/etc/x\n@@ -1 +0,0 @@\n-a\n");
}

/* Too many lines for the table: shown as replaced, which is still right. */
static void long_texts_without_a_common_line_are_replaced(_unused_ void **state)
{
	_cleanup_free_ char *before = xcalloc(1, 16000), *after = xcalloc(1, 16000),
			    *diff = NULL;
	char *b = before, *a = after;
	size_t lines = 0;

	for (int i = 0; i < 5000; i++) {
		b = stpcpy(b, "b\n");
		a = stpcpy(a, "a\n");
	}
	diff = diff_unified("etc/x", before, after);
	for (const char *p = diff; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 2 * 5000 + 3);
}

static void words_survive_a_shell(_unused_ void **state)
{
	static const char *const words[] = { "plain-1.2/x=y,z:@%+",
					     "",
					     "a b",
					     "it's",
					     "$HOME",
					     "`id`",
					     "a\"b",
					     "*",
					     "\\" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_free_ char *quoted = quote_word(words[i]);
		_cleanup_free_ char *command = xasprintf("printf %%s %s", quoted);
		char read[64] = "";
		FILE *sh = popen(command, "re");

		assert_non_null(sh);
		(void)!fgets(read, sizeof(read), sh); /* nothing, of an empty word */
		assert_int_equal(pclose(sh), 0);
		assert_text(read, words[i]);
	}
}

static void plain_words_are_not_quoted(_unused_ void **state)
{
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *text = NULL;

	strv_push(&words, "kargs");
	strv_push(&words, "set");
	strv_push(&words, "dyndbg=\"file a.c +p\"");
	text = quote_words(&words);
	assert_text(text, "kargs set 'dyndbg=\"file a.c +p\"'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_texts_have_no_difference),
		cmocka_unit_test(a_changed_line_has_three_lines_around_it),
		cmocka_unit_test(a_new_file_is_all_new),
		cmocka_unit_test(a_missing_final_newline_is_told),
		cmocka_unit_test(far_changes_are_hunks_of_their_own),
		cmocka_unit_test(removed_lines_leave_a_range_of_none),
		cmocka_unit_test(long_texts_without_a_common_line_are_replaced),
		cmocka_unit_test(words_survive_a_shell),
		cmocka_unit_test(plain_words_are_not_quoted),
	};

	return cmocka_run_group_tests_name("kargs-diff", tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Planned edits over the files of a root. */

#include "common/alloc.h"
#include "grubcfg/tree.h"
#include "tree-fixture.h"
#include "unit.h"

static struct tree tree_of(struct fixture *f)
{
	return (struct tree){ .root = &f->root, .root_path = f->dir };
}

static void assert_content(const struct tree *tree, const char *path, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	size_t size;

	assert_int_equal(tree_read(tree, path, &text, &size), 0);
	assert_string_equal(text, expected);
	assert_int_equal(size, strlen(expected));
}

static void plan(struct tree *tree, const char *path, const char *text)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(tree_write(tree, path, text, strlen(text), 0640, &err), &err);
}

static void an_edit_is_seen_and_not_on_disk(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = tree_of(f);
	_cleanup_free_ char *disk = NULL, *text = NULL;

	fixture_set(f, "etc/a", "old\n");
	assert_content(&tree, "etc/a", "old\n");
	assert_int_equal(tree_read(&tree, "etc/b", &text, NULL), -ENOENT);
	plan(&tree, "etc/a", "new\n");
	plan(&tree, "/etc/b", "made\n");
	assert_content(&tree, "etc/a", "new\n");
	assert_content(&tree, "etc//./b", "made\n");
	assert_true(tree_exists(&tree, "etc/b"));
	assert_false(tree_exists(&tree, "etc/c"));
	disk = fixture_get(f, "etc/a");
	assert_text(disk, "old\n");
	assert_false(fixture_has(f, "etc/b"));
	assert_int_equal(tree.edits.n, 2);
	assert_true(tree.edits.items[0].existed);
	assert_string_equal(tree.edits.items[0].before, "old\n");
	assert_string_equal(tree.edits.items[0].after, "new\n");
	assert_false(tree.edits.items[1].existed);
	assert_int_equal(tree.edits.items[1].mode, 0640);
	assert_string_equal(tree.edits.items[1].path, "etc/b");
}

static void what_is_no_plain_file_is_not_opened(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = tree_of(f);
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *text = NULL, *fifo = fixture_path(f, "fifo");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	fixture_set(f, "dir/file", "x");
	assert_int_equal(tree_read(&tree, "fifo", &text, NULL), -EINVAL);
	assert_int_equal(tree_read(&tree, "dir", &text, NULL), -EISDIR);
	assert_null(text);
	assert_int_equal(tree_write(&tree, "fifo", "x", 1, 0600, &err), -EINVAL);
}

static void writing_what_is_there_is_no_edit(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = tree_of(f);

	fixture_set(f, "a", "old\n");
	fixture_set(f, "b", "old\n");
	plan(&tree, "a", "old\n");
	assert_int_equal(tree.edits.n, 0);
	plan(&tree, "a", "new\n");
	plan(&tree, "b", "new\n");
	plan(&tree, "a", "old\n"); /* back again */
	assert_int_equal(tree.edits.n, 1);
	assert_string_equal(tree.edits.items[0].path, "b");
	plan(&tree, "new", "");
	assert_int_equal(tree.edits.n, 2);
}

static void links_are_followed_within_the_root(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = tree_of(f);
	_cleanup_free_ char *text = NULL;

	fixture_set(f, "etc/default/grub", "x\n");
	fixture_add(f, "etc/sysconfig/grub -> ../default/grub\n"
		       "etc/abs -> /etc/default/grub\n"
		       "etc/out -> ../../../../../etc/default/grub\n"
		       "lib -> usr/lib\n"
		       "etc/dangling -> /boot/new/file\n"
		       "etc/loop -> loop\n");
	fixture_set(f, "usr/lib/f", "y\n");
	assert_content(&tree, "etc/sysconfig/grub", "x\n");
	plan(&tree, "etc/sysconfig/grub", "z\n");
	assert_content(&tree, "etc/default/grub", "z\n");
	assert_content(&tree, "etc/abs", "z\n");
	assert_content(&tree, "etc/out", "z\n");
	assert_content(&tree, "lib/../lib/f", "y\n");
	plan(&tree, "etc/abs", "w\n");
	assert_int_equal(tree.edits.n, 1);
	assert_string_equal(tree.edits.items[0].path, "etc/sysconfig/grub");
	assert_string_equal(tree.edits.items[0].target, "etc/default/grub");
	assert_int_equal(tree_read(&tree, "etc/dangling", &text, NULL), -ENOENT);
	plan(&tree, "etc/dangling", "d\n");
	assert_string_equal(tree.edits.items[1].target, "boot/new/file");
	assert_int_equal(tree_read(&tree, "etc/loop", &text, NULL), -ELOOP);
	assert_false(tree_exists(&tree, "etc/loop"));
}

static void planned_files_are_listed(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = tree_of(f);
	_cleanup_strv_ struct strv names = STRV_NULL, top = STRV_NULL, none = STRV_NULL;
	_cleanup_free_ char *joined = NULL, *made = NULL;

	fixture_set(f, "d/b", "1");
	fixture_add(f, "l -> d\n");
	plan(&tree, "l/a", "2");
	plan(&tree, "d/b", "3");
	plan(&tree, "d/sub/c", "4");
	plan(&tree, "new/x", "5");
	assert_int_equal(tree_list(&tree, "l", &names), 0);
	joined = strv_join(&names, " ");
	assert_string_equal(joined, "a b");
	assert_int_equal(tree_list(&tree, "new", &top), 0);
	made = strv_join(&top, " ");
	assert_string_equal(made, "x");
	assert_int_equal(tree_list(&tree, "nowhere", &none), -ENOENT);
	assert_int_equal(tree_list(&tree, "d/b", &none), -ENOTDIR);
	assert_int_equal(none.n, 0);
}

static void rewriting_in_place_keeps_the_size(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = tree_of(f);
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_set(f, "env", "1234");
	assert_done(tree_write_in_place(&tree, "env", "4321", 4, &err), &err);
	assert_true(tree.edits.items[0].in_place);
	assert_done(tree_write_in_place(&tree, "env", "1234", 4, &err), &err);
	assert_int_equal(tree.edits.n, 0);
	assert_failed(tree_write_in_place(&tree, "env", "12345", 5, &err), -EINVAL, &err,
		      "env cannot be rewritten in its own blocks", NULL);
	assert_failed(tree_write_in_place(&tree, "new", "1", 1, &err), -EINVAL, &err,
		      "new cannot be rewritten in its own blocks", NULL);
	assert_int_equal(tree.edits.n, 0);
}

static void what_is_no_plain_file_is_refused(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = tree_of(f);
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *big = xcalloc(TREE_FILE_MAX + 2, 1), *text = NULL;

	fixture_add(f, "d/\nfile = x\n");
	assert_failed(tree_write(&tree, "d", "x", 1, 0644, &err), -EISDIR, &err,
		      "cannot read d", NULL);
	assert_failed(tree_write(&tree, "file/x", "x", 1, 0644, &err), -ENOTDIR, &err,
		      "cannot read file/x", NULL);
	assert_failed(tree_write(&tree, "big", big, TREE_FILE_MAX + 1, 0644, &err),
		      -EFBIG, &err, "big would become 16777217 bytes long", NULL);
	memset(big, 'x', TREE_FILE_MAX + 1);
	fixture_write(f, "big", big, TREE_FILE_MAX + 1);
	assert_int_equal(tree_read(&tree, "big", &text, NULL), -EFBIG);
	assert_failed(tree_write(&tree, "big", "x", 1, 0644, &err), -EFBIG, &err,
		      "cannot read big", NULL);
	assert_int_equal(tree.edits.n, 0);
}

static void a_planned_file_that_was_made_is_listed_once(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = tree_of(f);
	_cleanup_strv_ struct strv names = STRV_NULL;

	fixture_set(f, "dir/a", "x\n");
	plan(&tree, "dir/b", "x\n");
	fixture_set(f, "dir/b", "x\n");
	assert_int_equal(tree_list(&tree, "dir", &names), 0);
	assert_int_equal(names.n, 2);
}

static void a_touch_is_an_edit_with_the_same_bytes(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = tree_of(f);
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_set(f, "a", "old\n");
	fixture_set(f, "b", "old\n");
	plan(&tree, "b", "new\n");
	assert_done(tree_touch(&tree, "a", &err), &err);
	assert_done(tree_touch(&tree, "b", &err), &err);
	assert_int_equal(tree.edits.n, 2);
	assert_content(&tree, "a", "old\n");
	assert_content(&tree, "b", "new\n");
	fixture_set(f, "dir/c", "");
	assert_failed(tree_touch(&tree, "dir", &err), -EISDIR, &err, "cannot read dir",
		      NULL);
	assert_int_equal(tree.edits.n, 2);
}

static void bytes_of_any_kind_are_kept(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = tree_of(f);
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *text = NULL;
	size_t size;

	fixture_write(f, "a", "x\0y", 3);
	assert_done(tree_write(&tree, "a", "x\0z", 3, 0644, &err), &err);
	assert_int_equal(tree_read(&tree, "a", &text, &size), 0);
	assert_int_equal(size, 3);
	assert_memory_equal(text, "x\0z", 4);
	assert_done(tree_write(&tree, "a", "x\0y", 3, 0644, &err), &err);
	assert_int_equal(tree.edits.n, 0);
}

#define TEST_IN_TREE(t) \
	cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_TREE(an_edit_is_seen_and_not_on_disk),
		TEST_IN_TREE(what_is_no_plain_file_is_not_opened),
		TEST_IN_TREE(writing_what_is_there_is_no_edit),
		TEST_IN_TREE(links_are_followed_within_the_root),
		TEST_IN_TREE(planned_files_are_listed),
		TEST_IN_TREE(rewriting_in_place_keeps_the_size),
		TEST_IN_TREE(what_is_no_plain_file_is_refused),
		TEST_IN_TREE(a_planned_file_that_was_made_is_listed_once),
		TEST_IN_TREE(a_touch_is_an_edit_with_the_same_bytes),
		TEST_IN_TREE(bytes_of_any_kind_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

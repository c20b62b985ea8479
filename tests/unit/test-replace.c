// SPDX-License-Identifier: LGPL-2.1-or-later

/* Files replaced as a whole. */

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "common/replace.h"
#include "tree-fixture.h"

#define SIZE_LIMIT 65536

/* ---- a file system that is said to be FAT ---- */

int __real_fsync(int fd);
int __real_fstatfs64(int fd, struct statfs *ret);
int __wrap_fsync(int fd);
int __wrap_fstatfs64(int fd, struct statfs *ret);

static bool all_is_fat;
static const char *watched; /* path of a file */
static unsigned syncs_in_place; /* of the file that has that name by then */
static bool directory_came_first;

int __wrap_fsync(int fd)
{
	struct stat here, there;

	if (watched && fstat(fd, &here) == 0 && stat(watched, &there) == 0) {
		if (here.st_ino == there.st_ino)
			syncs_in_place++;
		else if (S_ISDIR(here.st_mode) && syncs_in_place == 0)
			directory_came_first = true;
	}
	return __real_fsync(fd);
}

int __wrap_fstatfs64(int fd, struct statfs *ret)
{
	int r = __real_fstatfs64(fd, ret);

	if (all_is_fat)
		ret->f_type = MSDOS_SUPER_MAGIC;
	return r;
}

static void read_image(const struct fixture *f, const char *path, struct file_image *ret)
{
	assert_int_equal(file_image_read(&f->root, path, SIZE_LIMIT, ret), 0);
}

/* Replaces the bytes of @path, which need not exist, by @text. */
static int replace_text(const struct fixture *f, const char *path, const char *text,
			unsigned flags, struct error *err)
{
	_cleanup_replace_batch_ struct replace_batch batch = { 0 };
	_cleanup_file_image_ struct file_image old = { 0 }, new = { 0 };
	int r;

	read_image(f, path, &old);
	new = file_image_with(&old, text, strlen(text));
	if (!old.exists) {
		new.exists = true;
		new.mode = 0640;
		new.uid = geteuid();
		new.gid = getegid();
	}
	r = replace_batch_add(&batch, &f->root, path, &new, flags, err);
	return r == 0 ? replace_batch_publish(&batch, err) : r;
}

static void replaced(const struct fixture *f, const char *path, const char *text,
		     unsigned flags)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *now = NULL;

	assert_done(replace_text(f, path, text, flags, &err), &err);
	now = fixture_get(f, path);
	assert_text(now, text);
}

static struct stat stat_of(const struct fixture *f, const char *path)
{
	_cleanup_free_ char *full = fixture_path(f, path);
	struct stat st;

	assert_int_equal(lstat(full, &st), 0);
	return st;
}

static void keeps_mode_owner_and_attributes(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *full = fixture_path(f, "etc/file");
	_cleanup_file_image_ struct file_image before = { 0 }, after = { 0 };

	fixture_set(f, "etc/file", "old\n");
	assert_int_equal(chmod(full, 04751), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(full, 12, 34), 0);
	assert_int_equal(chmod(full, 04751), 0);
	if (setxattr(full, "user.note", "x\0y", 3, 0) < 0)
		unit_skip("no attributes on this file system");
	read_image(f, "etc/file", &before);
	replaced(f, "etc/file", "longer than it was\n", 0);
	read_image(f, "etc/file", &after);
	assert_int_equal(after.mode, 04751);
	assert_int_equal(after.uid, before.uid);
	assert_int_equal(after.gid, before.gid);
	assert_int_equal(after.n_xattrs, before.n_xattrs);
	assert_false(file_image_equal(&before, &after));
	free(after.data);
	after.data = strdup(before.data);
	after.size = before.size;
	after.mtime = before.mtime;
	assert_true(file_image_equal(&before, &after));
}

static void keeps_an_access_control_list(void **state)
{
	/* u::rw- u:12:r-- g::r-- m::r-- o::--- in the form of the kernel */
	static const unsigned char acl[] = { 2,	  0,   0,   0, 1,   0,	 6,   0,   255,
					     255, 255, 255, 2, 0,   4,	 0,   12,  0,
					     0,	  0,   4,   0, 4,   0,	 255, 255, 255,
					     255, 16,  0,   4, 0,   255, 255, 255, 255,
					     32,  0,   0,   0, 255, 255, 255, 255 };
	struct fixture *f = *state;
	_cleanup_free_ char *full = fixture_path(f, "etc/file");
	char now[sizeof(acl)];

	fixture_set(f, "etc/file", "old\n");
	if (setxattr(full, "system.posix_acl_access", acl, sizeof(acl), 0) < 0) {
		unit_skip("no access control lists on this file system");
		return;
	}
	replaced(f, "etc/file", "new\n", 0);
	assert_int_equal(getxattr(full, "system.posix_acl_access", now, sizeof(now)),
			 sizeof(acl));
	assert_memory_equal(now, acl, sizeof(acl));
	assert_int_equal(stat_of(f, "etc/file").st_mode & 07777, 0640);
}

/* A default ACL of the directory would give the new file what the old one had not. */
static void takes_no_list_from_the_directory(void **state)
{
	static const unsigned char acl[] = { 2,	  0,   0, 0, 1,	  0,   6,   0,	 255, 255,
					     255, 255, 4, 0, 4,	  0,   255, 255, 255, 255,
					     32,  0,   4, 0, 255, 255, 255, 255 };
	struct fixture *f = *state;
	_cleanup_free_ char *full = fixture_path(f, "etc/file"),
			    *dir = fixture_path(f, "etc");

	fixture_set(f, "etc/file", "old\n");
	if (setxattr(dir, "system.posix_acl_default", acl, sizeof(acl), 0) < 0) {
		unit_skip("no access control lists on this file system");
		return;
	}
	replaced(f, "etc/file", "new\n", 0);
	assert_true(getxattr(full, "system.posix_acl_access", NULL, 0) < 0);
}

static void keeps_the_time_when_told_so(void **state)
{
	struct fixture *f = *state;
	_cleanup_replace_batch_ struct replace_batch batch = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_file_image_ struct file_image image = { 0 }, now = { 0 };

	fixture_set(f, "a", "1\n");
	read_image(f, "a", &image);
	image.mtime = (struct timespec){ .tv_sec = 1000000000, .tv_nsec = 123456789 };
	assert_done(replace_batch_add(&batch, &f->root, "a", &image, REPLACE_KEEP_TIME,
				      &err),
		    &err);
	assert_done(replace_batch_publish(&batch, &err), &err);
	read_image(f, "a", &now);
	assert_true(file_image_equal(&image, &now));
}

static void a_link_stays_and_its_target_is_replaced(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *target = NULL;

	fixture_add(f, "etc/default/grub = old\n"
		       "etc/sysconfig/grub -> ../default/grub\n"
		       "etc/absolute -> /etc/sysconfig/grub\n"
		       "etc/dangling -> default/new\n");
	replaced(f, "etc/sysconfig/grub", "new\n", 0);
	target = fixture_get(f, "etc/default/grub");
	assert_text(target, "new\n");
	assert_true(S_ISLNK(stat_of(f, "etc/sysconfig/grub").st_mode));
	/* Absolute, it leads to the same file below this root. */
	assert_done(replace_text(f, "etc/absolute", "newer\n", 0, &err), &err);
	free(target);
	target = fixture_get(f, "etc/default/grub");
	assert_text(target, "newer\n");
	assert_true(S_ISLNK(stat_of(f, "etc/absolute").st_mode));
	replaced(f, "etc/dangling", "made\n", 0);
	assert_true(fixture_has(f, "etc/default/new"));
}

static void a_loop_of_links_is_an_error(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_file_image_ struct file_image image = { .exists = true };
	struct replacement r;

	fixture_add(f, "a -> b\nb -> a\n");
	image.data = strdup("");
	assert_failed(replace_begin(&f->root, "a", &image, 0, &r, &err), -ELOOP, &err,
		      "/a", NULL);
}

static void a_new_file_has_the_images_mode(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "etc/\n");
	replaced(f, "etc/new", "x\n", 0);
	assert_int_equal(stat_of(f, "etc/new").st_mode & 07777, 0640);
}

static void in_place_is_the_same_file(void **state)
{
	struct fixture *f = *state;
	ino_t before;

	fixture_set(f, "grubenv", "1234");
	before = stat_of(f, "grubenv").st_ino;
	replaced(f, "grubenv", "5678", REPLACE_IN_PLACE);
	assert_int_equal(stat_of(f, "grubenv").st_ino, before);
}

static void in_place_another_size_is_refused(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *now = NULL;

	fixture_set(f, "grubenv", "1234");
	assert_failed(replace_text(f, "grubenv", "12345", REPLACE_IN_PLACE, &err),
		      -EINVAL, &err, "/grubenv", NULL);
	now = fixture_get(f, "grubenv");
	assert_text(now, "1234");
}

static void nothing_is_there_before_publish_and_nothing_left_without(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_file_image_ struct file_image image = { 0 };
	_cleanup_free_ char *now = NULL;
	struct replacement r = REPLACEMENT_NULL;

	fixture_set(f, "a", "old\n");
	read_image(f, "a", &image);
	image.data[0] = 'x';
	assert_done(replace_begin(&f->root, "a", &image, 0, &r, &err), &err);
	assert_true(fixture_has(f, ".a.new"));
	now = fixture_get(f, "a");
	assert_text(now, "old\n");
	replace_done(&r);
	assert_false(fixture_has(f, ".a.new"));
}

static void what_a_dead_process_left_is_cleaned(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, "etc/.file.new", "half");
	fixture_set(f, "etc/file", "old");
	assert_int_equal(replace_clean(&f->root, "etc/file"), 0);
	assert_false(fixture_has(f, "etc/.file.new"));
	fixture_set(f, "etc/.file.new", "half");
	replaced(f, "etc/file", "new", 0);
	assert_false(fixture_has(f, "etc/.file.new"));
	assert_int_equal(replace_clean(&f->root, "not/there"), 0);
}

static void an_image_of_no_file_removes_it(void **state)
{
	struct fixture *f = *state;
	_cleanup_replace_batch_ struct replace_batch batch = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	const struct file_image none = { 0 };

	fixture_set(f, "a", "x");
	for (int i = 0; i < 2; i++) {
		assert_done(replace_batch_add(&batch, &f->root, "a", &none, 0, &err),
			    &err);
		assert_done(replace_batch_publish(&batch, &err), &err);
		assert_false(fixture_has(f, "a"));
		replace_batch_done(&batch);
	}
}

static void what_is_no_file_is_an_error(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *fifo = fixture_path(f, "fifo");
	_cleanup_file_image_ struct file_image image = { 0 };

	fixture_add(f, "dir/\n");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(file_image_read(&f->root, "fifo", SIZE_LIMIT, &image), -EINVAL);
	assert_int_equal(file_image_read(&f->root, "dir", SIZE_LIMIT, &image), -EINVAL);
	fixture_set(f, "big", "12345");
	assert_int_equal(file_image_read(&f->root, "big", 4, &image), -EFBIG);
	assert_int_equal(file_image_read(&f->root, "absent", SIZE_LIMIT, &image), 0);
	assert_false(image.exists);
}

/* Or the slot in the directory names clusters that are free already. */
static void on_fat_a_renamed_file_is_synced_before_its_directory(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *path = fixture_path(f, "boot/entry.conf");

	fixture_set(f, "boot/entry.conf", "old\n");
	watched = path;
	syncs_in_place = 0;
	directory_came_first = false;
	replaced(f, "boot/entry.conf", "none\n", 0);
	assert_int_equal(syncs_in_place, 0);
	assert_true(directory_came_first);
	directory_came_first = false;
	all_is_fat = true;
	replaced(f, "boot/entry.conf", "new\n", 0);
	all_is_fat = false;
	watched = NULL;
	assert_int_equal(syncs_in_place, 1);
	assert_false(directory_came_first);
}

static void many_files_are_replaced_together(void **state)
{
	struct fixture *f = *state;
	_cleanup_replace_batch_ struct replace_batch batch = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	for (int i = 0; i < 3 * SYNC_SINGLY_MAX; i++) {
		_cleanup_file_image_ struct file_image image = { .exists = true,
								 .mode = 0644 };
		char path[32];

		(void)snprintf(path, sizeof(path), "entries/%d", i);
		fixture_set(f, path, "old");
		image.uid = geteuid();
		image.gid = getegid();
		image.data = strdup("new");
		image.size = 3;
		assert_done(replace_batch_add(&batch, &f->root, path, &image, 0, &err),
			    &err);
	}
	assert_true(batch.sync.groups[0].whole);
	assert_done(replace_batch_publish(&batch, &err), &err);
	for (int i = 0; i < 3 * SYNC_SINGLY_MAX; i++) {
		_cleanup_free_ char *now = NULL;
		char path[32];

		(void)snprintf(path, sizeof(path), "entries/%d", i);
		now = fixture_get(f, path);
		assert_text(now, "new");
	}
}

static void missing_directories_are_made_and_named(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_strv_ struct strv made = STRV_NULL;

	fixture_add(f, "etc/\n");
	assert_done(directories_make(&f->root, "etc/a/b/file", &made, &err), &err);
	assert_int_equal(made.n, 2);
	assert_text(made.items[0], "etc/a");
	assert_text(made.items[1], "etc/a/b");
	assert_int_equal(directory_remove(&f->root, "etc/a"), -ENOTEMPTY);
	assert_int_equal(directory_remove(&f->root, "etc/a/b"), 0);
	assert_int_equal(directory_remove(&f->root, "etc/a/b"), 0);
	fixture_set(f, "etc/a/file", "x");
	assert_failed(directories_make(&f->root, "etc/a/file/x/y", &made, &err), -ENOTDIR,
		      &err, "/etc/a/file", NULL);
}

#define REPLACE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

/* ---- large files ---- */

static void a_copy_is_the_same_file_but_for_its_name(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_file_image_ struct file_image from = { 0 }, to = { 0 }, moved = { 0 };
	_cleanup_free_ char *path = fixture_path(f, "a/image");
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   { .tv_sec = 12345, .tv_nsec = 678 } };

	fixture_add(f, "a/image = bytes\nb/there = other\n");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	read_image(f, "a/image", &from);
	assert_done(file_copy(&f->root, "a/image", "b/copy", &err), &err);
	read_image(f, "b/copy", &to);
	assert_true(file_image_equal(&from, &to));
	assert_true(fixture_has(f, "a/image"));
	assert_done(file_move(&f->root, "b/copy", "b/there", &err), &err);
	read_image(f, "b/there", &moved);
	assert_true(file_image_equal(&from, &moved));
	assert_false(fixture_has(f, "b/copy"));
	assert_false(fixture_has(f, "b/.copy.new"));
}

static void a_copy_that_cannot_be_made_leaves_nothing(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_add(f, "a/image = bytes\na/directory/there = 1\n");
	assert_failed(file_copy(&f->root, "a/none", "a/copy", &err), -ENOENT, &err,
		      "failed to read '/a/none'", NULL);
	error_done(&err);
	assert_failed(file_copy(&f->root, "a/directory", "a/copy", &err), -EINVAL, &err,
		      "failed to read '/a/directory'", NULL);
	error_done(&err);
	assert_failed(file_copy(&f->root, "a/image", "none/copy", &err), -ENOENT, &err,
		      "'/none/copy'", NULL);
	error_done(&err);
	assert_failed(file_copy(&f->root, "a/image", "a/directory", &err), -EISDIR, &err,
		      "'/a/directory'", NULL);
	error_done(&err);
	assert_failed(file_move(&f->root, "a/none", "a/image", &err), -ENOENT, &err,
		      "failed to move '/a/none' to '/a/image'", NULL);
	error_done(&err);
	assert_failed(file_move(&f->root, "a/image", "none/copy", &err), -ENOENT, &err,
		      "failed to move '/a/image'", NULL);
	assert_false(fixture_has(f, "a/copy"));
	assert_false(fixture_has(f, "a/.directory.new"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPLACE_TEST(keeps_mode_owner_and_attributes),
		REPLACE_TEST(keeps_an_access_control_list),
		REPLACE_TEST(takes_no_list_from_the_directory),
		REPLACE_TEST(keeps_the_time_when_told_so),
		REPLACE_TEST(a_link_stays_and_its_target_is_replaced),
		REPLACE_TEST(a_loop_of_links_is_an_error),
		REPLACE_TEST(a_new_file_has_the_images_mode),
		REPLACE_TEST(in_place_is_the_same_file),
		REPLACE_TEST(in_place_another_size_is_refused),
		REPLACE_TEST(a_copy_is_the_same_file_but_for_its_name),
		REPLACE_TEST(a_copy_that_cannot_be_made_leaves_nothing),
		REPLACE_TEST(nothing_is_there_before_publish_and_nothing_left_without),
		REPLACE_TEST(what_a_dead_process_left_is_cleaned),
		REPLACE_TEST(an_image_of_no_file_removes_it),
		REPLACE_TEST(what_is_no_file_is_an_error),
		REPLACE_TEST(on_fat_a_renamed_file_is_synced_before_its_directory),
		REPLACE_TEST(many_files_are_replaced_together),
		REPLACE_TEST(missing_directories_are_made_and_named),
	};

	return cmocka_run_group_tests_name("replace", tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Sections of PE files: whole ones, cut off anywhere, and with numbers that point nowhere. */

#include <fcntl.h>
#include <stdint.h>

#include "common/alloc.h"
#include "grubcfg/built.h"
#include "grubcfg/keep.h"
#include "grubcfg/pe.h"
#include "grubcfg/uki.h"
#include "tree-fixture.h"

#define HEADER 64 /* of DOS */
#define TABLE (HEADER + 24 + 8) /* behind an optional header of 8 bytes */
#define ROW 40
#define DATA 256
#define SIZE 512
#define FILE_NAME "image.efi"

static void put(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

static void put_row(unsigned char *image, unsigned index, const char *name, uint32_t used,
		    uint32_t size, uint32_t offset)
{
	unsigned char *row = image + TABLE + (size_t)index * ROW;

	memcpy(row, name, strnlen(name, 8));
	put(row + 8, used);
	put(row + 16, size);
	put(row + 20, offset);
}

/* Two sections: .osrel, and .cmdline of 8 bytes, of which 3 are used. */
static void make(unsigned char image[SIZE])
{
	static const unsigned char magic[] = { 'P', 'E', 0, 0 };
	static const char data[12] = "ID=xa=1";

	memset(image, 0, SIZE);
	image[0] = 'M';
	image[1] = 'Z';
	put(image + 60, HEADER);
	memcpy(image + HEADER, magic, sizeof(magic));
	image[HEADER + 6] = 2;
	image[HEADER + 20] = 8;
	put_row(image, 0, ".osrel", 4, 4, DATA);
	put_row(image, 1, ".cmdline", 3, 8, DATA + 4);
	memcpy(image + DATA, data, sizeof(data));
}

static int read_section(const struct fixture *f, const unsigned char *image, size_t size,
			const char *name, size_t max, char **ret)
{
	_cleanup_close_ int fd = -1;
	size_t length = 0;
	int r;

	fixture_write(f, FILE_NAME, image, size);
	fd = sysroot_openf(&f->root, O_RDONLY, FILE_NAME);
	assert_true(fd >= 0);
	r = pe_section(fd, name, max, ret, &length);
	if (r == 0)
		assert_int_equal(length, strlen(*ret));
	return r;
}

static void assert_result(const struct fixture *f, const unsigned char *image,
			  size_t size, int expected)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(read_section(f, image, size, ".cmdline", 100, &text), expected);
	if (expected < 0)
		assert_null(text);
}

static void a_section_is_as_long_as_it_is_used(void **state)
{
	_cleanup_free_ char *text = NULL, *all = NULL, *first = NULL;
	unsigned char image[SIZE];

	make(image);
	assert_int_equal(read_section(*state, image, SIZE, ".cmdline", 3, &text), 0);
	assert_text(text, "a=1");
	assert_int_equal(read_section(*state, image, SIZE, ".osrel", 100, &first), 0);
	assert_text(first, "ID=x");
	/* Tools that leave it 0, and a size in memory that is larger than in the file. */
	put_row(image, 1, ".cmdline", 0, 3, DATA + 4);
	assert_int_equal(read_section(*state, image, SIZE, ".cmdline", 100, &all), 0);
	assert_text(all, "a=1");
	free(TAKE_PTR(all));
	put_row(image, 1, ".cmdline", 4096, 3, DATA + 4);
	assert_int_equal(read_section(*state, image, SIZE, ".cmdline", 100, &all), 0);
	assert_text(all, "a=1");
}

static void what_is_no_image_is_told(void **state)
{
	_cleanup_free_ char *text = NULL;
	unsigned char image[SIZE];

	make(image);
	assert_int_equal(read_section(*state, image, SIZE, ".cmd", 100, &text), -ENOENT);
	assert_int_equal(read_section(*state, image, SIZE, ".cmdline", 2, &text), -EFBIG);
	image[HEADER] = 'N';
	assert_result(*state, image, SIZE, -EBADMSG);
	make(image);
	image[0] = '#';
	assert_result(*state, image, SIZE, -EBADMSG);
	assert_result(*state, image, 0, -EBADMSG);
}

static void numbers_that_point_nowhere_are_no_image(void **state)
{
	static const uint32_t bad[] = { SIZE, SIZE - 1, 0x7fffffff, 0xffffffff };
	unsigned char image[SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		make(image);
		put(image + 60, bad[i]);
		assert_result(*state, image, SIZE, -EBADMSG);
		make(image);
		put_row(image, 1, ".cmdline", 3, 8, bad[i]);
		assert_result(*state, image, SIZE, -EBADMSG);
		make(image);
		put_row(image, 1, ".cmdline", bad[i], bad[i], DATA);
		assert_result(*state, image, SIZE, -EFBIG);
	}
	/* More sections than there are, and a table behind the end. */
	make(image);
	put_row(image, 1, ".text", 3, 8, DATA);
	image[HEADER + 6] = image[HEADER + 7] = 0xff;
	assert_result(*state, image, SIZE, -EBADMSG);
	make(image);
	image[HEADER + 20] = image[HEADER + 21] = 0xff;
	assert_result(*state, image, SIZE, -EBADMSG);
}

static void an_image_that_was_cut_off_anywhere_is_none(void **state)
{
	unsigned char image[SIZE];

	make(image);
	for (size_t size = 0; size < DATA + 4 + 3; size++)
		assert_result(*state, image, size, -EBADMSG);
	assert_result(*state, image, DATA + 4 + 3, 0);
}

/* ---------------------------------------------------------------- images of a host */

static void names_with_a_counter_are_the_same_image(void **state)
{
	struct fixture *f = *state;
	_cleanup_strv_ struct strv names = STRV_NULL;
	_cleanup_free_ char *joined = NULL;

	fixture_add(f, "EFI/Linux/a.efi = x\nEFI/Linux/a+3.efi = x\n"
		       "EFI/Linux/a+2-1.efi = x\nEFI/Linux/b.efi = x\n"
		       "EFI/Linux/a.conf = x\nEFI/Linux/a+x.efi = x\n");
	uki_names(&f->root, "EFI/Linux/a+9.efi", &names);
	joined = strv_join(&names, " ");
	assert_text(joined, "EFI/Linux/a+2-1.efi EFI/Linux/a+3.efi EFI/Linux/a.efi");
	assert_false(uki_is_name(".efi"));
	assert_false(uki_is_name("a.efi.extra.d"));
}

struct host {
	struct tree tree;
	struct bootpath boot;
};

static void open_host(const struct fixture *f, const char *template, struct host *ret)
{
	unsigned char image[SIZE];

	make(image);
	fixture_write(f, "efi/EFI/Linux/a.efi", image, SIZE);
	fixture_set(f, "etc/kernel/cmdline", template);
	*ret = (struct host){ .tree = { .root = &f->root, .root_path = f->dir } };
	sinks_push(&ret->boot.sinks, &sink_kernel_cmdline, "etc/kernel/cmdline", NULL,
		   SINK_BOTH);
	sinks_push(&ret->boot.built, &sink_uki, "efi/EFI/Linux/a.efi", NULL,
		   SINK_INSTALLED);
}

static void compare(const struct fixture *f, const char *template, const char *name,
		    int expected, const char *cause)
{
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	struct host host;

	open_host(f, template, &host);
	changes_push(&changes, CHANGE_SET, name);
	assert_int_equal(built_compare(&host.tree, &host.boot, &changes, &err), expected);
	if (cause)
		assert_contains(err.cause, cause);
	else
		assert_null(err.cause);
	bootpath_done(&host.boot);
}

static void an_image_is_compared_with_its_file(void **state)
{
	compare(*state, "root=/dev/sda1 a=1\n", "a=1", 0, NULL);
	compare(*state, "root=/dev/sda1 a=2\n", "a=2", 1, "does not have 'a=2'");
	compare(*state, "root=/dev/sda1\n", "a", 1, "still has 'a=1'");
	/* What nobody asked for may be the tool's own. */
	compare(*state, "root=/dev/sda1\n", "b", 0, NULL);
}

static void an_image_of_several_files_has_to_have_one(void **state)
{
	struct fixture *f = *state;
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	struct host host;

	open_host(f, "a=2\n", &host);
	fixture_set(f, "etc/kernel/other", "a=1\n");
	sinks_push(&host.boot.sinks, &sink_kernel_cmdline, "etc/kernel/other", NULL,
		   SINK_BOTH);
	changes_push(&changes, CHANGE_SET, "a=1");
	assert_int_equal(built_compare(&host.tree, &host.boot, &changes, &err), 0);
	assert_null(err.cause);
	fixture_set(f, "efi/EFI/Linux/a.efi", "MZ");
	assert_int_equal(built_compare(&host.tree, &host.boot, &changes, &err), 1);
	assert_contains(err.cause, "a.efi' is not a whole EFI image");
	bootpath_done(&host.boot);
}

static void copies_are_kept_and_put_back(void **state)
{
	struct fixture *f = *state;
	_cleanup_kept_images_ struct kept_images kept = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *before = NULL, *now = NULL;
	struct host host;
	bool all;

	open_host(f, "a=1\n", &host);
	assert_done(keep_plan(&host.tree, &host.boot, "var", &kept, &err), &err);
	assert_int_equal(kept.n, 1);
	assert_text(kept.items[0].copy, "efi/EFI/Linux/.a.efi.kargs");
	before = fixture_dump(f, "efi");
	assert_done(keep_make(&f->root, &kept, true, &err), &err);
	fixture_set(f, "efi/EFI/Linux/a.efi", "broken");
	/* A copy that is there is not made anew of what is broken. */
	assert_done(keep_make(&f->root, &kept, false, &err), &err);
	assert_done(keep_put_back(&f->root, &kept, INT64_MAX, &all, &err), &err);
	assert_true(all);
	now = fixture_dump(f, "efi");
	assert_text(now, before);
	/* Without a copy nothing is known; with an older one the image is somebody else's. */
	assert_done(keep_put_back(&f->root, &kept, INT64_MAX, &all, &err), &err);
	assert_false(all);
	assert_done(keep_make(&f->root, &kept, true, &err), &err);
	fixture_set(f, "efi/EFI/Linux/a.efi", "newer");
	assert_done(keep_put_back(&f->root, &kept, 0, &all, &err), &err);
	assert_false(all);
	assert_false(fixture_has(f, kept.items[0].copy));
	free(TAKE_PTR(now));
	now = fixture_get(f, "efi/EFI/Linux/a.efi");
	assert_text(now, "newer");
	bootpath_done(&host.boot);
}

static void a_copy_that_cannot_be_made_is_an_error(void **state)
{
	struct fixture *f = *state;
	_cleanup_kept_images_ struct kept_images kept = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	struct host host;

	open_host(f, "a=1\n", &host);
	assert_done(keep_plan(&host.tree, &host.boot, "var", &kept, &err), &err);
	free(kept.items[0].copy);
	kept.items[0].copy = xstrdup("not/there");
	assert_failed(keep_make(&f->root, &kept, true, &err), -ENOENT, &err,
		      "'/not/there'", NULL);
	error_done(&err);
	fixture_remove(f, "efi/EFI/Linux/a.efi");
	assert_failed(keep_make(&f->root, &kept, true, &err), -ENOENT, &err, "a.efi'",
		      NULL);
	bootpath_done(&host.boot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_section_is_as_long_as_it_is_used,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_image_is_told, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(numbers_that_point_nowhere_are_no_image,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(an_image_that_was_cut_off_anywhere_is_none,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(names_with_a_counter_are_the_same_image,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(an_image_is_compared_with_its_file,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(an_image_of_several_files_has_to_have_one,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(copies_are_kept_and_put_back,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_copy_that_cannot_be_made_is_an_error,
						fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests_name("kargs-pe", tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* The tree that is read and changed. */

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "common/alloc.h"
#include "common/sysroot.h"
#include "tree-fixture.h"

static void opening_a_root(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *missing = fixture_path(f, "missing");
	_cleanup_free_ char *file = fixture_path(f, "file");
	struct sysroot root = SYSROOT_NULL;

	fixture_set(f, "file", "x");
	assert_int_equal(sysroot_open(missing, &root), -ENOENT);
	assert_int_equal(sysroot_open(file, &root), -ENOTDIR);
	assert_int_equal(root.fd, -1);
	assert_int_equal(sysroot_open(f->dir, &root), 0);
	assert_false(root.is_host);
	sysroot_close(&root);
	assert_int_equal(root.fd, -1);
	sysroot_close(&root);
	assert_int_equal(sysroot_open("/", &root), 0);
	assert_true(root.is_host);
	sysroot_close(&root);
	assert_int_equal(sysroot_open("/tmp/..", &root), 0);
	assert_true(root.is_host);
	sysroot_close(&root);
}

static void assert_reads(const struct fixture *f, const char *path, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	int r = sysroot_read(&f->root, &text, "%s", path);

	if (r < 0)
		fail_msg("'%s': %s", path, strerror(-r));
	assert_string_equal(text, expected);
}

static void no_path_leaves_the_root(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *text = NULL;

	fixture_add(f, "etc/hostname = inside\n"
		       "a/absolute -> /etc/hostname\n"
		       "a/climbing -> ../../../../../../../etc/hostname\n"
		       "a/dir -> /etc\n"
		       "a/top -> /\n"
		       "a/gone -> /proc/version\n"
		       "a/loop -> loop\n");
	assert_reads(f, "etc/hostname", "inside");
	assert_reads(f, "/etc/hostname", "inside");
	assert_reads(f, "../../../etc/hostname", "inside");
	assert_reads(f, "a/../../../etc/hostname", "inside");
	assert_reads(f, "a/absolute", "inside");
	assert_reads(f, "a/climbing", "inside");
	assert_reads(f, "a/dir/hostname", "inside");
	assert_reads(f, "a/top/etc/hostname", "inside");
	assert_int_equal(sysroot_read(&f->root, &text, "a/gone"), -ENOENT);
	assert_int_equal(sysroot_read(&f->root, &text, "a/loop"), -ELOOP);
	assert_int_equal(sysroot_read(&f->root, &text, "proc/version"), -ENOENT);
	assert_null(text);
}

static void writing_stays_inside_too(void **state)
{
	const struct fixture *f = *state;

	fixture_add(f, "sys/value = old\n"
		       "sys/link -> /sys/value\n"
		       "sys/up -> ../../../../sys/value\n");
	assert_int_equal(sysroot_write(&f->root, "one", "sys/link"), 0);
	assert_reads(f, "sys/value", "one");
	assert_int_equal(sysroot_write(&f->root, "two", "sys/up"), 0);
	assert_reads(f, "sys/value", "two");
}

static void nothing_is_created(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *before = NULL, *after = NULL;

	fixture_add(f, "sys/kernel/x = 1\n"
		       "sys/dangling -> kernel/new\n");
	before = fixture_dump(f, "");
	assert_int_equal(sysroot_write(&f->root, "1", "sys/kernel/y"), -ENOENT);
	assert_int_equal(sysroot_write(&f->root, "1", "sys/no/such"), -ENOENT);
	assert_int_equal(sysroot_write(&f->root, "1", "sys/dangling"), -ENOENT);
	assert_int_equal(sysroot_write(&f->root, "1", "sys/kernel"), -EISDIR);
	assert_int_equal(sysroot_write(&f->root, "1", "sys/kernel/x/y"), -ENOTDIR);
	after = fixture_dump(f, "");
	assert_string_equal(before, after);
}

static void writing_replaces_the_whole_value(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *raw = NULL, *empty = NULL;

	fixture_set(f, "value", "a long former value\n");
	assert_int_equal(sysroot_write(&f->root, "short", "val%s", "ue"), 0);
	raw = fixture_get(f, "value");
	assert_string_equal(raw, "short");
	assert_int_equal(sysroot_write(&f->root, "", "value"), 0);
	empty = fixture_get(f, "value");
	assert_string_equal(empty, "");
}

static void a_short_write_is_an_error(void **state)
{
	const struct fixture *f = *state;
	struct rlimit former, tight;

	fixture_set(f, "value", "");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &former), 0);
	tight = former;
	tight.rlim_cur = 3;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_int_equal(sysroot_write(&f->root, "abc", "value"), 0);
	assert_int_equal(sysroot_write(&f->root, "abcd", "value"), -EIO);
	tight.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_int_equal(sysroot_write(&f->root, "abcd", "value"), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &former), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
}

static void reading_strips_one_newline(void **state)
{
	const struct fixture *f = *state;
	static const struct {
		const char *raw, *read;
	} cases[] = {
		{ "", "" },	    { "\n", "" },	  { "x", "x" },
		{ "x\n", "x" },	    { "x\n\n", "x\n" },	  { " x \n", " x " },
		{ "\nx\n", "\nx" }, { "a\nb\n", "a\nb" }, { "x\r\n", "x\r" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fixture_set(f, "value", cases[i].raw);
		assert_reads(f, "value", cases[i].read);
	}
}

static void reading_fails(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *text = NULL;

	fixture_add(f, "dir/file = x\n");
	assert_int_equal(sysroot_read(&f->root, &text, "missing"), -ENOENT);
	assert_int_equal(sysroot_read(&f->root, &text, "dir"), -EISDIR);
	assert_int_equal(sysroot_read(&f->root, &text, "dir/file/x"), -ENOTDIR);
	assert_null(text);
}

static void numbers_are_read(void **state)
{
	const struct fixture *f = *state;
	uint64_t value = 4711;

	fixture_add(f, "good = 512\n"
		       "bad = 5 1\n"
		       "empty =\n"
		       "big = 18446744073709551616\n");
	assert_int_equal(sysroot_read_u64(&f->root, &value, "bad"), -EINVAL);
	assert_int_equal(sysroot_read_u64(&f->root, &value, "empty"), -EINVAL);
	assert_int_equal(sysroot_read_u64(&f->root, &value, "big"), -ERANGE);
	assert_int_equal(sysroot_read_u64(&f->root, &value, "missing"), -ENOENT);
	assert_int_equal(value, 4711);
	assert_int_equal(sysroot_read_u64(&f->root, &value, "goo%c", 'd'), 0);
	assert_int_equal(value, 512);
}

static void whole_files_are_read_up_to_a_limit(void **state)
{
	const struct fixture *f = *state;
	const size_t size = 300000;
	_cleanup_free_ char *data = xmalloc(size);
	_cleanup_free_ char *text = NULL, *again = NULL, *empty = NULL;
	size_t read_size = 0;

	for (size_t i = 0; i < size; i++)
		data[i] = (char)(i % 251);
	fixture_write(f, "big", data, size);
	assert_int_equal(sysroot_read_file(&f->root, size - 1, &text, &read_size, "big"),
			 -EFBIG);
	assert_null(text);
	assert_int_equal(sysroot_read_file(&f->root, size, &text, &read_size, "big"), 0);
	assert_int_equal(read_size, size);
	assert_memory_equal(text, data, size);
	assert_int_equal(text[size], '\0');
	assert_int_equal(sysroot_read_file(&f->root, size * 2, &again, NULL, "big"), 0);
	assert_memory_equal(again, data, size);

	fixture_set(f, "empty", "");
	assert_int_equal(sysroot_read_file(&f->root, 0, &empty, &read_size, "empty"), 0);
	assert_int_equal(read_size, 0);
	assert_string_equal(empty, "");
	assert_int_equal(sysroot_read_file(&f->root, 9, &empty, NULL, "none"), -ENOENT);
}

static void newlines_of_files_are_kept(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *text = NULL;

	fixture_set(f, "file", "a\nb\n\n");
	assert_int_equal(sysroot_read_file(&f->root, 100, &text, NULL, "file"), 0);
	assert_string_equal(text, "a\nb\n\n");
}

static void links_are_read(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *a = NULL, *b = NULL, *c = NULL, *d = NULL, *none = NULL;

	fixture_add(f, "driver -> ../../../bus/pci/drivers/vfio-pci\n"
		       "plain -> nouveau\n"
		       "file = x\n");
	assert_int_equal(sysroot_readlink(&f->root, &a, "driver"), 0);
	assert_string_equal(a, "../../../bus/pci/drivers/vfio-pci");
	assert_int_equal(sysroot_readlink_name(&f->root, &b, "driver"), 0);
	assert_string_equal(b, "vfio-pci");
	assert_int_equal(sysroot_readlink(&f->root, &c, "plain"), 0);
	assert_string_equal(c, "nouveau");
	assert_int_equal(sysroot_readlink_name(&f->root, &d, "plain"), 0);
	assert_string_equal(d, "nouveau");
	assert_int_equal(sysroot_readlink(&f->root, &none, "missing"), -ENOENT);
	assert_int_equal(sysroot_readlink(&f->root, &none, "file"), -EINVAL);
	assert_int_equal(sysroot_readlink_name(&f->root, &none, "missing"), -ENOENT);
	assert_int_equal(sysroot_readlink_name(&f->root, &none, "file"), -EINVAL);
	assert_null(none);
}

static void existence_follows_links(void **state)
{
	const struct fixture *f = *state;
	struct stat st = { 0 };

	fixture_add(f, "dir/file = abc\n"
		       "good -> dir/file\n"
		       "dangling -> nowhere\n");
	assert_true(sysroot_exists(&f->root, "dir"));
	assert_true(sysroot_exists(&f->root, "dir/%s", "file"));
	assert_true(sysroot_exists(&f->root, "good"));
	assert_false(sysroot_exists(&f->root, "dangling"));
	assert_false(sysroot_exists(&f->root, "none"));
	assert_int_equal(sysroot_stat(&f->root, &st, "good"), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_size, 4);
	assert_int_equal(sysroot_stat(&f->root, &st, "dangling"), -ENOENT);
}

static void assert_list(const struct strv *v, const char *expected)
{
	_cleanup_free_ char *text = strv_join(v, " ");

	assert_string_equal(text, expected);
}

static void directories_are_listed_in_numerical_order(void **state)
{
	const struct fixture *f = *state;
	_cleanup_strv_ struct strv all = STRV_NULL, dirs = STRV_NULL, none = STRV_NULL;

	fixture_add(f, "d/node{0..12}/\n"
		       "d/.hidden/\n"
		       "d/.file = x\n"
		       "d/online = 0\n"
		       "d/link -> node0\n"
		       "empty/\n");
	assert_int_equal(sysroot_list(&f->root, &all, "d"), 0);
	assert_list(&all, "link node0 node1 node2 node3 node4 node5 node6 node7 node8 "
			  "node9 node10 node11 node12 online");
	assert_int_equal(sysroot_list_dirs(&f->root, &dirs, "%s", "d"), 0);
	assert_list(&dirs, "node0 node1 node2 node3 node4 node5 node6 node7 node8 "
			   "node9 node10 node11 node12");
	assert_int_equal(sysroot_list(&f->root, &none, "empty"), 0);
	assert_int_equal(none.n, 0);
	assert_int_equal(sysroot_list(&f->root, &none, "missing"), -ENOENT);
	assert_int_equal(sysroot_list(&f->root, &none, "d/online"), -ENOTDIR);
	assert_int_equal(none.n, 0);
}

static void descriptors_are_closed_on_exec(void **state)
{
	const struct fixture *f = *state;
	_cleanup_close_ int fd = -1;

	fixture_set(f, "value", "x");
	fd = sysroot_openf(&f->root, O_RDONLY, "%s", "value");
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(f->root.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(sysroot_openf(&f->root, O_RDONLY, "none"), -ENOENT);
	assert_int_equal(sysroot_openf(&f->root, O_RDONLY | O_DIRECTORY, "value"),
			 -ENOTDIR);
}

/* As a kernel before 5.6 would, from here on. */
static int take_openat2_away(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ?
		       0 :
		       -1;
}

static int read_without_openat2(void *arg)
{
	const struct fixture *f = arg;
	struct sysroot root = SYSROOT_NULL;
	_cleanup_free_ char *text = NULL;

	if (take_openat2_away() < 0)
		return 1;
	if (sysroot_open(f->dir, &root) != -ENOSYS || root.fd >= 0)
		return 2;
	if (sysroot_open("/", &root) != 0 ||
	    sysroot_read_file(&root, 1 << 20, &text, NULL, "proc/self/status") != 0)
		return 3;
	sysroot_close(&root);
	return 0;
}

static void without_openat2_only_the_host_is_read(void **state)
{
	assert_int_equal(unit_exit_status(unit_run(read_without_openat2, *state)), 0);
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(opening_a_root),
		TREE_TEST(no_path_leaves_the_root),
		TREE_TEST(writing_stays_inside_too),
		TREE_TEST(nothing_is_created),
		TREE_TEST(writing_replaces_the_whole_value),
		TREE_TEST(a_short_write_is_an_error),
		TREE_TEST(reading_strips_one_newline),
		TREE_TEST(reading_fails),
		TREE_TEST(numbers_are_read),
		TREE_TEST(whole_files_are_read_up_to_a_limit),
		TREE_TEST(without_openat2_only_the_host_is_read),
		TREE_TEST(newlines_of_files_are_kept),
		TREE_TEST(links_are_read),
		TREE_TEST(existence_follows_links),
		TREE_TEST(directories_are_listed_in_numerical_order),
		TREE_TEST(descriptors_are_closed_on_exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* The QEMU process of a domain. */

#include "hook/qemu-process.h"
#include "tree-fixture.h"

#define UUID "6f3a3f1c-64d5-4c2c-9c39-1c1b3a9f0001"
#define CMDLINE                                                   \
	"qemu-system-x86_64\0-name\0win11\0-uuid\0" UUID "\0-m\0" \
	"1"

static void add_qemu(const struct fixture *f)
{
	fixture_set(f, "run/libvirt/qemu/win11.pid", "4242");
	fixture_write(f, "proc/4242/cmdline", CMDLINE, sizeof(CMDLINE));
}

static void a_running_qemu_is_found(void **state)
{
	const struct fixture *f = *state;
	pid_t pid = 0;

	add_qemu(f);
	assert_int_equal(qemu_find(&f->root, "win11", UUID, &pid), 1);
	assert_int_equal(pid, 4242);
}

static void what_is_not_the_domains_is_not(void **state)
{
	const struct fixture *f = *state;
	pid_t pid = 4711;

	assert_int_equal(qemu_find(&f->root, "win11", UUID, &pid), 0);
	add_qemu(f);
	assert_int_equal(qemu_find(&f->root, "win10", UUID, &pid), 0);
	assert_int_equal(qemu_find(&f->root, "../win11", UUID, &pid), 0);
	/* Its number was given to another process. */
	assert_int_equal(qemu_find(&f->root, "win11", "other-uuid", &pid), 0);
	fixture_set(f, "run/libvirt/qemu/win11.pid", "4243");
	assert_int_equal(qemu_find(&f->root, "win11", UUID, &pid), 0);
	fixture_set(f, "run/libvirt/qemu/win11.pid", "4242");
	fixture_remove(f, "proc/4242/cmdline");
	assert_int_equal(qemu_find(&f->root, "win11", UUID, &pid), 0);
	assert_int_equal(pid, 4711);
}

static void what_cannot_be_known_is_an_error(void **state)
{
	const struct fixture *f = *state;
	pid_t pid = 4711;

	add_qemu(f);
	fixture_set(f, "run/libvirt/qemu/win11.pid", "self");
	assert_int_equal(qemu_find(&f->root, "win11", UUID, &pid), -EINVAL);
	fixture_set(f, "run/libvirt/qemu/win11.pid", "");
	assert_int_equal(qemu_find(&f->root, "win11", UUID, &pid), -EINVAL);
	fixture_remove(f, "run/libvirt/qemu/win11.pid");
	fixture_add(f, "run/libvirt/qemu/win11.pid/\n");
	assert_int_equal(qemu_find(&f->root, "win11", UUID, &pid), -EISDIR);
	fixture_remove(f, "run/libvirt/qemu/win11.pid");
	fixture_set(f, "run/libvirt/qemu/win11.pid", "4242");
	fixture_remove(f, "proc/4242/cmdline");
	fixture_add(f, "proc/4242/cmdline/\n");
	assert_int_equal(qemu_find(&f->root, "win11", UUID, &pid), -EISDIR);
	assert_int_equal(pid, 4711);
}

static void a_process_that_does_not_answer_is_libvirts(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *path = fixture_path(f, "proc/4242/cmdline");
	uint64_t start = unit_now_ms();
	pid_t pid = 0;

	add_qemu(f);
	fixture_remove(f, "proc/4242/cmdline");
	assert_int_equal(mkfifo(path, 0600), 0); /* without a writer: it waits */
	assert_int_equal(qemu_find(&f->root, "win11", UUID, &pid), 1);
	assert_int_equal(pid, 4242);
	assert_in_range(unit_now_ms() - start, 900, 10000);
}

static void hugepages_are_counted(void **state)
{
	const struct fixture *f = *state;
	uint64_t pages = 0;

	fixture_set(f, "proc/4242/numa_maps",
		    "7f0000000000 bind:0 file=/dev/hugepages/x huge dirty=5 N0=3 N1=2 "
		    "kernelpagesize_kB=2048\n"
		    "7f1000000000 bind:1 file=/x huge dirty=7 N1=7 "
		    "kernelpagesize_kB=2048\n"
		    "7f2000000000 default huge N0=1 N10=9 kernelpagesize_kB=1048576\n"
		    "7f3000000000 default anon=4 N0=4 kernelpagesize_kB=4\n"
		    "7f4000000000 default file=/huge/x N0=50 kernelpagesize_kB=2048\n"
		    "7f5000000000 default huge kernelpagesize_kB=2048\n");
	assert_int_equal(qemu_hugepages(&f->root, 4242, 0, 2048, &pages), 0);
	assert_int_equal(pages, 3);
	assert_int_equal(qemu_hugepages(&f->root, 4242, 1, 2048, &pages), 0);
	assert_int_equal(pages, 9);
	assert_int_equal(qemu_hugepages(&f->root, 4242, 0, 1048576, &pages), 0);
	assert_int_equal(pages, 1);
	assert_int_equal(qemu_hugepages(&f->root, 4242, 2, 2048, &pages), 0);
	assert_int_equal(pages, 0);
	assert_int_equal(qemu_hugepages(&f->root, 1, 0, 2048, &pages), -ENOENT);
}

static void counting_has_an_end(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *path = fixture_path(f, "proc/4242/numa_maps");
	uint64_t pages = 0, start = unit_now_ms();

	fixture_add(f, "proc/4242/\n");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(qemu_hugepages(&f->root, 4242, 0, 2048, &pages), -ETIMEDOUT);
	assert_in_range(unit_now_ms() - start, 900, 10000);
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(a_running_qemu_is_found),
		TREE_TEST(what_is_not_the_domains_is_not),
		TREE_TEST(what_cannot_be_known_is_an_error),
		TREE_TEST(a_process_that_does_not_answer_is_libvirts),
		TREE_TEST(hugepages_are_counted),
		TREE_TEST(counting_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Hugepage pools and free memory. */

#include "common/alloc.h"
#include "hook/host-memory.h"
#include "tree-fixture.h"

#define POOL "sys/devices/system/node/node1/hugepages/hugepages-2048kB"
#define GLOBAL "sys/kernel/mm/hugepages/hugepages-2048kB"

static const char tree[] =
	POOL "/nr_hugepages = 512\n" POOL "/free_hugepages = 100\n" POOL
	     "/surplus_hugepages = 12\n" GLOBAL "/resv_hugepages = 33\n"
	     "proc/meminfo = MemTotal: 1 kB\\nHugePages_Total: 5\\n"
	     "Hugepagesize:       2048 kB\\nHugetlb: 7 kB\n";

static const struct pool pool = { .node = 1, .size_kib = 2048 };

static void names_go_both_ways(void **state _unused_)
{
	static const struct pool pools[] = {
		{ 0, 2048 }, { 1, 1048576 }, { 1023, 64 }, { UINT32_MAX, UINT64_MAX }
	};
	static const char *const names[] = { "node0/2048kB", "node1/1048576kB",
					     "node1023/64kB",
					     "node4294967295/18446744073709551615kB" };

	for (size_t i = 0; i < ARRAY_SIZE(pools); i++) {
		_cleanup_free_ char *name = pool_name(&pools[i]);
		struct pool parsed = { 0 };

		assert_string_equal(name, names[i]);
		assert_int_equal(pool_parse(name, &parsed), 0);
		assert_int_equal(parsed.node, pools[i].node);
		assert_int_equal(parsed.size_kib, pools[i].size_kib);
	}
}

static void other_names_are_refused(void **state _unused_)
{
	static const char *const names[] = {
		"",
		"node0",
		"2048kB",
		"node0/",
		"node/2048kB",
		"node0/kB",
		"node0/2048",
		"node0/2048KB",
		"node0/2048kBx",
		"nodeX/2048kB",
		"node-1/2048kB",
		"node0/-1kB",
		"cpu0/2048kB",
		"node0/2048kB/x",
		"node0/x2048kB",
		"node0 /2048kB",
		"node0/0x10kB",
	};
	struct pool parsed;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (pool_parse(names[i], &parsed) != -EINVAL)
			fail_msg("'%s' is accepted", names[i]);
	}
	assert_int_equal(pool_parse("node4294967296/2048kB", &parsed), -EINVAL);
	assert_int_equal(pool_parse("node0/18446744073709551616kB", &parsed), -ERANGE);
}

static void surplus_pages_are_not_persistent(void **state)
{
	const struct fixture *f = *state;
	struct pool_state s;

	fixture_add(f, tree);
	assert_int_equal(pool_read(&f->root, &pool, &s), 0);
	assert_int_equal(s.persistent, 500);
	assert_int_equal(s.free, 100);
	assert_int_equal(s.surplus, 12);
	/* Read one after the other, the counters may disagree. */
	fixture_set(f, POOL "/surplus_hugepages", "600\n");
	assert_int_equal(pool_read(&f->root, &pool, &s), 0);
	assert_int_equal(s.persistent, 0);
	assert_int_equal(s.surplus, 600);
}

static void a_pool_that_is_not_there_is_an_error(void **state)
{
	const struct fixture *f = *state;
	struct pool_state s;
	const struct pool node0 = { 0, 2048 }, gigantic = { 1, 1048576 };

	fixture_add(f, tree);
	assert_int_equal(pool_read(&f->root, &node0, &s), -ENOENT);
	assert_int_equal(pool_read(&f->root, &gigantic, &s), -ENOENT);
	assert_int_equal(pool_write(&f->root, &node0, 1), -ENOENT);
	fixture_set(f, POOL "/free_hugepages", "many\n");
	assert_int_equal(pool_read(&f->root, &pool, &s), -EINVAL);
	fixture_remove(f, POOL "/surplus_hugepages");
	fixture_set(f, POOL "/free_hugepages", "1\n");
	assert_int_equal(pool_read(&f->root, &pool, &s), -ENOENT);
}

static void a_pool_is_written(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *text = NULL;

	fixture_add(f, tree);
	assert_int_equal(pool_write(&f->root, &pool, 7), 0);
	text = fixture_get(f, POOL "/nr_hugepages");
	assert_string_equal(text, "7");
}

static void sizes_are_sorted(void **state)
{
	const struct fixture *f = *state;
	_cleanup_strv_ struct strv sizes = STRV_NULL, none = STRV_NULL;
	_cleanup_free_ char *text = NULL;

	assert_int_equal(hugepage_sizes(&f->root, &none), -ENOENT);
	fixture_add(f, "sys/kernel/mm/hugepages/hugepages-1048576kB/\n"
		       "sys/kernel/mm/hugepages/hugepages-2048kB/\n"
		       "sys/kernel/mm/hugepages/hugepages-64kB/\n"
		       "sys/kernel/mm/hugepages/hugepages-16777216kB/\n");
	assert_int_equal(hugepage_sizes(&f->root, &sizes), 0);
	text = strv_join(&sizes, " ");
	assert_string_equal(text, "64 2048 1048576 16777216");
}

static void the_default_size_is_read(void **state)
{
	const struct fixture *f = *state;
	uint64_t size = 4711;

	assert_int_equal(hugepage_default_size(&f->root, &size), -ENOENT);
	fixture_set(f, "proc/meminfo", "MemTotal: 5 kB\nHugePages_Total: 0\n");
	assert_int_equal(hugepage_default_size(&f->root, &size), -ENOENT);
	fixture_set(f, "proc/meminfo", "Hugepagesize: big\n");
	assert_int_equal(hugepage_default_size(&f->root, &size), -EINVAL);
	assert_int_equal(size, 4711);
	fixture_add(f, tree);
	assert_int_equal(hugepage_default_size(&f->root, &size), 0);
	assert_int_equal(size, 2048);
}

static void reserved_pages_are_read(void **state)
{
	const struct fixture *f = *state;
	uint64_t pages = 0;

	fixture_add(f, tree);
	assert_int_equal(hugepage_reserved(&f->root, 2048, &pages), 0);
	assert_int_equal(pages, 33);
	assert_int_equal(hugepage_reserved(&f->root, 64, &pages), -ENOENT);
}

static void memory_of_a_node_is_read(void **state)
{
	const struct fixture *f = *state;
	struct node_memory memory = { 0 };

	fixture_set(f, "sys/devices/system/node/node3/meminfo",
		    "Node 3 MemTotal:       65608864 kB\n"
		    "Node 3 MemFree:        52428800 kB\n"
		    "Node 3 MemUsed:        13180064 kB\n");
	assert_int_equal(node_memory_read(&f->root, 3, &memory), 0);
	assert_int_equal(memory.total_kib, 65608864);
	assert_int_equal(memory.free_kib, 52428800);
	assert_int_equal(node_memory_read(&f->root, 4, &memory), -ENOENT);
	fixture_set(f, "sys/devices/system/node/node3/meminfo", "Node 3 MemTotal: 1 kB\n");
	assert_int_equal(node_memory_read(&f->root, 3, &memory), -ENOENT);
}

static void sizes_are_formatted(void **state _unused_)
{
	static const struct {
		uint64_t kib;
		const char *text;
	} cases[] = {
		{ 0, "0 KiB" },
		{ 1, "1 KiB" },
		{ 64, "64 KiB" },
		{ 1024, "1 MiB" },
		{ 1536, "1536 KiB" },
		{ 2048, "2 MiB" },
		{ 1048576, "1 GiB" },
		{ 16777216, "16 GiB" },
		{ 1073741824, "1 TiB" },
		{ UINT64_C(1) << 40, "1024 TiB" },
		{ UINT64_MAX, "18446744073709551615 KiB" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = size_format(cases[i].kib);

		assert_string_equal(text, cases[i].text);
	}
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(other_names_are_refused),
		TREE_TEST(surplus_pages_are_not_persistent),
		TREE_TEST(a_pool_that_is_not_there_is_an_error),
		TREE_TEST(a_pool_is_written),
		TREE_TEST(sizes_are_sorted),
		TREE_TEST(the_default_size_is_read),
		TREE_TEST(reserved_pages_are_read),
		TREE_TEST(memory_of_a_node_is_read),
		cmocka_unit_test(sizes_are_formatted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

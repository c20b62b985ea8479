// SPDX-License-Identifier: LGPL-2.1-or-later

/* CPUs and nodes of the host. */

#include "hook/host.h"
#include "tree-fixture.h"

/* Nodes 0, 2 and 5 are online, 2 has no memory; CPU 3 is offline. */
static const char tree[] =
	"sys/devices/system/cpu/online = 0-2,4-7\n"
	"sys/devices/system/cpu/possible = 0-15\n"
	"sys/devices/system/cpu/cpu1/topology/thread_siblings_list = 1,5\n"
	"sys/devices/system/cpu/cpu2/topology/thread_siblings_list = x\n"
	"sys/devices/system/node/online = 0,2,5\n"
	"sys/devices/system/node/has_memory = 0,5\n"
	"sys/devices/system/node/node0/cpulist = 0-2\n"
	"sys/devices/system/node/node2/cpulist = 4-5\n"
	"sys/devices/system/node/node5/cpulist = 6-7\n"
	"sys/devices/system/node/node0/distance = 10 21 31\n"
	"sys/devices/system/node/node2/distance = 21 10 17\n"
	"sys/devices/system/node/node5/distance = 31 17\n";

static void read_host(const struct fixture *f, struct host *ret)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_add(f, tree);
	assert_done(host_read(&f->root, ret, &err), &err);
}

static void the_host_is_read(void **state)
{
	const struct fixture *f = *state;
	_cleanup_host_ struct host host = { 0 };

	read_host(f, &host);
	assert_ptr_equal(host.root, &f->root);
	assert_bitset(&host.cpus_online, "0-2,4-7");
	assert_bitset(&host.cpus_possible, "0-15");
	assert_bitset(&host.nodes, "0,5");
}

static void an_unreadable_host_is_an_error(void **state)
{
	const struct fixture *f = *state;
	static const struct {
		const char *change;
		int code;
	} cases[] = {
		{ "sys/devices/system/cpu/online = 0-2,4-x\n", -EINVAL },
		{ "sys/devices/system/cpu/possible = 15-0\n", -EINVAL },
		{ "sys/devices/system/node/has_memory = 65536\n", -ERANGE },
		{ "sys/devices/system/cpu/possible -> missing\n", -ENOENT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_error_ struct error err = ERROR_NULL;
		struct host host = { 0 };

		fixture_add(f, tree);
		fixture_add(f, cases[i].change);
		assert_failed(host_read(&f->root, &host, &err), cases[i].code, &err,
			      "failed to read CPUs and nodes", NULL);
		assert_null(host.root);
	}
}

static void a_kernel_without_numa_has_no_nodes(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_host_ struct host host = { 0 };

	fixture_add(f, tree);
	fixture_remove(f, "sys/devices/system/node/has_memory");
	assert_done(host_read(&f->root, &host, &err), &err);
	assert_bitset(&host.nodes, "");
	assert_bitset(&host.cpus_online, "0-2,4-7");
}

static void nodes_of_cpus_are_those_with_memory(void **state)
{
	const struct fixture *f = *state;
	_cleanup_host_ struct host host = { 0 };
	static const struct {
		const char *cpus, *nodes;
	} cases[] = {
		{ "0", "0" },	 { "2,6", "0,5" }, { "4-5", "" }, { "0-7", "0,5" },
		{ "7-15", "5" }, { "", "" },	   { "12", "" },
	};

	read_host(f, &host);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_bitset_ struct bitset cpus = BITSET_NULL, nodes = BITSET_NULL;

		assert_int_equal(bitset_parse(cases[i].cpus, &cpus), 0);
		assert_int_equal(host_nodes_of_cpus(&host, &cpus, &nodes), 0);
		assert_bitset(&nodes, cases[i].nodes);
	}
}

static void nodes_of_cpus_are_added(void **state)
{
	const struct fixture *f = *state;
	_cleanup_host_ struct host host = { 0 };
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL, nodes = BITSET_NULL;

	read_host(f, &host);
	bitset_add(&cpus, 6);
	bitset_add(&nodes, 9);
	assert_int_equal(host_nodes_of_cpus(&host, &cpus, &nodes), 0);
	assert_bitset(&nodes, "5,9");
}

static void unreadable_nodes_are_an_error(void **state)
{
	const struct fixture *f = *state;
	_cleanup_host_ struct host host = { 0 };
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL, nodes = BITSET_NULL;

	read_host(f, &host);
	bitset_add(&cpus, 0);
	fixture_set(f, "sys/devices/system/node/node5/cpulist", "6 7\n");
	assert_int_equal(host_nodes_of_cpus(&host, &cpus, &nodes), -EINVAL);
	fixture_remove(f, "sys/devices/system/node/node5/cpulist");
	assert_int_equal(host_nodes_of_cpus(&host, &cpus, &nodes), -ENOENT);
}

static void siblings_share_a_core(void **state)
{
	const struct fixture *f = *state;
	_cleanup_host_ struct host host = { 0 };
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;

	read_host(f, &host);
	assert_int_equal(host_siblings(&host, 1, &cpus), 0);
	assert_bitset(&cpus, "1,5");
	assert_int_equal(host_siblings(&host, 2, &cpus), -EINVAL);
	assert_int_equal(host_siblings(&host, 9, &cpus), -ENOENT);
	assert_bitset(&cpus, "1,5");
}

static void distances_skip_gaps_in_the_numbering(void **state)
{
	const struct fixture *f = *state;
	_cleanup_host_ struct host host = { 0 };
	static const struct {
		unsigned from, to;
		int r;
		unsigned distance;
	} cases[] = {
		{ 0, 0, 0, 10 },      { 0, 2, 0, 21 },	    { 0, 5, 0, 31 },
		{ 2, 0, 0, 21 },      { 2, 5, 0, 17 },	    { 5, 2, 0, 17 },
		{ 0, 1, -ENOENT, 0 }, { 0, 6, -ENOENT, 0 }, { 1, 0, -ENOENT, 0 },
		{ 5, 5, -ENOENT, 0 }, /* the list is too short */
	};

	read_host(f, &host);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned distance = 0;

		assert_int_equal(host_distance(&host, cases[i].from, cases[i].to,
					       &distance),
				 cases[i].r);
		assert_int_equal(distance, cases[i].distance);
	}
}

static void a_distance_that_is_no_number_is_an_error(void **state)
{
	const struct fixture *f = *state;
	_cleanup_host_ struct host host = { 0 };
	unsigned distance = 4711;

	read_host(f, &host);
	fixture_set(f, "sys/devices/system/node/node0/distance", "10 far 31\n");
	assert_int_equal(host_distance(&host, 0, 2, &distance), -EINVAL);
	assert_int_equal(distance, 4711);
	assert_int_equal(host_distance(&host, 0, 5, &distance), 0);
	assert_int_equal(distance, 31);
	fixture_set(f, "sys/devices/system/node/online", "none\n");
	assert_int_equal(host_distance(&host, 0, 5, &distance), -EINVAL);
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(the_host_is_read),
		TREE_TEST(an_unreadable_host_is_an_error),
		TREE_TEST(a_kernel_without_numa_has_no_nodes),
		TREE_TEST(nodes_of_cpus_are_those_with_memory),
		TREE_TEST(nodes_of_cpus_are_added),
		TREE_TEST(unreadable_nodes_are_an_error),
		TREE_TEST(siblings_share_a_core),
		TREE_TEST(distances_skip_gaps_in_the_numbering),
		TREE_TEST(a_distance_that_is_no_number_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

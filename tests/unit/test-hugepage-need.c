// SPDX-License-Identifier: LGPL-2.1-or-later

/* How many hugepages a domain needs. */

#include "common/alloc.h"
#include "hook/hugepage-need.h"
#include "tree-fixture.h"

/* Three nodes with memory and four CPUs each; pages of 2 MiB and 1 GiB. */
static const char tree[] = "sys/devices/system/cpu/online = 0-11\n"
			   "sys/devices/system/cpu/possible = 0-11\n"
			   "sys/devices/system/node/online = 0-2\n"
			   "sys/devices/system/node/has_memory = 0-2\n"
			   "sys/devices/system/node/node0/cpulist = 0-3\n"
			   "sys/devices/system/node/node1/cpulist = 4-7\n"
			   "sys/devices/system/node/node2/cpulist = 8-11\n"
			   "sys/kernel/mm/hugepages/hugepages-2048kB/\n"
			   "sys/kernel/mm/hugepages/hugepages-1048576kB/\n"
			   "proc/meminfo = Hugepagesize:    2048 kB\n";

struct result {
	int r;
	struct error err;
	char *needs; /* "512x2048@0-1 ..." */
	char *notes;
};

static void result_done(struct result *result)
{
	error_done(&result->err);
	free(result->needs);
	free(result->notes);
}
#define _cleanup_result_ _cleanup_(result_done)

static struct result compute(const struct fixture *f, const char *inside)
{
	_cleanup_free_ char *xml = xasprintf(
		"<domain><name>x</name><metadata><host xmlns='urn:hosttune:1'/></metadata>"
		"%s</domain>",
		inside);
	_cleanup_domain_ struct domain domain = { 0 };
	_cleanup_host_ struct host host = { 0 };
	_cleanup_needs_ struct needs needs = { 0 };
	_cleanup_strv_ struct strv notes = STRV_NULL, texts = STRV_NULL;
	struct result result = { 0 };

	assert_done(host_read(&f->root, &host, &result.err), &result.err);
	assert_done(domain_read(xml, strlen(xml), &domain, &result.err), &result.err);
	result.r = needs_compute(&host, &domain, &needs, &notes, &result.err);
	for (size_t i = 0; i < needs.n; i++) {
		_cleanup_free_ char *nodes = bitset_format(&needs.items[i].nodes);

		strv_pushf(&texts, "%llux%llu@%s",
			   (unsigned long long)needs.items[i].count,
			   (unsigned long long)needs.items[i].size_kib, nodes);
	}
	result.needs = strv_join(&texts, " ");
	result.notes = strv_join(&notes, "; ");
	return result;
}

static void assert_needs(const struct fixture *f, const char *inside, const char *needs)
{
	_cleanup_result_ struct result result = compute(f, inside);

	if (result.r < 0)
		fail_msg("%s: %s", inside, result.err.cause);
	assert_string_equal(result.needs, needs);
	assert_string_equal(result.notes, "");
}

static void assert_refused(const struct fixture *f, const char *inside, const char *cause,
			   const char *remedy)
{
	_cleanup_result_ struct result result = compute(f, inside);

	assert_failed(result.r, -EINVAL, &result.err, cause, remedy);
}

static int setup(void **state)
{
	int r = fixture_setup(state);

	if (r == 0)
		fixture_add(*state, tree);
	return r;
}

#define BACKED "<memoryBacking><hugepages/></memoryBacking>"
#define PAGES(pages) "<memoryBacking><hugepages>" pages "</hugepages></memoryBacking>"
#define CELLS                                                                     \
	"<cpu><numa><cell id='0' memory='1' unit='GiB'/><cell id='1' memory='2' " \
	"unit='GiB'/><cell id='2' memory='4' unit='GiB'/></numa></cpu>"

static void without_numa_all_nodes_will_do(void **state)
{
	const struct fixture *f = *state;

	assert_needs(f, "<memory unit='GiB'>1</memory>" BACKED, "512x2048@0-2");
	assert_needs(f,
		     "<memory unit='GiB'>4</memory>" PAGES("<page size='1' unit='G'/>"),
		     "4x1048576@0-2");
	assert_needs(f, "<memory unit='GiB'>1</memory>", "");
}

static void pages_are_rounded_up(void **state)
{
	const struct fixture *f = *state;

	assert_needs(f, "<memory>1</memory>" BACKED, "1x2048@0-2");
	assert_needs(f, "<memory>2048</memory>" BACKED, "1x2048@0-2");
	assert_needs(f, "<memory>2049</memory>" BACKED, "2x2048@0-2");
	assert_needs(f,
		     "<memory unit='MiB'>1025</memory>" PAGES("<page size='1' unit='G'/>"),
		     "2x1048576@0-2");
	/* Each guest node by itself. */
	assert_needs(f,
		     "<cpu><numa><cell memory='1'/><cell memory='1'/></numa></cpu>" BACKED,
		     "2x2048@0-2");
}

static void pinned_cpus_say_the_nodes(void **state)
{
	const struct fixture *f = *state;

	assert_needs(f,
		     "<memory unit='GiB'>1</memory>" BACKED
		     "<cputune><vcpupin cpuset='5'/><vcpupin cpuset='6'/></cputune>",
		     "512x2048@1");
	assert_needs(f,
		     "<memory unit='GiB'>1</memory>" BACKED
		     "<cputune><vcpupin cpuset='3-4'/></cputune>",
		     "512x2048@0-1");
	assert_needs(f,
		     "<memory unit='GiB'>1</memory>" BACKED "<vcpu cpuset='8-9'>1</vcpu>",
		     "512x2048@2");
	/* CPUs of no node with memory say nothing. */
	assert_needs(f,
		     "<memory unit='GiB'>1</memory>" BACKED "<vcpu cpuset='99'>1</vcpu>",
		     "512x2048@0-2");
}

static void the_nodeset_of_memory_comes_first(void **state)
{
	const struct fixture *f = *state;

	assert_needs(f,
		     "<memory unit='GiB'>1</memory>" BACKED
		     "<numatune><memory nodeset='0,2'/></numatune>"
		     "<vcpu cpuset='5'>1</vcpu>",
		     "512x2048@0,2");
}

static void guest_nodes_go_where_memnode_says(void **state)
{
	const struct fixture *f = *state;

	assert_needs(f,
		     CELLS BACKED "<numatune><memory nodeset='0'/>"
				  "<memnode cellid='1' nodeset='1'/>"
				  "<memnode cellid='2' nodeset='1-2'/></numatune>",
		     "512x2048@0 1024x2048@1 2048x2048@1-2");
	/* The same nodes are one need; a memnode without nodeset says nothing. */
	assert_needs(f,
		     CELLS BACKED "<numatune><memory nodeset='1'/>"
				  "<memnode cellid='0'/><memnode cellid='2' nodeset='0'/>"
				  "<memnode cellid='1' nodeset='1'/></numatune>",
		     "1536x2048@1 2048x2048@0");
}

static void guest_nodes_have_their_own_pages(void **state)
{
	const struct fixture *f = *state;

	assert_needs(f,
		     CELLS PAGES("<page size='2048' nodeset='0'/>"
				 "<page size='1' unit='GiB' nodeset='1-2'/>"),
		     "512x2048@0-2 6x1048576@0-2");
	assert_needs(f,
		     CELLS PAGES(
			     "<page size='1' unit='G' nodeset='2'/><page size='2048'/>"),
		     "1536x2048@0-2 4x1048576@0-2");
	/* Nodes that no <page> names have ordinary pages. */
	assert_needs(f, CELLS PAGES("<page size='1' unit='G' nodeset='2'/>"),
		     "4x1048576@0-2");
}

static void ordinary_pages_spelled_out_need_nothing(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *xml =
		xasprintf(CELLS "<memoryBacking><hugepages><page size='%ld' unit='b' "
				"nodeset='0,2'/><page size='2048' nodeset='1'/>"
				"</hugepages></memoryBacking>",
			  sysconf(_SC_PAGESIZE));

	assert_needs(f, xml, "1024x2048@0-2");
}

static void a_size_that_is_not_there_is_refused(void **state)
{
	const struct fixture *f = *state;

	assert_refused(f,
		       "<memory unit='GiB'>1</memory>" PAGES("<page size='16' unit='G'/>"),
		       "this host has no hugepages of 16 GiB",
		       "sizes it has: 2 MiB, 1 GiB; correct <page size>");
	assert_refused(f, "<memory>64</memory>" PAGES("<page size='64'/>"),
		       "no hugepages of 64 KiB", "2 MiB, 1 GiB");
	fixture_remove(f, "sys/kernel/mm/hugepages/hugepages-2048kB");
	fixture_remove(f, "sys/kernel/mm/hugepages/hugepages-1048576kB");
	assert_refused(f, "<memory>64</memory>" BACKED, "no hugepages of 2 MiB",
		       "sizes it has: none");
}

static void a_node_that_is_not_there_is_refused(void **state)
{
	const struct fixture *f = *state;

	assert_refused(f,
		       "<memory>64</memory>" BACKED
		       "<numatune><memory nodeset='2-3'/></numatune>",
		       "this host has no node 3 with memory",
		       "nodes with memory: 0-2; correct <numatune>");
	assert_refused(f,
		       CELLS BACKED
		       "<numatune><memnode cellid='1' nodeset='7'/></numatune>",
		       "no node 7 with memory", "nodes with memory: 0-2");
}

static void automatic_placement_is_noted(void **state)
{
	const struct fixture *f = *state;
	_cleanup_result_ struct result result =
		compute(f, "<memory unit='GiB'>1</memory>" BACKED
			   "<numatune><memory placement='auto'/></numatune>"
			   "<vcpu cpuset='5'>1</vcpu>");

	assert_int_equal(result.r, 0);
	assert_string_equal(result.needs, "512x2048@0-2");
	assert_contains(result.notes, "placement='auto'");
}

#define DIMM(source, size, node)                                      \
	"<devices><memory model='dimm'>" source "<target><size>" size \
	"</size><node>" node "</node></target></memory></devices>"

static void dimms_are_counted(void **state)
{
	const struct fixture *f = *state;

	/* Placed and paged as their guest node. */
	assert_needs(f,
		     CELLS PAGES("<page size='2048' nodeset='0'/>"
				 "<page size='1' unit='G' nodeset='1-2'/>")
			     DIMM("", "1048577",
				  "1") "<numatune><memnode cellid='1' nodeset='2'/>"
				       "</numatune>",
		     "512x2048@0-2 4x1048576@2 4x1048576@0-2");
	/* With pages and nodes of their own. */
	assert_needs(f,
		     CELLS BACKED DIMM("<source><pagesize unit='G'>1</pagesize>"
				       "<nodemask>1</nodemask></source>",
				       "2097152", "0"),
		     "3584x2048@0-2 2x1048576@1");
	/* Hugepages of their own in a domain that has none. */
	assert_needs(f,
		     "<memory unit='GiB'>1</memory>" DIMM(
			     "<source><pagesize>2048</pagesize></source>", "4096", "0"),
		     "2x2048@0-2");
	assert_needs(f, "<memory unit='GiB'>1</memory>" DIMM("", "4096", "0"), "");
}

static void dimms_are_checked_too(void **state)
{
	const struct fixture *f = *state;

	assert_refused(f,
		       CELLS BACKED DIMM("<source><pagesize>64</pagesize></source>", "64",
					 "0"),
		       "no hugepages of 64 KiB", "2 MiB, 1 GiB");
	assert_refused(f,
		       CELLS BACKED DIMM("<source><nodemask>5</nodemask></source>", "64",
					 "0"),
		       "no node 5 with memory", "0-2");
}

static void a_kernel_without_hugepages_is_an_error(void **state)
{
	const struct fixture *f = *state;
	_cleanup_result_ struct result result = { 0 };

	fixture_set(f, "proc/meminfo", "MemTotal: 1 kB\n");
	result = compute(f, "<memory>1</memory>" BACKED);
	assert_failed(result.r, -ENOENT, &result.err, "this kernel has no hugepages",
		      NULL);
}

static void unreadable_nodes_of_cpus_are_an_error(void **state)
{
	const struct fixture *f = *state;
	_cleanup_result_ struct result result = { 0 };

	fixture_set(f, "sys/devices/system/node/node1/cpulist", "?\n");
	result = compute(f, "<memory>1</memory>" BACKED "<vcpu cpuset='5'>1</vcpu>");
	assert_failed(result.r, -EINVAL, &result.err,
		      "failed to read the nodes of the pinned CPUs", NULL);
}

#define NEED_TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NEED_TEST(without_numa_all_nodes_will_do),
		NEED_TEST(pages_are_rounded_up),
		NEED_TEST(pinned_cpus_say_the_nodes),
		NEED_TEST(the_nodeset_of_memory_comes_first),
		NEED_TEST(guest_nodes_go_where_memnode_says),
		NEED_TEST(guest_nodes_have_their_own_pages),
		NEED_TEST(ordinary_pages_spelled_out_need_nothing),
		NEED_TEST(a_size_that_is_not_there_is_refused),
		NEED_TEST(a_node_that_is_not_there_is_refused),
		NEED_TEST(automatic_placement_is_noted),
		NEED_TEST(dimms_are_counted),
		NEED_TEST(dimms_are_checked_too),
		NEED_TEST(a_kernel_without_hugepages_is_an_error),
		NEED_TEST(unreadable_nodes_of_cpus_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

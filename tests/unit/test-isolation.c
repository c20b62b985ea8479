// SPDX-License-Identifier: LGPL-2.1-or-later

/* Wishes and notes of <isolation>, and what a survey does with an object. */

#include "common/alloc.h"
#include "hook/isolation.h"
#include "hook/survey.h"
#include "tree-fixture.h"

/* Two nodes of two cores with two threads each: 0-3 and 4-7. */
static const char tree[] =
	"sys/devices/system/cpu/online = 0-7\n"
	"sys/devices/system/cpu/possible = 0-8\n"
	"sys/devices/system/cpu/cpu{0..1}/topology/thread_siblings_list = 0-1\n"
	"sys/devices/system/cpu/cpu{2..3}/topology/thread_siblings_list = 2-3\n"
	"sys/devices/system/cpu/cpu{4..5}/topology/thread_siblings_list = 4-5\n"
	"sys/devices/system/cpu/cpu{6..7}/topology/thread_siblings_list = 6-7\n"
	"sys/devices/system/node/has_memory = 0-1\n"
	"sys/devices/system/node/node0/cpulist = 0-3\n"
	"sys/devices/system/node/node1/cpulist = 4-7\n"
	"sys/fs/cgroup/cgroup.controllers = cpuset cpu io memory pids\n"
	"sys/fs/cgroup/cpuset.cpus.isolated =\n"
	"sys/bus/pci/devices/0000:01:00.0/numa_node = 1\n"
	"sys/bus/pci/devices/0000:02:00.0/numa_node = -1\n";

#define PINS                                                                    \
	"<cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/>" \
	"<emulatorpin cpuset='0'/></cputune>"

struct world {
	struct fixture *f;
	struct host host;
	struct config config;
	struct ledger ledger;
	struct strv notes;
	struct error err;
	struct domain domain;
};

static int setup(void **state)
{
	int r = fixture_setup(state);

	if (r == 0)
		fixture_add(*state, tree);
	return r;
}

static struct world world_of(struct fixture *f)
{
	return (struct world){ .f = f };
}

/* The result of claiming for a domain with this metadata and these elements. */
static int claim(struct world *w, const char *element, const char *elements)
{
	_cleanup_free_ char *xml =
		xasprintf("<domain><name>win11</name>%s<metadata>"
			  "<host xmlns='urn:hosttune:1'>%s</host></metadata></domain>",
			  elements, element);
	struct planning planning = {
		.host = &w->host,
		.config = &w->config,
		.domain = &w->domain,
		.ledger = &w->ledger,
		.notes = &w->notes,
	};

	assert_done(host_read(&w->f->root, &w->host, &w->err), &w->err);
	assert_done(domain_read(xml, strlen(xml), &w->domain, &w->err), &w->err);
	planning.claim = ledger_add_claim(&w->ledger, "win11", "");
	return isolation_claim(&planning, &w->err);
}

static void world_done(struct world *w)
{
	host_done(&w->host);
	config_done(&w->config);
	ledger_done(&w->ledger);
	strv_done(&w->notes);
	error_done(&w->err);
	domain_done(&w->domain);
}
#define _cleanup_world_ _cleanup_(world_done)

static const char *wished(const struct world *w, const char *resource, const char *object)
{
	const struct wish *wish = claim_find_wish(ledger_find_domain(&w->ledger, "win11"),
						  resource, object);

	return wish ? wish->value : NULL;
}

static void assert_note(const struct world *w, const char *part)
{
	_cleanup_free_ char *all = strv_join(&w->notes, "\n");

	assert_contains(all, part);
}

static void pinned_cpus_are_isolated(void **state)
{
	_cleanup_world_ struct world w = world_of(*state);

	assert_done(claim(&w, "<isolation/>", PINS), &w.err);
	assert_text(wished(&w, "shield", "cpus"), "2-3");
	assert_text(wished(&w, "shield", "slice"), "machine.slice");
	assert_text(wished(&w, "workqueue", "cpus"), "2-3");
	assert_text(wished(&w, "kthread", "cpus"), "2-3");
	assert_text(wished(&w, "irq", "cpus"), "2-3");
	assert_text(wished(&w, "sweep", "cpus"), "2-3");
	assert_text(wished(&w, "partition", "vcpu0"), "2");
	assert_text(wished(&w, "partition", "vcpu1"), "3");
	assert_int_equal(w.notes.n, 1);
	assert_note(&w, "isolated partitions when QEMU runs, unless others have the CPUs "
			"too: vcpu0 on CPU 2, vcpu1 on CPU 3");
}

static void nothing_is_wished_without_it(void **state)
{
	_cleanup_world_ struct world w = world_of(*state);

	assert_done(claim(&w, "<hugepages/>", PINS), &w.err);
	assert_int_equal(ledger_find_domain(&w.ledger, "win11")->n_wishes, 0);
}

static void attributes_change_the_wishes(void **state)
{
	_cleanup_world_ struct world no = world_of(*state), vcpu = world_of(*state);

	assert_done(claim(&no, "<isolation cpuset='2-3,6' irqs='no' partition='no'/>",
			  PINS "<resource><partition>/prod/db</partition></resource>"),
		    &no.err);
	assert_text(wished(&no, "shield", "cpus"), "2-3,6");
	assert_text(wished(&no, "shield", "slice"), "prod.slice");
	assert_text(wished(&no, "irq", "cpus"), NULL);
	assert_text(wished(&no, "partition", "vcpu0"), NULL);

	assert_done(claim(&vcpu, "<isolation irqs='vcpu'/>",
			  PINS
			  "<devices><hostdev type='pci' managed='yes'><source>"
			  "<address domain='0' bus='1' slot='0' function='0'/></source>"
			  "</hostdev></devices>"),
		    &vcpu.err);
	assert_text(wished(&vcpu, "irq", "cpus"), "2-3");
	assert_text(wished(&vcpu, "irq", "0000:01:00.0"), "2-3");
}

static void a_vcpu_that_may_leave_has_no_partition(void **state)
{
	_cleanup_world_ struct world w = world_of(*state);

	assert_done(claim(&w, "<isolation cpuset='2'/>", PINS), &w.err);
	assert_text(wished(&w, "partition", "vcpu0"), "2");
	assert_text(wished(&w, "partition", "vcpu1"), NULL);
	assert_note(&w, "vCPUs may run on CPU 3, which is not isolated");
	assert_note(&w, "CPU 3 stays with the host and shares its cores");
}

static void what_cannot_be_isolated_is_refused(void **state)
{
	static const struct {
		const char *element, *elements, *cause, *remedy;
	} cases[] = {
		{ "<isolation/>", "", "no CPUs to isolate", "<vcpupin>" },
		{ "<isolation cpuset='8'/>", "", "CPU 8 is not online",
		  "vcpupin or cpuset" },
		{ "<isolation cpuset='0-7'/>", "", "would leave the host without a CPU",
		  "at least one CPU" },
		{ "<isolation cpuset='1-2'/>", "", "housekeeping_cpus = 0-1",
		  "other CPUs" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_world_ struct world w = world_of(*state);
		int r;

		if (i == 3)
			assert_int_equal(bitset_parse("0-1", &w.config.housekeeping_cpus),
					 0);
		r = claim(&w, cases[i].element, cases[i].elements);
		assert_failed(r, i == 3 ? -EPERM : -EINVAL, &w.err, cases[i].cause,
			      cases[i].remedy);
		assert_int_equal(ledger_find_domain(&w.ledger, "win11")->n_wishes, 0);
	}
}

static void the_last_cpu_is_kept_from_all_domains_together(void **state)
{
	_cleanup_world_ struct world w = world_of(*state);
	struct claim *other = ledger_add_claim(&w.ledger, "other", "");

	(void)claim_add_wish(other, "shield", "cpus", "0-1,4-7");
	assert_failed(claim(&w, "<isolation/>", PINS), -EINVAL, &w.err,
		      "isolating CPU 0-7 would leave", "at least one");
}

static void cgroup_v1_is_refused(void **state)
{
	_cleanup_world_ struct world w = world_of(*state);

	fixture_remove(*state, "sys/fs/cgroup/cgroup.controllers");
	assert_failed(claim(&w, "<isolation/>", PINS), -EOPNOTSUPP, &w.err, "cgroup v1",
		      "systemd.unified_cgroup_hierarchy=1");
}

static void a_required_partition_needs_the_kernel(void **state)
{
	_cleanup_world_ struct world required = world_of(*state),
				     wanted = world_of(*state);

	fixture_remove(*state, "sys/fs/cgroup/cpuset.cpus.isolated");
	assert_failed(claim(&required, "<isolation partition='yes'/>", PINS), -EOPNOTSUPP,
		      &required.err, "Linux >= 6.7", "partition='auto'");
	assert_done(claim(&wanted, "<isolation/>", PINS), &wanted.err);
	assert_note(&wanted, "no isolated partitions (Linux >= 6.7)");
}

static void what_disturbs_is_noted(void **state)
{
	_cleanup_world_ struct world w = world_of(*state);
	struct claim *other = ledger_add_claim(&w.ledger, "other", "");

	(void)claim_add_wish(other, "shield", "cpus", "4");
	fixture_set(*state, "sys/devices/system/cpu/isolated", "2,4\n");
	fixture_set(*state, "sys/devices/system/cpu/nohz_full", "6\n");
	assert_done(claim(&w, "<isolation/>",
			  "<cputune><vcpupin vcpu='0' cpuset='2-3'/>"
			  "<vcpupin vcpu='1' cpuset='4'/></cputune>"),
		    &w.err);
	assert_note(&w, "CPU 5 stays with the host");
	assert_note(&w, "pinned across nodes 0-1");
	assert_note(&w, "isolcpus=2,4, which covers some of these CPUs and not others");
	assert_note(&w, "nohz_full=6, which are other CPUs");
	assert_note(&w, "QEMU's own threads may run on the isolated CPUs");
	assert_note(&w, "domain 'other' has isolated CPU 4 too");
}

static void a_device_elsewhere_is_noted(void **state)
{
	_cleanup_world_ struct world w = world_of(*state);

	fixture_set(*state, "sys/devices/system/cpu/isolated", "2-3\n");
	assert_done(
		claim(&w, "<isolation/>",
		      "<cputune><vcpupin vcpu='0' cpuset='2-3'/>"
		      "<emulatorpin cpuset='3'/></cputune><devices>"
		      "<hostdev type='pci'><source><address bus='1'/></source></hostdev>"
		      "<hostdev type='pci'><source><address bus='2'/></source></hostdev>"
		      "</devices>"),
		&w.err);
	assert_note(&w, "device 0000:01:00.0 is on node 1, the vCPUs are on node 0");
	assert_note(&w, "isolcpus=2-3, which covers these CPUs");
	assert_note(&w, "<emulatorpin> puts QEMU's own threads on isolated CPUs");
	assert_int_equal(w.notes.n, 4);
}

/* ---- survey ---- */

static char *minus_one(const char *baseline, const void *arg)
{
	return xasprintf("%s%s", baseline, (const char *)arg);
}

struct surveyed {
	struct ledger ledger;
	struct changes changes;
};

/* One survey of one object: "before -> after", or "" for nothing to write. */
static void assert_survey(struct surveyed *s, const char *current, bool any, bool taking,
			  const char *expected)
{
	static const struct resource resource = { .name = "test" };
	struct survey survey = {
		.ledger = &s->ledger,
		.resource = &resource,
		.taking = taking,
		.any = any,
		.wanted = minus_one,
		.arg = "-",
		.changes = &s->changes,
	};
	_cleanup_free_ char *got = NULL;

	changes_done(&s->changes);
	survey_object(&survey, "a.slice", current);
	got = s->changes.n ? xasprintf("%s -> %s", s->changes.items[0].before,
				       s->changes.items[0].after) :
			     xstrdup("");
	assert_text(got, expected);
}

static void surveyed_done(struct surveyed *s)
{
	ledger_done(&s->ledger);
	changes_done(&s->changes);
}
#define _cleanup_surveyed_ _cleanup_(surveyed_done)

static void a_survey_takes_and_gives_back(void **state _unused_)
{
	_cleanup_surveyed_ struct surveyed s = { 0 };

	assert_survey(&s, "7", true, true, "7 -> 7-");
	assert_survey(&s, "7-", true, false, "");
	assert_int_equal(s.ledger.n_entries, 1);
	assert_survey(&s, "7-", false, false, "7- -> 7");
	assert_int_equal(s.ledger.n_entries, 1);
	assert_survey(&s, "7", false, false, "");
	assert_int_equal(s.ledger.n_entries, 0);
	assert_survey(&s, "7", false, false, "");
}

static void a_survey_goes_on_after_a_crash(void **state _unused_)
{
	_cleanup_surveyed_ struct surveyed s = { 0 };

	/* Recorded, and killed before it was written. */
	assert_survey(&s, "7", true, true, "7 -> 7-");
	assert_survey(&s, "7", true, false, "7 -> 7-");
	/* Recorded that it goes back, and killed before that was written. */
	assert_survey(&s, "7-", false, false, "7- -> 7");
	assert_survey(&s, "7-", false, false, "7- -> 7");
	assert_survey(&s, "7", false, false, "");
	assert_int_equal(s.ledger.n_entries, 0);
}

static void a_survey_leaves_what_somebody_else_set(void **state _unused_)
{
	_cleanup_surveyed_ struct surveyed s = { 0 };

	assert_survey(&s, "7", true, true, "7 -> 7-");
	assert_survey(&s, "5", true, false, "");
	assert_survey(&s, "5", false, false, "");
	assert_int_equal(s.ledger.n_entries, 0);
}

static void taking_overrules_and_remembers_it(void **state _unused_)
{
	_cleanup_surveyed_ struct surveyed s = { 0 };

	assert_survey(&s, "7", true, true, "7 -> 7-");
	assert_survey(&s, "5", true, true, "5 -> 5-");
	assert_survey(&s, "5-", false, false, "5- -> 5");
}

static void an_object_that_is_gone_is_forgotten(void **state _unused_)
{
	_cleanup_surveyed_ struct surveyed s = { 0 };
	_cleanup_strv_ struct strv known = STRV_NULL;
	static const struct resource resource = { .name = "test" };

	assert_survey(&s, "7", true, true, "7 -> 7-");
	survey_known(&s.ledger, &resource, &known);
	assert_int_equal(known.n, 1);
	assert_survey(&s, NULL, true, false, "");
	assert_int_equal(s.ledger.n_entries, 0);
	assert_survey(&s, NULL, false, false, "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(pinned_cpus_are_isolated),
		TEST(nothing_is_wished_without_it),
		TEST(attributes_change_the_wishes),
		TEST(a_vcpu_that_may_leave_has_no_partition),
		TEST(what_cannot_be_isolated_is_refused),
		TEST(the_last_cpu_is_kept_from_all_domains_together),
		TEST(cgroup_v1_is_refused),
		TEST(a_required_partition_needs_the_kernel),
		TEST(what_disturbs_is_noted),
		TEST(a_device_elsewhere_is_noted),
		cmocka_unit_test(a_survey_takes_and_gives_back),
		cmocka_unit_test(a_survey_goes_on_after_a_crash),
		cmocka_unit_test(a_survey_leaves_what_somebody_else_set),
		cmocka_unit_test(taking_overrules_and_remembers_it),
		cmocka_unit_test(an_object_that_is_gone_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

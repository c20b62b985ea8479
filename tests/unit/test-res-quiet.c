// SPDX-License-Identifier: LGPL-2.1-or-later

/* What the host does in the background, and what a domain makes of that. */

#include "common/alloc.h"
#include "common/deadline.h"
#include "hook/resource.h"
#include "tree-fixture.h"

#define MM "sys/kernel/mm/"
#define CPU "sys/devices/system/cpu/"

static const char tree[] = CPU
	"online = 0-3\n" CPU "possible = 0-3\n"
	"sys/devices/system/node/has_memory = 0\n" MM
	"transparent_hugepage/enabled = always [madvise] never\n" MM
	"transparent_hugepage/defrag = always defer [defer+madvise] madvise never\n" MM
	"ksm/run = 1\n" MM "ksm/merge_across_nodes = 1\n" MM "ksm/pages_shared = 0\n"
	"proc/sys/kernel/numa_balancing = 1\n"
	"proc/sys/kernel/watchdog_cpumask = 0-3\n"
	"proc/sys/vm/stat_interval = 1\n" CPU
	"cpu{0..3}/power/pm_qos_resume_latency_us = 0\n" CPU "cpufreq/boost = 1\n";

struct test {
	struct fixture *f;
	struct host host;
	struct ledger ledger;
	struct domain domain;
	struct strv notes;
	struct error err;
	uint64_t claim;
};

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));
	void *f;
	int r = fixture_setup(&f);

	if (r < 0)
		return r;
	t->f = f;
	fixture_add(f, tree);
	t->domain.request.quiet.wanted = true;
	t->domain.request.quiet.line = 7;
	bitset_add(&t->domain.vcpu_cpus, 2);
	bitset_add(&t->domain.vcpu_cpus, 3);
	*state = t;
	return host_read(&t->f->root, &t->host, &t->err);
}

static int teardown(void **state)
{
	struct test *t = *state;
	void *f = t->f;

	host_done(&t->host);
	ledger_done(&t->ledger);
	domain_done(&t->domain);
	strv_done(&t->notes);
	error_done(&t->err);
	free(t);
	return fixture_teardown(&f);
}

static void ask(struct test *t, const char *knob, const char *value)
{
	struct request_quiet *quiet = &t->domain.request.quiet;
	struct request_knob *k = ARRAY_PUSH(quiet->knobs, quiet->n_knobs);

	k->name = xstrdup(knob);
	k->value = xstrdup(value);
}

static int make_claim(struct test *t)
{
	struct claim *claim = ledger_add_claim(&t->ledger, "a", "uuid");
	const struct planning p = {
		.host = &t->host,
		.domain = &t->domain,
		.ledger = &t->ledger,
		.claim = claim,
		.notes = &t->notes,
	};

	t->claim = claim->id;
	return resource_quiet.claim(&p, &t->err);
}

/* "thp/enabled=never\n" for each wish. */
static char *wishes(const struct test *t)
{
	const struct claim *claim = ledger_find_claim(&t->ledger, t->claim);
	_cleanup_strv_ struct strv lines = STRV_NULL;

	for (size_t i = 0; i < claim->n_wishes; i++)
		strv_pushf(&lines, "%s=%s\n", claim->wishes[i].object,
			   claim->wishes[i].value);
	return strv_join(&lines, "");
}

static void assert_wishes(struct test *t, const char *expected)
{
	_cleanup_free_ char *text = NULL, *notes = NULL;

	assert_done(make_claim(t), &t->err);
	text = wishes(t);
	assert_text(text, expected);
	notes = strv_join(&t->notes, "\n");
	assert_text(notes, "");
}

static void assert_refused(struct test *t, const char *cause, const char *remedy)
{
	assert_failed(make_claim(t), -EINVAL, &t->err, cause, remedy);
}

/* Writes every wish and then what was there before, which leaves the host as it was. */
static void assert_there_and_back(struct test *t)
{
	const struct claim *claim = ledger_find_claim(&t->ledger, t->claim);

	for (size_t i = 0; i < claim->n_wishes; i++) {
		const struct wish *w = &claim->wishes[i];
		_cleanup_free_ char *before = NULL, *now = NULL;

		if (!STREQ(w->resource, "quiet"))
			continue;
		assert_done(resource_quiet.read(&t->f->root, w->object, &before, &t->err),
			    &t->err);
		assert_done(resource_quiet.write(&t->f->root, w->object, before, w->value,
						 deadline_in_ms(1000), &t->err),
			    &t->err);
		assert_done(resource_quiet.read(&t->f->root, w->object, &now, &t->err),
			    &t->err);
		assert_text(now, w->value);
		assert_done(resource_quiet.write(&t->f->root, w->object, w->value, before,
						 deadline_in_ms(1000), &t->err),
			    &t->err);
	}
}

/* ---- wishes ---- */

static void each_attribute_is_a_wish(void **state)
{
	struct test *t = *state;

	ask(t, "thp", "never");
	ask(t, "ksm", "off");
	ask(t, "numa-balancing", "off");
	ask(t, "watchdog", "off");
	ask(t, "stat-interval", "120");
	ask(t, "latency", "10");
	ask(t, "boost", "off");
	assert_wishes(t, "thp/enabled=never\n"
			 "thp/defrag=never\n"
			 "ksm/merge_across_nodes=0\n"
			 "ksm/run=0\n"
			 "host=0\n"
			 "cpus=2-3\n"
			 "stat-interval=120s\n"
			 "latency/cpu2=10us\n"
			 "latency/cpu3=10us\n"
			 "boost=off\n");
}

static void values_are_written_as_the_kernel_wants(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *before = fixture_dump(t->f, "."), *after = NULL;
	_cleanup_free_ char *interval = NULL, *latency = NULL, *boost = NULL;

	ask(t, "stat-interval", "120");
	ask(t, "latency", "n/a");
	ask(t, "boost", "off");
	assert_done(make_claim(t), &t->err);
	assert_there_and_back(t);
	assert_done(resource_quiet.write(&t->f->root, "stat-interval", "1s", "120s", 0,
					 &t->err),
		    &t->err);
	assert_done(resource_quiet.write(&t->f->root, "latency/cpu1", "unlimited", "55us",
					 0, &t->err),
		    &t->err);
	assert_done(resource_quiet.write(&t->f->root, "boost", "on", "off", 0, &t->err),
		    &t->err);
	interval = fixture_get(t->f, "proc/sys/vm/stat_interval");
	latency = fixture_get(t->f, CPU "cpu1/power/pm_qos_resume_latency_us");
	boost = fixture_get(t->f, CPU "cpufreq/boost");
	assert_text(interval, "120");
	assert_text(latency, "55");
	assert_text(boost, "0");
	assert_done(resource_quiet.write(&t->f->root, "stat-interval", "120s", "1s", 0,
					 &t->err),
		    &t->err);
	assert_done(resource_quiet.write(&t->f->root, "latency/cpu1", "55us", "unlimited",
					 0, &t->err),
		    &t->err);
	assert_done(resource_quiet.write(&t->f->root, "boost", "off", "on", 0, &t->err),
		    &t->err);
	/* These plain files have lost their final newlines, and nothing else. */
	fixture_add(t->f, tree);
	after = fixture_dump(t->f, ".");
	assert_text(after, before);
}

static void no_turbo_is_boost_the_other_way_round(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *text = NULL, *value = NULL;

	fixture_remove(t->f, CPU "cpufreq/boost");
	fixture_add(t->f, CPU "intel_pstate/no_turbo = 0\n");
	assert_done(resource_quiet.read(&t->f->root, "boost", &value, &t->err), &t->err);
	assert_text(value, "on");
	assert_done(resource_quiet.write(&t->f->root, "boost", "on", "off", 0, &t->err),
		    &t->err);
	text = fixture_get(t->f, CPU "intel_pstate/no_turbo");
	assert_text(text, "1");
	free(TAKE_PTR(value));
	assert_done(resource_quiet.read(&t->f->root, "boost", &value, &t->err), &t->err);
	assert_text(value, "off");
}

static void isolated_cpus_come_before_pinned_ones(void **state)
{
	struct test *t = *state;

	bitset_add(&t->domain.request.isolation.cpuset, 1);
	ask(t, "latency", "n/a");
	ask(t, "watchdog", "off");
	assert_wishes(t, "latency/cpu1=n/a\ncpus=1\n");
}

/* ---- the quieter one wins ---- */

static void the_quieter_wish_wins(void **state _unused_)
{
	static const char *const by_noise[][5] = {
		{ "never", "defer", "madvise", "defer+madvise", "always" },
		{ "n/a", "1us", "9us", "10us", "unlimited" },
		{ "300s", "120s", "20s", "3s", "1s" },
		{ "0", "1", "2", "3", "4" },
		{ "off", "on", "on", "on", "on" },
	};

	for (size_t k = 0; k < ARRAY_SIZE(by_noise); k++) {
		for (size_t i = 0; i < 5; i++) {
			for (size_t j = i; j < 5; j++) {
				assert_text(resource_quiet.merge(by_noise[k][i],
								 by_noise[k][j]),
					    by_noise[k][i]);
				assert_text(resource_quiet.merge(by_noise[k][j],
								 by_noise[k][i]),
					    by_noise[k][i]);
			}
		}
	}
}

static void nothing_becomes_louder_than_it_was(void **state)
{
	struct test *t = *state;

	fixture_add(t->f, MM "transparent_hugepage/enabled = always madvise [never]\n" MM
			     "transparent_hugepage/defrag = always [defer] madvise\n"
			     "proc/sys/vm/stat_interval = 600\n" CPU
			     "cpu2/power/pm_qos_resume_latency_us = n/a\n");
	ask(t, "thp", "madvise");
	ask(t, "stat-interval", "120");
	ask(t, "latency", "10");
	assert_wishes(t, "thp/enabled=never\nthp/defrag=defer\nstat-interval=600s\n"
			 "latency/cpu2=n/a\nlatency/cpu3=10us\n");
}

/* What another domain has made of it is not what the administrator had. */
static void the_baseline_counts_and_not_the_present_value(void **state)
{
	struct test *t = *state;
	struct entry *entry =
		ledger_add_entry(&t->ledger, "quiet", "thp/enabled", "always");

	ledger_set(&entry->written, "never");
	fixture_add(t->f, MM "transparent_hugepage/enabled = always madvise [never]\n");
	ask(t, "thp", "madvise");
	assert_wishes(t, "thp/enabled=madvise\nthp/defrag=madvise\n");
}

/* ---- what cannot be ---- */

static void what_the_host_does_not_have_is_skipped(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *text = NULL, *notes = NULL;

	fixture_remove(t->f, "proc/sys/kernel/numa_balancing");
	fixture_remove(t->f, "proc/sys/kernel/watchdog_cpumask");
	fixture_remove(t->f, CPU "cpufreq/boost");
	fixture_remove(t->f, CPU "cpu3/power/pm_qos_resume_latency_us");
	ask(t, "numa-balancing", "off");
	ask(t, "watchdog", "off");
	ask(t, "boost", "off");
	ask(t, "latency", "5");
	assert_done(make_claim(t), &t->err);
	text = wishes(t);
	assert_text(text, "latency/cpu2=5us\n");
	notes = strv_join(&t->notes, "\n");
	assert_text(notes, "this host has no numa_balancing: numa-balancing is skipped\n"
			   "this host has no watchdog_cpumask: watchdog is skipped\n"
			   "this host has no boost: boost is skipped\n"
			   "this host has no latency/cpu3: latency is skipped");
}

static void merging_across_nodes_is_skipped_when_pages_are(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *text = NULL, *notes = NULL;

	fixture_add(t->f, MM "ksm/pages_shared = 12\n");
	ask(t, "ksm", "off");
	assert_done(make_claim(t), &t->err);
	text = wishes(t);
	assert_text(text, "ksm/run=0\n");
	notes = strv_join(&t->notes, "\n");
	assert_contains(notes, "KSM has merged pages already");
}

static void an_empty_request_is_refused(void **state)
{
	struct test *t = *state;

	assert_refused(t, "line 7: <quiet> asks for nothing",
		       "thp, ksm, numa-balancing, watchdog, stat-interval, latency, boost");
}

static void no_request_is_no_wish(void **state)
{
	struct test *t = *state;

	t->domain.request.quiet.wanted = false;
	assert_wishes(t, "");
}

static void zero_is_refused(void **state)
{
	struct test *t = *state;

	ask(t, "latency", "0");
	assert_refused(t, "line 7: latency='0'", "'n/a' is the strictest");
	free(t->domain.request.quiet.knobs[0].name);
	t->domain.request.quiet.knobs[0].name = xstrdup("stat-interval");
	assert_refused(t, "line 7: stat-interval='0'", "one second");
}

static void without_cpus_there_is_nothing_to_set(void **state)
{
	static const char *const names[] = { "latency", "watchdog" };
	struct test *t = *state;

	bitset_done(&t->domain.vcpu_cpus);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		t->domain.request.quiet.n_knobs = 0;
		ask(t, names[i], "10");
		assert_refused(t, "the domain pins no vCPU", "add <vcpupin>");
		free(t->domain.request.quiet.knobs[0].name);
		free(t->domain.request.quiet.knobs[0].value);
		free(t->domain.request.quiet.knobs);
		t->domain.request.quiet.knobs = NULL;
		t->domain.request.quiet.n_knobs = 0;
	}
}

static void an_unreadable_file_is_an_error(void **state)
{
	struct test *t = *state;

	fixture_remove(t->f, MM "ksm/run");
	fixture_add(t->f, MM "ksm/run/\n");
	ask(t, "ksm", "off");
	assert_failed(make_claim(t), -EISDIR, &t->err, "failed to read '/" MM "ksm/run'",
		      NULL);
	assert_failed(resource_quiet.write(&t->f->root, "ksm/run", "1", "0", 0, &t->err),
		      -EISDIR, &t->err, "failed to write '0' to '/" MM "ksm/run'", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_attribute_is_a_wish),
		TEST(values_are_written_as_the_kernel_wants),
		TEST(no_turbo_is_boost_the_other_way_round),
		TEST(isolated_cpus_come_before_pinned_ones),
		cmocka_unit_test(the_quieter_wish_wins),
		TEST(nothing_becomes_louder_than_it_was),
		TEST(the_baseline_counts_and_not_the_present_value),
		TEST(what_the_host_does_not_have_is_skipped),
		TEST(merging_across_nodes_is_skipped_when_pages_are),
		TEST(an_empty_request_is_refused),
		TEST(no_request_is_no_wish),
		TEST(zero_is_refused),
		TEST(without_cpus_there_is_nothing_to_set),
		TEST(an_unreadable_file_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Who has to survey the host, and for whom another process has done it. */

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/log.h"
#include "hook/converge.h"
#include "tree-fixture.h"

#define MASK "sys/devices/virtual/workqueue/cpumask"

static const char tree[] = "sys/devices/system/cpu/online = 0-3\n"
			   "sys/devices/system/cpu/possible = 0-3\n"
			   "sys/devices/system/node/has_memory = 0\n" MASK " = f\n"
			   "proc/sys/kernel/random/boot_id = b\n"
			   "run/\n";

struct test {
	struct fixture *f;
	struct host host;
	struct store store;
	struct convergence c;
};

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));
	_cleanup_error_ struct error err = ERROR_NULL;
	void *f;
	int r = fixture_setup(&f);

	if (r < 0)
		return r;
	log_setup(LOG_TO_NOTHING, LOG_ERR);
	t->f = f;
	fixture_add(f, tree);
	assert_done(host_read(&t->f->root, &t->host, &err), &err);
	assert_done(store_open(&t->f->root, true, &t->store, &err), &err);
	t->c = (struct convergence){
		.host = &t->host,
		.store = &t->store,
		.deadline = deadline_in_ms(10000),
	};
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;
	void *f = t->f;

	store_close(&t->store);
	host_done(&t->host);
	free(t);
	return fixture_teardown(&f);
}

/* Records a claim that takes @cpus from the workqueues; its id. */
static uint64_t record(struct test *t, const char *domain, const char *cpus)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	struct claim *claim;
	uint64_t id;

	assert_done(store_begin(&t->store, t->c.deadline, &err), &err);
	claim = ledger_add_claim(&t->store.ledger, domain, domain);
	(void)claim_add_wish(claim, "workqueue", "cpus", cpus);
	id = claim->id;
	assert_done(store_save(&t->store, &err), &err);
	store_end(&t->store);
	return id;
}

static void mark_releasing(struct test *t, uint64_t id)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	struct claim *claim;

	assert_done(store_begin(&t->store, t->c.deadline, &err), &err);
	claim = ledger_find_claim(&t->store.ledger, id);
	claim->state = CLAIM_RELEASING;
	ledger_touch(&t->store.ledger, claim);
	assert_done(store_save(&t->store, &err), &err);
	store_end(&t->store);
}

static void take(struct test *t, uint64_t id)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(converge_take(&t->c, id, &err), &err);
}

static void give(struct test *t, uint64_t id)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(converge_give(&t->c, id, &err), &err);
}

static void survey(struct test *t, uint64_t since)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(converge_survey(&t->c, since, &err), &err);
}

static void assert_mask(const struct test *t, const char *expected)
{
	_cleanup_free_ char *text = fixture_get(t->f, MASK);

	assert_non_null(text);
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, expected);
}

/* Sets back what a survey wrote, as a kernel that forgets it: who looks then writes it again. */
static void forget_mask(const struct test *t)
{
	fixture_set(t->f, MASK, "f\n");
}

static void one_takes_for_all_that_are_recorded(void **state)
{
	struct test *t = *state;
	uint64_t a = record(t, "a", "2"), b = record(t, "b", "3"), late;

	take(t, a);
	assert_mask(t, "3");
	forget_mask(t);
	take(t, b);
	assert_mask(t, "f");
	late = record(t, "late", "3");
	take(t, late);
	assert_mask(t, "3");
}

static void one_gives_for_all_that_are_marked(void **state)
{
	struct test *t = *state;
	uint64_t a = record(t, "a", "2"), b = record(t, "b", "3");

	take(t, a);
	mark_releasing(t, a);
	mark_releasing(t, b);
	give(t, b);
	assert_mask(t, "f");
	assert_int_equal(t->store.ledger.n_claims, 1);
	/* Nothing that anybody does is undone by who comes after. */
	fixture_set(t->f, MASK, "3\n");
	give(t, a);
	assert_mask(t, "3");
	assert_false(fixture_has(t->f, "run/hosttune/ledger.json"));
}

static void what_others_set_is_overruled_by_who_takes(void **state)
{
	struct test *t = *state;
	uint64_t a = record(t, "a", "2"), b;

	take(t, a);
	b = record(t, "b", "2");
	fixture_set(t->f, MASK, "5\n");
	survey(t, 0);
	assert_mask(t, "5");
	/* That look left it alone, so it is none for a claim that is being taken. */
	take(t, b);
	assert_mask(t, "1");
}

static void without_a_revision_it_always_looks(void **state)
{
	struct test *t = *state;
	uint64_t a = record(t, "a", "2"), since;

	take(t, a);
	since = t->store.ledger.revision;
	(void)record(t, "b", "3");
	survey(t, since);
	assert_mask(t, "b");
	survey(t, 0);
	assert_mask(t, "3");
}

/* A full disk: nobody else knows that the claim counts no more, and so nobody did it. */
static void giving_that_is_not_recorded_looks_itself(void **state)
{
	struct test *t = *state;
	uint64_t a = record(t, "a", "2"), b = record(t, "b", "3");

	take(t, a);
	take(t, b);
	t->store.giving = a;
	give(t, a);
	t->store.giving = 0;
	assert_mask(t, "7");
}

#define SURVEY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SURVEY_TEST(one_takes_for_all_that_are_recorded),
		SURVEY_TEST(one_gives_for_all_that_are_marked),
		SURVEY_TEST(what_others_set_is_overruled_by_who_takes),
		SURVEY_TEST(without_a_revision_it_always_looks),
		SURVEY_TEST(giving_that_is_not_recorded_looks_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

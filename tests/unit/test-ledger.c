// SPDX-License-Identifier: LGPL-2.1-or-later

/* Claims and entries, and their text form. */

#include "common/alloc.h"
#include "common/json.h"
#include "hook/ledger.h"
#include "unit.h"

static int load(void **state _unused_)
{
	struct error err = ERROR_NULL;

	return json_load(&err);
}

/* Two claims, one with a problem, and two entries. */
static void fill(struct ledger *ledger)
{
	struct claim *claim;
	struct entry *entry;

	ledger->boot_id = xstrdup("b-o-o-t");
	claim = ledger_add_claim(ledger, "win11", "uuid-1");
	claim->state = CLAIM_LIVE;
	claim->started = true;
	claim->since = 1700000000;
	claim_add_wish(claim, "governor", "policy0", "performance");
	claim_add_wish(claim, "hugepages", "node0/2048kB", "512")->added = 500;
	claim = ledger_add_claim(ledger, "a \"b\"/ü\n", "");
	claim->state = CLAIM_RELEASING;
	claim->problem = xstrdup("device is held");
	entry = ledger_add_entry(ledger, "governor", "policy0", "powersave");
	ledger_set(&entry->written, "performance");
	entry = ledger_add_entry(ledger, "passthrough", "0000:01:00.0", "");
	ledger_set(&entry->written, "vfio-pci");
	ledger_set(&entry->previous, "nouveau");
	entry->claim = ledger->claims[0].id;
	ledger_note_look(ledger, "irq", false);
}

static void adding_and_finding(void **state _unused_)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	struct claim *claim;
	struct entry *entry;
	uint64_t first, second;

	first = ledger_add_claim(&ledger, "a", "uuid-a")->id;
	second = ledger_add_claim(&ledger, "b", "uuid-b")->id;
	assert_true(first != 0 && second > first);
	assert_null(ledger_find_claim(&ledger, 0));
	claim = ledger_find_claim(&ledger, second);
	assert_string_equal(claim->domain, "b");
	assert_int_equal(claim->state, CLAIM_PREPARING);
	assert_false(claim->started);
	assert_true(claim->since > 1500000000);
	assert_text(claim->problem, NULL);
	assert_ptr_equal(ledger_find_domain(&ledger, "b"), claim);
	assert_ptr_equal(ledger_find_domain(&ledger, "uuid-b"), claim);
	assert_null(ledger_find_domain(&ledger, "c"));

	claim_add_wish(claim, "governor", "policy0", "performance");
	assert_string_equal(claim_find_wish(claim, "governor", "policy0")->value,
			    "performance");
	assert_int_equal(claim_find_wish(claim, "governor", "policy0")->added, 0);
	assert_null(claim_find_wish(claim, "governor", "policy1"));
	assert_null(claim_find_wish(claim, "module", "policy0"));

	entry = ledger_add_entry(&ledger, "governor", "policy0", "powersave");
	assert_string_equal(entry->baseline, "powersave");
	assert_string_equal(entry->written, "powersave");
	assert_string_equal(entry->previous, "powersave");
	assert_ptr_equal(ledger_find_entry(&ledger, "governor", "policy0"), entry);
	assert_null(ledger_find_entry(&ledger, "governor", "policy"));
	assert_null(ledger_find_entry(&ledger, "mdev", "policy0"));
}

static void removing_keeps_the_order_of_the_rest(void **state _unused_)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	uint64_t ids[4];

	for (int i = 0; i < 4; i++) {
		_cleanup_free_ char *name = xasprintf("d%d", i);

		ids[i] = ledger_add_claim(&ledger, name, "u")->id;
		ledger_add_entry(&ledger, "r", name, "x");
		claim_add_wish(&ledger.claims[0], "r", name, "x");
	}
	ledger_remove_claim(&ledger, ids[1]);
	ledger_remove_claim(&ledger, ids[1]);
	assert_int_equal(ledger.n_claims, 3);
	assert_string_equal(ledger.claims[0].domain, "d0");
	assert_string_equal(ledger.claims[1].domain, "d2");
	assert_string_equal(ledger.claims[2].domain, "d3");
	ledger_remove_entry(&ledger, "r", "d0");
	ledger_remove_entry(&ledger, "other", "d1");
	ledger_remove_entry(&ledger, "r", "d9");
	assert_int_equal(ledger.n_entries, 3);
	assert_string_equal(ledger.entries[0].object, "d1");
	claim_remove_wish(&ledger.claims[0], "r", "d3");
	claim_remove_wish(&ledger.claims[0], "r", "d3");
	assert_int_equal(ledger.claims[0].n_wishes, 3);
	assert_string_equal(ledger.claims[0].wishes[2].object, "d2");
	ledger_add_claim(&ledger, "d4", "u");
	assert_int_equal(ledger.n_claims, 4);
	assert_string_equal(ledger.claims[3].domain, "d4");
}

static void ids_are_not_used_twice(void **state _unused_)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };

	for (int i = 0; i < 200; i++)
		ledger_add_claim(&ledger, "d", "u");
	for (size_t i = 1; i < ledger.n_claims; i++)
		assert_true(ledger.claims[i].id > ledger.claims[i - 1].id);
}

static void only_a_releasing_claim_does_not_count(void **state _unused_)
{
	struct claim claim = { .state = CLAIM_PREPARING };

	assert_true(claim_counts(&claim));
	claim.state = CLAIM_LIVE;
	assert_true(claim_counts(&claim));
	claim.state = CLAIM_RELEASING;
	assert_false(claim_counts(&claim));
	assert_string_equal(claim_state_name(CLAIM_PREPARING), "preparing");
	assert_string_equal(claim_state_name(CLAIM_LIVE), "live");
	assert_string_equal(claim_state_name(CLAIM_RELEASING), "releasing");
}

static void fields_are_replaced_by_copies(void **state _unused_)
{
	char text[] = "abc";
	char *field = NULL;

	ledger_set(&field, text);
	text[0] = 'x';
	assert_string_equal(field, "abc");
	ledger_set(&field, field);
	assert_string_equal(field, "abc");
	ledger_set(&field, NULL);
	assert_null(field);
}

static void copies_share_nothing(void **state _unused_)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	struct claim copy;

	fill(&ledger);
	ledger_set(&ledger.claims[0].problem, "p");
	copy = claim_copy(&ledger.claims[0]);
	ledger_done(&ledger);
	assert_string_equal(copy.domain, "win11");
	assert_string_equal(copy.problem, "p");
	assert_true(copy.started);
	assert_int_equal(copy.since, 1700000000);
	assert_int_equal(copy.n_wishes, 2);
	assert_string_equal(copy.wishes[1].object, "node0/2048kB");
	assert_int_equal(copy.wishes[1].added, 500);
	claim_done(&copy);
}

#define WISH "{\"resource\":\"r\",\"object\":\"o\",\"value\":\"v\",\"added\":0}"
#define CLAIM                                                           \
	"{\"id\":1,\"domain\":\"d\",\"uuid\":\"u\",\"state\":\"live\"," \
	"\"started\":0,\"since\":5,\"wishes\":[" WISH "]}"
#define ENTRY                                                                        \
	"{\"resource\":\"r\",\"object\":\"o\",\"baseline\":\"b\",\"written\":\"w\"," \
	"\"previous\":\"p\",\"claim\":1}"
#define LEDGER \
	"{\"version\":1,\"boot_id\":\"b\",\"claims\":[" CLAIM "],\"entries\":[" ENTRY "]}"

static void the_text_form_goes_both_ways(void **state _unused_)
{
	_cleanup_ledger_ struct ledger ledger = { 0 }, again = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *text = NULL, *text_again = NULL;

	fill(&ledger);
	text = ledger_format(&ledger);
	assert_done(ledger_parse(text, strlen(text), &again, &err), &err);
	assert_string_equal(again.boot_id, "b-o-o-t");
	assert_int_equal(again.n_claims, 2);
	assert_true(again.claims[0].id == ledger.claims[0].id);
	assert_string_equal(again.claims[0].domain, "win11");
	assert_string_equal(again.claims[0].uuid, "uuid-1");
	assert_int_equal(again.claims[0].state, CLAIM_LIVE);
	assert_true(again.claims[0].started);
	assert_int_equal(again.claims[0].since, 1700000000);
	assert_text(again.claims[0].problem, NULL);
	assert_int_equal(again.claims[0].n_wishes, 2);
	assert_string_equal(again.claims[0].wishes[0].value, "performance");
	assert_int_equal(again.claims[0].wishes[1].added, 500);
	assert_string_equal(again.claims[1].domain, "a \"b\"/ü\n");
	assert_int_equal(again.claims[1].state, CLAIM_RELEASING);
	assert_false(again.claims[1].started);
	assert_text(again.claims[1].problem, "device is held");
	assert_int_equal(again.n_entries, 2);
	assert_string_equal(again.entries[1].baseline, "");
	assert_string_equal(again.entries[1].written, "vfio-pci");
	assert_string_equal(again.entries[1].previous, "nouveau");
	assert_true(again.entries[1].claim == ledger.claims[0].id);
	assert_true(again.claims[0].revision > 0);
	assert_true(again.claims[1].revision == again.revision);
	assert_true(ledger_has_look(&again, "irq", again.revision, false));
	assert_false(ledger_has_look(&again, "irq", again.revision, true));
	text_again = ledger_format(&again);
	assert_string_equal(text_again, text);
}

/* Of a program that did not know of revisions: nothing is taken for looked at. */
static void an_older_ledger_is_read(void **state _unused_)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(ledger_parse(LEDGER, strlen(LEDGER), &ledger, &err), &err);
	assert_int_equal(ledger.revision, 0);
	assert_int_equal(ledger.claims[0].revision, 0);
	ledger_note_look(&ledger, "irq", true);
	assert_false(ledger_has_look(&ledger, "irq", ledger.claims[0].revision, false));
}

static void a_look_holds_until_a_claim_changes(void **state _unused_)
{
	_cleanup_ledger_ struct ledger ledger = { .boot_id = xstrdup("b") };
	uint64_t first = ledger_add_claim(&ledger, "a", "1")->revision, second;

	assert_false(ledger_has_look(&ledger, "irq", first, false));
	ledger_note_look(&ledger, "irq", true);
	assert_true(ledger_has_look(&ledger, "irq", first, true));
	assert_false(ledger_has_look(&ledger, "shield", first, false));
	assert_false(ledger_has_look(&ledger, "irq", 0, false));

	second = ledger_add_claim(&ledger, "b", "2")->revision;
	assert_true(ledger_has_look(&ledger, "irq", first, true));
	assert_false(ledger_has_look(&ledger, "irq", second, false));
	/* One that leaves to others what they set is no proof for who takes. */
	ledger_note_look(&ledger, "irq", false);
	assert_true(ledger_has_look(&ledger, "irq", second, false));
	assert_false(ledger_has_look(&ledger, "irq", second, true));
	ledger_touch(&ledger, &ledger.claims[0]);
	assert_false(ledger_has_look(&ledger, "irq", ledger.claims[0].revision, false));
}

static void an_empty_ledger_goes_both_ways(void **state _unused_)
{
	_cleanup_ledger_ struct ledger ledger = { .boot_id = xstrdup("b") },
				       again = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *text = ledger_format(&ledger);

	assert_done(ledger_parse(text, strlen(text), &again, &err), &err);
	assert_string_equal(again.boot_id, "b");
	assert_int_equal(again.n_claims + again.n_entries, 0);
}

static void assert_refused_as(int code, const char *text, size_t size, const char *cause)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	int r = ledger_parse(text, size, &ledger, &err);

	if (r != code)
		fail_msg("%d: %.*s", r, (int)size, text);
	assert_failed(r, code, &err, cause, NULL);
}

static void assert_refused(const char *text, size_t size, const char *cause)
{
	assert_refused_as(-EINVAL, text, size, cause);
}

/* LEDGER with @old replaced by @new. */
static char *edited(const char *old, const char *new)
{
	const char *at = strstr(LEDGER, old);

	assert_non_null(at);
	return xasprintf("%.*s%s%s", (int)(at - LEDGER), LEDGER, new, at + strlen(old));
}

static void every_member_is_required(void **state _unused_)
{
	static const char *const members[] = {
		"boot_id", "claims",  "entries",  "id",	     "domain",	 "uuid",
		"state",   "started", "since",	  "wishes",  "resource", "object",
		"value",   "added",   "baseline", "written", "previous", "claim\"",
	};
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(ledger_parse(LEDGER, strlen(LEDGER), &ledger, &err), &err);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		_cleanup_free_ char *old = xasprintf("\"%s", members[i]);
		_cleanup_free_ char *new = xasprintf("\"x%s", members[i]);
		_cleanup_free_ char *text = edited(old, new);

		assert_refused(text, strlen(text), "a member is missing");
	}
}

static void members_of_entries_are_required(void **state _unused_)
{
	static const char *const members[] = { "\"resource\"", "\"object\"" };

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		_cleanup_free_ char *text = xstrdup(LEDGER);
		char *entries = strstr(text, "\"entries\"");

		strstr(entries, members[i])[1] = 'X';
		assert_refused(text, strlen(text), "a member is missing");
	}
}

static void members_of_the_wrong_type_are_refused(void **state _unused_)
{
	static const struct {
		const char *old, *new;
	} edits[] = {
		{ "\"boot_id\":\"b\"", "\"boot_id\":null" },
		{ "\"boot_id\":\"b\"", "\"boot_id\":1" },
		{ "\"id\":1", "\"id\":\"1\"" },
		{ "\"id\":1", "\"id\":-1" },
		{ "\"id\":1", "\"id\":1.5" },
		{ "\"domain\":\"d\"", "\"domain\":[]" },
		{ "\"state\":\"live\"", "\"state\":\"alive\"" },
		{ "\"state\":\"live\"", "\"state\":\"\"" },
		{ "\"state\":\"live\"", "\"state\":1" },
		{ "\"started\":0", "\"started\":false" },
		{ "\"started\":0", "\"started\":-1" },
		{ "\"since\":5", "\"since\":\"now\"" },
		{ "\"wishes\":[" WISH "]", "\"wishes\":" WISH },
		{ "\"wishes\":[" WISH "]", "\"wishes\":[1]" },
		{ "\"wishes\":[" WISH "]", "\"wishes\":[null]" },
		{ "\"wishes\":[" WISH "]", "\"wishes\":[[]]" },
		{ "\"added\":0", "\"added\":-1" },
		{ "\"value\":\"v\"", "\"value\":5" },
		{ "\"claims\":[" CLAIM "]", "\"claims\":{}" },
		{ "\"claims\":[" CLAIM "]", "\"claims\":[null]" },
		{ "\"entries\":[" ENTRY "]", "\"entries\":null" },
		{ "\"entries\":[" ENTRY "]", "\"entries\":[[]]" },
		{ "\"claim\":1", "\"claim\":-7" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		_cleanup_free_ char *text = edited(edits[i].old, edits[i].new);

		assert_refused(text, strlen(text), "wrong type");
	}
}

static void another_version_is_refused(void **state _unused_)
{
	static const struct {
		int code;
		const char *new, *cause;
	} edits[] = {
		{ -EPROTONOSUPPORT, "\"version\":2", "its version is 2, not 1" },
		{ -EPROTONOSUPPORT, "\"version\":0", "its version is 0, not 1" },
		{ -EPROTONOSUPPORT, "\"version\":-1", "its version is -1, not 1" },
		{ -EINVAL, "\"version\":\"1\"", "it has no version" },
		{ -EINVAL, "\"version\":1.0", "it has no version" },
		{ -EINVAL, "\"Version\":1", "it has no version" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		_cleanup_free_ char *text = edited("\"version\":1", edits[i].new);

		assert_refused_as(edits[i].code, text, strlen(text), edits[i].cause);
	}
}

static void garbage_is_refused(void **state _unused_)
{
	_cleanup_free_ char *zeros = xcalloc(1, 4097);

	assert_refused("", 0, "it is not JSON");
	assert_refused("\n", 1, "it is not JSON");
	assert_refused("garbage", 7, "it is not JSON");
	assert_refused("[]", 2, "it has no version");
	assert_refused("1", 1, "it has no version");
	assert_refused("\"text\"", 6, "it has no version");
	assert_refused("null", 4, "it is not JSON");
	assert_refused("{}", 2, "it has no version");
	assert_refused(zeros, 4096, "it is not JSON");
}

static void a_truncated_text_is_refused_everywhere(void **state _unused_)
{
	_cleanup_ledger_ struct ledger full = { 0 };
	_cleanup_free_ char *text = NULL;

	fill(&full);
	text = ledger_format(&full);
	for (size_t size = 0; size + 2 < strlen(text); size++) {
		_cleanup_ledger_ struct ledger ledger = { 0 };
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_free_ char *part = xstrndup(text, size);

		if (ledger_parse(part, size, &ledger, &err) != -EINVAL)
			fail_msg("accepted: %s", part);
	}
}

/* Whatever byte is changed: refused or read, but never more than that. */
static void a_damaged_text_does_no_harm(void **state _unused_)
{
	static const char damage[] = { '\0', '"', '}', '[', '9', '\\', (char)0xff };
	size_t refused = 0;

	for (size_t i = 0; i < strlen(LEDGER); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(damage); j++) {
			_cleanup_ledger_ struct ledger ledger = { 0 };
			_cleanup_error_ struct error err = ERROR_NULL;
			_cleanup_free_ char *text = xstrdup(LEDGER);

			text[i] = damage[j];
			if (ledger_parse(text, strlen(LEDGER), &ledger, &err) < 0)
				refused++;
			else
				assert_non_null(ledger.boot_id);
		}
	}
	assert_in_range(refused, strlen(LEDGER), strlen(LEDGER) * ARRAY_SIZE(damage));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding_and_finding),
		cmocka_unit_test(removing_keeps_the_order_of_the_rest),
		cmocka_unit_test(ids_are_not_used_twice),
		cmocka_unit_test(only_a_releasing_claim_does_not_count),
		cmocka_unit_test(fields_are_replaced_by_copies),
		cmocka_unit_test(copies_share_nothing),
		cmocka_unit_test(the_text_form_goes_both_ways),
		cmocka_unit_test(an_older_ledger_is_read),
		cmocka_unit_test(a_look_holds_until_a_claim_changes),
		cmocka_unit_test(an_empty_ledger_goes_both_ways),
		cmocka_unit_test(every_member_is_required),
		cmocka_unit_test(members_of_entries_are_required),
		cmocka_unit_test(members_of_the_wrong_type_are_refused),
		cmocka_unit_test(another_version_is_refused),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(a_truncated_text_is_refused_everywhere),
		cmocka_unit_test(a_damaged_text_does_no_harm),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ledger as text; see ledger.h. */

#include "common/alloc.h"
#include "common/json.h"
#include "hook/ledger.h"

static const char *const state_names[] = {
	[CLAIM_PREPARING] = "preparing",
	[CLAIM_LIVE] = "live",
	[CLAIM_RELEASING] = "releasing",
};

const char *claim_state_name(enum claim_state state)
{
	return state_names[state];
}

static void format_claim(const struct claim *claim, json_object *object)
{
	json_object *wishes;

	json_add_number(object, "id", (int64_t)claim->id);
	json_add_string(object, "domain", claim->domain);
	json_add_string(object, "uuid", claim->uuid);
	json_add_string(object, "state", state_names[claim->state]);
	json_add_number(object, "started", claim->started);
	json_add_number(object, "since", claim->since);
	if (claim->revision)
		json_add_number(object, "revision", (int64_t)claim->revision);
	if (claim->problem)
		json_add_string(object, "problem", claim->problem);
	wishes = json_add_array(object, "wishes");
	for (size_t i = 0; i < claim->n_wishes; i++) {
		const struct wish *w = &claim->wishes[i];
		json_object *wish = json_push_object(wishes);

		json_add_string(wish, "resource", w->resource);
		json_add_string(wish, "object", w->object);
		json_add_string(wish, "value", w->value);
		json_add_number(wish, "added", (int64_t)w->added);
	}
}

static void format_entry(const struct entry *entry, json_object *object)
{
	json_add_string(object, "resource", entry->resource);
	json_add_string(object, "object", entry->object);
	json_add_string(object, "baseline", entry->baseline);
	json_add_string(object, "written", entry->written);
	json_add_string(object, "previous", entry->previous);
	json_add_number(object, "claim", (int64_t)entry->claim);
}

static void format_look(const struct look *look, json_object *object)
{
	json_add_string(object, "resource", look->resource);
	json_add_number(object, "seen", (int64_t)look->seen);
	json_add_number(object, "taken", (int64_t)look->taken);
}

char *ledger_format(const struct ledger *ledger)
{
	_cleanup_json_ json_object *root = json_new_object();
	json_object *claims, *entries, *looks;

	json_add_number(root, "version", LEDGER_VERSION);
	json_add_string(root, "boot_id", ledger->boot_id);
	json_add_number(root, "revision", (int64_t)ledger->revision);
	claims = json_add_array(root, "claims");
	for (size_t i = 0; i < ledger->n_claims; i++)
		format_claim(&ledger->claims[i], json_push_object(claims));
	entries = json_add_array(root, "entries");
	for (size_t i = 0; i < ledger->n_entries; i++)
		format_entry(&ledger->entries[i], json_push_object(entries));
	looks = json_add_array(root, "looks");
	for (size_t i = 0; i < ledger->n_looks; i++)
		format_look(&ledger->looks[i], json_push_object(looks));
	return json_format(root, false);
}

static int get_copy(json_object *object, const char *key, char **ret)
{
	const char *value;
	int r = json_get_string(object, key, &value);

	if (r == 0)
		*ret = xstrdup(value);
	return r;
}

static int get_count(json_object *object, const char *key, uint64_t *ret)
{
	int64_t value;

	if (json_get_number(object, key, &value) < 0 || value < 0)
		return -EINVAL;
	*ret = (uint64_t)value;
	return 0;
}

/* As get_count(), but 0 for what ledgers of earlier versions do not have. */
static int get_count_or_0(json_object *object, const char *key, uint64_t *ret)
{
	*ret = 0;
	return json_has(object, key) ? get_count(object, key, ret) : 0;
}

static int parse_state(json_object *object, enum claim_state *ret)
{
	const char *name;

	if (json_get_string(object, "state", &name) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(state_names); i++) {
		if (STREQ(name, state_names[i])) {
			*ret = (enum claim_state)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_wish(json_object *object, void *owner)
{
	struct claim *claim = owner;
	struct wish *w = ARRAY_PUSH(claim->wishes, claim->n_wishes);

	if (get_copy(object, "resource", &w->resource) < 0 ||
	    get_copy(object, "object", &w->object) < 0 ||
	    get_copy(object, "value", &w->value) < 0 ||
	    get_count(object, "added", &w->added) < 0)
		return -EINVAL;
	return 0;
}

typedef int parse_fn(json_object *object, void *owner);

static int parse_each(json_object *object, const char *key, parse_fn *parse, void *owner)
{
	json_object *array;

	if (json_get_array(object, key, &array) < 0)
		return -EINVAL;
	for (size_t i = 0; i < sym_json_object_array_length(array); i++) {
		if (parse(sym_json_object_array_get_idx(array, i), owner) < 0)
			return -EINVAL;
	}
	return 0;
}

static int parse_claim(json_object *object, void *owner)
{
	struct ledger *ledger = owner;
	struct claim *c = ARRAY_PUSH(ledger->claims, ledger->n_claims);
	uint64_t started;

	if (get_count(object, "id", &c->id) < 0 ||
	    get_copy(object, "domain", &c->domain) < 0 ||
	    get_copy(object, "uuid", &c->uuid) < 0 ||
	    parse_state(object, &c->state) < 0 ||
	    get_count(object, "started", &started) < 0 ||
	    json_get_number(object, "since", &c->since) < 0 ||
	    get_count_or_0(object, "revision", &c->revision) < 0)
		return -EINVAL;
	c->started = started != 0;
	(void)!get_copy(object, "problem", &c->problem); /* usually there is none */
	return parse_each(object, "wishes", parse_wish, c);
}

static int parse_entry(json_object *object, void *owner)
{
	struct ledger *ledger = owner;
	struct entry *e = ARRAY_PUSH(ledger->entries, ledger->n_entries);

	if (get_copy(object, "resource", &e->resource) < 0 ||
	    get_copy(object, "object", &e->object) < 0 ||
	    get_copy(object, "baseline", &e->baseline) < 0 ||
	    get_copy(object, "written", &e->written) < 0 ||
	    get_copy(object, "previous", &e->previous) < 0 ||
	    get_count(object, "claim", &e->claim) < 0)
		return -EINVAL;
	return 0;
}

static int parse_look(json_object *object, void *owner)
{
	struct ledger *ledger = owner;
	struct look *look = ARRAY_PUSH(ledger->looks, ledger->n_looks);

	if (get_copy(object, "resource", &look->resource) < 0 ||
	    get_count(object, "seen", &look->seen) < 0 ||
	    get_count(object, "taken", &look->taken) < 0)
		return -EINVAL;
	return 0;
}

int ledger_parse(const char *text, size_t size, struct ledger *ret, struct error *err)
{
	_cleanup_json_ json_object *root = NULL;
	int64_t version;

	*ret = (struct ledger){ 0 };
	if (json_parse(text, size, &root) < 0)
		return error_set(err, -EINVAL, "it is not JSON");
	if (json_get_number(root, "version", &version) < 0)
		return error_set(err, -EINVAL, "it has no version");
	if (version != LEDGER_VERSION)
		return error_set(err, -EPROTONOSUPPORT, "its version is %lld, not %d",
				 (long long)version, LEDGER_VERSION);
	if (get_copy(root, "boot_id", &ret->boot_id) < 0 ||
	    parse_each(root, "claims", parse_claim, ret) < 0 ||
	    parse_each(root, "entries", parse_entry, ret) < 0 ||
	    get_count_or_0(root, "revision", &ret->revision) < 0 ||
	    (json_has(root, "looks") && parse_each(root, "looks", parse_look, ret) < 0))
		return error_set(err, -EINVAL, "a member is missing or of the wrong type");
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* hosttune status: claims, what each holds, what drifted; see cli.h. */

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "common/alloc.h"
#include "common/json.h"
#include "hook/cli.h"
#include "hook/converge.h"

struct status {
	struct store store;
	struct host host;
	struct changes drift;
	struct strv aside;
	const char *only; /* this domain, or NULL */
};

static bool is_shown(const struct status *s, const struct claim *claim)
{
	return !s->only || STREQ(claim->domain, s->only) ||
	       strcasecmp(claim->uuid, s->only) == 0;
}

/* A claim that somebody works on right now is not unfinished. */
static bool is_unfinished(struct status *s, const struct claim *claim)
{
	if (claim->state == CLAIM_LIVE)
		return false;
	return !store_claim_is_locked(&s->store, claim->id);
}

static const char *baseline_of(const struct status *s, const struct wish *wish)
{
	const struct entry *entry =
		ledger_find_entry(&s->store.ledger, wish->resource, wish->object);

	return entry ? entry->baseline : NULL;
}

static void print_wish(const struct status *s, const struct wish *wish)
{
	const char *baseline = baseline_of(s, wish);

	(void)printf("  %s %s %s", wish->resource, wish->object, wish->value);
	if (wish->added)
		(void)printf(" (%" PRIu64 " added)", wish->added);
	else if (baseline && !resource_find(wish->resource)->take)
		(void)printf(" (was %s)", *baseline ? baseline : "(none)");
	(void)putchar('\n');
}

static void describe(const struct status *s, const struct claim *claim, struct strv *lines)
{
	for (size_t i = 0; i < n_resources; i++) {
		const struct resource *resource = resources[i];

		if (resource->describe && claim_has_resource(claim, resource->name))
			resource->describe(&s->host, &s->store.ledger, claim, lines);
	}
}

static void print_claim(struct status *s, const struct claim *claim)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;
	time_t since = claim->since;
	char when[32] = "?";
	struct tm tm;

	if (localtime_r(&since, &tm))
		(void)strftime(when, sizeof(when), "%F %T", &tm);
	(void)printf("%s %s: %s since %s%s\n", claim->domain, claim->uuid,
		     is_unfinished(s, claim) ? "unfinished" :
					       claim_state_name(claim->state),
		     when, claim->started ? ", started" : "");
	for (size_t i = 0; i < claim->n_wishes; i++)
		print_wish(s, &claim->wishes[i]);
	describe(s, claim, &lines);
	strv_for_each(line, &lines)
		(void)printf("  %s\n", line);
	if (claim->problem)
		(void)printf("  problem: %s\n", claim->problem);
}

static void print_text(struct status *s)
{
	const struct ledger *ledger = &s->store.ledger;

	for (size_t i = 0; i < ledger->n_claims; i++) {
		if (is_shown(s, &ledger->claims[i]))
			print_claim(s, &ledger->claims[i]);
	}
	for (size_t i = 0; i < s->drift.n; i++) {
		const struct change *d = &s->drift.items[i];

		(void)printf("drift: %s %s %s -> %s (changed by somebody else)\n",
			     d->resource->name, d->object,
			     *d->before ? d->before : "(none)",
			     *d->after ? d->after : "(none)");
	}
	strv_for_each(name, &s->aside)
		(void)printf(
			"set aside: /run/hosttune/%s: a ledger that could not be used\n",
			name);
}

static void claim_to_json(struct status *s, const struct claim *claim, json_object *object)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;
	json_object *wishes, *details;

	json_add_string(object, "domain", claim->domain);
	json_add_string(object, "uuid", claim->uuid);
	json_add_string(object, "state", claim_state_name(claim->state));
	json_add_bool(object, "unfinished", is_unfinished(s, claim));
	json_add_bool(object, "started", claim->started);
	json_add_number(object, "since", claim->since);
	json_add_string(object, "problem", claim->problem);
	wishes = json_add_array(object, "holds");
	for (size_t i = 0; i < claim->n_wishes; i++) {
		const struct wish *w = &claim->wishes[i];
		json_object *wish = json_push_object(wishes);

		json_add_string(wish, "resource", w->resource);
		json_add_string(wish, "object", w->object);
		json_add_string(wish, "value", w->value);
		json_add_string(wish, "baseline", baseline_of(s, w));
		if (resource_find(w->resource)->take)
			json_add_number(wish, "added", (int64_t)w->added);
	}
	describe(s, claim, &lines);
	details = json_add_array(object, "details");
	strv_for_each(line, &lines)
		json_push_string(details, line);
}

static void print_json(struct status *s)
{
	_cleanup_json_ json_object *root = json_new_object();
	const struct ledger *ledger = &s->store.ledger;
	_cleanup_free_ char *text = NULL;
	json_object *array;

	array = json_add_array(root, "claims");
	for (size_t i = 0; i < ledger->n_claims; i++) {
		if (is_shown(s, &ledger->claims[i]))
			claim_to_json(s, &ledger->claims[i], json_push_object(array));
	}
	array = json_add_array(root, "drift");
	for (size_t i = 0; i < s->drift.n; i++) {
		json_object *drift = json_push_object(array);

		json_add_string(drift, "resource", s->drift.items[i].resource->name);
		json_add_string(drift, "object", s->drift.items[i].object);
		json_add_string(drift, "written", s->drift.items[i].before);
		json_add_string(drift, "present", s->drift.items[i].after);
	}
	array = json_add_array(root, "set_aside");
	strv_for_each(name, &s->aside)
		json_push_string(array, name);
	text = json_format(root, true);
	(void)fputs(text, stdout);
}

/* Entries of a claim under way are half-way by nature: drift is of the others. */
static int find_drift(struct status *s, struct error *err)
{
	const struct ledger *ledger = &s->store.ledger;
	_cleanup_changes_ struct changes all = { 0 };
	int r = converge_drift(&s->host, ledger, &all, err);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		struct change *d = &all.items[i];
		bool shown = false;

		for (size_t j = 0; j < ledger->n_claims; j++) {
			const struct claim *claim = &ledger->claims[j];

			if (claim->state == CLAIM_LIVE && is_shown(s, claim) &&
			    claim_find_wish(claim, d->resource->name, d->object))
				shown = true;
		}
		if (shown) {
			*ARRAY_PUSH(s->drift.items, s->drift.n) = *d;
			*d = (struct change){ .resource = d->resource };
		}
	}
	return r;
}

static int check_known(const struct ledger *ledger, struct error *err)
{
	for (size_t i = 0; i < ledger->n_claims; i++) {
		const struct claim *claim = &ledger->claims[i];

		for (size_t j = 0; j < claim->n_wishes; j++) {
			if (!resource_find(claim->wishes[j].resource))
				return error_set(err, -EINVAL,
						 "the ledger has an unknown resource '%s': "
						 "was it written by a later version?",
						 claim->wishes[j].resource);
		}
	}
	return 0;
}

static int look(const struct cli *cli, struct status *s, struct error *err)
{
	int r = store_open(cli->root, false, &s->store, err);

	if (r == 0)
		r = host_read(cli->root, &s->host, err);
	if (r == 0)
		r = store_peek(&s->store, err);
	if (r == 0)
		r = check_known(&s->store.ledger, err);
	if (r == 0)
		r = find_drift(s, err);
	if (r == 0)
		r = store_list_aside(&s->store, &s->aside);
	return r;
}

static bool is_bad(struct status *s)
{
	for (size_t i = 0; i < s->store.ledger.n_claims; i++) {
		const struct claim *claim = &s->store.ledger.claims[i];

		if (is_shown(s, claim) && (is_unfinished(s, claim) || claim->problem))
			return true;
	}
	return s->drift.n || s->aside.n;
}

int cli_status(const struct cli *cli, struct error *err)
{
	struct status s = { .store = STORE_NULL, .only = cli->argc ? cli->argv[0] : NULL };
	int r = look(cli, &s, err);

	if (r == 0 && s.only && !ledger_find_domain(&s.store.ledger, s.only))
		r = error_set(err, -ENOENT, "domain '%s' holds no claim", s.only);
	if (r == 0) {
		if (cli->json)
			print_json(&s);
		else
			print_text(&s);
		r = is_bad(&s) ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	store_close(&s.store);
	host_done(&s.host);
	changes_done(&s.drift);
	strv_done(&s.aside);
	return r;
}

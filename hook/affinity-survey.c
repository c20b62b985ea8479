// SPDX-License-Identifier: LGPL-2.1-or-later
/* A survey of many things with an affinity; see affinity-survey.h. */

#include "hook/affinity-survey.h"
#include "common/alloc.h"
#include "common/log.h"

#define FIXED '!'

/* The three values of the entry. */
struct record {
	struct affinity_map baseline;
	struct affinity_map written;
	struct affinity_map previous;
};

#define RECORD_NULL \
	((struct record){ AFFINITY_MAP_NULL, AFFINITY_MAP_NULL, AFFINITY_MAP_NULL })

static void record_done(struct record *record)
{
	affinity_map_done(&record->baseline);
	affinity_map_done(&record->written);
	affinity_map_done(&record->previous);
}
#define _cleanup_record_ _cleanup_(record_done)

static int record_read(const struct entry *entry, struct record *ret)
{
	int r = 0;

	if (entry)
		r = affinity_map_parse(entry->baseline, &ret->baseline);
	if (entry && r == 0)
		r = affinity_map_parse(entry->written, &ret->written);
	if (entry && r == 0)
		r = affinity_map_parse(entry->previous, &ret->previous);
	return r;
}

static void record_write(const struct record *record, const struct affinity_survey *s)
{
	_cleanup_free_ char *baseline = affinity_map_format(&record->baseline);
	_cleanup_free_ char *written = affinity_map_format(&record->written);
	_cleanup_free_ char *previous = affinity_map_format(&record->previous);
	struct entry *entry = ledger_find_entry(s->ledger, s->resource->name, s->object);

	if (!entry)
		entry = ledger_add_entry(s->ledger, s->resource->name, s->object, "");
	ledger_set(&entry->baseline, baseline);
	ledger_set(&entry->written, written);
	ledger_set(&entry->previous, previous);
}

/* What is known of one. */
struct known {
	const char *baseline; /* NULL: nothing */
	const char *written;
	const char *previous; /* without the mark */
	bool fixed;
};

static struct known record_find(const struct record *record, unsigned id)
{
	struct known known = {
		.baseline = affinity_map_get(&record->baseline, id),
		.written = affinity_map_get(&record->written, id),
		.previous = affinity_map_get(&record->previous, id),
	};

	if (!known.written || !known.previous)
		known.baseline = NULL;
	if (known.baseline && known.previous[0] == FIXED) {
		known.fixed = true;
		known.previous++;
	}
	return known;
}

static void record_add(struct record *record, unsigned id, const struct known *known)
{
	_cleanup_free_ char *previous =
		xasprintf("%s%s", known->fixed ? "!" : "", known->previous);

	affinity_map_add(&record->baseline, id, known->baseline);
	affinity_map_add(&record->written, id, known->written);
	affinity_map_add(&record->previous, id, previous);
}

/* ---- deciding ---- */

struct work {
	const struct affinity_survey *s;
	struct record before; /* as the ledger has it */
	struct record after; /* as it will */
	struct affinity_map writes; /* "0-3>0-1": from and to */
	size_t n_kept; /* given up: somebody else changed them */
};

static bool is_ours(const struct known *known, const char *current)
{
	return STREQ(current, known->written) || STREQ(current, known->previous);
}

static void push_write(struct work *w, const struct affinity *item, const char *wanted)
{
	_cleanup_free_ char *step = xasprintf("%s>%s", item->cpus, wanted);

	affinity_map_add(&w->writes, item->id, step);
}

/* It has not what it should have: writes that, unless that is known to be in vain. */
static void move(struct work *w, const struct affinity *item, const struct known *was,
		 struct known *known)
{
	const struct affinity_survey *s = w->s;
	bool again = was->baseline && s->any && STREQ(item->cpus, was->previous) &&
		     STREQ(known->written, was->written);

	known->previous = item->cpus;
	known->fixed = again || (s->any && s->is_fixed(s->arg, item->id));
	if (!known->fixed || (again && !was->fixed))
		push_write(w, item, known->written);
	record_add(&w->after, item->id, known);
}

/* The baseline of one that is @was as far as we know; NULL: leave it as somebody else wants it. */
static const char *find_baseline(const struct affinity_survey *s, const struct known *was,
				 const char *current)
{
	const char *inherited;

	if (was->baseline &&
	    (is_ours(was, current) || s->is_nobodys(s->arg, was->baseline, current)))
		return was->baseline;
	inherited = s->inherited(s->arg, current);
	if (inherited)
		return inherited;
	return !was->baseline || s->taking ? current : NULL;
}

static void survey_item(struct work *w, const struct affinity *item)
{
	const struct affinity_survey *s = w->s;
	const struct known was = record_find(&w->before, item->id);
	struct known known = { .baseline = find_baseline(s, &was, item->cpus) };
	_cleanup_free_ char *wanted = NULL;

	if (!known.baseline) {
		w->n_kept++;
		record_add(&w->after, item->id, &was);
		return;
	}
	wanted = s->any ? s->wanted(s->arg, item->id, known.baseline) :
			  xstrdup(known.baseline);
	known.written = wanted;
	known.previous = wanted;
	if (!STREQ(item->cpus, wanted))
		move(w, item, &was, &known);
	else
		record_add(&w->after, item->id, &known);
}

static void push_changes(const struct work *w)
{
	_cleanup_affinity_groups_ struct affinity_groups groups = { 0 };

	affinity_map_group(&w->writes, &groups);
	for (size_t i = 0; i < groups.n; i++) {
		char *to = strchr(groups.items[i].cpus, '>');

		*to++ = '\0';
		changes_push(w->s->changes, w->s->resource, groups.items[i].ids,
			     groups.items[i].cpus, to);
	}
}

int affinity_survey(const struct affinity_survey *s, struct error *err)
{
	const struct entry *entry =
		ledger_find_entry(s->ledger, s->resource->name, s->object);
	_cleanup_record_ struct record before = RECORD_NULL;
	struct work w = { .s = s, .after = RECORD_NULL };
	int r = record_read(entry, &before);

	if (r < 0)
		return error_set(err, r, "the ledger's record of %s is damaged",
				 s->object);
	w.before = before;
	for (size_t i = 0; i < s->current->n; i++)
		survey_item(&w, &s->current->items[i]);
	push_changes(&w);
	/* All of it stays until the last one is back: what is unknown is what came since. */
	if (s->any || s->keep || w.writes.n)
		record_write(&w.after, s);
	else
		ledger_remove_entry(s->ledger, s->resource->name, s->object);
	if (!s->any && !w.writes.n && w.n_kept)
		log_info(s->resource->name,
			 "%s: %zu were changed by somebody else meanwhile, which is kept",
			 s->object, w.n_kept);
	record_done(&w.after);
	affinity_map_done(&w.writes);
	return 0;
}

/* ---- looking ---- */

static bool concerns(const char *list, const struct bitset *cpus)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;

	return bitset_parse(list, &set) == 0 && bitset_intersects(&set, cpus);
}

void affinity_count(const struct ledger *ledger, const struct resource *resource,
		    const char *object, const struct affinity_map *current,
		    const struct bitset *cpus, struct affinity_counts *ret)
{
	_cleanup_record_ struct record record = RECORD_NULL;

	*ret = (struct affinity_counts){ 0 };
	if (record_read(ledger_find_entry(ledger, resource->name, object), &record) < 0)
		return;
	for (size_t i = 0; i < current->n; i++) {
		const struct affinity *item = &current->items[i];
		const struct known known = record_find(&record, item->id);

		if (!known.baseline)
			continue;
		if (STREQ(item->cpus, known.written))
			ret->moved += !STREQ(known.written, known.baseline) &&
				      concerns(known.baseline, cpus);
		else if (!concerns(item->cpus, cpus))
			continue;
		else if (known.fixed && STREQ(item->cpus, known.previous))
			affinity_map_add(&ret->fixed, item->id, item->cpus);
		else
			ret->foreign++;
	}
}

void affinity_counts_done(struct affinity_counts *counts)
{
	affinity_map_done(&counts->fixed);
	*counts = (struct affinity_counts){ 0 };
}

char *affinity_without(const char *list, const struct bitset *taken,
		       const struct bitset *online)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;

	if (bitset_parse(list, &set) < 0)
		return NULL;
	bitset_remove_all(&set, taken);
	return bitset_intersects(&set, online) ? bitset_format(&set) : NULL;
}

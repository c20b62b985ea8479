// SPDX-License-Identifier: LGPL-2.1-or-later
/* Claims and entries; see ledger.h. Their text form is in ledger-json.c. */

#include <time.h>

#include "common/alloc.h"
#include "hook/ledger.h"

void ledger_set(char **field, const char *value)
{
	char *copy = value ? xstrdup(value) : NULL;

	free(*field);
	*field = copy;
}

struct claim *ledger_find_claim(const struct ledger *ledger, uint64_t id)
{
	for (size_t i = 0; i < ledger->n_claims; i++) {
		if (ledger->claims[i].id == id)
			return &ledger->claims[i];
	}
	return NULL;
}

struct claim *ledger_find_domain(const struct ledger *ledger, const char *name_or_uuid)
{
	for (size_t i = 0; i < ledger->n_claims; i++) {
		if (STREQ(ledger->claims[i].domain, name_or_uuid) ||
		    strcasecmp(ledger->claims[i].uuid, name_or_uuid) == 0)
			return &ledger->claims[i];
	}
	return NULL;
}

static bool same(const char *resource, const char *object, const char *other_resource,
		 const char *other_object)
{
	return STREQ(object, other_object) && STREQ(resource, other_resource);
}

struct wish *claim_find_wish(const struct claim *claim, const char *resource,
			     const char *object)
{
	for (size_t i = 0; i < claim->n_wishes; i++) {
		struct wish *w = &claim->wishes[i];

		if (same(w->resource, w->object, resource, object))
			return w;
	}
	return NULL;
}

struct entry *ledger_find_entry(const struct ledger *ledger, const char *resource,
				const char *object)
{
	for (size_t i = 0; i < ledger->n_entries; i++) {
		struct entry *e = &ledger->entries[i];

		if (same(e->resource, e->object, resource, object))
			return e;
	}
	return NULL;
}

/* Time since boot in nanoseconds does not come twice, and a later claim has a higher one. */
static uint64_t new_id(const struct ledger *ledger)
{
	struct timespec ts;
	uint64_t id;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	id = (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
	while (ledger_find_claim(ledger, id))
		id++;
	return id;
}

struct claim *ledger_add_claim(struct ledger *ledger, const char *domain, const char *uuid)
{
	uint64_t id = new_id(ledger);
	struct claim *claim = ARRAY_PUSH(ledger->claims, ledger->n_claims);

	claim->id = id;
	claim->domain = xstrdup(domain);
	claim->uuid = xstrdup(uuid);
	claim->state = CLAIM_PREPARING;
	claim->since = time(NULL);
	ledger_touch(ledger, claim);
	return claim;
}

void ledger_touch(struct ledger *ledger, struct claim *claim)
{
	claim->revision = ++ledger->revision;
}

static struct look *find_look(const struct ledger *ledger, const char *resource)
{
	for (size_t i = 0; i < ledger->n_looks; i++) {
		if (STREQ(ledger->looks[i].resource, resource))
			return &ledger->looks[i];
	}
	return NULL;
}

void ledger_note_look(struct ledger *ledger, const char *resource, bool taking)
{
	struct look *look = find_look(ledger, resource);

	if (!look) {
		look = ARRAY_PUSH(ledger->looks, ledger->n_looks);
		look->resource = xstrdup(resource);
	}
	look->seen = ledger->revision;
	if (taking)
		look->taken = ledger->revision;
}

bool ledger_has_look(const struct ledger *ledger, const char *resource, uint64_t since,
		     bool taking)
{
	const struct look *look = find_look(ledger, resource);

	return look && since > 0 && (taking ? look->taken : look->seen) >= since;
}

struct wish *claim_add_wish(struct claim *claim, const char *resource, const char *object,
			    const char *value)
{
	struct wish *wish = ARRAY_PUSH(claim->wishes, claim->n_wishes);

	wish->resource = xstrdup(resource);
	wish->object = xstrdup(object);
	wish->value = xstrdup(value);
	return wish;
}

struct entry *ledger_add_entry(struct ledger *ledger, const char *resource,
			       const char *object, const char *baseline)
{
	struct entry *entry = ARRAY_PUSH(ledger->entries, ledger->n_entries);

	entry->resource = xstrdup(resource);
	entry->object = xstrdup(object);
	entry->baseline = xstrdup(baseline);
	entry->written = xstrdup(baseline);
	entry->previous = xstrdup(baseline);
	return entry;
}

bool entry_is_ours(const struct entry *entry, const char *current)
{
	return STREQ(current, entry->written) || STREQ(current, entry->previous);
}

static void wish_done(struct wish *wish)
{
	free(wish->resource);
	free(wish->object);
	free(wish->value);
}

void claim_done(struct claim *claim)
{
	free(claim->domain);
	free(claim->uuid);
	free(claim->problem);
	for (size_t i = 0; i < claim->n_wishes; i++)
		wish_done(&claim->wishes[i]);
	free(claim->wishes);
	*claim = (struct claim){ 0 };
}

static void entry_done(struct entry *entry)
{
	free(entry->resource);
	free(entry->object);
	free(entry->baseline);
	free(entry->written);
	free(entry->previous);
}

/* Closes the gap at @index of an array of *@n elements, which loses its last. */
static void close_gap(void *array, size_t *n, size_t index, size_t size)
{
	char *gap = (char *)array + index * size;

	(*n)--;
	memmove(gap, gap + size, (*n - index) * size);
}

void ledger_remove_claim(struct ledger *ledger, uint64_t id)
{
	struct claim *claim = ledger_find_claim(ledger, id);

	if (!claim)
		return;
	claim_done(claim);
	close_gap(ledger->claims, &ledger->n_claims, (size_t)(claim - ledger->claims),
		  sizeof(*claim));
}

void ledger_remove_entry(struct ledger *ledger, const char *resource, const char *object)
{
	struct entry *entry = ledger_find_entry(ledger, resource, object);

	if (!entry)
		return;
	entry_done(entry);
	close_gap(ledger->entries, &ledger->n_entries, (size_t)(entry - ledger->entries),
		  sizeof(*entry));
}

void claim_remove_wish(struct claim *claim, const char *resource, const char *object)
{
	struct wish *wish = claim_find_wish(claim, resource, object);

	if (!wish)
		return;
	wish_done(wish);
	close_gap(claim->wishes, &claim->n_wishes, (size_t)(wish - claim->wishes),
		  sizeof(*wish));
}

bool claim_has_resource(const struct claim *claim, const char *resource)
{
	for (size_t i = 0; i < claim->n_wishes; i++) {
		if (STREQ(claim->wishes[i].resource, resource))
			return true;
	}
	return false;
}

void claim_remove_resource(struct claim *claim, const char *resource)
{
	for (size_t i = claim->n_wishes; i-- > 0;) {
		if (STREQ(claim->wishes[i].resource, resource))
			claim_remove_wish(claim, resource, claim->wishes[i].object);
	}
}

bool claim_counts(const struct claim *claim)
{
	return claim->state != CLAIM_RELEASING;
}

struct claim claim_copy(const struct claim *claim)
{
	struct claim copy = *claim;

	copy.domain = xstrdup(claim->domain);
	copy.uuid = xstrdup(claim->uuid);
	copy.problem = claim->problem ? xstrdup(claim->problem) : NULL;
	copy.wishes = NULL;
	copy.n_wishes = 0;
	for (size_t i = 0; i < claim->n_wishes; i++) {
		const struct wish *w = &claim->wishes[i];

		claim_add_wish(&copy, w->resource, w->object, w->value)->added = w->added;
	}
	return copy;
}

void ledger_done(struct ledger *ledger)
{
	free(ledger->boot_id);
	for (size_t i = 0; i < ledger->n_claims; i++)
		claim_done(&ledger->claims[i]);
	free(ledger->claims);
	for (size_t i = 0; i < ledger->n_entries; i++)
		entry_done(&ledger->entries[i]);
	free(ledger->entries);
	for (size_t i = 0; i < ledger->n_looks; i++)
		free(ledger->looks[i].resource);
	free(ledger->looks);
	*ledger = (struct ledger){ 0 };
}

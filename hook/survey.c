// SPDX-License-Identifier: LGPL-2.1-or-later
/* Deciding on the objects of a survey; see survey.h. */

#include "hook/survey.h"
#include "common/alloc.h"
#include "common/log.h"

static void change(const struct survey *s, struct entry *entry, const char *current,
		   const char *wanted)
{
	if (!STREQ(current, wanted))
		changes_push(s->changes, s->resource, entry->object, current, wanted);
	ledger_set(&entry->previous, current);
	ledger_set(&entry->written, wanted);
}

static void put_back(const struct survey *s, struct entry *entry, const char *current)
{
	bool done = !current || STREQ(current, entry->baseline);

	if (!done && !entry_is_ours(entry, current)) {
		log_warning(s->resource->name,
			    "%s is '%s' now, not '%s' as we left it: somebody else changed "
			    "it, which is kept",
			    entry->object, current, entry->written);
		done = true;
	}
	if (done)
		ledger_remove_entry(s->ledger, s->resource->name, entry->object);
	else
		change(s, entry, current, entry->baseline);
}

void survey_object(const struct survey *s, const char *object, const char *current)
{
	struct entry *entry = ledger_find_entry(s->ledger, s->resource->name, object);
	_cleanup_free_ char *wanted = NULL;

	if (!s->any || !current) {
		if (entry)
			put_back(s, entry, current);
		return;
	}
	if (!entry) {
		entry = ledger_add_entry(s->ledger, s->resource->name, object, current);
	} else if (!entry_is_ours(entry, current)) {
		if (!s->taking)
			return;
		ledger_set(&entry->baseline, current);
	}
	wanted = s->wanted(entry->baseline, s->arg);
	change(s, entry, current, wanted);
}

void survey_known(const struct ledger *ledger, const struct resource *resource,
		  struct strv *ret)
{
	for (size_t i = 0; i < ledger->n_entries; i++) {
		if (STREQ(ledger->entries[i].resource, resource->name))
			strv_push(ret, ledger->entries[i].object);
	}
}

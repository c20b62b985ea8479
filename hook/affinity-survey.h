/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A survey of many things with an affinity: interrupts, kernel threads. All of them share one entry of
 * the ledger, whose three values are maps (affinity-map.h): the baseline of each, what we wrote
 * last, and what was there before that. A "!" before the latter says that a second write had no
 * effect either: the kernel does not let it be moved.
 */
#pragma once

#include "hook/affinity-map.h"
#include "hook/resource.h"

struct affinity_survey {
	struct ledger *ledger;
	const struct resource *resource;
	const char *object; /* of the entry */
	bool taking; /* may overrule what somebody else set */
	bool any; /* a claim wants something; else all goes back */
	bool keep; /* the record stays even when all is back: inherited() needs it */
	const struct affinity_map *current;
	struct changes *
		changes; /* out: one for each before and after, of all ids that have them */

	/* What @id shall have while claims want something, by its baseline; the caller frees. */
	char *(*wanted)(void *arg, unsigned id, const char *baseline);
	/* @current, which we did not write, came about by itself: it can be changed again. */
	bool (*is_nobodys)(void *arg, const char *baseline, const char *current);
	/* The baseline of what came since and has @current because of us; NULL: it has not. */
	const char *(*inherited)(void *arg, const char *current);
	/* The kernel says by itself that it will not move this one. */
	bool (*is_fixed)(void *arg, unsigned id);
	void *arg;
};

/* Decides on every one in @current, and records it: 0, or -EINVAL for a ledger that is damaged. */
int affinity_survey(const struct affinity_survey *survey, struct error *err);

/* How those that concern @cpus fare: everything that was there, or is there now. */
struct affinity_counts {
	size_t moved;
	size_t foreign; /* put back by somebody else */
	struct affinity_map fixed; /* the kernel does not let them be moved */
};

void affinity_count(const struct ledger *ledger, const struct resource *resource,
		    const char *object, const struct affinity_map *current,
		    const struct bitset *cpus, struct affinity_counts *ret);
void affinity_counts_done(struct affinity_counts *counts);
#define _cleanup_affinity_counts_ _cleanup_(affinity_counts_done)

/*
 * @list without @taken: a CPU of what is left is @online, or the result is NULL. The caller frees.
 */
char *affinity_without(const char *list, const struct bitset *taken,
		       const struct bitset *online);

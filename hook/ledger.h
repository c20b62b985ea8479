/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger: who wants what of the host, and what the host was before.
 *
 * - A claim is what one domain holds: a list of wishes, each "this object of this resource shall
 *   have this value".
 * - An entry is an object that we changed: its baseline, and what we wrote last. It is recorded
 *   before the host is changed and stays until the baseline is back.
 * - A look is what a survey leaves behind: up to which revision of the claims the host was found
 *   to be as they want it. Who waited for it need not look again.
 *
 * All of it is data: reading, finding, and text (JSON, with a version and the boot id). How it is
 * kept in a file that many processes share is store.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define LEDGER_VERSION 1

enum claim_state {
	CLAIM_PREPARING, /* being taken: half of it may be in effect */
	CLAIM_LIVE,
	CLAIM_RELEASING, /* being given back: no wish of it counts any more */
};

struct wish {
	char *resource; /* "governor" */
	char *object; /* "policy0" */
	char *value; /* "performance" */
	uint64_t added; /* for a counter: how much of it is there for this wish */
};

struct claim {
	uint64_t id; /* unique on this host until it reboots */
	char *domain;
	char *uuid;
	enum claim_state state;
	bool started; /* QEMU runs: it took its memory */
	uint64_t revision; /* of the ledger, when this claim changed last; 0: unknown */
	int64_t since; /* seconds of the epoch */
	char *problem; /* why giving back is not finished; NULL: no problem */
	struct wish *wishes;
	size_t n_wishes;
};

struct entry {
	char *resource;
	char *object;
	char *baseline;
	char *written; /* what we wrote last */
	char *previous; /* what was there just before that: a crash may have left it so */
	uint64_t claim; /* for a counter: whose move from previous to written it was */
};

struct look {
	char *resource;
	uint64_t seen; /* all is as the claims of this revision want it, or somebody else's */
	uint64_t taken; /* all is as the claims of this revision want it */
};

struct ledger {
	char *boot_id;
	uint64_t revision; /* counts the changes of claims that a survey has to look at */
	struct claim *claims;
	size_t n_claims;
	struct entry *entries;
	size_t n_entries;
	struct look *looks;
	size_t n_looks;
};

/* Replaces *@field by a copy of @value. */
void ledger_set(char **field, const char *value);

struct claim *ledger_find_claim(const struct ledger *ledger, uint64_t id);
struct claim *ledger_find_domain(const struct ledger *ledger, const char *name_or_uuid);
struct wish *claim_find_wish(const struct claim *claim, const char *resource,
			     const char *object);
struct entry *ledger_find_entry(const struct ledger *ledger, const char *resource,
				const char *object);

/* Each returns what it added; valid until the next call that adds or removes. */
struct claim *ledger_add_claim(struct ledger *ledger, const char *domain,
			       const char *uuid);
struct wish *claim_add_wish(struct claim *claim, const char *resource, const char *object,
			    const char *value);
struct entry *ledger_add_entry(struct ledger *ledger, const char *resource,
			       const char *object, const char *baseline);

/* @current was written by us, or was there just before that when a process of ours died. */
bool entry_is_ours(const struct entry *entry, const char *current);

void ledger_remove_claim(struct ledger *ledger, uint64_t id);
void ledger_remove_entry(struct ledger *ledger, const char *resource, const char *object);
bool claim_has_resource(const struct claim *claim, const char *resource);
void claim_remove_resource(struct claim *claim, const char *resource); /* all its wishes */
void claim_remove_wish(struct claim *claim, const char *resource, const char *object);

/* Says that what @claim wants has changed, or what there is of its domain. */
void ledger_touch(struct ledger *ledger, struct claim *claim);

/* Notes that a survey of @resource found nothing left to write. */
void ledger_note_look(struct ledger *ledger, const char *resource, bool taking);

/* Whether that was noted since the revision @since, 0 for never, by one that was no less @taking. */
bool ledger_has_look(const struct ledger *ledger, const char *resource, uint64_t since,
		     bool taking);

/* A wish of @claim counts: it is being taken or held. */
bool claim_counts(const struct claim *claim);

const char *claim_state_name(enum claim_state state);

/* As JSON; the caller frees. json_load() must have been called. */
char *ledger_format(const struct ledger *ledger);

/* Parses that: 0, -EINVAL (damaged) or -EPROTONOSUPPORT (version) with @err set. *@ret is valid either way. */
int ledger_parse(const char *text, size_t size, struct ledger *ret, struct error *err);

/* A copy that shares nothing. */
struct claim claim_copy(const struct claim *claim);
void claim_done(struct claim *claim);
void ledger_done(struct ledger *ledger);
#define _cleanup_ledger_ _cleanup_(ledger_done)

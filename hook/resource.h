/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every resource is made of, and the one table of them all.
 *
 * A resource turns a domain's request into wishes (claim), and knows how objects of its kind are
 * read, how several wishes for one object become one value (merge), and how that is brought
 * about (write). It decides nothing about when: converge.c does, for all alike. To add a
 * resource, write its file in the same order as the others (kernel interface, claim, read,
 * merge, write, descriptor) and add the descriptor to the table in resource.c.
 */
#pragma once

#include "hook/config.h"
#include "hook/domain.h"
#include "hook/host.h"
#include "hook/ledger.h"
#include "hook/store.h"

/* What a claim is made from, and into. */
struct planning {
	const struct host *host;
	const struct config *config;
	const struct domain *domain;
	const struct ledger *ledger; /* claims of the other domains */
	struct claim *claim; /* out: gets the wishes */
	struct strv *notes; /* out: what the administrator should know */
};

/* What is needed to change the host. */
struct convergence {
	const struct host *host;
	struct store *store;
	uint64_t deadline; /* for all of it */
	bool warn_shortage;
	enum reclaim reclaim;
};

struct resource {
	const char *name; /* as in plans, the ledger and the log */

	/* Writing may take long: it is done without the ledger's lock. Implies exclusive. */
	bool slow;
	/* Given back by leaving it as it is (a loaded module). */
	bool keeps;

	/*
	 * Adds this domain's wishes, after every check that can be made without changing
	 * anything. 0, or a negative errno with cause and remedy: the start is refused.
	 */
	int (*claim)(const struct planning *planning, struct error *err);

	/* The object's present value; the caller frees. -ENOENT: the object is gone. */
	int (*read)(const struct sysroot *root, const char *object, char **ret,
		    struct error *err);

	/* The value that wins of two. NULL: only one domain can hold an object. */
	const char *(*merge)(const char *a, const char *b);

	/*
	 * Makes the object have the value @to; what it reads afterwards is compared by the
	 * caller. NULL together with take and give.
	 */
	int (*write)(const struct sysroot *root, const char *object, const char *from,
		     const char *to, uint64_t deadline, struct error *err);

	/* @current, neither written by us nor there before, is a half-way state of our own. */
	bool (*is_halfway)(const char *current);

	/*
	 * For counters, which several domains add to, instead of merge and write: brings the
	 * claim's share about; takes it back; and what would be written for @wish now.
	 */
	int (*take)(const struct convergence *c, uint64_t claim, struct error *err);
	int (*give)(const struct convergence *c, uint64_t claim, struct error *err);
	int (*want)(const struct host *host, const struct ledger *ledger,
		    const struct claim *claim, const struct wish *wish,
		    const char *current, char **ret);

	/*
	 * Whether the wish is in effect just before QEMU starts; NULL: whether its object has
	 * the value that was written.
	 */
	int (*check)(const struct host *host, const struct ledger *ledger,
		     const struct claim *claim, const struct wish *wish,
		     struct error *err);
};

extern const struct resource resource_hugepages;
extern const struct resource resource_module;
extern const struct resource resource_mdev;
extern const struct resource resource_passthrough;
extern const struct resource resource_governor;

/* In the order of taking; giving back goes the other way. */
extern const struct resource *const resources[];
extern const size_t n_resources;

/* The resource of that name, or NULL. */
const struct resource *resource_find(const char *name);

/* Another claim that counts and has a wish for this object, or NULL. */
const struct claim *resource_holder(const struct ledger *ledger, uint64_t except,
				    const char *resource, const char *object);

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

struct resource;

/* One change of the host, as a plan prints it. */
struct change {
	const struct resource *resource;
	char *object;
	char *before;
	char *after;
};

struct changes {
	struct change *items;
	size_t n;
};

void changes_push(struct changes *changes, const struct resource *resource,
		  const char *object, const char *before, const char *after);
void changes_done(struct changes *changes);
#define _cleanup_changes_ _cleanup_(changes_done)

struct resource {
	const char *name; /* as in plans, the ledger and the log */

	/* Writing may take long: it is done without the ledger's lock. Implies exclusive. */
	bool slow;
	/* Given back by leaving it as it is (a loaded module). */
	bool keeps;

	/*
	 * Adds this domain's wishes, after every check that can be made without changing
	 * anything. 0, or a negative errno with cause and remedy: the start is refused.
	 * NULL: others make the wishes.
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
	 * For what the wishes of all domains together determine, and whose objects come and go
	 * (interrupts, slices), instead of read and merge. Looks at the host, and adds to
	 * @changes what is to be written so that it is as all claims that count want it, and as
	 * it was where none does. Records what it is about to change, and its baseline, in
	 * entries of @ledger; an entry that is needed no more, and has nothing left to write, it
	 * removes. @taking: for a claim that is being taken, which may overrule what somebody
	 * else set since; otherwise that is left alone. The ledger is saved, then .write is
	 * called for each change; what is as it should be afterwards is for the next survey to
	 * find, so that one can follow at any time and makes no difference when nothing is
	 * new.
	 */
	int (*survey)(const struct host *host, struct ledger *ledger, bool taking,
		      struct changes *changes, struct error *err);

	/*
	 * Whether the wish is in effect just before QEMU starts; NULL: whether its object has
	 * the value that was written.
	 */
	int (*check)(const struct host *host, const struct ledger *ledger,
		     const struct claim *claim, const struct wish *wish,
		     struct error *err);

	/*
	 * What 'hosttune status' tells of the claim besides its wishes: a line each, such as
	 * "24 interrupts moved, 3 cannot be: 33-35". NULL: nothing.
	 */
	void (*describe)(const struct host *host, const struct ledger *ledger,
			 const struct claim *claim, struct strv *lines);
};

extern const struct resource resource_hugepages;
extern const struct resource resource_module;
extern const struct resource resource_mdev;
extern const struct resource resource_passthrough;
extern const struct resource resource_governor;
extern const struct resource resource_shield;
extern const struct resource resource_workqueue;
extern const struct resource resource_kthread;
extern const struct resource resource_irq;
extern const struct resource resource_partition;
extern const struct resource resource_sweep;
extern const struct resource resource_quiet;
extern const struct resource resource_watchdog;
extern const struct resource resource_numa_balancing;

/* In the order of taking; giving back goes the other way. */
extern const struct resource *const resources[];
extern const size_t n_resources;

/* The resource of that name, or NULL. */
const struct resource *resource_find(const char *name);

/* Adds the CPUs of every wish that counts for @object of @resource: wishes whose values are lists. */
void resource_union(const struct ledger *ledger, const char *resource, const char *object,
		    struct bitset *ret);

/* Another claim that counts and has a wish for this object, or NULL. */
const struct claim *resource_holder(const struct ledger *ledger, uint64_t except,
				    const char *resource, const char *object);

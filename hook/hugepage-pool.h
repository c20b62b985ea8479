/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hugepage pools as the ledger sees them: how many pages of a pool are free for a claim, and
 * moving a pool up and down by a claim's share.
 *
 * A pool is a counter that several domains and the administrator add to. The ledger's entry of a
 * pool has in "written" the number of persistent pages that we saw last, in "previous" the one
 * before a move that is under way; each wish has in "added" how many of them are there for it.
 * Moves are made in small rounds, each recorded before it is made and held under the ledger's
 * lock, several pools at the same time.
 */
#pragma once

#include "hook/host-memory.h"
#include "hook/resource.h"

/* Pages of one claim's wish that its QEMU has taken from the pool already. */
struct taken {
	uint64_t claim;
	char *object;
	uint64_t pages;
};

struct taken_list {
	struct taken *items;
	size_t n;
};

/* Looks at the QEMU of every claim but @except; may take a moment: not under the lock. */
void taken_read(const struct sysroot *root, const struct ledger *ledger, uint64_t except,
		struct taken_list *ret);
void taken_done(struct taken_list *list);
#define _cleanup_taken_ _cleanup_(taken_done)

/*
 * Free pages of @pool that no other claim than @except, and no reservation of a process, is
 * waiting for. @taken may be older than the counters that this reads: what others took since
 * then counts twice, and the result is too low rather than too high. 0 or a negative errno.
 */
int pool_available(const struct sysroot *root, const struct ledger *ledger,
		   uint64_t except, const struct taken_list *taken,
		   const struct pool *pool, uint64_t *ret) _must_check_;

/*
 * Grows the pools of @claim until each of its wishes is covered by available pages, or the
 * kernel gives no more: 0, 1 when some are short still, or a negative errno with @err set.
 */
int pools_grow(const struct convergence *c, uint64_t claim,
	       const struct taken_list *taken, struct error *err);

/*
 * Gives back what was added for @claim and removes its hugepage wishes: 0, or a negative errno
 * with @err set; what could not be given back stays recorded.
 */
int pools_shrink(const struct convergence *c, uint64_t claim, struct error *err);

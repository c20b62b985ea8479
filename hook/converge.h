/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making the host what the ledger says it should be.
 *
 * The wanted value of an object is that of the claims that count, merged, or the baseline where
 * there is none. What would be changed (a plan), changing it, and giving it back are the same
 * comparison of wanted and present values. Before anything is written it is recorded; after
 * it is written it is read back. A value that is neither the one we wrote nor the one we found
 * there is somebody else's by now: it is left alone and reported.
 */
#pragma once

#include "hook/resource.h"

/*
 * The changes that taking @claim_id, which is part of @ledger, would make, in their order. The
 * ledger is changed as the real thing would: give it a copy. 0 or a negative errno with @err.
 */
int converge_plan(const struct host *host, struct ledger *ledger, uint64_t claim_id,
		  struct changes *ret, struct error *err);

/*
 * Makes every wish of the claim come true, stopping at the first failure; the caller then gives
 * the claim back. The caller holds the claim's own lock.
 */
int converge_take(const struct convergence *c, uint64_t claim_id, struct error *err);

/*
 * Gives back everything that the claim, which does not count any more, holds, and removes it
 * from the ledger. Goes on after a failure: what could not be given back stays in the ledger
 * with the reason, and -EBUSY is returned with @err saying what. The caller holds its lock.
 */
int converge_give(const struct convergence *c, uint64_t claim_id, struct error *err);

/*
 * Makes what the claims together determine so again, where the host has changed by itself: new
 * interrupts, a new slice. What somebody else set is left to him. Where another process did that since
 * the ledger's revision @since, it is not done again; 0: in any case. 0 or a negative errno.
 */
int converge_survey(const struct convergence *c, uint64_t since, struct error *err);

/* Notes that what was written for the claim is in effect: what was there before is history. */
void converge_settle(struct ledger *ledger, const struct claim *claim);

/* Whether every wish of the claim is in effect: 0, or a negative errno with @err set. */
int converge_check(const struct host *host, const struct ledger *ledger,
		   const struct claim *claim, struct error *err);

/*
 * Objects whose value is not what we wrote, as changes from the value written to the present one;
 * ledgers of a claim under way are not settled, so look at live ones only.
 */
int converge_drift(const struct host *host, const struct ledger *ledger,
		   struct changes *ret, struct error *err);

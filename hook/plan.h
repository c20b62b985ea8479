/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a domain's request means on this host: the wishes of its claim, which prepare takes, and
 * the changes that taking them would make, which 'hosttune plan' shows.
 */
#pragma once

#include "hook/converge.h"

struct plan {
	struct claim claim; /* with an id of its own, not part of any ledger */
	struct changes changes;
	struct strv notes;
};

/*
 * Makes the claim of @domain beside those in @ledger, which gets it in memory and is good for
 * nothing else afterwards: the wishes, after every check that can be made without changing
 * anything. 0, or a negative errno with @err: why the start would be refused. Release with
 * plan_done() either way.
 */
int plan_claim(const struct host *host, const struct config *config,
	       const struct domain *domain, struct ledger *ledger, struct plan *ret,
	       struct error *err);

/*
 * plan_claim(), and the changes that taking the claim would make. Of a claim that the domain holds
 * already, only what is missing shows.
 */
int plan_make(const struct host *host, const struct config *config,
	      const struct domain *domain, struct ledger *ledger, struct plan *ret,
	      struct error *err);
void plan_done(struct plan *plan);
#define _cleanup_plan_ _cleanup_(plan_done)

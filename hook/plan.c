// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a request means on this host; see plan.h. */

#include "hook/plan.h"
#include "common/alloc.h"
#include "hook/isolation.h"

static int check_supported(const struct request *request, struct error *err)
{
	_cleanup_free_ char *names = NULL;

	if (request->unsupported.n == 0)
		return 0;
	names = strv_join(&request->unsupported, ", ");
	(void)error_set(err, -EOPNOTSUPP, "%s: not built in yet", names);
	error_remedy(err,
		     "remove it from the domain's metadata, or install a version that "
		     "has it");
	return -EOPNOTSUPP;
}

static int make_wishes(const struct planning *planning, struct error *err)
{
	int r = isolation_claim(planning, err);

	if (r < 0) {
		error_prefix(err, "isolation");
		return r;
	}
	for (size_t i = 0; i < n_resources; i++) {
		r = resources[i]->claim ? resources[i]->claim(planning, err) : 0;
		if (r < 0) {
			error_prefix(err, "%s", resources[i]->name);
			return r;
		}
	}
	return 0;
}

int plan_claim(const struct host *host, const struct config *config,
	       const struct domain *domain, struct ledger *ledger, struct plan *ret,
	       struct error *err)
{
	const struct claim *present = ledger_find_domain(ledger, domain->name);
	struct planning planning = {
		.host = host,
		.config = config,
		.domain = domain,
		.ledger = ledger,
		.notes = &ret->notes,
	};
	int r;

	*ret = (struct plan){ 0 };
	r = check_supported(&domain->request, err);
	if (r < 0)
		return r;
	if (present) {
		strv_push(&ret->notes,
			  "the domain holds a claim already: what it has is not "
			  "listed again");
		ledger_remove_claim(ledger, present->id);
	}
	planning.claim = ledger_add_claim(ledger, domain->name, domain->uuid);
	r = make_wishes(&planning, err);
	if (r == 0)
		ret->claim = claim_copy(planning.claim);
	return r;
}

/* What the domain's present claim has in the same way, prepare would give back and take again. */
static void leave_out_held(const struct claim *present, const struct claim *planned,
			   struct changes *changes)
{
	struct changes kept = { 0 };

	for (size_t i = 0; i < changes->n; i++) {
		const struct change *change = &changes->items[i];
		const char *resource = change->resource->name;
		const struct wish *had =
			claim_find_wish(present, resource, change->object);
		const struct wish *wish =
			claim_find_wish(planned, resource, change->object);

		if (!had || !wish || !STREQ(had->value, wish->value))
			changes_push(&kept, change->resource, change->object,
				     change->before, change->after);
	}
	changes_done(changes);
	*changes = kept;
}

int plan_make(const struct host *host, const struct config *config,
	      const struct domain *domain, struct ledger *ledger, struct plan *ret,
	      struct error *err)
{
	const struct claim *found = ledger_find_domain(ledger, domain->name);
	_cleanup_(claim_done) struct claim present =
		found ? claim_copy(found) : (struct claim){ 0 };
	int r = plan_claim(host, config, domain, ledger, ret, err);

	if (r == 0)
		r = converge_plan(host, ledger, ret->claim.id, &ret->changes, err);
	if (r == 0)
		leave_out_held(&present, &ret->claim, &ret->changes);
	return r;
}

void plan_done(struct plan *plan)
{
	claim_done(&plan->claim);
	changes_done(&plan->changes);
	strv_done(&plan->notes);
}

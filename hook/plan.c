// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a request means on this host; see plan.h. */

#include "hook/plan.h"
#include "common/alloc.h"

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
	for (size_t i = 0; i < n_resources; i++) {
		int r = resources[i]->claim(planning, err);

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

int plan_make(const struct host *host, const struct config *config,
	      const struct domain *domain, struct ledger *ledger, struct plan *ret,
	      struct error *err)
{
	int r = plan_claim(host, config, domain, ledger, ret, err);

	return r < 0 ? r : converge_plan(host, ledger, ret->claim.id, &ret->changes, err);
}

void plan_done(struct plan *plan)
{
	claim_done(&plan->claim);
	changes_done(&plan->changes);
	strv_done(&plan->notes);
}

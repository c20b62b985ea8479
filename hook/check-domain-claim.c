// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules about the domain's metadata: is it there, is it valid, and is each thing that it asks for
 * possible on this host now. That is what 'hosttune plan' would say of it alone.
 */

#include "common/alloc.h"
#include "hook/check.h"
#include "hook/plan.h"

static void look_missing(struct checking *c)
{
	if (!c->guest->domain.tagged)
		check_found(c, c->guest->domain.name,
			    "the domain has no urn:hosttune:1 metadata");
}

static void look_invalid(struct checking *c)
{
	const struct error *err = &c->guest->metadata;

	if (err->cause)
		check_found(c, err->remedy ? err->remedy : "see hosttune-metadata(7)",
			    "%s", err->cause);
}

static int make_plan(struct checking *c, const struct domain *domain, struct plan *plan,
		     struct error *err)
{
	_cleanup_config_ struct config config = { 0 };
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_error_ struct error ignored = ERROR_NULL;
	int r;

	if (config_read(c->root, &config, &ignored) < 0)
		return 0; /* another rule's */
	r = store_open(c->root, false, &store, err);
	if (r == 0)
		r = store_peek(&store, err);
	if (r < 0) {
		check_unknown(c, "%s", err->cause);
		return 0;
	}
	return plan_make(c->host, &config, domain, &store.ledger, plan, err);
}

/* Whether the domain could have what @request asks for, which is a part of what it does ask for. */
static void look_part(struct checking *c, const struct request *request)
{
	struct domain domain = c->guest->domain;
	_cleanup_plan_ struct plan plan = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	int r;

	if (!check_has_cpus(c))
		return;
	domain.request = *request;
	r = make_plan(c, &domain, &plan, &err);
	check_evidence(c, "hosttune plan %s", domain.name);
	if (r == -EACCES)
		check_unknown(c, "%s", err.cause);
	else if (r < 0)
		check_found(c, err.remedy ? err.remedy : "see 'hosttune plan'", "%s",
			    err.cause);
}

static void look_hugepages(struct checking *c)
{
	const struct request *all = &c->guest->domain.request;

	if (all->hugepages.wanted)
		look_part(c, &(struct request){ .hugepages = all->hugepages });
}

static void look_isolation(struct checking *c)
{
	const struct request *all = &c->guest->domain.request;

	if (all->isolation.wanted)
		look_part(c, &(struct request){ .isolation = all->isolation });
}

static void look_governor(struct checking *c)
{
	const struct request *all = &c->guest->domain.request;

	if (all->n_governors)
		look_part(c, &(struct request){ .governors = all->governors,
						.n_governors = all->n_governors });
}

static void look_passthrough(struct checking *c)
{
	const struct request *all = &c->guest->domain.request;

	if (!all->passthrough.wanted || check_is_running(c))
		return;
	look_part(c, &(struct request){ .passthrough = all->passthrough });
	if (!check_sees_processes(c))
		check_unknown(c, "what has the devices open is seen by root only");
}

static void look_mdev(struct checking *c)
{
	const struct request *all = &c->guest->domain.request;

	if (all->n_mdevs && !check_is_running(c))
		look_part(c, &(struct request){ .mdevs = all->mdevs,
						.n_mdevs = all->n_mdevs });
}

static void look_quiet(struct checking *c)
{
	const struct request *all = &c->guest->domain.request;

	if (all->quiet.wanted)
		look_part(c, &(struct request){ .quiet = all->quiet });
}

static void look_unsupported(struct checking *c)
{
	const struct request *all = &c->guest->domain.request;

	if (all->unsupported.n)
		look_part(c, &(struct request){ .unsupported = all->unsupported });
}

#define CLAIM_WHY "the domain asks for it, and is refused without it"

const struct check_rule check_claim_rules[] = {
	{ "metadata-missing", SEVERITY_NOTICE, 0, 0, "hosttune does nothing for it",
	  "virsh metadata {} urn:hosttune:1 --key hosttune --config --set "
	  "'<host><hugepages/></host>'; see hosttune-metadata(7)",
	  look_missing },
	{ "metadata-invalid", SEVERITY_ERROR, 0, 0,
	  "a slip of the pen must not start a domain untuned, so that it is refused",
	  "{}", look_invalid },
	{ "claim-hugepages", SEVERITY_ERROR, 0, 0, CLAIM_WHY, "{}", look_hugepages },
	{ "claim-isolation", SEVERITY_ERROR, 0, 0, CLAIM_WHY, "{}", look_isolation },
	{ "claim-governor", SEVERITY_ERROR, 0, 0, CLAIM_WHY, "{}", look_governor },
	{ "claim-passthrough", SEVERITY_ERROR, 0, 0, CLAIM_WHY, "{}", look_passthrough },
	{ "claim-mdev", SEVERITY_ERROR, 0, 0, CLAIM_WHY, "{}", look_mdev },
	{ "claim-quiet", SEVERITY_ERROR, 0, 0, CLAIM_WHY, "{}", look_quiet },
	{ "claim-unsupported", SEVERITY_ERROR, 0, 0, CLAIM_WHY, "{}", look_unsupported },
};
const size_t n_check_claim_rules = ARRAY_SIZE(check_claim_rules);

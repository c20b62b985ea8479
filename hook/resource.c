// SPDX-License-Identifier: LGPL-2.1-or-later
/* The table of resources; see resource.h. */

#include "hook/resource.h"

/* What fails most often comes first, what is undone at no cost last. */
const struct resource *const resources[] = {
	&resource_hugepages,   &resource_module,   &resource_mdev,
	&resource_passthrough, &resource_governor,
};

const size_t n_resources = ARRAY_SIZE(resources);

const struct resource *resource_find(const char *name)
{
	for (size_t i = 0; i < n_resources; i++) {
		if (STREQ(resources[i]->name, name))
			return resources[i];
	}
	return NULL;
}

const struct claim *resource_holder(const struct ledger *ledger, uint64_t except,
				    const char *resource, const char *object)
{
	for (size_t i = 0; i < ledger->n_claims; i++) {
		const struct claim *claim = &ledger->claims[i];

		if (claim->id != except && claim_find_wish(claim, resource, object))
			return claim;
	}
	return NULL;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* The table of resources; see resource.h. */

#include "hook/resource.h"
#include "common/alloc.h"
#include "common/bitset.h"

/* What fails most often comes first, what is undone at no cost last. */
const struct resource *const resources[] = {
	&resource_hugepages, &resource_module,
	&resource_mdev,	     &resource_passthrough,
	&resource_governor,  &resource_shield,
	&resource_workqueue, &resource_irq,
	&resource_kthread,   &resource_partition,
	&resource_sweep,     &resource_quiet,
	&resource_watchdog,  &resource_numa_balancing,
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

void changes_push(struct changes *changes, const struct resource *resource,
		  const char *object, const char *before, const char *after)
{
	struct change *change = ARRAY_PUSH(changes->items, changes->n);

	change->resource = resource;
	change->object = xstrdup(object);
	change->before = xstrdup(before);
	change->after = xstrdup(after);
}

void changes_done(struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		free(changes->items[i].object);
		free(changes->items[i].before);
		free(changes->items[i].after);
	}
	free(changes->items);
	*changes = (struct changes){ 0 };
}

void resource_union(const struct ledger *ledger, const char *resource, const char *object,
		    struct bitset *ret)
{
	for (size_t i = 0; i < ledger->n_claims; i++) {
		const struct claim *claim = &ledger->claims[i];
		const struct wish *wish = claim_find_wish(claim, resource, object);
		_cleanup_bitset_ struct bitset cpus = BITSET_NULL;

		if (wish && claim_counts(claim) && bitset_parse(wish->value, &cpus) == 0)
			bitset_add_all(ret, &cpus);
	}
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

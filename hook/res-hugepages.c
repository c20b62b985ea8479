// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * hugepages: the pages that the domain's memory backing is going to need, in the pools of the
 * right nodes.
 *
 * Kernel: Documentation/admin-guide/mm/hugetlbpage.rst. Only the shortfall is added: free pages
 * that nobody waits for are used first. The kernel may grant fewer pages than asked for without
 * an error, so every write is read back. Pages still in use when the pool is shrunk become
 * surplus and leave with their last user.
 *
 * The object is the pool, "node0/2048kB"; a wish's value the pages needed.
 *
 * Not handled: memory hot-plugged into the running domain, which libvirt tells no hook about.
 */

#include <inttypes.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/log.h"
#include "common/parse.h"
#include "hook/hugepage-need.h"
#include "hook/hugepage-pool.h"
#include "hook/reclaim.h"

#define RESOURCE "hugepages"

/* ---- claim ---- */

/* Pages that a node could give: those available, and its free memory. */
static uint64_t capacity(const struct planning *p, const struct pool *pool,
			 const struct taken_list *taken)
{
	struct node_memory memory = { 0 };
	uint64_t available = 0;

	(void)!pool_available(p->host->root, p->ledger, p->claim->id, taken, pool,
			      &available);
	(void)!node_memory_read(p->host->root, pool->node, &memory);
	return available + memory.free_kib / pool->size_kib;
}

static void add_share(const struct planning *p, const struct pool *pool, uint64_t count)
{
	_cleanup_free_ char *object = pool_name(pool), *value = NULL;
	struct wish *wish = claim_find_wish(p->claim, RESOURCE, object);
	uint64_t present = 0;

	if (count == 0)
		return;
	if (!wish)
		wish = claim_add_wish(p->claim, RESOURCE, object, "0");
	(void)!parse_u64(wish->value, &present);
	value = xasprintf("%" PRIu64, present + count);
	ledger_set(&wish->value, value);
}

/*
 * Spreads a need over its nodes: evenly, except that what one node has no room for goes to the
 * others. With one node, which is the usual case, that is all of it.
 */
static void spread(const struct planning *p, const struct need *need,
		   const struct taken_list *taken)
{
	size_t n = bitset_count(&need->nodes), i = 0;
	_cleanup_free_ uint64_t *room = xcalloc(n, sizeof(*room));
	_cleanup_free_ uint64_t *share = xcalloc(n, sizeof(*share));
	uint64_t left = need->count;

	bitset_for_each(node, &need->nodes) {
		struct pool pool = { node, need->size_kib };

		share[i] = need->count / n + (i < need->count % n);
		room[i] = n > 1 ? capacity(p, &pool, taken) : UINT64_MAX;
		share[i] = MIN(share[i], room[i]);
		left -= share[i++];
	}
	for (i = 0; i < n && left; i++) {
		uint64_t more = MIN(left, room[i] - share[i]);

		share[i] += more;
		left -= more;
	}
	share[0] += left; /* no room anywhere: said when it is tried */
	i = 0;
	bitset_for_each(node, &need->nodes) {
		struct pool pool = { node, need->size_kib };

		add_share(p, &pool, share[i++]);
	}
}

/* The kernel's notation for kargs: "2M", "1G". */
static char *boot_size(uint64_t kib)
{
	return kib % (UINT64_C(1) << 20) == 0 ? xasprintf("%" PRIu64 "G", kib >> 20) :
						xasprintf("%" PRIu64 "M", kib / 1024);
}

/* What a node's pools of all sizes hold, in KiB. */
static int pools_kib(const struct host *host, unsigned node, uint64_t *ret)
{
	_cleanup_strv_ struct strv sizes = STRV_NULL;
	uint64_t sum = 0;
	int r = hugepage_sizes(host->root, &sizes);

	if (r < 0)
		return r;
	strv_for_each(size, &sizes) {
		struct pool pool = { .node = node };
		struct pool_state state;

		if (parse_u64(size, &pool.size_kib) == 0 &&
		    pool_read(host->root, &pool, &state) == 0)
			sum += state.persistent * pool.size_kib;
	}
	*ret = sum;
	return 0;
}

static int shortfall(const struct host *host, const struct ledger *ledger, uint64_t claim,
		     const struct wish *wish, const struct taken_list *taken,
		     uint64_t *ret)
{
	uint64_t need = 0, available = 0;
	struct pool pool = { 0 };
	int r = pool_parse(wish->object, &pool);

	if (r == 0)
		r = parse_u64(wish->value, &need);
	if (r == 0)
		r = pool_available(host->root, ledger, claim, taken, &pool, &available);
	if (r == 0)
		*ret = need - MIN(available, need);
	return r;
}

/* What the claim's other wishes are going to add on the same node, in KiB. */
static uint64_t other_shortfalls_kib(const struct planning *p, const struct wish *wish,
				     unsigned node, const struct taken_list *taken)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->claim->n_wishes; i++) {
		const struct wish *other = &p->claim->wishes[i];
		uint64_t more = 0;
		struct pool pool;

		if (other != wish && STREQ(other->resource, RESOURCE) &&
		    pool_parse(other->object, &pool) == 0 && pool.node == node &&
		    shortfall(p->host, p->ledger, p->claim->id, other, taken, &more) == 0)
			sum += more * pool.size_kib;
	}
	return sum;
}

static int check_limit(const struct planning *p, const struct wish *wish,
		       const struct taken_list *taken, struct error *err)
{
	struct pool pool = { 0 };
	struct node_memory memory = { 0 };
	uint64_t more = 0, present_kib = 0, limit_kib;
	unsigned percent = p->config->hugepages_max_percent;
	_cleanup_free_ char *size = NULL;
	int r;

	r = pool_parse(wish->object, &pool);
	if (r == 0)
		r = shortfall(p->host, p->ledger, p->claim->id, wish, taken, &more);
	if (r == 0)
		r = node_memory_read(p->host->root, pool.node, &memory);
	if (r == 0)
		r = pools_kib(p->host, pool.node, &present_kib);
	if (r < 0)
		return error_set(err, r, "failed to read the memory of %s: %s",
				 wish->object, strerror(-r));
	limit_kib = memory.total_kib / 100 * percent;
	present_kib += other_shortfalls_kib(p, wish, pool.node, taken);
	if (more == 0 || more <= (limit_kib - MIN(present_kib, limit_kib)) / pool.size_kib)
		return 0;
	size = size_format(pool.size_kib);
	(void)error_set(err, -ENOMEM,
			"node%u: needs %s x %s hugepages, %" PRIu64
			" more than it has free, which exceeds %u %% of its %" PRIu64
			" MiB of memory",
			pool.node, wish->value, size, more, percent,
			memory.total_kib / 1024);
	error_remedy(err, "give the domain less memory or other nodes; the limit is "
			  "hugepages_max_percent in /" CONFIG_PATH);
	return -ENOMEM;
}

static int hugepages_claim(const struct planning *p, struct error *err)
{
	_cleanup_needs_ struct needs needs = { 0 };
	_cleanup_taken_ struct taken_list taken = { 0 };
	int r;

	if (!p->domain->request.hugepages.wanted)
		return 0;
	r = needs_compute(p->host, p->domain, &needs, p->notes, err);
	if (r < 0)
		return r;
	if (needs.n == 0) {
		(void)error_set(err, -EINVAL,
				"the domain's memory is not backed by hugepages");
		error_remedy(err,
			     "add <memoryBacking><hugepages/></memoryBacking> to the "
			     "domain, or remove <hugepages/> from its metadata");
		return -EINVAL;
	}
	taken_read(p->host->root, p->ledger, p->claim->id, &taken);
	for (size_t i = 0; i < needs.n; i++)
		spread(p, &needs.items[i], &taken);
	for (size_t i = 0; i < p->claim->n_wishes; i++) {
		const struct wish *wish = &p->claim->wishes[i];

		if (!STREQ(wish->resource, RESOURCE))
			continue;
		r = check_limit(p, wish, &taken, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- read and want ---- */

static int hugepages_read(const struct sysroot *root, const char *object, char **ret,
			  struct error *err)
{
	struct pool_state state = { 0 };
	struct pool pool = { 0 };
	int r = pool_parse(object, &pool);

	if (r == 0)
		r = pool_read(root, &pool, &state);
	if (r < 0)
		return error_set(err, r, "failed to read %s: %s", object, strerror(-r));
	*ret = xasprintf("%" PRIu64, state.persistent);
	return 0;
}

static int hugepages_want(const struct host *host, const struct ledger *ledger,
			  const struct claim *claim, const struct wish *wish,
			  const char *current, char **ret)
{
	_cleanup_taken_ struct taken_list taken = { 0 };
	uint64_t more = 0, present = 0;
	int r;

	taken_read(host->root, ledger, claim->id, &taken);
	r = shortfall(host, ledger, claim->id, wish, &taken, &more);
	if (r == 0)
		r = parse_u64(current, &present);
	if (r == 0)
		*ret = xasprintf("%" PRIu64, present + more);
	return r;
}

/* ---- take and give ---- */

/* "needs 512 x 2 MiB hugepages, got 377 (free memory 812 MiB, fragmented)". */
static void describe_shortage(const struct host *host, const struct wish *wish,
			      uint64_t missing, struct strv *causes,
			      struct strv *remedies)
{
	struct node_memory memory = { 0 };
	struct pool pool = { 0 };
	_cleanup_free_ char *size = NULL, *boot = NULL;
	uint64_t need = 0;

	if (pool_parse(wish->object, &pool) < 0 || parse_u64(wish->value, &need) < 0)
		return;
	(void)!node_memory_read(host->root, pool.node, &memory);
	size = size_format(pool.size_kib);
	boot = boot_size(pool.size_kib);
	strv_pushf(causes,
		   "node%u: needs %" PRIu64 " x %s hugepages, got %" PRIu64
		   " (free memory %" PRIu64 " MiB%s)",
		   pool.node, need, size, need - MIN(missing, need),
		   memory.free_kib / 1024,
		   memory.free_kib >= missing * pool.size_kib ? ", fragmented" : "");
	strv_pushf(remedies, "hugepages=%sx%" PRIu64, boot, need);
}

/* Wishes that available pages do not cover, as error; the nodes that are short. */
static int find_shortage(const struct convergence *c, const struct claim *claim,
			 const struct taken_list *taken, struct bitset *ret_nodes,
			 struct error *err)
{
	_cleanup_strv_ struct strv causes = STRV_NULL, remedies = STRV_NULL;
	_cleanup_free_ char *cause = NULL, *remedy = NULL;

	for (size_t i = 0; i < claim->n_wishes; i++) {
		const struct wish *wish = &claim->wishes[i];
		struct pool pool;
		uint64_t missing = 0;

		if (!STREQ(wish->resource, RESOURCE) ||
		    shortfall(c->host, &c->store->ledger, claim->id, wish, taken,
			      &missing) < 0 ||
		    missing == 0 || pool_parse(wish->object, &pool) < 0)
			continue;
		bitset_add(ret_nodes, pool.node);
		describe_shortage(c->host, wish, missing, &causes, &remedies);
	}
	if (causes.n == 0)
		return 0;
	cause = strv_join(&causes, "; ");
	remedy = strv_join(&remedies, " ");
	if (deadline_left_ms(c->deadline) == 0) {
		(void)error_set(err, -ENOMEM, "%s; the time for it ran out", cause);
		error_remedy(err,
			     "raise prepare_timeout in /" CONFIG_PATH
			     ", or reserve the pages at boot: kargs apply %s, then reboot",
			     remedy);
		return -ENOMEM;
	}
	(void)error_set(err, -ENOMEM, "%s", cause);
	error_remedy(err,
		     "free memory there, or reserve the pages at boot: kargs apply %s, then "
		     "reboot",
		     remedy);
	return -ENOMEM;
}

/* shortage='warn': the domain goes on with what there is, and owns no more than that. */
static int accept_shortage(const struct convergence *c, uint64_t claim_id,
			   const struct taken_list *taken, struct error *err)
{
	struct claim *claim;
	int r;

	log_warning(RESOURCE, "%s; starting all the same, as shortage='warn' says",
		    err->cause);
	error_done(err);
	r = store_begin(c->store, c->deadline, err);
	if (r < 0)
		return r;
	claim = ledger_find_claim(&c->store->ledger, claim_id);
	for (size_t i = 0; claim && i < claim->n_wishes; i++) {
		struct wish *wish = &claim->wishes[i];
		uint64_t missing = 0, need = 0;

		if (!STREQ(wish->resource, RESOURCE) ||
		    parse_u64(wish->value, &need) < 0 ||
		    shortfall(c->host, &c->store->ledger, claim_id, wish, taken,
			      &missing) < 0)
			continue;
		free(wish->value);
		wish->value = xasprintf("%" PRIu64, need - MIN(missing, need));
	}
	r = store_save(c->store, err);
	store_end(c->store);
	return r;
}

static int hugepages_take(const struct convergence *c, uint64_t claim_id,
			  struct error *err)
{
	_cleanup_taken_ struct taken_list taken = { 0 };
	int r;

	taken_read(c->host->root, &c->store->ledger, claim_id, &taken);
	for (unsigned step = RECLAIM_NONE;; step++) {
		_cleanup_bitset_ struct bitset nodes = BITSET_NULL;
		const struct claim *claim;

		r = pools_grow(c, claim_id, &taken, err);
		if (r <= 0)
			return r;
		claim = ledger_find_claim(&c->store->ledger, claim_id);
		r = claim ? find_shortage(c, claim, &taken, &nodes, err) : 0;
		if (r == 0)
			return 0;
		if (step >= c->reclaim || deadline_left_ms(c->deadline) == 0)
			break;
		log_info(RESOURCE, "%s; making room, step %u of %u", err->cause, step + 1,
			 (unsigned)c->reclaim);
		error_done(err);
		reclaim_step(c->host, &nodes, (enum reclaim)(step + 1), c->deadline);
	}
	return c->warn_shortage ? accept_shortage(c, claim_id, &taken, err) : r;
}

/* ---- check ---- */

static int hugepages_check(const struct host *host, const struct ledger *ledger,
			   const struct claim *claim, const struct wish *wish,
			   struct error *err)
{
	_cleanup_taken_ struct taken_list taken = { 0 };
	uint64_t missing = 0;
	int r;

	taken_read(host->root, ledger, claim->id, &taken);
	r = shortfall(host, ledger, claim->id, wish, &taken, &missing);
	if (r < 0)
		return error_set(err, r, "failed to read %s: %s", wish->object,
				 strerror(-r));
	if (missing == 0)
		return 0;
	(void)error_set(err, -ENOMEM,
			"%s: %" PRIu64
			" of the %s pages reserved for the domain are gone",
			wish->object, missing, wish->value);
	error_remedy(err, "see which process took them, then start the domain again");
	return -ENOMEM;
}

const struct resource resource_hugepages = {
	.name = RESOURCE,
	.claim = hugepages_claim,
	.read = hugepages_read,
	.take = hugepages_take,
	.give = pools_shrink,
	.want = hugepages_want,
	.check = hugepages_check,
};

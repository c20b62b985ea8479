// SPDX-License-Identifier: LGPL-2.1-or-later
/* Hugepage pools and the ledger; see hugepage-pool.h. */

#include <inttypes.h>

#include "common/alloc.h"
#include "common/bounded.h"
#include "common/deadline.h"
#include "common/log.h"
#include "common/parse.h"
#include "hook/hugepage-pool.h"
#include "hook/qemu-process.h"

#define RESOURCE "hugepages"

/* A round moves about as much memory as takes ROUND_MS, so that others get the lock in time. */
#define ROUND_MS 5
#define ROUND_MIN_KIB (UINT64_C(64) << 10)
#define ROUND_MAX_KIB (UINT64_C(16) << 20)

/* ---- what is available ---- */

static void set_number(char **field, uint64_t value)
{
	free(*field);
	*field = xasprintf("%" PRIu64, value);
}

static uint64_t get_number(const char *field)
{
	uint64_t value = 0;

	(void)!parse_u64(field, &value);
	return value;
}

static bool is_pool_wish(const struct wish *wish)
{
	return STREQ(wish->resource, RESOURCE);
}

/*
 * QEMU takes all of its pages before it is reported started, and keeps them; until then they are
 * counted. Pages whose QEMU is gone are on their way back to where they came from.
 */
static void read_claim(const struct sysroot *root, const struct claim *claim,
		       struct taken_list *ret)
{
	pid_t pid;
	bool runs = qemu_find(root, claim->domain, claim->uuid, &pid) == 1;

	for (size_t i = 0; i < claim->n_wishes; i++) {
		const struct wish *wish = &claim->wishes[i];
		uint64_t pages = 0;
		struct pool pool;

		if (!is_pool_wish(wish) || pool_parse(wish->object, &pool) < 0)
			continue;
		if (runs && claim->started)
			pages = get_number(wish->value);
		else if (runs &&
			 qemu_hugepages(root, pid, pool.node, pool.size_kib, &pages) < 0)
			pages = 0;
		*ARRAY_PUSH(ret->items, ret->n) =
			(struct taken){ claim->id, xstrdup(wish->object), pages };
	}
}

void taken_read(const struct sysroot *root, const struct ledger *ledger, uint64_t except,
		struct taken_list *ret)
{
	for (size_t i = 0; i < ledger->n_claims; i++) {
		if (ledger->claims[i].id != except)
			read_claim(root, &ledger->claims[i], ret);
	}
}

void taken_done(struct taken_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i].object);
	free(list->items);
	*list = (struct taken_list){ 0 };
}

/*
 * What a wish still waits for; a claim that is new since the list was read has taken nothing.
 * One that is given back waits for nothing, but the pages added for it leave the pool. Of one
 * that is being taken, @present counts only what was added for it so far.
 */
static uint64_t owed_by_wish(const struct claim *claim, const struct wish *wish,
			     const struct taken_list *taken, bool present)
{
	uint64_t need = get_number(wish->value);

	if (!claim_counts(claim))
		return wish->added;
	if (present && claim->state == CLAIM_PREPARING)
		return MIN(need, wish->added);
	for (size_t i = 0; i < taken->n; i++) {
		const struct taken *t = &taken->items[i];

		if (t->claim == claim->id && STREQ(t->object, wish->object))
			return need - MIN(t->pages, need);
	}
	return need;
}

/* Waited for by claims but @except, of @pool only or of all nodes. */
static uint64_t owed(const struct ledger *ledger, uint64_t except,
		     const struct taken_list *taken, const struct pool *pool,
		     bool all_nodes, bool present)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ledger->n_claims; i++) {
		const struct claim *claim = &ledger->claims[i];

		if (claim->id == except)
			continue;
		for (size_t j = 0; j < claim->n_wishes; j++) {
			const struct wish *wish = &claim->wishes[j];
			struct pool other;

			if (is_pool_wish(wish) && pool_parse(wish->object, &other) == 0 &&
			    other.size_kib == pool->size_kib &&
			    (all_nodes || other.node == pool->node))
				sum += owed_by_wish(claim, wish, taken, present);
		}
	}
	return sum;
}

/* Pages that were added for a claim and are still there, whatever others wait for. */
static uint64_t own_pages(const struct ledger *ledger, uint64_t id,
			  const struct taken_list *taken, const struct pool *pool,
			  uint64_t free)
{
	const struct claim *claim = ledger_find_claim(ledger, id);
	_cleanup_free_ char *object = pool_name(pool);
	const struct wish *wish = claim ? claim_find_wish(claim, RESOURCE, object) : NULL;
	uint64_t used = owed(ledger, id, taken, pool, false, true);

	return wish ? MIN(wish->added, free - MIN(used, free)) : 0;
}

int pool_available(const struct sysroot *root, const struct ledger *ledger,
		   uint64_t except, const struct taken_list *taken,
		   const struct pool *pool, uint64_t *ret)
{
	struct pool_state state;
	uint64_t reserved = 0, here, everywhere, used;
	int r = pool_read(root, pool, &state);

	if (r < 0)
		return r;
	/*
	 * The kernel counts pages promised to mappings for the whole host only. What exceeds
	 * our own claims' is somebody else's, and might be of this node.
	 */
	(void)!hugepage_reserved(root, pool->size_kib, &reserved);
	everywhere = owed(ledger, except, taken, pool, true, false);
	here = owed(ledger, except, taken, pool, false, false);
	used = here + (reserved - MIN(everywhere, reserved));
	/*
	 * Of two that are taken at the same time each waits for pages that only the other is
	 * going to add: neither may add them too, and take them along when it ends.
	 */
	*ret = MAX(state.free - MIN(used, state.free),
		   own_pages(ledger, except, taken, pool, state.free));
	return 0;
}

/* ---- moving ---- */

/* One pool's part in a round. */
struct move {
	const struct sysroot *root;
	struct pool pool;
	char *object;
	uint64_t from, to; /* persistent pages */
	bool is_stuck; /* the kernel gave less than asked */
	bool started;
	struct bounded job;
};

struct moves {
	struct move *items;
	size_t n;
	uint64_t round_kib;
};

static void moves_done(struct moves *moves)
{
	for (size_t i = 0; i < moves->n; i++)
		free(moves->items[i].object);
	free(moves->items);
	*moves = (struct moves){ 0 };
}

static void moves_init(const struct convergence *c, const struct claim *claim,
		       struct moves *moves)
{
	*moves = (struct moves){ .round_kib = UINT64_C(1) << 20 };
	for (size_t i = 0; i < claim->n_wishes; i++) {
		const struct wish *wish = &claim->wishes[i];
		struct move *move;
		struct pool pool;

		if (!is_pool_wish(wish) || pool_parse(wish->object, &pool) < 0)
			continue;
		move = ARRAY_PUSH(moves->items, moves->n);
		move->root = c->host->root;
		move->pool = pool;
		move->object = xstrdup(wish->object);
	}
}

/* Books what a move really changed to the wish that it was made for. */
static void book(struct ledger *ledger, const struct entry *entry, uint64_t from,
		 uint64_t to)
{
	struct claim *claim = ledger_find_claim(ledger, entry->claim);
	struct wish *wish =
		claim ? claim_find_wish(claim, RESOURCE, entry->object) : NULL;

	if (!wish)
		return;
	if (to > from)
		wish->added += to - from;
	else
		wish->added -= MIN(wish->added, from - to);
}

/*
 * Brings the entry up to the pool's present size: first a move whose process died before it
 * could book it, then what the administrator changed, which is his: more pages raise the baseline.
 */
static void settle(struct ledger *ledger, struct entry *entry, uint64_t current)
{
	uint64_t from = get_number(entry->previous), to = get_number(entry->written);

	if (from != to) {
		uint64_t reached = MAX(MIN(from, to), MIN(MAX(from, to), current));

		book(ledger, entry, from, reached);
		to = reached;
	}
	if (current > to)
		set_number(&entry->baseline, get_number(entry->baseline) + current - to);
	if (current != to)
		log_warning(RESOURCE,
			    "%s was changed from %" PRIu64 " to %" PRIu64
			    " pages by somebody else, which is kept",
			    entry->object, to, current);
	set_number(&entry->written, current);
	set_number(&entry->previous, current);
}

static struct entry *add_entry(struct ledger *ledger, const char *object, uint64_t current)
{
	_cleanup_free_ char *baseline = xasprintf("%" PRIu64, current);

	return ledger_add_entry(ledger, RESOURCE, object, baseline);
}

/*
 * Before Linux 6.6 a write for one node left as many pages too many as other nodes had surplus
 * pages (set_max_huge_pages() counted those twice): then a second write corrects it.
 */
static int write_in_child(void *arg, struct error *err)
{
	const struct move *move = arg;
	struct pool_state state;
	int r = pool_write(move->root, &move->pool, move->to);

	if (r == 0 && pool_read(move->root, &move->pool, &state) == 0 &&
	    state.persistent > move->to && state.persistent != move->from) {
		uint64_t excess = state.persistent - move->to;

		r = pool_write(move->root, &move->pool, move->to - MIN(excess, move->to));
	}
	return r < 0 ? error_set(err, r, "%s", strerror(-r)) : 0;
}

static void start_write(struct move *move)
{
	int r = bounded_start(&move->job, write_in_child, move);

	move->started = r == 0;
	if (r < 0)
		log_warning(RESOURCE, "%s: failed to start a helper process: %s",
			    move->object, strerror(-r));
}

/* Waits for one write and books what it really did. */
static void finish_write(const struct convergence *c, struct move *move)
{
	struct ledger *ledger = &c->store->ledger;
	struct entry *entry = ledger_find_entry(ledger, RESOURCE, move->object);
	_cleanup_error_ struct error err = ERROR_NULL;
	struct pool_state state;
	int r = 0;

	if (move->started)
		r = bounded_finish(&move->job, c->deadline, &err);
	move->started = false;
	move->is_stuck = true;
	if (r < 0)
		log_warning(RESOURCE, "%s: writing %" PRIu64 ": %s", move->object,
			    move->to, err.cause);
	/* Not at its end, or not to be read: booked by whoever settles the entry next. */
	if (r == -ETIMEDOUT || pool_read(c->host->root, &move->pool, &state) < 0 || !entry)
		return;
	move->is_stuck = state.persistent != move->to;
	book(ledger, entry, move->from, state.persistent);
	set_number(&entry->written, state.persistent);
	set_number(&entry->previous, state.persistent);
}

/* Writes all pools at the same time; the time it took decides the size of the next round. */
static void run_round(const struct convergence *c, struct moves *moves)
{
	uint64_t start = deadline_in_ms(0), ms;

	for (size_t i = 0; i < moves->n; i++) {
		if (moves->items[i].from != moves->items[i].to)
			start_write(&moves->items[i]);
	}
	for (size_t i = 0; i < moves->n; i++) {
		if (moves->items[i].from != moves->items[i].to)
			finish_write(c, &moves->items[i]);
	}
	ms = (deadline_in_ms(0) - start) / 1000000;
	if (ms < ROUND_MS)
		moves->round_kib = MIN(moves->round_kib * 2, ROUND_MAX_KIB);
	else if (ms > UINT64_C(4) * ROUND_MS)
		moves->round_kib = MAX(moves->round_kib / 2, ROUND_MIN_KIB);
}

/* Sets the target of one pool for the next round; decides nothing when there is nothing to do. */
typedef int set_target_fn(const struct convergence *c, struct claim *claim,
			  struct move *move, const void *arg, uint64_t round_pages,
			  uint64_t current);

/* Plans one round: the number of pools that move, or a negative errno. */
static int plan_round(const struct convergence *c, uint64_t claim_id, struct moves *moves,
		      set_target_fn *set_target, const void *arg, struct error *err)
{
	struct ledger *ledger = &c->store->ledger;
	int moving = 0;

	for (size_t i = 0; i < moves->n; i++) {
		struct move *move = &moves->items[i];
		uint64_t pages = MAX(moves->round_kib / move->pool.size_kib, UINT64_C(1));
		struct claim *claim = ledger_find_claim(ledger, claim_id);
		struct pool_state state;
		struct entry *entry;
		int r;

		if (!claim)
			return error_set(err, -ESTALE,
					 "the claim is gone from the ledger");
		r = pool_read(c->host->root, &move->pool, &state);
		if (r < 0)
			return error_set(err, r, "failed to read %s: %s", move->object,
					 strerror(-r));
		entry = ledger_find_entry(ledger, RESOURCE, move->object);
		if (entry)
			settle(ledger, entry, state.persistent);
		move->from = move->to = state.persistent;
		if (move->is_stuck)
			continue;
		r = set_target(c, claim, move, arg, pages, state.persistent);
		if (r < 0)
			return error_set(err, r, "failed to read %s: %s", move->object,
					 strerror(-r));
		if (move->from == move->to)
			continue;
		if (!entry)
			entry = add_entry(ledger, move->object, state.persistent);
		entry->claim = claim_id;
		set_number(&entry->written, move->to);
		moving++;
	}
	return moving;
}

/*
 * One round, under the ledger's lock: the number of pools that moved, or a negative errno. What
 * is given back is given back even where there is no room to record it: the floor in
 * shrink_target() does not depend on it.
 */
static int one_round(const struct convergence *c, uint64_t claim_id, struct moves *moves,
		     set_target_fn *set_target, const void *arg, struct error *err)
{
	bool giving = c->store->giving == claim_id;
	int moving = plan_round(c, claim_id, moves, set_target, arg, err);
	int r;

	if (moving < 0)
		return moving;
	/* Also when nothing moves: what a dead process did is booked by now. */
	r = store_save(c->store, err);
	if (moving > 0 && (r == 0 || giving)) {
		run_round(c, moves);
		r = store_save(c->store, err);
	}
	return r < 0 ? r : moving;
}

/* Rounds until nothing moves any more. */
static int run_moves(const struct convergence *c, uint64_t claim_id, struct moves *moves,
		     set_target_fn *set_target, const void *arg, struct error *err)
{
	int r;

	do {
		/* Killed, we leave children whose writes must not land on anybody else's. */
		r = store_pools_lock(c->store, c->deadline);
		if (r < 0)
			return error_set(
				err, r,
				"a write to a pool by another process does not end");
		r = store_begin(c->store, c->deadline, err);
		if (r == 0) {
			r = one_round(c, claim_id, moves, set_target, arg, err);
			store_end(c->store);
		}
		store_pools_unlock(c->store);
	} while (r > 0 && deadline_left_ms(c->deadline) > 0);
	return MIN(r, 0);
}

static int grow_target(const struct convergence *c, struct claim *claim,
		       struct move *move, const void *arg, uint64_t round_pages,
		       uint64_t current)
{
	const struct wish *wish = claim_find_wish(claim, RESOURCE, move->object);
	uint64_t need = wish ? get_number(wish->value) : 0, available;
	int r = pool_available(c->host->root, &c->store->ledger, claim->id, arg,
			       &move->pool, &available);

	if (r < 0)
		return r;
	if (available < need)
		move->to = current + MIN(need - available, round_pages);
	return 0;
}

int pools_grow(const struct convergence *c, uint64_t claim_id,
	       const struct taken_list *taken, struct error *err)
{
	struct moves moves;
	const struct claim *claim;
	int r;

	r = store_peek(c->store, err);
	if (r < 0)
		return r;
	claim = ledger_find_claim(&c->store->ledger, claim_id);
	if (!claim)
		return error_set(err, -ESTALE, "the claim is gone from the ledger");
	moves_init(c, claim, &moves);
	r = run_moves(c, claim_id, &moves, grow_target, taken, err);
	for (size_t i = 0; r >= 0 && i < moves.n; i++) {
		if (moves.items[i].is_stuck || moves.items[i].from != moves.items[i].to)
			r = 1;
	}
	moves_done(&moves);
	return r;
}

/* Pages of a pool that are there for other claims. */
static uint64_t added_for_others(const struct ledger *ledger, uint64_t except,
				 const char *object)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ledger->n_claims; i++) {
		const struct wish *wish =
			claim_find_wish(&ledger->claims[i], RESOURCE, object);

		if (wish && ledger->claims[i].id != except)
			sum += wish->added;
	}
	return sum;
}

/*
 * Never below the baseline and what is there for others, unless the administrator went there
 * himself.
 */
static int shrink_target(const struct convergence *c, struct claim *claim,
			 struct move *move, const void *arg _unused_,
			 uint64_t round_pages, uint64_t current)
{
	struct wish *wish = claim_find_wish(claim, RESOURCE, move->object);
	const struct entry *entry =
		ledger_find_entry(&c->store->ledger, RESOURCE, move->object);
	uint64_t floor;

	if (!wish || !entry)
		return 0; /* nothing was ever added */
	floor = get_number(entry->baseline) +
		added_for_others(&c->store->ledger, claim->id, move->object);
	floor = MIN(current, floor);
	move->to = MAX(floor, current - MIN(MIN(wish->added, round_pages), current));
	if (move->to == current)
		wish->added = 0;
	return 0;
}

/* Another claim has pages in this pool, or wishes them. */
static bool is_shared(const struct ledger *ledger, uint64_t claim_id, const char *object)
{
	return resource_holder(ledger, claim_id, RESOURCE, object) != NULL;
}

/* Drops the wishes that are given back: the number of those that are not. */
static size_t drop_wishes(const struct convergence *c, uint64_t claim_id,
			  const struct moves *moves)
{
	struct ledger *ledger = &c->store->ledger;
	struct claim *claim = ledger_find_claim(ledger, claim_id);
	size_t left = 0;

	for (size_t i = 0; claim && i < moves->n; i++) {
		const char *object = moves->items[i].object;
		const struct wish *wish = claim_find_wish(claim, RESOURCE, object);

		if (wish && wish->added) {
			left++;
			continue;
		}
		claim_remove_wish(claim, RESOURCE, object);
		if (!is_shared(ledger, claim_id, object))
			ledger_remove_entry(ledger, RESOURCE, object);
	}
	return left;
}

int pools_shrink(const struct convergence *c, uint64_t claim_id, struct error *err)
{
	struct moves moves;
	const struct claim *claim;
	size_t left;
	int r;

	r = store_peek(c->store, err);
	if (r < 0)
		return r;
	claim = ledger_find_claim(&c->store->ledger, claim_id);
	if (!claim)
		return 0;
	moves_init(c, claim, &moves);
	r = moves.n ? run_moves(c, claim_id, &moves, shrink_target, NULL, err) : 0;
	if (r >= 0)
		r = store_begin(c->store, c->deadline, err);
	if (r >= 0) {
		left = drop_wishes(c, claim_id, &moves);
		r = store_save(c->store, err);
		store_end(c->store);
		if (r == 0 && left)
			r = error_set(err, -EBUSY, "%zu pools do not shrink", left);
	}
	moves_done(&moves);
	return r;
}

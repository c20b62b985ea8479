// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * Hugepage pools (mm/hugetlb.c, Documentation/admin-guide/mm/hugetlbpage.rst)
 *
 * A write to nr_hugepages asks for persistent pages and always succeeds; it may grant less.
 * A node gives what its MemFree allows. Reserved pages and pages in use are never freed:
 * shrinking below them turns pages into surplus ones, which go when their user does.
 *
 * Controls, all optional; SIZE as in "hugepages-2048kB":
 *	sim/nodeN/hugepages-SIZEkB/max		pages that the pool can have (fragmentation)
 *	sim/nodeN/hugepages-SIZEkB/max_compacted	what "max" becomes by compaction
 *	sim/nodeN/hugepages-SIZEkB/in_use	written: that many pages are in use now
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "sim.h"

#define NODE_DIR "sys/devices/system/node"
#define GLOBAL_DIR "sys/kernel/mm/hugepages"

/* The pool of one size on one node. */
struct pool {
	struct node *dir; /* hugepages-SIZEkB */
	struct node *meminfo; /* of the NUMA node */
	long nr, free, surplus, max, mem_free;
};

/* All pools of one page size. */
struct pools {
	struct node *dir; /* the global one */
	struct pool *pool;
	size_t n_pool;
	long size, resv; /* kB, pages */
	size_t first, end; /* the pools that a write may change */
	size_t next; /* where the next page comes from or goes to */
};

/* Find the number that follows @field in @node: offset and length of its digits. */
static bool find_field(const struct node *node, const char *field, size_t *at, size_t *len)
{
	const char *p = node ? strstr(node->data, field) : NULL;

	if (!p)
		return false;
	p += strlen(field);
	*len = strspn(p, " ");
	*len += strspn(p + *len, "0123456789");
	*at = (size_t)(p - node->data);
	return true;
}

static long get_field(const struct node *node, const char *field)
{
	size_t at, len;

	return find_field(node, field, &at, &len) ? strtol(node->data + at, NULL, 10) : 0;
}

static int set_field(struct node *node, const char *field, long value)
{
	_cleanup_free_ char *text = NULL;
	size_t at, len;
	int n;

	if (!find_field(node, field, &at, &len))
		return 0;
	n = asprintf(&text, "%.*s%*ld%s", (int)at, node->data, (int)len, value,
		     node->data + at + len);
	if (n < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return node_set(node, text, (size_t)n);
}

static long page_kb(const struct node *dir)
{
	return strtol(dir->name + strlen("hugepages-"), NULL, 10);
}

static int load(struct sim *sim, const char *size_name, struct pools *pools)
{
	const struct node *nodes = tree_find(sim->tree, NODE_DIR);

	*pools = (struct pools){ 0 };
	pools->dir = tree_findf(sim->tree, GLOBAL_DIR "/%s", size_name);
	if (!pools->dir || !nodes)
		return -ENODEV;
	pools->size = page_kb(pools->dir);
	if (pools->size <= 0)
		return -EINVAL;
	pools->resv = sim_long(node_child(pools->dir, "resv_hugepages"), 0);
	pools->pool = calloc(nodes->n_child + 1, sizeof(*pools->pool));
	if (!pools->pool)
		return -ENOMEM;

	for (size_t i = 0; i < nodes->n_child; i++) {
		struct pool *pool = &pools->pool[pools->n_pool];
		const char *node = nodes->child[i]->name;

		pool->dir = tree_findf(sim->tree, NODE_DIR "/%s/hugepages/%s", node,
				       size_name);
		if (!pool->dir)
			continue;
		pool->meminfo = node_child(nodes->child[i], "meminfo");
		pool->mem_free = get_field(pool->meminfo, "MemFree:");
		pool->nr = sim_long(node_child(pool->dir, "nr_hugepages"), 0);
		pool->free = sim_long(node_child(pool->dir, "free_hugepages"), 0);
		pool->surplus = sim_long(node_child(pool->dir, "surplus_hugepages"), 0);
		pool->max =
			sim_long(tree_findf(sim->tree, "sim/%s/%s/max", node, size_name),
				 LONG_MAX);
		pools->n_pool++;
	}
	return 0;
}

static void sum(const struct pools *pools, struct pool *ret)
{
	*ret = (struct pool){ 0 };
	for (size_t i = 0; i < pools->n_pool; i++) {
		ret->nr += pools->pool[i].nr;
		ret->free += pools->pool[i].free;
		ret->surplus += pools->pool[i].surplus;
	}
}

static int store_counts(const struct node *dir, const struct pool *pool)
{
	static const char *const names[] = { "nr_hugepages", "nr_hugepages_mempolicy",
					     "free_hugepages", "surplus_hugepages" };
	const long counts[] = { pool->nr, pool->nr, pool->free, pool->surplus };
	struct node *node;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		node = node_child(dir, names[i]);
		if (!node)
			continue;
		r = sim_store_long(node, counts[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Bring the counters of a meminfo file up to date, which are those of the default size. */
static int store_meminfo(struct node *meminfo, const struct pool *pool, bool is_default)
{
	int r = 0;

	if (!meminfo || !is_default)
		return 0;
	r = set_field(meminfo, "HugePages_Total:", pool->nr);
	if (r == 0)
		r = set_field(meminfo, "HugePages_Free:", pool->free);
	if (r == 0)
		r = set_field(meminfo, "HugePages_Surp:", pool->surplus);
	return r;
}

/* Account for memory taken (@kb < 0) or given back in proc/meminfo. */
static int store_memory(struct sim *sim, long kb)
{
	struct node *meminfo = tree_find(sim->tree, "proc/meminfo");
	int r;

	if (!meminfo || kb == 0)
		return 0;
	r = set_field(meminfo, "MemFree:", get_field(meminfo, "MemFree:") + kb);
	if (r == 0)
		r = set_field(meminfo, "MemAvailable:",
			      MAX(get_field(meminfo, "MemAvailable:") + kb, 0));
	if (r == 0)
		r = set_field(meminfo, "Hugetlb:", get_field(meminfo, "Hugetlb:") - kb);
	return r;
}

static int store(struct sim *sim, const struct pools *pools)
{
	struct node *meminfo = tree_find(sim->tree, "proc/meminfo");
	bool is_default = get_field(meminfo, "Hugepagesize:") == pools->size;
	struct pool all;
	long delta = 0;
	int r;

	for (size_t i = 0; i < pools->n_pool; i++) {
		const struct pool *pool = &pools->pool[i];

		r = store_counts(pool->dir, pool);
		if (r == 0)
			r = store_meminfo(pool->meminfo, pool, is_default);
		if (r < 0)
			return r;
		delta += pool->mem_free - get_field(pool->meminfo, "MemFree:");
		r = set_field(pool->meminfo, "MemFree:", pool->mem_free);
		if (r < 0)
			return r;
	}

	sum(pools, &all);
	r = store_counts(pools->dir, &all);
	if (r == 0)
		r = store_meminfo(meminfo, &all, is_default);
	if (r == 0)
		r = store_memory(sim, delta);
	return r;
}

static bool allocate_page(const struct pools *pools, struct pool *pool)
{
	if (pool->nr >= pool->max || pool->mem_free < pools->size)
		return false;
	pool->nr++;
	pool->free++;
	pool->mem_free -= pools->size;
	return true;
}

static bool free_page(const struct pools *pools, struct pool *pool)
{
	if (pool->free == 0 || pool->nr == pool->surplus)
		return false;
	pool->nr--;
	pool->free--;
	pool->mem_free += pools->size;
	return true;
}

static bool add_surplus(const struct pools *pools, struct pool *pool)
{
	(void)pools;
	if (pool->surplus >= pool->nr)
		return false;
	pool->surplus++;
	return true;
}

static bool drop_surplus(const struct pools *pools, struct pool *pool)
{
	(void)pools;
	if (pool->surplus == 0)
		return false;
	pool->surplus--;
	return true;
}

/* Do @step on the next of the pools that allows it; false if none does. */
static bool round_robin(struct pools *pools,
			bool (*step)(const struct pools *pools, struct pool *pool))
{
	for (size_t i = pools->first; i < pools->end; i++) {
		struct pool *pool = &pools->pool[pools->next];

		pools->next =
			pools->next + 1 < pools->end ? pools->next + 1 : pools->first;
		if (step(pools, pool))
			return true;
	}
	return false;
}

static long persistent(const struct pools *pools)
{
	struct pool all;

	sum(pools, &all);
	return all.nr - all.surplus;
}

/* Make the number of persistent pages of all nodes @count, as far as it goes. */
static void resize(struct pools *pools, long count)
{
	struct pool all;
	long floor;

	while (count > persistent(pools) && round_robin(pools, drop_surplus))
		;
	while (count > persistent(pools) && round_robin(pools, allocate_page))
		;

	sum(pools, &all);
	floor = MAX(count, pools->resv + all.nr - all.free);
	while (floor < persistent(pools) && round_robin(pools, free_page))
		;
	while (count < persistent(pools) && round_robin(pools, add_surplus))
		;
}

static int write_global(struct sim *sim, struct node *node, const char *value)
{
	struct pools pools;
	long count;
	int r;

	r = sim_parse_long(value, &count);
	if (r < 0)
		return r;
	r = load(sim, node->parent->name, &pools);
	if (r == 0) {
		pools.end = pools.n_pool;
		resize(&pools, count);
		r = store(sim, &pools);
	}
	free(pools.pool);
	return r;
}

/* Limit what a write may change to the pool in @dir; NULL if there is none. */
static struct pool *choose_pool(struct pools *pools, const struct node *dir)
{
	for (size_t i = 0; i < pools->n_pool; i++) {
		if (pools->pool[i].dir != dir)
			continue;
		pools->first = pools->next = i;
		pools->end = i + 1;
		return &pools->pool[i];
	}
	return NULL;
}

static int write_node(struct sim *sim, struct node *node, const char *value)
{
	struct pools pools;
	struct pool *pool;
	long count;
	int r;

	r = sim_parse_long(value, &count);
	if (r < 0)
		return r;
	r = load(sim, node->parent->name, &pools);
	pool = r == 0 ? choose_pool(&pools, node->parent) : NULL;
	if (pool) {
		count = MIN(count, LONG_MAX / 2);
		resize(&pools, count + persistent(&pools) - (pool->nr - pool->surplus));
		r = store(sim, &pools);
	}
	free(pools.pool);
	return r;
}

/* Gigantic pages cannot be overcommitted. */
static int write_overcommit(struct sim *sim, struct node *node, const char *value)
{
	long count;

	(void)sim;
	if (sim_parse_long(value, &count) < 0 || page_kb(node->parent) >= 1048576)
		return -EINVAL;
	return sim_store(node, value);
}

/* sim/nodeN/hugepages-SIZEkB/in_use: @value pages are in use from now on. */
static int write_in_use(struct sim *sim, struct node *node, const char *value)
{
	struct pools pools;
	struct pool *pool;
	long in_use;
	int r;

	r = sim_parse_long(value, &in_use);
	if (r < 0)
		return r;
	r = load(sim, node->parent->name, &pools);
	if (r < 0)
		return r;

	pool = choose_pool(&pools,
			   tree_findf(sim->tree, NODE_DIR "/%s/hugepages/%s",
				      node->parent->parent->name, node->parent->name));
	if (!pool || in_use > pool->nr) {
		r = -EINVAL;
	} else {
		pool->free = pool->nr - in_use;
		while (pool->surplus > 0 && pool->free > 0) {
			pool->surplus--;
			(void)free_page(&pools, pool); /* there is a free one */
		}
		r = store(sim, &pools);
	}
	free(pools.pool);
	return r == 0 ? sim_store(node, value) : r;
}

/* Apply max_compacted to the pools of one node's directory below sim/. */
static int compact_node(struct sim *sim, const char *name)
{
	const struct node *dir = tree_findf(sim->tree, "sim/%s", name);
	int r;

	for (size_t i = 0; dir && i < dir->n_child; i++) {
		const struct node *compacted = node_child(dir->child[i], "max_compacted");
		struct node *max = node_child(dir->child[i], "max");

		if (!max || !compacted)
			continue;
		r = node_set(max, compacted->data, compacted->size);
		if (r < 0)
			return r;
	}
	return 0;
}

static int write_compact(struct sim *sim, struct node *node, const char *value)
{
	(void)value; /* anything will do */
	return compact_node(sim, node->parent->name);
}

static int write_compact_all(struct sim *sim, struct node *node, const char *value)
{
	const struct node *nodes = tree_find(sim->tree, NODE_DIR);
	int r;

	if (!STREQ(value, "1"))
		return -EINVAL;
	for (size_t i = 0; nodes && i < nodes->n_child; i++) {
		r = compact_node(sim, nodes->child[i]->name);
		if (r < 0)
			return r;
	}
	return sim_store(node, value);
}

/* Clean page cache becomes free memory. */
static int write_drop_caches(struct sim *sim, struct node *node, const char *value)
{
	struct node *meminfo = tree_find(sim->tree, "proc/meminfo");
	const struct node *nodes = tree_find(sim->tree, NODE_DIR);
	long kb, dropped = 0, what;
	int r = 0;

	if (sim_parse_long(value, &what) < 0 || what < 1 || what > 4)
		return -EINVAL;
	for (size_t i = 0; (what & 1) && nodes && i < nodes->n_child && r == 0; i++) {
		struct node *info = node_child(nodes->child[i], "meminfo");

		kb = get_field(info, "FilePages:");
		dropped += kb;
		if (kb == 0)
			continue;
		r = set_field(info, "FilePages:", 0);
		if (r == 0)
			r = set_field(info, "MemFree:", get_field(info, "MemFree:") + kb);
	}
	if (r == 0 && dropped > 0 && meminfo) {
		r = set_field(meminfo, "Cached:", 0);
		if (r == 0)
			r = set_field(meminfo, "MemFree:",
				      get_field(meminfo, "MemFree:") + dropped);
	}
	return r == 0 ? sim_store(node, value) : r;
}

static const struct sim_attr hugepages_attrs[] = {
	{ GLOBAL_DIR "/hugepages-*kB/nr_hugepages", write_global },
	{ GLOBAL_DIR "/hugepages-*kB/nr_overcommit_hugepages", write_overcommit },
	{ NODE_DIR "/node*/hugepages/hugepages-*kB/nr_hugepages", write_node },
	{ NODE_DIR "/node*/compact", write_compact },
	{ "proc/sys/vm/compact_memory", write_compact_all },
	{ "proc/sys/vm/drop_caches", write_drop_caches },
	{ "sim/node*/hugepages-*kB/in_use", write_in_use },
};

const struct sim_subsystem sim_hugepages = {
	.name = "hugepages",
	.attr = hugepages_attrs,
	.n_attr = ARRAY_SIZE(hugepages_attrs),
};

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How many hugepages a domain needs; see hugepage-need.h.
 *
 * libvirt: formatdomain, "memoryBacking" and "numatune"; qemuBuildMemoryBackendProps() in
 * src/qemu/qemu_command.c for which <page> serves which guest node.
 */

#include <inttypes.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/host-memory.h"
#include "hook/hugepage-need.h"

/*
 * The page size of a guest node: the <page> that names it, else the one that names none, else,
 * with no <page> at all, the default. 0: ordinary pages.
 */
static uint64_t cell_page_kib(const struct domain *domain, unsigned cell,
			      uint64_t default_kib)
{
	uint64_t general = domain->n_pages ? 0 : default_kib;

	for (size_t i = 0; i < domain->n_pages; i++) {
		const struct domain_page *page = &domain->pages[i];

		if (bitset_has(&page->cells, cell))
			return page->size_kib;
		if (bitset_is_empty(&page->cells))
			general = page->size_kib;
	}
	return general;
}

/* Nodes that the domain's memory is placed on when nothing is said about a guest node. */
static int default_nodes(const struct host *host, const struct domain *domain,
			 struct bitset *ret, struct strv *notes, struct error *err)
{
	int r;

	if (!bitset_is_empty(&domain->memory_nodes)) {
		bitset_add_all(ret, &domain->memory_nodes);
		return 0;
	}
	if (domain->memory_auto) {
		strv_push(notes,
			  "hugepages: placement='auto' is decided after this: pages "
			  "are spread over all nodes");
		bitset_add_all(ret, &host->nodes);
		return 0;
	}
	r = host_nodes_of_cpus(host, &domain->vcpu_cpus, ret);
	if (r < 0)
		return error_set(err, r,
				 "failed to read the nodes of the pinned CPUs: %s",
				 strerror(-r));
	if (bitset_is_empty(ret))
		bitset_add_all(ret, &host->nodes);
	return 0;
}

static const struct bitset *cell_nodes(const struct domain *domain, unsigned cell,
				       const struct bitset *fallback)
{
	for (size_t i = 0; i < domain->n_memnodes; i++) {
		const struct domain_memnode *m = &domain->memnodes[i];

		if (m->cell == cell && !bitset_is_empty(&m->nodes))
			return &m->nodes;
	}
	return fallback;
}

static bool same_nodes(const struct bitset *a, const struct bitset *b)
{
	_cleanup_free_ char *text_a = bitset_format(a), *text_b = bitset_format(b);

	return STREQ(text_a, text_b);
}

static int check_size(const struct host *host, uint64_t size_kib, struct error *err)
{
	_cleanup_strv_ struct strv sizes = STRV_NULL, offered = STRV_NULL;
	_cleanup_free_ char *size = size_format(size_kib), *list = NULL;

	(void)!hugepage_sizes(host->root, &sizes); /* none: said below */
	strv_for_each(text, &sizes) {
		uint64_t kib;

		if (parse_u64(text, &kib) < 0)
			continue;
		if (kib == size_kib)
			return 0;
		strv_push_take(&offered, size_format(kib));
	}
	list = strv_join(&offered, ", ");
	(void)error_set(err, -EINVAL, "this host has no hugepages of %s", size);
	error_remedy(err, "sizes it has: %s; correct <page size> of the domain",
		     offered.n ? list : "none");
	return -EINVAL;
}

static int check_nodes(const struct host *host, const struct bitset *nodes,
		       struct error *err)
{
	_cleanup_free_ char *have = bitset_format(&host->nodes);

	bitset_for_each(node, nodes) {
		if (bitset_has(&host->nodes, node))
			continue;
		(void)error_set(err, -EINVAL, "this host has no node %u with memory",
				node);
		error_remedy(err,
			     "nodes with memory: %s; correct <numatune> of the domain",
			     have);
		return -EINVAL;
	}
	return 0;
}

static int add_need(const struct host *host, struct needs *needs, uint64_t memory_kib,
		    uint64_t size_kib, const struct bitset *nodes, struct error *err)
{
	uint64_t count = memory_kib / size_kib + (memory_kib % size_kib != 0);
	struct need *need;
	int r;

	for (size_t i = 0; i < needs->n; i++) {
		need = &needs->items[i];
		if (need->size_kib == size_kib && same_nodes(&need->nodes, nodes)) {
			need->count += count;
			return 0;
		}
	}
	r = check_size(host, size_kib, err);
	if (r == 0)
		r = check_nodes(host, nodes, err);
	if (r < 0)
		return r;
	need = ARRAY_PUSH(needs->items, needs->n);
	need->size_kib = size_kib;
	need->count = count;
	bitset_add_all(&need->nodes, nodes);
	return 0;
}

static int add_dimm(const struct host *host, const struct domain *domain,
		    const struct domain_dimm *dimm, uint64_t default_kib,
		    const struct bitset *fallback, struct needs *needs, struct error *err)
{
	uint64_t size = dimm->page_kib ? dimm->page_kib :
					 cell_page_kib(domain, dimm->cell, default_kib);
	const struct bitset *nodes = bitset_is_empty(&dimm->nodes) ?
					     cell_nodes(domain, dimm->cell, fallback) :
					     &dimm->nodes;

	/* The host's page size spelled out is no hugepage. */
	if (size == 0 || size == (uint64_t)sysconf(_SC_PAGESIZE) / 1024)
		return 0;
	return add_need(host, needs, dimm->size_kib, size, nodes, err);
}

int needs_compute(const struct host *host, const struct domain *domain, struct needs *ret,
		  struct strv *notes, struct error *err)
{
	_cleanup_bitset_ struct bitset fallback = BITSET_NULL;
	uint64_t default_kib = 0;
	int r;

	r = hugepage_default_size(host->root, &default_kib);
	if (r < 0)
		return error_set(err, r, "this kernel has no hugepages");
	r = default_nodes(host, domain, &fallback, notes, err);
	if (r < 0)
		return r;
	for (size_t i = 0; domain->hugepages && i < domain->n_cells; i++) {
		const struct domain_cell *cell = &domain->cells[i];
		uint64_t size = cell_page_kib(domain, cell->id, default_kib);

		if (size == 0 || size == (uint64_t)sysconf(_SC_PAGESIZE) / 1024)
			continue;
		r = add_need(host, ret, cell->memory_kib, size,
			     cell_nodes(domain, cell->id, &fallback), err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < domain->n_dimms; i++) {
		if (!domain->hugepages && !domain->dimms[i].page_kib)
			continue;
		r = add_dimm(host, domain, &domain->dimms[i], default_kib, &fallback, ret,
			     err);
		if (r < 0)
			return r;
	}
	return 0;
}

void needs_done(struct needs *needs)
{
	for (size_t i = 0; i < needs->n; i++)
		bitset_done(&needs->items[i].nodes);
	free(needs->items);
	*needs = (struct needs){ 0 };
}

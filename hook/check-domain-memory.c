// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rules about a domain's memory: what backs it, where it is, and who else may take it. */

#include <inttypes.h>

#include "common/alloc.h"
#include "hook/check.h"
#include "hook/host-memory.h"
#include "hook/hugepage-need.h"

static void look_balloon_hugepages(struct checking *c)
{
	if (c->guest->balloon && c->guest->domain.hugepages)
		check_found(c, NULL,
			    "the domain has a balloon, and its memory is hugepages");
}

static void look_balloon_vfio(struct checking *c)
{
	if (c->guest->balloon && c->guest->domain.n_hostdevs)
		check_found(c, NULL, "the domain has a balloon, and devices of the host");
}

/* KSM leaves hugepages of pools alone. */
static void look_merging(struct checking *c)
{
	uint64_t run;

	if (!c->guest->nosharepages && !c->guest->domain.hugepages &&
	    check_number(c, &run, "sys/kernel/mm/ksm/run") && run == 1)
		check_found(c, NULL,
			    "KSM may merge the domain's pages with those of others");
}

static bool nodes_of_vcpus(struct checking *c, struct bitset *ret)
{
	int r;

	if (!c->guest->domain.n_vcpu_pins || bitset_count(&c->host->nodes) < 2)
		return false;
	r = host_nodes_of_cpus(c->host, &c->guest->domain.vcpu_cpus, ret);
	if (r < 0)
		check_unknown(c, "'/sys/devices/system/node' cannot be read: %s",
			      strerror(-r));
	return r == 0 && !bitset_is_empty(ret);
}

static void look_unbound(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_bitset_ struct bitset nodes = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	if (!bitset_is_empty(&d->memory_nodes) || d->memory_auto || d->n_memnodes ||
	    !nodes_of_vcpus(c, &nodes))
		return;
	list = bitset_format(&nodes);
	check_found(c, list,
		    "vCPUs run on node %s, and its memory may come from any node", list);
}

static void look_elsewhere(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_bitset_ struct bitset nodes = BITSET_NULL;
	_cleanup_free_ char *here = NULL, *there = NULL;

	if (bitset_is_empty(&d->memory_nodes) || d->n_memnodes ||
	    !nodes_of_vcpus(c, &nodes) || bitset_intersects(&nodes, &d->memory_nodes))
		return;
	here = bitset_format(&nodes);
	there = bitset_format(&d->memory_nodes);
	check_found(c, here, "vCPUs run on node %s, and the memory is on node %s", here,
		    there);
}

static void look_auto(struct checking *c)
{
	if (c->guest->domain.memory_auto && c->guest->domain.hugepages)
		check_found(c, NULL, "numad chooses the node of the domain's hugepages");
}

static void look_large(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_free_ char *wanted = NULL, *there = NULL;
	uint64_t total;

	if (!check_meminfo(c, "MemTotal", &total) || d->memory_kib <= total)
		return;
	wanted = size_format(d->memory_kib);
	there = size_format(total / 1024 * 1024);
	check_found(c, NULL, "the domain has %s, and the host %s", wanted, there);
}

static void look_short(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_free_ char *wanted = NULL, *there = NULL;
	uint64_t total, available;

	if (d->hugepages || !check_meminfo(c, "MemTotal", &total) ||
	    d->memory_kib > total || !check_meminfo(c, "MemAvailable", &available) ||
	    d->memory_kib <= available || check_is_running(c))
		return;
	wanted = size_format(d->memory_kib);
	there = size_format(available / 1024 * 1024);
	check_found(c, NULL, "the domain has %s, and %s are available now", wanted, there);
}

/* Free pages of any of the nodes that are not promised to others; false when that is unknown. */
static bool count_free(struct checking *c, const struct need *need, uint64_t *ret)
{
	uint64_t reserved = 0, count = 0;

	(void)!hugepage_reserved(c->root, need->size_kib, &reserved);
	bitset_for_each(node, &need->nodes) {
		struct pool pool = { node, need->size_kib };
		struct pool_state state = { 0 };
		int r = pool_read(c->root, &pool, &state);

		if (r < 0 && r != -ENOENT) {
			check_unknown(c, "hugepages of node %u cannot be read: %s", node,
				      strerror(-r));
			return false;
		}
		count += state.free;
	}
	*ret = count > reserved ? count - reserved : 0;
	return true;
}

static void look_pool(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_needs_ struct needs needs = { 0 };
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	if (!d->hugepages || d->request.hugepages.wanted || !check_has_cpus(c) ||
	    check_is_running(c))
		return;
	if (needs_compute(c->host, d, &needs, &notes, &err) < 0) {
		check_found(c, NULL, "%s", err.cause);
		return;
	}
	for (size_t i = 0; i < needs.n; i++) {
		const struct need *need = &needs.items[i];
		_cleanup_free_ char *size = size_format(need->size_kib);
		_cleanup_free_ char *nodes = bitset_format(&need->nodes);
		uint64_t count;

		if (!count_free(c, need, &count) || count >= need->count)
			continue;
		check_seen(c,
			   "sys/devices/system/node/node%u/hugepages/hugepages-%" PRIu64
			   "kB/free_hugepages",
			   bitset_next(&need->nodes, 0), need->size_kib);
		check_found(c, NULL,
			    "the domain needs %" PRIu64
			    " pages of %s on node %s, and %" PRIu64 " are free",
			    need->count, size, nodes, count);
	}
}

static void look_ordinary(struct checking *c)
{
	const struct domain *d = &c->guest->domain;

	if (!d->hugepages && d->n_hostdevs && d->memory_kib >= UINT64_C(4) << 20)
		check_found(c, NULL,
			    "all of the domain's memory is pinned, in small pages");
}

static void look_virtiofs(struct checking *c)
{
	if (!c->guest->virtiofs || c->guest->shared_memory)
		return;
	check_line(c, c->guest->virtiofs_line);
	check_found(c, NULL, "the domain has a virtiofs, and its memory is not shared");
}

static void look_swap(struct checking *c)
{
	const struct guest *g = c->guest;
	uint64_t swap;

	if (g->realtime && !g->locked && !g->domain.hugepages && !g->domain.n_hostdevs &&
	    check_meminfo(c, "SwapTotal", &swap) && swap > 0)
		check_found(c, NULL, "memory of a real-time domain can be swapped out");
}

const struct check_rule check_guest_memory_rules[] = {
	{ "balloon-with-hugepages", SEVERITY_NOTICE, 0, 0,
	  "it cannot give hugepages back, and inflating it breaks the guest's large pages up",
	  "<memballoon model='none'/>", look_balloon_hugepages },
	{ "balloon-with-devices", SEVERITY_NOTICE, 0, 0,
	  "VFIO pins all of the memory, so that the balloon frees none",
	  "<memballoon model='none'/>", look_balloon_vfio },
	{ "memory-merged", SEVERITY_WARNING, 0, 0,
	  "a write to a merged page waits for a copy, and other guests can find out by timing "
	  "what is in it",
	  "<memoryBacking><nosharepages/></memoryBacking>", look_merging },
	{ "memory-unbound", SEVERITY_WARNING, 0, 0,
	  "memory of another node takes up to twice the time",
	  "<numatune><memory mode='strict' nodeset='{}'/></numatune>", look_unbound },
	{ "memory-elsewhere", SEVERITY_WARNING, 0, 0,
	  "every access of the guest to its memory goes to another node",
	  "<numatune><memory mode='strict' nodeset='{}'/></numatune>, or other pins",
	  look_elsewhere },
	{ "memory-placement-auto", SEVERITY_NOTICE, 0, 0,
	  "it does so after the pages were reserved, perhaps on other nodes",
	  "<numatune><memory mode='strict' nodeset='...'/></numatune>", look_auto },
	{ "memory-over-host", SEVERITY_WARNING, NEED_DEVICES | NEED_HUGEPAGES,
	  SEVERITY_ERROR,
	  "what is not there has to be swapped; with hugepages or VFIO it has to be there",
	  "a smaller <memory>", look_large },
	{ "memory-short", SEVERITY_WARNING, NEED_DEVICES, SEVERITY_ERROR,
	  "the host swaps, or kills a process; VFIO pins all of the memory at once",
	  "stop what else uses memory, or a smaller <memory>", look_short },
	{ "hugepages-short", SEVERITY_ERROR, 0, 0,
	  "QEMU ends at once: unable to map backing store for guest RAM",
	  "add <hugepages/> to the domain's metadata, and hosttune reserves them at the start",
	  look_pool },
	{ "hugepages-unused", SEVERITY_NOTICE, 0, 0,
	  "pinning takes seconds at the start, and so does each look into page tables later",
	  "<memoryBacking><hugepages/></memoryBacking>, and <hugepages/> in the metadata",
	  look_ordinary },
	{ "virtiofs-private", SEVERITY_ERROR, 0, 0, "libvirt refuses to start the domain",
	  "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>",
	  look_virtiofs },
	{ "realtime-swappable", SEVERITY_WARNING, 0, 0,
	  "a vCPU that touches it waits for a disk",
	  "<memoryBacking><locked/></memoryBacking>, with <memtune><hard_limit>",
	  look_swap },
};
const size_t n_check_guest_memory_rules = ARRAY_SIZE(check_guest_memory_rules);

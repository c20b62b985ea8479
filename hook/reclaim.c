// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Making room on a NUMA node; see reclaim.h.
 *
 * Kernel: Documentation/admin-guide/sysctl/vm.rst (drop_caches),
 * Documentation/ABI/stable/sysfs-devices-node (compact), migrate_pages(2) by libnuma.
 */

#include <limits.h>
#include <numa.h>
#include <numaif.h>

#include "common/alloc.h"
#include "common/bounded.h"
#include "common/deadline.h"
#include "common/dl.h"
#include "common/log.h"
#include "common/parse.h"
#include "hook/host-memory.h"
#include "hook/reclaim.h"

#define RESOURCE "hugepages"
#define STEP_TIMEOUT_MS 10000
#define SYNC_TIMEOUT_MS 3000
#define MAPS_SIZE_MAX (16U << 20)

#define NUMA_FUNCTIONS(X)      \
	X(numa_bitmask_alloc)  \
	X(numa_bitmask_setbit) \
	X(numa_bitmask_free)   \
	X(numa_migrate_pages)  \
	X(numa_num_possible_nodes)

static NUMA_FUNCTIONS(DL_DEFINE)

	struct step {
	const struct host *host;
	unsigned node;
};

static int compact_in_child(void *arg, struct error *err)
{
	const struct step *step = arg;
	int r = sysroot_write(step->host->root, "1",
			      "sys/devices/system/node/node%u/compact", step->node);

	return r < 0 ? error_set(err, r, "%s", strerror(-r)) : 0;
}

static int sync_in_child(void *arg _unused_, struct error *err _unused_)
{
	sync();
	return 0;
}

static int drop_in_child(void *arg, struct error *err)
{
	const struct step *step = arg;
	int r = sysroot_write(step->host->root, "3", "proc/sys/vm/drop_caches");

	return r < 0 ? error_set(err, r, "%s", strerror(-r)) : 0;
}

/* Runs @fn for each node at the same time. */
static void for_each_node(const struct host *host, const struct bitset *nodes,
			  bounded_fn *fn, const char *what, uint64_t deadline)
{
	_cleanup_free_ struct step *steps = xcalloc(bitset_count(nodes), sizeof(*steps));
	_cleanup_free_ struct bounded *jobs = xcalloc(bitset_count(nodes), sizeof(*jobs));
	uint64_t until = deadline_within_ms(deadline, STEP_TIMEOUT_MS);
	size_t n = 0;

	bitset_for_each(node, nodes) {
		steps[n] = (struct step){ host, node };
		if (bounded_start_apart(&jobs[n], fn, &steps[n]) == 0)
			n++;
	}
	for (size_t i = 0; i < n; i++) {
		_cleanup_error_ struct error err = ERROR_NULL;

		if (bounded_finish(&jobs[i], until, &err) < 0)
			log_warning(RESOURCE, "node%u: %s: %s", steps[i].node, what,
				    err.cause);
	}
}

static void drop_caches(const struct host *host, uint64_t deadline)
{
	struct step step = { host, 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	/* Dirty pages cannot be dropped; a dead server behind some mount must not keep us. */
	if (host->root->is_host &&
	    bounded_look(sync_in_child, NULL,
			 deadline_within_ms(deadline, SYNC_TIMEOUT_MS), &err) < 0)
		log_warning(RESOURCE, "writing back dirty pages: %s", err.cause);
	if (bounded_look(drop_in_child, &step,
			 deadline_within_ms(deadline, STEP_TIMEOUT_MS), &err) < 0)
		log_warning(RESOURCE, "dropping clean caches: %s", err.cause);
}

/* ---- evacuation ---- */

/* May use memory of every node, and has asked for no policy of its own. */
static bool has_no_placement(const struct host *host, const char *pid)
{
	_cleanup_free_ char *status = NULL, *maps = NULL, *allowed = NULL;
	_cleanup_bitset_ struct bitset nodes = BITSET_NULL;
	_cleanup_strv_ struct strv lines = STRV_NULL;
	const char *s;

	if (sysroot_read_file(host->root, MAPS_SIZE_MAX, &status, NULL, "proc/%s/status",
			      pid) < 0)
		return false;
	s = strstr(status, "Mems_allowed_list:");
	if (!s || !strstr(status, "VmRSS:")) /* kernel threads have no memory */
		return false;
	s += strcspn(s, ":") + 1;
	s += strspn(s, " \t");
	allowed = xstrndup(s, strcspn(s, "\n"));
	if (bitset_parse(allowed, &nodes) < 0)
		return false;
	bitset_for_each(node, &host->nodes) {
		if (!bitset_has(&nodes, node))
			return false;
	}
	if (sysroot_read_file(host->root, MAPS_SIZE_MAX, &maps, NULL, "proc/%s/numa_maps",
			      pid) < 0)
		return false;
	strv_split(&lines, maps, "\n");
	strv_for_each(line, &lines) {
		const char *policy = line + strcspn(line, " ");

		if (!str_has_prefix(policy, " default") || strstr(policy, " huge "))
			return false;
	}
	return true;
}

/* The nodes that are nearest to @node and have some room; all others when none has. */
static void choose_targets(const struct host *host, unsigned node, struct bitset *ret)
{
	unsigned nearest = UINT_MAX;

	bitset_for_each(other, &host->nodes) {
		struct node_memory memory;
		unsigned distance;

		if (other == node || host_distance(host, node, other, &distance) < 0 ||
		    node_memory_read(host->root, other, &memory) < 0 ||
		    memory.free_kib < memory.total_kib / 20 || distance > nearest)
			continue;
		if (distance < nearest)
			bitset_done(ret);
		nearest = distance;
		bitset_add(ret, other);
	}
}

static struct bitmask *to_bitmask(const struct bitset *set)
{
	struct bitmask *mask =
		sym_numa_bitmask_alloc((unsigned)MAX(sym_numa_num_possible_nodes(), 1));

	bitset_for_each(node, set) {
		if (mask && node < mask->size)
			(void)sym_numa_bitmask_setbit(mask, node);
	}
	return mask;
}

static int evacuate_in_child(void *arg, struct error *err)
{
	const struct step *step = arg;
	_cleanup_bitset_ struct bitset from = BITSET_NULL, to = BITSET_NULL;
	_cleanup_strv_ struct strv pids = STRV_NULL;
	struct bitmask *from_mask, *to_mask;
	uint64_t number;

	bitset_add(&from, step->node);
	choose_targets(step->host, step->node, &to);
	if (bitset_is_empty(&to))
		return error_set(err, -ENOSPC, "no other node has room");
	from_mask = to_bitmask(&from);
	to_mask = to_bitmask(&to);
	if (!from_mask || !to_mask ||
	    sysroot_list_dirs(step->host->root, &pids, "proc") < 0)
		return error_set(err, -EIO, "failed to list processes");
	strv_for_each(pid, &pids) {
		/* Pages that are busy stay, and that is fine. */
		if (parse_u64(pid, &number) == 0 && number <= INT_MAX &&
		    has_no_placement(step->host, pid))
			(void)sym_numa_migrate_pages((int)number, from_mask, to_mask);
	}
	sym_numa_bitmask_free(from_mask);
	sym_numa_bitmask_free(to_mask);
	return 0;
}

static void evacuate(const struct host *host, const struct bitset *nodes,
		     uint64_t deadline)
{
	static const struct dl_symbol symbols[] = { NUMA_FUNCTIONS(DL_SYMBOL){ 0 } };
	_cleanup_error_ struct error err = ERROR_NULL;

	if (!host->root->is_host)
		return; /* the processes of another root are not ours to move */
	if (dl_load("libnuma.so.1", symbols, &err) < 0) {
		log_warning(RESOURCE, "moving processes' pages: %s", err.cause);
		return;
	}
	for_each_node(host, nodes, evacuate_in_child, "moving processes' pages", deadline);
}

void reclaim_step(const struct host *host, const struct bitset *nodes, enum reclaim step,
		  uint64_t deadline)
{
	if (step == RECLAIM_DROP)
		drop_caches(host, deadline);
	else if (step == RECLAIM_EVACUATE)
		evacuate(host, nodes, deadline);
	for_each_node(host, nodes, compact_in_child, "compaction", deadline);
}

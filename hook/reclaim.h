/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making room on a NUMA node for hugepages, in steps of growing cost. */
#pragma once

#include "hook/host.h"
#include "hook/request.h"

/*
 * Takes one step for all @nodes together, bounded by @deadline, and logs what could not be done:
 * RECLAIM_COMPACT makes free memory contiguous, RECLAIM_DROP first writes back and drops clean
 * caches, RECLAIM_EVACUATE first moves pages of processes that asked for no placement to the
 * nearest other nodes. The last two end with a compaction.
 */
void reclaim_step(const struct host *host, const struct bitset *nodes, enum reclaim step,
		  uint64_t deadline);

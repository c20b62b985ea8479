/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host: CPUs and NUMA nodes, read once; and what is read on demand of its memory, frequency
 * policies, PCI devices and mediated devices, in host-*.h. Knows nothing of domains.
 */
#pragma once

#include "common/bitset.h"
#include "common/error.h"
#include "common/sysroot.h"

struct host {
	const struct sysroot *root;
	struct bitset cpus_possible;
	struct bitset cpus_online;
	struct bitset nodes; /* online nodes that have memory */
};

/*
 * Reads CPUs and nodes (Documentation/admin-guide/cputopology.rst,
 * Documentation/ABI/stable/sysfs-devices-node). Release with host_done().
 */
int host_read(const struct sysroot *root, struct host *ret, struct error *err);
void host_done(struct host *host);
#define _cleanup_host_ _cleanup_(host_done)

/* Adds the nodes with memory that any of @cpus belongs to. */
int host_nodes_of_cpus(const struct host *host, const struct bitset *cpus,
		       struct bitset *ret) _must_check_;

/* The CPUs that share a core with @cpu, itself among them. */
int host_siblings(const struct host *host, unsigned cpu, struct bitset *ret) _must_check_;

/* The kernel's distance between two nodes: 10 for the same, more for farther ones. */
int host_distance(const struct host *host, unsigned from, unsigned to, unsigned *ret)
	_must_check_;

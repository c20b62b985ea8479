/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory of the host: hugepage pools of each node and size, and free memory
 * (Documentation/admin-guide/mm/hugetlbpage.rst).
 */
#pragma once

#include "hook/host.h"

/* A pool: pages of one size on one node. Its name, "node0/2048kB", is the ledger's object. */
struct pool {
	unsigned node;
	uint64_t size_kib;
};

/*
 * Counters of a pool. The kernel's nr_hugepages counts surplus pages too, but writing it sets
 * the number without them: that is "persistent" here, and all that we ever compare or change.
 */
struct pool_state {
	uint64_t persistent;
	uint64_t free;
	uint64_t surplus;
};

char *pool_name(const struct pool *pool); /* the caller frees */
int pool_parse(const char *name, struct pool *ret) _must_check_;

/* Reads the counters: -ENOENT where the node or the size is not there. */
int pool_read(const struct sysroot *root, const struct pool *pool, struct pool_state *ret)
	_must_check_;

/* Asks for @persistent pages; the kernel may grant fewer: read back. May take long. */
int pool_write(const struct sysroot *root, const struct pool *pool, uint64_t persistent)
	_must_check_;

/* Page sizes in KiB that this kernel offers, as decimal strings in ascending order. */
int hugepage_sizes(const struct sysroot *root, struct strv *ret) _must_check_;

/* The default size in KiB (/proc/meminfo, Hugepagesize). */
int hugepage_default_size(const struct sysroot *root, uint64_t *ret) _must_check_;

/* Pages of a size that are promised to mappings but not taken from the pool yet, host-wide. */
int hugepage_reserved(const struct sysroot *root, uint64_t size_kib, uint64_t *ret)
	_must_check_;

struct node_memory {
	uint64_t total_kib;
	uint64_t free_kib;
};

int node_memory_read(const struct sysroot *root, unsigned node, struct node_memory *ret)
	_must_check_;

/* "2 MiB", "1 GiB", "64 KiB"; the caller frees. */
char *size_format(uint64_t kib);

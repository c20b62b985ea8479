/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many hugepages of which size a domain is going to need on which nodes. Pure arithmetic on
 * the domain; of the host it knows the page sizes, the nodes, and where pinned CPUs are.
 */
#pragma once

#include "hook/domain.h"
#include "hook/host.h"

/* @count pages of one size on any of @nodes. */
struct need {
	uint64_t size_kib;
	uint64_t count;
	struct bitset nodes;
};

struct needs {
	struct need *items;
	size_t n;
};

/*
 * Computes the needs, at most one for each page size and set of nodes. Notes about placement
 * that cannot be known are added to @notes. 0, or -EINVAL with @err set.
 */
int needs_compute(const struct host *host, const struct domain *domain, struct needs *ret,
		  struct strv *notes, struct error *err);
void needs_done(struct needs *needs);
#define _cleanup_needs_ _cleanup_(needs_done)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets of small numbers (CPUs, NUMA nodes) and their text form, the kernel's cpulist:
 * "0-3,8,10-11" (Documentation/admin-guide/cputopology.rst); parsing also takes libvirt's
 * exclusions, "0-7,^3". libnuma's own parser checks against the running machine and cannot
 * be used for another root or for guest nodes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macro.h"

/* No CPU or node number above this is believed: Linux's largest NR_CPUS is 8192. */
#define BITSET_MAX 65536U

struct bitset {
	uint64_t *words;
	size_t n_words;
};

#define BITSET_NULL ((struct bitset){ NULL, 0 })
#define _cleanup_bitset_ _cleanup_(bitset_done)

/* Iterates in ascending order; @i is a declared-by-macro unsigned. */
#define bitset_for_each(i, set)                                   \
	for (unsigned i = bitset_next((set), 0); i != BITSET_MAX; \
	     i = bitset_next((set), i + 1))

/* Adds @bit, which must be below BITSET_MAX. */
void bitset_add(struct bitset *set, unsigned bit);
void bitset_add_all(struct bitset *set, const struct bitset *other);
void bitset_remove(struct bitset *set, unsigned bit);
void bitset_remove_all(struct bitset *set, const struct bitset *other);
bool bitset_has(const struct bitset *set, unsigned bit);
bool bitset_intersects(const struct bitset *a, const struct bitset *b);
bool bitset_is_empty(const struct bitset *set);
size_t bitset_count(const struct bitset *set);

/* The first member that is @from or above, or BITSET_MAX. */
unsigned bitset_next(const struct bitset *set, unsigned from);

/* Parses a list, replacing what was in *@ret: 0, -EINVAL or -ERANGE. Empty text: no member. */
int bitset_parse(const char *list, struct bitset *ret) _must_check_;

/* The shortest list form, "" for the empty set; the caller frees. */
char *bitset_format(const struct bitset *set);

void bitset_done(struct bitset *set);

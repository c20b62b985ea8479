/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which CPUs each of many things may use: interrupts by their number, kernel threads by their id.
 * There can be 20000 of them that have a handful of different lists of CPUs, so that the text form
 * is by list: "0-63=1,9,24-400;0-3=12" gives 0-63 to 1, 9 and 24 to 400.
 */
#pragma once

#include <stddef.h>

#include "common/macro.h"

struct affinity {
	unsigned id;
	char *cpus;
};

struct affinity_map {
	struct affinity *items; /* by ascending id */
	size_t n;
};

/* All that have the same CPUs. */
struct affinity_group {
	char *cpus;
	char *ids; /* "1,9,24-400" */
};

struct affinity_groups {
	struct affinity_group *items; /* by their CPUs' text */
	size_t n;
};

#define AFFINITY_MAP_NULL ((struct affinity_map){ NULL, 0 })
#define _cleanup_affinity_map_ _cleanup_(affinity_map_done)
#define _cleanup_affinity_groups_ _cleanup_(affinity_groups_done)

/* Adds one at the end; @id is larger than all before. */
void affinity_map_add(struct affinity_map *map, unsigned id, const char *cpus);

/* The CPUs of @id, or NULL. */
const char *affinity_map_get(const struct affinity_map *map, unsigned id);

/* By their CPUs. */
void affinity_map_group(const struct affinity_map *map, struct affinity_groups *ret);

/* The text form, "" of an empty map; the caller frees. And the way back: 0, -EINVAL or -ERANGE. */
char *affinity_map_format(const struct affinity_map *map);
int affinity_map_parse(const char *text, struct affinity_map *ret) _must_check_;

/* "1,9,24-400" as numbers; the caller frees. 0, -EINVAL or -ERANGE. */
int affinity_ids_parse(const char *text, unsigned **ret, size_t *ret_n) _must_check_;

void affinity_map_done(struct affinity_map *map);
void affinity_groups_done(struct affinity_groups *groups);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's masks of CPUs as text: "ffffffff,fffffffc", hexadecimal digits in groups of eight,
 * as many as the kernel has CPUs (bitmap_print_to_pagebuf()). Its lists, "2-63", are bitset.h's.
 */
#pragma once

#include "common/bitset.h"

/* Parses a mask, replacing what was in *@ret: 0, -EINVAL or -ERANGE. */
int cpumask_parse(const char *mask, struct bitset *ret) _must_check_;

/* @set as a mask with the digits and commas of @like; the caller frees. */
char *cpumask_format(const struct bitset *set, const char *like);

/*
 * @mask without @taken; when no CPU @online would be left in it, with all others that are online.
 * With the digits of @mask, which is returned as it is when it is no mask; the caller frees.
 */
char *cpumask_without(const char *mask, const struct bitset *taken,
		      const struct bitset *online);

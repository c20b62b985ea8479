// SPDX-License-Identifier: LGPL-2.1-or-later
/* The kernel's masks of CPUs as text; see cpumask.h. */

#include <ctype.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/cpumask.h"

#define DIGIT_BITS 4U

int cpumask_parse(const char *mask, struct bitset *ret)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;
	unsigned bit = 0;

	for (size_t i = strlen(mask); i-- > 0;) {
		const char digit[] = { mask[i], '\0' };
		uint64_t value;

		if (mask[i] == ',' && i > 0 && mask[i + 1])
			continue;
		if (parse_hex(digit, &value) < 0)
			return -EINVAL;
		if (bit + DIGIT_BITS > BITSET_MAX)
			return -ERANGE;
		for (unsigned j = 0; j < DIGIT_BITS; j++) {
			if (value >> j & 1)
				bitset_add(&set, bit + j);
		}
		bit += DIGIT_BITS;
	}
	if (bit == 0)
		return -EINVAL;
	bitset_done(ret);
	*ret = set;
	set = BITSET_NULL;
	return 0;
}

char *cpumask_format(const struct bitset *set, const char *like)
{
	char *text = xstrdup(like);
	unsigned bit = 0;

	for (size_t i = strlen(text); i-- > 0;) {
		unsigned value = 0;

		if (text[i] == ',')
			continue;
		for (unsigned j = 0; j < DIGIT_BITS; j++)
			value |= bitset_has(set, bit + j) ? 1U << j : 0;
		text[i] = "0123456789abcdef"[value];
		bit += DIGIT_BITS;
	}
	return text;
}

char *cpumask_without(const char *mask, const struct bitset *taken,
		      const struct bitset *online)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;

	if (cpumask_parse(mask, &set) < 0)
		return xstrdup(mask);
	bitset_remove_all(&set, taken);
	if (!bitset_intersects(&set, online)) {
		bitset_add_all(&set, online);
		bitset_remove_all(&set, taken);
	}
	return cpumask_format(&set, mask);
}

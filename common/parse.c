// SPDX-License-Identifier: LGPL-2.1-or-later
/* Numbers and words; see parse.h. */

#include <ctype.h>
#include <limits.h>
#include <strings.h>

#include "common/parse.h"

static int parse_base(const char *s, int base, uint64_t *ret)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(s, &end, base);
	if (errno == ERANGE)
		return -ERANGE;
	if (end == s || *end)
		return -EINVAL;
	*ret = v;
	return 0;
}

int parse_u64(const char *s, uint64_t *ret)
{
	if (!isdigit((unsigned char)s[0]))
		return -EINVAL;
	return parse_base(s, 10, ret);
}

int parse_unsigned(const char *s, unsigned *ret)
{
	uint64_t v;
	int r;

	r = parse_u64(s, &v);
	if (r < 0)
		return r;
	if (v > UINT_MAX)
		return -ERANGE;
	*ret = (unsigned)v;
	return 0;
}

int parse_hex(const char *s, uint64_t *ret)
{
	if (!isxdigit((unsigned char)s[0]))
		return -EINVAL;
	return parse_base(s, 16, ret);
}

/* libvirt: virScaleInteger() in src/util/virutil.c. */
static int unit_scale(const char *unit, uint64_t *ret)
{
	static const char powers[] = "kmgtpe";
	const char *power;
	uint64_t base, scale = 1;

	if (!unit || !*unit)
		unit = "KiB";
	if (!strcasecmp(unit, "b") || !strcasecmp(unit, "byte") ||
	    !strcasecmp(unit, "bytes")) {
		*ret = 1;
		return 0;
	}
	if (!unit[1] || !strcasecmp(unit + 1, "iB"))
		base = 1024;
	else if (!strcasecmp(unit + 1, "B"))
		base = 1000;
	else
		return -EINVAL;

	power = strchr(powers, tolower((unsigned char)unit[0]));
	if (!power)
		return -EINVAL;
	for (const char *p = powers; p <= power; p++)
		scale *= base;
	*ret = scale;
	return 0;
}

int parse_memory_kib(const char *number, const char *unit, uint64_t *ret_kib)
{
	uint64_t value, scale;
	int r;

	while (isspace((unsigned char)*number))
		number++;
	r = parse_u64(number, &value);
	if (r < 0)
		return r;
	r = unit_scale(unit, &scale);
	if (r < 0)
		return r;
	if (value > UINT64_MAX / scale)
		return -ERANGE;
	value *= scale;
	*ret_kib = value / 1024 + (value % 1024 != 0);
	return 0;
}

#define WORD_MAX 64

/* One row of the table: distances of @b's beginnings to one letter more of @a. */
static void next_row(size_t *row, char letter, const char *b)
{
	size_t diagonal = row[0];

	row[0]++;
	for (size_t j = 1; b[j - 1]; j++) {
		size_t up = row[j];
		size_t changed = diagonal + (letter != b[j - 1]);
		size_t longer = MIN(up, row[j - 1]) + 1;

		row[j] = MIN(changed, longer);
		diagonal = up;
	}
}

/* Levenshtein distance of two short words; long ones are simply far apart. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX] = { 0 }, n = strlen(b);

	if (n >= WORD_MAX || strlen(a) >= WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (; *a; a++)
		next_row(row, *a, b);
	return row[n];
}

const char *parse_nearest(const char *word, const char *const *names)
{
	const char *best = NULL;
	size_t best_distance = strlen(word) / 2 + 1;

	for (; *names; names++) {
		size_t d = distance(word, *names);

		if (d < best_distance) {
			best_distance = d;
			best = *names;
		}
	}
	return best;
}

int parse_command(const char *program, const char *word, const char *const *names,
		  struct error *err)
{
	const char *nearest;

	for (int i = 0; names[i]; i++) {
		if (STREQ(names[i], word))
			return i;
	}
	nearest = parse_nearest(word, names);
	(void)error_set(err, -EINVAL, "unknown command '%s'", word);
	if (nearest)
		error_remedy(err, "did you mean '%s'?", nearest);
	else
		error_remedy(err, "see '%s --help'", program);
	return -EINVAL;
}

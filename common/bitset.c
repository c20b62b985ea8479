// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sets of small numbers; see bitset.h. */

#include <assert.h>
#include <ctype.h>

#include "common/alloc.h"
#include "common/bitset.h"
#include "common/strv.h"

#define WORD_BITS 64U

static void make_room(struct bitset *set, size_t n_words)
{
	if (n_words <= set->n_words)
		return;
	set->words = xreallocarray(set->words, n_words, sizeof(*set->words));
	memset(set->words + set->n_words, 0,
	       (n_words - set->n_words) * sizeof(*set->words));
	set->n_words = n_words;
}

void bitset_add(struct bitset *set, unsigned bit)
{
	size_t word = bit / WORD_BITS;

	assert(bit < BITSET_MAX);
	make_room(set, word + 1);
	set->words[word] |= UINT64_C(1) << (bit % WORD_BITS);
}

void bitset_add_all(struct bitset *set, const struct bitset *other)
{
	make_room(set, other->n_words);
	for (size_t i = 0; i < other->n_words; i++)
		set->words[i] |= other->words[i];
}

void bitset_remove(struct bitset *set, unsigned bit)
{
	if (bitset_has(set, bit))
		set->words[bit / WORD_BITS] &= ~(UINT64_C(1) << (bit % WORD_BITS));
}

void bitset_remove_all(struct bitset *set, const struct bitset *other)
{
	for (size_t i = 0; i < MIN(set->n_words, other->n_words); i++)
		set->words[i] &= ~other->words[i];
}

bool bitset_has(const struct bitset *set, unsigned bit)
{
	size_t word = bit / WORD_BITS;

	return word < set->n_words && (set->words[word] >> (bit % WORD_BITS) & 1);
}

bool bitset_intersects(const struct bitset *a, const struct bitset *b)
{
	for (size_t i = 0; i < MIN(a->n_words, b->n_words); i++) {
		if (a->words[i] & b->words[i])
			return true;
	}
	return false;
}

bool bitset_is_empty(const struct bitset *set)
{
	return bitset_next(set, 0) == BITSET_MAX;
}

size_t bitset_count(const struct bitset *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n_words; i++)
		n += (size_t)__builtin_popcountll(set->words[i]);
	return n;
}

unsigned bitset_next(const struct bitset *set, unsigned from)
{
	for (size_t word = from / WORD_BITS; word < set->n_words; word++) {
		uint64_t bits = set->words[word];

		if (word == from / WORD_BITS)
			bits &= ~UINT64_C(0) << (from % WORD_BITS);
		if (bits)
			return (unsigned)(word * WORD_BITS) +
			       (unsigned)__builtin_ctzll(bits);
	}
	return BITSET_MAX;
}

static int parse_number(const char **s, unsigned *ret)
{
	unsigned long v;
	char *end;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	errno = 0;
	v = strtoul(*s, &end, 10);
	if (errno || v >= BITSET_MAX)
		return -ERANGE;
	*s = end;
	*ret = (unsigned)v;
	return 0;
}

/* Word by word: a list may have many long ranges. */
static void add_range(struct bitset *set, unsigned first, unsigned last)
{
	bitset_add(set, last);
	for (unsigned word = first / WORD_BITS; word <= last / WORD_BITS; word++) {
		uint64_t bits = ~UINT64_C(0);

		if (word == first / WORD_BITS)
			bits &= ~UINT64_C(0) << (first % WORD_BITS);
		if (word == last / WORD_BITS)
			bits &= ~UINT64_C(0) >> (WORD_BITS - 1 - last % WORD_BITS);
		set->words[word] |= bits;
	}
}

/* One item, "3", "0-7" or "^3", from *@s on. */
static int parse_item(const char **s, struct bitset *set)
{
	bool exclude = **s == '^';
	unsigned first, last;
	int r;

	*s += exclude;
	r = parse_number(s, &first);
	if (r < 0)
		return r;
	last = first;
	if (**s == '-' && !exclude) {
		(*s)++;
		r = parse_number(s, &last);
		if (r < 0)
			return r;
	}
	if (last < first)
		return -EINVAL;
	if (exclude)
		bitset_remove(set, first);
	else
		add_range(set, first, last);
	return 0;
}

int bitset_parse(const char *list, struct bitset *ret)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;
	const char *s = list;
	int r;

	while (*s) {
		r = parse_item(&s, &set);
		if (r < 0)
			return r;
		if (*s == ',' && s[1])
			s++;
		else if (*s)
			return -EINVAL;
	}
	bitset_done(ret);
	*ret = set;
	set = BITSET_NULL;
	return 0;
}

char *bitset_format(const struct bitset *set)
{
	_cleanup_strv_ struct strv items = STRV_NULL;

	for (unsigned first = bitset_next(set, 0); first != BITSET_MAX;) {
		unsigned last = first;

		while (bitset_has(set, last + 1))
			last++;
		if (last == first)
			strv_pushf(&items, "%u", first);
		else
			strv_pushf(&items, "%u-%u", first, last);
		first = bitset_next(set, last + 1);
	}
	return strv_join(&items, ",");
}

void bitset_done(struct bitset *set)
{
	free(set->words);
	*set = BITSET_NULL;
}

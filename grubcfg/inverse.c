// SPDX-License-Identifier: LGPL-2.1-or-later
/* A change taken out of another command line, as a merge of three lists; see inverse.h. */

#include <stdint.h>

#include "common/alloc.h"
#include "grubcfg/inverse.h"

#define NOWHERE SIZE_MAX

static bool has(const size_t *places, size_t n, size_t place)
{
	for (size_t i = 0; i < n; i++) {
		if (places[i] == place)
			return true;
	}
	return false;
}

/* Lengths of the longest common lists from each pair of places on. */
static size_t *common_lengths(const struct cmdline *a, const struct cmdline *b)
{
	size_t width = b->n + 1, *lengths = xcalloc((a->n + 1) * width, sizeof(*lengths));

	for (size_t i = a->n; i > 0; i--) {
		for (size_t j = b->n; j > 0; j--) {
			size_t *here = &lengths[(i - 1) * width + j - 1];

			if (cmdline_same_arg(&a->items[i - 1], &b->items[j - 1]))
				*here = lengths[i * width + j] + 1;
			else
				*here = MAX(lengths[i * width + j - 1],
					    lengths[(i - 1) * width + j]);
		}
	}
	return lengths;
}

/*
 * Where each argument of @a is in @b, or NOWHERE: first those in the same order, then the others. The caller
 * frees.
 */
static size_t *match(const struct cmdline *a, const struct cmdline *b)
{
	_cleanup_free_ size_t *lengths = common_lengths(a, b);
	size_t *places = xcalloc(a->n + 1, sizeof(*places)), width = b->n + 1;

	for (size_t i = 0; i < a->n; i++)
		places[i] = NOWHERE;
	for (size_t i = 0, j = 0; i < a->n && j < b->n;) {
		if (cmdline_same_arg(&a->items[i], &b->items[j]))
			places[i++] = j++;
		else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])
			i++;
		else
			j++;
	}
	for (size_t i = 0; i < a->n; i++) {
		for (size_t j = 0; places[i] == NOWHERE && j < b->n; j++) {
			if (cmdline_same_arg(&a->items[i], &b->items[j]) &&
			    !has(places, a->n, j))
				places[i] = j;
		}
	}
	return places;
}

struct merge {
	const struct cmdline *before;
	const struct cmdline *after;
	size_t *kept; /* where each of @after is in @before */
	size_t *present; /* where each of @after is in the line */
	bool *drop; /* of the line: it goes */
	const char **instead; /* of the line: another text */
	size_t *back_at; /* of @before: comes back before that place of the line, or NOWHERE */
};

static void merge_done(struct merge *merge)
{
	free(merge->kept);
	free(merge->present);
	free(merge->drop);
	free(merge->instead);
	free(merge->back_at);
}

/* The argument of @after that took the place of @before's, if any: each is asked for once. */
static size_t replacement_of(const struct merge *merge, bool *used, size_t index)
{
	for (size_t i = 0; i < merge->after->n; i++) {
		if (!used[i] && merge->kept[i] == NOWHERE &&
		    cmdline_same_name(merge->after->items[i].name,
				      merge->before->items[index].name)) {
			used[i] = true;
			return i;
		}
	}
	return NOWHERE;
}

/* Behind the nearest one before it that is in the line, else at the end. */
static size_t place_of(const struct merge *merge, const struct cmdline *line, size_t index)
{
	for (size_t i = index; i > 0; i--) {
		for (size_t j = 0; j < merge->after->n; j++) {
			if (merge->kept[j] == i - 1 && merge->present[j] < line->n_kernel)
				return merge->present[j] + 1;
		}
	}
	return line->n_kernel;
}

/* @line has it already, and not because @after has it. */
static bool has_by_itself(const struct merge *merge, const struct cmdline *line,
			  const struct arg *arg)
{
	for (size_t i = 0; i < line->n; i++) {
		if (cmdline_same_arg(&line->items[i], arg) &&
		    !has(merge->present, merge->after->n, i))
			return true;
	}
	return false;
}

static void plan(struct merge *merge, const struct cmdline *line)
{
	_cleanup_free_ bool *used = xcalloc(merge->after->n + 1, sizeof(*used));

	for (size_t i = 0; i < merge->after->n; i++) {
		if (merge->kept[i] == NOWHERE && merge->present[i] != NOWHERE)
			merge->drop[merge->present[i]] = true;
	}
	for (size_t i = 0; i < merge->before->n; i++) {
		const struct arg *arg = &merge->before->items[i];
		size_t new;

		merge->back_at[i] = NOWHERE;
		if (has(merge->kept, merge->after->n, i))
			continue;
		new = replacement_of(merge, used, i);
		if (new == NOWHERE) {
			if (!has_by_itself(merge, line, arg))
				merge->back_at[i] = place_of(merge, line, i);
		} else if (merge->present[new] != NOWHERE) {
			merge->drop[merge->present[new]] = false;
			merge->instead[merge->present[new]] = arg->raw;
		}
	}
}

/* From the end, so that what is not done yet keeps its place. */
static bool carry_out(const struct merge *merge, struct cmdline *line)
{
	bool changed = false;

	for (size_t at = line->n + 1; at > 0; at--) {
		size_t place = at - 1;

		if (place < line->n && !line->items[place].locked) {
			if (merge->drop[place])
				cmdline_remove(line, place);
			else if (merge->instead[place])
				cmdline_replace(line, place, merge->instead[place]);
			changed |= merge->drop[place] || merge->instead[place];
		}
		for (size_t i = merge->before->n; i > 0; i--) {
			if (merge->back_at[i - 1] != place)
				continue;
			(void)cmdline_insert(line, place, merge->before->items[i - 1].raw);
			changed = true;
		}
	}
	return changed;
}

bool inverse_apply(struct cmdline *line, const struct cmdline *before,
		   const struct cmdline *after)
{
	_cleanup_(merge_done) struct merge merge = { .before = before, .after = after };

	merge.kept = match(after, before);
	merge.present = match(after, line);
	merge.drop = xcalloc(line->n + 1, sizeof(*merge.drop));
	merge.instead = xcalloc(line->n + 1, sizeof(*merge.instead));
	merge.back_at = xcalloc(before->n + 1, sizeof(*merge.back_at));
	plan(&merge, line);
	return carry_out(&merge, line);
}

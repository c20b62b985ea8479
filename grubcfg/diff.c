// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Unified diff; see diff.h. The files are small, and what differs between two of their versions is a few
 * lines: the longest common subsequence of what is left between equal ends is found in a plain table.
 */

#include <stdint.h>
#include <stdio.h>

#include "common/alloc.h"
#include "common/strv.h"
#include "grubcfg/diff.h"

#define CONTEXT ((size_t)3)
#define TABLE_MAX (4U << 20) /* beyond, all in between is shown as replaced */

struct line {
	const char *text;
	size_t size; /* with its newline, if it has one */
};

struct lines {
	struct line *items;
	size_t n;
};

/* A script of ' ', '-' and '+', one character for each line of output. */
struct script {
	char *ops;
	size_t n;
};

static struct lines split(const char *text)
{
	struct lines lines = { 0 };

	while (*text) {
		size_t size = strcspn(text, "\n");

		size += text[size] == '\n';
		*ARRAY_PUSH(lines.items, lines.n) = (struct line){ text, size };
		text += size;
	}
	return lines;
}

static bool is_equal(const struct line *a, const struct line *b)
{
	return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

static void push(struct script *script, char op, size_t count)
{
	for (size_t i = 0; i < count; i++)
		*ARRAY_PUSH(script->ops, script->n) = op;
}

/* @table[i][j]: how many lines a[i..] and b[j..] have in common, in order. */
static uint32_t *fill_table(const struct line *a, size_t n, const struct line *b, size_t m)
{
	uint32_t *table = xcalloc((n + 1) * (m + 1), sizeof(*table));

	for (size_t i = n; i-- > 0;) {
		for (size_t j = m; j-- > 0;) {
			const uint32_t *row = table + i * (m + 1), *next = row + (m + 1);

			table[i * (m + 1) + j] = is_equal(&a[i], &b[j]) ?
							 next[j + 1] + 1 :
							 MAX(next[j], row[j + 1]);
		}
	}
	return table;
}

static void compare(const struct line *a, size_t n, const struct line *b, size_t m,
		    struct script *script)
{
	_cleanup_free_ uint32_t *table = NULL;
	size_t i = 0, j = 0;

	if ((n + 1) * (m + 1) <= TABLE_MAX)
		table = fill_table(a, n, b, m);
	while (table && i < n && j < m) {
		const uint32_t *row = table + i * (m + 1), *next = row + (m + 1);

		if (is_equal(&a[i], &b[j])) {
			push(script, ' ', 1);
			i++, j++;
		} else if (next[j] >= row[j + 1]) {
			push(script, '-', 1);
			i++;
		} else {
			push(script, '+', 1);
			j++;
		}
	}
	push(script, '-', n - i);
	push(script, '+', m - j);
}

static struct script make_script(const struct lines *a, const struct lines *b)
{
	struct script script = { 0 };
	size_t same = 0, end = 0, least = MIN(a->n, b->n);

	while (same < least && is_equal(&a->items[same], &b->items[same]))
		same++;
	while (end < least - same &&
	       is_equal(&a->items[a->n - 1 - end], &b->items[b->n - 1 - end]))
		end++;
	push(&script, ' ', same);
	compare(a->items + same, a->n - same - end, b->items + same, b->n - same - end,
		&script);
	push(&script, ' ', end);
	return script;
}

/* The end of the hunk that begins at @from: after the context of its last change. */
static size_t hunk_end(const struct script *script, size_t from)
{
	size_t last = from;

	for (size_t i = from; i < script->n && i <= last + 2 * CONTEXT + 1; i++) {
		if (script->ops[i] != ' ')
			last = i;
	}
	return MIN(last + 1 + CONTEXT, script->n);
}

/* "-N,COUNT": of an empty range, the line before it. */
static char *range(size_t start, size_t count)
{
	if (count == 1)
		return xasprintf("%zu", start + 1);
	return xasprintf("%zu,%zu", count ? start + 1 : start, count);
}

static void print_hunk(FILE *out, const struct script *script, size_t from, size_t to,
		       const struct line **a, const struct line **b, size_t *at_a,
		       size_t *at_b)
{
	_cleanup_free_ char *old = NULL, *new = NULL;
	size_t n = 0, m = 0;

	for (size_t i = from; i < to; i++) {
		n += script->ops[i] != '+';
		m += script->ops[i] != '-';
	}
	old = range(*at_a, n);
	new = range(*at_b, m);
	(void)fprintf(out, "@@ -%s +%s @@\n", old, new);
	for (size_t i = from; i < to; i++) {
		const struct line *line = script->ops[i] == '+' ? *b : *a;

		(void)fprintf(out, "%c%.*s", script->ops[i], (int)line->size, line->text);
		if (line->text[line->size - 1] != '\n')
			(void)fputs("\n\\ No newline at end of file\n", out);
		*a += script->ops[i] != '+';
		*b += script->ops[i] != '-';
	}
	*at_a += n;
	*at_b += m;
}

static void print_hunks(FILE *out, const struct script *script, const struct lines *a,
			const struct lines *b)
{
	const struct line *next_a = a->items, *next_b = b->items;
	size_t at = 0, at_a = 0, at_b = 0;

	for (;;) {
		size_t first = at, start, end;

		while (first < script->n && script->ops[first] == ' ')
			first++;
		if (first == script->n)
			return;
		start = first - at > CONTEXT ? first - CONTEXT : at;
		next_a += start - at;
		next_b += start - at;
		at_a += start - at;
		at_b += start - at;
		end = hunk_end(script, first);
		print_hunk(out, script, start, end, &next_a, &next_b, &at_a, &at_b);
		at = end;
	}
}

char *diff_unified(const char *path, const char *before, const char *after)
{
	struct lines a = split(before ? before : ""), b = split(after);
	struct script script = make_script(&a, &b);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		alloc_failed();
	if (memchr(script.ops ? script.ops : "", '-', script.n) ||
	    memchr(script.ops ? script.ops : "", '+', script.n)) {
		if (before)
			(void)fprintf(out, "--- a/%s\n", path);
		else
			(void)fprintf(out, "--- /dev/null\n");
		(void)fprintf(out, "+++ b/%s\n", path);
		print_hunks(out, &script, &a, &b);
	}
	if (fclose(out) != 0)
		alloc_failed();
	free(script.ops);
	free(a.items);
	free(b.items);
	return text;
}

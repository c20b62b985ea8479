// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pools of huge pages: KEY_BLOCK; see change.h and mm/hugetlb.c of Linux. A hugepages= counts pages of
 * the hugepagesz= or default_hugepagesz= before it, and of the default size where there is none; a
 * second count or a second mention of a size is ignored. So all steps here are about one size, its
 * "head", and the counts up to the next head.
 */

#include <ctype.h>
#include <inttypes.h>

#include "common/alloc.h"
#include "grubcfg/policy.h"

#define NONE SIZE_MAX

static bool is_default_head(const struct arg *arg)
{
	return cmdline_same_name(arg->name, "default_hugepagesz");
}

static bool is_head(const struct arg *arg)
{
	return cmdline_same_name(arg->name, "hugepagesz") || is_default_head(arg);
}

static bool is_count(const struct arg *arg)
{
	return cmdline_same_name(arg->name, "hugepages");
}

/* As the kernel's memparse(); 0 for what is no size. */
static uint64_t size_of(const char *text)
{
	static const char suffixes[] = "KMGTPE";
	char *end;
	const char *suffix;
	uint64_t size = strtoull(text, &end, 0);

	suffix = *end ? strchr(suffixes, toupper((unsigned char)*end)) : NULL;
	return suffix ? size << (10 * (suffix - suffixes + 1)) : size;
}

static bool same_size(const char *a, const char *b)
{
	return a && b && size_of(a) && size_of(a) == size_of(b);
}

/* The first head of that size, from @from on; @defaults: default_hugepagesz= too. */
static size_t find_head(const struct cmdline *line, const char *size, bool defaults,
			size_t from)
{
	for (size_t i = from; i < line->n_kernel; i++) {
		const struct arg *arg = &line->items[i];

		if (is_head(arg) && (defaults || !is_default_head(arg)) &&
		    same_size(arg->value, size))
			return i;
	}
	return NONE;
}

/* The first default_hugepagesz=, or NONE. */
static size_t find_default(const struct cmdline *line)
{
	for (size_t i = 0; i < line->n_kernel; i++) {
		if (is_default_head(&line->items[i]))
			return i;
	}
	return NONE;
}

/* The first count under @head (NONE: before any head), from @from on. */
static size_t find_count(const struct cmdline *line, size_t head, size_t from)
{
	for (size_t i = MAX(from, head == NONE ? 0 : head + 1); i < line->n_kernel; i++) {
		if (is_head(&line->items[i]))
			return NONE;
		if (is_count(&line->items[i]))
			return i;
	}
	return NONE;
}

static int remove_counts(struct cmdline *line, size_t head, size_t from, struct error *err)
{
	size_t count;

	while ((count = find_count(line, head, from)) != NONE) {
		int r = change_remove_at(line, count, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_head(struct cmdline *line, size_t head, struct error *err)
{
	int r = remove_counts(line, head, 0, err);

	return r < 0 ? r : change_remove_at(line, head, err);
}

/* ---------------------------------------------------------------- setting */

/* One count under @head, of which there is one at least. */
static int replace_count(struct cmdline *line, size_t head, const struct arg *wanted,
			 struct error *err)
{
	size_t count = find_count(line, head, 0);
	int r;

	if (!cmdline_same_arg(&line->items[count], wanted)) {
		r = change_replace_at(line, count, wanted->raw, err);
		if (r < 0)
			return r;
	}
	return remove_counts(line, head, count + 1, err);
}

/* Where a count of the default size has to stand. */
static size_t place_of_default_count(const struct cmdline *line)
{
	size_t first = find_default(line);

	if (first != NONE)
		return first + 1;
	for (size_t i = 0; i < line->n_kernel; i++) {
		if (is_head(&line->items[i]))
			return i;
	}
	return line->n_kernel;
}

/* A count that names no size: that of the only pool in the line, or of the default size. */
static int set_only_count(struct cmdline *line, const struct arg *wanted,
			  struct error *err)
{
	size_t head = NONE, found = NONE;
	unsigned pools = find_count(line, NONE, 0) != NONE;
	int r;

	for (size_t i = 0; i < line->n_kernel; i++) {
		if (is_head(&line->items[i]) && find_count(line, i, 0) != NONE) {
			found = i;
			pools++;
		}
	}
	if (pools > 1) {
		r = error_set(err, -EINVAL,
			      "%s does not say of which page size: there are %u of them",
			      wanted->raw, pools);
		error_remedy(err, "give hugepagesz=SIZE before it");
		return r;
	}
	if (pools == 1)
		head = found;
	if (pools == 1)
		return replace_count(line, head, wanted, err);
	(void)cmdline_insert(line, place_of_default_count(line), wanted->raw);
	return 0;
}

static int set_count(struct cmdline *line, const struct arg *wanted, const char *size,
		     struct error *err)
{
	size_t head;

	if (!size)
		return set_only_count(line, wanted, err);
	head = find_head(line, size, false, 0);
	if (head == NONE)
		head = find_head(line, size, true, 0);
	if (head == NONE)
		return error_set(err, -EINVAL,
				 "%s is of page size %s, which is not there", wanted->raw,
				 size);
	if (find_count(line, head, 0) != NONE)
		return replace_count(line, head, wanted, err);
	(void)cmdline_insert(line, head + 1, wanted->raw);
	return 0;
}

static int set_size(struct cmdline *line, const struct arg *wanted, struct error *err)
{
	size_t head = find_head(line, wanted->value, false, 0), other;

	if (head == NONE) {
		/* Below a default size that has a count the size would be a second mention. */
		other = find_head(line, wanted->value, true, 0);
		if (other != NONE && find_count(line, other, 0) != NONE)
			(void)cmdline_insert(line, other + 1, wanted->raw);
		else
			change_add(line, wanted->raw);
		return 0;
	}
	while ((other = find_head(line, wanted->value, false, head + 1)) != NONE) {
		int r = remove_head(line, other, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Another default size must not make other pages of what is counted under the old one. */
static int replace_default(struct cmdline *line, size_t head, const struct arg *wanted,
			   struct error *err)
{
	const struct arg *old = &line->items[head];

	if (same_size(old->value, wanted->value))
		return 0;
	if (find_count(line, head, 0) != NONE) {
		_cleanup_free_ char *raw =
			xasprintf("hugepagesz=%s", old->value ? old->value : "");

		(void)cmdline_insert(line, head + 1, raw);
	}
	return change_replace_at(line, head, wanted->raw, err);
}

static int set_default_size(struct cmdline *line, const struct arg *wanted,
			    struct error *err)
{
	size_t head = find_default(line), count = find_count(line, NONE, 0);
	size_t first = 0;
	int r;

	if (head == NONE && count != NONE) {
		r = error_set(err, -EINVAL,
			      "%s counts pages of the default size, and would count others "
			      "with %s",
			      line->items[count].raw, wanted->raw);
		error_remedy(err,
			     "remove hugepages first, or name its size with hugepagesz");
		return r;
	}
	if (head == NONE) {
		while (first < line->n_kernel && !is_head(&line->items[first]))
			first++;
		(void)cmdline_insert(line, first, wanted->raw);
		return 0;
	}
	for (size_t i = line->n_kernel - 1; i > head; i--) {
		if (!is_default_head(&line->items[i]))
			continue;
		r = remove_head(line, i, err);
		if (r < 0)
			return r;
	}
	return replace_default(line, head, wanted, err);
}

int change_pages_set(struct cmdline *line, const struct arg *arg, const char *size,
		     struct error *err)
{
	if (!arg->value)
		return error_set(err, -EINVAL, "%s needs a value", arg->raw);
	if (is_count(arg))
		return set_count(line, arg, size, err);
	if (size_of(arg->value) == 0)
		return error_set(err, -EINVAL, "%s: '%s' is not a page size", arg->raw,
				 arg->value);
	return is_default_head(arg) ? set_default_size(line, arg, err) :
				      set_size(line, arg, err);
}

/* ---------------------------------------------------------------- removing */

int change_pages_remove(struct cmdline *line, const struct arg *arg, const char *size,
			struct error *err)
{
	if (is_count(arg) && size)
		return 0; /* it went with its size */
	for (size_t i = line->n_kernel; i > 0; i--) {
		const struct arg *other = &line->items[i - 1];
		int r = 0;

		if (!cmdline_same_name(other->name, arg->name))
			continue;
		if (is_count(arg) && (!arg->value || cmdline_same_arg(other, arg)))
			r = change_remove_at(line, i - 1, err);
		else if (is_head(arg) &&
			 (!arg->value || same_size(other->value, arg->value)))
			r = remove_head(line, i - 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

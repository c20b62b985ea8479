// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parameters whose value is a list: KEY_FLAGS and KEY_LIST; see change.h and policy.h. */

#include <ctype.h>

#include "common/alloc.h"
#include "common/bitset.h"
#include "common/strv.h"
#include "grubcfg/policy.h"

static const char *separator(const struct key_rules *rules)
{
	return rules->separator == ';' ? ";" : ",";
}

static void split(struct strv *items, const struct key_rules *rules, const char *value)
{
	if (value)
		strv_split(items, value, separator(rules));
}

/* "name=a,b" in the kernel's quoting; the caller frees. NULL: there is no such quoting. */
static char *join(const struct key_rules *rules, const char *name,
		  const struct strv *items)
{
	_cleanup_free_ char *value = strv_join(items, separator(rules));
	const char *quote = strpbrk(value, " \t") ? "\"" : "";

	return strchr(value, '"') ? NULL :
				    xasprintf("%s=%s%s%s", name, quote, value, quote);
}

static int refuse_quotes(const struct arg *arg, struct error *err)
{
	int r = error_set(err, -EINVAL, "'%s' has double quotes inside its list",
			  arg->raw);

	error_remedy(err, "remove it first, then set the whole list");
	return r;
}

/* ---------------------------------------------------------------- CPUs and opposites */

static bool is_cpu_item(const char *item)
{
	return isdigit((unsigned char)item[0]) || item[0] == 'N' || STREQ(item, "all");
}

/* Every CPU of @item is in @items already. */
static bool has_cpus(const struct strv *items, const char *item)
{
	_cleanup_bitset_ struct bitset wanted = BITSET_NULL, there = BITSET_NULL;

	if (!is_cpu_item(item) || bitset_parse(item, &wanted) < 0)
		return false;
	strv_for_each(other, items) {
		_cleanup_bitset_ struct bitset some = BITSET_NULL;

		if (bitset_parse(other, &some) == 0)
			bitset_add_all(&there, &some);
	}
	bitset_for_each(cpu, &wanted) {
		if (!bitset_has(&there, cpu))
			return false;
	}
	return true;
}

static bool has_item(const struct key_rules *rules, const struct strv *items,
		     const char *item)
{
	return strv_contains(items, item) ||
	       (rules->kind == LIST_CPUS && has_cpus(items, item));
}

/* Words of isolcpus= stand before the CPUs. */
static void add_item(const struct key_rules *rules, struct strv *items, const char *item)
{
	size_t at = items->n;

	strv_push(items, item);
	if (rules->kind != LIST_CPUS || is_cpu_item(item))
		return;
	for (; at > 0 && is_cpu_item(items->items[at - 1]); at--) {
		char *cpus = items->items[at - 1];

		items->items[at - 1] = items->items[at];
		items->items[at] = cpus;
	}
}

static bool negates(const char *a, const char *b)
{
	return str_has_prefix(a, "no") && STREQ(a + 2, b);
}

/* "off" speaks against everything, "noX" against "X", and "x=1" against "x=2". */
static bool is_opposite(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	if (STREQ(a, b))
		return false;
	return STREQ(a, "off") || STREQ(b, "off") || negates(a, b) || negates(b, a) ||
	       (n == strcspn(b, "=") && strncmp(a, b, n) == 0);
}

static bool has_opposite(const struct strv *items, const char *item)
{
	strv_for_each(other, items) {
		if (is_opposite(other, item))
			return true;
	}
	return false;
}

/* ---------------------------------------------------------------- adding and removing */

/* Gives an occurrence another list; an empty one is no argument at all. */
static int set_items(struct cmdline *line, const struct key_rules *rules, size_t index,
		     const struct strv *items, struct error *err)
{
	_cleanup_free_ char *raw = NULL;

	if (items->n == 0)
		return change_remove_at(line, index, err);
	raw = join(rules, line->items[index].name, items);
	if (!raw)
		return refuse_quotes(&line->items[index], err);
	return change_replace_at(line, index, raw, err);
}

/* The list becomes one, in the place of the first. One that has all of it is left as it is. */
static int merge(struct cmdline *line, const struct key_rules *rules,
		 const struct arg *arg, const struct strv *new, struct error *err)
{
	_cleanup_strv_ struct strv items = STRV_NULL;
	_cleanup_cmdline_ struct cmdline merged = { 0 };
	_cleanup_free_ char *raw = NULL;
	size_t occurrences = 0, known;

	for (size_t i = 0; i < line->n_kernel; i++) {
		_cleanup_strv_ struct strv some = STRV_NULL;

		if (!cmdline_same_name(line->items[i].name, arg->name))
			continue;
		occurrences++;
		split(&some, rules, line->items[i].value);
		strv_for_each(item, &some) {
			if (!strv_contains(&items, item))
				add_item(rules, &items, item);
		}
	}
	known = items.n;
	strv_for_each(item, new) {
		if (!has_item(rules, &items, item))
			add_item(rules, &items, item);
	}
	if (occurrences == 1 && items.n == known)
		return 0;
	raw = join(rules, arg->name, &items);
	if (!raw)
		return refuse_quotes(arg, err);
	cmdline_parse(&merged, raw, ARG_NEW);
	return change_collapse(line, &merged.items[0], err);
}

/* The words that speak against the new ones go, each occurrence keeping the rest. */
static int drop_opposites_of(struct cmdline *line, const struct key_rules *rules,
			     const struct arg *arg, const struct strv *new,
			     struct error *err)
{
	for (size_t i = line->n_kernel; i > 0; i--) {
		_cleanup_strv_ struct strv items = STRV_NULL, rest = STRV_NULL;
		int r;

		if (!cmdline_same_name(line->items[i - 1].name, arg->name))
			continue;
		split(&items, rules, line->items[i - 1].value);
		strv_for_each(item, &items) {
			if (strv_contains(new, item) || !has_opposite(new, item))
				strv_push(&rest, item);
		}
		if (rest.n == items.n)
			continue;
		if (rest.n == 0) { /* the new ones take its place */
			r = change_replace_at(line, i - 1, arg->raw, err);
		} else {
			r = set_items(line, rules, i - 1, &rest, err);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* New flags go to the last occurrence that can be changed. */
static int add_flags(struct cmdline *line, const struct key_rules *rules,
		     const struct arg *arg, const struct strv *new, struct error *err)
{
	_cleanup_strv_ struct strv all = STRV_NULL, items = STRV_NULL;
	size_t target = line->n, known;

	for (size_t i = 0; i < line->n_kernel; i++) {
		if (!cmdline_same_name(line->items[i].name, arg->name))
			continue;
		split(&all, rules, line->items[i].value);
		if (!line->items[i].locked)
			target = i;
	}
	if (target < line->n)
		split(&items, rules, line->items[target].value);
	known = items.n;
	strv_for_each(item, new) {
		if (!strv_contains(&all, item))
			strv_push(&items, item);
	}
	if (items.n == known)
		return 0;
	if (target < line->n)
		return set_items(line, rules, target, &items, err);
	change_add(line, arg->raw);
	return 0;
}

int change_list_add(struct cmdline *line, const struct key_rules *rules,
		    const struct arg *arg, bool drop_opposites, struct error *err)
{
	_cleanup_strv_ struct strv new = STRV_NULL;
	int r;

	split(&new, rules, arg->value);
	if (!cmdline_last(line, arg->name)) {
		change_add(line, arg->raw);
		return 0;
	}
	if (new.n == 0)
		return 0;
	if (rules->policy == KEY_LIST)
		return merge(line, rules, arg, &new, err);
	if (drop_opposites && rules->kind == LIST_OPPOSITES) {
		r = drop_opposites_of(line, rules, arg, &new, err);
		if (r < 0)
			return r;
	}
	return add_flags(line, rules, arg, &new, err);
}

int change_list_remove(struct cmdline *line, const struct key_rules *rules,
		       const struct arg *arg, struct error *err)
{
	_cleanup_strv_ struct strv unwanted = STRV_NULL;

	split(&unwanted, rules, arg->value);
	for (size_t i = line->n_kernel; i > 0; i--) {
		_cleanup_strv_ struct strv items = STRV_NULL, rest = STRV_NULL;
		int r;

		if (!cmdline_same_name(line->items[i - 1].name, arg->name))
			continue;
		split(&items, rules, line->items[i - 1].value);
		strv_for_each(item, &items) {
			if (!strv_contains(&unwanted, item))
				strv_push(&rest, item);
		}
		if (rest.n == items.n)
			continue;
		r = set_items(line, rules, i - 1, &rest, err);
		if (r < 0)
			return r;
	}
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which CPUs each of many things may use; see affinity-map.h. */

#include <ctype.h>
#include <limits.h>

#include "common/alloc.h"
#include "common/strv.h"
#include "hook/affinity-map.h"

/* More than any host has interrupts, or kernel threads (PID_MAX_LIMIT): the text is damaged. */
#define IDS_MAX (1U << 22)

void affinity_map_add(struct affinity_map *map, unsigned id, const char *cpus)
{
	struct affinity *item = ARRAY_PUSH(map->items, map->n);

	item->id = id;
	item->cpus = xstrdup(cpus);
}

static int compare_ids(const void *a, const void *b)
{
	const struct affinity *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

const char *affinity_map_get(const struct affinity_map *map, unsigned id)
{
	const struct affinity key = { .id = id }, *found = NULL;

	if (map->n)
		found = bsearch(&key, map->items, map->n, sizeof(key), compare_ids);
	return found ? found->cpus : NULL;
}

/* ---- groups ---- */

static int compare_cpus(const void *a, const void *b)
{
	const struct affinity *x = a, *y = b;
	int order = strcmp(x->cpus, y->cpus);

	return order ? order : compare_ids(x, y);
}

/* "1,9,24-400" of @n items in ascending order. */
static char *format_ids(const struct affinity *items, size_t n)
{
	_cleanup_strv_ struct strv words = STRV_NULL;

	for (size_t i = 0, last; i < n; i = last + 1) {
		last = i;
		while (last + 1 < n && items[last + 1].id == items[last].id + 1)
			last++;
		if (last == i)
			strv_pushf(&words, "%u", items[i].id);
		else
			strv_pushf(&words, "%u-%u", items[i].id, items[last].id);
	}
	return strv_join(&words, ",");
}

void affinity_map_group(const struct affinity_map *map, struct affinity_groups *ret)
{
	_cleanup_free_ struct affinity *order =
		xreallocarray(NULL, map->n + 1, sizeof(*order));

	*ret = (struct affinity_groups){ 0 };
	for (size_t i = 0; i < map->n; i++)
		order[i] = map->items[i]; /* borrows the text */
	qsort(order, map->n, sizeof(*order), compare_cpus);
	for (size_t i = 0, end; i < map->n; i = end) {
		struct affinity_group *group;

		end = i + 1;
		while (end < map->n && STREQ(order[end].cpus, order[i].cpus))
			end++;
		group = ARRAY_PUSH(ret->items, ret->n);
		group->cpus = xstrdup(order[i].cpus);
		group->ids = format_ids(order + i, end - i);
	}
}

/* ---- text ---- */

char *affinity_map_format(const struct affinity_map *map)
{
	_cleanup_affinity_groups_ struct affinity_groups groups = { 0 };
	_cleanup_strv_ struct strv words = STRV_NULL;

	affinity_map_group(map, &groups);
	for (size_t i = 0; i < groups.n; i++)
		strv_pushf(&words, "%s=%s", groups.items[i].cpus, groups.items[i].ids);
	return strv_join(&words, ";");
}

static int parse_id(const char **s, unsigned *ret)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	errno = 0;
	value = strtoul(*s, &end, 10);
	if (errno || value >= UINT_MAX)
		return -ERANGE;
	*s = end;
	*ret = (unsigned)value;
	return 0;
}

/* "9" or "24-400" from *@s on. */
static int parse_range(const char **s, unsigned **ids, size_t *n)
{
	unsigned first, last;
	int r = parse_id(s, &first);

	if (r < 0)
		return r;
	last = first;
	if (**s == '-') {
		(*s)++;
		r = parse_id(s, &last);
		if (r < 0)
			return r;
	}
	if (last < first)
		return -EINVAL;
	if (last - first >= IDS_MAX - *n)
		return -ERANGE;
	for (unsigned id = first; id <= last; id++)
		*ARRAY_PUSH(*ids, *n) = id;
	return 0;
}

int affinity_ids_parse(const char *text, unsigned **ret, size_t *ret_n)
{
	_cleanup_free_ unsigned *ids = NULL;
	size_t n = 0;

	do {
		int r = parse_range(&text, &ids, &n);

		if (r < 0)
			return r;
		if (*text && *text != ',')
			return -EINVAL;
	} while (*text++);
	*ret = TAKE_PTR(ids);
	*ret_n = n;
	return 0;
}

static int parse_group(char *text, struct affinity_map *map)
{
	_cleanup_free_ unsigned *ids = NULL;
	char *equals = strchr(text, '=');
	size_t n = 0;
	int r;

	if (!equals)
		return -EINVAL;
	*equals = '\0';
	r = affinity_ids_parse(equals + 1, &ids, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		affinity_map_add(map, ids[i], text);
	return r;
}

int affinity_map_parse(const char *text, struct affinity_map *ret)
{
	_cleanup_affinity_map_ struct affinity_map map = AFFINITY_MAP_NULL;
	_cleanup_strv_ struct strv groups = STRV_NULL;

	strv_split(&groups, text, ";");
	for (size_t i = 0; i < groups.n; i++) {
		int r = parse_group(groups.items[i], &map);

		if (r < 0)
			return r;
	}
	if (map.n)
		qsort(map.items, map.n, sizeof(*map.items), compare_ids);
	*ret = map;
	map = AFFINITY_MAP_NULL;
	return 0;
}

void affinity_map_done(struct affinity_map *map)
{
	for (size_t i = 0; i < map->n; i++)
		free(map->items[i].cpus);
	free(map->items);
	*map = AFFINITY_MAP_NULL;
}

void affinity_groups_done(struct affinity_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++) {
		free(groups->items[i].cpus);
		free(groups->items[i].ids);
	}
	free(groups->items);
	*groups = (struct affinity_groups){ 0 };
}

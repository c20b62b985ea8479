// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory of the host; see host-memory.h. */

#include <inttypes.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/host-memory.h"

#define POOL_DIR "sys/devices/system/node/node%u/hugepages/hugepages-%" PRIu64 "kB"
#define GLOBAL_DIR "sys/kernel/mm/hugepages"

char *pool_name(const struct pool *pool)
{
	return xasprintf("node%u/%" PRIu64 "kB", pool->node, pool->size_kib);
}

int pool_parse(const char *name, struct pool *ret)
{
	_cleanup_strv_ struct strv parts = STRV_NULL;
	char *unit;

	strv_split(&parts, name, "/");
	if (parts.n != 2 || !str_has_prefix(parts.items[0], "node"))
		return -EINVAL;
	unit = strstr(parts.items[1], "kB");
	if (!unit || unit[2])
		return -EINVAL;
	*unit = '\0';
	if (parse_unsigned(parts.items[0] + strlen("node"), &ret->node) < 0)
		return -EINVAL;
	return parse_u64(parts.items[1], &ret->size_kib);
}

int pool_read(const struct sysroot *root, const struct pool *pool, struct pool_state *ret)
{
	uint64_t total = 0, free = 0, surplus = 0;
	int r;

	r = sysroot_read_u64(root, &total, POOL_DIR "/nr_hugepages", pool->node,
			     pool->size_kib);
	if (r == 0)
		r = sysroot_read_u64(root, &free, POOL_DIR "/free_hugepages", pool->node,
				     pool->size_kib);
	if (r == 0)
		r = sysroot_read_u64(root, &surplus, POOL_DIR "/surplus_hugepages",
				     pool->node, pool->size_kib);
	if (r < 0)
		return r;
	/* The counters are read one after the other: never below zero. */
	ret->persistent = total - MIN(surplus, total);
	ret->free = free;
	ret->surplus = surplus;
	return 0;
}

int pool_write(const struct sysroot *root, const struct pool *pool, uint64_t persistent)
{
	_cleanup_free_ char *value = xasprintf("%" PRIu64, persistent);

	return sysroot_write(root, value, POOL_DIR "/nr_hugepages", pool->node,
			     pool->size_kib);
}

int hugepage_sizes(const struct sysroot *root, struct strv *ret)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	int r = sysroot_list(root, &names, GLOBAL_DIR);

	if (r < 0)
		return r;
	strv_for_each(name, &names) {
		const char *digits = name + strcspn(name, "0123456789");

		strv_push_take(ret, xstrndup(digits, strspn(digits, "0123456789")));
	}
	strv_sort(ret);
	return 0;
}

/* The number behind "<key>:" in a text like /proc/meminfo. */
static int find_kib(const char *text, const char *key, uint64_t *ret)
{
	const char *s = strstr(text, key);
	_cleanup_free_ char *number = NULL;

	if (!s)
		return -ENOENT;
	s += strlen(key);
	s += strspn(s, ": \t");
	number = xstrndup(s, strspn(s, "0123456789"));
	return parse_u64(number, ret);
}

int hugepage_default_size(const struct sysroot *root, uint64_t *ret)
{
	_cleanup_free_ char *text = NULL;
	int r = sysroot_read(root, &text, "proc/meminfo");

	return r < 0 ? r : find_kib(text, "Hugepagesize", ret);
}

int hugepage_reserved(const struct sysroot *root, uint64_t size_kib, uint64_t *ret)
{
	return sysroot_read_u64(root, ret,
				GLOBAL_DIR "/hugepages-%" PRIu64 "kB/resv_hugepages",
				size_kib);
}

int node_memory_read(const struct sysroot *root, unsigned node, struct node_memory *ret)
{
	_cleanup_free_ char *text = NULL;
	int r = sysroot_read(root, &text, "sys/devices/system/node/node%u/meminfo", node);

	if (r == 0)
		r = find_kib(text, "MemTotal", &ret->total_kib);
	if (r == 0)
		r = find_kib(text, "MemFree", &ret->free_kib);
	return r;
}

char *size_format(uint64_t kib)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (unit + 1 < ARRAY_SIZE(units) && kib && kib % 1024 == 0) {
		kib /= 1024;
		unit++;
	}
	return xasprintf("%" PRIu64 " %s", kib, units[unit]);
}

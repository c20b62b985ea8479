// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pages of all sizes: see verify-see.h. */

#include <inttypes.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "grubcfg/value.h"
#include "grubcfg/verify-see.h"

/* The kernel's default page size in KiB, or 0. */
static uint64_t default_page_kib(const struct probe *p)
{
	_cleanup_free_ char *text = NULL, *number = NULL;
	uint64_t kib = 0;
	const char *at;

	if (sysroot_read_file(p->tree->root, 1U << 20, &text, NULL, "proc/meminfo") < 0)
		return 0;
	at = strstr(text, "Hugepagesize:");
	if (!at)
		return 0;
	at += strlen("Hugepagesize:");
	at += strspn(at, " \t");
	number = xstrndup(at, strcspn(at, " \t\n"));
	return parse_u64(number, &kib) < 0 ? 0 : kib;
}

static void judge_pages(const char *path, uint64_t seen, uint64_t wanted,
			struct finding *ret)
{
	if (seen >= wanted) {
		if (ret->verdict != VERDICT_NO_EFFECT)
			finding_set(ret, VERDICT_IN_EFFECT, "/%s is %" PRIu64, path, seen);
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT, "/%s is %" PRIu64 ", not %" PRIu64, path,
		    seen, wanted);
	finding_remedy(
		ret,
		"there was not enough memory in one piece: ask for fewer pages, or for "
		"smaller ones");
}

static void see_pages_of_nodes(const struct probe *p, uint64_t kib, struct finding *ret)
{
	_cleanup_strv_ struct strv parts = STRV_NULL;

	strv_split(&parts, p->arg->value, ",");
	strv_for_each(part, &parts) {
		_cleanup_free_ char *node = xstrndup(part, strcspn(part, ":"));
		_cleanup_free_ char *path = NULL;
		uint64_t seen = 0, wanted;

		if (parse_u64(part + strlen(node) + 1, &wanted) < 0)
			continue;
		path = xasprintf("sys/devices/system/node/node%s/hugepages/"
				 "hugepages-%" PRIu64 "kB/nr_hugepages",
				 node, kib);
		if (sysroot_read_u64(p->tree->root, &seen, "%s", path) < 0)
			seen = 0;
		judge_pages(path, seen, wanted, ret);
	}
}

void see_hugepages(const struct probe *p, struct finding *ret)
{
	uint64_t kib = p->page_kib ? p->page_kib : default_page_kib(p), wanted, seen;
	_cleanup_free_ char *path = NULL;

	if (kib == 0 || value_pages(p->arg->value, &wanted) < 0)
		return;
	path = xasprintf("sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
			 kib);
	if (sysroot_read_u64(p->tree->root, &seen, "%s", path) < 0) {
		finding_set(ret, VERDICT_NO_EFFECT, "there is no /%s", path);
		finding_remedy(ret, "this kernel or processor has no pages of that size");
		return;
	}
	if (strchr(p->arg->value, ':'))
		see_pages_of_nodes(p, kib, ret);
	else
		judge_pages(path, seen, wanted, ret);
}

void see_page_size(const struct probe *p, struct finding *ret)
{
	uint64_t kib = value_page_kib(p->arg->value);
	_cleanup_free_ char *path =
		xasprintf("sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB", kib);

	if (sysroot_exists(p->tree->root, "%s", path)) {
		finding_set(ret, VERDICT_IN_EFFECT, "there is /%s", path);
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT, "there is no /%s", path);
	finding_remedy(ret, "this kernel or processor has no pages of that size");
}

void see_default_page_size(const struct probe *p, struct finding *ret)
{
	uint64_t wanted = value_page_kib(p->arg->value), seen = default_page_kib(p);

	if (seen == 0)
		return;
	finding_set(ret, seen == wanted ? VERDICT_IN_EFFECT : VERDICT_NO_EFFECT,
		    "Hugepagesize of /proc/meminfo is %" PRIu64 " kB", seen);
	if (seen != wanted)
		finding_remedy(ret,
			       "this kernel or processor has no pages of that size, or an "
			       "earlier default_hugepagesz= counts");
}

void see_thp(const struct probe *p, struct finding *ret)
{
	static const char path[] = "sys/kernel/mm/transparent_hugepage/enabled";
	_cleanup_free_ char *text = NULL, *word = NULL;

	if (sysroot_read(p->tree->root, &text, "%s", path) < 0) {
		finding_set(ret, VERDICT_NO_EFFECT, "there is no /%s", path);
		finding_remedy(
			ret,
			"this kernel has no transparent hugepages: remove the argument");
		return;
	}
	word = xasprintf("[%s]", p->arg->value ? p->arg->value : "");
	if (strstr(text, word)) {
		finding_set(ret, VERDICT_IN_EFFECT, "/%s is '%s'", path, text);
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT, "/%s is '%s'", path, text);
	finding_remedy(
		ret, "see what changes it after the boot: tuned, tmpfiles.d, sysfs.conf");
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* The QEMU process of a domain; see qemu-process.h. */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/alloc.h"
#include "common/bounded.h"
#include "common/deadline.h"
#include "common/parse.h"
#include "hook/qemu-process.h"

#define CMDLINE_SIZE_MAX (1U << 20)
#define MAPS_SIZE_MAX (64U << 20)
#define READ_TIMEOUT_MS 1000

struct look {
	const struct sysroot *root;
	unsigned pid;
	const char *uuid;
	unsigned node;
	uint64_t size_kib;
};

static int match_in_child(void *arg, struct error *err)
{
	const struct look *look = arg;
	_cleanup_free_ char *cmdline = NULL;
	size_t size = 0;
	int r = sysroot_read_file(look->root, CMDLINE_SIZE_MAX, &cmdline, &size,
				  "proc/%u/cmdline", look->pid);

	if (r < 0)
		return error_set(err, r, "%s", strerror(-r));
	return memmem(cmdline, size, look->uuid, strlen(look->uuid)) ? 1 : 0;
}

int qemu_find(const struct sysroot *root, const char *domain, const char *uuid, pid_t *ret)
{
	struct look look = { .root = root, .uuid = uuid };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *text = NULL;
	int r;

	r = sysroot_read(root, &text, "run/libvirt/qemu/%s.pid", domain);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = parse_unsigned(text, &look.pid);
	if (r < 0)
		return r;
	if (!sysroot_exists(root, "proc/%u", look.pid))
		return 0;
	r = bounded_look(match_in_child, &look, deadline_in_ms(READ_TIMEOUT_MS), &err);
	/* A process that does not even answer this is there, and is libvirt's. */
	if (r == 1 || r == -ETIMEDOUT) {
		*ret = (pid_t)look.pid;
		return 1;
	}
	return r == -ENOENT || r == -ESRCH ? 0 : r;
}

/* "... N0=512 N1=3 kernelpagesize_kB=2048": the pages on a node, if the size is this one. */
static uint64_t pages_in_line(const char *line, unsigned node, uint64_t size_kib)
{
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *count = xasprintf("N%u=", node);
	_cleanup_free_ char *size = xasprintf("kernelpagesize_kB=%" PRIu64, size_kib);
	uint64_t pages = 0;

	strv_split(&words, line, " ");
	strv_for_each(word, &words) {
		if (str_has_prefix(word, count))
			(void)!parse_u64(word + strlen(count), &pages);
	}
	return strv_contains(&words, size) ? pages : 0;
}

static int count_in_child(void *arg, struct error *err)
{
	const struct look *look = arg;
	_cleanup_strv_ struct strv lines = STRV_NULL;
	_cleanup_free_ char *maps = NULL;
	uint64_t pages = 0;
	int r = sysroot_read_file(look->root, MAPS_SIZE_MAX, &maps, NULL,
				  "proc/%u/numa_maps", look->pid);

	if (r < 0)
		return error_set(err, r, "%s", strerror(-r));
	strv_split(&lines, maps, "\n");
	strv_for_each(line, &lines) {
		if (strstr(line, " huge "))
			pages += pages_in_line(line, look->node, look->size_kib);
	}
	return error_set(err, 0, "%" PRIu64, pages);
}

int qemu_hugepages(const struct sysroot *root, pid_t pid, unsigned node,
		   uint64_t size_kib, uint64_t *ret)
{
	struct look look = {
		.root = root, .pid = (unsigned)pid, .node = node, .size_kib = size_kib
	};
	_cleanup_error_ struct error err = ERROR_NULL;
	int r = bounded_look(count_in_child, &look, deadline_in_ms(READ_TIMEOUT_MS), &err);

	if (r < 0)
		return r;
	return parse_u64(err.cause ? err.cause : "", ret);
}

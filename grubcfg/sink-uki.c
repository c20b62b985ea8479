// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The arguments in a unified kernel image: its section .cmdline. The image is measured and may be signed, so
 * it is only read; its tool makes it anew. systemd-boot counts tries in the names of images, too.
 */

#include <fcntl.h>

#include "common/alloc.h"
#include "common/replace.h"
#include "grubcfg/bls.h"
#include "grubcfg/pe.h"
#include "grubcfg/uki.h"

#define CMDLINE_MAX (1U << 20)
#define SUFFIX ".efi"

bool uki_is_name(const char *name)
{
	size_t n = strlen(name), m = strlen(SUFFIX);

	return n > m && STREQ(name + n - m, SUFFIX);
}

char *uki_id(const char *name)
{
	_cleanup_free_ char *stem = xstrndup(name, strlen(name) - strlen(SUFFIX));

	return bls_id(stem, NULL);
}

void uki_names(const struct sysroot *root, const char *path, struct strv *ret)
{
	const char *name = path_name(path);
	_cleanup_free_ char *directory = xstrndup(path, (size_t)(name - path));
	_cleanup_free_ char *id = uki_id(name);
	_cleanup_strv_ struct strv names = STRV_NULL;

	/* A directory that cannot be read has none that could be opened. */
	if (sysroot_list(root, &names, "%s", directory) < 0)
		return;
	strv_for_each(other, &names) {
		_cleanup_free_ char *other_id = NULL;

		if (!uki_is_name(other))
			continue;
		other_id = uki_id(other);
		if (STREQ(id, other_id))
			strv_pushf(ret, "%s%s", directory, other);
	}
}

/* The newest of its names is what the tool made last; the caller frees. */
static char *newest(const struct sysroot *root, const char *path)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	struct timespec best = { 0 };
	char *ret = xstrdup(path);

	uki_names(root, path, &names);
	strv_for_each(name, &names) {
		struct stat st;

		if (sysroot_stat(root, &st, "%s", name) < 0 ||
		    st.st_mtim.tv_sec < best.tv_sec ||
		    (st.st_mtim.tv_sec == best.tv_sec &&
		     st.st_mtim.tv_nsec <= best.tv_nsec))
			continue;
		best = st.st_mtim;
		free(ret);
		ret = xstrdup(name);
	}
	return ret;
}

static int uki_read(const struct tree *tree, const struct sink *sink, struct cmdline *ret,
		    struct error *err)
{
	_cleanup_free_ char *path = newest(tree->root, sink->path), *text = NULL;
	_cleanup_close_ int fd =
		sysroot_openf(tree->root, O_RDONLY | O_NONBLOCK | O_NOCTTY, "%s", path);
	size_t size;
	int r = fd < 0 ? fd : pe_section(fd, ".cmdline", CMDLINE_MAX, &text, &size);

	if (r == -ENOENT && fd >= 0) {
		(void)error_set(err, -EBADMSG, "'/%s' has no section .cmdline", path);
		return -EBADMSG;
	}
	if (r == -EBADMSG) {
		(void)error_set(err, r, "'/%s' is not a whole EFI image", path);
		return r;
	}
	if (r < 0) {
		(void)error_set(err, r, "failed to read '/%s': %s", path, strerror(-r));
		if (r == -EACCES)
			error_remedy(err, "run it as root");
		return r;
	}
	cmdline_parse(ret, text, 0); /* up to the first NUL, with which some tools pad */
	return 0;
}

const struct sink_type sink_uki = { "unified kernel image", uki_read, NULL };

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree that is read and changed: "/" of the running host, or a captured or simulated host.
 *
 * This is the only place that opens paths of the kernel's file systems. Paths are given without
 * a leading slash ("sys/devices/..."), as printf() formats, and resolved with openat2(2)
 * RESOLVE_IN_ROOT, so that neither ".." nor an absolute symbolic link leaves the tree. Nothing
 * is ever created below sys/ or proc/.
 *
 * Unless said otherwise functions return 0 or a negative errno and log nothing. A tree
 * other than "/" needs Linux >= 5.6.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/macro.h"
#include "common/strv.h"

struct sysroot {
	int fd; /* the root directory, O_PATH */
	bool is_host; /* it is the running host's own root */
};

#define SYSROOT_NULL ((struct sysroot){ -1, false })

/* Opens @dir as root; -ENOSYS: this kernel cannot keep us inside it. */
int sysroot_open(const char *dir, struct sysroot *ret) _must_check_;
void sysroot_close(struct sysroot *root);

/* As openat(2) with O_CLOEXEC; returns the new descriptor. */
int sysroot_openf(const struct sysroot *root, int flags, const char *fmt, ...)
	_printf_(3, 4);

/*
 * Reads an attribute with a single read(2), as virtual files want, without its final newline;
 * the caller frees. Attributes are at most a page; sysroot_read_file() reads more, up to @max
 * bytes (-EFBIG beyond), and returns the size in *@ret_size where that is not NULL.
 */
int sysroot_read(const struct sysroot *root, char **ret, const char *fmt, ...)
	_printf_(3, 4) _must_check_;
int sysroot_read_u64(const struct sysroot *root, uint64_t *ret, const char *fmt, ...)
	_printf_(3, 4) _must_check_;
int sysroot_read_file(const struct sysroot *root, size_t max, char **ret,
		      size_t *ret_size, const char *fmt, ...) _printf_(5, 6) _must_check_;

/* As sysroot_read_file(), of a descriptor from its present position on. */
int fd_read_all(int fd, size_t max, char **ret, size_t *ret_size) _must_check_;

/* Writes @value in a single write(2); a short write is -EIO. */
int sysroot_write(const struct sysroot *root, const char *value, const char *fmt, ...)
	_printf_(3, 4) _must_check_;

/* The last component of a symbolic link's target ("vfio-pci" of .../driver); the caller frees. */
int sysroot_readlink_name(const struct sysroot *root, char **ret, const char *fmt, ...)
	_printf_(3, 4) _must_check_;

/* The whole target text of a symbolic link; the caller frees. */
int sysroot_readlink(const struct sysroot *root, char **ret, const char *fmt, ...)
	_printf_(3, 4) _must_check_;

bool sysroot_exists(const struct sysroot *root, const char *fmt, ...) _printf_(2, 3);

/* Follows symbolic links. */
int sysroot_stat(const struct sysroot *root, struct stat *ret, const char *fmt, ...)
	_printf_(3, 4) _must_check_;

/* Appends the names in a directory to @ret, sorted, without those that begin with a dot. */
int sysroot_list(const struct sysroot *root, struct strv *ret, const char *fmt, ...)
	_printf_(3, 4) _must_check_;

/* As sysroot_list(), only real sub-directories: no links, no files. */
int sysroot_list_dirs(const struct sysroot *root, struct strv *ret, const char *fmt, ...)
	_printf_(3, 4) _must_check_;

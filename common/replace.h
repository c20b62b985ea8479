/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files replaced as a whole, keeping what they are apart from their bytes.
 *
 * At every moment a reader finds the old file or the new one, complete. Several files are brought to
 * the disk together, so that many of them cost little more than one:
 *
 *	file_image_read(root, path, max, &old);
 *	new = file_image_with(&old, bytes, size);
 *	replace_batch_add(&batch, root, path, &new, 0, &err);	a new file beside the old one
 *	replace_batch_publish(&batch, &err);	it takes the old one's place, for good
 *	replace_batch_done(&batch);		removes what was not published
 *
 * Symbolic links are followed within the root: the link stays, its target is replaced. Two processes
 * must not replace the same file at the same time.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "common/error.h"
#include "common/strv.h"
#include "common/sync.h"
#include "common/sysroot.h"

struct xattr {
	char *name;
	char *value;
	size_t size;
};

/* The part of a path after its last slash. */
const char *path_name(const char *path);

/* A file at one time: bytes, and all else that belongs to it; or that there was none. */
struct file_image {
	bool exists;
	char *data; /* NUL-terminated beyond its size */
	size_t size;
	mode_t mode; /* permissions only */
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
	struct xattr *xattrs; /* with ACLs and the SELinux label */
	size_t n_xattrs;
};

/*
 * Reads a file and its metadata. No file there is success, with @ret->exists false. -EFBIG above @max,
 * -EINVAL: not a regular file.
 */
int file_image_read(const struct sysroot *root, const char *path, size_t max,
		    struct file_image *ret) _must_check_;
/* Same bytes, owner, permissions, attributes and time. */
bool file_image_equal(const struct file_image *a, const struct file_image *b);
/* A copy of @image with other bytes. */
struct file_image file_image_with(const struct file_image *image, const char *data,
				  size_t size);
void file_image_done(struct file_image *image);
#define _cleanup_file_image_ _cleanup_(file_image_done)

enum replace_flags {
	REPLACE_KEEP_TIME = 1, /* the image's mtime too, not that of now */
	REPLACE_IN_PLACE = 2, /* rewrite the same blocks; the size must not change */
};

struct replacement {
	int dir; /* where the file itself is, links resolved */
	int fd; /* of the new bytes; -1: the file will be removed */
	char *path; /* links resolved */
	const char *name; /* the end of path: in dir */
	char *temporary; /* in dir, while there is one */
	struct file_image image; /* in place: what publish writes */
	unsigned flags;
};

#define REPLACEMENT_NULL ((struct replacement){ .dir = -1, .fd = -1 })

/*
 * Writes @image beside the file @path, which need not exist. An image that does not exist stands for the
 * removal of the file. In place nothing is written before replace_publish(). 0 or a negative errno
 * with @err set.
 */
int replace_begin(const struct sysroot *root, const char *path,
		  const struct file_image *image, unsigned flags, struct replacement *ret,
		  struct error *err) _must_check_;
/* The file is the new one from here on: 0 or a negative errno with @err set. */
int replace_publish(struct replacement *replacement, struct error *err) _must_check_;
void replace_done(struct replacement *replacement);
#define _cleanup_replacement_ _cleanup_(replace_done)

/* Removes what a process that died between begin and publish left beside @path. */
int replace_clean(const struct sysroot *root, const char *path);

/*
 * For files that are too large for the memory: a copy with owner, permissions, attributes and time, and a
 * move to the place of another file, also to another file system. At every moment there is nothing under
 * the new name, what was there before, or the whole file; afterwards it is on the disk. To another file
 * system, what was there goes first, to make room. 0 or a negative errno with @err set.
 */
int file_copy(const struct sysroot *root, const char *from, const char *to,
	      struct error *err) _must_check_;
int file_move(const struct sysroot *root, const char *from, const char *to,
	      struct error *err) _must_check_;

/*
 * Where @path leads, whether there is a file or not: its directory (the caller closes), and the path with
 * no link at its end (the caller frees).
 */
int replace_resolve(const struct sysroot *root, const char *path, int *ret_dir,
		    char **ret_path) _must_check_;

/* Makes the missing directories of @path's parent; appends them to @made, outermost first. */
int directories_make(const struct sysroot *root, const char *path, struct strv *made,
		     struct error *err) _must_check_;
/* Adds the directories that @made are entries of. */
int directories_sync(const struct sysroot *root, const struct strv *made,
		     struct sync_set *sync, struct error *err) _must_check_;
int directory_remove(const struct sysroot *root, const char *path);

/*
 * Several files that are replaced together: all of the new bytes are on the disk before the first file is
 * replaced, and the directories after the last one.
 */
struct replace_batch {
	struct replacement *items;
	size_t n;
	struct sync_set sync;
};

/* As replace_begin(). */
int replace_batch_add(struct replace_batch *batch, const struct sysroot *root,
		      const char *path, const struct file_image *image, unsigned flags,
		      struct error *err) _must_check_;
/* In the order of adding. When it fails, some files may be replaced. */
int replace_batch_publish(struct replace_batch *batch, struct error *err) _must_check_;
void replace_batch_done(struct replace_batch *batch);
#define _cleanup_replace_batch_ _cleanup_(replace_batch_done)

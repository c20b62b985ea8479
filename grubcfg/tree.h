/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file tree as it will be: the files below the root, and over them the edits that are planned. A
 * sink reads and writes here only, so that several sinks can edit one file, and nothing touches the
 * disk before every one of them has agreed (commit.h).
 */
#pragma once

#include <sys/types.h>

#include "common/error.h"
#include "common/strv.h"
#include "common/sysroot.h"

#define TREE_FILE_MAX (16U << 20) /* grub.cfg of a host with many snapshots */

/* A file's content before and after; symbolic links are followed to the file itself. */
struct edit {
	char *path; /* as asked for, without leading slash */
	char *target; /* where the bytes are, links resolved; equal to path when there is none */
	bool existed;
	char *before;
	size_t before_size;
	char *after;
	size_t after_size;
	mode_t mode; /* of a file that did not exist */
	bool in_place; /* rewrite the same blocks: GRUB's environment block */
};

struct edits {
	struct edit *items;
	size_t n;
};

struct tree {
	const struct sysroot *root;
	const char *root_path; /* "/" or what --root named: for messages and for programs we run */
	struct edits edits;
};

/*
 * The content as it will be; NUL-terminated, the caller frees. -ENOENT: there is no such file. -EFBIG
 * above TREE_FILE_MAX. @size may be NULL.
 */
int tree_read(const struct tree *tree, const char *path, char **ret, size_t *size);
bool tree_exists(const struct tree *tree, const char *path);
/* Names in a directory, planned new files included, sorted. -ENOENT: no such directory. */
int tree_list(const struct tree *tree, const char *path, struct strv *ret);

/*
 * Plans new content. Content equal to what is on disk is no edit. The mode is that of the file, or
 * @mode for a new one. 0 or a negative errno with @err set.
 */
int tree_write(struct tree *tree, const char *path, const char *content, size_t size,
	       mode_t mode, struct error *err);
/* As tree_write() of an existing file, to be rewritten in its own blocks. */
int tree_write_in_place(struct tree *tree, const char *path, const char *content,
			size_t size, struct error *err);

/* Plans to write a file that is there once more, as it is: for a program that goes by its time. */
int tree_touch(struct tree *tree, const char *path, struct error *err);

void tree_done(struct tree *tree);
#define _cleanup_tree_ _cleanup_(tree_done)

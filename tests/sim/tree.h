/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A machine as a tree of files
 *
 * The text form has one node per line; parent directories are implied:
 *
 *	# comment
 *	sys/devices/system/node/online = 0-1		file
 *	sys/bus/pci/drivers_probe [0200] =		file with a mode, here write-only
 *	sys/class/drm/card0 -> ../../devices/...	symbolic link
 *	sys/bus/pci/drivers/vfio-pci/			directory
 *	!sys/class/drm/card0				remove what an earlier line made
 *
 * In a value "\n" is a newline, "\t" a tab and "\\" a backslash. A file ends with a
 * newline even if its value does not; a file without a value is empty. The default mode
 * is 0644 for files and 0755 for directories. A later line for the same file or link wins.
 *
 * A path may contain up to four ranges "{FIRST..LAST}" or "{FIRST..LAST..STEP}": the line
 * stands for one line per combination. In the value of such a line "{}" is the number of
 * the first range, "{2}" that of the second one, and operators "+N", "-N", "*N", "/N" and
 * "%N" apply from left to right:
 *
 *	sys/devices/system/cpu/cpu{0..7}/topology/thread_siblings_list = {},{+8}
 *	sys/devices/system/cpu/cpu{0..7}/topology/core_id = {1*4}
 *
 * Calling sequence: tree_new(), tree_load() or tree_parse(), tree_find(), tree_free().
 * Functions return 0 or -errno unless noted; tree_load() and tree_parse() also print the
 * reason as "FILE:LINE: reason" on stderr. Nodes belong to the tree. A node that has been
 * removed while somebody still holds a reference stays until the last node_put().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

struct tree;

struct node {
	char *name;
	struct tree *tree;
	struct node *parent; /* NULL: the root, or removed */
	struct node **child; /* directory: sorted by name */
	size_t n_child;
	char *data; /* file: its content, link: its target; always NUL-terminated */
	size_t size;
	mode_t mode; /* type and permissions */
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
	bool withdrawn; /* set by on_detach: nobody who still has it can open it */
	uint64_t refs;
	struct node *next_orphan;
};

struct tree {
	struct node *root;
	struct node *orphans; /* removed, but still referenced */
	void (*on_detach)(struct node *node); /* or NULL: it is about to leave its parent */
};

int tree_new(struct tree **ret);
struct tree *tree_free(struct tree *tree);

int tree_load(struct tree *tree, const char *filename);
int tree_parse(struct tree *tree, const char *name, const char *text);

/* The node at @path, or NULL. tree_find() follows no link, tree_resolve() all of them. */
struct node *tree_find(const struct tree *tree, const char *path);
struct node *tree_findf(const struct tree *tree, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct node *tree_resolve(const struct tree *tree, const char *path);

/* Find or make the node at @path, with its parent directories; -EEXIST for another type. */
int tree_make(struct tree *tree, const char *path, mode_t mode, struct node **ret);

/* Make a file or a link with this content, or give it this content. */
int tree_setf(struct tree *tree, mode_t mode, const char *content, const char *format,
	      ...) __attribute__((format(printf, 4, 5)));

struct node *node_child(const struct node *dir, const char *name);
int node_add(struct node *dir, const char *name, mode_t mode, struct node **ret);
int node_move(struct node *node, struct node *dir, const char *name);
void node_remove(struct node *node);
int node_set(struct node *node, const char *data, size_t size);
int node_append(struct node *node, const char *data, size_t size);

/* Resolve the link @node, relative to where it is. */
struct node *node_target(const struct node *node);
const char *node_target_name(const struct node *link);

/* The path of @node without a leading slash, to be freed; NULL if out of memory. */
char *node_path(const struct node *node);
size_t node_depth(const struct node *node);
bool node_is_below(const struct node *node, const struct node *dir);

void node_get(struct node *node);
void node_put(struct node *node, uint64_t n);

static inline bool node_is_dir(const struct node *node)
{
	return S_ISDIR(node->mode);
}

static inline bool node_is_link(const struct node *node)
{
	return S_ISLNK(node->mode);
}

static inline bool node_is_file(const struct node *node)
{
	return S_ISREG(node->mode);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* A machine as a tree of files: the nodes. The text form is in tree-parse.c. */

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tree.h"

#define TREE_LINKS_MAX 40

static struct node *node_new(struct tree *tree, const char *name, mode_t mode)
{
	struct node *node;

	node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;

	node->name = strdup(name);
	node->data = calloc(1, 1);
	if (!node->name || !node->data) {
		free(node->name);
		free(node->data);
		free(node);
		return NULL;
	}
	node->tree = tree;
	node->mode = mode;
	node->uid = geteuid();
	node->gid = getegid();
	(void)clock_gettime(CLOCK_REALTIME, &node->mtime); /* a time stamp: cannot fail */
	return node;
}

static void node_free(struct node *node)
{
	for (size_t i = 0; i < node->n_child; i++)
		node_free(node->child[i]);
	free(node->child);
	free(node->name);
	free(node->data);
	free(node);
}

int tree_new(struct tree **ret)
{
	struct tree *tree;

	tree = calloc(1, sizeof(*tree));
	if (!tree)
		return -ENOMEM;

	tree->root = node_new(tree, "", S_IFDIR | 0755);
	if (!tree->root) {
		free(tree);
		return -ENOMEM;
	}
	*ret = tree;
	return 0;
}

struct tree *tree_free(struct tree *tree)
{
	struct node *next;

	if (!tree)
		return NULL;

	for (struct node *node = tree->orphans; node; node = next) {
		next = node->next_orphan;
		node_free(node);
	}
	node_free(tree->root);
	free(tree);
	return NULL;
}

/* Index of @name among the children, or where it belongs. */
static size_t child_index(const struct node *dir, const char *name, bool *ret_found)
{
	size_t low = 0, high = dir->n_child;

	*ret_found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(name, dir->child[mid]->name);

		if (order == 0) {
			*ret_found = true;
			return mid;
		}
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

struct node *node_child(const struct node *dir, const char *name)
{
	bool found;
	size_t i;

	i = child_index(dir, name, &found);
	return found ? dir->child[i] : NULL;
}

static int attach(struct node *dir, struct node *node)
{
	struct node **child;
	bool found;
	size_t i;

	i = child_index(dir, node->name, &found);
	if (found)
		return -EEXIST;

	child = reallocarray(dir->child, dir->n_child + 1, sizeof(void *));
	if (!child)
		return -ENOMEM;

	for (size_t j = dir->n_child; j > i; j--)
		child[j] = child[j - 1];
	child[i] = node;
	dir->child = child;
	dir->n_child++;
	node->parent = dir;
	node->withdrawn = false;
	return 0;
}

static void detach(struct node *node)
{
	struct node *dir = node->parent;
	bool found;
	size_t i;

	if (node->tree->on_detach)
		node->tree->on_detach(node);
	i = child_index(dir, node->name, &found);
	if (found) {
		dir->n_child--;
		for (; i < dir->n_child; i++)
			dir->child[i] = dir->child[i + 1];
	}
	node->parent = NULL;
}

int node_add(struct node *dir, const char *name, mode_t mode, struct node **ret)
{
	struct node *node;
	int r;

	if (!node_is_dir(dir))
		return -ENOTDIR;

	node = node_new(dir->tree, name, mode);
	if (!node)
		return -ENOMEM;

	r = attach(dir, node);
	if (r < 0) {
		node_free(node);
		return r;
	}
	if (ret)
		*ret = node;
	return 0;
}

int node_move(struct node *node, struct node *dir, const char *name)
{
	struct node *old = node->parent;
	char *new_name, *old_name = node->name;
	int r;

	new_name = strdup(name);
	if (!new_name)
		return -ENOMEM;

	detach(node);
	node->name = new_name;
	r = attach(dir, node);
	if (r < 0) {
		node->name = old_name;
		(void)attach(old, node); /* it was there, so it fits */
		free(new_name);
		return r;
	}
	free(old_name);
	return 0;
}

void node_remove(struct node *node)
{
	while (node->n_child > 0)
		node_remove(node->child[node->n_child - 1]);

	if (node->parent)
		detach(node);
	if (node->refs == 0) {
		node_free(node);
		return;
	}
	node->next_orphan = node->tree->orphans;
	node->tree->orphans = node;
}

void node_get(struct node *node)
{
	node->refs++;
}

void node_put(struct node *node, uint64_t n)
{
	struct tree *tree = node->tree;

	node->refs = n < node->refs ? node->refs - n : 0;
	if (node->refs > 0 || node->parent || node == tree->root)
		return;

	for (struct node **p = &tree->orphans; *p; p = &(*p)->next_orphan) {
		if (*p != node)
			continue;
		*p = node->next_orphan;
		node_free(node);
		return;
	}
}

int node_set(struct node *node, const char *data, size_t size)
{
	char *copy;

	copy = malloc(size + 1);
	if (!copy)
		return -ENOMEM;

	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	free(node->data);
	node->data = copy;
	node->size = size;
	(void)clock_gettime(CLOCK_REALTIME, &node->mtime);
	return 0;
}

int node_append(struct node *node, const char *data, size_t size)
{
	char *bigger = realloc(node->data, node->size + size + 1);

	if (!bigger)
		return -ENOMEM;
	memcpy(bigger + node->size, data, size);
	node->size += size;
	bigger[node->size] = '\0';
	node->data = bigger;
	return 0;
}

size_t node_depth(const struct node *node)
{
	size_t depth = 0;

	for (; node->parent; node = node->parent)
		depth++;
	return depth;
}

bool node_is_below(const struct node *node, const struct node *dir)
{
	for (; node; node = node->parent)
		if (node == dir)
			return true;
	return false;
}

char *node_path(const struct node *node)
{
	size_t len = 0;
	char *path;

	for (const struct node *n = node; n->parent; n = n->parent)
		len += strlen(n->name) + 1;

	path = calloc(1, len + 1);
	if (!path || len == 0)
		return path;

	path[--len] = '\0';
	for (const struct node *n = node; n->parent; n = n->parent) {
		size_t l = strlen(n->name);

		len -= l;
		memcpy(path + len, n->name, l);
		if (len > 0)
			path[--len] = '/';
	}
	return path;
}

/*
 * Walk from @dir along @path. Links before the last component are always followed if
 * *@links says that some may be; the last one only if @follow is set.
 */
static struct node *walk(struct node *dir, const char *path, bool follow,
			 unsigned int *links)
{
	struct node *node = dir;

	if (*path == '/')
		node = dir->tree->root;

	while (*path) {
		char name[NAME_MAX + 1];
		size_t len = strcspn(path, "/");

		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		path += len + strspn(path + len, "/");

		if (len == 0 || strcmp(name, ".") == 0)
			continue;
		if (!node_is_dir(node))
			return NULL;
		if (strcmp(name, "..") == 0) {
			node = node->parent ? node->parent : node;
			continue;
		}
		node = node_child(node, name);
		if (!node)
			return NULL;
		if (!node_is_link(node) || (*path == '\0' && !follow))
			continue;
		if (*links == 0)
			return NULL;
		(*links)--;
		node = walk(node->parent, node->data, true, links);
		if (!node)
			return NULL;
	}
	return node;
}

struct node *tree_find(const struct tree *tree, const char *path)
{
	unsigned int links = 0;

	return walk(tree->root, path, false, &links);
}

struct node *tree_findf(const struct tree *tree, const char *format, ...)
{
	struct node *node = NULL;
	va_list args;
	char *path;

	va_start(args, format);
	if (vasprintf(&path, format, args) < 0)
		path = NULL;
	va_end(args);

	if (path)
		node = tree_find(tree, path);
	free(path);
	return node;
}

struct node *tree_resolve(const struct tree *tree, const char *path)
{
	unsigned int links = TREE_LINKS_MAX;

	return walk(tree->root, path, true, &links);
}

struct node *node_target(const struct node *node)
{
	unsigned int links = TREE_LINKS_MAX;

	if (!node_is_link(node) || !node->parent)
		return NULL;
	return walk(node->parent, node->data, true, &links);
}

const char *node_target_name(const struct node *link)
{
	const char *slash = strrchr(link->data, '/');

	return slash ? slash + 1 : link->data;
}

int tree_make(struct tree *tree, const char *path, mode_t mode, struct node **ret)
{
	struct node *dir = tree->root, *node;
	int r;

	for (;;) {
		char name[NAME_MAX + 1];
		size_t len;
		bool last;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 0 || len >= sizeof(name))
			return -EINVAL;
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		last = path[strspn(path, "/")] == '\0';
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			return -EINVAL;

		node = node_child(dir, name);
		if (!node) {
			r = node_add(dir, name, last ? mode : S_IFDIR | 0755, &node);
			if (r < 0)
				return r;
		} else if ((node->mode & S_IFMT) != (last ? mode & S_IFMT : S_IFDIR)) {
			return -EEXIST;
		}
		if (last)
			break;
		dir = node;
	}
	*ret = node;
	return 0;
}

int tree_setf(struct tree *tree, mode_t mode, const char *content, const char *format, ...)
{
	struct node *node;
	va_list args;
	char *path;
	int r;

	va_start(args, format);
	if (vasprintf(&path, format, args) < 0)
		path = NULL;
	va_end(args);
	if (!path)
		return -ENOMEM;

	r = tree_make(tree, path, mode, &node);
	free(path);
	if (r < 0)
		return r;
	return node_set(node, content, strlen(content));
}

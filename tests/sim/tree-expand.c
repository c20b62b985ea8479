// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * tree-expand: make plain files from the description of a machine
 *
 * The result has no semantics: what is written stays as it was written. Descriptions are
 * laid over each other in the order given. The controls of the simulator, sim/, are left
 * out.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tree.h"

static int expand_node(int dirfd, const struct node *node);

static int expand_children(int fd, const struct node *dir)
{
	int r;

	for (size_t i = 0; i < dir->n_child; i++) {
		if (!dir->parent && strcmp(dir->child[i]->name, "sim") == 0)
			continue;
		r = expand_node(fd, dir->child[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int expand_file(int dirfd, const struct node *node)
{
	ssize_t n;
	int fd, r = 0;

	fd = openat(dirfd, node->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;

	n = write(fd, node->data, node->size);
	if (n < 0 || fchmod(fd, node->mode & 07777) < 0)
		r = -errno;
	else if ((size_t)n != node->size)
		r = -EIO;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

static int expand_dir(int dirfd, const struct node *node)
{
	int fd, r;

	if (mkdirat(dirfd, node->name, 0700) < 0)
		return -errno;
	fd = openat(dirfd, node->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	r = expand_children(fd, node);
	if (r == 0 && fchmod(fd, node->mode & 07777) < 0)
		r = -errno;
	(void)close(fd); /* a directory: nothing to lose */
	return r;
}

static int expand_node(int dirfd, const struct node *node)
{
	int r;

	if (node_is_dir(node))
		return expand_dir(dirfd, node);
	if (node_is_file(node))
		r = expand_file(dirfd, node);
	else
		r = symlinkat(node->data, dirfd, node->name) < 0 ? -errno : 0;
	if (r < 0)
		fprintf(stderr, "tree-expand: '%s': %s\n", node->name, strerror(-r));
	return r;
}

int main(int argc, char **argv)
{
	struct tree *tree = NULL;
	int fd = -1, r;

	if (argc < 3) {
		fprintf(stderr, "usage: tree-expand TREE... DIR\n");
		return 2;
	}

	r = tree_new(&tree);
	for (int i = 1; i < argc - 1 && r == 0; i++)
		r = tree_load(tree, argv[i]);
	if (r == 0) {
		fd = open(argv[argc - 1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) {
			r = -errno;
			fprintf(stderr, "tree-expand: '%s': %s\n", argv[argc - 1],
				strerror(errno));
		}
	}
	if (r == 0)
		r = expand_children(fd, tree->root);
	if (fd >= 0)
		(void)close(fd); /* a directory: nothing to lose */
	tree_free(tree);
	return r < 0 ? 1 : 0;
}

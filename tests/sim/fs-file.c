// SPDX-License-Identifier: LGPL-2.1-or-later

/* The simulated machine as a FUSE file system: the content of files and directories. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "fs-internal.h"

#define FILE_SIZE_MAX (64UL << 20)

/* What opendir() found: later changes do not make readdir() skip anything. */
struct listing {
	size_t n;
	struct {
		char *name;
		mode_t mode;
	} entry[];
};

int fs_resize(struct node *node, size_t size)
{
	char *data;

	if (size > FILE_SIZE_MAX)
		return -EFBIG;
	data = realloc(node->data, size + 1);
	if (!data)
		return -ENOMEM;
	if (size > node->size)
		memset(data + node->size, 0, size - node->size);
	data[size] = '\0';
	node->data = data;
	node->size = size;
	(void)clock_gettime(CLOCK_REALTIME, &node->mtime); /* cannot fail */
	return 0;
}

/* As sysfs does: who may open a file for what depends on its mode, even for root. */
static int check_open(const struct node *node, int flags)
{
	int access = flags & O_ACCMODE;

	if (node->withdrawn)
		return -ENOENT;
	if (!sim_is_attr(node))
		return 0;
	if (access != O_WRONLY && !(node->mode & 0444))
		return -EACCES;
	if (access != O_RDONLY && !(node->mode & 0222))
		return -EACCES;
	return 0;
}

void fs_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	LOCKED;
	ACCESS access;
	struct node *node = fs_node(ino);
	bool truncate = (fi->flags & O_TRUNC) && !sim_is_attr(node);
	int r;

	r = fs_before(&access, req, truncate ? "truncate" : "open", node, NULL);
	if (r == 0) {
		/* An ordinary file that was just replaced can be opened by who has found it. */
		r = check_open(node, fi->flags);
		if (r == 0 && truncate)
			r = fs_resize(node, 0);
		r = fs_after(&access, NULL, r);
	}
	if (r < 0) {
		fs_trace("open", node, NULL, 0, r);
		fs_reply(req, r);
		return;
	}
	fi->direct_io = sim_is_attr(node);
	fi->fh = fi->direct_io ? FH_ATTR : FH_PLAIN;
	(void)fuse_reply_open(req, fi); /* if it fails the caller is gone */
}

void fs_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	     struct fuse_file_info *fi)
{
	LOCKED;
	ACCESS access;
	const struct node *node = fs_node(ino);
	size_t at = (size_t)offset;
	int r = fs_before(&access, req, "read", node, NULL);

	if (r == 0)
		r = fs_after(&access, NULL, 0);
	if (r == 0 && fi->fh == FH_ATTR && fs_is_gone(node))
		r = -ENODEV;
	if (r < 0) {
		fs_reply(req, r);
		return;
	}
	if (fi->fh == FH_ATTR)
		fs_trace("read", node, NULL, 0, 0);
	if (at > node->size)
		at = node->size;
	/* If the reply fails the caller is gone. */
	(void)fuse_reply_buf(req, node->data + at, MIN(size, node->size - at));
}

static int write_plain(struct node *node, const char *data, size_t size, size_t offset)
{
	int r;

	if (size > FILE_SIZE_MAX || offset > FILE_SIZE_MAX - size)
		return -EFBIG;
	if (offset + size > node->size) {
		r = fs_resize(node, offset + size);
		if (r < 0)
			return r;
	}
	memcpy(node->data + offset, data, size);
	(void)clock_gettime(CLOCK_REALTIME, &node->mtime); /* cannot fail */
	return 0;
}

static int write_node(fuse_req_t req, struct node *node, const char *data, size_t size,
		      off_t offset, const struct fuse_file_info *fi)
{
	LOCKED;
	ACCESS access;
	_cleanup_free_ char *copy = strndup(data, size);
	int r;

	if (!copy)
		return -ENOMEM;
	r = fs_before(&access, req, "write", node, NULL);
	if (r < 0)
		return r;
	if (access.effect.kind == FAULT_TEAR)
		size /= 2;
	node_get(node);
	if (fi->fh != FH_ATTR) {
		r = write_plain(node, data, size,
				fi->flags & O_APPEND ? node->size : (size_t)offset);
	} else {
		r = sim_write(fs.sim, node, data, size);
		fs_trace("write", node, copy, strlen(copy), r);
	}
	node_put(node, 1);
	return fs_after(&access, fi->fh == FH_ATTR ? copy : NULL, r);
}

void fs_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
	      struct fuse_file_info *fi)
{
	int r = write_node(req, fs_node(ino), data, size, offset, fi);

	fs_forget_names();
	if (r < 0)
		fs_reply(req, r);
	else
		(void)fuse_reply_write(req, size); /* if it fails the caller is gone */
}

static struct listing *listing_free(struct listing *list)
{
	for (size_t i = 0; list && i < list->n; i++)
		free(list->entry[i].name);
	free(list);
	return NULL;
}

static struct listing *listing_new(const struct node *dir)
{
	struct listing *list;

	list = calloc(1, sizeof(*list) + (dir->n_child + 2) * sizeof(list->entry[0]));
	if (!list)
		return NULL;
	for (size_t i = 0; i < dir->n_child + 2; i++) {
		const char *name = i == 0 ? "." : i == 1 ? ".." : dir->child[i - 2]->name;

		list->entry[i].name = strdup(name);
		list->entry[i].mode = i < 2 ? S_IFDIR : dir->child[i - 2]->mode;
		list->n++;
		if (!list->entry[i].name)
			return listing_free(list);
	}
	return list;
}

void fs_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	LOCKED;
	ACCESS access;
	int r = fs_before(&access, req, "list", fs_node(ino), NULL);
	struct listing *list = r == 0 ? listing_new(fs_node(ino)) : NULL;

	if (r == 0)
		r = fs_after(&access, NULL, list ? 0 : -ENOMEM);
	if (r < 0) {
		listing_free(list);
		fs_reply(req, r);
		return;
	}
	fs_trace("list", fs_node(ino), NULL, 0, 0);
	fi->fh = (uint64_t)(uintptr_t)list;
	if (fuse_reply_open(req, fi) < 0)
		listing_free(list);
}

void fs_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		struct fuse_file_info *fi)
{
	const struct listing *list = (const struct listing *)(uintptr_t)fi->fh;
	_cleanup_free_ char *buffer = malloc(size);
	size_t used = 0;

	(void)ino;
	if (!buffer) {
		fs_reply(req, -ENOMEM);
		return;
	}
	for (size_t i = (size_t)offset; i < list->n; i++) {
		struct stat st = { .st_ino = i + 2, .st_mode = list->entry[i].mode };
		size_t n;

		n = fuse_add_direntry(req, buffer + used, size - used,
				      list->entry[i].name, &st, (off_t)i + 1);
		if (n > size - used)
			break;
		used += n;
	}
	(void)fuse_reply_buf(req, buffer, used); /* if it fails the caller is gone */
}

void fs_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	listing_free((struct listing *)(uintptr_t)fi->fh);
	fs_reply(req, 0);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * The simulated machine as a FUSE file system
 *
 * Inode numbers are the addresses of nodes, held by a reference for each lookup that the
 * kernel remembers. A write to an attribute makes and removes others: the kernel is told which
 * names are gone, never remembers that one is missing, and asks for ordinary files every time.
 * One lock covers the whole machine.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "fs-internal.h"

#define ATTR_SIZE 4096
#define REMEMBER_S 3600.0

struct fs fs = { .lock = PTHREAD_MUTEX_INITIALIZER };

void fs_unlock(const int *locked)
{
	(void)locked;
	(void)pthread_mutex_unlock(&fs.lock);
}

int fs_lock(void)
{
	return pthread_mutex_lock(&fs.lock);
}

struct node *fs_node(fuse_ino_t ino)
{
	if (ino == FUSE_ROOT_ID)
		return fs.sim->tree->root;
	return (struct node *)(uintptr_t)ino; /* NOLINT: this is what to_ino() gave */
}

static fuse_ino_t to_ino(const struct node *node)
{
	if (node == fs.sim->tree->root)
		return FUSE_ROOT_ID;
	return (fuse_ino_t)(uintptr_t)node;
}

bool fs_is_gone(const struct node *node)
{
	return !node->parent && node != fs.sim->tree->root;
}

void fs_trace(const char *what, const struct node *node, const char *data, size_t size,
	      int result)
{
	_cleanup_free_ char *path = NULL;

	if (!fs.trace || fs_is_gone(node))
		return;
	path = node_path(node);
	if (!path)
		return;
	while (size > 0 && data[size - 1] == '\n')
		size--;
	if (data)
		fprintf(fs.trace, "%s %s = %.*s", what, path, (int)size, data);
	else
		fprintf(fs.trace, "%s %s", what, path);
	if (result < 0)
		fprintf(fs.trace, " (%s)", strerror(-result));
	fputc('\n', fs.trace);
	(void)fflush(fs.trace); /* a trace that is lost harms nobody */
}

static void fill_stat(const struct node *node, struct stat *st)
{
	*st = (struct stat){
		.st_ino = to_ino(node),
		.st_mode = node->mode,
		.st_nlink = node_is_dir(node) ? 2 : 1,
		.st_uid = node->uid,
		.st_gid = node->gid,
		.st_size = (off_t)node->size,
		.st_blksize = ATTR_SIZE,
		.st_mtim = node->mtime,
		.st_ctim = node->mtime,
		.st_atim = node->mtime,
	};
	if (node_is_file(node) && sim_is_attr(node))
		st->st_size = ATTR_SIZE;
}

/* Names that the kernel has to forget. */
static struct {
	struct {
		fuse_ino_t dir;
		char *name;
	} * item;
	size_t n, room;
} gone;

/* Of the simulated kernel's tree: what else is removed the real one knows. */
static void on_detach(struct node *node)
{
	void *bigger;

	if (!sim_is_kernel(node))
		return;
	node->withdrawn = true;
	if (gone.n == gone.room) {
		bigger = reallocarray(gone.item, 2 * gone.room + 64, sizeof(*gone.item));
		if (!bigger)
			abort(); /* the kernel would see what is not there */
		gone.item = bigger;
		gone.room = 2 * gone.room + 64;
	}
	gone.item[gone.n].dir = to_ino(node->parent);
	gone.item[gone.n].name = strdup(node->name);
	if (!gone.item[gone.n].name)
		abort();
	gone.n++;
}

void fs_forget_names(void)
{
	typeof(gone) now;

	(void)fs_lock();
	now = gone;
	memset(&gone, 0, sizeof(gone));
	fs_unlock(NULL);
	for (size_t i = 0; i < now.n; i++) {
		/* -ENOENT: it does not remember that one. */
		(void)fuse_lowlevel_notify_inval_entry(fs.session, now.item[i].dir,
						       now.item[i].name,
						       strlen(now.item[i].name));
		free(now.item[i].name);
	}
	free(now.item);
}

static void reply_entry(fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	struct fuse_entry_param entry = { .ino = to_ino(node) };
	int r;

	if (sim_is_kernel(node))
		entry.entry_timeout = entry.attr_timeout = REMEMBER_S;
	fill_stat(node, &entry.attr);
	node_get(node);
	r = fi ? fuse_reply_create(req, &entry, fi) : fuse_reply_entry(req, &entry);
	if (r < 0)
		node_put(node, 1); /* the kernel did not learn of it */
}

void fs_reply(fuse_req_t req, int r)
{
	(void)fuse_reply_err(req, -r); /* if it fails the caller is gone */
}

static void fs_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	LOCKED;
	struct node *node = node_child(fs_node(parent), name);

	if (node)
		reply_entry(req, node, NULL);
	else
		fs_reply(req, -ENOENT);
}

static void fs_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
	LOCKED;

	node_put(fs_node(ino), n);
	fuse_reply_none(req);
}

static void reply_attr(fuse_req_t req, const struct node *node)
{
	struct stat st;

	fill_stat(node, &st);
	/* If it fails the caller is gone. */
	(void)fuse_reply_attr(req, &st, sim_is_kernel(node) ? REMEMBER_S : 0);
}

static void fs_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	LOCKED;

	(void)fi;
	reply_attr(req, fs_node(ino));
}

static void fs_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st, int set,
		       struct fuse_file_info *fi)
{
	LOCKED;
	struct node *node = fs_node(ino);
	int r = 0;

	(void)fi;
	if ((set & FUSE_SET_ATTR_SIZE) && !sim_is_attr(node)) {
		ACCESS access;

		r = fs_before(&access, req, "truncate", node, NULL);
		if (r == 0)
			r = fs_after(&access, NULL, fs_resize(node, (size_t)st->st_size));
	}
	if (r < 0) {
		fs_reply(req, r);
		return;
	}
	if (set & FUSE_SET_ATTR_MODE)
		node->mode = (node->mode & S_IFMT) | (st->st_mode & 07777);
	if (set & FUSE_SET_ATTR_UID)
		node->uid = st->st_uid;
	if (set & FUSE_SET_ATTR_GID)
		node->gid = st->st_gid;
	if (set & FUSE_SET_ATTR_MTIME_NOW)
		(void)clock_gettime(CLOCK_REALTIME, &node->mtime); /* cannot fail */
	else if (set & FUSE_SET_ATTR_MTIME)
		node->mtime = st->st_mtim;
	reply_attr(req, node);
}

static void fs_readlink(fuse_req_t req, fuse_ino_t ino)
{
	LOCKED;
	ACCESS access;
	const struct node *node = fs_node(ino);
	int r = fs_before(&access, req, "readlink", node, NULL);

	fs_trace("readlink", node, NULL, 0, r);
	if (r == 0)
		r = fs_after(&access, NULL, 0);
	if (r < 0)
		fs_reply(req, r);
	else
		(void)fuse_reply_readlink(req, node->data); /* as above */
}

static int make(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		struct node **ret)
{
	ACCESS access = { 0 };
	struct node *dir = fs_node(parent);
	int r;

	if (fs_is_gone(dir))
		return -ENOENT;
	if (sim_is_kernel(dir))
		return S_ISREG(mode) ? -EACCES : -EPERM;
	r = fs_before(&access, req, "make", dir, name);
	if (r < 0)
		return r;
	r = node_add(dir, name, mode, ret);
	if (r == 0) {
		(*ret)->uid = fuse_req_ctx(req)->uid;
		(*ret)->gid = fuse_req_ctx(req)->gid;
	}
	return fs_after(&access, NULL, r);
}

static void fs_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		     dev_t rdev)
{
	LOCKED;
	struct node *node;
	int r;

	(void)rdev;
	if (S_ISCHR(mode) || S_ISBLK(mode))
		r = -EPERM;
	else
		r = make(req, parent, name, mode, &node);
	if (r < 0)
		fs_reply(req, r);
	else
		reply_entry(req, node, NULL);
}

static void fs_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	LOCKED;
	struct node *node;
	int r;

	r = make(req, parent, name, S_IFDIR | (mode & 07777), &node);
	if (r < 0)
		fs_reply(req, r);
	else
		reply_entry(req, node, NULL);
}

static void fs_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
		       const char *name)
{
	LOCKED;
	struct node *node;
	int r;

	r = make(req, parent, name, S_IFLNK | 0777, &node);
	if (r == 0)
		r = node_set(node, target, strlen(target));
	if (r < 0)
		fs_reply(req, r);
	else
		reply_entry(req, node, NULL);
}

/* unlink and rmdir: the kernel has made sure that it is the right type. */
static void fs_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	LOCKED;
	ACCESS access;
	int r = fs_before(&access, req, "remove", fs_node(parent), name);
	struct node *node = node_child(fs_node(parent), name);

	if (r == 0) {
		if (!node)
			r = -ENOENT;
		else if (sim_is_kernel(node))
			r = -EPERM;
		else if (node->n_child > 0)
			r = -ENOTEMPTY;
		else
			node_remove(node);
		r = fs_after(&access, NULL, r);
	}
	fs_reply(req, r);
}

static int move(struct node *from, const char *name, struct node *to,
		const char *new_name, unsigned int flags)
{
	struct node *node = node_child(from, name);
	struct node *old = node_child(to, new_name);

	if (!node || fs_is_gone(to))
		return -ENOENT;
	if (sim_is_kernel(node) || sim_is_kernel(to))
		return -EPERM;
	if (flags & ~1U) /* RENAME_NOREPLACE is all that we know */
		return -EINVAL;
	if (old == node)
		return 0;
	if (old && (flags & 1U))
		return -EEXIST;
	if (old && old->n_child > 0)
		return -ENOTEMPTY;
	if (old)
		node_remove(old);
	return node_move(node, to, new_name);
}

static void fs_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
		      fuse_ino_t new_parent, const char *new_name, unsigned int flags)
{
	LOCKED;
	ACCESS access;
	int r = fs_before(&access, req, "rename", fs_node(new_parent), new_name);

	if (r == 0)
		r = fs_after(&access, NULL,
			     move(fs_node(parent), name, fs_node(new_parent), new_name,
				  flags));
	fs_reply(req, r);
}

static void fs_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	LOCKED;
	struct node *node;
	int r;

	r = make(req, parent, name, S_IFREG | (mode & 07777), &node);
	if (r < 0) {
		fs_reply(req, r);
		return;
	}
	fi->direct_io = sim_is_attr(node);
	fi->fh = fi->direct_io ? FH_ATTR : FH_PLAIN;
	reply_entry(req, node, fi);
}

static const struct fuse_lowlevel_ops operations = {
	.lookup = fs_lookup,
	.forget = fs_forget,
	.getattr = fs_getattr,
	.setattr = fs_setattr,
	.readlink = fs_readlink,
	.mknod = fs_mknod,
	.mkdir = fs_mkdir,
	.unlink = fs_remove,
	.rmdir = fs_remove,
	.symlink = fs_symlink,
	.rename = fs_rename,
	.open = fs_open,
	.create = fs_create,
	.read = fs_read,
	.write = fs_write,
	.opendir = fs_opendir,
	.readdir = fs_readdir,
	.releasedir = fs_releasedir,
};

static int serve(struct fuse_session *session, const struct fs_options *options)
{
	struct fuse_loop_config config = { .max_idle_threads = 4 };
	int r;

	if (fuse_set_signal_handlers(session) != 0)
		return -EIO;
	if (fuse_session_mount(session, options->mountpoint) != 0) {
		fuse_remove_signal_handlers(session);
		return -EIO;
	}
	r = fuse_daemonize(options->foreground) != 0 ? -EIO : 0;
	/* Ends with 0 when unmounted and with a positive number at a signal. */
	if (r == 0 && fuse_session_loop_mt(session, &config) < 0)
		r = -EIO;
	fuse_session_unmount(session);
	fuse_remove_signal_handlers(session);
	return r;
}

int fs_run(struct sim *sim, const struct fs_options *options)
{
	static char name[] = "simhost", option[] = "-ofsname=simhost,default_permissions",
		    for_all[] = "-oallow_other";
	char *argv[] = { name, option, for_all, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(geteuid() == 0 ? 3 : 2, argv);
	struct fuse_session *session;
	int r;

	fs.sim = sim;
	fs.trace = options->trace;
	sim->tree->on_detach = on_detach;
	session = fs.session =
		fuse_session_new(&args, &operations, sizeof(operations), NULL);
	r = session ? serve(session, options) : -EIO;
	sim->tree->on_detach = NULL;
	if (session)
		fuse_session_destroy(session);
	fuse_opt_free_args(&args);
	return r;
}

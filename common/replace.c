// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files replaced as a whole; see replace.h. */

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/replace.h"

#define LINKS_MAX 40 /* as the kernel follows */
#define XATTR_LIST_MAX 65536 /* XATTR_LIST_MAX of linux/limits.h */
#define PERMISSIONS 07777
#define COPY_AT_ONCE (16U << 20)

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What is before the last slash. */
static char *parent_of(const char *path)
{
	size_t n = (size_t)(path_name(path) - path);

	return n > 1 ? xstrndup(path, n - 1) : xstrdup(n ? "/" : ".");
}

int replace_resolve(const struct sysroot *root, const char *path, int *ret_dir,
		    char **ret_path)
{
	_cleanup_free_ char *current = xstrdup(path);

	for (int i = 0; i < LINKS_MAX; i++) {
		_cleanup_free_ char *parent = parent_of(current);
		char target[4096];
		ssize_t n;
		_cleanup_close_ int dir = sysroot_openf(root, O_RDONLY | O_DIRECTORY,
							"%s", *parent ? parent : "/");

		if (dir < 0)
			return dir;
		n = readlinkat(dir, path_name(current), target, sizeof(target) - 1);
		if (n < 0 && errno != EINVAL && errno != ENOENT)
			return negative_errno();
		if (n < 0) {
			*ret_dir = TAKE_FD(dir);
			*ret_path = TAKE_PTR(current);
			return 0;
		}
		target[n] = '\0';
		free(current);
		current = *target == '/' ? xstrdup(target) :
					   xasprintf("%s/%s", parent, target);
	}
	return -ELOOP;
}

/* ---------------------------------------------------------------- images */

/* What is computed from the bytes by the kernel is of the old bytes. */
static bool is_copied(const char *xattr)
{
	return !STREQ(xattr, "security.ima") && !STREQ(xattr, "security.evm");
}

static int read_xattr(int fd, const char *name, struct xattr *ret)
{
	_cleanup_free_ char *value = NULL;
	ssize_t size = fgetxattr(fd, name, NULL, 0);

	if (size >= 0) {
		value = xmalloc((size_t)size + 1);
		size = fgetxattr(fd, name, value, (size_t)size);
	}
	if (size < 0)
		return negative_errno();
	*ret = (struct xattr){ xstrdup(name), TAKE_PTR(value), (size_t)size };
	return 0;
}

static int read_xattrs(int fd, struct file_image *image)
{
	_cleanup_free_ char *names = xmalloc(XATTR_LIST_MAX);
	ssize_t size = flistxattr(fd, names, XATTR_LIST_MAX);

	if (size < 0)
		return errno == ENOTSUP ? 0 : negative_errno();
	for (const char *name = names; name < names + size; name += strlen(name) + 1) {
		struct xattr xattr;
		int r;

		if (!is_copied(name))
			continue;
		r = read_xattr(fd, name, &xattr);
		if (r == -ENODATA)
			continue; /* one that only somebody else may see */
		if (r < 0)
			return r;
		*ARRAY_PUSH(image->xattrs, image->n_xattrs) = xattr;
	}
	return 0;
}

static int read_metadata(int fd, struct file_image *image)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return negative_errno();
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	image->exists = true;
	image->mode = st.st_mode & PERMISSIONS;
	image->uid = st.st_uid;
	image->gid = st.st_gid;
	image->mtime = st.st_mtim;
	return read_xattrs(fd, image);
}

int file_image_read(const struct sysroot *root, const char *path, size_t max,
		    struct file_image *ret)
{
	_cleanup_file_image_ struct file_image image = { 0 };
	/* Not blocking: a FIFO of that name would wait for its writer. */
	_cleanup_close_ int fd =
		sysroot_openf(root, O_RDONLY | O_NONBLOCK | O_NOCTTY, "%s", path);
	int r;

	if (fd == -ENOENT) {
		*ret = image;
		return 0;
	}
	if (fd < 0)
		return fd;
	r = read_metadata(fd, &image);
	if (r == 0)
		r = fd_read_all(fd, max, &image.data, &image.size);
	if (r == 0) {
		*ret = image;
		image = (struct file_image){ 0 };
	}
	return r;
}

static const struct xattr *find_xattr(const struct file_image *image, const char *name)
{
	for (size_t i = 0; i < image->n_xattrs; i++) {
		if (STREQ(image->xattrs[i].name, name))
			return &image->xattrs[i];
	}
	return NULL;
}

static bool has_xattr(const struct file_image *image, const struct xattr *wanted)
{
	const struct xattr *found = find_xattr(image, wanted->name);

	return found && found->size == wanted->size &&
	       memcmp(found->value, wanted->value, wanted->size) == 0;
}

bool file_image_equal(const struct file_image *a, const struct file_image *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	if (a->size != b->size || memcmp(a->data, b->data, a->size) != 0 ||
	    a->mode != b->mode || a->uid != b->uid || a->gid != b->gid ||
	    a->mtime.tv_sec != b->mtime.tv_sec || a->mtime.tv_nsec != b->mtime.tv_nsec ||
	    a->n_xattrs != b->n_xattrs)
		return false;
	for (size_t i = 0; i < a->n_xattrs; i++) {
		if (!has_xattr(b, &a->xattrs[i]))
			return false;
	}
	return true;
}

struct file_image file_image_with(const struct file_image *image, const char *data,
				  size_t size)
{
	struct file_image copy = *image;

	copy.data = xmalloc(size + 1);
	copy.size = size;
	if (size > 0)
		memcpy(copy.data, data, size);
	copy.data[size] = '\0';
	copy.xattrs = NULL;
	copy.n_xattrs = 0;
	for (size_t i = 0; i < image->n_xattrs; i++) {
		const struct xattr *x = &image->xattrs[i];
		char *value = xmalloc(x->size + 1);

		memcpy(value, x->value, x->size);
		*ARRAY_PUSH(copy.xattrs, copy.n_xattrs) =
			(struct xattr){ xstrdup(x->name), value, x->size };
	}
	return copy;
}

void file_image_done(struct file_image *image)
{
	for (size_t i = 0; i < image->n_xattrs; i++) {
		free(image->xattrs[i].name);
		free(image->xattrs[i].value);
	}
	free(image->xattrs);
	free(image->data);
	*image = (struct file_image){ 0 };
}

/*
 * Brings the attributes of @fd to the image's. Only what differs is touched: a file system that has
 * one owner for all its files (FAT) refuses to set even the owner that is there.
 */
static int apply_xattrs(int fd, const struct file_image *image)
{
	_cleanup_file_image_ struct file_image present = { 0 };
	int r = read_xattrs(fd, &present);

	for (size_t i = 0; r == 0 && i < present.n_xattrs; i++) {
		/* An ACL that the directory gives to every new file. A label cannot be removed. */
		if (!find_xattr(image, present.xattrs[i].name) &&
		    !str_has_prefix(present.xattrs[i].name, "security.") &&
		    fremovexattr(fd, present.xattrs[i].name) < 0)
			r = negative_errno();
	}
	for (size_t i = 0; r == 0 && i < image->n_xattrs; i++) {
		const struct xattr *x = &image->xattrs[i];

		if (!has_xattr(&present, x) &&
		    fsetxattr(fd, x->name, x->value, x->size, 0) < 0)
			r = negative_errno();
	}
	return r;
}

static int apply_metadata(int fd, const struct file_image *image, unsigned flags)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, image->mtime };
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return negative_errno();
	if ((st.st_uid != image->uid || st.st_gid != image->gid) &&
	    fchown(fd, image->uid, image->gid) < 0)
		return negative_errno();
	r = apply_xattrs(fd, image);
	if (r < 0)
		return r;
	/* After the owner, whose change takes bits away, and the ACL, whose mask is among them. */
	if (fstat(fd, &st) < 0 ||
	    ((st.st_mode & PERMISSIONS) != image->mode && fchmod(fd, image->mode) < 0))
		return negative_errno();
	if (flags & REPLACE_KEEP_TIME && futimens(fd, times) < 0)
		return negative_errno();
	return 0;
}

/* ---------------------------------------------------------------- replacing */

static char *temporary_name(const char *name)
{
	return xasprintf(".%s.new", name);
}

static int write_all(int fd, const char *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(fd, data + done, size - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? negative_errno() : -EIO;
		done += (size_t)n;
	}
	return 0;
}

/* Opens the file itself; nothing is written before publish, but what can be known is checked. */
static int begin_in_place(const struct file_image *image, struct replacement *r)
{
	struct stat st;

	r->fd = openat(r->dir, r->name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (r->fd < 0 || fstat(r->fd, &st) < 0)
		return negative_errno();
	if (!S_ISREG(st.st_mode) || st.st_size != (off_t)image->size)
		return -EINVAL;
	r->image = file_image_with(image, image->data, image->size);
	return 0;
}

static int begin_beside(const struct file_image *image, struct replacement *r)
{
	int error;

	r->temporary = temporary_name(r->name);
	/* Left by a process that died. */
	if (unlinkat(r->dir, r->temporary, 0) < 0 && errno != ENOENT)
		return negative_errno();
	r->fd = openat(r->dir, r->temporary,
		       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->fd < 0)
		return negative_errno();
	error = write_all(r->fd, image->data, image->size);
	return error < 0 ? error : apply_metadata(r->fd, image, r->flags);
}

/* What an administrator can do about a write that failed. */
static void suggest(struct error *err, int r, const char *path)
{
	if (r == -ENOSPC || r == -EDQUOT)
		error_remedy(err, "make room on the file system of '/%s'", path);
	else if (r == -EROFS)
		error_remedy(err, "remount the file system of '/%s' writable", path);
	else if (r == -EACCES || (r == -EPERM && geteuid() != 0))
		error_remedy(err, "run it as root");
	else if (r == -EPERM)
		error_remedy(err, "see whether it is immutable: lsattr /%s", path);
}

int replace_begin(const struct sysroot *root, const char *path,
		  const struct file_image *image, unsigned flags, struct replacement *ret,
		  struct error *err)
{
	_cleanup_replacement_ struct replacement new = REPLACEMENT_NULL;
	int r = replace_resolve(root, path, &new.dir, &new.path);

	new.flags = flags;
	if (r == 0)
		new.name = path_name(new.path);
	if (r == 0 && image->exists)
		r = flags & REPLACE_IN_PLACE ? begin_in_place(image, &new) :
					       begin_beside(image, &new);
	if (r < 0) {
		(void)error_set(err, r, "failed to write '/%s': %s", path, strerror(-r));
		suggest(err, r, path);
		return r;
	}
	*ret = new;
	new = REPLACEMENT_NULL;
	return 0;
}

static bool is_fat(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == MSDOS_SUPER_MAGIC;
}

static int publish(struct replacement *r)
{
	int error;

	if (r->fd < 0)
		return unlinkat(r->dir, r->name, 0) < 0 && errno != ENOENT ?
			       negative_errno() :
			       0;
	if (r->flags & REPLACE_IN_PLACE) {
		error = write_all(r->fd, r->image.data, r->image.size);
		return error < 0 ? error : apply_metadata(r->fd, &r->image, r->flags);
	}
	if (renameat(r->dir, r->temporary, r->dir, r->name) < 0)
		return negative_errno();
	free(r->temporary);
	r->temporary = NULL;
	/*
	 * FAT renames into the old file's slot, which names the clusters of the old file until the
	 * new one is written once more; those are free already. A sync of the directory does not
	 * write it.
	 */
	if (is_fat(r->fd) && fsync(r->fd) < 0)
		return negative_errno();
	return 0;
}

int replace_publish(struct replacement *replacement, struct error *err)
{
	int r = publish(replacement);

	log_debug(NULL, "%s '/%s'",
		  replacement->fd < 0			? "remove" :
		  replacement->flags & REPLACE_IN_PLACE ? "rewrite" :
							  "replace",
		  replacement->path);

	if (r < 0) {
		(void)error_set(err, r, "failed to replace '/%s': %s", replacement->path,
				strerror(-r));
		suggest(err, r, replacement->path);
	}
	return r;
}

void replace_done(struct replacement *replacement)
{
	if (replacement->temporary && replacement->fd >= 0)
		(void)unlinkat(replacement->dir, replacement->temporary, 0);
	cleanup_close_fd(&replacement->fd);
	cleanup_close_fd(&replacement->dir);
	free(replacement->temporary);
	free(replacement->path);
	file_image_done(&replacement->image);
	*replacement = REPLACEMENT_NULL;
}

int replace_clean(const struct sysroot *root, const char *path)
{
	_cleanup_free_ char *real = NULL, *temporary = NULL;
	_cleanup_close_ int dir = -1;
	int r = replace_resolve(root, path, &dir, &real);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	temporary = temporary_name(path_name(real));
	return unlinkat(dir, temporary, 0) < 0 && errno != ENOENT ? negative_errno() : 0;
}

/* ---------------------------------------------------------------- large files */

static int copy_bytes(int from, int to)
{
	for (;;) {
		ssize_t n = sendfile(to, from, NULL, COPY_AT_ONCE);

		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return negative_errno();
	}
}

static int sync_both(int fd, int dir, const char *path, struct error *err)
{
	_cleanup_sync_ struct sync_set sync = { 0 };
	int r = fd >= 0 ? sync_add(&sync, fd, path, err) : 0;

	if (r == 0 && dir >= 0)
		r = sync_add(&sync, dir, path, err);
	return r == 0 ? sync_flush(&sync, err) : r;
}

int file_copy(const struct sysroot *root, const char *from, const char *to,
	      struct error *err)
{
	_cleanup_replacement_ struct replacement new = REPLACEMENT_NULL;
	_cleanup_file_image_ struct file_image image = { 0 };
	_cleanup_close_ int fd =
		sysroot_openf(root, O_RDONLY | O_NONBLOCK | O_NOCTTY, "%s", from);
	int r = fd < 0 ? fd : read_metadata(fd, &image);

	if (r < 0)
		return error_set(err, r, "failed to read '/%s': %s", from, strerror(-r));
	r = replace_begin(root, to, &image, 0, &new, err);
	if (r < 0)
		return r;
	r = copy_bytes(fd, new.fd);
	/* Its time is that of the last write. */
	if (r == 0)
		r = apply_metadata(new.fd, &image, REPLACE_KEEP_TIME);
	if (r < 0) {
		(void)error_set(err, r, "failed to copy '/%s' to '/%s': %s", from, to,
				strerror(-r));
		suggest(err, r, to);
		return r;
	}
	r = sync_both(new.fd, -1, to, err);
	if (r == 0)
		r = replace_publish(&new, err);
	return r == 0 ? sync_both(-1, new.dir, to, err) : r;
}

/* 0: renamed; -EXDEV: they are on different file systems. *@ret_fd is of the file. */
static int rename_file(const struct sysroot *root, const char *from, int to_dir,
		       const char *to, int *ret_fd)
{
	_cleanup_free_ char *real = NULL;
	_cleanup_close_ int dir = -1, fd = -1;
	int r = replace_resolve(root, from, &dir, &real);

	if (r < 0)
		return r;
	fd = openat(dir, path_name(real),
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || renameat(dir, path_name(real), to_dir, path_name(to)) < 0)
		return negative_errno();
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int remove_file(const struct sysroot *root, const char *path)
{
	_cleanup_free_ char *real = NULL;
	_cleanup_close_ int dir = -1;
	int r = replace_resolve(root, path, &dir, &real);

	if (r < 0)
		return r;
	return unlinkat(dir, path_name(real), 0) < 0 && errno != ENOENT ?
		       negative_errno() :
		       0;
}

int file_move(const struct sysroot *root, const char *from, const char *to,
	      struct error *err)
{
	_cleanup_free_ char *real = NULL;
	_cleanup_close_ int dir = -1, fd = -1;
	int r = replace_resolve(root, to, &dir, &real);

	if (r == 0)
		r = rename_file(root, from, dir, real, &fd);
	if (r == -EXDEV) {
		r = remove_file(root, to); /* it may need the room */
		if (r == 0) {
			r = file_copy(root, from, to, err);
			if (r < 0)
				return r;
			r = remove_file(root, from);
		}
	}
	if (r < 0) {
		(void)error_set(err, r, "failed to move '/%s' to '/%s': %s", from, to,
				strerror(-r));
		suggest(err, r, to);
		return r;
	}
	/* On FAT the file comes first: see publish(). */
	r = sync_both(fd, -1, to, err);
	return r == 0 ? sync_both(-1, dir, to, err) : r;
}

/* ---------------------------------------------------------------- directories */

/* 1: made, 0: was there already. */
static int make_one(const struct sysroot *root, const char *path)
{
	_cleanup_free_ char *parent = parent_of(path);
	_cleanup_close_ int dir =
		sysroot_openf(root, O_RDONLY | O_DIRECTORY, "%s", parent);

	if (dir < 0)
		return dir;
	if (mkdirat(dir, path_name(path), 0755) == 0)
		return 1;
	return errno == EEXIST ? 0 : negative_errno();
}

int directories_make(const struct sysroot *root, const char *path, struct strv *made,
		     struct error *err)
{
	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		_cleanup_free_ char *parent = xstrndup(path, (size_t)(slash - path));
		int r;

		if (!*parent || sysroot_exists(root, "%s", parent))
			continue;
		r = make_one(root, parent);
		if (r < 0) {
			(void)error_set(err, r, "failed to make directory '/%s': %s",
					parent, strerror(-r));
			suggest(err, r, parent);
			return r;
		}
		if (r > 0)
			strv_push(made, parent);
	}
	return 0;
}

int directories_sync(const struct sysroot *root, const struct strv *made,
		     struct sync_set *sync, struct error *err)
{
	strv_for_each(path, made) {
		_cleanup_free_ char *parent = parent_of(path);
		_cleanup_close_ int fd =
			sysroot_openf(root, O_RDONLY | O_DIRECTORY, "%s", parent);
		int r = fd < 0 ? error_set(err, fd, "failed to open '/%s': %s", parent,
					   strerror(-fd)) :
				 sync_add(sync, fd, parent, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int directory_remove(const struct sysroot *root, const char *path)
{
	_cleanup_free_ char *real = NULL;
	_cleanup_close_ int dir = -1;
	int r = replace_resolve(root, path, &dir, &real);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return unlinkat(dir, path_name(real), AT_REMOVEDIR) < 0 && errno != ENOENT ?
		       negative_errno() :
		       0;
}

/* ---------------------------------------------------------------- several files */

int replace_batch_add(struct replace_batch *batch, const struct sysroot *root,
		      const char *path, const struct file_image *image, unsigned flags,
		      struct error *err)
{
	struct replacement new;
	int r = replace_begin(root, path, image, flags, &new, err);

	if (r < 0)
		return r;
	*ARRAY_PUSH(batch->items, batch->n) = new;
	/* In place, there is nothing yet that could be synced. */
	if (new.fd < 0 || flags & REPLACE_IN_PLACE)
		return 0;
	return sync_add(&batch->sync, new.fd, path, err);
}

int replace_batch_publish(struct replace_batch *batch, struct error *err)
{
	int r = sync_flush(&batch->sync, err);

	for (size_t i = 0; r == 0 && i < batch->n; i++) {
		struct replacement *item = &batch->items[i];
		bool in_place = item->fd >= 0 && item->flags & REPLACE_IN_PLACE;

		r = replace_publish(item, err);
		if (r == 0)
			r = sync_add(&batch->sync, in_place ? item->fd : item->dir,
				     item->path, err);
	}
	return r == 0 ? sync_flush(&batch->sync, err) : r;
}

void replace_batch_done(struct replace_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		replace_done(&batch->items[i]);
	free(batch->items);
	sync_done(&batch->sync);
	*batch = (struct replace_batch){ 0 };
}

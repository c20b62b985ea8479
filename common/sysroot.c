// SPDX-License-Identifier: LGPL-2.1-or-later
/* The tree that is read and changed; see sysroot.h. */

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "common/sysroot.h"

#define PAGE_MAX 65536 /* the largest page size that Linux runs with */

/* Formats the path named by the last arguments of the calling function. */
#define FORMAT_PATH(path, fmt)                 \
	do {                                   \
		va_list ap_;                   \
                                               \
		va_start(ap_, fmt);            \
		(path) = xvasprintf(fmt, ap_); \
		va_end(ap_);                   \
	} while (0)

static int open_path(const struct sysroot *root, int flags, const char *path)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? 0600 : 0,
		.resolve = RESOLVE_IN_ROOT,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	/* Linux < 5.6: of the host's own root, nothing can lead out. */
	if (fd < 0 && errno == ENOSYS && root->is_host)
		fd = openat(root->fd, path, flags | O_CLOEXEC, (mode_t)how.mode);
	return fd < 0 ? negative_errno() : (int)fd;
}

int sysroot_open(const char *dir, struct sysroot *ret)
{
	struct stat given, real;
	_cleanup_close_ int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int within = -1;
	struct sysroot root = { .fd = fd };

	if (fd < 0 || fstat(fd, &given) < 0)
		return negative_errno();
	root.is_host = stat("/", &real) == 0 && given.st_dev == real.st_dev &&
		       given.st_ino == real.st_ino;
	within = open_path(&root, O_PATH, ".");
	if (within == -ENOSYS)
		return within;
	*ret = root;
	(void)TAKE_FD(fd);
	return 0;
}

void sysroot_close(struct sysroot *root)
{
	if (root->fd >= 0)
		(void)close(root->fd);
	*root = SYSROOT_NULL;
}

int sysroot_openf(const struct sysroot *root, int flags, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;

	FORMAT_PATH(path, fmt);
	return open_path(root, flags, path);
}

int fd_read_all(int fd, size_t max, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *buffer = NULL;
	size_t size = 0, room = 0;

	for (;;) {
		ssize_t n;

		if (room - size < 2) {
			room = room ? room * 2 : PAGE_MAX;
			buffer = xreallocarray(buffer, room, 1);
		}
		n = read(fd, buffer + size, room - size - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return negative_errno();
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > max)
			return -EFBIG;
	}
	buffer[size] = '\0';
	*ret = TAKE_PTR(buffer);
	if (ret_size)
		*ret_size = size;
	return 0;
}

/* A second read() of an attribute could return another value's tail. */
static int read_attribute(const struct sysroot *root, const char *path, char **ret)
{
	char buffer[PAGE_MAX];
	ssize_t n;
	_cleanup_close_ int fd = open_path(root, O_RDONLY, path);

	if (fd < 0)
		return fd;
	do
		n = read(fd, buffer, sizeof(buffer) - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return negative_errno();
	if (n > 0 && buffer[n - 1] == '\n')
		n--;
	*ret = xstrndup(buffer, (size_t)n);
	return 0;
}

int sysroot_read(const struct sysroot *root, char **ret, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;

	FORMAT_PATH(path, fmt);
	return read_attribute(root, path, ret);
}

int sysroot_read_u64(const struct sysroot *root, uint64_t *ret, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	int r;

	FORMAT_PATH(path, fmt);
	r = read_attribute(root, path, &text);
	if (r < 0)
		return r;
	return parse_u64(text, ret);
}

int sysroot_read_file(const struct sysroot *root, size_t max, char **ret,
		      size_t *ret_size, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;

	FORMAT_PATH(path, fmt);
	fd = open_path(root, O_RDONLY, path);
	if (fd < 0)
		return fd;
	return fd_read_all(fd, max, ret, ret_size);
}

int sysroot_write(const struct sysroot *root, const char *value, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	size_t size = strlen(value);
	ssize_t n;

	FORMAT_PATH(path, fmt);
	/* O_TRUNC is nothing to sysfs; in a plain tree it leaves no tail of a longer value. */
	fd = open_path(root, O_WRONLY | O_TRUNC, path);
	if (fd < 0)
		return fd;
	n = write(fd, value, size);
	if (n < 0)
		return negative_errno();
	return (size_t)n == size ? 0 : -EIO;
}

static int readlink_path(const struct sysroot *root, const char *path, char **ret)
{
	char target[4096];
	ssize_t n;
	_cleanup_close_ int fd = open_path(root, O_PATH | O_NOFOLLOW, path);

	if (fd < 0)
		return fd;
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return errno == ENOENT ?
			       -EINVAL :
			       negative_errno(); /* ENOENT: not a symbolic link */
	*ret = xstrndup(target, (size_t)n);
	return 0;
}

int sysroot_readlink(const struct sysroot *root, char **ret, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;

	FORMAT_PATH(path, fmt);
	return readlink_path(root, path, ret);
}

int sysroot_readlink_name(const struct sysroot *root, char **ret, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL, *target = NULL;
	const char *slash;
	int r;

	FORMAT_PATH(path, fmt);
	r = readlink_path(root, path, &target);
	if (r < 0)
		return r;
	slash = strrchr(target, '/');
	*ret = xstrdup(slash ? slash + 1 : target);
	return 0;
}

bool sysroot_exists(const struct sysroot *root, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;

	FORMAT_PATH(path, fmt);
	fd = open_path(root, O_PATH, path);
	return fd >= 0;
}

int sysroot_stat(const struct sysroot *root, struct stat *ret, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;

	FORMAT_PATH(path, fmt);
	fd = open_path(root, O_PATH, path);
	if (fd < 0)
		return fd;
	return fstat(fd, ret) < 0 ? negative_errno() : 0;
}

static bool is_directory(int dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static int list_path(const struct sysroot *root, struct strv *ret, bool dirs_only,
		     const char *path)
{
	int fd, saved;
	DIR *dir;

	fd = open_path(root, O_RDONLY | O_DIRECTORY, path);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		saved = errno;
		(void)close(fd);
		return -saved;
	}
	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (entry->d_name[0] != '.' && (!dirs_only || is_directory(fd, entry)))
			strv_push(ret, entry->d_name);
	}
	saved = errno;
	(void)closedir(dir);
	strv_sort(ret);
	return -saved;
}

int sysroot_list(const struct sysroot *root, struct strv *ret, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;

	FORMAT_PATH(path, fmt);
	return list_path(root, ret, false, path);
}

int sysroot_list_dirs(const struct sysroot *root, struct strv *ret, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;

	FORMAT_PATH(path, fmt);
	return list_path(root, ret, true, path);
}

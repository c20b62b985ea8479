// SPDX-License-Identifier: LGPL-2.1-or-later
/* What can be known before; see preflight.h. */

#include <fcntl.h>
#include <sys/statvfs.h>

#include "common/alloc.h"
#include "common/lock.h"
#include "common/replace.h"
#include "grubcfg/keep.h"
#include "grubcfg/preflight.h"
#include "grubcfg/regenerate.h"

#define STATE_DIR "var/lib/hosttune/kargs"
#define FSTAB_MAX (1U << 20)
#define GENERATED_MIN (256U << 10) /* room for a grub.cfg that is not there yet */

/* ---------------------------------------------------------------- where we run */

static int check_surroundings(const struct tree *tree, struct error *err)
{
	static const char *const signs[] = { "run/systemd/container", "run/.containerenv",
					     ".dockerenv" };
	struct stat top, of_init;

	if (!tree->root->is_host)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (!sysroot_exists(tree->root, "%s", signs[i]))
			continue;
		(void)error_set(err, -ENOPKG,
				"this is a container ('/%s' is there): its kernel is "
				"booted by the host",
				signs[i]);
		error_remedy(err, "run kargs on the host");
		return -ENOPKG;
	}
	/* Whoever may not look there may not write either, which is found below. */
	if (fstatat(tree->root->fd, "proc/1/root", &of_init, 0) < 0 ||
	    fstat(tree->root->fd, &top) < 0 ||
	    (of_init.st_dev == top.st_dev && of_init.st_ino == top.st_ino))
		return 0;
	(void)error_set(err, -EXDEV,
			"this is a chroot: /proc tells of the system around it");
	error_remedy(err, "leave it and run 'kargs --root DIR' outside");
	return -EXDEV;
}

static int check_package_managers(const struct tree *tree, struct error *err)
{
	static const char *const locks[] = { "var/lib/dpkg/lock-frontend",
					     "var/lib/dpkg/lock",
					     "usr/lib/sysimage/rpm/.rpm.lock",
					     "var/lib/rpm/.rpm.lock" };

	for (size_t i = 0; i < ARRAY_SIZE(locks); i++) {
		_cleanup_close_ int fd =
			sysroot_openf(tree->root, O_RDONLY, "%s", locks[i]);

		if (fd < 0 || !shared_is_locked(fd, 0))
			continue;
		(void)error_set(err, -EBUSY,
				"packages are being installed: '/%s' is locked",
				locks[i]);
		error_remedy(err, "wait until that is done, then run it again");
		return -EBUSY;
	}
	if (!sysroot_exists(tree->root, "var/lib/pacman/db.lck"))
		return 0;
	(void)error_set(err, -EBUSY,
			"packages are being installed: '/var/lib/pacman/db.lck' is there");
	error_remedy(err, "wait until that is done, then run it again");
	return -EBUSY;
}

/* ---------------------------------------------------------------- mounts */

/* Field @index of a line, counted from 0, into @ret; false where there is none. */
static bool get_field(const char *line, size_t index, char **ret)
{
	_cleanup_strv_ struct strv fields = STRV_NULL;

	strv_split(&fields, line, " \t");
	if (fields.n <= index)
		return false;
	*ret = xstrdup(fields.items[index]);
	return true;
}

/* Both files write a blank as \040. */
static bool is_mounted(const char *mountinfo, const char *where)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;

	strv_split(&lines, mountinfo, "\n");
	strv_for_each(line, &lines) {
		_cleanup_free_ char *mount_point = NULL;

		if (get_field(line, 4, &mount_point) && STREQ(mount_point, where))
			return true;
	}
	return false;
}

static bool is_below(const char *path, const char *mount_point)
{
	size_t n = strlen(mount_point) - 1;

	return n > 0 && str_has_prefix(path, mount_point + 1) && path[n] == '/';
}

/* Something is written there, or boot files are expected there. */
static bool is_needed(const struct strv *paths, const char *mount_point,
		      const char *options)
{
	static const char *const places[] = { "/boot", "/boot/efi", "/efi",
					      "/boot/firmware" };

	for (size_t i = 0; !strstr(options, "noauto") && i < ARRAY_SIZE(places); i++) {
		if (STREQ(mount_point, places[i]))
			return true;
	}
	strv_for_each(path, paths) {
		if (is_below(path, mount_point))
			return true;
	}
	return false;
}

static int check_mounts(const struct tree *tree, const struct strv *paths,
			struct error *err)
{
	_cleanup_free_ char *fstab = NULL, *mountinfo = NULL;
	_cleanup_strv_ struct strv lines = STRV_NULL;

	if (!tree->root->is_host ||
	    sysroot_read_file(tree->root, FSTAB_MAX, &fstab, NULL, "etc/fstab") < 0 ||
	    sysroot_read_file(tree->root, FSTAB_MAX, &mountinfo, NULL,
			      "proc/self/mountinfo") < 0)
		return 0;
	strv_split(&lines, fstab, "\n");
	strv_for_each(line, &lines) {
		_cleanup_free_ char *where = NULL, *options = NULL;

		if (line[strspn(line, " \t")] == '#' || !get_field(line, 1, &where) ||
		    *where != '/' || !get_field(line, 3, &options) ||
		    !is_needed(paths, where, options) || is_mounted(mountinfo, where))
			continue;
		(void)error_set(err, -ENXIO,
				"'%s' is not mounted, though /etc/fstab has it", where);
		error_remedy(err, "mount %s", where);
		return -ENXIO;
	}
	return 0;
}

/* ---------------------------------------------------------------- room */

/* What is going to be written to one file system. */
struct need {
	dev_t dev;
	int fd;
	const char *path; /* one of the files */
	uint64_t bytes;
	uint64_t files;
};

struct needs {
	struct need *items;
	size_t n;
};

static void needs_done(struct needs *needs)
{
	for (size_t i = 0; i < needs->n; i++)
		(void)close(needs->items[i].fd);
	free(needs->items);
}

/* The directory that a file will be in, or the nearest one above it that is there. */
static int open_above(const struct tree *tree, const char *path)
{
	_cleanup_free_ char *directory = xstrdup(path);

	for (;;) {
		char *slash = strrchr(directory, '/');
		int fd;

		if (!slash)
			return sysroot_openf(tree->root, O_RDONLY | O_DIRECTORY, ".");
		*slash = '\0';
		fd = sysroot_openf(tree->root, O_RDONLY | O_DIRECTORY, "%s",
				   *directory ? directory : "/");
		if (fd != -ENOENT)
			return fd;
	}
}

static int check_writable(int fd, const char *path, struct error *err)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_RDONLY) {
		(void)error_set(err, -EROFS, "the file system of '/%s' is read-only",
				path);
		error_remedy(err, "remount it writable");
		return -EROFS;
	}
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0)
		return 0;
	(void)error_set(err, negative_errno(), "'/%s' cannot be written: %s", path,
			strerror(errno));
	error_remedy(err, "run it as root");
	return -EACCES;
}

static int add_need(const struct tree *tree, struct needs *needs, const char *path,
		    uint64_t bytes, struct error *err)
{
	_cleanup_close_ int fd = open_above(tree, path);
	struct need *need = NULL;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, fd < 0 ? fd : negative_errno(),
				 "failed to open the directory of '/%s': %s", path,
				 strerror(fd < 0 ? -fd : errno));
	r = check_writable(fd, path, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < needs->n; i++) {
		if (needs->items[i].dev == st.st_dev)
			need = &needs->items[i];
	}
	if (!need) {
		need = ARRAY_PUSH(needs->items, needs->n);
		need->dev = st.st_dev;
		need->path = path;
		need->fd = TAKE_FD(fd);
	}
	need->bytes += bytes;
	need->files++;
	return 0;
}

/* Twice: the new file stands beside the old one, and may have to make room for it again. */
static int check_room(const struct need *need, struct error *err)
{
	struct statvfs fs;
	uint64_t blocks, wanted, there;

	if (fstatvfs(need->fd, &fs) < 0 || fs.f_frsize == 0)
		return 0;
	blocks = geteuid() == 0 ? fs.f_bfree : fs.f_bavail;
	wanted = 2 * (need->bytes + need->files * fs.f_frsize);
	there = blocks * fs.f_frsize;
	/* Some file systems have no number of files, and say 0. */
	if (there >= wanted && (fs.f_files == 0 || fs.f_ffree >= 2 * need->files))
		return 0;
	(void)error_set(err, -ENOSPC,
			"the file system of '/%s' is full: %llu KiB are needed, %llu KiB "
			"and %llu files are free",
			need->path, (unsigned long long)(wanted >> 10),
			(unsigned long long)(there >> 10),
			(unsigned long long)fs.f_ffree);
	error_remedy(err, "make room on it");
	return -ENOSPC;
}

static uint64_t size_of(const struct tree *tree, const char *path)
{
	struct stat st;

	return sysroot_stat(tree->root, &st, "%s", path) == 0 ? (uint64_t)st.st_size :
								GENERATED_MIN;
}

static int check_files(const struct tree *tree, const struct strv *paths,
		       const struct kept_images *images, struct error *err)
{
	_cleanup_(needs_done) struct needs needs = { 0 };
	uint64_t total = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < tree->edits.n; i++) {
		const struct edit *edit = &tree->edits.items[i];

		total += edit->before_size;
		r = add_need(tree, &needs, edit->target, edit->after_size, err);
	}
	for (size_t i = tree->edits.n; r == 0 && i < paths->n; i++) {
		uint64_t size = size_of(tree, paths->items[i]);

		total += size;
		r = add_need(tree, &needs, paths->items[i], size, err);
	}
	for (size_t i = 0; i < images->n; i++) {
		if (str_has_prefix(images->items[i].copy, STATE_DIR))
			total += images->items[i].size;
	}
	if (r == 0)
		r = add_need(tree, &needs, STATE_DIR "/record", total, err);
	for (size_t i = 0; r == 0 && i < needs.n; i++)
		r = check_room(&needs.items[i], err);
	return r;
}

/* What the steps are going to write, beside the edits. */
static int find_output(const struct tree *tree, const struct bootpath *boot,
		       struct strv *paths, struct kept_images *images, struct error *err)
{
	bool builds = false;

	for (size_t i = 0; i < boot->n_steps; i++) {
		int r = step_check(tree, &boot->steps[i], err);

		if (r < 0)
			return r;
		if (r > 0 && boot->steps[i].kind == STEP_GRUB_MKCONFIG)
			strv_push(paths, boot->steps[i].path);
		builds |= r > 0 && boot->steps[i].kind == STEP_BUILD;
	}
	for (size_t i = 0; builds && i < boot->built.n; i++) {
		if (boot->built.items[i].type != &sink_uki)
			strv_push(paths, boot->built.items[i].path);
	}
	return builds ? keep_plan(tree, boot, STATE_DIR "/record", images, err) : 0;
}

int preflight_mounts(const struct tree *tree, const struct bootpath *boot,
		     struct error *err)
{
	_cleanup_strv_ struct strv paths = STRV_NULL;

	for (size_t i = 0; i < boot->sinks.n; i++)
		strv_push(&paths, boot->sinks.items[i].path);
	for (size_t i = 0; i < boot->built.n; i++)
		strv_push(&paths, boot->built.items[i].path);
	for (size_t i = 0; i < boot->n_steps; i++) {
		if (boot->steps[i].path)
			strv_push(&paths, boot->steps[i].path);
	}
	return check_mounts(tree, &paths, err);
}

int preflight(const struct tree *tree, const struct bootpath *boot, struct error *err)
{
	_cleanup_kept_images_ struct kept_images images = { 0 };
	_cleanup_strv_ struct strv paths = STRV_NULL;
	int r = check_surroundings(tree, err);

	for (size_t i = 0; i < tree->edits.n; i++)
		strv_push(&paths, tree->edits.items[i].target);
	if (r == 0)
		r = check_package_managers(tree, err);
	if (r == 0)
		r = preflight_mounts(tree, boot, err);
	if (r == 0)
		r = check_mounts(tree, &paths, err);
	if (r == 0)
		r = find_output(tree, boot, &paths, &images, err);
	if (r == 0)
		r = check_files(tree, &paths, &images, err);
	return r;
}

int preflight_paths(const struct tree *tree, const struct strv *paths, struct error *err)
{
	_cleanup_(needs_done) struct needs needs = { 0 };
	int r = check_surroundings(tree, err);

	if (r == 0)
		r = check_package_managers(tree, err);
	if (r == 0)
		r = check_mounts(tree, paths, err);
	for (size_t i = 0; r == 0 && i < paths->n; i++)
		r = add_need(tree, &needs, paths->items[i], 0, err);
	return r == 0 ? add_need(tree, &needs, STATE_DIR "/record", 0, err) : r;
}

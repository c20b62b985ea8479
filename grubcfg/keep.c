// SPDX-License-Identifier: LGPL-2.1-or-later
/* Unified kernel images while their tool is at work; see keep.h. */

#include <fcntl.h>
#include <sys/statvfs.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/replace.h"
#include "grubcfg/keep.h"
#include "grubcfg/uki.h"

#define MARGIN \
	(1U << 20) /* what the arguments and an initrd that was made anew may add */

static char *directory_of(const char *path)
{
	size_t n = (size_t)(path_name(path) - path);

	return n > 1 ? xstrndup(path, n - 1) : xstrdup("/");
}

void kept_images_done(struct kept_images *kept)
{
	for (size_t i = 0; i < kept->n; i++) {
		free(kept->items[i].path);
		free(kept->items[i].copy);
	}
	free(kept->items);
	*kept = (struct kept_images){ 0 };
}

/* ---------------------------------------------------------------- room */

/* A file system with images. */
struct place {
	dev_t dev;
	const char *path; /* one of them */
	uint64_t total;
	uint64_t largest;
	uint64_t room;
};

static int find_room(const struct tree *tree, const char *path, uint64_t *ret,
		     struct error *err)
{
	_cleanup_free_ char *directory = directory_of(path);
	_cleanup_close_ int fd =
		sysroot_openf(tree->root, O_RDONLY | O_DIRECTORY, "%s", directory);
	struct statvfs fs;
	int r = fd < 0 ? fd : 0;

	if (r == 0 && fstatvfs(fd, &fs) < 0)
		r = negative_errno();
	if (r < 0)
		return error_set(err, r, "failed to open '/%s': %s", directory,
				 strerror(-r));
	*ret = (geteuid() == 0 ? fs.f_bfree : fs.f_bavail) * (uint64_t)fs.f_frsize;
	return 0;
}

static int add_image(const struct tree *tree, const char *path, struct kept_images *kept,
		     struct place *place, struct error *err)
{
	struct kept *item;
	struct stat st;
	int r = sysroot_stat(tree->root, &st, "%s", path);

	if (r < 0)
		return error_set(err, r, "failed to look at '/%s': %s", path,
				 strerror(-r));
	item = ARRAY_PUSH(kept->items, kept->n);
	item->path = xstrdup(path);
	item->size = (uint64_t)st.st_size;
	place->dev = st.st_dev;
	place->path = item->path;
	place->total = place->largest = item->size;
	return find_room(tree, path, &place->room, err);
}

/* Sums up what is on the same file system, in the first of its places. */
static void merge_places(struct place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (places[j].total == 0 || places[j].dev != places[i].dev)
				continue;
			places[j].total += places[i].total;
			places[j].largest = MAX(places[j].largest, places[i].largest);
			places[i].total = 0;
			break;
		}
	}
}

static const struct place *place_of(const struct place *places, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (places[i].total > 0 && places[i].dev == places[index].dev)
			return &places[i];
	}
	return &places[index];
}

static char *copy_path(const struct place *place, const char *path, size_t index,
		       const char *state_dir)
{
	if (place->room < place->total + place->largest + MARGIN)
		return xasprintf("%s/image.%zu", state_dir, index);
	return xasprintf("%.*s.%s.kargs", (int)(path_name(path) - path), path,
			 path_name(path));
}

static int check_room(const struct place *place, struct error *err)
{
	if (place->room >= place->largest + MARGIN)
		return 0;
	(void)error_set(err, -ENOSPC,
			"the file system of '/%s' is full: to make its images anew, %llu "
			"KiB are needed, and %llu KiB are free",
			place->path,
			(unsigned long long)((place->largest + MARGIN) >> 10),
			(unsigned long long)(place->room >> 10));
	error_remedy(err, "make room on it, for example by removing old kernels");
	return -ENOSPC;
}

/* Images, whichever of their names is there now. */
static void list_images(const struct tree *tree, const struct bootpath *boot,
			struct strv *ret)
{
	for (size_t i = 0; i < boot->built.n; i++) {
		if (boot->built.items[i].type == &sink_uki)
			uki_names(tree->root, boot->built.items[i].path, ret);
	}
}

int keep_plan(const struct tree *tree, const struct bootpath *boot, const char *state_dir,
	      struct kept_images *ret, struct error *err)
{
	_cleanup_kept_images_ struct kept_images kept = { 0 };
	_cleanup_strv_ struct strv paths = STRV_NULL;
	_cleanup_free_ struct place *places = NULL;
	int r = 0;

	list_images(tree, boot, &paths);
	places = xcalloc(paths.n + 1, sizeof(*places));
	for (size_t i = 0; r == 0 && i < paths.n; i++)
		r = add_image(tree, paths.items[i], &kept, &places[i], err);
	if (r < 0)
		return r;
	merge_places(places, kept.n);
	for (size_t i = 0; r == 0 && i < kept.n; i++) {
		const struct place *place = place_of(places, i);

		r = check_room(place, err);
		kept.items[i].copy = copy_path(place, kept.items[i].path, i, state_dir);
	}
	if (r == 0) {
		*ret = kept;
		kept = (struct kept_images){ 0 };
	}
	return r;
}

/* ---------------------------------------------------------------- copies */

static void drop(const struct sysroot *root, const char *copy)
{
	_cleanup_free_ char *directory = directory_of(copy);
	_cleanup_close_ int dir =
		sysroot_openf(root, O_RDONLY | O_DIRECTORY, "%s", directory);

	(void)replace_clean(root, copy);
	if (dir >= 0 && unlinkat(dir, path_name(copy), 0) < 0 && errno != ENOENT)
		log_warning(NULL, "failed to remove '/%s': %s, ignoring", copy,
			    strerror(errno));
}

void keep_drop(const struct sysroot *root, const struct kept_images *kept)
{
	for (size_t i = 0; i < kept->n; i++)
		drop(root, kept->items[i].copy);
}

int keep_make(const struct sysroot *root, const struct kept_images *kept, bool anew,
	      struct error *err)
{
	int r = 0;

	if (anew)
		keep_drop(root, kept);
	for (size_t i = 0; r == 0 && i < kept->n; i++) {
		const struct kept *item = &kept->items[i];

		if (!sysroot_exists(root, "%s", item->copy))
			r = file_copy(root, item->path, item->copy, err);
	}
	return r;
}

/* ---------------------------------------------------------------- and back */

static bool is_newer(const struct sysroot *root, const char *path, int64_t end)
{
	struct stat st;

	return sysroot_stat(root, &st, "%s", path) == 0 && st.st_mtim.tv_sec > end;
}

/* What the tool, or the boot loader, has called the image since. */
static int remove_other_names(const struct sysroot *root, const struct kept_images *kept,
			      const char *path, struct error *err)
{
	_cleanup_strv_ struct strv names = STRV_NULL;

	uki_names(root, path, &names);
	strv_for_each(name, &names) {
		_cleanup_free_ char *directory = directory_of(name);
		_cleanup_close_ int dir =
			sysroot_openf(root, O_RDONLY | O_DIRECTORY, "%s", directory);
		bool is_kept = false;

		for (size_t i = 0; i < kept->n; i++)
			is_kept |= STREQ(kept->items[i].path, name);
		if (is_kept || dir < 0)
			continue;
		if (unlinkat(dir, path_name(name), 0) < 0 && errno != ENOENT)
			return error_set(err, negative_errno(),
					 "failed to remove '/%s': %s", name,
					 strerror(errno));
	}
	return 0;
}

/* 1: it is what it was. */
static int put_back(const struct sysroot *root, const struct kept_images *kept,
		    const struct kept *item, int64_t end, struct error *err)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	int r;

	if (!sysroot_exists(root, "%s", item->copy))
		return 0;
	uki_names(root, item->path, &names);
	strv_for_each(name, &names) {
		if (is_newer(root, name, end)) {
			drop(root, item->copy);
			return 0;
		}
	}
	/* First: there may be no room for both. */
	r = remove_other_names(root, kept, item->path, err);
	if (r == 0)
		r = file_move(root, item->copy, item->path, err);
	return r < 0 ? r : 1;
}

int keep_put_back(const struct sysroot *root, const struct kept_images *kept, int64_t end,
		  bool *ret_all, struct error *err)
{
	*ret_all = true;
	for (size_t i = 0; i < kept->n; i++) {
		int r = put_back(root, kept, &kept->items[i], end, err);

		if (r < 0)
			return r;
		*ret_all &= r > 0;
	}
	return 0;
}

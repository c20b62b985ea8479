/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unified kernel images while the tool that builds them is at work: it writes over the only ones there are,
 * and a tool that fails, or an EFI system partition that is full, leaves one that does not boot.
 *
 *	keep_plan(&tree, &boot, id, &kept, &err);	is there room, and where do copies go
 *	keep_make(&root, &kept, true, &err);	each copy is whole and on the disk
 *	...				the tool runs
 *	keep_drop(&root, &kept);	it went well; or
 *	keep_put_back(&root, &kept, end, &all, &err);
 *
 * A copy is beside its image, where renaming puts it back, or in the directory of the change's record where
 * there is no room for that. It has the name of no image, so that no boot loader offers it.
 */
#pragma once

#include <stdint.h>

#include "grubcfg/bootpath.h"

struct kept {
	char *path; /* of the image */
	char *copy;
	uint64_t size;
};

struct kept_images {
	struct kept *items;
	size_t n;
};

/*
 * The images that @boot has as built. @state_dir: where else copies may go. -ENOSPC with @err set when the
 * largest of them could not be made anew beside the present ones; another negative errno likewise.
 */
int keep_plan(const struct tree *tree, const struct bootpath *boot, const char *state_dir,
	      struct kept_images *ret, struct error *err) _must_check_;

/* @anew: also where there is a copy, which is of an earlier time. */
int keep_make(const struct sysroot *root, const struct kept_images *kept, bool anew,
	      struct error *err) _must_check_;

/*
 * Moves the copies back. An image that is newer than @end is somebody else's and stays. *@ret_all: every
 * image is what it was, to our knowledge.
 */
int keep_put_back(const struct sysroot *root, const struct kept_images *kept, int64_t end,
		  bool *ret_all, struct error *err) _must_check_;

/* Removes the copies, as far as that is possible; they do no harm but take room. */
void keep_drop(const struct sysroot *root, const struct kept_images *kept);

void kept_images_done(struct kept_images *kept);
#define _cleanup_kept_images_ _cleanup_(kept_images_done)

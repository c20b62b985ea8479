/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What has to be run after files were changed: programs of the distribution, on the host or, below
 * --root, with chroot(2) where we are root and the tree has the program.
 */
#pragma once

#include "common/replace.h"
#include "grubcfg/bootpath.h"
#include "grubcfg/change.h"

/*
 * Whether a step can be run: 1 yes; 0 not here: below --root, somebody has to run it before that tree
 * boots; negative errno with @err set where it has to be and cannot.
 */
int step_check(const struct tree *tree, const struct step *step, struct error *err);

/* The step as somebody would run it by hand, in that root; the caller frees. */
char *step_format(const struct tree *tree, const struct step *step);

/* Runs a STEP_RUN or STEP_BUILD, @to_the_end whatever signals come: 0 or a negative errno with @err set. */
int step_run(const struct tree *tree, const struct step *step, bool to_the_end,
	     struct error *err);

/*
 * Has a STEP_GRUB_MKCONFIG make a new grub.cfg beside the present one, checks it, and gives its bytes, with
 * the present one's metadata. What comes out must be a script, have entries, and carry what
 * @changes ask for. 0 or a negative errno with @err set; nothing is left beside grub.cfg.
 */
int step_generate(const struct tree *tree, const struct bootpath *boot,
		  const struct step *step, const struct changes *changes,
		  struct file_image *ret, struct error *err);
/* Removes what a process that died left beside grub.cfg. */
void step_clean(const struct tree *tree, const struct step *step);

/*
 * 1: the files of a boot path are as wanted, but what this step makes of them is not; 0: it is, or that cannot
 * be seen (STEP_RUN); negative errno with @err set.
 */
int step_is_pending(const struct tree *tree, const struct bootpath *boot,
		    const struct step *step, const struct changes *changes,
		    struct error *err);

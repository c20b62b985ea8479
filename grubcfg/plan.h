/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what is asked for to planned edits: every sink of the host is read, changed and written to the
 * tree's overlay. All of them agree, or nothing is planned.
 *
 *	r = plan_open(&root, "/", true, false, &plan, &err);
 *	r = plan_changes(&plan, &changes, NULL, &err);
 *	r = commit(&plan.tree, &plan.boot, &changes, command, &id, &err);
 *	plan_done(&plan);
 */
#pragma once

#include "grubcfg/bootpath.h"
#include "grubcfg/change.h"

struct plan {
	struct tree tree;
	struct bootpath boot;
	int lock;
};

/*
 * Finds the boot path; @to_change: under the lock, and after what a process that died left was put right.
 * @include_rescue: rescue entries are sinks too. 0 or a negative errno with @err set: -ENOPKG where no
 * boot path is known.
 */
int plan_open(const struct sysroot *root, const char *root_path, bool to_change,
	      bool include_rescue, struct plan *ret, struct error *err);

/* Which sinks are meant; NULL for all. */
typedef bool plan_filter(const struct sink *sink, const void *userdata);
struct plan_choice {
	plan_filter *is_chosen;
	const void *userdata;
};

/*
 * Plans the edits. 1: there is something to write, or grub.cfg to be made anew; 0: all is as wanted; or a
 * negative errno with @err set.
 */
int plan_changes(struct plan *plan, const struct changes *changes,
		 const struct plan_choice *choice, struct error *err);

/* The step is to be run by somebody else, and was not yet, as far as can be seen. */
bool plan_is_left(const struct plan *plan, const struct step *step,
		  const struct changes *changes);

/* The arguments of the next boot as planned, in @ret: 0 or a negative errno with @err set. */
int plan_next(const struct plan *plan, struct cmdline *ret, struct error *err);
/* The sink that they come from, or NULL. */
const struct sink *plan_next_sink(const struct plan *plan);

/* The owner's command for these changes, of a host that has one; the caller frees. */
char *plan_owner_command(const struct plan *plan, const struct changes *changes);

void plan_done(struct plan *plan);
#define _cleanup_plan_ _cleanup_(plan_done)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of a record as they were: for a commit that failed or was cut off, and for a rollback. May be
 * repeated as often as it was cut off itself.
 */
#pragma once

#include "grubcfg/record.h"

enum restore_mode {
	RESTORE_ALL, /* whatever is there now: nobody else was at work */
	RESTORE_OURS, /* what somebody else changed since is his */
};

struct restore {
	const struct tree *tree;
	struct record *record;
	enum restore_mode mode;
	struct strv *notes; /* what was left as it is; NULL: to the log */

	struct bootpath boot; /* as it is now, see restore_open() */
	bool regenerate; /* a generated file is somebody else's: it has to be made anew */
	struct file_image *now; /* what the files were before restore_files() */
	size_t n_now; /* of as many as could be read */
	struct tree newer; /* the edits of restore_newer() */
};

/*
 * Follows entries that boot counting gave another name, and finds the entries there are now: 0 or a
 * negative errno with @err set, after which the record can be restored all the same.
 */
int restore_open(struct restore *restore, struct error *err);

/* The same; a failure is logged. */
void restore_open_if_possible(struct restore *restore);

/*
 * Nobody changed a file since the commit, but for entries, of which restore_newer() takes care: 0, or
 * -ESTALE with @err naming it; -ENXIO when the directory of one is not there.
 */
int restore_check(struct restore *restore, struct error *err);
/* Brings every file back, bytes and metadata, and removes what was made. */
int restore_files(struct restore *restore, struct error *err);
/*
 * Takes the change out of every place that the record does not know, or that somebody changed since: of
 * kernels installed later, above all. After restore_files().
 */
int restore_newer(struct restore *restore, struct error *err);
/* Brings every file to what it was when restore_files() began. */
int restore_now(struct restore *restore, struct error *err);

/*
 * Puts the images back that programs made anew, from their copies; one that is newer than @end, or has no
 * copy any more, is made anew by restore_steps().
 */
int restore_images(struct restore *restore, int64_t end, struct error *err);

/* Runs the programs that read the files once more: 0 or a negative errno with @err set. */
int restore_steps(const struct restore *restore, struct error *err);

/* All of it for a commit that did not happen, whose record goes last. */
int restore_take_back(const struct tree *tree, struct record *record,
		      enum restore_mode mode, struct error *err);

void restore_done(struct restore *restore);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All planned edits to disk, or none: record -> write -> regenerate -> read back. The record and the
 * bytes of before are below KARGS_STATE_DIR/ID/ before the first file is touched; whoever finds a record
 * that is not finished takes it back, or finishes a rollback.
 *
 *	r = commit_lock(tree, &lock, &err);
 *	r = commit_recover(tree, &err);
 *	...			read sinks, plan edits
 *	r = commit(tree, boot, &changes, command, &id, &err);
 *	r = commit_rollback(tree, NULL, false, &id, &notes, &err);
 *
 * commit(), commit_recover() and commit_rollback() hold SIGINT, SIGTERM and SIGHUP back for the rest of the
 * process.
 */
#pragma once

#include "grubcfg/record.h"

/*
 * Takes the one lock of all kargs processes on this root: 0, or a negative errno with @err set, -EBUSY when
 * another one has it for too long. It is free when the descriptor is closed here and in every process
 * that we started.
 */
int commit_lock(const struct tree *tree, int *ret_fd, struct error *err);

/*
 * Writes the edits of @tree and runs what @boot says. 0: all is written, generated and read back, and the
 * id is in *@ret_id (the caller frees). Negative with @err set: nothing is changed, or @err says what
 * could not be taken back.
 */
int commit(const struct tree *tree, const struct bootpath *boot,
	   const struct changes *changes, const char *command, char **ret_id,
	   struct error *err);

/*
 * Takes back (or, of a rollback, finishes) what a process that died left behind: 1 when there was
 * something, which is logged, else 0.
 */
int commit_recover(const struct tree *tree, struct error *err);

/* The id of a change that is not finished (the caller frees), or NULL. */
char *commit_unfinished(const struct tree *tree);

struct commit_records {
	struct record *items; /* without bytes */
	size_t n;
};

/* Every commit that was finished, oldest first. */
int commit_history(const struct tree *tree, struct commit_records *ret, struct error *err);
void commit_records_done(struct commit_records *records);
#define _cleanup_commit_records_ _cleanup_(commit_records_done)

/*
 * Puts bytes and metadata of before commit @id (NULL: the last that was not rolled back) back; its id goes to
 * *@ret_id, and what had to be left as it is to @notes. Out of entries that were made or changed since, only
 * the change is taken. -ESTALE when somebody changed another file since, naming it; -ENXIO when a file
 * system is not mounted; -ENOENT: no such commit; -EALREADY: it was rolled back already.
 */
int commit_rollback(const struct tree *tree, const char *id, bool force, char **ret_id,
		    struct strv *notes, struct error *err);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a commit is about to do, on the disk before it does anything: below KARGS_STATE_DIR/ID/
 *
 *	record.json	who, when, what; each file with its metadata, and the sum of what it becomes
 *	before.N	the bytes of file N before
 *
 * A directory without record.json is one whose commit did not begin.
 */
#pragma once

#include <stdint.h>

#include "common/replace.h"
#include "grubcfg/bootpath.h"
#include "grubcfg/change.h"
#include "grubcfg/keep.h"

#define KARGS_STATE_DIR "var/lib/hosttune/kargs"
#define RECORD_FILE_MAX (16U << 20) /* grub.cfg of a host with many kernels */

enum record_state {
	RECORD_PREPARED, /* files are being written */
	RECORD_REGENERATING, /* and programs run */
	RECORD_DONE,
	RECORD_ROLLING_BACK,
	RECORD_ROLLED_BACK,
};

struct record_file {
	char *path; /* links resolved, without leading slash */
	struct file_image before; /* without bytes when it was loaded */
	size_t before_size;
	char *before_sum; /* SHA-256; NULL: there was none */
	char *after_sum; /* of what is ours, see record_sum(); NULL: not known yet */
	bool in_place; /* GRUB's environment block: other variables are other programs' */
	bool generated; /* by a step: other programs write it, too */
};

struct record {
	char *id;
	char *who;
	char *command;
	int64_t when;
	enum record_state state;
	struct changes changes;
	struct strv sinks; /* paths of all there were */
	char *line_before; /* of one that was changed: the default, if it was; or NULL */
	char *line_after;
	struct strv directories; /* that were missing, outermost first */
	struct record_file *files;
	size_t n_files;
	struct step *steps;
	size_t n_steps;
	struct kept_images images; /* that steps make anew */
};

/* A new record with an id of its own, of now and of whoever runs us. */
void record_init(const struct sysroot *root, const char *command, struct record *ret);

/* Adds a file as it is now, unless it is there already: 0 or a negative errno with @err set. */
int record_add_file(const struct sysroot *root, struct record *record, const char *path,
		    struct record_file **ret, struct error *err);

/* The variable of an environment block that is ours. */
#define RECORD_VARIABLE "kernelopts"
/*
 * SHA-256 of what is ours in these bytes of a file, as text: of an environment block the value of
 * RECORD_VARIABLE (NULL: there is none), of any other file everything. The caller frees.
 */
char *record_sum(const struct record_file *file, const char *data, size_t size);

/* Until then, seconds of the epoch, what its programs wrote may have been written. */
int64_t record_end(const struct record *record);

/* Brings all of it to the disk, record.json last: 0 or a negative errno with @err set. */
int record_create(const struct sysroot *root, const struct record *record,
		  struct error *err);
/* Brings a changed record.json to the disk. */
int record_save(const struct sysroot *root, const struct record *record,
		struct error *err);
/*
 * After a save that failed, perhaps when others could see it already: the state before, as far as that
 * is possible on a disk that fails.
 */
void record_save_anyway(const struct sysroot *root, const struct record *record);
/* -ENOENT (without @err) when the directory has no record.json. */
int record_load(const struct sysroot *root, const char *id, struct record *ret,
		struct error *err);
/* The bytes of before into @file->before: -EBADMSG when the copy is damaged. */
int record_load_bytes(const struct sysroot *root, const struct record *record,
		      struct record_file *file, struct error *err);

/* Every id, oldest first; no directory at all is an empty list. */
int record_list(const struct sysroot *root, struct strv *ret, struct error *err);
int record_remove(const struct sysroot *root, const char *id, struct error *err);

/*
 * Removes all but the newest RECORD_KEEP of those that are closed. One that cannot be read or removed stays:
 * that is logged and does no harm.
 */
#define RECORD_KEEP 20
void record_prune(const struct sysroot *root);

/* record.json as text, with json-c loaded; the caller frees. */
char *record_format(const struct record *record);
/* -EINVAL: damaged; -EPROTONOSUPPORT: of another version. */
int record_parse(const char *text, size_t size, struct record *ret);

void record_done(struct record *record);
#define _cleanup_record_ _cleanup_(record_done)

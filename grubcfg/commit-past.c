// SPDX-License-Identifier: LGPL-2.1-or-later
/* What became of earlier commits: recovery, history, rollback; see commit.h. */

#include "common/alloc.h"
#include "common/json.h"
#include "common/log.h"
#include "common/program.h"
#include "grubcfg/built.h"
#include "grubcfg/commit.h"
#include "grubcfg/freeze.h"
#include "grubcfg/preflight.h"
#include "grubcfg/restore.h"

/* ---------------------------------------------------------------- recovery */

/* Images have no copies once a change is done: they are made anew, and looked at. */
static int make_images(const struct restore *restore, struct error *err)
{
	int r = restore_steps(restore, err);

	if (r == 0 && restore->record->images.n > 0)
		r = built_compare(restore->tree, &restore->boot,
				  &restore->record->changes, err);
	return r > 0 ? -EBADMSG : r;
}

/* From the files to the boot loader's; the copies of images are there. */
static int carry_out_rollback(struct restore *restore, struct error *err)
{
	struct record *record = restore->record;
	const struct sysroot *root = restore->tree->root;
	int r = restore_files(restore, err);

	restore->regenerate |= record->images.n > 0;
	if (r == 0)
		r = restore_newer(restore, err);
	if (r == 0)
		r = make_images(restore, err);
	if (r == 0)
		r = freeze_boot(root, err);
	if (r < 0)
		return r;
	record->state = RECORD_ROLLED_BACK;
	r = record_save(root, record, err);
	if (r == 0)
		keep_drop(root, &record->images);
	return r;
}

static int finish_rollback(const struct tree *tree, struct record *record,
			   struct error *err)
{
	_cleanup_(restore_done) struct restore restore = { .tree = tree,
							   .record = record,
							   .mode = RESTORE_OURS };
	_cleanup_error_ struct error why = ERROR_NULL;
	int r;

	restore_open_if_possible(&restore);
	r = keep_make(tree->root, &record->images, false, err);
	if (r == 0)
		r = carry_out_rollback(&restore, err);
	/* Until the next try, it boots with what it had. */
	if (r < 0 && restore_images(&restore, INT64_MAX, &why) < 0)
		log_warning(NULL, "%s", why.cause);
	return r;
}

/* What has to be there, and writable, to put the record's files back. */
static int check_record(const struct tree *tree, const struct record *record,
			struct error *err)
{
	_cleanup_strv_ struct strv paths = STRV_NULL;

	for (size_t i = 0; i < record->n_files; i++)
		strv_push(&paths, record->files[i].path);
	for (size_t i = 0; i < record->images.n; i++)
		strv_push(&paths, record->images.items[i].path);
	return preflight_paths(tree, &paths, err);
}

static int recover_one(const struct tree *tree, const char *id, struct error *err)
{
	_cleanup_free_ char *json = xasprintf(KARGS_STATE_DIR "/%s/record.json", id);
	_cleanup_record_ struct record record = { 0 };
	int r;

	/* Of one that died while it saved it; the old one counts. */
	(void)replace_clean(tree->root, json);
	r = record_load(tree->root, id, &record, err);
	if (r == -ENOENT) {
		r = record_remove(tree->root, id, err); /* it did not begin */
		return r < 0 ? r : 0;
	}
	if (r == 0 && record.state != RECORD_DONE && record.state != RECORD_ROLLED_BACK)
		r = check_record(tree, &record, err);
	if (r < 0)
		return r;
	switch (record.state) {
	case RECORD_PREPARED:
	case RECORD_REGENERATING:
		r = restore_take_back(tree, &record, RESTORE_OURS, err);
		if (r == 0)
			log_warning(NULL, "'%s' was not finished: it was taken back",
				    record.command);
		return r < 0 ? r : 1;
	case RECORD_ROLLING_BACK:
		r = finish_rollback(tree, &record, err);
		if (r == 0)
			log_warning(NULL, "the rollback of '%s' was finished",
				    record.command);
		return r < 0 ? r : 1;
	case RECORD_DONE:
	case RECORD_ROLLED_BACK:
		keep_drop(tree->root, &record.images); /* of one that died just then */
		break;
	}
	return 0;
}

int commit_recover(const struct tree *tree, struct error *err)
{
	_cleanup_strv_ struct strv ids = STRV_NULL;
	int r = json_load(err), found = 0;

	if (r == 0)
		r = record_list(tree->root, &ids, err);
	if (r == 0 && ids.n > 0)
		program_block_signals();
	/* The latest first: what it found is what an earlier one has to find. */
	for (size_t i = ids.n; r >= 0 && i > 0; i--) {
		r = recover_one(tree, ids.items[i - 1], err);
		found |= r > 0;
	}
	if (r < 0)
		error_prefix(err, "a change that was not finished cannot be taken back");
	return r < 0 ? r : found;
}

char *commit_unfinished(const struct tree *tree)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_strv_ struct strv ids = STRV_NULL;

	if (json_load(&err) < 0 || record_list(tree->root, &ids, &err) < 0)
		return NULL;
	strv_for_each(id, &ids) {
		_cleanup_record_ struct record record = { 0 };

		if (record_load(tree->root, id, &record, &err) == 0 &&
		    record.state != RECORD_DONE && record.state != RECORD_ROLLED_BACK)
			return xstrdup(id);
	}
	return NULL;
}

/* ---------------------------------------------------------------- history */

int commit_history(const struct tree *tree, struct commit_records *ret, struct error *err)
{
	_cleanup_strv_ struct strv ids = STRV_NULL;
	int r = json_load(err);

	*ret = (struct commit_records){ 0 };
	if (r == 0)
		r = record_list(tree->root, &ids, err);
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		struct record record = { 0 };

		r = record_load(tree->root, ids.items[i], &record, err);
		if (r == -ENOENT)
			r = 0;
		else if (r == 0 && (record.state == RECORD_DONE ||
				    record.state == RECORD_ROLLED_BACK))
			*ARRAY_PUSH(ret->items, ret->n) = record;
		else
			record_done(&record);
	}
	return r;
}

void commit_records_done(struct commit_records *records)
{
	for (size_t i = 0; i < records->n; i++)
		record_done(&records->items[i]);
	free(records->items);
	*records = (struct commit_records){ 0 };
}

/* ---------------------------------------------------------------- rollback */

static int choose(const struct commit_records *records, const char *id,
		  struct record **ret, struct error *err)
{
	for (size_t i = records->n; i > 0; i--) {
		struct record *record = &records->items[i - 1];

		if (id ? !STREQ(record->id, id) : record->state != RECORD_DONE)
			continue;
		if (record->state != RECORD_DONE)
			return error_set(err, -EALREADY,
					 "change %s was rolled back already", id);
		*ret = record;
		return 0;
	}
	if (id)
		(void)error_set(err, -ENOENT, "there is no change '%s'", id);
	else
		(void)error_set(err, -ENOENT, "there is no change to roll back");
	error_remedy(err, "see 'kargs history'");
	return -ENOENT;
}

/* Puts what was there before the rollback back. */
static void undo_rollback(struct restore *restore, struct error *err)
{
	_cleanup_error_ struct error why = ERROR_NULL;
	struct record *record = restore->record;
	int r;

	if (record->state == RECORD_ROLLED_BACK) { /* which did not get to the disk */
		record->state = RECORD_ROLLING_BACK;
		record_save_anyway(restore->tree->root, record);
	}
	r = restore_now(restore, &why);
	restore->regenerate = false;
	if (r == 0)
		r = restore_images(restore, INT64_MAX, &why);
	if (r == 0)
		r = restore_steps(restore, &why);
	if (r == 0) {
		record->state = RECORD_DONE;
		r = record_save(restore->tree->root, record, &why);
	}
	if (r == 0)
		error_prefix(err, "nothing was changed");
	else
		error_prefix(err, "UNFINISHED, the next run of kargs finishes it (%s)",
			     why.cause);
}

/* Copies of those that are there now, which need not be those of the change. */
static int keep_images(const struct restore *restore, struct error *err)
{
	struct record *record = restore->record;
	const struct sysroot *root = restore->tree->root;
	_cleanup_free_ char *directory = xasprintf(KARGS_STATE_DIR "/%s", record->id);
	_cleanup_kept_images_ struct kept_images images = { 0 };
	int r = 0;

	if (record->images.n == 0)
		return 0;
	r = keep_plan(restore->tree, &restore->boot, directory, &images, err);
	if (r == 0 && images.n > 0) {
		struct kept_images old = record->images;

		record->images = images;
		images = old;
	}
	/* So that copies are found, if this process dies now. */
	if (r == 0)
		r = record_save(root, record, err);
	if (r == 0)
		r = keep_make(root, &record->images, true, err);
	if (r < 0)
		keep_drop(root, &record->images);
	return r;
}

int commit_rollback(const struct tree *tree, const char *id, bool force, char **ret_id,
		    struct strv *notes, struct error *err)
{
	_cleanup_commit_records_ struct commit_records records = { 0 };
	_cleanup_(restore_done) struct restore restore = { .tree = tree, .notes = notes };
	struct record *record = NULL;
	int r = commit_history(tree, &records, err);

	if (r == 0)
		r = choose(&records, id, &record, err);
	if (r < 0 || !record)
		return r;
	restore.record = record;
	restore.mode = force ? RESTORE_ALL : RESTORE_OURS;
	r = check_record(tree, record, err);
	if (r == 0)
		r = restore_open(&restore, err);
	if (r == 0 && !force)
		r = restore_check(&restore, err);
	if (r < 0)
		return r;
	program_block_signals();
	r = keep_images(&restore, err);
	if (r < 0)
		return r;
	record->state = RECORD_ROLLING_BACK;
	r = record_save(tree->root, record, err);
	if (r == 0)
		r = carry_out_rollback(&restore, err);
	if (r < 0)
		undo_rollback(&restore, err);
	else
		*ret_id = xstrdup(record->id);
	return r;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* The files of a record as they were; see restore.h. */

#include "grubcfg/restore.h"
#include "common/alloc.h"
#include "common/log.h"
#include "grubcfg/bls.h"
#include "grubcfg/freeze.h"
#include "grubcfg/grubenv.h"
#include "grubcfg/inverse.h"
#include "grubcfg/regenerate.h"

/* Kernels come and go: their entries with them. */
#define ENTRIES "loader/entries/"
#define KEPT_DIR "var/lib/hosttune/kept"

static bool same_sum(const char *a, const char *b)
{
	return a && b ? STREQ(a, b) : a == b;
}

static bool is_after(const struct record_file *file, const struct file_image *now)
{
	_cleanup_free_ char *sum = NULL;

	if (!now->exists || !file->after_sum)
		return false;
	sum = record_sum(file, now->data, now->size);
	return same_sum(sum, file->after_sum);
}

static bool is_before(const struct record_file *file, const struct file_image *now)
{
	_cleanup_free_ char *sum = NULL, *before = NULL;

	if (!file->before.exists || !now->exists)
		return file->before.exists == now->exists;
	sum = record_sum(file, now->data, now->size);
	before = file->in_place ? record_sum(file, file->before.data, file->before.size) :
				  xstrdup(file->before_sum);
	return same_sum(sum, before);
}

static bool is_entry(const char *path)
{
	return strstr(path, ENTRIES) != NULL;
}

/* The same entry, whatever its counter of tries. */
static bool same_place(const char *a, const char *b)
{
	const char *name = path_name(a), *other = path_name(b);
	_cleanup_free_ char *id = NULL, *other_id = NULL;

	if (STREQ(a, b))
		return true;
	if (!is_entry(a) || name - a != other - b ||
	    strncmp(a, b, (size_t)(name - a)) != 0)
		return false;
	id = bls_id(name, NULL);
	other_id = bls_id(other, NULL);
	return STREQ(id, other_id);
}

/* A file whose directory is gone was not removed: its file system is not mounted. */
static int check_directory(const struct restore *restore, const char *path,
			   struct error *err)
{
	const char *name = path_name(path);
	_cleanup_free_ char *parent =
		name > path ? xstrndup(path, (size_t)(name - path) - 1) : xstrdup("");

	if (!*parent || sysroot_exists(restore->tree->root, "%s", parent))
		return 0;
	(void)error_set(err, -ENXIO, "'/%s' is not there, where '%s' was", parent, name);
	error_remedy(err, "mount its file system, or make the directory");
	return -ENXIO;
}

/* The file as it is now; and its bytes of before, where they are needed to compare. */
static int read_now(const struct restore *restore, struct record_file *file,
		    struct file_image *ret, struct error *err)
{
	int r = file_image_read(restore->tree->root, file->path, RECORD_FILE_MAX, ret);

	if (r < 0)
		return error_set(err, r, "failed to read '/%s': %s", file->path,
				 strerror(-r));
	if (file->before.exists && !ret->exists)
		r = check_directory(restore, file->path, err);
	if (r == 0 && file->in_place)
		r = record_load_bytes(restore->tree->root, restore->record, file, err);
	return r;
}

/* ---------------------------------------------------------------- what is there now */

/* systemd-boot renames entries whose tries it counts. */
static void follow_name(const struct restore *restore, struct record_file *file)
{
	const struct sysroot *root = restore->tree->root;
	_cleanup_free_ char *directory =
		xstrndup(file->path, (size_t)(path_name(file->path) - file->path));
	_cleanup_strv_ struct strv names = STRV_NULL;

	if (!is_entry(file->path) || !file->before.exists ||
	    sysroot_exists(root, "%s", file->path) ||
	    sysroot_list(root, &names, "%s", directory) < 0)
		return;
	strv_for_each(name, &names) {
		_cleanup_free_ char *path = xasprintf("%s%s", directory, name);
		size_t n = strlen(name);

		if (n <= 5 || !STREQ(name + n - 5, ".conf") ||
		    !same_place(file->path, path))
			continue;
		(void)replace_clean(root, file->path);
		free(file->path);
		file->path = TAKE_PTR(path);
		return;
	}
}

int restore_open(struct restore *restore, struct error *err)
{
	int r;

	for (size_t i = 0; i < restore->record->n_files; i++)
		follow_name(restore, &restore->record->files[i]);
	r = bootpath_find(restore->tree, false, &restore->boot, err);
	if (r == -ENOPKG) { /* no places at all */
		error_done(err);
		return 0;
	}
	return r;
}

void restore_open_if_possible(struct restore *restore)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	if (restore_open(restore, &err) < 0)
		log_warning(NULL, "%s: only what was recorded is restored", err.cause);
}

/* An entry of somebody else's since, out of which the change can be taken by itself. */
static bool is_known_entry(const struct restore *restore, const char *path)
{
	for (size_t i = 0; restore->record->line_after && i < restore->boot.sinks.n; i++) {
		const struct sink *sink = &restore->boot.sinks.items[i];

		if (sink->type == &sink_bls && STREQ(sink->path, path))
			return true;
	}
	return false;
}

int restore_check(struct restore *restore, struct error *err)
{
	for (size_t i = 0; i < restore->record->n_files; i++) {
		struct record_file *file = &restore->record->files[i];
		_cleanup_file_image_ struct file_image now = { 0 };
		int r = read_now(restore, file, &now, err);

		if (r < 0)
			return r;
		if (is_before(file, &now) || is_after(file, &now) || file->generated ||
		    (now.exists ? is_known_entry(restore, file->path) :
				  is_entry(file->path)))
			continue;
		(void)error_set(err, -ESTALE, "'/%s' was %s since change %s", file->path,
				now.exists ? "changed" : "removed", restore->record->id);
		error_remedy(err, "roll later changes back first ('kargs history'), use "
				  "'kargs remove', or --force to lose what was changed");
		return -ESTALE;
	}
	return 0;
}

static void note(const struct restore *restore, const char *path, const char *what)
{
	if (restore->notes)
		strv_pushf(restore->notes, "'/%s' %s", path, what);
	else
		log_warning(NULL, "'/%s' %s", path, what);
}

/* Until then, programs that we ran may have written it; what is newer is somebody else's. */
static bool may_be_of_steps(const struct record *record, const char *path,
			    const struct file_image *now)
{
	if (record->state != RECORD_REGENERATING || !now->exists)
		return false;
	/* Of the configuration they write one file only, and read the others. */
	if (str_has_prefix(path, "etc/") && !STREQ(path, "etc/kernel/cmdline"))
		return false;
	return now->mtime.tv_sec <= record_end(record);
}

/* Only its time is not as before: it was touched, or a process died between its bytes and its time. */
static bool has_other_time(const struct record_file *file, const struct file_image *now)
{
	const struct file_image *before = &file->before;
	const struct timespec *a = &now->mtime, *b = &before->mtime;

	if (!now->exists || (a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec))
		return false;
	if (file->in_place)
		return now->size == before->size &&
		       memcmp(now->data, before->data, now->size) == 0;
	return file->after_sum && STREQ(file->after_sum, file->before_sum);
}

enum fate {
	LEAVE,
	RESTORE,
	KEEP_AND_RESTORE, /* what is there now may be the only one of its kind */
};

/* Notes why it is left, where somebody should know. */
static enum fate fate_of(struct restore *restore, const struct record_file *file,
			 const struct file_image *now)
{
	if (is_before(file, now))
		return has_other_time(file, now) ? RESTORE : LEAVE;
	if (is_after(file, now))
		return RESTORE;
	if (restore->mode == RESTORE_ALL)
		return now->exists && !file->generated ? KEEP_AND_RESTORE : RESTORE;
	if (file->generated) {
		restore->regenerate = true;
		return LEAVE;
	}
	if (may_be_of_steps(restore->record, file->path, now))
		return KEEP_AND_RESTORE;
	if (!now->exists)
		note(restore, file->path, "was removed since: left as it is");
	else if (!is_known_entry(restore, file->path))
		note(restore, file->path,
		     "was changed by somebody else since: left as it is");
	return LEAVE;
}

static void clean(const struct restore *restore)
{
	const struct record *record = restore->record;

	/* What is not there any more, or cannot be removed, does no harm: nobody reads it. */
	for (size_t i = 0; i < record->n_files; i++)
		(void)replace_clean(restore->tree->root, record->files[i].path);
	for (size_t i = 0; i < record->n_steps; i++)
		step_clean(restore->tree, &record->steps[i]);
}

static void remove_directories(const struct restore *restore)
{
	const struct strv *made = &restore->record->directories;

	/* One that somebody has put something into stays. */
	for (size_t i = made->n; i > 0; i--)
		(void)directory_remove(restore->tree->root, made->items[i - 1]);
}

static unsigned flags_of(const struct record_file *file, const struct file_image *now,
			 const struct file_image *wanted)
{
	/* Somebody may have replaced it by one of another size. */
	bool in_place = file->in_place && now->exists && now->size == wanted->size;

	return REPLACE_KEEP_TIME | (in_place ? REPLACE_IN_PLACE : 0);
}

/* What the file becomes: of an environment block, only our variable is as before. */
static int make_wanted(const struct record_file *file, const struct file_image *now,
		       struct file_image *ret, struct error *err)
{
	_cleanup_error_ struct error ignored = ERROR_NULL;
	_cleanup_grubenv_ struct grubenv before = { 0 }, present = { 0 };
	const struct file_image *image = &file->before;
	_cleanup_free_ char *block = NULL;
	int r;

	if (!image->exists)
		return 0; /* it is removed */
	if (!file->in_place || !now->exists ||
	    grubenv_parse(image->data, image->size, &before, &ignored) < 0 ||
	    grubenv_parse(now->data, now->size, &present, &ignored) < 0) {
		*ret = file_image_with(image, image->data, image->size);
		return 0;
	}
	r = grubenv_set(now->data, now->size, RECORD_VARIABLE,
			grubenv_get(&before, RECORD_VARIABLE), &block, err);
	if (r < 0) {
		error_prefix(err, "/%s", file->path);
		return r;
	}
	if (now->size != image->size || memcmp(block, image->data, now->size) != 0)
		image = now;
	*ret = file_image_with(image, block, now->size);
	return 0;
}

/* For a copy: of the same second there may be others. */
static char *kept_path(const struct restore *restore, const struct record_file *file)
{
	for (unsigned i = 1;; i++) {
		char *path = xasprintf(KEPT_DIR "/%s-%u-%s", restore->record->id, i,
				       path_name(file->path));

		if (!sysroot_exists(restore->tree->root, "%s", path))
			return path;
		free(path);
	}
}

/* What somebody wrote is never lost. */
static int keep(const struct restore *restore, const struct record_file *file,
		const struct file_image *now, struct replace_batch *batch,
		struct error *err)
{
	_cleanup_free_ char *path = kept_path(restore, file);
	_cleanup_free_ char *what = xasprintf(
		"was changed by somebody else, or by a program that ran: a copy of it is '/%s'",
		path);
	_cleanup_strv_ struct strv made = STRV_NULL;
	int r = directories_make(restore->tree->root, path, &made, err);

	if (r == 0)
		r = directories_sync(restore->tree->root, &made, &batch->sync, err);
	if (r == 0)
		r = replace_batch_add(batch, restore->tree->root, path, now,
				      REPLACE_KEEP_TIME, err);
	if (r == 0)
		note(restore, file->path, what);
	return r;
}

static int restore_file(struct restore *restore, struct record_file *file,
			const struct file_image *now, struct replace_batch *batch,
			struct error *err)
{
	const struct sysroot *root = restore->tree->root;
	_cleanup_file_image_ struct file_image wanted = { 0 };
	_cleanup_strv_ struct strv made = STRV_NULL;
	enum fate fate = fate_of(restore, file, now);
	int r = 0;

	if (fate == LEAVE)
		return 0;
	if (fate == KEEP_AND_RESTORE)
		r = keep(restore, file, now, batch, err);
	if (r == 0)
		r = record_load_bytes(root, restore->record, file, err);
	if (r == 0)
		r = make_wanted(file, now, &wanted, err);
	if (r == 0 && wanted.exists)
		r = directories_make(root, file->path, &made, err);
	return r == 0 ? replace_batch_add(batch, root, file->path, &wanted,
					  flags_of(file, now, &wanted), err) :
			r;
}

int restore_files(struct restore *restore, struct error *err)
{
	struct record *record = restore->record;
	_cleanup_replace_batch_ struct replace_batch batch = { 0 };
	int r = 0;

	clean(restore);
	restore->now = xcalloc(record->n_files + 1, sizeof(*restore->now));
	for (size_t i = 0; r == 0 && i < record->n_files; i++) {
		r = read_now(restore, &record->files[i], &restore->now[i], err);
		if (r < 0)
			break;
		restore->n_now++;
		r = restore_file(restore, &record->files[i], &restore->now[i], &batch,
				 err);
	}
	if (r == 0)
		r = replace_batch_publish(&batch, err);
	if (r == 0)
		remove_directories(restore);
	return r;
}

/* ---------------------------------------------------------------- what is not recorded */

/* There already, and not changed, or restored: whatever it has, it did not get from this change. */
static bool is_left_alone(const struct restore *restore, const struct sink *sink)
{
	const struct record *record = restore->record;

	for (size_t i = 0; i < record->n_files; i++) {
		_cleanup_file_image_ struct file_image now = { 0 };

		if (same_place(record->files[i].path, sink->path))
			return sink->type != &sink_bls ||
			       file_image_read(restore->tree->root, sink->path,
					       RECORD_FILE_MAX, &now) < 0 ||
			       is_before(&record->files[i], &now);
	}
	strv_for_each(path, &record->sinks) {
		if (same_place(path, sink->path))
			return true;
	}
	return false;
}

static int take_out(struct restore *restore, const struct sink *sink,
		    const struct cmdline *before, const struct cmdline *after,
		    struct error *err)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };
	int r = sink->type->read(&restore->newer, sink, &line, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0 || !inverse_apply(&line, before, after))
		return r;
	r = sink->type->write(&restore->newer, sink, &line, err);
	if (r == 0)
		note(restore, sink->path,
		     "was made or changed since: only the change was taken out of it");
	return r;
}

/* Brings the edits to the disk, or takes them back from it. */
static int write_newer(const struct restore *restore, bool back, struct error *err)
{
	const struct sysroot *root = restore->tree->root;
	_cleanup_replace_batch_ struct replace_batch batch = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->newer.edits.n; i++) {
		const struct edit *edit = &restore->newer.edits.items[i];
		_cleanup_file_image_ struct file_image now = { 0 }, wanted = { 0 };

		r = file_image_read(root, edit->target, RECORD_FILE_MAX, &now);
		if (r < 0)
			return error_set(err, r, "failed to read '/%s': %s", edit->target,
					 strerror(-r));
		wanted = file_image_with(&now, back ? edit->before : edit->after,
					 back ? edit->before_size : edit->after_size);
		if (now.exists && !file_image_equal(&now, &wanted))
			r = replace_batch_add(&batch, root, edit->target, &wanted,
					      edit->in_place ? REPLACE_IN_PLACE : 0, err);
	}
	return r == 0 ? replace_batch_publish(&batch, err) : r;
}

int restore_newer(struct restore *restore, struct error *err)
{
	const struct record *record = restore->record;
	_cleanup_cmdline_ struct cmdline before = { 0 }, after = { 0 };
	int r = 0;

	restore->newer = (struct tree){ .root = restore->tree->root,
					.root_path = restore->tree->root_path };
	if (!record->line_before || !record->line_after)
		return 0;
	cmdline_parse(&before, record->line_before, ARG_NEW);
	cmdline_parse(&after, record->line_after, ARG_NEW);
	for (size_t i = 0; r == 0 && i < restore->boot.sinks.n; i++) {
		const struct sink *sink = &restore->boot.sinks.items[i];

		if (!is_left_alone(restore, sink))
			r = take_out(restore, sink, &before, &after, err);
	}
	return r == 0 ? write_newer(restore, false, err) : r;
}

int restore_now(struct restore *restore, struct error *err)
{
	const struct record *record = restore->record;
	_cleanup_replace_batch_ struct replace_batch batch = { 0 };
	_cleanup_strv_ struct strv made = STRV_NULL;
	int r = write_newer(restore, true, err);

	for (size_t i = 0; r == 0 && i < restore->n_now; i++) {
		struct record_file *file = &record->files[i];
		const struct file_image *wanted = &restore->now[i];
		_cleanup_file_image_ struct file_image present = { 0 };

		r = read_now(restore, file, &present, err);
		if (r < 0 || file_image_equal(&present, wanted))
			continue;
		if (wanted->exists)
			r = directories_make(restore->tree->root, file->path, &made, err);
		if (r == 0)
			r = replace_batch_add(&batch, restore->tree->root, file->path,
					      wanted, flags_of(file, &present, wanted),
					      err);
	}
	return r == 0 ? replace_batch_publish(&batch, err) : r;
}

/* ---------------------------------------------------------------- steps */

static int generate(const struct restore *restore, const struct step *step,
		    struct error *err)
{
	const struct bootpath nothing = { 0 };
	const struct changes none = { 0 };
	_cleanup_replace_batch_ struct replace_batch batch = { 0 };
	_cleanup_file_image_ struct file_image image = { 0 };
	int r = step_generate(restore->tree, &nothing, step, &none, &image, err);

	if (r == 0)
		r = replace_batch_add(&batch, restore->tree->root, step->path, &image, 0,
				      err);
	return r == 0 ? replace_batch_publish(&batch, err) : r;
}

static int run_one(const struct restore *restore, const struct step *step,
		   struct error *err)
{
	if (step->kind != STEP_RUN && !restore->regenerate)
		return 0;
	return step->kind == STEP_GRUB_MKCONFIG ?
		       generate(restore, step, err) :
		       step_run(restore->tree, step, true, err);
}

int restore_steps(const struct restore *restore, struct error *err)
{
	for (size_t i = 0; i < restore->record->n_steps; i++) {
		const struct step *step = &restore->record->steps[i];
		_cleanup_free_ char *text = NULL;
		int r = run_one(restore, step, err);

		if (r == 0)
			continue;
		text = step_format(restore->tree, step);
		error_prefix(err,
			     "the files are as before, but what is made of them is not");
		error_remedy(err, "see why it fails, then run kargs again: %s", text);
		return r;
	}
	return 0;
}

/* There is a file or a copy of what the steps made. */
static bool has_output(const struct record *record)
{
	bool is = record->images.n > 0;

	for (size_t i = 0; i < record->n_files; i++)
		is |= record->files[i].generated;
	return is;
}

int restore_images(struct restore *restore, int64_t end, struct error *err)
{
	const struct record *record = restore->record;
	bool all;
	int r = keep_put_back(restore->tree->root, &record->images, end, &all, err);

	restore->regenerate |= r == 0 && (!all || !has_output(record));
	return r;
}

int restore_take_back(const struct tree *tree, struct record *record,
		      enum restore_mode mode, struct error *err)
{
	_cleanup_(restore_done) struct restore restore = { .tree = tree,
							   .record = record,
							   .mode = mode };
	int r = 0;

	/* Of our own commit nothing is newer. */
	if (mode == RESTORE_OURS)
		restore_open_if_possible(&restore);
	r = restore_files(&restore, err);
	if (r == 0)
		r = restore_newer(&restore, err);
	if (r == 0 && record->state == RECORD_REGENERATING)
		r = restore_images(&restore,
				   mode == RESTORE_ALL ? INT64_MAX : record_end(record),
				   err);
	if (r < 0)
		return r;
	if (record->state == RECORD_REGENERATING || restore.regenerate)
		r = restore_steps(&restore, err);
	if (r == 0)
		r = freeze_boot(tree->root, err);
	if (r < 0)
		return r;
	keep_drop(tree->root, &record->images);
	return record_remove(tree->root, record->id, err);
}

void restore_done(struct restore *restore)
{
	for (size_t i = 0; i < restore->n_now; i++)
		file_image_done(&restore->now[i]);
	free(restore->now);
	restore->now = NULL;
	bootpath_done(&restore->boot);
	tree_done(&restore->newer);
}

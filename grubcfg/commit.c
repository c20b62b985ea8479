// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All planned edits to disk, or none; see commit.h.
 *
 *	prepared	record and copies are on the disk, files are being replaced
 *	regenerating	programs run that may write anywhere
 *	done		the commit happened: up to here, it is taken back
 */

#include <fcntl.h>
#include <sys/file.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/json.h"
#include "common/log.h"
#include "common/program.h"
#include "grubcfg/built.h"
#include "grubcfg/commit.h"
#include "grubcfg/freeze.h"
#include "grubcfg/regenerate.h"
#include "grubcfg/restore.h"

#define LOCK_WAIT_MS 10000

/* ---------------------------------------------------------------- the lock */

/* A file of the host's /run; of another tree the root directory itself, which leaves no trace. */
static int open_lock(const struct tree *tree, struct error *err)
{
	int fd = tree->root->is_host ?
			 sysroot_openf(tree->root, O_RDWR | O_CREAT | O_NOFOLLOW,
				       "run/kargs.lock") :
			 sysroot_openf(tree->root, O_RDONLY | O_DIRECTORY, ".");

	if (fd < 0) {
		(void)error_set(err, fd, "failed to open '%s': %s",
				tree->root->is_host ? "/run/kargs.lock" : tree->root_path,
				strerror(-fd));
		error_remedy(err, "run it as root");
	}
	return fd;
}

int commit_lock(const struct tree *tree, int *ret_fd, struct error *err)
{
	uint64_t deadline = deadline_in_ms(LOCK_WAIT_MS);
	_cleanup_close_ int fd = open_lock(tree, err);

	if (fd < 0)
		return fd;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(err, negative_errno(), "failed to lock: %s",
					 strerror(errno));
		if (deadline_left_ms(deadline) == 0) {
			(void)error_set(err, -EBUSY, "another kargs is at work on '%s'",
					tree->root_path);
			error_remedy(err, "wait until it is done; to see it: fuser -v "
					  "/run/kargs.lock");
			return -EBUSY;
		}
		deadline_sleep_ms(deadline, 50);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* ---------------------------------------------------------------- the record */

/* Between reading and now nobody may have changed it. */
static int add_edit(const struct tree *tree, struct record *record,
		    const struct edit *edit, struct error *err)
{
	struct record_file *file;
	int r = record_add_file(tree->root, record, edit->target, &file, err);

	if (r < 0)
		return r;
	if (file->before.exists != edit->existed ||
	    (edit->existed &&
	     (file->before.size != edit->before_size ||
	      memcmp(file->before.data, edit->before, edit->before_size) != 0))) {
		(void)error_set(err, -ESTALE, "somebody changed '/%s' just now",
				edit->target);
		error_remedy(err, "run it again");
		return -ESTALE;
	}
	file->in_place = edit->in_place;
	free(file->after_sum);
	file->after_sum = record_sum(file, edit->after, edit->after_size);
	return 0;
}

static int add_generated(const struct tree *tree, struct record *record, const char *path,
			 struct error *err)
{
	_cleanup_free_ char *real = NULL;
	_cleanup_close_ int dir = -1;
	struct record_file *file;
	int r = replace_resolve(tree->root, path, &dir, &real);

	if (r < 0)
		return error_set(err, r, "failed to open '/%s': %s", path, strerror(-r));
	r = record_add_file(tree->root, record, real, &file, err);
	if (r == 0)
		file->generated = true;
	return r;
}

static void add_directories(const struct tree *tree, struct record *record,
			    const char *path)
{
	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		_cleanup_free_ char *parent = xstrndup(path, (size_t)(slash - path));

		if (*parent && !sysroot_exists(tree->root, "%s", parent) &&
		    !strv_contains(&record->directories, parent))
			strv_push(&record->directories, parent);
	}
}

struct lines {
	struct cmdline *items;
	size_t n;
};

static void lines_done(struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		cmdline_done(&lines->items[i]);
	free(lines->items);
}

static int read_sinks(const struct tree *tree, const struct bootpath *boot,
		      struct lines *ret, struct error *err)
{
	for (size_t i = 0; i < boot->sinks.n; i++) {
		const struct sink *sink = &boot->sinks.items[i];
		int r = sink->type->read(tree, sink, ARRAY_PUSH(ret->items, ret->n), err);

		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

/* What the change does to one sink, the default before all others. */
static int add_lines(const struct tree *tree, const struct bootpath *boot,
		     struct record *record, struct error *err)
{
	const struct tree disk = { .root = tree->root, .root_path = tree->root_path };
	_cleanup_(lines_done) struct lines before = { 0 }, after = { 0 };
	const struct sink *model = NULL;
	int r = read_sinks(&disk, boot, &before, err);

	if (r == 0)
		r = read_sinks(tree, boot, &after, err);
	for (size_t i = 0; r == 0 && i < boot->sinks.n; i++) {
		const struct sink *sink = &boot->sinks.items[i];

		strv_push(&record->sinks, sink->path);
		if (cmdline_equal(&before.items[i], &after.items[i]) ||
		    (model && sink != bootpath_default(boot)))
			continue;
		model = sink;
		free(record->line_before);
		free(record->line_after);
		record->line_before = cmdline_format(&before.items[i]);
		record->line_after = cmdline_format(&after.items[i]);
	}
	return r;
}

static bool builds(const struct record *record)
{
	for (size_t i = 0; i < record->n_steps; i++) {
		if (record->steps[i].kind == STEP_BUILD)
			return true;
	}
	return false;
}

/* What programs are going to make: texts are recorded, images are kept. */
static int add_built(const struct tree *tree, const struct bootpath *boot,
		     struct record *record, struct error *err)
{
	_cleanup_free_ char *directory = xasprintf(KARGS_STATE_DIR "/%s", record->id);
	int r = 0;

	if (!builds(record))
		return 0;
	for (size_t i = 0; r == 0 && i < boot->built.n; i++) {
		if (boot->built.items[i].type != &sink_uki)
			r = add_generated(tree, record, boot->built.items[i].path, err);
	}
	return r == 0 ? keep_plan(tree, boot, directory, &record->images, err) : r;
}

static int make_record(const struct tree *tree, const struct bootpath *boot,
		       const struct changes *changes, struct record *record,
		       struct error *err)
{
	int r = add_lines(tree, boot, record, err);

	for (size_t i = 0; i < changes->n; i++)
		changes_push(&record->changes, changes->items[i].op,
			     changes->items[i].arg);
	for (size_t i = 0; r == 0 && i < tree->edits.n; i++) {
		add_directories(tree, record, tree->edits.items[i].target);
		r = add_edit(tree, record, &tree->edits.items[i], err);
	}
	for (size_t i = 0; r == 0 && i < boot->n_steps; i++) {
		const struct step *step = &boot->steps[i];
		struct step *copy;

		r = step_check(tree, step, err);
		if (r <= 0)
			continue;
		copy = ARRAY_PUSH(record->steps, record->n_steps);
		*copy = (struct step){ .kind = step->kind, .timeout_s = step->timeout_s };
		copy->path = step->path ? xstrdup(step->path) : NULL;
		strv_for_each(arg, &step->argv)
			strv_push(&copy->argv, arg);
		r = step->kind == STEP_GRUB_MKCONFIG ?
			    add_generated(tree, record, step->path, err) :
			    0;
	}
	return r >= 0 ? add_built(tree, boot, record, err) : r;
}

/* ---------------------------------------------------------------- files */

static const struct record_file *file_of(const struct record *record, const char *path)
{
	for (size_t i = 0; i < record->n_files; i++) {
		if (STREQ(record->files[i].path, path))
			return &record->files[i];
	}
	return NULL;
}

static int write_edits(const struct tree *tree, const struct record *record,
		       struct error *err)
{
	_cleanup_strv_ struct strv made = STRV_NULL;
	_cleanup_replace_batch_ struct replace_batch batch = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < tree->edits.n; i++) {
		const struct edit *edit = &tree->edits.items[i];
		const struct record_file *file = file_of(record, edit->target);
		_cleanup_file_image_ struct file_image image =
			file_image_with(&file->before, edit->after, edit->after_size);

		if (!file->before.exists) {
			image.exists = true;
			image.mode = edit->mode;
			image.uid = geteuid();
			image.gid = getegid();
			r = directories_make(tree->root, edit->target, &made, err);
		}
		if (r == 0)
			r = replace_batch_add(&batch, tree->root, edit->target, &image,
					      edit->in_place ? REPLACE_IN_PLACE : 0, err);
	}
	if (r == 0)
		r = directories_sync(tree->root, &made, &batch.sync, err);
	return r == 0 ? replace_batch_publish(&batch, err) : r;
}

static int generate(const struct tree *tree, const struct bootpath *boot,
		    const struct step *step, const struct changes *changes,
		    struct record *record, struct error *err)
{
	_cleanup_replace_batch_ struct replace_batch batch = { 0 };
	_cleanup_file_image_ struct file_image image = { 0 };
	_cleanup_free_ char *real = NULL;
	_cleanup_close_ int dir = -1;
	struct record_file *file = NULL;
	int r = step_generate(tree, boot, step, changes, &image, err);

	if (r == 0)
		r = replace_resolve(tree->root, step->path, &dir, &real);
	if (r == 0)
		r = record_add_file(tree->root, record, real, &file, err);
	if (r < 0 || !file)
		return r;
	free(file->after_sum);
	file->after_sum = record_sum(file, image.data, image.size);
	r = record_save(tree->root, record, err);
	if (r == 0)
		r = replace_batch_add(&batch, tree->root, real, &image, 0, err);
	return r == 0 ? replace_batch_publish(&batch, err) : r;
}

static int run_steps(const struct tree *tree, const struct bootpath *boot,
		     const struct changes *changes, struct record *record,
		     struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < record->n_steps; i++) {
		const struct step *step = &record->steps[i];

		if (record->state != RECORD_REGENERATING) {
			record->state = RECORD_REGENERATING;
			r = record_save(tree->root, record, err);
		}
		if (r == 0)
			r = step->kind == STEP_GRUB_MKCONFIG ?
				    generate(tree, boot, step, changes, record, err) :
				    step_run(tree, step, false, err);
	}
	return r;
}

/* ---------------------------------------------------------------- reading back */

/* What is on the disk now is what the plan said. */
static int read_back(const struct tree *tree, const struct bootpath *boot,
		     const struct lines *wanted, struct error *err)
{
	const struct tree disk = { .root = tree->root, .root_path = tree->root_path };
	_cleanup_(lines_done) struct lines present = { 0 };
	int r = read_sinks(&disk, boot, &present, err);

	for (size_t i = 0; r == 0 && i < present.n; i++) {
		if (cmdline_equal(&present.items[i], &wanted->items[i]))
			continue;
		(void)error_set(err, -EIO, "'/%s' does not have what was written to it",
				boot->sinks.items[i].path);
		error_remedy(err, "see which program changes it");
		r = -EIO;
	}
	return r;
}

/* So is what was built of it. */
static int check_built(const struct tree *tree, const struct bootpath *boot,
		       const struct changes *changes, const struct record *record,
		       struct error *err)
{
	int r = builds(record) ? built_compare(tree, boot, changes, err) : 0;

	if (r > 0)
		error_remedy(err, "see what '%s' says",
			     record->steps[record->n_steps - 1].argv.items[0]);
	return r > 0 ? -EBADMSG : r;
}

/* Steps may have written recorded files once more: what is there now is what we leave. */
static int update_sums(const struct tree *tree, struct record *record, struct error *err)
{
	for (size_t i = 0; i < record->n_files; i++) {
		struct record_file *file = &record->files[i];
		_cleanup_file_image_ struct file_image now = { 0 };
		int r = file_image_read(tree->root, file->path, RECORD_FILE_MAX, &now);

		if (r < 0)
			return error_set(err, r, "failed to read '/%s': %s", file->path,
					 strerror(-r));
		free(file->after_sum);
		file->after_sum =
			now.exists ? record_sum(file, now.data, now.size) : NULL;
	}
	return 0;
}

/* ---------------------------------------------------------------- commit */

static int carry_out(const struct tree *tree, const struct bootpath *boot,
		     const struct changes *changes, struct record *record,
		     struct error *err)
{
	_cleanup_(lines_done) struct lines wanted = { 0 };
	int r = read_sinks(tree, boot, &wanted, err);

	if (r == 0)
		r = write_edits(tree, record, err);
	if (r == 0)
		r = keep_make(tree->root, &record->images, true, err);
	if (r == 0)
		r = run_steps(tree, boot, changes, record, err);
	if (r == 0)
		r = check_built(tree, boot, changes, record, err);
	if (r == 0)
		r = read_back(tree, boot, &wanted, err);
	if (r == 0)
		r = update_sums(tree, record, err);
	if (r == 0)
		r = freeze_boot(tree->root, err);
	if (r == 0 && program_interrupted())
		r = error_set(err, -EINTR, "interrupted");
	if (r < 0)
		return r;
	record->state = RECORD_DONE;
	return record_save(tree->root, record, err);
}

/* Adds to @err, which says what failed, what became of the files. */
static void undo(const struct tree *tree, struct record *record, struct error *err)
{
	_cleanup_error_ struct error why = ERROR_NULL;

	if (record->state == RECORD_DONE) { /* which did not get to the disk */
		record->state = record->n_steps ? RECORD_REGENERATING : RECORD_PREPARED;
		record_save_anyway(tree->root, record);
	}
	if (restore_take_back(tree, record, RESTORE_ALL, &why) == 0)
		error_prefix(err, "nothing was changed");
	else
		error_prefix(err, "UNFINISHED, the next run of kargs takes it back (%s)",
			     why.cause);
}

int commit(const struct tree *tree, const struct bootpath *boot,
	   const struct changes *changes, const char *command, char **ret_id,
	   struct error *err)
{
	_cleanup_record_ struct record record = { 0 };
	int r = json_load(err);

	if (r < 0)
		return r;
	program_block_signals();
	record_init(tree->root, command, &record);
	r = make_record(tree, boot, changes, &record, err);
	if (r < 0)
		return r;
	r = record_create(tree->root, &record, err);
	if (r == 0)
		r = carry_out(tree, boot, changes, &record, err);
	if (r < 0) {
		undo(tree, &record, err);
		return r;
	}
	keep_drop(tree->root, &record.images);
	record_prune(tree->root);
	*ret_id = xstrdup(record.id);
	return 0;
}

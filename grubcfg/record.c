// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a commit is about to do; see record.h. */

#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <time.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/sha256.h"
#include "grubcfg/grubenv.h"
#include "grubcfg/record.h"

#define RECORD "record.json"
#define RECORD_MAX (4U << 20)
#define SLACK_S 60 /* for what is not a step: writing, freezing */
#define NO_LOGIN UINT32_MAX /* loginuid(5) of what nobody's login started */

/* ---------------------------------------------------------------- who and when */

/* The user behind us: of sudo or the like, of the login, or simply ours. */
static uid_t user(const struct sysroot *root)
{
	static const char *const variables[] = { "SUDO_UID", "PKEXEC_UID" };
	uint64_t uid;

	for (size_t i = 0; geteuid() == 0 && i < ARRAY_SIZE(variables); i++) {
		const char *value = getenv(variables[i]);

		if (value && parse_u64(value, &uid) == 0)
			return (uid_t)uid;
	}
	if (root->is_host && sysroot_read_u64(root, &uid, "proc/self/loginuid") == 0 &&
	    uid != NO_LOGIN)
		return (uid_t)uid;
	return getuid();
}

/*
 * Ids are in the order of the records, which is that of time unless the clock went back: then the latest id
 * is counted on.
 */
static char *new_id(const struct sysroot *root, const char *when)
{
	_cleanup_strv_ struct strv ids = STRV_NULL;
	size_t stamp = strlen(when);
	unsigned number = 0;
	const char *last = "";

	/* A directory that cannot be read cannot be written either. */
	if (sysroot_list_dirs(root, &ids, KARGS_STATE_DIR) == 0 && ids.n)
		last = ids.items[ids.n - 1];
	if (strncmp(last, when, stamp) >= 0 && strlen(last) > stamp + 1 &&
	    last[stamp] == '-' && parse_unsigned(last + stamp + 1, &number) == 0)
		when = last;
	for (;;) {
		char *id = xasprintf("%.*s-%u", (int)stamp, when, ++number);

		if (!sysroot_exists(root, KARGS_STATE_DIR "/%s", id))
			return id;
		free(id);
	}
}

void record_init(const struct sysroot *root, const char *command, struct record *ret)
{
	uid_t uid = user(root);
	const struct passwd *entry = getpwuid(uid);
	time_t now = time(NULL);
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		(void)strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	*ret = (struct record){ .when = now, .command = xstrdup(command) };
	ret->who = entry ? xasprintf("%s (uid %u)", entry->pw_name, uid) :
			   xasprintf("uid %u", uid);
	ret->id = new_id(root, when);
}

/* ---------------------------------------------------------------- files */

static char *sum_of(const struct file_image *image)
{
	char sum[SHA256_HEX_SIZE];

	sha256_hex(image->data, image->size, sum);
	return xstrdup(sum);
}

int record_add_file(const struct sysroot *root, struct record *record, const char *path,
		    struct record_file **ret, struct error *err)
{
	struct record_file *file;
	int r;

	for (size_t i = 0; i < record->n_files; i++) {
		if (STREQ(record->files[i].path, path)) {
			*ret = &record->files[i];
			return 0;
		}
	}
	file = ARRAY_PUSH(record->files, record->n_files);
	file->path = xstrdup(path);
	r = file_image_read(root, path, RECORD_FILE_MAX, &file->before);
	if (r < 0)
		return error_set(err, r, "failed to read '/%s': %s", path, strerror(-r));
	file->before_size = file->before.size;
	if (file->before.exists)
		file->before_sum = sum_of(&file->before);
	*ret = file;
	return 0;
}

char *record_sum(const struct record_file *file, const char *data, size_t size)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_grubenv_ struct grubenv env = { 0 };
	char sum[SHA256_HEX_SIZE];

	if (file->in_place && grubenv_parse(data, size, &env, &err) == 0) {
		data = grubenv_get(&env, RECORD_VARIABLE);
		if (!data)
			return NULL;
		size = strlen(data);
	}
	sha256_hex(data, size, sum);
	return xstrdup(sum);
}

int64_t record_end(const struct record *record)
{
	int64_t end = record->when + SLACK_S;

	for (size_t i = 0; i < record->n_steps; i++)
		end += record->steps[i].timeout_s;
	return end;
}

/* ---------------------------------------------------------------- the disk */

/*
 * What is in it is written to files of root's: 0 when nobody else can have made it, or it is not there. A
 * link that root made is followed.
 */
static int check_owner(const struct sysroot *root, const char *path, struct error *err)
{
	struct stat st;
	int r = sysroot_stat(root, &st, "%s", path);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_set(err, r, "failed to look at '/%s': %s", path,
				 strerror(-r));
	if ((st.st_uid == 0 || st.st_uid == geteuid()) &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	(void)error_set(err, -EPERM, "'/%s' is not root's alone", path);
	error_remedy(err, "see who made it; if it was not you, move it away");
	return -EPERM;
}

static int check_place(const struct sysroot *root, struct error *err)
{
	int r = check_owner(root, "var/lib/hosttune", err);

	return r < 0 ? r : check_owner(root, KARGS_STATE_DIR, err);
}

static int check_record(const struct sysroot *root, const char *id, struct error *err)
{
	_cleanup_free_ char *dir = xasprintf(KARGS_STATE_DIR "/%s", id);
	_cleanup_free_ char *json = xasprintf("%s/" RECORD, dir);
	int r = check_owner(root, dir, err);

	return r < 0 ? r : check_owner(root, json, err);
}

static int begin_save(const struct sysroot *root, const struct record *record,
		      struct replacement *ret, struct error *err)
{
	_cleanup_free_ char *text = record_format(record);
	_cleanup_free_ char *path = xasprintf(KARGS_STATE_DIR "/%s/" RECORD, record->id);
	const struct file_image image = { .exists = true,
					  .data = text,
					  .size = strlen(text),
					  .mode = 0600,
					  .uid = geteuid(),
					  .gid = getegid() };

	return replace_begin(root, path, &image, 0, ret, err);
}

/* What is in @sync already comes first. */
static int save(const struct sysroot *root, const struct record *record,
		struct sync_set *sync, struct error *err)
{
	_cleanup_replacement_ struct replacement new = REPLACEMENT_NULL;
	int r = begin_save(root, record, &new, err);

	if (r == 0)
		r = sync_add(sync, new.fd, new.path, err);
	if (r == 0)
		r = sync_flush(sync, err);
	if (r == 0)
		r = replace_publish(&new, err);
	if (r == 0)
		r = sync_add(sync, new.dir, new.path, err);
	return r == 0 ? sync_flush(sync, err) : r;
}

int record_save(const struct sysroot *root, const struct record *record, struct error *err)
{
	_cleanup_sync_ struct sync_set sync = { 0 };

	return save(root, record, &sync, err);
}

void record_save_anyway(const struct sysroot *root, const struct record *record)
{
	_cleanup_replacement_ struct replacement new = REPLACEMENT_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	if (begin_save(root, record, &new, &err) < 0 || replace_publish(&new, &err) < 0)
		log_debug(NULL, "%s", err.cause);
}

static int make_directory(const struct sysroot *root, const char *id, int *ret,
			  struct error *err)
{
	_cleanup_close_ int parent =
		sysroot_openf(root, O_RDONLY | O_DIRECTORY, KARGS_STATE_DIR);

	if (parent < 0 || (mkdirat(parent, id, 0700) < 0 && errno != EEXIST))
		return error_set(err, parent < 0 ? parent : negative_errno(),
				 "failed to make '/" KARGS_STATE_DIR "/%s': %s", id,
				 strerror(parent < 0 ? -parent : errno));
	*ret = TAKE_FD(parent);
	return 0;
}

static int write_bytes(const struct record *record, size_t index, int dir,
		       struct sync_set *sync, struct error *err)
{
	const struct file_image *image = &record->files[index].before;
	_cleanup_free_ char *name = xasprintf("before.%zu", index),
			    *file_path =
				    xasprintf(KARGS_STATE_DIR "/%s/%s", record->id, name);
	_cleanup_close_ int fd = -1;
	int r = 0;

	if (!image->exists)
		return 0;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		r = negative_errno();
	for (size_t done = 0; r == 0 && done < image->size;) {
		ssize_t n =
			pwrite(fd, image->data + done, image->size - done, (off_t)done);

		if (n < 0 && errno != EINTR)
			r = negative_errno();
		done += n > 0 ? (size_t)n : 0;
	}
	if (r == 0)
		return sync_add(sync, fd, file_path, err);
	return r < 0 ? error_set(err, r, "failed to keep a copy of '/%s': %s",
				 record->files[index].path, strerror(-r)) :
		       0;
}

int record_create(const struct sysroot *root, const struct record *record,
		  struct error *err)
{
	_cleanup_strv_ struct strv made = STRV_NULL;
	_cleanup_sync_ struct sync_set sync = { 0 };
	_cleanup_close_ int parent = -1, dir = -1;
	int r = check_place(root, err);

	if (r == 0)
		r = directories_make(root, KARGS_STATE_DIR "/", &made, err);
	if (r == 0)
		r = make_directory(root, record->id, &parent, err);
	if (r < 0)
		return r;
	dir = openat(parent, record->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return error_set(err, negative_errno(), "failed to open '%s': %s",
				 record->id, strerror(errno));
	for (size_t i = 0; r == 0 && i < record->n_files; i++)
		r = write_bytes(record, i, dir, &sync, err);
	if (r == 0)
		r = directories_sync(root, &made, &sync, err);
	if (r == 0)
		r = sync_add(&sync, parent, KARGS_STATE_DIR, err);
	if (r == 0)
		r = save(root, record, &sync, err);
	return r;
}

int record_load(const struct sysroot *root, const char *id, struct record *ret,
		struct error *err)
{
	_cleanup_record_ struct record record = { 0 };
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = check_record(root, id, err);

	if (r < 0)
		return r;
	r = sysroot_read_file(root, RECORD_MAX, &text, &size,
			      KARGS_STATE_DIR "/%s/" RECORD, id);
	if (r == -ENOENT)
		return r;
	if (r < 0) {
		(void)error_set(err, r,
				"failed to read '/" KARGS_STATE_DIR "/%s/" RECORD "': %s",
				id, strerror(-r));
		if (r == -EACCES)
			error_remedy(err, "run it as root");
		return r;
	}
	r = record_parse(text, size, &record);
	if (r == 0 && !STREQ(record.id, id))
		r = -EINVAL;
	if (r < 0) {
		(void)error_set(err, r, "'/" KARGS_STATE_DIR "/%s/" RECORD "' %s", id,
				r == -EPROTONOSUPPORT ? "is of another version of kargs" :
							"is damaged");
		error_remedy(err,
			     "compare the files with the copies beside it, then move "
			     "the directory away");
		return r;
	}
	*ret = record;
	record = (struct record){ 0 };
	return 0;
}

int record_load_bytes(const struct sysroot *root, const struct record *record,
		      struct record_file *file, struct error *err)
{
	_cleanup_free_ char *sum = NULL;
	int r;

	if (!file->before.exists || file->before.data)
		return 0;
	r = sysroot_read_file(root, RECORD_FILE_MAX, &file->before.data,
			      &file->before.size, KARGS_STATE_DIR "/%s/before.%zu",
			      record->id, (size_t)(file - record->files));
	if (r < 0)
		return error_set(err, r,
				 "failed to read the copy of '/%s' in '/" KARGS_STATE_DIR
				 "/%s': %s",
				 file->path, record->id, strerror(-r));
	sum = sum_of(&file->before);
	if (file->before.size == file->before_size && STREQ(sum, file->before_sum))
		return 0;
	return error_set(err, -EBADMSG,
			 "the copy of '/%s' in '/" KARGS_STATE_DIR "/%s' is damaged",
			 file->path, record->id);
}

int record_list(const struct sysroot *root, struct strv *ret, struct error *err)
{
	int r = check_place(root, err);

	if (r < 0)
		return r;
	r = sysroot_list_dirs(root, ret, KARGS_STATE_DIR);
	if (r < 0 && r != -ENOENT)
		return error_set(err, r, "failed to read '/" KARGS_STATE_DIR "': %s",
				 strerror(-r));
	return 0;
}

int record_remove(const struct sysroot *root, const char *id, struct error *err)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	_cleanup_free_ char *path = xasprintf(KARGS_STATE_DIR "/%s", id);
	_cleanup_free_ char *json = xasprintf("%s/" RECORD, path);
	_cleanup_close_ int dir = sysroot_openf(root, O_RDONLY | O_DIRECTORY, "%s", path);
	int r = dir < 0 ? dir : sysroot_list(root, &names, "%s", path);

	if (dir == -ENOENT)
		return 0; /* it was never made */
	/* First what makes it a record. */
	if (r == 0 &&
	    ((unlinkat(dir, RECORD, 0) < 0 && errno != ENOENT) || fsync(dir) < 0))
		r = negative_errno();
	if (r == 0)
		r = replace_clean(root, json);
	strv_for_each(name, &names) {
		if (r == 0 && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
			r = negative_errno();
	}
	if (r == 0)
		r = directory_remove(root, path);
	return r < 0 ? error_set(err, r, "failed to remove '/%s': %s", path,
				 strerror(-r)) :
		       0;
}

void record_prune(const struct sysroot *root)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_strv_ struct strv ids = STRV_NULL;
	unsigned kept = 0;
	int r = record_list(root, &ids, &err);

	for (size_t i = ids.n; r == 0 && i > 0; i--) {
		_cleanup_record_ struct record record = { 0 };
		_cleanup_error_ struct error why = ERROR_NULL;

		/* A damaged one is for the administrator to look at. */
		if (record_load(root, ids.items[i - 1], &record, &why) < 0 ||
		    (record.state != RECORD_DONE && record.state != RECORD_ROLLED_BACK) ||
		    ++kept <= RECORD_KEEP)
			continue;
		if (record_remove(root, ids.items[i - 1], &why) < 0)
			log_warning(NULL, "%s, ignoring", why.cause);
	}
}

void record_done(struct record *record)
{
	for (size_t i = 0; i < record->n_files; i++) {
		struct record_file *file = &record->files[i];

		free(file->path);
		free(file->before_sum);
		free(file->after_sum);
		file_image_done(&file->before);
	}
	for (size_t i = 0; i < record->n_steps; i++) {
		free(record->steps[i].path);
		strv_done(&record->steps[i].argv);
	}
	free(record->files);
	free(record->steps);
	free(record->id);
	free(record->who);
	free(record->command);
	free(record->line_before);
	free(record->line_after);
	strv_done(&record->sinks);
	kept_images_done(&record->images);
	changes_done(&record->changes);
	strv_done(&record->directories);
	*record = (struct record){ 0 };
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* record.json; see record.h. */

#include <stdio.h>

#include "common/alloc.h"
#include "common/json.h"
#include "grubcfg/record.h"

#define VERSION 1

static const char *const state_names[] = {
	[RECORD_PREPARED] = "prepared",
	[RECORD_REGENERATING] = "regenerating",
	[RECORD_DONE] = "done",
	[RECORD_ROLLING_BACK] = "rolling-back",
	[RECORD_ROLLED_BACK] = "rolled-back",
};

static const char *const op_names[] = {
	[CHANGE_SET] = "set",
	[CHANGE_APPEND] = "append",
	[CHANGE_REMOVE] = "remove",
};

static const char *const step_names[] = {
	[STEP_GRUB_MKCONFIG] = "grub-mkconfig",
	[STEP_RUN] = "run",
	[STEP_BUILD] = "build",
};

static int find_name(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (STREQ(names[i], name))
			return (int)i;
	}
	return -EINVAL;
}

/* ---------------------------------------------------------------- to JSON */

static void add_hex(json_object *object, const char *key, const struct xattr *x)
{
	_cleanup_free_ char *hex = xmalloc(2 * x->size + 1);

	hex[0] = '\0';
	for (size_t i = 0; i < x->size; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", (unsigned char)x->value[i]);
	json_add_string(object, key, hex);
}

static void file_to_json(const struct record_file *file, json_object *object)
{
	const struct file_image *image = &file->before;
	json_object *xattrs;

	json_add_string(object, "path", file->path);
	json_add_bool(object, "in_place", file->in_place);
	json_add_bool(object, "generated", file->generated);
	json_add_bool(object, "existed", image->exists);
	json_add_string(object, "after_sha256", file->after_sum);
	if (!image->exists)
		return;
	json_add_string(object, "before_sha256", file->before_sum);
	json_add_number(object, "size", (int64_t)file->before_size);
	json_add_number(object, "mode", image->mode);
	json_add_number(object, "uid", image->uid);
	json_add_number(object, "gid", image->gid);
	json_add_number(object, "mtime", image->mtime.tv_sec);
	json_add_number(object, "mtime_ns", image->mtime.tv_nsec);
	xattrs = json_add_array(object, "xattrs");
	for (size_t i = 0; i < image->n_xattrs; i++) {
		json_object *x = json_push_object(xattrs);

		json_add_string(x, "name", image->xattrs[i].name);
		add_hex(x, "value", &image->xattrs[i]);
	}
}

static void step_to_json(const struct step *step, json_object *object)
{
	json_object *argv;

	json_add_string(object, "kind", step_names[step->kind]);
	json_add_string(object, "path", step->path);
	json_add_number(object, "timeout", step->timeout_s);
	argv = json_add_array(object, "argv");
	strv_for_each(arg, &step->argv)
		json_push_string(argv, arg);
}

char *record_format(const struct record *record)
{
	_cleanup_json_ json_object *object = json_new_object();
	json_object *array;

	json_add_number(object, "version", VERSION);
	json_add_string(object, "id", record->id);
	json_add_string(object, "state", state_names[record->state]);
	json_add_string(object, "who", record->who);
	json_add_string(object, "command", record->command);
	json_add_number(object, "when", record->when);
	array = json_add_array(object, "changes");
	for (size_t i = 0; i < record->changes.n; i++) {
		json_object *change = json_push_object(array);

		json_add_string(change, "op", op_names[record->changes.items[i].op]);
		json_add_string(change, "arg", record->changes.items[i].arg);
	}
	json_add_string(object, "line_before", record->line_before);
	json_add_string(object, "line_after", record->line_after);
	array = json_add_array(object, "sinks");
	strv_for_each(path, &record->sinks)
		json_push_string(array, path);
	array = json_add_array(object, "directories");
	strv_for_each(path, &record->directories)
		json_push_string(array, path);
	array = json_add_array(object, "files");
	for (size_t i = 0; i < record->n_files; i++)
		file_to_json(&record->files[i], json_push_object(array));
	array = json_add_array(object, "steps");
	for (size_t i = 0; i < record->n_steps; i++)
		step_to_json(&record->steps[i], json_push_object(array));
	array = json_add_array(object, "images");
	for (size_t i = 0; i < record->images.n; i++) {
		json_object *image = json_push_object(array);

		json_add_string(image, "path", record->images.items[i].path);
		json_add_string(image, "copy", record->images.items[i].copy);
	}
	return json_format(object, true);
}

/* ---------------------------------------------------------------- from JSON */

/* The text of a member, or NULL for null: 0 or -EINVAL. */
static int take_string(json_object *object, const char *key, char **ret)
{
	const char *text;

	if (json_get_string(object, key, &text) < 0)
		return -EINVAL;
	*ret = xstrdup(text);
	return 0;
}

static void take_optional(json_object *object, const char *key, char **ret)
{
	if (take_string(object, key, ret) < 0)
		*ret = NULL;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

static int xattr_from_json(json_object *object, struct xattr *ret)
{
	const char *hex;
	size_t size;

	if (take_string(object, "name", &ret->name) < 0 ||
	    json_get_string(object, "value", &hex) < 0 || strlen(hex) % 2)
		return -EINVAL;
	size = strlen(hex) / 2;
	ret->value = xcalloc(1, size + 1);
	ret->size = size;
	for (size_t i = 0; i < size; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		ret->value[i] = (char)(high << 4 | low);
	}
	return 0;
}

static int metadata_from_json(json_object *object, struct record_file *ret)
{
	struct file_image *image = &ret->before;
	int64_t size, mode, uid, gid, seconds, ns;
	json_object *xattrs;

	if (take_string(object, "before_sha256", &ret->before_sum) < 0 ||
	    json_get_number(object, "size", &size) < 0 ||
	    json_get_number(object, "mode", &mode) < 0 ||
	    json_get_number(object, "uid", &uid) < 0 ||
	    json_get_number(object, "gid", &gid) < 0 ||
	    json_get_number(object, "mtime", &seconds) < 0 ||
	    json_get_number(object, "mtime_ns", &ns) < 0 ||
	    json_get_array(object, "xattrs", &xattrs) < 0)
		return -EINVAL;
	ret->before_size = (size_t)size;
	image->mode = (mode_t)mode;
	image->uid = (uid_t)uid;
	image->gid = (gid_t)gid;
	image->mtime = (struct timespec){ .tv_sec = seconds, .tv_nsec = (long)ns };
	for (size_t i = 0; i < sym_json_object_array_length(xattrs); i++) {
		struct xattr *x = ARRAY_PUSH(image->xattrs, image->n_xattrs);

		if (xattr_from_json(sym_json_object_array_get_idx(xattrs, i), x) < 0)
			return -EINVAL;
	}
	return 0;
}

static int file_from_json(json_object *object, struct record_file *ret)
{
	if (take_string(object, "path", &ret->path) < 0 ||
	    json_get_bool(object, "in_place", &ret->in_place) < 0 ||
	    json_get_bool(object, "generated", &ret->generated) < 0 ||
	    json_get_bool(object, "existed", &ret->before.exists) < 0)
		return -EINVAL;
	take_optional(object, "after_sha256", &ret->after_sum);
	return ret->before.exists ? metadata_from_json(object, ret) : 0;
}

static int strings_from_json(json_object *object, const char *key, struct strv *ret)
{
	json_object *array;

	if (json_get_array(object, key, &array) < 0)
		return -EINVAL;
	for (size_t i = 0; i < sym_json_object_array_length(array); i++) {
		json_object *item = sym_json_object_array_get_idx(array, i);

		if (!sym_json_object_is_type(item, json_type_string))
			return -EINVAL;
		strv_push(ret, sym_json_object_get_string(item));
	}
	return 0;
}

static int step_from_json(json_object *object, struct step *ret)
{
	const char *kind;
	int64_t timeout;
	int index;

	if (json_get_string(object, "kind", &kind) < 0 ||
	    json_get_number(object, "timeout", &timeout) < 0 ||
	    strings_from_json(object, "argv", &ret->argv) < 0)
		return -EINVAL;
	index = find_name(step_names, ARRAY_SIZE(step_names), kind);
	if (index < 0 || ret->argv.n == 0)
		return -EINVAL;
	ret->kind = (enum step_kind)index;
	ret->timeout_s = (unsigned)timeout;
	take_optional(object, "path", &ret->path);
	return ret->kind == STEP_GRUB_MKCONFIG && !ret->path ? -EINVAL : 0;
}

static int change_from_json(json_object *object, struct changes *changes)
{
	const char *op, *arg;
	int index;

	if (json_get_string(object, "op", &op) < 0 ||
	    json_get_string(object, "arg", &arg) < 0)
		return -EINVAL;
	index = find_name(op_names, ARRAY_SIZE(op_names), op);
	if (index < 0)
		return -EINVAL;
	changes_push(changes, (enum change_op)index, arg);
	return 0;
}

static int images_from_json(json_object *object, struct kept_images *ret)
{
	json_object *images;

	if (!json_has(object, "images"))
		return 0; /* of a version that made none */
	if (json_get_array(object, "images", &images) < 0)
		return -EINVAL;
	for (size_t i = 0; i < sym_json_object_array_length(images); i++) {
		json_object *image = sym_json_object_array_get_idx(images, i);
		struct kept *kept = ARRAY_PUSH(ret->items, ret->n);

		if (take_string(image, "path", &kept->path) < 0 ||
		    take_string(image, "copy", &kept->copy) < 0)
			return -EINVAL;
	}
	return 0;
}

static int lists_from_json(json_object *object, struct record *ret)
{
	json_object *changes, *files, *steps;

	if (json_get_array(object, "changes", &changes) < 0 ||
	    json_get_array(object, "files", &files) < 0 ||
	    json_get_array(object, "steps", &steps) < 0 ||
	    strings_from_json(object, "sinks", &ret->sinks) < 0 ||
	    strings_from_json(object, "directories", &ret->directories) < 0 ||
	    images_from_json(object, &ret->images) < 0)
		return -EINVAL;
	take_optional(object, "line_before", &ret->line_before);
	take_optional(object, "line_after", &ret->line_after);
	for (size_t i = 0; i < sym_json_object_array_length(changes); i++) {
		if (change_from_json(sym_json_object_array_get_idx(changes, i),
				     &ret->changes) < 0)
			return -EINVAL;
	}
	for (size_t i = 0; i < sym_json_object_array_length(files); i++) {
		if (file_from_json(sym_json_object_array_get_idx(files, i),
				   ARRAY_PUSH(ret->files, ret->n_files)) < 0)
			return -EINVAL;
	}
	for (size_t i = 0; i < sym_json_object_array_length(steps); i++) {
		if (step_from_json(sym_json_object_array_get_idx(steps, i),
				   ARRAY_PUSH(ret->steps, ret->n_steps)) < 0)
			return -EINVAL;
	}
	return 0;
}

int record_parse(const char *text, size_t size, struct record *ret)
{
	_cleanup_json_ json_object *object = NULL;
	const char *state;
	int64_t version;
	int index;

	if (json_parse(text, size, &object) < 0 ||
	    json_get_number(object, "version", &version) < 0 ||
	    json_get_string(object, "state", &state) < 0)
		return -EINVAL;
	if (version != VERSION)
		return -EPROTONOSUPPORT;
	index = find_name(state_names, ARRAY_SIZE(state_names), state);
	if (index < 0 || take_string(object, "id", &ret->id) < 0 ||
	    take_string(object, "who", &ret->who) < 0 ||
	    take_string(object, "command", &ret->command) < 0 ||
	    json_get_number(object, "when", &ret->when) < 0)
		return -EINVAL;
	ret->state = (enum record_state)index;
	return lists_from_json(object, ret);
}

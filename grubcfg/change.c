// SPDX-License-Identifier: LGPL-2.1-or-later
/* Changes and how they are applied; see change.h. */

#include "grubcfg/change.h"
#include "common/alloc.h"
#include "grubcfg/policy.h"

/* ---------------------------------------------------------------- steps */

static int refuse_locked(const struct arg *arg, struct error *err)
{
	return error_set(err, -EPERM, "%s cannot be changed: %s", arg->raw, arg->locked);
}

int change_remove_at(struct cmdline *line, size_t index, struct error *err)
{
	if (line->items[index].locked)
		return refuse_locked(&line->items[index], err);
	cmdline_remove(line, index);
	return 0;
}

int change_replace_at(struct cmdline *line, size_t index, const char *raw,
		      struct error *err)
{
	if (line->items[index].locked)
		return refuse_locked(&line->items[index], err);
	cmdline_replace(line, index, raw);
	return 0;
}

void change_add(struct cmdline *line, const char *raw)
{
	(void)cmdline_insert(line, line->n_kernel, raw);
}

static bool is_mount_mode(const char *name)
{
	return STREQ(name, "ro") || STREQ(name, "rw");
}

/* "ro" and "rw" are two values of one parameter. */
static bool same_key(const char *a, const char *b)
{
	return cmdline_same_name(a, b) || (is_mount_mode(a) && is_mount_mode(b));
}

/* The occurrence to keep: the first, but one that is right and cannot be moved comes before it. */
static size_t find_keeper(const struct cmdline *line, const struct arg *wanted)
{
	size_t found = line->n;

	for (size_t i = 0; i < line->n_kernel; i++) {
		const struct arg *arg = &line->items[i];

		if (!same_key(arg->name, wanted->name))
			continue;
		if (arg->locked && cmdline_same_arg(arg, wanted))
			return i;
		if (found == line->n)
			found = i;
	}
	return found;
}

int change_collapse(struct cmdline *line, const struct arg *wanted, struct error *err)
{
	size_t keeper = find_keeper(line, wanted);
	int r;

	if (keeper == line->n) {
		change_add(line, wanted->raw);
		return 0;
	}
	if (!cmdline_same_arg(&line->items[keeper], wanted)) {
		r = change_replace_at(line, keeper, wanted->raw, err);
		if (r < 0)
			return r;
	}
	for (size_t i = line->n_kernel; i > 0; i--) {
		if (i - 1 == keeper || !same_key(line->items[i - 1].name, wanted->name))
			continue;
		r = change_remove_at(line, i - 1, err);
		if (r < 0)
			return r;
		if (i - 1 < keeper)
			keeper--;
	}
	return 0;
}

/* ---------------------------------------------------------------- by policy */

/* Whether one of @changes appends that argument. */
static bool is_appended(const struct changes *changes, const struct arg *arg)
{
	for (size_t i = 0; i < changes->n; i++) {
		_cleanup_cmdline_ struct cmdline line = { 0 };

		if (changes->items[i].op != CHANGE_APPEND)
			continue;
		cmdline_parse(&line, changes->items[i].arg, ARG_NEW);
		if (line.n == 1 && cmdline_same_arg(&line.items[0], arg))
			return true;
	}
	return false;
}

/* Unless it is the last of its name, but for others that are appended with it. */
static void append(struct cmdline *line, const struct arg *wanted,
		   const struct changes *changes)
{
	for (size_t i = line->n_kernel; i > 0; i--) {
		const struct arg *arg = &line->items[i - 1];

		if (!cmdline_same_name(arg->name, wanted->name))
			continue;
		if (cmdline_same_arg(arg, wanted))
			return;
		if (!is_appended(changes, arg))
			break;
	}
	change_add(line, wanted->raw);
}

/* The last occurrence that speaks of the same thing is replaced; others are none of its business. */
static int set_multi(struct cmdline *line, const struct key_rules *rules,
		     const struct arg *wanted, enum change_op op, struct error *err)
{
	size_t found = line->n;

	for (size_t i = 0; i < line->n_kernel; i++) {
		const struct arg *arg = &line->items[i];

		if (cmdline_same_arg(arg, wanted))
			return 0;
		if (cmdline_same_name(arg->name, wanted->name) &&
		    key_same_part(rules, arg->value, wanted->value))
			found = i;
	}
	if (op == CHANGE_SET && found < line->n)
		return change_replace_at(line, found, wanted->raw, err);
	change_add(line, wanted->raw);
	return 0;
}

static bool is_page_size(const struct arg *arg)
{
	return cmdline_same_name(arg->name, "hugepagesz") ||
	       cmdline_same_name(arg->name, "default_hugepagesz");
}

/* The page size that change @index stands under among changes of its kind, or NULL. */
static char *page_size_before(const struct changes *changes, size_t index)
{
	bool removes = changes->items[index].op == CHANGE_REMOVE;

	for (size_t i = index; i > 0; i--) {
		const struct change *change = &changes->items[i - 1];
		_cleanup_cmdline_ struct cmdline line = { 0 };

		cmdline_parse(&line, change->arg, ARG_NEW);
		if ((change->op == CHANGE_REMOVE) == removes && line.n == 1 &&
		    is_page_size(&line.items[0]))
			return xstrdup(line.items[0].value ? line.items[0].value : "");
	}
	return NULL;
}

static int set_arg(struct cmdline *line, const struct arg *wanted,
		   const struct changes *changes, size_t index, struct error *err)
{
	_cleanup_free_ char *page_size = page_size_before(changes, index);
	enum change_op op = changes->items[index].op;
	const struct key_rules *rules = key_rules(wanted->name);

	switch (rules->policy) {
	case KEY_MULTI:
		return set_multi(line, rules, wanted, op, err);
	case KEY_BLOCK:
		return change_pages_set(line, wanted, page_size, err);
	case KEY_FLAGS:
		return change_list_add(line, rules, wanted, op == CHANGE_SET, err);
	case KEY_LIST:
		if (op == CHANGE_APPEND)
			return change_list_add(line, rules, wanted, false, err);
		break;
	case KEY_SINGLE:
		if (op == CHANGE_APPEND) {
			append(line, wanted, changes);
			return 0;
		}
		break;
	}
	return change_collapse(line, wanted, err);
}

static int remove_arg(struct cmdline *line, const struct arg *unwanted,
		      const struct changes *changes, size_t index, struct error *err)
{
	_cleanup_free_ char *page_size = page_size_before(changes, index);
	const struct key_rules *rules = key_rules(unwanted->name);

	if (rules->policy == KEY_BLOCK)
		return change_pages_remove(line, unwanted, page_size, err);
	for (size_t i = line->n_kernel; i > 0; i--) {
		const struct arg *arg = &line->items[i - 1];
		int r;

		if (!cmdline_same_name(arg->name, unwanted->name) ||
		    (unwanted->value && !cmdline_same_arg(arg, unwanted)))
			continue;
		r = change_remove_at(line, i - 1, err);
		if (r < 0)
			return r;
	}
	if (unwanted->value && (rules->policy == KEY_FLAGS || rules->policy == KEY_LIST))
		return change_list_remove(line, rules, unwanted, err);
	return 0;
}

/* ---------------------------------------------------------------- all changes */

static int apply_change(struct cmdline *line, const struct changes *changes, size_t index,
			struct error *err)
{
	const struct change *change = &changes->items[index];
	_cleanup_cmdline_ struct cmdline before = cmdline_copy(line), parsed = { 0 };
	const struct arg *arg;
	int r;

	if (change->op != CHANGE_REMOVE) {
		r = change_check(change->arg, err);
		if (r < 0)
			return r;
	}
	cmdline_parse(&parsed, change->arg, ARG_NEW);
	if (parsed.n != 1)
		return error_set(err, -EINVAL, "'%s' is not one argument", change->arg);
	arg = &parsed.items[0];
	r = change->op == CHANGE_REMOVE ? remove_arg(line, arg, changes, index, err) :
					  set_arg(line, arg, changes, index, err);
	if (r < 0)
		return r;
	if (change->force || !key_is_protected(arg->name) || cmdline_equal(line, &before))
		return 0;
	r = error_set(err, -EPERM, "%s is what this machine boots from", arg->name);
	error_remedy(err, "if you are sure, use --force");
	return r;
}

/* The kernel reads back what is in the list: a quote that was left open swallows what follows it. */
static int check_result(const struct cmdline *line, struct error *err)
{
	_cleanup_free_ char *text = cmdline_format(line);
	_cleanup_cmdline_ struct cmdline again = { 0 };
	int r;

	cmdline_parse(&again, text, ARG_NEW);
	if (cmdline_equal(line, &again))
		return 0;
	r = error_set(err, -EINVAL, "the kernel would read '%s' in another way", text);
	error_remedy(err, "close the double quotes of its arguments first");
	return r;
}

int changes_apply(struct cmdline *line, const struct changes *changes, struct error *err)
{
	_cleanup_cmdline_ struct cmdline before = cmdline_copy(line);
	int r;

	for (size_t i = 0; i < changes->n; i++) {
		r = apply_change(line, changes, i, err);
		if (r < 0)
			return r;
	}
	if (cmdline_equal(line, &before))
		return 0;
	r = check_result(line, err);
	return r < 0 ? r : 1;
}

int change_check(const char *arg, struct error *err)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };
	unsigned quotes = 0;

	for (const char *p = arg; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < ' ' || c >= 0x7f)
			return error_set(err, -EINVAL,
					 "'%s' contains the byte 0x%02x: arguments are "
					 "printable ASCII",
					 arg, c);
		quotes += c == '"';
	}
	if (quotes % 2)
		return error_set(err, -EINVAL,
				 "'%s' has a double quote that is not closed", arg);
	cmdline_parse(&line, arg, ARG_NEW);
	if (line.n != 1 || !STREQ(line.items[0].raw, arg)) {
		int r = error_set(err, -EINVAL, "'%s' is not one argument", arg);

		error_remedy(err, "give each argument by itself, and put a value with "
				  "blanks in double quotes: name=\"some value\"");
		return r;
	}
	if (line.n_kernel == 0)
		return error_set(err, -EINVAL,
				 "'--' ends the kernel's arguments and is not one");
	if (!line.items[0].name[0] || line.items[0].name[0] == '=')
		return error_set(err, -EINVAL, "'%s' has no name", arg);
	return 0;
}

bool changes_name(const struct changes *changes, const char *name)
{
	for (size_t i = 0; i < changes->n; i++) {
		_cleanup_cmdline_ struct cmdline change = { 0 };

		cmdline_parse(&change, changes->items[i].arg, ARG_NEW);
		if (change.n > 0 && cmdline_same_name(change.items[0].name, name))
			return true;
	}
	return false;
}

void changes_push(struct changes *changes, enum change_op op, const char *arg)
{
	struct change *change = ARRAY_PUSH(changes->items, changes->n);

	change->op = op;
	change->arg = xstrdup(arg);
}

void changes_done(struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		free(changes->items[i].arg);
	free(changes->items);
	*changes = (struct changes){ 0 };
}

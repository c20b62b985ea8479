// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * /etc/cmdline.d/\*.conf: what mkinitcpio and dracut put into a unified kernel image. All files in the
 * order of their names are one command line; lines that begin with '#' are comments. A change stays in
 * the file of the argument; new arguments go to the file of the argument before them.
 */

#include "common/alloc.h"
#include "grubcfg/sink-text.h"

/* One file; its arguments are numbered on from those of the file before. */
struct part {
	char *path;
	char *text;
	struct text_args args;
	int first;
};

struct parts {
	struct part *items;
	size_t n;
};

static void parts_done(struct parts *parts)
{
	for (size_t i = 0; i < parts->n; i++) {
		free(parts->items[i].path);
		free(parts->items[i].text);
		text_args_done(&parts->items[i].args);
	}
	free(parts->items);
}

static int parse(struct part *part, struct error *err)
{
	const char *text = part->text;

	for (size_t at = 0, end; text[at]; at = end + (text[end] == '\n')) {
		int r;

		end = at + strcspn(text + at, "\n");
		if (text[at] == '#')
			continue;
		r = text_args_add(&part->args, text, at, end, LAYER_PLAIN, err);
		if (r < 0) {
			error_prefix(err, "/%s", part->path);
			return r;
		}
	}
	return 0;
}

static bool is_conf(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && STREQ(name + n - 5, ".conf");
}

/* By bytes, as the shell's glob in C sorts: tree_list() takes digits for numbers. */
static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int load(const struct tree *tree, const struct sink *sink, struct parts *parts,
		struct error *err)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	int first = 0, r;

	r = tree_list(tree, sink->path, &names);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return error_set(err, r, "failed to list '/%s': %s", sink->path,
				 strerror(-r));
	if (names.n)
		qsort(names.items, names.n, sizeof(*names.items), compare);
	strv_for_each(name, &names) {
		struct part *part;

		if (!is_conf(name))
			continue;
		part = ARRAY_PUSH(parts->items, parts->n);
		part->first = first;
		part->path = xasprintf("%s/%s", sink->path, name);
		r = text_read(tree, part->path, &part->text, err);
		if (r == -ENOENT)
			return error_set(err, -EINVAL, "/%s: a link to nothing",
					 part->path);
		if (r == 0)
			r = parse(part, err);
		if (r < 0)
			return r;
		first += (int)part->args.line.n;
	}
	return parts->n ? 0 : -ENOENT;
}

static int cmdline_d_read(const struct tree *tree, const struct sink *sink,
			  struct cmdline *ret, struct error *err)
{
	_cleanup_(parts_done) struct parts parts = { 0 };
	struct cmdline line = { 0 };
	int r;

	r = load(tree, sink, &parts, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < parts.n; i++) {
		for (size_t k = 0; k < parts.items[i].args.line.n; k++) {
			const char *raw = parts.items[i].args.line.items[k].raw;
			struct arg *arg = cmdline_insert(&line, line.n, raw);

			arg->origin = (int)line.n - 1;
		}
	}
	*ret = line;
	return 0;
}

static bool is_in(const struct part *part, const struct arg *arg)
{
	return arg->origin >= part->first &&
	       arg->origin < part->first + (int)part->args.line.n;
}

/* The file of the argument before @index, or else of the one after, or the last one. */
static const struct part *part_of(const struct parts *parts, const struct cmdline *wanted,
				  size_t index)
{
	const struct arg *near = NULL;

	for (size_t i = index + 1; i > 0 && !near; i--) {
		if (wanted->items[i - 1].origin != ARG_NEW)
			near = &wanted->items[i - 1];
	}
	for (size_t i = index + 1; i < wanted->n && !near; i++) {
		if (wanted->items[i].origin != ARG_NEW)
			near = &wanted->items[i];
	}
	for (size_t i = 0; near && i < parts->n; i++) {
		if (is_in(&parts->items[i], near))
			return &parts->items[i];
	}
	return &parts->items[parts->n - 1];
}

/* What of @wanted belongs to the file, with its own numbers. */
static struct cmdline share_of(const struct parts *parts, const struct part *part,
			       const struct cmdline *wanted)
{
	struct cmdline line = cmdline_copy(wanted);

	for (size_t i = line.n; i > 0; i--) {
		if (part_of(parts, wanted, i - 1) != part)
			cmdline_remove(&line, i - 1);
		else if (line.items[i - 1].origin != ARG_NEW)
			line.items[i - 1].origin -= part->first;
	}
	return line;
}

static int write_part(struct tree *tree, const struct part *part,
		      const struct cmdline *share, struct error *err)
{
	_cleanup_free_ char *out = NULL, *text = NULL;
	int r;

	if (part->args.line.n) {
		r = text_args_splice(part->text, &part->args, share, 0, LAYER_PLAIN, &out,
				     err);
		if (r < 0)
			return r;
		return tree_write(tree, part->path, out, strlen(out), 0644, err);
	}
	if (!share->n)
		return 0;
	text = cmdline_format(share);
	out = xasprintf("%s%s%s\n", part->text,
			*part->text && part->text[strlen(part->text) - 1] != '\n' ? "\n" :
										    "",
			text);
	return tree_write(tree, part->path, out, strlen(out), 0644, err);
}

static int cmdline_d_write(struct tree *tree, const struct sink *sink,
			   const struct cmdline *wanted, struct error *err)
{
	_cleanup_(parts_done) struct parts parts = { 0 };
	int r;

	r = load(tree, sink, &parts, err);
	if (r == -ENOENT)
		return error_set(err, r, "/%s: there is no file in it", sink->path);
	if (r < 0)
		return r;
	for (size_t i = 0; i < parts.n; i++) {
		_cleanup_cmdline_ struct cmdline share =
			share_of(&parts, &parts.items[i], wanted);

		r = write_part(tree, &parts.items[i], &share, err);
		if (r < 0)
			return r;
	}
	return sink_read_back(tree, sink, wanted, err);
}

const struct sink_type sink_cmdline_d = { "cmdline.d", cmdline_d_read, cmdline_d_write };

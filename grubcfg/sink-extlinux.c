// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One label of extlinux.conf, which Syslinux and U-Boot read: keyword and value on a line, keywords in any
 * case. The last 'append' of a label counts; a label without one has that from above the first label.
 */

#include <strings.h>

#include "common/alloc.h"
#include "grubcfg/sink-text.h"

/* A line of the file. */
struct line {
	size_t start;
	size_t end; /* without its line break */
	size_t value;
	size_t next;
};

static bool next_line(const char *text, size_t at, struct line *ret)
{
	if (!text[at])
		return false;
	ret->start = at;
	ret->end = at + strcspn(text + at, "\n");
	ret->next = ret->end + (text[ret->end] == '\n');
	if (ret->end > at && text[ret->end - 1] == '\r')
		ret->end--;
	ret->value = ret->end;
	return true;
}

/* Whether the line is "<blanks>@keyword<blanks>value"; sets .value. */
static bool is_keyword(const char *text, struct line *line, const char *keyword)
{
	size_t at = line->start + strspn(text + line->start, " \t"), n = strlen(keyword);

	if (at + n > line->end || strncasecmp(text + at, keyword, n) != 0)
		return false;
	at += n;
	if (at < line->end && text[at] != ' ' && text[at] != '\t')
		return false;
	line->value = at + strspn(text + at, " \t");
	if (line->value > line->end)
		line->value = line->end;
	return true;
}

static bool is_label(const char *text, struct line line, const char *name)
{
	size_t n;

	if (!is_keyword(text, &line, "label"))
		return false;
	while (line.end > line.value && strchr(" \t", text[line.end - 1]))
		line.end--;
	n = line.end - line.value;
	return !name || (strlen(name) == n && strncmp(text + line.value, name, n) == 0);
}

struct label {
	char *text;
	struct text_args args;
	bool has_append;
	struct line append;
	struct line last; /* of the label: its kernel, or the label itself */
};

static void label_done(struct label *label)
{
	free(label->text);
	text_args_done(&label->args);
}

static int find(const struct sink *sink, struct label *label, struct error *err)
{
	bool is_in = false, is_above = true, is_found = false;
	struct line line;

	for (size_t at = 0; next_line(label->text, at, &line); at = line.next) {
		if (is_label(label->text, line, NULL)) {
			is_in = is_label(label->text, line, sink->part);
			is_above = false;
			if (is_in && is_found)
				return error_set(err, -EINVAL,
						 "line %u: a second label '%s'",
						 text_line(label->text, at), sink->part);
			is_found |= is_in;
			if (is_in)
				label->last = line;
		} else if ((is_in || is_above) &&
			   is_keyword(label->text, &line, "append")) {
			label->append = line;
			label->has_append = true;
		} else if (is_in && (is_keyword(label->text, &line, "linux") ||
				     is_keyword(label->text, &line, "kernel"))) {
			label->last = line;
		}
	}
	if (!is_found)
		return error_set(err, -EINVAL, "no label '%s'", sink->part);
	if (label->has_append && label->append.end - label->append.value == 1 &&
	    label->text[label->append.value] == '-')
		return error_set(err, -EINVAL,
				 "line %u: 'append -' takes arguments away: that is not "
				 "supported",
				 text_line(label->text, label->append.start));
	return 0;
}

static int load(const struct tree *tree, const struct sink *sink, struct label *label,
		struct error *err)
{
	int r = text_read(tree, sink->path, &label->text, err);

	if (r == -ENOENT)
		return error_set(err, -EINVAL, "/%s: no such file", sink->path);
	if (r < 0)
		return r;
	r = find(sink, label, err);
	if (r == 0 && label->has_append)
		r = text_args_add(&label->args, label->text, label->append.value,
				  label->append.end, LAYER_EXTLINUX, err);
	if (r < 0)
		error_prefix(err, "/%s", sink->path);
	return r;
}

static int extlinux_read(const struct tree *tree, const struct sink *sink,
			 struct cmdline *ret, struct error *err)
{
	_cleanup_(label_done) struct label label = { 0 };
	int r = load(tree, sink, &label, err);

	if (r < 0)
		return r;
	*ret = label.args.line;
	label.args.line = (struct cmdline){ 0 };
	return 0;
}

/* A label without arguments gets a line of its own, indented like its kernel. */
static char *with_append(const struct label *label, const char *args)
{
	const char *text = label->text;
	size_t start = label->has_append ? label->append.start : label->last.start;
	size_t from = label->has_append ? label->append.start : label->last.next;
	size_t to = label->has_append ? label->append.next : label->last.next;
	int indent = (int)strspn(text + start, " \t");

	return xasprintf("%.*s%s%.*sappend %s\n%s", (int)from, text,
			 from && text[from - 1] != '\n' ? "\n" : "", indent ? indent : 1,
			 indent ? text + start : "\t", args, text + to);
}

static int extlinux_write(struct tree *tree, const struct sink *sink,
			  const struct cmdline *wanted, struct error *err)
{
	_cleanup_(label_done) struct label label = { 0 };
	_cleanup_free_ char *out = NULL, *args = NULL;
	int r;

	r = load(tree, sink, &label, err);
	if (r < 0)
		return r;
	if (label.args.line.n) {
		r = text_args_splice(label.text, &label.args, wanted, 0, LAYER_EXTLINUX,
				     &out, err);
	} else {
		r = text_encode(wanted, LAYER_EXTLINUX, &args, err);
		if (r == 0)
			out = with_append(&label, args);
	}
	return r < 0 ? r : text_write(tree, sink, sink->path, out, wanted, err);
}

const struct sink_type sink_extlinux = { "extlinux", extlinux_read, extlinux_write };

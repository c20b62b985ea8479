// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * cmdline.txt of a Raspberry Pi: one line of arguments, no comments. The firmware reads the first line
 * only, so in a file with more of them nobody can say what was meant: it is refused.
 */

#include "common/alloc.h"
#include "grubcfg/sink-text.h"

static int load(const struct tree *tree, const struct sink *sink, char **ret,
		struct text_args *args, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t end, next;
	int r;

	r = text_read(tree, sink->path, &text, err);
	if (r < 0)
		return r;
	end = strcspn(text, "\n");
	next = end + strspn(text + end, " \t\r\n");
	if (text[next]) {
		(void)error_set(err, -EINVAL,
				"/%s: line %u: the firmware reads only the first line",
				sink->path, text_line(text, next));
		error_remedy(err, "make one line of it, or delete the others");
		return -EINVAL;
	}
	r = text_args_add(args, text, 0, end, LAYER_PLAIN, err);
	if (r < 0) {
		error_prefix(err, "/%s", sink->path);
		return r;
	}
	*ret = TAKE_PTR(text);
	return 0;
}

static int pi_read(const struct tree *tree, const struct sink *sink, struct cmdline *ret,
		   struct error *err)
{
	_cleanup_text_args_ struct text_args args = { 0 };
	_cleanup_free_ char *text = NULL;
	int r;

	r = load(tree, sink, &text, &args, err);
	if (r < 0)
		return r;
	*ret = args.line;
	args.line = (struct cmdline){ 0 };
	return 0;
}

static int pi_write(struct tree *tree, const struct sink *sink,
		    const struct cmdline *wanted, struct error *err)
{
	_cleanup_text_args_ struct text_args args = { 0 };
	_cleanup_free_ char *text = NULL, *out = NULL;
	int r;

	r = load(tree, sink, &text, &args, err);
	if (r == -ENOENT)
		return error_set(err, r, "/%s: no such file", sink->path);
	if (r < 0)
		return r;
	r = text_args_splice(text, &args, wanted, 0, LAYER_PLAIN, &out, err);
	if (r < 0)
		return r;
	return text_write(tree, sink, sink->path, out, wanted, err);
}

const struct sink_type sink_pi = { "cmdline.txt", pi_read, pi_write };

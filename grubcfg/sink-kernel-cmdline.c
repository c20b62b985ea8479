// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * /etc/kernel/cmdline: what kernel-install gives to the next kernel (90-loaderentry.install,
 * kernel-install(8)). Without it the next kernel gets /usr/lib/kernel/cmdline, and without that the
 * arguments that happen to run now; so write() creates the file from the list that it is given.
 *
 * Its readers differ: some take a comment for arguments, some join lines, one reads the first line only,
 * most of them squeeze blanks even in quotes. All of them read one line without comments and with single
 * blanks in the same way; a file of another form is brought to that one when it has to change.
 */

#include "common/alloc.h"
#include "grubcfg/sink-text.h"

#define VENDOR_PATH "usr/lib/kernel/cmdline"
#define PROXMOX_MARK "etc/kernel/proxmox-boot-uuids"

struct content {
	struct text_args args;
	char *text;
	const char *path; /* what was read */
	bool is_one_line;
};

static void content_done(struct content *content)
{
	text_args_done(&content->args);
	free(content->text);
}

static int parse(const struct tree *tree, struct content *content, struct error *err)
{
	const char *text = content->text;
	unsigned lines = 0, comments = 0;

	for (size_t at = 0, next; text[at]; at = next) {
		size_t end = at + strcspn(text + at, "\n");
		size_t start = at + strspn(text + at, " \t\r");
		int r;

		next = end + (text[end] == '\n');
		if (start >= end)
			continue;
		if (text[start] == '#') {
			comments++;
			continue;
		}
		if (lines++ && tree_exists(tree, PROXMOX_MARK)) {
			(void)error_set(err, -EINVAL,
					"line %u: proxmox-boot-tool reads only the first "
					"line",
					text_line(text, at));
			error_remedy(err, "make one line of it, or delete the others");
			return -EINVAL;
		}
		r = text_args_add(&content->args, text, at, end, LAYER_PLAIN, err);
		if (r < 0)
			return r;
	}
	content->is_one_line = lines <= 1 && comments == 0;
	return 0;
}

static int load(const struct tree *tree, const struct sink *sink, struct content *ret,
		struct error *err)
{
	struct content content = { .path = sink->path };
	int r;

	r = text_read(tree, sink->path, &content.text, err);
	if (r == -ENOENT && STREQ(sink->path, "etc/kernel/cmdline")) {
		content.path = VENDOR_PATH;
		r = text_read(tree, VENDOR_PATH, &content.text, err);
	}
	if (r < 0)
		return r;
	r = parse(tree, &content, err);
	if (r < 0) {
		error_prefix(err, "/%s", content.path);
		content_done(&content);
		return r;
	}
	*ret = content;
	return 0;
}

static int kernel_cmdline_read(const struct tree *tree, const struct sink *sink,
			       struct cmdline *ret, struct error *err)
{
	_cleanup_(content_done) struct content content = { 0 };
	int r;

	r = load(tree, sink, &content, err);
	if (r < 0)
		return r;
	*ret = content.args.line;
	content.args.line = (struct cmdline){ 0 };
	return 0;
}

static bool is_as_before(const struct cmdline *now, const struct arg *arg)
{
	if (arg->origin < 0 || now->n <= (size_t)arg->origin || !now->items)
		return false;
	return STREQ(now->items[arg->origin].raw, arg->raw);
}

/* Every reader squeezes blanks, the shell's read in quotes too: what is new must have none to squeeze. */
static int check_blanks(const struct cmdline *now, const struct cmdline *wanted,
			struct error *err)
{
	for (size_t i = 0; i < wanted->n; i++) {
		const char *raw = wanted->items[i].raw;

		if (is_as_before(now, &wanted->items[i]))
			continue;
		if (strstr(raw, "  ") || strpbrk(raw, "\t\v\f\r\n"))
			return error_set(err, -EILSEQ,
					 "%s cannot be written as /etc/kernel/cmdline: "
					 "kernel-install makes one blank of several",
					 raw);
	}
	return 0;
}

/* What the host itself adds to each entry does not belong into the file for all of them. */
static struct cmdline without_locked(const struct cmdline *wanted)
{
	struct cmdline line = cmdline_copy(wanted);

	for (size_t i = line.n; i > 0; i--) {
		if (line.items[i - 1].locked)
			cmdline_remove(&line, i - 1);
	}
	return line;
}

static int create(struct tree *tree, const struct sink *sink,
		  const struct cmdline *wanted, struct error *err)
{
	_cleanup_cmdline_ struct cmdline line = without_locked(wanted);
	_cleanup_free_ char *args = cmdline_format(&line), *text = NULL;

	text = xasprintf("%s\n", args);
	return text_write(tree, sink, sink->path, text, &line, err);
}

static int kernel_cmdline_write(struct tree *tree, const struct sink *sink,
				const struct cmdline *wanted, struct error *err)
{
	_cleanup_(content_done) struct content content = { 0 };
	_cleanup_free_ char *out = NULL, *text = NULL;
	bool is_new;
	size_t n;
	int r;

	r = load(tree, sink, &content, err);
	if (r < 0 && r != -ENOENT)
		return r;
	is_new = r == -ENOENT;
	r = check_blanks(&content.args.line, wanted, err);
	if (r < 0)
		return r;
	if (is_new || !STREQ(content.path, sink->path) || !content.is_one_line)
		return create(tree, sink, wanted, err);
	r = text_args_splice(content.text, &content.args, wanted, 0, LAYER_PLAIN, &out,
			     err);
	if (r < 0)
		return r;
	n = strlen(out);
	text = xasprintf("%s%s", out, n && out[n - 1] == '\n' ? "" : "\n");
	return text_write(tree, sink, sink->path, text, wanted, err);
}

const struct sink_type sink_kernel_cmdline = {
	"kernel-install",
	kernel_cmdline_read,
	kernel_cmdline_write,
};

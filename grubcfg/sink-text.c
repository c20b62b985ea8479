// SPDX-License-Identifier: LGPL-2.1-or-later
/* Arguments in a text; see sink-text.h. */

#include "grubcfg/sink-text.h"
#include "common/alloc.h"

unsigned text_line(const char *text, size_t at)
{
	unsigned line = 1;

	for (size_t i = 0; i < at && text[i]; i++)
		line += text[i] == '\n';
	return line;
}

size_t text_word_end(const char *text, size_t at, size_t end, enum layer layer,
		     bool *ret_open)
{
	bool has_escapes = layer == LAYER_SHELL_DOUBLE || layer == LAYER_GRUB_BLS;
	bool in_double = false, in_single = false;

	for (; at < end; at++) {
		char c = text[at];

		if (c == '\\' && has_escapes && !in_single && at + 1 < end) {
			at++;
			/* Through the shell the kernel gets a quote of its own. */
			if (layer == LAYER_SHELL_DOUBLE && text[at] == '"')
				in_double = !in_double;
		} else if (c == '\'' && layer == LAYER_GRUB_BLS && !in_double) {
			in_single = !in_single;
		} else if (c == '"' && !in_single) {
			in_double = !in_double;
		} else if (cmdline_is_space((unsigned char)c) && !in_double &&
			   !in_single) {
			break;
		}
	}
	*ret_open = in_double || in_single;
	return at;
}

static int add_word(struct text_args *args, const char *text, struct span span,
		    enum layer layer, struct error *err)
{
	_cleanup_free_ char *word = xstrndup(text + span.start, span.end - span.start);
	_cleanup_free_ char *raw = NULL;
	struct arg *arg;
	int r;

	r = decode(layer, word, &raw, err);
	if (r < 0) {
		error_prefix(err, "line %u", text_line(text, span.start));
		return -EINVAL;
	}
	if (!*raw) {
		(void)error_set(err, -EINVAL,
				"line %u: '%s' is nothing to the boot loader",
				text_line(text, span.start), word);
		error_remedy(err, "take it away, or quote it");
		return -EINVAL;
	}
	arg = cmdline_insert(&args->line, args->line.n, raw);
	arg->origin = (int)args->line.n - 1;
	*ARRAY_PUSH(args->spans, args->n_spans) = span;
	return 0;
}

int text_args_add(struct text_args *args, const char *text, size_t start, size_t end,
		  enum layer layer, struct error *err)
{
	for (;;) {
		struct span span;
		bool is_open;
		int r;

		while (start < end && cmdline_is_space((unsigned char)text[start]))
			start++;
		if (start == end)
			return 0;
		span.start = start;
		span.end = start = text_word_end(text, start, end, layer, &is_open);
		if (is_open) {
			(void)error_set(err, -EINVAL, "line %u: a quote is not closed",
					text_line(text, span.start));
			error_remedy(err, "close it: everything after it is one argument "
					  "now");
			return -EINVAL;
		}
		r = add_word(args, text, span, layer, err);
		if (r < 0)
			return r;
	}
}

void text_args_done(struct text_args *args)
{
	cmdline_done(&args->line);
	free(args->spans);
	*args = (struct text_args){ 0 };
}

static int encode_plain(const char *raw, char **ret, struct error *err)
{
	return encode(LAYER_PLAIN, raw, ret, err);
}

static int encode_double(const char *raw, char **ret, struct error *err)
{
	return encode(LAYER_SHELL_DOUBLE, raw, ret, err);
}

static int encode_single(const char *raw, char **ret, struct error *err)
{
	/* '\'' would be three pieces, which the reader of one variable does not take. */
	if (strchr(raw, '\''))
		return error_set(err, -EILSEQ,
				 "%s cannot be written in single quotes: it contains one",
				 raw);
	return encode(LAYER_SHELL_SINGLE, raw, ret, err);
}

static int encode_bls(const char *raw, char **ret, struct error *err)
{
	return encode(LAYER_GRUB_BLS, raw, ret, err);
}

static int encode_extlinux(const char *raw, char **ret, struct error *err)
{
	return encode(LAYER_EXTLINUX, raw, ret, err);
}

static int (*const encoders[])(const char *raw, char **ret, struct error *err) = {
	[LAYER_PLAIN] = encode_plain,	      [LAYER_SHELL_DOUBLE] = encode_double,
	[LAYER_SHELL_SINGLE] = encode_single, [LAYER_GRUB_BLS] = encode_bls,
	[LAYER_EXTLINUX] = encode_extlinux,
};

static bool keeps_any(const struct cmdline *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		if (wanted->items[i].origin != ARG_NEW)
			return true;
	}
	return false;
}

int text_args_splice(const char *text, const struct text_args *args,
		     const struct cmdline *wanted, size_t fallback, enum layer layer,
		     char **ret, struct error *err)
{
	_cleanup_cmdline_ struct cmdline line = cmdline_copy(wanted);

	/* When nothing stays, the first new argument stands where the first old one was. */
	if (args->line.n && line.n && !keeps_any(&line))
		line.items[0].origin = 0;
	return sink_splice(text, args->spans, &args->line, &line, fallback,
			   encoders[layer], ret, err);
}

int text_encode(const struct cmdline *line, enum layer layer, char **ret,
		struct error *err)
{
	_cleanup_strv_ struct strv words = STRV_NULL;

	for (size_t i = 0; i < line->n; i++) {
		char *word;
		int r = encoders[layer](line->items[i].raw, &word, err);

		if (r < 0)
			return r;
		strv_push_take(&words, word);
	}
	*ret = strv_join(&words, " ");
	return 0;
}

int text_read(const struct tree *tree, const char *path, char **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = tree_read(tree, path, &text, &size);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return error_set(err, r, "failed to read '/%s': %s", path, strerror(-r));
	if (strlen(text) != size)
		return error_set(err, -EINVAL, "/%s: line %u: contains a NUL byte", path,
				 text_line(text, size));
	*ret = TAKE_PTR(text);
	return 0;
}

int sink_read_back(const struct tree *tree, const struct sink *sink,
		   const struct cmdline *wanted, struct error *err)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_free_ char *got = NULL, *text = NULL;
	int r;

	r = sink->type->read(tree, sink, &line, err);
	if (r < 0)
		return r == -ENOENT ? error_set(err, -EINVAL, "/%s: would not exist",
						sink->path) :
				      r;
	if (cmdline_equal(&line, wanted))
		return 0;
	got = cmdline_format(&line);
	text = cmdline_format(wanted);
	return error_set(err, -EINVAL, "/%s: would read as '%s' instead of '%s'",
			 sink->path, got, text);
}

int text_write(struct tree *tree, const struct sink *sink, const char *path,
	       const char *text, const struct cmdline *wanted, struct error *err)
{
	int r = tree_write(tree, path, text, strlen(text), 0644, err);

	return r < 0 ? r : sink_read_back(tree, sink, wanted, err);
}

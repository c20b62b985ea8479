/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sinks share whose arguments stand in a text, as they are or in the quoting of one layer. */
#pragma once

#include "grubcfg/encode.h"
#include "grubcfg/sink.h"

/* Arguments and where each of them stands. */
struct text_args {
	struct cmdline line;
	struct span *spans;
	size_t n_spans;
};

/* Where the word at @at ends, as @layer's reader sees it, and whether a quote in it is left open. */
size_t text_word_end(const char *text, size_t at, size_t end, enum layer layer,
		     bool *ret_open);

/*
 * Appends the arguments that stand between @start and @end, split as @layer's reader splits them. 0, or
 * -EINVAL with @err naming the line for what it reads as something else.
 */
int text_args_add(struct text_args *args, const char *text, size_t start, size_t end,
		  enum layer layer, struct error *err);
void text_args_done(struct text_args *args);
#define _cleanup_text_args_ _cleanup_(text_args_done)

/*
 * @text with @args changed to @wanted, by sink_splice(); with no argument there now, the wanted ones go
 * to @fallback as they are. The caller frees *@ret.
 */
int text_args_splice(const char *text, const struct text_args *args,
		     const struct cmdline *wanted, size_t fallback, enum layer layer,
		     char **ret, struct error *err);

/* The arguments as they stand in @layer, with a blank between; the caller frees *@ret. 0 or -EILSEQ. */
int text_encode(const struct cmdline *line, enum layer layer, char **ret,
		struct error *err);

/* The place of a byte, for people: lines count from 1. */
unsigned text_line(const char *text, size_t at);

/* tree_read() of a text: -ENOENT without @err, else @err is set; a NUL byte is -EINVAL. */
int text_read(const struct tree *tree, const char *path, char **ret, struct error *err);

/* Plans @text as the file's content, and makes sure that the sink then reads as @wanted. */
int text_write(struct tree *tree, const struct sink *sink, const char *path,
	       const char *text, const struct cmdline *wanted, struct error *err);
int sink_read_back(const struct tree *tree, const struct sink *sink,
		   const struct cmdline *wanted, struct error *err);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between shell.c, which reads commands, and shell-word.c, which reads the words in them. */
#pragma once

#include "grubcfg/shell.h"

#define SHELL_DEPTH_MAX 64
#define SHELL_VALUE_MAX 65536

struct reader {
	struct shell *shell;
	unsigned file;
	const char *text;
	size_t pos;
	unsigned assignment; /* that the bytes read now belong to */
	unsigned depth; /* of what is nested */
	bool apart; /* in commands of another process */
	struct error *err;
};

struct word {
	struct shell_value value;
	size_t start;
	size_t end;
	size_t insert; /* as in struct shell_assignment */
	enum shell_quote insert_quote;
	bool expands_bare; /* a parameter outside quotes: split, where words are */
};

/* -EINVAL with @err set: "FILE:LINE: ..." of @pos. */
int reader_refuse(struct reader *r, size_t pos, const char *fmt, ...) _printf_(3, 4);

/* The word at the reader's position, which moves behind it. @is_value: of an assignment, after its '='. */
int reader_word(struct reader *r, bool is_value, struct word *ret);
void word_done(struct word *word);

/*
 * Commands of a process of their own, which can set nothing here: from behind "(" at @start to behind
 * the ")" that belongs to it; or up to the end of the text.
 */
int reader_skip_commands(struct reader *r, size_t start);
int reader_check_commands(struct reader *r);

/* Length of a variable's name at @text, or 0. */
size_t shell_name_length(const char *text);
bool shell_is_wanted(const struct shell *shell, const char *name);
struct shell_var *shell_get_or_add(struct shell *shell, const char *name);
/* The variable has some value now; refused when it matters. */
int reader_forget(struct reader *r, size_t pos, const char *name, const char *why);

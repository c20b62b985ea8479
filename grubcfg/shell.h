/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that sh reads for their variables (/etc/default/grub), evaluated without running anything: what
 * each variable is in the end, and which bytes of which file made it so.
 *
 * Understood are assignments in any quoting, alone, several in a line or with export; parameters,
 * ${A:-word} and ${A:+word}; unset; comments and continued lines. Commands are passed over, as they
 * cannot change a variable; what depends on their output is unknown, and so is what is set under a
 * condition. That is no error before a variable that matters is concerned.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/strv.h"

/* How a byte stands in its file; text in its place has to be written the same way. */
enum shell_quote {
	SHELL_BARE,
	SHELL_SINGLE,
	SHELL_DOUBLE,
	SHELL_BRACES, /* the word in ${A:-word}: can only be looked at */
};

struct shell_byte {
	char c;
	unsigned char quote; /* enum shell_quote */
	unsigned file;
	unsigned assignment; /* index of the one that it stands in */
	size_t start; /* in the file, with a backslash that belongs to it */
	size_t end;
};

struct shell_value {
	struct shell_byte *bytes;
	size_t n;
	char *unknown; /* why it is not known: "FILE:LINE: what"; NULL: it is */
};

struct shell_assignment {
	char *name;
	unsigned file;
	unsigned line;
	size_t start; /* of the value, with its quotes */
	size_t end;
	size_t insert; /* where text that is to be the end of the value goes */
	enum shell_quote insert_quote;
};

struct shell_var {
	char *name;
	bool is_set;
	struct shell_value value;
	unsigned last; /* index of the assignment that was executed last */
};

struct shell_file {
	char *path;
	char *text;
};

/* A value of @wanted that was never set is empty; of other variables that is not known. */
struct shell {
	const char *const *wanted; /* variables that matter; NULL-terminated */
	bool is_bash; /* sh is bash, which knows NAME+=value */
	struct shell_file *files;
	unsigned n_files;
	struct shell_var *vars;
	size_t n_vars;
	struct shell_assignment *assignments;
	unsigned n_assignments;
	struct strv functions;
};

/*
 * As "." does. 0, or -EINVAL with @err naming file, line and remedy, where a variable that matters would
 * not be known afterwards, or where the shell itself would stop.
 */
int shell_source(struct shell *shell, const char *path, const char *text, size_t size,
		 struct error *err);

/* NULL: it was never set. */
const struct shell_var *shell_get(const struct shell *shell, const char *name);

/* Line of a byte of a file, from 1. */
unsigned shell_line(const struct shell_file *file, size_t offset);

/* @text as it has to stand in a file where the quoting is @quote; the caller frees. */
char *shell_quote(enum shell_quote quote, const char *text);

void shell_value_copy(struct shell_value *to, const struct shell_value *from);
void shell_value_done(struct shell_value *value);
void shell_done(struct shell *shell);
#define _cleanup_shell_ _cleanup_(shell_done)

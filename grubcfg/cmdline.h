/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's command line as the kernel itself reads it: lib/cmdline.c (next_arg), kernel/params.c
 * (parameq) and lib/ctype.c of Linux. An ordered list of arguments that may repeat; what follows
 * "--" belongs to init and is carried along untouched.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define ARG_NEW (-1)

struct arg {
	char *raw; /* as written, with the kernel's quotes */
	char *name; /* without quotes: before the first '=' */
	char *value; /* without quotes; NULL: there is no '=' */
	int origin; /* index that the sink gave it when it was read; ARG_NEW: made by us */
	char *locked; /* why it cannot be changed where it comes from; NULL: it can */
};

struct cmdline {
	struct arg *items;
	size_t n;
	size_t n_kernel; /* arguments before "--"; equal to n when there is none */
};

/* The kernel's isspace(), 0xa0 included. */
bool cmdline_is_space(unsigned char c);

/*
 * Splits @text and appends its arguments, with origins counted from @first_origin on (ARG_NEW: all
 * new). The kernel accepts any text, so nothing is an error.
 */
void cmdline_parse(struct cmdline *line, const char *text, int first_origin);

/* Inserts a copy of an argument's text before @index; its name and value are parsed from it. */
struct arg *cmdline_insert(struct cmdline *line, size_t index, const char *raw);
void cmdline_remove(struct cmdline *line, size_t index);
/* Gives an argument another text in the same place, keeping its origin. */
void cmdline_replace(struct cmdline *line, size_t index, const char *raw);

/* Joined by single blanks; the caller frees. */
char *cmdline_format(const struct cmdline *line);

/* Names are equal: '-' and '_' are the same character, case counts. */
bool cmdline_same_name(const char *a, const char *b);
/* Same name, same value (or both none); quoting does not count. */
bool cmdline_same_arg(const struct arg *a, const struct arg *b);

/* There is the same argument somewhere in the line. */
bool cmdline_has(const struct cmdline *line, const struct arg *arg);

/* The last argument of that name before "--", which is what most parameters go by, or NULL. */
const struct arg *cmdline_last(const struct cmdline *line, const char *name);

struct cmdline cmdline_copy(const struct cmdline *line);
bool cmdline_equal(const struct cmdline *a, const struct cmdline *b);
void cmdline_done(struct cmdline *line);
#define _cleanup_cmdline_ _cleanup_(cmdline_done)

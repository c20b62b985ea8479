/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arguments that /etc/default/grub and its drop-ins give a normal entry, and where each stands.
 * mkconfig writes the two variables without quotes into a linux command of grub.cfg: GRUB_CMDLINE_LINUX,
 * which recovery entries have too, then GRUB_CMDLINE_LINUX_DEFAULT.
 */
#pragma once

#include "grubcfg/shell.h"
#include "grubcfg/sink.h"

enum { VAR_LINUX, VAR_DEFAULT, N_VARS };
extern const char *const grub_default_vars[N_VARS + 1];

/* A word of GRUB's in the value of a variable. */
struct grub_word {
	unsigned var;
	size_t start; /* bytes of the value */
	size_t end;
};

struct grub_default {
	struct shell shell;
	struct shell_value values[N_VARS];
	struct grub_word *words; /* of origin 0, 1, ... */
	size_t n_words;
};

/* @line gets the arguments. -ENOENT: there is none of the files. */
int grub_default_read(const struct tree *tree, const struct sink *sink,
		      struct grub_default *ret, struct cmdline *line, struct error *err);

/* "etc/default/grub.d/zz-kargs.cfg": sorts last; the caller frees. */
char *grub_default_drop_in(const struct sink *sink);

/* The assignment that made the variable what it is; NULL: there was none. */
const struct shell_assignment *grub_default_assignment(const struct grub_default *d,
						       unsigned var);

void grub_default_done(struct grub_default *d);
#define _cleanup_grub_default_ _cleanup_(grub_default_done)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GRUB's environment block (grub-core/lib/envblk.c): a signature, lines of name=value in which a
 * backslash keeps a backslash or a line break, and '#' up to the end. GRUB writes the same blocks of
 * the disk at boot, so the size never changes.
 */
#pragma once

#include <stddef.h>

#include "common/error.h"

struct grubenv_var {
	char *name;
	char *value; /* without escapes */
	size_t start; /* its line in the block, with the line break */
	size_t end;
};

struct grubenv {
	struct grubenv_var *items;
	size_t n;
	size_t used; /* bytes before the padding */
};

/* 0, or -EINVAL with @err set for what GRUB would not take for a block, or would not write to. */
int grubenv_parse(const char *block, size_t size, struct grubenv *ret, struct error *err);

/* The last value of that name, which is the one in effect, or NULL. */
const char *grubenv_get(const struct grubenv *env, const char *name);

/*
 * The block with another value (NULL: without the variable), of the same size; the caller frees. 0, -ENOSPC with @err set when it
 * does not fit, or -EINVAL as above.
 */
int grubenv_set(const char *block, size_t size, const char *name, const char *value,
		char **ret, struct error *err);

void grubenv_done(struct grubenv *env);
#define _cleanup_grubenv_ _cleanup_(grubenv_done)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Type #1 entries of the UAPI Boot Loader Specification, with the place of everything in the text.
 * Their readers differ, so an entry is read as its own boot loader does:
 *
 *	systemd-boot	every line; a key ends at a blank or tab
 *	GRUB		stops at the first line without a value, blank lines included; a key ends at
 *			the first blank, and at a tab only where the line has no blank
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bls_line {
	char *key;
	unsigned number; /* counted from 1 */
	size_t start; /* the whole line, with its line break */
	size_t end;
	size_t value; /* its value, without blanks around it */
	size_t value_end;
};

struct bls {
	struct bls_line *items; /* only lines with a key that the boot loader sees */
	size_t n;
	size_t seen; /* where it stopped reading */
};

/* Anything can be parsed: readers skip what they do not know. */
void bls_parse(const char *text, bool grub_reads, struct bls *ret);

/* The first line with that key from index @from on, or NULL. */
const struct bls_line *bls_find(const struct bls *bls, const char *key, size_t from);

/* The value of the first line with that key, or NULL; the caller frees. */
char *bls_value(const struct bls *bls, const char *text, const char *key);

/*
 * The entry's id: the file name without ".conf" and without the counter of tries, "+LEFT" or
 * "+LEFT-DONE"; the caller frees. @ret_left: tries left, or -1 when they are not counted; may be NULL.
 */
char *bls_id(const char *file_name, int *ret_left);

void bls_done(struct bls *bls);
#define _cleanup_bls_ _cleanup_(bls_done)

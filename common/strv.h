/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growing list of strings that it owns; and text built piece by piece. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/macro.h"

struct strv {
	char **items;
	size_t n;
};

#define STRV_NULL ((struct strv){ NULL, 0 })
#define _cleanup_strv_ _cleanup_(strv_done)
#define strv_for_each(s, v)                             \
	for (size_t s##_i = 0; s##_i < (v)->n; s##_i++) \
		for (const char *s = (v)->items[s##_i]; s; s = NULL)

/* Appends a copy of @s, or @s itself, which then belongs to the list. */
void strv_push(struct strv *v, const char *s);
void strv_push_take(struct strv *v, char *s);
void strv_pushf(struct strv *v, const char *fmt, ...) _printf_(2, 3);

bool strv_contains(const struct strv *v, const char *s);

/* Sorts by strcmp(), except that runs of digits compare as numbers (node2 before node10). */
void strv_sort(struct strv *v);

/* Splits @s at any of @separators, dropping empty words. */
void strv_split(struct strv *v, const char *s, const char *separators);

/* One string, with @separator between the items; the caller frees. */
char *strv_join(const struct strv *v, const char *separator);

void strv_done(struct strv *v);

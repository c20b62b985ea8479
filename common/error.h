/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What went wrong and what to do about it.
 *
 * Functions that can fail for a reason that a person must read take a struct error as last
 * argument, fill it once with error_set() and return the negative errno that it was given:
 *
 *	return error_set(err, -ENOENT, "no IOMMU group for '%s'", address);
 *
 * The innermost function that knows the cause sets it; callers add context with
 * error_prefix() and a remedy with error_remedy() where they know one. Release with
 * error_done(); initialise with ERROR_NULL.
 */
#pragma once

#include "common/macro.h"

struct error {
	char *cause; /* one line, no final newline */
	char *remedy; /* one line: what the administrator can do; NULL when there is none */
};

#define ERROR_NULL ((struct error){ NULL, NULL })
#define _cleanup_error_ _cleanup_(error_done)

/* Sets the cause, dropping any former cause and remedy; returns @code (a negative errno). */
int error_set(struct error *err, int code, const char *fmt, ...) _printf_(3, 4);

/* Sets the remedy, unless one is already there. */
void error_remedy(struct error *err, const char *fmt, ...) _printf_(2, 3);

/* Puts "<text>: " before the cause. */
void error_prefix(struct error *err, const char *fmt, ...) _printf_(2, 3);

/* Frees the texts; the struct can be used again. */
void error_done(struct error *err);

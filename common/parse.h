/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers and words from text that others wrote. Everything returns 0, or -EINVAL for text
 * that is not entirely of the form asked for, or -ERANGE; outputs are written on success only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/macro.h"

/* An unsigned decimal number and nothing else: no sign, no blanks. */
int parse_u64(const char *s, uint64_t *ret) _must_check_;
int parse_unsigned(const char *s, unsigned *ret) _must_check_;

/* An unsigned hexadecimal number, with or without 0x (sysfs ids: "0x10de"). */
int parse_hex(const char *s, uint64_t *ret) _must_check_;

/*
 * An amount of memory by libvirt's rules (formatdomain, "memory"): @unit is NULL or empty for
 * KiB, "b"/"byte"/"bytes", "k"/"KiB" (1024), "KB" (1000), and so on up to "EiB"; case does not
 * count. The result is in KiB, rounded up.
 */
int parse_memory_kib(const char *number, const char *unit, uint64_t *ret_kib)
	_must_check_;

/*
 * The entry of @names (NULL-terminated) that looks most like @word, or NULL when none is near
 * enough to be a likely slip of the pen.
 */
const char *parse_nearest(const char *word, const char *const *names);

/*
 * The index of the command @word of @program in @names (NULL-terminated), or -EINVAL with @err set, which
 * suggests the nearest one.
 */
int parse_command(const char *program, const char *word, const char *const *names,
		  struct error *err) _must_check_;

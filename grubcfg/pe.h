/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sections of a PE file, which is what EFI starts: a unified kernel image has its arguments in one. Any file
 * can be given: nothing that is in it is trusted.
 */
#pragma once

#include <stddef.h>

#include "common/macro.h"

/*
 * The bytes of the first section with that name, NUL-terminated beyond their size; the caller frees *@ret.
 * -EBADMSG: no PE file, or one that was cut off; -ENOENT: it has no such section; -EFBIG: it is larger
 * than @max; another negative errno where it cannot be read.
 */
int pe_section(int fd, const char *name, size_t max, char **ret, size_t *ret_size)
	_must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Allocation that cannot fail.
 *
 * Every change to the host is recorded before it is made, so that a process that dies anywhere
 * leaves a state from which the next call converges. Running out of memory is therefore handled
 * as what it is to the host: the end of this process. It keeps a branch that no test could
 * reach out of every function.
 *
 * The process ends with the status given to alloc_set_exit_status(): the caller knows which
 * operations libvirt must not see failing.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "common/macro.h"

/* Exit status for a process that ran out of memory; EXIT_FAILURE unless set. */
void alloc_set_exit_status(int status);

/* Ends the process as described above. */
_noreturn_ void alloc_failed(void);

/* As malloc(), calloc(), realloc(), strdup(), strndup(), asprintf(); the caller frees. */
void *xmalloc(size_t size) __attribute__((malloc)) _returns_nonnull_;
void *xcalloc(size_t count, size_t size) __attribute__((malloc)) _returns_nonnull_;
void *xreallocarray(void *p, size_t count, size_t size) _returns_nonnull_;
char *xstrdup(const char *s) _returns_nonnull_;
char *xstrndup(const char *s, size_t n) _returns_nonnull_;
char *xasprintf(const char *fmt, ...) _printf_(1, 2) _returns_nonnull_;
char *xvasprintf(const char *fmt, va_list ap) _printf_(1, 0) _returns_nonnull_;

/*
 * Room for one more element at the end of @array, which holds @count; evaluates to a pointer to
 * the new, zeroed element. Sizes grow by doubling: @count needs no capacity beside it.
 */
#define ARRAY_PUSH(array, count) \
	((array) = array_grow((array), (count), sizeof(*(array))), &(array)[(count)++])

void *array_grow(void *array, size_t count, size_t size) _returns_nonnull_;

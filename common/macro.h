/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attributes and scope-bound clean-up.
 *
 * _cleanup_free_, _cleanup_close_ and _cleanup_(fn) release a variable when it goes out of
 * scope; TAKE_PTR() and TAKE_FD() hand it on instead.
 */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _must_check_ __attribute__((warn_unused_result))
#define _returns_nonnull_ __attribute__((returns_nonnull))
#define _noreturn_ __attribute__((noreturn))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _unused_ __attribute__((unused))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define STREQ(a, b) (strcmp((a), (b)) == 0)

#define TAKE_PTR(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

#define TAKE_FD(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

static inline void cleanup_free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close_fd(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	errno = saved;
}

#define _cleanup_free_ _cleanup_(cleanup_free_ptr)
#define _cleanup_close_ _cleanup_(cleanup_close_fd)

/* -errno after a call that failed: always negative, which a reader of the code can rely on. */
static inline int negative_errno(void)
{
	int r = -errno;

	return r < 0 ? r : -EIO;
}

/* True when @s begins with @prefix. */
static inline int str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

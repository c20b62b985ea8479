// SPDX-License-Identifier: LGPL-2.1-or-later
/* Allocation that cannot fail; see alloc.h. */

#include <stdint.h>
#include <stdio.h>

#include "common/alloc.h"

static int exit_status = EXIT_FAILURE;

void alloc_set_exit_status(int status)
{
	exit_status = status;
}

void alloc_failed(void)
{
	static const char message[] = "hosttune: out of memory\n";

	(void)!write(STDERR_FILENO, message, sizeof(message) - 1);
	_exit(exit_status);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		alloc_failed();
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		alloc_failed();
	return p;
}

void *xreallocarray(void *p, size_t count, size_t size)
{
	void *q = reallocarray(p, count ? count : 1, size ? size : 1);

	if (!q)
		alloc_failed();
	return q;
}

char *xstrndup(const char *s, size_t n)
{
	char *p = strndup(s, n);

	if (!p)
		alloc_failed();
	return p;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *p;

	if (vasprintf(&p, fmt, ap) < 0)
		alloc_failed();
	return p;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = xvasprintf(fmt, ap);
	va_end(ap);
	return p;
}

void *array_grow(void *array, size_t count, size_t size)
{
	/* Full exactly when the count is a power of two (or nothing is there yet). */
	if ((count & (count - 1)) == 0)
		array = xreallocarray(array, count ? count * 2 : 1, size);
	memset((char *)array + count * size, 0, size);
	return array;
}

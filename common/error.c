// SPDX-License-Identifier: LGPL-2.1-or-later
/* Cause and remedy; see error.h. */

#include "common/error.h"
#include "common/alloc.h"

/* A text is one line, whatever was quoted in it. */
static void flatten(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
	}
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	error_done(err);
	va_start(ap, fmt);
	err->cause = xvasprintf(fmt, ap);
	va_end(ap);
	flatten(err->cause);
	return code;
}

void error_remedy(struct error *err, const char *fmt, ...)
{
	va_list ap;

	if (err->remedy)
		return;
	va_start(ap, fmt);
	err->remedy = xvasprintf(fmt, ap);
	va_end(ap);
	flatten(err->remedy);
}

void error_prefix(struct error *err, const char *fmt, ...)
{
	_cleanup_free_ char *prefix = NULL, *cause = err->cause;
	va_list ap;

	va_start(ap, fmt);
	prefix = xvasprintf(fmt, ap);
	va_end(ap);
	err->cause = xasprintf("%s: %s", prefix, cause ? cause : "failed");
	flatten(err->cause);
}

void error_done(struct error *err)
{
	free(err->cause);
	free(err->remedy);
	*err = ERROR_NULL;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lists of strings; see strv.h. */

#include "common/strv.h"
#include "common/alloc.h"

void strv_push_take(struct strv *v, char *s)
{
	*ARRAY_PUSH(v->items, v->n) = s;
}

void strv_push(struct strv *v, const char *s)
{
	strv_push_take(v, xstrdup(s));
}

void strv_pushf(struct strv *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strv_push_take(v, xvasprintf(fmt, ap));
	va_end(ap);
}

bool strv_contains(const struct strv *v, const char *s)
{
	strv_for_each(item, v) {
		if (STREQ(item, s))
			return true;
	}
	return false;
}

static int compare(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *v)
{
	if (v->n > 1)
		qsort(v->items, v->n, sizeof(*v->items), compare);
}

void strv_split(struct strv *v, const char *s, const char *separators)
{
	for (;;) {
		size_t n;

		s += strspn(s, separators);
		if (!*s)
			return;
		n = strcspn(s, separators);
		strv_push_take(v, xstrndup(s, n));
		s += n;
	}
}

char *strv_join(const struct strv *v, const char *separator)
{
	size_t size = 1;
	char *text, *p;

	strv_for_each(item, v)
		size += strlen(item) + strlen(separator);
	p = text = xmalloc(size);
	strv_for_each(item, v) {
		if (p != text)
			p = stpcpy(p, separator);
		p = stpcpy(p, item);
	}
	*p = '\0';
	return text;
}

void strv_done(struct strv *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->items[i]);
	free(v->items);
	*v = STRV_NULL;
}

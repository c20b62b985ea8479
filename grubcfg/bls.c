// SPDX-License-Identifier: LGPL-2.1-or-later
/* Boot loader entries; see bls.h. */

#include "grubcfg/bls.h"
#include "common/alloc.h"
#include "common/parse.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static size_t skip_blanks(const char *text, size_t at, size_t end)
{
	while (at < end && is_blank(text[at]))
		at++;
	return at;
}

static size_t key_end(const char *text, size_t at, size_t end, bool grub_reads)
{
	const char *blank = memchr(text + at, ' ', end - at);
	const char *tab = memchr(text + at, '\t', end - at);

	if (blank && tab && !grub_reads)
		return (size_t)((blank < tab ? blank : tab) - text);
	if (blank || tab)
		return (size_t)((blank ? blank : tab) - text);
	return end;
}

/* False when the boot loader reads no further. */
static bool parse_line(struct bls *bls, const char *text, struct bls_line line,
		       bool grub_reads)
{
	size_t end = line.end, at, key;

	if (end > line.start && text[end - 1] == '\n')
		end--;
	at = skip_blanks(text, line.start, end);
	if (at < end && text[at] == '#')
		return true;
	key = key_end(text, at, end, grub_reads);
	if (grub_reads && key + 1 >= end)
		return false;
	if (at == end)
		return true;
	line.value = skip_blanks(text, key, end);
	while (end > line.value && is_blank(text[end - 1]))
		end--;
	line.value_end = end;
	line.key = xstrndup(text + at, key - at);
	*ARRAY_PUSH(bls->items, bls->n) = line;
	return true;
}

void bls_parse(const char *text, bool grub_reads, struct bls *ret)
{
	struct bls bls = { 0 };
	unsigned number = 0;

	while (text[bls.seen]) {
		struct bls_line line = { .number = ++number, .start = bls.seen };

		line.end = line.start + strcspn(text + line.start, "\n");
		line.end += text[line.end] == '\n';
		if (!parse_line(&bls, text, line, grub_reads))
			break;
		bls.seen = line.end;
	}
	*ret = bls;
}

const struct bls_line *bls_find(const struct bls *bls, const char *key, size_t from)
{
	for (size_t i = from; i < bls->n; i++) {
		if (STREQ(bls->items[i].key, key))
			return &bls->items[i];
	}
	return NULL;
}

char *bls_value(const struct bls *bls, const char *text, const char *key)
{
	const struct bls_line *line = bls_find(bls, key, 0);

	return line ? xstrndup(text + line->value, line->value_end - line->value) : NULL;
}

/* "+3" or "+3-1" up to the end of @s. */
static bool is_counter(const char *s, int *ret_left)
{
	_cleanup_free_ char *left = xstrndup(s + 1, strcspn(s + 1, "-"));
	const char *done = strchr(s, '-');
	unsigned n, ignored;

	if (parse_unsigned(left, &n) < 0 || n > 1000000)
		return false;
	if (done && parse_unsigned(done + 1, &ignored) < 0)
		return false;
	*ret_left = (int)n;
	return true;
}

char *bls_id(const char *file_name, int *ret_left)
{
	size_t n = strlen(file_name);
	_cleanup_free_ char *id = NULL;
	char *plus;
	int left = -1;

	if (n > 5 && STREQ(file_name + n - 5, ".conf"))
		n -= 5;
	id = xstrndup(file_name, n);
	plus = strrchr(id, '+');
	if (plus && plus != id && is_counter(plus, &left))
		*plus = '\0';
	if (ret_left)
		*ret_left = left;
	return TAKE_PTR(id);
}

void bls_done(struct bls *bls)
{
	for (size_t i = 0; i < bls->n; i++)
		free(bls->items[i].key);
	free(bls->items);
	*bls = (struct bls){ 0 };
}

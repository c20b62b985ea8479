// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words of a shell file: quotes and expansions; see shell.h. */

#include <ctype.h>

#include "common/alloc.h"
#include "grubcfg/shell-reader.h"

static const char word_end[] = " \t\n;&|<>()";

int reader_refuse(struct reader *r, size_t pos, const char *fmt, ...)
{
	const struct shell_file *file = &r->shell->files[r->file];
	_cleanup_free_ char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	what = xvasprintf(fmt, ap);
	va_end(ap);
	return error_set(r->err, -EINVAL, "%s:%u: %s", file->path, shell_line(file, pos),
			 what);
}

size_t shell_name_length(const char *text)
{
	size_t n = 0;

	while (isalpha((unsigned char)text[n]) || text[n] == '_' ||
	       (n && isdigit((unsigned char)text[n])))
		n++;
	return n;
}

void shell_value_done(struct shell_value *value)
{
	free(value->bytes);
	free(value->unknown);
	*value = (struct shell_value){ 0 };
}

void word_done(struct word *word)
{
	shell_value_done(&word->value);
}

static void set_unknown(struct reader *r, struct shell_value *value, size_t pos,
			const char *what)
{
	const struct shell_file *file = &r->shell->files[r->file];

	if (!value->unknown)
		value->unknown =
			xasprintf("%s:%u: %s", file->path, shell_line(file, pos), what);
}

static void append(struct shell_value *to, const struct shell_value *from)
{
	for (size_t i = 0; i < from->n && to->n <= SHELL_VALUE_MAX; i++)
		*ARRAY_PUSH(to->bytes, to->n) = from->bytes[i];
	if (from->unknown && !to->unknown)
		to->unknown = xstrdup(from->unknown);
}

void shell_value_copy(struct shell_value *to, const struct shell_value *from)
{
	shell_value_done(to);
	append(to, from);
}

/* The byte at the reader's position, which moves behind it; @size: with its backslash. */
static void take(struct reader *r, struct shell_value *value, enum shell_quote quote,
		 size_t size)
{
	struct shell_byte *byte;

	byte = ARRAY_PUSH(value->bytes, value->n);
	byte->c = r->text[r->pos + size - 1];
	byte->quote = (unsigned char)quote;
	byte->file = r->file;
	byte->assignment = r->assignment;
	byte->start = r->pos;
	r->pos += size;
	byte->end = r->pos;
}

static int unclosed(struct reader *r, size_t start, const char *what)
{
	int code = reader_refuse(r, start, "%s is not closed", what);

	error_remedy(r->err, "close it: a shell would stop at the end of the file");
	return code;
}

/* ---------------------------------------------------------------- passed over */

static int skip_double_quoted(struct reader *r);
static int skip_braces(struct reader *r);

static int skip_to(struct reader *r, char end, bool escapes, const char *what)
{
	size_t start = r->pos;

	for (; r->text[r->pos] != end; r->pos++) {
		if (escapes && r->text[r->pos] == '\\' && r->text[r->pos + 1])
			r->pos++;
		if (!r->text[r->pos])
			return unclosed(r, start, what);
	}
	r->pos++;
	return 0;
}

/* `...`: backslashes in it are taken out before it is read, the commands then have to be in order. */
static int skip_backquoted(struct reader *r)
{
	size_t start = r->pos++;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *text = NULL;
	struct reader inner = *r;
	size_t n = 0;
	int code = skip_to(r, '`', true, "`...`");

	if (code < 0)
		return code;
	text = xcalloc(r->pos - start, 1);
	for (size_t i = start + 1; i < r->pos - 1; i++) {
		if (r->text[i] == '\\' && strchr("$`\\", r->text[i + 1]))
			i++;
		text[n++] = r->text[i];
	}
	inner.text = text;
	inner.pos = 0;
	inner.err = &err;
	if (reader_check_commands(&inner) < 0)
		return reader_refuse(r, start, "the commands in `...` are not understood");
	return 0;
}

/* What POSIX has, behind "${"; a shell stops at anything else. */
static bool is_substitution(const char *p)
{
	bool is_length = *p == '#' && p[1] != '}';
	size_t n;

	p += is_length;
	n = shell_name_length(p);
	if (!n)
		n = strspn(p, "0123456789");
	if (!n && *p && strchr("@*#?-$!", *p))
		n = 1;
	if (!n || is_length)
		return n && p[n] == '}';
	if (p[n] == ':')
		return p[n + 1] && strchr("-+=?", p[n + 1]);
	return p[n] && strchr("}-+=?%#", p[n]);
}

/* "${NAME=word}" or "${NAME:=word}" at the reader's position: the variable has some value now. */
static int forget_assigned(struct reader *r)
{
	const char *p = r->text + r->pos + 2;
	size_t n = shell_name_length(p);
	_cleanup_free_ char *name = xstrndup(p, n);

	if (!n || r->apart || p[n + (p[n] == ':')] != '=')
		return 0;
	return reader_forget(r, r->pos, name, "is set by an expansion");
}

/* "${...}" at the reader's position. */
static int skip_expansion(struct reader *r)
{
	int code;

	if (!is_substitution(r->text + r->pos + 2))
		return reader_refuse(r, r->pos, "not every shell reads this ${...}");
	code = forget_assigned(r);
	if (code < 0)
		return code;
	r->pos += 2;
	return skip_braces(r);
}

/* What nests, at the reader's position: quotes and substitutions; 1: nothing of the kind. */
static int skip_nested(struct reader *r, bool in_quotes)
{
	const char *p = r->text + r->pos;
	int code;

	if (r->depth >= SHELL_DEPTH_MAX)
		return reader_refuse(r, r->pos, "too many levels of quotes and brackets");
	r->depth++;
	if (*p == '\\') {
		r->pos += p[1] ? 2 : 1;
		code = 0;
	} else if (*p == '`') {
		code = skip_backquoted(r);
	} else if (*p == '$' && p[1] == '(') {
		r->pos += 2;
		code = reader_skip_commands(r, r->pos - 1);
	} else if (*p == '$' && p[1] == '{') {
		code = skip_expansion(r);
	} else if (*p == '"' && !in_quotes) {
		r->pos++;
		code = skip_double_quoted(r);
	} else if (*p == '\'' && !in_quotes) {
		r->pos++;
		code = skip_to(r, '\'', false, "a single quote");
	} else {
		code = 1;
	}
	r->depth--;
	return code;
}

static int skip_double_quoted(struct reader *r)
{
	size_t start = r->pos;

	while (r->text[r->pos] != '"') {
		int code = skip_nested(r, true);

		if (code < 0)
			return code;
		if (!r->text[r->pos])
			return unclosed(r, start, "a double quote");
		r->pos += code > 0;
	}
	r->pos++;
	return 0;
}

/* Shells do not agree on an apostrophe in ${...} within double quotes: it is refused anywhere. */
static int skip_braces(struct reader *r)
{
	size_t start = r->pos;

	while (r->text[r->pos] != '}') {
		int code;

		if (r->text[r->pos] == '\'')
			return reader_refuse(r, r->pos,
					     "an apostrophe in ${...} is not understood");
		code = skip_nested(r, false);
		if (code < 0)
			return code;
		if (!r->text[r->pos])
			return unclosed(r, start, "${");
		r->pos += code > 0;
	}
	r->pos++;
	return 0;
}

/* ---------------------------------------------------------------- expansions */

static void expand_name(struct reader *r, struct shell_value *value, size_t pos,
			const char *name)
{
	const struct shell_var *var = shell_get(r->shell, name);
	_cleanup_free_ char *what = NULL;

	if (var && var->is_set) {
		append(value, &var->value);
	} else if (!shell_is_wanted(r->shell, name)) {
		what = xasprintf("$%s is not set in a file that was read", name);
		set_unknown(r, value, pos, what);
	}
}

/* "$NAME" or "${NAME}" at the reader's position; false: it is something else. */
static bool expand_plain(struct reader *r, struct shell_value *value)
{
	const char *p = r->text + r->pos + 1;
	bool braces = *p == '{';
	size_t n = shell_name_length(p + braces);
	_cleanup_free_ char *name = NULL;

	if (!n || (braces && p[n + 1] != '}'))
		return false;
	name = xstrndup(p + braces, n);
	expand_name(r, value, r->pos, name);
	r->pos += 1 + n + (braces ? 2 : 0);
	return true;
}

/* The word in ${A:-word} up to its "}": plain text and parameters. False: it is more than that. */
static bool read_brace_word(struct reader *r, struct shell_value *word)
{
	while (r->text[r->pos] != '}') {
		if (r->text[r->pos] == '$') {
			if (!expand_plain(r, word))
				return false;
			continue;
		}
		if (!r->text[r->pos] || strchr("\\'\"`\n~{", r->text[r->pos]))
			return false;
		take(r, word, SHELL_BRACES, 1);
	}
	r->pos++;
	return true;
}

/* ${A-word}, ${A:-word}, ${A+word}, ${A:+word}. 1: it is something else. */
static int expand_alternative(struct reader *r, struct shell_value *value)
{
	size_t start = r->pos, n = shell_name_length(r->text + start + 2);
	_cleanup_(shell_value_done) struct shell_value word = { 0 };
	_cleanup_free_ char *name = xstrndup(r->text + start + 2, n);
	const char *p = r->text + start + 2 + n;
	bool colon = *p == ':', has_value;
	const struct shell_var *var;
	char operator= p[colon];

	if (!n || (operator!= '-' && operator!= '+'))
		return 1;
	r->pos += 2 + n + colon + 1;
	if (!read_brace_word(r, &word)) {
		r->pos = start;
		return 1;
	}
	var = shell_get(r->shell, name);
	if (var ? var->is_set && var->value.unknown : !shell_is_wanted(r->shell, name)) {
		expand_name(r, value, start, name);
		return 0;
	}
	has_value = var && var->is_set && (!colon || var->value.n);
	if (operator== '-' && has_value)
		append(value, &var->value);
	else if ((operator== '+') == has_value)
		append(value, &word);
	return 0;
}

/* At a '$'. */
static int expand(struct reader *r, struct shell_value *value, bool in_quotes)
{
	size_t start = r->pos;
	const char *p = r->text + start;
	int code;

	if (expand_plain(r, value)) {
		if (value->n > SHELL_VALUE_MAX)
			return reader_refuse(r, start, "the value becomes too long");
		if (!str_has_prefix(r->text + r->pos, "\\\n"))
			return 0;
		return reader_refuse(r, start,
				     "a name that may go on in the next line is "
				     "not understood");
	}
	if (p[1] == '{') {
		code = expand_alternative(r, value);
		if (code <= 0)
			return code;
		code = skip_expansion(r);
	} else if (p[1] == '(') {
		r->pos = start + 2;
		code = reader_skip_commands(r, r->pos - 1);
	} else if (p[1] && (isdigit((unsigned char)p[1]) || strchr("@*#?-$!", p[1]))) {
		r->pos = start + 2;
		code = 0;
	} else if ((!in_quotes && (p[1] == '"' || p[1] == '\'')) ||
		   str_has_prefix(p + 1, "\\\n")) {
		return reader_refuse(r, start, "%.2s is read in different ways by shells",
				     p);
	} else {
		take(r, value, in_quotes ? SHELL_DOUBLE : SHELL_BARE, 1);
		return 0;
	}
	if (code == 0)
		set_unknown(r, value, start, "its value is found out when it is read");
	return code;
}

/* ---------------------------------------------------------------- words */

static int read_double_quoted(struct reader *r, struct shell_value *value)
{
	size_t start = r->pos++;
	int code = 0;

	while (code >= 0 && r->text[r->pos] != '"') {
		const char *p = r->text + r->pos;

		if (!*p)
			return unclosed(r, start, "a double quote");
		if (*p == '\\' && p[1] == '\n') {
			r->pos += 2;
		} else if (*p == '\\' && p[1] && strchr("$`\"\\", p[1])) {
			take(r, value, SHELL_DOUBLE, 2);
		} else if (*p == '$') {
			code = expand(r, value, true);
		} else if (*p == '`') {
			code = skip_nested(r, true);
			set_unknown(r, value, (size_t)(p - r->text),
				    "its value is found out when it is read");
		} else {
			take(r, value, SHELL_DOUBLE, 1);
		}
	}
	r->pos++;
	return code;
}

static int read_single_quoted(struct reader *r, struct shell_value *value)
{
	size_t start = r->pos++;

	while (r->text[r->pos] != '\'') {
		if (!r->text[r->pos])
			return unclosed(r, start, "a single quote");
		take(r, value, SHELL_SINGLE, 1);
	}
	r->pos++;
	return 0;
}

/* "~" at the start of a value, or behind a colon, is somebody's home. */
static bool is_home(const struct reader *r, const struct word *word)
{
	return r->text[r->pos] == '~' &&
	       (r->pos == word->start || r->text[r->pos - 1] == ':');
}

static int read_part(struct reader *r, bool is_value, struct word *word)
{
	const char *p = r->text + r->pos;
	int code = 0;

	word->insert_quote = SHELL_BARE;
	if (*p == '"') {
		code = read_double_quoted(r, &word->value);
		word->insert_quote = SHELL_DOUBLE;
	} else if (*p == '\'') {
		code = read_single_quoted(r, &word->value);
		word->insert_quote = SHELL_SINGLE;
	} else if (*p == '$') {
		word->expands_bare = true;
		code = expand(r, &word->value, false);
	} else if (*p == '`') {
		word->expands_bare = true;
		set_unknown(r, &word->value, r->pos,
			    "its value is found out when it is read");
		code = skip_nested(r, false);
	} else if (*p == '\\' && p[1] == '\n') {
		r->pos += 2;
	} else if (*p == '\\' && p[1]) {
		take(r, &word->value, SHELL_BARE, 2);
	} else {
		if (is_value && is_home(r, word))
			set_unknown(r, &word->value, r->pos, "~ is somebody's home");
		take(r, &word->value, SHELL_BARE, 1);
	}
	return code;
}

int reader_word(struct reader *r, bool is_value, struct word *ret)
{
	*ret = (struct word){ .start = r->pos, .insert_quote = SHELL_BARE };
	while (r->text[r->pos] && !strchr(word_end, r->text[r->pos])) {
		int code = read_part(r, is_value, ret);

		if (code < 0) {
			word_done(ret);
			return code;
		}
		if (ret->value.n > SHELL_VALUE_MAX) {
			word_done(ret);
			return reader_refuse(r, r->pos, "the value becomes too long");
		}
	}
	ret->end = r->pos;
	ret->insert = ret->end - (ret->insert_quote != SHELL_BARE);
	return 0;
}

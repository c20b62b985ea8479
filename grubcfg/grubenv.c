// SPDX-License-Identifier: LGPL-2.1-or-later
/* GRUB's environment block; see grubenv.h. */

#include "grubcfg/grubenv.h"
#include "common/alloc.h"

#define SIGNATURE "# GRUB Environment Block\n"

/* The end of the line at @at, or 0: a line break after a backslash does not end it. */
static size_t line_end(const char *block, size_t size, size_t at)
{
	while (at < size) {
		if (block[at] == '\\')
			at++;
		else if (block[at] == '\n')
			return at + 1;
		at++;
	}
	return 0;
}

static char *unescape(const char *text, size_t size)
{
	char *value = xmalloc(size + 1), *p = value;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\\' && i + 1 < size)
			i++;
		*p++ = text[i];
	}
	*p = '\0';
	return value;
}

static char *escape(const char *value)
{
	char *text = xmalloc(2 * strlen(value) + 1), *p = text;

	for (; *value; value++) {
		if (*value == '\\' || *value == '\n')
			*p++ = '\\';
		*p++ = *value;
	}
	*p = '\0';
	return text;
}

static unsigned line_number(const char *block, size_t at)
{
	unsigned line = 1;

	for (size_t i = 0; i < at; i++)
		line += block[i] == '\n';
	return line;
}

/* GRUB would take a line without '=' for the beginning of the next one's name. */
static int parse_line(struct grubenv *env, const char *block, size_t *at,
		      struct error *err)
{
	size_t start = *at, end = line_end(block, env->used, start), value;
	const char *equals = memchr(block + start, '=', env->used - start);
	const char *newline = memchr(block + start, '\n', env->used - start);
	struct grubenv_var *var;

	*at = end;
	if (end && block[start] == '#')
		return 0;
	if (!end || !equals || newline < equals)
		return error_set(err, -EINVAL, "line %u: no variable: damaged",
				 line_number(block, start));
	value = (size_t)(equals - block) + 1;
	var = ARRAY_PUSH(env->items, env->n);
	var->start = start;
	var->end = end;
	var->name = xstrndup(block + start, value - 1 - start);
	var->value = unescape(block + value, end - 1 - value);
	return 0;
}

int grubenv_parse(const char *block, size_t size, struct grubenv *ret, struct error *err)
{
	_cleanup_grubenv_ struct grubenv env = { .used = size };
	size_t at = strlen(SIGNATURE);

	if (size < at || memcmp(block, SIGNATURE, at) != 0)
		return error_set(err, -EINVAL, "line 1: not an environment block of GRUB");
	if (memchr(block, '\0', size))
		return error_set(err, -EINVAL, "contains a NUL byte");
	while (block[env.used - 1] == '#')
		env.used--;
	if (block[env.used - 1] != '\n')
		return error_set(err, -EINVAL,
				 "the last variable runs into the padding: damaged");
	while (at < env.used) {
		int r = parse_line(&env, block, &at, err);

		if (r < 0)
			return r;
	}
	*ret = env;
	env = (struct grubenv){ 0 };
	return 0;
}

static const struct grubenv_var *find(const struct grubenv *env, const char *name)
{
	for (size_t i = env->n; i > 0; i--) {
		if (STREQ(env->items[i - 1].name, name))
			return &env->items[i - 1];
	}
	return NULL;
}

const char *grubenv_get(const struct grubenv *env, const char *name)
{
	const struct grubenv_var *var = find(env, name);

	return var ? var->value : NULL;
}

int grubenv_set(const char *block, size_t size, const char *name, const char *value,
		char **ret, struct error *err)
{
	_cleanup_grubenv_ struct grubenv env = { 0 };
	_cleanup_free_ char *escaped = escape(value ? value : ""), *line = NULL,
			    *out = NULL;
	const struct grubenv_var *var;
	size_t start, end, length;
	int r;

	r = grubenv_parse(block, size, &env, err);
	if (r < 0)
		return r;
	var = find(&env, name);
	start = var ? var->start : env.used;
	end = var ? var->end : env.used;
	line = value ? xasprintf("%s=%s\n", name, escaped) : xstrdup("");
	length = strlen(line);
	if (env.used - (end - start) + length > size)
		return error_set(err, -ENOSPC,
				 "'%s' of %zu bytes does not fit into the %zu bytes of "
				 "GRUB's environment block",
				 name, value ? strlen(value) : 0, size);
	out = xmalloc(size + 1);
	memset(out, '#', size);
	out[size] = '\0';
	memcpy(out, block, start);
	memcpy(out + start, line, length);
	memcpy(out + start + length, block + end, env.used - end);
	*ret = TAKE_PTR(out);
	return 0;
}

void grubenv_done(struct grubenv *env)
{
	for (size_t i = 0; i < env->n; i++) {
		free(env->items[i].name);
		free(env->items[i].value);
	}
	free(env->items);
	*env = (struct grubenv){ 0 };
}

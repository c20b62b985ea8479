// SPDX-License-Identifier: LGPL-2.1-or-later
/* The kernel's command line; see cmdline.h. */

#include "grubcfg/cmdline.h"
#include "common/alloc.h"

bool cmdline_is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
}

/*
 * One argument from the start of @text: its length there, and name and value as next_arg() of
 * lib/cmdline.c leaves them. The quotes are dropped in its order, on a copy, because what it drops
 * at the end of the value it does not find again at the end of the argument.
 */
static size_t next_arg(const char *text, char **ret_name, char **ret_value)
{
	bool quoted = *text == '"', in_quotes = quoted;
	const char *args = text + quoted;
	size_t equals = 0, i;
	_cleanup_free_ char *copy = NULL;
	char *value = NULL;

	for (i = 0; args[i]; i++) {
		if (cmdline_is_space((unsigned char)args[i]) && !in_quotes)
			break;
		if (equals == 0 && args[i] == '=')
			equals = i;
		if (args[i] == '"')
			in_quotes = !in_quotes;
	}
	copy = xstrndup(args, i);
	if (equals) {
		copy[equals] = '\0';
		value = copy + equals + 1;
		if (*value == '"') {
			value++;
			if (copy[i - 1] == '"')
				copy[i - 1] = '\0';
		}
	}
	if (quoted && i > 0 && copy[i - 1] == '"')
		copy[i - 1] = '\0';
	*ret_value = value ? xstrdup(value) : NULL;
	*ret_name = TAKE_PTR(copy);
	return (size_t)(args - text) + i;
}

static bool is_end_of_kernel_args(const struct arg *arg)
{
	return !arg->value && STREQ(arg->name, "--");
}

static void find_end_of_kernel_args(struct cmdline *line)
{
	line->n_kernel = 0;
	while (line->n_kernel < line->n &&
	       !is_end_of_kernel_args(&line->items[line->n_kernel]))
		line->n_kernel++;
}

void cmdline_parse(struct cmdline *line, const char *text, int first_origin)
{
	for (;;) {
		struct arg *arg;
		size_t n;

		while (cmdline_is_space((unsigned char)*text))
			text++;
		if (!*text)
			break;
		arg = ARRAY_PUSH(line->items, line->n);
		n = next_arg(text, &arg->name, &arg->value);
		arg->raw = xstrndup(text, n);
		arg->origin = first_origin == ARG_NEW ? ARG_NEW : first_origin++;
		text += n;
	}
	find_end_of_kernel_args(line);
}

static void arg_done(struct arg *arg)
{
	free(arg->raw);
	free(arg->name);
	free(arg->value);
	free(arg->locked);
}

struct arg *cmdline_insert(struct cmdline *line, size_t index, const char *raw)
{
	struct arg arg = { .raw = xstrdup(raw), .origin = ARG_NEW };

	(void)next_arg(raw, &arg.name, &arg.value);
	(void)ARRAY_PUSH(line->items, line->n);
	memmove(&line->items[index + 1], &line->items[index],
		(line->n - 1 - index) * sizeof(arg));
	line->items[index] = arg;
	find_end_of_kernel_args(line);
	return &line->items[index];
}

void cmdline_remove(struct cmdline *line, size_t index)
{
	arg_done(&line->items[index]);
	line->n--;
	memmove(&line->items[index], &line->items[index + 1],
		(line->n - index) * sizeof(line->items[0]));
	find_end_of_kernel_args(line);
}

void cmdline_replace(struct cmdline *line, size_t index, const char *raw)
{
	struct arg *arg = &line->items[index];
	struct arg new = { .raw = xstrdup(raw), .origin = arg->origin };

	(void)next_arg(raw, &new.name, &new.value);
	new.locked = TAKE_PTR(arg->locked);
	arg_done(arg);
	*arg = new;
	find_end_of_kernel_args(line);
}

char *cmdline_format(const struct cmdline *line)
{
	size_t size = 1;
	char *text, *p;

	for (size_t i = 0; i < line->n; i++)
		size += strlen(line->items[i].raw) + 1;
	p = text = xmalloc(size);
	for (size_t i = 0; i < line->n; i++) {
		if (i)
			*p++ = ' ';
		p = stpcpy(p, line->items[i].raw);
	}
	*p = '\0';
	return text;
}

bool cmdline_same_name(const char *a, const char *b)
{
	for (;; a++, b++) {
		char x = *a == '-' ? '_' : *a, y = *b == '-' ? '_' : *b;

		if (x != y)
			return false;
		if (!x)
			return true;
	}
}

bool cmdline_same_arg(const struct arg *a, const struct arg *b)
{
	if (!cmdline_same_name(a->name, b->name) || !a->value != !b->value)
		return false;
	return !a->value || STREQ(a->value, b->value);
}

bool cmdline_has(const struct cmdline *line, const struct arg *arg)
{
	for (size_t i = 0; i < line->n; i++) {
		if (cmdline_same_arg(&line->items[i], arg))
			return true;
	}
	return false;
}

const struct arg *cmdline_last(const struct cmdline *line, const char *name)
{
	for (size_t i = line->n_kernel; i > 0; i--) {
		if (cmdline_same_name(line->items[i - 1].name, name))
			return &line->items[i - 1];
	}
	return NULL;
}

struct cmdline cmdline_copy(const struct cmdline *line)
{
	struct cmdline copy = { 0 };

	for (size_t i = 0; i < line->n; i++) {
		const struct arg *from = &line->items[i];
		struct arg *to = ARRAY_PUSH(copy.items, copy.n);

		to->raw = xstrdup(from->raw);
		to->name = xstrdup(from->name);
		to->value = from->value ? xstrdup(from->value) : NULL;
		to->origin = from->origin;
		to->locked = from->locked ? xstrdup(from->locked) : NULL;
	}
	copy.n_kernel = line->n_kernel;
	return copy;
}

bool cmdline_equal(const struct cmdline *a, const struct cmdline *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!cmdline_same_arg(&a->items[i], &b->items[i]))
			return false;
	}
	return true;
}

void cmdline_done(struct cmdline *line)
{
	for (size_t i = 0; i < line->n; i++)
		arg_done(&line->items[i]);
	free(line->items);
	*line = (struct cmdline){ 0 };
}

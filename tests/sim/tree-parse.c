// SPDX-License-Identifier: LGPL-2.1-or-later

/* A machine as a tree of files: the text form, described in tree.h. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

#define RANGES_MAX 4
#define LINES_MAX 100000 /* of one line with ranges */

struct range {
	long first, last, step, now;
};

struct parser {
	struct tree *tree;
	const char *name;
	unsigned int line;
	struct range range[RANGES_MAX];
	size_t n_range;
};

/* One line, taken apart but not yet expanded. */
struct entry {
	const char *path;
	const char *value; /* NULL: none given */
	mode_t mode;
	bool remove;
};

/* A growing string. */
struct text {
	char *data;
	size_t size, room;
};

static int complain(const struct parser *parser, int error, const char *reason)
{
	fprintf(stderr, "%s:%u: %s\n", parser->name, parser->line, reason);
	return error;
}

static int text_add(struct text *text, const char *data, size_t size)
{
	if (text->size + size + 1 > text->room) {
		size_t room = (text->size + size + 1) * 2;
		char *bigger = realloc(text->data, room);

		if (!bigger)
			return -ENOMEM;
		text->data = bigger;
		text->room = room;
	}
	memcpy(text->data + text->size, data, size);
	text->size += size;
	text->data[text->size] = '\0';
	return 0;
}

static int text_add_long(struct text *text, long value)
{
	char digits[32];
	int len;

	len = snprintf(digits, sizeof(digits), "%ld", value);
	return text_add(text, digits, (size_t)len);
}

static bool take_long(const char **p, long *ret)
{
	char *end;

	if (!isdigit((unsigned char)**p))
		return false;
	errno = 0;
	*ret = strtol(*p, &end, 10);
	if (errno != 0 || *ret > 1000000000)
		return false;
	*p = end;
	return true;
}

static bool take(const char **p, const char *token)
{
	size_t len = strlen(token);

	if (strncmp(*p, token, len) != 0)
		return false;
	*p += len;
	return true;
}

/* Parse "{A..B}" or "{A..B..STEP}" at *@p. */
static bool take_range(const char **p, struct range *range)
{
	range->step = 1;
	if (!take(p, "{") || !take_long(p, &range->first) || !take(p, "..") ||
	    !take_long(p, &range->last))
		return false;
	if (take(p, "..") && !take_long(p, &range->step))
		return false;
	range->now = range->first;
	return take(p, "}") && range->step > 0 && range->first <= range->last;
}

static int find_ranges(struct parser *parser, const char *path)
{
	parser->n_range = 0;
	for (path = strchr(path, '{'); path; path = strchr(path, '{')) {
		if (parser->n_range == RANGES_MAX)
			return complain(parser, -EINVAL, "too many ranges in the path");
		if (!take_range(&path, &parser->range[parser->n_range]))
			return complain(parser, -EINVAL, "bad range in the path");
		parser->n_range++;
	}
	return 0;
}

/* Put the next combination of numbers in place; false after the last one. */
static bool next_combination(struct parser *parser)
{
	for (size_t i = parser->n_range; i-- > 0;) {
		struct range *range = &parser->range[i];

		if (range->last - range->now >= range->step) {
			range->now += range->step;
			return true;
		}
		range->now = range->first;
	}
	return false;
}

static bool operate(char operator, long operand, long *value)
{
	switch (operator) {
	case '+':
		return !__builtin_add_overflow(*value, operand, value);
	case '-':
		return !__builtin_sub_overflow(*value, operand, value);
	case '*':
		return !__builtin_mul_overflow(*value, operand, value);
	case '/':
	case '%':
		if (operand == 0)
			return false;
		*value = operator== '/' ? *value / operand : * value % operand;
		return true;
	default:
		return false;
	}
}

/* Parse a reference like "{}", "{2}" or "{1*2+1}" at *@p. */
static bool take_reference(const struct parser *parser, const char **p, long *ret)
{
	long index = 1, operand;

	if (!take(p, "{"))
		return false;
	if (isdigit((unsigned char)**p) && !take_long(p, &index))
		return false;
	if (index < 1 || (size_t)index > parser->n_range)
		return false;

	*ret = parser->range[index - 1].now;
	while (**p && **p != '}') {
		char operator= *(*p)++;

		if (!take_long(p, &operand) || !operate(operator, operand, ret))
			return false;
	}
	return take(p, "}");
}

static int expand_path(const struct parser *parser, const char *path, struct text *text)
{
	size_t i = 0;
	int r;

	while (*path) {
		size_t len = strcspn(path, "{");

		r = text_add(text, path, len);
		if (r < 0)
			return r;
		path += len;
		if (*path == '\0')
			break;
		r = text_add_long(text, parser->range[i++].now);
		if (r < 0)
			return r;
		path += strcspn(path, "}") + 1;
	}
	return 0;
}

static int expand_escape(const struct parser *parser, char letter, struct text *text)
{
	switch (letter) {
	case 'n':
		return text_add(text, "\n", 1);
	case 't':
		return text_add(text, "\t", 1);
	case '\\':
		return text_add(text, "\\", 1);
	default:
		return complain(parser, -EINVAL, "unknown escape in the value");
	}
}

static int expand_value(const struct parser *parser, const char *value, struct text *text)
{
	const char *special = parser->n_range > 0 ? "\\{" : "\\";
	long number;
	int r;

	while (*value) {
		size_t len = strcspn(value, special);

		r = text_add(text, value, len);
		if (r < 0)
			return r;
		value += len;
		if (*value == '\\') {
			r = expand_escape(parser, value[1], text);
			value += 2;
		} else if (*value == '{') {
			if (!take_reference(parser, &value, &number))
				return complain(parser, -EINVAL,
						"bad reference in the value");
			r = text_add_long(text, number);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int apply(const struct parser *parser, const struct entry *entry, const char *path,
		 struct text *value)
{
	struct node *node;
	int r;

	if (entry->remove) {
		node = tree_find(parser->tree, path);
		if (!node || !node->parent)
			return complain(parser, -ENOENT, "nothing here to remove");
		node_remove(node);
		return 0;
	}

	r = tree_make(parser->tree, path, entry->mode, &node);
	if (r == -EEXIST)
		return complain(parser, r, "the path exists with another type");
	if (r < 0)
		return complain(parser, r, "bad path");
	node->mode = entry->mode;
	if (S_ISDIR(entry->mode))
		return 0;

	if (S_ISREG(entry->mode) && value->size > 0 &&
	    value->data[value->size - 1] != '\n') {
		r = text_add(value, "\n", 1);
		if (r < 0)
			return r;
	}
	return node_set(node, value->data ? value->data : "", value->size);
}

static int expand(struct parser *parser, const struct entry *entry)
{
	unsigned int n = 0;
	int r;

	r = find_ranges(parser, entry->path);
	if (r < 0)
		return r;

	do {
		struct text path = { 0 }, value = { 0 };

		if (n++ == LINES_MAX)
			return complain(parser, -E2BIG, "the ranges are too large");
		r = expand_path(parser, entry->path, &path);
		if (r == 0 && entry->value)
			r = expand_value(parser, entry->value, &value);
		if (r == 0)
			r = apply(parser, entry, path.data ? path.data : "", &value);
		free(path.data);
		free(value.data);
	} while (r == 0 && next_combination(parser));
	return r;
}

/* Parse an optional "[MODE]" at *@p. */
static int take_mode(struct parser *parser, char **p, mode_t *mode)
{
	unsigned long bits;
	char *end;

	if (**p != '[')
		return 0;
	bits = strtoul(*p + 1, &end, 8);
	if (end == *p + 1 || *end != ']' || bits > 07777)
		return complain(parser, -EINVAL, "bad mode");
	*mode = (*mode & S_IFMT) | (mode_t)bits;
	*p = end + 1 + strspn(end + 1, " \t");
	return 0;
}

static int parse_line(struct parser *parser, char *line)
{
	struct entry entry = { 0 };
	size_t len;
	int r;

	line += strspn(line, " \t");
	if (*line == '\0' || *line == '#')
		return 0;
	if (*line == '!') {
		entry.remove = true;
		line++;
	}

	len = strcspn(line, " \t");
	entry.path = line;
	line += len;
	if (*line)
		*line++ = '\0';
	line += strspn(line, " \t");

	entry.mode = S_IFDIR | 0755;
	if (len == 0 || entry.path[0] == '/')
		return complain(parser, -EINVAL, "a path without leading slash is wanted");
	if (!entry.remove && entry.path[len - 1] != '/')
		entry.mode = S_IFREG | 0644;
	r = take_mode(parser, &line, &entry.mode);
	if (r < 0)
		return r;

	if (entry.remove || S_ISDIR(entry.mode)) {
		if (*line)
			return complain(parser, -EINVAL, "unexpected text after the path");
	} else if (strncmp(line, "->", 2) == 0) {
		entry.mode = S_IFLNK | 0777;
		entry.value = line + 2 + strspn(line + 2, " \t");
		if (*entry.value == '\0')
			return complain(parser, -EINVAL, "the link has no target");
	} else if (*line == '=') {
		entry.value = line + 1 + (line[1] == ' ');
	} else {
		return complain(parser, -EINVAL, "'=', '->' or a final '/' is wanted");
	}
	return expand(parser, &entry);
}

int tree_parse(struct tree *tree, const char *name, const char *text)
{
	struct parser parser = { .tree = tree, .name = name };
	char *copy, *line, *next;
	int r = 0;

	copy = strdup(text);
	if (!copy)
		return -ENOMEM;

	for (line = copy; line && r == 0; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		parser.line++;
		r = parse_line(&parser, line);
	}
	free(copy);
	return r;
}

int tree_load(struct tree *tree, const char *filename)
{
	struct text text = { 0 };
	char buffer[4096];
	size_t n;
	FILE *file;
	int r = 0;

	file = fopen(filename, "re");
	if (!file) {
		r = -errno;
		fprintf(stderr, "%s: %s\n", filename, strerror(errno));
		return r;
	}
	while (r == 0 && (n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		r = text_add(&text, buffer, n);
	if (r == 0 && ferror(file)) {
		r = -EIO;
		fprintf(stderr, "%s: %s\n", filename, strerror(EIO));
	}
	(void)fclose(file); /* only read from */
	if (r == 0 && text.data)
		r = tree_parse(tree, filename, text.data);
	free(text.data);
	return r;
}

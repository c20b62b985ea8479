// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One variable of a file of assignments: NAME="..." in what sh sources (/etc/default/u-boot,
 * /etc/update-extlinux.conf, dracut.conf, where += is the same as = for a single assignment), or
 * name = value in a section of an INI file (zipl.conf, uki.conf: the part is "[SECTION]NAME").
 *
 * Only plain assignments of one quoted or bare word are understood, each on a line of its own; a file
 * that needs a shell to be read is refused.
 */

#include "common/alloc.h"
#include "grubcfg/sink-text.h"

/* What programs take where the variable is not set. */
static const struct {
	const char *name;
	const char *value;
} defaults[] = {
	{ "U_BOOT_PARAMETERS", "ro quiet" }, /* u-boot-update of Debian's u-boot-menu */
};

struct variable {
	char *text;
	const char *name;
	char *section; /* NULL: a file for sh */
	bool is_found;
	unsigned number; /* line of the assignment */
	struct span line; /* with its line break */
	struct span value; /* without quotes */
	size_t section_end; /* where the section ends */
	enum layer layer;
	char quote; /* '"', '\'' or 0 */
	bool is_default; /* not set: the value of the table */
	struct text_args args;
};

static void variable_done(struct variable *variable)
{
	free(variable->text);
	free(variable->section);
	text_args_done(&variable->args);
}

static int refuse(const struct variable *variable, size_t at, const char *what,
		  struct error *err)
{
	(void)error_set(err, -EINVAL, "line %u: %s: %s", text_line(variable->text, at),
			variable->name, what);
	error_remedy(err, "write it as %s=\"...\" on one line", variable->name);
	return -EINVAL;
}

/* A value of the INI file: everything, or what is in the quotes around it. */
static void find_ini_value(struct variable *variable, size_t at, size_t end)
{
	const char *text = variable->text;

	while (end > at && strchr(" \t\r", text[end - 1]))
		end--;
	variable->layer = LAYER_PLAIN;
	variable->quote = 0;
	if (end - at >= 2 && (text[at] == '"' || text[at] == '\'') &&
	    text[end - 1] == text[at] && !memchr(text + at + 1, text[at], end - at - 2)) {
		variable->quote = text[at];
		at++;
		end--;
	}
	variable->value = (struct span){ at, end };
}

/* The end of what the quote at @at begins, or 0. */
static size_t closing_quote(const char *text, size_t at, size_t end)
{
	char quote = text[at++];

	for (; at < end; at++) {
		if (text[at] == '\\' && quote == '"')
			at++;
		else if (text[at] == quote)
			return at;
	}
	return 0;
}

static int find_shell_value(struct variable *variable, size_t at, size_t end,
			    struct error *err)
{
	const char *text = variable->text;
	size_t start = at, rest;

	variable->quote = 0;
	variable->layer = LAYER_SHELL_DOUBLE;
	if (at < end && (text[at] == '"' || text[at] == '\'')) {
		variable->quote = text[at];
		if (text[at] == '\'')
			variable->layer = LAYER_SHELL_SINGLE;
		at = closing_quote(text, start, end);
		if (!at)
			return refuse(variable, start, "the quote is not closed", err);
		start++;
		rest = at + 1;
	} else {
		at += strcspn(text + at, " \t\r\n;#\"'\\$`&|<>(){}*?[]~!");
		rest = at;
	}
	variable->value = (struct span){ start, at };
	if (rest < end && !strchr(" \t\r", text[rest]))
		return refuse(variable, rest, "more than one quoted or bare word", err);
	rest += strspn(text + rest, " \t\r");
	if (rest < end && text[rest] != '#')
		return refuse(variable, rest, "something follows the assignment", err);
	return 0;
}

/* After the name: the value's start, or 0 when it is no assignment. */
static size_t after_equals(const struct variable *variable, size_t at)
{
	const char *text = variable->text;

	if (variable->section) {
		at += strspn(text + at, " \t");
		if (text[at] != '=')
			return 0;
		return at + 1 + strspn(text + at + 1, " \t");
	}
	if (text[at] == '+')
		at++;
	return text[at] == '=' ? at + 1 : 0;
}

static int parse_line(struct variable *variable, size_t at, size_t end, struct error *err)
{
	const char *text = variable->text;
	size_t start = at, n = strlen(variable->name);

	at += strspn(text + at, " \t");
	if (!variable->section && str_has_prefix(text + at, "export "))
		at += strlen("export ");
	if (strncmp(text + at, variable->name, n) != 0)
		return 0;
	at = after_equals(variable, at + n);
	if (!at)
		return 0;
	if (variable->is_found)
		return refuse(variable, start, "is set a second time", err);
	variable->is_found = true;
	variable->number = text_line(text, start);
	variable->line = (struct span){ start, end + (text[end] == '\n') };
	if (!variable->section)
		return find_shell_value(variable, at, end, err);
	find_ini_value(variable, at, end);
	return 0;
}

static bool is_section(const struct variable *variable, size_t at, size_t end)
{
	size_t n = strlen(variable->section);

	return end - at >= n + 2 &&
	       strncmp(variable->text + at + 1, variable->section, n) == 0 &&
	       variable->text[at + 1 + n] == ']';
}

static int find(struct variable *variable, struct error *err)
{
	const char *text = variable->text;
	bool is_in = !variable->section;

	for (size_t at = 0, end; text[at]; at = end + (text[end] == '\n')) {
		int r;

		end = at + strcspn(text + at, "\n");
		if (variable->section && text[at] == '[')
			is_in = is_section(variable, at, end);
		if (!is_in)
			continue;
		variable->section_end = end + (text[end] == '\n');
		r = parse_line(variable, at, end, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static const char *default_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		if (STREQ(defaults[i].name, name))
			return defaults[i].value;
	}
	return "";
}

static int parse(const struct sink *sink, struct variable *variable, struct error *err)
{
	const char *bracket = sink->part[0] == '[' ? strchr(sink->part, ']') : NULL;
	const char *value;
	int r;

	variable->name = bracket ? bracket + 1 : sink->part;
	if (bracket)
		variable->section =
			xstrndup(sink->part + 1, (size_t)(bracket - sink->part) - 1);
	r = find(variable, err);
	if (r < 0)
		return r;
	if (variable->is_found)
		return text_args_add(&variable->args, variable->text,
				     variable->value.start, variable->value.end,
				     variable->layer, err);
	value = default_of(variable->name);
	variable->is_default = true;
	variable->layer = variable->section ? LAYER_PLAIN : LAYER_SHELL_DOUBLE;
	return text_args_add(&variable->args, value, 0, strlen(value), variable->layer,
			     err);
}

static int load(const struct tree *tree, const struct sink *sink,
		struct variable *variable, struct error *err)
{
	int r = text_read(tree, sink->path, &variable->text, err);

	if (r == -ENOENT)
		return error_set(err, -EINVAL, "/%s: no such file", sink->path);
	if (r < 0)
		return r;
	r = parse(sink, variable, err);
	if (r < 0)
		error_prefix(err, "/%s", sink->path);
	return r;
}

static int variable_read(const struct tree *tree, const struct sink *sink,
			 struct cmdline *ret, struct error *err)
{
	_cleanup_(variable_done) struct variable variable = { 0 };
	int r = load(tree, sink, &variable, err);

	if (r < 0)
		return r;
	*ret = variable.args.line;
	variable.args.line = (struct cmdline){ 0 };
	return 0;
}

/* The whole assignment, with the value in double quotes for sh. */
static char *assignment(const struct variable *variable, const char *value)
{
	const char *quote = variable->section ? "" : "\"";

	return xasprintf("%s=%s%s%s\n", variable->name, quote, value, quote);
}

/* A bare word of sh becomes a quoted one; a variable that is not set gets a line at the end. */
static int write_whole(const struct variable *variable, const struct cmdline *wanted,
		       char **ret, struct error *err)
{
	enum layer layer = variable->section ? LAYER_PLAIN : LAYER_SHELL_DOUBLE;
	_cleanup_free_ char *value = NULL, *line = NULL;
	const char *text = variable->text;
	struct span place = { variable->section_end, variable->section_end };
	int r;

	r = text_encode(wanted, layer, &value, err);
	if (r < 0)
		return r;
	if (variable->is_found) {
		*ret = xasprintf("%.*s\"%s\"%s", (int)variable->value.start, text, value,
				 text + variable->value.end);
		return 0;
	}
	line = assignment(variable, value);
	*ret = xasprintf("%.*s%s%s%s", (int)place.start, text,
			 place.start && text[place.start - 1] != '\n' ? "\n" : "", line,
			 text + place.end);
	return 0;
}

static int variable_write(struct tree *tree, const struct sink *sink,
			  const struct cmdline *wanted, struct error *err)
{
	_cleanup_(variable_done) struct variable variable = { 0 };
	_cleanup_free_ char *out = NULL;
	bool is_bare;
	int r;

	r = load(tree, sink, &variable, err);
	if (r < 0)
		return r;
	is_bare = variable.is_found && !variable.quote && !variable.section;
	if (!variable.is_found || is_bare)
		r = write_whole(&variable, wanted, &out, err);
	else
		r = text_args_splice(variable.text, &variable.args, wanted,
				     variable.value.start, variable.layer, &out, err);
	return r < 0 ? r : text_write(tree, sink, sink->path, out, wanted, err);
}

const struct sink_type sink_variable = { "variable", variable_read, variable_write };

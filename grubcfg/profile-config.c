// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What this host shall have, as files: etc/hosttune/kargs.conf and kargs.conf.d; see profile.h.
 *
 * One operand of 'kargs apply' a line, or "set ARG" and "remove ARG". A '#' at the start of a
 * line or after a blank begins a comment, unless it is inside double quotes.
 */

#include "common/alloc.h"
#include "grubcfg/profile.h"

#define KARGS_CONF "etc/hosttune/kargs.conf"
#define KARGS_CONF_D "etc/hosttune/kargs.conf.d"

/* Cuts a comment and the blanks at both ends off, in place. */
static char *strip(char *line)
{
	bool in_quotes = false;
	size_t n = 0;

	line += strspn(line, " \t\r");
	for (size_t i = 0; line[i]; i++) {
		if (line[i] == '"')
			in_quotes = !in_quotes;
		if (line[i] == '#' && !in_quotes && (i == 0 || strchr(" \t", line[i - 1])))
			break;
		if (!strchr(" \t\r", line[i]))
			n = i + 1;
	}
	line[n] = '\0';
	return line;
}

/* "set ARG" and "remove ARG" have one blank, however many the file has. */
static char *operand_of(const char *text, struct error *err)
{
	_cleanup_cmdline_ struct cmdline words = { 0 };
	size_t first = 0;

	cmdline_parse(&words, text, ARG_NEW);
	if (words.n > 1 &&
	    (STREQ(words.items[0].raw, "set") || STREQ(words.items[0].raw, "remove")))
		first = 1;
	if (words.n == first + 1)
		return first ? xasprintf("%s %s", words.items[0].raw, words.items[1].raw) :
			       xstrdup(words.items[0].raw);
	(void)error_set(err, -EINVAL, "'%s' is more than one argument", text);
	error_remedy(err,
		     "put one on each line, or the whole argument in double quotes: "
		     "\"%s\"",
		     text);
	return NULL;
}

static int read_file(const struct machine *machine, const struct tree *tree,
		     const char *path, struct changes *changes, struct strv *notes,
		     struct error *err)
{
	_cleanup_free_ char *text = NULL;
	unsigned line = 0;
	size_t size = 0;
	int r, n = 0;

	r = tree_read(tree, path, &text, &size);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_set(err, r, "failed to read '/%s': %s", path, strerror(-r));
	if (strlen(text) != size) {
		(void)error_set(err, -EINVAL, "/%s: contains a NUL byte", path);
		error_remedy(err, "write it anew: the file is damaged");
		return -EINVAL;
	}
	for (char *next = text; next;) {
		_cleanup_free_ char *operand = NULL;
		char *content;

		line++;
		content = strip(strsep(&next, "\n"));
		if (!*content)
			continue;
		operand = operand_of(content, err);
		r = operand ? profile_expand(machine, operand, changes, notes, err) :
			      -EINVAL;
		if (r < 0) {
			error_prefix(err, "/%s: line %u", path, line);
			return r;
		}
		n++;
	}
	return n;
}

int profile_config(const struct machine *machine, const struct tree *tree,
		   struct changes *changes, struct strv *notes, struct error *err)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	int n, r;

	n = read_file(machine, tree, KARGS_CONF, changes, notes, err);
	if (n < 0)
		return n;
	r = tree_list(tree, KARGS_CONF_D, &names);
	if (r < 0 && r != -ENOENT)
		return error_set(err, r, "failed to list '/" KARGS_CONF_D "': %s",
				 strerror(-r));
	strv_for_each(name, &names) {
		_cleanup_free_ char *path = xasprintf(KARGS_CONF_D "/%s", name);
		size_t length = strlen(name);

		if (length <= strlen(".conf") ||
		    !STREQ(name + length - strlen(".conf"), ".conf"))
			continue;
		r = read_file(machine, tree, path, changes, notes, err);
		if (r < 0)
			return r;
		n += r;
	}
	return n;
}

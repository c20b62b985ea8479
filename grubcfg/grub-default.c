// SPDX-License-Identifier: LGPL-2.1-or-later
/* What /etc/default/grub and its drop-ins say; see grub-default.h. */

#include "grubcfg/grub-default.h"
#include "common/alloc.h"
#include "common/replace.h"
#include "grubcfg/encode.h"
#include "grubcfg/shell-reader.h"

const char *const grub_default_vars[] = { "GRUB_CMDLINE_LINUX",
					  "GRUB_CMDLINE_LINUX_DEFAULT", NULL };

/* ---------------------------------------------------------------- files */

static int source(const struct tree *tree, struct grub_default *d, const char *path,
		  struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = tree_read(tree, path, &text, &size);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return error_set(err, r, "cannot read %s: %s", path, strerror(-r));
	return shell_source(&d->shell, path, text, size, err);
}

/* Whatever sh is on the tree: grub-mkconfig is a script for it. */
static bool is_bash(const struct tree *tree)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int dir = -1;

	return replace_resolve(tree->root, "bin/sh", &dir, &path) == 0 &&
	       STREQ(path_name(path), "bash");
}

static int compare_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order of sh's pathname expansion in the C locale: digits before letters. */
static int source_drop_ins(const struct tree *tree, const struct sink *sink,
			   struct grub_default *d, struct error *err)
{
	_cleanup_free_ char *directory = xasprintf("%s.d", sink->path);
	_cleanup_strv_ struct strv names = STRV_NULL;
	int r;

	r = tree_list(tree, directory, &names);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return error_set(err, r, "cannot list %s: %s", directory, strerror(-r));
	if (names.n > 1)
		qsort(names.items, names.n, sizeof(*names.items), compare_bytes);
	strv_for_each(name, &names) {
		_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
		size_t n = strlen(name);

		if (n < 4 || !STREQ(name + n - 4, ".cfg"))
			continue;
		r = source(tree, d, path, err);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return d->shell.n_files ? 0 : -ENOENT;
}

char *grub_default_drop_in(const struct sink *sink)
{
	return xasprintf("%s.d/zz-kargs.cfg", sink->path);
}

/* ---------------------------------------------------------------- words */

static int refuse_at(const struct grub_default *d, const struct shell_byte *byte,
		     struct error *err, const char *what)
{
	const struct shell_file *file = &d->shell.files[byte->file];

	return error_set(err, -EINVAL, "%s:%u: %s", file->path,
			 shell_line(file, byte->start), what);
}

/* The end of the word that begins at @i, by GRUB's quoting. A newline or ";" ends the whole command. */
static int find_word_end(const struct grub_default *d, const struct shell_value *value,
			 size_t i, size_t *ret, struct error *err)
{
	char quote = '\0';
	size_t start = i;

	for (; i < value->n; i++) {
		char c = value->bytes[i].c;

		if (c == '\\' && quote != '\'' && i + 1 < value->n) {
			i++;
		} else if (quote) {
			if (c == quote)
				quote = '\0';
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '$' && i + 1 < value->n && value->bytes[i + 1].c == '{') {
			while (i + 1 < value->n && value->bytes[i].c != '}')
				i++;
		} else if (c == '\n' || strchr("{}|&;<>", c)) {
			int r = refuse_at(d, &value->bytes[i], err,
					  c == '\n' ?
						  "a line break ends the linux command in "
						  "grub.cfg" :
						  "one of {}|&;<> ends the argument in "
						  "grub.cfg");

			error_remedy(err,
				     "write a backslash before it for GRUB, and both in "
				     "the shell's quoting");
			return r;
		} else if (cmdline_is_space((unsigned char)c)) {
			break;
		}
	}
	if (quote)
		return refuse_at(d, &value->bytes[start], err,
				 "GRUB finds no end of the quotes in this value");
	*ret = i;
	return 0;
}

/* Why text cannot be put in the place of a word, or NULL. */
static const char *why_locked(const struct shell_value *value,
			      const struct grub_word *word)
{
	const struct shell_byte *first = &value->bytes[word->start];

	for (size_t i = word->start; i < word->end; i++) {
		const struct shell_byte *byte = &value->bytes[i];

		if (byte->quote == SHELL_BRACES)
			return "it stands within ${...}";
		if (byte->assignment != first->assignment ||
		    (i > word->start && byte->start < byte[-1].end))
			return "it is put together from several variables";
	}
	return NULL;
}

/* Every '$' that GRUB gives a meaning begins a variable; at any other it reads no more of grub.cfg. */
static bool has_variables_only(const char *text)
{
	char quote = '\0';
	bool found = false;

	for (const char *p = text; *p; p++) {
		bool braces = p[1] == '{';
		size_t n;

		if (*p == '\\' && quote != '\'' && p[1]) {
			p++;
			continue;
		}
		if (*p == quote)
			quote = '\0';
		else if (!quote && (*p == '\'' || *p == '"'))
			quote = *p;
		if (*p != '$' || quote == '\'')
			continue;
		n = shell_name_length(p + 1 + braces);
		if (!n)
			n = strspn(p + 1 + braces, "0123456789");
		if (!n)
			n = p[1 + braces] && strchr("?#*@", p[1 + braces]);
		if (!n || (braces && p[2 + n] != '}'))
			return false;
		found = true;
	}
	return found;
}

static int add_word(struct grub_default *d, const struct grub_word *word,
		    struct cmdline *line, struct error *err)
{
	const struct shell_value *value = &d->values[word->var];
	const struct shell_byte *first = &value->bytes[word->start];
	_cleanup_free_ char *text = xcalloc(word->end - word->start + 1, 1);
	_cleanup_free_ char *decoded = NULL;
	_cleanup_cmdline_ struct cmdline written = { 0 }, passed = { 0 };
	const char *locked = why_locked(value, word);
	struct arg *arg;

	for (size_t i = word->start; i < word->end; i++)
		text[i - word->start] = value->bytes[i].c;
	if (decode(LAYER_GRUB_SCRIPT, text, &decoded, err) < 0) {
		error_done(err);
		if (!has_variables_only(text))
			return refuse_at(d, first, err, "GRUB would not read this value");
		locked = "GRUB puts a variable in there";
		decoded = xstrdup(text);
	}
	cmdline_parse(&written, text, ARG_NEW);
	cmdline_parse(&passed, decoded, ARG_NEW);
	if (passed.n == 0)
		return 0;
	if (passed.n > 1)
		return refuse_at(d, first, err,
				 "a blank within quotes here would split an argument");
	arg = cmdline_insert(line, line->n,
			     cmdline_equal(&written, &passed) ? text : decoded);
	arg->origin = (int)d->n_words;
	arg->locked =
		locked ?
			xasprintf("%s (%s:%u)", locked, d->shell.files[first->file].path,
				  shell_line(&d->shell.files[first->file], first->start)) :
			NULL;
	*ARRAY_PUSH(d->words, d->n_words) = *word;
	return 0;
}

static int split_value(struct grub_default *d, unsigned var, struct cmdline *line,
		       struct error *err)
{
	const struct shell_value *value = &d->values[var];
	struct grub_word word = { .var = var };

	for (;;) {
		int r;

		word.start = word.end;
		while (word.start < value->n && value->bytes[word.start].c != '\n' &&
		       cmdline_is_space((unsigned char)value->bytes[word.start].c))
			word.start++;
		if (word.start == value->n)
			return 0;
		if (value->bytes[word.start].c == '#')
			return refuse_at(d, &value->bytes[word.start], err,
					 "what begins with # is a comment in grub.cfg");
		r = find_word_end(d, value, word.start, &word.end, err);
		if (r == 0)
			r = add_word(d, &word, line, err);
		if (r < 0)
			return r;
	}
}

int grub_default_read(const struct tree *tree, const struct sink *sink,
		      struct grub_default *ret, struct cmdline *line, struct error *err)
{
	int r;

	*ret = (struct grub_default){ .shell.wanted = grub_default_vars,
				      .shell.is_bash = is_bash(tree) };
	r = source(tree, ret, sink->path, err);
	if (sink->sources_drop_ins && (r == 0 || r == -ENOENT))
		r = source_drop_ins(tree, sink, ret, err);
	for (unsigned i = 0; i < N_VARS && r == 0; i++) {
		const struct shell_var *var =
			shell_get(&ret->shell, grub_default_vars[i]);

		if (!var || !var->is_set)
			continue;
		shell_value_copy(&ret->values[i], &var->value);
		r = split_value(ret, i, line, err);
	}
	return r;
}

const struct shell_assignment *grub_default_assignment(const struct grub_default *d,
						       unsigned var)
{
	const struct shell_var *v = shell_get(&d->shell, grub_default_vars[var]);

	return v && v->is_set ? &d->shell.assignments[v->last] : NULL;
}

void grub_default_done(struct grub_default *d)
{
	for (unsigned i = 0; i < N_VARS; i++)
		shell_value_done(&d->values[i]);
	shell_done(&d->shell);
	free(d->words);
}

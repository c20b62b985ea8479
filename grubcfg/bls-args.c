// SPDX-License-Identifier: LGPL-2.1-or-later
/* The arguments of an entry; see bls-args.h. */

#include "grubcfg/bls-args.h"
#include "common/alloc.h"
#include "grubcfg/bls.h"
#include "grubcfg/grubenv.h"

void entry_done(struct entry *entry)
{
	free(entry->text);
	text_args_done(&entry->own);
	text_args_done(&entry->kernelopts);
	cmdline_done(&entry->line);
	free(entry->places);
	free(entry->env_path);
	free(entry->env);
	free(entry->kernelopts_text);
}

/* ---------------------------------------------------------------- GRUB's variables */

/* What grub.cfg sets $kernelopts to when the block has none. */
static char *kernelopts_of_config(const struct tree *tree, const char *directory)
{
	_cleanup_free_ char *path = xasprintf("%s/grub.cfg", directory), *text = NULL;
	const char *p;

	if (tree_read(tree, path, &text, NULL) < 0)
		return NULL;
	p = strstr(text, "set kernelopts=\"");
	if (!p)
		return NULL;
	p += strlen("set kernelopts=\"");
	return xstrndup(p, strcspn(p, "\"\n"));
}

/* The block that GRUB loads: beside grub.cfg. */
static int find_env(const struct tree *tree, struct entry *entry, struct error *err)
{
	static const char *const directories[] = { "boot/grub2", "boot/grub" };

	for (size_t i = 0; i < ARRAY_SIZE(directories) && !entry->env; i++) {
		int r;

		free(entry->env_path);
		entry->env_path = xasprintf("%s/grubenv", directories[i]);
		r = tree_read(tree, entry->env_path, &entry->env, &entry->env_size);
		if (r < 0 && r != -ENOENT)
			return error_set(err, r, "failed to read '/%s': %s",
					 entry->env_path, strerror(-r));
	}
	return 0;
}

static int read_variable(const struct tree *tree, struct entry *entry, const char *name,
			 char **ret, struct error *err)
{
	_cleanup_grubenv_ struct grubenv env = { 0 };
	const char *value = NULL;
	int r;

	r = find_env(tree, entry, err);
	if (r < 0)
		return r;
	if (entry->env) {
		r = grubenv_parse(entry->env, entry->env_size, &env, err);
		if (r < 0) {
			error_prefix(err, "/%s", entry->env_path);
			error_remedy(err, "make a new one: grub2-editenv - create");
			return r;
		}
		value = grubenv_get(&env, name);
	}
	*ret = value ? xstrdup(value) : NULL;
	if (!value && STREQ(name, "kernelopts") && entry->env)
		*ret = kernelopts_of_config(tree, str_has_prefix(entry->env_path,
								 "boot/grub2") ?
							  "boot/grub2" :
							  "boot/grub");
	return 0;
}

/* The name of "$name" or "${name}", when the word is nothing else; the caller frees. */
static char *variable_name(const char *word)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	bool braces = word[0] == '$' && word[1] == '{';
	const char *name = word + 1 + braces;
	size_t n;

	if (word[0] != '$')
		return NULL;
	n = strspn(name, allowed);
	if (n == 0 || !STREQ(name + n, braces ? "}" : ""))
		return NULL;
	return xstrndup(name, n);
}

static void add_arg(struct entry *entry, const struct arg *from, enum place place,
		    const char *locked)
{
	struct arg *arg = cmdline_insert(&entry->line, entry->line.n, from->raw);

	arg->origin = (int)entry->line.n - 1;
	arg->locked = locked ? xstrdup(locked) : NULL;
	*ARRAY_PUSH(entry->places, entry->n_places) = place;
}

static int add_kernelopts(const struct tree *tree, struct entry *entry, struct span span,
			  struct error *err)
{
	int r;

	if (entry->kernelopts_text)
		return error_set(err, -EINVAL,
				 "line %u: $kernelopts is there a second time",
				 text_line(entry->text, span.start));
	r = read_variable(tree, entry, "kernelopts", &entry->kernelopts_text, err);
	if (r < 0)
		return r;
	if (!entry->kernelopts_text) {
		(void)error_set(err, -EINVAL,
				"line %u: $kernelopts is set neither in /%s nor beside it "
				"in grub.cfg",
				text_line(entry->text, span.start), entry->env_path);
		error_remedy(err, "mount the file system that the file is on, or set it: "
				  "grub2-editenv - set kernelopts='root=...'");
		return -EINVAL;
	}
	entry->variable = span;
	r = text_args_add(&entry->kernelopts, entry->kernelopts_text, 0,
			  strlen(entry->kernelopts_text), LAYER_GRUB_BLS, err);
	if (r < 0) {
		error_prefix(err, "/%s: kernelopts", entry->env_path);
		return r;
	}
	for (size_t i = 0; i < entry->kernelopts.line.n; i++)
		add_arg(entry, &entry->kernelopts.line.items[i], IN_KERNELOPTS, NULL);
	return 0;
}

static int add_other_variable(const struct tree *tree, struct entry *entry,
			      const char *name, struct error *err)
{
	_cleanup_text_args_ struct text_args args = { 0 };
	_cleanup_free_ char *value = NULL, *locked = NULL;
	int r;

	r = read_variable(tree, entry, name, &value, err);
	if (r < 0 || !value)
		return r;
	r = text_args_add(&args, value, 0, strlen(value), LAYER_GRUB_BLS, err);
	if (r < 0) {
		error_prefix(err, "/%s: %s", entry->env_path, name);
		return r;
	}
	locked = STREQ(name, "tuned_params") ?
			 xstrdup("owned by tuned's profile, which writes it again at "
				 "every start") :
			 xasprintf("it comes from the variable %s in /%s", name,
				   entry->env_path);
	for (size_t i = 0; i < args.line.n; i++)
		add_arg(entry, &args.line.items[i], IN_TUNED, locked);
	return 0;
}

/* A '$' that GRUB would take for a variable inside of a word. */
static bool has_variable(const char *word)
{
	for (; *word; word++) {
		if (*word == '\\' && word[1])
			word++;
		else if (*word == '$')
			return true;
	}
	return false;
}

/* ---------------------------------------------------------------- reading */

/* One word of an options line that GRUB reads: an argument, or a variable. */
static int add_grub_word(const struct tree *tree, struct entry *entry, struct span span,
			 struct error *err)
{
	_cleanup_free_ char *word =
		xstrndup(entry->text + span.start, span.end - span.start);
	_cleanup_free_ char *name = variable_name(word);
	int r;

	if (name && STREQ(name, "kernelopts"))
		return add_kernelopts(tree, entry, span, err);
	if (name)
		return add_other_variable(tree, entry, name, err);
	if (has_variable(word)) {
		(void)error_set(err, -EINVAL,
				"line %u: '%s': GRUB expands a variable inside of it",
				text_line(entry->text, span.start), word);
		error_remedy(err, "write \\$ for the character, or a word of its own for "
				  "the variable");
		return -EINVAL;
	}
	r = text_args_add(&entry->own, entry->text, span.start, span.end, LAYER_GRUB_BLS,
			  err);
	if (r < 0)
		return r;
	add_arg(entry, &entry->own.line.items[entry->own.line.n - 1], IN_ENTRY, NULL);
	return 0;
}

static int add_grub_options(const struct tree *tree, struct entry *entry,
			    const struct bls_line *line, struct error *err)
{
	size_t at = line->value;

	for (;;) {
		struct span span;
		bool is_open;
		int r;

		while (at < line->value_end &&
		       cmdline_is_space((unsigned char)entry->text[at]))
			at++;
		if (at == line->value_end)
			break;
		span.start = at;
		span.end = at = text_word_end(entry->text, at, line->value_end,
					      LAYER_GRUB_BLS, &is_open);
		if (is_open)
			return error_set(err, -EINVAL, "line %u: a quote is not closed",
					 line->number);
		r = add_grub_word(tree, entry, span, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* systemd-boot takes the quotes off a value that begins and ends with one. */
static int check_outer_quotes(const char *text, const struct bls_line *line,
			      struct error *err)
{
	if (line->value_end - line->value < 2 || text[line->value] != '"' ||
	    text[line->value_end - 1] != '"')
		return 0;
	(void)error_set(err, -EINVAL,
			"line %u: options that begin and end with a quote lose both in "
			"systemd-boot",
			line->number);
	error_remedy(err, "write key=\"value\" instead of \"key=value\" for one of them");
	return -EINVAL;
}

static int add_plain_options(struct entry *entry, const struct bls_line *line,
			     struct error *err)
{
	size_t first = entry->own.line.n;
	int r;

	r = check_outer_quotes(entry->text, line, err);
	if (r < 0)
		return r;
	r = text_args_add(&entry->own, entry->text, line->value, line->value_end,
			  LAYER_PLAIN, err);
	for (size_t i = first; r == 0 && i < entry->own.line.n; i++)
		add_arg(entry, &entry->own.line.items[i], IN_ENTRY, NULL);
	return r;
}

static int check_tabs(const struct bls *bls, struct error *err)
{
	for (size_t i = 0; i < bls->n; i++) {
		if (!str_has_prefix(bls->items[i].key, "options\t"))
			continue;
		(void)error_set(err, -EINVAL,
				"line %u: GRUB does not take the tab for the end of "
				"'options'",
				bls->items[i].number);
		error_remedy(err, "put a blank there instead");
		return -EINVAL;
	}
	return 0;
}

int entry_parse(const struct tree *tree, const struct sink *sink, struct entry *entry,
		struct error *err)
{
	_cleanup_bls_ struct bls bls = { 0 };
	int r = 0;

	bls_parse(entry->text, sink->grub_reads, &bls);
	if (sink->grub_reads) {
		const struct bls_line *line = bls_find(&bls, "options", 0);

		r = check_tabs(&bls, err);
		if (r == 0 && line)
			r = add_grub_options(tree, entry, line, err);
	} else {
		for (size_t i = 0; i < bls.n && r == 0; i++) {
			if (STREQ(bls.items[i].key, "options"))
				r = add_plain_options(entry, &bls.items[i], err);
		}
	}
	if (r < 0)
		error_prefix(err, "/%s", sink->path);
	return r;
}

int entry_load(const struct tree *tree, const struct sink *sink, struct entry *entry,
	       struct error *err)
{
	int r = text_read(tree, sink->path, &entry->text, err);

	if (r == -ENOENT)
		return error_set(err, -EINVAL, "/%s: no such file", sink->path);
	return r < 0 ? r : entry_parse(tree, sink, entry, err);
}

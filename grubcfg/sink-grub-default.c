// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * /etc/default/grub and its drop-ins: one sink for both variables and all files; see grub-default.h.
 *
 * What is there is changed where it stands. New arguments go to GRUB_CMDLINE_LINUX_DEFAULT, which leaves
 * recovery entries alone, except console= and crashkernel=, which are for these too. Where mkconfig
 * reads drop-ins, they go into zz-kargs.cfg: it is read last, so that a drop-in that sets the variable
 * anew (Ubuntu's cloud images) does not take them away, and the package's own questions and merges,
 * which rewrite /etc/default/grub, do not see them. Elsewhere they go to the end of the variable in
 * /etc/default/grub; to GRUB_CMDLINE_LINUX when that is the one that is written there as plain text
 * (Fedora and its relatives, where tuned rewrites the other).
 *
 * Not handled: GRUB_CMDLINE_LINUX_RECOVERY, GRUB_CMDLINE_XEN*.
 */

#include <ctype.h>

#include "common/alloc.h"
#include "grubcfg/encode.h"
#include "grubcfg/grub-default.h"

/* Text that replaces a part of a file. */
struct patch {
	unsigned file;
	size_t start;
	size_t end;
	char *text;
	size_t order;
};

struct editor {
	const struct sink *sink;
	struct grub_default d;
	struct cmdline now;
	const struct cmdline *wanted;
	struct patch *patches;
	size_t n_patches;
	bool *keeps; /* words, by origin */
	bool *blank_taken[N_VARS]; /* bytes of the values */
	struct strv ends[N_VARS]; /* new arguments for the end of a variable */
	struct error *err;
};

static void editor_done(struct editor *e)
{
	for (size_t i = 0; i < e->n_patches; i++)
		free(e->patches[i].text);
	free(e->patches);
	free(e->keeps);
	for (unsigned i = 0; i < N_VARS; i++) {
		free(e->blank_taken[i]);
		strv_done(&e->ends[i]);
	}
	cmdline_done(&e->now);
	grub_default_done(&e->d);
}

static void add_patch(struct editor *e, unsigned file, size_t start, size_t end,
		      char *text)
{
	struct patch *patch = ARRAY_PUSH(e->patches, e->n_patches);

	patch->file = file;
	patch->start = start;
	patch->end = end;
	patch->text = text;
	patch->order = e->n_patches;
}

/* An argument as it has to stand in a file. */
static int quote_arg(enum shell_quote quote, const char *raw, char **ret,
		     struct error *err)
{
	_cleanup_free_ char *word = NULL;
	int r;

	if (quote == SHELL_SINGLE)
		return encode_grub_default(LAYER_SHELL_SINGLE, raw, ret, err);
	if (quote != SHELL_BARE)
		return encode_grub_default(LAYER_SHELL_DOUBLE, raw, ret, err);
	r = encode(LAYER_GRUB_SCRIPT, raw, &word, err);
	if (r < 0)
		return r;
	*ret = shell_quote(SHELL_BARE, word);
	return 0;
}

/* ---------------------------------------------------------------- where things stand */

static const struct shell_byte *first_byte(const struct editor *e, size_t origin)
{
	const struct grub_word *word = &e->d.words[origin];

	return &e->d.values[word->var].bytes[word->start];
}

static const struct shell_byte *last_byte(const struct editor *e, size_t origin)
{
	const struct grub_word *word = &e->d.words[origin];

	return &e->d.values[word->var].bytes[word->end - 1];
}

/* Quotes that lead from one way of quoting to another. */
static const char *quotes_between(unsigned char from, unsigned char to)
{
	static const char *const table[SHELL_BRACES][SHELL_BRACES] = {
		[SHELL_BARE] = { "", "'", "\"" },
		[SHELL_SINGLE] = { "'", "", "'\"" },
		[SHELL_DOUBLE] = { "\"", "\"'", "" },
	};

	return from < SHELL_BRACES && to < SHELL_BRACES ? table[from][to] : "";
}

/* ---------------------------------------------------------------- what was there */

/* The blank beside a word that goes: the one before it, else the one after. */
static void take_blank(struct editor *e, const struct grub_word *word)
{
	const struct shell_value *value = &e->d.values[word->var];
	const struct shell_byte *first = &value->bytes[word->start];
	size_t sides[] = { word->start - 1, word->end };

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		const struct shell_byte *byte;

		if (sides[i] >= value->n || e->blank_taken[word->var][sides[i]])
			continue;
		byte = &value->bytes[sides[i]];
		if ((byte->c != ' ' && byte->c != '\t') || byte->quote == SHELL_BRACES ||
		    byte->assignment != first->assignment)
			continue;
		e->blank_taken[word->var][sides[i]] = true;
		add_patch(e, byte->file, byte->start, byte->end, xstrdup(""));
		return;
	}
}

/* What is no more wanted goes, what has another text gets that in its place. */
static int change_words(struct editor *e)
{
	const char **texts = xcalloc(e->now.n, sizeof(*texts));
	int r = 0;

	for (size_t i = 0; i < e->wanted->n; i++) {
		const struct arg *arg = &e->wanted->items[i];

		if (arg->origin == ARG_NEW)
			continue;
		e->keeps[arg->origin] = true;
		texts[arg->origin] = arg->raw;
	}
	for (size_t i = 0; i < e->now.n && r == 0; i++) {
		const struct shell_byte *first = first_byte(e, i),
					*last = last_byte(e, i);
		const char *quotes = quotes_between(first->quote, last->quote);
		_cleanup_free_ char *text = NULL;

		if (e->keeps[i] && STREQ(texts[i], e->now.items[i].raw))
			continue;
		if (e->now.items[i].locked) {
			r = error_set(e->err, -EPERM, "%s cannot be changed: %s",
				      e->now.items[i].raw, e->now.items[i].locked);
		} else if (e->keeps[i]) {
			r = quote_arg(first->quote, texts[i], &text, e->err);
		} else {
			take_blank(e, &e->d.words[i]);
			text = xstrdup("");
		}
		if (r == 0)
			add_patch(e, first->file, first->start, last->end,
				  xasprintf("%s%s", text, quotes));
	}
	free(texts);
	return r;
}

/* ---------------------------------------------------------------- new ones */

static bool is_for_all_entries(const char *name)
{
	return cmdline_same_name(name, "console") ||
	       cmdline_same_name(name, "crashkernel");
}

/* Text of the assignment's value, quotes and all. */
static char *source_of(const struct editor *e, const struct shell_assignment *assignment)
{
	const struct shell_file *file = &e->d.shell.files[assignment->file];

	return xstrndup(file->text + assignment->start,
			assignment->end - assignment->start);
}

static bool is_plain(const struct editor *e, unsigned var)
{
	const struct shell_assignment *assignment = grub_default_assignment(&e->d, var);
	_cleanup_free_ char *text = NULL;

	if (!assignment)
		return false;
	text = source_of(e, assignment);
	return !strchr(text, '$');
}

static unsigned var_for(const struct editor *e, const char *name)
{
	if (is_for_all_entries(name))
		return VAR_LINUX;
	if (!e->sink->sources_drop_ins && !is_plain(e, VAR_DEFAULT) &&
	    grub_default_assignment(&e->d, VAR_LINUX))
		return VAR_LINUX;
	return VAR_DEFAULT;
}

/* Names whose order among each other counts. */
static const char *order_group(const char *name)
{
	if (cmdline_same_name(name, "default_hugepagesz") ||
	    cmdline_same_name(name, "hugepagesz"))
		return "hugepages";
	return STREQ(name, "rw") ? "ro" : name;
}

static bool same_group(const struct arg *a, const struct arg *b)
{
	return cmdline_same_name(order_group(a->name), order_group(b->name));
}

/* Puts @raw beside a word, in its quoting. */
static int insert_beside(struct editor *e, size_t origin, bool after, const char *raw)
{
	const struct shell_byte *byte =
		after ? last_byte(e, origin) : first_byte(e, origin);
	bool bare = byte->quote == SHELL_BARE;
	size_t at = after ? byte->end : byte->start;
	_cleanup_free_ char *text = NULL;
	int r;

	if (byte->quote == SHELL_BRACES)
		return error_set(e->err, -EPERM, "%s cannot be put beside %s: %s", raw,
				 e->now.items[origin].raw, e->now.items[origin].locked);
	r = quote_arg(bare ? SHELL_DOUBLE : byte->quote, raw, &text, e->err);
	if (r < 0)
		return r;
	add_patch(e, byte->file, at, at,
		  xasprintf("%s%s%s%s%s", bare ? "\"" : "", after ? " " : "", text,
			    after ? "" : " ", bare ? "\"" : ""));
	return 0;
}

/*
 * New arguments go to the end of their variable, unless that would be on the wrong side of another of
 * their group, or behind "--".
 */
static int place_new(struct editor *e, size_t index)
{
	const struct arg *items = e->wanted->items, *new = &items[index];
	unsigned var = var_for(e, new->name);
	size_t next = index + 1, previous = index;

	while (next < e->wanted->n_kernel &&
	       (items[next].origin == ARG_NEW || !same_group(new, &items[next])))
		next++;
	while (previous > 0 && (items[previous - 1].origin == ARG_NEW ||
				!same_group(new, &items[previous - 1])))
		previous--;
	if (next < e->wanted->n_kernel && previous > 0)
		return insert_beside(e, (size_t)items[previous - 1].origin, true,
				     new->raw);
	if (next < e->wanted->n && items[next].origin != ARG_NEW)
		return insert_beside(e, (size_t)items[next].origin, false, new->raw);
	if (previous > 0)
		var = MAX(var, e->d.words[items[previous - 1].origin].var);
	for (size_t i = 0; i < index; i++) {
		if (items[i].origin == ARG_NEW && same_group(new, &items[i]))
			var = MAX(var, var_for(e, items[i].name));
	}
	strv_push(&e->ends[var], new->raw);
	return 0;
}

/* ---------------------------------------------------------------- ends of variables */

static int quote_all(const struct strv *raws, enum shell_quote quote, char **ret,
		     struct error *err)
{
	_cleanup_strv_ struct strv words = STRV_NULL;

	strv_for_each(raw, raws) {
		char *text;
		int r = quote_arg(quote, raw, &text, err);

		if (r < 0)
			return r;
		strv_push_take(&words, text);
	}
	*ret = strv_join(&words, " ");
	return 0;
}

/* Whether something stands in the assignment's value that new text has to keep away from. */
static bool needs_blank(const struct editor *e, const struct shell_assignment *assignment)
{
	const struct shell_file *file = &e->d.shell.files[assignment->file];
	unsigned index = (unsigned)(assignment - e->d.shell.assignments);

	if (assignment->insert > assignment->start &&
	    strchr(" \t", file->text[assignment->insert - 1]))
		return false;
	for (size_t i = 0; i < e->now.n; i++) {
		if (e->keeps[i] && first_byte(e, i)->assignment == index)
			return true;
	}
	return memchr(file->text + assignment->start, '$',
		      assignment->end - assignment->start) != NULL;
}

static int extend_assignment(struct editor *e, const struct shell_assignment *assignment,
			     const struct strv *raws)
{
	bool bare = assignment->insert_quote == SHELL_BARE;
	const char *blank = needs_blank(e, assignment) ? " " : "";
	_cleanup_free_ char *text = NULL, *source = source_of(e, assignment);
	bool wrap = bare && !strpbrk(source, "\\\"'$`");
	int r;

	r = quote_all(raws, bare ? SHELL_DOUBLE : assignment->insert_quote, &text, e->err);
	if (r < 0)
		return r;
	if (wrap)
		add_patch(e, assignment->file, assignment->start, assignment->start,
			  xstrdup("\""));
	add_patch(e, assignment->file, assignment->insert, assignment->insert,
		  xasprintf("%s%s%s%s", bare && !wrap ? "\"" : "", blank, text,
			    bare ? "\"" : ""));
	return 0;
}

static int find_file(const struct editor *e, const char *path)
{
	for (unsigned i = 0; i < e->d.shell.n_files; i++) {
		if (STREQ(e->d.shell.files[i].path, path))
			return (int)i;
	}
	return -1;
}

/* A file that is still to be made: it has only what is put into it. */
static unsigned add_file(struct editor *e, const char *path)
{
	struct shell_file *file = ARRAY_PUSH(e->d.shell.files, e->d.shell.n_files);

	file->path = xstrdup(path);
	file->text = xstrdup("");
	return e->d.shell.n_files - 1;
}

static const char header[] =
	"# Kernel arguments of kargs(8). Read after all others, so it adds to what they set.\n";

static int add_assignment(struct editor *e, const char *path, unsigned var,
			  const struct strv *raws)
{
	const char *name = grub_default_vars[var];
	bool appends = e->sink->sources_drop_ins;
	int found = find_file(e, path), r;
	unsigned file = found < 0 ? add_file(e, path) : (unsigned)found;
	const char *text = e->d.shell.files[file].text;
	size_t size = strlen(text);
	bool in_line = size && text[size - 1] != '\n';
	_cleanup_free_ char *args = NULL;

	r = quote_all(raws, SHELL_DOUBLE, &args, e->err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < e->n_patches; i++)
		in_line = in_line &&
			  (e->patches[i].file != file || e->patches[i].start < size);
	add_patch(e, file, size, size,
		  xasprintf("%s%s%s=\"%s%s%s%s\"\n", found < 0 && appends ? header : "",
			    in_line ? "\n" : "", name, appends ? "$" : "",
			    appends ? name : "", appends ? " " : "", args));
	return 0;
}

/* The last assignment of a variable in a file, or NULL. */
static const struct shell_assignment *last_in_file(const struct editor *e,
						   const char *path, unsigned var)
{
	int file = find_file(e, path);

	for (unsigned i = e->d.shell.n_assignments; i > 0; i--) {
		const struct shell_assignment *assignment =
			&e->d.shell.assignments[i - 1];

		if ((int)assignment->file == file &&
		    STREQ(assignment->name, grub_default_vars[var]))
			return assignment;
	}
	return NULL;
}

static int extend_variable(struct editor *e, unsigned var)
{
	_cleanup_free_ char *drop_in = grub_default_drop_in(e->sink);
	const char *path = e->sink->sources_drop_ins ? drop_in : e->sink->path;
	const struct shell_assignment *assignment;

	if (e->ends[var].n == 0)
		return 0;
	assignment = e->sink->sources_drop_ins ? last_in_file(e, path, var) :
						 grub_default_assignment(&e->d, var);
	if (assignment)
		return extend_assignment(e, assignment, &e->ends[var]);
	return add_assignment(e, path, var, &e->ends[var]);
}

/* ---------------------------------------------------------------- writing */

static int compare_patches(const void *a, const void *b)
{
	const struct patch *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Lines of our own drop-in that add nothing any more. */
static void drop_empty_lines(char *text)
{
	for (unsigned i = 0; i < N_VARS; i++) {
		_cleanup_free_ char *line =
			xasprintf("%s=\"$%s\"\n", grub_default_vars[i],
				  grub_default_vars[i]);
		size_t n = strlen(line);
		char *p = text;

		while ((p = strstr(p, line))) {
			if (p == text || p[-1] == '\n')
				memmove(p, p + n, strlen(p + n) + 1);
			else
				p++;
		}
	}
}

static int write_file(struct editor *e, struct tree *tree, unsigned index)
{
	const struct shell_file *file = &e->d.shell.files[index];
	_cleanup_free_ char *drop_in = grub_default_drop_in(e->sink);
	_cleanup_strv_ struct strv parts = STRV_NULL;
	_cleanup_free_ char *text = NULL;
	size_t done = 0;

	for (size_t i = 0; i < e->n_patches; i++) {
		const struct patch *patch = &e->patches[i];

		if (patch->file != index)
			continue;
		if (patch->start < done)
			return error_set(e->err, -EINVAL,
					 "%s:%u: two changes would meet here", file->path,
					 shell_line(file, patch->start));
		strv_push_take(&parts, xstrndup(file->text + done, patch->start - done));
		strv_push(&parts, patch->text);
		done = patch->end;
	}
	if (parts.n == 0)
		return 0;
	strv_push(&parts, file->text + done);
	text = strv_join(&parts, "");
	if (STREQ(file->path, drop_in))
		drop_empty_lines(text);
	return tree_write(tree, file->path, text, strlen(text), 0644, e->err);
}

/* Which argument of its group @index is, counted from 0. */
static size_t rank(const struct cmdline *line, size_t index)
{
	size_t n = 0;

	for (size_t i = 0; i < index; i++)
		n += same_group(&line->items[i], &line->items[index]);
	return n;
}

/* All arguments are there, those of a group in their order; between groups there is none. */
static bool is_as_wanted(const struct cmdline *line, const struct cmdline *wanted)
{
	if (line->n != wanted->n || line->n_kernel != wanted->n_kernel)
		return false;
	for (size_t i = 0; i < wanted->n; i++) {
		size_t nth = rank(wanted, i), k = 0;

		while (k < line->n &&
		       (!same_group(&line->items[k], &wanted->items[i]) || nth-- > 0))
			k++;
		if (k == line->n || !cmdline_same_arg(&line->items[k], &wanted->items[i]))
			return false;
	}
	return true;
}

static int check_result(const struct editor *e, const struct tree *tree)
{
	_cleanup_grub_default_ struct grub_default d = { 0 };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_free_ char *text = NULL;
	int r;

	r = grub_default_read(tree, e->sink, &d, &line, e->err);
	if (r == -ENOENT)
		r = 0;
	if (r < 0 || is_as_wanted(&line, e->wanted))
		return r;
	text = cmdline_format(&line);
	r = error_set(e->err, -EINVAL,
		      "%s: the change would not have its effect, but give '%s'",
		      e->sink->path, text);
	error_remedy(e->err, "set each of the two variables once, as plain text, and let "
			     "drop-ins add to it");
	return r;
}

static int edit(struct editor *e, struct tree *tree)
{
	int r;

	e->keeps = xcalloc(e->now.n, sizeof(*e->keeps));
	for (unsigned i = 0; i < N_VARS; i++)
		e->blank_taken[i] = xcalloc(e->d.values[i].n, sizeof(*e->blank_taken[i]));
	r = change_words(e);
	for (size_t i = 0; i < e->wanted->n && r == 0; i++) {
		if (e->wanted->items[i].origin == ARG_NEW)
			r = place_new(e, i);
	}
	for (unsigned i = 0; i < N_VARS && r == 0; i++)
		r = extend_variable(e, i);
	if (e->n_patches > 1)
		qsort(e->patches, e->n_patches, sizeof(*e->patches), compare_patches);
	for (unsigned i = 0; i < e->d.shell.n_files && r == 0; i++)
		r = write_file(e, tree, i);
	return r < 0 ? r : check_result(e, tree);
}

static int grub_default_sink_read(const struct tree *tree, const struct sink *sink,
				  struct cmdline *ret, struct error *err)
{
	_cleanup_grub_default_ struct grub_default d = { 0 };

	return grub_default_read(tree, sink, &d, ret, err);
}

static int grub_default_sink_write(struct tree *tree, const struct sink *sink,
				   const struct cmdline *wanted, struct error *err)
{
	_cleanup_(editor_done) struct editor e = {
		.sink = sink,
		.wanted = wanted,
		.err = err,
	};
	int r;

	r = grub_default_read(tree, sink, &e.d, &e.now, err);
	if (r < 0 && r != -ENOENT)
		return r;
	for (size_t i = 0; i < wanted->n; i++) {
		if (wanted->items[i].origin >= (int)e.now.n)
			return error_set(err, -ESTALE, "%s was changed in the meantime",
					 sink->path);
	}
	return edit(&e, tree);
}

const struct sink_type sink_grub_default = {
	.name = "grub-default",
	.read = grub_default_sink_read,
	.write = grub_default_sink_write,
};

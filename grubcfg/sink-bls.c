// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The arguments of a boot loader entry: its 'options' lines, of which systemd-boot and zipl join all and
 * GRUB takes the first. In an entry that GRUB reads, "$kernelopts" and "$tuned_params" stand for what the
 * environment block has (grubenv.h):
 *
 *	$kernelopts	shared by all entries and by those to come: its arguments are changed in the
 *			block, and new ones go there
 *	$tuned_params	written by tuned at every start: locked
 *
 * Where the block is too small for a change, or the others are not to have it, the entry gets what
 * $kernelopts stands for, literally.
 */

#include "common/alloc.h"
#include "common/log.h"
#include "grubcfg/bls-args.h"
#include "grubcfg/bls.h"
#include "grubcfg/change.h"
#include "grubcfg/grubenv.h"

static enum layer layer_of(const struct sink *sink)
{
	return sink->grub_reads ? LAYER_GRUB_BLS : LAYER_PLAIN;
}

static int bls_read(const struct tree *tree, const struct sink *sink, struct cmdline *ret,
		    struct error *err)
{
	_cleanup_entry_ struct entry entry = { 0 };
	int r = entry_load(tree, sink, &entry, err);

	if (r < 0)
		return r;
	*ret = entry.line;
	entry.line = (struct cmdline){ 0 };
	return 0;
}

/* Their order counts: they have the same name, or both are of ordered pairs. */
static bool are_ordered(const struct arg *a, const struct arg *b)
{
	return cmdline_same_name(a->name, b->name) ||
	       (key_policy(a->name) == KEY_BLOCK && key_policy(b->name) == KEY_BLOCK);
}

/* Whether a new argument has to stay behind one of the entry's own. */
static bool follows_own(const struct entry *entry, const struct cmdline *wanted,
			size_t index)
{
	for (size_t i = 0; i < index; i++) {
		const struct arg *arg = &wanted->items[i];

		if (arg->origin != ARG_NEW && entry->places[arg->origin] == IN_ENTRY &&
		    are_ordered(arg, &wanted->items[index]))
			return true;
	}
	return false;
}

static enum place place_of(const struct entry *entry, const struct cmdline *wanted,
			   size_t index)
{
	int origin = wanted->items[index].origin;

	if (origin != ARG_NEW)
		return entry->places[origin];
	if (entry->kernelopts_text && !follows_own(entry, wanted, index))
		return IN_KERNELOPTS;
	return IN_ENTRY;
}

/* What of @wanted belongs to a place, with the numbers that the arguments have there. */
static struct cmdline share_of(const struct entry *entry, const struct cmdline *wanted,
			       enum place place)
{
	struct cmdline line = cmdline_copy(wanted);

	for (size_t i = line.n; i > 0; i--) {
		int number = 0, origin = line.items[i - 1].origin;

		if (place_of(entry, wanted, i - 1) != place) {
			cmdline_remove(&line, i - 1);
			continue;
		}
		for (int k = 0; k < origin; k++)
			number += entry->places[k] == place;
		line.items[i - 1].origin = origin == ARG_NEW ? ARG_NEW : number;
	}
	return line;
}

static bool is_changed(const struct cmdline *now, const struct cmdline *share)
{
	if (now->n != share->n)
		return true;
	for (size_t i = 0; i < now->n; i++) {
		if (share->items[i].origin != (int)i ||
		    !STREQ(share->items[i].raw, now->items[i].raw))
			return true;
	}
	return false;
}

/* -ENOSPC with @err set when the block is too small, or others have it that are not meant. */
static int write_kernelopts(struct tree *tree, const struct sink *sink,
			    const struct entry *entry, const struct cmdline *wanted,
			    struct error *err)
{
	_cleanup_cmdline_ struct cmdline share = share_of(entry, wanted, IN_KERNELOPTS);
	_cleanup_grubenv_ struct grubenv env = { 0 };
	_cleanup_free_ char *value = NULL, *block = NULL;
	int r;

	if (!is_changed(&entry->kernelopts.line, &share))
		return 0;
	if (sink->is_alone)
		return error_set(
			err, -ENOSPC,
			"$kernelopts is shared with kernels that are not to change");
	r = grubenv_parse(entry->env, entry->env_size, &env, err);
	if (r == 0 && grubenv_get(&env, "env_block"))
		r = error_set(err, -ENOSPC, "GRUB's environment block is not in the file");
	if (r == 0)
		r = text_args_splice(entry->kernelopts_text, &entry->kernelopts, &share,
				     strlen(entry->kernelopts_text), LAYER_GRUB_BLS,
				     &value, err);
	if (r == 0)
		r = grubenv_set(entry->env, entry->env_size, "kernelopts", value, &block,
				err);
	if (r == 0)
		r = tree_write_in_place(tree, entry->env_path, block, entry->env_size,
					err);
	if (r < 0)
		error_prefix(err, "/%s", entry->env_path);
	return r;
}

/* GRUB stops reading at a line without a value, and no reader misses one. */
static char *without_empty_options(const char *text)
{
	_cleanup_bls_ struct bls bls = { 0 };
	char *out = xstrdup(text);

	bls_parse(text, false, &bls);
	for (size_t i = bls.n; i > 0; i--) {
		const struct bls_line *line = &bls.items[i - 1];

		if (STREQ(line->key, "options") && line->value == line->value_end)
			memmove(out + line->start, out + line->end,
				strlen(out + line->end) + 1);
	}
	return out;
}

/* A new options line goes behind the last line that the boot loader sees. */
static char *with_options_line(const char *text, bool grub_reads, const char *args)
{
	_cleanup_bls_ struct bls bls = { 0 };
	size_t at;

	bls_parse(text, grub_reads, &bls);
	at = bls.n ? bls.items[bls.n - 1].end : 0;
	return xasprintf("%.*s%soptions %s\n%s", (int)at, text,
			 at && text[at - 1] != '\n' ? "\n" : "", args, text + at);
}

/* The end of the options that the boot loader sees, or 0 when there are none. */
static size_t options_end(const struct entry *entry, const struct sink *sink)
{
	_cleanup_bls_ struct bls bls = { 0 };
	const struct bls_line *line;

	bls_parse(entry->text, sink->grub_reads, &bls);
	line = bls_find(&bls, "options", 0);
	return line && line->value_end > line->value ? line->value_end : 0;
}

static int write_own(struct tree *tree, const struct sink *sink,
		     const struct entry *entry, const struct cmdline *wanted,
		     struct error *err)
{
	_cleanup_cmdline_ struct cmdline share = share_of(entry, wanted, IN_ENTRY);
	_cleanup_free_ char *spliced = NULL, *args = NULL, *out = NULL, *cleaned = NULL;
	size_t fallback = options_end(entry, sink);
	int r;

	if (!is_changed(&entry->own.line, &share))
		return 0;
	if (entry->own.line.n) {
		r = text_args_splice(entry->text, &entry->own, &share, fallback,
				     layer_of(sink), &spliced, err);
		if (r < 0)
			return r;
		cleaned = without_empty_options(spliced);
	} else {
		r = text_encode(&share, layer_of(sink), &args, err);
		if (r < 0)
			return r;
		cleaned = without_empty_options(entry->text);
		/* Variables alone: behind them. */
		out = fallback ? xasprintf("%.*s %s%s", (int)fallback, entry->text, args,
					   entry->text + fallback) :
				 with_options_line(cleaned, sink->grub_reads, args);
		free(cleaned);
		cleaned = TAKE_PTR(out);
	}
	return tree_write(tree, sink->path, cleaned, strlen(cleaned), 0644, err);
}

/* The block cannot have it, as @err says: what $kernelopts stands for takes its place in the entry. */
static int write_literally(struct tree *tree, const struct sink *sink,
			   const struct entry *entry, const struct cmdline *wanted,
			   struct error *err)
{
	_cleanup_entry_ struct entry literal = { 0 };
	int r;

	log_warning("bls",
		    "%s: /%s gets the arguments literally, and kernels installed later do "
		    "not get them from $kernelopts",
		    err->cause, sink->path);
	error_done(err);
	literal.text =
		xasprintf("%.*s%s%s", (int)entry->variable.start, entry->text,
			  entry->kernelopts_text, entry->text + entry->variable.end);
	r = entry_parse(tree, sink, &literal, err);
	if (r < 0)
		return r;
	r = tree_write(tree, sink->path, literal.text, strlen(literal.text), 0644, err);
	return r < 0 ? r : write_own(tree, sink, &literal, wanted, err);
}

/*
 * As the kernel sees it: an argument that went to $kernelopts may stand before others than in @wanted,
 * but not where the order counts, nor on the other side of "--".
 */
static bool says_the_same(const struct cmdline *got, const struct cmdline *wanted)
{
	if (got->n != wanted->n || got->n_kernel != wanted->n_kernel)
		return false;
	for (size_t i = 0; i < wanted->n; i++) {
		const struct arg *arg = &wanted->items[i];
		size_t nth = 0, k = 0;

		for (size_t j = 0; j < i; j++)
			nth += are_ordered(&wanted->items[j], arg);
		for (; k < got->n; k++) {
			if (are_ordered(&got->items[k], arg) && nth-- == 0)
				break;
		}
		if (k == got->n || !cmdline_same_arg(&got->items[k], arg) ||
		    (k < got->n_kernel) != (i < wanted->n_kernel))
			return false;
	}
	return true;
}

static int read_back(const struct tree *tree, const struct sink *sink,
		     const struct cmdline *wanted, struct error *err)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };
	int r = bls_read(tree, sink, &line, err);

	if (r < 0 || says_the_same(&line, wanted))
		return r;
	return sink_read_back(tree, sink, wanted, err);
}

static int bls_write(struct tree *tree, const struct sink *sink,
		     const struct cmdline *wanted, struct error *err)
{
	_cleanup_entry_ struct entry entry = { 0 };
	int r;

	r = entry_load(tree, sink, &entry, err);
	if (r < 0)
		return r;
	if (entry.kernelopts_text)
		r = write_kernelopts(tree, sink, &entry, wanted, err);
	if (r == -ENOSPC)
		r = write_literally(tree, sink, &entry, wanted, err);
	else if (r == 0)
		r = write_own(tree, sink, &entry, wanted, err);
	return r < 0 ? r : read_back(tree, sink, wanted, err);
}

const struct sink_type sink_bls = { "boot loader entry", bls_read, bls_write };

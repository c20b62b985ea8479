// SPDX-License-Identifier: LGPL-2.1-or-later
/* From what is asked for to planned edits; see plan.h. */

#include <stdio.h>

#include "common/alloc.h"
#include "common/strv.h"
#include "grubcfg/commit.h"
#include "grubcfg/plan.h"
#include "grubcfg/preflight.h"
#include "grubcfg/quote.h"
#include "grubcfg/regenerate.h"

int plan_open(const struct sysroot *root, const char *root_path, bool to_change,
	      bool include_rescue, struct plan *ret, struct error *err)
{
	int r = 0;

	*ret = (struct plan){ .tree = { .root = root, .root_path = root_path },
			      .lock = -1 };
	if (to_change) {
		r = commit_lock(&ret->tree, &ret->lock, err);
		if (r == 0)
			r = commit_recover(&ret->tree, err);
	}
	if (r >= 0)
		r = bootpath_find(&ret->tree, include_rescue, &ret->boot, err);
	return r == 0 && to_change ? preflight_mounts(&ret->tree, &ret->boot, err) : r;
}

void plan_done(struct plan *plan)
{
	bootpath_done(&plan->boot);
	tree_done(&plan->tree);
	cleanup_close_fd(&plan->lock);
	plan->lock = -1;
}

const struct sink *plan_next_sink(const struct plan *plan)
{
	const struct sink *sink = bootpath_default(&plan->boot);

	for (size_t i = 0; !sink && i < plan->boot.sinks.n; i++) {
		if (plan->boot.sinks.items[i].scope & SINK_INSTALLED)
			sink = &plan->boot.sinks.items[i];
	}
	return sink;
}

/* 1: the sink is to have another line. */
static int change_sink(struct plan *plan, const struct sink *sink,
		       const struct changes *changes, struct error *err)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };
	int r = sink->type->read(&plan->tree, sink, &line, err), changed;

	/* /etc/kernel/cmdline has to be complete: see seed(). */
	if (r == -ENOENT && sink->type == &sink_kernel_cmdline)
		return 0;
	if (r < 0 && r != -ENOENT)
		return r;
	changed = changes_apply(&line, changes, err);
	if (changed < 0)
		error_prefix(err, "/%s%s%s", sink->path, sink->part ? " " : "",
			     sink->part ? sink->part : "");
	if (changed <= 0)
		return changed;
	r = sink->type->write(&plan->tree, sink, &line, err);
	return r < 0 ? r : 1;
}

/*
 * Where there is no /etc/kernel/cmdline, the next kernel gets what runs now, without what was changed and
 * not booted yet: it gets a copy of the next boot's line.
 */
static int seed(struct plan *plan, const struct sink *sink, const struct changes *changes,
		struct error *err)
{
	const struct sink *model = plan_next_sink(plan);
	_cleanup_cmdline_ struct cmdline line = { 0 };
	int r = sink->type->read(&plan->tree, sink, &line, err);

	if (r != -ENOENT)
		return r;
	r = model && model != sink ? model->type->read(&plan->tree, model, &line, err) :
				     -ENOENT;
	if (r == -ENOENT || (r == 0 && !cmdline_last(&line, "root"))) {
		(void)error_set(err, -ENOENT,
				"'/%s' is not there, and no entry to take it from",
				sink->path);
		error_remedy(err,
			     "write the arguments that this host boots with into it, "
			     "with root=: see /proc/cmdline");
		return -ENOENT;
	}
	if (r < 0)
		return r;
	/* What the host itself adds to each entry it adds to the next one too. */
	for (size_t i = line.n; i > 0; i--) {
		line.items[i - 1].origin = ARG_NEW;
		if (line.items[i - 1].locked)
			cmdline_remove(&line, i - 1);
	}
	r = changes_apply(&line, changes, err);
	return r < 0 ? r : sink->type->write(&plan->tree, sink, &line, err);
}

/*
 * An /etc/kernel/cmdline that is older than /etc/default/grub is made anew from that by 10_linux and
 * kernel-install's plugin of Fedora, and what is only in it is lost.
 */
static int keep_newest(struct plan *plan, struct error *err)
{
	bool of_entries = false;

	for (size_t i = 0; i < plan->boot.sinks.n; i++)
		of_entries |= plan->boot.sinks.items[i].type == &sink_bls;
	for (size_t i = 0; of_entries && i < plan->tree.edits.n; i++) {
		if (STREQ(plan->tree.edits.items[i].path, "etc/default/grub") &&
		    tree_exists(&plan->tree, "etc/kernel/cmdline"))
			return tree_touch(&plan->tree, "etc/kernel/cmdline", err);
	}
	return 0;
}

static bool is_chosen(const struct plan_choice *choice, const struct sink *sink)
{
	return !choice || choice->is_chosen(sink, choice->userdata);
}

static bool can_run(const struct plan *plan, const struct step *step)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	/* What has to be run and cannot is told by preflight(). */
	return step_check(&plan->tree, step, &err) != 0;
}

bool plan_is_left(const struct plan *plan, const struct step *step,
		  const struct changes *changes)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	return !can_run(plan, step) &&
	       (plan->tree.edits.n > 0 ||
		step_is_pending(&plan->tree, &plan->boot, step, changes, &err) > 0);
}

int plan_changes(struct plan *plan, const struct changes *changes,
		 const struct plan_choice *choice, struct error *err)
{
	const struct sinks *sinks = &plan->boot.sinks;
	bool pending = false, alone = sinks->n == 1;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sinks->n; i++) {
		if (is_chosen(choice, &sinks->items[i]))
			r = change_sink(plan, &sinks->items[i], changes, err);
	}
	for (size_t i = 0; r >= 0 && i < sinks->n; i++) {
		const struct sink *sink = &sinks->items[i];

		if (sink->type == &sink_kernel_cmdline && is_chosen(choice, sink) &&
		    (plan->tree.edits.n > 0 || alone))
			r = seed(plan, sink, changes, err);
	}
	if (r >= 0)
		r = keep_newest(plan, err);
	/* A file that is changed is reason enough. */
	for (size_t i = 0; r == 0 && plan->tree.edits.n == 0 && i < plan->boot.n_steps;
	     i++) {
		const struct step *step = &plan->boot.steps[i];

		if (!can_run(plan, step))
			continue;
		r = step_is_pending(&plan->tree, &plan->boot, step, changes, err);
		pending |= r > 0;
		r = MIN(r, 0);
	}
	return r < 0 ? r : plan->tree.edits.n > 0 || pending;
}

int plan_next(const struct plan *plan, struct cmdline *ret, struct error *err)
{
	const struct sink *sink = plan_next_sink(plan);
	int r;

	if (!sink)
		return error_set(err, -ENOENT, "no entry is known that boots next");
	r = sink->type->read(&plan->tree, sink, ret, err);
	return r == -ENOENT ? 0 : r;
}

/* @pattern with @text in the place of its only %s. */
static char *fill_in(const char *pattern, const char *text)
{
	const char *place = strstr(pattern, "%s");

	if (!place)
		return xstrdup(pattern);
	return xasprintf("%.*s%s%s", (int)(place - pattern), pattern, text, place + 2);
}

/* For a place inside double quotes, of sh and of Nix alike. */
static char *escape(const char *text)
{
	char *ret = xmalloc(2 * strlen(text) + 1), *p = ret;

	for (; *text; text++) {
		if (strchr("\"\\$`", *text))
			*p++ = '\\';
		*p++ = *text;
	}
	*p = '\0';
	return ret;
}

/* One argument in the owner's command, which may have quotes around it or around all of them. */
static char *owner_word(const struct bootpath *boot, const struct change *change)
{
	const char *pattern =
		change->op == CHANGE_REMOVE ? boot->owner_remove : boot->owner_add;
	_cleanup_free_ char *escaped = escape(change->arg), *plain = NULL;

	if (pattern && strchr(pattern, '"'))
		return fill_in(pattern, escaped);
	if (change->op == CHANGE_REMOVE && !pattern)
		plain = xasprintf("(without %s)", change->arg);
	else
		plain = pattern ? fill_in(pattern, change->arg) : xstrdup(change->arg);
	if (strstr(boot->owner_command, "\"%s\""))
		return escape(plain);
	return quote_word(plain);
}

char *plan_owner_command(const struct plan *plan, const struct changes *changes)
{
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *joined = NULL;

	for (size_t i = 0; i < changes->n; i++)
		strv_push_take(&words, owner_word(&plan->boot, &changes->items[i]));
	joined = words.n ? strv_join(&words, " ") : xstrdup("ARG...");
	return fill_in(plan->boot.owner_command, joined);
}

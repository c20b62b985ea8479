// SPDX-License-Identifier: LGPL-2.1-or-later
/* kargs set, append, remove, apply: what changes arguments; see cli.h. */

#include <stdio.h>

#include "common/alloc.h"
#include "common/log.h"
#include "grubcfg/advice.h"
#include "grubcfg/cli.h"
#include "grubcfg/commit.h"
#include "grubcfg/diff.h"
#include "grubcfg/preflight.h"
#include "grubcfg/profile.h"
#include "grubcfg/regenerate.h"

/* What there is to say of a change, before or after it. */
struct outcome {
	const struct cli *cli;
	const struct plan *plan;
	const struct changes *changes;
	const struct strv *notes;
	struct advices advice;
	char *id; /* NULL: not written */
	bool changed;
};

/* ---------------------------------------------------------------- advice */

static bool is_about(const struct changes *changes, const char *arg)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };

	cmdline_parse(&line, arg, ARG_NEW);
	for (size_t i = 0; line.n > 0 && i < changes->n; i++) {
		_cleanup_cmdline_ struct cmdline change = { 0 };

		cmdline_parse(&change, changes->items[i].arg, ARG_NEW);
		if (changes->items[i].op != CHANGE_REMOVE && change.n > 0 &&
		    cmdline_same_name(change.items[0].name, line.items[0].name))
			return true;
	}
	return false;
}

/* Everything that is known of the next boot's line; a machine that cannot be read gives nothing. */
static void find_all(const struct plan *plan, struct advices *ret)
{
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	if (machine_read(&plan->tree, &machine, &err) == 0 &&
	    plan_next(plan, &line, &err) == 0)
		advice_find(&machine, &line, ret);
}

/* Of all, what is about the changed parameters. */
static void find_advice(const struct plan *plan, const struct changes *changes,
			struct advices *ret)
{
	struct advices all = { 0 };
	size_t kept = 0;

	find_all(plan, &all);
	for (size_t i = 0; i < all.n; i++) {
		/* An error in what is there already may come of the change. */
		if (all.items[i].severity == ADVICE_ERROR ||
		    STREQ(all.items[i].arg, ADVICE_WHOLE_LINE) ||
		    is_about(changes, all.items[i].arg)) {
			struct advice taken = all.items[kept];

			all.items[kept++] = all.items[i];
			all.items[i] = taken;
		}
	}
	/* The rest is freed with the others. */
	for (size_t i = kept; i < all.n; i++)
		free(all.items[i].arg);
	all.n = kept;
	*ret = all;
}

/* A line that does not boot, or loses its end, and was not so before. */
static int check_line(const struct plan *plan, const struct advices *planned,
		      struct error *err)
{
	struct plan present = *plan;
	_cleanup_advices_ struct advices before = { 0 };

	present.tree.edits = (struct edits){ 0 };
	find_all(&present, &before);
	for (size_t i = 0; i < planned->n; i++) {
		const struct advice *advice = &planned->items[i];
		bool is_new = advice->severity == ADVICE_ERROR &&
			      STREQ(advice->arg, ADVICE_WHOLE_LINE);

		for (size_t j = 0; is_new && j < before.n; j++)
			is_new = !STREQ(before.items[j].id, advice->id);
		if (!is_new)
			continue;
		(void)error_set(err, -E2BIG, "%s: %s", advice->arg, advice->message);
		error_remedy(err, "%s; or use --force",
			     advice->remedy ? advice->remedy : "change less");
		return -E2BIG;
	}
	return 0;
}

/* ---------------------------------------------------------------- output */

static char *diff_of(const struct edit *edit)
{
	return diff_unified(edit->target, edit->existed ? edit->before : NULL,
			    edit->after);
}

static const char *verb_of(const struct edit *edit)
{
	if (!edit->existed)
		return "created: /";
	return edit->before_size == edit->after_size &&
			       memcmp(edit->before, edit->after, edit->after_size) == 0 ?
		       "touched: /" :
		       "changed: /";
}

static void list_steps(const struct outcome *o, struct strv *run, struct strv *left)
{
	for (size_t i = 0; i < o->plan->boot.n_steps; i++) {
		const struct step *step = &o->plan->boot.steps[i];

		if (plan_is_left(o->plan, step, o->changes))
			strv_push_take(left, step_format(&o->plan->tree, step));
		else if (o->changed)
			strv_push_take(run, step_format(&o->plan->tree, step));
	}
}

static void print_json(const struct outcome *o)
{
	_cleanup_json_ json_object *root = json_new_object();
	_cleanup_strv_ struct strv run = STRV_NULL, left = STRV_NULL;
	json_object *array;

	json_add_bool(root, "changed", o->changed);
	json_add_bool(root, "dry_run", o->cli->dry_run);
	json_add_string(root, "id", o->id);
	array = json_add_array(root, "files");
	for (size_t i = 0; o->changed && i < o->plan->tree.edits.n; i++) {
		_cleanup_free_ char *diff = diff_of(&o->plan->tree.edits.items[i]);
		json_object *file = json_push_object(array);

		json_add_string(file, "path", o->plan->tree.edits.items[i].target);
		json_add_string(file, "diff", diff);
	}
	list_steps(o, &run, &left);
	cli_add_strings(root, "run", &run);
	cli_add_strings(root, "left_to_run", &left);
	cli_add_strings(root, "notes", o->notes);
	array = json_add_array(root, "advice");
	for (size_t i = 0; i < o->advice.n; i++) {
		json_object *advice = json_push_object(array);

		json_add_string(advice, "id", o->advice.items[i].id);
		json_add_string(advice, "severity",
				severity_name(o->advice.items[i].severity));
		json_add_string(advice, "argument", o->advice.items[i].arg);
		json_add_string(advice, "message", o->advice.items[i].message);
		json_add_string(advice, "remedy", o->advice.items[i].remedy);
		json_add_string(advice, "source", o->advice.items[i].source);
	}
	cli_print_json(root);
}

static void print_advice(const struct outcome *o)
{
	strv_for_each(note, o->notes)
		(void)fprintf(stderr, "kargs: note: %s\n", note);
	for (size_t i = 0; i < o->advice.n; i++) {
		const struct advice *a = &o->advice.items[i];

		(void)fprintf(stderr, "kargs: %s: '%s': %s%s%s\n",
			      severity_name(a->severity), a->arg, a->message,
			      a->remedy ? "; " : "", a->remedy ? a->remedy : "");
	}
}

static void print_steps(const struct outcome *o)
{
	_cleanup_strv_ struct strv run = STRV_NULL, left = STRV_NULL;

	list_steps(o, &run, &left);
	strv_for_each(text, &run)
		cli_print(o->cli->dry_run ? "would run: " : "ran: ", text);
	strv_for_each(text, &left)
		cli_print("NOT RUN, to be done before this system boots: ", text);
}

static void print_text(const struct outcome *o)
{
	const struct edits *edits = &o->plan->tree.edits;

	print_advice(o);
	if (!o->changed)
		(void)puts("nothing to change");
	for (size_t i = 0; o->changed && i < edits->n; i++) {
		if (o->cli->dry_run) {
			_cleanup_free_ char *diff = diff_of(&edits->items[i]);

			(void)fputs(diff, stdout);
		} else {
			cli_print(verb_of(&edits->items[i]), edits->items[i].target);
		}
	}
	print_steps(o);
	if (o->id)
		(void)printf("Reboot to use it; then see 'kargs verify'. To undo: kargs "
			     "rollback %s\n",
			     o->id);
}

/* Nothing has to be changed, as far as can be seen. */
static void note_unseen(const struct plan *plan)
{
	for (size_t i = 0; i < plan->boot.n_steps; i++) {
		const struct step *step = &plan->boot.steps[i];
		_cleanup_free_ char *text = NULL;

		if (step->kind == STEP_GRUB_MKCONFIG ||
		    (step->kind == STEP_BUILD && plan->boot.built.n > 0))
			continue;
		text = step_format(&plan->tree, step);
		log_warning(NULL,
			    "note: the files have it; whether what boots was made of them "
			    "since cannot be seen: in doubt run %s",
			    text);
	}
}

/* ---------------------------------------------------------------- carrying out */

static int carry_out(struct outcome *o, struct plan *plan, struct error *err)
{
	const struct cli *cli = o->cli;
	int r = 0;

	/* Of what is planned, before it is on the disk. */
	find_advice(plan, o->changes, &o->advice);
	if (!o->changed)
		return 0;
	if (!cli->force)
		r = check_line(plan, &o->advice, err);
	if (r == 0 && !cli->dry_run)
		r = preflight(&plan->tree, &plan->boot, err);
	if (r == 0 && !cli->dry_run)
		r = commit(&plan->tree, &plan->boot, o->changes, cli->command, &o->id,
			   err);
	return r;
}

int cli_carry_out(const struct cli *cli, struct plan *plan, const struct changes *changes,
		  const struct plan_choice *choice, const struct strv *notes,
		  struct error *err)
{
	struct outcome o = {
		.cli = cli, .plan = plan, .changes = changes, .notes = notes
	};
	int r = cli_check_owner(plan, changes, err);

	if (r != 0)
		return r;
	strv_for_each(note, &plan->boot.notes)
		log_warning(NULL, "note: %s", note);
	strv_for_each(note, &plan->boot.shared)
		log_warning(NULL, "note: %s", note);
	r = plan_changes(plan, changes, choice, err);
	if (r < 0)
		return r;
	o.changed = r > 0;
	if (!o.changed)
		note_unseen(plan);
	r = carry_out(&o, plan, err);
	if (r == 0 && cli->json)
		print_json(&o);
	else if (r == 0)
		print_text(&o);
	advices_done(&o.advice);
	free(o.id);
	if (r < 0)
		return r;
	return o.changed ? EXIT_SUCCESS : EXIT_UNCHANGED;
}

int cli_change(const struct cli *cli, struct error *err)
{
	enum change_op op = STREQ(cli->name, "set")    ? CHANGE_SET :
			    STREQ(cli->name, "append") ? CHANGE_APPEND :
							 CHANGE_REMOVE;
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_plan_ struct plan plan = { .lock = -1 };
	const struct strv none = STRV_NULL;
	int r;

	for (int i = 0; i < cli->argc; i++) {
		if (change_check(cli->argv[i], err) < 0)
			return EXIT_USAGE;
		changes_push(&changes, op, cli->argv[i]);
		changes.items[changes.n - 1].force = cli->force;
	}
	r = plan_open(cli->root, cli->root_path, !cli->dry_run, cli->include_rescue,
		      &plan, err);
	return r < 0 ? r : cli_carry_out(cli, &plan, &changes, NULL, &none, err);
}

/* ---------------------------------------------------------------- apply */

/* Of the operands; without any, of the configuration, which must have some. */
static int expand(const struct cli *cli, const struct plan *plan, struct changes *changes,
		  struct strv *notes, struct error *err)
{
	_cleanup_machine_ struct machine machine = { 0 };
	int r = machine_read(&plan->tree, &machine, err);

	if (r == 0 && plan_next_sink(plan))
		r = plan_next(plan, &machine.next, err);
	for (int i = 0; r == 0 && i < cli->argc; i++)
		r = profile_expand(&machine, cli->argv[i], changes, notes, err);
	if (r == 0 && cli->argc == 0) {
		r = profile_config(&machine, &plan->tree, changes, notes, err);
		if (r == 0)
			return cli_usage(err, "apply needs a profile or an argument: "
					      "/etc/hosttune/kargs.conf has none");
	}
	for (size_t i = 0; i < changes->n; i++)
		changes->items[i].force |= cli->force;
	return MIN(r, 0);
}

int cli_apply(const struct cli *cli, struct error *err)
{
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_plan_ struct plan plan = { .lock = -1 };
	int r = plan_open(cli->root, cli->root_path, !cli->dry_run, cli->include_rescue,
			  &plan, err);

	if (r == 0)
		r = expand(cli, &plan, &changes, &notes, err);
	return r == 0 ? cli_carry_out(cli, &plan, &changes, NULL, &notes, err) : r;
}

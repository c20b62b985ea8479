// SPDX-License-Identifier: LGPL-2.1-or-later
/* kargs history, rollback, verify: what was done, undone, and has become of it; see cli.h. */

#include <stdio.h>
#include <time.h>

#include "common/alloc.h"
#include "common/log.h"
#include "grubcfg/cli.h"
#include "grubcfg/commit.h"
#include "grubcfg/preflight.h"
#include "grubcfg/profile.h"
#include "grubcfg/verify.h"

static const char *op_name(enum change_op op)
{
	return op == CHANGE_SET ? "set" : op == CHANGE_APPEND ? "append" : "remove";
}

/* ---------------------------------------------------------------- history */

static void record_to_json(const struct record *record, json_object *object)
{
	json_object *array;

	json_add_string(object, "id", record->id);
	json_add_number(object, "when", record->when);
	json_add_string(object, "who", record->who);
	json_add_string(object, "command", record->command);
	json_add_bool(object, "rolled_back", record->state == RECORD_ROLLED_BACK);
	array = json_add_array(object, "changes");
	for (size_t i = 0; i < record->changes.n; i++) {
		json_object *change = json_push_object(array);

		json_add_string(change, "op", op_name(record->changes.items[i].op));
		json_add_string(change, "argument", record->changes.items[i].arg);
	}
	array = json_add_array(object, "files");
	for (size_t i = 0; i < record->n_files; i++)
		json_push_string(array, record->files[i].path);
}

static void print_record(const struct record *record)
{
	time_t when = record->when;
	char text[32] = "?";
	struct tm tm;

	if (localtime_r(&when, &tm))
		(void)strftime(text, sizeof(text), "%F %T", &tm);
	(void)printf("%s  %s  %s%s\n", record->id, text, record->who,
		     record->state == RECORD_ROLLED_BACK ? "  (rolled back)" : "");
	cli_print("    ", record->command);
}

int cli_history(const struct cli *cli, struct error *err)
{
	const struct tree tree = { .root = cli->root, .root_path = cli->root_path };
	_cleanup_commit_records_ struct commit_records records = { 0 };
	_cleanup_json_ json_object *root = json_new_object();
	json_object *array = json_add_array(root, "history");
	int r = commit_history(&tree, &records, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < records.n; i++) {
		if (cli->json)
			record_to_json(&records.items[i], json_push_object(array));
		else
			print_record(&records.items[i]);
	}
	if (cli->json)
		cli_print_json(root);
	return EXIT_SUCCESS;
}

/* ---------------------------------------------------------------- rollback */

int cli_rollback(const struct cli *cli, struct error *err)
{
	const struct tree tree = { .root = cli->root, .root_path = cli->root_path };
	const struct bootpath nothing = { 0 };
	_cleanup_json_ json_object *root = json_new_object();
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_close_ int lock = -1;
	_cleanup_free_ char *id = NULL;
	int r = commit_lock(&tree, &lock, err);

	if (r == 0)
		r = preflight(&tree, &nothing, err);
	if (r == 0)
		r = commit_recover(&tree, err);
	if (r >= 0)
		r = commit_rollback(&tree, cli->argc ? cli->argv[0] : NULL, cli->force,
				    &id, &notes, err);
	if (r == -EALREADY) {
		(void)fprintf(stderr, "kargs: %s\n", err->cause);
		error_done(err);
		return EXIT_UNCHANGED;
	}
	if (r < 0)
		return r;
	json_add_string(root, "id", id);
	cli_add_strings(root, "notes", &notes);
	if (cli->json) {
		cli_print_json(root);
		return EXIT_SUCCESS;
	}
	strv_for_each(note, &notes)
		(void)fprintf(stderr, "kargs: note: %s\n", note);
	(void)printf("rolled back: %s\n", id);
	return EXIT_SUCCESS;
}

/* ---------------------------------------------------------------- verify */

static void add_changes(struct changes *to, const struct changes *from)
{
	for (size_t i = 0; i < from->n; i++)
		changes_push(to, from->items[i].op, from->items[i].arg);
}

/* What was asked for and not taken back, and what the configuration asks for. */
static int find_wanted(const struct plan *plan, const struct machine *machine,
		       struct changes *ret, struct error *err)
{
	_cleanup_commit_records_ struct commit_records records = { 0 };
	_cleanup_strv_ struct strv notes = STRV_NULL;
	int r = commit_history(&plan->tree, &records, err);

	for (size_t i = 0; r == 0 && i < records.n; i++) {
		if (records.items[i].state == RECORD_DONE)
			add_changes(ret, &records.items[i].changes);
	}
	if (r == 0)
		r = profile_config(machine, &plan->tree, ret, &notes, err);
	return MIN(r, 0);
}

static void print_findings(const struct cli *cli, const struct findings *findings)
{
	_cleanup_json_ json_object *root = json_new_object();
	json_object *array = json_add_array(root, "findings");

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *f = &findings->items[i];
		_cleanup_free_ char *prefix =
			xasprintf("%-12s %s%s", verdict_name(f->verdict),
				  f->op == CHANGE_REMOVE ? "without " : "", f->arg);
		json_object *object = json_push_object(array);

		json_add_string(object, "verdict", verdict_name(f->verdict));
		json_add_bool(object, "good", verdict_is_good(f->verdict));
		json_add_string(object, "op", op_name(f->op));
		json_add_string(object, "argument", f->arg);
		json_add_string(object, "evidence", f->evidence);
		json_add_string(object, "remedy", f->remedy);
		if (cli->json)
			continue;
		cli_print("", prefix);
		if (f->evidence)
			cli_print("             ", f->evidence);
		if (f->remedy)
			cli_print("             what to do: ", f->remedy);
	}
	if (cli->json)
		cli_print_json(root);
}

/* What is present counts as good; the kernel might have called it unknown. */
static void note_log(const struct findings *findings)
{
	for (size_t i = 0; findings->log_is_cut && i < findings->n; i++) {
		if (findings->items[i].verdict != VERDICT_PRESENT)
			continue;
		log_warning(NULL,
			    "note: the kernel's list of unknown parameters is no longer in "
			    "its log, or cannot be read: whether it knows '%s' is not "
			    "checked; see 'journalctl -k -b' soon after a boot",
			    findings->items[i].arg);
		return;
	}
}

int cli_verify(const struct cli *cli, struct error *err)
{
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_changes_ struct changes wanted = { 0 };
	_cleanup_findings_ struct findings findings = { 0 };
	_cleanup_cmdline_ struct cmdline next = { 0 };
	_cleanup_plan_ struct plan plan = { .lock = -1 };
	bool good = true;
	int r = cli_look(cli, &plan, err);

	if (r == 0)
		r = machine_read(&plan.tree, &machine, err);
	if (r == 0)
		r = find_wanted(&plan, &machine, &wanted, err);
	/* Of a host with an owner, what runs is all there is to compare with. */
	if (r == 0 && !plan.boot.owner)
		r = plan_next(&plan, &next, err);
	if (r == 0)
		r = verify(&plan.tree, &machine, &wanted, &next, &findings, err);
	if (r == -ENOPKG)
		return EXIT_FAILURE;
	if (r < 0)
		return r;
	print_findings(cli, &findings);
	note_log(&findings);
	for (size_t i = 0; i < findings.n; i++)
		good &= verdict_is_good(findings.items[i].verdict);
	if (findings.n == 0 && !cli->json)
		(void)puts("no arguments were asked for");
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

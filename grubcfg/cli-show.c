// SPDX-License-Identifier: LGPL-2.1-or-later
/* kargs show, diff, sinks: what there is; see cli.h. */

#include <stdio.h>

#include "common/alloc.h"
#include "grubcfg/advice.h"
#include "grubcfg/cli.h"
#include "grubcfg/machine.h"
#include "grubcfg/quote.h"
#include "grubcfg/regenerate.h"

static void print_line(const char *prefix, const struct cmdline *line)
{
	_cleanup_free_ char *text = cmdline_format(line);

	cli_print(prefix, text);
}

/* "/etc/default/grub GRUB_CMDLINE_LINUX"; an entry's part is its file's name. */
static char *sink_label(const struct sink *sink)
{
	bool has_part = sink->part && !strstr(sink->path, sink->part);

	return xasprintf("/%s%s%s", sink->path, has_part ? " " : "",
			 has_part ? sink->part : "");
}

static int read_sink(const struct plan *plan, const struct sink *sink,
		     struct cmdline *ret, struct error *err)
{
	int r = sink->type->read(&plan->tree, sink, ret, err);

	if (r == -ENOENT)
		error_done(err);
	return r == -ENOENT ? 0 : r;
}

static const char *scope_name(enum sink_scope scope)
{
	switch (scope) {
	case SINK_INSTALLED:
		return "installed kernels";
	case SINK_FUTURE:
		return "kernels to be installed";
	case SINK_BOTH:
		break;
	}
	return "all kernels";
}

static void sink_to_json(const struct plan *plan, const struct sink *sink,
			 json_object *object)
{
	json_add_string(object, "type", sink->type->name);
	json_add_string(object, "path", sink->path);
	json_add_string(object, "part", sink->part);
	json_add_string(object, "title", sink->title);
	json_add_string(object, "version", sink->version);
	json_add_bool(object, "installed", sink->scope & SINK_INSTALLED);
	json_add_bool(object, "future", sink->scope & SINK_FUTURE);
	json_add_bool(object, "next", sink == plan_next_sink(plan));
}

/* ---------------------------------------------------------------- show */

static void advise(const struct machine *machine, const struct cmdline *line)
{
	struct advices advices = { 0 };

	advice_find(machine, line, &advices);
	for (size_t i = 0; i < advices.n; i++) {
		const struct advice *a = &advices.items[i];

		(void)fprintf(stderr, "kargs: %s: '%s': %s%s%s\n",
			      severity_name(a->severity), a->arg, a->message,
			      a->remedy ? "; " : "", a->remedy ? a->remedy : "");
	}
	advices_done(&advices);
}

static int show_one(const struct cli *cli, const struct machine *machine,
		    const struct cmdline *line, const struct sink *sink)
{
	_cleanup_json_ json_object *root = json_new_object();

	if (!cli->json) {
		print_line("", line);
		advise(machine, line);
		return EXIT_SUCCESS;
	}
	json_add_string(root, "of", cli->what == SHOW_RUNNING ? "running" : "next");
	json_add_string(root, "path", sink ? sink->path : NULL);
	json_add_string(root, "title", sink ? sink->title : NULL);
	cli_add_line(root, "arguments", line);
	cli_print_json(root);
	return EXIT_SUCCESS;
}

static int show_all(const struct cli *cli, const struct plan *plan, struct error *err)
{
	_cleanup_json_ json_object *root = json_new_object();
	json_object *array = json_add_array(root, "sinks");

	for (size_t i = 0; i < plan->boot.sinks.n; i++) {
		const struct sink *sink = &plan->boot.sinks.items[i];
		_cleanup_cmdline_ struct cmdline line = { 0 };
		_cleanup_free_ char *label = sink_label(sink);
		json_object *object;
		int r = read_sink(plan, sink, &line, err);

		if (r < 0)
			return r;
		if (cli->json) {
			object = json_push_object(array);
			sink_to_json(plan, sink, object);
			cli_add_line(object, "arguments", &line);
			continue;
		}
		(void)printf("%s%s", i ? "\n" : "",
			     sink == plan_next_sink(plan) ? "* " : "");
		if (sink->title)
			cli_print("", sink->title);
		cli_print(sink->title ? "  " : "", label);
		print_line("  ", &line);
	}
	if (cli->json)
		cli_print_json(root);
	return EXIT_SUCCESS;
}

int cli_show(const struct cli *cli, struct error *err)
{
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_plan_ struct plan plan = { .lock = -1 };
	const struct changes none = { 0 };
	int r;

	if (cli->what == SHOW_RUNNING) {
		plan.tree =
			(struct tree){ .root = cli->root, .root_path = cli->root_path };
		r = machine_read(&plan.tree, &machine, err);
		if (r == 0 && !machine.is_running_host)
			r = error_set(err, -ENOENT, "nothing runs below '%s'",
				      cli->root_path);
		return r < 0 ? r : show_one(cli, &machine, &machine.running, NULL);
	}
	r = cli_look(cli, &plan, err);
	if (r == 0)
		r = cli_check_owner(&plan, &none, err);
	if (r != 0)
		return r;
	if (cli->what == SHOW_ALL)
		return show_all(cli, &plan, err);
	r = machine_read(&plan.tree, &machine, err);
	if (r == 0)
		r = plan_next(&plan, &line, err);
	return r < 0 ? r : show_one(cli, &machine, &line, plan_next_sink(&plan));
}

/* ---------------------------------------------------------------- diff */

static bool has_arg(const struct cmdline *line, const struct arg *arg)
{
	for (size_t i = 0; i < line->n; i++) {
		if (cmdline_same_arg(&line->items[i], arg))
			return true;
	}
	return false;
}

/* A place that all entries share does not have what each of them gets from the boot loader. */
static bool is_of_boot_loader(const struct sink *sink, const struct arg *arg)
{
	static const char *const names[] = { "root",	  "ro",		"rw",
					     "rootflags", "rootfstype", "initrd",
					     "BOOT_IMAGE" };

	for (size_t i = 0; sink->type != &sink_bls && i < ARRAY_SIZE(names); i++) {
		if (cmdline_same_name(arg->name, names[i]))
			return true;
	}
	return false;
}

int cli_diff(const struct cli *cli, struct error *err)
{
	_cleanup_json_ json_object *root = json_new_object();
	json_object *added = json_add_array(root, "only_next"),
		    *removed = json_add_array(root, "only_running");
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_cmdline_ struct cmdline next = { 0 };
	_cleanup_plan_ struct plan plan = { .lock = -1 };
	const struct changes none = { 0 };
	const struct cmdline *running = &machine.running;
	int r = cli_look(cli, &plan, err);

	if (r == 0)
		r = cli_check_owner(&plan, &none, err);
	if (r == 0)
		r = machine_read(&plan.tree, &machine, err);
	if (r == 0 && !machine.is_running_host)
		r = error_set(err, -ENOENT, "nothing runs below '%s'", cli->root_path);
	if (r == 0)
		r = plan_next(&plan, &next, err);
	if (r != 0)
		return r;
	for (size_t i = 0; i < running->n; i++) {
		const struct arg *arg = &running->items[i];

		if (has_arg(&next, arg) || arg->locked ||
		    is_of_boot_loader(plan_next_sink(&plan), arg))
			continue;
		json_push_string(removed, arg->raw);
		if (!cli->json)
			cli_print("-", arg->raw);
	}
	for (size_t i = 0; i < next.n; i++) {
		if (has_arg(running, &next.items[i]))
			continue;
		json_push_string(added, next.items[i].raw);
		if (!cli->json)
			cli_print("+", next.items[i].raw);
	}
	if (cli->json)
		cli_print_json(root);
	return EXIT_SUCCESS;
}

/* ---------------------------------------------------------------- sinks */

static void sinks_json(const struct plan *plan)
{
	_cleanup_json_ json_object *root = json_new_object();
	const struct bootpath *boot = &plan->boot;
	_cleanup_strv_ struct strv run = STRV_NULL;
	json_object *array;

	json_add_string(root, "name", boot->name);
	json_add_string(root, "owner", boot->owner);
	cli_add_strings(root, "evidence", &boot->evidence);
	cli_add_strings(root, "notes", &boot->notes);
	array = json_add_array(root, "sinks");
	for (size_t i = 0; i < boot->sinks.n; i++)
		sink_to_json(plan, &boot->sinks.items[i], json_push_object(array));
	for (size_t i = 0; i < boot->n_steps; i++)
		strv_push_take(&run, step_format(&plan->tree, &boot->steps[i]));
	cli_add_strings(root, "run", &run);
	cli_print_json(root);
}

static void sinks_text(const struct plan *plan)
{
	const struct bootpath *boot = &plan->boot;

	cli_print("", boot->name);
	strv_for_each(sentence, &boot->evidence)
		cli_print("  because ", sentence);
	if (boot->sinks.n)
		(void)puts("files that are written, in this order:");
	for (size_t i = 0; i < boot->sinks.n; i++) {
		const struct sink *sink = &boot->sinks.items[i];
		_cleanup_free_ char *label = sink_label(sink);

		(void)printf("  %zu. %s (%s; %s%s)\n", i + 1, label, sink->type->name,
			     scope_name(sink->scope),
			     sink == plan_next_sink(plan) ? "; boots next" : "");
	}
	if (boot->n_steps)
		(void)puts("then run:");
	for (size_t i = 0; i < boot->n_steps; i++) {
		_cleanup_free_ char *text = step_format(&plan->tree, &boot->steps[i]);

		cli_print("  ", text);
	}
	strv_for_each(note, &boot->notes)
		cli_print("note: ", note);
	strv_for_each(note, &boot->shared)
		cli_print("note: ", note);
}

int cli_sinks(const struct cli *cli, struct error *err)
{
	_cleanup_plan_ struct plan plan = { .lock = -1 };
	const struct changes none = { 0 };
	int r = cli_look(cli, &plan, err);

	if (r < 0)
		return r;
	if (cli->json)
		sinks_json(&plan);
	else
		sinks_text(&plan);
	return cli_check_owner(&plan, &none, err);
}

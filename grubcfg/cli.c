// SPDX-License-Identifier: LGPL-2.1-or-later
/* kargs as a program; see cli.h. */

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/parse.h"
#include "grubcfg/built.h"
#include "grubcfg/cli.h"
#include "grubcfg/commit.h"
#include "grubcfg/grubby.h"
#include "grubcfg/quote.h"
#include "grubcfg/regenerate.h"

static const char usage[] =
	"kargs [OPTION...] COMMAND\n"
	"\n"
	"Changes the kernel arguments of the next boot, in every place this host takes them from.\n"
	"\n"
	"Look:\n"
	"  show              arguments of the next boot (--next), of now (--running), of --all\n"
	"  diff              what the next boot has and the running kernel has not\n"
	"  sinks             how this host boots, which files are written, what is run\n"
	"  history           changes made, oldest first\n"
	"  verify            after the reboot: is each argument there, and does it work?\n"
	"\n"
	"Change (add --dry-run to see it only):\n"
	"  set ARG...        give a parameter this value, in place of the one it has\n"
	"  append ARG...     add one more occurrence (console=) or list element\n"
	"  remove ARG...     KEY removes every KEY, KEY=VALUE only that\n"
	"  apply [WHAT...]   make profiles and arguments true; without WHAT: those of\n"
	"                    /etc/hosttune/kargs.conf. Profiles: iommu, passthrough, gvt, no-thp,\n"
	"                    hugepages=2MxN, isolate=CPULIST, performance, latency\n"
	"  rollback [ID]     put the files of before the last change, or change ID, back\n"
	"\n"
	"  grubby --help     the same for those who know grubby\n"
	"\n"
	"Options:\n"
	"  -n, --dry-run        show the differences, write nothing\n"
	"      --root DIR       change the system in DIR instead of /\n"
	"      --json           print JSON\n"
	"      --force          also arguments this host needs to boot; lose others' edits\n"
	"      --include-rescue also rescue entries\n"
	"  -v, --verbose        say each step\n"
	"  -h, --help           show this help\n"
	"      --version        show the version\n"
	"\n"
	"Exit status: 0 changed (reboot to use it) or shown; 77 nothing to change; 1 failed,\n"
	"nothing changed; 2 usage; 3 another tool owns the arguments: its command is shown.\n"
	"See kargs(8).\n";

int cli_usage(struct error *err, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	(void)error_set(err, -EINVAL, "%s", text);
	error_remedy(err, "see 'kargs --help'");
	return EXIT_USAGE;
}

/* ---------------------------------------------------------------- output */

void cli_print(const char *prefix, const char *text)
{
	(void)fputs(prefix, stdout);
	for (; *text; text++)
		(void)putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
	(void)putchar('\n');
}

void cli_print_json(json_object *object)
{
	_cleanup_free_ char *text = json_format(object, true);

	(void)fputs(text, stdout);
}

void cli_add_line(json_object *object, const char *key, const struct cmdline *line)
{
	json_object *array = json_add_array(object, key);

	for (size_t i = 0; i < line->n; i++)
		json_push_string(array, line->items[i].raw);
}

void cli_add_strings(json_object *object, const char *key, const struct strv *v)
{
	json_object *array = json_add_array(object, key);

	strv_for_each(s, v)
		json_push_string(array, s);
}

/* ---------------------------------------------------------------- beginning and end */

int cli_open(const char *path, struct sysroot *ret, struct error *err)
{
	int r = sysroot_open(path, ret);

	if (r == -ENOSYS)
		return error_set(err, r,
				 "--root needs Linux 5.6: openat2(2) keeps us in '%s'",
				 path);
	return r < 0 ? error_set(err, r, "failed to open '%s': %s", path, strerror(-r)) :
		       0;
}

int cli_finish(int status, bool changes)
{
	bool has_changed = changes && status == EXIT_SUCCESS;

	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fprintf(stderr, "kargs: the output could not be written%s\n",
		      has_changed ? "; it was changed: see 'kargs history'" : "");
	return status == EXIT_SUCCESS && !has_changed ? EXIT_FAILURE : status;
}

/* ---------------------------------------------------------------- commands */

/* The next boot is as the files say once the tool has run that builds what boots. */
static void note_unbuilt(const struct plan *plan)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_cmdline_ struct cmdline next = { 0 };
	_cleanup_changes_ struct changes all = { 0 };

	if (plan->boot.built.n == 0 || plan_next(plan, &next, &err) < 0)
		return;
	for (size_t i = 0; i < next.n; i++)
		changes_push(&all, CHANGE_SET, next.items[i].raw);
	if (built_compare(&plan->tree, &plan->boot, &all, &err) <= 0)
		return;
	for (size_t i = 0; i < plan->boot.n_steps; i++) {
		_cleanup_free_ char *text = NULL;

		if (plan->boot.steps[i].kind != STEP_BUILD)
			continue;
		text = step_format(&plan->tree, &plan->boot.steps[i]);
		log_warning(NULL, "note: %s: before the next boot run %s", err.cause,
			    text);
		return;
	}
}

int cli_look(const struct cli *cli, struct plan *ret, struct error *err)
{
	_cleanup_free_ char *unfinished = NULL;
	int r = plan_open(cli->root, cli->root_path, false, cli->include_rescue, ret, err);

	if (r < 0)
		return r;
	unfinished = commit_unfinished(&ret->tree);
	if (unfinished)
		log_warning(
			NULL,
			"change %s is not finished: the next change takes it back first",
			unfinished);
	note_unbuilt(ret);
	return 0;
}

int cli_check_owner(const struct plan *plan, const struct changes *changes,
		    struct error *err)
{
	_cleanup_free_ char *command = NULL;

	if (!plan->boot.owner)
		return 0;
	command = plan_owner_command(plan, changes);
	(void)error_set(err, -EPERM, "kernel arguments of this host belong to %s",
			plan->boot.owner);
	error_remedy(err, "%s", command);
	return EXIT_OWNER;
}

enum needs {
	NEEDS_NOTHING = 0,
	TAKES_DRY_RUN = 1,
	TAKES_FORCE = 2,
	TAKES_WHAT = 4,
};

struct command {
	const char *name;
	int min_operands, max_operands;
	unsigned takes;
	int (*run)(const struct cli *cli, struct error *err);
};

#define ANY 100000

static const struct command commands[] = {
	{ "show", 0, 0, TAKES_WHAT, cli_show },
	{ "diff", 0, 0, 0, cli_diff },
	{ "sinks", 0, 0, 0, cli_sinks },
	{ "history", 0, 0, 0, cli_history },
	{ "verify", 0, 0, 0, cli_verify },
	{ "set", 1, ANY, TAKES_DRY_RUN | TAKES_FORCE, cli_change },
	{ "append", 1, ANY, TAKES_DRY_RUN | TAKES_FORCE, cli_change },
	{ "remove", 1, ANY, TAKES_DRY_RUN | TAKES_FORCE, cli_change },
	{ "apply", 0, ANY, TAKES_DRY_RUN | TAKES_FORCE, cli_apply },
	{ "rollback", 0, 1, TAKES_FORCE, cli_rollback },
};

static const struct command *find_command(const char *name, struct error *err)
{
	const char *names[ARRAY_SIZE(commands) + 1] = { NULL };
	int index;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	index = parse_command("kargs", name, names, err);
	return index < 0 ? NULL : &commands[index];
}

/* ---------------------------------------------------------------- options */

enum option_id {
	OPTION_JSON = 256,
	OPTION_ROOT,
	OPTION_VERSION,
	OPTION_FORCE,
	OPTION_RESCUE,
	OPTION_RUNNING,
	OPTION_NEXT,
	OPTION_ALL,
};

struct arguments {
	struct cli cli;
	bool verbose;
	bool what_given;
	bool changes; /* the command is one that does */
	bool done; /* --help or --version was printed */
};

static int take_option(int c, struct arguments *ret)
{
	struct cli *cli = &ret->cli;

	switch (c) {
	case 'n':
		cli->dry_run = true;
		return 0;
	case 'v':
		ret->verbose = true;
		return 0;
	case OPTION_JSON:
		cli->json = true;
		return 0;
	case OPTION_ROOT:
		cli->root_path = optarg;
		return 0;
	case OPTION_FORCE:
		cli->force = true;
		return 0;
	case OPTION_RESCUE:
		cli->include_rescue = true;
		return 0;
	case OPTION_RUNNING:
	case OPTION_NEXT:
	case OPTION_ALL:
		ret->what_given = true;
		cli->what = c == OPTION_RUNNING ? SHOW_RUNNING :
			    c == OPTION_ALL	? SHOW_ALL :
						  SHOW_NEXT;
		return 0;
	case 'h':
		(void)fputs(usage, stdout);
		ret->done = true;
		return 0;
	case OPTION_VERSION:
		(void)puts("kargs " HOSTTUNE_VERSION);
		ret->done = true;
		return 0;
	default:
		return -EINVAL; /* said by getopt_long() */
	}
}

static int parse_options(int argc, char *argv[], struct arguments *ret)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "root", required_argument, NULL, OPTION_ROOT },
		{ "force", no_argument, NULL, OPTION_FORCE },
		{ "include-rescue", no_argument, NULL, OPTION_RESCUE },
		{ "running", no_argument, NULL, OPTION_RUNNING },
		{ "next", no_argument, NULL, OPTION_NEXT },
		{ "all", no_argument, NULL, OPTION_ALL },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while (!ret->done && (c = getopt_long(argc, argv, "hnv", options, NULL)) >= 0) {
		if (take_option(c, ret) < 0)
			return -EINVAL;
	}
	ret->cli.argc = argc - optind;
	ret->cli.argv = argv + optind;
	return 0;
}

static int check_options(const struct arguments *arguments, const struct command *command,
			 struct error *err)
{
	const struct cli *cli = &arguments->cli;

	if (cli->argc < command->min_operands)
		return cli_usage(err, "%s needs an argument", command->name);
	if (cli->argc > command->max_operands)
		return cli_usage(err, "%s does not take '%s'", command->name,
				 cli->argv[command->max_operands]);
	if (cli->dry_run && !(command->takes & TAKES_DRY_RUN))
		return cli_usage(err, "--dry-run does not go with %s", command->name);
	if (cli->force && !(command->takes & TAKES_FORCE))
		return cli_usage(err, "--force does not go with %s", command->name);
	if (arguments->what_given && !(command->takes & TAKES_WHAT))
		return cli_usage(err, "--running, --next and --all go with show only");
	return 0;
}

/* The command's exit status; or, with @err set, why it could not run. */
static int run_command(struct arguments *arguments, struct error *err)
{
	struct cli *cli = &arguments->cli;
	const struct command *command;
	int r;

	if (cli->argc == 0)
		return cli_usage(err, "a command is missing");
	command = find_command(cli->argv[0], err);
	if (!command)
		return EXIT_USAGE;
	cli->name = command->name;
	arguments->changes = command->takes & TAKES_FORCE;
	cli->argc--;
	cli->argv++;
	r = check_options(arguments, command, err);
	if (r != 0)
		return r;
	r = json_load(err);
	if (r == 0)
		r = command->run(cli, err);
	if (r == -ENOPKG)
		return EXIT_OWNER;
	return r < 0 ? EXIT_FAILURE : r;
}

/* As it can be run again from a shell. */
static char *format_command(int argc, char *argv[])
{
	_cleanup_strv_ struct strv words = STRV_NULL;

	strv_push(&words, "kargs");
	for (int i = 1; i < argc; i++)
		strv_push(&words, argv[i]);
	return quote_words(&words);
}

int cli_main(int argc, char *argv[])
{
	struct arguments arguments = { .cli.root_path = "/" };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *command = format_command(argc, argv);
	struct sysroot root = SYSROOT_NULL;
	int r;

	log_set_program("kargs");
	if (parse_options(argc, argv, &arguments) < 0)
		return EXIT_USAGE;
	log_setup(LOG_TO_STDERR, arguments.verbose ? LOG_DEBUG : LOG_WARNING);
	if (arguments.done)
		return EXIT_SUCCESS;
	arguments.cli.root = &root;
	arguments.cli.command = command;
	r = cli_open(arguments.cli.root_path, &root, &err);
	r = r < 0 ? EXIT_FAILURE : run_command(&arguments, &err);
	if (err.cause)
		(void)fprintf(stderr, "kargs: %s\n", err.cause);
	if (err.remedy)
		(void)fprintf(stderr, "kargs: what to do: %s\n", err.remedy);
	sysroot_close(&root);
	return cli_finish(r, arguments.changes && !arguments.cli.dry_run);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kargs as a program: options, and one function for each command. */
#pragma once

#include <stdbool.h>

#include "common/json.h"
#include "grubcfg/plan.h"

#define EXIT_USAGE 2
#define EXIT_OWNER 3 /* the arguments of this host belong to another tool */
#define EXIT_UNCHANGED 77

enum show_what { SHOW_NEXT, SHOW_RUNNING, SHOW_ALL };

struct cli {
	const struct sysroot *root;
	const char *root_path;
	bool json;
	bool dry_run;
	bool force;
	bool include_rescue;
	enum show_what what;
	const char *name; /* of the command: "set" */
	char *command; /* all of it, as in a shell: for the history */
	int argc; /* operands */
	char **argv;
};

/* Parses the command line and runs the command; returns the exit status. */
int cli_main(int argc, char *argv[]);

/*
 * Commands: each returns the exit status, having printed its result on stdout. An error is a negative
 * errno with @err set, which becomes exit status 1.
 */
int cli_show(const struct cli *cli, struct error *err);
int cli_diff(const struct cli *cli, struct error *err);
int cli_sinks(const struct cli *cli, struct error *err);
int cli_change(const struct cli *cli, struct error *err); /* set, append, remove */
int cli_apply(const struct cli *cli, struct error *err);
int cli_verify(const struct cli *cli, struct error *err);
int cli_history(const struct cli *cli, struct error *err);
int cli_rollback(const struct cli *cli, struct error *err);

/* Takes a wrong use: EXIT_USAGE, with @err set. */
int cli_usage(struct error *err, const char *fmt, ...) _printf_(2, 3);

/*
 * From changes to the end: plans, and shows (--dry-run) or commits. @notes go to the administrator. The
 * exit status or a negative errno with @err set.
 */
int cli_carry_out(const struct cli *cli, struct plan *plan, const struct changes *changes,
		  const struct plan_choice *choice, const struct strv *notes,
		  struct error *err);

/* Opens --root: 0 or a negative errno with @err set. */
int cli_open(const char *path, struct sysroot *ret, struct error *err);
/*
 * Ends the output; returns the exit status. What was to be shown and is not has failed; with @changes a
 * @status of success stays one, since what was changed is, shown or not.
 */
int cli_finish(int status, bool changes);

/*
 * The boot path for a command that shows: notes an unfinished change, and what was not built yet, on stderr.
 */
int cli_look(const struct cli *cli, struct plan *ret, struct error *err);
/* EXIT_OWNER with @err set where the arguments belong to another tool, else 0. */
int cli_check_owner(const struct plan *plan, const struct changes *changes,
		    struct error *err);

/* For a person: one line, terminal control characters replaced. */
void cli_print(const char *prefix, const char *text);
void cli_print_json(json_object *object);
/* The raw text of each argument. */
void cli_add_line(json_object *object, const char *key, const struct cmdline *line);
void cli_add_strings(json_object *object, const char *key, const struct strv *v);

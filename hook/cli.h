/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program as the administrator's tool: options, and one function for each command. */
#pragma once

#include <stdbool.h>

#include "common/error.h"
#include "common/sysroot.h"

#define EXIT_USAGE 2

struct cli {
	const struct sysroot *root;
	bool json;
	bool stale; /* release --stale */
	bool all; /* release --all */
	bool list; /* check --list */
	int argc; /* operands of the command */
	char **argv;
};

/* Parses the command line and runs the command; returns the exit status. */
int cli_main(int argc, char *argv[]);

/*
 * Commands: each returns the exit status, having printed its result on stdout. An error is
 * returned as a negative errno with @err set; cli_main() prints it.
 */
int cli_plan(const struct cli *cli, struct error *err);
int cli_check(const struct cli *cli, struct error *err);
int cli_status(const struct cli *cli, struct error *err);
int cli_devices(const struct cli *cli, struct error *err);

/* "domain.xml", "-" or a domain's name or UUID: its XML; the caller frees. */
int cli_read_domain_xml(const struct cli *cli, const char *operand, char **ret,
			size_t *ret_size, struct error *err);

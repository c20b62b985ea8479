/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs of the distribution that we run: without a shell, with a limit, and never longer than we live.
 *
 * A process of ours stands between us and the program. When the time is over, or when we die, however
 * that happens, it kills the program and all that it started; until then it holds the descriptors
 * that we held, so that a lock is free only when nobody writes any more.
 */
#pragma once

#include <stdbool.h>

#include "common/error.h"
#include "common/strv.h"
#include "common/sysroot.h"

struct program {
	const char *root; /* "/", or the directory to chroot(2) into first */
	const struct strv *argv; /* the first one with a path, below root */
	const struct strv *environment; /* "NAME=value"; nothing else is passed on */
	unsigned timeout_s;
	bool to_the_end; /* signals do not interrupt it */
};

/*
 * Runs it to its end, with no input. *@ret_output gets the end of what it wrote to stdout and stderr
 * (the caller frees), also on failure. 0: it ended with exit status 0. Negative with @err set:
 * -ECHILD for another exit status or a signal, -ETIMEDOUT, -EINTR when we got a signal
 * that program_block_signals() blocked, or why it could not be started.
 */
int program_run(const struct program *program, char **ret_output, struct error *err)
	_must_check_;

/* The path below @root of a program in the usual directories, or NULL; the caller frees. */
char *program_find(const struct sysroot *root, const char *name);

/*
 * Holds SIGINT, SIGTERM, SIGHUP and SIGQUIT back from here on, and has no reader of our output or limit
 * of a file's size end us: what has to be done as a whole is not left half way. program_interrupted()
 * tells, once, that one of those held back came.
 */
void program_block_signals(void);
bool program_interrupted(void);

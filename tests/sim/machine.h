/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A simulated machine that is mounted, and hosttune on it, for tests in C
 *
 *	struct machine m;
 *	machine_open(&m, simhost, hosttune, trees, n);
 *	machine_put(&m, "sim/checkpoint", "before");
 *	machine_call(&m, &call, xml, "hook", "vm", "prepare", "begin", "-", NULL);
 *	machine_wait(&m, &call);
 *	machine_close(&m);
 *
 * What cannot be done for want of a mount or a process ends the test with a message.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "common/macro.h"

struct machine {
	char work[64]; /* a directory for files of the test, beside the mount point */
	char host[80];
	const char *hosttune;
};

/* Prints a TAP line that skips everything, and returns false, where FUSE cannot be used. */
bool machine_possible(void);
void machine_open(struct machine *m, const char *simhost, const char *hosttune,
		  const char *const *trees, size_t n);
void machine_close(struct machine *m);

/* The value without its final newline, to be freed; NULL if there is no such file. */
char *machine_get(const struct machine *m, const char *path);
/* 0 or a negative errno. */
int machine_put(const struct machine *m, const char *path, const char *value);

/* A process of hosttune on the machine, the leader of its own group. */
struct call {
	pid_t pid;
	int status; /* of the exit; 128 and more: the signal that ended it */
	char *err; /* what it said on stderr */
	char path[80];
};

#define CALL_ARGS_MAX 8

/* Starts it with the file @input as stdin, or none. */
void machine_start(const struct machine *m, struct call *call, const char *input,
		   const char *const *args);
/*
 * Waits for the end, of what it started too for a moment; when it does not come within @ms, kills
 * it and says 255.
 */
void machine_wait(struct call *call, long ms);
void call_done(struct call *call);
#define _cleanup_call_ _cleanup_(call_done)

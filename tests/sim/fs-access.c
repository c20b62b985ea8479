// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * What befalls accesses: see sim-fault.h. The program that is killed is the leader of the process
 * group of the one that has the access, so that a test can mean the hook when a child of it
 * writes.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "fs-internal.h"

#define STEP_MS 5
#define DEATH_MS 2000

/* Without the lock, so that others go on; not longer than the machine lives. */
static void wait_ms(long ms)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	fs_unlock(NULL);
	for (; ms > 0 && !fuse_session_exited(fs.session); ms -= STEP_MS)
		(void)nanosleep(&step, NULL); /* shorter after a signal: no harm */
	(void)fs_lock();
}

static bool is_alive(pid_t pid)
{
	char path[32], stat[256];
	const char *state;
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	n = fread(stat, 1, sizeof(stat) - 1, file);
	(void)fclose(file); /* only read from */
	stat[n] = '\0';
	state = strrchr(stat, ')');
	return state && strncmp(state, ") Z", 3) != 0 && strncmp(state, ") X", 3) != 0;
}

/* One that waits for our answer cannot die before it has it. */
static void kill_program(pid_t caller)
{
	pid_t program = getpgid(caller);

	if (program <= 0 || kill(program, SIGKILL) < 0)
		return;
	for (long ms = 0; program != caller && ms < DEATH_MS && is_alive(program);
	     ms += STEP_MS)
		wait_ms(STEP_MS);
}

int fs_before(struct access *access, fuse_req_t req, const char *operation,
	      const struct node *node, const char *name)
{
	bool known = !fs_is_gone(node) && (node->parent || name);

	*access = (struct access){ .operation = operation,
				   .caller = fuse_req_ctx(req)->pid };
	if (known && sim_has_faults(fs.sim))
		access->path = node_path(node);
	if (!access->path || str_has_prefix(access->path, "sim/"))
		return 0;
	if (name) {
		char *path = NULL;

		if (asprintf(&path, "%s%s%s", access->path, *access->path ? "/" : "",
			     name) < 0)
			return -ENOMEM;
		free(access->path);
		access->path = path;
	}
	access->effect = sim_fault(fs.sim, operation, access->path);
	switch (access->effect.kind) {
	case FAULT_ERROR:
		sim_record(fs.sim, operation, access->path, NULL, -access->effect.error);
		return -access->effect.error;
	case FAULT_BLOCK:
		wait_ms(access->effect.ms);
		return 0;
	case FAULT_KILL_BEFORE:
		kill_program(access->caller);
		return -EINTR;
	default:
		return 0;
	}
}

int fs_after(const struct access *access, const char *value, int r)
{
	if (!access->path || str_has_prefix(access->path, "sim/"))
		return r;
	sim_record(fs.sim, access->operation, access->path, value, r);
	switch (access->effect.kind) {
	case FAULT_LATE:
	case FAULT_TEAR:
		return -access->effect.error;
	case FAULT_KILL_AFTER:
		kill_program(access->caller);
		return r;
	default:
		return r;
	}
}

void fs_access_done(struct access *access)
{
	free(access->path);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What goes wrong with the simulated machine, and a record of what was changed on it
 *
 * A file system asks sim_fault() before each access, does what the answer says, and tells
 * sim_record() of each change. Faults are lines of the control sim/faults, see README.md.
 */

#include "sim.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_ERROR, /* nothing is done, and it fails */
	FAULT_LATE, /* it is done, and fails all the same */
	FAULT_TEAR, /* the first half is written, then it fails */
	FAULT_BLOCK, /* it is done, after a while */
	FAULT_KILL_BEFORE, /* its program is killed, and nothing done */
	FAULT_KILL_AFTER, /* it is done, and its program killed */
};

struct fault_effect {
	enum fault_kind kind;
	int error; /* a positive errno */
	long ms;
};

/* Nobody is interested in accesses: most of the time. */
bool sim_has_faults(const struct sim *sim);

/* What befalls this access; a fault that happens once does not do so again. */
struct fault_effect sim_fault(struct sim *sim, const char *operation, const char *path);

/* Adds a line "OPERATION PATH = VALUE (ERROR)" to sim/changes, if anybody wants it. */
void sim_record(struct sim *sim, const char *operation, const char *path,
		const char *value, int result);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capabilities, by libcap-ng: dropped for good, bounding set included, before anything that
 * others wrote is parsed (capabilities(7)). Files of root's own need none of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum privilege {
	/* Sees what other users' processes have open, and their memory's placement. */
	PRIVILEGE_LOOK,
	/* Also makes isolated partitions, and moves kernel threads. Nothing others wrote is parsed. */
	PRIVILEGE_ISOLATE,
	/* PRIVILEGE_LOOK, and loads modules and moves other processes' pages. */
	PRIVILEGE_PREPARE,
};

/* Keeps what @privilege needs, of what there is: 0, or a negative errno with @err set. */
int privilege_drop(enum privilege privilege, struct error *err);

/* The capabilities that a program must start with for that, a bit for each: those, and to drop the rest. */
uint64_t privilege_of(enum privilege privilege);

/* Whether the kernel would let us make an isolated partition (false in vain is no error of its). */
bool privilege_may_isolate(void);

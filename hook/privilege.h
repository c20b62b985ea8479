/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capabilities, by libcap-ng: dropped for good, bounding set included, before anything that
 * others wrote is parsed (capabilities(7)). Files of root's own need none of them.
 */
#pragma once

#include "common/error.h"

enum privilege {
	/* Sees what other users' processes have open, and their memory's placement. */
	PRIVILEGE_LOOK,
	/* Also loads modules and moves other processes' pages. */
	PRIVILEGE_PREPARE,
};

/* Keeps what @privilege needs, of what there is: 0, or a negative errno with @err set. */
int privilege_drop(enum privilege privilege, struct error *err);

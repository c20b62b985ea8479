/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be seen on the running machine of an argument that is in its command line. */
#pragma once

#include "grubcfg/verify.h"

struct probe {
	const struct tree *tree;
	const struct machine *machine;
	const struct arg *arg; /* as wanted */
	const struct arg *running; /* the one that is there for it */
	uint64_t page_kib; /* hugepages=: the size that it is for; 0: the default */
	const char *log; /* kernel_log_read() */
};

/*
 * Sets .verdict (in effect, present, no effect, unknown), .evidence and .remedy; .verdict is
 * VERDICT_PRESENT where nothing can be seen.
 */
void verify_effect(const struct probe *probe, struct finding *ret);

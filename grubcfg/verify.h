/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * After the reboot: is each requested argument there, not overridden, and does it work?
 *
 * What is there is decided from the running command line (verify.c), whether it works from what the
 * kernel shows of itself (verify-effect.c).
 */
#pragma once

#include "grubcfg/change.h"
#include "grubcfg/machine.h"

enum verdict {
	VERDICT_IN_EFFECT, /* present, and what it is for can be seen */
	VERDICT_PRESENT, /* present; its effect cannot be seen from outside */
	VERDICT_NO_EFFECT, /* present, and the machine shows that it does not work */
	VERDICT_OVERRIDDEN, /* present, but another argument wins */
	VERDICT_UNKNOWN, /* present, and this kernel does not know it */
	VERDICT_PENDING, /* will be so at the next boot */
	VERDICT_MISSING, /* neither in the running line nor in that of the next boot */
	VERDICT_STILL_THERE, /* was to be removed and is not */
};

struct finding {
	enum verdict verdict;
	enum change_op op; /* CHANGE_REMOVE: that it is gone is what was wanted */
	char *arg;
	char *evidence; /* what was read where */
	char *remedy; /* or NULL */
};

struct findings {
	struct finding *items;
	size_t n;
	bool log_is_cut; /* whether the kernel called one unknown cannot be seen any more */
};

const char *verdict_name(enum verdict verdict); /* "in-effect" */
/* in-effect, present */
bool verdict_is_good(enum verdict verdict);

/*
 * One finding for each of @wanted that no later one replaces, in their order; @next is the line of the
 * next boot. 0, or -ENODEV with @err set where nothing runs below the root.
 */
int verify(const struct tree *tree, const struct machine *machine,
	   const struct changes *wanted, const struct cmdline *next, struct findings *ret,
	   struct error *err);
void findings_done(struct findings *findings);
#define _cleanup_findings_ _cleanup_(findings_done)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Profiles: what "iommu", "hugepages=2MxN" or "isolate=2-5" mean in arguments for this machine, and what
 * was left out because it is the default here, does nothing here, or would break something.
 */
#pragma once

#include "grubcfg/change.h"
#include "grubcfg/machine.h"

/*
 * Adds the changes for one operand of 'kargs apply':
 *
 *	PROFILE, PROFILE=VALUE	what it means here
 *	ARG, "set ARG"		an argument as it is
 *	"remove ARG"		KEY: every occurrence; KEY=VALUE: exactly that
 *
 * @notes gets what was left out and why. 0 or a negative errno with @err set, cause and remedy.
 */
int profile_expand(const struct machine *machine, const char *operand,
		   struct changes *changes, struct strv *notes, struct error *err);

/* The names, for help and completion; NULL-terminated, each with a line of explanation. */
struct profile_help {
	const char *name;
	const char *value; /* "CPULIST", "[ID,...]", or NULL: it takes none */
	const char *text;
};
extern const struct profile_help profile_helps[];

/*
 * Adds the changes for the operands that etc/hosttune/kargs.conf and then kargs.conf.d/<name>.conf
 * list, one a line. Returns how many operands there were (0: no file, or nothing in them), or a
 * negative errno with @err naming file and line.
 */
int profile_config(const struct machine *machine, const struct tree *tree,
		   struct changes *changes, struct strv *notes, struct error *err);

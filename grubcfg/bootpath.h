/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How this host boots: which sinks it has, what has to be run after they were changed, and who owns
 * them. Decided by what is installed, from one table; /etc/os-release is only a tie-breaker.
 */
#pragma once

#include "grubcfg/sink.h"

enum step_kind {
	STEP_GRUB_MKCONFIG, /* generates .path: beside it, checked, then renamed */
	STEP_RUN, /* a program of the distribution that reads the changed files */
	STEP_BUILD, /* the same, of which is known what it makes: .built of the boot path */
};

/* What has to be run after the files were written, in this order. */
struct step {
	enum step_kind kind;
	char *path; /* grub.cfg, without leading slash; NULL */
	struct strv argv;
	unsigned timeout_s;
};

struct bootpath {
	const char *name; /* row of the table: "Debian GRUB", "Fedora BLS", ... */
	struct sinks sinks; /* in the order of writing */
	struct step *steps;
	size_t n_steps;
	struct sinks built; /* what steps make of the sinks, and this host boots; only read */
	struct strv evidence; /* one sentence each: what was found and what it means */
	struct strv notes; /* what the administrator should know before changing anything */
	struct strv shared; /* the same, of entries that $kernelopts is in but are no sinks */
	/* The host's own tool that has to be asked instead, spelled out for these changes; NULL: we write. */
	char *owner; /* "rpm-ostree" */
	char *owner_command; /* "rpm-ostree kargs %s": with the place of the arguments */
	const char *owner_add; /* "--append-if-missing=%s": each of them; NULL: as it is */
	const char *owner_remove; /* the same for one that goes; NULL: the command cannot */
};

/*
 * 0, or a negative errno with @err set: -ENOPKG, which no system call on a file gives, where no boot path
 * is known. Rescue entries, which are there for when an argument was wrong, are sinks only with
 * @include_rescue.
 */
int bootpath_find(const struct tree *tree, bool include_rescue, struct bootpath *ret,
		  struct error *err);
/* The sink of the entry that boots next, or NULL. */
const struct sink *bootpath_default(const struct bootpath *boot);
void bootpath_done(struct bootpath *boot);
#define _cleanup_bootpath_ _cleanup_(bootpath_done)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where each argument of a boot loader entry comes from: its 'options' lines, of which systemd-boot and zipl
 * join all and GRUB takes the first; or, in an entry that GRUB reads, variables of the environment block.
 */
#pragma once

#include "grubcfg/sink-text.h"

enum place {
	IN_ENTRY,
	IN_KERNELOPTS,
	IN_TUNED,
};

/* An entry, and where each of its arguments comes from. */
struct entry {
	char *text;
	struct text_args own; /* those on the options lines */
	struct text_args kernelopts; /* those in the block */
	struct cmdline line; /* all, in the order of the kernel's line */
	enum place *places; /* one for each */
	size_t n_places;
	struct span variable; /* where "$kernelopts" stands; both 0: nowhere */
	char *env_path;
	char *env; /* the block; NULL: there is none */
	size_t env_size;
	char *kernelopts_text;
};

/*
 * Reads the entry of a sink; or takes the one in .text, as if it were in the sink's file. 0, or a negative
 * errno with @err naming file and line.
 */
int entry_load(const struct tree *tree, const struct sink *sink, struct entry *ret,
	       struct error *err);
int entry_parse(const struct tree *tree, const struct sink *sink, struct entry *entry,
		struct error *err);
void entry_done(struct entry *entry);
#define _cleanup_entry_ _cleanup_(entry_done)

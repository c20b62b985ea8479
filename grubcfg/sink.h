/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A sink is a place that a boot takes its kernel arguments from, one file per kind of place. All have
 * the same shape: read gives the arguments in effect there, each with where it comes from; write
 * brings the file to another list, changing as few bytes as it can. What a sink does not understand
 * it refuses, naming file and line; it never guesses.
 *
 *	bootpath.c finds the sinks of a host
 *	sink->type->read()	file -> arguments
 *	changes_apply()		arguments -> arguments
 *	sink->type->write()	arguments -> planned edit of the file
 *	commit.c		planned edits -> disk, all or none
 */
#pragma once

#include "grubcfg/cmdline.h"
#include "grubcfg/tree.h"

enum sink_scope {
	SINK_INSTALLED = 1, /* kernels that are installed */
	SINK_FUTURE = 2, /* kernels that will be */
	SINK_BOTH = 3,
};

struct sink {
	const struct sink_type *type;
	char *path; /* main file, without leading slash */
	char *part; /* what of it: an entry's or label's name, a variable; NULL: all of it */
	char *title; /* as a boot menu shows it; NULL: none */
	char *version; /* kernel release, where the sink is of one; else NULL */
	enum sink_scope scope;
	bool is_default; /* what boots next unless somebody chooses */
	bool grub_reads; /* a BLS entry: read by GRUB, not by systemd-boot or zipl */
	bool is_alone; /* a BLS entry: what it shares with others stays as it is */
	bool sources_drop_ins; /* grub's defaults: mkconfig reads default/grub.d too */
};

struct sink_type {
	const char *name; /* as 'kargs sinks' prints it */

	/*
	 * The arguments, with origins 0, 1, 2, ... in the order of @ret; an argument that cannot be
	 * changed here carries the reason in .locked. 0, -ENOENT (a file that write would create), or a
	 * negative errno with @err naming file, line and remedy.
	 */
	int (*read)(const struct tree *tree, const struct sink *sink, struct cmdline *ret,
		    struct error *err);

	/*
	 * Plans the edit that makes read() give @wanted, a list that came from read() and was changed:
	 * an origin that is missing was removed, one whose text differs is replaced where it
	 * stands, and new ones go where their neighbours are. Reads its own result back before it
	 * agrees. NULL: a sink that is only read.
	 */
	int (*write)(struct tree *tree, const struct sink *sink,
		     const struct cmdline *wanted, struct error *err);
};

extern const struct sink_type sink_grub_default; /* /etc/default/grub and its drop-ins */
extern const struct sink_type sink_bls; /* a boot loader entry, and its $kernelopts */
extern const struct sink_type sink_kernel_cmdline; /* /etc/kernel/cmdline */
extern const struct sink_type sink_cmdline_d; /* /etc/cmdline.d: mkinitcpio's and dracut's */
extern const struct sink_type sink_pi; /* cmdline.txt of a Raspberry Pi */
extern const struct sink_type sink_extlinux; /* append of a label */
extern const struct sink_type sink_uki; /* a unified kernel image */
extern const struct sink_type sink_variable; /* NAME="..." of u-boot, extlinux, zipl */

struct sinks {
	struct sink *items;
	size_t n;
};

struct sink *sinks_push(struct sinks *sinks, const struct sink_type *type,
			const char *path, const char *part, enum sink_scope scope);
void sinks_done(struct sinks *sinks);
#define _cleanup_sinks_ _cleanup_(sinks_done)

/*
 * For write(): @text, in which the arguments of @now stand at @spans (start and end of origin 0, 1, ...),
 * changed to @wanted, a changed copy of @now. What is as it was keeps its bytes, whatever its quoting;
 * a removed argument takes one adjoining blank with it. New ones, through @encode, follow the one
 * before them in @wanted, or stand before the one after; with no neighbour they go to @fallback. The
 * caller frees *@ret. 0, or -EILSEQ or -ESTALE with @err set.
 */
struct span {
	size_t start;
	size_t end;
};
int sink_splice(const char *text, const struct span *spans, const struct cmdline *now,
		const struct cmdline *wanted, size_t fallback,
		int (*encode)(const char *raw, char **ret, struct error *err), char **ret,
		struct error *err);

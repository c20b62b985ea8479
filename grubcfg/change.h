/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is asked for, and how it changes a command line: by the rules of each parameter (which ones may
 * repeat, which lists are merged into one, which go in ordered pairs, which boot the machine).
 */
#pragma once

#include "grubcfg/cmdline.h"

enum change_op {
	CHANGE_SET, /* replace in place, or add */
	CHANGE_APPEND, /* add another occurrence */
	CHANGE_REMOVE, /* "KEY": every occurrence; "KEY=VALUE": that one */
};

struct change {
	enum change_op op;
	char *arg; /* in the kernel's quoting */
	bool force; /* also what the machine boots from */
};

struct changes {
	struct change *items;
	size_t n;
};

/*
 * How a parameter takes several occurrences, and so what the operations do. What is there already is
 * never added again, so that applying the same changes twice changes nothing the second time.
 *
 *		set			append			remove KEY=VALUE
 * SINGLE	the first is replaced	another, unless the	exactly that
 *		where it stands, the	last is that, or only
 *		others go		others appended follow
 * MULTI	another, unless that	as set			exactly that
 *		one is there
 * FLAGS	added to the values,	added to the values	taken out of the values
 *		"noX" for "X"
 * LIST		the list is that	added to the list,	taken out of the list
 *				which becomes one
 * BLOCK	the count of that page	as set			the size with its count
 *		size, or a new pair
 *
 * A hugepages= belongs to the hugepagesz= or default_hugepagesz= before it, in the line and in the
 * changes alike. Without one before it in the changes it is that of the line's only count.
 * New arguments go to the end, before "--"; default_hugepagesz= goes before all other page sizes.
 */
enum key_policy {
	KEY_SINGLE, /* the last wins: one occurrence */
	KEY_MULTI, /* every occurrence counts, in their order (console=) */
	KEY_FLAGS, /* values add up (intel_iommu=) */
	KEY_LIST, /* one comma list, the last wins: merged into one (vfio-pci.ids=) */
	KEY_BLOCK, /* ordered pairs: hugepagesz= before its hugepages= */
};

/* What kind of parameter it is, and whether the machine may not boot without it. */
enum key_policy key_policy(const char *name);
bool key_is_protected(const char *name);

/*
 * Applies all of @changes to @line. 1: it is another line now, 0: it was so already, or a negative
 * errno with @err set and @line in no particular state: -EPERM for a protected or locked argument.
 */
int changes_apply(struct cmdline *line, const struct changes *changes, struct error *err);

/*
 * Checks an argument of an administrator: one argument, no line break, no NUL, ASCII, balanced quotes,
 * not "--". 0 or -EINVAL with @err set.
 */
int change_check(const char *arg, struct error *err);

/* One of the changes is about the parameter of that name. */
bool changes_name(const struct changes *changes, const char *name);

void changes_push(struct changes *changes, enum change_op op, const char *arg);
void changes_done(struct changes *changes);
#define _cleanup_changes_ _cleanup_(changes_done)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a generated grub.cfg boots, as far as it can be told without GRUB. */
#pragma once

#include "grubcfg/cmdline.h"

/* A "menuentry" that has a linux command. */
struct menu_entry {
	char *title;
	char *id; /* NULL: none */
	char *kernel; /* the path as GRUB sees it */
	struct cmdline line;
	unsigned top; /* index in the outermost menu; in a submenu that of the submenu */
	bool is_in_submenu;
	bool is_generated; /* by the distribution's script: it has what /etc/default/grub says */
};

struct menu {
	struct menu_entry *items;
	size_t n;
	size_t n_entries; /* every "menuentry" */
	bool is_bls; /* entries come from files that GRUB reads itself */
	char *choice; /* what $default is set to: GRUB_DEFAULT, or "${saved_entry}"; NULL: nothing */
};

void menu_read(const char *text, struct menu *ret);

/* The first entry that the distribution's script made; of a file without its marks the first one; or NULL. */
const struct menu_entry *menu_generated(const struct menu *menu);

/*
 * The entry that boots by itself, in the words of GRUB_DEFAULT and saved_entry: an index, a title or an
 * id, behind those of submenus and '>'. NULL: cannot be told.
 */
const struct menu_entry *menu_find(const struct menu *menu, const char *choice);

void menu_done(struct menu *menu);
#define _cleanup_menu_ _cleanup_(menu_done)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layers between a file and the kernel: each changes some characters on the way. An encoder gives
 * the text that, read by that layer, is the argument again, and makes sure of it by decoding. What a
 * layer cannot carry is -EILSEQ with @err naming the argument, the layer and the character.
 */
#pragma once

#include "common/error.h"

enum layer {
	LAYER_PLAIN, /* one line of text: /etc/kernel/cmdline, cmdline.txt, options of systemd-boot */
	LAYER_SHELL_DOUBLE, /* inside "..." of a file that sh reads */
	LAYER_SHELL_SINGLE, /* inside '...' */
	LAYER_GRUB_SCRIPT, /* a word of the linux command in grub.cfg */
	LAYER_GRUB_BLS, /* options of an entry that GRUB's blscfg reads */
	LAYER_GRUBENV, /* value in GRUB's environment block */
	LAYER_EXTLINUX, /* append of extlinux.conf */
};

const char *layer_name(enum layer layer);

/* The caller frees *@ret. 0 or -EILSEQ with @err set. */
int encode(enum layer layer, const char *raw, char **ret, struct error *err);
/* The other way; also for text that others wrote. */
int decode(enum layer layer, const char *text, char **ret, struct error *err);

/*
 * An argument for /etc/default/grub: through grub.cfg, which mkconfig writes without quoting, and then
 * through the shell's quoting @shell.
 */
int encode_grub_default(enum layer shell, const char *raw, char **ret, struct error *err);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of unified kernel images: NAME.efi, or NAME+LEFT[-DONE].efi while systemd-boot counts tries. */
#pragma once

#include "grubcfg/sink.h"

/* It ends as the name of an image has to. */
bool uki_is_name(const char *name);
/* The name without ".efi" and without the counter; the caller frees. */
char *uki_id(const char *name);
/* The paths of all that have the id of the image @path, itself included where it is there. */
void uki_names(const struct sysroot *root, const char *path, struct strv *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that can be known to go wrong before anything is touched. */
#pragma once

#include "grubcfg/bootpath.h"

/*
 * Mounts that are missing, read-only and full file systems, programs that are not there, other package
 * managers at work, a container, a chroot whose /proc is another system's. 0 or a negative errno with
 * @err set.
 */
int preflight(const struct tree *tree, const struct bootpath *boot, struct error *err);

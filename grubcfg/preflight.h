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

/*
 * File systems that what this host boots from is on are mounted, as far as fstab has them: -ENXIO with @err
 * set. What lies in an empty mount point's directory looks like a boot loader's, and is not read by any.
 */
int preflight_mounts(const struct tree *tree, const struct bootpath *boot,
		     struct error *err);

/*
 * The same for files that are only put back: their file systems are mounted and can be written, and nobody
 * else is at work.
 */
int preflight_paths(const struct tree *tree, const struct strv *paths, struct error *err);

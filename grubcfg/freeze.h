/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file system's journal brought into its blocks. GRUB reads ext4 and XFS without replaying the journal:
 * after a power cut it would see the directory of before a rename that fsync(2) has already
 * promised. Freezing and thawing writes everything to its place.
 */
#pragma once

#include "common/error.h"
#include "common/sysroot.h"

/*
 * Freezes and thaws the file system of /boot, where that is one of its own, of a kind that has a journal.
 * 0, also where there is nothing to do; or a negative errno with @err set. The file system is never
 * left frozen, even if this process is killed.
 */
int freeze_boot(const struct sysroot *root, struct error *err);

/* Freezes and thaws the file system that @fd is on; for freeze_boot() and tests. */
int freeze_and_thaw(int fd, unsigned timeout_s, struct error *err);

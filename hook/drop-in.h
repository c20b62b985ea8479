/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The drop-ins that systemd writes when AllowedCPUs of a unit is set: until the next boot, in
 * /run/systemd, and beyond, in /etc/systemd/system.control. Of one name: those in /etc go first.
 */
#pragma once

#include "common/bitset.h"
#include "common/error.h"
#include "common/sysroot.h"

#define DROP_IN "50-AllowedCPUs.conf"

/* Whether the unit has one of this boot. */
bool drop_in_exists(const struct sysroot *root, const char *unit);

/* The CPUs that it sets: 0, or -ENOENT when there is none, or another errno. */
int drop_in_read(const struct sysroot *root, const char *unit, struct bitset *ret)
	_must_check_;

/* One beyond this boot goes before it, and was there before it was last written. */
bool drop_in_is_masked(const struct sysroot *root, const char *unit);

/* Removes that of this boot, and its directory when nothing else is in it. */
int drop_in_remove(const struct sysroot *root, const char *unit, struct error *err);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The simulated machine as a FUSE file system
 *
 * Attributes (sys/, proc/, sim/) have the manners of sysfs: nothing is cached, each write is
 * one whole value, permissions hold for root too, and nothing below sys/ and proc/ can be
 * made or removed. Everything else is an ordinary read-write file system in memory; locks
 * are the kernel's local ones.
 *
 * fs_run() mounts, goes to the background unless @foreground, and serves until it is
 * unmounted or gets a signal. Returns 0 or -errno.
 */

#include <stdbool.h>
#include <stdio.h>

#include "sim.h"

struct fs_options {
	const char *mountpoint;
	bool foreground;
	FILE *trace; /* one line per access to an attribute; or NULL */
};

int fs_run(struct sim *sim, const struct fs_options *options);

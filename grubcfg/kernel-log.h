/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel said while it booted: of the running host from /dev/kmsg, of a captured one from
 * var/log/dmesg. The kernel's buffer is a ring: on a host that has been up for long its beginning is
 * gone, and then nothing is found.
 */
#pragma once

#include <stdbool.h>

#include "grubcfg/cmdline.h"
#include "grubcfg/tree.h"

/* The messages, one a line; "" where they cannot be read. The caller frees. */
char *kernel_log_read(const struct tree *tree);

/* The log reaches back to where the kernel lists the parameters that it does not know. */
bool kernel_log_is_whole(const char *log);

/*
 * The kernel listed @arg among those that it does not know (init/main.c), or a module said so of its
 * parameter (kernel/params.c).
 */
bool kernel_log_calls_unknown(const char *log, const struct arg *arg);

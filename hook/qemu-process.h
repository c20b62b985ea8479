/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The QEMU process of a domain, found by libvirt's pid file (/run/libvirt/qemu/NAME.pid) and the
 * domain's UUID in its command line. libvirt itself must not be asked from a hook.
 */
#pragma once

#include <sys/types.h>

#include "common/error.h"
#include "common/sysroot.h"

/* 1 and the pid when it runs, 0 when it certainly does not, or a negative errno. */
int qemu_find(const struct sysroot *root, const char *domain, const char *uuid,
	      pid_t *ret);

/*
 * Pages of @size_kib on @node that the process has in its page tables (/proc/PID/numa_maps). The
 * process may be stuck with its memory lock held: bounded by a time limit. 0 or a negative errno.
 */
int qemu_hugepages(const struct sysroot *root, pid_t pid, unsigned node,
		   uint64_t size_kib, uint64_t *ret) _must_check_;

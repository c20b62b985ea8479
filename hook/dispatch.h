/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scripts that were written for the dispatcher of VFIO-Tools, a hook that runs
 *
 *	/etc/libvirt/hooks/qemu.d/DOMAIN/OPERATION/SUB-OPERATION
 *
 * or, if that is a directory, every program in it. Where hosttune took its place they go on
 * running, if hosttune.conf says so (vfio_tools_scripts = yes), with the arguments that libvirt
 * gives its hook. What is different: they run in the order of their names, have a limit of time
 * together, print nothing that libvirt could take for a domain, and have no input. libvirt itself
 * runs no directories of qemu.d.
 */
#pragma once

#include <stdbool.h>

#include "common/error.h"
#include "common/sysroot.h"

struct dispatch {
	const char *domain, *operation, *sub_operation, *extra;
	unsigned timeout_s; /* for all of them together */
	bool to_the_end; /* after one that failed the others still run: something is taken back */
};

/*
 * Whether there is any script for that call. Cheap: hosts that have none need not even read their
 * configuration.
 */
bool dispatch_has_scripts(const struct sysroot *root, const struct dispatch *call);

/*
 * Runs them. 0; -ECHILD: one failed, -ETIMEDOUT: one did not end in time, or why one could not be
 * started, with @err saying which one and what it wrote last. With several, the first.
 */
int dispatch_run(const struct sysroot *root, const struct dispatch *call,
		 struct error *err);

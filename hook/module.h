/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel modules, by libkmod: which module serves an alias, and loading it. Below another root
 * than "/" modules are looked up in that tree and never loaded.
 */
#pragma once

#include "common/error.h"
#include "common/sysroot.h"

/*
 * Appends the names of the modules that serve @alias, a module's name or an alias such as
 * "vfio_pci:v00001...": none is no error. Modules built into the kernel count too.
 */
int module_lookup(const struct sysroot *root, const char *alias, struct strv *ret,
		  struct error *err);

/* It is loaded, or built in and visible in /sys/module. */
bool module_is_loaded(const struct sysroot *root, const char *name);

/*
 * Loads a module and what it depends on, with the options of modprobe.d. 0, -ENOENT: there is no
 * such module, -ETIMEDOUT, or another negative errno, with cause and remedy.
 */
int module_load(const struct sysroot *root, const char *name, uint64_t deadline,
		struct error *err);

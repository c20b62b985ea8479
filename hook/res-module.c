// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * module: a kernel module that another resource needs. The others add the wishes; this loads
 * them, with libkmod.
 *
 * A module that was loaded stays: nobody can tell whether something else has come to need it,
 * and removing vfio_pci would take it from under every device bound to it.
 */

#include "common/alloc.h"
#include "hook/module.h"
#include "hook/resource.h"

static int module_read(const struct sysroot *root, const char *object, char **ret,
		       struct error *err _unused_)
{
	*ret = xstrdup(module_is_loaded(root, object) ? "loaded" : "absent");
	return 0;
}

static const char *module_merge(const char *a, const char *b _unused_)
{
	return a;
}

static int module_write(const struct sysroot *root, const char *object,
			const char *from _unused_, const char *to _unused_,
			uint64_t deadline, struct error *err)
{
	return module_load(root, object, deadline, err);
}

const struct resource resource_module = {
	.name = "module",
	.slow = true,
	.keeps = true,
	.read = module_read,
	.merge = module_merge,
	.write = module_write,
};

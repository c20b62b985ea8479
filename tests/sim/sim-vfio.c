// SPDX-License-Identifier: LGPL-2.1-or-later

/* The character device of an IOMMU group whose devices are for vfio (drivers/vfio/group.c). */

#include "common/macro.h"
#include "sim.h"

int sim_vfio_make_group(struct sim *sim, const char *group)
{
	struct node *class = NULL, *dir;
	int r;

	r = tree_setf(sim->tree, S_IFREG | 0444, "243:0\n",
		      "sys/devices/virtual/vfio/%s/dev", group);
	if (r == 0)
		r = tree_make(sim->tree, "sys/class/vfio", S_IFDIR | 0755, &class);
	if (r < 0)
		return r;
	dir = tree_findf(sim->tree, "sys/devices/virtual/vfio/%s", group);
	r = sim_link(class, group, dir);
	if (r == 0)
		r = tree_setf(sim->tree, S_IFREG | 0600, "", "dev/vfio/%s", group);
	return r;
}

void sim_vfio_drop_group(struct sim *sim, const char *group)
{
	static const char *const dirs[] = { "sys/class/vfio", "sys/devices/virtual/vfio",
					    "dev/vfio" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct node *dir = tree_find(sim->tree, dirs[i]);

		if (dir)
			sim_drop(dir, group);
		/* It is there for the groups, others are there for good. */
		if (dir && dir->n_child == 0 && str_has_prefix(dirs[i], "sys/devices/"))
			node_remove(dir);
	}
}

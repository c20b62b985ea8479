// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * Mediated devices (drivers/vfio/mdev/, Documentation/driver-api/vfio-mediated-device.rst)
 *
 * The types of one parent share it: an instance takes 1/N of the parent, where N is what
 * available_instances of its type is in the description, and the other types have left what
 * the rest is good for.
 *
 * Control, made when the machine starts:
 *	sim/mdev/PARENT/TYPE/max	N of that type
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/macro.h"
#include "sim.h"

#define WHOLE 5040000L /* of a parent */
#define TYPES "mdev_supported_types"

static bool is_uuid(const char *text)
{
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return text[36] == '\0';
}

static long type_max(const struct sim *sim, const struct node *type)
{
	return sim_long(tree_findf(sim->tree, "sim/mdev/%s/%s/max",
				   type->parent->parent->name, type->name),
			0);
}

/* What the instances of @parent leave of it. */
static long rest(const struct sim *sim, const struct node *parent)
{
	const struct node *types = node_child(parent, TYPES);
	long left = WHOLE;

	for (size_t i = 0; i < types->n_child; i++) {
		const struct node *devices = node_child(types->child[i], "devices");
		long max = type_max(sim, types->child[i]);

		if (devices && max > 0)
			left -= (long)devices->n_child * (WHOLE / max);
	}
	return left;
}

static int update_available(struct sim *sim, const struct node *parent)
{
	const struct node *types = node_child(parent, TYPES);
	long left = rest(sim, parent);
	int r;

	for (size_t i = 0; i < types->n_child; i++) {
		struct node *node = node_child(types->child[i], "available_instances");
		long max = type_max(sim, types->child[i]);

		if (!node || max == 0)
			continue;
		r = sim_store_long(node, left / (WHOLE / max));
		if (r < 0)
			return r;
	}
	return 0;
}

/* Give @device an IOMMU group of its own. */
static int make_group(struct sim *sim, struct node *device)
{
	struct node *groups, *group, *devices;
	char name[32];
	int r;

	r = tree_make(sim->tree, "sys/kernel/iommu_groups", S_IFDIR | 0755, &groups);
	if (r < 0)
		return r;
	for (size_t i = 0; i <= groups->n_child; i++) {
		(void)snprintf(name, sizeof(name), "%zu", i);
		if (!node_child(groups, name))
			break;
	}
	r = node_add(groups, name, S_IFDIR | 0755, &group);
	if (r == 0)
		r = node_add(group, "devices", S_IFDIR | 0755, &devices);
	if (r == 0)
		r = sim_link(devices, device->name, device);
	if (r == 0)
		r = sim_link(device, "iommu_group", group);
	if (r == 0)
		r = sim_vfio_make_group(sim, name);
	return r;
}

static void drop_group(struct sim *sim, const struct node *device)
{
	const struct node *link = node_child(device, "iommu_group");
	struct node *group = link ? node_target(link) : NULL;

	if (!group)
		return;
	sim_vfio_drop_group(sim, group->name);
	node_remove(group);
}

/* Make the device's directory and the links to it. */
static int make_device(struct sim *sim, struct node *type, const char *uuid)
{
	struct node *parent = type->parent->parent;
	struct node *device, *node, *bus, *list;
	int r;

	r = node_add(parent, uuid, S_IFDIR | 0755, &device);
	if (r == 0)
		r = node_add(device, "remove", S_IFREG | 0200, &node);
	if (r == 0)
		r = sim_link(device, "mdev_type", type);
	if (r == 0)
		r = tree_make(sim->tree, "sys/bus/mdev/devices", S_IFDIR | 0755, &bus);
	if (r == 0)
		r = sim_link(bus, uuid, device);
	if (r == 0)
		r = make_group(sim, device);
	if (r < 0)
		return r;

	list = node_child(type, "devices");
	if (!list)
		r = node_add(type, "devices", S_IFDIR | 0755, &list);
	if (r == 0)
		r = sim_link(list, uuid, device);
	return r;
}

static int write_create(struct sim *sim, struct node *node, const char *value)
{
	struct node *type = node->parent, *parent = type->parent->parent;
	const struct node *driver = node_child(parent, "driver");
	char uuid[37];
	int r;

	if (!is_uuid(value))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(uuid); i++)
		uuid[i] = (char)tolower((unsigned char)value[i]);

	if (tree_findf(sim->tree, "sys/bus/mdev/devices/%s", uuid))
		return -EEXIST;
	/* i915 finds out itself that it is full, others leave it to the mdev core. */
	if (sim_long(node_child(type, "available_instances"), 0) < 1)
		return driver && STREQ(node_target_name(driver), "i915") ? -ENOSPC :
									   -EUSERS;

	r = make_device(sim, type, uuid);
	if (r < 0)
		return r;
	return update_available(sim, parent);
}

static int write_remove(struct sim *sim, struct node *node, const char *value)
{
	struct node *device = node->parent, *parent = device->parent;
	const struct node *link = node_child(device, "mdev_type");
	const struct node *type = link ? node_target(link) : NULL;
	const struct node *bus = tree_find(sim->tree, "sys/bus/mdev/devices");
	long really;

	if (sim_parse_long(value, &really) < 0)
		return -EINVAL;
	if (!really || !type)
		return 0;

	if (bus)
		sim_drop(bus, device->name);
	if (node_child(type, "devices"))
		sim_drop(node_child(type, "devices"), device->name);
	drop_group(sim, device);
	node_remove(device);
	return update_available(sim, parent);
}

static int init_parent(struct sim *sim, const struct node *parent)
{
	const struct node *types = node_child(parent, TYPES);
	int r;

	for (size_t i = 0; types && i < types->n_child; i++) {
		const struct node *type = types->child[i];
		const struct node *available = node_child(type, "available_instances");

		if (!available || type_max(sim, type) > 0)
			continue;
		r = tree_setf(sim->tree, S_IFREG | 0644, available->data,
			      "sim/mdev/%s/%s/max", parent->name, type->name);
		if (r < 0)
			return r;
	}
	return 0;
}

static int mdev_init(struct sim *sim)
{
	const struct node *parents = tree_find(sim->tree, "sys/class/mdev_bus");
	int r;

	for (size_t i = 0; parents && i < parents->n_child; i++) {
		const struct node *parent = node_target(parents->child[i]);

		r = parent ? init_parent(sim, parent) : -ENOENT;
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct sim_attr mdev_attrs[] = {
	{ "sys/devices/*/" TYPES "/*/create", write_create },
	{ "sys/devices/*-*-*-*-*/remove", write_remove },
};

const struct sim_subsystem sim_mdev = {
	.name = "mdev",
	.init = mdev_init,
	.attr = mdev_attrs,
	.n_attr = ARRAY_SIZE(mdev_attrs),
};

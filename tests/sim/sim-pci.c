// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * PCI devices and their drivers (drivers/base/bus.c, drivers/pci/pci-driver.c,
 * Documentation/ABI/testing/sysfs-bus-pci)
 *
 * A device has one native driver: the one that it is bound to in the description. Any other
 * driver takes it only by driver_override. With its native driver go the things that the
 * driver made (drm/, sound/, net/, nvme/, ...) and their links in sys/class/; they come back
 * with it. vfio drivers make the character devices of the group.
 *
 * Controls, optional:
 *	sim/pci/ADDRESS/native_driver		for a device that is not bound at first
 *	sim/pci/ADDRESS/open			1: somebody has this virtual GPU open
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/macro.h"
#include "sim.h"

#define DEVICES "sys/bus/pci/devices"
#define DRIVERS "sys/bus/pci/drivers"

static struct node *find_device(const struct sim *sim, const char *address)
{
	_cleanup_free_ char *path = NULL;

	if (strchr(address, '/') || asprintf(&path, DEVICES "/%s", address) < 0) {
		path = NULL;
		return NULL;
	}
	return tree_resolve(sim->tree, path);
}

static bool is_vfio_driver(const char *name)
{
	return str_has_prefix(name, "vfio") || fnmatch("*[-_]vfio[-_]pci", name, 0) == 0;
}

/* Name of the driver that @device is bound to, or NULL. */
static const char *bound_driver(const struct node *device)
{
	const struct node *link = node_child(device, "driver");

	return link ? node_target_name(link) : NULL;
}

static bool driver_matches(const struct sim *sim, const struct node *device,
			   const char *driver)
{
	const struct node *override = node_child(device, "driver_override");

	if (override && !sim_value_is(override, "(null)"))
		return sim_value_is(override, driver);
	return sim_value_is(tree_findf(sim->tree, "sim/pci/%s/native_driver",
				       device->name),
			    driver);
}

/* True for directories that a driver makes below its device. */
static bool is_drivers_own(const struct node *child)
{
	static const char *const names[] = { "drm",	   "sound", "net",  "nvme",
					     "graphics",   "usb*",  "ata*", "ptp",
					     "infiniband", "hwmon", "host*" };

	if (!node_is_dir(child))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (fnmatch(names[i], child->name, 0) == 0)
			return true;
	return false;
}

/* Move the links of one class that lead below @part to @stash. */
static int stash_class(struct sim *sim, const struct node *class, const struct node *part,
		       const char *stash)
{
	struct node *dir;
	int r;

	for (size_t i = class->n_child; node_is_dir(class) && i-- > 0;) {
		struct node *link = class->child[i];
		_cleanup_free_ char *path = NULL;
		struct node *target = node_target(link);

		if (!target || !node_is_below(target, part))
			continue;
		if (asprintf(&path, "%s/class/%s", stash, class->name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		r = tree_make(sim->tree, path, S_IFDIR | 0755, &dir);
		if (r == 0)
			r = node_move(link, dir, link->name);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Put away what the driver of @device made. */
static int stash_parts(struct sim *sim, struct node *device)
{
	const struct node *classes = tree_find(sim->tree, "sys/class");
	_cleanup_free_ char *stash = NULL;
	struct node *dir;
	int r = 0;

	if (asprintf(&stash, "sim/pci/%s/stash", device->name) < 0) {
		stash = NULL;
		return -ENOMEM;
	}
	for (size_t i = device->n_child; i-- > 0 && r == 0;) {
		struct node *part = device->child[i];
		_cleanup_free_ char *path = NULL;

		if (!is_drivers_own(part))
			continue;
		for (size_t j = 0; classes && j < classes->n_child && r == 0; j++)
			r = stash_class(sim, classes->child[j], part, stash);
		if (r < 0)
			return r;
		if (asprintf(&path, "%s/parts", stash) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		r = tree_make(sim->tree, path, S_IFDIR | 0755, &dir);
		if (r == 0)
			r = node_move(part, dir, part->name);
	}
	return r;
}

/* Move all children of @from to @to. */
static int move_children(struct node *from, struct node *to)
{
	int r;

	while (from && from->n_child > 0) {
		struct node *child = from->child[from->n_child - 1];

		r = node_move(child, to, child->name);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Take out again what stash_parts() put away. */
static int unstash_parts(struct sim *sim, struct node *device)
{
	struct node *stash = tree_findf(sim->tree, "sim/pci/%s/stash", device->name);
	struct node *classes, *to;
	int r;

	if (!stash)
		return 0;
	r = move_children(node_child(stash, "parts"), device);
	if (r < 0)
		return r;

	classes = node_child(stash, "class");
	for (size_t i = 0; classes && i < classes->n_child; i++) {
		to = tree_findf(sim->tree, "sys/class/%s", classes->child[i]->name);
		if (!to)
			continue;
		r = move_children(classes->child[i], to);
		if (r < 0)
			return r;
	}
	return 0;
}

/* True if a device of IOMMU group @name is bound to a vfio driver. */
static bool group_is_in_vfio(const struct sim *sim, const char *name)
{
	const struct node *devices;

	devices = tree_findf(sim->tree, "sys/kernel/iommu_groups/%s/devices", name);
	for (size_t i = 0; devices && i < devices->n_child; i++) {
		const struct node *device = find_device(sim, devices->child[i]->name);
		const char *driver = device ? bound_driver(device) : NULL;

		if (driver && is_vfio_driver(driver))
			return true;
	}
	return false;
}

static int unbind(struct sim *sim, struct node *device)
{
	const struct node *group = node_child(device, "iommu_group");
	const char *name = bound_driver(device);
	const struct node *driver;
	bool was_vfio;

	driver = tree_findf(sim->tree, DRIVERS "/%s", name);
	was_vfio = is_vfio_driver(name);
	if (driver)
		sim_drop(driver, device->name);
	sim_drop(device, "driver");
	if (was_vfio && group && !group_is_in_vfio(sim, node_target_name(group)))
		sim_vfio_drop_group(sim, node_target_name(group));
	return stash_parts(sim, device);
}

static int bind(struct sim *sim, struct node *device, struct node *driver)
{
	const struct node *group = node_child(device, "iommu_group");
	int r;

	if (is_vfio_driver(driver->name)) {
		if (!group)
			return -EINVAL;
		r = sim_vfio_make_group(sim, node_target_name(group));
	} else {
		r = unstash_parts(sim, device);
	}
	if (r == 0)
		r = sim_link(device, "driver", driver);
	if (r == 0)
		r = sim_link(driver, device->name, device);
	return r;
}

static int write_bind(struct sim *sim, struct node *node, const char *value)
{
	struct node *device = find_device(sim, value);

	if (!device || !driver_matches(sim, device, node->parent->name))
		return -ENODEV;
	if (bound_driver(device))
		return -EBUSY;
	return bind(sim, device, node->parent);
}

static int write_unbind(struct sim *sim, struct node *node, const char *value)
{
	struct node *device = find_device(sim, value);
	const char *driver = device ? bound_driver(device) : NULL;

	if (!driver || !STREQ(driver, node->parent->name))
		return -ENODEV;
	return unbind(sim, device);
}

/* Succeeds whether or not a driver takes the device. */
static int write_drivers_probe(struct sim *sim, struct node *node, const char *value)
{
	struct node *drivers = tree_find(sim->tree, DRIVERS);
	struct node *device = find_device(sim, value);

	(void)node;
	if (!device)
		return -EINVAL;
	if (bound_driver(device))
		return 0;
	for (size_t i = 0; drivers && i < drivers->n_child; i++) {
		if (!driver_matches(sim, device, drivers->child[i]->name))
			continue;
		(void)bind(sim, device, drivers->child[i]); /* the kernel does not tell */
		break;
	}
	return 0;
}

static int write_driver_override(struct sim *sim, struct node *node, const char *value)
{
	(void)sim;
	if (strlen(value) >= 4095)
		return -EINVAL;
	return sim_store(node, *value ? value : "(null)");
}

/* Only "N -> 0 -> M" is allowed. The functions themselves are not simulated. */
static int write_sriov_numvfs(struct sim *sim, struct node *node, const char *value)
{
	long now = sim_long(node, 0), want;

	(void)sim;
	if (sim_parse_long(value, &want) < 0)
		return -EINVAL;
	if (want > sim_long(node_child(node->parent, "sriov_totalvfs"), 0))
		return -ERANGE;
	if (want == now)
		return 0;
	if (!bound_driver(node->parent))
		return -ENOENT;
	if (now != 0 && want != 0)
		return -EBUSY;
	return sim_store(node, value);
}

/* A type of those that can be created, or 0; not while somebody has the function open. */
static int write_vgpu_type(struct sim *sim, struct node *node, const char *value)
{
	const struct node *types = node_child(node->parent, "creatable_vgpu_types");
	const struct node *function = node->parent->parent;
	long type;

	if (sim_parse_long(value, &type) < 0)
		return -EINVAL;
	if (sim_long(tree_findf(sim->tree, "sim/pci/%s/open", function->name), 0) != 0)
		return -EBUSY;
	if (type != 0 && sim_long(node, 0) != 0)
		return -EPERM; /* the one that is there has to go first */
	if (type != 0 && !sim_has_word(types, value))
		return -EINVAL;
	return sim_store(node, value);
}

/* What a device is bound to in the description is its native driver. */
static int pci_init(struct sim *sim)
{
	const struct node *devices = tree_find(sim->tree, DEVICES);
	int r;

	for (size_t i = 0; devices && i < devices->n_child; i++) {
		const char *address = devices->child[i]->name;
		const struct node *device = node_target(devices->child[i]);
		const char *driver = device ? bound_driver(device) : NULL;

		if (!device) {
			fprintf(stderr, "'%s': the link of the device leads nowhere\n",
				address);
			return -ENOENT;
		}
		if (!driver || is_vfio_driver(driver) ||
		    tree_findf(sim->tree, "sim/pci/%s/native_driver", address))
			continue;
		r = tree_setf(sim->tree, S_IFREG | 0644, driver,
			      "sim/pci/%s/native_driver", address);
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct sim_attr pci_attrs[] = {
	{ DRIVERS "/*/bind", write_bind },
	{ DRIVERS "/*/unbind", write_unbind },
	{ "sys/bus/pci/drivers_probe", write_drivers_probe },
	{ "sys/devices/pci*/driver_override", write_driver_override },
	{ "sys/devices/pci*/sriov_numvfs", write_sriov_numvfs },
	{ "sys/devices/pci*/nvidia/current_vgpu_type", write_vgpu_type },
};

const struct sim_subsystem sim_pci = {
	.name = "pci",
	.init = pci_init,
	.attr = pci_attrs,
	.n_attr = ARRAY_SIZE(pci_attrs),
};

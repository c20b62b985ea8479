// SPDX-License-Identifier: LGPL-2.1-or-later
/* PCI devices of the host; see host-pci.h. */

#include <stdio.h>
#include <sys/sysmacros.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/host-pci.h"

#define NODE_DEPTH_MAX \
	40 /* sysfs has no loops of directories; this is for captured trees */
#define NVIDIA_MAJOR 195

static int read_hex(const struct sysroot *root, const char *address, const char *name,
		    unsigned *ret)
{
	_cleanup_free_ char *text = NULL;
	uint64_t v;
	int r = sysroot_read(root, &text, PCI_DEVICES "/%s/%s", address, name);

	if (r == 0)
		r = parse_hex(text, &v);
	if (r == 0)
		*ret = (unsigned)v;
	return r;
}

int pci_driver(const struct sysroot *root, const char *address, char **ret)
{
	int r = sysroot_readlink_name(root, ret, PCI_DEVICES "/%s/driver", address);

	if (r != -ENOENT)
		return r;
	if (!sysroot_exists(root, PCI_DEVICES "/%s", address))
		return -ENODEV;
	*ret = xstrdup("");
	return 0;
}

int pci_device_read(const struct sysroot *root, const char *address,
		    struct pci_device *ret, struct error *err)
{
	struct pci_device device = { 0 };
	uint64_t boot_vga = 0;
	int r;

	(void)snprintf(device.address, sizeof(device.address), "%s", address);
	r = pci_driver(root, address, &device.driver);
	if (r == -ENODEV)
		return error_set(err, r, "there is no PCI device %s on this host",
				 address);
	if (r == 0)
		r = read_hex(root, address, "vendor", &device.vendor);
	if (r == 0)
		r = read_hex(root, address, "device", &device.device);
	if (r == 0)
		r = read_hex(root, address, "class", &device.class_code);
	if (r < 0) {
		pci_device_done(&device);
		return error_set(err, r, "failed to read PCI device %s: %s", address,
				 strerror(-r));
	}
	/* These three may be missing: no IOMMU, old captured tree, not a VGA controller. */
	(void)!sysroot_readlink_name(root, &device.group, PCI_DEVICES "/%s/iommu_group",
				     address);
	if (sysroot_read(root, &device.modalias, PCI_DEVICES "/%s/modalias", address) < 0)
		device.modalias = xstrdup("");
	(void)!sysroot_read_u64(root, &boot_vga, PCI_DEVICES "/%s/boot_vga", address);
	device.boot_vga = boot_vga != 0;
	*ret = device;
	return 0;
}

void pci_device_done(struct pci_device *device)
{
	free(device->driver);
	free(device->group);
	free(device->modalias);
	*device = (struct pci_device){ 0 };
}

int pci_list(const struct sysroot *root, struct strv *ret)
{
	return sysroot_list(root, ret, PCI_DEVICES);
}

int pci_group_members(const struct sysroot *root, const char *group, struct strv *ret)
{
	return sysroot_list(root, ret, "sys/kernel/iommu_groups/%s/devices", group);
}

bool pci_is_bridge(const struct pci_device *device)
{
	return device->class_code >> 16 == 0x06;
}

bool pci_is_display(const struct pci_device *device)
{
	return device->class_code >> 16 == 0x03;
}

bool pci_driver_is_vfio(const struct sysroot *root, const char *driver)
{
	_cleanup_strv_ struct strv holders = STRV_NULL;
	_cleanup_free_ char *module = NULL;

	if (STREQ(driver, "vfio-pci"))
		return true;
	/* Every variant driver is built on the vfio_pci_core module. */
	if (sysroot_readlink_name(root, &module, PCI_DRIVERS "/%s/module", driver) < 0 ||
	    sysroot_list(root, &holders, "sys/module/vfio_pci_core/holders") < 0)
		return false;
	return strv_contains(&holders, module);
}

bool pci_is_stranger(const struct sysroot *root, const struct pci_device *device)
{
	return *device->driver && !pci_is_bridge(device) &&
	       !STREQ(device->driver, "pci-stub") &&
	       !pci_driver_is_vfio(root, device->driver);
}

/* Takes @name and @dir over. */
static void add_node(struct device_nodes *nodes, dev_t number, char *name, char *dir)
{
	struct device_node *node = ARRAY_PUSH(nodes->items, nodes->n);

	node->number = number;
	node->name = name;
	node->dir = dir;
}

/* DEVNAME= of a uevent attribute, or the directory's own name. */
static char *node_name(const struct sysroot *root, const char *dir)
{
	_cleanup_free_ char *uevent = NULL;
	const char *name;

	if (sysroot_read(root, &uevent, "%s/uevent", dir) == 0) {
		name = strstr(uevent, "DEVNAME=");
		if (name) {
			name += strlen("DEVNAME=");
			return xstrndup(name, strcspn(name, "\n"));
		}
	}
	name = strrchr(dir, '/');
	return xstrdup(name ? name + 1 : dir);
}

static int parse_dev(const char *text, dev_t *ret)
{
	_cleanup_strv_ struct strv parts = STRV_NULL;
	unsigned major, minor;

	strv_split(&parts, text, ":");
	if (parts.n != 2 || parse_unsigned(parts.items[0], &major) < 0 ||
	    parse_unsigned(parts.items[1], &minor) < 0)
		return -EINVAL;
	*ret = makedev(major, minor);
	return 0;
}

/* Walks the directories below @dir, but not into other PCI devices behind a bridge. */
static void walk(const struct sysroot *root, const char *dir, unsigned depth,
		 struct device_nodes *ret)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	_cleanup_free_ char *dev = NULL;
	struct pci_address other;
	dev_t number;

	if (sysroot_read(root, &dev, "%s/dev", dir) == 0 && parse_dev(dev, &number) == 0)
		add_node(ret, number, node_name(root, dir), xstrdup(dir));
	/* A directory that vanished meanwhile has no nodes any more. */
	if (depth == NODE_DEPTH_MAX || sysroot_list_dirs(root, &names, "%s", dir) < 0)
		return;
	strv_for_each(name, &names) {
		_cleanup_free_ char *sub = xasprintf("%s/%s", dir, name);

		if (pci_address_parse(name, &other) < 0 && !STREQ(name, "power"))
			walk(root, sub, depth + 1, ret);
	}
}

/* With native multipath the disks of a controller are its subsystem's, not its own. */
static void add_nvme_disks(const struct sysroot *root, const char *address,
			   struct device_nodes *ret)
{
	_cleanup_strv_ struct strv controllers = STRV_NULL, subsystems = STRV_NULL;

	if (sysroot_list(root, &controllers, PCI_DEVICES "/%s/nvme", address) < 0 ||
	    sysroot_list(root, &subsystems, "sys/class/nvme-subsystem") < 0)
		return;
	strv_for_each(subsystem, &subsystems) {
		_cleanup_free_ char *dir =
			xasprintf("sys/class/nvme-subsystem/%s", subsystem);

		strv_for_each(controller, &controllers) {
			if (sysroot_exists(root, "%s/%s", dir, controller))
				walk(root, dir, 0, ret);
		}
	}
}

/* /dev/vfio/<group>, where the device is on a vfio driver. */
static void add_vfio_group(const struct sysroot *root, const char *group,
			   struct device_nodes *ret)
{
	_cleanup_free_ char *dev = NULL;
	dev_t number;

	if (sysroot_read(root, &dev, "sys/class/vfio/%s/dev", group) == 0 &&
	    parse_dev(dev, &number) == 0)
		add_node(ret, number, xasprintf("vfio/%s", group),
			 xasprintf("sys/class/vfio/%s", group));
}

/* The NVIDIA driver's nodes are /dev/nvidia<minor>, and it tells the minor in /proc. */
static void add_nvidia(const struct sysroot *root, const char *address,
		       struct device_nodes *ret)
{
	_cleanup_free_ char *text = NULL, *digits = NULL;
	const char *s;
	unsigned minor;

	if (sysroot_read(root, &text, "proc/driver/nvidia/gpus/%s/information", address) <
	    0)
		return;
	s = strstr(text, "Device Minor:");
	if (!s)
		return;
	s += strcspn(s, "0123456789\n");
	digits = xstrndup(s, strspn(s, "0123456789"));
	if (parse_unsigned(digits, &minor) == 0)
		add_node(ret, makedev(NVIDIA_MAJOR, minor), xasprintf("nvidia%u", minor),
			 xasprintf("proc/driver/nvidia/gpus/%s", address));
}

int pci_device_nodes(const struct sysroot *root, const struct pci_device *device,
		     struct device_nodes *ret)
{
	_cleanup_free_ char *dir = xasprintf(PCI_DEVICES "/%s", device->address);

	if (!sysroot_exists(root, "%s", dir))
		return -ENODEV;
	walk(root, dir, 0, ret);
	add_nvme_disks(root, device->address, ret);
	if (device->group)
		add_vfio_group(root, device->group, ret);
	add_nvidia(root, device->address, ret);
	return 0;
}

int mdev_device_nodes(const struct sysroot *root, const char *uuid,
		      struct device_nodes *ret)
{
	_cleanup_free_ char *dir = xasprintf("sys/bus/mdev/devices/%s", uuid);
	_cleanup_free_ char *group = NULL;

	if (!sysroot_exists(root, "%s", dir))
		return -ENODEV;
	walk(root, dir, 0, ret);
	if (sysroot_readlink_name(root, &group, "%s/iommu_group", dir) == 0)
		add_vfio_group(root, group, ret);
	return 0;
}

void device_nodes_done(struct device_nodes *nodes)
{
	for (size_t i = 0; i < nodes->n; i++) {
		free(nodes->items[i].name);
		free(nodes->items[i].dir);
	}
	free(nodes->items);
	*nodes = (struct device_nodes){ 0 };
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI devices of the host: identity, driver, IOMMU group, device nodes, and what the host itself
 * uses them for (Documentation/ABI/testing/sysfs-bus-pci, sysfs-kernel-iommu_groups).
 */
#pragma once

#include <sys/types.h>

#include "hook/host.h"
#include "hook/pci-address.h"

#define PCI_DEVICES "sys/bus/pci/devices"
#define PCI_DRIVERS "sys/bus/pci/drivers"

struct pci_device {
	char address[PCI_ADDRESS_MAX];
	unsigned vendor, device;
	unsigned class_code; /* 0x030000: VGA controller */
	char *driver; /* "" when none is bound */
	char *group; /* IOMMU group's number, or NULL */
	char *modalias;
	bool boot_vga;
};

/* Reads one device: 0, -ENODEV when there is none of that address, or another errno. */
int pci_device_read(const struct sysroot *root, const char *address,
		    struct pci_device *ret, struct error *err);
void pci_device_done(struct pci_device *device);
#define _cleanup_pci_device_ _cleanup_(pci_device_done)

/* Addresses of all devices. */
int pci_list(const struct sysroot *root, struct strv *ret) _must_check_;

/* Addresses of the devices in an IOMMU group. */
int pci_group_members(const struct sysroot *root, const char *group, struct strv *ret)
	_must_check_;

bool pci_is_bridge(const struct pci_device *device);
bool pci_is_display(const struct pci_device *device);

/* "vfio-pci", or a variant driver: its module serves an alias of vfio_pci. */
bool pci_driver_is_vfio(const struct sysroot *root, const char *driver);

/* If it stays on the host, no other member of its IOMMU group can be a guest's. */
bool pci_is_stranger(const struct sysroot *root, const struct pci_device *device);

/* Name of the driver bound to a device, "" for none; the caller frees. -ENODEV: no device. */
int pci_driver(const struct sysroot *root, const char *address, char **ret) _must_check_;

/* A device node that belongs to a device: /dev/<name>. */
struct device_node {
	dev_t number;
	char *name; /* as in uevent's DEVNAME, "snd/controlC0" */
	char *dir; /* its directory in sysfs, below the root */
};

struct device_nodes {
	struct device_node *items;
	size_t n;
};

/*
 * Every node of the device: those of the classes below it, of VFIO, and of the NVIDIA driver,
 * which does not show in sysfs. Release with device_nodes_done().
 */
int pci_device_nodes(const struct sysroot *root, const struct pci_device *device,
		     struct device_nodes *ret) _must_check_;

/* The nodes of a mediated device: those of VFIO. */
int mdev_device_nodes(const struct sysroot *root, const char *uuid,
		      struct device_nodes *ret) _must_check_;
void device_nodes_done(struct device_nodes *nodes);
#define _cleanup_device_nodes_ _cleanup_(device_nodes_done)

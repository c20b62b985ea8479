// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules about devices of the host that a domain gets. Those that <passthrough> claims were looked at with
 * the claim, and some rules leave them to it. Kernel: Documentation/driver-api/vfio.rst,
 * Documentation/ABI/testing/sysfs-bus-pci.
 */

#include <inttypes.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/check.h"
#include "hook/host-use.h"

/* Calls @look for each PCI device of the domain that is there. */
static void for_devices(struct checking *c,
			void (*look)(struct checking *c,
				     const struct domain_hostdev *hostdev,
				     const struct pci_device *device))
{
	const struct domain *d = &c->guest->domain;

	for (size_t i = 0; i < d->n_hostdevs; i++) {
		_cleanup_pci_device_ struct pci_device device = { 0 };
		_cleanup_error_ struct error err = ERROR_NULL;
		int r = pci_device_read(c->root, d->hostdevs[i].address, &device, &err);

		check_line(c, d->hostdevs[i].line);
		if (r == 0)
			look(c, &d->hostdevs[i], &device);
		else if (r != -ENODEV)
			check_unknown(c, "%s", err.cause);
	}
}

/* Its claim was planned. */
static bool is_claimed(const struct checking *c, const struct domain_hostdev *hostdev)
{
	return !hostdev->managed && c->guest->domain.request.passthrough.wanted;
}

static void look_missing(struct checking *c)
{
	const struct domain *d = &c->guest->domain;

	for (size_t i = 0; i < d->n_hostdevs; i++) {
		const struct domain_hostdev *hostdev = &d->hostdevs[i];

		if (is_claimed(c, hostdev) ||
		    sysroot_exists(c->root, PCI_DEVICES "/%s", hostdev->address))
			continue;
		check_line(c, hostdev->line);
		check_found(c, NULL, "there is no device %s on this host",
			    hostdev->address);
	}
}

static void bridge(struct checking *c, const struct domain_hostdev *hostdev,
		   const struct pci_device *device)
{
	if (!is_claimed(c, hostdev) && pci_is_bridge(device))
		check_found(c, NULL, "device %s is a bridge", device->address);
}

static void look_bridge(struct checking *c)
{
	for_devices(c, bridge);
}

/* Where no device has one, the IOMMU is off, which other rules say. */
static void no_group(struct checking *c, const struct domain_hostdev *hostdev,
		     const struct pci_device *device)
{
	_cleanup_strv_ struct strv groups = STRV_NULL;

	if (!is_claimed(c, hostdev) && !device->group && !pci_is_bridge(device) &&
	    sysroot_list(c->root, &groups, "sys/kernel/iommu_groups") == 0 && groups.n)
		check_found(c, NULL, "device %s is in no IOMMU group", device->address);
}

static void look_no_group(struct checking *c)
{
	for_devices(c, no_group);
}

static bool goes_along(const struct domain *d, const char *address)
{
	for (size_t i = 0; i < d->n_hostdevs; i++) {
		if (STREQ(d->hostdevs[i].address, address))
			return true;
	}
	for (size_t i = 0; i < d->request.passthrough.n_devices; i++) {
		if (STREQ(d->request.passthrough.devices[i].address, address))
			return true;
	}
	return false;
}

static void strangers(struct checking *c, const struct domain_hostdev *hostdev,
		      const struct pci_device *device)
{
	_cleanup_strv_ struct strv members = STRV_NULL;

	if (is_claimed(c, hostdev) || !device->group)
		return;
	if (pci_group_members(c->root, device->group, &members) < 0) {
		check_unknown(c, "IOMMU group %s cannot be read", device->group);
		return;
	}
	strv_for_each(address, &members) {
		_cleanup_pci_device_ struct pci_device member = { 0 };
		_cleanup_error_ struct error err = ERROR_NULL;

		if (goes_along(&c->guest->domain, address) ||
		    pci_device_read(c->root, address, &member, &err) < 0 ||
		    !pci_is_stranger(c->root, &member))
			continue;
		check_seen(c, "sys/kernel/iommu_groups/%s/devices/%s", device->group,
			   address);
		check_found(c, address,
			    "device %s shares its IOMMU group with %s, which the host uses "
			    "by driver '%s'",
			    device->address, address, member.driver);
	}
}

static void look_strangers(struct checking *c)
{
	for_devices(c, strangers);
}

static void unbound(struct checking *c, const struct domain_hostdev *hostdev,
		    const struct pci_device *device)
{
	if (hostdev->managed || is_claimed(c, hostdev) ||
	    pci_driver_is_vfio(c->root, device->driver) || check_is_running(c) ||
	    sysroot_exists(c->root, PCI_DEVICES "/%s/nvidia/current_vgpu_type",
			   device->address))
		return;
	check_found(c, NULL, "device %s is not managed, and has the driver '%s'",
		    device->address, device->driver);
}

static void look_unbound(struct checking *c)
{
	for_devices(c, unbound);
}

/* The firmware's "direct" regions; "direct-relaxable" ones do no harm. */
static void reserved(struct checking *c, const struct domain_hostdev *hostdev,
		     const struct pci_device *device)
{
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *text = NULL;

	if (is_claimed(c, hostdev) || !device->group)
		return;
	text = check_read(c, "sys/kernel/iommu_groups/%s/reserved_regions", device->group);
	if (!text)
		return;
	strv_split(&words, text, " \n");
	if (strv_contains(&words, "direct"))
		check_found(c, NULL, "the firmware reserves memory for device %s (RMRR)",
			    device->address);
}

static void look_reserved(struct checking *c)
{
	for_devices(c, reserved);
}

static void in_use(struct checking *c, const struct domain_hostdev *hostdev,
		   const struct pci_device *device)
{
	_cleanup_device_nodes_ struct device_nodes nodes = { 0 };
	_cleanup_strv_ struct strv going = STRV_NULL, reasons = STRV_NULL;
	_cleanup_free_ char *some = NULL;
	int r;

	if (is_claimed(c, hostdev) || !*device->driver ||
	    pci_driver_is_vfio(c->root, device->driver) || pci_is_bridge(device))
		return;
	for (size_t i = 0; i < c->guest->domain.n_hostdevs; i++)
		strv_push(&going, c->guest->domain.hostdevs[i].address);
	r = pci_device_nodes(c->root, device, &nodes);
	if (r == 0)
		r = use_find_host(c->root, device, &nodes, &going, &reasons);
	if (r == 0)
		r = use_find_processes(c->root, &nodes, device->address, &reasons);
	if (r < 0)
		check_unknown(c, "who uses device %s cannot be found out: %s",
			      device->address, strerror(-r));
	else if (!check_sees_processes(c) && reasons.n == 0)
		check_unknown(c, "what has device %s open is seen by root only",
			      device->address);
	if (reasons.n == 0)
		return;
	some = check_some(&reasons);
	check_found(c, NULL, "the host uses device %s: %s", device->address, some);
}

static void look_in_use(struct checking *c)
{
	for_devices(c, in_use);
}

static void boot_vga(struct checking *c, const struct domain_hostdev *hostdev _unused_,
		     const struct pci_device *device)
{
	if (device->boot_vga)
		check_found(c, NULL, "device %s is the screen that the host booted with",
			    device->address);
}

static void look_boot_vga(struct checking *c)
{
	for_devices(c, boot_vga);
}

static void far(struct checking *c, const struct domain_hostdev *hostdev _unused_,
		const struct pci_device *device)
{
	_cleanup_bitset_ struct bitset nodes = BITSET_NULL;
	_cleanup_free_ char *text = NULL, *list = NULL;
	unsigned node;

	text = check_read(c, PCI_DEVICES "/%s/numa_node", device->address);
	/* -1: the firmware does not tell. */
	if (!text || parse_unsigned(text, &node) < 0 || node >= BITSET_MAX ||
	    bitset_count(&c->host->nodes) < 2 || !c->guest->domain.n_vcpu_pins)
		return;
	if (host_nodes_of_cpus(c->host, &c->guest->domain.vcpu_cpus, &nodes) < 0) {
		check_unknown(c, "'/sys/devices/system/node' cannot be read");
		return;
	}
	if (bitset_is_empty(&nodes) || bitset_has(&nodes, node))
		return;
	list = bitset_format(&nodes);
	check_found(c, text, "device %s is on node %u, and vCPUs are on node %s",
		    device->address, node, list);
}

static void look_far(struct checking *c)
{
	for_devices(c, far);
}

/* The attribute is there where the kernel knows a way; before Linux 5.15 it was "reset". */
static void no_reset(struct checking *c, const struct domain_hostdev *hostdev _unused_,
		     const struct pci_device *device)
{
	_cleanup_free_ char *methods =
		check_read(c, PCI_DEVICES "/%s/reset_method", device->address);

	if ((methods && *methods) || pci_is_bridge(device) ||
	    (!methods &&
	     (sysroot_exists(c->root, PCI_DEVICES "/%s/reset", device->address) ||
	      sysroot_exists(c->root, PCI_DEVICES "/%s/reset_method", device->address))))
		return;
	check_seen(c, PCI_DEVICES "/%s/reset_method", device->address);
	check_found(c, device->address, "the kernel knows no way to reset device %s",
		    device->address);
}

static void look_no_reset(struct checking *c)
{
	for_devices(c, no_reset);
}

static void narrow(struct checking *c, const struct domain_hostdev *hostdev _unused_,
		   const struct pci_device *device)
{
	uint64_t width, max;

	if (check_number(c, &max, PCI_DEVICES "/%s/max_link_width", device->address) &&
	    max <= 32 &&
	    check_number(c, &width, PCI_DEVICES "/%s/current_link_width",
			 device->address) &&
	    width && width < max)
		check_found(c, NULL, "device %s has %" PRIu64 " of %" PRIu64 " lanes",
			    device->address, width, max);
}

static void look_narrow(struct checking *c)
{
	for_devices(c, narrow);
}

/* Those that <mdev> creates are there when libvirt looks. */
static bool is_created(const struct domain *d, const char *uuid)
{
	for (size_t i = 0; i < d->request.n_mdevs; i++) {
		const char *theirs = d->request.mdevs[i].uuid;

		if (!theirs || strcasecmp(theirs, uuid) == 0)
			return true;
	}
	return false;
}

static void look_mdev(struct checking *c)
{
	const struct domain *d = &c->guest->domain;

	strv_for_each(uuid, &d->mdevs) {
		if (strchr(uuid, '/') || is_created(d, uuid) ||
		    sysroot_exists(c->root, "sys/bus/mdev/devices/%s", uuid))
			continue;
		check_seen(c, "sys/bus/mdev/devices");
		check_found(c, uuid, "there is no mediated device %s", uuid);
	}
}

const struct check_rule check_hostdev_rules[] = {
	{ "device-missing", SEVERITY_ERROR, 0, 0, "libvirt refuses to start the domain",
	  "find its address: hosttune devices", look_missing },
	{ "device-bridge", SEVERITY_ERROR, 0, 0, "bridges cannot be passed through",
	  "pass the devices behind it through: hosttune devices", look_bridge },
	{ "device-without-group", SEVERITY_ERROR, 0, 0,
	  "the IOMMU does not see it, so that VFIO cannot have it",
	  "use another slot: hosttune devices", look_no_group },
	{ "group-shared", SEVERITY_ERROR, 0, 0,
	  "devices of a group can reach each other past the IOMMU: VFIO refuses a group that "
	  "is not the guest's as a whole",
	  "pass {} through as well, or move one of them to another slot", look_strangers },
	{ "device-unbound", SEVERITY_ERROR, 0, 0,
	  "libvirt refuses to start the domain: it must be on a VFIO driver before",
	  "add <passthrough/> to the metadata, or managed='yes' to the <hostdev>",
	  look_unbound },
	{ "device-reserved-memory", SEVERITY_ERROR, 0, 0,
	  "the kernel lets no guest have such a device",
	  "look for a setting of the firmware such as 'shared memory' of the device",
	  look_reserved },
	{ "device-in-use", SEVERITY_WARNING, 0, 0,
	  "libvirt takes it away all the same, or hangs while it tries",
	  "stop what uses it; with managed='no' and <passthrough/> hosttune refuses such a "
	  "start",
	  look_in_use },
	{ "device-boot-vga", SEVERITY_WARNING, 0, 0,
	  "the host has no screen while the domain runs, and perhaps none afterwards",
	  "make another one the primary display in the firmware setup, or be sure of ssh",
	  look_boot_vga },
	{ "device-far", SEVERITY_WARNING, 0, 0,
	  "its interrupts and its DMA go to another node",
	  "pin the domain to node {}, where the device is", look_far },
	{ "device-without-reset", SEVERITY_NOTICE, 0, 0,
	  "it may not work when the domain starts a second time",
	  "try it; for AMD's graphics there is the module vendor-reset; "
	  "see /sys/bus/pci/devices/{}/reset_method",
	  look_no_reset },
	{ "device-link-narrow", SEVERITY_NOTICE, 0, 0, "it is slower than it could be",
	  "another slot, or see whether the slot shares lanes", look_narrow },
	{ "mdev-missing", SEVERITY_ERROR, 0, 0, "libvirt refuses to start the domain",
	  "add <mdev parent='...' type='...' uuid='{}'/> to the metadata; see hosttune "
	  "devices",
	  look_mdev },
};
const size_t n_check_hostdev_rules = ARRAY_SIZE(check_hostdev_rules);

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * passthrough: PCI devices on a VFIO driver, for every hostdev that libvirt does not manage
 * itself and for those named in the request.
 *
 * Kernel: Documentation/ABI/testing/sysfs-bus-pci, Documentation/driver-api/vfio.rst. A device is
 * claimed by driver_override, which no other device is affected by (new_id takes every device of
 * the same kind), written before the old driver is unbound so that nothing else can grab it.
 * Unbinding waits in the kernel, uninterruptibly, for whoever holds the device: so nothing is
 * unbound that a process has open, and every access that takes the device's lock is made in a
 * child with a time limit.
 *
 * Two objects for each device: "0000:01:00.0/driver_override", then "0000:01:00.0" (its driver;
 * "" for none).
 *
 * Not handled: PCI reset methods, power states (vfio_pci manages them), services to stop first.
 */

#include <stdio.h>

#include "common/alloc.h"
#include "common/bounded.h"
#include "common/deadline.h"
#include "hook/host-use.h"
#include "hook/passthrough-claim.h"

#define NO_OVERRIDE "(null)" /* what the kernel shows for none */
#define ACCESS_TIMEOUT_MS 10000
#define READ_TIMEOUT_MS 2000

/* ---- read ---- */

struct override_read {
	const struct sysroot *root;
	const char *address;
};

static int read_override_in_child(void *arg, struct error *err)
{
	const struct override_read *read = arg;
	_cleanup_free_ char *value = NULL;
	int r = sysroot_read(read->root, &value,
			     PCI_DEVICES "/%s" PASSTHROUGH_OVERRIDE_SUFFIX,
			     read->address);

	return error_set(err, r, "%s", r < 0 ? strerror(-r) : value);
}

/* The kernel takes the device's lock even to show it. */
static int read_override(const struct sysroot *root, const char *address, char **ret,
			 struct error *err)
{
	struct override_read read = { root, address };
	int r = bounded_look(read_override_in_child, &read,
			     deadline_in_ms(READ_TIMEOUT_MS), err);

	if (r < 0) {
		error_prefix(err, "reading driver_override of device %s", address);
		return r;
	}
	*ret = err->cause ? TAKE_PTR(err->cause) : xstrdup("");
	return 0;
}

/* "0000:01:00.0/driver_override": the address, and that it is about the override. */
static bool split_object(const char *object, char address[PCI_ADDRESS_MAX])
{
	size_t n = strcspn(object, "/");

	(void)snprintf(address, PCI_ADDRESS_MAX, "%.*s", (int)n, object);
	return object[n] != '\0';
}

static int passthrough_read(const struct sysroot *root, const char *object, char **ret,
			    struct error *err)
{
	char address[PCI_ADDRESS_MAX];
	bool override = split_object(object, address);
	int r;

	if (!sysroot_exists(root, PCI_DEVICES "/%s", address))
		return -ENOENT;
	if (override)
		return read_override(root, address, ret, err);
	r = pci_driver(root, address, ret);
	return r < 0 ? error_set(err, r, "failed to read the driver of device %s: %s",
				 address, strerror(-r)) :
		       0;
}

/* ---- write ---- */

struct rebind {
	const struct sysroot *root;
	const char *address;
	const char *from; /* "" for none */
	const char *to; /* "" for none */
};

static int write_override_in_child(void *arg, struct error *err)
{
	const struct rebind *rebind = arg;
	bool clear = STREQ(rebind->to, NO_OVERRIDE) || !*rebind->to;
	int r = sysroot_write(rebind->root, clear ? "\n" : rebind->to,
			      PCI_DEVICES "/%s" PASSTHROUGH_OVERRIDE_SUFFIX,
			      rebind->address);

	return r < 0 ? error_set(err, r, "%s", strerror(-r)) : 0;
}

static int rebind_in_child(void *arg, struct error *err)
{
	const struct rebind *b = arg;
	int r = 0;

	if (*b->from) {
		r = sysroot_write(b->root, b->address, PCI_DRIVERS "/%s/unbind", b->from);
		/* -ENODEV: somebody was faster. */
		if (r < 0 && r != -ENODEV)
			return error_set(err, r, "failed to unbind it from '%s': %s",
					 b->from, strerror(-r));
	}
	if (!*b->to)
		return 0;
	if (!sysroot_exists(b->root, PCI_DRIVERS "/%s", b->to))
		return error_set(err, -ENOENT, "driver '%s' is not loaded", b->to);
	r = sysroot_write(b->root, b->address, PCI_DRIVERS "/%s/bind", b->to);
	if (r < 0)
		(void)error_set(err, r, "failed to bind it to '%s': %s", b->to,
				strerror(-r));
	return r;
}

/* Nothing is unbound that somebody has open: the kernel would wait for them to close it. */
static int check_closed(const struct sysroot *root, const char *address,
			const char *driver, uint64_t deadline, struct error *err)
{
	_cleanup_device_nodes_ struct device_nodes nodes = { 0 };
	_cleanup_pci_device_ struct pci_device device = { 0 };
	/* A QEMU that is going away may take a moment; a process of the host will not. */
	uint64_t until = pci_driver_is_vfio(root, driver) ?
				 deadline_within_ms(deadline, ACCESS_TIMEOUT_MS) :
				 0;
	int r;

	r = pci_device_read(root, address, &device, err);
	if (r == 0) {
		r = pci_device_nodes(root, &device, &nodes);
		if (r < 0)
			(void)error_set(err, r, "failed to read its device nodes: %s",
					strerror(-r));
	}
	if (r == 0)
		r = use_wait_closed(root, &nodes, address, until, err);
	return r;
}

static int passthrough_write(const struct sysroot *root, const char *object,
			     const char *from, const char *to, uint64_t deadline,
			     struct error *err)
{
	char address[PCI_ADDRESS_MAX];
	bool override = split_object(object, address);
	struct rebind rebind = { root, address, from, to };
	int r = 0;

	if (!override && *from)
		r = check_closed(root, address, from, deadline, err);
	if (r == 0)
		r = bounded_call(override ? write_override_in_child : rebind_in_child,
				 &rebind, deadline, err);
	if (r < 0)
		error_prefix(err, "device %s%s", address,
			     override ? PASSTHROUGH_OVERRIDE_SUFFIX : "");
	return r;
}

/* Unbound from the one driver and not yet bound to the other. */
static bool passthrough_is_halfway(const char *current)
{
	return !*current;
}

const struct resource resource_passthrough = {
	.name = "passthrough",
	.slow = true,
	.claim = passthrough_claim,
	.read = passthrough_read,
	.write = passthrough_write,
	.is_halfway = passthrough_is_halfway,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who uses a device on the host: processes that hold its nodes open, and the host itself, by a
 * mounted disk, a default route or its console.
 */
#pragma once

#include "hook/host-pci.h"

/*
 * Appends "comm (pid N)" for every process that has one of the nodes open, or a resource file
 * of the PCI device at @address (may be NULL). Never blocks on what a process has open.
 */
int use_find_processes(const struct sysroot *root, const struct device_nodes *nodes,
		       const char *address, struct strv *ret) _must_check_;

/*
 * Appends one reason for each way in which the host itself needs the device: "'/dev/sda1' is
 * mounted on '/'", "'eth0' carries the default route", "it is the only console GPU" of
 * those that do not go to the guest as well (@going, addresses).
 */
int use_find_host(const struct sysroot *root, const struct pci_device *device,
		  const struct device_nodes *nodes, const struct strv *going,
		  struct strv *ret) _must_check_;

/*
 * Appends a reason when the kernel has a block device of the nodes to itself: mounted in any
 * namespace, or part of a volume of whatever kind. Opens them for a moment, which wakes disks. 0,
 * or a negative errno.
 */
int use_find_kernel(const struct sysroot *root, const struct device_nodes *nodes,
		    struct strv *ret) _must_check_;

/*
 * Waits until no process has one of the nodes open: 0, or -EBUSY at @deadline with the
 * processes named in @err. A QEMU that was told to die may take a moment to do so.
 */
int use_wait_closed(const struct sysroot *root, const struct device_nodes *nodes,
		    const char *address, uint64_t deadline, struct error *err);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interrupts of the host and the CPUs that they may go to (Documentation/core-api/irq/irq-affinity.rst).
 */
#pragma once

#include <sys/types.h>

#include "hook/affinity-map.h"
#include "hook/host.h"

#define IRQ_DEFAULT "default_smp_affinity"

/* The CPUs of every interrupt, as the lists of smp_affinity_list: 0, or a negative errno. */
int irq_read_all(const struct sysroot *root, struct affinity_map *ret) _must_check_;

/*
 * Lets an interrupt go to these CPUs only. 1: done; 0: the kernel manages its CPUs (-EIO before Linux
 * 6.12, -EPERM since), it belongs to one CPU, or it is gone; else a negative errno, for example
 * -ENOSPC when all vectors of these CPUs are in use.
 */
int irq_write(const struct sysroot *root, unsigned irq, const char *cpus) _must_check_;

/* Since Linux 6.12 the file's mode says that it cannot be moved; older ones tell when it is tried. */
bool irq_is_fixed(const struct sysroot *root, unsigned irq);

/* The CPUs of the interrupt's node; empty where there is no such thing. */
void irq_node_cpus(const struct sysroot *root, unsigned irq, struct bitset *ret);

/* Who handles it, such as "nvme0q1"; the caller frees. */
char *irq_name(const struct sysroot *root, unsigned irq);

/*
 * Appends the interrupts of a PCI device that a VFIO driver has: its MSI vectors, and its line
 * where no other device shares it. None of a device that a driver of the host has.
 */
void irq_of_vfio_device(const struct sysroot *root, const char *address, unsigned **irqs,
			size_t *n);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Captured hosts for the tests of kargs, in the form of fixture_add(), and what reads them
 *
 * 	struct fixture *f = *state;
 * 	_cleanup_machine_ struct machine machine = { 0 };
 *
 * 	fixture_add(f, HOST_INTEL "proc/cmdline = quiet\n");
 * 	kargs_machine(f, &machine);
 */

#include "grubcfg/machine.h"
#include "tree-fixture.h"

#define HOST_KERNEL \
	"proc/sys/kernel/arch = x86_64\nproc/sys/kernel/osrelease = 6.12.9-amd64\n"
#define HOST_CONFIG "boot/config-6.12.9-amd64 = "

/* 4 cores of 2 threads, 2 nodes of 8 GiB, graphics of Coffee Lake, two equal cards. */
#define HOST_INTEL                                                                      \
	HOST_KERNEL                                                                     \
	"proc/cpuinfo = processor\\t: 0\\nvendor_id\\t: GenuineIntel\\n"                \
	"flags\\t\\t: fpu vmx pdpe1gb\\n\\nprocessor\\t: 1\n"                           \
	"proc/meminfo = MemTotal:       16777216 kB\\nHugepagesize:       2048 kB\n"    \
	"proc/cmdline = BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet\n"                  \
	"sys/devices/system/cpu/possible = 0-7\n"                                       \
	"sys/devices/system/cpu/cpu{0..3}/topology/thread_siblings_list = {},{+4}\n"    \
	"sys/devices/system/cpu/cpu{4..7}/topology/thread_siblings_list = {-4},{}\n"    \
	"sys/devices/system/node/online = 0-1\n"                                        \
	"sys/devices/system/node/node{0..1}/meminfo = Node {} MemTotal:  8388608 kB\n"  \
	"sys/bus/pci/devices/0000:00:02.0/vendor = 0x8086\n"                            \
	"sys/bus/pci/devices/0000:00:02.0/device = 0x3e92\n"                            \
	"sys/bus/pci/devices/0000:00:02.0/class = 0x030000\n"                           \
	"sys/bus/pci/devices/0000:00:02.0/boot_vga = 1\n"                               \
	"sys/bus/pci/devices/0000:00:02.0/driver -> ../../../../bus/pci/drivers/i915\n" \
	"sys/bus/pci/devices/0000:0{1..2}:00.0/vendor = 0x10de\n"                       \
	"sys/bus/pci/devices/0000:0{1..2}:00.0/device = 0x2204\n"                       \
	"sys/bus/pci/devices/0000:0{1..2}:00.0/class = 0x030000\n"

#define HOST_AMD                                                         \
	HOST_KERNEL                                                      \
	"proc/cpuinfo = processor\\t: 0\\nvendor_id\\t: AuthenticAMD\\n" \
	"flags\\t\\t: fpu svm pdpe1gb\n"                                 \
	"proc/meminfo = MemTotal:       16777216 kB\n"                   \
	"proc/cmdline = root=/dev/sda1 ro\n"                             \
	"sys/devices/system/cpu/possible = 0-7\n"                        \
	"sys/kernel/iommu_groups/{0..2}/type = DMA-FQ\n"

#define HOST_ARM                                                                     \
	"proc/sys/kernel/arch = aarch64\nproc/sys/kernel/osrelease = 6.12.9-arm64\n" \
	"proc/cpuinfo = processor\\t: 0\n"                                           \
	"proc/meminfo = MemTotal:       16777216 kB\n"                               \
	"proc/cmdline = root=/dev/sda1 ro\n"

static inline struct tree kargs_tree(const struct fixture *f)
{
	return (struct tree){ .root = &f->root, .root_path = f->dir };
}

static inline void kargs_machine(const struct fixture *f, struct machine *ret)
{
	_cleanup_tree_ struct tree tree = kargs_tree(f);
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(machine_read(&tree, ret, &err), &err);
}

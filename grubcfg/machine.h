/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What arguments mean on this machine: its processor, kernel, graphics, memory and pages; read below the
 * root from /proc, /sys and /boot/config-*. Absent facts are absent, never guessed: what cannot be
 * known below --root is NULL, 0, empty or CPU_UNKNOWN.
 */
#pragma once

#include "common/bitset.h"
#include "grubcfg/cmdline.h"
#include "grubcfg/tree.h"

enum cpu_vendor {
	CPU_UNKNOWN, /* nothing below the root says so */
	CPU_OTHER,
	CPU_INTEL, /* and those with Intel's IOMMU: Zhaoxin */
	CPU_AMD, /* and those with AMD's: Hygon */
};

struct machine_device {
	char *address; /* "0000:01:00.0" */
	unsigned vendor, device;
	char *driver; /* NULL: none */
	bool is_console; /* the firmware's graphics card (boot_vga) */
};

struct machine_node {
	unsigned id;
	uint64_t memory_kib;
};

struct machine {
	char *arch; /* "x86_64", "aarch64": of the kernel, or NULL */
	enum cpu_vendor vendor;
	bool has_1g_pages; /* pdpe1gb */
	bool has_sev_snp; /* the processor has it and the kernel uses it */
	char *kernel; /* release of the running kernel, or of the newest installed below --root */
	unsigned kernel_major, kernel_minor; /* 0.0: not known */
	char *config; /* text of /boot/config-<kernel>, or NULL */
	bool has_iommu_groups; /* sys/kernel/iommu_groups has any */
	unsigned intel_gpu_id; /* device id of the integrated graphics; 0: none */
	struct bitset cpus_possible;
	struct bitset *cores; /* CPUs that share a core, for cores with more than one */
	size_t n_cores;
	uint64_t memory_kib;
	struct machine_node *nodes;
	size_t n_nodes;
	struct machine_device *devices;
	size_t n_devices;

	/* /proc and /sys tell of what runs: the root is "/", or a captured host. */
	bool is_running_host;
	/*
	 * Of /proc/cmdline, without what boot loaders add; empty below --root. What was built into the
	 * kernel, or comes from its boot configuration, is .locked.
	 */
	struct cmdline running;
	struct cmdline next; /* of the next boot; filled in by who knows it, else empty */
};

int machine_read(const struct tree *tree, struct machine *ret, struct error *err);

/*
 * CONFIG_@name has that value ("y", "m", "n": not set, "\"text\"" with its quotes); false for a
 * machine without a known configuration.
 */
bool machine_config_is(const struct machine *machine, const char *name, const char *value);

/* The kernel is known, and older than that. */
bool machine_kernel_before(const struct machine *machine, unsigned major, unsigned minor);

/* It is known to be of another architecture than 32 or 64 bit x86. */
bool machine_is_not_x86(const struct machine *machine);

void machine_done(struct machine *machine);
#define _cleanup_machine_ _cleanup_(machine_done)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A domain as 'hosttune check' sees it: struct domain, whether it is tagged or not, and what else of
 * its XML decides how fast and how safe it runs. Knows nothing of the host.
 */
#pragma once

#include "common/sysroot.h"
#include "hook/domain.h"

struct guest_disk {
	const char *device; /* "disk", "cdrom", ... */
	const char *bus; /* "virtio"; "" when it is left to libvirt */
	const char *target; /* "vda" */
	const char *path; /* of the file or block device; NULL: another kind, or none */
	bool block;
	bool optional; /* may be missing when the domain starts */
	bool raw;
	const char *cache, *io, *discard, *detect_zeroes; /* "" when not given */
	unsigned iothread; /* 0: none */
	unsigned queues; /* 0: not given */
	unsigned line;
};

struct guest_nic {
	const char *type; /* "bridge", "hostdev", ... */
	const char *model; /* "" when it is left to libvirt */
	const char *driver; /* "vhost", "qemu"; "" */
	unsigned queues;
	unsigned line;
};

/* A guest NUMA node and its vCPUs. */
struct guest_cell {
	unsigned id;
	struct bitset vcpus;
};

struct guest {
	xmlDoc *doc; /* has the strings */
	struct domain domain; /* .request is empty where the metadata is wrong */
	struct error metadata; /* what is wrong with it */

	const char *type; /* "kvm" */
	const char *cpu_mode; /* "" when not given */
	char *cpu_model; /* of mode "custom"; NULL */
	const char *machine;
	bool x86;
	bool windows; /* by the id of libosinfo */
	unsigned vcpus;
	bool has_topology;
	unsigned threads; /* of a core; 1 without a topology */
	bool topoext;
	bool hyperv; /* has any enlightenment */
	bool hypervclock;
	bool hpet; /* asked for */
	struct guest_cell *cells;
	size_t n_cells;

	bool realtime; /* vCPUs with a real-time scheduler */
	struct bitset iothreads; /* ids */
	struct bitset controller_iothreads; /* that controllers name */
	unsigned controller_line; /* of one of these */

	bool balloon;
	bool nosharepages, locked;
	bool shared_memory; /* <access mode='shared'>, for the whole or each guest node */
	bool memfd;
	bool virtiofs;
	unsigned virtiofs_line;

	struct guest_disk *disks;
	size_t n_disks;
	struct guest_nic *nics;
	size_t n_nics;
};

/*
 * Reads domain XML. Wrong metadata is no failure of that: see .metadata. *@ret must be released with
 * guest_done() whatever the result: 0, or a negative errno with @err set.
 */
int guest_read(const char *xml, size_t size, struct guest *ret, struct error *err);
void guest_done(struct guest *guest);
#define _cleanup_guest_ _cleanup_(guest_done)

/* All domains that libvirt has on its disk. */
struct guests {
	struct guest *items;
	size_t n;
	int r; /* why they are not known, or 0 */
	struct strv problems; /* "gaming.xml: line 4: ..." */
};

/* Reads /etc/libvirt/qemu/NAME.xml of @root; what cannot be read is in .r and .problems. */
void guests_read(const struct sysroot *root, struct guests *ret);
void guests_done(struct guests *guests);
#define _cleanup_guests_ _cleanup_(guests_done)

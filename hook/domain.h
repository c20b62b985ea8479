/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A domain, as far as the host is concerned: what the resources need to know from its XML
 * (https://libvirt.org/formatdomain.html). Knows nothing of the host.
 */
#pragma once

#include "hook/request.h"

/* A guest NUMA node; a domain without guest NUMA has one, with id 0. */
struct domain_cell {
	unsigned id;
	uint64_t memory_kib;
};

/* <memoryBacking><hugepages><page>. */
struct domain_page {
	uint64_t size_kib; /* 0: the host's default hugepage size */
	struct bitset cells; /* guest nodes; empty: all others */
};

/* <numatune>: how memory of a guest node is placed on host nodes. */
struct domain_memnode {
	unsigned cell;
	struct bitset nodes;
};

/* <memory model='dimm'> and its like, as far as they are backed by host memory. */
struct domain_dimm {
	uint64_t size_kib;
	uint64_t page_kib; /* 0: as its guest node */
	unsigned cell;
	struct bitset nodes; /* <source><nodemask>; empty: as its guest node */
	unsigned line;
};

/* A PCI device of the host that the domain uses: hostdev, interface or NVMe disk. */
struct domain_hostdev {
	char address[20]; /* form of sysfs */
	bool managed; /* libvirt detaches and reattaches it */
	unsigned line;
};

/* A vCPU or I/O thread that is pinned. */
struct domain_pin {
	unsigned id;
	struct bitset cpus;
};

struct domain {
	char *name;
	char *uuid;
	bool tagged;
	struct request request;

	uint64_t memory_kib; /* all of it, DIMMs included */
	struct domain_cell *cells;
	size_t n_cells;
	bool hugepages; /* memory is backed by hugepages */
	struct domain_page *pages;
	size_t n_pages;
	struct domain_memnode *memnodes;
	size_t n_memnodes;
	struct bitset memory_nodes; /* <numatune><memory nodeset>; empty: none given */
	bool memory_auto; /* placement left to numad: not known before the start */
	struct domain_dimm *dimms;
	size_t n_dimms;

	struct bitset vcpu_cpus; /* every CPU in vcpupin, else of <vcpu cpuset> */
	struct domain_pin *
		vcpu_pins; /* vcpupin; else each of <vcpu> to its cpuset, if it has one */
	size_t n_vcpu_pins;
	struct domain_pin *iothread_pins;
	size_t n_iothread_pins;
	struct bitset emulator_cpus; /* <emulatorpin>; empty: as libvirt places it */
	char *resource_partition; /* <resource><partition>; NULL: "/machine" */
	struct domain_hostdev *hostdevs;
	size_t n_hostdevs;
	struct strv mdevs; /* UUIDs of mdev hostdevs */
};

/*
 * Reads domain XML; *@ret is zeroed first and must be released with domain_done() whatever the
 * result. A domain that is not tagged (ret->tagged) is not looked at any further than that.
 * Returns 0, or -EINVAL/-EFBIG/-ELIBACC with @err set.
 */
int domain_read(const char *xml, size_t size, struct domain *ret, struct error *err);
void domain_done(struct domain *domain);

/* The steps of it. The root, or what /run/libvirt/qemu/NAME.xml has inside <domstatus>: */
int domain_find(const xmlDoc *doc, const xmlNode **ret, struct error *err);
/* name and UUID; everything but the request, of a domain that need not be tagged. */
int domain_read_identity(const xmlNode *domain, struct domain *ret, struct error *err);
int domain_read_parts(const xmlNode *domain, struct domain *ret, struct error *err);
#define _cleanup_domain_ _cleanup_(domain_done)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a domain asks of its host: the <host xmlns="urn:hosttune:1"> element of its metadata,
 * strictly validated. A slip of the pen must not start a domain untuned: every unknown element,
 * attribute or value is an error that names it, its line and the nearest name that is known.
 */
#pragma once

#include <stdbool.h>

#include "common/bitset.h"
#include "common/strv.h"
#include "hook/xml.h"

/* What every version of our namespace begins with; and the version that this is. */
#define REQUEST_MARKER "urn:hosttune"
#define REQUEST_NAMESPACE "urn:hosttune:1"

/* How far to go for free memory when a node is short; each includes those before it. */
enum reclaim {
	RECLAIM_NONE,
	RECLAIM_COMPACT,
	RECLAIM_DROP,
	RECLAIM_EVACUATE,
};

struct request_hugepages {
	bool wanted;
	bool shortage_warns; /* start short of pages instead of refusing */
	enum reclaim reclaim;
};

struct request_governor {
	char *name;
	char *epp; /* NULL: not asked for */
	struct bitset cpuset; /* empty: every CPU in vcpupin */
	unsigned line;
};

struct request_device {
	char *address; /* form of sysfs */
	char *id; /* "10de:10f9", or NULL */
	char *driver; /* NULL: the best vfio driver for it */
	bool force;
	unsigned line;
};

struct request_passthrough {
	bool wanted;
	bool force;
	struct request_device *devices; /* in addition to the domain's own hostdevs */
	size_t n_devices;
};

struct request_mdev {
	char *uuid; /* NULL: the domain's only mdev hostdev */
	char *parent;
	char *type;
	unsigned line;
};

/* Where interrupts go: off the isolated CPUs, nowhere, or those of the domain's devices onto them. */
enum isolation_irqs { ISOLATION_IRQS_YES, ISOLATION_IRQS_NO, ISOLATION_IRQS_VCPU };

/* In the order of <isolation partition>. */
enum isolation_partition {
	ISOLATION_PARTITION_AUTO,
	ISOLATION_PARTITION_YES,
	ISOLATION_PARTITION_NO,
};

struct request_isolation {
	bool wanted;
	struct bitset cpuset; /* empty: every CPU in vcpupin */
	enum isolation_irqs irqs;
	enum isolation_partition partition;
	unsigned line;
};

/* One knob of the whole host that <quiet> turns: its attribute and the word asked for. */
struct request_knob {
	char *name; /* "thp" */
	char *value; /* "never" */
};

struct request_quiet {
	bool wanted;
	struct request_knob *knobs;
	size_t n_knobs;
	unsigned line;
};

struct request {
	struct request_hugepages hugepages;
	struct request_governor *governors;
	size_t n_governors;
	struct request_passthrough passthrough;
	struct request_mdev *mdevs;
	size_t n_mdevs;
	struct request_isolation isolation;
	struct request_quiet quiet;
	struct strv unsupported; /* valid, but not built into this version: "sriov", ... */
};

/*
 * Finds and validates the request below <domain>. Returns 1 when there is one, 0 when the
 * domain is not tagged, or -EINVAL with @err set. *@ret is always valid; release with
 * request_done().
 */
int request_read(const xmlNode *domain, struct request *ret, struct error *err);
void request_done(struct request *request);

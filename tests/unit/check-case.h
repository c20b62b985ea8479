/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Cases of the rules of 'hosttune check'
 *
 * There is one host and one domain that no rule finds fault with. A case says what is different, by lines
 * of tree.h laid over the host and by text that is replaced in the domain's XML, and which rule finds
 * that; or, .silent, which one does not although it could be mistaken.
 */

#include "tree-fixture.h"

struct check_case {
	const char *id;
	const char *host; /* lines; NULL: nothing is different */
	const char *from, *to; /* in the domain's XML; NULL: nothing is different */
	const char *from2, *to2;
	const char *what; /* part of the finding; NULL: whatever it is */
	const char *severity; /* NULL: that of the rule */
	void (*prepare)(const struct fixture *f); /* what lines cannot say */
	bool alone; /* no domain is checked */
	bool is_host; /* the tree is taken for the running host */
	bool silent; /* no finding of that rule */
};

extern const struct check_case check_host_cases[], check_domain_cases[];
extern const size_t n_check_host_cases, n_check_domain_cases;

#define CHECK_DISK                                                                 \
	"<disk type='block' device='disk'>"                                        \
	"<driver name='qemu' type='raw' cache='none' io='native' discard='unmap' " \
	"iothread='1'/>"                                                           \
	"<source dev='/dev/vg/d'/><target dev='vda' bus='virtio'/></disk>"
#define CHECK_NIC \
	"<interface type='bridge'><source bridge='br0'/><model type='virtio'/></interface>"
#define CHECK_HOSTDEV                                                        \
	"<hostdev mode='subsystem' type='pci' managed='no'><source>"         \
	"<address domain='0' bus='0x02' slot='0x00' function='0'/></source>" \
	"</hostdev>"

/* The domain without fault. */
extern const char check_domain[];
/* The host without fault, and its hook. */
extern const char check_host[];
void check_install(const struct fixture *f, const char *path, const char *version,
		   unsigned mode);

/* What is not of the tree, for .prepare: kargs, SELinux's label of files, libraries. */
void check_kargs_say(const struct fixture *f);
void check_label_is_wrong(const struct fixture *f);
void check_library_is_missing(const struct fixture *f);

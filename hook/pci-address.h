/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI addresses: domain:bus:slot.function, "0000:01:00.0" as sysfs names them. */
#pragma once

#include "common/macro.h"

struct pci_address {
	unsigned pci_domain, bus, slot, function;
};

/* Room for the longest text form, with its final NUL ("10000:e1:00.0": VMD's domains). */
#define PCI_ADDRESS_MAX 20

/* Parses "0000:01:00.0" or, in domain 0, "01:00.0": 0 or -EINVAL. */
int pci_address_parse(const char *text, struct pci_address *ret) _must_check_;

/* The form of sysfs, into @text, which has room for PCI_ADDRESS_MAX; returns @text. */
const char *pci_address_format(const struct pci_address *address, char *text);

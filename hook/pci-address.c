// SPDX-License-Identifier: LGPL-2.1-or-later
/* PCI addresses; see pci-address.h. */

#include <stdio.h>

#include "common/parse.h"
#include "hook/pci-address.h"

/* A hexadecimal number that ends at @end; returns what follows, or NULL. */
static const char *parse_part(const char *s, char end, unsigned max, unsigned *ret)
{
	char digits[9] = "";
	uint64_t v;
	size_t n = strcspn(s, ":.");

	if (n == 0 || n >= sizeof(digits) || s[n] != end)
		return NULL;
	memcpy(digits, s, n);
	if (parse_hex(digits, &v) < 0 || v > max || digits[1] == 'x')
		return NULL;
	*ret = (unsigned)v;
	return end ? s + n + 1 : s + n;
}

int pci_address_parse(const char *text, struct pci_address *ret)
{
	struct pci_address a = { 0 };
	const char *s = text, *colon = strchr(text, ':');

	if (colon && strchr(colon + 1, ':'))
		s = parse_part(s, ':', 0xffffffff, &a.pci_domain);
	if (s)
		s = parse_part(s, ':', 0xff, &a.bus);
	if (s)
		s = parse_part(s, '.', 0x1f, &a.slot);
	if (s)
		s = parse_part(s, '\0', 7, &a.function);
	if (!s)
		return -EINVAL;
	*ret = a;
	return 0;
}

const char *pci_address_format(const struct pci_address *address, char *text)
{
	(void)snprintf(text, PCI_ADDRESS_MAX, "%04x:%02x:%02x.%x", address->pci_domain,
		       address->bus, address->slot, address->function);
	return text;
}

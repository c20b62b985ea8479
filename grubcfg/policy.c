// SPDX-License-Identifier: LGPL-2.1-or-later
/* The rules of each parameter; see policy.h and Documentation/admin-guide/kernel-parameters.txt. */

#include <fnmatch.h>

#include "common/alloc.h"
#include "grubcfg/policy.h"

#define PROTECTED .is_protected = true

/* The first that matches counts. */
static const struct key_rules table[] = {
	/* what the machine boots from */
	{ "root", KEY_SINGLE, PROTECTED },
	{ "rootflags", KEY_SINGLE, PROTECTED },
	{ "rootfstype", KEY_SINGLE, PROTECTED },
	{ "ro", KEY_SINGLE, PROTECTED },
	{ "rw", KEY_SINGLE, PROTECTED },
	{ "resume", KEY_SINGLE, PROTECTED },
	{ "rd.luks*", KEY_MULTI, PROTECTED },
	{ "rd.lvm*", KEY_MULTI, PROTECTED },
	{ "rd.md*", KEY_MULTI, PROTECTED },
	{ "luks.*", KEY_MULTI, PROTECTED },
	{ "cryptdevice", KEY_MULTI, PROTECTED },
	{ "zfs", KEY_SINGLE, PROTECTED },
	{ "ostree", KEY_SINGLE, PROTECTED },
	{ "BOOT_IMAGE", KEY_SINGLE, PROTECTED },
	{ "initrd", KEY_MULTI, PROTECTED },
	{ "systemd.machine_id", KEY_SINGLE, PROTECTED },

	/* each occurrence counts, in order */
	{ "console", KEY_MULTI, .part = PART_TO_COMMA },
	{ "earlycon", KEY_MULTI, .part = PART_TO_COMMA },
	{ "ip", KEY_MULTI },
	{ "rd.*", KEY_MULTI },
	{ "netconsole", KEY_MULTI },
	{ "memmap", KEY_MULTI },
	{ "crashkernel", KEY_MULTI, .part = PART_SUFFIX },
	{ "dyndbg", KEY_MULTI },
	{ "*.dyndbg", KEY_MULTI },
	{ "video", KEY_MULTI, .part = PART_TO_COLON },
	{ "acpi_osi", KEY_MULTI },
	{ "systemd.setenv", KEY_MULTI, .part = PART_TO_EQUALS },
	{ "systemd.mask", KEY_MULTI },
	{ "systemd.wants", KEY_MULTI },

	/* values of all occurrences add up */
	{ "intel_iommu", KEY_FLAGS, .kind = LIST_OPPOSITES },
	{ "amd_iommu", KEY_FLAGS, .kind = LIST_OPPOSITES },
	{ "iommu", KEY_FLAGS, .kind = LIST_OPPOSITES },
	{ "pci", KEY_FLAGS, .kind = LIST_OPPOSITES },
	{ "modprobe.blacklist", KEY_FLAGS },
	{ "initcall_blacklist", KEY_FLAGS },

	/* one list; of a second occurrence one or the other is lost */
	{ "vfio_pci.ids", KEY_LIST },
	{ "module_blacklist", KEY_LIST },
	{ "isolcpus", KEY_LIST, .kind = LIST_CPUS },
	{ "nohz_full", KEY_LIST, .kind = LIST_CPUS },
	{ "rcu_nocbs", KEY_LIST, .kind = LIST_CPUS },
	{ "irqaffinity", KEY_LIST, .kind = LIST_CPUS },
	{ "thp_anon", KEY_LIST, .separator = ';' },

	{ "default_hugepagesz", KEY_BLOCK },
	{ "hugepagesz", KEY_BLOCK },
	{ "hugepages", KEY_BLOCK },

	{ "*", KEY_SINGLE },
};

const struct key_rules *key_rules(const char *name)
{
	_cleanup_free_ char *plain = xstrdup(name);
	const struct key_rules *rules = table;

	for (char *p = plain; *p; p++) {
		if (*p == '-')
			*p = '_';
	}
	while (fnmatch(rules->pattern, plain, 0) != 0 &&
	       rules < &table[ARRAY_SIZE(table) - 1])
		rules++;
	return rules;
}

enum key_policy key_policy(const char *name)
{
	return key_rules(name)->policy;
}

bool key_is_protected(const char *name)
{
	return key_rules(name)->is_protected;
}

/* ",high", ",low" or nothing: other text after the comma is a memory range. */
static const char *crashkernel_suffix(const char *value)
{
	const char *comma = strrchr(value, ',');

	return comma && (STREQ(comma, ",high") || STREQ(comma, ",low")) ? comma : "";
}

static bool same_up_to(const char *a, const char *b, const char *stop)
{
	size_t n = strcspn(a, stop);

	return n == strcspn(b, stop) && strncmp(a, b, n) == 0;
}

bool key_same_part(const struct key_rules *rules, const char *value, const char *other)
{
	if (!value || !other)
		return value == other;
	switch (rules->part) {
	case PART_TO_COMMA:
		return same_up_to(value, other, ",");
	case PART_TO_COLON:
		return same_up_to(value, other, ":");
	case PART_TO_EQUALS:
		return same_up_to(value, other, "=");
	case PART_SUFFIX:
		return STREQ(crashkernel_suffix(value), crashkernel_suffix(other));
	case PART_ALL:
		break;
	}
	return STREQ(value, other);
}

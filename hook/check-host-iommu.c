// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules about the IOMMU: is it on, does it remap interrupts, are its groups what they seem. Kernel:
 * Documentation/ABI/testing/sysfs-kernel-iommu_groups, Documentation/driver-api/vfio.rst.
 */

#include "common/alloc.h"
#include "hook/check.h"

#define GROUPS "sys/kernel/iommu_groups"
#define TABLES "sys/firmware/acpi/tables"

static bool has_groups(struct checking *c)
{
	_cleanup_strv_ struct strv groups = STRV_NULL;

	return check_list(c, &groups, GROUPS) && groups.n > 0;
}

/* The firmware tells of an IOMMU by a table: Intel's DMAR, AMD's IVRS. */
static bool firmware_lacks_iommu(struct checking *c)
{
	_cleanup_free_ char *cpuinfo = check_read_file(c, "proc/cpuinfo");
	_cleanup_strv_ struct strv tables = STRV_NULL;

	return cpuinfo && check_is_x86(cpuinfo) && check_list(c, &tables, TABLES) &&
	       !strv_contains(&tables, "DMAR") && !strv_contains(&tables, "IVRS");
}

static const char *switch_of(const char *cpuinfo)
{
	if (check_cpu_has(cpuinfo, "hypervisor"))
		return "a virtual IOMMU of this virtual machine, on the host below";
	if (strstr(cpuinfo, "GenuineIntel"))
		return "VT-d (Intel VT for Directed I/O) in the firmware setup";
	return "AMD-Vi (IOMMU) in the firmware setup";
}

static void look_firmware(struct checking *c)
{
	_cleanup_free_ char *cpuinfo = NULL;

	if (has_groups(c) || !firmware_lacks_iommu(c))
		return;
	cpuinfo = check_read_file(c, "proc/cpuinfo");
	check_seen(c, TABLES ": neither DMAR nor IVRS");
	check_found(c, cpuinfo ? switch_of(cpuinfo) : NULL,
		    "the firmware does not tell the kernel of an IOMMU");
}

static void look_off(struct checking *c)
{
	_cleanup_free_ char *argument = NULL;

	if (has_groups(c) || firmware_lacks_iommu(c))
		return;
	argument = check_argument(c, "intel_iommu");
	if (!argument)
		argument = check_argument(c, "amd_iommu");
	if (!argument)
		check_seen(c, GROUPS " is empty; no intel_iommu in /proc/cmdline");
	check_found(c, NULL, "the IOMMU is off: there are no IOMMU groups");
}

/* Where interrupts are remapped, their chips have names such as "IR-PCI-MSI" (x86). */
static bool interrupts_are_remapped(struct checking *c, const char *interrupts)
{
	if (strstr(interrupts, " IR-"))
		return true;
	check_seen(c, "proc/interrupts: no chip with a name that begins with 'IR-'");
	return false;
}

static bool is_on(struct checking *c, const char *parameter)
{
	_cleanup_free_ char *value = check_read(c, "sys/module/%s", parameter);

	return value && (*value == 'Y' || *value == '1');
}

static void look_remapping(struct checking *c)
{
	_cleanup_free_ char *interrupts = NULL, *cpuinfo = NULL;

	if (!has_groups(c) ||
	    is_on(c, "vfio_iommu_type1/parameters/allow_unsafe_interrupts"))
		return;
	cpuinfo = check_read_file(c, "proc/cpuinfo");
	interrupts = check_read_file(c, "proc/interrupts");
	if (!cpuinfo || !interrupts)
		check_unknown(c, "'/proc/cpuinfo' or '/proc/interrupts' is not there");
	else if (check_is_x86(cpuinfo) && !interrupts_are_remapped(c, interrupts))
		check_found(c, NULL, "interrupts are not remapped");
}

static void look_unsafe_interrupts(struct checking *c)
{
	if (is_on(c, "vfio_iommu_type1/parameters/allow_unsafe_interrupts"))
		check_found(c, NULL, "VFIO accepts an IOMMU that remaps no interrupts");
}

static void look_noiommu(struct checking *c)
{
	if (is_on(c, "vfio/parameters/enable_unsafe_noiommu_mode"))
		check_found(c, NULL, "VFIO gives devices away without an IOMMU");
}

static void look_override(struct checking *c)
{
	_cleanup_free_ char *value = check_argument(c, "pcie_acs_override");

	if (value)
		check_found(c, NULL, "IOMMU groups are split by pcie_acs_override=%s",
			    value);
}

/* Devices that stay on the host: with an address space of their own, or with the host's ("identity"). */
static void look_translation(struct checking *c)
{
	_cleanup_strv_ struct strv groups = STRV_NULL, translated = STRV_NULL;
	bool strict = false;

	if (!check_list(c, &groups, GROUPS))
		return;
	strv_for_each(group, &groups) {
		_cleanup_free_ char *type = check_read(c, GROUPS "/%s/type", group);

		if (!type || !str_has_prefix(type, "DMA"))
			continue;
		strv_push(&translated, group);
		strict |= STREQ(type, "DMA");
	}
	if (translated.n == 0)
		return;
	check_seen(c, GROUPS "/%s/type: %s", translated.items[0],
		   strict ? "DMA" : "DMA-FQ");
	check_found(
		c, NULL,
		"the DMA of the host's own devices is translated%s, in %zu of %zu groups",
		strict ? " and unmapped at once" : "", translated.n, groups.n);
}

const struct check_rule check_iommu_rules[] = {
	{ "iommu-firmware", SEVERITY_NOTICE, NEED_DEVICES, SEVERITY_ERROR,
	  "devices cannot be passed through without an IOMMU",
	  "switch on {}; then run 'kargs apply iommu' and reboot", look_firmware },
	{ "iommu-off", SEVERITY_NOTICE, NEED_DEVICES, SEVERITY_ERROR,
	  "devices cannot be passed through without an IOMMU",
	  "kargs apply iommu, then reboot; if it is still off, switch on VT-d or AMD-Vi in "
	  "the firmware setup",
	  look_off },
	{ "interrupt-remapping-off", SEVERITY_NOTICE, NEED_DEVICES, SEVERITY_ERROR,
	  "a device in a guest could raise any interrupt of the host, so VFIO refuses it",
	  "switch on x2APIC or interrupt remapping in the firmware setup, and remove "
	  "intremap=off and nointremap: kargs remove intremap nointremap",
	  look_remapping },
	{ "unsafe-interrupts", SEVERITY_WARNING, 0, 0,
	  "a guest with a device can raise any interrupt of the host",
	  "remove allow_unsafe_interrupts from /etc/modprobe.d, and: kargs remove "
	  "vfio_iommu_type1.allow_unsafe_interrupts",
	  look_unsafe_interrupts },
	{ "unsafe-noiommu", SEVERITY_WARNING, 0, 0,
	  "a guest with such a device can read and write all memory of the host",
	  "remove enable_unsafe_noiommu_mode from /etc/modprobe.d, and: kargs remove "
	  "vfio.enable_unsafe_noiommu_mode",
	  look_noiommu },
	{ "acs-override", SEVERITY_WARNING, 0, 0,
	  "devices in different groups may still reach each other, past the IOMMU: what "
	  "'hosttune devices' and VFIO see is not how it is wired",
	  "kargs remove pcie_acs_override, and use a slot with a group of its own",
	  look_override },
	{ "iommu-translates-host", SEVERITY_NOTICE, 0, 0,
	  "each DMA of the host's disks and network cards takes a mapping; guests' devices "
	  "are translated either way",
	  "kargs apply passthrough, or: kargs set iommu=pt", look_translation },
};
const size_t n_check_iommu_rules = ARRAY_SIZE(check_iommu_rules);

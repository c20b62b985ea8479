// SPDX-License-Identifier: LGPL-2.1-or-later
/* The profiles iommu, passthrough and gvt; see profile-expansion.h. */

#include <ctype.h>

#include "common/alloc.h"
#include "common/gvt.h"
#include "common/parse.h"
#include "grubcfg/profile-expansion.h"
#include "grubcfg/value.h"

/* The buffer of the module's parameter "ids", its NUL included. */
#define VFIO_IDS_SIZE 1024

static void want_intel_iommu(struct expansion *e)
{
	expansion_drop(e, "intel_iommu=off");
	if (expansion_config_is(e, "INTEL_IOMMU_DEFAULT_ON", "y")) {
		expansion_note(
			e,
			"intel_iommu=on left out: this kernel switches the IOMMU on by "
			"itself (CONFIG_INTEL_IOMMU_DEFAULT_ON=y)");
		return;
	}
	if (e->machine->has_iommu_groups &&
	    !value_any_has(&e->machine->running, "intel_iommu", "on")) {
		expansion_note(
			e, "intel_iommu=on left out: there are IOMMU groups without it");
		return;
	}
	expansion_want(e, "intel_iommu=on");
	if (e->machine->vendor == CPU_UNKNOWN)
		expansion_note(
			e,
			"the processor is not known below this root: intel_iommu=on does "
			"nothing on one of AMD, which needs no argument");
}

int expand_iommu(struct expansion *e, const char *value _unused_)
{
	const struct machine *machine = e->machine;

	if (machine_is_not_x86(machine)) {
		expansion_note(
			e, "nothing to add: on %s Linux uses an IOMMU where there is one",
			machine->arch);
		return 0;
	}
	expansion_drop(e, "iommu=off");
	if (machine->vendor == CPU_AMD) {
		expansion_drop(e, "amd_iommu=off");
		expansion_note(
			e,
			"nothing to add: AMD's IOMMU is on by default, and Linux has no "
			"amd_iommu=on");
	} else {
		want_intel_iommu(e);
	}
	if (machine->vendor == CPU_AMD && machine->is_running_host &&
	    !machine->has_iommu_groups)
		expansion_note(
			e,
			"there are no IOMMU groups: switch the IOMMU (AMD-Vi) on in the "
			"firmware's setup");
	expansion_note(
		e, "iommu=pt left out: it is for the host's own DMA, and passing devices "
		   "through does not need it");
	return 0;
}

/* "vvvv:dddd", and what the driver takes after it: sub-ids, class and mask. */
static int parse_id(const char *text, unsigned *ret_vendor, unsigned *ret_device)
{
	_cleanup_strv_ struct strv fields = STRV_NULL;
	uint64_t numbers[6] = { 0 };

	if (strstr(text, "::") || text[0] == ':' || text[strlen(text) - 1] == ':')
		return -EINVAL;
	strv_split(&fields, text, ":");
	if (fields.n < 2 || fields.n > ARRAY_SIZE(numbers))
		return -EINVAL;
	for (size_t i = 0; i < fields.n; i++) {
		if (!isxdigit((unsigned char)fields.items[i][0]) ||
		    strspn(fields.items[i], "0123456789abcdefABCDEF") !=
			    strlen(fields.items[i]) ||
		    parse_hex(fields.items[i], &numbers[i]) < 0 ||
		    numbers[i] > (i < 2 ? 0xffff : UINT32_MAX))
			return -EINVAL;
	}
	*ret_vendor = (unsigned)numbers[0];
	*ret_device = (unsigned)numbers[1];
	return 0;
}

static void note_devices(struct expansion *e, const char *id, unsigned vendor,
			 unsigned device)
{
	const struct machine *machine = e->machine;
	_cleanup_strv_ struct strv addresses = STRV_NULL;
	_cleanup_free_ char *list = NULL;

	if (!machine->is_running_host)
		return;
	for (size_t i = 0; i < machine->n_devices; i++) {
		const struct machine_device *found = &machine->devices[i];

		if (found->vendor != vendor || found->device != device)
			continue;
		strv_push(&addresses, found->address);
		if (found->is_console)
			expansion_note(
				e,
				"%s (%s) is the graphics card that the firmware uses: "
				"the console goes dark",
				id, found->address);
	}
	list = strv_join(&addresses, ", ");
	if (addresses.n == 0)
		expansion_note(e, "no device of this machine is %s", id);
	else if (addresses.n > 1)
		expansion_note(e, "%zu devices are %s, and all of them go: %s",
			       addresses.n, id, list);
}

static int want_ids(struct expansion *e, const char *value)
{
	_cleanup_strv_ struct strv ids = STRV_NULL;
	_cleanup_free_ char *arg = NULL;

	strv_split(&ids, value, ",");
	if (ids.n == 0) {
		(void)error_set(e->err, -EINVAL,
				"passthrough=: no device id after the '='");
		error_remedy(e->err, "write passthrough alone, or with ids as lspci -nn "
				     "shows them: passthrough=10de:2204");
		return -EINVAL;
	}
	if (strlen(value) >= VFIO_IDS_SIZE) {
		(void)error_set(e->err, -E2BIG,
				"passthrough: ids of %zu characters, and the driver "
				"takes %d",
				strlen(value), VFIO_IDS_SIZE - 1);
		error_remedy(e->err, "leave the ids out: hosttune binds devices when "
				     "their domain starts");
		return -E2BIG;
	}
	strv_for_each(id, &ids) {
		unsigned vendor, device;

		if (parse_id(id, &vendor, &device) < 0) {
			(void)error_set(e->err, -EINVAL,
					"passthrough: '%s' is not a device id", id);
			error_remedy(e->err,
				     "write VENDOR:DEVICE in hexadecimal, as lspci -nn "
				     "shows it: 10de:2204");
			return -EINVAL;
		}
		note_devices(e, id, vendor, device);
	}
	arg = xasprintf("vfio-pci.ids=%s", value);
	changes_push(e->changes, CHANGE_APPEND, arg); /* to the list, which is one */
	expansion_note(
		e,
		"vfio-pci.ids takes every device with these ids, also a second card of "
		"the same model that the host needs");
	if (expansion_config_is(e, "VFIO_PCI", "m"))
		expansion_note(e,
			       "vfio-pci is a module here: it gets the devices only if the "
			       "initramfs loads it before their own drivers");
	return 0;
}

int expand_passthrough(struct expansion *e, const char *value)
{
	int r;

	if (expansion_config_is(e, "VFIO_PCI", "n")) {
		(void)error_set(e->err, -ENODEV,
				"passthrough: Linux %s is built without vfio-pci "
				"(CONFIG_VFIO_PCI)",
				e->machine->kernel);
		error_remedy(e->err, "install a kernel that has it");
		return -ENODEV;
	}
	r = expand_iommu(e, NULL);
	if (r < 0)
		return r;
	if (value)
		return want_ids(e, value);
	expansion_note(
		e,
		"vfio-pci.ids left out: hosttune binds devices when their domain starts; "
		"to have them from boot on, write passthrough=VENDOR:DEVICE,...");
	return 0;
}

/* ---------------------------------------------------------------- gvt */

static int check_gvt_kernel(struct expansion *e)
{
	if (machine_is_not_x86(e->machine)) {
		(void)error_set(e->err, -ENODEV,
				"gvt: this is %s, and GVT-g is a part of Intel graphics",
				e->machine->arch);
		error_remedy(e->err, "leave gvt out");
		return -ENODEV;
	}
	if (!expansion_config_is(e, "DRM_I915_GVT_KVMGT", "n"))
		return 0;
	(void)error_set(e->err, -ENODEV,
			"gvt: Linux %s is built without GVT-g (CONFIG_DRM_I915_GVT_KVMGT)",
			e->machine->kernel);
	error_remedy(e->err, "install a kernel that has it");
	return -ENODEV;
}

int expand_gvt(struct expansion *e, const char *value _unused_)
{
	const struct machine *machine = e->machine;
	unsigned id = machine->intel_gpu_id;
	int r;

	r = check_gvt_kernel(e);
	if (r < 0)
		return r;
	if (machine->is_running_host && id == 0) {
		(void)error_set(e->err, -ENODEV,
				"gvt: there are no Intel graphics at 0000:00:02.0");
		error_remedy(e->err,
			     "switch them on in the firmware's setup, or leave gvt "
			     "out");
		return -ENODEV;
	}
	if (id != 0 && !gvt_generation(id)) {
		(void)error_set(e->err, -ENODEV,
				"gvt: the graphics 8086:%04x has no GVT-g, which is for "
				"Broadwell to Comet Lake (5th to 10th generation)",
				id);
		error_remedy(e->err, "on later graphics use virtual functions (SR-IOV), "
				     "or pass the whole device through");
		return -ENODEV;
	}
	expansion_want(e, "i915.enable_gvt=1");
	if (id == 0)
		expansion_note(
			e,
			"the graphics are not known below this root: GVT-g needs those of "
			"Broadwell to Comet Lake");
	/* GuC submission, bit 0, refuses GVT; 2 is firmware for video only. */
	expansion_drop(e, "i915.enable_guc=1");
	expansion_drop(e, "i915.enable_guc=3");
	expansion_note(
		e, "i915.enable_guc left out: its default is right for GVT-g, and 1 or 3 "
		   "would prevent it");
	return 0;
}

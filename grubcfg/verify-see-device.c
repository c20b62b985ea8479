// SPDX-License-Identifier: LGPL-2.1-or-later
/* IOMMU, graphics, VFIO: see verify-see.h. */

#include "common/alloc.h"
#include "common/gvt.h"
#include "common/parse.h"
#include "grubcfg/value.h"
#include "grubcfg/verify-see.h"

static void see_iommu_off(const struct probe *p, struct finding *ret)
{
	if (!p->machine->has_iommu_groups) {
		finding_set(ret, VERDICT_IN_EFFECT, "/sys/kernel/iommu_groups is empty");
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT, "/sys/kernel/iommu_groups has groups");
	finding_remedy(ret, "remove the argument: it is for the IOMMU of another machine");
}

void see_iommu(const struct probe *p, struct finding *ret)
{
	_cleanup_strv_ struct strv groups = STRV_NULL;

	if (value_has(p->arg->value, "off")) {
		see_iommu_off(p, ret);
		return;
	}
	if (sysroot_list(p->tree->root, &groups, "sys/kernel/iommu_groups") == 0 &&
	    groups.n > 0) {
		finding_set(ret, VERDICT_IN_EFFECT,
			    "/sys/kernel/iommu_groups has %zu groups", groups.n);
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT, "/sys/kernel/iommu_groups is empty");
	finding_remedy(ret, "switch the IOMMU (VT-d, AMD-Vi) on in the firmware's setup");
}

/* iommu=pt, iommu.passthrough=1: what type the domains of the groups are of. */
static void see_passthrough(const struct probe *p, struct finding *ret)
{
	_cleanup_strv_ struct strv groups = STRV_NULL;
	size_t direct = 0, known = 0;

	if (sysroot_list(p->tree->root, &groups, "sys/kernel/iommu_groups") < 0)
		groups.n = 0;
	strv_for_each(group, &groups) {
		_cleanup_free_ char *type = NULL;

		if (sysroot_read(p->tree->root, &type, "sys/kernel/iommu_groups/%s/type",
				 group) < 0)
			continue;
		known++;
		direct += STREQ(type, "identity");
	}
	if (groups.n > 0 && known == 0)
		return; /* a kernel that does not say */
	if (direct > 0) {
		finding_set(
			ret, VERDICT_IN_EFFECT,
			"%zu of %zu groups in /sys/kernel/iommu_groups are of type identity",
			direct, groups.n);
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT,
		    "no group in /sys/kernel/iommu_groups is of type identity");
	finding_remedy(ret, "see that the IOMMU is on: kargs apply iommu");
}

void see_passthrough_flag(const struct probe *p, struct finding *ret)
{
	if (value_is_true(p->arg->value))
		see_passthrough(p, ret);
}

void see_iommu_word(const struct probe *p, struct finding *ret)
{
	if (value_has(p->arg->value, "pt"))
		see_passthrough(p, ret);
	else if (value_has(p->arg->value, "off"))
		see_iommu_off(p, ret);
}

void see_gvt(const struct probe *p, struct finding *ret)
{
	static const char path[] =
		"sys/bus/pci/devices/0000:00:02.0/mdev_supported_types";

	if (!value_is_true(p->arg->value))
		return;
	if (sysroot_exists(p->tree->root, "%s", path)) {
		finding_set(ret, VERDICT_IN_EFFECT, "there is /%s", path);
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT, "there is no /%s", path);
	if (!gvt_generation(p->machine->intel_gpu_id))
		finding_remedy(ret, "the graphics have no GVT-g: remove the argument");
	else if (!sysroot_exists(p->tree->root, "sys/module/kvmgt"))
		finding_remedy(ret, "load the module kvmgt: modprobe kvmgt");
	else
		finding_remedy(ret, "see what i915 says of GVT-g: dmesg");
}

/* "10de:2204" and more: each device with it must be with vfio-pci. */
static bool see_id(const struct probe *p, const char *id, struct finding *ret)
{
	_cleanup_strv_ struct strv fields = STRV_NULL;
	uint64_t vendor, device;
	bool found = false;

	strv_split(&fields, id, ":");
	if (fields.n < 2 || parse_hex(fields.items[0], &vendor) < 0 ||
	    parse_hex(fields.items[1], &device) < 0)
		return true;
	for (size_t i = 0; i < p->machine->n_devices; i++) {
		const struct machine_device *d = &p->machine->devices[i];

		if (d->vendor != vendor || d->device != device)
			continue;
		found = true;
		if (d->driver && STREQ(d->driver, "vfio-pci"))
			continue;
		finding_set(ret, VERDICT_NO_EFFECT, "%s (%s) is with the driver %s",
			    d->address, id, d->driver ? d->driver : "'none'");
		finding_remedy(ret, "have the initramfs load vfio-pci before that driver");
		return false;
	}
	if (found)
		return true;
	finding_set(ret, VERDICT_NO_EFFECT, "no device of this machine is %s", id);
	finding_remedy(ret, "compare with lspci -nn");
	return false;
}

void see_vfio_ids(const struct probe *p, struct finding *ret)
{
	_cleanup_strv_ struct strv ids = STRV_NULL;

	strv_split(&ids, p->arg->value ? p->arg->value : "", ",");
	strv_for_each(id, &ids) {
		if (!see_id(p, id, ret))
			return;
	}
	finding_set(ret, VERDICT_IN_EFFECT, "vfio-pci has all devices with these ids");
}

/* console=ttyS0,115200n8 */
void see_console(const struct probe *p, struct finding *ret)
{
	static const char path[] = "sys/class/tty/console/active";
	_cleanup_free_ char *active = NULL, *name = NULL;
	_cleanup_strv_ struct strv names = STRV_NULL;

	if (!p->arg->value || sysroot_read(p->tree->root, &active, "%s", path) < 0)
		return;
	name = xstrndup(p->arg->value, strcspn(p->arg->value, ","));
	strv_split(&names, active, " ");
	if (strv_contains(&names, name)) {
		finding_set(ret, VERDICT_IN_EFFECT, "/%s is '%s'", path, active);
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT, "/%s is '%s'", path, active);
	finding_remedy(ret,
		       "see that this machine has the device, and its driver is built "
		       "into the kernel: dmesg");
}

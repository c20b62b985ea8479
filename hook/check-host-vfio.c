// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules about modules that devices are passed through by, and about sharing graphics: what this kernel has,
 * and what the device can. GVT-g needs a processor up to Intel's tenth generation, the module kvmgt,
 * which not every distribution builds, and i915.enable_gvt=1.
 */

#include "common/alloc.h"
#include "common/gvt.h"
#include "common/parse.h"
#include "hook/check.h"
#include "hook/host-pci.h"

#define VENDOR_INTEL 0x8086
#define I915 "sys/module/i915/parameters/"
#define MODPROBE_DIRS 4

/* ---- modules ---- */

static void look_modules(struct checking *c)
{
	_cleanup_free_ char *release = check_want(c, "proc/sys/kernel/osrelease");

	/* A kernel without modules has no list of them. */
	if (!release || !sysroot_exists(c->root, "proc/modules") ||
	    sysroot_exists(c->root, "lib/modules/%s", release))
		return;
	check_seen(c, "lib/modules/%s is not there", release);
	check_found(c, NULL, "the modules of the running kernel %s are gone", release);
}

static void look_vfio_pci(struct checking *c)
{
	enum module_state state = check_module(c, "vfio_pci");

	if (state == MODULE_MISSING)
		check_found(c, NULL, "this kernel has no module vfio_pci");
	else if (state == MODULE_UNKNOWN)
		check_unknown(c, "the list of this kernel's modules is not there");
}

/* "install vfio-pci /bin/false", as hardening guides want it. */
static bool is_disabled_by(char *line)
{
	_cleanup_strv_ struct strv words = STRV_NULL;

	strv_split(&words, line, " \t");
	return words.n >= 3 && STREQ(words.items[0], "install") &&
	       (str_has_prefix(words.items[1], "vfio") || STREQ(words.items[1], "mdev")) &&
	       (strstr(words.items[2], "bin/false") || strstr(words.items[2], "bin/true"));
}

static void look_at_modprobe(struct checking *c, const char *dir, const char *file)
{
	_cleanup_free_ char *text = check_read_file(c, "%s/%s", dir, file);
	_cleanup_strv_ struct strv lines = STRV_NULL;

	if (!text)
		return;
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		_cleanup_free_ char *path = NULL;

		if (!is_disabled_by(lines.items[i]))
			continue;
		path = xasprintf("/%s/%s", dir, file);
		check_evidence(c, "%s: %.80s", path, lines.items[i]);
		check_found(c, path, "modules for passing devices through are disabled");
		return;
	}
}

static void look_disabled(struct checking *c)
{
	static const char *const dirs[MODPROBE_DIRS] = {
		"etc/modprobe.d",
		"run/modprobe.d",
		"usr/local/lib/modprobe.d",
		"usr/lib/modprobe.d",
	};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_strv_ struct strv files = STRV_NULL;

		if (!check_list(c, &files, "%s", dirs[i]))
			continue;
		strv_for_each(file, &files) {
			size_t n = strlen(file);

			if (n > 5 && STREQ(file + n - 5, ".conf"))
				look_at_modprobe(c, dirs[i], file);
		}
	}
}

/* ---- GVT-g ---- */

/* Somebody wants it: a domain, or who booted this kernel. */
static bool gvt_is_wanted(struct checking *c)
{
	_cleanup_free_ char *argument = check_argument(c, "i915.enable_gvt");

	return c->needs & NEED_GVT || (argument && STREQ(argument, "1"));
}

/* Intel's graphics, if there are: the device id. */
static unsigned intel_graphics(struct checking *c)
{
	_cleanup_strv_ struct strv addresses = STRV_NULL;
	unsigned id = 0;

	if (!check_list(c, &addresses, PCI_DEVICES))
		return 0;
	strv_for_each(address, &addresses) {
		_cleanup_pci_device_ struct pci_device device = { 0 };
		_cleanup_error_ struct error err = ERROR_NULL;

		if (pci_device_read(c->root, address, &device, &err) < 0)
			check_unknown(c, "%s", err.cause);
		else if (device.vendor == VENDOR_INTEL && pci_is_display(&device) &&
			 (!id || gvt_generation(device.device)))
			id = device.device;
	}
	return id;
}

static void look_gvt_gpu(struct checking *c)
{
	unsigned id;

	if (!gvt_is_wanted(c))
		return;
	id = intel_graphics(c);
	if (gvt_generation(id))
		return;
	check_seen(c, PCI_DEVICES);
	if (id)
		check_found(c, NULL, "GVT-g does not know these graphics (8086:%04x)", id);
	else
		check_found(c, NULL, "GVT-g is wanted, and there are no Intel graphics");
}

static void look_gvt_kernel(struct checking *c)
{
	if (gvt_is_wanted(c) && gvt_generation(intel_graphics(c)) &&
	    check_module(c, "kvmgt") == MODULE_MISSING)
		check_found(c, NULL, "this kernel has no module kvmgt");
}

static void look_gvt_off(struct checking *c)
{
	_cleanup_free_ char *enabled = NULL;

	if (!gvt_is_wanted(c) || !gvt_generation(intel_graphics(c)))
		return;
	enabled = check_read(c, I915 "enable_gvt");
	if (enabled && *enabled != 'Y' && *enabled != '1')
		check_found(c, NULL, "GVT-g is off in the driver i915");
}

/* i915_params.c: GVT-g works with the execution lists only. */
static void look_gvt_guc(struct checking *c)
{
	_cleanup_free_ char *enabled = NULL, *guc = NULL;
	unsigned value;

	if (!gvt_is_wanted(c) || !gvt_generation(intel_graphics(c)))
		return;
	enabled = check_read(c, I915 "enable_gvt");
	guc = check_read(c, I915 "enable_guc");
	/* -1 is what is best for the device: not the GuC, for those that GVT-g knows. */
	if (enabled && (*enabled == 'Y' || *enabled == '1') && guc &&
	    parse_unsigned(guc, &value) == 0 && value & 1)
		check_found(c, NULL, "GVT-g cannot work while the GuC submits (%u)",
			    value);
}

/* From Linux 6.8 on NVIDIA's driver has vGPUs as attributes of virtual functions, and no mdev. */
static void look_nvidia(struct checking *c)
{
	_cleanup_strv_ struct strv addresses = STRV_NULL;

	if (!check_list(c, &addresses, PCI_DEVICES))
		return;
	strv_for_each(address, &addresses) {
		if (!sysroot_exists(c->root, PCI_DEVICES "/%s/nvidia/current_vgpu_type",
				    address))
			continue;
		check_seen(c, PCI_DEVICES "/%s/nvidia/current_vgpu_type", address);
		check_found(
			c, address,
			"NVIDIA's driver offers vGPUs of virtual functions, and no mdev");
		return;
	}
}

const struct check_rule check_vfio_rules[] = {
	{ "kernel-modules-gone", SEVERITY_WARNING, 0, 0,
	  "no module can be loaded any more: VFIO, KVM, networks",
	  "reboot into the kernel that was installed since", look_modules },
	{ "vfio-pci-missing", SEVERITY_NOTICE, NEED_DEVICES, SEVERITY_ERROR,
	  "no PCI device can be passed through with this kernel",
	  "install the package with this kernel's extra modules (linux-modules-extra-$(uname "
	  "-r), kernel-modules), or another kernel",
	  look_vfio_pci },
	{ "vfio-disabled", SEVERITY_WARNING, NEED_DEVICES, SEVERITY_ERROR,
	  "loading the module does nothing, without a message", "remove that line of {}",
	  look_disabled },
	{ "gvt-graphics", SEVERITY_WARNING, NEED_GVT, SEVERITY_ERROR,
	  "only graphics of Intel's 5th to 10th generation can be shared by GVT-g",
	  "pass the whole device through, or use virtio-gpu; then kargs remove "
	  "i915.enable_gvt",
	  look_gvt_gpu },
	{ "gvt-kernel", SEVERITY_WARNING, NEED_GVT, SEVERITY_ERROR,
	  "not every distribution builds it; without it there are no types to create",
	  "use a kernel that is built with CONFIG_DRM_I915_GVT_KVMGT", look_gvt_kernel },
	{ "gvt-off", SEVERITY_WARNING, NEED_GVT, SEVERITY_ERROR,
	  "the device is no parent of mediated devices", "kargs apply gvt, then reboot",
	  look_gvt_off },
	{ "gvt-guc", SEVERITY_WARNING, NEED_GVT, SEVERITY_ERROR,
	  "the driver leaves GVT-g off then", "kargs set i915.enable_guc=0, then reboot",
	  look_gvt_guc },
	{ "vgpu-not-mdev", SEVERITY_NOTICE, 0, 0,
	  "<mdev> in the metadata and mdev hostdevs do not work for these devices",
	  "write the type to /sys/bus/pci/devices/{}/nvidia/current_vgpu_type, and pass the "
	  "function through with managed='no'",
	  look_nvidia },
};
const size_t n_check_vfio_rules = ARRAY_SIZE(check_vfio_rules);

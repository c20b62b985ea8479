// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is wrong with which argument, as data; see advice-rule.h. Sources are files of Linux 6.12 and
 * 7.2 unless they say otherwise. Each row has a case that it is for and one that it is not for in
 * tests/unit/test-kargs-advice.c.
 */

#include "grubcfg/advice-rule.h"

#define PARAMETERS "Documentation/admin-guide/kernel-parameters.txt"
#define ISOLATION "kernel/sched/isolation.c"
#define HUGETLB "mm/hugetlb.c"

const struct rule advice_rules[] = {
	/* ---------------------------------------------------------------- IOMMU */
	{
		.id = "amd-iommu-on",
		.severity = ADVICE_WARNING,
		.name = "amd_iommu",
		.item = "on",
		.when = when_is_for_this_iommu,
		.message = "Linux has no such value: AMD's IOMMU is on by default",
		.remedy =
			"remove it; if there are no IOMMU groups, switch the IOMMU on in the "
			"firmware's setup",
		.source = "drivers/iommu/amd/init.c",
	},
	{
		.id = "amd-iommu-unknown",
		.severity = ADVICE_WARNING,
		.name = "amd_iommu",
		.when = when_is_unknown_amd_option,
		.message = "one of its values is not known to Linux and is ignored",
		.remedy =
			"known are off, force_enable, force_isolation, pgtbl_v1, pgtbl_v2, "
			"irtcachedis, nohugepages, v2_pgsizes_only",
		.source = "drivers/iommu/amd/init.c",
	},
	{
		.id = "amd-iommu-fullflush",
		.severity = ADVICE_NOTE,
		.name = "amd_iommu",
		.item = "fullflush",
		.message = "deprecated",
		.remedy = "write iommu.strict=1",
		.source = "drivers/iommu/amd/init.c",
	},
	{
		.id = "intel-iommu-elsewhere",
		.severity = ADVICE_NOTE,
		.name = "intel_iommu",
		.when = when_is_for_intel_only,
		.message = "does nothing on this machine: its IOMMU is not Intel's",
		.remedy = "remove it",
		.source = "drivers/iommu/intel/iommu.c",
	},
	{
		.id = "amd-iommu-elsewhere",
		.severity = ADVICE_NOTE,
		.name = "amd_iommu",
		.when = when_is_for_amd_only,
		.message = "does nothing on this machine: its IOMMU is not AMD's",
		.remedy = "remove it; for Intel's write intel_iommu=on",
		.source = "drivers/iommu/amd/init.c",
	},
	{
		.id = "iommu-on",
		.severity = ADVICE_WARNING,
		.name = "iommu",
		.item = "on|1|yes|enable",
		.when = when_is_x86,
		.message = "ignored: this argument of x86 has no such value",
		.remedy = "remove it; on Intel write intel_iommu=on, on AMD nothing",
		.source = "arch/x86/kernel/pci-dma.c",
	},
	{
		.id = "iommu-off",
		.severity = ADVICE_WARNING,
		.name = "iommu|intel_iommu|amd_iommu",
		.item = "off",
		.when = when_is_for_this_iommu,
		.message = "without the IOMMU no device can be passed through",
		.remedy = "remove it: kargs apply iommu",
		.source = PARAMETERS,
	},
	{
		.id = "intel-iommu-default",
		.severity = ADVICE_NOTE,
		.name = "intel_iommu",
		.item = "on",
		.when = when_intel_iommu_is_default,
		.message =
			"is the default of this kernel (CONFIG_INTEL_IOMMU_DEFAULT_ON=y)",
		.remedy = "it can be removed",
		.source = "drivers/iommu/intel/Kconfig",
	},
	{
		.id = "intel-iommu-igfx-off",
		.severity = ADVICE_WARNING,
		.name = "intel_iommu",
		.item = "igfx_off",
		.message =
			"takes the integrated graphics out of the IOMMU: they cannot be "
			"passed through",
		.remedy = "remove that word",
		.source = "drivers/iommu/intel/iommu.c",
	},
	{
		.id = "intel-iommu-strict",
		.severity = ADVICE_NOTE,
		.name = "intel_iommu",
		.item = "strict",
		.message = "deprecated",
		.remedy = "write iommu.strict=1",
		.source = "drivers/iommu/intel/iommu.c",
	},
	{
		.id = "intel-iommu-forcedac",
		.severity = ADVICE_NOTE,
		.name = "intel_iommu",
		.item = "forcedac",
		.message = "deprecated",
		.remedy = "write iommu.forcedac=1",
		.source = "drivers/iommu/intel/iommu.c",
	},
	{
		.id = "iommu-pt-snp",
		.severity = ADVICE_WARNING,
		.name = "iommu",
		.item = "pt",
		.when = when_has_snp,
		.message = "switches SEV-SNP off, which this machine has",
		.remedy = "remove it: passing devices through does not need it",
		.source = "drivers/iommu/amd/init.c",
	},
	{
		.id = "iommu-passthrough-snp",
		.severity = ADVICE_WARNING,
		.name = "iommu.passthrough",
		.when = when_has_true_value_and_snp,
		.message = "switches SEV-SNP off, which this machine has",
		.remedy = "remove it: passing devices through does not need it",
		.source = "drivers/iommu/amd/init.c",
	},

	/* ---------------------------------------------------------------- VFIO, PCI */
	{
		.id = "vfio-ids-twice",
		.severity = ADVICE_ERROR,
		.name = "vfio-pci.ids",
		.when = when_is_overridden,
		.message = "a later vfio-pci.ids= replaces it: its devices are not taken",
		.remedy = "put all ids into one argument: kargs append does",
		.source = "drivers/vfio/pci/vfio_pci.c",
	},
	{
		.id = "vfio-ids-long",
		.severity = ADVICE_ERROR,
		.name = "vfio-pci.ids",
		.when = when_is_too_long_for_ids,
		.message = "longer than the 1023 characters that the driver takes",
		.remedy = "leave ids out: hosttune binds devices when their domain starts",
		.source = "drivers/vfio/pci/vfio_pci.c",
	},
	{
		.id = "vfio-ids-module",
		.severity = ADVICE_NOTE,
		.name = "vfio-pci.ids",
		.when = when_vfio_pci_is_module,
		.message =
			"vfio-pci is a module of this kernel: whichever driver is loaded "
			"first gets the device",
		.remedy = "have the initramfs load vfio-pci first",
		.source = "drivers/vfio/pci/Kconfig",
	},
	{
		.id = "vfio-disable-vga",
		.severity = ADVICE_WARNING,
		.name = "vfio-pci.disable_vga",
		.when = when_has_no_vfio_vga,
		.message = "this kernel's vfio-pci has no such parameter "
			   "(CONFIG_VFIO_PCI_VGA)",
		.remedy = "remove it",
		.source = "drivers/vfio/pci/vfio_pci.c",
	},
	{
		.id = "vfio-mdev",
		.severity = ADVICE_WARNING,
		.name = "modules_load|rd.modules_load|rd.driver.pre|rd.driver.post",
		.item = "vfio_mdev",
		.from = { 5, 19 },
		.message =
			"the module vfio_mdev is gone since Linux 5.19: loading it fails",
		.remedy = "remove that word: mdev does its work",
		.source = "drivers/vfio/mdev/",
	},
	{
		.id = "vfio-virqfd",
		.severity = ADVICE_WARNING,
		.name = "modules_load|rd.modules_load|rd.driver.pre|rd.driver.post",
		.item = "vfio_virqfd",
		.from = { 6, 2 },
		.message =
			"the module vfio_virqfd is a part of vfio since Linux 6.2: loading "
			"it fails",
		.remedy = "remove that word",
		.source = "drivers/vfio/virqfd.c",
	},
	{
		.id = "unsafe-interrupts",
		.severity = ADVICE_WARNING,
		.name = "vfio_iommu_type1.allow_unsafe_interrupts",
		.when = when_has_true_value,
		.message = "lets guests inject interrupts into the host",
		.remedy =
			"remove it unless the machine has no interrupt remapping and every "
			"guest is trusted",
		.source = "drivers/vfio/vfio_iommu_type1.c",
	},
	{
		.id = "unsafe-interrupts-iommufd",
		.severity = ADVICE_WARNING,
		.name = "iommufd.allow_unsafe_interrupts",
		.when = when_has_true_value,
		.message = "lets guests inject interrupts into the host",
		.remedy =
			"remove it unless the machine has no interrupt remapping and every "
			"guest is trusted",
		.source = "drivers/iommu/iommufd/device.c",
	},
	{
		.id = "unsafe-noiommu",
		.severity = ADVICE_WARNING,
		.name = "vfio.enable_unsafe_noiommu_mode",
		.when = when_has_true_value,
		.message =
			"lets a device that is given away write to all memory of the host",
		.remedy = "remove it, and switch the IOMMU on: kargs apply iommu",
		.source = "drivers/vfio/Kconfig",
	},
	{
		.id = "acs-override",
		.severity = ADVICE_WARNING,
		.name = "pcie_acs_override",
		.message =
			"not in Linux: only in patched kernels, where it hides that devices "
			"of different guests can reach each other",
		.remedy =
			"put the device into another slot; Linux has pci=config_acs= (6.12)",
		.source = PARAMETERS,
	},
	{
		.id = "config-acs",
		.severity = ADVICE_WARNING,
		.name = "pci",
		.until = { 6, 12 },
		.when = when_has_config_acs,
		.message = "config_acs= came with Linux 6.12, and this kernel is older",
		.remedy = "use pci=disable_acs_redir=, or a later kernel",
		.source = "drivers/pci/pci.c",
	},
	{
		.id = "efifb-off",
		.severity = ADVICE_NOTE,
		.name = "video",
		.item = "efifb:off",
		.message = "only for the old efifb: it does nothing where the kernel uses "
			   "simpledrm",
		.remedy =
			"remove it: a driver that takes the card removes the firmware's "
			"framebuffer; initcall_blacklist=sysfb_init (5.15) prevents both",
		.source = "drivers/firmware/sysfb.c",
	},
	{
		.id = "framebuffer-list",
		.severity = ADVICE_WARNING,
		.name = "video",
		.when = when_is_list_of_framebuffers,
		.message = "one video= is for one framebuffer, and this is a list of them",
		.remedy = "write one video=NAME:off for each",
		.source = "drivers/video/cmdline.c",
	},

	/* ---------------------------------------------------------------- graphics */
	{
		.id = "gvt-graphics",
		.severity = ADVICE_WARNING,
		.name = "i915.enable_gvt",
		.when = when_gpu_has_no_gvt,
		.message =
			"the graphics of this machine have no GVT-g, which is for Broadwell "
			"to Comet Lake",
		.remedy = "remove it; on later graphics use virtual functions (SR-IOV)",
		.source = "drivers/gpu/drm/i915/intel_gvt.c",
	},
	{
		.id = "gvt-kernel",
		.severity = ADVICE_WARNING,
		.name = "i915.enable_gvt",
		.when = when_kernel_has_no_gvt,
		.message =
			"this kernel is built without GVT-g (CONFIG_DRM_I915_GVT_KVMGT)",
		.remedy = "remove it, or install a kernel that has it",
		.source = "drivers/gpu/drm/i915/Kconfig",
	},
	{
		.id = "gvt-guc",
		.severity = ADVICE_ERROR,
		.name = "i915.enable_gvt",
		.when = when_guc_prevents_gvt,
		.message = "i915.enable_guc=1 or 3 switches GVT-g off",
		.remedy = "remove i915.enable_guc: its default is right",
		.source = "drivers/gpu/drm/i915/intel_gvt.c",
	},

	/* ---------------------------------------------------------------- CPUs */
	{
		.id = "isolation-discarded",
		.severity = ADVICE_ERROR,
		.name = "isolcpus|nohz_full",
		.when = when_is_discarded_mask,
		.message = "a second one with other CPUs is ignored",
		.remedy = "put all CPUs into one: kargs set",
		.source = ISOLATION,
	},
	{
		.id = "isolation-differs",
		.severity = ADVICE_WARNING,
		.name = "isolcpus",
		.when = when_differs_from_nohz_full,
		.message =
			"nohz_full= names other CPUs: kernels before 5.18 ignore one of the "
			"two, and a CPU that is in one only is half isolated",
		.remedy = "name the same CPUs: kargs apply isolate=CPULIST",
		.source = ISOLATION,
	},
	{
		.id = "isolation-boot-cpu",
		.severity = ADVICE_ERROR,
		.name = "nohz_full",
		.when = when_has_cpu_0,
		.message =
			"CPU 0 boots the machine and keeps its time: it cannot be without "
			"ticks",
		.remedy = "leave CPU 0 out",
		.source = "kernel/time/tick-sched.c",
	},
	{
		.id = "isolation-of-all",
		.severity = ADVICE_ERROR,
		.name = "isolcpus|nohz_full",
		.when = when_leaves_no_cpu,
		.message = "leaves no CPU to the host",
		.remedy = "leave at least one CPU of each NUMA node out",
		.source = ISOLATION,
	},
	{
		.id = "irqaffinity-isolated",
		.severity = ADVICE_WARNING,
		.name = "irqaffinity",
		.when = when_meets_isolated,
		.message = "sends interrupts to isolated CPUs",
		.remedy = "name the other CPUs: kargs apply isolate=CPULIST",
		.source = PARAMETERS,
	},
	{
		.id = "rcu-nocbs-implied",
		.severity = ADVICE_NOTE,
		.name = "rcu_nocbs",
		.when = when_is_within_nohz_full,
		.message = "nohz_full= implies it",
		.remedy = "it can be removed",
		.source = "kernel/rcu/tree_nocb.h",
	},
	{
		.id = "governor-old-kernel",
		.severity = ADVICE_WARNING,
		.name = "cpufreq.default_governor",
		.until = { 5, 9 },
		.message = "came with Linux 5.9, and this kernel is older",
		.remedy = "remove it; set the governor at run time",
		.source = "drivers/cpufreq/cpufreq.c",
	},
	{
		.id = "governor-not-built-in",
		.severity = ADVICE_WARNING,
		.name = "cpufreq.default_governor",
		.when = when_governor_is_not_built_in,
		.message =
			"this governor is not built into the kernel, and a module comes too "
			"late",
		.remedy = "name one that is built in, or set it at run time",
		.source = "drivers/cpufreq/cpufreq.c",
	},
	{
		.id = "governor-pstate",
		.severity = ADVICE_NOTE,
		.name = "cpufreq.default_governor",
		.item = "schedutil|ondemand|conservative|userspace",
		.when = when_pstate_driver_has_two,
		.message = "intel_pstate has only performance and powersave unless it is "
			   "passive",
		.remedy = "name one of the two, or add intel_pstate=passive",
		.source = "drivers/cpufreq/intel_pstate.c",
	},
	{
		.id = "nohz-on",
		.severity = ADVICE_NOTE,
		.name = "nohz",
		.item = "on",
		.message = "is the default",
		.remedy = "it can be removed",
		.source = "kernel/time/tick-sched.c",
	},
	{
		.id = "noapic",
		.severity = ADVICE_NOTE,
		.name = "noapic|nolapic",
		.message =
			"a work-around for machines of long ago: without it interrupts are "
			"spread over CPUs and can be remapped",
		.remedy = "try without it",
		.source = PARAMETERS,
	},
	{
		.id = "mitigations-off",
		.severity = ADVICE_WARNING,
		.name = "mitigations",
		.item = "off",
		.message = "guests can read the memory of the host and of each other",
		.remedy = "remove it unless all guests are trusted",
		.source = PARAMETERS,
	},

	/* ---------------------------------------------------------------- memory */
	{
		.id = "hugepages-order",
		.severity = ADVICE_WARNING,
		.name = "hugepagesz",
		.when = when_has_no_count,
		.message =
			"no hugepages= follows it: no pages of this size are made, and a "
			"hugepages= before it counts others",
		.remedy =
			"write hugepagesz=SIZE hugepages=COUNT in this order: kargs apply "
			"hugepages=SIZExCOUNT",
		.source = HUGETLB,
	},
	{
		.id = "hugepages-twice",
		.severity = ADVICE_ERROR,
		.name = "hugepages",
		.when = when_follows_count,
		.message = "follows another hugepages= and is ignored",
		.remedy = "name the size before it: hugepagesz=SIZE",
		.source = HUGETLB,
	},
	{
		.id = "hugepagesz-twice",
		.severity = ADVICE_ERROR,
		.name = "hugepagesz",
		.when = when_is_repeated,
		.message = "this size was named before: its pages are ignored",
		.remedy = "name each size once: kargs apply hugepages=SIZExCOUNT",
		.source = HUGETLB,
	},
	{
		.id = "default-hugepagesz-twice",
		.severity = ADVICE_WARNING,
		.name = "default_hugepagesz",
		.when = when_is_overridden,
		.message = "it is given twice, and only the first counts",
		.remedy = "remove one",
		.source = HUGETLB,
	},
	{
		.id = "hugepages-1g",
		.severity = ADVICE_ERROR,
		.name = "hugepagesz|default_hugepagesz",
		.when = when_is_1g_and_unknown,
		.message = "this processor has no pages of 1G (pdpe1gb)",
		.remedy =
			"use pages of 2M; in a virtual machine, give it the host's processor "
			"model",
		.source = "arch/x86/mm/hugetlbpage.c",
	},
	{
		.id = "hugepages-memory",
		.severity = ADVICE_ERROR,
		.name = "hugepages",
		.when = when_is_too_much_memory,
		.message =
			"all pages together are more than 90 % of the memory: the machine "
			"may not boot",
		.remedy = "ask for fewer",
		.source = HUGETLB,
	},
	{
		.id = "thp-value",
		.severity = ADVICE_ERROR,
		.name = "transparent_hugepage",
		.when = when_is_no_thp_value,
		.message = "is ignored: its values are always, madvise and never",
		.remedy = "write transparent_hugepage=never: kargs apply no-thp",
		.source = "mm/huge_memory.c",
	},
	{
		.id = "memmap-dollar",
		.severity = ADVICE_NOTE,
		.name = "memmap",
		.when = when_has_dollar,
		.message =
			"'$' has a meaning for the shell and for GRUB, and is lost when it "
			"is written by hand",
		.remedy = "after the reboot see that /proc/cmdline has it: kargs verify",
		.source = PARAMETERS,
	},
	{
		.id = "memmap-limit",
		.severity = ADVICE_WARNING,
		.name = "memmap",
		.when = when_is_memmap_limit,
		.message =
			"without @, #, $ or ! this limits the memory of the machine; the "
			"character may have been lost in quoting",
		.remedy =
			"write memmap=SIZE$START to reserve memory, or mem=SIZE to limit it",
		.source = PARAMETERS,
	},

	/* ---------------------------------------------------------------- KVM, disks */
	{
		.id = "ignore-msrs",
		.severity = ADVICE_NOTE,
		.name = "kvm.ignore_msrs",
		.when = when_has_true_value,
		.message = "hides what a guest does wrong, and breaks some guests",
		.remedy = "set it at run time for the guest that needs it: "
			  "/sys/module/kvm/parameters/ignore_msrs",
		.source = "arch/x86/kvm/x86.c",
	},
	{
		.id = "nested-default",
		.severity = ADVICE_NOTE,
		.name = "kvm-intel.nested|kvm-amd.nested",
		.from = { 4, 20 },
		.when = when_has_true_value,
		.message = "is the default",
		.remedy = "it can be removed",
		.source = "arch/x86/kvm/vmx/vmx.c, arch/x86/kvm/svm/svm.c",
	},
	{
		.id = "elevator",
		.severity = ADVICE_WARNING,
		.name = "elevator",
		.from = { 5, 0 },
		.message = "has no effect since Linux 5.0",
		.remedy = "remove it; set the scheduler with a udev rule",
		.source = "block/elevator.c",
	},

	/* ---------------------------------------------------------------- any argument */
	{
		.id = "overridden",
		.severity = ADVICE_NOTE,
		.name = "*",
		.when = when_is_overridden_single,
		.message =
			"stands there again with another value, and the last one counts",
		.remedy = "keep one: kargs set",
		.source = PARAMETERS,
	},
	{
		.id = "not-ascii",
		.severity = ADVICE_ERROR,
		.name = "*",
		.when = when_is_not_ascii,
		.message =
			"has a character that is not ASCII; the byte 0xa0, a part of some, "
			"ends an argument",
		.remedy = "write it in ASCII",
		.source = "lib/ctype.c",
	},
	{
		.id = "too-long",
		.severity = ADVICE_ERROR,
		.when = when_is_too_long,
		.message =
			"is longer than this kernel's COMMAND_LINE_SIZE: the end is cut off",
		.remedy = "remove arguments, or move them to modprobe.d or sysctl.d",
		.source = "arch/x86/include/asm/setup.h",
	},
	{
		.id = "too-many-unknown",
		.severity = ADVICE_WARNING,
		.when = when_has_too_many_unknown,
		.message =
			"has more than 32 arguments that the kernel may not know; with that "
			"many unknown ones it stops booting",
		.remedy = "remove what nothing reads: kargs verify names unknown ones",
		.source = "init/main.c",
	},
};

const size_t advice_n_rules = ARRAY_SIZE(advice_rules);

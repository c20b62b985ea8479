// SPDX-License-Identifier: LGPL-2.1-or-later

/* Cases of the rules of the host; see check-case.h. */

#include <sys/stat.h>

#include "check-case.h"
#include "common/alloc.h"

#define CPU "sys/devices/system/cpu/"
#define POLICY CPU "cpufreq/policy1/"
#define CPUINFO "proc/cpuinfo = processor\\t: 0\\nvendor_id\\t: "
#define DEVICE "sys/devices/pci0000:00/0000:02:00.0/"
#define IGD(id)                                                                          \
	"sys/bus/pci/devices/0000:00:02.0 -> ../../../devices/pci0000:00/0000:00:02.0\n" \
	"sys/devices/pci0000:00/0000:00:02.0/vendor = 0x8086\n"                          \
	"sys/devices/pci0000:00/0000:00:02.0/class = 0x030000\n"                         \
	"sys/devices/pci0000:00/0000:00:02.0/device = " id "\n"
#define GVT_ARGUMENT "proc/cmdline = i915.enable_gvt=1\n"
#define KVMGT "sys/module/kvmgt/\n"
#define GVT_ON "sys/module/i915/parameters/enable_gvt = Y\n"
#define NO_GROUPS "!sys/kernel/iommu_groups\n"
#define ONE_NODE "sys/devices/system/node/has_memory = 0\n"
#define DEFINED(name, rest)                                                             \
	"etc/libvirt/qemu/" name ".xml = <domain type='kvm'><name>" name "</name>" rest \
	"</domain>\n"
#define TAG "<metadata><host xmlns='urn:hosttune:1'/></metadata>"
#define NO_HUGEPAGES .from = "<hugepages/>", .to = ""
#define NO_CLAIM .from2 = "<t:hugepages/>", .to2 = ""

static void remove_hook(const struct fixture *f)
{
	fixture_remove(f, "etc/libvirt/hooks/qemu");
}

static void install_script(const struct fixture *f)
{
	_cleanup_free_ char *full = fixture_path(f, "etc/libvirt/hooks/qemu");

	fixture_set(f, "etc/libvirt/hooks/qemu", "#!/bin/sh\n# urn:hosttune:1\n");
	assert_int_equal(chmod(full, 0755), 0);
}

static void install_unexecutable(const struct fixture *f)
{
	check_install(f, "etc/libvirt/hooks/qemu", HOSTTUNE_VERSION, 0644);
}

static void install_old(const struct fixture *f)
{
	check_install(f, "etc/libvirt/hooks/qemu", "0.0.1", 0755);
}

static void install_writable(const struct fixture *f)
{
	check_install(f, "etc/libvirt/hooks/qemu", HOSTTUNE_VERSION, 0775);
}

static void make_directory_writable(const struct fixture *f)
{
	_cleanup_free_ char *full = fixture_path(f, "etc/libvirt/hooks");

	assert_int_equal(chmod(full, 0777), 0);
}

static void install_drop_in(const struct fixture *f)
{
	check_install(f, "etc/libvirt/hooks/qemu.d/50-hosttune", HOSTTUNE_VERSION, 0755);
}

static void move_to_drop_in(const struct fixture *f)
{
	remove_hook(f);
	install_drop_in(f);
}

/* Somebody's who is not root: whoever runs this, or, for root, another. */
static void give_hook_away(const struct fixture *f)
{
	_cleanup_free_ char *full = fixture_path(f, "etc/libvirt/hooks/qemu");

	if (geteuid() == 0)
		assert_int_equal(chown(full, 1000, 1000), 0);
}

static void link_hook(const struct fixture *f)
{
	remove_hook(f);
	fixture_add(f, "etc/libvirt/hooks/qemu -> /usr/local/bin/hosttune\n");
	check_install(f, "usr/local/bin/hosttune", HOSTTUNE_VERSION, 0755);
}

static void link_hook_to_sbin(const struct fixture *f)
{
	remove_hook(f);
	fixture_add(f, "etc/libvirt/hooks/qemu -> /usr/sbin/hosttune\n");
	check_install(f, "usr/sbin/hosttune", HOSTTUNE_VERSION, 0755);
}

const struct check_case check_host_cases[] = {
	/* ---- CPU ---- */
	{ "virtualization-off", CPUINFO "GenuineIntel\\nflags\\t\\t: fpu\n",
	  .what = "or it is off", .severity = "error" },
	{ "virtualization-off", CPUINFO "GenuineIntel\\nflags\\t\\t: fpu hypervisor\n",
	  .what = "virtual machine", .alone = true, .severity = "warning" },
	{ "virtualization-off", CPUINFO "AuthenticAMD\\nflags\\t\\t: fpu svm\n",
	  .silent = true },
	{ "virtualization-off", "proc/cpuinfo = Features\\t: fp asimd\n", .silent = true },
	{ "kvm-missing", "!dev/kvm\n", .severity = "error" },
	{ "kvm-missing", "!dev/kvm\n" CPUINFO "GenuineIntel\\nflags\\t\\t: fpu\n",
	  .silent = true },
	{ "host-is-guest", CPUINFO "GenuineIntel\\nflags\\t\\t: vmx hypervisor\n" },
	{ "cpufreq-missing", "!" CPU "cpufreq\n" },
	{ "governor-lowest", POLICY "scaling_driver = acpi-cpufreq\n",
	  .what = "1 of 2 frequency policies (policy1)" },
	{ "governor-lowest",
	  POLICY "scaling_driver = acpi-cpufreq\n" POLICY "scaling_governor = schedutil\n",
	  .silent = true },
	{ "governor-lowest", POLICY "scaling_driver = amd-pstate-epp\n", .silent = true },
	{ "energy-preference", POLICY "energy_performance_preference = power\n" },
	{ "energy-preference", POLICY "energy_performance_preference = performance\n",
	  .silent = true },
	{ "frequency-limited", POLICY "scaling_max_freq = 2000000\n" },
	{ "boost-off", CPU "intel_pstate/no_turbo = 1\n" },
	{ "boost-off", "!" CPU "intel_pstate\n" CPU "cpufreq/boost = 0\n" },
	{ "boost-off", "!" CPU "intel_pstate\n" CPU "cpufreq/boost = 1\n",
	  .silent = true },
	{ "idle-states-deep", CPU "cpu0/cpuidle/state1/latency = 133\n",
	  .what = "133 us" },
	{ "idle-states-deep",
	  CPU "cpu0/cpuidle/state1/latency = 133\n" CPU
	      "cpu0/cpuidle/state1/disable = 1\n",
	  .silent = true },
	{ "idle-states-deep",
	  CPU "cpu0/cpuidle/state1/latency = 133\n" CPU
	      "cpu0/power/pm_qos_resume_latency_us = 10\n",
	  .silent = true },
	{ "cpus-offline", CPU "offline = 5,8-63\n", .what = "CPU 5 is" },
	{ "cpus-offline", CPU "offline = 5,8-63\n" CPU "smt/control = off\n",
	  .silent = true },
	{ "clock-slow",
	  "sys/devices/system/clocksource/clocksource0/current_clocksource = "
	  "hpet\n" },
	{ "clock-slow",
	  "sys/devices/system/clocksource/clocksource0/current_clocksource = "
	  "kvm-clock\n",
	  .silent = true },
	{ "split-lock-mitigation", "proc/sys/kernel/split_lock_mitigate = 1\n" },
	{ "nmi-watchdog", "proc/sys/kernel/nmi_watchdog = 1\n" },

	/* ---- IOMMU ---- */
	{ "iommu-firmware",
	  NO_GROUPS "!sys/firmware/acpi/tables/DMAR\n"
		    "sys/firmware/acpi/tables/FACP =\n",
	  .severity = "error" },
	{ "iommu-firmware",
	  NO_GROUPS "!sys/firmware/acpi/tables/DMAR\n"
		    "sys/firmware/acpi/tables/IVRS =\n",
	  .silent = true },
	{ "iommu-firmware", NO_GROUPS "!sys/firmware\n", .silent = true },
	{ "iommu-off", NO_GROUPS, .severity = "error" },
	{ "iommu-off", NO_GROUPS, .alone = true, .severity = "notice" },
	{ "iommu-off",
	  NO_GROUPS "!sys/firmware/acpi/tables/DMAR\n"
		    "sys/firmware/acpi/tables/FACP =\n",
	  .silent = true },
	{ "interrupt-remapping-off", "proc/interrupts =  1: 9 IO-APIC 1-edge i8042\n",
	  .severity = "error" },
	{ "interrupt-remapping-off",
	  "proc/interrupts =  1: 9 GICv3 27 Level\nproc/cpuinfo = Features\\t: fp\n",
	  .silent = true },
	{ "interrupt-remapping-off",
	  NO_GROUPS "proc/interrupts =  1: 9 IO-APIC 1-edge i8042\n", .silent = true },
	{ "unsafe-interrupts",
	  "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts = Y\n" },
	{ "unsafe-noiommu",
	  "sys/module/vfio/parameters/enable_unsafe_noiommu_mode = Y\n" },
	{ "acs-override", "proc/cmdline = quiet pcie-acs-override=downstream\n",
	  .what = "=downstream" },
	{ "acs-override", "proc/cmdline = quiet -- pcie_acs_override=downstream\n",
	  .silent = true },
	{ "acs-override", "proc/cmdline = pcie_acs_overridden=1\n", .silent = true },
	{ "iommu-translates-host", "sys/kernel/iommu_groups/7/type = DMA-FQ\n" },
	{ "iommu-translates-host", "sys/kernel/iommu_groups/7/type = DMA\n",
	  .what = "unmapped at once" },

	/* ---- VFIO and vGPU ---- */
	{ "kernel-modules-gone", "!lib/modules/6.12.1\n" },
	{ "kernel-modules-gone", "!lib/modules/6.12.1\n!proc/modules\n", .silent = true },
	{ "vfio-pci-missing",
	  "!sys/module/vfio_pci\nlib/modules/6.12.1/modules.dep = a/my-vfio-pci.ko:\n",
	  .severity = "error" },
	{ "vfio-pci-missing", "!sys/module/vfio_pci\n", .silent = true },
	{ "vfio-pci-missing",
	  "!sys/module/vfio_pci\nlib/modules/6.12.1/modules.dep =\n"
	  "lib/modules/6.12.1/modules.builtin = a/b.ko\\nkernel/vfio/pci/vfio-pci.ko\n",
	  .silent = true },
	{ "vfio-disabled", "etc/modprobe.d/h.conf = # x\\ninstall vfio-pci /bin/false\n",
	  .severity = "error" },
	{ "vfio-disabled", "usr/lib/modprobe.d/h.conf = install  mdev\\t/usr/bin/true\n" },
	{ "vfio-disabled",
	  "etc/modprobe.d/h.conf = #install vfio-pci /bin/false\\noptions vfio-pci ids=1:2\n"
	  "etc/modprobe.d/h.conf.bak = install vfio-pci /bin/false\n",
	  .silent = true },
	{ "gvt-graphics", GVT_ARGUMENT IGD("0x9a49"), .what = "8086:9a49",
	  .severity = "warning" },
	{ "gvt-graphics", GVT_ARGUMENT, .what = "no Intel graphics" },
	{ "gvt-graphics", IGD("0x9a49"), .silent = true },
	{ "gvt-graphics", GVT_ARGUMENT IGD("0x5917"), .silent = true },
	{ "gvt-kernel", GVT_ARGUMENT IGD("0x5917") },
	{ "gvt-kernel", GVT_ARGUMENT IGD("0x5917") KVMGT, .silent = true },
	{ "gvt-kernel", GVT_ARGUMENT IGD("0x9a49"), .silent = true },
	{ "gvt-off", IGD("0x5917") KVMGT "sys/module/i915/parameters/enable_gvt = N\n",
	  .from = "<t:governor/>",
	  .to = "<t:mdev parent='0000:00:02.0' type='i915-GVTg_V5_4' "
		"uuid='5a3c8d52-7b0e-4a39-8c57-1f4e2d6b9a10'/>",
	  .severity = "error" },
	{ "gvt-off", GVT_ARGUMENT IGD("0x5917") KVMGT GVT_ON, .silent = true },
	{ "gvt-guc", GVT_ARGUMENT IGD("0x5917") KVMGT GVT_ON
	  "sys/module/i915/parameters/enable_guc = 3\n" },
	{ "gvt-guc",
	  GVT_ARGUMENT IGD("0x5917") KVMGT GVT_ON
	  "sys/module/i915/parameters/enable_guc = -1\n",
	  .silent = true },
	{ "gvt-guc",
	  GVT_ARGUMENT IGD("0x5917") KVMGT GVT_ON
	  "sys/module/i915/parameters/enable_guc = 2\n",
	  .silent = true },
	{ "vgpu-not-mdev", DEVICE "nvidia/current_vgpu_type = 0\n" },

	/* ---- memory ---- */
	{ "hugepages-missing", "!sys/kernel/mm/hugepages\n", .severity = "error" },
	{ "hugepages-1g-missing", "!sys/kernel/mm/hugepages/hugepages-1048576kB\n" },
	{ "hugetlbfs-missing", "proc/self/mounts = none / ext4 rw 0 0\n", .what = "2 MiB",
	  .severity = "error" },
	{ "hugetlbfs-missing", NULL, .from = "<hugepages/>",
	  .to = "<hugepages><page size='1' unit='G'/></hugepages>", .what = "1 GiB" },
	{ "hugetlbfs-missing", "proc/self/mounts = a /b hugetlbfs rw,pagesize=1024M 0 0\n",
	  .from = "<hugepages/>",
	  .to = "<hugepages><page size='1' unit='G'/></hugepages>", .silent = true },
	{ "hugetlbfs-missing", "proc/self/mounts = a /b hugetlbfs rw 0 0\n",
	  .silent = true },
	{ "hugetlbfs-missing", "proc/self/mounts = none / ext4 rw 0 0\n",
	  .from = "<hugepages/>", .to = "<hugepages/><source type='memfd'/>",
	  .silent = true },
	{ "hugepages-idle",
	  "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages = 512\n",
	  .what = "1 GiB", .alone = true },
	{ "hugepages-idle",
	  "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages = 512\n" DEFINED(
		  "x", "<memoryBacking><hugepages/></memoryBacking>"),
	  .alone = true, .silent = true },
	{ "hugepages-idle",
	  "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages = 512\n",
	  .silent = true },
	{ "thp-always",
	  "sys/kernel/mm/transparent_hugepage/enabled = [always] madvise never\n" },
	{ "thp-never",
	  "sys/kernel/mm/transparent_hugepage/enabled = always madvise [never]\n",
	  .severity = "notice" },
	{ "thp-never",
	  "sys/kernel/mm/transparent_hugepage/enabled = always madvise [never]\n",
	  NO_HUGEPAGES, NO_CLAIM, .severity = "warning" },
	{ "thp-defrag-always",
	  "sys/kernel/mm/transparent_hugepage/defrag = [always] madvise never\n" },
	{ "thp-defrag-always",
	  "sys/kernel/mm/transparent_hugepage/enabled = always madvise [never]\n"
	  "sys/kernel/mm/transparent_hugepage/defrag = [always] madvise never\n",
	  .silent = true },
	{ "ksm-on", "sys/kernel/mm/ksm/run = 1\n", .severity = "warning" },
	{ "ksm-on", "sys/kernel/mm/ksm/run = 1\n", .alone = true, .severity = "notice" },
	{ "ksm-on", "sys/kernel/mm/ksm/run = 2\n", .silent = true },
	{ "ksm-across-nodes", "sys/kernel/mm/ksm/run = 1\n" },
	{ "ksm-across-nodes", "sys/kernel/mm/ksm/run = 1\n" ONE_NODE, .silent = true },
	{ "numa-balancing-on", "proc/sys/kernel/numa_balancing = 1\n",
	  .severity = "warning" },
	{ "numa-balancing-on", "proc/sys/kernel/numa_balancing = 1\n" ONE_NODE,
	  .silent = true },
	{ "zone-reclaim-on", "proc/sys/vm/zone_reclaim_mode = 1\n" },
	{ "zone-reclaim-on", "proc/sys/vm/zone_reclaim_mode = 1\n" ONE_NODE,
	  .silent = true },
	{ "swappiness-high",
	  "proc/meminfo = MemTotal: 33554432 kB\\nMemAvailable: 25000000 "
	  "kB\\nSwapTotal: 4096 kB\\nHugepagesize: 2048 kB\n" },
	{ "swappiness-high",
	  "proc/meminfo = MemTotal: 33554432 kB\\nSwapTotal: 4096 kB\\nHugepagesize: 2048 "
	  "kB\nproc/sys/vm/swappiness = 10\n",
	  .silent = true },
	{ "overcommit-never", "proc/sys/vm/overcommit_memory = 2\n" },
	{ "overcommit-never", "proc/sys/vm/overcommit_memory = 1\n", .silent = true },

	/* ---- kernel settings ---- */
	{ "cgroup-v1", "!sys/fs/cgroup/cgroup.controllers\nsys/fs/cgroup/memory/\n",
	  .severity = "warning" },
	{ "cpuset-missing", "sys/fs/cgroup/cgroup.controllers = cpu io cpusets\n",
	  .from = "<t:governor/>", .to = "<t:isolation/>", .severity = "error" },
	{ "systemd-missing", "!run/systemd\n" },
	{ "io-scheduler-bfq", "sys/block/nvme0n1/queue/scheduler = none [bfq]\n",
	  .what = "nvme0n1" },
	{ "io-scheduler-bfq",
	  "sys/block/nvme0n1/queue/scheduler = none [bfq]\n"
	  "sys/block/nvme0n1/queue/rotational = 1\n",
	  .silent = true },
	{ "aio-limit", "proc/sys/fs/aio-nr = 60000\n" },
	{ "irqbalance-on", "run/irqbalance/irqbalance55.sock =\n" },
	{ "irqbalance-on", "run/irqbalance/irqbalance55.sock =\n",
	  .from = "<t:governor/>", .to = "<t:isolation/>", .silent = true },
	{ "bridge-filter", "proc/sys/net/bridge/bridge-nf-call-iptables = 1\n" },
	{ "tuned-powersave", "etc/tuned/active_profile = powersave\n" },
	{ "tuned-powersave", "etc/tuned/active_profile = virtual-host\n", .silent = true },
	{ "kargs-missing", "!usr/sbin/kargs\n" },
	{ "kernel-arguments-pending", NULL, .prepare = check_kargs_say, .is_host = true,
	  .what = "+quiet, -iommu=pt" },
	{ "kernel-arguments-pending", NULL, .is_host = true, .silent = true },
	{ "kernel-arguments-ineffective", NULL, .prepare = check_kargs_say,
	  .is_host = true, .what = "'isolcpus=2' is not in effect: no-effect" },
	{ "kernel-arguments-ineffective", NULL, .is_host = true, .silent = true },

	/* ---- hook ---- */
	{ "hook-missing", NULL, .prepare = remove_hook, .severity = "error" },
	{ "hook-missing", NULL, .prepare = remove_hook, .alone = true,
	  .severity = "warning" },
	{ "hook-missing", DEFINED("x", TAG), .prepare = remove_hook, .alone = true,
	  .severity = "error" },
	{ "hook-missing", NULL, .prepare = install_script, .what = "beside another" },
	{ "hook-missing", NULL, .prepare = move_to_drop_in, .silent = true },
	{ "hook-not-executable", NULL, .prepare = install_unexecutable,
	  .severity = "error" },
	{ "hook-ignored", "etc/libvirt/hooks/qemu.d/10-x = #!/bin/sh\n" },
	{ "hook-version", NULL, .prepare = install_old },
	{ "hook-calls-virsh",
	  "etc/libvirt/hooks/qemu.d/10-x [0755] = #!/bin/sh\\n  virsh list\n" },
	{ "hook-calls-virsh",
	  "etc/libvirt/hooks/qemu.d/10-x [0755] = #!/bin/sh\\n # no virsh here\\nmy-virsh\n",
	  .silent = true },
	{ "hook-writable", NULL, .prepare = install_writable },
	{ "hook-writable", NULL, .prepare = make_directory_writable,
	  .what = "'/etc/libvirt/hooks' can" },
	{ "hook-owner", NULL, .prepare = give_hook_away, .is_host = true },
	{ "hook-owner", NULL, .prepare = give_hook_away, .silent = true },
	{ "hook-twice", NULL, .prepare = install_drop_in, .what = "2 times" },
	{ "hook-others", "etc/libvirt/hooks/qemu.d/10-x [0755] = #!/bin/sh\n",
	  .what = "/etc/libvirt/hooks/qemu.d/10-x" },
	{ "hook-directories", "etc/libvirt/hooks/qemu.d/win10/prepare/begin/\n",
	  .what = "qemu.d/win10" },
	{ "hook-link", "sys/module/apparmor/parameters/enabled = Y\n",
	  .prepare = link_hook, .severity = "error" },
	{ "hook-link", "sys/module/apparmor/parameters/enabled = Y\n",
	  .prepare = link_hook_to_sbin, .silent = true },
	{ "hook-link", NULL, .prepare = link_hook, .silent = true },
	{ "hook-label", "sys/fs/selinux/enforce = 1\n", .prepare = check_label_is_wrong,
	  .what = "user_home_t", .severity = "error" },
	{ "hook-label", "sys/fs/selinux/enforce = 1\n", .silent = true },
	{ "hook-label", "sys/fs/selinux/enforce = 0\n", .prepare = check_label_is_wrong,
	  .silent = true },
	{ "hook-confined", "sys/fs/selinux/enforce = 1\n"
			   "sys/fs/selinux/booleans/virt_hooks_unconfined = 0 0\n" },
	{ "hook-confined",
	  "sys/fs/selinux/enforce = 1\n"
	  "sys/fs/selinux/booleans/virt_hooks_unconfined = 1 1\n",
	  .silent = true },
	{ "daemon-missing", "!run/libvirt\n!proc/500\n" },
	{ "daemon-missing", "!run/libvirt\n", .silent = true },
	{ "daemon-missing", "!proc/500\n", .silent = true },
	{ "hook-unseen", "proc/stat = cpu 1\\nbtime 1000\\nprocesses 1\n" },
	{ "hook-unseen", "proc/stat = cpu 1\\nbtime 1000\\nprocesses 1\nrun/hosttune/\n",
	  .silent = true },
	{ "hook-unseen", "proc/stat = cpu 1\\nbtime 1000\\nprocesses 1\n!proc/500\n",
	  .silent = true },
	{ "config-invalid", "etc/hosttune/hosttune.conf = nonsense\n",
	  .severity = "error" },
	{ "ledger-set-aside", "run/hosttune/ledger.json.aside-17 = {}\n" },
	{ "domain-unreadable", "etc/libvirt/qemu/x.xml = <domain\n", .what = "x.xml" },
	{ "domain-unreadable", "etc/libvirt/qemu/networks/default.xml = <network/>\n",
	  .silent = true },
	{ "domain-metadata-invalid",
	  DEFINED("x",
		  "<metadata><host xmlns='urn:hosttune:1'><hugepage/></host></metadata>"),
	  .alone = true, .what = "hugepage", .severity = "error" },
	{ "domain-metadata-invalid", DEFINED("x", TAG), .alone = true, .silent = true },
	{ "library-missing", NULL, .prepare = check_library_is_missing, .is_host = true,
	  .what = "libnuma" },
	{ "library-missing", NULL, .prepare = check_library_is_missing, .silent = true },
};
const size_t n_check_host_cases = ARRAY_SIZE(check_host_cases);

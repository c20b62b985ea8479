// SPDX-License-Identifier: LGPL-2.1-or-later

/* What hosttune-snapshot prints: every attribute that a resource of hosttune may touch. */

#include "attributes.h"

#define CPU "sys/devices/system/cpu/"
#define NODE "sys/devices/system/node/node*/"
#define MM "sys/kernel/mm/"
#define PCI "sys/bus/pci/"

#define ATTR(path)                 \
	{                          \
		path, false, false \
	}
#define LINK(path)                \
	{                         \
		path, true, false \
	}
#define VOLATILE(path)            \
	{                         \
		path, false, true \
	}

const struct attribute attributes[] = {
	/* Hugepages */
	ATTR(NODE "hugepages/hugepages-*/nr_hugepages"),
	ATTR(MM "hugepages/hugepages-*/nr_hugepages"),
	ATTR(MM "hugepages/hugepages-*/nr_overcommit_hugepages"),
	VOLATILE(NODE "hugepages/hugepages-*/free_hugepages"),
	VOLATILE(NODE "hugepages/hugepages-*/surplus_hugepages"),
	VOLATILE(MM "hugepages/hugepages-*/free_hugepages"),
	VOLATILE(MM "hugepages/hugepages-*/resv_hugepages"),
	VOLATILE(MM "hugepages/hugepages-*/surplus_hugepages"),

	/* CPUs and their frequency */
	ATTR(CPU "online"),
	ATTR(CPU "cpu*/online"),
	ATTR(CPU "cpu*/power/pm_qos_resume_latency_us"),
	ATTR(CPU "cpu*/cpuidle/state*/disable"),
	ATTR(CPU "smt/control"),
	ATTR(CPU "cpufreq/boost"),
	ATTR(CPU "cpufreq/policy*/boost"),
	ATTR(CPU "cpufreq/policy*/energy_performance_preference"),
	ATTR(CPU "cpufreq/policy*/scaling_driver"),
	ATTR(CPU "cpufreq/policy*/scaling_governor"),
	ATTR(CPU "cpufreq/policy*/scaling_max_freq"),
	ATTR(CPU "cpufreq/policy*/scaling_min_freq"),
	VOLATILE(CPU "cpufreq/policy*/scaling_cur_freq"),
	ATTR(CPU "amd_pstate/status"),
	ATTR(CPU "intel_pstate/status"),
	ATTR(CPU "intel_pstate/no_turbo"),
	ATTR(CPU "intel_pstate/max_perf_pct"),
	ATTR(CPU "intel_pstate/min_perf_pct"),

	/* PCI devices and their groups */
	LINK(PCI "devices/*"),
	LINK(PCI "devices/*/driver"),
	ATTR(PCI "devices/*/driver_override"),
	ATTR(PCI "devices/*/power/control"),
	ATTR(PCI "devices/*/d3cold_allowed"),
	ATTR(PCI "devices/*/reset_method"),
	ATTR(PCI "devices/*/sriov_numvfs"),
	ATTR(PCI "devices/*/sriov_drivers_autoprobe"),
	ATTR(PCI "devices/*/nvidia/current_vgpu_type"),
	ATTR(PCI "drivers_autoprobe"),
	ATTR("sys/kernel/iommu_groups/*/type"),
	LINK("sys/class/vfio/*"),
	ATTR("sys/class/vtconsole/vtcon*/bind"),

	/* Mediated devices */
	LINK("sys/bus/mdev/devices/*"),
	LINK("sys/bus/mdev/devices/*/mdev_type"),
	ATTR("sys/class/mdev_bus/*/mdev_supported_types/*/available_instances"),

	/* Interrupts and workqueues */
	ATTR("proc/irq/default_smp_affinity"),
	ATTR("proc/irq/*/smp_affinity_list"),
	VOLATILE("proc/irq/*/effective_affinity_list"),
	ATTR("sys/devices/virtual/workqueue/cpumask"),
	ATTR("sys/devices/virtual/workqueue/cpumask_requested"),
	ATTR("sys/devices/virtual/workqueue/*/cpumask"),

	/* Control groups */
	ATTR("sys/fs/cgroup/cpuset.cpus.isolated"),
	ATTR("sys/fs/cgroup/*/cpuset.cpus"),
	ATTR("sys/fs/cgroup/*/cpuset.cpus.exclusive"),
	ATTR("sys/fs/cgroup/*/cpuset.cpus.partition"),
	ATTR("sys/fs/cgroup/*/cpuset.mems"),
	ATTR("sys/fs/cgroup/*/cgroup.subtree_control"),
	VOLATILE("sys/fs/cgroup/*/cpuset.cpus.effective"),

	/* Noise */
	ATTR(MM "transparent_hugepage/enabled"),
	ATTR(MM "transparent_hugepage/defrag"),
	ATTR(MM "transparent_hugepage/shmem_enabled"),
	ATTR(MM "transparent_hugepage/khugepaged/defrag"),
	ATTR(MM "transparent_hugepage/hugepages-*/enabled"),
	ATTR(MM "ksm/run"),
	ATTR(MM "ksm/merge_across_nodes"),
	VOLATILE(MM "ksm/pages_shared"),
	ATTR("proc/sys/kernel/numa_balancing"),
	ATTR("proc/sys/kernel/nmi_watchdog"),
	ATTR("proc/sys/kernel/soft_watchdog"),
	ATTR("proc/sys/kernel/watchdog"),
	ATTR("proc/sys/kernel/watchdog_cpumask"),
	ATTR("proc/sys/kernel/timer_migration"),
	ATTR("proc/sys/kernel/sched_rt_runtime_us"),
	ATTR("proc/sys/vm/compaction_proactiveness"),
	ATTR("proc/sys/vm/stat_interval"),
	ATTR("proc/sys/vm/swappiness"),
	ATTR("proc/sys/vm/zone_reclaim_mode"),
	ATTR("sys/module/kvm/parameters/halt_poll_ns"),

	{ 0 },
};

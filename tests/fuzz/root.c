// SPDX-License-Identifier: LGPL-2.1-or-later
/* A small host for the fuzzers; see root.h. */

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/error.h"
#include "common/log.h"
#include "tests/fuzz/root.h"

#define NODE(n)                                                                          \
	"sys/devices/system/node/node" n "/meminfo=Node " n                              \
	" MemTotal: 8388608 kB\\Node " n " MemFree: 6291456 kB\n"                        \
	"sys/devices/system/node/node" n "/distance=10 20\n"                             \
	"sys/devices/system/node/node" n "/hugepages/hugepages-2048kB/nr_hugepages=16\n" \
	"sys/devices/system/node/node" n                                                 \
	"/hugepages/hugepages-2048kB/free_hugepages=8\n"                                 \
	"sys/devices/system/node/node" n                                                 \
	"/hugepages/hugepages-2048kB/surplus_hugepages=0\n"                              \
	"sys/devices/system/node/node" n                                                 \
	"/hugepages/hugepages-1048576kB/nr_hugepages=0\n"                                \
	"sys/devices/system/node/node" n                                                 \
	"/hugepages/hugepages-1048576kB/free_hugepages=0\n"                              \
	"sys/devices/system/node/node" n                                                 \
	"/hugepages/hugepages-1048576kB/surplus_hugepages=0\n"

#define CPU(n)                                                                    \
	"sys/devices/system/cpu/cpu" n "/topology/thread_siblings_list=" n "\n"   \
	"sys/devices/system/cpu/cpu" n "/power/pm_qos_resume_latency_us=0\n"      \
	"sys/devices/system/cpu/cpufreq/policy" n "/affected_cpus=" n "\n"        \
	"sys/devices/system/cpu/cpufreq/policy" n "/related_cpus=" n "\n"         \
	"sys/devices/system/cpu/cpufreq/policy" n "/scaling_governor=powersave\n" \
	"sys/devices/system/cpu/cpufreq/policy" n                                 \
	"/scaling_available_governors=performance powersave\n"                    \
	"sys/devices/system/cpu/cpu" n "/cpufreq->../cpufreq/policy" n "\n"

#define PCI(a, class, group, driver)                                                     \
	"sys/devices/pci0000:00/" a "/vendor=0x10de\n"                                   \
	"sys/devices/pci0000:00/" a "/device=0x1b80\n"                                   \
	"sys/devices/pci0000:00/" a                                                      \
	"/class=" class "\n"                                                             \
			"sys/devices/pci0000:00/" a "/modalias=pci:v000010DEd00001B80\n" \
			"sys/devices/pci0000:00/" a "/driver_override=(null)\n"          \
			"sys/devices/pci0000:00/" a                                      \
			"/driver->../../../bus/pci/drivers/" driver "\n"                 \
			"sys/devices/pci0000:00/" a                                      \
			"/iommu_group->../../../kernel/iommu_groups/" group "\n"         \
			"sys/kernel/iommu_groups/" group "/devices/" a                   \
			"->../../../../devices/pci0000:00/" a "\n"                       \
			"sys/bus/pci/drivers/" driver "/unbind=\n"                       \
			"sys/bus/pci/devices/" a "->../../../devices/pci0000:00/" a "\n"

/* One line for each: PATH=VALUE, or PATH->TARGET. A backslash is a line break. */
static const char host_text[] =
	"sys/devices/system/cpu/online=0-3\n"
	"sys/devices/system/cpu/possible=0-3\n"
	"sys/devices/system/cpu/isolated=\n"
	"sys/devices/system/node/online=0-1\n"
	"sys/devices/system/node/has_memory=0-1\n"
	"sys/devices/system/node/node0/cpulist=0-1\n"
	"sys/devices/system/node/node1/cpulist=2-3\n" NODE("0") NODE("1") CPU("0") CPU(
		"1") CPU("2") CPU("3") PCI("0000:01:00.0", "0x030000", "1",
					   "nouveau") PCI("0000:01:00.1", "0x040300", "1",
							  "snd_hda_intel") PCI("0000:02:00.0",
									       "0x010802",
									       "2",
									       "nvme")
		PCI("0000:03:00.0", "0x030000", "3",
		    "i915") "sys/bus/pci/drivers/vfio-pci/unbind=\n"
			    "sys/module/vfio_pci/initstate=live\n"
			    "sys/class/mdev_bus/0000:03:00.0->../../devices/pci0000:00/0000:03:00.0\n"
			    "sys/devices/pci0000:00/0000:03:00.0/mdev_supported_types/t1/"
			    "available_instances=2\n"
			    "sys/devices/pci0000:00/0000:03:00.0/mdev_supported_types/t1/name=one\n"
			    "sys/devices/pci0000:00/0000:03:00.0/mdev_supported_types/t1/create=\n"
			    "sys/devices/virtual/workqueue/cpumask=f\n"
			    "sys/fs/cgroup/cgroup.controllers=cpuset cpu memory\n"
			    "sys/fs/cgroup/cgroup.subtree_control=cpuset cpu\n"
			    "sys/fs/cgroup/cgroup.procs=\n"
			    "sys/fs/cgroup/cpuset.cpus.effective=0-3\n"
			    "sys/fs/cgroup/cpuset.cpus.isolated=\n"
			    "sys/fs/cgroup/system.slice/cgroup.procs=\n"
			    "sys/fs/cgroup/system.slice/cpuset.cpus=\n"
			    "sys/fs/cgroup/system.slice/cpuset.cpus.effective=0-3\n"
			    "sys/fs/cgroup/machine.slice/cgroup.procs=\n"
			    "sys/fs/cgroup/machine.slice/cpuset.cpus=\n"
			    "sys/kernel/irq/24/actions=nvme0q1\n"
			    "proc/irq/24/smp_affinity_list=0-3\n"
			    "proc/irq/24/node=0\n"
			    "proc/irq/25/smp_affinity_list=2\n"
			    "proc/irq/default_smp_affinity=f\n"
			    "sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages=0\n"
			    "sys/kernel/mm/hugepages/hugepages-1048576kB/resv_hugepages=0\n"
			    "sys/kernel/mm/transparent_hugepage/enabled=always [madvise] never\n"
			    "sys/kernel/mm/transparent_hugepage/defrag=always [madvise] never\n"
			    "sys/kernel/mm/ksm/run=1\n"
			    "sys/kernel/mm/ksm/merge_across_nodes=1\n"
			    "sys/devices/system/cpu/cpufreq/boost=1\n"
			    "proc/sys/vm/stat_interval=1\n"
			    "proc/sys/kernel/watchdog=1\n"
			    "proc/sys/kernel/watchdog_cpumask=0-3\n"
			    "proc/sys/kernel/numa_balancing=1\n"
			    "proc/sys/kernel/random/boot_id=11111111-2222-3333-4444-555555555555\n"
			    "proc/meminfo=MemTotal: 16777216 kB\\Hugepagesize: 2048 kB\n"
			    "proc/self/mountinfo=22 1 259:1 / / rw - ext4 /dev/nvme0n1p1 rw\n"
			    "proc/swaps=\n"
			    "proc/net/route=\n"
			    "proc/10/comm=init\n"
			    "proc/10/cmdline=init\n"
			    "proc/10/fd/0->/dev/null\n"
			    "run/libvirt/qemu/d.pid=10\n";

static char *directory; /* removed when the process ends */
static struct sysroot shared = { -1, false };

void fuzz_require(bool holds)
{
	if (!holds)
		abort();
}

void fuzz_require_cause(const struct error *err)
{
	if (!err->cause || strchr(err->cause, '\n'))
		abort();
}

static int remove_one(const char *path, const struct stat *st _unused_, int type _unused_,
		      struct FTW *ftw _unused_)
{
	return remove(path);
}

static void remove_directory(void)
{
	(void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	sysroot_close(&shared);
	free(directory);
}

const struct sysroot *fuzz_empty_root(void)
{
	if (directory)
		return &shared;
	directory = xstrdup("/tmp/hosttune-fuzz-XXXXXX");
	fuzz_require(mkdtemp(directory) && sysroot_open(directory, &shared) == 0);
	fuzz_require(atexit(remove_directory) == 0);
	log_setup(LOG_TO_NOTHING, LOG_ERR);
	return &shared;
}

static void make_parents(const char *path)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", directory, path);

	for (char *slash = full + strlen(directory) + 1; (slash = strchr(slash, '/'));) {
		*slash = '\0';
		fuzz_require(mkdir(full, 0755) == 0 || errno == EEXIST);
		*slash++ = '/';
	}
}

void fuzz_write(const struct sysroot *root, const char *path, const void *data,
		size_t size)
{
	_cleanup_close_ int fd = sysroot_openf(root, O_WRONLY | O_TRUNC, "%s", path);

	if (fd < 0) {
		make_parents(path);
		fd = sysroot_openf(root, O_WRONLY | O_CREAT, "%s", path);
	}
	fuzz_require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
}

void fuzz_link(const char *path, const char *target)
{
	make_parents(path);
	fuzz_require(symlinkat(target, shared.fd, path) == 0);
}

static void add_line(char *line)
{
	char *link = strstr(line, "->"), *equals = strchr(line, '=');

	if (link) {
		*link = '\0';
		fuzz_link(line, link + 2);
		return;
	}
	*equals = '\0';
	for (char *c = equals + 1; *c; c++)
		*c = *c == '\\' ? '\n' : *c;
	fuzz_write(&shared, line, equals + 1, strlen(equals + 1));
}

const struct sysroot *fuzz_host(void)
{
	_cleanup_free_ char *text = xstrdup(host_text);
	char *next = text;

	if (directory)
		return &shared;
	(void)fuzz_empty_root();
	while (*next)
		add_line(strsep(&next, "\n"));
	return &shared;
}

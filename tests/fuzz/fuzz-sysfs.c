// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel's files say. Input: the content that every file has. Lists, masks, addresses and maps
 * are written and read again as the same; everything else only has to come to an end.
 */

#include "common/alloc.h"
#include "hook/affinity-map.h"
#include "hook/cgroup.h"
#include "hook/cpumask.h"
#include "hook/drop-in.h"
#include "hook/host-memory.h"
#include "hook/host-use.h"
#include "hook/irq.h"
#include "hook/pci-address.h"
#include "hook/resource.h"
#include "tests/fuzz/root.h"

#define INPUT "input"
#define PCI "0000:01:00.0"

/* A file that is one, and directories with names that are looked for. */
static const char *const paths[] = {
	"sys/devices/system/cpu/online",
	"sys/devices/system/cpu/possible",
	"sys/devices/system/cpu/cpufreq/policy0/scaling_governor",
	"sys/devices/system/cpu/cpufreq/policy0/energy_performance_preference",
	"sys/devices/system/cpu/cpu0/topology/thread_siblings_list",
	"sys/devices/system/cpu/cpu0/power/pm_qos_resume_latency_us",
	"sys/devices/system/node/has_memory",
	"sys/devices/system/node/online",
	"sys/devices/system/node/node0/cpulist",
	"sys/devices/system/node/node0/distance",
	"sys/devices/system/node/node0/meminfo",
	"sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages",
	"sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages",
	"sys/devices/system/node/node0/hugepages/hugepages-2048kB/surplus_hugepages",
	"sys/bus/pci/devices/" PCI "/vendor",
	"sys/bus/pci/devices/" PCI "/device",
	"sys/bus/pci/devices/" PCI "/class",
	"sys/bus/pci/devices/" PCI "/modalias",
	"sys/bus/pci/devices/" PCI "/boot_vga",
	"sys/bus/pci/devices/" PCI "/driver_override",
	"sys/bus/pci/devices/" PCI "/irq",
	"sys/bus/pci/devices/" PCI "/block/sda/dev",
	"sys/bus/pci/devices/" PCI "/block/sda/uevent",
	"sys/bus/pci/devices/" PCI "/block/sda/holders/dm-0",
	"sys/class/net/eth0/device",
	"sys/fs/cgroup/cgroup.controllers",
	"sys/fs/cgroup/cgroup.procs",
	"sys/fs/cgroup/system.slice/cpuset.cpus",
	"sys/fs/cgroup/system.slice/cgroup.procs",
	"sys/devices/virtual/workqueue/cpumask",
	"sys/kernel/irq/24/actions",
	"sys/kernel/mm/transparent_hugepage/enabled",
	"sys/kernel/mm/ksm/run",
	"proc/driver/nvidia/gpus/" PCI "/information",
	"proc/irq/24/smp_affinity_list",
	"proc/irq/24/node",
	"proc/meminfo",
	"proc/net/route",
	"proc/net/ipv6_route",
	"proc/self/mountinfo",
	"proc/swaps",
	"proc/sys/kernel/watchdog_cpumask",
	"proc/sys/kernel/numa_balancing",
	"proc/sys/vm/stat_interval",
	"proc/7/cgroup",
	"proc/7/stat",
	"run/systemd/transient/x.slice.d/50-AllowedCPUs.conf",
};

static const struct {
	const char *resource;
	const char *object;
} objects[] = {
	{ "governor", "policy0" },
	{ "governor", "policy0/epp" },
	{ "quiet", "thp/enabled" },
	{ "quiet", "ksm/run" },
	{ "quiet", "stat-interval" },
	{ "quiet", "latency/cpu0" },
	{ "watchdog", "watchdog_cpumask" },
	{ "numa-balancing", "numa_balancing" },
	{ "passthrough", PCI },
	{ "mdev", "aa" },
};

static const struct sysroot *make_root(void)
{
	static bool made;
	const struct sysroot *root = fuzz_empty_root();

	for (size_t i = 0; !made && i < ARRAY_SIZE(paths); i++)
		fuzz_link(paths[i], "/" INPUT);
	if (!made)
		fuzz_link("sys/class/net/eth1", "../../devices/" PCI "/net/eth1");
	made = true;
	return root;
}

/* ---- what is text only ---- */

static void check_bitset(const char *text)
{
	_cleanup_bitset_ struct bitset a = BITSET_NULL, b = BITSET_NULL;
	_cleanup_free_ char *once = NULL, *twice = NULL;

	if (bitset_parse(text, &a) < 0)
		return;
	once = bitset_format(&a);
	fuzz_require(bitset_parse(once, &b) == 0);
	twice = bitset_format(&b);
	fuzz_require(STREQ(once, twice) && bitset_count(&a) == bitset_count(&b));
}

static void check_cpumask(const char *text)
{
	_cleanup_bitset_ struct bitset a = BITSET_NULL, b = BITSET_NULL,
				       none = BITSET_NULL;
	_cleanup_free_ char *once = NULL, *list = NULL, *again = NULL, *without = NULL;

	without = cpumask_without(text, &none, &none);
	fuzz_require(strlen(without) == strlen(text));
	if (cpumask_parse(text, &a) < 0)
		return;
	once = cpumask_format(&a, text);
	fuzz_require(strlen(once) == strlen(text) && cpumask_parse(once, &b) == 0);
	list = bitset_format(&a);
	again = bitset_format(&b);
	fuzz_require(STREQ(list, again));
}

static void check_map(const char *text)
{
	_cleanup_affinity_map_ struct affinity_map a = AFFINITY_MAP_NULL,
						   b = AFFINITY_MAP_NULL;
	_cleanup_free_ char *once = NULL, *twice = NULL;

	/* A range of millions is one that is refused or takes its time. */
	if (strspn(text, "0123456789,-=;") != strlen(text) ||
	    affinity_map_parse(text, &a) < 0 || a.n > 1000)
		return;
	once = affinity_map_format(&a);
	fuzz_require(affinity_map_parse(once, &b) == 0 && a.n == b.n);
	twice = affinity_map_format(&b);
	fuzz_require(STREQ(once, twice));
}

static void check_address(const char *text)
{
	struct pci_address a, b;
	char name[PCI_ADDRESS_MAX], again[PCI_ADDRESS_MAX];

	if (pci_address_parse(text, &a) < 0)
		return;
	fuzz_require(pci_address_parse(pci_address_format(&a, name), &b) == 0);
	fuzz_require(STREQ(name, pci_address_format(&b, again)));
}

static void check_pool(const char *text)
{
	struct pool a, b;
	_cleanup_free_ char *name = NULL;

	if (pool_parse(text, &a) < 0)
		return;
	name = pool_name(&a);
	fuzz_require(pool_parse(name, &b) == 0);
	fuzz_require(a.node == b.node && a.size_kib == b.size_kib);
}

/* ---- what is in files ---- */

static void read_cpus_and_memory(const struct sysroot *root)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_bitset_ struct bitset set = BITSET_NULL, nodes = BITSET_NULL;
	_cleanup_host_ struct host host = { 0 };
	const struct pool pool = { 0, 2048 };
	struct node_memory memory;
	struct pool_state state;
	uint64_t number;
	unsigned distance;

	if (host_read(root, &host, &err) < 0) {
		fuzz_require_cause(&err);
	} else if (bitset_count(&host.nodes) < 16) {
		(void)!host_nodes_of_cpus(&host, &host.cpus_online, &nodes);
		(void)!host_siblings(&host, 0, &set);
		(void)!host_distance(&host, 0, 1, &distance);
	}
	(void)!hugepage_default_size(root, &number);
	if (node_memory_read(root, 0, &memory) == 0 && pool_read(root, &pool, &state) == 0)
		fuzz_require(state.persistent + state.surplus >= state.persistent);
}

static void read_devices(const struct sysroot *root)
{
	_cleanup_pci_device_ struct pci_device device = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	struct device_nodes nodes = { 0 };
	_cleanup_strv_ struct strv uses = STRV_NULL, none = STRV_NULL;

	if (pci_device_read(root, PCI, &device, &err) < 0) {
		fuzz_require_cause(&err);
		(void)snprintf(device.address, sizeof(device.address), PCI);
		device.driver = xstrdup("");
	}
	(void)!pci_device_nodes(root, &device, &nodes);
	(void)!use_find_host(root, &device, &nodes, &none, &uses);
	(void)!use_find_processes(root, &nodes, PCI, &uses);
	device_nodes_done(&nodes);
}

static void read_groups_and_interrupts(const struct sysroot *root)
{
	_cleanup_affinity_map_ struct affinity_map irqs = AFFINITY_MAP_NULL;
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL, allowed = BITSET_NULL;
	_cleanup_free_ char *group = NULL, *name = NULL;
	_cleanup_free_ unsigned *vfio = NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	size_t n = 0;

	name = irq_name(root, 24);
	fuzz_require(*name);
	(void)cgroup_can_shield(root, &err);
	if (cgroup_of_process(root, 7, &group) == 0)
		fuzz_require(!strchr(group, '\n'));
	(void)cgroup_count_in_root(root);
	(void)!irq_read_all(root, &irqs);
	irq_node_cpus(root, 24, &cpus);
	irq_of_vfio_device(root, PCI, &vfio, &n);
	(void)!drop_in_read(root, "x.slice", &allowed);
}

static void read_objects(const struct sysroot *root)
{
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		const struct resource *resource = resource_find(objects[i].resource);
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_free_ char *value = NULL;

		if (resource->read &&
		    resource->read(root, objects[i].object, &value, &err) == 0)
			fuzz_require(value != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sysroot *root = make_root();
	_cleanup_free_ char *text = xcalloc(size + 1, 1);

	memcpy(text, data, size);
	check_bitset(text);
	check_cpumask(text);
	check_map(text);
	check_address(text);
	check_pool(text);

	fuzz_write(root, INPUT, data, size);
	read_cpus_and_memory(root);
	read_devices(root);
	read_groups_and_interrupts(root);
	read_objects(root);
	return 0;
}

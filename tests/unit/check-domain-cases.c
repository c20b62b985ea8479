// SPDX-License-Identifier: LGPL-2.1-or-later

/* Cases of the rules of a domain; see check-case.h. */

#include "check-case.h"

#define DEVICE "sys/devices/pci0000:00/0000:02:00.0/"
#define PINS "<vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='6'/>"
#define EMULATOR "<emulatorpin cpuset='3,7'/>"
#define IOTHREADPIN "<iothreadpin iothread='1' cpuset='3'/>"
#define TOPOLOGY "<topology sockets='1' cores='1' threads='2'/>"
#define NUMATUNE "<memory mode='strict' nodeset='1'/>"
#define BALLOON "<memballoon model='none'/>"
#define DRIVER "type='raw' cache='none' io='native' discard='unmap' iothread='1'"
#define WINDOWS                                                    \
	"<metadata><l:libosinfo "                                  \
	"xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0'>" \
	"<l:os id='http://microsoft.com/win/11'/></l:libosinfo>"
#define AMD \
	"proc/cpuinfo = processor\\t: 0\\nvendor_id\\t: AuthenticAMD\\nflags\\t\\t: svm\n"
#define UNCLAIMED "<t:passthrough/>"
#define MANAGED "managed='no'"
/* A second device in group 7, with a driver of the host's */
#define STRANGER                                                                         \
	"sys/bus/pci/devices/0000:02:00.1 -> ../../../devices/pci0000:00/0000:02:00.1\n" \
	"sys/devices/pci0000:00/0000:02:00.1/vendor = 0x10de\n"                          \
	"sys/devices/pci0000:00/0000:02:00.1/device = 0x10f8\n"                          \
	"sys/devices/pci0000:00/0000:02:00.1/class = 0x040300\n"                         \
	"sys/devices/pci0000:00/0000:02:00.1/driver -> "                                 \
	"../../../bus/pci/drivers/snd_hda_intel\n"                                       \
	"sys/bus/pci/drivers/snd_hda_intel/\n"                                           \
	"sys/devices/pci0000:00/0000:02:00.1/iommu_group -> "                            \
	"../../../kernel/iommu_groups/7\n"                                               \
	"sys/kernel/iommu_groups/7/devices/0000:02:00.1 -> "                             \
	"../../../../devices/pci0000:00/0000:02:00.1\n"
#define NOUVEAU                                               \
	DEVICE "driver -> ../../../bus/pci/drivers/nouveau\n" \
	       "sys/bus/pci/drivers/nouveau/\n"
/* QEMU of the domain runs. */
#define RUNNING                                                           \
	"run/libvirt/qemu/d.pid = 700\nproc/700/comm = qemu-system-x86\n" \
	"proc/700/stat = 700 (qemu) S 1\n"                                \
	"proc/700/cmdline = qemu -uuid 0f9c1a1e-6c52-4d0b-9a53-5f3f5f0a7c01\n"
#define MDEV                                                                       \
	"<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address " \
	"uuid='5a3c8d52-7b0e-4a39-8c57-1f4e2d6b9a10'/></source></hostdev>"
#define MORE(device) .from = BALLOON, .to = BALLOON device
#define PIN(a, b)     \
	.from = PINS, \
	.to = "<vcpupin vcpu='0' cpuset='" a "'/><vcpupin vcpu='1' cpuset='" b "'/>"

const struct check_case check_domain_cases[] = {
	/* ---- claims ---- */
	{ "metadata-missing", NULL, .from = "urn:hosttune:1", .to = "urn:other" },
	{ "metadata-invalid", NULL, .from = "<t:governor/>", .to = "<t:govenor/>",
	  .what = "govenor", .severity = "error" },
	{ "metadata-invalid", NULL, .from = "urn:hosttune:1", .to = "urn:hosttune:2" },
	{ "claim-hugepages", NULL, .from = "<memory unit='GiB'>1<",
	  .to = "<memory unit='GiB'>100<", .what = "hugepages:", .severity = "error" },
	{ "claim-isolation", NULL, .from = "<t:governor/>",
	  .to = "<t:isolation cpuset='0-7'/>", .what = "isolation:" },
	{ "claim-governor", NULL, .from = "<t:governor/>",
	  .to = "<t:governor name='ondemand'/>", .what = "ondemand" },
	{ "claim-passthrough", DEVICE "iommu_group -> ../../../kernel/iommu_groups/8\n",
	  .what = "passthrough:" },
	{ "claim-passthrough", STRANGER, .what = "snd_hda_intel" },
	{ "claim-mdev", NULL, .from = "<t:governor/>",
	  .to = "<t:mdev parent='0000:00:02.0' type='x' "
		"uuid='5a3c8d52-7b0e-4a39-8c57-1f4e2d6b9a10'/>",
	  .what = "mdev:" },
	{ "claim-quiet",
	  "!sys/devices/system/cpu/cpu2/power\n"
	  "sys/kernel/mm/transparent_hugepage/enabled = always never\n",
	  .from = "<t:governor/>", .to = "<t:quiet thp='madvise' latency='10'/>",
	  .from2 = PINS, .to2 = "" },
	{ "claim-quiet", NULL, .from = "<t:governor/>", .to = "<t:quiet ksm='off'/>",
	  .silent = true },
	{ "claim-unsupported", NULL, .from = "<t:governor/>",
	  .to = "<t:sriov pf='0000:05:00.0' vfs='2'/>", .what = "sriov" },

	/* ---- CPUs ---- */
	{ "domain-emulated", NULL, .from = "type='kvm'", .to = "type='qemu'" },
	{ "domain-emulated", "!dev/kvm\n", .from = "type='kvm'", .to = "type='qemu'",
	  .silent = true },
	{ "cpu-model-basic", NULL, .from = "mode='host-passthrough'", .to = "" },
	{ "cpu-model-basic", NULL, .from = "mode='host-passthrough'>",
	  .to = "><model>kvm64</model>", .what = "kvm64" },
	{ "cpu-model-basic", NULL, .from = "mode='host-passthrough'", .to = "",
	  .from2 = "arch='x86_64'", .to2 = "arch='aarch64'", .silent = true },
	{ "cpu-model-not-host", NULL, .from = "host-passthrough", .to = "host-model" },
	{ "cpu-model-not-host", NULL, .from = "mode='host-passthrough'>",
	  .to = "mode='custom'><model>EPYC</model>", .what = "EPYC" },
	{ "cpu-model-not-host", NULL, .from = "host-passthrough", .to = "maximum",
	  .silent = true },
	{ "topoext-missing", AMD },
	{ "topoext-missing", AMD, .from = TOPOLOGY,
	  .to = TOPOLOGY "<feature policy='require' name='topoext'/>", .silent = true },
	{ "topoext-missing", AMD, .from = TOPOLOGY, .to = "", .silent = true },
	{ "hyperv-missing", NULL, .from = "<metadata>", .to = WINDOWS },
	{ "hyperv-missing", NULL, .from = "<metadata>", .to = WINDOWS, .from2 = "<acpi/>",
	  .to2 = "<hyperv mode='passthrough'/>", .silent = true },
	{ "hyperv-clock-missing", NULL, .from = "<metadata>", .to = WINDOWS,
	  .from2 = "<acpi/>", .to2 = "<hyperv mode='passthrough'/>" },
	{ "hpet-on", NULL, .from = "<clock offset='utc'/>",
	  .to = "<clock offset='utc'><timer name='hpet' present='yes'/></clock>" },
	{ "hpet-on", NULL, .from = "<clock offset='utc'/>",
	  .to = "<clock offset='utc'><timer name='hpet' present='no'/></clock>",
	  .silent = true },
	{ "machine-without-pcie", NULL, .from = "machine='q35'",
	  .to = "machine='pc-i440fx-7.2'" },
	{ "machine-without-pcie", NULL, .from = "machine='q35'", .to = "machine='pc'",
	  .from2 = CHECK_HOSTDEV, .to2 = "", .silent = true },
	{ "vcpus-over-cpus", NULL, .from = "<vcpu>2", .to = "<vcpu>9", .what = "9 vCPUs" },
	{ "vcpus-over-cpus", NULL, .from = "<vcpu>2", .to = "<vcpu>8", .silent = true },

	/* ---- pins ---- */
	{ "vcpus-unpinned", NULL, .from = PINS, .to = "" },
	{ "vcpus-partly-pinned", NULL, .from = "<vcpu>2", .to = "<vcpu>4",
	  .what = "vCPU 2-3" },
	{ "vcpus-partly-pinned", NULL, .from = "<vcpu>2", .to = "<vcpu cpuset='2-3'>4",
	  .silent = true },
	{ "pin-offline", NULL, PIN("2", "9"), .what = "vCPU 1 is pinned to CPU 9",
	  .severity = "error" },
	{ "pin-offline", NULL, PIN("2", "6-9"), .silent = true },
	{ "pins-doubled", NULL, PIN("2", "2"), .what = "same CPU: 2" },
	{ "pins-doubled", NULL, PIN("2-3", "2-3"), .silent = true },
	{ "pins-across-nodes", NULL, PIN("0", "2"), .what = "0-1" },
	{ "cell-elsewhere", NULL, .from = TOPOLOGY,
	  .to = "<numa><cell id='0' cpus='0-1' memory='1' unit='GiB'/></numa>",
	  .from2 = NUMATUNE, .to2 = NUMATUNE "<memnode cellid='0' nodeset='0'/>",
	  .what = "node 0 and runs on node 1" },
	{ "cell-elsewhere", NULL, .from = TOPOLOGY,
	  .to = "<numa><cell id='0' cpus='0-1' memory='1' unit='GiB'/></numa>",
	  .from2 = NUMATUNE, .to2 = NUMATUNE "<memnode cellid='0' nodeset='1'/>",
	  .silent = true },
	{ "threads-hidden", NULL, .from = TOPOLOGY, .to = "", .what = "CPU 2,6" },
	{ "threads-hidden", NULL, .from = TOPOLOGY, .to = "", .from2 = PINS,
	  .to2 = "<vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/>",
	  .silent = true },
	{ "threads-false", NULL, PIN("2", "3"), .what = "CPUs 2 and 3" },
	{ "threads-false", NULL, PIN("6", "2"), .silent = true },
	{ "core-shared", NULL, PIN("1", "1"), .what = "CPU 5" },
	{ "pin-boot-cpu", NULL, PIN("0", "4") },
	{ "emulator-unpinned", NULL, .from = EMULATOR, .to = "" },
	{ "emulator-on-vcpus", NULL, .from = EMULATOR,
	  .to = "<emulatorpin cpuset='0,2'/>" },
	{ "emulator-far", NULL, .from = EMULATOR, .to = "<emulatorpin cpuset='0,4'/>" },
	{ "emulator-far", NULL, .from = EMULATOR, .to = "<emulatorpin cpuset='0,3'/>",
	  .silent = true },
	{ "iothread-unpinned", NULL, .from = IOTHREADPIN, .to = "",
	  .what = "I/O thread 1" },
	{ "iothread-unpinned", NULL, .from = "<iothreads>1</iothreads>",
	  .to = "<iothreads>2</iothreads><iothreadids><iothread id='7'/></iothreadids>",
	  .what = "I/O thread 7" },
	{ "iothread-on-vcpus", NULL, .from = IOTHREADPIN,
	  .to = "<iothreadpin iothread='1' cpuset='6'/>" },
	{ "pins-shared",
	  "etc/libvirt/qemu/x.xml = <domain type='kvm'><name>x</name><vcpu "
	  "cpuset='6'>1</vcpu></domain>\n",
	  .what = "same CPUs: x" },
	{ "pins-shared",
	  "etc/libvirt/qemu/d.xml = <domain type='kvm'><name>d</name><vcpu "
	  "cpuset='6'>1</vcpu></domain>\n",
	  .silent = true },
	{ "realtime-throttled", NULL, .from = PINS,
	  .to = PINS "<vcpusched vcpus='0-1' scheduler='fifo' priority='1'/>" },
	{ "realtime-throttled", "proc/sys/kernel/sched_rt_runtime_us = -1\n", .from = PINS,
	  .to = PINS "<vcpusched vcpus='0-1' scheduler='fifo' priority='1'/>",
	  .silent = true },

	/* ---- memory ---- */
	{ "balloon-with-hugepages", NULL, .from = BALLOON, .to = "" },
	{ "balloon-with-devices", NULL, .from = BALLOON,
	  .to = "<memballoon model='virtio'/>" },
	{ "balloon-with-devices", NULL, .from = BALLOON, .to = "", .from2 = CHECK_HOSTDEV,
	  .to2 = "", .silent = true },
	{ "memory-merged", "sys/kernel/mm/ksm/run = 1\n", .from = "<hugepages/>",
	  .to = "", .from2 = "<t:hugepages/>", .to2 = "" },
	{ "memory-merged", "sys/kernel/mm/ksm/run = 1\n", .from = "<hugepages/>",
	  .to = "<nosharepages/>", .from2 = "<t:hugepages/>", .to2 = "", .silent = true },
	{ "memory-merged", "sys/kernel/mm/ksm/run = 1\n", .silent = true },
	{ "memory-unbound", NULL, .from = NUMATUNE, .to = "", .what = "node 1" },
	{ "memory-unbound", "sys/devices/system/node/has_memory = 1\n", .from = NUMATUNE,
	  .to = "", .silent = true },
	{ "memory-elsewhere", NULL, .from = "nodeset='1'", .to = "nodeset='0'" },
	{ "memory-placement-auto", NULL, .from = NUMATUNE,
	  .to = "<memory mode='strict' placement='auto'/>" },
	{ "memory-over-host", NULL, .from = "<memory unit='GiB'>1<",
	  .to = "<memory unit='GiB'>33<", .severity = "error" },
	{ "memory-over-host", NULL, .from = "<memory unit='GiB'>1<",
	  .to = "<memory unit='GiB'>32<", .silent = true },
	{ "memory-short", NULL, .from = "<memory unit='GiB'>1<",
	  .to = "<memory unit='GiB'>28<", .from2 = "<hugepages/>", .to2 = "",
	  .severity = "error" },
	{ "memory-short", RUNNING, .from = "<memory unit='GiB'>1<",
	  .to = "<memory unit='GiB'>28<", .from2 = "<hugepages/>", .to2 = "",
	  .silent = true },
	{ "hugepages-short", NULL, .from = "<t:hugepages/>", .to = "",
	  .what = "512 pages of 2 MiB on node 1, and 0 are free", .severity = "error" },
	{ "hugepages-short",
	  "sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages = 512\n",
	  .from = "<t:hugepages/>", .to = "", .silent = true },
	{ "hugepages-short",
	  "sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages = 512\n"
	  "sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages = 1\n",
	  .from = "<t:hugepages/>", .to = "", .what = "511 are free" },
	{ "hugepages-short", RUNNING, .from = "<t:hugepages/>", .to = "", .silent = true },
	{ "hugepages-unused", NULL, .from = "<memory unit='GiB'>1<",
	  .to = "<memory unit='GiB'>4<", .from2 = "<hugepages/>", .to2 = "" },
	{ "virtiofs-private", NULL,
	  MORE("<filesystem type='mount'><driver "
	       "type='virtiofs'/></filesystem>"),
	  .severity = "error" },
	{ "virtiofs-private", NULL,
	  MORE("<filesystem type='mount'><driver "
	       "type='virtiofs'/></filesystem>"),
	  .from2 = "<hugepages/>", .to2 = "<hugepages/><access mode='shared'/>",
	  .silent = true },
	{ "virtiofs-private", NULL, MORE("<filesystem type='mount'/>"), .silent = true },
	{ "realtime-swappable",
	  "proc/meminfo = MemTotal: 33554432 kB\\nMemAvailable: 25000000 kB\\nSwapTotal: "
	  "4096 kB\\nHugepagesize: 2048 kB\n",
	  .from = "<hugepages/></memoryBacking><vcpu>2</vcpu><iothreads>1</iothreads>"
		  "<cputune>",
	  .to = "</memoryBacking><vcpu>2</vcpu><iothreads>1</iothreads><cputune>"
		"<vcpusched vcpus='0' scheduler='rr' priority='1'/>",
	  .from2 = CHECK_HOSTDEV, .to2 = "" },

	/* ---- disks ---- */
	{ "disk-emulated", NULL, .from = "bus='virtio'", .to = "bus='sata'",
	  .what = "disk vda" },
	{ "disk-emulated", NULL,
	  MORE("<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>"),
	  .silent = true },
	{ "disk-native-cached", NULL, .from = "cache='none'", .to = "cache='writeback'",
	  .severity = "error" },
	{ "disk-native-cached", NULL, .from = "cache='none'", .to = "" },
	{ "disk-native-cached", NULL, .from = "cache='none'", .to = "cache='directsync'",
	  .silent = true },
	{ "disk-cache-unsafe", NULL, .from = "cache='none'", .to = "cache='unsafe'" },
	{ "disk-synchronous", NULL, .from = "cache='none'", .to = "cache='directsync'" },
	{ "disk-cached-twice", NULL, .from = "cache='none' io='native'", .to = "" },
	{ "disk-cached-twice", NULL, .from = "cache='none' io='native'", .to = "",
	  .from2 = "type='raw'", .to2 = "type='qcow2'", .silent = true },
	{ "disk-zeroes-unmap", NULL, .from = "discard='unmap'",
	  .to = "detect_zeroes='unmap'" },
	{ "disk-zeroes-unmap", NULL, .from = "discard='unmap'",
	  .to = "discard='unmap' detect_zeroes='unmap'", .silent = true },
	{ "disk-no-discard", NULL,
	  MORE("<disk type='file' device='disk'><source file='/dev/vg/d'/><target "
	       "dev='vdb' bus='virtio'/></disk>"),
	  .what = "disk vdb" },
	{ "iothread-missing", NULL, .from = "discard='unmap' iothread='1'",
	  .to = "iothread='2'", .severity = "error" },
	{ "iothread-missing", NULL,
	  MORE("<controller type='scsi' model='virtio-scsi'><driver iothread='4'/>"
	       "</controller>"),
	  .what = "I/O thread 4" },
	{ "iothread-missing", NULL, .from = "discard='unmap' iothread='1'",
	  .to = "iothread='4294967295'" },
	{ "iothread-bus", NULL, .from = "bus='virtio'", .to = "bus='scsi'",
	  .severity = "error" },
	{ "iothread-none", NULL, .from = "discard='unmap' iothread='1'", .to = "" },
	{ "iothread-idle", NULL, .from = "<iothreads>1", .to = "<iothreads>2",
	  .what = "I/O thread 2" },
	{ "iothread-idle", NULL, .from = "<iothreads>1", .to = "<iothreads>2",
	  .from2 = BALLOON,
	  .to2 = "<controller type='scsi' model='virtio-scsi'><driver iothread='2'/>"
		 "</controller>" BALLOON,
	  .silent = true },
	{ "disk-queues", NULL, .from = "iothread='1'/><source",
	  .to = "iothread='1' queues='3'/><source" },
	{ "disk-queues", NULL, .from = "iothread='1'/><source",
	  .to = "iothread='1' queues='2'/><source", .silent = true },
	{ "disk-missing", "!dev/vg/d\n", .what = "'/dev/vg/d' is not there",
	  .severity = "error" },
	{ "disk-missing", "!dev/vg/d\n", .from = "dev='/dev/vg/d'",
	  .to = "dev='/dev/vg/d' startupPolicy='optional'", .silent = true },
	{ "disk-aio-short", "proc/sys/fs/aio-nr = 65000\n", .severity = "error" },
	{ "disk-aio-short", "proc/sys/fs/aio-nr = 64512\n", .silent = true },
	{ "disk-aio-short", "proc/sys/fs/aio-nr = 65000\n" RUNNING, .silent = true },

	/* ---- network ---- */
	{ "nic-emulated", NULL, .from = "<model type='virtio'/>",
	  .to = "<model type='e1000e'/>", .what = "e1000e" },
	{ "nic-emulated", NULL, .from = "<model type='virtio'/>", .to = "",
	  .what = "default" },
	{ "nic-emulated", NULL, .from = "<model type='virtio'/>",
	  .to = "<model type='virtio-non-transitional'/>", .silent = true },
	{ "nic-without-vhost", NULL, .from = "<model type='virtio'/>",
	  .to = "<model type='virtio'/><driver name='qemu'/>" },
	{ "nic-queues", NULL, .from = "<model type='virtio'/>",
	  .to = "<model type='virtio'/><driver queues='4'/>", .what = "4 queues" },
	{ "nic-user", NULL, .from = "type='bridge'", .to = "type='user'" },
	{ "vhost-net-missing", "!dev/vhost-net\n" },
	{ "vhost-net-missing", "!dev/vhost-net\n", .from = "<model type='virtio'/>",
	  .to = "<model type='e1000'/>", .silent = true },

	/* ---- devices of the host ---- */
	{ "device-missing", NULL, .from = "slot='0x00'", .to = "slot='0x01'",
	  .from2 = MANAGED, .to2 = "managed='yes'", .what = "0000:02:01.0",
	  .severity = "error" },
	{ "device-bridge", DEVICE "class = 0x060400\n", .from = MANAGED,
	  .to = "managed='yes'" },
	{ "device-without-group", "!" DEVICE "iommu_group\n", .from = MANAGED,
	  .to = "managed='yes'" },
	{ "device-without-group", "!" DEVICE "iommu_group\n!sys/kernel/iommu_groups\n",
	  .from = MANAGED, .to = "managed='yes'", .silent = true },
	{ "group-shared", STRANGER, .from = MANAGED, .to = "managed='yes'",
	  .what = "snd_hda_intel", .severity = "error" },
	{ "group-shared", STRANGER, .from = UNCLAIMED,
	  .to = "<t:passthrough><t:device address='0000:02:00.1'/></t:passthrough>",
	  .from2 = MANAGED, .to2 = "managed='yes'", .silent = true },
	{ "group-shared",
	  STRANGER "sys/devices/pci0000:00/0000:02:00.1/class = 0x060400\n",
	  .from = MANAGED, .to = "managed='yes'", .silent = true },
	{ "device-unbound", NOUVEAU, .from = UNCLAIMED, .to = "", .what = "nouveau",
	  .severity = "error" },
	{ "device-unbound", NOUVEAU, .silent = true },
	{ "device-unbound", NOUVEAU, .from = UNCLAIMED, .to = "", .from2 = MANAGED,
	  .to2 = "managed='yes'", .silent = true },
	{ "device-reserved-memory",
	  "sys/kernel/iommu_groups/7/reserved_regions = 0x1 0x2 direct\n",
	  .from = MANAGED, .to = "managed='yes'" },
	{ "device-reserved-memory",
	  "sys/kernel/iommu_groups/7/reserved_regions = 0x1 0x2 direct-relaxable\n",
	  .from = MANAGED, .to = "managed='yes'", .silent = true },
	{ "device-in-use",
	  NOUVEAU DEVICE "drm/card0/dev = 226:0\n" DEVICE
			 "drm/card0/uevent = MAJOR=226\\nMINOR=0\\nDEVNAME=dri/card0\n"
			 "proc/800/comm = Xorg\nproc/800/fd/5 -> /dev/dri/card0\n",
	  .from = MANAGED, .to = "managed='yes'", .what = "Xorg" },
	{ "device-in-use", NOUVEAU DEVICE "class = 0x020000\n", .from = MANAGED,
	  .to = "managed='yes'", .silent = true },
	{ "device-boot-vga", DEVICE "boot_vga = 1\n" },
	{ "device-far", DEVICE "numa_node = 0\n", .what = "on node 0" },
	{ "device-far", DEVICE "numa_node = -1\n", .silent = true },
	{ "device-without-reset", "!" DEVICE "reset_method\n" },
	{ "device-without-reset", DEVICE "reset_method =\n" },
	{ "device-without-reset", "!" DEVICE "reset_method\n" DEVICE "reset =\n",
	  .silent = true },
	{ "device-link-narrow", DEVICE "current_link_width = 4\n", .what = "4 of 16" },
	{ "device-link-narrow", DEVICE "current_link_width = 0\n", .silent = true },
	{ "mdev-missing", NULL, MORE(MDEV), .severity = "error" },
	{ "mdev-missing", "sys/bus/mdev/devices/5a3c8d52-7b0e-4a39-8c57-1f4e2d6b9a10/\n",
	  MORE(MDEV), .silent = true },
	{ "mdev-missing", NULL, MORE(MDEV), .from2 = "<t:governor/>",
	  .to2 = "<t:mdev parent='0000:00:02.0' type='x'/>", .silent = true },
};
const size_t n_check_domain_cases = ARRAY_SIZE(check_domain_cases);

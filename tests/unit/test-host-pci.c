// SPDX-License-Identifier: LGPL-2.1-or-later

/* PCI devices of the host. */

#include <sys/sysmacros.h>

#include "common/alloc.h"
#include "hook/host-pci.h"
#include "tree-fixture.h"

#define PCI0 "sys/devices/pci0000:00"
#define GPU PCI0 "/0000:00:01.0/0000:01:00.0"

/* A bridge, a GPU behind it, an NVMe disk, and a device that nothing is known about. */
static const char tree[] = PCI0
	"/0000:00:01.0/vendor = 0x8086\n" PCI0 "/0000:00:01.0/device = 0x1901\n" PCI0
	"/0000:00:01.0/class = 0x060400\n" PCI0 "/0000:00:01.0/dev = 7:7\n" GPU
	"/vendor = 0x10de\n" GPU "/device = 0x2684\n" GPU "/class = 0x030000\n" GPU
	"/modalias = pci:v000010DEd00002684sv*\n" GPU "/boot_vga = 1\n" GPU
	"/driver -> ../../../../bus/pci/drivers/nouveau\n" GPU
	"/iommu_group -> ../../../../kernel/iommu_groups/13\n" GPU
	"/drm/card0/dev = 226:0\n" GPU
	"/drm/card0/uevent = MAJOR=226\\nMINOR=0\\nDEVNAME=dri/card0\\nDEVTYPE=drm\n" GPU
	"/drm/renderD128/dev = 226:128\n" GPU
	"/drm/renderD128/uevent = DEVNAME=dri/renderD128\n" GPU
	"/drm/card0/bad/dev = 226\n" GPU "/power/x/dev = 99:1\n" GPU
	"/subsystem -> ../../../../bus/pci\n" PCI0 "/0000:02:00.0/vendor = 0x144d\n" PCI0
	"/0000:02:00.0/device = 0xa80a\n" PCI0 "/0000:02:00.0/class = 0x010802\n" PCI0
	"/0000:02:00.0/nvme/nvme0/dev = 240:0\n" PCI0
	"/0000:02:00.0/nvme/nvme0/nvme0n1/dev = 259:0\n" PCI0
	"/0000:02:00.0/nvme/nvme0/nvme0n1/nvme0n1p1/dev = 259:1\n"
	"sys/bus/pci/devices/0000:00:01.0 -> ../../../devices/pci0000:00/0000:00:01.0\n"
	"sys/bus/pci/devices/0000:01:00.0 -> "
	"../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0\n"
	"sys/bus/pci/devices/0000:02:00.0 -> ../../../devices/pci0000:00/0000:02:00.0\n"
	"sys/bus/pci/devices/0000:03:00.0/vendor = 0x1234\n"
	"sys/bus/pci/drivers/nouveau/module -> ../../../../module/nouveau\n"
	"sys/kernel/iommu_groups/13/devices/0000:01:00.0 -> x\n"
	"sys/kernel/iommu_groups/13/devices/0000:01:00.1 -> x\n";

static int setup(void **state)
{
	int r = fixture_setup(state);

	if (r == 0)
		fixture_add(*state, tree);
	return r;
}

static void read_device(const struct fixture *f, const char *address,
			struct pci_device *ret)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(pci_device_read(&f->root, address, ret, &err), &err);
}

static void a_device_is_read(void **state)
{
	const struct fixture *f = *state;
	_cleanup_pci_device_ struct pci_device gpu = { 0 }, disk = { 0 };

	read_device(f, "0000:01:00.0", &gpu);
	assert_string_equal(gpu.address, "0000:01:00.0");
	assert_int_equal(gpu.vendor, 0x10de);
	assert_int_equal(gpu.device, 0x2684);
	assert_int_equal(gpu.class_code, 0x030000);
	assert_string_equal(gpu.driver, "nouveau");
	assert_text(gpu.group, "13");
	assert_string_equal(gpu.modalias, "pci:v000010DEd00002684sv*");
	assert_true(gpu.boot_vga);
	/* What a device need not have. */
	read_device(f, "0000:02:00.0", &disk);
	assert_string_equal(disk.driver, "");
	assert_text(disk.group, NULL);
	assert_string_equal(disk.modalias, "");
	assert_false(disk.boot_vga);
}

static void a_device_that_cannot_be_read_is_an_error(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	struct pci_device device = { 0 };

	assert_failed(pci_device_read(&f->root, "0000:09:00.0", &device, &err), -ENODEV,
		      &err, "there is no PCI device 0000:09:00.0 on this host", NULL);
	assert_failed(pci_device_read(&f->root, "0000:03:00.0", &device, &err), -ENOENT,
		      &err, "failed to read PCI device 0000:03:00.0", NULL);
	fixture_set(f, GPU "/device", "nvidia\n");
	assert_failed(pci_device_read(&f->root, "0000:01:00.0", &device, &err), -EINVAL,
		      &err, "failed to read PCI device 0000:01:00.0", NULL);
	assert_null(device.driver);
}

static void a_device_without_driver_has_an_empty_one(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *bound = NULL, *unbound = NULL, *none = NULL;

	assert_int_equal(pci_driver(&f->root, "0000:01:00.0", &bound), 0);
	assert_string_equal(bound, "nouveau");
	assert_int_equal(pci_driver(&f->root, "0000:02:00.0", &unbound), 0);
	assert_string_equal(unbound, "");
	assert_int_equal(pci_driver(&f->root, "0000:09:00.0", &none), -ENODEV);
	fixture_set(f, PCI0 "/0000:02:00.0/driver", "no link");
	assert_int_equal(pci_driver(&f->root, "0000:02:00.0", &none), -EINVAL);
	assert_null(none);
}

static void devices_and_groups_are_listed(void **state)
{
	const struct fixture *f = *state;
	_cleanup_strv_ struct strv all = STRV_NULL, group = STRV_NULL, none = STRV_NULL;
	_cleanup_free_ char *all_text = NULL, *group_text = NULL;

	assert_int_equal(pci_list(&f->root, &all), 0);
	all_text = strv_join(&all, " ");
	assert_string_equal(all_text,
			    "0000:00:01.0 0000:01:00.0 0000:02:00.0 0000:03:00.0");
	assert_int_equal(pci_group_members(&f->root, "13", &group), 0);
	group_text = strv_join(&group, " ");
	assert_string_equal(group_text, "0000:01:00.0 0000:01:00.1");
	assert_int_equal(pci_group_members(&f->root, "14", &none), -ENOENT);
}

static void classes_tell_bridges_and_displays(void **state _unused_)
{
	static const struct {
		unsigned class_code;
		bool bridge, display;
	} cases[] = {
		{ 0x060400, true, false },  { 0x060000, true, false },
		{ 0x030000, false, true },  { 0x030200, false, true },
		{ 0x038000, false, true },  { 0x010802, false, false },
		{ 0x0c0330, false, false }, { 0x000306, false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pci_device device = { .class_code = cases[i].class_code };

		assert_int_equal(pci_is_bridge(&device), cases[i].bridge);
		assert_int_equal(pci_is_display(&device), cases[i].display);
	}
}

static void variant_drivers_are_vfio_too(void **state)
{
	const struct fixture *f = *state;

	assert_true(pci_driver_is_vfio(&f->root, "vfio-pci"));
	assert_false(pci_driver_is_vfio(&f->root, "mlx5_vfio_pci"));
	fixture_add(f, "sys/bus/pci/drivers/mlx5_vfio_pci/module -> "
		       "../../../../module/mlx5_vfio_pci\n"
		       "sys/module/vfio_pci_core/holders/vfio_pci -> x\n");
	assert_false(pci_driver_is_vfio(&f->root, "mlx5_vfio_pci"));
	fixture_add(f, "sys/module/vfio_pci_core/holders/mlx5_vfio_pci -> x\n");
	assert_true(pci_driver_is_vfio(&f->root, "mlx5_vfio_pci"));
	assert_false(pci_driver_is_vfio(&f->root, "nouveau"));
	assert_false(pci_driver_is_vfio(&f->root, ""));
}

/* "major:minor name" of each node, in the order found. */
static char *nodes_text(const struct device_nodes *nodes)
{
	_cleanup_strv_ struct strv texts = STRV_NULL;

	for (size_t i = 0; i < nodes->n; i++)
		strv_pushf(&texts, "%u:%u %s", major(nodes->items[i].number),
			   minor(nodes->items[i].number), nodes->items[i].name);
	return strv_join(&texts, ", ");
}

static char *nodes_of(const struct fixture *f, const char *address)
{
	_cleanup_pci_device_ struct pci_device device = { 0 };
	_cleanup_device_nodes_ struct device_nodes nodes = { 0 };

	read_device(f, address, &device);
	assert_int_equal(pci_device_nodes(&f->root, &device, &nodes), 0);
	return nodes_text(&nodes);
}

static void nodes_are_found_below_a_device(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *gpu = nodes_of(f, "0000:01:00.0");
	_cleanup_free_ char *disk = nodes_of(f, "0000:02:00.0");

	assert_string_equal(gpu, "226:0 dri/card0, 226:128 dri/renderD128");
	/* Without a uevent the directory's name has to do. */
	assert_string_equal(disk, "240:0 nvme0, 259:0 nvme0n1, 259:1 nvme0n1p1");
}

static void nodes_of_other_devices_behind_a_bridge_are_not(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *bridge = nodes_of(f, "0000:00:01.0");

	assert_string_equal(bridge, "7:7 0000:00:01.0");
}

static void disks_of_a_multipath_subsystem_are_found(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *disk = NULL;

	fixture_add(f, "sys/class/nvme-subsystem/nvme-subsys0 -> "
		       "../../devices/virtual/nvme-subsystem/nvme-subsys0\n"
		       "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0 -> "
		       "../../../pci0000:00/0000:02:00.0/nvme/nvme0\n"
		       "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n2/dev = "
		       "259:9\n"
		       "sys/class/nvme-subsystem/nvme-subsys1 -> "
		       "../../devices/virtual/nvme-subsystem/nvme-subsys1\n"
		       "sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1/dev = "
		       "259:10\n");
	disk = nodes_of(f, "0000:02:00.0");
	assert_string_equal(disk,
			    "240:0 nvme0, 259:0 nvme0n1, 259:1 nvme0n1p1, 259:9 nvme0n2");
}

static void nodes_of_vfio_and_nvidia_are_found(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *gpu = NULL;

	fixture_add(f, "sys/class/vfio/13/dev = 511:3\n"
		       "proc/driver/nvidia/gpus/0000:01:00.0/information = "
		       "Model: x 5\\nDevice Minor: \\t 2\\nOther: 7\n");
	gpu = nodes_of(f, "0000:01:00.0");
	assert_string_equal(gpu, "226:0 dri/card0, 226:128 dri/renderD128, "
				 "511:3 vfio/13, 195:2 nvidia2");
}

static void nvidia_without_a_minor_has_no_node(void **state)
{
	const struct fixture *f = *state;
	static const char *const texts[] = { "Model: x\n", "Device Minor:\nIRQ: 5\n", "" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_free_ char *gpu = NULL;

		fixture_set(f, "proc/driver/nvidia/gpus/0000:01:00.0/information",
			    texts[i]);
		gpu = nodes_of(f, "0000:01:00.0");
		assert_lacks(gpu, "nvidia");
	}
}

static void nodes_of_a_missing_device_are_an_error(void **state)
{
	const struct fixture *f = *state;
	_cleanup_device_nodes_ struct device_nodes nodes = { 0 };
	const struct pci_device device = { .address = "0000:09:00.0" };

	assert_int_equal(pci_device_nodes(&f->root, &device, &nodes), -ENODEV);
	assert_int_equal(mdev_device_nodes(&f->root, "u-u-i-d", &nodes), -ENODEV);
	assert_int_equal(nodes.n, 0);
}

static void nodes_of_a_mediated_device_are_those_of_vfio(void **state)
{
	const struct fixture *f = *state;
	_cleanup_device_nodes_ struct device_nodes nodes = { 0 };
	_cleanup_free_ char *text = NULL;

	fixture_add(f, "sys/bus/mdev/devices/u-u-i-d/iommu_group -> "
		       "../../../../kernel/iommu_groups/20\n"
		       "sys/bus/mdev/devices/u-u-i-d/vfio-dev/vfio0/dev = 510:0\n"
		       "sys/class/vfio/20/dev = 511:7\n");
	assert_int_equal(mdev_device_nodes(&f->root, "u-u-i-d", &nodes), 0);
	text = nodes_text(&nodes);
	assert_string_equal(text, "510:0 vfio0, 511:7 vfio/20");
}

#define PCI_TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PCI_TEST(a_device_is_read),
		PCI_TEST(a_device_that_cannot_be_read_is_an_error),
		PCI_TEST(a_device_without_driver_has_an_empty_one),
		PCI_TEST(devices_and_groups_are_listed),
		cmocka_unit_test(classes_tell_bridges_and_displays),
		PCI_TEST(variant_drivers_are_vfio_too),
		PCI_TEST(nodes_are_found_below_a_device),
		PCI_TEST(nodes_of_other_devices_behind_a_bridge_are_not),
		PCI_TEST(disks_of_a_multipath_subsystem_are_found),
		PCI_TEST(nodes_of_vfio_and_nvidia_are_found),
		PCI_TEST(nvidia_without_a_minor_has_no_node),
		PCI_TEST(nodes_of_a_missing_device_are_an_error),
		PCI_TEST(nodes_of_a_mediated_device_are_those_of_vfio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

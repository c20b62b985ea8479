// SPDX-License-Identifier: LGPL-2.1-or-later

/* What is known of a machine, and what is not. */

#include <elf.h>

#include "common/alloc.h"
#include "common/gvt.h"
#include "kargs-host.h"

static void a_captured_host_is_read(void **state)
{
	struct fixture *f = *state;
	_cleanup_machine_ struct machine m = { 0 };
	_cleanup_free_ char *line = NULL;

	fixture_add(f, HOST_INTEL "sys/kernel/iommu_groups/0/type = DMA\n");
	kargs_machine(f, &m);
	line = cmdline_format(&m.running);
	assert_true(m.is_running_host);
	assert_string_equal(m.arch, "x86_64");
	assert_int_equal(m.vendor, CPU_INTEL);
	assert_true(m.has_1g_pages);
	assert_false(m.has_sev_snp);
	assert_string_equal(m.kernel, "6.12.9-amd64");
	assert_int_equal(m.kernel_major, 6);
	assert_int_equal(m.kernel_minor, 12);
	assert_true(m.has_iommu_groups);
	assert_int_equal(m.intel_gpu_id, 0x3e92);
	assert_bitset(&m.cpus_possible, "0-7");
	assert_int_equal(m.n_cores, 4);
	assert_bitset(&m.cores[1], "1,5");
	assert_int_equal(m.memory_kib, 16 << 20);
	assert_int_equal(m.n_nodes, 2);
	assert_int_equal(m.nodes[1].memory_kib, 8 << 20);
	assert_int_equal(m.n_devices, 3);
	assert_string_equal(m.devices[0].driver, "i915");
	assert_true(m.devices[0].is_console);
	assert_null(m.devices[1].driver);
	assert_int_equal(m.devices[1].device, 0x2204);
	assert_string_equal(line, "root=/dev/sda1 ro quiet");
}

static void an_empty_root_gives_no_facts(void **state)
{
	struct fixture *f = *state;
	_cleanup_machine_ struct machine m = { 0 };

	kargs_machine(f, &m);
	assert_false(m.is_running_host);
	assert_null(m.arch);
	assert_int_equal(m.vendor, CPU_UNKNOWN);
	assert_null(m.kernel);
	assert_int_equal(m.kernel_major, 0);
	assert_null(m.config);
	assert_false(m.has_iommu_groups);
	assert_int_equal(m.intel_gpu_id, 0);
	assert_true(bitset_is_empty(&m.cpus_possible));
	assert_int_equal(m.memory_kib, 0);
	assert_int_equal(m.running.n, 0);
	assert_false(machine_config_is(&m, "X", "n"));
	assert_false(machine_kernel_before(&m, 99, 0));
	assert_false(machine_is_not_x86(&m));
}

static void an_image_is_known_by_its_files(void **state)
{
	struct fixture *f = *state;
	_cleanup_machine_ struct machine m = { 0 };
	unsigned char elf[64] = ELFMAG;

	elf[EI_DATA] = ELFDATA2LSB;
	elf[18] = EM_AARCH64;
	fixture_write(f, "bin/sh", elf, sizeof(elf));
	fixture_add(f, "lib/modules/5.9.1/kernel/\nlib/modules/5.10.0-8-arm64/kernel/\n"
		       "boot/config-5.10.0-8-arm64 = CONFIG_A=y\\nCONFIG_AB=m\n"
		       "sys/devices/system/cpu/possible = 0-3\n"
		       "proc/cpuinfo = vendor_id\\t: GenuineIntel\n");
	kargs_machine(f, &m);
	assert_false(m.is_running_host);
	assert_string_equal(m.kernel, "5.10.0-8-arm64");
	assert_int_equal(m.kernel_minor, 10);
	assert_string_equal(m.arch, "aarch64");
	assert_true(machine_is_not_x86(&m));
	assert_true(machine_config_is(&m, "AB", "m"));
	/* Nothing runs: what is in /proc and /sys there is of another machine. */
	assert_int_equal(m.vendor, CPU_UNKNOWN);
	assert_true(bitset_is_empty(&m.cpus_possible));
}

static void a_mounted_proc_is_not_of_the_image(void **state)
{
	_cleanup_machine_ struct machine m = { 0 };
	struct fixture here = { .dir = xstrdup("/") };

	(void)state;
	assert_int_equal(sysroot_open("/", &here.root), 0);
	here.root.is_host = false;
	kargs_machine(&here, &m);
	assert_false(m.is_running_host);
	assert_int_equal(m.running.n, 0);
	sysroot_close(&here.root);
	free(here.dir);
}

static void vendors_go_by_their_iommu(void **state)
{
	static const struct {
		const char *id;
		enum cpu_vendor vendor;
	} cases[] = {
		{ "GenuineIntel", CPU_INTEL }, { "AuthenticAMD", CPU_AMD },
		{ "HygonGenuine", CPU_AMD },   { "  Shanghai  ", CPU_INTEL },
		{ "CentaurHauls", CPU_INTEL }, { "GenuineTMx86", CPU_OTHER },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_machine_ struct machine m = { 0 };
		_cleanup_free_ char *text =
			xasprintf("processor\t: 0\nvendor_id\t: %s\nmodel\t: 1\n",
				  cases[i].id);

		fixture_set(f, "proc/cmdline", "quiet\n");
		fixture_set(f, "proc/cpuinfo", text);
		kargs_machine(f, &m);
		assert_int_equal(m.vendor, cases[i].vendor);
	}
}

static const char *locked(const struct machine *m, const char *name)
{
	const struct arg *arg = cmdline_last(&m->running, name);

	assert_non_null(arg);
	return arg->locked;
}

static void the_running_line_is_without_what_loaders_add(void **state)
{
	struct fixture *f = *state;
	_cleanup_machine_ struct machine m = { 0 };
	_cleanup_free_ char *line = NULL;

	fixture_add(f, HOST_INTEL
		    "proc/cmdline = initrd=\\\\a.img BOOT_IMAGE=(hd0)/v root=UUID=1 "
		    "\"dyndbg=file a.c +p\" initrd=\\\\b.img -- x\n");
	kargs_machine(f, &m);
	line = cmdline_format(&m.running);
	assert_string_equal(line, "root=UUID=1 \"dyndbg=file a.c +p\" -- x");
}

static void what_no_file_of_ours_gave_is_locked(void **state)
{
	struct fixture *f = *state;
	_cleanup_machine_ struct machine m = { 0 };

	fixture_add(
		f, HOST_INTEL
		"proc/cmdline = loglevel=\"7\" a=\"x\" a=\"y z\" debug panic=5 "
		"root=/dev/sda1 quiet bootconfig\n"
		"proc/bootconfig = kernel.loglevel = \"7\"\\nkernel.a = \"x\", \"y z\"\\n"
		"init.b = \"c\"\\nkernel.debug = \"\"\n" HOST_CONFIG
		"# a comment\\nCONFIG_CMDLINE_BOOL=y\\nCONFIG_CMDLINE=\"panic=5\"\n");
	kargs_machine(f, &m);
	assert_contains(locked(&m, "loglevel"), "/proc/bootconfig");
	assert_contains(locked(&m, "a"), "/proc/bootconfig");
	assert_contains(m.running.items[1].locked, "/proc/bootconfig");
	assert_contains(locked(&m, "debug"), "/proc/bootconfig");
	assert_contains(locked(&m, "panic"), "CONFIG_CMDLINE");
	assert_null(locked(&m, "root"));
	assert_null(locked(&m, "quiet"));
}

static void the_configuration_is_asked_by_whole_names(void **state)
{
	struct fixture *f = *state;
	_cleanup_machine_ struct machine m = { 0 };

	fixture_add(f, HOST_INTEL HOST_CONFIG
		    "CONFIG_VFIO_PCI_CORE=y\\n# CONFIG_VFIO_PCI is not set\\n"
		    "CONFIG_HZ=250\\nCONFIG_LAST=m\n");
	kargs_machine(f, &m);
	assert_true(machine_config_is(&m, "VFIO_PCI_CORE", "y"));
	assert_false(machine_config_is(&m, "VFIO_PCI_CORE", "m"));
	assert_true(machine_config_is(&m, "VFIO_PCI", "n"));
	assert_false(machine_config_is(&m, "VFIO_PCI", "y"));
	assert_false(machine_config_is(&m, "HZ", "25"));
	assert_true(machine_config_is(&m, "LAST", "m"));
	assert_true(machine_config_is(&m, "NOWHERE", "n"));
}

static void a_release_without_numbers_is_no_version(void **state)
{
	struct fixture *f = *state;
	_cleanup_machine_ struct machine m = { 0 };

	fixture_add(f, HOST_INTEL "proc/sys/kernel/osrelease = next-20260101\n");
	kargs_machine(f, &m);
	assert_string_equal(m.kernel, "next-20260101");
	assert_int_equal(m.kernel_major, 0);
	assert_int_equal(m.kernel_minor, 0);
	assert_false(machine_kernel_before(&m, 99, 0));
}

static void kernels_compare_by_number(void **state)
{
	const struct machine m = { .kernel_major = 5, .kernel_minor = 9 };

	(void)state;
	assert_true(machine_kernel_before(&m, 5, 10));
	assert_true(machine_kernel_before(&m, 6, 0));
	assert_false(machine_kernel_before(&m, 5, 9));
	assert_false(machine_kernel_before(&m, 4, 20));
}

/* Ids of Linux's include/drm/intel/pciids.h, the first and last of each kind and their neighbours. */
static void graphics_with_gvt_are_known(void **state)
{
	static const unsigned with[] = {
		0x1602, 0x161e, 0x163e, 0x1902, 0x1917, 0x193d, 0x0a84,
		0x1a84, 0x1a85, 0x5a84, 0x5a85, 0x5902, 0x591c, 0x593b,
		0x87c0, 0x87ca, 0x3e90, 0x3e9c, 0x3ea0, 0x3ea4, 0x3ea5,
		0x3ea9, 0x9b21, 0x9b41, 0x9ba2, 0x9bac, 0x9bc2, 0x9bf6,
	};
	static const unsigned without[] = {
		0x0412, 0x0a16, 0x0d2e, /* Haswell */
		0x22b0, 0x22b3, /* Cherryview */
		0x3184, 0x3185, /* Gemini Lake */
		0x5a40, 0x5a5c, /* Cannon Lake */
		0x8a50, 0x8a71, 0x4541, 0x4e71, /* Ice, Elkhart, Jasper Lake */
		0x9a40, 0x9a49, 0x9af8, 0x4c8a, /* Tiger, Rocket Lake */
		0x4680, 0x46d4, 0xa780, 0xa7ad, 0x7d55, 0x64a0, 0xb080, 0,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with); i++)
		assert_non_null(gvt_generation(with[i]));
	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		assert_null(gvt_generation(without[i]));
	assert_string_equal(gvt_generation(0x3e92), "Coffee Lake");
}

static void only_graphics_at_their_place_count(void **state)
{
	struct fixture *f = *state;
	_cleanup_machine_ struct machine m = { 0 };

	fixture_add(f, HOST_INTEL "sys/bus/pci/devices/0000:00:02.0/class = 0x020000\n");
	kargs_machine(f, &m);
	assert_int_equal(m.intel_gpu_id, 0);
}

static void a_line_that_cannot_be_read_is_an_error(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = kargs_tree(f);
	_cleanup_machine_ struct machine m = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	f->root.is_host = true;
	fixture_add(f, "proc/cmdline/\n");
	assert_failed(machine_read(&tree, &m, &err), -EISDIR, &err, "/proc/cmdline", NULL);
}

#define WITH_TREE(test) \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(a_captured_host_is_read),
		WITH_TREE(an_empty_root_gives_no_facts),
		WITH_TREE(an_image_is_known_by_its_files),
		cmocka_unit_test(a_mounted_proc_is_not_of_the_image),
		WITH_TREE(vendors_go_by_their_iommu),
		WITH_TREE(the_running_line_is_without_what_loaders_add),
		WITH_TREE(what_no_file_of_ours_gave_is_locked),
		WITH_TREE(the_configuration_is_asked_by_whole_names),
		WITH_TREE(a_release_without_numbers_is_no_version),
		cmocka_unit_test(kernels_compare_by_number),
		cmocka_unit_test(graphics_with_gvt_are_known),
		WITH_TREE(only_graphics_at_their_place_count),
		WITH_TREE(a_line_that_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

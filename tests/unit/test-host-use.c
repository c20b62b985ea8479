// SPDX-License-Identifier: LGPL-2.1-or-later

/* Who uses a device on the host. */

#include <sys/sysmacros.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "hook/host-use.h"
#include "tree-fixture.h"

#define DISK "sys/bus/pci/devices/0000:02:00.0"
#define NIC "sys/bus/pci/devices/0000:05:00.0"
#define GPU "sys/bus/pci/devices/0000:01:00.0"
#define GPU2 "sys/bus/pci/devices/0000:06:00.0"

static const char tree[] =
	GPU "/vendor = 0x10de\n" GPU "/device = 0x2684\n" GPU "/class = 0x030000\n" GPU
	    "/driver -> ../drivers/nouveau\n" GPU "/drm/card0/dev = 226:0\n" GPU
	    "/drm/card0/uevent = DEVNAME=dri/card0\n" GPU2 "/vendor = 0x1002\n" GPU2
	    "/device = 0x0001\n" GPU2 "/class = 0x030000\n" GPU2
	    "/driver -> ../drivers/amdgpu\n" DISK "/vendor = 0x144d\n" DISK
	    "/device = 0xa80a\n" DISK "/class = 0x010802\n" DISK
	    "/driver -> ../drivers/nvme\n" DISK "/nvme/nvme0/dev = 240:0\n" DISK
	    "/nvme/nvme0/nvme0n1/dev = 259:0\n" DISK "/nvme/nvme0/nvme0n1/holders/\n" DISK
	    "/nvme/nvme0/nvme0n1/nvme0n1p1/dev = 259:1\n" DISK
	    "/nvme/nvme0/nvme0n1/nvme0n1p1/holders/\n" NIC "/vendor = 0x8086\n" NIC
	    "/device = 0x1533\n" NIC "/class = 0x020000\n" NIC
	    "/driver -> ../drivers/igb\n" NIC "/net/eth0/address = 00:00:00:00:00:00\n"
	    "sys/class/net/eth0 -> ../../bus/pci/devices/0000:05:00.0/net/eth0\n"
	    "proc/self/mountinfo = 20 1 0:20 / /proc rw - proc proc rw\n"
	    "proc/net/route = Iface\\tDestination\\tGateway\n";

static int setup(void **state)
{
	int r = fixture_setup(state);

	if (r == 0)
		fixture_add(*state, tree);
	return r;
}

/* ---- processes ---- */

static char *users_of(const struct fixture *f, const char *address)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_pci_device_ struct pci_device device = { 0 };
	_cleanup_device_nodes_ struct device_nodes nodes = { 0 };
	_cleanup_strv_ struct strv users = STRV_NULL;

	assert_done(pci_device_read(&f->root, address, &device, &err), &err);
	assert_int_equal(pci_device_nodes(&f->root, &device, &nodes), 0);
	assert_int_equal(use_find_processes(&f->root, &nodes, address, &users), 0);
	return strv_join(&users, ", ");
}

static void processes_are_found_by_what_they_have_open(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *users = NULL;

	fixture_add(f, "proc/100/comm = Xorg\n"
		       "proc/100/fd/0 -> /dev/null\n"
		       "proc/100/fd/11 -> /dev/dri/card0\n"
		       "proc/100/fd/12 -> /dev/dri/card0\n"
		       "proc/200/comm = bash\n"
		       "proc/200/fd/0 -> /dev/pts/0\n"
		       "proc/200/fd/1 -> /dev/dri/card01\n"
		       "proc/200/fd/2 -> /home/dev/dri/card0\n"
		       "proc/200/fd/3 -> socket:[1]\n"
		       "proc/200/fd/4 -> /dev/dri/card0 (deleted)\n"
		       "proc/300/fd/3 -> /dev/dri/card0\n"
		       "proc/400/comm = kthread\n"
		       "proc/thread-self -> 100\n"
		       "proc/bus/fd/0 -> /dev/dri/card0\n");
	users = users_of(f, "0000:01:00.0");
	assert_string_equal(users, "Xorg (pid 100), ? (pid 300)");
}

static void processes_are_found_by_mapped_resources(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *users = NULL, *others = NULL;

#define BEHIND "/sys/devices/pci0000:00/0000:00:01.0/"
	fixture_add(f, "proc/100/comm = dpdk\n"
		       "proc/100/fd/5 -> " BEHIND "0000:01:00.0/resource0\n"
		       "proc/200/comm = lspci\n"
		       "proc/200/fd/5 -> " BEHIND "0000:01:00.0/config\n"
		       "proc/300/comm = other\n"
		       "proc/300/fd/5 -> " BEHIND "0000:01:00.1/resource0\n"
		       "proc/300/fd/6 -> /tmp/0000:01:00.0/resource0\n");
	users = users_of(f, "0000:01:00.0");
	assert_string_equal(users, "dpdk (pid 100)");
	others = users_of(f, "0000:05:00.0");
	assert_string_equal(others, "");
}

static void a_host_without_proc_is_an_error(void **state)
{
	const struct fixture *f = *state;
	const struct device_nodes none = { 0 };
	_cleanup_strv_ struct strv users = STRV_NULL;

	fixture_remove(f, "proc/self/mountinfo");
	fixture_remove(f, "proc/self");
	fixture_remove(f, "proc/net/route");
	fixture_remove(f, "proc/net");
	fixture_remove(f, "proc");
	assert_int_equal(use_find_processes(&f->root, &none, NULL, &users), -ENOENT);
}

static void waiting_for_the_last_user_has_an_end(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	char name[] = "dri/card0", dir[] = "x";
	struct device_node node = { makedev(226, 0), name, dir };
	const struct device_nodes nodes = { &node, 1 };
	uint64_t start = unit_now_ms();

	assert_done(use_wait_closed(&f->root, &nodes, NULL, 0, &err), &err);
	fixture_add(f, "proc/100/comm = qemu-system-x86\n"
		       "proc/100/fd/11 -> /dev/dri/card0\n");
	assert_failed(use_wait_closed(&f->root, &nodes, NULL, deadline_in_ms(80), &err),
		      -EBUSY, &err, "held open by qemu-system-x86 (pid 100)",
		      "end that process first");
	assert_in_range(unit_now_ms() - start, 79, 10000);
}

static int close_after_100_ms(void *arg)
{
	const struct fixture *f = arg;
	_cleanup_free_ char *path = fixture_path(f, "proc/100/fd/11");

	deadline_sleep_ms(UINT64_MAX, 100);
	return unlink(path) == 0 ? 0 : 1;
}

static void waiting_ends_with_the_last_user(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	char name[] = "dri/card0", dir[] = "x";
	struct device_node node = { makedev(226, 0), name, dir };
	const struct device_nodes nodes = { &node, 1 };
	pid_t pid;

	fixture_add(f, "proc/100/fd/11 -> /dev/dri/card0\n");
	pid = unit_run(close_after_100_ms, f);
	assert_done(use_wait_closed(&f->root, &nodes, NULL, deadline_in_ms(20000), &err),
		    &err);
	assert_int_equal(unit_exit_status(pid), 0);
}

/* ---- the host itself ---- */

/* @going: other devices that leave the host as well. */
static char *reasons_of(const struct fixture *f, const char *address, const char *going)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_pci_device_ struct pci_device device = { 0 };
	_cleanup_device_nodes_ struct device_nodes nodes = { 0 };
	_cleanup_strv_ struct strv reasons = STRV_NULL, others = STRV_NULL;

	strv_split(&others, going, " ");
	assert_done(pci_device_read(&f->root, address, &device, &err), &err);
	assert_int_equal(pci_device_nodes(&f->root, &device, &nodes), 0);
	assert_int_equal(use_find_host(&f->root, &device, &nodes, &others, &reasons), 0);
	return strv_join(&reasons, "; ");
}

static void assert_reasons(const struct fixture *f, const char *address,
			   const char *expected)
{
	_cleanup_free_ char *reasons = reasons_of(f, address, "");

	assert_string_equal(reasons, expected);
}

static void an_idle_device_is_not_needed(void **state)
{
	const struct fixture *f = *state;

	assert_reasons(f, "0000:02:00.0", "");
	assert_reasons(f, "0000:05:00.0", "");
	assert_reasons(f, "0000:01:00.0", "");
}

static void a_mounted_disk_is_needed(void **state)
{
	const struct fixture *f = *state;

	/*
	 * By its number, with an optional field; by its source, with a number of its
	 * own.
	 */
	fixture_set(f, "proc/self/mountinfo",
		    "20 1 0:20 / /proc rw - proc proc rw\n"
		    "30 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n");
	assert_reasons(f, "0000:02:00.0", "'/dev/nvme0n1p1' is mounted on '/'");
	fixture_set(f, "proc/self/mountinfo",
		    "31 1 0:42 /sub /home rw shared:1 master:2 - btrfs /dev/nvme0n1 rw\n");
	assert_reasons(f, "0000:02:00.0", "'/dev/nvme0n1' is mounted on '/home'");
	fixture_set(f, "proc/self/mountinfo",
		    "31 1 0:42 / /a rw - btrfs /dev/nvme0n1p1 rw\n"
		    "32 1 0:42 / /b rw - btrfs /dev/nvme0n1p1 rw\n");
	assert_reasons(f, "0000:02:00.0",
		       "'/dev/nvme0n1p1' is mounted on '/a'; "
		       "'/dev/nvme0n1p1' is mounted on '/b'");
}

static void other_mounts_do_not_matter(void **state)
{
	const struct fixture *f = *state;

	fixture_set(f, "proc/self/mountinfo",
		    "30 1 259:11 / / rw - ext4 /dev/nvme0n1p11 rw\n"
		    "31 1 8:1 /dev/nvme0n1p1 /x rw - ext4 /dev/sda1 rw\n"
		    "32 1 240:0 / /chr rw - x /dev/nvme0 rw\n" /* no block device */
		    "garbage\n\n33 1\n");
	assert_reasons(f, "0000:02:00.0", "");
}

static void swap_space_is_needed(void **state)
{
	const struct fixture *f = *state;

	fixture_set(f, "proc/swaps",
		    "Filename\tType\tSize\tUsed\tPriority\n"
		    "/dev/nvme0n1p1  partition\t1\t0\t-2\n");
	assert_reasons(f, "0000:02:00.0", "'/dev/nvme0n1p1' is swap space");
}

static void a_part_of_another_disk_is_needed(void **state)
{
	const struct fixture *f = *state;

	fixture_add(f, DISK "/nvme/nvme0/nvme0n1/nvme0n1p1/holders/dm-0 -> x\n");
	assert_reasons(f, "0000:02:00.0", "'/dev/nvme0n1p1' is part of '/dev/dm-0'");
}

static void a_missing_mount_table_is_an_error(void **state)
{
	const struct fixture *f = *state;
	const struct device_nodes nodes = { 0 };
	const struct pci_device device = { .address = "0000:02:00.0" };
	const struct strv none = STRV_NULL;
	_cleanup_strv_ struct strv reasons = STRV_NULL;

	fixture_remove(f, "proc/self/mountinfo");
	assert_int_equal(use_find_host(&f->root, &device, &nodes, &none, &reasons),
			 -ENOENT);
}

/* Only a running kernel can be asked by opening. */
static void a_captured_host_has_no_kernel_to_ask(void **state)
{
	const struct fixture *f = *state;
	char name[] = "nvme0n1", dir[] = DISK "/nvme/nvme0/nvme0n1";
	struct device_node node = { makedev(259, 0), name, dir };
	const struct device_nodes nodes = { &node, 1 };
	_cleanup_strv_ struct strv reasons = STRV_NULL;

	assert_int_equal(use_find_kernel(&f->root, &nodes, &reasons), 0);
	assert_int_equal(reasons.n, 0);
}

#define ROUTE4(interface) \
	interface "\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
#define ROUTE6(interface)                                                       \
	"00000000000000000000000000000000 00 00000000000000000000000000000000 " \
	"00 fe800000000000000000000000000001 00000064 00000001 00000000 "       \
	"00000003     " interface "\n"

static void a_default_route_is_needed(void **state)
{
	const struct fixture *f = *state;

	fixture_set(f, "proc/net/route", "Iface\tDestination\n" ROUTE4("eth0"));
	assert_reasons(f, "0000:05:00.0", "'eth0' carries the default route");
	fixture_set(f, "proc/net/route", "Iface\tDestination\n" ROUTE4("eth01"));
	assert_reasons(f, "0000:05:00.0", "");
	fixture_set(f, "proc/net/ipv6_route", ROUTE6("eth0"));
	assert_reasons(f, "0000:05:00.0", "'eth0' carries the default route");
}

static void other_routes_do_not_matter(void **state)
{
	const struct fixture *f = *state;

	fixture_set(f, "proc/net/route",
		    "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
		    "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000080\t0\t0\t0\n"
		    "eth0\t00000000\t\n");
	fixture_set(f, "proc/net/ipv6_route",
		    /* on-link, unreachable: no gateway */
		    "00000000000000000000000000000000 00 "
		    "00000000000000000000000000000000 00 "
		    "00000000000000000000000000000000 ffffffff 00000001 00000000 "
		    "00200200 eth0\n"
		    "fe800000000000000000000000000000 40 "
		    "00000000000000000000000000000000 00 "
		    "fe800000000000000000000000000001 00000100 00000001 00000000 "
		    "00000001 eth0\n"
		    "short line\n");
	assert_reasons(f, "0000:05:00.0", "");
}

static void a_route_through_a_bridge_is_needed(void **state)
{
	const struct fixture *f = *state;

	fixture_add(f, NIC
		    "/net/eth0/master -> ../../../../../../devices/virtual/net/br0\n");
	fixture_set(f, "proc/net/route", ROUTE4("br0"));
	assert_reasons(f, "0000:05:00.0", "'br0' carries the default route");
	fixture_set(f, "proc/net/route", ROUTE4("br1"));
	assert_reasons(f, "0000:05:00.0", "");
	fixture_set(f, "proc/net/ipv6_route", ROUTE6("br0"));
	assert_reasons(f, "0000:05:00.0", "'br0' carries the default route");
}

static void a_route_through_a_bond_in_a_bridge_is_needed(void **state)
{
	const struct fixture *f = *state;

	fixture_add(f, NIC
		    "/net/eth0/master -> ../../../../../../devices/virtual/net/bond0\n"
		    "sys/class/net/bond0/master -> ../br0\n"
		    "sys/class/net/br0/lower_bond0 -> ../bond0\n"
		    "sys/class/net/br0/upper_br0 -> ../br0\n"); /* no end of itself */
	fixture_set(f, "proc/net/route", ROUTE4("br0"));
	assert_reasons(f, "0000:05:00.0", "'br0' carries the default route");
	fixture_set(f, "proc/net/route", ROUTE4("br1"));
	assert_reasons(f, "0000:05:00.0", "");
}

static void a_route_through_a_vlan_is_needed(void **state)
{
	const struct fixture *f = *state;

	fixture_add(f, NIC "/net/eth0/upper_eth0.10 -> "
			   "../../../../../../devices/virtual/net/eth0.10\n"
			   "sys/class/net/eth0.10/\n");
	fixture_set(f, "proc/net/route", ROUTE4("eth0.10"));
	assert_reasons(f, "0000:05:00.0", "'eth0.10' carries the default route");
}

static void a_route_of_an_interface_behind_the_device_is_needed(void **state)
{
	const struct fixture *f = *state;

	fixture_add(f,
		    "sys/class/net/usb0 -> ../../devices/pci0000:00/0000:02:00.0/usb1/"
		    "1-1/1-1:1.0/net/usb0\n"
		    "sys/class/net/other -> ../../devices/pci0000:00/0000:02:00.01/net/"
		    "other\n");
	fixture_set(f, "proc/net/route", ROUTE4("other"));
	assert_reasons(f, "0000:02:00.0", "");
	fixture_set(f, "proc/net/route", ROUTE4("usb0"));
	assert_reasons(f, "0000:02:00.0", "'usb0' carries the default route");
}

static void the_only_console_is_needed(void **state)
{
	const struct fixture *f = *state;

	/* The other one is not the host's any more. */
	fixture_add(f, GPU2 "/driver -> ../drivers/vfio-pci\n");
	assert_reasons(f, "0000:01:00.0", "it is the only console GPU");
	assert_reasons(f, "0000:06:00.0", "");
	fixture_remove(f, GPU2 "/driver");
	assert_reasons(f, "0000:01:00.0", "it is the only console GPU");
	assert_reasons(f, "0000:06:00.0", "");
	fixture_add(f, GPU2 "/driver -> ../drivers/amdgpu\n");
	fixture_set(f, GPU2 "/class", "0x040300\n"); /* a sound card */
	assert_reasons(f, "0000:01:00.0", "it is the only console GPU");
	fixture_set(f, GPU2 "/class", "0x038000\n");
	assert_reasons(f, "0000:01:00.0", "");
	/* One that cannot be read is no console. */
	fixture_remove(f, GPU2 "/vendor");
	assert_reasons(f, "0000:01:00.0", "it is the only console GPU");
}

static void a_console_that_goes_as_well_is_none(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *both = reasons_of(f, "0000:01:00.0", "0000:06:00.0");
	_cleanup_free_ char *another = reasons_of(f, "0000:01:00.0", "0000:02:00.0");

	assert_string_equal(both, "it is the only console GPU");
	assert_string_equal(another, "");
}

static void all_reasons_are_given(void **state)
{
	const struct fixture *f = *state;

	fixture_set(f, "proc/self/mountinfo", "30 1 259:1 / / rw - ext4 /dev/root rw\n");
	fixture_set(f, "proc/swaps", "/dev/nvme0n1 partition 1 0 -2\n");
	fixture_add(f, DISK "/nvme/nvme0/nvme0n1/holders/md0 -> x\n");
	assert_reasons(f, "0000:02:00.0",
		       "'/dev/nvme0n1' is swap space; '/dev/nvme0n1' is part of "
		       "'/dev/md0'; '/dev/nvme0n1p1' is mounted on '/'");
}

#define USE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		USE_TEST(processes_are_found_by_what_they_have_open),
		USE_TEST(processes_are_found_by_mapped_resources),
		USE_TEST(a_host_without_proc_is_an_error),
		USE_TEST(waiting_for_the_last_user_has_an_end),
		USE_TEST(waiting_ends_with_the_last_user),
		USE_TEST(an_idle_device_is_not_needed),
		USE_TEST(a_mounted_disk_is_needed),
		USE_TEST(other_mounts_do_not_matter),
		USE_TEST(swap_space_is_needed),
		USE_TEST(a_part_of_another_disk_is_needed),
		USE_TEST(a_missing_mount_table_is_an_error),
		USE_TEST(a_captured_host_has_no_kernel_to_ask),
		USE_TEST(a_default_route_is_needed),
		USE_TEST(other_routes_do_not_matter),
		USE_TEST(a_route_through_a_bridge_is_needed),
		USE_TEST(a_route_through_a_bond_in_a_bridge_is_needed),
		USE_TEST(a_route_through_a_vlan_is_needed),
		USE_TEST(a_route_of_an_interface_behind_the_device_is_needed),
		USE_TEST(the_only_console_is_needed),
		USE_TEST(a_console_that_goes_as_well_is_none),
		USE_TEST(all_reasons_are_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

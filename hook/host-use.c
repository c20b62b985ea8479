// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who uses a device on the host; see host-use.h. */

#include <fcntl.h>
#include <inttypes.h>
#include <sys/sysmacros.h>

#include "common/alloc.h"
#include "common/bounded.h"
#include "common/deadline.h"
#include "common/parse.h"
#include "hook/host-use.h"

#define TABLE_SIZE_MAX (16U << 20)
#define OPEN_TIMEOUT_MS 3000

/* One open descriptor, given as the link /proc/PID/fd/N with directory @fd_dir. */
static bool is_node(const struct sysroot *root, int fd_dir, const char *fd,
		    const char *target, const struct device_nodes *nodes)
{
	struct stat st;

	/*
	 * stat() of what a dead server behind a mount serves would wait for it. Links of a
	 * captured host are names only.
	 */
	if (!str_has_prefix(target, "/dev/"))
		return false;
	if (!root->is_host || fstatat(fd_dir, fd, &st, 0) < 0 ||
	    !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
		st.st_rdev = 0;
	for (size_t i = 0; i < nodes->n; i++) {
		if ((st.st_rdev && st.st_rdev == nodes->items[i].number) ||
		    STREQ(target + strlen("/dev/"), nodes->items[i].name))
			return true;
	}
	return false;
}

/* /sys/devices/.../<address>/resource0: its memory is mapped by a program. */
static bool is_resource(const char *target, const char *address)
{
	const char *s;

	if (!address || !str_has_prefix(target, "/sys/devices/"))
		return false;
	s = strstr(target, address);
	return s && str_has_prefix(s + strlen(address), "/resource");
}

static bool process_uses(const struct sysroot *root, const char *pid,
			 const struct device_nodes *nodes, const char *address)
{
	_cleanup_strv_ struct strv fds = STRV_NULL;
	_cleanup_close_ int dir =
		sysroot_openf(root, O_RDONLY | O_DIRECTORY, "proc/%s/fd", pid);

	/* Gone, or a kernel thread. */
	if (dir < 0 || sysroot_list(root, &fds, "proc/%s/fd", pid) < 0)
		return false;
	strv_for_each(fd, &fds) {
		char target[4096];
		ssize_t n = readlinkat(dir, fd, target, sizeof(target) - 1);

		if (n < 0)
			continue;
		target[n] = '\0';
		if (is_node(root, dir, fd, target, nodes) || is_resource(target, address))
			return true;
	}
	return false;
}

int use_find_processes(const struct sysroot *root, const struct device_nodes *nodes,
		       const char *address, struct strv *ret)
{
	_cleanup_strv_ struct strv pids = STRV_NULL;
	uint64_t number;
	int r = sysroot_list_dirs(root, &pids, "proc");

	if (r < 0)
		return r;
	strv_for_each(pid, &pids) {
		_cleanup_free_ char *comm = NULL;

		if (parse_u64(pid, &number) < 0 ||
		    (root->is_host && number == (uint64_t)getpid()) ||
		    !process_uses(root, pid, nodes, address))
			continue;
		if (sysroot_read(root, &comm, "proc/%s/comm", pid) < 0)
			comm = xstrdup("?");
		strv_pushf(ret, "%s (pid %s)", comm, pid);
	}
	return 0;
}

/* A line of mountinfo: "36 35 98:0 /root /mount/point options - type source ...". */
static const char *mount_source(const struct strv *fields)
{
	for (size_t i = 6; i + 2 < fields->n; i++) {
		if (STREQ(fields->items[i], "-"))
			return fields->items[i + 2];
	}
	return NULL;
}

static void match_mount(const struct strv *fields, const struct device_node *node,
			struct strv *ret)
{
	_cleanup_free_ char *number =
		xasprintf("%u:%u", major(node->number), minor(node->number));
	_cleanup_free_ char *path = xasprintf("/dev/%s", node->name);
	const char *source = mount_source(fields);

	if (STREQ(fields->items[2], number) || (source && STREQ(source, path)))
		strv_pushf(ret, "'%s' is mounted on '%s'", path, fields->items[4]);
}

static void find_in_mounts(const char *mounts, const struct device_node *node,
			   struct strv *ret)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;

	strv_split(&lines, mounts, "\n");
	strv_for_each(line, &lines) {
		_cleanup_strv_ struct strv fields = STRV_NULL;

		strv_split(&fields, line, " ");
		if (fields.n >= 5)
			match_mount(&fields, node, ret);
	}
}

static void find_in_swaps(const char *swaps, const struct device_node *node,
			  struct strv *ret)
{
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *path = xasprintf("/dev/%s", node->name);

	strv_split(&words, swaps, " \t\n");
	if (strv_contains(&words, path))
		strv_pushf(ret, "'%s' is swap space", path);
}

static int find_disks(const struct sysroot *root, const struct device_nodes *nodes,
		      struct strv *ret)
{
	_cleanup_free_ char *mounts = NULL, *swaps = NULL;
	int r = sysroot_read_file(root, TABLE_SIZE_MAX, &mounts, NULL,
				  "proc/self/mountinfo");

	if (r < 0)
		return r;
	if (sysroot_read_file(root, TABLE_SIZE_MAX, &swaps, NULL, "proc/swaps") < 0)
		swaps = xstrdup(""); /* a kernel without swap */
	for (size_t i = 0; i < nodes->n; i++) {
		const struct device_node *node = &nodes->items[i];
		_cleanup_strv_ struct strv holders = STRV_NULL;

		/* Block devices have holders/, others nothing to find. */
		if (sysroot_list(root, &holders, "%s/holders", node->dir) < 0)
			continue;
		find_in_mounts(mounts, node, ret);
		find_in_swaps(swaps, node, ret);
		strv_for_each(holder, &holders)
			strv_pushf(ret, "'/dev/%s' is part of '/dev/%s'", node->name,
				   holder);
	}
	return 0;
}

/* IPv4: destination and mask of zero. */
static bool has_route4(const char *table, const char *interface)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;

	strv_split(&lines, table, "\n");
	strv_for_each(line, &lines) {
		_cleanup_strv_ struct strv f = STRV_NULL;

		strv_split(&f, line, "\t ");
		if (f.n >= 8 && STREQ(f.items[0], interface) &&
		    STREQ(f.items[1], "00000000") && STREQ(f.items[7], "00000000"))
			return true;
	}
	return false;
}

/* IPv6: a destination of prefix length zero through a gateway. */
static bool has_route6(const char *table, const char *interface)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;

	strv_split(&lines, table, "\n");
	strv_for_each(line, &lines) {
		_cleanup_strv_ struct strv f = STRV_NULL;

		strv_split(&f, line, "\t ");
		if (f.n >= 10 && STREQ(f.items[9], interface) &&
		    STREQ(f.items[1], "00") && strspn(f.items[0], "0") == 32 &&
		    strspn(f.items[4], "0") != 32)
			return true;
	}
	return false;
}

/* The interface and whatever is built on it: bridges, bonds, VLANs, to any height. */
static void add_uppers(const struct sysroot *root, const char *interface, struct strv *ret)
{
	_cleanup_strv_ struct strv names = STRV_NULL;

	if (strv_contains(ret, interface))
		return;
	strv_push(ret, interface);
	(void)!sysroot_list(root, &names, "sys/class/net/%s", interface);
	strv_for_each(name, &names) {
		_cleanup_free_ char *master = NULL;

		if (str_has_prefix(name, "upper_"))
			add_uppers(root, name + strlen("upper_"), ret);
		else if (STREQ(name, "master") &&
			 sysroot_readlink_name(root, &master, "sys/class/net/%s/master",
					       interface) == 0)
			add_uppers(root, master, ret);
	}
}

/* Interfaces of the device, also those of a USB or virtio device behind it. */
static int find_interfaces(const struct sysroot *root, const char *address,
			   struct strv *ret)
{
	_cleanup_free_ char *component = xasprintf("/%s/", address);
	_cleanup_strv_ struct strv names = STRV_NULL;
	int r = sysroot_list(root, &names, "sys/class/net");

	strv_for_each(name, &names) {
		_cleanup_free_ char *target = NULL;

		if (sysroot_readlink(root, &target, "sys/class/net/%s", name) == 0 &&
		    strstr(target, component))
			add_uppers(root, name, ret);
	}
	return r == -ENOENT ? 0 : r;
}

static int find_routes(const struct sysroot *root, const struct pci_device *device,
		       struct strv *ret)
{
	_cleanup_strv_ struct strv interfaces = STRV_NULL;
	_cleanup_free_ char *routes4 = NULL, *routes6 = NULL;
	int r = find_interfaces(root, device->address, &interfaces);

	if (r < 0 || interfaces.n == 0)
		return r;
	if (sysroot_read_file(root, TABLE_SIZE_MAX, &routes4, NULL, "proc/net/route") < 0)
		routes4 = xstrdup("");
	if (sysroot_read_file(root, TABLE_SIZE_MAX, &routes6, NULL,
			      "proc/net/ipv6_route") < 0)
		routes6 = xstrdup("");
	strv_for_each(interface, &interfaces) {
		if (has_route4(routes4, interface) || has_route6(routes6, interface))
			strv_pushf(ret, "'%s' carries the default route", interface);
	}
	return 0;
}

/* A display controller with outputs, which 0x0302, "3D controller", has not. */
static bool shows_console(const struct sysroot *root, const struct pci_device *device)
{
	return pci_is_display(device) && device->class_code >> 8 != 0x0302 &&
	       *device->driver && !pci_driver_is_vfio(root, device->driver);
}

/* The only display controller that a driver of the host shows something on. */
static int find_console(const struct sysroot *root, const struct pci_device *device,
			const struct strv *going, struct strv *ret)
{
	_cleanup_strv_ struct strv addresses = STRV_NULL;
	int r;

	if (!shows_console(root, device))
		return 0;
	r = pci_list(root, &addresses);
	if (r < 0)
		return r;
	strv_for_each(address, &addresses) {
		_cleanup_pci_device_ struct pci_device other = { 0 };
		_cleanup_error_ struct error ignored = ERROR_NULL;

		if (STREQ(address, device->address) || strv_contains(going, address) ||
		    pci_device_read(root, address, &other, &ignored) < 0)
			continue;
		if (shows_console(root, &other))
			return 0;
	}
	strv_push(ret, "it is the only console GPU");
	return 0;
}

int use_find_host(const struct sysroot *root, const struct pci_device *device,
		  const struct device_nodes *nodes, const struct strv *going,
		  struct strv *ret)
{
	int r = find_disks(root, nodes, ret);

	if (r == 0)
		r = find_routes(root, device, ret);
	if (r == 0)
		r = find_console(root, device, going, ret);
	return r;
}

int use_wait_closed(const struct sysroot *root, const struct device_nodes *nodes,
		    const char *address, uint64_t deadline, struct error *err)
{
	for (;;) {
		_cleanup_strv_ struct strv processes = STRV_NULL;
		int r = use_find_processes(root, nodes, address, &processes);

		if (r < 0)
			return error_set(err, r, "failed to read /proc: %s", strerror(-r));
		if (processes.n == 0)
			return 0;
		if (deadline_left_ms(deadline) == 0) {
			_cleanup_free_ char *names = strv_join(&processes, ", ");

			(void)error_set(err, -EBUSY, "held open by %s", names);
			error_remedy(err, "end that process first");
			return -EBUSY;
		}
		deadline_sleep_ms(deadline, 50);
	}
}

struct exclusive {
	const struct device_nodes *nodes;
	const struct sysroot *root;
};

/*
 * The kernel refuses an exclusive open of a block device that is mounted, in whatever namespace,
 * or part of a volume, whoever made it: open(2), O_EXCL. The result is the node's name.
 */
static int open_exclusively_in_child(void *arg, struct error *err)
{
	const struct exclusive *e = arg;

	for (size_t i = 0; i < e->nodes->n; i++) {
		const struct device_node *node = &e->nodes->items[i];
		int fd;

		if (!sysroot_exists(e->root, "%s/holders", node->dir))
			continue; /* no block device */
		fd = sysroot_openf(e->root, O_RDONLY | O_EXCL | O_NONBLOCK, "dev/%s",
				   node->name);
		if (fd == -EBUSY)
			return error_set(err, 0, "%s", node->name);
		if (fd >= 0)
			(void)close(fd);
	}
	return 0;
}

int use_find_kernel(const struct sysroot *root, const struct device_nodes *nodes,
		    struct strv *ret)
{
	struct exclusive exclusive = { nodes, root };
	_cleanup_error_ struct error err = ERROR_NULL;
	int r;

	if (!root->is_host)
		return 0;
	r = bounded_look(open_exclusively_in_child, &exclusive,
			 deadline_in_ms(OPEN_TIMEOUT_MS), &err);
	if (r == 0 && err.cause)
		strv_pushf(ret,
			   "the kernel uses '/dev/%s' (mounted, or part of a volume)",
			   err.cause);
	return r;
}

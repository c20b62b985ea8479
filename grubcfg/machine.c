// SPDX-License-Identifier: LGPL-2.1-or-later
/* What arguments mean on this machine; see machine.h. */

#include <elf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "grubcfg/machine.h"

/* One processor's paragraph of /proc/cpuinfo is below 4 KiB. */
#define CPUINFO_HEAD (16U << 10)
#define PROC_MAX (1U << 20)

#define PCI_VENDOR_INTEL 0x8086
#define PCI_CLASS_DISPLAY 0x03
#define INTEL_GPU_ADDRESS "0000:00:02.0"

/* ---------------------------------------------------------------- architecture, kernel */

static const struct {
	unsigned elf;
	const char *name; /* as uname(2) gives it */
} architectures[] = {
	{ EM_X86_64, "x86_64" },   { EM_386, "i686" },
	{ EM_AARCH64, "aarch64" }, { EM_ARM, "armv7l" },
	{ EM_RISCV, "riscv64" },   { EM_PPC64, "ppc64le" },
	{ EM_S390, "s390x" },	   { EM_LOONGARCH, "loongarch64" },
};

/* What programs of that root are made for. */
static const char *arch_of_programs(const struct sysroot *root)
{
	static const char *const programs[] = { "bin/sh", "usr/bin/sh",
						"usr/lib/systemd/systemd" };

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		_cleanup_close_ int fd = sysroot_openf(root, O_RDONLY, "%s", programs[i]);
		unsigned char head[20]; /* as far as e_machine */
		unsigned elf;

		if (fd < 0 || read(fd, head, sizeof(head)) != sizeof(head) ||
		    memcmp(head, ELFMAG, SELFMAG) != 0)
			continue;
		elf = head[EI_DATA] == ELFDATA2MSB ? head[18] << 8 | head[19] :
						     head[19] << 8 | head[18];
		for (size_t k = 0; k < ARRAY_SIZE(architectures); k++) {
			if (architectures[k].elf == elf)
				return architectures[k].name;
		}
	}
	return NULL;
}

static char *read_arch(const struct machine *machine, const struct sysroot *root)
{
	struct utsname uts;
	const char *name;
	char *arch;

	if (machine->is_running_host &&
	    sysroot_read(root, &arch, "proc/sys/kernel/arch") == 0)
		return arch;
	if (root->is_host && uname(&uts) == 0)
		return xstrdup(uts.machine);
	name = arch_of_programs(root);
	return name ? xstrdup(name) : NULL;
}

static char *newest_kernel(const struct sysroot *root)
{
	static const char *const dirs[] = { "lib/modules", "usr/lib/modules" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_strv_ struct strv names = STRV_NULL;

		if (sysroot_list(root, &names, "%s", dirs[i]) < 0 || names.n == 0)
			continue;
		strv_sort(&names);
		return xstrdup(names.items[names.n - 1]);
	}
	return NULL;
}

static void read_kernel(struct machine *machine, const struct tree *tree)
{
	static const struct {
		const char *before, *after;
	} configs[] = { { "boot/config-", "" },
			{ "lib/modules/", "/config" },
			{ "usr/lib/modules/", "/config" } };
	_cleanup_strv_ struct strv parts = STRV_NULL;

	if (!machine->is_running_host ||
	    sysroot_read(tree->root, &machine->kernel, "proc/sys/kernel/osrelease") < 0)
		machine->kernel = newest_kernel(tree->root);
	if (!machine->kernel)
		return;
	strv_split(&parts, machine->kernel, ".-+~_");
	if (parts.n < 2 || parse_unsigned(parts.items[0], &machine->kernel_major) < 0 ||
	    parse_unsigned(parts.items[1], &machine->kernel_minor) < 0)
		machine->kernel_major = machine->kernel_minor = 0;
	for (size_t i = 0; i < ARRAY_SIZE(configs) && !machine->config; i++) {
		_cleanup_free_ char *path = xasprintf("%s%s%s", configs[i].before,
						      machine->kernel, configs[i].after);

		/* Without a configuration its rules do not apply. */
		(void)tree_read(tree, path, &machine->config, NULL);
	}
}

/* ---------------------------------------------------------------- processor, memory */

/* The text after "@key : " in a list of such lines, or NULL; the caller frees. */
static char *field(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *p;

		line += *line == '\n';
		if (strncmp(line, key, n) != 0)
			continue;
		p = line + n + strspn(line + n, " \t");
		if (*p++ != ':')
			continue;
		p += strspn(p, " \t");
		return xstrndup(p, strcspn(p, "\n"));
	}
	return NULL;
}

static void read_cpu(struct machine *machine, const struct sysroot *root)
{
	static const struct {
		const char *id;
		enum cpu_vendor vendor;
	} vendors[] = {
		{ "GenuineIntel", CPU_INTEL }, { "AuthenticAMD", CPU_AMD },
		{ "HygonGenuine", CPU_AMD },   { "CentaurHauls", CPU_INTEL },
		{ "Shanghai", CPU_INTEL },
	};
	_cleanup_close_ int fd = sysroot_openf(root, O_RDONLY, "proc/cpuinfo");
	_cleanup_free_ char *text = xcalloc(1, CPUINFO_HEAD + 1);
	_cleanup_free_ char *vendor = NULL, *flags = NULL;
	_cleanup_strv_ struct strv words = STRV_NULL, names = STRV_NULL;
	ssize_t got = 0;

	for (size_t n = 0; fd >= 0 && n < CPUINFO_HEAD; n += (size_t)got) {
		got = read(fd, text + n, CPUINFO_HEAD - n);
		if (got <= 0)
			break;
	}
	if (!*text)
		return;
	machine->vendor = CPU_OTHER;
	vendor = field(text, "vendor_id");
	strv_split(&names, vendor ? vendor : "", " \t");
	for (size_t i = 0; i < ARRAY_SIZE(vendors); i++) {
		if (strv_contains(&names, vendors[i].id))
			machine->vendor = vendors[i].vendor;
	}
	flags = field(text, "flags");
	strv_split(&words, flags ? flags : "", " \t");
	machine->has_1g_pages = strv_contains(&words, "pdpe1gb");
	machine->has_sev_snp = strv_contains(&words, "sev_snp");
}

/* MemTotal of /proc/meminfo and of a node's, in KiB; 0 when it cannot be read. */
static uint64_t mem_total(const char *text)
{
	const char *p = text ? strstr(text, "MemTotal:") : NULL;
	_cleanup_free_ char *number = NULL;
	uint64_t kib = 0;

	if (!p)
		return 0;
	p += strlen("MemTotal:");
	p += strspn(p, " \t");
	number = xstrndup(p, strcspn(p, " \t\n"));
	return parse_u64(number, &kib) < 0 ? 0 : kib;
}

static void read_memory(struct machine *machine, const struct sysroot *root)
{
	_cleanup_free_ char *text = NULL, *online = NULL;
	_cleanup_bitset_ struct bitset nodes = BITSET_NULL;

	if (sysroot_read_file(root, PROC_MAX, &text, NULL, "proc/meminfo") == 0)
		machine->memory_kib = mem_total(text);
	if (sysroot_read(root, &online, "sys/devices/system/node/online") < 0 ||
	    bitset_parse(online, &nodes) < 0)
		return;
	bitset_for_each(id, &nodes) {
		_cleanup_free_ char *info = NULL;
		struct machine_node *node = ARRAY_PUSH(machine->nodes, machine->n_nodes);

		node->id = id;
		if (sysroot_read_file(root, PROC_MAX, &info, NULL,
				      "sys/devices/system/node/node%u/meminfo", id) == 0)
			node->memory_kib = mem_total(info);
	}
}

static void read_cpus(struct machine *machine, const struct sysroot *root)
{
	_cleanup_free_ char *possible = NULL;

	if (sysroot_read(root, &possible, "sys/devices/system/cpu/possible") < 0 ||
	    bitset_parse(possible, &machine->cpus_possible) < 0)
		return;
	bitset_for_each(cpu, &machine->cpus_possible) {
		_cleanup_free_ char *list = NULL;
		_cleanup_bitset_ struct bitset threads = BITSET_NULL;

		if (sysroot_read(root, &list,
				 "sys/devices/system/cpu/cpu%u/topology/"
				 "thread_siblings_list",
				 cpu) == 0 &&
		    bitset_parse(list, &threads) == 0 && bitset_count(&threads) > 1 &&
		    bitset_next(&threads, 0) == cpu) {
			*ARRAY_PUSH(machine->cores, machine->n_cores) = threads;
			threads = BITSET_NULL;
		}
	}
}

/* ---------------------------------------------------------------- devices */

static int read_hex(const struct sysroot *root, const char *address, const char *name,
		    unsigned *ret)
{
	_cleanup_free_ char *text = NULL;
	uint64_t value;

	if (sysroot_read(root, &text, "sys/bus/pci/devices/%s/%s", address, name) < 0 ||
	    parse_hex(text, &value) < 0 || value > UINT32_MAX)
		return -EINVAL;
	*ret = (unsigned)value;
	return 0;
}

static void read_devices(struct machine *machine, const struct sysroot *root)
{
	_cleanup_strv_ struct strv addresses = STRV_NULL, groups = STRV_NULL;

	machine->has_iommu_groups =
		sysroot_list(root, &groups, "sys/kernel/iommu_groups") == 0 &&
		groups.n > 0;
	if (sysroot_list(root, &addresses, "sys/bus/pci/devices") < 0)
		return;
	strv_for_each(address, &addresses) {
		struct machine_device *device;
		uint64_t boot_vga = 0;
		unsigned vendor, id, class;

		if (read_hex(root, address, "vendor", &vendor) < 0 ||
		    read_hex(root, address, "device", &id) < 0)
			continue;
		device = ARRAY_PUSH(machine->devices, machine->n_devices);
		device->address = xstrdup(address);
		device->vendor = vendor;
		device->device = id;
		if (sysroot_readlink_name(root, &device->driver,
					  "sys/bus/pci/devices/%s/driver", address) < 0)
			device->driver = NULL;
		device->is_console = sysroot_read_u64(root, &boot_vga,
						      "sys/bus/pci/devices/%s/boot_vga",
						      address) == 0 &&
				     boot_vga == 1;
		if (STREQ(address, INTEL_GPU_ADDRESS) && vendor == PCI_VENDOR_INTEL &&
		    read_hex(root, address, "class", &class) == 0 &&
		    class >> 16 == PCI_CLASS_DISPLAY)
			machine->intel_gpu_id = id;
	}
}

/* ---------------------------------------------------------------- the running line */

/* Locks the first argument that is equal to each of @text's and not locked yet. */
static void lock_args(struct cmdline *line, const char *text, const char *reason)
{
	_cleanup_cmdline_ struct cmdline given = { 0 };

	cmdline_parse(&given, text, ARG_NEW);
	for (size_t i = 0; i < given.n; i++) {
		for (size_t k = 0; k < line->n; k++) {
			struct arg *arg = &line->items[k];

			if (arg->locked || !cmdline_same_arg(arg, &given.items[i]))
				continue;
			arg->locked = xstrdup(reason);
			break;
		}
	}
}

/*
 * What the boot configuration adds: lines such as
 *	kernel.name = "value", "another"
 * of which "name=value name=another" comes before the rest of the command line.
 */
static void lock_bootconfig(struct cmdline *line, char *text)
{
	static const char reason[] =
		"it comes from the boot configuration (/proc/bootconfig)";

	for (char *next = text; next;) {
		char *key = strsep(&next, "\n"), *values = strstr(key, " = ");

		if (!str_has_prefix(key, "kernel.") || !values)
			continue;
		*values = '\0';
		key += strlen("kernel.");
		values += strlen(" = ");
		while (*values == '"') {
			char *end = strchr(values + 1, '"');
			_cleanup_free_ char *arg = NULL;

			if (!end)
				break;
			*end = '\0';
			arg = xasprintf("%s=\"%s\"", key, values + 1);
			/* A key without a value is shown with an empty one. */
			if (end == values + 1)
				lock_args(line, key, reason);
			lock_args(line, arg, reason);
			values = end + 1;
			values += strspn(values, ", ");
		}
	}
}

/* What follows "CONFIG_@name=" in the configuration, up to the end of its line, or NULL. */
static const char *config_value(const struct machine *machine, const char *name)
{
	_cleanup_free_ char *key = xasprintf("CONFIG_%s=", name);

	for (const char *line = machine->config; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (str_has_prefix(line, key))
			return line + strlen(key);
	}
	return NULL;
}

/* CONFIG_CMDLINE="text", which the kernel adds by itself. */
static void lock_builtin(struct machine *machine)
{
	const char *p = config_value(machine, "CMDLINE");
	_cleanup_free_ char *text = NULL;
	char *out;

	if (!p || *p++ != '"')
		return;
	out = text = xcalloc(1, strlen(p) + 1);
	for (; *p && *p != '"' && *p != '\n'; p++) {
		if (*p == '\\' && p[1])
			p++;
		*out++ = *p;
	}
	lock_args(&machine->running, text, "it is built into the kernel (CONFIG_CMDLINE)");
}

static int read_running(struct machine *machine, const struct sysroot *root,
			struct error *err)
{
	_cleanup_free_ char *text = NULL, *bootconfig = NULL;
	int r;

	r = sysroot_read_file(root, PROC_MAX, &text, NULL, "proc/cmdline");
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_set(err, r, "failed to read '/proc/cmdline': %s",
				 strerror(-r));
	text[strcspn(text, "\n")] = '\0';
	cmdline_parse(&machine->running, text, 0);
	for (size_t i = machine->running.n; i-- > 0;) {
		const char *name = machine->running.items[i].name;

		if (STREQ(name, "BOOT_IMAGE") || STREQ(name, "initrd"))
			cmdline_remove(&machine->running, i);
	}
	if (sysroot_read_file(root, PROC_MAX, &bootconfig, NULL, "proc/bootconfig") == 0)
		lock_bootconfig(&machine->running, bootconfig);
	lock_builtin(machine);
	return 0;
}

/*
 * A captured host has plain files in proc/. An image that was prepared for a chroot has this host's
 * own /proc mounted there, which tells nothing of what the image will run on.
 */
static bool is_running(const struct sysroot *root)
{
	_cleanup_close_ int fd = -1;
	struct statfs fs;

	if (root->is_host)
		return true;
	fd = sysroot_openf(root, O_RDONLY, "proc/cmdline");
	return fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type != PROC_SUPER_MAGIC;
}

int machine_read(const struct tree *tree, struct machine *ret, struct error *err)
{
	struct machine machine = { .is_running_host = is_running(tree->root) };
	int r = 0;

	machine.arch = read_arch(&machine, tree->root);
	read_kernel(&machine, tree);
	if (machine.is_running_host) {
		read_cpu(&machine, tree->root);
		read_memory(&machine, tree->root);
		read_cpus(&machine, tree->root);
		read_devices(&machine, tree->root);
		r = read_running(&machine, tree->root, err);
	}
	if (r < 0) {
		machine_done(&machine);
		return r;
	}
	*ret = machine;
	return 0;
}

/* ---------------------------------------------------------------- questions */

bool machine_config_is(const struct machine *machine, const char *name, const char *value)
{
	const char *found = config_value(machine, name);

	if (!found)
		return machine->config && STREQ(value, "n");
	return strcspn(found, "\n") == strlen(value) && str_has_prefix(found, value);
}

bool machine_kernel_before(const struct machine *machine, unsigned major, unsigned minor)
{
	if (machine->kernel_major == 0)
		return false;
	return machine->kernel_major < major ||
	       (machine->kernel_major == major && machine->kernel_minor < minor);
}

bool machine_is_not_x86(const struct machine *machine)
{
	const char *arch = machine->arch;

	if (!arch)
		return false;
	return !STREQ(arch, "x86_64") &&
	       !(strlen(arch) == 4 && arch[0] == 'i' && STREQ(arch + 2, "86"));
}

void machine_done(struct machine *machine)
{
	free(machine->arch);
	free(machine->kernel);
	free(machine->config);
	bitset_done(&machine->cpus_possible);
	for (size_t i = 0; i < machine->n_cores; i++)
		bitset_done(&machine->cores[i]);
	free(machine->cores);
	free(machine->nodes);
	for (size_t i = 0; i < machine->n_devices; i++) {
		free(machine->devices[i].address);
		free(machine->devices[i].driver);
	}
	free(machine->devices);
	cmdline_done(&machine->running);
	cmdline_done(&machine->next);
	*machine = (struct machine){ 0 };
}

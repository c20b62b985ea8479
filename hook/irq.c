// SPDX-License-Identifier: LGPL-2.1-or-later
/* Interrupts of the host; see irq.h. */

#include "hook/irq.h"
#include "common/alloc.h"
#include "common/parse.h"

#define IRQ_DIR "proc/irq"

int irq_read_all(const struct sysroot *root, struct affinity_map *ret)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	int r = sysroot_list_dirs(root, &names, IRQ_DIR);

	*ret = AFFINITY_MAP_NULL;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	strv_for_each(name, &names) { /* sorted as numbers */
		_cleanup_free_ char *cpus = NULL;
		unsigned irq;

		/* Interrupts come and go all the time. */
		if (parse_unsigned(name, &irq) == 0 &&
		    sysroot_read(root, &cpus, IRQ_DIR "/%s/smp_affinity_list", name) ==
			    0 &&
		    *cpus)
			affinity_map_add(ret, irq, cpus);
	}
	return 0;
}

int irq_write(const struct sysroot *root, unsigned irq, const char *cpus)
{
	int r = sysroot_write(root, cpus, IRQ_DIR "/%u/smp_affinity_list", irq);

	if (r == 0)
		return 1;
	/* EACCES: a file that root may not write either, without the capability for it. */
	if (r == -EIO || r == -EPERM || r == -EACCES || r == -ENOENT)
		return 0;
	return r;
}

bool irq_is_fixed(const struct sysroot *root, unsigned irq)
{
	struct stat st;

	return sysroot_stat(root, &st, IRQ_DIR "/%u/smp_affinity_list", irq) == 0 &&
	       !(st.st_mode & S_IWUSR);
}

void irq_node_cpus(const struct sysroot *root, unsigned irq, struct bitset *ret)
{
	_cleanup_free_ char *cpus = NULL;
	uint64_t node;

	if (sysroot_read_u64(root, &node, IRQ_DIR "/%u/node", irq) == 0 &&
	    sysroot_read(root, &cpus, "sys/devices/system/node/node%u/cpulist",
			 (unsigned)node) == 0)
		(void)!bitset_parse(cpus, ret); /* no list: no CPUs */
}

char *irq_name(const struct sysroot *root, unsigned irq)
{
	_cleanup_free_ char *actions = NULL;

	if (sysroot_read(root, &actions, "sys/kernel/irq/%u/actions", irq) < 0 ||
	    !*actions)
		return xstrdup("unused");
	return TAKE_PTR(actions);
}

/* A line that other devices share is theirs too. */
static bool is_line_of_vfio(const struct sysroot *root, unsigned irq)
{
	_cleanup_free_ char *name = irq_name(root, irq);

	return str_has_prefix(name, "vfio") && !strchr(name, ',');
}

void irq_of_vfio_device(const struct sysroot *root, const char *address, unsigned **irqs,
			size_t *n)
{
	_cleanup_free_ char *driver = NULL;
	_cleanup_strv_ struct strv names = STRV_NULL;
	uint64_t line;
	unsigned irq;

	/* vfio-pci, or a variant driver: mlx5_vfio_pci */
	if (sysroot_readlink_name(root, &driver, "sys/bus/pci/devices/%s/driver",
				  address) < 0 ||
	    !strstr(driver, "vfio"))
		return;
	(void)!sysroot_list(root, &names, "sys/bus/pci/devices/%s/msi_irqs",
			    address); /* not there: the device uses its line */
	strv_for_each(name, &names) {
		if (parse_unsigned(name, &irq) == 0)
			*ARRAY_PUSH(*irqs, *n) = irq;
	}
	if (names.n == 0 &&
	    sysroot_read_u64(root, &line, "sys/bus/pci/devices/%s/irq", address) == 0 &&
	    line && line < UINT32_MAX && is_line_of_vfio(root, (unsigned)line))
		*ARRAY_PUSH(*irqs, *n) = (unsigned)line;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* CPUs and NUMA nodes of the host; see host.h. */

#include "hook/host.h"
#include "common/parse.h"

static int read_list(const struct sysroot *root, const char *path, struct bitset *ret)
{
	_cleanup_free_ char *text = NULL;
	int r = sysroot_read(root, &text, "%s", path);

	return r < 0 ? r : bitset_parse(text, ret);
}

int host_read(const struct sysroot *root, struct host *ret, struct error *err)
{
	struct host host = { .root = root };
	int r;

	r = read_list(root, "sys/devices/system/cpu/online", &host.cpus_online);
	if (r == 0)
		r = read_list(root, "sys/devices/system/cpu/possible",
			      &host.cpus_possible);
	if (r == 0) {
		/* A kernel without NUMA has no nodes, and no pools of a node either. */
		r = read_list(root, "sys/devices/system/node/has_memory", &host.nodes);
		r = r == -ENOENT ? 0 : r;
	}
	if (r < 0) {
		host_done(&host);
		return error_set(err, r,
				 "failed to read CPUs and nodes in sys/devices/system: %s",
				 strerror(-r));
	}
	*ret = host;
	return 0;
}

void host_done(struct host *host)
{
	bitset_done(&host->cpus_possible);
	bitset_done(&host->cpus_online);
	bitset_done(&host->nodes);
}

int host_nodes_of_cpus(const struct host *host, const struct bitset *cpus,
		       struct bitset *ret)
{
	bitset_for_each(node, &host->nodes) {
		_cleanup_bitset_ struct bitset of_node = BITSET_NULL;
		_cleanup_free_ char *text = NULL;
		int r = sysroot_read(host->root, &text,
				     "sys/devices/system/node/node%u/cpulist", node);

		if (r == 0)
			r = bitset_parse(text, &of_node);
		if (r < 0)
			return r;
		if (bitset_intersects(&of_node, cpus))
			bitset_add(ret, node);
	}
	return 0;
}

int host_siblings(const struct host *host, unsigned cpu, struct bitset *ret)
{
	_cleanup_free_ char *text = NULL;
	int r = sysroot_read(host->root, &text,
			     "sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
			     cpu);

	return r < 0 ? r : bitset_parse(text, ret);
}

int host_distance(const struct host *host, unsigned from, unsigned to, unsigned *ret)
{
	_cleanup_strv_ struct strv distances = STRV_NULL;
	_cleanup_bitset_ struct bitset nodes = BITSET_NULL;
	_cleanup_free_ char *text = NULL;
	size_t index = 0;
	int r;

	r = sysroot_read(host->root, &text, "sys/devices/system/node/node%u/distance",
			 from);
	if (r == 0)
		r = read_list(host->root, "sys/devices/system/node/online", &nodes);
	if (r < 0)
		return r;
	/* One number for each online node, which need not be numbered without gaps. */
	strv_split(&distances, text, " \n");
	bitset_for_each(node, &nodes) {
		if (node == to && index < distances.n)
			return parse_unsigned(distances.items[index], ret);
		index++;
	}
	return -ENOENT;
}

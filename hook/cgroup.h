/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Control groups, version 2 (Documentation/admin-guide/cgroup-v2.rst): what this host's can do, and where
 * processes are. Paths are below CGROUP_ROOT, without a leading slash; "" is the root group.
 */
#pragma once

#include <sys/types.h>

#include "common/error.h"
#include "common/sysroot.h"

#define CGROUP_ROOT "sys/fs/cgroup"
#define CGROUP_CPUS "cpuset.cpus"
#define CGROUP_EXCLUSIVE "cpuset.cpus.exclusive"
#define CGROUP_PARTITION "cpuset.cpus.partition"

/* Whether CPUs can be taken from a part of the processes: 0, or -EOPNOTSUPP with cause and remedy. */
int cgroup_can_shield(const struct sysroot *root, struct error *err);

/* Whether the kernel (Linux >= 6.7) has isolated partitions below groups that are none. */
bool cgroup_can_isolate(const struct sysroot *root);

/* The group of a process; the caller frees. 0 or a negative errno. */
int cgroup_of_process(const struct sysroot *root, pid_t pid, char **ret) _must_check_;

/*
 * An attribute of a group, the caller frees; of a list, "" also where the cpuset controller is
 * off, and says nothing. 0, or -ENOENT when the group is gone.
 */
int cgroup_read(const struct sysroot *root, const char *group, const char *attribute,
		char **ret) _must_check_;

/* Whether there is a process in the group or below it. */
bool cgroup_is_populated(const struct sysroot *root, const char *group);

/* Processes of userspace that are in the root group itself, which nothing limits. */
size_t cgroup_count_in_root(const struct sysroot *root);

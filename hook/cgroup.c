// SPDX-License-Identifier: LGPL-2.1-or-later
/* Control groups; see cgroup.h. */

#include "hook/cgroup.h"
#include "common/alloc.h"
#include "common/parse.h"

#define PROCS_SIZE_MAX (16U << 20)
#define PF_KTHREAD 0x00200000U /* include/linux/sched.h */
#define FLAGS_WORD 6 /* of the words after the name in /proc/PID/stat */

int cgroup_can_shield(const struct sysroot *root, struct error *err)
{
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *controllers = NULL;

	if (sysroot_read(root, &controllers, CGROUP_ROOT "/cgroup.controllers") < 0) {
		(void)error_set(err, -EOPNOTSUPP,
				"this host has cgroup v1, which cannot keep the host's "
				"work off CPUs");
		error_remedy(err, "boot with cgroup v2: kargs set "
				  "systemd.unified_cgroup_hierarchy=1");
		return -EOPNOTSUPP;
	}
	strv_split(&words, controllers, " \n");
	if (strv_contains(&words, "cpuset"))
		return 0;
	(void)error_set(err, -EOPNOTSUPP,
			"this host's cgroup v2 has no cpuset controller: '%s' are all",
			controllers);
	error_remedy(err, "it may be disabled (cgroup_disable= of the kernel), or "
			  "mounted as cgroup v1 by somebody");
	return -EOPNOTSUPP;
}

bool cgroup_can_isolate(const struct sysroot *root)
{
	/* This one shows in the root group, together with the others below. */
	return sysroot_exists(root, CGROUP_ROOT "/cpuset.cpus.isolated");
}

int cgroup_of_process(const struct sysroot *root, pid_t pid, char **ret)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;
	_cleanup_free_ char *text = NULL;
	int r = sysroot_read(root, &text, "proc/%d/cgroup", (int)pid);

	if (r < 0)
		return r;
	strv_split(&lines, text, "\n");
	strv_for_each(line, &lines) {
		if (str_has_prefix(line, "0::/")) {
			*ret = xstrdup(line + strlen("0::/"));
			return 0;
		}
	}
	return -ENOENT;
}

int cgroup_read(const struct sysroot *root, const char *group, const char *attribute,
		char **ret)
{
	int r = sysroot_read(root, ret, CGROUP_ROOT "/%s/%s", group, attribute);

	if (r == 0)
		return 0;
	if (!sysroot_exists(root, CGROUP_ROOT "/%s/cgroup.procs", group))
		return -ENOENT;
	if (r == -ENOENT) {
		*ret = xstrdup("");
		r = 0;
	}
	return r;
}

bool cgroup_is_populated(const struct sysroot *root, const char *group)
{
	_cleanup_free_ char *events = NULL;

	return sysroot_read(root, &events, CGROUP_ROOT "/%s/cgroup.events", group) == 0 &&
	       strstr(events, "populated 1");
}

static bool is_kernel_thread(const struct sysroot *root, const char *pid)
{
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *stat = NULL;
	const char *end;
	uint64_t flags;

	if (sysroot_read(root, &stat, "proc/%s/stat", pid) < 0)
		return true; /* it has ended */
	/* The name, in parentheses, may have any character in it. */
	end = strrchr(stat, ')');
	strv_split(&words, end ? end + 1 : "", " ");
	return words.n > FLAGS_WORD && parse_u64(words.items[FLAGS_WORD], &flags) == 0 &&
	       (flags & PF_KTHREAD);
}

size_t cgroup_count_in_root(const struct sysroot *root)
{
	_cleanup_strv_ struct strv pids = STRV_NULL;
	_cleanup_free_ char *procs = NULL;
	size_t n = 0;

	if (sysroot_read_file(root, PROCS_SIZE_MAX, &procs, NULL,
			      CGROUP_ROOT "/cgroup.procs") < 0)
		return 0;
	strv_split(&pids, procs, "\n");
	strv_for_each(pid, &pids)
		n += !is_kernel_thread(root, pid);
	return n;
}

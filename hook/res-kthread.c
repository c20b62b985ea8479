// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kthread: kernel threads that are bound to no CPU leave the isolated ones.
 *
 * Kernel: Documentation/admin-guide/kernel-per-CPU-kthreads.rst, sched_setaffinity(2), proc_pid_stat(5).
 * Threads with PF_NO_SETAFFINITY are bound for good, those of one CPU are there on purpose, and those outside the root control group belong to somebody (vhost
 * threads of Linux < 6.4: to a domain). New ones start with every CPU, wherever kthreadd may
 * run, and are for the next survey. An isolated cpuset partition changes the CPUs of all
 * of them (Linux >= 6.7), when it comes and when it goes; the baseline is ours to bring back.
 *
 * The thread of an interrupt follows it: at once, or (Linux < 6.11) the next time that it runs, which may
 * be never. One that has not followed its interrupt off the isolated CPUs is moved like the others.
 *
 * Baselines are what /proc/PID/status says: sched_getaffinity(2) leaves out what is offline now.
 */

#include <sched.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/log.h"
#include "common/parse.h"
#include "hook/affinity-survey.h"
#include "hook/isolation.h"

#define THREADS "threads"
#define KTHREADD 2
#define PF_NO_SETAFFINITY 0x04000000U
#define PF_KTHREAD 0x00200000U
#define PARTITION_TIMEOUT_MS 2000
#define PARTITION_POLL_MS 10
#define FLAGS_FIELD 6 /* in proc/PID/stat, counted from the one after the name */

/* ---- threads ---- */

struct threads {
	const struct host *host;
	struct bitset isolated;
	struct affinity_map baseline; /* of kthreadd only, and what we have made of it */
	struct affinity_map written;
};

static void threads_done(struct threads *threads)
{
	bitset_done(&threads->isolated);
	affinity_map_done(&threads->baseline);
	affinity_map_done(&threads->written);
}
#define _cleanup_threads_ _cleanup_(threads_done)

struct thread {
	unsigned flags;
	bool of_interrupt;
	unsigned irq; /* which one */
};

/* "(irq/24-nvme0q1": which interrupt's thread it is, if any. */
static bool parse_irq(const char *name, unsigned *ret)
{
	_cleanup_free_ char *number = NULL;

	if (!name)
		return false;
	name += strlen("(irq/");
	number = xstrndup(name, strcspn(name, "-"));
	return parse_unsigned(number, ret) == 0;
}

static int read_thread(const struct sysroot *root, const char *pid, struct thread *ret)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strv_ struct strv fields = STRV_NULL;
	const char *end;
	int r = sysroot_read(root, &text, "proc/%s/stat", pid);

	if (r < 0)
		return r;
	end = strrchr(text, ')'); /* the name may have anything in it */
	if (!end)
		return -EINVAL;
	strv_split(&fields, end + 1, " ");
	if (fields.n <= FLAGS_FIELD)
		return -EINVAL;
	ret->of_interrupt = parse_irq(strstr(text, "(irq/"), &ret->irq);
	return parse_unsigned(fields.items[FLAGS_FIELD], &ret->flags);
}

static char *read_cpus(const struct sysroot *root, const char *pid)
{
	static const char key[] = "\nCpus_allowed_list:";
	_cleanup_free_ char *text = NULL;
	char *list;

	if (sysroot_read(root, &text, "proc/%s/status", pid) < 0)
		return NULL;
	list = strstr(text, key);
	if (!list)
		return NULL;
	list += strlen(key);
	list += strspn(list, " \t");
	return xstrndup(list, strcspn(list, "\n"));
}

/* In each hierarchy, a line of its own: "0::/" */
static bool is_in_root_cgroup(const struct sysroot *root, const char *pid)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;
	_cleanup_free_ char *text = NULL;

	if (sysroot_read(root, &text, "proc/%s/cgroup", pid) < 0)
		return true; /* a kernel without any */
	strv_split(&lines, text, "\n");
	strv_for_each(line, &lines) {
		const char *path = strrchr(line, ':');

		if (path && !STREQ(path, ":/"))
			return false;
	}
	return true;
}

/* Appends the ids of all kernel threads, as text, and perhaps those of other processes. */
static int list_threads(const struct sysroot *root, struct strv *ret)
{
	_cleanup_free_ char *children = NULL;
	int r = sysroot_read_file(root, 1U << 20, &children, NULL,
				  "proc/%d/task/%d/children", KTHREADD, KTHREADD);

	if (r < 0) /* without CONFIG_PROC_CHILDREN */
		return sysroot_list_dirs(root, ret, "proc");
	strv_pushf(ret, "%d", KTHREADD);
	strv_split(ret, children, " \n");
	strv_sort(ret);
	return 0;
}

/* Its interrupt goes to none of the isolated CPUs that the thread is allowed on. */
static bool was_left_behind(const struct sysroot *root, const struct thread *thread,
			    const char *cpus, const struct bitset *isolated)
{
	_cleanup_bitset_ struct bitset now = BITSET_NULL, of_irq = BITSET_NULL;
	_cleanup_free_ char *text = NULL;

	return bitset_parse(cpus, &now) == 0 && bitset_intersects(&now, isolated) &&
	       sysroot_read(root, &text, "proc/irq/%u/smp_affinity_list", thread->irq) ==
		       0 &&
	       bitset_parse(text, &of_irq) == 0 && !bitset_intersects(&of_irq, isolated);
}

/* The CPUs of those that can be moved, or of those that are bound. They come and go meanwhile. */
static int read_threads(const struct threads *t, bool bound, struct affinity_map *ret)
{
	const struct sysroot *root = t->host->root;
	_cleanup_strv_ struct strv pids = STRV_NULL;
	int r = list_threads(root, &pids);

	*ret = AFFINITY_MAP_NULL;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	strv_for_each(pid, &pids) {
		_cleanup_free_ char *cpus = NULL;
		struct thread thread;
		unsigned id;

		if (parse_unsigned(pid, &id) < 0 || read_thread(root, pid, &thread) < 0 ||
		    !(thread.flags & PF_KTHREAD) ||
		    !(thread.flags & PF_NO_SETAFFINITY) == bound ||
		    !is_in_root_cgroup(root, pid))
			continue;
		cpus = read_cpus(root, pid);
		if (!cpus || !*cpus)
			continue;
		if (!thread.of_interrupt || affinity_map_get(&t->written, id) ||
		    was_left_behind(root, &thread, cpus, &t->isolated))
			affinity_map_add(ret, id, cpus);
	}
	return 0;
}

/* ---- survey ---- */

/* That of a node which is isolated as a whole (kswapd) goes elsewhere; that of one CPU does not. */
static char *thread_wanted(void *arg, unsigned id, const char *baseline)
{
	const struct threads *t = arg;
	_cleanup_free_ char *pid = xasprintf("%u", id);
	struct thread thread = { 0 };
	const struct bitset *online = &t->host->cpus_online;
	char *cpus = affinity_without(baseline, &t->isolated, online);
	_cleanup_free_ char *all = NULL;

	if (!cpus &&
	    (strpbrk(baseline, ",-") ||
	     (read_thread(t->host->root, pid, &thread) == 0 && thread.of_interrupt))) {
		all = bitset_format(online);
		cpus = affinity_without(all, &t->isolated, online);
	}
	return cpus ? cpus : xstrdup(baseline);
}

/*
 * All CPUs but isolated ones: what a partition that came or went has made of every thread. What it was
 * before: the kernel's own doing, when a CPU comes online (kcompactd_cpu_online).
 */
static bool thread_is_nobodys(void *arg, const char *baseline, const char *current)
{
	const struct threads *t = arg;
	_cleanup_bitset_ struct bitset missing = BITSET_NULL, now = BITSET_NULL;

	if (STREQ(current, baseline))
		return true;
	if (bitset_parse(current, &now) < 0)
		return false;
	bitset_add_all(&missing, &t->host->cpus_online);
	bitset_remove_all(&missing, &now);
	bitset_remove_all(&missing, &t->isolated);
	return bitset_is_empty(&missing);
}

/* A partition came before we saw the thread: what it has is what kthreadd has because of us. */
static const char *thread_inherited(void *arg, const char *current)
{
	const struct threads *t = arg;
	const char *written = affinity_map_get(&t->written, KTHREADD);

	return written && STREQ(current, written) ?
		       affinity_map_get(&t->baseline, KTHREADD) :
		       NULL;
}

static bool thread_is_fixed(void *arg _unused_, unsigned id _unused_)
{
	return false; /* those are not listed */
}

static int kthread_survey(const struct host *host, struct ledger *ledger, bool taking,
			  struct changes *changes, struct error *err)
{
	_cleanup_threads_ struct threads threads = { .host = host };
	_cleanup_affinity_map_ struct affinity_map current = AFFINITY_MAP_NULL;
	const struct entry *entry = ledger_find_entry(ledger, "kthread", THREADS);
	struct affinity_survey survey = {
		.ledger = ledger,
		.resource = &resource_kthread,
		.object = THREADS,
		.taking = taking,
		.current = &current,
		.changes = changes,
		.wanted = thread_wanted,
		.is_nobodys = thread_is_nobodys,
		.inherited = thread_inherited,
		.is_fixed = thread_is_fixed,
		.arg = &threads,
	};
	int r;

	resource_union(ledger, "kthread", ISOLATION_CPUS, &threads.isolated);
	survey.any = !bitset_is_empty(&threads.isolated);
	if (entry && (affinity_map_parse(entry->baseline, &threads.baseline) < 0 ||
		      affinity_map_parse(entry->written, &threads.written) < 0))
		return error_set(err, -EINVAL,
				 "the ledger's record of " THREADS " is damaged");
	r = read_threads(&threads, false, &current);
	if (r < 0)
		return error_set(err, r, "failed to list '/proc': %s", strerror(-r));
	return affinity_survey(&survey, err);
}

/* ---- write ---- */

static int set_affinity(unsigned id, const struct bitset *cpus)
{
	const unsigned bits = (unsigned)cpus->n_words * 64;
	cpu_set_t *set = CPU_ALLOC(bits);
	const size_t size = CPU_ALLOC_SIZE(bits);
	int r;

	if (!set)
		alloc_failed();
	CPU_ZERO_S(size, set);
	bitset_for_each(cpu, cpus)
		CPU_SET_S(cpu, size, set);
	r = sched_setaffinity((pid_t)id, size, set) < 0 ? negative_errno() : 0;
	CPU_FREE(set);
	return r;
}

/* The id may be another process's by now. */
static bool is_still_movable(const struct sysroot *root, unsigned id)
{
	_cleanup_free_ char *pid = xasprintf("%u", id);
	struct thread thread;

	return read_thread(root, pid, &thread) == 0 &&
	       (thread.flags & (PF_KTHREAD | PF_NO_SETAFFINITY)) == PF_KTHREAD;
}

/* The kernel keeps threads off CPUs of partitions, whatever they are given. */
static bool is_in_partition(const struct sysroot *root, const struct bitset *cpus)
{
	_cleanup_bitset_ struct bitset isolated = BITSET_NULL, boot = BITSET_NULL;
	_cleanup_free_ char *text = NULL, *boot_text = NULL;

	if (sysroot_read(root, &text, "sys/fs/cgroup/cpuset.cpus.isolated") < 0 ||
	    bitset_parse(text, &isolated) < 0)
		return false;
	if (sysroot_read(root, &boot_text, "sys/devices/system/cpu/isolated") == 0 &&
	    bitset_parse(boot_text, &boot) == 0)
		bitset_remove_all(&isolated, &boot);
	return bitset_intersects(&isolated, cpus);
}

/* A partition whose cgroup is gone counts until the kernel has got round to it. */
static void wait_for_partition(const struct sysroot *root, const struct bitset *cpus,
			       uint64_t deadline)
{
	static uint64_t until; /* in all: one that stays after that is somebody's */

	if (!until)
		until = deadline_within_ms(deadline, PARTITION_TIMEOUT_MS);
	while (is_in_partition(root, cpus) && deadline_left_ms(until) > 0)
		deadline_sleep_ms(until, PARTITION_POLL_MS);
}

/* What the kernel refuses shows in the next survey, and in 'hosttune status'; it stops nothing. */
static int kthread_write(const struct sysroot *root, const char *object,
			 const char *from _unused_, const char *to, uint64_t deadline,
			 struct error *err)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ unsigned *ids = NULL;
	size_t n = 0;
	int r = affinity_ids_parse(object, &ids, &n);

	if (r == 0)
		r = bitset_parse(to, &cpus);
	if (r < 0)
		return error_set(err, r, "no threads '%s' or CPUs '%s'", object, to);
	if (!root->is_host)
		return 0; /* threads of another tree are not there to be moved */
	wait_for_partition(root, &cpus, deadline);
	for (size_t i = 0; i < n; i++) {
		if (deadline_left_ms(deadline) == 0)
			return error_set(err, -ETIMEDOUT, "no time left for thread %u",
					 ids[i]);
		r = is_still_movable(root, ids[i]) ? set_affinity(ids[i], &cpus) : 0;
		if (r < 0 && r != -ESRCH)
			log_debug("kthread", "thread %u stays: %s", ids[i], strerror(-r));
	}
	return 0;
}

/* ---- status ---- */

static void kthread_describe(const struct host *host, const struct ledger *ledger,
			     const struct claim *claim, struct strv *lines)
{
	const struct wish *wish = claim_find_wish(claim, "kthread", ISOLATION_CPUS);
	_cleanup_affinity_map_ struct affinity_map movable = AFFINITY_MAP_NULL;
	_cleanup_affinity_map_ struct affinity_map bound = AFFINITY_MAP_NULL;
	_cleanup_affinity_counts_ struct affinity_counts counts = { 0 };
	_cleanup_threads_ struct threads threads = { .host = host };
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	size_t n_bound = 0;

	resource_union(ledger, "kthread", ISOLATION_CPUS, &threads.isolated);
	if (!wish || bitset_parse(wish->value, &cpus) < 0 ||
	    read_threads(&threads, false, &movable) < 0 ||
	    read_threads(&threads, true, &bound) < 0)
		return;
	affinity_count(ledger, &resource_kthread, THREADS, &movable, &cpus, &counts);
	for (size_t i = 0; i < bound.n; i++) {
		_cleanup_bitset_ struct bitset own = BITSET_NULL;

		n_bound += bitset_parse(bound.items[i].cpus, &own) == 0 &&
			   bitset_intersects(&own, &cpus);
	}
	strv_pushf(lines,
		   "kernel threads: %zu moved off CPU %s, %zu bound to them by the kernel",
		   counts.moved, wish->value, n_bound + counts.fixed.n);
	if (counts.foreign)
		strv_pushf(lines, "kernel threads: %zu were put there by somebody else",
			   counts.foreign);
}

const struct resource resource_kthread = {
	.name = "kthread",
	.write = kthread_write,
	.survey = kthread_survey,
	.describe = kthread_describe,
};

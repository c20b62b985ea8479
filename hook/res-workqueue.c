// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * workqueue: work that is bound to no CPU is not done on the isolated ones.
 *
 * Kernel: Documentation/core-api/workqueue.rst. cpumask is the mask of all unbound workqueues; those
 * that are in sysfs (writeback) have one of their own beside it. An isolated cpuset partition
 * takes its CPUs out of what cpumask shows, and leaves cpumask_requested (Linux >= 6.7) as it was
 * written: that is what is compared here.
 *
 * Not handled: workqueues of one CPU each, whose work was queued on that CPU.
 */

#include "common/alloc.h"
#include "hook/cpumask.h"
#include "hook/isolation.h"
#include "hook/survey.h"

#define WORKQUEUE_DIR "sys/devices/virtual/workqueue"
#define MASK "cpumask"

struct cpus {
	const struct host *host;
	struct bitset isolated;
};

static char *wanted(const char *baseline, const void *arg)
{
	const struct cpus *cpus = arg;

	return cpumask_without(baseline, &cpus->isolated, &cpus->host->cpus_online);
}

/* "cpumask", and "writeback/cpumask" of each that has one; also those that were there before. */
static int list_masks(const struct sysroot *root, const struct ledger *ledger,
		      struct strv *ret)
{
	_cleanup_strv_ struct strv names = STRV_NULL, known = STRV_NULL;
	int r = sysroot_list_dirs(root, &names, WORKQUEUE_DIR);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0)
		strv_push(ret, MASK);
	strv_for_each(name, &names) {
		if (sysroot_exists(root, WORKQUEUE_DIR "/%s/" MASK, name))
			strv_pushf(ret, "%s/" MASK, name);
	}
	survey_known(ledger, &resource_workqueue, &known);
	strv_for_each(object, &known) {
		if (!strv_contains(ret, object))
			strv_push(ret, object);
	}
	return 0;
}

static int read_mask(const struct sysroot *root, const char *object, char **ret)
{
	int r = -ENOENT;

	if (STREQ(object, MASK))
		r = sysroot_read(root, ret, WORKQUEUE_DIR "/" MASK "_requested");
	return r == -ENOENT ? sysroot_read(root, ret, WORKQUEUE_DIR "/%s", object) : r;
}

static int workqueue_survey(const struct host *host, struct ledger *ledger, bool taking,
			    struct changes *changes, struct error *err)
{
	struct cpus cpus = { .host = host };
	struct survey survey = {
		.ledger = ledger,
		.resource = &resource_workqueue,
		.taking = taking,
		.wanted = wanted,
		.arg = &cpus,
		.changes = changes,
	};
	_cleanup_strv_ struct strv objects = STRV_NULL;
	int r = list_masks(host->root, ledger, &objects);

	if (r < 0)
		return error_set(err, r, "failed to list '/" WORKQUEUE_DIR "': %s",
				 strerror(-r));
	resource_union(ledger, "workqueue", ISOLATION_CPUS, &cpus.isolated);
	survey.any = !bitset_is_empty(&cpus.isolated);
	strv_for_each(object, &objects) {
		_cleanup_free_ char *current = NULL;

		r = read_mask(host->root, object, &current);
		if (r < 0 && r != -ENOENT) {
			bitset_done(&cpus.isolated);
			return error_set(err, r,
					 "failed to read '/" WORKQUEUE_DIR "/%s': %s",
					 object, strerror(-r));
		}
		survey_object(&survey, object, current);
	}
	bitset_done(&cpus.isolated);
	return 0;
}

static int workqueue_write(const struct sysroot *root, const char *object,
			   const char *from _unused_, const char *to,
			   uint64_t deadline _unused_, struct error *err)
{
	int r = sysroot_write(root, to, WORKQUEUE_DIR "/%s", object);

	return r < 0 ? error_set(err, r,
				 "failed to write '%s' to '/" WORKQUEUE_DIR "/%s': %s",
				 to, object, strerror(-r)) :
		       0;
}

const struct resource resource_workqueue = {
	.name = "workqueue",
	.write = workqueue_write,
	.survey = workqueue_survey,
};

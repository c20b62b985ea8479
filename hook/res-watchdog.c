// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * watchdog: the kernel's lockup detectors leave the CPUs of domains that ask for it with
 * <quiet watchdog='off'/>, whose wishes res-quiet.c makes.
 *
 * Kernel: Documentation/admin-guide/lockup-watchdogs.rst, watchdog_cpumask. On each CPU of the mask a timer
 * fires every four seconds and wakes a thread. It is the mask that is changed, and not the
 * switch kernel/watchdog: the host's own CPUs stay watched.
 */

#include "common/alloc.h"
#include "hook/affinity-survey.h"
#include "hook/isolation.h"
#include "hook/survey.h"

#define OBJECT "watchdog_cpumask"
#define FILE_PATH "proc/sys/kernel/" OBJECT

struct cpus {
	const struct host *host;
	struct bitset isolated;
};

static char *wanted(const char *baseline, const void *arg)
{
	const struct cpus *cpus = arg;
	char *list =
		affinity_without(baseline, &cpus->isolated, &cpus->host->cpus_online);

	/* Nothing left to watch: as much as not changing it, and not written as an empty list. */
	return list ? list : xstrdup(baseline);
}

static int watchdog_survey(const struct host *host, struct ledger *ledger, bool taking,
			   struct changes *changes, struct error *err)
{
	struct cpus cpus = { .host = host };
	struct survey survey = {
		.ledger = ledger,
		.resource = &resource_watchdog,
		.taking = taking,
		.wanted = wanted,
		.arg = &cpus,
		.changes = changes,
	};
	_cleanup_free_ char *current = NULL;
	int r = sysroot_read(host->root, &current, FILE_PATH);

	if (r < 0 && r != -ENOENT)
		return error_set(err, r, "failed to read '/" FILE_PATH "': %s",
				 strerror(-r));
	resource_union(ledger, "watchdog", ISOLATION_CPUS, &cpus.isolated);
	survey.any = !bitset_is_empty(&cpus.isolated);
	survey_object(&survey, OBJECT, current);
	bitset_done(&cpus.isolated);
	return 0;
}

static int watchdog_write(const struct sysroot *root, const char *object _unused_,
			  const char *from _unused_, const char *to,
			  uint64_t deadline _unused_, struct error *err)
{
	int r = sysroot_write(root, to, FILE_PATH);

	return r < 0 ? error_set(err, r, "failed to write '%s' to '/" FILE_PATH "': %s",
				 to, strerror(-r)) :
		       0;
}

const struct resource resource_watchdog = {
	.name = "watchdog",
	.write = watchdog_write,
	.survey = watchdog_survey,
};

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sweep: a timer of systemd that runs 'hosttune sync' again and again while CPUs are isolated. What
 * appears on the host later is put where it belongs by the surveys of the other resources: interrupts
 * of a passed-through device when the guest's driver loads, a new slice, new kernel threads. libvirt
 * calls no hook then, and no process of ours stays behind to wait for it.
 *
 * A transient timer (systemd.timer(5)) and the service that it starts, both gone with the last
 * claim or the next boot. It starts anew with every claim and every QEMU: close together at first, as a
 * guest boots, then every half minute, for guests that reboot. A run that finds nothing to do takes some
 * milliseconds, on the host's own CPUs, and leaves no line in the journal.
 *
 * Without the timer the isolation holds, but for what appears later: a failure is logged, and is none
 * of the domain's.
 *
 * Objects of the ledger: the timers. .written says for which claims one runs, "" that it is to be stopped;
 * .previous becomes "active" when it has been seen running.
 *
 * Not handled: hosts without systemd. 'hosttune sync' by cron does the same there.
 */

#include <inttypes.h>
#include <time.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/log.h"
#include "hook/isolation.h"
#include "hook/privilege.h"
#include "hook/survey.h"
#include "hook/systemd.h"

#define PREFIX "hosttune-sweep-"
#define SUFFIX ".timer"
#define TIMEOUT_MS 5000
#define DELETED " (deleted)"
#define ACTIVE "active"
#define INACTIVE "inactive"

/* The claims that count, and which of them run: the timer starts anew when it changes. */
static char *runs_for(const struct ledger *ledger)
{
	_cleanup_strv_ struct strv ids = STRV_NULL;

	for (size_t i = 0; i < ledger->n_claims; i++) {
		const struct claim *claim = &ledger->claims[i];

		if (claim_counts(claim) &&
		    claim_find_wish(claim, resource_sweep.name, ISOLATION_CPUS))
			strv_pushf(&ids, "%" PRIu64 "%s", claim->id,
				   claim->started ? "+" : "");
	}
	return strv_join(&ids, " ");
}

static bool has_more(const char *wanted, const char *present)
{
	_cleanup_strv_ struct strv before = STRV_NULL, now = STRV_NULL;

	strv_split(&before, present, " ");
	strv_split(&now, wanted, " ");
	strv_for_each(id, &now) {
		if (!strv_contains(&before, id))
			return true;
	}
	return false;
}

/*
 * To start anew is to start another timer and then stop the first: the units of a transient timer
 * are gone only when its service is, which may be waiting for the lock that we hold.
 */
static void add_timer(struct ledger *ledger, const char *runs, struct changes *changes)
{
	_cleanup_free_ char *name = NULL;
	struct entry *entry;
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	name = xasprintf(PREFIX "%lld-%09ld" SUFFIX, (long long)now.tv_sec, now.tv_nsec);
	entry = ledger_add_entry(ledger, resource_sweep.name, name, INACTIVE);
	ledger_set(&entry->written, runs);
	changes_push(changes, &resource_sweep, name, INACTIVE, ACTIVE);
}

static bool is_active(const char *timer)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	/* Where that cannot be known, another attempt would not help. */
	return systemd_is_active(timer, deadline_in_ms(TIMEOUT_MS), &err) != 0;
}

/* What is to be done for a timer that is known; true when it is the one that shall run. */
static bool survey_timer(struct ledger *ledger, const char *name, const char *runs,
			 struct changes *changes)
{
	struct entry *entry = ledger_find_entry(ledger, resource_sweep.name, name);

	if (*entry->written && *runs && !has_more(runs, entry->written)) {
		ledger_set(&entry->written, runs);
		if (STREQ(entry->previous, ACTIVE))
			return true; /* and if it was stopped since, somebody wants that */
		if (is_active(name))
			ledger_set(&entry->previous, ACTIVE);
		else
			changes_push(changes, &resource_sweep, name, INACTIVE, ACTIVE);
		return true;
	}
	if (!*entry->written && !is_active(name)) {
		ledger_remove_entry(ledger, resource_sweep.name, name);
		return false;
	}
	ledger_set(&entry->written, "");
	changes_push(changes, &resource_sweep, name, ACTIVE, INACTIVE);
	return false;
}

static int sweep_survey(const struct host *host, struct ledger *ledger,
			bool taking _unused_, struct changes *changes,
			struct error *err _unused_)
{
	_cleanup_free_ char *runs = runs_for(ledger);
	_cleanup_strv_ struct strv known = STRV_NULL;
	bool runs_already = false;

	if (!systemd_is_used(host->root))
		return 0;
	survey_known(ledger, &resource_sweep, &known);
	strv_for_each(name, &known)
		runs_already |= survey_timer(ledger, name, runs, changes);
	if (*runs && !runs_already)
		add_timer(ledger, runs, changes);
	return 0;
}

static int start(const struct sysroot *root, const char *name, uint64_t deadline,
		 struct error *err)
{
	/* A guest's driver loads some seconds after QEMU has started. */
	static const unsigned after_s[] = { 2, 5, 10, 20, 40, 60, 0 };
	struct systemd_timer timer = {
		.timer = name,
		.description = "Keep the host's work off isolated CPUs",
		.argv = { "hosttune", "sync", NULL },
		.capabilities = privilege_of(PRIVILEGE_ISOLATE),
		.after_s = after_s,
		.every_s = 30,
	};
	_cleanup_free_ char *path = NULL;
	size_t n;
	int r = sysroot_readlink(root, &path, "proc/self/exe");

	if (r < 0)
		return error_set(err, r, "failed to find the program's own path: %s",
				 strerror(-r));
	n = strlen(path);
	/* Replaced while it runs: the new one does as well. */
	if (n > strlen(DELETED) && STREQ(path + n - strlen(DELETED), DELETED))
		path[n - strlen(DELETED)] = '\0';
	timer.path = path;
	return systemd_start_timer(&timer, deadline, err);
}

static int sweep_write(const struct sysroot *root, const char *object,
		       const char *from _unused_, const char *to, uint64_t deadline,
		       struct error *err)
{
	uint64_t until = deadline_within_ms(deadline, TIMEOUT_MS);
	int r = STREQ(to, "active") ? start(root, object, until, err) :
				      systemd_stop(object, until, err);

	if (r < 0 && r != -ENOENT)
		log_warning("sweep",
			    "%s; what appears on the host later is not moved until "
			    "'hosttune sync' is run",
			    err->cause);
	error_done(err);
	return 0;
}

static void sweep_describe(const struct host *host, const struct ledger *ledger,
			   const struct claim *claim _unused_, struct strv *lines)
{
	_cleanup_strv_ struct strv known = STRV_NULL;
	const char *why = "its timer does not run";

	survey_known(ledger, &resource_sweep, &known);
	if (!systemd_is_used(host->root))
		why = "no systemd";
	else if (known.n > 0 && is_active(known.items[known.n - 1]))
		return;
	strv_pushf(lines,
		   "sweep: %s: what appears later is moved by 'hosttune sync' only", why);
}

const struct resource resource_sweep = {
	.name = "sweep",
	.survey = sweep_survey,
	.write = sweep_write,
	.describe = sweep_describe,
};

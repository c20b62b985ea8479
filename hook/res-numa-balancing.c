// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * numa-balancing: automatic NUMA balancing is off while a domain asks for that with
 * <quiet numa-balancing='off'/>; res-quiet.c makes the wishes.
 *
 * Kernel: Documentation/admin-guide/sysctl/kernel.rst, numa_balancing. Unlike other files of root's, it
 * can only be written with CAP_SYS_ADMIN, which prepare has dropped before it read the domain's XML:
 * that is why this is a survey, of which there is one with that capability when QEMU runs.
 */

#include "common/alloc.h"
#include "hook/privilege.h"
#include "hook/survey.h"

#define OBJECT "numa_balancing"
#define FILE_PATH "proc/sys/kernel/" OBJECT

static char *wanted(const char *baseline _unused_, const void *arg _unused_)
{
	return xstrdup("0");
}

static bool any_wish(const struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->n_claims; i++) {
		if (claim_counts(&ledger->claims[i]) &&
		    claim_has_resource(&ledger->claims[i], "numa-balancing"))
			return true;
	}
	return false;
}

static int numa_balancing_survey(const struct host *host, struct ledger *ledger,
				 bool taking, struct changes *changes, struct error *err)
{
	const struct survey survey = {
		.ledger = ledger,
		.resource = &resource_numa_balancing,
		.taking = taking,
		.any = any_wish(ledger),
		.wanted = wanted,
		.changes = changes,
	};
	_cleanup_free_ char *current = NULL;
	int r;

	/* Recorded, and for a survey that can. */
	if (survey.any && !privilege_may_isolate() &&
	    ledger_find_entry(ledger, "numa-balancing", OBJECT))
		return 0;
	r = sysroot_read(host->root, &current, FILE_PATH);
	if (r < 0 && r != -ENOENT)
		return error_set(err, r, "failed to read '/" FILE_PATH "': %s",
				 strerror(-r));
	survey_object(&survey, OBJECT, current);
	return 0;
}

static int numa_balancing_write(const struct sysroot *root, const char *object _unused_,
				const char *from _unused_, const char *to,
				uint64_t deadline _unused_, struct error *err)
{
	int r = sysroot_write(root, to, FILE_PATH);

	if (r == -EPERM && !privilege_may_isolate())
		return 0; /* the next survey may */
	return r < 0 ? error_set(err, r, "failed to write '%s' to '/" FILE_PATH "': %s",
				 to, strerror(-r)) :
		       0;
}

const struct resource resource_numa_balancing = {
	.name = "numa-balancing",
	.write = numa_balancing_write,
	.survey = numa_balancing_survey,
};

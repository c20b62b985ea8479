/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is done to claims: by the hook's operations (https://libvirt.org/hooks.html) and by the
 * administrator. Each opens the ledger, does its work within its time limit and returns 0 or a
 * negative errno with @err set; whether libvirt gets to see that is hook-mode.c's to decide.
 */
#pragma once

#include "hook/domain.h"
#include "hook/store.h"

/*
 * prepare: takes the whole claim of a tagged domain, or leaves the host as it was and says why.
 * A claim left over by an earlier start of the same domain is given back first.
 */
int operation_prepare(const struct sysroot *root, const struct domain *domain,
		      struct error *err);

/* start: the claim still holds, just before QEMU runs. */
int operation_start(const struct sysroot *root, const struct domain *domain,
		    struct error *err);

/* started, reconnect: QEMU runs. Also gives back what other processes left behind. */
int operation_started(const struct sysroot *root, const char *domain, struct error *err);

/*
 * stopped: QEMU is ending, and its devices are not free yet. Only its isolated partitions are given
 * back, as long as libvirt has not removed their cgroups: after that the kernel counts them for a while.
 */
int operation_stopped(const struct sysroot *root, const char *domain, struct error *err);

/*
 * release: gives the claim of a domain (name or UUID) back; 1 when there is none. The
 * ledger alone says what: the domain's XML may have been edited meanwhile.
 */
int operation_release(const struct sysroot *root, const char *domain, struct error *err);

/* Gives back every claim, or (@stale) those whose QEMU does not run. */
int operation_release_all(const struct sysroot *root, bool stale, struct error *err);

/*
 * Finishes whatever processes that died have left behind, and takes what has come to the host since
 * (interrupts, slices) off isolated CPUs.
 */
int operation_sync(const struct sysroot *root, struct error *err);

/* A claim of that domain is mentioned in the ledger; cheap, and may err on the side of yes. */
bool operation_may_concern(const struct sysroot *root, const char *domain);

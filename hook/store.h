/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger's place: /run/hosttune, which dies with the kernel state that it describes.
 *
 *	store_open()		once; creates the directory where asked to
 *	store_begin()		takes the lock and reads the ledger
 *	  ...			change store->ledger
 *	store_save()		replaces the file: what is saved survives us
 *	store_end()		drops the lock
 *
 * The lock (/run/hosttune/lock) is held for moments, never while the kernel may take its time. A
 * process that works on a claim beyond that holds the claim's own lock (/run/hosttune/claims.lock,
 * the byte at the claim's id), and so do its children: a claim that is not live and whose lock is
 * free was left behind, and whoever comes next gives it back.
 *
 * A ledger that cannot be trusted (damaged, of another boot, not root's own) is set aside under
 * another name and reported, never used and never deleted. One that merely cannot be read now, or
 * is of another version of hosttune, stays where it is, and that is an error.
 */
#pragma once

#include "common/sysroot.h"
#include "hook/ledger.h"

struct store {
	const struct sysroot *root;
	int dir; /* /run/hosttune, or -1: it does not exist */
	int lock; /* held between begin and end */
	int claims; /* claims' own locks */
	char *boot_id; /* of the running kernel */
	uint64_t giving; /* claim that we give back: not counted in any ledger read; 0: none */
	struct ledger ledger;
};

#define STORE_NULL ((struct store){ .dir = -1, .lock = -1, .claims = -1 })
#define _cleanup_store_ _cleanup_(store_close)

/*
 * Opens the directory; with @create makes it, else its absence is an empty ledger. 0, or a
 * negative errno with @err set (-EPERM: it is not root's alone). Close it whatever the result.
 */
int store_open(const struct sysroot *root, bool create, struct store *ret,
	       struct error *err);
void store_close(struct store *store);

/* Takes the lock, reads the ledger: 0, -ETIMEDOUT or another errno with @err set. */
int store_begin(struct store *store, uint64_t deadline, struct error *err);

/* Writes the ledger, atomically; an empty one is no file at all. The lock is kept. */
int store_save(struct store *store, struct error *err);
void store_end(struct store *store);

/*
 * Reads the ledger without lock, for a look: it is replaced as a whole, so that this is one
 * consistent state. Nothing is set aside: an unusable one is an error.
 */
int store_peek(struct store *store, struct error *err);

/*
 * A claim's own lock: 0, or -ETIMEDOUT when at @deadline (0: at once) somebody still works on it.
 * Our children hold it with us; while one is stuck in the kernel, unlocking is left to its end.
 */
int store_claim_lock(struct store *store, uint64_t id, uint64_t deadline);
void store_claim_unlock(struct store *store, uint64_t id);
bool store_claim_is_locked(const struct store *store, uint64_t id);

/*
 * The lock of writes to hugepage pools, of the same kind; taken before store_begin(). When a
 * process is killed it is held until the last of its children's writes has come to its end.
 */
int store_pools_lock(struct store *store, uint64_t deadline);
void store_pools_unlock(struct store *store);

/* Names of ledgers that were set aside, in the directory. */
int store_list_aside(const struct store *store, struct strv *ret);

// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ledger's place; see store.h. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "common/alloc.h"
#include "common/bounded.h"
#include "common/deadline.h"
#include "common/json.h"
#include "common/lock.h"
#include "common/log.h"
#include "hook/store.h"

#define STORE_DIR "run/hosttune"
#define LEDGER "ledger.json"
#define LEDGER_NEW "ledger.json.new"
#define POOLS_OFFSET 0 /* no claim has this id */
#define LEDGER_SIZE_MAX (64U << 20)

/* Root's own, and nobody else can write it, or has a file of it under another name. */
static bool is_trusted(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type &&
	       st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
	       (type == S_IFDIR || st.st_nlink <= 1);
}

static int not_trusted(const char *path, const char *what, struct error *err)
{
	(void)error_set(err, -EPERM, "'/%s' is not %s", path, what);
	error_remedy(err, "see who made it, then remove it");
	return -EPERM;
}

static int open_dir(const struct sysroot *root, bool create, int *ret, struct error *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	_cleanup_close_ int run = -1, dir = sysroot_openf(root, flags, STORE_DIR);

	if (dir == -ENOENT && create) {
		run = sysroot_openf(root, O_RDONLY | O_DIRECTORY, "run");
		if (run < 0)
			return error_set(err, run, "failed to open '/run': %s",
					 strerror(-run));
		if (mkdirat(run, "hosttune", 0700) < 0 && errno != EEXIST)
			return error_set(err, negative_errno(),
					 "failed to create '/" STORE_DIR "': %s",
					 strerror(errno));
		dir = sysroot_openf(root, flags, STORE_DIR);
	}
	if (dir == -ENOENT && !create) {
		*ret = -1;
		return 0;
	}
	if (dir == -ENOTDIR || dir == -ELOOP)
		return not_trusted(STORE_DIR, "a directory", err);
	if (dir < 0)
		return error_set(err, dir, "failed to open '/" STORE_DIR "': %s",
				 strerror(-dir));
	if (!is_trusted(dir, S_IFDIR))
		return not_trusted(STORE_DIR, "root's alone", err);
	*ret = TAKE_FD(dir);
	return 0;
}

static int open_lock(int dir, const char *name, int *ret, struct error *err)
{
	_cleanup_free_ char *path = xasprintf(STORE_DIR "/%s", name);
	_cleanup_close_ int fd =
		openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* Without its capabilities root may not open what is somebody else's. */
	bool theirs =
		errno == ELOOP || errno == EISDIR || (errno == EACCES && geteuid() == 0);

	if (fd < 0 && !theirs)
		return error_set(err, negative_errno(), "failed to open '/%s': %s", path,
				 strerror(errno));
	/* Who can open it can keep everybody else waiting. */
	if (fd < 0 || !is_trusted(fd, S_IFREG))
		return not_trusted(path, "a file of root's alone", err);
	*ret = TAKE_FD(fd);
	return 0;
}

int store_open(const struct sysroot *root, bool create, struct store *ret,
	       struct error *err)
{
	int r;

	*ret = STORE_NULL;
	ret->root = root;
	r = json_load(err);
	if (r < 0)
		return r;
	r = sysroot_read(root, &ret->boot_id, "proc/sys/kernel/random/boot_id");
	if (r < 0)
		return error_set(err, r, "failed to read the boot id: %s", strerror(-r));
	r = open_dir(root, create, &ret->dir, err);
	if (r == 0 && ret->dir >= 0)
		r = open_lock(ret->dir, "lock", &ret->lock, err);
	if (r == 0 && ret->dir >= 0)
		r = open_lock(ret->dir, "claims.lock", &ret->claims, err);
	bounded_set_lock_fd(ret->claims);
	return r;
}

void store_close(struct store *store)
{
	int *fds[] = { &store->lock, &store->claims, &store->dir };

	bounded_set_lock_fd(-1);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		cleanup_close_fd(fds[i]);
	free(store->boot_id);
	ledger_done(&store->ledger);
	*store = STORE_NULL;
}

static void reset_ledger(struct store *store)
{
	ledger_done(&store->ledger);
	store->ledger.boot_id = xstrdup(store->boot_id);
}

/* Reads into store->ledger: 0 (also when there is none), or why it cannot be trusted. */
static int read_ledger(struct store *store, struct error *err)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	struct claim *claim;
	size_t size;
	int r;

	reset_ledger(store);
	if (store->dir < 0)
		return 0;
	fd = openat(store->dir, LEDGER, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ?
			       0 :
			       error_set(err, negative_errno(), "it cannot be opened: %s",
					 strerror(errno));
	if (!is_trusted(fd, S_IFREG))
		return error_set(err, -EPERM, "it is not a file of root's alone");
	r = fd_read_all(fd, LEDGER_SIZE_MAX, &text, &size);
	if (r < 0)
		return error_set(err, r, "it cannot be read: %s", strerror(-r));
	ledger_done(&store->ledger);
	r = ledger_parse(text, size, &store->ledger, err);
	if (r == 0 && !STREQ(store->ledger.boot_id, store->boot_id))
		r = error_set(err, -ESTALE, "it is of another boot");
	if (r < 0) {
		reset_ledger(store);
		return r;
	}
	/* What we are giving back does not count, even where that could not be written down. */
	claim = ledger_find_claim(&store->ledger, store->giving);
	if (claim && claim->state != CLAIM_RELEASING) {
		claim->state = CLAIM_RELEASING;
		claim->revision = 0;
	}
	return 0;
}

/*
 * Nothing but its content can be wrong with the ledger for good: damaged, of another boot, not
 * root's own or a link. What is wrong with us (no memory, no descriptors, another version) must
 * not cost anybody his baselines.
 */
static bool is_hopeless(int r)
{
	return r == -EINVAL || r == -ESTALE || r == -EPERM || r == -ELOOP;
}

static int set_aside(struct store *store, const struct error *why, struct error *err)
{
	struct timespec now;
	_cleanup_free_ char *name = NULL;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	name = xasprintf(LEDGER ".aside-%lld.%09ld", (long long)now.tv_sec, now.tv_nsec);
	if (renameat(store->dir, LEDGER, store->dir, name) < 0)
		return error_set(err, negative_errno(),
				 "ledger '/" STORE_DIR "/" LEDGER
				 "' cannot be used (%s) nor set aside: %s",
				 why->cause, strerror(errno));
	log_error(NULL,
		  "ledger '/" STORE_DIR "/" LEDGER
		  "' cannot be used: %s; set aside as '%s'. "
		  "What it held is not restored: compare the host with it, then remove it",
		  why->cause, name);
	return 0;
}

int store_begin(struct store *store, uint64_t deadline, struct error *err)
{
	_cleanup_error_ struct error why = ERROR_NULL;
	int r = 0;

	if (store->dir < 0)
		return read_ledger(store, err);
	r = lock_process(store->lock, deadline);
	if (r == -ETIMEDOUT) {
		(void)error_set(err, r,
				"another hosttune process holds the lock for too long");
		error_remedy(err, "see who holds it: fuser -v /" STORE_DIR "/lock");
		return r;
	}
	if (r < 0)
		return error_set(err, r, "failed to lock '/" STORE_DIR "/lock': %s",
				 strerror(-r));
	r = read_ledger(store, &why);
	if (is_hopeless(r))
		r = set_aside(store, &why, err);
	else if (r < 0)
		(void)error_set(err, r, "ledger '/" STORE_DIR "/" LEDGER "': %s",
				why.cause);
	if (r < 0)
		unlock_process(store->lock);
	return r;
}

static int write_new(int dir, const char *text)
{
	size_t size = strlen(text);
	_cleanup_close_ int fd = -1;

	/* Left by a process that died: the lock is ours. */
	if (unlinkat(dir, LEDGER_NEW, 0) < 0 && errno != ENOENT)
		return negative_errno();
	fd = openat(dir, LEDGER_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0)
		return negative_errno();
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? negative_errno() : -EIO;
		text += n;
		size -= (size_t)n;
	}
	/* No fsync(): it need not outlive the kernel. */
	return 0;
}

int store_save(struct store *store, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	int r;

	if (store->ledger.n_claims == 0 && store->ledger.n_entries == 0) {
		if (unlinkat(store->dir, LEDGER, 0) == 0 || errno == ENOENT)
			return 0;
		return error_set(err, negative_errno(),
				 "failed to remove '/" STORE_DIR "/" LEDGER "': %s",
				 strerror(errno));
	}
	text = ledger_format(&store->ledger);
	r = write_new(store->dir, text);
	if (r == 0 && renameat(store->dir, LEDGER_NEW, store->dir, LEDGER) < 0)
		r = negative_errno();
	if (r < 0) {
		(void)unlinkat(store->dir, LEDGER_NEW, 0);
		return error_set(err, r,
				 "failed to write '/" STORE_DIR "/" LEDGER "': %s",
				 strerror(-r));
	}
	return 0;
}

void store_end(struct store *store)
{
	if (store->lock >= 0)
		unlock_process(store->lock);
}

int store_peek(struct store *store, struct error *err)
{
	int r = read_ledger(store, err);

	if (r < 0)
		error_prefix(err, "ledger '/" STORE_DIR "/" LEDGER "' cannot be used");
	return r;
}

int store_claim_lock(struct store *store, uint64_t id, uint64_t deadline)
{
	return lock_shared(store->claims, id, deadline);
}

void store_claim_unlock(struct store *store, uint64_t id)
{
	/* Unlocking is for the children too: one that is stuck keeps the lock until it ends. */
	if (!bounded_left_behind())
		unlock_shared(store->claims, id);
}

bool store_claim_is_locked(const struct store *store, uint64_t id)
{
	return store->claims >= 0 && shared_is_locked(store->claims, id);
}

int store_pools_lock(struct store *store, uint64_t deadline)
{
	return store_claim_lock(store, POOLS_OFFSET, deadline);
}

void store_pools_unlock(struct store *store)
{
	store_claim_unlock(store, POOLS_OFFSET);
}

int store_list_aside(const struct store *store, struct strv *ret)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	int r;

	if (store->dir < 0)
		return 0;
	r = sysroot_list(store->root, &names, STORE_DIR);
	strv_for_each(name, &names) {
		if (str_has_prefix(name, LEDGER ".aside-"))
			strv_push(ret, name);
	}
	return r;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is done to claims; see operation.h. */

#include <ctype.h>
#include <fcntl.h>
#include <time.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/log.h"
#include "hook/operation.h"
#include "hook/plan.h"
#include "hook/qemu-process.h"

#define GIVE_TIMEOUT_MS 30000
#define LEFT_BEHIND_TIMEOUT_MS 10000
#define CHECK_TIMEOUT_MS 3000
#define STARTING_S 300 /* more than a start takes from prepare to started */
#define LEDGER_FILE "run/hosttune/ledger.json"
#define LEDGER_LOOK_MAX (64U << 20)

/* The ledger of a host, opened. */
struct session {
	struct host host;
	struct store store;
};

static void session_done(struct session *s)
{
	host_done(&s->host);
	store_close(&s->store);
}
#define _cleanup_session_ _cleanup_(session_done)

static int session_open(const struct sysroot *root, bool create, struct session *ret,
			struct error *err)
{
	_cleanup_config_ struct config config = { 0 };
	_cleanup_error_ struct error ignored = ERROR_NULL;
	int r;

	*ret = (struct session){ .store = STORE_NULL };
	/* What is wrong with it is for prepare to say: nothing else may fail for that. */
	if (config_read(root, &config, &ignored) == 0)
		log_limit(config.log_level);
	r = host_read(root, &ret->host, err);
	return r < 0 ? r : store_open(root, create, &ret->store, err);
}

static struct convergence convergence_of(struct session *s, uint64_t timeout_ms)
{
	return (struct convergence){
		.host = &s->host,
		.store = &s->store,
		.deadline = deadline_in_ms(timeout_ms),
	};
}

/* From here on no wish of the claim counts. -ESTALE: it is gone, or live after all. */
static int mark_releasing(const struct convergence *c, uint64_t id, bool even_live,
			  struct error *err)
{
	struct claim *claim;
	int r = store_begin(c->store, c->deadline, err);

	if (r < 0)
		return r;
	claim = ledger_find_claim(&c->store->ledger, id);
	if (!claim || (claim->state == CLAIM_LIVE && !even_live)) {
		store_end(c->store);
		return -ESTALE;
	}
	if (claim->state != CLAIM_RELEASING)
		ledger_touch(&c->store->ledger, claim);
	claim->state = CLAIM_RELEASING;
	c->store->giving = id;
	r = store_save(c->store, err);
	if (r < 0) {
		/* No room for the record, which is no reason to keep what is not wanted. */
		log_warning(NULL, "%s", err->cause);
		error_done(err);
		r = 0;
	}
	store_end(c->store);
	return r;
}

/* Gives one claim back, whose lock is held, and drops the lock. */
static int give_locked(const struct convergence *c, uint64_t id, bool even_live,
		       struct error *err)
{
	int r = mark_releasing(c, id, even_live, err);

	if (r == 0)
		r = converge_give(c, id, err);
	c->store->giving = 0;
	store_claim_unlock(c->store, id);
	return r == -ESTALE ? 0 : r;
}

/*
 * Claims that are being taken or given back by nobody any more. One that somebody does work on
 * is his.
 */
static int give_left_behind(const struct convergence *c, struct error *err)
{
	struct convergence limited = *c;
	_cleanup_free_ uint64_t *ids = NULL;
	size_t n = 0;
	int r, result = 0;

	limited.deadline = deadline_within_ms(c->deadline, LEFT_BEHIND_TIMEOUT_MS);
	r = store_begin(c->store, limited.deadline, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->store->ledger.n_claims; i++) {
		if (c->store->ledger.claims[i].state != CLAIM_LIVE)
			*ARRAY_PUSH(ids, n) = c->store->ledger.claims[i].id;
	}
	store_end(c->store);
	for (size_t i = 0; i < n; i++) {
		_cleanup_error_ struct error why = ERROR_NULL;

		if (store_claim_lock(c->store, ids[i], 0) < 0)
			continue;
		r = give_locked(&limited, ids[i], false, &why);
		if (r < 0)
			result = error_set(err, r, "%s", why.cause);
	}
	return result;
}

/* The id of a domain's claim, 0 for none. */
static int find_claim(const struct convergence *c, const char *domain, uint64_t *ret,
		      struct error *err)
{
	const struct claim *claim;
	int r = store_begin(c->store, c->deadline, err);

	if (r < 0)
		return r;
	claim = ledger_find_domain(&c->store->ledger, domain);
	*ret = claim ? claim->id : 0;
	store_end(c->store);
	return 0;
}

/* 0, 1 when the domain has no claim, or a negative errno. */
static int give_domain(const struct convergence *c, const char *domain, struct error *err)
{
	uint64_t id = 0;
	int r = find_claim(c, domain, &id, err);

	if (r < 0 || id == 0)
		return r < 0 ? r : 1;
	r = store_claim_lock(c->store, id, c->deadline);
	if (r < 0) {
		(void)error_set(err, r,
				"another process still works on the domain's claim");
		error_remedy(err, "when it has ended: hosttune sync");
		return r;
	}
	return give_locked(c, id, true, err);
}

/* ---- prepare ---- */

/* Somebody may have claimed the same while we planned. */
static int check_still_free(const struct ledger *ledger, const struct claim *claim,
			    struct error *err)
{
	for (size_t i = 0; i < claim->n_wishes; i++) {
		const struct wish *wish = &claim->wishes[i];
		const struct resource *resource = resource_find(wish->resource);
		const struct claim *holder;

		if (resource->merge || resource->take || resource->survey)
			continue;
		holder = resource_holder(ledger, claim->id, wish->resource, wish->object);
		if (holder)
			return error_set(err, -EBUSY, "%s: %s is held by domain '%s'",
					 wish->resource, wish->object, holder->domain);
	}
	return 0;
}

/* Records the claim as being taken; its own lock is held when this returns 0. */
static int record_claim(const struct convergence *c, const struct claim *planned,
			uint64_t *ret_id, struct error *err)
{
	struct ledger *ledger = &c->store->ledger;
	struct claim *claim;
	uint64_t id;
	int r = store_begin(c->store, c->deadline, err);

	if (r < 0)
		return r;
	r = check_still_free(ledger, planned, err);
	if (r == 0) {
		claim = ledger_add_claim(ledger, planned->domain, planned->uuid);
		for (size_t i = 0; i < planned->n_wishes; i++) {
			const struct wish *w = &planned->wishes[i];

			(void)claim_add_wish(claim, w->resource, w->object, w->value);
		}
		*ret_id = id = claim->id;
		r = store_claim_lock(c->store, id, 0);
		if (r < 0)
			(void)error_set(err, r, "failed to lock the new claim: %s",
					strerror(-r));
		else
			r = store_save(c->store, err);
	}
	store_end(c->store);
	return r;
}

static int mark_live(const struct convergence *c, uint64_t id, struct error *err)
{
	struct claim *claim;
	int r = store_begin(c->store, c->deadline, err);

	if (r < 0)
		return r;
	claim = ledger_find_claim(&c->store->ledger, id);
	if (claim) {
		claim->state = CLAIM_LIVE;
		converge_settle(&c->store->ledger, claim);
		r = store_save(c->store, err);
	} else {
		r = error_set(err, -ESTALE, "the claim is gone from the ledger");
	}
	store_end(c->store);
	return r;
}

/* Takes a recorded claim, or gives back what was taken of it. */
static int take(const struct convergence *c, uint64_t id, struct error *err)
{
	struct convergence back = *c;
	_cleanup_error_ struct error why = ERROR_NULL;
	int r = converge_take(c, id, err);

	if (r == 0)
		r = mark_live(c, id, err);
	if (r < 0) {
		back.deadline = deadline_in_ms(GIVE_TIMEOUT_MS);
		if (mark_releasing(&back, id, true, &why) < 0 ||
		    converge_give(&back, id, &why) < 0)
			log_error(NULL, "not all of it could be given back: %s",
				  why.cause ? why.cause : "the claim is gone");
	}
	c->store->giving = 0;
	store_claim_unlock(c->store, id);
	return r;
}

static int plan_prepare(const struct convergence *c, const struct config *config,
			const struct domain *domain, struct plan *ret, struct error *err)
{
	int r = store_peek(c->store, err);

	if (r == 0)
		r = plan_claim(c->host, config, domain, &c->store->ledger, ret, err);
	strv_for_each(note, &ret->notes)
		log_info(NULL, "%s", note);
	return r;
}

int operation_prepare(const struct sysroot *root, const struct domain *domain,
		      struct error *err)
{
	_cleanup_session_ struct session session;
	_cleanup_config_ struct config config = { 0 };
	_cleanup_plan_ struct plan plan = { 0 };
	_cleanup_error_ struct error left = ERROR_NULL;
	struct convergence c;
	uint64_t id = 0;
	int r;

	session = (struct session){ .store = STORE_NULL };
	r = config_read(root, &config, err);
	if (r < 0)
		return r;
	r = session_open(root, true, &session, err);
	if (r < 0)
		return r;
	c = convergence_of(&session, config.prepare_timeout_s * UINT64_C(1000));
	c.warn_shortage = domain->request.hugepages.shortage_warns;
	c.reclaim = domain->request.hugepages.reclaim;

	/* What another domain left undone is no reason to refuse this one. */
	if (give_left_behind(&c, &left) < 0)
		log_warning(NULL, "an earlier claim is not given back yet: %s",
			    left.cause);
	r = give_domain(&c, domain->name, err);
	if (r < 0) {
		error_prefix(err, "its former claim is not given back");
		return r;
	}
	r = plan_prepare(&c, &config, domain, &plan, err);
	if (r == 0)
		r = record_claim(&c, &plan.claim, &id, err);
	return r < 0 ? r : take(&c, id, err);
}

/* ---- the other operations ---- */

static int check_once(struct session *session, const struct domain *domain,
		      struct error *err)
{
	const struct claim *claim;
	int r = store_peek(&session->store, err);

	if (r < 0)
		return r;
	claim = ledger_find_domain(&session->store.ledger, domain->name);
	if (!claim || claim->state != CLAIM_LIVE) {
		(void)error_set(err, -ESTALE, "the domain's claim is not there any more");
		error_remedy(err,
			     "see 'hosttune status' and the log, then start it again");
		return -ESTALE;
	}
	return converge_check(&session->host, &session->store.ledger, claim, err);
}

int operation_start(const struct sysroot *root, const struct domain *domain,
		    struct error *err)
{
	uint64_t until = deadline_in_ms(CHECK_TIMEOUT_MS);
	_cleanup_session_ struct session session;
	int r = session_open(root, false, &session, err);

	if (r < 0)
		return r;
	/* Without the lock: what other domains take and give back meanwhile may confuse it. */
	for (;;) {
		r = check_once(&session, domain, err);
		if (r == 0)
			error_done(err);
		if (r == 0 || deadline_left_ms(until) == 0)
			return r;
		deadline_sleep_ms(until, 100);
	}
}

/*
 * Notes whether the domain's QEMU runs: 1 when that is news, of the revision @ret_revision, 0, or
 * a negative errno.
 */
static int note_started(const struct convergence *c, const char *domain, bool started,
			uint64_t *ret_revision, struct error *err)
{
	struct claim *claim;
	int r = store_begin(c->store, c->deadline, err);

	if (r < 0)
		return r;
	claim = ledger_find_domain(&c->store->ledger, domain);
	if (claim && claim->started != started) {
		claim->started = started;
		ledger_touch(&c->store->ledger, claim);
		*ret_revision = claim->revision;
		r = store_save(c->store, err);
		r = r < 0 ? r : 1;
	}
	store_end(c->store);
	return r;
}

int operation_started(const struct sysroot *root, const char *domain, struct error *err)
{
	_cleanup_session_ struct session session;
	struct convergence c;
	uint64_t revision = 0;
	int r;

	r = session_open(root, false, &session, err);
	if (r < 0)
		return r;
	c = convergence_of(&session, GIVE_TIMEOUT_MS);
	r = note_started(&c, domain, true, &revision, err);
	if (r >= 0)
		r = converge_survey(&c, revision,
				    err); /* its threads and groups are there now */
	if (r < 0)
		log_warning(NULL, "%s", err->cause);
	return give_left_behind(&c, err);
}

int operation_stopped(const struct sysroot *root, const char *domain, struct error *err)
{
	_cleanup_session_ struct session session;
	struct convergence c;
	uint64_t revision = 0;
	int r;

	r = session_open(root, false, &session, err);
	if (r < 0)
		return r;
	c = convergence_of(&session, GIVE_TIMEOUT_MS);
	r = note_started(&c, domain, false, &revision, err);
	return r > 0 ? converge_survey(&c, revision, err) : r;
}

int operation_release(const struct sysroot *root, const char *domain, struct error *err)
{
	_cleanup_session_ struct session session;
	struct convergence c;
	int r;

	r = session_open(root, false, &session, err);
	if (r < 0)
		return r;
	c = convergence_of(&session, GIVE_TIMEOUT_MS);
	return give_domain(&c, domain, err);
}

/*
 * Certainly no QEMU, and not on the way to one: libvirt starts it moments after prepare. A
 * claim's id is the time since boot at which it was made, which no clock setting changes.
 */
static bool is_stale(const struct sysroot *root, const struct claim *claim)
{
	struct timespec now;
	pid_t pid;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	if (!claim->started &&
	    (uint64_t)now.tv_sec < claim->id / UINT64_C(1000000000) + STARTING_S)
		return false;
	return qemu_find(root, claim->domain, claim->uuid, &pid) == 0;
}

int operation_release_all(const struct sysroot *root, bool stale, struct error *err)
{
	_cleanup_session_ struct session session;
	_cleanup_strv_ struct strv domains = STRV_NULL;
	struct convergence c;
	int r, result = 0;

	r = session_open(root, false, &session, err);
	if (r < 0)
		return r;
	c = convergence_of(&session, GIVE_TIMEOUT_MS);
	r = store_begin(&session.store, c.deadline, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < session.store.ledger.n_claims; i++) {
		const struct claim *claim = &session.store.ledger.claims[i];

		if (!stale || is_stale(root, claim))
			strv_push(&domains, claim->domain);
	}
	store_end(&session.store);
	strv_for_each(domain, &domains) {
		_cleanup_error_ struct error why = ERROR_NULL;

		c.deadline = deadline_in_ms(GIVE_TIMEOUT_MS);
		r = give_domain(&c, domain, &why);
		if (r < 0)
			result = error_set(err, r, "domain '%s': %s", domain, why.cause);
	}
	return result;
}

int operation_sync(const struct sysroot *root, struct error *err)
{
	_cleanup_session_ struct session session;
	struct convergence c;
	int r = session_open(root, false, &session, err);

	if (r < 0)
		return r;
	c = convergence_of(&session, GIVE_TIMEOUT_MS);
	r = give_left_behind(&c, err);
	if (r == 0)
		r = converge_survey(&c, 0, err);
	return r;
}

bool operation_may_concern(const struct sysroot *root, const char *domain)
{
	/* Not blocking: whatever is there, a domain that is not tagged does not wait for it. */
	_cleanup_close_ int fd =
		sysroot_openf(root, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW,
			      LEDGER_FILE);
	_cleanup_free_ char *text = NULL, *quoted = NULL;
	size_t size = 0;

	if (fd < 0)
		return fd != -ENOENT;
	if (fd_read_all(fd, LEDGER_LOOK_MAX, &text, &size) < 0)
		return true;
	for (const char *c = domain; *c; c++) {
		/* JSON may write it in several ways. */
		if (!isalnum((unsigned char)*c) && !strchr("-_.+@ ", *c))
			return true;
	}
	quoted = xasprintf("\"%s\"", domain);
	return memmem(text, size, quoted, strlen(quoted)) != NULL;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Making the host what the ledger says; see converge.h. */

#include "hook/converge.h"
#include "common/alloc.h"
#include "common/deadline.h"
#include "common/log.h"

/* What the claims that count want of an object: NULL when there is none. */
static const char *merged_value(const struct ledger *ledger,
				const struct resource *resource, const char *object)
{
	const char *value = NULL;

	for (size_t i = 0; i < ledger->n_claims; i++) {
		const struct claim *claim = &ledger->claims[i];
		const struct wish *wish = claim_find_wish(claim, resource->name, object);

		if (!wish || !claim_counts(claim))
			continue;
		value = value && resource->merge ? resource->merge(value, wish->value) :
						   wish->value;
	}
	return value;
}

/* Written by us, or on the way there or back when a process of ours died. */
static bool is_ours(const struct resource *resource, const struct entry *entry,
		    const char *current)
{
	return entry_is_ours(entry, current) ||
	       (resource->is_halfway && resource->is_halfway(current));
}

/* Compares and records: adds to @changes what has to be written for @object, if anything. */
static void decide(struct ledger *ledger, const struct resource *resource,
		   const char *object, const char *current, bool taking,
		   struct changes *changes)
{
	struct entry *entry = ledger_find_entry(ledger, resource->name, object);
	const char *wanted = merged_value(ledger, resource, object);

	if (!taking && (!entry || resource->keeps))
		return;
	/* Also of what is as wanted: a change of it is somebody else's then. */
	if (!entry)
		entry = ledger_add_entry(ledger, resource->name, object, current);
	if (!wanted)
		wanted = entry->baseline;
	if (STREQ(current, wanted)) {
		ledger_set(&entry->written, wanted);
		ledger_set(&entry->previous, wanted);
		return;
	}
	if (!is_ours(resource, entry, current)) {
		if (!taking) {
			log_warning(resource->name,
				    "%s is '%s' now, not '%s' as we left it: somebody else "
				    "changed it, which is kept",
				    object, current, entry->written);
			return;
		}
		ledger_set(&entry->baseline, current);
	}
	changes_push(changes, resource, object, current, wanted);
	ledger_set(&entry->previous, current);
	ledger_set(&entry->written, wanted);
}

static bool has_wishes(const struct ledger *ledger, uint64_t claim_id,
		       const struct resource *resource)
{
	const struct claim *claim = ledger_find_claim(ledger, claim_id);

	return claim && claim_has_resource(claim, resource->name);
}

/* ---- plan ---- */

static int plan_wish(const struct host *host, struct ledger *ledger,
		     const struct claim *claim, const struct wish *wish,
		     struct changes *ret, struct error *err)
{
	const struct resource *resource = resource_find(wish->resource);
	_cleanup_free_ char *current = NULL, *wanted = NULL;
	int r = resource->read(host->root, wish->object, &current, err);

	if (r < 0)
		return r;
	if (!resource->want) {
		decide(ledger, resource, wish->object, current, true, ret);
		return 0;
	}
	r = resource->want(host, ledger, claim, wish, current, &wanted);
	if (r < 0)
		return error_set(err, r, "failed to read %s: %s", wish->object,
				 strerror(-r));
	if (!STREQ(current, wanted))
		changes_push(ret, resource, wish->object, current, wanted);
	return 0;
}

int converge_plan(const struct host *host, struct ledger *ledger, uint64_t claim_id,
		  struct changes *ret, struct error *err)
{
	const struct claim *claim = ledger_find_claim(ledger, claim_id);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_resources; i++) {
		if (resources[i]->survey) {
			if (has_wishes(ledger, claim_id, resources[i]))
				r = resources[i]->survey(host, ledger, true, ret, err);
			continue;
		}
		for (size_t j = 0; r == 0 && j < claim->n_wishes; j++) {
			const struct wish *wish = &claim->wishes[j];

			if (STREQ(wish->resource, resources[i]->name))
				r = plan_wish(host, ledger, claim, wish, ret, err);
		}
	}
	return r;
}

/* ---- take and give ---- */

/* Writes one change and makes sure of it. */
static int execute(const struct convergence *c, const struct change *change,
		   struct error *err)
{
	const struct resource *resource = change->resource;
	const struct sysroot *root = c->host->root;
	_cleanup_free_ char *now = NULL;
	_cleanup_error_ struct error read_err = ERROR_NULL;
	int r, read_r;

	r = resource->write(root, change->object, change->before, change->after,
			    c->deadline, err);
	read_r = resource->read(root, change->object, &now, &read_err);
	if (r != -ETIMEDOUT && read_r == 0 && STREQ(now, change->after)) {
		/*
		 * A refused write of what is there already is no failure. One that does not come
		 * to its end is: a driver's link is there before its probe has succeeded.
		 */
		error_done(err);
		log_info(resource->name, "%s: %s -> %s", change->object, change->before,
			 change->after);
		return 0;
	}
	if (r < 0) {
		/* Half of what we wrote would look like somebody else's value. */
		if (r != -ETIMEDOUT && read_r == 0 && !STREQ(now, change->before) &&
		    !(resource->is_halfway && resource->is_halfway(now)))
			(void)resource->write(root, change->object, now, change->before,
					      c->deadline, &read_err);
		return r;
	}
	if (read_r < 0)
		return error_set(err, read_r, "%s: failed to read it back: %s",
				 change->object,
				 read_err.cause ? read_err.cause : strerror(-read_r));
	return error_set(err, -EIO, "%s is '%s' after '%s' was written", change->object,
			 now, change->after);
}

/* One object of a claim, and how it goes. */
struct work {
	char *object;
	char *current; /* NULL: could not be read */
	bool failed;
};

struct works {
	struct work *items;
	size_t n;
};

static void works_done(struct works *works)
{
	for (size_t i = 0; i < works->n; i++) {
		free(works->items[i].object);
		free(works->items[i].current);
	}
	free(works->items);
	*works = (struct works){ 0 };
}
#define _cleanup_works_ _cleanup_(works_done)

/* Reads every object of the resource that the claim in the ledger has a wish for. */
static int read_objects(const struct convergence *c, uint64_t claim_id,
			const struct resource *resource, bool taking, struct works *ret,
			struct error *err)
{
	const struct claim *claim = ledger_find_claim(&c->store->ledger, claim_id);

	if (!claim)
		return error_set(err, -ESTALE, "the claim is gone from the ledger");
	for (size_t i = 0; i < claim->n_wishes; i++) {
		_cleanup_error_ struct error why = ERROR_NULL;
		struct work *work;
		int r;

		if (!STREQ(claim->wishes[i].resource, resource->name))
			continue;
		work = ARRAY_PUSH(ret->items, ret->n);
		work->object = xstrdup(claim->wishes[i].object);
		r = resource->read(c->host->root, work->object, &work->current, &why);
		if (r == 0 || (r == -ENOENT && !taking))
			continue; /* what is gone needs nothing given back */
		work->failed = true;
		(void)error_set(err, r, "%s", why.cause ? why.cause : strerror(-r));
		if (taking)
			return r;
	}
	return 0;
}

/*
 * Decides on every object of one resource and records it. The lock is held when this returns 0.
 * A slow resource's objects are read before that: it may take time, and nobody else's they are.
 */
static int begin_and_decide(const struct convergence *c, uint64_t claim_id,
			    const struct resource *resource, bool taking,
			    struct works *works, struct changes *changes,
			    struct error *err)
{
	_cleanup_error_ struct error why = ERROR_NULL;
	int r = 0;

	if (resource->slow)
		r = read_objects(c, claim_id, resource, taking, works, err);
	if (r == 0)
		r = store_begin(c->store, c->deadline, err);
	if (r < 0)
		return r;
	if (!resource->slow)
		r = read_objects(c, claim_id, resource, taking, works, err);
	for (size_t i = 0; r == 0 && i < works->n; i++) {
		const struct work *work = &works->items[i];

		if (work->current && !work->failed)
			decide(&c->store->ledger, resource, work->object, work->current,
			       taking, changes);
	}
	if (r == 0 && (taking || changes->n) && store_save(c->store, &why) < 0) {
		/* No room for the record: nothing new is taken, but giving back is right. */
		log_warning(resource->name, "%s", why.cause);
		if (taking)
			r = error_set(err, -EIO, "%s", why.cause);
	}
	if (r < 0)
		store_end(c->store);
	return r;
}

/* Drops what is done: wishes given back, and entries that nobody has a wish for any more. */
static void forget(struct ledger *ledger, uint64_t claim_id,
		   const struct resource *resource, const struct works *works)
{
	struct claim *claim = ledger_find_claim(ledger, claim_id);

	for (size_t i = 0; i < works->n; i++) {
		const char *object = works->items[i].object;

		if (works->items[i].failed)
			continue;
		if (claim)
			claim_remove_wish(claim, resource->name, object);
		if (!resource_holder(ledger, claim_id, resource->name, object))
			ledger_remove_entry(ledger, resource->name, object);
	}
}

static void mark_failed(struct works *works, const char *object)
{
	for (size_t i = 0; i < works->n; i++) {
		if (STREQ(works->items[i].object, object))
			works->items[i].failed = true;
	}
}

/* Writes all changes; taking stops at the first that fails, giving back goes on. */
static int execute_all(const struct convergence *c, const struct changes *changes,
		       bool taking, struct works *works, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < changes->n; i++) {
		_cleanup_error_ struct error why = ERROR_NULL;
		int r = -ETIMEDOUT;

		if (deadline_left_ms(c->deadline) > 0)
			r = execute(c, &changes->items[i], &why);
		else
			(void)error_set(&why, r, "no time left for %s",
					changes->items[i].object);
		if (r == 0)
			continue;
		result = error_set(err, r, "%s", why.cause);
		if (why.remedy)
			error_remedy(err, "%s", why.remedy);
		if (taking)
			return r;
		log_error(changes->items[i].resource->name, "%s", why.cause);
		mark_failed(works, changes->items[i].object);
	}
	return result;
}

/* Writing one object may change another: a governor brings a preference of its own. */
static int verify(const struct convergence *c, const struct resource *resource,
		  const struct works *works, struct error *err)
{
	for (size_t i = 0; i < works->n; i++) {
		const char *object = works->items[i].object;
		const char *wanted = merged_value(&c->store->ledger, resource, object);
		_cleanup_free_ char *now = NULL;
		int r = resource->read(c->host->root, object, &now, err);

		if (r == -ENOENT)
			return error_set(err, r, "%s is gone", object);
		if (r < 0)
			return r;
		if (wanted && !STREQ(now, wanted))
			return error_set(err, -EIO,
					 "%s is '%s', not '%s', after all was written",
					 object, now, wanted);
	}
	return 0;
}

static int take_resource(const struct convergence *c, uint64_t claim_id,
			 const struct resource *resource, struct error *err)
{
	_cleanup_works_ struct works works = { 0 };
	_cleanup_changes_ struct changes changes = { 0 };
	int r = begin_and_decide(c, claim_id, resource, true, &works, &changes, err);

	if (r < 0)
		return r;
	if (resource->slow)
		store_end(c->store);
	r = execute_all(c, &changes, true, &works, err);
	if (r == 0 && changes.n > 1)
		r = verify(c, resource, &works, err);
	if (!resource->slow)
		store_end(c->store);
	return r;
}

static int give_resource(const struct convergence *c, uint64_t claim_id,
			 const struct resource *resource, struct error *err)
{
	_cleanup_works_ struct works works = { 0 };
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_error_ struct error why = ERROR_NULL;
	int r = begin_and_decide(c, claim_id, resource, false, &works, &changes, err);

	if (r < 0)
		return r;
	if (resource->slow)
		store_end(c->store);
	r = execute_all(c, &changes, false, &works, err);
	if (resource->slow && store_begin(c->store, c->deadline, &why) < 0)
		return error_set(err, -EBUSY, "%s", why.cause);
	forget(&c->store->ledger, claim_id, resource, &works);
	if (store_save(c->store, &why) < 0) /* then the next call finds it given back */
		log_warning(resource->name, "%s", why.cause);
	store_end(c->store);
	return r == 0 && err->cause ? -EBUSY : r; /* an object could not be read */
}

/* ---- what all claims together determine ---- */

#define SURVEYS_MAX 3

static int write_all(const struct convergence *c, const struct changes *changes,
		     bool taking, struct error *err)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *change = &changes->items[i];
		_cleanup_error_ struct error why = ERROR_NULL;
		int r = change->resource->write(c->host->root, change->object,
						change->before, change->after,
						c->deadline, &why);

		if (r == 0) {
			log_info(change->resource->name, "%s: %s -> %s", change->object,
				 *change->before ? change->before : "(none)",
				 *change->after ? change->after : "(none)");
			continue;
		}
		(void)error_set(err, r, "%s", why.cause ? why.cause : strerror(-r));
		if (why.remedy)
			error_remedy(err, "%s", why.remedy);
		if (taking)
			return r;
		log_error(change->resource->name, "%s", err->cause);
	}
	return err->cause ? -EBUSY : 0;
}

/*
 * Looks, records and writes until there is nothing left to write: the last look is the proof that
 * the writes did what they should. What keeps changing meanwhile is for the next survey. Of many
 * that waited for the lock the first does it for all: @since is the revision of the claims that
 * it is for, 0 to look in any case.
 */
static int survey(const struct convergence *c, const struct resource *resource,
		  uint64_t since, bool taking, struct error *err)
{
	if (ledger_has_look(&c->store->ledger, resource->name, since, taking))
		return 0;
	for (unsigned i = 0; i < SURVEYS_MAX; i++) {
		_cleanup_changes_ struct changes changes = { 0 };
		_cleanup_error_ struct error why = ERROR_NULL;
		int r = resource->survey(c->host, &c->store->ledger, taking, &changes,
					 err);

		if (r < 0)
			return r;
		if (changes.n == 0)
			ledger_note_look(&c->store->ledger, resource->name, taking);
		if (store_save(c->store, &why) < 0) {
			log_warning(resource->name, "%s", why.cause);
			if (taking)
				return error_set(err, -EIO, "%s", why.cause);
		}
		if (changes.n == 0)
			return 0;
		r = write_all(c, &changes, taking, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static uint64_t revision_of(const struct convergence *c, uint64_t claim_id)
{
	const struct claim *claim = ledger_find_claim(&c->store->ledger, claim_id);

	return claim ? claim->revision : 0;
}

static int take_survey(const struct convergence *c, uint64_t claim_id,
		       const struct resource *resource, struct error *err)
{
	int r = store_begin(c->store, c->deadline, err);

	if (r < 0)
		return r;
	r = survey(c, resource, revision_of(c, claim_id), true, err);
	store_end(c->store);
	return r;
}

/* Wishes of a claim that is given back do not count: the survey undoes what only it wanted. */
static int give_survey(const struct convergence *c, uint64_t claim_id,
		       const struct resource *resource, struct error *err)
{
	_cleanup_error_ struct error why = ERROR_NULL;
	struct claim *claim;
	int r = store_begin(c->store, c->deadline, err);

	if (r < 0)
		return r;
	r = survey(c, resource, revision_of(c, claim_id), false, err);
	claim = r == 0 ? ledger_find_claim(&c->store->ledger, claim_id) : NULL;
	if (claim) {
		claim_remove_resource(claim, resource->name);
		if (store_save(c->store, &why) < 0)
			log_warning(resource->name, "%s", why.cause);
	}
	store_end(c->store);
	return r;
}

static bool concerns(const struct ledger *ledger, const struct resource *resource)
{
	for (size_t i = 0; i < ledger->n_entries; i++) {
		if (STREQ(ledger->entries[i].resource, resource->name))
			return true;
	}
	for (size_t i = 0; i < ledger->n_claims; i++) {
		if (claim_has_resource(&ledger->claims[i], resource->name))
			return true;
	}
	return false;
}

int converge_survey(const struct convergence *c, uint64_t since, struct error *err)
{
	int result = 0, r = store_begin(c->store, c->deadline, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n_resources; i++) {
		_cleanup_error_ struct error why = ERROR_NULL;

		if (!resources[i]->survey || !concerns(&c->store->ledger, resources[i]))
			continue;
		r = survey(c, resources[i], since, false, &why);
		if (r < 0)
			result = error_set(err, r, "%s: %s", resources[i]->name,
					   why.cause ? why.cause : strerror(-r));
	}
	store_end(c->store);
	return result;
}

int converge_take(const struct convergence *c, uint64_t claim_id, struct error *err)
{
	for (size_t i = 0; i < n_resources; i++) {
		const struct resource *resource = resources[i];
		int r;

		if (!has_wishes(&c->store->ledger, claim_id, resource))
			continue;
		if (resource->survey)
			r = take_survey(c, claim_id, resource, err);
		else if (resource->take)
			r = resource->take(c, claim_id, err);
		else
			r = take_resource(c, claim_id, resource, err);
		if (r < 0) {
			error_prefix(err, "%s", resource->name);
			return r;
		}
	}
	return 0;
}

/* Removes the claim when it holds nothing any more, else records why. */
static int finish_giving(const struct convergence *c, uint64_t claim_id,
			 const struct strv *problems, struct error *err)
{
	_cleanup_free_ char *text = strv_join(problems, "; ");
	struct claim *claim;
	bool done;
	int r = store_begin(c->store, c->deadline, err);

	if (r < 0)
		return r;
	claim = ledger_find_claim(&c->store->ledger, claim_id);
	done = !claim || claim->n_wishes == 0;
	if (done)
		ledger_remove_claim(&c->store->ledger, claim_id);
	else
		ledger_set(&claim->problem, *text ? text : "not finished");
	r = store_save(c->store, err);
	store_end(c->store);
	if (r == 0 && !done)
		r = error_set(err, -EBUSY, "%s", *text ? text : "not finished");
	return r;
}

int converge_give(const struct convergence *c, uint64_t claim_id, struct error *err)
{
	_cleanup_strv_ struct strv problems = STRV_NULL;

	for (size_t i = n_resources; i-- > 0;) {
		const struct resource *resource = resources[i];
		_cleanup_error_ struct error why = ERROR_NULL;
		int r;

		if (!has_wishes(&c->store->ledger, claim_id, resource))
			continue;
		if (resource->survey)
			r = give_survey(c, claim_id, resource, &why);
		else if (resource->give)
			r = resource->give(c, claim_id, &why);
		else
			r = give_resource(c, claim_id, resource, &why);
		if (r < 0)
			strv_pushf(&problems, "%s: %s", resource->name,
				   why.cause ? why.cause : strerror(-r));
	}
	return finish_giving(c, claim_id, &problems, err);
}

/* ---- look ---- */

void converge_settle(struct ledger *ledger, const struct claim *claim)
{
	for (size_t i = 0; i < claim->n_wishes; i++) {
		const struct wish *w = &claim->wishes[i];
		struct entry *entry = ledger_find_entry(ledger, w->resource, w->object);
		const struct resource *resource = resource_find(w->resource);

		/* Counters and surveys keep account of it themselves. */
		if (entry && !resource->take && !resource->survey)
			ledger_set(&entry->previous, entry->written);
	}
}

static int check_wish(const struct host *host, const struct ledger *ledger,
		      const struct claim *claim, const struct wish *wish,
		      struct error *err)
{
	const struct resource *resource = resource_find(wish->resource);
	_cleanup_free_ char *current = NULL;
	const char *wanted;
	int r;

	if (!resource)
		return error_set(err, -EINVAL, "the ledger has an unknown resource '%s'",
				 wish->resource);
	if (resource->check)
		return resource->check(host, ledger, claim, wish, err);
	if (resource->survey)
		return 0; /* taken moments ago, and surveyed again when QEMU runs */
	r = resource->read(host->root, wish->object, &current, err);
	if (r == -ENOENT)
		return error_set(err, r, "%s: %s is gone", wish->resource, wish->object);
	if (r < 0)
		return r;
	wanted = merged_value(ledger, resource, wish->object);
	if (wanted && !STREQ(current, wanted))
		return error_set(err, -ESTALE,
				 "%s: %s is '%s' now, not '%s': somebody else "
				 "changed it",
				 wish->resource, wish->object, current, wanted);
	return 0;
}

int converge_check(const struct host *host, const struct ledger *ledger,
		   const struct claim *claim, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < claim->n_wishes; i++)
		r = check_wish(host, ledger, claim, &claim->wishes[i], err);
	return r;
}

int converge_drift(const struct host *host, const struct ledger *ledger,
		   struct changes *ret, struct error *err)
{
	for (size_t i = 0; i < ledger->n_entries; i++) {
		const struct entry *entry = &ledger->entries[i];
		const struct resource *resource = resource_find(entry->resource);
		_cleanup_free_ char *current = NULL;
		int r;

		if (!resource)
			return error_set(err, -EINVAL,
					 "the ledger has an unknown resource '%s'",
					 entry->resource);
		if (!resource->read)
			continue;
		r = resource->read(host->root, entry->object, &current, err);
		if (r == -ENOENT)
			current = xstrdup("gone");
		else if (r < 0)
			return r;
		if (!STREQ(current, entry->written))
			changes_push(ret, resource, entry->object, entry->written,
				     current);
	}
	return 0;
}

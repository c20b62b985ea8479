// SPDX-License-Identifier: LGPL-2.1-or-later

/* Surveys of one resource; see survey-fixture.h. */

#include "survey-fixture.h"
#include "common/alloc.h"
#include "common/deadline.h"
#include "common/json.h"

#define ROUNDS_MAX 4

void survey_fixture_setup(struct survey_fixture *s, const struct fixture *f,
			  const struct resource *resource)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(json_load(&err), &err);
	*s = (struct survey_fixture){ .f = f, .resource = resource, .root = f->root };
	s->ledger.boot_id = xstrdup("boot");
}

void survey_fixture_done(struct survey_fixture *s)
{
	ledger_done(&s->ledger);
	host_done(&s->host);
	free(s->text);
}

void survey_fixture_claim(struct survey_fixture *s, const char *domain,
			  const char *resource, const char *object, const char *value)
{
	struct claim *claim = ledger_find_domain(&s->ledger, domain);

	if (!claim)
		claim = ledger_add_claim(&s->ledger, domain, domain);
	(void)claim_add_wish(claim, resource, object, value);
}

void survey_fixture_release(struct survey_fixture *s, const char *domain)
{
	ledger_find_domain(&s->ledger, domain)->state = CLAIM_RELEASING;
}

/* What the next process reads. */
static void reload_ledger(struct survey_fixture *s)
{
	_cleanup_free_ char *text = ledger_format(&s->ledger);
	_cleanup_error_ struct error err = ERROR_NULL;

	ledger_done(&s->ledger);
	assert_done(ledger_parse(text, strlen(text), &s->ledger, &err), &err);
}

static void survey_once(struct survey_fixture *s, bool taking, struct changes *changes)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	host_done(&s->host);
	assert_done(host_read(&s->root, &s->host, &err), &err);
	assert_done(s->resource->survey(&s->host, &s->ledger, taking, changes, &err),
		    &err);
}

static void write_changes(struct survey_fixture *s, const struct changes *changes,
			  size_t n)
{
	for (size_t i = 0; i < MIN(n, changes->n); i++) {
		const struct change *c = &changes->items[i];
		_cleanup_error_ struct error err = ERROR_NULL;

		assert_done(s->resource->write(&s->root, c->object, c->before, c->after,
					       deadline_in_ms(10000), &err),
			    &err);
	}
}

const char *survey_fixture_run(struct survey_fixture *s, bool taking)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;
	size_t n = 1;

	for (s->rounds = 0; n > 0; s->rounds++) {
		_cleanup_changes_ struct changes changes = { 0 };

		if (s->rounds == ROUNDS_MAX)
			fail_msg("still something to write after %d rounds", ROUNDS_MAX);
		survey_once(s, taking, &changes);
		reload_ledger(s);
		for (size_t i = 0; i < changes.n; i++)
			strv_pushf(&lines, "%s %s -> %s\n", changes.items[i].object,
				   changes.items[i].before, changes.items[i].after);
		write_changes(s, &changes, changes.n);
		n = changes.n;
	}
	free(s->text);
	s->text = strv_join(&lines, "");
	return s->text;
}

void survey_fixture_killed(struct survey_fixture *s, bool taking, size_t writes)
{
	_cleanup_changes_ struct changes changes = { 0 };

	survey_once(s, taking, &changes);
	reload_ledger(s);
	write_changes(s, &changes, writes);
}

const char *survey_fixture_entry(struct survey_fixture *s, const char *object)
{
	const struct entry *entry =
		ledger_find_entry(&s->ledger, s->resource->name, object);

	if (!entry)
		return NULL;
	free(s->text);
	s->text = xasprintf("%s|%s|%s", entry->baseline, entry->written, entry->previous);
	return s->text;
}

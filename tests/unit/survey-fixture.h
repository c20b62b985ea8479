/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Surveys of one resource as converge.c makes them: looks, records and writes until there is
 * nothing left to write
 *
 * 	survey_fixture_claim(&s, "a", "irq", "cpus", "2-3");
 * 	assert_text(survey_fixture_run(&s, true), "24-25 0-3 -> 0-1\n");
 */

#include "hook/resource.h"
#include "tree-fixture.h"

struct survey_fixture {
	const struct fixture *f;
	const struct resource *resource;
	struct sysroot root; /* that of the fixture, perhaps said to be the host's */
	struct host host;
	struct ledger ledger;
	char *text; /* of the last run */
	unsigned rounds; /* of the last run, the last one without changes */
};

/* The host is read anew for each run. */
void survey_fixture_setup(struct survey_fixture *s, const struct fixture *f,
			  const struct resource *resource);
void survey_fixture_done(struct survey_fixture *s);

/* A claim of a domain, or another wish of it. */
void survey_fixture_claim(struct survey_fixture *s, const char *domain,
			  const char *resource, const char *object, const char *value);
/* The wishes of @domain count no more. */
void survey_fixture_release(struct survey_fixture *s, const char *domain);

/* Every change of every round, one for each line; fails the test when there is no end. */
const char *survey_fixture_run(struct survey_fixture *s, bool taking);

/* As a process that is killed when all is recorded, and @writes changes are made. */
void survey_fixture_killed(struct survey_fixture *s, bool taking, size_t writes);

/* "baseline|written|previous" of an entry, or NULL; valid until the next call. */
const char *survey_fixture_entry(struct survey_fixture *s, const char *object);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a resource's survey does with each of its objects: compares what is with what should be, records
 * the baseline before anything is changed, and tells our own values from somebody else's.
 */
#pragma once

#include "hook/resource.h"

/* What an object shall be while CPUs are taken from it, by its baseline; the caller frees. */
typedef char *survey_wanted_fn(const char *baseline, const void *arg);

struct survey {
	struct ledger *ledger;
	const struct resource *resource;
	bool taking; /* may overrule what somebody else set */
	bool any; /* a claim wants something of this resource; else all goes back */
	survey_wanted_fn *wanted;
	const void *arg; /* for wanted() */
	struct changes *changes; /* out */
};

/*
 * Decides on one object that has the value @current (NULL: it is gone), and records that: a change where
 * something is to be written; its entry goes when there is nothing left of ours.
 */
void survey_object(const struct survey *survey, const char *object, const char *current);

/* Objects that the resource has entries of: those of the past, whether they still exist or not. */
void survey_known(const struct ledger *ledger, const struct resource *resource,
		  struct strv *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a host has to be, in a hundred lines
 *
 * A domain that is prepared holds what it asked for; each attribute is a function of all that is
 * held and of what it was before. Nothing here knows how hosttune does that, or in which order.
 */

#include <stdbool.h>
#include <stdint.h>

#define N_DOMAINS 12
#define N_POLICIES 16
#define N_NODES 2
#define N_DEVICES 4
#define N_CPUS 64

enum governor { GOVERNOR_NONE, GOVERNOR_ONDEMAND, GOVERNOR_PERFORMANCE };

/* What a domain asks for; zero and -1 are nothing. */
struct request {
	enum governor governor;
	unsigned first_policy, end_policy;
	unsigned stat_interval;
	unsigned pages, node;
	int device;
	uint64_t isolated; /* CPUs */
};

/* An attribute with one value. Values are numbers, of which the storm knows the texts. */
struct attribute {
	unsigned before; /* what it goes back to */
	unsigned value; /* what it is */
	bool foreign; /* somebody else wrote it since hosttune did */
	bool unsure; /* a killed start may have overruled him */
};

struct model {
	bool held[N_DOMAINS];
	bool runs[N_DOMAINS], ended[N_DOMAINS]; /* its QEMU does; has run */
	struct request request[N_DOMAINS];
	struct attribute governor[N_POLICIES], stat_interval;
	unsigned pages[N_NODES]; /* without those that hosttune added */
};

/* Holds what it asked for; nothing that it held before. */
void model_take(struct model *m, unsigned domain, const struct request *request);
void model_give(struct model *m, unsigned domain);

/* A start of @domain was killed, and what it took given back. */
void model_killed(struct model *m, const struct request *request);

/* Somebody else writes a value that nothing asked for. */
void model_meddle(struct model *m, struct attribute *attribute, unsigned value);

bool model_is_idle(const struct model *m);
uint64_t model_isolated(const struct model *m);
/* Pages that domains have or will want; and those that they have. */
unsigned model_pages_needed(const struct model *m, unsigned node);
unsigned model_pages_used(const struct model *m, unsigned node);
int model_holder(const struct model *m, int device);

/* Compares with what was seen, and learns from it what cannot be known. */
bool model_attribute_is(struct model *m, struct attribute *attribute, unsigned seen);

// SPDX-License-Identifier: LGPL-2.1-or-later

/* What a host has to be; see model.h. */

#include "model.h"
#include "common/macro.h"

static bool wants(const struct model *m, const struct request *r,
		  const struct attribute *a)
{
	unsigned policy = (unsigned)(a - m->governor);

	if (a == &m->stat_interval)
		return r->stat_interval != 0;
	return r->governor != GOVERNOR_NONE && policy >= r->first_policy &&
	       policy < r->end_policy;
}

/* The quietest, the fastest of all that is held; 0: nobody holds it. */
static unsigned wish(const struct model *m, const struct attribute *a)
{
	unsigned best = 0;

	for (unsigned d = 0; d < N_DOMAINS; d++) {
		if (m->held[d] && wants(m, &m->request[d], a))
			best = MAX(best, a == &m->stat_interval ?
						 m->request[d].stat_interval :
						 m->request[d].governor);
	}
	return best;
}

/* Somebody else's value stays, and is what it goes back to once nobody holds it. */
static void settle(const struct model *m, struct attribute *a)
{
	unsigned best = wish(m, a);

	if (a->foreign && best)
		return;
	if (a->foreign)
		a->before = a->value;
	a->foreign = a->unsure = false;
	a->value = best ? best : a->before;
}

static struct attribute *attribute(struct model *m, unsigned i)
{
	return i < N_POLICIES ? &m->governor[i] : &m->stat_interval;
}

void model_give(struct model *m, unsigned domain)
{
	m->held[domain] = m->runs[domain] = m->ended[domain] = false;
	for (unsigned i = 0; i <= N_POLICIES; i++)
		settle(m, attribute(m, i));
}

void model_take(struct model *m, unsigned domain, const struct request *request)
{
	model_give(m, domain);
	m->held[domain] = true;
	m->request[domain] = *request;
	for (unsigned i = 0; i <= N_POLICIES; i++) {
		struct attribute *a = attribute(m, i);

		if (!wants(m, request, a))
			continue;
		if (a->foreign) /* a start overrules him, and remembers */
			a->before = a->value;
		a->foreign = a->unsure = false;
		settle(m, a);
	}
}

void model_killed(struct model *m, const struct request *request)
{
	for (unsigned i = 0; i <= N_POLICIES; i++) {
		struct attribute *a = attribute(m, i);

		a->unsure = a->unsure || (a->foreign && wants(m, request, a));
	}
}

void model_meddle(struct model *m, struct attribute *a, unsigned value)
{
	a->value = value;
	a->foreign = true;
	a->unsure = false;
	settle(m, a);
}

bool model_attribute_is(struct model *m, struct attribute *a, unsigned seen)
{
	if (a->unsure && seen != a->value && seen == wish(m, a)) {
		a->before = a->value;
		a->value = seen;
		a->foreign = false;
	}
	a->unsure = false;
	return seen == a->value;
}

bool model_is_idle(const struct model *m)
{
	for (unsigned d = 0; d < N_DOMAINS; d++) {
		if (m->held[d])
			return false;
	}
	return true;
}

uint64_t model_isolated(const struct model *m)
{
	uint64_t cpus = 0;

	for (unsigned d = 0; d < N_DOMAINS; d++)
		cpus |= m->held[d] ? m->request[d].isolated : 0;
	return cpus;
}

static unsigned pages_of(const struct model *m, unsigned domain, unsigned node)
{
	const struct request *r = &m->request[domain];

	return m->held[domain] && r->node == node ? r->pages : 0;
}

unsigned model_pages_needed(const struct model *m, unsigned node)
{
	unsigned pages = 0;

	for (unsigned d = 0; d < N_DOMAINS; d++)
		pages += m->ended[d] ? 0 : pages_of(m, d, node);
	return pages;
}

unsigned model_pages_used(const struct model *m, unsigned node)
{
	unsigned pages = 0;

	for (unsigned d = 0; d < N_DOMAINS; d++)
		pages += m->runs[d] ? pages_of(m, d, node) : 0;
	return pages;
}

int model_holder(const struct model *m, int device)
{
	for (unsigned d = 0; d < N_DOMAINS; d++) {
		if (m->held[d] && device >= 0 && m->request[d].device == device)
			return (int)d;
	}
	return -1;
}

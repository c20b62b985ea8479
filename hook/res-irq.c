// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * irq: interrupts of the host's devices leave the isolated CPUs, and new ones do not get there; a
 * running irqbalance is told.
 *
 * Kernel: Documentation/core-api/irq/irq-affinity.rst. An interrupt keeps the rest of its CPUs; one
 * that has no other goes to the host's CPUs of its node. Managed interrupts (multi-queue devices) and those
 * of one CPU stay: the kernel refuses to move them, and they are quiet as long as no task of their
 * CPU uses the device. default_smp_affinity decides about interrupts that are requested later;
 * drivers that choose CPUs themselves are found by the next survey.
 *
 * The interrupts of a domain's own devices are like all others, unless it has a wish for the device.
 *
 * Objects: default_smp_affinity, irqs (all of them), irqbalance1234.
 */

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/log.h"
#include "hook/affinity-survey.h"
#include "hook/cpumask.h"
#include "hook/irq.h"
#include "hook/irqbalance.h"
#include "hook/isolation.h"
#include "hook/survey.h"

#define ALL_IRQS "irqs"
#define FIXED_SHOWN 6

static char *name_some(const struct sysroot *root, const struct affinity_map *map)
{
	_cleanup_strv_ struct strv names = STRV_NULL;

	for (size_t i = 0; i < MIN(map->n, (size_t)FIXED_SHOWN); i++) {
		_cleanup_free_ char *name = irq_name(root, map->items[i].id);

		strv_pushf(&names, "%u %s", map->items[i].id, name);
	}
	if (map->n > FIXED_SHOWN)
		strv_pushf(&names, "and %zu more", map->n - FIXED_SHOWN);
	return strv_join(&names, ", ");
}

/* ---- claim ---- */

/* Those that say so themselves; isolation.c makes the wishes. */
static int irq_claim(const struct planning *p, struct error *err _unused_)
{
	const struct wish *wish = claim_find_wish(p->claim, "irq", ISOLATION_CPUS);
	_cleanup_affinity_map_ struct affinity_map all = AFFINITY_MAP_NULL;
	_cleanup_affinity_map_ struct affinity_map fixed = AFFINITY_MAP_NULL;
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *names = NULL;

	if (!wish || bitset_parse(wish->value, &cpus) < 0 ||
	    irq_read_all(p->host->root, &all) < 0)
		return 0; /* the survey says what is wrong */
	for (size_t i = 0; i < all.n; i++) {
		_cleanup_bitset_ struct bitset own = BITSET_NULL;

		if (bitset_parse(all.items[i].cpus, &own) == 0 &&
		    bitset_intersects(&own, &cpus) &&
		    irq_is_fixed(p->host->root, all.items[i].id))
			affinity_map_add(&fixed, all.items[i].id, all.items[i].cpus);
	}
	names = name_some(p->host->root, &fixed);
	if (fixed.n)
		strv_pushf(p->notes, "interrupts of CPU %s that cannot be moved: %s",
			   wish->value, names);
	return 0;
}

/* ---- what an interrupt shall be ---- */

struct irqs {
	const struct host *host;
	char *online; /* as a list */
	struct bitset isolated;
	struct affinity_map
		of_devices; /* where a domain wants interrupts of its own devices */
	char *default_then; /* what interrupts without a wish of their driver got... */
	char *default_now; /* ...and would have got without us; NULL: the same */
	bool balanced; /* by irqbalance, which knows no administrator's wish from its own */
};

static void irqs_done(struct irqs *irqs)
{
	free(irqs->online);
	bitset_done(&irqs->isolated);
	affinity_map_done(&irqs->of_devices);
	free(irqs->default_then);
	free(irqs->default_now);
}
#define _cleanup_irqs_ _cleanup_(irqs_done)

/* The host's CPUs on the interrupt's node; when none is left there, all of the host's CPUs. */
static char *housekeeping_for(const struct irqs *irqs, unsigned irq)
{
	_cleanup_bitset_ struct bitset near = BITSET_NULL;
	_cleanup_free_ char *list = NULL;
	char *found = NULL;

	irq_node_cpus(irqs->host->root, irq, &near);
	if (!bitset_is_empty(&near)) {
		list = bitset_format(&near);
		found = affinity_without(list, &irqs->isolated, &irqs->host->cpus_online);
	}
	return found ? found :
		       affinity_without(irqs->online, &irqs->isolated,
					&irqs->host->cpus_online);
}

static char *irq_wanted(void *arg, unsigned irq, const char *baseline)
{
	const struct irqs *irqs = arg;
	const char *of_device = affinity_map_get(&irqs->of_devices, irq);
	char *wanted;

	if (of_device)
		return xstrdup(of_device);
	wanted = affinity_without(baseline, &irqs->isolated, &irqs->host->cpus_online);
	if (!wanted)
		wanted = housekeeping_for(irqs, irq);
	return wanted ? wanted : xstrdup(baseline);
}

static const char *irq_inherited(void *arg, const char *current)
{
	const struct irqs *irqs = arg;

	return irqs->default_now && STREQ(current, irqs->default_now) ?
		       irqs->default_then :
		       NULL;
}

static bool irq_is_nobodys(void *arg, const char *baseline _unused_, const char *current)
{
	const struct irqs *irqs = arg;
	_cleanup_bitset_ struct bitset now = BITSET_NULL;

	/* That is what the kernel makes of an interrupt whose CPUs all went offline. */
	if (STREQ(current, irqs->online))
		return true;
	return irqs->balanced && bitset_parse(current, &now) == 0 &&
	       bitset_intersects(&now, &irqs->isolated);
}

static bool irq_fixed(void *arg, unsigned irq)
{
	const struct irqs *irqs = arg;

	return irq_is_fixed(irqs->host->root, irq);
}

/* ---- survey ---- */

static char *mask_wanted(const char *baseline, const void *arg)
{
	const struct irqs *irqs = arg;

	return cpumask_without(baseline, &irqs->isolated, &irqs->host->cpus_online);
}

static char *mask_to_list(const char *mask)
{
	_cleanup_bitset_ struct bitset set = BITSET_NULL;

	return cpumask_parse(mask, &set) < 0 ? NULL : bitset_format(&set);
}

/* What interrupts that came since the last survey were given because of us. */
static void know_default(const struct ledger *ledger, struct irqs *irqs)
{
	const struct entry *entry = ledger_find_entry(ledger, "irq", IRQ_DEFAULT);
	const char *ours;

	if (!entry)
		return;
	ours = STREQ(entry->written, entry->baseline) ? entry->previous : entry->written;
	if (STREQ(ours, entry->baseline))
		return;
	irqs->default_then = mask_to_list(entry->baseline);
	irqs->default_now = irqs->default_then ? mask_to_list(ours) : NULL;
}

static int compare_affinities(const void *a, const void *b)
{
	const struct affinity *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Interrupts of devices that a claim has a wish of its own for. */
static void know_devices(const struct ledger *ledger, struct irqs *irqs)
{
	struct affinity_map *map = &irqs->of_devices;

	for (size_t i = 0; i < ledger->n_claims; i++) {
		const struct claim *claim = &ledger->claims[i];

		for (size_t j = 0; claim_counts(claim) && j < claim->n_wishes; j++) {
			const struct wish *wish = &claim->wishes[j];
			_cleanup_free_ unsigned *found = NULL;
			size_t n = 0;

			if (!STREQ(wish->resource, "irq") ||
			    STREQ(wish->object, ISOLATION_CPUS))
				continue;
			irq_of_vfio_device(irqs->host->root, wish->object, &found, &n);
			for (size_t k = 0; k < n; k++)
				affinity_map_add(map, found[k], wish->value);
		}
	}
	if (map->n)
		qsort(map->items, map->n, sizeof(*map->items), compare_affinities);
}

static int survey_default(const struct irqs *irqs, struct ledger *ledger, bool taking,
			  struct changes *changes, struct error *err)
{
	const struct survey survey = {
		.ledger = ledger,
		.resource = &resource_irq,
		.taking = taking,
		.any = !bitset_is_empty(&irqs->isolated),
		.wanted = mask_wanted,
		.arg = irqs,
		.changes = changes,
	};
	_cleanup_free_ char *current = NULL;
	int r = sysroot_read(irqs->host->root, &current, "proc/irq/" IRQ_DEFAULT);

	if (r < 0 && r != -ENOENT)
		return error_set(err, r, "failed to read '/proc/irq/" IRQ_DEFAULT "': %s",
				 strerror(-r));
	survey_object(&survey, IRQ_DEFAULT, current);
	return 0;
}

static int irq_survey(const struct host *host, struct ledger *ledger, bool taking,
		      struct changes *changes, struct error *err)
{
	_cleanup_irqs_ struct irqs irqs = { .host = host };
	_cleanup_affinity_map_ struct affinity_map current = AFFINITY_MAP_NULL;
	struct affinity_survey survey = {
		.ledger = ledger,
		.resource = &resource_irq,
		.object = ALL_IRQS,
		.taking = taking,
		.current = &current,
		.changes = changes,
		.wanted = irq_wanted,
		.inherited = irq_inherited,
		.is_nobodys = irq_is_nobodys,
		.is_fixed = irq_fixed,
		.arg = &irqs,
	};
	int r;

	irqs.online = bitset_format(&host->cpus_online);
	resource_union(ledger, "irq", ISOLATION_CPUS, &irqs.isolated);
	survey.any = !bitset_is_empty(&irqs.isolated);
	know_default(ledger, &irqs);
	know_devices(ledger, &irqs);
	/* First whoever would move them back, then what decides about new ones. */
	irqs.balanced = irqbalance_survey(host, ledger, &irqs.isolated, taking, changes);
	r = survey_default(&irqs, ledger, taking, changes, err);
	if (r < 0)
		return r;
	/* As long as new ones may have got it from us: what is not known is new. */
	survey.keep = ledger_find_entry(ledger, "irq", IRQ_DEFAULT) != NULL;
	r = irq_read_all(host->root, &current);
	if (r < 0)
		return error_set(err, r, "failed to list '/proc/irq': %s", strerror(-r));
	return affinity_survey(&survey, err);
}

/* ---- write ---- */

static int write_default(const struct sysroot *root, const char *to, struct error *err)
{
	int r = sysroot_write(root, to, "proc/irq/" IRQ_DEFAULT);

	return r < 0 ? error_set(err, r,
				 "failed to write '%s' to '/proc/irq/" IRQ_DEFAULT
				 "': %s",
				 to, strerror(-r)) :
		       0;
}

/* What the kernel refuses shows in the next survey, and in 'hosttune status'; it stops nothing. */
static int irq_write_object(const struct sysroot *root, const char *object,
			    const char *from, const char *to, uint64_t deadline,
			    struct error *err)
{
	_cleanup_free_ unsigned *irqs = NULL;
	size_t n = 0;
	int r;

	if (STREQ(object, IRQ_DEFAULT))
		return write_default(root, to, err);
	if (irqbalance_is_object(object))
		return irqbalance_write(root, object, from, to);
	r = affinity_ids_parse(object, &irqs, &n);
	if (r < 0)
		return error_set(err, r, "'%s' is not a list of interrupts", object);
	for (size_t i = 0; i < n; i++) {
		if (deadline_left_ms(deadline) == 0)
			return error_set(err, -ETIMEDOUT, "no time left for interrupt %u",
					 irqs[i]);
		r = irq_write(root, irqs[i], to);
		if (r < 0)
			log_warning("irq", "failed to move interrupt %u to CPU %s: %s",
				    irqs[i], to, strerror(-r));
	}
	return 0;
}

/* ---- status ---- */

static void irq_describe(const struct host *host, const struct ledger *ledger,
			 const struct claim *claim, struct strv *lines)
{
	const struct wish *wish = claim_find_wish(claim, "irq", ISOLATION_CPUS);
	_cleanup_affinity_map_ struct affinity_map current = AFFINITY_MAP_NULL;
	_cleanup_affinity_counts_ struct affinity_counts counts = { 0 };
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *names = NULL;

	if (!wish || bitset_parse(wish->value, &cpus) < 0 ||
	    irq_read_all(host->root, &current) < 0)
		return;
	affinity_count(ledger, &resource_irq, ALL_IRQS, &current, &cpus, &counts);
	strv_pushf(lines, "interrupts: %zu moved off CPU %s", counts.moved, wish->value);
	if (counts.fixed.n) {
		names = name_some(host->root, &counts.fixed);
		strv_pushf(lines, "interrupts: %zu cannot be moved: %s", counts.fixed.n,
			   names);
	}
	if (counts.foreign)
		strv_pushf(lines, "interrupts: %zu were put there by somebody else",
			   counts.foreign);
}

const struct resource resource_irq = {
	.name = "irq",
	.claim = irq_claim,
	.write = irq_write_object,
	.survey = irq_survey,
	.describe = irq_describe,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CPU isolation: which CPUs a domain's <isolation> means, and what of the host has to leave them. The
 * resources shield, workqueue, kthread, irq and partition each do one part; their wishes are made here.
 *
 *	resource	object		value of the wish
 *	shield		cpus		"2-3": units of systemd stay off these CPUs
 *	workqueue	cpus		"2-3": unbound workqueues do
 *	kthread		cpus		"2-3": kernel threads that can be moved do
 *	irq		cpus		"2-3": interrupts do
 *	shield		slice		"machine.slice": but not what the domain is in
 *	irq		0000:01:00.0	"2-3": this device's interrupts go there
 *	partition	vcpu0		"2": leaf cgroup and its CPUs
 *	sweep		cpus		"2-3": a timer repeats the surveys meanwhile
 */
#pragma once

#include "hook/resource.h"

#define ISOLATION_CPUS "cpus"
#define ISOLATION_SLICE "slice"

/* CPUs that are isolated by whatever claim counts. */
void isolation_cpus(const struct ledger *ledger, struct bitset *ret);

/*
 * Adds the wishes of all of these resources for the domain, and notes on what will still disturb them. 0 or a
 * negative errno with cause and remedy: no CPU to isolate, none left for the host, not online.
 */
int isolation_claim(const struct planning *planning, struct error *err);

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules about where a domain's threads run: pins against the host's cores and nodes, against the guest's
 * topology, and against each other. libvirt: formatdomain, "CPU tuning".
 */

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/check.h"

static const struct bitset *pin_of(const struct domain *d, unsigned vcpu)
{
	for (size_t i = 0; i < d->n_vcpu_pins; i++) {
		if (d->vcpu_pins[i].id == vcpu)
			return &d->vcpu_pins[i].cpus;
	}
	return NULL;
}

/* The only CPU of a pin, or BITSET_MAX. */
static unsigned only_cpu(const struct bitset *cpus)
{
	return cpus && bitset_count(cpus) == 1 ? bitset_next(cpus, 0) : BITSET_MAX;
}

static bool nodes_of(struct checking *c, const struct bitset *cpus, struct bitset *ret)
{
	int r = host_nodes_of_cpus(c->host, cpus, ret);

	if (r < 0)
		check_unknown(c, "'/sys/devices/system/node' cannot be read: %s",
			      strerror(-r));
	return r == 0;
}

static bool siblings_of(struct checking *c, unsigned cpu, struct bitset *ret)
{
	int r = host_siblings(c->host, cpu, ret);

	if (r < 0 && bitset_has(&c->host->cpus_online, cpu))
		check_unknown(c, "CPU %u: its siblings cannot be read: %s", cpu,
			      strerror(-r));
	return r == 0;
}

static bool is_pinned(const struct checking *c)
{
	return c->guest->domain.n_vcpu_pins > 0;
}

/* ---- vCPUs ---- */

static void look_unpinned(struct checking *c)
{
	if (!is_pinned(c))
		check_found(c, NULL, "no vCPU is pinned");
}

static void look_partly(struct checking *c)
{
	const struct guest *g = c->guest;
	_cleanup_bitset_ struct bitset missing = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	for (unsigned vcpu = 0; is_pinned(c) && vcpu < g->vcpus; vcpu++)
		bitset_add(&missing, vcpu);
	for (size_t i = 0; i < g->domain.n_vcpu_pins; i++) {
		if (g->domain.vcpu_pins[i].id < g->vcpus)
			bitset_remove(&missing, g->domain.vcpu_pins[i].id);
	}
	if (bitset_is_empty(&missing))
		return;
	list = bitset_format(&missing);
	check_found(c, list, "vCPU %s is not pinned, and others are", list);
}

static void look_offline(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_bitset_ struct bitset vcpus = BITSET_NULL, cpus = BITSET_NULL;
	_cleanup_free_ char *who = NULL, *where = NULL;

	if (!is_pinned(c) || !check_has_cpus(c))
		return;
	for (size_t i = 0; i < d->n_vcpu_pins; i++) {
		const struct domain_pin *pin = &d->vcpu_pins[i];

		if (bitset_intersects(&pin->cpus, &c->host->cpus_online))
			continue;
		bitset_add(&vcpus, MIN(pin->id, BITSET_MAX - 1));
		bitset_add_all(&cpus, &pin->cpus);
	}
	if (bitset_is_empty(&vcpus))
		return;
	who = bitset_format(&vcpus);
	where = bitset_format(&cpus);
	check_seen(c, "sys/devices/system/cpu/online");
	check_found(c, where, "vCPU %s is pinned to CPU %s, which is not online", who,
		    where);
}

static void look_doubled(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_bitset_ struct bitset seen = BITSET_NULL, doubled = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	for (size_t i = 0; i < d->n_vcpu_pins; i++) {
		unsigned cpu = only_cpu(&d->vcpu_pins[i].cpus);

		if (cpu == BITSET_MAX)
			continue;
		if (bitset_has(&seen, cpu))
			bitset_add(&doubled, cpu);
		bitset_add(&seen, cpu);
	}
	if (bitset_is_empty(&doubled))
		return;
	list = bitset_format(&doubled);
	check_found(c, NULL, "several vCPUs are pinned to the same CPU: %s", list);
}

static void look_nodes(struct checking *c)
{
	const struct guest *g = c->guest;
	_cleanup_bitset_ struct bitset nodes = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	if (g->n_cells > 1 || !is_pinned(c) || !check_has_cpus(c) ||
	    !nodes_of(c, &g->domain.vcpu_cpus, &nodes) || bitset_count(&nodes) < 2)
		return;
	list = bitset_format(&nodes);
	check_found(c, NULL, "vCPUs run on nodes %s, and the guest sees one node", list);
}

static const struct bitset *memory_of_cell(const struct domain *d, unsigned cell)
{
	for (size_t i = 0; i < d->n_memnodes; i++) {
		if (d->memnodes[i].cell == cell)
			return &d->memnodes[i].nodes;
	}
	return NULL;
}

static void look_cells(struct checking *c)
{
	const struct guest *g = c->guest;

	for (size_t i = 0; i < g->n_cells; i++) {
		const struct bitset *memory = memory_of_cell(&g->domain, g->cells[i].id);
		_cleanup_bitset_ struct bitset cpus = BITSET_NULL, nodes = BITSET_NULL;
		_cleanup_free_ char *there = NULL, *here = NULL;

		if (!memory || !check_has_cpus(c))
			continue;
		for (size_t p = 0; p < g->domain.n_vcpu_pins; p++) {
			const struct domain_pin *pin = &g->domain.vcpu_pins[p];

			if (pin->id < BITSET_MAX &&
			    bitset_has(&g->cells[i].vcpus, pin->id))
				bitset_add_all(&cpus, &pin->cpus);
		}
		if (bitset_is_empty(&cpus) || !nodes_of(c, &cpus, &nodes) ||
		    bitset_is_empty(&nodes))
			continue;
		there = bitset_format(memory);
		here = bitset_format(&nodes);
		bitset_remove_all(&nodes, memory);
		if (!bitset_is_empty(&nodes))
			check_found(c, here,
				    "guest node %u has its memory on node %s and runs on "
				    "node %s",
				    g->cells[i].id, there, here);
	}
}

/* ---- cores ---- */

/* Threads of one core for two vCPUs that the guest takes for cores. */
static void look_hidden(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_bitset_ struct bitset single = BITSET_NULL;

	if (c->guest->threads > 1 || !check_has_cpus(c))
		return;
	for (size_t i = 0; i < d->n_vcpu_pins; i++) {
		unsigned cpu = only_cpu(&d->vcpu_pins[i].cpus);

		if (cpu != BITSET_MAX)
			bitset_add(&single, cpu);
	}
	bitset_for_each(cpu, &single) {
		_cleanup_bitset_ struct bitset core = BITSET_NULL;
		_cleanup_free_ char *list = NULL;

		if (!siblings_of(c, cpu, &core))
			continue;
		list = bitset_format(&core);
		bitset_remove(&core, cpu);
		if (!bitset_intersects(&core, &single))
			continue;
		check_seen(c,
			   "sys/devices/system/cpu/cpu%u/topology/thread_siblings_list: %s",
			   cpu, list);
		check_found(c, NULL,
			    "vCPUs on the threads of one core (CPU %s) look like cores to "
			    "the guest",
			    list);
		return;
	}
}

/* QEMU counts threads first: vCPUs 0 and 1 are the first core. */
static void look_false_threads(struct checking *c)
{
	const struct guest *g = c->guest;

	if (g->threads < 2 || !check_has_cpus(c))
		return;
	for (unsigned first = 0; first + g->threads <= g->vcpus; first += g->threads) {
		unsigned cpu = only_cpu(pin_of(&g->domain, first));
		_cleanup_bitset_ struct bitset core = BITSET_NULL;
		_cleanup_free_ char *list = NULL;

		if (cpu == BITSET_MAX || !siblings_of(c, cpu, &core))
			continue;
		list = bitset_format(&core);
		for (unsigned vcpu = first + 1; vcpu < first + g->threads; vcpu++) {
			unsigned other = only_cpu(pin_of(&g->domain, vcpu));

			if (other == BITSET_MAX || bitset_has(&core, other))
				continue;
			check_seen(c,
				   "sys/devices/system/cpu/cpu%u/topology/"
				   "thread_siblings_list: %s",
				   cpu, list);
			check_found(c, NULL,
				    "vCPUs %u and %u are threads of one core to the guest, "
				    "and run on CPUs %u and %u of different cores",
				    first, vcpu, cpu, other);
			return;
		}
	}
}

static void own_cpus(const struct domain *d, struct bitset *ret)
{
	bitset_add_all(ret, &d->vcpu_cpus);
	bitset_add_all(ret, &d->emulator_cpus);
	for (size_t i = 0; i < d->n_iothread_pins; i++)
		bitset_add_all(ret, &d->iothread_pins[i].cpus);
}

static void look_split(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_bitset_ struct bitset own = BITSET_NULL, others = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	if (!is_pinned(c) || !check_has_cpus(c))
		return;
	own_cpus(d, &own);
	bitset_for_each(cpu, &d->vcpu_cpus) {
		_cleanup_bitset_ struct bitset core = BITSET_NULL;

		if (siblings_of(c, cpu, &core))
			bitset_add_all(&others, &core);
	}
	bitset_remove_all(&others, &own);
	if (bitset_is_empty(&others))
		return;
	list = bitset_format(&others);
	check_found(c, list, "CPU %s shares cores with vCPUs, and is the host's", list);
}

static void look_boot_cpu(struct checking *c)
{
	if (is_pinned(c) && bitset_has(&c->guest->domain.vcpu_cpus, 0))
		check_found(c, NULL, "a vCPU is pinned to CPU 0");
}

/* ---- other threads ---- */

static void look_emulator(struct checking *c)
{
	const struct domain *d = &c->guest->domain;

	if (is_pinned(c) && bitset_is_empty(&d->emulator_cpus))
		check_found(c, NULL, "QEMU's own threads are not pinned, and vCPUs are");
}

static void look_emulator_overlap(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_free_ char *list = NULL;

	if (!bitset_intersects(&d->emulator_cpus, &d->vcpu_cpus))
		return;
	list = bitset_format(&d->emulator_cpus);
	check_found(c, NULL, "QEMU's own threads run on CPU %s, as vCPUs do", list);
}

static void look_emulator_far(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_bitset_ struct bitset emulator = BITSET_NULL, vcpus = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	if (!is_pinned(c) || bitset_is_empty(&d->emulator_cpus) || !check_has_cpus(c) ||
	    !nodes_of(c, &d->emulator_cpus, &emulator) ||
	    !nodes_of(c, &d->vcpu_cpus, &vcpus) || bitset_is_empty(&emulator) ||
	    bitset_is_empty(&vcpus) || bitset_intersects(&emulator, &vcpus))
		return;
	list = bitset_format(&vcpus);
	check_found(c, list, "QEMU's own threads run on another node than vCPUs");
}

static void look_iothreads(struct checking *c)
{
	const struct guest *g = c->guest;
	_cleanup_bitset_ struct bitset loose = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	if (!is_pinned(c))
		return;
	bitset_add_all(&loose, &g->iothreads);
	for (size_t i = 0; i < g->domain.n_iothread_pins; i++) {
		if (g->domain.iothread_pins[i].id < BITSET_MAX)
			bitset_remove(&loose, g->domain.iothread_pins[i].id);
	}
	if (bitset_is_empty(&loose))
		return;
	list = bitset_format(&loose);
	check_found(c, list, "I/O thread %s is not pinned, and vCPUs are", list);
}

static void look_iothread_overlap(struct checking *c)
{
	const struct domain *d = &c->guest->domain;

	for (size_t i = 0; i < d->n_iothread_pins; i++) {
		_cleanup_free_ char *list = NULL;

		if (!bitset_intersects(&d->iothread_pins[i].cpus, &d->vcpu_cpus))
			continue;
		list = bitset_format(&d->iothread_pins[i].cpus);
		check_found(c, NULL, "I/O thread %u runs on CPU %s, as vCPUs do",
			    d->iothread_pins[i].id, list);
	}
}

static void look_shared(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	_cleanup_strv_ struct strv names = STRV_NULL;
	_cleanup_free_ char *some = NULL;

	for (size_t i = 0; i < c->defined->n; i++) {
		const struct domain *other = &c->defined->items[i].domain;

		if (!STREQ(other->name, d->name) && other->n_vcpu_pins &&
		    bitset_intersects(&other->vcpu_cpus, &d->vcpu_cpus))
			strv_push(&names, other->name);
	}
	if (names.n == 0)
		return;
	some = check_some(&names);
	check_found(c, NULL, "vCPUs of other domains are pinned to the same CPUs: %s",
		    some);
}

/* Documentation/scheduler/sched-rt-group.rst: 5 % of each second are kept for others. */
static void look_throttling(struct checking *c)
{
	_cleanup_free_ char *runtime = NULL;

	if (!c->guest->realtime)
		return;
	runtime = check_read(c, "proc/sys/kernel/sched_rt_runtime_us");
	if (runtime && !STREQ(runtime, "-1"))
		check_found(c, NULL, "vCPUs with a real-time scheduler are throttled");
}

const struct check_rule check_pins_rules[] = {
	{ "vcpus-unpinned", SEVERITY_NOTICE, 0, 0,
	  "they move between cores, and lose what is in the caches",
	  "<cputune><vcpupin vcpu='0' cpuset='...'/>...</cputune>", look_unpinned },
	{ "vcpus-partly-pinned", SEVERITY_WARNING, 0, 0,
	  "they run on any CPU, those of the pinned ones too", "<vcpupin> for vCPU {}",
	  look_partly },
	{ "pin-offline", SEVERITY_ERROR, 0, 0, "libvirt cannot start the domain",
	  "chcpu -e {}, or another <vcpupin>", look_offline },
	{ "pins-doubled", SEVERITY_WARNING, 0, 0,
	  "each of them gets a part of it, and waits for the other",
	  "another CPU for each, or fewer vCPUs", look_doubled },
	{ "pins-across-nodes", SEVERITY_WARNING, 0, 0,
	  "half of the memory is far from each vCPU, and the guest cannot know which",
	  "pin all to one node, or tell the guest: <cpu><numa><cell .../></numa></cpu> with "
	  "<numatune><memnode/>",
	  look_nodes },
	{ "cell-elsewhere", SEVERITY_WARNING, 0, 0,
	  "every access of these vCPUs to their own memory goes to another node",
	  "<numatune><memnode nodeset='{}' .../>, or other pins", look_cells },
	{ "threads-hidden", SEVERITY_WARNING, 0, 0,
	  "the guest puts two busy threads on one core while another is idle",
	  "<cpu ...><topology ... threads='2'/></cpu>, with the two vCPUs of each core next "
	  "to each other",
	  look_hidden },
	{ "threads-false", SEVERITY_WARNING, 0, 0,
	  "the guest shares caches where there are none, and avoids cores that are idle",
	  "pin vCPUs 0 and 1 to the threads of one core, 2 and 3 to those of the next; see "
	  "lscpu -e",
	  look_false_threads },
	{ "core-shared", SEVERITY_NOTICE, 0, 0,
	  "what the host runs there takes half of the core, and can find out by timing what "
	  "the guest does",
	  "give the domain CPU {} too, or isolate it: <isolation cpuset='...'/>",
	  look_split },
	{ "pin-boot-cpu", SEVERITY_NOTICE, 0, 0,
	  "CPU 0 does work of the host that cannot be moved: clocks, some interrupts",
	  "leave CPU 0 to the host, and <emulatorpin>", look_boot_cpu },
	{ "emulator-unpinned", SEVERITY_WARNING, 0, 0,
	  "they run on the vCPUs' CPUs too, and stop the guest meanwhile",
	  "<cputune><emulatorpin cpuset='...'/></cputune>", look_emulator },
	{ "emulator-on-vcpus", SEVERITY_WARNING, 0, 0,
	  "a vCPU stops while they emulate a device or show the screen",
	  "<emulatorpin> with other CPUs", look_emulator_overlap },
	{ "emulator-far", SEVERITY_NOTICE, 0, 0,
	  "what they read and write for the guest goes to another node",
	  "<emulatorpin> with CPUs of node {}", look_emulator_far },
	{ "iothread-unpinned", SEVERITY_NOTICE, 0, 0,
	  "they run where QEMU's own threads do",
	  "<cputune><iothreadpin iothread='{}' cpuset='...'/></cputune>", look_iothreads },
	{ "iothread-on-vcpus", SEVERITY_WARNING, 0, 0,
	  "a vCPU that waits for its disk waits for itself",
	  "<iothreadpin> with other CPUs", look_iothread_overlap },
	{ "pins-shared", SEVERITY_NOTICE, 0, 0,
	  "while both run, each takes half of the other's CPUs",
	  "pin one of them elsewhere", look_shared },
	{ "realtime-throttled", SEVERITY_WARNING, 0, 0,
	  "the guest stops for up to 50 ms of every second in which it is busy",
	  "sysctl -w kernel.sched_rt_runtime_us=-1, with CPUs of the host's own left",
	  look_throttling },
};
const size_t n_check_pins_rules = ARRAY_SIZE(check_pins_rules);

// SPDX-License-Identifier: LGPL-2.1-or-later
/* CPU isolation: wishes and notes; see isolation.h. */

#include "hook/isolation.h"
#include "common/alloc.h"
#include "common/parse.h"
#include "hook/cgroup.h"

void isolation_cpus(const struct ledger *ledger, struct bitset *ret)
{
	resource_union(ledger, resource_shield.name, ISOLATION_CPUS, ret);
}

/* Members of @a that are not in @b. */
static struct bitset without(const struct bitset *a, const struct bitset *b)
{
	struct bitset rest = BITSET_NULL;

	bitset_add_all(&rest, a);
	bitset_remove_all(&rest, b);
	return rest;
}

/* ---- checks ---- */

static int check_cpus(const struct planning *p, const struct bitset *cpus,
		      struct error *err)
{
	_cleanup_bitset_ struct bitset offline = without(cpus, &p->host->cpus_online);
	_cleanup_free_ char *text = NULL;

	if (bitset_is_empty(cpus)) {
		(void)error_set(err, -EINVAL,
				"no CPUs to isolate: the domain pins no vCPU");
		error_remedy(err,
			     "add <vcpupin> elements, or cpuset='...' to <isolation>");
		return -EINVAL;
	}
	if (!bitset_is_empty(&offline)) {
		text = bitset_format(&offline);
		(void)error_set(err, -EINVAL, "CPU %s is not online on this host", text);
		error_remedy(err, "correct the vcpupin or cpuset of the domain");
		return -EINVAL;
	}
	if (bitset_intersects(cpus, &p->config->housekeeping_cpus)) {
		text = bitset_format(&p->config->housekeeping_cpus);
		(void)error_set(err, -EPERM,
				"housekeeping_cpus = %s in /" CONFIG_PATH
				" are never isolated",
				text);
		error_remedy(err, "pin the domain's vCPUs to other CPUs");
		return -EPERM;
	}
	return 0;
}

/* The host's own work needs a place, whoever isolated the rest. */
static int check_rest(const struct planning *p, const struct bitset *cpus,
		      struct error *err)
{
	_cleanup_bitset_ struct bitset all = BITSET_NULL, rest = BITSET_NULL;
	_cleanup_free_ char *text = NULL;

	isolation_cpus(p->ledger, &all);
	bitset_add_all(&all, cpus);
	rest = without(&p->host->cpus_online, &all);
	if (!bitset_is_empty(&rest))
		return 0;
	text = bitset_format(&all);
	(void)error_set(err, -EINVAL,
			"isolating CPU %s would leave the host without a CPU of its own",
			text);
	error_remedy(err, "leave at least one CPU out of the vcpupin or cpuset of the "
			  "domains");
	return -EINVAL;
}

static int check_kernel(const struct planning *p, struct error *err)
{
	const struct request_isolation *request = &p->domain->request.isolation;
	int r = cgroup_can_shield(p->host->root, err);

	if (r < 0 || request->partition != ISOLATION_PARTITION_YES ||
	    cgroup_can_isolate(p->host->root))
		return r;
	(void)error_set(err, -EOPNOTSUPP,
			"partition='yes' needs the isolated partitions of Linux >= 6.7");
	error_remedy(err, "use partition='auto', or a newer kernel");
	return -EOPNOTSUPP;
}

/* ---- what will still disturb the domain ---- */

static void note_siblings(const struct planning *p, const struct bitset *cpus)
{
	_cleanup_bitset_ struct bitset left = BITSET_NULL;
	_cleanup_free_ char *text = NULL;

	bitset_for_each(cpu, cpus) {
		_cleanup_bitset_ struct bitset siblings = BITSET_NULL;
		_cleanup_bitset_ struct bitset others = BITSET_NULL;

		if (host_siblings(p->host, cpu, &siblings) < 0)
			continue;
		others = without(&siblings, cpus);
		bitset_add_all(&left, &others);
	}
	if (bitset_is_empty(&left))
		return;
	text = bitset_format(&left);
	strv_pushf(p->notes,
		   "CPU %s stays with the host and shares its cores with isolated CPUs: "
		   "isolate whole cores",
		   text);
}

static void note_nodes(const struct planning *p, const struct bitset *cpus)
{
	_cleanup_bitset_ struct bitset nodes = BITSET_NULL;
	_cleanup_free_ char *text = NULL;

	if (host_nodes_of_cpus(p->host, cpus, &nodes) < 0)
		return;
	text = bitset_format(&nodes);
	if (bitset_count(&nodes) > 1 && p->domain->n_cells < 2)
		strv_pushf(p->notes,
			   "the vCPUs are pinned across nodes %s, and the guest has one "
			   "node: half of its memory is remote to each",
			   text);
	for (size_t i = 0; i < p->domain->n_hostdevs; i++) {
		const char *address = p->domain->hostdevs[i].address;
		_cleanup_free_ char *node = NULL;
		unsigned n;

		if (sysroot_read(p->host->root, &node, "sys/bus/pci/devices/%s/numa_node",
				 address) == 0 &&
		    parse_unsigned(node, &n) == 0 && !bitset_has(&nodes, n))
			strv_pushf(p->notes,
				   "device %s is on node %u, the vCPUs are on node %s",
				   address, n, text);
	}
}

/* The boot arguments that do a part of the same. */
static void note_kernel_list(const struct planning *p, const struct bitset *cpus,
			     const char *file, const char *argument)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_bitset_ struct bitset boot = BITSET_NULL, rest = BITSET_NULL;

	if (sysroot_read(p->host->root, &text, "sys/devices/system/cpu/%s", file) < 0 ||
	    bitset_parse(text, &boot) < 0 || bitset_is_empty(&boot))
		return;
	rest = without(cpus, &boot);
	if (bitset_is_empty(&rest))
		strv_pushf(p->notes,
			   "the kernel was booted with %s=%s, which covers these CPUs",
			   argument, text);
	else if (bitset_intersects(cpus, &boot))
		strv_pushf(p->notes,
			   "the kernel was booted with %s=%s, which covers some of these "
			   "CPUs and not others",
			   argument, text);
	else
		strv_pushf(p->notes,
			   "the kernel was booted with %s=%s, which are other CPUs than "
			   "the domain's",
			   argument, text);
}

static void note_threads(const struct planning *p, const struct bitset *cpus)
{
	const struct domain *d = p->domain;
	_cleanup_bitset_ struct bitset outside = without(&d->vcpu_cpus, cpus);
	_cleanup_free_ char *text = NULL;

	if (!bitset_is_empty(&outside)) {
		text = bitset_format(&outside);
		strv_pushf(p->notes, "vCPUs may run on CPU %s, which is not isolated",
			   text);
	}
	if (bitset_is_empty(&d->emulator_cpus))
		strv_push(p->notes, "QEMU's own threads may run on the isolated CPUs: "
				    "give the domain an <emulatorpin>");
	else if (bitset_intersects(&d->emulator_cpus, cpus))
		strv_push(p->notes, "<emulatorpin> puts QEMU's own threads on isolated "
				    "CPUs");
}

/* Their cgroups are there when QEMU runs: a plan cannot show them as changes. */
static void note_partitions(const struct planning *p)
{
	_cleanup_strv_ struct strv leaves = STRV_NULL;
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < p->claim->n_wishes; i++) {
		const struct wish *wish = &p->claim->wishes[i];

		if (STREQ(wish->resource, resource_partition.name))
			strv_pushf(&leaves, "%s on CPU %s", wish->object, wish->value);
	}
	if (leaves.n == 0)
		return;
	text = strv_join(&leaves, ", ");
	if (cgroup_can_isolate(p->host->root))
		strv_pushf(p->notes,
			   "isolated partitions when QEMU runs, unless others have the "
			   "CPUs too: %s",
			   text);
	else
		strv_push(p->notes, "this kernel has no isolated partitions (Linux >= "
				    "6.7): its scheduler may still look at these CPUs");
}

static void note_shared(const struct planning *p, const struct bitset *cpus)
{
	for (size_t i = 0; i < p->ledger->n_claims; i++) {
		const struct claim *claim = &p->ledger->claims[i];
		const struct wish *wish =
			claim_find_wish(claim, resource_shield.name, ISOLATION_CPUS);
		_cleanup_bitset_ struct bitset theirs = BITSET_NULL;

		if (wish && claim->id != p->claim->id && claim_counts(claim) &&
		    bitset_parse(wish->value, &theirs) == 0 &&
		    bitset_intersects(&theirs, cpus))
			strv_pushf(p->notes,
				   "domain '%s' has isolated CPU %s too: they share them",
				   claim->domain, wish->value);
	}
}

/* ---- wishes ---- */

/* The top-level slice that the domain's scope will be in, which must keep the CPUs. */
static char *slice_of(const struct domain *domain)
{
	const char *partition = domain->resource_partition;

	if (!partition || partition[0] != '/' || !partition[1])
		return xstrdup("machine.slice");
	partition++;
	return xasprintf("%.*s.slice", (int)strcspn(partition, "/"), partition);
}

static void wish_leaves(const struct planning *p, const char *kind,
			const struct domain_pin *pins, size_t n,
			const struct bitset *cpus)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_bitset_ struct bitset outside = without(&pins[i].cpus, cpus);
		_cleanup_free_ char *leaf = xasprintf("%s%u", kind, pins[i].id);
		_cleanup_free_ char *value = bitset_format(&pins[i].cpus);

		if (!bitset_is_empty(&pins[i].cpus) && bitset_is_empty(&outside) &&
		    !claim_find_wish(p->claim, resource_partition.name, leaf))
			(void)claim_add_wish(p->claim, resource_partition.name, leaf,
					     value);
	}
}

static void make_wishes(const struct planning *p, const struct bitset *cpus)
{
	const struct request_isolation *request = &p->domain->request.isolation;
	static const struct resource *const always[] = {
		&resource_shield,
		&resource_workqueue,
		&resource_kthread,
		&resource_sweep,
	};
	_cleanup_free_ char *value = bitset_format(cpus), *slice = slice_of(p->domain);

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		(void)claim_add_wish(p->claim, always[i]->name, ISOLATION_CPUS, value);
	(void)claim_add_wish(p->claim, resource_shield.name, ISOLATION_SLICE, slice);
	if (request->irqs != ISOLATION_IRQS_NO)
		(void)claim_add_wish(p->claim, resource_irq.name, ISOLATION_CPUS, value);
	for (size_t i = 0;
	     request->irqs == ISOLATION_IRQS_VCPU && i < p->domain->n_hostdevs; i++)
		(void)claim_add_wish(p->claim, resource_irq.name,
				     p->domain->hostdevs[i].address, value);
	if (request->partition == ISOLATION_PARTITION_NO)
		return;
	wish_leaves(p, "vcpu", p->domain->vcpu_pins, p->domain->n_vcpu_pins, cpus);
	wish_leaves(p, "iothread", p->domain->iothread_pins, p->domain->n_iothread_pins,
		    cpus);
}

int isolation_claim(const struct planning *p, struct error *err)
{
	const struct request_isolation *request = &p->domain->request.isolation;
	const struct bitset *cpus = bitset_is_empty(&request->cpuset) ?
					    &p->domain->vcpu_cpus :
					    &request->cpuset;
	int r;

	if (!request->wanted)
		return 0;
	r = check_cpus(p, cpus, err);
	if (r == 0)
		r = check_rest(p, cpus, err);
	if (r == 0)
		r = check_kernel(p, err);
	if (r < 0)
		return r;
	make_wishes(p, cpus);
	note_siblings(p, cpus);
	note_nodes(p, cpus);
	note_kernel_list(p, cpus, "isolated", "isolcpus");
	note_kernel_list(p, cpus, "nohz_full", "nohz_full");
	note_threads(p, cpus);
	note_shared(p, cpus);
	note_partitions(p);
	return 0;
}

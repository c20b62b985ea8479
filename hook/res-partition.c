// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * partition: while a domain runs, the cgroup of each of its vCPUs and I/O threads that has its CPUs
 * for itself is an isolated partition of them: the scheduler balances no load onto them, and unbound
 * workqueues leave them.
 *
 * Kernel: Documentation/admin-guide/cgroup-v2.rst, cpuset, Linux >= 6.7: a "remote" partition, below groups
 * that are none. The CPUs are in cpuset.cpus.exclusive of every group from the top
 * (machine.slice) over the domain's (the scope, libvirt/) to the leaf (vcpu0); then the leaf's
 * cpuset.cpus.partition is set to "isolated". It reads back as "isolated invalid (why)" where the kernel could
 * not: that leaf is a member of the tree again, and only shielded. Never on the scope: that
 * strands QEMU's other threads on the isolated CPUs.
 *
 * - CPUs that two leaves have in common, of one domain or several, cannot be anybody's own; that is so as
 *   soon as the second domain is prepared, because libvirt could not pin its vCPU otherwise.
 * - The kernel wants CAP_SYS_ADMIN for it, which prepare does not have while it handles what others wrote:
 *   the leaves are made partitions by started, and the sweep.
 * - What of the groups belongs to several domains has the union of their CPUs.
 * - libvirt writes cpuset.cpus of a leaf: where that is not as the domain's XML had it any more (virsh
 *   vcpupin --live), the leaf is no partition.
 * - The groups of a domain vanish with it.
 *
 * No failure here is a failure of the domain's: it is shielded, and 'hosttune status' says so.
 *
 * Objects of the ledger: attributes, as paths below the root group. After a refusal .previous of
 * the partition is "!" and why; it is not tried again then.
 */

#include "common/alloc.h"
#include "common/log.h"
#include "hook/cgroup.h"
#include "hook/isolation.h"
#include "hook/privilege.h"
#include "hook/qemu-process.h"
#include "hook/survey.h"

#define ISOLATED "isolated"
#define MEMBER "member"
#define RETRIED MEMBER " again"

/* A vCPU's or I/O thread's wish. */
struct leaf {
	const struct claim *claim;
	const char *name; /* "vcpu0" */
	struct bitset cpus;
	bool shared; /* with another leaf */
	char *group; /* NULL: the domain does not run */
};

/* Exclusive CPUs of a group. */
struct group {
	char *path;
	struct bitset cpus; /* empty: none any more */
};

struct partition {
	const struct host *host;
	struct survey survey;
	struct leaf *leaves;
	size_t n_leaves;
	struct group *groups;
	size_t n_groups;
};

static void partition_done(struct partition *p)
{
	for (size_t i = 0; i < p->n_leaves; i++) {
		bitset_done(&p->leaves[i].cpus);
		free(p->leaves[i].group);
	}
	free(p->leaves);
	for (size_t i = 0; i < p->n_groups; i++) {
		bitset_done(&p->groups[i].cpus);
		free(p->groups[i].path);
	}
	free(p->groups);
}
#define _cleanup_partition_ _cleanup_(partition_done)

/* ---- leaves ---- */

/* The group with the leaves of a running domain, or NULL. QEMU's own leaf is "emulator". */
static char *find_leaves(const struct sysroot *root, const struct claim *claim)
{
	_cleanup_free_ char *group = NULL;
	char *slash;
	pid_t pid;

	if (!claim->started || qemu_find(root, claim->domain, claim->uuid, &pid) != 1 ||
	    cgroup_of_process(root, pid, &group) < 0)
		return NULL;
	slash = strrchr(group, '/');
	if (!slash || !STREQ(slash, "/emulator"))
		return NULL;
	*slash = '\0';
	return TAKE_PTR(group);
}

static void add_leaves(struct partition *p, const struct claim *claim)
{
	_cleanup_free_ char *group = NULL;

	if (!claim_counts(claim) || !claim_has_resource(claim, resource_partition.name))
		return;
	group = find_leaves(p->host->root, claim);
	for (size_t i = 0; i < claim->n_wishes; i++) {
		const struct wish *wish = &claim->wishes[i];
		struct leaf leaf = { .claim = claim, .name = wish->object };

		if (!STREQ(wish->resource, resource_partition.name) ||
		    bitset_parse(wish->value, &leaf.cpus) < 0)
			continue;
		if (group)
			leaf.group = xasprintf("%s/%s", group, wish->object);
		*ARRAY_PUSH(p->leaves, p->n_leaves) = leaf;
	}
}

static void find_all_leaves(struct partition *p, const struct ledger *ledger)
{
	if (!cgroup_can_isolate(p->host->root))
		return;
	for (size_t i = 0; i < ledger->n_claims; i++)
		add_leaves(p, &ledger->claims[i]);
	for (size_t i = 0; i < p->n_leaves; i++) {
		for (size_t j = 0; j < i; j++) {
			struct leaf *a = &p->leaves[i], *b = &p->leaves[j];

			if (bitset_intersects(&a->cpus, &b->cpus))
				a->shared = b->shared = true;
		}
	}
}

static char *object_of(const char *group, const char *attribute)
{
	return xasprintf("%s/%s", group, attribute);
}

static struct entry *find_partition(const struct ledger *ledger, const char *group)
{
	_cleanup_free_ char *object = object_of(group, CGROUP_PARTITION);

	return ledger_find_entry(ledger, resource_partition.name, object);
}

static bool was_refused(const struct entry *entry)
{
	return entry && entry->previous[0] == '!';
}

/* What libvirt has the leaf's threads pinned to is what the claim is about. */
static bool is_pinned_so(const struct partition *p, const struct leaf *leaf)
{
	_cleanup_free_ char *now = NULL, *wanted = bitset_format(&leaf->cpus);

	return cgroup_read(p->host->root, leaf->group, CGROUP_CPUS, &now) == 0 &&
	       (!*now || STREQ(now, wanted));
}

static void refuse(const struct partition *p, const struct leaf *leaf,
		   struct entry *entry, const char *current)
{
	_cleanup_free_ char *why = xasprintf("!%s", current);

	log_info(resource_partition.name, "%s of domain '%s': the kernel says '%s'",
		 leaf->name, leaf->claim->domain, current);
	if (!STREQ(current, MEMBER))
		changes_push(p->survey.changes, p->survey.resource, entry->object,
			     current, MEMBER);
	ledger_set(&entry->previous, why);
	ledger_set(&entry->written, MEMBER);
}

/* Whether the leaf shall be a partition; notes it when the kernel has refused that. */
static bool is_wanted(const struct partition *p, const struct leaf *leaf)
{
	_cleanup_free_ char *now = NULL;
	struct entry *entry;

	if (leaf->shared || !leaf->group || !is_pinned_so(p, leaf) ||
	    cgroup_read(p->host->root, leaf->group, CGROUP_PARTITION, &now) < 0 || !*now)
		return false;
	entry = find_partition(p->survey.ledger, leaf->group);
	if (was_refused(entry))
		return false;
	/* prepare parses XML without the right to; who comes next has it. */
	if (!privilege_may_isolate() && !STREQ(now, ISOLATED))
		return false;
	if (!entry || !STREQ(entry->written, ISOLATED) || STREQ(now, ISOLATED))
		return true;
	/* Written without effect; or not written, when a process of ours died before. */
	if (STREQ(now, MEMBER) && !STREQ(entry->previous, RETRIED)) {
		ledger_set(&entry->previous, RETRIED);
		ledger_set(&entry->written, MEMBER);
		return true;
	}
	refuse(p, leaf, entry, now);
	return false;
}

/* ---- exclusive CPUs ---- */

static struct group *get_group(struct partition *p, const char *path, size_t n)
{
	struct group *group;

	for (size_t i = 0; i < p->n_groups; i++) {
		if (strlen(p->groups[i].path) == n &&
		    strncmp(p->groups[i].path, path, n) == 0)
			return &p->groups[i];
	}
	group = ARRAY_PUSH(p->groups, p->n_groups);
	group->path = xstrndup(path, n);
	return group;
}

/* A group, and all above it. */
static void need_exclusive(struct partition *p, const struct leaf *leaf)
{
	for (const char *c = leaf->group; c; c = strchr(c + 1, '/')) {
		const char *end = strchr(c + 1, '/');
		size_t n = end ? (size_t)(end - leaf->group) : strlen(leaf->group);

		bitset_add_all(&get_group(p, leaf->group, n)->cpus, &leaf->cpus);
	}
}

/* Those that have been written to, too. */
static void add_known_groups(struct partition *p)
{
	_cleanup_strv_ struct strv known = STRV_NULL;

	survey_known(p->survey.ledger, p->survey.resource, &known);
	strv_for_each(object, &known) {
		const char *slash = strrchr(object, '/');

		if (slash && STREQ(slash + 1, CGROUP_EXCLUSIVE))
			(void)get_group(p, object, (size_t)(slash - object));
	}
}

/* The administrator's own stay. */
static char *wanted_exclusive(const char *baseline, const void *arg)
{
	const struct bitset *cpus = arg;
	_cleanup_bitset_ struct bitset all = BITSET_NULL;

	if (bitset_parse(baseline, &all) < 0)
		bitset_done(&all);
	bitset_add_all(&all, cpus);
	return bitset_format(&all);
}

static bool loses(const struct group *group, const char *current)
{
	_cleanup_bitset_ struct bitset now = BITSET_NULL;

	if (!current || bitset_parse(current, &now) < 0)
		return true;
	bitset_remove_all(&now, &group->cpus);
	return !bitset_is_empty(&now);
}

static int by_path(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* A group can only have what those above it have: they gain first and lose last. */
static void survey_exclusive(struct partition *p)
{
	struct survey survey = p->survey;

	if (p->n_groups > 1)
		qsort(p->groups, p->n_groups, sizeof(*p->groups), by_path);
	survey.wanted = wanted_exclusive;
	for (size_t i = 0; i < 2 * p->n_groups; i++) {
		bool losing = i < p->n_groups;
		const struct group *group =
			&p->groups[losing ? p->n_groups - 1 - i : i - p->n_groups];
		_cleanup_free_ char *object = object_of(group->path, CGROUP_EXCLUSIVE);
		_cleanup_free_ char *now = NULL;

		(void)!cgroup_read(p->host->root, group->path, CGROUP_EXCLUSIVE, &now);
		if (loses(group, now) != losing)
			continue;
		survey.any = !bitset_is_empty(&group->cpus);
		survey.arg = &group->cpus;
		survey_object(&survey, object, now);
	}
}

/* ---- survey ---- */

/* The wish of a leaf that was refused is still there, and so is that it was. */
static bool is_known_leaf(const struct partition *p, const struct entry *entry)
{
	for (size_t i = 0; i < p->n_leaves; i++) {
		if (p->leaves[i].group &&
		    find_partition(p->survey.ledger, p->leaves[i].group) == entry)
			return true;
	}
	return false;
}

/* What shall be no partition any more. */
static void dissolve(const struct partition *p, const struct strv *wanted)
{
	_cleanup_strv_ struct strv known = STRV_NULL;

	survey_known(p->survey.ledger, p->survey.resource, &known);
	strv_for_each(object, &known) {
		struct entry *entry = ledger_find_entry(p->survey.ledger,
							p->survey.resource->name, object);
		_cleanup_free_ char *group =
			xstrndup(object, strlen(object) - strlen(strrchr(object, '/')));
		_cleanup_free_ char *now = NULL;

		if (!STREQ(strrchr(object, '/') + 1, CGROUP_PARTITION) ||
		    strv_contains(wanted, object))
			continue;
		if (cgroup_read(p->host->root, group, CGROUP_PARTITION, &now) < 0 ||
		    !*now || (STREQ(now, MEMBER) && !was_refused(entry))) {
			ledger_remove_entry(p->survey.ledger, p->survey.resource->name,
					    object);
			continue;
		}
		if (was_refused(entry) && is_known_leaf(p, entry))
			continue;
		changes_push(p->survey.changes, p->survey.resource, object, now, MEMBER);
		ledger_set(&entry->previous, now);
		ledger_set(&entry->written, MEMBER);
	}
}

static void isolate(const struct partition *p, const struct strv *wanted)
{
	strv_for_each(object, wanted) {
		struct entry *entry = ledger_find_entry(p->survey.ledger,
							p->survey.resource->name, object);

		if (entry && STREQ(entry->written, ISOLATED))
			continue;
		if (!entry)
			entry = ledger_add_entry(p->survey.ledger,
						 p->survey.resource->name, object,
						 MEMBER);
		changes_push(p->survey.changes, p->survey.resource, object, MEMBER,
			     ISOLATED);
		ledger_set(&entry->written, ISOLATED);
	}
}

static int partition_survey(const struct host *host, struct ledger *ledger, bool taking,
			    struct changes *changes, struct error *err _unused_)
{
	_cleanup_strv_ struct strv wanted = STRV_NULL;
	_cleanup_partition_ struct partition p = {
		.host = host,
		.survey = {
			.ledger = ledger,
			.resource = &resource_partition,
			.taking = taking,
			.changes = changes,
		},
	};

	find_all_leaves(&p, ledger);
	for (size_t i = 0; i < p.n_leaves; i++) {
		if (!is_wanted(&p, &p.leaves[i]))
			continue;
		need_exclusive(&p, &p.leaves[i]);
		strv_push_take(&wanted, object_of(p.leaves[i].group, CGROUP_PARTITION));
	}
	add_known_groups(&p);
	dissolve(&p, &wanted);
	survey_exclusive(&p);
	isolate(&p, &wanted);
	return 0;
}

/* ---- write ---- */

static int partition_write(const struct sysroot *root, const char *object,
			   const char *from _unused_, const char *to,
			   uint64_t deadline _unused_, struct error *err _unused_)
{
	int r = sysroot_write(root, *to ? to : "\n", CGROUP_ROOT "/%s", object);

	/* What the kernel then says of the partition is for the next survey. */
	if (r < 0 && r != -ENOENT)
		log_info(resource_partition.name,
			 "failed to write '%s' to '/" CGROUP_ROOT "/%s': %s", to, object,
			 strerror(-r));
	return 0;
}

/* ---- status ---- */

static void describe_leaf(const struct partition *p, const struct leaf *leaf,
			  struct bitset *isolated, struct strv *lines)
{
	const struct entry *entry = NULL;
	_cleanup_free_ char *now = NULL, *cpus = bitset_format(&leaf->cpus);

	if (leaf->shared) {
		strv_pushf(lines,
			   "partition: %s has CPU %s not for itself: only shielded",
			   leaf->name, cpus);
		return;
	}
	if (!leaf->group)
		return;
	entry = find_partition(p->survey.ledger, leaf->group);
	if (was_refused(entry))
		strv_pushf(lines,
			   "partition: %s on CPU %s only shielded: the kernel says '%s'",
			   leaf->name, cpus, entry->previous + 1);
	else if (cgroup_read(p->host->root, leaf->group, CGROUP_PARTITION, &now) == 0 &&
		 STREQ(now, ISOLATED))
		bitset_add_all(isolated, &leaf->cpus);
	else
		strv_pushf(lines, "partition: %s on CPU %s only shielded", leaf->name,
			   cpus);
}

static void partition_describe(const struct host *host, const struct ledger *ledger,
			       const struct claim *claim, struct strv *lines)
{
	_cleanup_bitset_ struct bitset isolated = BITSET_NULL;
	_cleanup_free_ char *cpus = NULL;
	_cleanup_partition_ struct partition p = {
		.host = host,
		.survey.ledger = (struct ledger *)(uintptr_t)ledger,
	};

	find_all_leaves(&p, ledger);
	for (size_t i = 0; i < p.n_leaves; i++) {
		if (p.leaves[i].claim == claim)
			describe_leaf(&p, &p.leaves[i], &isolated, lines);
	}
	cpus = bitset_format(&isolated);
	if (*cpus)
		strv_pushf(lines, "partition: CPU %s isolated", cpus);
	if (!cgroup_can_isolate(host->root))
		strv_push(lines, "partition: needs Linux >= 6.7: only shielded");
}

const struct resource resource_partition = {
	.name = "partition",
	.survey = partition_survey,
	.write = partition_write,
	.describe = partition_describe,
};

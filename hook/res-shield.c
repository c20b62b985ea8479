// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * shield: every unit of systemd that is at the top of the cgroup tree, but for those that domains
 * are in, keeps off the isolated CPUs: system.slice, user.slice, init.scope, what the
 * administrator made, and groups that are there without systemd's doing.
 *
 * systemd: org.freedesktop.systemd1(5), property AllowedCPUs, set until the next boot. Its value, and
 * what it does to the kernel's cpuset, differ (tried with systemd 252 and 257):
 *
 * - Setting it writes a drop-in, 50-AllowedCPUs.conf in /run/systemd/system.control/UNIT.d, of a transient
 *   unit in /run/systemd/transient/UNIT.d, which survives a daemon-reload. One of the same name in
 *   /etc/systemd/system.control (set-property without --runtime) goes before it: at the next reload
 *   the unit has that value again.
 * - Emptying it changes the property and not the cpuset (systemd#43846): the kernel refuses that (ENOSPC, of
 *   which systemd warns) as long as there is a process in the group. So the undoing of "no value"
 *   is: all possible CPUs, wait for the cpuset to have them, then no value. With the last
 *   unit that needs it systemd switches the cpuset controller off, and nothing is left. Where somebody else needs
 *   it on, the list of all CPUs stays in the kernel's cpuset.cpus, which means the same as none.
 * - The drop-in stays then, with an empty value, and would go before what the administrator
 *   configures elsewhere. It is removed, unless it was there before us. systemd has it in its list until
 *   its next daemon-reload, and says of the unit NeedDaemonReload=yes, which is harmless; a reload of
 *   systemd by every domain's end would not be.
 *
 * Without systemd, and for groups that are no units, cpuset.cpus is written directly. Affinities that
 * processes gave themselves are kept by Linux >= 6.2; before that a changed cpuset resets them.
 *
 * Objects of the ledger: "system.slice", with its list of CPUs; "system.slice/50-AllowedCPUs.conf", whose
 * baseline is "set", where there was such a drop-in before; "cgroup.subtree_control", with "cpuset" or "".
 */

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/log.h"
#include "hook/cgroup.h"
#include "hook/drop-in.h"
#include "hook/isolation.h"
#include "hook/survey.h"
#include "hook/systemd.h"

#define LOOK_TIMEOUT_MS 5000
#define SETTLE_TIMEOUT_MS 5000
#define SUBTREE "cgroup.subtree_control"

struct shield {
	const struct host *host;
	struct survey survey;
	struct bitset taken; /* CPUs that are isolated */
	struct strv exempt; /* slices of domains */
	struct bitset possible;
};

static bool is_unit(const struct sysroot *root, const char *object)
{
	return systemd_is_used(root) && systemd_is_unit_name(object);
}

static void read_possible(const struct sysroot *root, struct bitset *ret)
{
	_cleanup_free_ char *text = NULL;

	if (sysroot_read(root, &text, "sys/devices/system/cpu/possible") == 0)
		(void)!bitset_parse(text, ret);
}

static bool is_subset(const struct bitset *a, const struct bitset *b)
{
	bitset_for_each(cpu, a) {
		if (!bitset_has(b, cpu))
			return false;
	}
	return true;
}

/*
 * What is in the drop-in is what we wrote at some time, not what somebody else set since, and the
 * drop-in was not there before.
 */
static bool has_our_drop_in(const struct shield *s, const struct entry *entry,
			    const char *current)
{
	_cleanup_free_ char *object = xasprintf("%s/" DROP_IN, entry->object);
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	if (ledger_find_entry(s->survey.ledger, resource_shield.name, object) ||
	    drop_in_read(s->host->root, entry->object, &cpus) < 0)
		return false;
	list = bitset_format(&cpus);
	if (!entry_is_ours(entry, current) && !STREQ(current, entry->baseline))
		return !STREQ(list, current);
	return !*list || entry_is_ours(entry, list) || STREQ(list, entry->baseline) ||
	       is_subset(&s->possible, &cpus);
}

/* ---- read ---- */

static int read_subtree(const struct sysroot *root, char **ret, struct error *err)
{
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *text = NULL;
	int r = sysroot_read(root, &text, CGROUP_ROOT "/" SUBTREE);

	if (r < 0)
		return error_set(err, r,
				 "failed to read '/" CGROUP_ROOT "/" SUBTREE "': %s",
				 strerror(-r));
	strv_split(&words, text, " \n");
	*ret = xstrdup(strv_contains(&words, "cpuset") ? "cpuset" : "");
	return 0;
}

static int read_group(const struct sysroot *root, const char *group, char **ret,
		      struct error *err)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL, possible = BITSET_NULL;
	_cleanup_free_ char *text = NULL;
	int r = cgroup_read(root, group, CGROUP_CPUS, &text);

	if (r == 0)
		r = bitset_parse(text, &cpus);
	if (r < 0)
		return error_set(err, r, "failed to read CPUs of cgroup '%s': %s", group,
				 strerror(-r));
	read_possible(root, &possible);
	/* All is as good as none, which the kernel does not take back from a group in use. */
	*ret = !bitset_is_empty(&possible) && is_subset(&possible, &cpus) ?
		       xstrdup("") :
		       bitset_format(&cpus);
	return 0;
}

static int shield_read(const struct sysroot *root, const char *object, char **ret,
		       struct error *err)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	const char *slash = strchr(object, '/');
	_cleanup_free_ char *unit = NULL;
	int r;

	if (slash) {
		unit = xstrndup(object, (size_t)(slash - object));
		*ret = xstrdup(drop_in_exists(root, unit) ? "set" : "");
		return 0;
	}
	if (STREQ(object, SUBTREE))
		return read_subtree(root, ret, err);
	if (!is_unit(root, object))
		return read_group(root, object, ret, err);
	r = systemd_get_cpus(object, deadline_in_ms(LOOK_TIMEOUT_MS), &cpus, err);
	if (r == 0)
		*ret = bitset_format(&cpus);
	return r;
}

/* ---- survey ---- */

/* "" stands for all CPUs; so does what would not leave any, which the host has to make do with. */
static char *wanted_cpus(const char *baseline, const void *arg)
{
	const struct shield *s = arg;
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;

	if (bitset_parse(baseline, &cpus) < 0)
		bitset_done(&cpus);
	for (unsigned i = 0; i < 2; i++) {
		if (bitset_is_empty(&cpus))
			bitset_add_all(&cpus, &s->host->cpus_online);
		bitset_remove_all(&cpus, &s->taken);
	}
	return bitset_format(&cpus);
}

static char *wanted_controller(const char *baseline _unused_, const void *arg _unused_)
{
	return xstrdup("cpuset");
}

/* "machine.slice" is what "machine" and "machine.partition" are without systemd. */
static bool is_exempt(const struct shield *s, const char *name)
{
	strv_for_each(slice, &s->exempt) {
		size_t n = strcspn(slice, ".");

		if (STREQ(name, slice))
			return true;
		if (!systemd_is_used(s->host->root) && strncmp(name, slice, n) == 0 &&
		    (!name[n] || STREQ(name + n, ".partition")))
			return true;
	}
	return false;
}

/* Units of other types that have no process (most mounts) are left alone. */
static bool is_shielded(const struct shield *s, const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!s->survey.any || is_exempt(s, name))
		return false;
	return (dot && (STREQ(dot, ".slice") || STREQ(dot, ".scope"))) ||
	       cgroup_is_populated(s->host->root, name);
}

/* Not ours: it was there before us, or was written over since with what the unit has now. */
static void note_drop_in(const struct shield *s, const char *unit, const char *object,
			 const char *current)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	if (!drop_in_exists(s->host->root, unit) ||
	    ledger_find_entry(s->survey.ledger, resource_shield.name, object))
		return;
	if (current && drop_in_read(s->host->root, unit, &cpus) < 0)
		return;
	list = bitset_format(&cpus);
	if (!current || STREQ(list, current))
		(void)ledger_add_entry(s->survey.ledger, resource_shield.name, object,
				       "set");
}

/*
 * What there is to a unit beside its value: the drop-in. True when that has to go before the unit's
 * entry does.
 */
static bool survey_drop_in(const struct shield *s, struct entry *entry, const char *unit,
			   const char *current, bool wanted)
{
	_cleanup_free_ char *object = xasprintf("%s/" DROP_IN, unit);
	_cleanup_free_ char *all = bitset_format(&s->possible);

	if (!entry) {
		note_drop_in(s, unit, object, NULL);
		return false;
	}
	/*
	 * A reload brought the administrator's own value back, which goes before ours: that is not
	 * his word on what we wrote, unless he gave it since. And all CPUs is a step on the way
	 * back to none.
	 */
	if (wanted ? STREQ(current, entry->baseline) &&
			     drop_in_is_masked(s->host->root, unit) :
		     !*entry->written && STREQ(current, all))
		ledger_set(&entry->previous, current);
	if (wanted) {
		if (s->survey.taking && !entry_is_ours(entry, current))
			note_drop_in(s, unit, object, current);
		return false;
	}
	if ((entry_is_ours(entry, current) && !STREQ(current, entry->baseline)) ||
	    !has_our_drop_in(s, entry, current))
		return false;
	changes_push(s->survey.changes, &resource_shield, object, "set", "");
	return true;
}

static int survey_one(const struct shield *s, const char *name, struct error *err)
{
	const struct sysroot *root = s->host->root;
	struct ledger *ledger = s->survey.ledger;
	struct entry *entry = ledger_find_entry(ledger, resource_shield.name, name);
	_cleanup_free_ char *current = NULL, *drop_in = xasprintf("%s/" DROP_IN, name);
	struct survey survey = s->survey;
	int r;

	survey.any =
		is_shielded(s, name) || (s->survey.any && entry && !is_exempt(s, name));
	if (!survey.any && !entry)
		return 0;
	r = shield_read(root, name, &current, err);
	if (r == -ENOENT)
		error_done(err);
	else if (r < 0)
		return r;
	if (current && is_unit(root, name) &&
	    survey_drop_in(s, entry, name, current, survey.any))
		return 0;
	survey_object(&survey, name, current);
	if (!ledger_find_entry(ledger, resource_shield.name, name))
		ledger_remove_entry(ledger, resource_shield.name, drop_in);
	return 0;
}

static int survey_subtree(const struct shield *s, struct error *err)
{
	struct survey survey = s->survey;
	_cleanup_free_ char *current = NULL;
	int r;

	/* systemd switches controllers on and off by itself. */
	if (systemd_is_used(s->host->root) ||
	    (!survey.any &&
	     !ledger_find_entry(survey.ledger, resource_shield.name, SUBTREE)))
		return 0;
	r = read_subtree(s->host->root, &current, err);
	survey.wanted = wanted_controller;
	if (r == 0)
		survey_object(&survey, SUBTREE, current);
	return r;
}

/* The groups at the top, and those that we know from before. */
static int list_objects(const struct shield *s, struct strv *ret, struct error *err)
{
	_cleanup_strv_ struct strv known = STRV_NULL;
	int r = sysroot_list_dirs(s->host->root, ret, CGROUP_ROOT);

	if (r < 0)
		return error_set(err, r, "failed to list '/" CGROUP_ROOT "': %s",
				 strerror(-r));
	survey_known(s->survey.ledger, &resource_shield, &known);
	strv_for_each(object, &known) {
		if (!strchr(object, '/') && !STREQ(object, SUBTREE) &&
		    !strv_contains(ret, object))
			strv_push(ret, object);
	}
	return 0;
}

static void find_exempt(const struct ledger *ledger, struct strv *ret)
{
	strv_push(ret, "machine.slice");
	for (size_t i = 0; i < ledger->n_claims; i++) {
		const struct claim *claim = &ledger->claims[i];
		const struct wish *wish =
			claim_find_wish(claim, resource_shield.name, ISOLATION_SLICE);

		if (wish && claim_counts(claim))
			strv_push(ret, wish->value);
	}
}

static int survey_all(const struct shield *s, struct error *err)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	int r = list_objects(s, &names, err);

	if (r == 0 && s->survey.any)
		r = survey_subtree(s, err);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = survey_one(s, names.items[i], err);
	if (r == 0 && !s->survey.any)
		r = survey_subtree(s, err);
	return r;
}

static int shield_survey(const struct host *host, struct ledger *ledger, bool taking,
			 struct changes *changes, struct error *err)
{
	struct shield s = {
		.host = host,
		.survey = {
			.ledger = ledger,
			.resource = &resource_shield,
			.taking = taking,
			.wanted = wanted_cpus,
			.changes = changes,
		},
	};
	int r;

	s.survey.arg = &s;
	isolation_cpus(ledger, &s.taken);
	s.survey.any = !bitset_is_empty(&s.taken);
	find_exempt(ledger, &s.exempt);
	read_possible(host->root, &s.possible);
	r = survey_all(&s, err);
	bitset_done(&s.taken);
	bitset_done(&s.possible);
	strv_done(&s.exempt);
	return r;
}

/* ---- write ---- */

/* systemd changes the cpuset after it has answered. */
static int wait_for_kernel(const struct sysroot *root, const char *unit,
			   const struct bitset *cpus, uint64_t deadline,
			   struct error *err)
{
	uint64_t until = deadline_within_ms(deadline, SETTLE_TIMEOUT_MS);
	_cleanup_free_ char *wanted = bitset_format(cpus), *now = NULL;

	for (uint64_t pause = 1;; pause *= 2) {
		cleanup_free_ptr(&now);
		now = NULL;
		if (sysroot_read(root, &now, CGROUP_ROOT "/%s/" CGROUP_CPUS, unit) < 0 &&
		    !sysroot_exists(root, CGROUP_ROOT "/%s", unit))
			return 0; /* a slice that nothing is in */
		if (now && STREQ(now, wanted))
			return 0;
		if (deadline_left_ms(until) == 0)
			break;
		deadline_sleep_ms(until, pause);
	}
	return error_set(err, -EIO,
			 "systemd sets CPUs of %s to '%s', but the kernel has '%s'", unit,
			 wanted, now ? now : "none");
}

static int set_unit(const struct sysroot *root, const char *unit, const char *to,
		    uint64_t deadline, struct error *err)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	int r;

	if (*to)
		r = bitset_parse(to, &cpus);
	else
		r = (read_possible(root, &cpus), 0);
	if (r < 0)
		return error_set(err, r, "not a list of CPUs: '%s'", to);
	r = systemd_set_cpus(unit, &cpus, deadline, err);
	if (r == 0)
		r = wait_for_kernel(root, unit, &cpus, deadline, err);
	if (r == 0 && !*to) {
		bitset_done(&cpus);
		r = systemd_set_cpus(unit, &cpus, deadline, err);
		/* What the kernel takes only of a group that has no process, and may not have any more. */
		(void)!sysroot_write(root, "\n", CGROUP_ROOT "/%s/" CGROUP_CPUS, unit);
	}
	if (r == -ENOENT) {
		error_done(err); /* it has ended meanwhile */
		r = 0;
	}
	return r;
}

static int set_group(const struct sysroot *root, const char *group, const char *to,
		     struct error *err)
{
	int r = sysroot_write(root, *to ? to : "\n", CGROUP_ROOT "/%s/" CGROUP_CPUS,
			      group);
	_cleanup_free_ char *all = NULL;

	if (r == -ENOSPC && !*to) {
		r = sysroot_read(root, &all, "sys/devices/system/cpu/possible");
		if (r == 0)
			r = sysroot_write(root, all, CGROUP_ROOT "/%s/" CGROUP_CPUS,
					  group);
	}
	if (r == -ENOENT && (!*to || !sysroot_exists(root, CGROUP_ROOT "/%s", group)))
		return 0;
	return r < 0 ? error_set(err, r,
				 "failed to write '%s' to '/" CGROUP_ROOT
				 "/%s/" CGROUP_CPUS "': %s",
				 to, group, strerror(-r)) :
		       0;
}

static int set_subtree(const struct sysroot *root, const char *to, struct error *err)
{
	int r = sysroot_write(root, *to ? "+cpuset" : "-cpuset", CGROUP_ROOT "/" SUBTREE);

	if (r == -EBUSY && !*to)
		return 0; /* somebody else uses it by now */
	return r < 0 ? error_set(err, r, "failed to switch the cpuset controller: %s",
				 strerror(-r)) :
		       0;
}

static int shield_write(const struct sysroot *root, const char *object,
			const char *from _unused_, const char *to, uint64_t deadline,
			struct error *err)
{
	const char *slash = strchr(object, '/');
	_cleanup_free_ char *unit = NULL;

	if (slash) {
		unit = xstrndup(object, (size_t)(slash - object));
		return drop_in_remove(root, unit, err);
	}
	if (STREQ(object, SUBTREE))
		return set_subtree(root, to, err);
	return is_unit(root, object) ? set_unit(root, object, to, deadline, err) :
				       set_group(root, object, to, err);
}

/* ---- status ---- */

static void shield_describe(const struct host *host, const struct ledger *ledger,
			    const struct claim *claim _unused_, struct strv *lines)
{
	size_t n = cgroup_count_in_root(host->root);

	for (size_t i = 0; i < ledger->n_entries; i++) {
		const struct entry *entry = &ledger->entries[i];
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_free_ char *now = NULL;

		if (!STREQ(entry->resource, resource_shield.name) ||
		    strchr(entry->object, '/') || STREQ(entry->object, SUBTREE) ||
		    shield_read(host->root, entry->object, &now, &err) < 0 || !now)
			continue;
		strv_pushf(lines, "shield: %s on %s%s", entry->object, *now ? now : "all",
			   STREQ(now, entry->written) ? "" : " (set by somebody else)");
	}
	if (n > 0)
		strv_pushf(lines,
			   "shield: %zu processes in the root cgroup, which has no limits",
			   n);
}

const struct resource resource_shield = {
	.name = "shield",
	.read = shield_read,
	.survey = shield_survey,
	.write = shield_write,
	.describe = shield_describe,
};

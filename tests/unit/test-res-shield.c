// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * The shield, with and without systemd. systemd is played by functions that do what 257 does:
 * a property, a drop-in, the kernel's cpuset.
 */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "hook/isolation.h"
#include "hook/systemd.h"
#include "survey-fixture.h"

#define CGROUP "sys/fs/cgroup/"
#define CONTROL "run/systemd/system.control/"
#define DROP_IN ".d/50-AllowedCPUs.conf"
#define UNITS_MAX 8

struct unit {
	const char *name;
	char cpus[32]; /* property AllowedCPUs */
	bool gone;
	unsigned sets;
};

static struct {
	const struct fixture *f;
	struct unit units[UNITS_MAX];
	int get_fails, set_fails;
	bool kernel_sleeps; /* systemd answers, and the cpuset stays as it is */
	const char *busy; /* group with processes, which never gets an empty cpuset */
} host_systemd;

int __real_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...) _printf_(3, 4);
int __wrap_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...) _printf_(3, 4);
int __wrap_systemd_get_cpus(const char *unit, uint64_t deadline, struct bitset *ret,
			    struct error *err);
int __wrap_systemd_set_cpus(const char *unit, const struct bitset *cpus,
			    uint64_t deadline, struct error *err);

static struct unit *find_unit(const char *name)
{
	for (unsigned i = 0; i < UNITS_MAX; i++) {
		struct unit *unit = &host_systemd.units[i];

		if (unit->name && !unit->gone && STREQ(unit->name, name))
			return unit;
	}
	return NULL;
}

int __wrap_systemd_get_cpus(const char *name, uint64_t deadline _unused_,
			    struct bitset *ret, struct error *err)
{
	const struct unit *unit = find_unit(name);

	if (host_systemd.get_fails)
		return error_set(err, host_systemd.get_fails, "systemd does not answer");
	if (!unit)
		return error_set(err, -ENOENT, "no unit '%s'", name);
	return bitset_parse(unit->cpus, ret);
}

static void write_drop_in(const char *unit, const char *cpus)
{
	_cleanup_free_ char *path = xasprintf(CONTROL "%s" DROP_IN, unit);
	_cleanup_free_ char *text = xasprintf("# This is a drop-in\n[Slice]\n"
					      "AllowedCPUs=\nAllowedCPUs=%s\n",
					      cpus);

	fixture_set(host_systemd.f, path, text);
}

int __wrap_systemd_set_cpus(const char *name, const struct bitset *cpus,
			    uint64_t deadline _unused_, struct error *err)
{
	struct unit *unit = find_unit(name);
	_cleanup_free_ char *list = bitset_format(cpus);
	_cleanup_free_ char *path = xasprintf(CGROUP "%s/cpuset.cpus", name);
	_cleanup_free_ char *line = xasprintf("%s\n", list);

	if (host_systemd.set_fails)
		return error_set(err, host_systemd.set_fails, "systemd refuses");
	if (!unit)
		return error_set(err, -ENOENT, "no unit '%s'", name);
	unit->sets++;
	(void)snprintf(unit->cpus, sizeof(unit->cpus), "%s", list);
	for (char *c = list; *c; c++)
		*c = *c == ',' ? ' ' : *c;
	write_drop_in(name, list);
	if (*list && !host_systemd.kernel_sleeps)
		fixture_set(host_systemd.f, path, line);
	return 0;
}

/* The kernel, as far as a group's cpuset goes. */
int __wrap_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...)
{
	_cleanup_free_ char *path = NULL, *line = xasprintf("%s\n", value);
	va_list ap;

	va_start(ap, fmt);
	path = xvasprintf(fmt, ap);
	va_end(ap);
	if (STREQ(path, CGROUP "cgroup.subtree_control"))
		return __real_sysroot_write(root,
					    *value == '+' ? "memory cpuset\n" : "memory\n",
					    "%s", path);
	if (STREQ(value, "\n") && host_systemd.busy && strstr(path, host_systemd.busy))
		return -ENOSPC;
	if (!sysroot_exists(root, "%s", path))
		fixture_set(host_systemd.f, path, "");
	return __real_sysroot_write(root, STREQ(value, "\n") ? "\n" : line, "%s", path);
}

static const char tree[] =
	"sys/devices/system/cpu/online = 0-3\n"
	"sys/devices/system/cpu/possible = 0-7\n"
	"sys/devices/system/node/has_memory = 0\n" CGROUP
	"cgroup.controllers = cpuset cpu memory\n" CGROUP
	"cgroup.subtree_control = memory\n" CGROUP "cgroup.procs = \n" CGROUP
	"system.slice/cgroup.procs = \n" CGROUP "user.slice/cgroup.procs = \n" CGROUP
	"init.scope/cgroup.procs = \n" CGROUP "machine.slice/cgroup.procs = \n" CGROUP
	"dev-hugepages.mount/cgroup.procs = \n" CGROUP
	"dev-hugepages.mount/cgroup.events = populated 0\n";

struct setting {
	struct fixture *f;
	struct survey_fixture s;
};

static int setup(void **state)
{
	struct setting *t = xcalloc(1, sizeof(*t));
	void *f;

	if (fixture_setup(&f) < 0)
		return -1;
	t->f = f;
	fixture_add(t->f, tree);
	memset(&host_systemd, 0, sizeof(host_systemd));
	host_systemd.f = t->f;
	survey_fixture_setup(&t->s, t->f, &resource_shield);
	*state = t;
	return 0;
}

/* The running host's root, as far as this resource can tell. */
static int setup_systemd(void **state)
{
	static const char *const names[] = { "system.slice", "user.slice", "init.scope",
					     "machine.slice" };
	struct setting *t;

	if (setup(state) < 0)
		return -1;
	t = *state;
	fixture_add(t->f, "run/systemd/system/x = \n");
	t->s.root.is_host = true;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		host_systemd.units[i].name = names[i];
	return 0;
}

static int teardown(void **state)
{
	struct setting *t = *state;
	void *f = t->f;

	survey_fixture_done(&t->s);
	free(t);
	return fixture_teardown(&f);
}

static void isolate(struct setting *t, const char *domain, const char *cpus)
{
	survey_fixture_claim(&t->s, domain, "shield", ISOLATION_CPUS, cpus);
}

static void end(struct setting *t, const char *domain)
{
	survey_fixture_release(&t->s, domain);
}

static void assert_property(const char *unit, const char *cpus)
{
	assert_text(find_unit(unit)->cpus, cpus);
}

static void assert_kernel(const struct setting *t, const char *group, const char *cpus)
{
	_cleanup_free_ char *path = xasprintf(CGROUP "%s/cpuset.cpus", group);
	_cleanup_free_ char *text = fixture_get(t->f, path);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	assert_text(text, cpus);
}

/* ---- with systemd ---- */

static void units_leave_the_cpus_and_get_them_back(void **state)
{
	struct setting *t = *state;

	host_systemd.busy = "system.slice";
	isolate(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true),
		    "init.scope  -> 0-1\nsystem.slice  -> 0-1\nuser.slice  -> 0-1\n");
	assert_property("system.slice", "0-1");
	assert_kernel(t, "system.slice", "0-1");
	assert_property("machine.slice", "");
	assert_int_equal(find_unit("machine.slice")->sets, 0);
	assert_text(survey_fixture_run(&t->s, false), "");

	end(t, "a");
	assert_text(survey_fixture_run(&t->s, false),
		    "init.scope 0-1 -> \nsystem.slice 0-1 -> \nuser.slice 0-1 -> \n"
		    "init.scope/50-AllowedCPUs.conf set -> \n"
		    "system.slice/50-AllowedCPUs.conf set -> \n"
		    "user.slice/50-AllowedCPUs.conf set -> \n");
	assert_property("system.slice", "");
	/* Every possible CPU, where the kernel does not take them all back. */
	assert_kernel(t, "system.slice", "0-7");
	assert_kernel(t, "user.slice", "");
	assert_false(fixture_has(t->f, CONTROL "system.slice.d"));
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void the_union_shrinks_with_each_domain(void **state)
{
	struct setting *t = *state;

	isolate(t, "a", "2");
	isolate(t, "b", "3");
	assert_text(survey_fixture_run(&t->s, true),
		    "init.scope  -> 0-1\nsystem.slice  -> 0-1\nuser.slice  -> 0-1\n");
	end(t, "a");
	assert_text(
		survey_fixture_run(&t->s, false),
		"init.scope 0-1 -> 0-2\nsystem.slice 0-1 -> 0-2\nuser.slice 0-1 -> 0-2\n");
	end(t, "b");
	(void)survey_fixture_run(&t->s, false);
	assert_property("system.slice", "");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void an_explicit_list_is_cut_and_comes_back(void **state)
{
	struct setting *t = *state;

	(void)snprintf(find_unit("user.slice")->cpus, 32, "1-2");
	isolate(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true),
		    "init.scope  -> 0-1\nsystem.slice  -> 0-1\nuser.slice 1-2 -> 1\n");
	end(t, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_property("user.slice", "1-2");
	assert_kernel(t, "user.slice", "1-2");
	assert_false(fixture_has(t->f, CONTROL "user.slice.d"));
}

static void who_would_have_none_left_gets_the_others(void **state)
{
	struct setting *t = *state;

	(void)snprintf(find_unit("user.slice")->cpus, 32, "2-3");
	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	assert_property("user.slice", "0-1");
}

static void a_drop_in_that_was_there_stays(void **state)
{
	struct setting *t = *state;
	_cleanup_free_ char *before = NULL, *after = NULL;

	(void)snprintf(find_unit("user.slice")->cpus, 32, "0,2");
	write_drop_in("user.slice", "0 2");
	before = fixture_get(t->f, CONTROL "user.slice" DROP_IN);
	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	assert_property("user.slice", "0");
	end(t, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_property("user.slice", "0,2");
	after = fixture_get(t->f, CONTROL "user.slice" DROP_IN);
	assert_text(after, before);
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void what_the_administrator_sets_meanwhile_is_his(void **state)
{
	struct setting *t = *state;

	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	(void)snprintf(find_unit("user.slice")->cpus, 32, "0-2");
	write_drop_in("user.slice", "0-2");
	assert_text(survey_fixture_run(&t->s, false), "");
	assert_property("user.slice", "0-2");
	end(t, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_property("user.slice", "0-2");
	assert_true(fixture_has(t->f, CONTROL "user.slice" DROP_IN));
	assert_false(fixture_has(t->f, CONTROL "system.slice" DROP_IN));
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void the_next_domain_cuts_it_and_gives_it_back(void **state)
{
	struct setting *t = *state;

	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	(void)snprintf(find_unit("user.slice")->cpus, 32, "0-2");
	write_drop_in("user.slice", "0-2");
	isolate(t, "b", "3");
	assert_text(survey_fixture_run(&t->s, true), "user.slice 0-2 -> 0-1\n");
	end(t, "a");
	end(t, "b");
	(void)survey_fixture_run(&t->s, false);
	assert_property("user.slice", "0-2");
	assert_true(fixture_has(t->f, CONTROL "user.slice" DROP_IN));
	assert_int_equal(t->s.ledger.n_entries, 0);
}

/* set-property without --runtime: /etc goes before /run at the next daemon-reload. */
static void a_reload_that_brings_the_old_value_back_is_answered(void **state)
{
	static const struct timespec earlier[2] = { { 1000, 0 }, { 1000, 0 } };
	static const struct timespec later[2] = { { 3000000000, 0 }, { 3000000000, 0 } };
	const char *path = "etc/systemd/system.control/user.slice" DROP_IN;
	struct setting *t = *state;
	_cleanup_free_ char *full = fixture_path(t->f, path);

	fixture_set(t->f, path, "[Slice]\nAllowedCPUs=1-3\n");
	assert_int_equal(utimensat(AT_FDCWD, full, earlier, 0), 0);
	(void)snprintf(find_unit("user.slice")->cpus, 32, "1-3");
	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	assert_property("user.slice", "1");
	(void)snprintf(find_unit("user.slice")->cpus, 32, "1-3");
	assert_text(survey_fixture_run(&t->s, false), "user.slice 1-3 -> 1\n");

	/* Given anew, it is his word on ours. */
	(void)snprintf(find_unit("user.slice")->cpus, 32, "1-3");
	assert_int_equal(utimensat(AT_FDCWD, full, later, 0), 0);
	assert_text(survey_fixture_run(&t->s, false), "");
	assert_property("user.slice", "1-3");
	end(t, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_property("user.slice", "1-3");
	assert_true(fixture_has(t->f, path));
	assert_false(fixture_has(t->f, CONTROL "user.slice" DROP_IN));
}

static void a_slice_that_appears_is_taken_in(void **state)
{
	struct setting *t = *state;

	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	fixture_add(t->f, CGROUP "new.slice/cgroup.procs = \n");
	host_systemd.units[4].name = "new.slice";
	assert_text(survey_fixture_run(&t->s, false), "new.slice  -> 0-1\n");
	/* And forgotten when it goes. */
	host_systemd.units[4].gone = true;
	fixture_remove(t->f, CGROUP "new.slice/cpuset.cpus");
	fixture_remove(t->f, CGROUP "new.slice/cgroup.procs");
	fixture_remove(t->f, CGROUP "new.slice");
	end(t, "a");
	(void)survey_fixture_run(&t->s, false);
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void a_domains_own_slice_is_not_shielded(void **state)
{
	struct setting *t = *state;

	fixture_add(t->f, CGROUP "prod.slice/cgroup.procs = \n");
	host_systemd.units[4].name = "prod.slice";
	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	assert_property("prod.slice", "0-1");
	isolate(t, "b", "3");
	survey_fixture_claim(&t->s, "b", "shield", ISOLATION_SLICE, "prod.slice");
	assert_text(survey_fixture_run(&t->s, true),
		    "prod.slice 0-1 -> \nprod.slice/50-AllowedCPUs.conf set -> \n");
	assert_property("prod.slice", "");
}

static void an_undoing_that_was_cut_short_is_finished(void **state)
{
	struct setting *t = *state;

	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	end(t, "a");
	survey_fixture_killed(&t->s, false, 1);
	/* Killed when all CPUs had been written, and not "none" yet. */
	(void)snprintf(find_unit("user.slice")->cpus, 32, "0-7");
	write_drop_in("user.slice", "0-7");
	(void)survey_fixture_run(&t->s, false);
	assert_property("user.slice", "");
	assert_property("system.slice", "");
	assert_false(fixture_has(t->f, CONTROL "user.slice" DROP_IN));
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void a_taking_that_was_cut_short_is_undone(void **state)
{
	for (size_t writes = 0; writes < 3; writes++) {
		struct setting *t = *state;

		isolate(t, "a", "2-3");
		survey_fixture_killed(&t->s, true, writes);
		end(t, "a");
		(void)survey_fixture_run(&t->s, false);
		assert_property("init.scope", "");
		assert_property("user.slice", "");
		assert_false(fixture_has(t->f, CONTROL "init.scope" DROP_IN));
		assert_int_equal(t->s.ledger.n_entries, 0);
		ledger_remove_claim(&t->s.ledger,
				    ledger_find_domain(&t->s.ledger, "a")->id);
	}
}

static void cpus_that_come_online_are_the_hosts(void **state)
{
	struct setting *t = *state;

	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	fixture_add(t->f, "sys/devices/system/cpu/online = 0-4\n");
	assert_text(
		survey_fixture_run(&t->s, false),
		"init.scope 0-1 -> 0-1,4\nsystem.slice 0-1 -> 0-1,4\nuser.slice 0-1 -> 0-1,4\n");
}

static int survey_error(struct setting *t, struct error *err)
{
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_error_ struct error ignored = ERROR_NULL;

	assert_done(host_read(&t->s.root, &t->s.host, &ignored), &ignored);
	return resource_shield.survey(&t->s.host, &t->s.ledger, true, &changes, err);
}

static void a_systemd_that_does_not_answer_is_an_error(void **state)
{
	struct setting *t = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	isolate(t, "a", "2-3");
	host_systemd.get_fails = -ETIMEDOUT;
	assert_failed(survey_error(t, &err), -ETIMEDOUT, &err, "does not answer", NULL);
}

static int write_one(struct setting *t, const char *object, const char *to,
		     struct error *err)
{
	return resource_shield.write(&t->s.root, object, "", to, deadline_in_ms(50), err);
}

static void a_cpuset_that_does_not_follow_is_an_error(void **state)
{
	struct setting *t = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	host_systemd.kernel_sleeps = true;
	assert_failed(write_one(t, "system.slice", "0-1", &err), -EIO, &err,
		      "system.slice to '0-1', but the kernel has 'none'", NULL);
	host_systemd.set_fails = -EACCES;
	assert_failed(write_one(t, "system.slice", "0-1", &err), -EACCES, &err,
		      "systemd refuses", NULL);
}

static void a_unit_that_ends_before_it_is_written_is_fine(void **state)
{
	struct setting *t = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(write_one(t, "gone.slice", "0-1", &err), &err);
	assert_done(write_one(t, "gone.slice", "", &err), &err);
}

/* ---- without ---- */

static void groups_are_written_directly(void **state)
{
	struct setting *t = *state;
	_cleanup_free_ char *subtree = NULL;

	fixture_add(t->f, CGROUP "dev-hugepages.mount/cgroup.events = populated 1\n");
	host_systemd.busy = "system.slice";
	isolate(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true),
		    "cgroup.subtree_control  -> cpuset\ndev-hugepages.mount  -> 0-1\n"
		    "init.scope  -> 0-1\nsystem.slice  -> 0-1\nuser.slice  -> 0-1\n");
	assert_kernel(t, "user.slice", "0-1");
	assert_kernel(t, "machine.slice", NULL);
	assert_text(survey_fixture_run(&t->s, false), "");
	end(t, "a");
	assert_text(survey_fixture_run(&t->s, false),
		    "dev-hugepages.mount 0-1 -> \ninit.scope 0-1 -> \n"
		    "system.slice 0-1 -> \nuser.slice 0-1 -> \n"
		    "cgroup.subtree_control cpuset -> \n");
	assert_kernel(t, "user.slice", "");
	assert_kernel(t, "system.slice", "0-7");
	subtree = fixture_get(t->f, CGROUP "cgroup.subtree_control");
	assert_text(subtree, "memory\n");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void libvirts_groups_without_systemd_are_exempt(void **state)
{
	struct setting *t = *state;

	fixture_add(t->f, CGROUP "machine/cgroup.events = populated 1\n" CGROUP
				 "machine.partition/cgroup.events = populated 1\n" CGROUP
				 "machinery/cgroup.events = populated 1\n" CGROUP
				 "machinery/cgroup.procs = \n");
	isolate(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true),
		    "cgroup.subtree_control  -> cpuset\ninit.scope  -> 0-1\n"
		    "machinery  -> 0-1\nsystem.slice  -> 0-1\nuser.slice  -> 0-1\n");
}

static void a_controller_that_was_on_stays_on(void **state)
{
	struct setting *t = *state;
	_cleanup_free_ char *subtree = NULL;

	fixture_add(t->f, CGROUP "cgroup.subtree_control = cpuset memory\n");
	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	end(t, "a");
	(void)survey_fixture_run(&t->s, false);
	subtree = fixture_get(t->f, CGROUP "cgroup.subtree_control");
	assert_text(subtree, "cpuset memory\n");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void status_tells_what_is_where(void **state)
{
	struct setting *t = *state;
	_cleanup_strv_ struct strv lines = STRV_NULL;
	_cleanup_free_ char *text = NULL;

	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	fixture_set(t->f, CGROUP "user.slice/cpuset.cpus", "0-2\n");
	fixture_set(t->f, CGROUP "cgroup.procs", "50\n");
	fixture_set(t->f, "proc/50/stat", "50 (bash) S 1 50 50 0 -1 4194304 0 0\n");
	resource_shield.describe(&t->s.host, &t->s.ledger, t->s.ledger.claims, &lines);
	text = strv_join(&lines, "\n");
	assert_text(text, "shield: init.scope on 0-1\nshield: system.slice on 0-1\n"
			  "shield: user.slice on 0-2 (set by somebody else)\n"
			  "shield: 1 processes in the root cgroup, which has no limits");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup_systemd, teardown)
		T(units_leave_the_cpus_and_get_them_back),
		T(the_union_shrinks_with_each_domain),
		T(an_explicit_list_is_cut_and_comes_back),
		T(who_would_have_none_left_gets_the_others),
		T(a_drop_in_that_was_there_stays),
		T(what_the_administrator_sets_meanwhile_is_his),
		T(the_next_domain_cuts_it_and_gives_it_back),
		T(a_reload_that_brings_the_old_value_back_is_answered),
		T(a_slice_that_appears_is_taken_in),
		T(a_domains_own_slice_is_not_shielded),
		T(an_undoing_that_was_cut_short_is_finished),
		T(a_taking_that_was_cut_short_is_undone),
		T(cpus_that_come_online_are_the_hosts),
		T(a_systemd_that_does_not_answer_is_an_error),
		T(a_cpuset_that_does_not_follow_is_an_error),
		T(a_unit_that_ends_before_it_is_written_is_fine),
#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(groups_are_written_directly),
		T(libvirts_groups_without_systemd_are_exempt),
		T(a_controller_that_was_on_stays_on),
		T(status_tells_what_is_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

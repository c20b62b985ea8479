// SPDX-License-Identifier: LGPL-2.1-or-later

/* hosttune check: each rule finds what it is for, and nothing in a host and a domain without fault. */

#include <dlfcn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "check-case.h"
#include "common/alloc.h"
#include "common/json.h"
#include "common/program.h"
#include "hook/check.h"

/* ---- what is not of the tree ---- */

static const char *hosttune;
static const char *kargs_output; /* NULL: it cannot be run */
static const char *label; /* SELinux's, of every file; NULL: there is none */
static const char *no_library;

int __wrap_program_run(const struct program *program, char **ret_output,
		       struct error *err);
ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size);
void *__wrap_dlopen(const char *name, int flags);
void *__real_dlopen(const char *name, int flags);

int __wrap_program_run(const struct program *program, char **ret_output, struct error *err)
{
	assert_string_equal(program->argv->items[0], "/usr/sbin/kargs");
	assert_string_equal(program->argv->items[2], "--json");
	*ret_output = xstrdup(kargs_output ? kargs_output : "kargs: failed");
	return kargs_output ? 0 : error_set(err, -ECHILD, "ended with status 1");
}

ssize_t __wrap_fgetxattr(int fd _unused_, const char *name, void *value, size_t size)
{
	assert_string_equal(name, "security.selinux");
	if (!label) {
		errno = ENODATA;
		return -1;
	}
	assert_true(strlen(label) <= size);
	memcpy(value, label, strlen(label));
	return (ssize_t)strlen(label);
}

void *__wrap_dlopen(const char *name, int flags)
{
	return no_library && STREQ(name, no_library) ? NULL : __real_dlopen(name, flags);
}

static void reset(void)
{
	kargs_output = "{ \"only_next\": [], \"only_running\": [], \"findings\": [] }";
	label = "system_u:object_r:virt_hook_t:s0";
	no_library = NULL;
}

void check_kargs_say(const struct fixture *f _unused_)
{
	kargs_output =
		"{ \"only_next\": [\"quiet\"], \"only_running\": [\"iommu=pt\"], "
		"\"findings\": [ { \"good\": false, \"verdict\": \"no-effect\", "
		"\"argument\": \"isolcpus=2\", \"evidence\": \"isolated is empty\" } ] "
		"}";
}

void check_label_is_wrong(const struct fixture *f _unused_)
{
	label = "unconfined_u:object_r:user_home_t:s0";
}

void check_library_is_missing(const struct fixture *f _unused_)
{
	no_library = "libnuma.so.1";
}

/* ---- one case ---- */

static char *replaced(char *text, const char *from, const char *to)
{
	char *at, *result;

	if (!from)
		return text;
	at = strstr(text, from);
	if (!at)
		fail_msg("the domain has no %s", from);
	result = xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	free(text);
	return result;
}

struct outcome {
	struct guest guest;
	struct guests defined;
	struct host host;
	struct sysroot root;
	struct checking c;
};

static void look(const struct fixture *f, const struct check_case *test,
		 struct outcome *ret)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *xml = xstrdup(check_domain);

	*ret = (struct outcome){ .root = f->root };
	ret->root.is_host = test->is_host;
	ret->host.root = &ret->root;
	(void)host_read(&ret->root, &ret->host, &err);
	error_done(&err);
	guests_read(&ret->root, &ret->defined);
	ret->c = (struct checking){ .root = &ret->root,
				    .host = &ret->host,
				    .defined = &ret->defined };
	if (!test->alone) {
		xml = replaced(xml, test->from, test->to);
		xml = replaced(xml, test->from2, test->to2);
		assert_done(guest_read(xml, strlen(xml), &ret->guest, &err), &err);
		ret->c.guest = &ret->guest;
		ret->c.needs = check_needs(&ret->guest);
	} else {
		for (size_t i = 0; i < ret->defined.n; i++)
			ret->c.needs |= check_needs(&ret->defined.items[i]);
	}
	check_run(&ret->c);
}

static void outcome_done(struct outcome *o)
{
	checking_done(&o->c);
	guest_done(&o->guest);
	guests_done(&o->defined);
	host_done(&o->host);
}

static const struct finding *find(const struct checking *c, const char *id)
{
	for (size_t i = 0; i < c->n_findings; i++) {
		if (STREQ(c->findings[i].rule->id, id) && !c->findings[i].unknown)
			return &c->findings[i];
	}
	return NULL;
}

static bool complain(const struct check_case *test, const char *problem, const char *text)
{
	print_error("%s (host: %.60s; domain: %.60s): %s%s\n", test->id,
		    test->host ? test->host : "", test->to ? test->to : "", problem,
		    text);
	return false;
}

static bool is_as_expected(const struct check_case *test, const struct finding *finding)
{
	if (test->silent)
		return !finding || complain(test, "found: ", finding->what);
	if (!finding)
		return complain(test, "not found", "");
	if (test->what && !strstr(finding->what, test->what))
		return complain(test, "is something else: ", finding->what);
	if (test->severity && !STREQ(severity_name(finding->severity), test->severity))
		return complain(test, "is of severity ", severity_name(finding->severity));
	if (strstr(finding->remedy, "{}") || !*finding->remedy || !*finding->rule->why)
		return complain(test, "has no remedy, or not what it is about: ",
				finding->remedy);
	return !strstr(finding->what, "(null)") || complain(test, "", finding->what);
}

static void make_host(const struct fixture *f, const struct check_case *test)
{
	_cleanup_free_ char *text =
		xasprintf("%s%s", check_host, test->host ? test->host : "");

	reset();
	fixture_add(f, text);
	check_install(f, "etc/libvirt/hooks/qemu", HOSTTUNE_VERSION, 0755);
	if (test->prepare)
		test->prepare(f);
}

static bool look_at(const struct fixture *f, const struct check_case *test)
{
	struct outcome outcome;
	bool good;

	look(f, test, &outcome);
	good = is_as_expected(test, find(&outcome.c, test->id));
	outcome_done(&outcome);
	return good;
}

static bool run_case(const struct check_case *test)
{
	void *state;
	bool good;

	assert_int_equal(fixture_setup(&state), 0);
	make_host(state, test);
	good = look_at(state, test);
	assert_int_equal(fixture_teardown(&state), 0);
	return good;
}

/* Rules change nothing: cases that do not want another host share one. */
static void run_cases(const struct fixture *f, const struct check_case *cases, size_t n)
{
	static const struct check_case as_it_is = { .id = "" };
	size_t bad = 0;

	make_host(f, &as_it_is);
	for (size_t i = 0; i < n; i++) {
		reset();
		bad += !(cases[i].host || cases[i].prepare ? run_case(&cases[i]) :
							     look_at(f, &cases[i]));
	}
	assert_int_equal(bad, 0);
}

static void rules_of_the_host_find_what_they_are_for(void **state)
{
	run_cases(*state, check_host_cases, n_check_host_cases);
}

static void rules_of_domains_find_what_they_are_for(void **state)
{
	run_cases(*state, check_domain_cases, n_check_domain_cases);
}

/* ---- all rules ---- */

static void nothing_is_found_where_nothing_is_wrong(void **state)
{
	const struct fixture *f = *state;
	static const struct check_case as_it_is = { .id = "" };
	struct outcome outcome;

	make_host(f, &as_it_is);
	look(f, &as_it_is, &outcome);
	for (size_t i = 0; i < outcome.c.n_findings; i++) {
		const struct finding *finding = &outcome.c.findings[i];

		/* Another root's kargs is not run, which is said. */
		if (!finding->unknown || !strstr(finding->what, "kargs is not run"))
			print_error("%s: %s\n", finding->rule->id, finding->what);
	}
	assert_int_equal(outcome.c.n_findings, 2);
	outcome_done(&outcome);
}

static bool has_case(const struct check_case *cases, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++) {
		if (STREQ(cases[i].id, id) && !cases[i].silent)
			return true;
	}
	return false;
}

static bool is_rule(const char *id)
{
	for (size_t a = 0; a < n_check_areas; a++) {
		for (size_t i = 0; i < *check_areas[a].n; i++) {
			if (STREQ(check_areas[a].rules[i].id, id))
				return true;
		}
	}
	return false;
}

static void every_rule_is_listed_once_and_has_a_case(void **state)
{
	_cleanup_strv_ struct strv ids = STRV_NULL;
	_cleanup_free_ char *command = xasprintf("'%s' check --list", hosttune);
	char line[1024];
	FILE *list;

	(void)state;
	list = popen(command, "re"); /* NOLINT(cert-env33-c): a program of ours */
	assert_non_null(list);
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, " \n")] = '\0';
		if (strv_contains(&ids, line))
			fail_msg("'%s' is listed twice", line);
		strv_push(&ids, line);
	}
	assert_int_equal(pclose(list), 0);
	assert_true(ids.n >= 60);
	strv_for_each(id, &ids) {
		if (!has_case(check_host_cases, n_check_host_cases, id) &&
		    !has_case(check_domain_cases, n_check_domain_cases, id))
			fail_msg("rule '%s' has no case", id);
		assert_true(is_rule(id));
	}
	for (size_t a = 0; a < n_check_areas; a++) {
		for (size_t i = 0; i < *check_areas[a].n; i++)
			assert_true(strv_contains(&ids, check_areas[a].rules[i].id));
	}
}

static void every_case_is_of_a_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_check_host_cases; i++)
		assert_true(is_rule(check_host_cases[i].id));
	for (size_t i = 0; i < n_check_domain_cases; i++)
		assert_true(is_rule(check_domain_cases[i].id));
}

static void findings_come_by_severity_and_then_in_the_order_of_rules(void **state)
{
	const struct fixture *f = *state;
	static const struct check_case bare = { .id = "" };
	struct outcome outcome;
	int last = SEVERITY_ERROR;

	reset();
	look(f, &bare, &outcome); /* an empty tree */
	assert_true(outcome.c.n_findings > 5);
	for (size_t i = 0; i < outcome.c.n_findings; i++) {
		const struct finding *finding = &outcome.c.findings[i];
		int rank = finding->unknown ? -1 : (int)finding->severity;

		assert_true(rank <= last);
		last = rank;
	}
	assert_int_equal(last, -1);
	outcome_done(&outcome);
}

static size_t count_unknown(const struct checking *c, const char *id)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_findings; i++)
		n += c->findings[i].unknown && STREQ(c->findings[i].rule->id, id);
	return n;
}

/* ---- what cannot be seen ---- */

/* Directories in place of files: not even root can read them. */
static void what_cannot_be_read_is_unknown_and_not_good(void **state)
{
	const struct fixture *f = *state;
	static const struct check_case as_it_is = { .id = "" };
	static const struct {
		const char *id, *path;
	} unreadable[] = {
		{ "virtualization-off", "proc/cpuinfo" },
		{ "interrupt-remapping-off", "proc/interrupts" },
		{ "unsafe-interrupts",
		  "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts" },
		{ "acs-override", "proc/cmdline" },
		{ "thp-always", "sys/kernel/mm/transparent_hugepage/enabled" },
		{ "ksm-on", "sys/kernel/mm/ksm/run" },
		{ "numa-balancing-on", "proc/sys/kernel/numa_balancing" },
		{ "swappiness-high", "proc/meminfo" },
		{ "cpuset-missing", "sys/fs/cgroup/cgroup.controllers" },
		{ "aio-limit", "proc/sys/fs/aio-max-nr" },
		{ "io-scheduler-bfq", "sys/block/nvme0n1/queue/scheduler" },
		{ "governor-lowest",
		  "sys/devices/system/cpu/cpufreq/policy0/scaling_driver" },
		{ "clock-slow",
		  "sys/devices/system/clocksource/clocksource0/current_clocksource" },
		{ "device-without-reset",
		  "sys/devices/pci0000:00/0000:02:00.0/reset_method" },
		{ "device-far", "sys/devices/pci0000:00/0000:02:00.0/numa_node" },
		{ "kernel-modules-gone", "proc/sys/kernel/osrelease" },
	};
	struct outcome outcome;

	reset();
	fixture_add(f, check_host);
	for (size_t i = 0; i < ARRAY_SIZE(unreadable); i++) {
		_cleanup_free_ char *dir = xasprintf("%s/x/", unreadable[i].path);
		_cleanup_free_ char *line = xasprintf("%s\n", dir);

		fixture_remove(f, unreadable[i].path);
		fixture_add(f, line);
	}
	look(f, &as_it_is, &outcome);
	for (size_t i = 0; i < ARRAY_SIZE(unreadable); i++) {
		const char *id = unreadable[i].id;

		if (count_unknown(&outcome.c, id) != 1 || find(&outcome.c, id))
			fail_msg("%s: no unknown finding, or another", id);
	}
	outcome_done(&outcome);
}

static void text_that_is_no_number_is_unknown(void **state)
{
	const struct fixture *f = *state;
	static const struct check_case as_it_is = { .id = "" };
	static const char *const ids[] = { "swappiness-high", "numa-balancing-on",
					   "nmi-watchdog", "aio-limit", "cpus-offline" };
	struct outcome outcome;

	reset();
	fixture_add(f, check_host);
	fixture_add(f, "proc/sys/kernel/numa_balancing = -1\n"
		       "proc/sys/kernel/nmi_watchdog =\n"
		       "proc/sys/fs/aio-max-nr = 99999999999999999999999999\n"
		       "proc/meminfo = SwapTotal: kB\n"
		       "sys/devices/system/cpu/offline = 8-\n");
	look(f, &as_it_is, &outcome);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		if (count_unknown(&outcome.c, ids[i]) != 1)
			fail_msg("%s: is not unknown", ids[i]);
	}
	outcome_done(&outcome);
}

static void huge_files_are_not_read(void **state)
{
	const struct fixture *f = *state;
	static const struct check_case as_it_is = { .id = "" };
	size_t size = (17U << 20);
	_cleanup_free_ char *bytes = xmalloc(size);
	struct outcome outcome;

	reset();
	memset(bytes, 'f', size);
	fixture_add(f, check_host);
	fixture_write(f, "proc/interrupts", bytes, size);
	fixture_write(f, "etc/modprobe.d/x.conf", bytes, size);
	fixture_write(f, "etc/libvirt/qemu/x.xml", bytes, size);
	look(f, &as_it_is, &outcome);
	assert_int_equal(count_unknown(&outcome.c, "interrupt-remapping-off"), 1);
	assert_int_equal(count_unknown(&outcome.c, "vfio-disabled"), 1);
	assert_non_null(find(&outcome.c, "domain-unreadable"));
	outcome_done(&outcome);
}

static void a_kargs_that_fails_is_unknown(void **state)
{
	const struct fixture *f = *state;
	static const struct check_case on_the_host = { .id = "", .is_host = true };
	struct outcome outcome;

	reset();
	kargs_output = NULL;
	fixture_add(f, check_host);
	look(f, &on_the_host, &outcome);
	assert_int_equal(count_unknown(&outcome.c, "kernel-arguments-pending"), 1);
	assert_int_equal(count_unknown(&outcome.c, "kernel-arguments-ineffective"), 1);
	outcome_done(&outcome);
	kargs_output = "{ \"only_next\": 7, \"findings\": [ 3, { \"good\": 1 } ] }";
	look(f, &on_the_host, &outcome);
	assert_null(find(&outcome.c, "kernel-arguments-pending"));
	outcome_done(&outcome);
}

static void a_label_that_cannot_be_read_is_unknown(void **state)
{
	const struct fixture *f = *state;
	static const struct check_case as_it_is = { .id = "" };
	struct outcome outcome;

	reset();
	label = NULL;
	fixture_add(f, check_host);
	fixture_add(f, "sys/fs/selinux/enforce = 1\n");
	check_install(f, "etc/libvirt/hooks/qemu", HOSTTUNE_VERSION, 0755);
	look(f, &as_it_is, &outcome);
	assert_int_equal(count_unknown(&outcome.c, "hook-label"), 1);
	outcome_done(&outcome);
}

int main(int argc, char *argv[])
{
#define WITH_TREE(test) \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_TREE(rules_of_the_host_find_what_they_are_for),
		WITH_TREE(rules_of_domains_find_what_they_are_for),
		WITH_TREE(nothing_is_found_where_nothing_is_wrong),
		cmocka_unit_test(every_rule_is_listed_once_and_has_a_case),
		cmocka_unit_test(every_case_is_of_a_rule),
		WITH_TREE(findings_come_by_severity_and_then_in_the_order_of_rules),
		WITH_TREE(what_cannot_be_read_is_unknown_and_not_good),
		WITH_TREE(text_that_is_no_number_is_unknown),
		WITH_TREE(huge_files_are_not_read),
		WITH_TREE(a_kargs_that_fails_is_unknown),
		WITH_TREE(a_label_that_cannot_be_read_is_unknown),
	};
	_cleanup_error_ struct error err = ERROR_NULL;

	if (argc != 2 || json_load(&err) < 0)
		return 2;
	hosttune = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

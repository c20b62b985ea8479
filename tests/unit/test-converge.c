// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * Making the host what the ledger says.
 *
 * Every write to the tree comes through the recorder below, which the linker puts before
 * sysroot_write(). It can refuse the n-th write or end the process at it, and does what
 * the kernel does when a PCI device is bound or unbound.
 */

#include <signal.h>
#include <stdio.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/json.h"
#include "common/log.h"
#include "hook/converge.h"
#include "hook/operation.h"
#include "hook/pci-address.h"
#include "tree-fixture.h"

#define CPUFREQ "sys/devices/system/cpu/cpufreq"
#define LEDGER "run/hosttune/ledger.json"
#define BOOT_ID "11111111-2222-3333-4444-555555555555"
#define DEVICE "sys/bus/pci/devices/0000:01:00.0"

/* Two policies with a preference each, and one PCI device. */
static const char tree[] =
	"sys/devices/system/cpu/online = 0-3\n"
	"sys/devices/system/cpu/possible = 0-3\n"
	"sys/devices/system/node/has_memory = 0\n" CPUFREQ
	"/policy{0..2..2}/scaling_driver = intel_pstate\n" CPUFREQ
	"/policy{0..2..2}/scaling_governor = powersave\n" CPUFREQ
	"/policy{0..2..2}/scaling_available_governors = "
	"powersave conservative schedutil ondemand performance\n" CPUFREQ
	"/policy{0..2..2}/energy_performance_preference = balance_power\n" CPUFREQ
	"/policy{0..2..2}/energy_performance_available_preferences = "
	"performance balance_power power\n" CPUFREQ
	"/policy0/affected_cpus = 0 1\n" CPUFREQ "/policy2/affected_cpus = 2 3\n" DEVICE
	"/vendor = 0x10de\n" DEVICE "/device = 0x2684\n" DEVICE
	"/class = 0x030000\n" DEVICE "/driver -> ../drivers/nouveau\n" DEVICE
	"/driver_override = (null)\n"
	"sys/bus/pci/drivers/nouveau/bind =\n"
	"sys/bus/pci/drivers/nouveau/unbind =\n"
	"sys/bus/pci/drivers/vfio-pci/bind =\n"
	"sys/bus/pci/drivers/vfio-pci/unbind =\n"
	"sys/bus/pci/drivers/nvidia/bind =\n"
	"sys/bus/pci/drivers/nvidia/unbind =\n"
	"proc/sys/kernel/random/boot_id = " BOOT_ID "\n"
	"run/\n";

/* ---- the recorder ---- */

struct recorder {
	unsigned n; /* writes so far */
	unsigned fail_at; /* refuse the n-th write; 0: none */
	unsigned ignore_at; /* say it is done, and do nothing */
	unsigned deny_at; /* do it, and say it was refused */
	unsigned die_before, die_after; /* end the process at the n-th write */
	char text[8192]; /* "path=value" of each, a line each */
};

/* Children write too. */
static struct recorder *recorder;

int __real_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...) _printf_(3, 4);
int __wrap_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...) _printf_(3, 4);

static void note(const char *path, const char *value)
{
	size_t n = strlen(recorder->text);

	/* A blank line of the value is what clears an override. */
	(void)snprintf(recorder->text + n, sizeof(recorder->text) - n, "%s=%s\n", path,
		       STREQ(value, "\n") ? "\\n" : value);
}

/* What the kernel does: 0, or the errno of the write. */
static int react(const struct sysroot *root, const char *path, const char *value)
{
	_cleanup_strv_ struct strv parts = STRV_NULL;
	_cleanup_free_ char *link =
		xasprintf("/proc/self/fd/%d/sys/bus/pci/devices/%s/driver", root->fd,
			  value);
	_cleanup_free_ char *target = NULL;

	strv_split(&parts, path, "/");
	if (parts.n != 6 || !STREQ(parts.items[3], "drivers"))
		return 0;
	if (STREQ(parts.items[5], "unbind"))
		return unlink(link) < 0 ? -ENODEV : 0;
	target = xasprintf("../drivers/%s", parts.items[4]);
	return symlink(target, link) < 0 ? -EBUSY : 0;
}

int __wrap_sysroot_write(const struct sysroot *root, const char *value, const char *fmt,
			 ...)
{
	_cleanup_free_ char *path = NULL, *stored = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	path = xvasprintf(fmt, ap);
	va_end(ap);
	recorder->n++;
	note(path, value);
	if (recorder->n == recorder->die_before)
		_exit(42);
	if (recorder->n == recorder->fail_at)
		return -EBUSY;
	if (recorder->n == recorder->ignore_at)
		return 0;
	r = react(root, path, value);
	/*
	 * An attribute shows a final newline, and an override that is cleared as
	 * "(null)".
	 */
	stored = xasprintf("%s\n", STREQ(value, "\n") ? "(null)" : value);
	if (r == 0)
		r = __real_sysroot_write(root, stored, "%s", path);
	if (recorder->n == recorder->die_after)
		_exit(42);
	return recorder->n == recorder->deny_at ? -EBUSY : r;
}

static void reset_recorder(void)
{
	memset(recorder, 0, sizeof(*recorder));
}

/* Exactly these writes were made since the last call. */
static void assert_writes(const char *expected)
{
	assert_string_equal(recorder->text, expected);
	reset_recorder();
}

/* ---- the host ---- */

static int setup(void **state)
{
	struct error err = ERROR_NULL;
	int r = fixture_setup(state);

	log_setup(LOG_TO_NOTHING, LOG_ERR);
	if (!recorder)
		recorder = unit_shared(sizeof(*recorder));
	reset_recorder();
	if (r == 0) {
		r = json_load(&err);
		fixture_add(*state, tree);
	}
	return r;
}

/* One whose governors bring no preference with them. */
static void use_plain_driver(const struct fixture *f)
{
	fixture_add(f, CPUFREQ "/policy{0..2..2}/scaling_driver = cppc_cpufreq\n");
}

/* All that is not ours. */
static char *host_state(const struct fixture *f)
{
	return fixture_dump(f, CPUFREQ);
}

static void assert_attribute(const struct fixture *f, const char *path,
			     const char *expected)
{
	_cleanup_free_ char *value = NULL;

	assert_int_equal(sysroot_read(&f->root, &value, "%s", path), 0);
	if (!STREQ(value, expected))
		fail_msg("%s is '%s', not '%s'", path, value, expected);
}

#define assert_governor(f, expected) \
	assert_attribute((f), CPUFREQ "/policy0/scaling_governor", (expected))
#define set_governor(f, value) \
	fixture_set((f), CPUFREQ "/policy0/scaling_governor", value "\n")

/* ---- operations on it ---- */

struct call {
	const struct fixture *f;
	const char *domain; /* its name */
	const char *governor; /* attributes of <governor> */
};

static int prepare(const struct fixture *f, const char *name, const char *governor,
		   struct error *err)
{
	_cleanup_free_ char *xml = xasprintf(
		"<domain><name>%s</name><uuid>uuid-of-%s</uuid><metadata>"
		"<host xmlns='urn:hosttune:1'><governor %s/></host></metadata></domain>",
		name, name, governor);
	_cleanup_domain_ struct domain domain = { 0 };

	return domain_read(xml, strlen(xml), &domain, err) < 0 ?
		       -EINVAL :
		       operation_prepare(&f->root, &domain, err);
}

static void take(const struct fixture *f, const char *name, const char *governor)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(prepare(f, name, governor, &err), &err);
}

static void give(const struct fixture *f, const char *name)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(operation_release(&f->root, name, &err), &err);
}

static void sync_host(const struct fixture *f)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(operation_sync(&f->root, &err), &err);
}

static void read_ledger(const struct fixture *f, struct ledger *ret)
{
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(store_open(&f->root, false, &store, &err), &err);
	assert_done(store_peek(&store, &err), &err);
	*ret = store.ledger;
	store.ledger = (struct ledger){ 0 };
}

static void write_ledger(const struct fixture *f, const struct ledger *ledger)
{
	_cleanup_free_ char *text = ledger_format(ledger);
	_cleanup_free_ char *dir = fixture_path(f, "run/hosttune");
	_cleanup_free_ char *path = fixture_path(f, LEDGER);

	fixture_set(f, LEDGER, text);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chmod(dir, 0700), 0);
}

/* ---- taking and giving ---- */

static void what_is_taken_is_given_back(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *before = host_state(f), *after = NULL;
	_cleanup_ledger_ struct ledger ledger = { 0 };

	take(f, "a", "cpuset='0-3'");
	assert_writes(CPUFREQ
		      "/policy0/scaling_governor=performance\n" CPUFREQ
		      "/policy0/energy_performance_preference=performance\n" CPUFREQ
		      "/policy2/scaling_governor=performance\n" CPUFREQ
		      "/policy2/energy_performance_preference=performance\n");
	read_ledger(f, &ledger);
	assert_int_equal(ledger.n_claims, 1);
	assert_int_equal(ledger.claims[0].state, CLAIM_LIVE);
	assert_int_equal(ledger.claims[0].n_wishes, 4);
	assert_int_equal(ledger.n_entries, 4);
	assert_string_equal(ledger.entries[0].baseline, "powersave");
	/* It is in effect: what was there before does not matter any more. */
	assert_string_equal(ledger.entries[0].previous, "performance");
	assert_string_equal(ledger.entries[0].written, "performance");

	give(f, "uuid-of-a");
	assert_writes(CPUFREQ
		      "/policy0/scaling_governor=powersave\n" CPUFREQ
		      "/policy0/energy_performance_preference=balance_power\n" CPUFREQ
		      "/policy2/scaling_governor=powersave\n" CPUFREQ
		      "/policy2/energy_performance_preference=balance_power\n");
	after = host_state(f);
	assert_string_equal(before, after);
	assert_false(fixture_has(f, LEDGER));
}

static void what_is_there_already_is_not_written(void **state)
{
	const struct fixture *f = *state;

	take(f, "a", "name='powersave' cpuset='0'");
	assert_writes("");
	give(f, "a");
	assert_writes("");
	assert_false(fixture_has(f, LEDGER));
}

static void a_domain_without_claim_gives_nothing_back(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_int_equal(operation_release(&f->root, "a", &err), 1);
	assert_text(err.cause, NULL);
	take(f, "a", "cpuset='0'");
	assert_int_equal(operation_release(&f->root, "b", &err), 1);
	assert_governor(f, "performance");
}

/* Every pair of wishes, and every order of taking and giving. */
static void two_claims_merge_and_part_in_any_order(void **state)
{
	const struct fixture *f = *state;
	static const char *const values[] = { "powersave", "conservative", "schedutil",
					      "performance" };
	_cleanup_free_ char *before = NULL;

	use_plain_driver(f);
	before = host_state(f);
	for (size_t i = 0; i < ARRAY_SIZE(values) * ARRAY_SIZE(values) * 2; i++) {
		size_t a = i / 2 % ARRAY_SIZE(values), b = i / 2 / ARRAY_SIZE(values);
		_cleanup_free_ char *wish_a =
			xasprintf("name='%s' cpuset='0'", values[a]);
		_cleanup_free_ char *wish_b =
			xasprintf("name='%s' epp='power' cpuset='0-1'", values[b]);
		_cleanup_free_ char *after = NULL;

		take(f, "a", wish_a);
		assert_governor(f, values[a]);
		take(f, "b", wish_b);
		assert_governor(f, values[MAX(a, b)]);
		give(f, i % 2 ? "a" : "b");
		assert_governor(f, values[i % 2 ? b : a]);
		give(f, i % 2 ? "b" : "a");
		after = host_state(f);
		assert_string_equal(before, after);
		assert_false(fixture_has(f, LEDGER));
	}
}

static void preparing_again_takes_anew(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *before = host_state(f), *after = NULL;
	_cleanup_ledger_ struct ledger ledger = { 0 };

	take(f, "a", "cpuset='0-3'");
	take(f, "a", "name='schedutil' cpuset='0'");
	assert_governor(f, "schedutil");
	assert_attribute(f, CPUFREQ "/policy2/scaling_governor", "powersave");
	read_ledger(f, &ledger);
	assert_int_equal(ledger.n_claims, 1);
	assert_int_equal(ledger.n_entries, 1);
	give(f, "a");
	after = host_state(f);
	assert_string_equal(before, after);
}

static void every_claim_can_be_given_back_at_once(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *before = host_state(f), *after = NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	take(f, "a", "name='schedutil' cpuset='0-3'");
	take(f, "b", "cpuset='0'");
	/* Neither has had the time to start. */
	assert_done(operation_release_all(&f->root, true, &err), &err);
	assert_governor(f, "performance");
	assert_done(operation_release_all(&f->root, false, &err), &err);
	after = host_state(f);
	assert_string_equal(before, after);
	assert_false(fixture_has(f, LEDGER));
}

/* ---- drift ---- */

static void what_somebody_else_wrote_is_kept(void **state)
{
	const struct fixture *f = *state;

	take(f, "a", "cpuset='0'");
	set_governor(f, "ondemand");
	reset_recorder();
	give(f, "a");
	assert_writes(CPUFREQ "/policy0/energy_performance_preference=balance_power\n");
	assert_governor(f, "ondemand");
	assert_false(fixture_has(f, LEDGER));
}

static void taking_makes_it_the_baseline(void **state)
{
	const struct fixture *f = *state;

	take(f, "a", "cpuset='0'");
	set_governor(f, "ondemand");
	take(f, "b", "cpuset='0'");
	assert_governor(f, "performance");
	give(f, "a");
	assert_governor(f, "performance");
	give(f, "b");
	assert_governor(f, "ondemand");
}

static void drift_is_listed(void **state)
{
	const struct fixture *f = *state;
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_changes_ struct changes none = { 0 }, changes = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	const struct host host = { .root = &f->root };

	take(f, "a", "cpuset='0'");
	read_ledger(f, &ledger);
	assert_done(converge_drift(&host, &ledger, &none, &err), &err);
	assert_int_equal(none.n, 0);
	assert_done(converge_check(&host, &ledger, &ledger.claims[0], &err), &err);
	set_governor(f, "ondemand");
	assert_done(converge_drift(&host, &ledger, &changes, &err), &err);
	assert_int_equal(changes.n, 1);
	assert_string_equal(changes.items[0].object, "policy0");
	assert_string_equal(changes.items[0].before, "performance");
	assert_string_equal(changes.items[0].after, "ondemand");
	assert_failed(converge_check(&host, &ledger, &ledger.claims[0], &err), -ESTALE,
		      &err, "governor: policy0 is 'ondemand' now, not 'performance'",
		      NULL);
	ledger_add_entry(&ledger, "teapot", "o", "x");
	assert_failed(converge_drift(&host, &ledger, &changes, &err), -EINVAL, &err,
		      "unknown resource 'teapot'", NULL);
}

static void what_is_gone_needs_nothing_given_back(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *dir = fixture_path(f, CPUFREQ "/policy2");
	_cleanup_free_ char *away = fixture_path(f, "away");

	take(f, "a", "cpuset='0-3'");
	assert_int_equal(rename(dir, away), 0); /* its CPUs went offline */
	reset_recorder();
	give(f, "a");
	assert_writes(CPUFREQ "/policy0/scaling_governor=powersave\n" CPUFREQ
			      "/policy0/energy_performance_preference=balance_power\n");
	assert_false(fixture_has(f, LEDGER));
}

/* ---- failures ---- */

static void a_refused_write_gives_everything_back(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *before = host_state(f);

	for (unsigned n = 1; n <= 4; n++) {
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_free_ char *after = NULL;

		reset_recorder();
		recorder->fail_at = n;
		assert_failed(prepare(f, "a", "cpuset='0-3'", &err), -EBUSY, &err,
			      "governor: failed to write 'performance'", NULL);
		after = host_state(f);
		assert_string_equal(before, after);
		assert_false(fixture_has(f, LEDGER));
	}
}

static void a_refused_write_does_not_touch_other_claims(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_ledger_ struct ledger ledger = { 0 };

	take(f, "a", "name='schedutil' cpuset='0'");
	reset_recorder();
	recorder->fail_at = 2;
	assert_failed(prepare(f, "b", "cpuset='0-3'", &err), -EBUSY, &err,
		      "governor: ", NULL);
	assert_governor(f, "schedutil");
	read_ledger(f, &ledger);
	assert_int_equal(ledger.n_claims, 1);
	assert_string_equal(ledger.claims[0].domain, "a");
	assert_int_equal(ledger.n_entries, 1);
	give(f, "a");
	assert_governor(f, "powersave");
}

static void what_cannot_be_given_back_stays_in_the_ledger(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *before = host_state(f);

	for (unsigned n = 1; n <= 4; n++) {
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_ledger_ struct ledger ledger = { 0 };
		_cleanup_free_ char *after = NULL;

		take(f, "a", "cpuset='0-3'");
		reset_recorder();
		recorder->fail_at = n;
		assert_failed(operation_release(&f->root, "a", &err), -EBUSY, &err,
			      "governor: failed to write", NULL);
		assert_int_equal(recorder->n, 4); /* it went on */
		read_ledger(f, &ledger);
		assert_int_equal(ledger.n_claims, 1);
		assert_int_equal(ledger.claims[0].state, CLAIM_RELEASING);
		assert_contains(ledger.claims[0].problem, "governor: failed to write");
		assert_int_equal(ledger.claims[0].n_wishes, 1);
		assert_int_equal(ledger.n_entries, 1);
		sync_host(f);
		after = host_state(f);
		assert_string_equal(before, after);
		assert_false(fixture_has(f, LEDGER));
	}
}

/*
 * The entry says what was going to be written for the other claim, until giving that back
 * finds nothing to write.
 */
static void a_refused_write_is_no_drift_of_other_claims(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_changes_ struct changes changes = { 0 };
	const struct host host = { .root = &f->root };

	take(f, "a", "name='schedutil' cpuset='0'");
	reset_recorder();
	recorder->fail_at = 1;
	assert_failed(prepare(f, "b", "cpuset='0'", &err), -EBUSY, &err,
		      "governor: ", NULL);
	assert_governor(f, "schedutil");
	read_ledger(f, &ledger);
	assert_done(converge_check(&host, &ledger, &ledger.claims[0], &err), &err);
	assert_done(converge_drift(&host, &ledger, &changes, &err), &err);
	assert_int_equal(changes.n, 0);
}

static void a_write_without_effect_is_a_failure(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *before = host_state(f), *after = NULL;

	recorder->ignore_at = 2;
	assert_failed(prepare(f, "a", "cpuset='0'", &err), -EIO, &err,
		      "governor: policy0/epp is 'balance_power' after 'performance' was "
		      "written",
		      NULL);
	after = host_state(f);
	assert_string_equal(before, after);
	assert_false(fixture_has(f, LEDGER));
}

static void a_refused_write_of_what_is_there_is_none(void **state)
{
	const struct fixture *f = *state;

	recorder->deny_at = 1;
	take(f, "a", "cpuset='0'");
	assert_governor(f, "performance");
	give(f, "a");
	assert_governor(f, "powersave");
}

/* ---- crashes ---- */

static int call_prepare(void *arg)
{
	const struct call *call = arg;
	struct error err = ERROR_NULL;

	return prepare(call->f, call->domain, call->governor, &err) < 0 ? 1 : 0;
}

static int call_release(void *arg)
{
	const struct call *call = arg;
	struct error err = ERROR_NULL;

	return operation_release(&call->f->root, call->domain, &err) < 0 ? 1 : 0;
}

/* Ends the process at each write of @fn in turn, before (@after: after) it. */
static void die_at(unsigned n, bool after, int (*fn)(void *), struct call *call)
{
	reset_recorder();
	if (after)
		recorder->die_after = n;
	else
		recorder->die_before = n;
	assert_int_equal(unit_exit_status(unit_run(fn, call)), 42);
	reset_recorder();
}

static void a_prepare_that_died_anywhere_is_given_back(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *before = host_state(f);
	struct call call = { f, "a", "cpuset='0-3'" };

	for (unsigned n = 1; n <= 4; n++) {
		for (int after = 0; after < 2; after++) {
			_cleanup_free_ char *state_after = NULL;

			die_at(n, after, call_prepare, &call);
			assert_true(fixture_has(f, LEDGER));
			sync_host(f);
			state_after = host_state(f);
			assert_string_equal(before, state_after);
			assert_false(fixture_has(f, LEDGER));
		}
	}
}

static void a_release_that_died_anywhere_is_finished(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *before = host_state(f);
	struct call call = { f, "a", NULL };

	for (unsigned n = 1; n <= 4; n++) {
		for (int after = 0; after < 2; after++) {
			_cleanup_free_ char *state_after = NULL;

			take(f, "a", "cpuset='0-3'");
			die_at(n, after, call_release, &call);
			assert_true(fixture_has(f, LEDGER));
			sync_host(f);
			state_after = host_state(f);
			assert_string_equal(before, state_after);
			assert_false(fixture_has(f, LEDGER));
		}
	}
}

/*
 * Nor does the next claim that goes live settle, as what is in effect, what was never
 * written: that would make somebody else's of what the living claim wrote.
 */
static void a_crash_beside_another_claim_leaves_that_alone(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *before = NULL;
	struct call call = { f, "b", "epp='performance' cpuset='0-3'" };

	use_plain_driver(f);
	before = host_state(f);
	for (unsigned n = 1; n <= 4; n++) {
		for (int after = 0; after < 2; after++) {
			_cleanup_ledger_ struct ledger ledger = { 0 };
			_cleanup_free_ char *state_after = NULL;

			take(f, "a", "name='schedutil' epp='power' cpuset='0-3'");
			die_at(n, after, call_prepare, &call);
			/* Whoever comes next finishes it. */
			take(f, "c", "name='conservative' epp='power' cpuset='0'");
			assert_governor(f, "schedutil");
			assert_attribute(f, CPUFREQ "/policy2/scaling_governor",
					 "schedutil");
			read_ledger(f, &ledger);
			assert_int_equal(ledger.n_claims, 2);
			give(f, "a");
			assert_governor(f, "conservative");
			give(f, "c");
			state_after = host_state(f);
			assert_string_equal(before, state_after);
		}
	}
}

/* One row of what a crash can leave: all combinations of these. */
struct remains {
	const char *previous, *written, *current;
	enum claim_state state;
	bool beside; /* another claim lives, which wants schedutil */
};

static void leave(const struct fixture *f, const struct remains *r)
{
	_cleanup_ledger_ struct ledger ledger = { .boot_id = xstrdup(BOOT_ID) };
	_cleanup_free_ char *current = xasprintf("%s\n", r->current);
	struct claim *claim = ledger_add_claim(&ledger, "dead", "uuid");
	struct entry *entry;

	claim->state = r->state;
	claim_add_wish(claim, "governor", "policy0", "performance");
	if (r->beside) {
		claim = ledger_add_claim(&ledger, "alive", "uuid-2");
		claim->state = CLAIM_LIVE;
		claim_add_wish(claim, "governor", "policy0", "schedutil");
	}
	entry = ledger_add_entry(&ledger, "governor", "policy0", "powersave");
	ledger_set(&entry->previous, r->previous);
	ledger_set(&entry->written, r->written);
	write_ledger(f, &ledger);
	fixture_set(f, CPUFREQ "/policy0/scaling_governor", current);
}

/*
 * What must be there afterwards: ours is replaced by what is wanted now, the rest is
 * kept.
 */
static const char *expected_after(const struct remains *r)
{
	const char *wanted = r->beside ? "schedutil" : "powersave";

	return STREQ(r->current, r->previous) || STREQ(r->current, r->written) ?
		       wanted :
		       r->current;
}

static void check_remains(const struct fixture *f, const struct remains *r)
{
	_cleanup_ledger_ struct ledger ledger = { 0 };

	leave(f, r);
	sync_host(f);
	assert_governor(f, expected_after(r));
	assert_int_equal(fixture_has(f, LEDGER), r->beside);
	if (!r->beside)
		return;
	read_ledger(f, &ledger);
	assert_int_equal(ledger.n_claims, 1);
	assert_string_equal(ledger.claims[0].domain, "alive");
	assert_int_equal(ledger.n_entries, 1);
	assert_string_equal(ledger.entries[0].baseline, "powersave");
	fixture_remove(f, LEDGER);
}

static void whatever_a_crash_left_is_put_right(void **state)
{
	const struct fixture *f = *state;
	static const char *const v[] = { "powersave", "performance", "schedutil",
					 "ondemand" };
	const size_t n = ARRAY_SIZE(v);

	for (size_t i = 0; i < n * n * n * 4; i++) {
		const struct remains r = {
			.previous = v[i % n],
			.written = v[i / n % n],
			.current = v[i / n / n % n],
			.state = i / n / n / n % 2 ? CLAIM_PREPARING : CLAIM_RELEASING,
			.beside = i / n / n / n / 2,
		};

		check_remains(f, &r);
	}
}

static void a_live_claim_is_left_alone(void **state)
{
	const struct fixture *f = *state;
	const struct remains r = { "powersave", "performance", "performance", CLAIM_LIVE,
				   false };

	leave(f, &r);
	sync_host(f);
	assert_governor(f, "performance");
	assert_writes("");
	assert_true(fixture_has(f, LEDGER));
}

struct worker {
	const struct fixture *f;
	uint64_t claim;
	volatile int *ready;
};

static int work_on_claim(void *arg)
{
	const struct worker *w = arg;
	struct store store = STORE_NULL;
	struct error err = ERROR_NULL;

	if (store_open(&w->f->root, true, &store, &err) < 0 ||
	    store_claim_lock(&store, w->claim, 0) < 0)
		return 1;
	*w->ready = 1;
	for (;;)
		(void)pause();
}

static void a_claim_that_somebody_works_on_is_his(void **state)
{
	const struct fixture *f = *state;
	const struct remains r = { "powersave", "performance", "performance",
				   CLAIM_PREPARING, false };
	struct worker worker = { .f = f, .ready = unit_shared(sizeof(int)) };
	_cleanup_ledger_ struct ledger ledger = { 0 };
	pid_t pid;

	leave(f, &r);
	read_ledger(f, &ledger);
	worker.claim = ledger.claims[0].id;
	pid = unit_run(work_on_claim, &worker);
	for (int i = 0; !*worker.ready && i < 10000; i++)
		deadline_sleep_ms(UINT64_MAX, 1);
	sync_host(f);
	assert_governor(f, "performance");
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(unit_exit_status(pid), 128 + SIGKILL);
	sync_host(f);
	assert_governor(f, "powersave");
	assert_false(fixture_has(f, LEDGER));
}

static void an_unknown_resource_stays_and_is_reported(void **state)
{
	const struct fixture *f = *state;
	_cleanup_ledger_ struct ledger ledger = { .boot_id = xstrdup(BOOT_ID) },
				       after = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	struct claim *claim = ledger_add_claim(&ledger, "a", "uuid");

	claim_add_wish(claim, "governor", "policy0", "performance");
	claim_add_wish(claim, "teapot", "kitchen", "hot");
	ledger_set(&ledger_add_entry(&ledger, "governor", "policy0", "powersave")->written,
		   "performance");
	set_governor(f, "performance");
	write_ledger(f, &ledger);
	assert_failed(operation_sync(&f->root, &err), -EBUSY, &err, "not finished", NULL);
	assert_governor(f, "powersave");
	read_ledger(f, &after);
	assert_int_equal(after.n_claims, 1);
	assert_int_equal(after.claims[0].n_wishes, 1);
	assert_string_equal(after.claims[0].wishes[0].resource, "teapot");
	assert_text(after.claims[0].problem, "not finished");
}

/* ---- a PCI device ---- */

static void set_driver(const struct fixture *f, const char *driver)
{
	_cleanup_free_ char *text =
		xasprintf(DEVICE "/driver -> ../drivers/%s\n", driver);

	if (fixture_has(f, DEVICE "/driver"))
		fixture_remove(f, DEVICE "/driver");
	if (*driver)
		fixture_add(f, text);
}

/* A claim of the device for vfio-pci that died with this driver and override in place. */
static void leave_device(const struct fixture *f, const char *baseline,
			 const char *driver, const char *override)
{
	_cleanup_ledger_ struct ledger ledger = { .boot_id = xstrdup(BOOT_ID) };
	struct claim *claim = ledger_add_claim(&ledger, "dead", "uuid");
	_cleanup_free_ char *text = xasprintf("%s\n", override);

	claim_add_wish(claim, "passthrough", "0000:01:00.0/driver_override", "vfio-pci");
	claim_add_wish(claim, "passthrough", "0000:01:00.0", "vfio-pci");
	ledger_set(&ledger_add_entry(&ledger, "passthrough",
				     "0000:01:00.0/driver_override", "(null)")
			    ->written,
		   "vfio-pci");
	ledger_set(&ledger_add_entry(&ledger, "passthrough", "0000:01:00.0", baseline)
			    ->written,
		   "vfio-pci");
	write_ledger(f, &ledger);
	set_driver(f, driver);
	fixture_set(f, DEVICE "/driver_override", text);
	reset_recorder();
}

static void assert_driver(const struct fixture *f, const char *expected)
{
	_cleanup_free_ char *target = NULL,
			    *wanted = xasprintf("../drivers/%s", expected);

	if (*expected) {
		assert_int_equal(sysroot_readlink(&f->root, &target, DEVICE "/driver"), 0);
		assert_string_equal(target, wanted);
	} else {
		assert_false(fixture_has(f, DEVICE "/driver"));
	}
}

#define CLEAR DEVICE "/driver_override=\\n\n"
#define UNBIND(driver) "sys/bus/pci/drivers/" driver "/unbind=0000:01:00.0\n"
#define BIND(driver) "sys/bus/pci/drivers/" driver "/bind=0000:01:00.0\n"

static void a_device_is_restored_from_every_state(void **state)
{
	const struct fixture *f = *state;
	static const struct {
		const char *baseline, *driver, *override; /* found */
		const char *after, *writes;
	} cases[] = {
		/* Nothing was done yet. */
		{ "nouveau", "nouveau", "(null)", "nouveau", "" },
		/* The override only. */
		{ "nouveau", "nouveau", "vfio-pci", "nouveau", CLEAR },
		/* Half-way: unbound from the one, not yet bound to the other. */
		{ "nouveau", "", "vfio-pci", "nouveau", CLEAR BIND("nouveau") },
		{ "nouveau", "", "(null)", "nouveau", BIND("nouveau") },
		/* All of it. */
		{ "nouveau", "vfio-pci", "vfio-pci", "nouveau",
		  CLEAR UNBIND("vfio-pci") BIND("nouveau") },
		{ "nouveau", "vfio-pci", "(null)", "nouveau",
		  UNBIND("vfio-pci") BIND("nouveau") },
		/* It had no driver before. */
		{ "", "vfio-pci", "vfio-pci", "", CLEAR UNBIND("vfio-pci") },
		{ "", "", "vfio-pci", "", CLEAR },
		/* Somebody else's by now. */
		{ "nouveau", "nvidia", "vfio-pci", "nvidia", CLEAR },
		{ "nouveau", "nvidia", "nvidia", "nvidia", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		leave_device(f, cases[i].baseline, cases[i].driver, cases[i].override);
		sync_host(f);
		assert_writes(cases[i].writes);
		assert_driver(f, cases[i].after);
		assert_false(fixture_has(f, LEDGER));
	}
}

static void a_device_that_is_held_is_not_unbound(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_ledger_ struct ledger ledger = { 0 };

	leave_device(f, "nouveau", "nvidia", "(null)");
	read_ledger(f, &ledger);
	ledger_set(&ledger.entries[1].written,
		   "nvidia"); /* not a vfio driver: no patience */
	write_ledger(f, &ledger);
	fixture_add(f, DEVICE "/drm/card0/dev = 226:0\n" DEVICE
			      "/drm/card0/uevent = DEVNAME=dri/card0\n"
			      "proc/100/comm = Xorg\nproc/100/fd/3 -> /dev/dri/card0\n");
	assert_failed(operation_sync(&f->root, &err), -EBUSY, &err,
		      "passthrough: device 0000:01:00.0: held open by Xorg (pid 100)",
		      NULL);
	assert_writes("");
	assert_driver(f, "nvidia");
	fixture_remove(f, "proc/100/fd/3");
	sync_host(f);
	assert_writes(UNBIND("nvidia") BIND("nouveau"));
	assert_driver(f, "nouveau");
}

static void a_device_that_is_gone_needs_nothing(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *dir = fixture_path(f, DEVICE),
			    *away = fixture_path(f, "away");

	leave_device(f, "nouveau", "vfio-pci", "vfio-pci");
	assert_int_equal(rename(dir, away), 0);
	sync_host(f);
	assert_writes("");
	assert_false(fixture_has(f, LEDGER));
}

static void a_refused_bind_is_tried_again(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;

	leave_device(f, "nouveau", "vfio-pci", "(null)");
	recorder->fail_at = 2;
	assert_failed(operation_sync(&f->root, &err), -EBUSY, &err,
		      "failed to bind it to 'nouveau'", NULL);
	assert_driver(f, "");
	reset_recorder();
	sync_host(f);
	assert_writes(BIND("nouveau"));
	assert_driver(f, "nouveau");
	assert_false(fixture_has(f, LEDGER));
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(what_is_taken_is_given_back),
		TREE_TEST(what_is_there_already_is_not_written),
		TREE_TEST(a_domain_without_claim_gives_nothing_back),
		TREE_TEST(two_claims_merge_and_part_in_any_order),
		TREE_TEST(preparing_again_takes_anew),
		TREE_TEST(every_claim_can_be_given_back_at_once),
		TREE_TEST(what_somebody_else_wrote_is_kept),
		TREE_TEST(taking_makes_it_the_baseline),
		TREE_TEST(drift_is_listed),
		TREE_TEST(what_is_gone_needs_nothing_given_back),
		TREE_TEST(a_refused_write_gives_everything_back),
		TREE_TEST(a_refused_write_does_not_touch_other_claims),
		TREE_TEST(what_cannot_be_given_back_stays_in_the_ledger),
		TREE_TEST(a_refused_write_is_no_drift_of_other_claims),
		TREE_TEST(a_write_without_effect_is_a_failure),
		TREE_TEST(a_refused_write_of_what_is_there_is_none),
		TREE_TEST(a_prepare_that_died_anywhere_is_given_back),
		TREE_TEST(a_release_that_died_anywhere_is_finished),
		TREE_TEST(a_crash_beside_another_claim_leaves_that_alone),
		TREE_TEST(whatever_a_crash_left_is_put_right),
		TREE_TEST(a_live_claim_is_left_alone),
		TREE_TEST(a_claim_that_somebody_works_on_is_his),
		TREE_TEST(an_unknown_resource_stays_and_is_reported),
		TREE_TEST(a_device_is_restored_from_every_state),
		TREE_TEST(a_device_that_is_held_is_not_unbound),
		TREE_TEST(a_device_that_is_gone_needs_nothing),
		TREE_TEST(a_refused_bind_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

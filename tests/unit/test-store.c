// SPDX-License-Identifier: LGPL-2.1-or-later

/* The ledger's place. */

#include <fcntl.h>
#include <signal.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/json.h"
#include "common/log.h"
#include "hook/store.h"
#include "tree-fixture.h"

#define DIR "run/hosttune"
#define LEDGER DIR "/ledger.json"
#define BOOT_ID "11111111-2222-3333-4444-555555555555"

static int setup(void **state)
{
	int r = fixture_setup(state);

	log_setup(LOG_TO_NOTHING, LOG_ERR);
	if (r == 0)
		fixture_add(*state, "proc/sys/kernel/random/boot_id = " BOOT_ID "\n"
				    "run/\n");
	return r;
}

static uint64_t soon(void)
{
	return deadline_in_ms(20000);
}

static void open_store(const struct fixture *f, bool create, struct store *ret)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(store_open(&f->root, create, ret, &err), &err);
}

static void begin(struct store *store)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(store_begin(store, soon(), &err), &err);
}

static void save(struct store *store)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(store_save(store, &err), &err);
}

/* Leaves a ledger with one claim in the tree. */
static void make_ledger(const struct fixture *f)
{
	_cleanup_store_ struct store store = STORE_NULL;

	open_store(f, true, &store);
	begin(&store);
	ledger_add_claim(&store.ledger, "win11", "uuid");
	save(&store);
	store_end(&store);
}

static mode_t mode_of(const struct fixture *f, const char *path)
{
	_cleanup_free_ char *full = fixture_path(f, path);
	struct stat st;

	assert_int_equal(lstat(full, &st), 0);
	return st.st_mode & 07777;
}

static void set_mode(const struct fixture *f, const char *path, mode_t mode)
{
	_cleanup_free_ char *full = fixture_path(f, path);

	assert_int_equal(chmod(full, mode), 0);
}

static size_t count_aside(const struct fixture *f)
{
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_strv_ struct strv names = STRV_NULL;

	open_store(f, false, &store);
	assert_int_equal(store_list_aside(&store, &names), 0);
	strv_for_each(name, &names)
		assert_true(str_has_prefix(name, "ledger.json.aside-"));
	return names.n;
}

/* ---- another process ---- */

struct holder {
	const struct fixture *f;
	volatile int *ready;
	uint64_t claim; /* 0: the ledger's lock */
};

static int hold(void *arg)
{
	struct holder *h = arg;
	struct store store = STORE_NULL;
	struct error err = ERROR_NULL;

	if (store_open(&h->f->root, true, &store, &err) < 0)
		return 1;
	if (h->claim ? store_claim_lock(&store, h->claim, 0) < 0 :
		       store_begin(&store, 0, &err) < 0)
		return 2;
	*h->ready = 1;
	for (;;)
		(void)pause();
}

static pid_t start_holder(struct holder *h, const struct fixture *f)
{
	pid_t pid;

	h->f = f;
	h->ready = unit_shared(sizeof(*h->ready));
	pid = unit_run(hold, h);
	for (int i = 0; !*h->ready && i < 10000; i++)
		deadline_sleep_ms(UINT64_MAX, 1);
	assert_true(*h->ready);
	return pid;
}

static void end_holder(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(unit_exit_status(pid), 128 + SIGKILL);
}

/* ---- the directory and the ledger ---- */

static void the_directory_is_made_on_demand(void **state)
{
	const struct fixture *f = *state;
	_cleanup_store_ struct store without = STORE_NULL, with = STORE_NULL;

	open_store(f, false, &without);
	assert_int_equal(without.dir, -1);
	assert_false(fixture_has(f, DIR));
	open_store(f, true, &with);
	assert_true(with.dir >= 0);
	assert_string_equal(with.boot_id, BOOT_ID);
	assert_int_equal(mode_of(f, DIR), 0700);
	assert_int_equal(mode_of(f, DIR "/lock"), 0600);
	assert_int_equal(mode_of(f, DIR "/claims.lock"), 0600);
	assert_false(fixture_has(f, LEDGER));
}

static void no_directory_is_an_empty_ledger(void **state)
{
	const struct fixture *f = *state;
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	open_store(f, false, &store);
	begin(&store);
	assert_int_equal(store.ledger.n_claims, 0);
	assert_string_equal(store.ledger.boot_id, BOOT_ID);
	store_end(&store);
	assert_done(store_peek(&store, &err), &err);
	assert_int_equal(count_aside(f), 0);
	assert_false(fixture_has(f, DIR));
}

static void what_is_saved_is_read(void **state)
{
	const struct fixture *f = *state;
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	make_ledger(f);
	assert_int_equal(mode_of(f, LEDGER), 0600);
	assert_false(fixture_has(f, LEDGER ".new"));
	open_store(f, false, &store);
	assert_done(store_peek(&store, &err), &err);
	assert_int_equal(store.ledger.n_claims, 1);
	assert_string_equal(store.ledger.claims[0].domain, "win11");
	begin(&store);
	assert_int_equal(store.ledger.n_claims, 1);
	ledger_add_entry(&store.ledger, "r", "o", "b");
	store_end(&store);
	begin(&store); /* what was not saved is not there */
	assert_int_equal(store.ledger.n_entries, 0);
	store_end(&store);
	assert_int_equal(count_aside(f), 0);
}

static void an_empty_ledger_is_no_file(void **state)
{
	const struct fixture *f = *state;
	_cleanup_store_ struct store store = STORE_NULL;

	make_ledger(f);
	open_store(f, false, &store);
	begin(&store);
	ledger_remove_claim(&store.ledger, store.ledger.claims[0].id);
	save(&store);
	assert_false(fixture_has(f, LEDGER));
	save(&store); /* there is none already */
	ledger_add_entry(&store.ledger, "r", "o", "b");
	save(&store);
	assert_true(fixture_has(f, LEDGER));
	store_end(&store);
}

static void what_a_dead_process_left_is_replaced(void **state)
{
	const struct fixture *f = *state;

	make_ledger(f);
	fixture_set(f, LEDGER ".new", "half of a led");
	make_ledger(f);
	assert_false(fixture_has(f, LEDGER ".new"));
	assert_int_equal(count_aside(f), 0);
}

/* The ledger that is there now: set aside by store_begin(), refused by store_peek(). */
static void assert_not_used(const struct fixture *f, const char *why)
{
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	size_t n = count_aside(f);

	open_store(f, false, &store);
	assert_true(store_peek(&store, &err) < 0);
	assert_contains(err.cause, "ledger '/run/hosttune/ledger.json' cannot be used: ");
	assert_contains(err.cause, why);
	assert_int_equal(store.ledger.n_claims, 0);
	assert_true(fixture_has(f, LEDGER));

	begin(&store);
	assert_int_equal(store.ledger.n_claims, 0);
	assert_string_equal(store.ledger.boot_id, BOOT_ID);
	store_end(&store);
	assert_false(fixture_has(f, LEDGER));
	assert_int_equal(count_aside(f), n + 1);
}

static void a_damaged_ledger_is_set_aside(void **state)
{
	const struct fixture *f = *state;
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "it is not JSON" },
		{ "{", "it is not JSON" },
		{ "{}", "it has no version" },
		{ "{\"version\":1,\"boot_id\":\"" BOOT_ID "\"}", "a member is missing" },
	};

	make_ledger(f);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fixture_set(f, LEDGER, cases[i].text);
		set_mode(f, LEDGER, 0600);
		assert_not_used(f, cases[i].why);
	}
	assert_int_equal(count_aside(f), ARRAY_SIZE(cases));
}

/* The other version's baselines are still good: whoever has it can use them. */
static void a_ledger_of_another_version_stays(void **state)
{
	const struct fixture *f = *state;
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *text = NULL;
	struct holder holder = { 0 };

	make_ledger(f);
	fixture_set(f, LEDGER, "{\"version\":2}");
	set_mode(f, LEDGER, 0600);
	open_store(f, false, &store);
	assert_failed(store_begin(&store, soon(), &err), -EPROTONOSUPPORT, &err,
		      "ledger '/run/hosttune/ledger.json': its version is 2, not 1",
		      NULL);
	text = fixture_get(f, LEDGER);
	assert_text(text, "{\"version\":2}");
	assert_int_equal(count_aside(f), 0);
	/* The lock is free: another process comes as far as the ledger. */
	fixture_remove(f, LEDGER);
	end_holder(start_holder(&holder, f));
}

/* What it holds does not count, though nobody could write that down. */
static void a_claim_that_is_given_back_does_not_count(void **state)
{
	const struct fixture *f = *state;
	_cleanup_store_ struct store store = STORE_NULL;

	make_ledger(f);
	open_store(f, false, &store);
	begin(&store);
	assert_int_equal(store.ledger.claims[0].state, CLAIM_PREPARING);
	store.giving = store.ledger.claims[0].id;
	store_end(&store);
	begin(&store);
	assert_int_equal(store.ledger.claims[0].state, CLAIM_RELEASING);
	store_end(&store);
}

static void the_text_of_a_ledger_set_aside_is_kept(void **state)
{
	const struct fixture *f = *state;
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_strv_ struct strv names = STRV_NULL;
	_cleanup_free_ char *path = NULL, *text = NULL;

	make_ledger(f);
	fixture_set(f, LEDGER, "damaged");
	set_mode(f, LEDGER, 0600);
	open_store(f, false, &store);
	begin(&store);
	store_end(&store);
	assert_int_equal(store_list_aside(&store, &names), 0);
	assert_int_equal(names.n, 1);
	path = xasprintf(DIR "/%s", names.items[0]);
	text = fixture_get(f, path);
	assert_text(text, "damaged");
}

static void a_ledger_of_another_boot_is_set_aside(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *text = NULL;

	make_ledger(f);
	text = fixture_get(f, LEDGER);
	strstr(text, BOOT_ID)[0] = '9';
	fixture_set(f, LEDGER, text);
	assert_not_used(f, "it is of another boot");
}

static void a_ledger_that_others_can_write_is_set_aside(void **state)
{
	const struct fixture *f = *state;
	static const mode_t modes[] = { 0620, 0602, 0666, 0777 };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		make_ledger(f);
		set_mode(f, LEDGER, modes[i]);
		assert_not_used(f, "it is not a file of root's alone");
	}
	make_ledger(f);
	set_mode(f, LEDGER, 0644);
	make_ledger(f); /* reads it, and adds to it */
	assert_int_equal(count_aside(f), ARRAY_SIZE(modes));
}

static void a_ledger_of_another_user_is_set_aside(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *path = fixture_path(f, LEDGER);

	if (geteuid() != 0) {
		unit_skip("only root can give files away");
		return;
	}
	make_ledger(f);
	assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
	assert_not_used(f, "it is not a file of root's alone");
}

static void what_is_no_file_is_set_aside(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *path = fixture_path(f, LEDGER);

	make_ledger(f);
	fixture_remove(f, LEDGER);
	fixture_add(f, "elsewhere = {}\n" LEDGER " -> /elsewhere\n");
	assert_not_used(f, "it cannot be opened: Too many levels of symbolic links");
	assert_true(fixture_has(f, "elsewhere"));
	fixture_add(f, LEDGER "/\n");
	assert_not_used(f, "it is not a file of root's alone");
	(void)alarm(10); /* nobody writes into the pipe */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_not_used(f, "it is not a file of root's alone");
	(void)alarm(0);
}

static void assert_not_opened(const struct fixture *f, bool create, int code,
			      const char *cause, const char *remedy)
{
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_failed(store_open(&f->root, create, &store, &err), code, &err, cause,
		      remedy);
}

static void a_directory_that_others_can_write_is_refused(void **state)
{
	const struct fixture *f = *state;
	static const mode_t modes[] = { 0770, 0702, 01777 };

	make_ledger(f);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		set_mode(f, DIR, modes[i]);
		assert_not_opened(f, true, -EPERM, "'/run/hosttune' is not root's alone",
				  "see who made it, then remove it");
		assert_not_opened(f, false, -EPERM, "is not root's alone", "remove it");
	}
	set_mode(f, DIR, 0755);
	make_ledger(f);
}

static void a_directory_of_another_user_is_refused(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *path = fixture_path(f, DIR);

	if (geteuid() != 0) {
		unit_skip("only root can give directories away");
		return;
	}
	make_ledger(f);
	assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
	assert_not_opened(f, true, -EPERM, "'/run/hosttune' is not root's alone",
			  "see who made it");
}

static void a_linked_directory_is_refused(void **state)
{
	const struct fixture *f = *state;

	fixture_add(f, "elsewhere/\n" DIR " -> /elsewhere\n");
	assert_not_opened(f, true, -EPERM, "'/run/hosttune' is not a directory",
			  "see who made it, then remove it");
	assert_not_opened(f, false, -EPERM, "'/run/hosttune' is not a directory",
			  "see who made it, then remove it");
	assert_false(fixture_has(f, "elsewhere/lock"));
	fixture_remove(f, DIR);
	fixture_set(f, DIR, "a file");
	assert_not_opened(f, true, -EPERM, "'/run/hosttune' is not a directory",
			  "then remove it");
}

static void assert_bad_lock(const struct fixture *f)
{
	assert_not_opened(f, true, -EPERM,
			  "'/run/hosttune/lock' is not a file of root's alone",
			  "see who made it, then remove it");
}

static void linked_locks_are_refused(void **state)
{
	const struct fixture *f = *state;

	make_ledger(f);
	fixture_remove(f, DIR "/lock");
	fixture_add(f, DIR "/lock -> /elsewhere\n");
	assert_bad_lock(f);
	fixture_remove(f, DIR "/lock");
	fixture_remove(f, DIR "/claims.lock");
	fixture_add(f, DIR "/claims.lock -> /elsewhere\n");
	assert_not_opened(f, true, -EPERM, "'/run/hosttune/claims.lock' is not a file",
			  "remove it");
	assert_false(fixture_has(f, "elsewhere"));
}

/* Whoever can open it could hold it for ever. */
static void locks_that_are_not_ours_alone_are_refused(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *lock = fixture_path(f, DIR "/lock"),
			    *other = fixture_path(f, "other");

	make_ledger(f);
	set_mode(f, DIR "/lock", 0622);
	assert_bad_lock(f);
	set_mode(f, DIR "/lock", 0600);
	assert_int_equal(link(lock, other), 0);
	assert_bad_lock(f);
	fixture_remove(f, DIR "/lock");
	fixture_add(f, DIR "/lock/\n");
	assert_bad_lock(f);
	fixture_remove(f, DIR "/lock");
	(void)alarm(10); /* nobody writes into the pipe */
	assert_int_equal(mkfifo(lock, 0600), 0);
	assert_bad_lock(f);
	(void)alarm(0);
	fixture_remove(f, DIR "/lock");
	make_ledger(f);
	if (geteuid() != 0) {
		unit_skip("only root can give files away");
		return;
	}
	assert_int_equal(chown(lock, 65534, (gid_t)-1), 0);
	assert_bad_lock(f);
}

static void a_ledger_with_another_name_is_set_aside(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *ledger = fixture_path(f, LEDGER),
			    *other = fixture_path(f, "other");

	make_ledger(f);
	assert_int_equal(link(ledger, other), 0);
	assert_not_used(f, "it is not a file of root's alone");
	assert_true(fixture_has(f, "other"));
}

static void a_root_without_run_or_boot_id_is_an_error(void **state)
{
	const struct fixture *f = *state;

	fixture_remove(f, "run");
	assert_not_opened(f, true, -ENOENT, "failed to open '/run'", NULL);
	fixture_remove(f, "proc/sys/kernel/random/boot_id");
	assert_not_opened(f, false, -ENOENT, "failed to read the boot id", NULL);
}

static void a_ledger_that_cannot_be_written_is_an_error(void **state)
{
	const struct fixture *f = *state;
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	open_store(f, true, &store);
	begin(&store);
	ledger_add_claim(&store.ledger, "x", "y");
	fixture_add(f, LEDGER ".new/\n"); /* a directory cannot be unlinked */
	assert_failed(store_save(&store, &err), -EISDIR, &err,
		      "failed to write '/run/hosttune/ledger.json'", NULL);
	fixture_remove(f, LEDGER ".new");
	fixture_add(f, LEDGER "/\n");
	assert_failed(store_save(&store, &err), -EISDIR, &err, "failed to write", NULL);
	assert_false(fixture_has(f, LEDGER ".new"));
	ledger_remove_claim(&store.ledger, store.ledger.claims[0].id);
	assert_failed(store_save(&store, &err), -EISDIR, &err,
		      "failed to remove '/run/hosttune/ledger.json'", NULL);
	store_end(&store);
}

/* ---- locks ---- */

static void waiting_for_the_lock_has_an_end(void **state)
{
	const struct fixture *f = *state;
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	struct holder holder = { 0 };
	uint64_t start;
	pid_t pid;

	make_ledger(f);
	open_store(f, true, &store);
	pid = start_holder(&holder, f);
	start = unit_now_ms();
	assert_failed(store_begin(&store, deadline_in_ms(60), &err), -ETIMEDOUT, &err,
		      "another hosttune process holds the lock for too long",
		      "fuser -v /run/hosttune/lock");
	assert_in_range(unit_now_ms() - start, 59, 10000);
	/* A look needs no lock. */
	assert_done(store_peek(&store, &err), &err);
	assert_int_equal(store.ledger.n_claims, 1);
	end_holder(pid);
	begin(&store);
	store_end(&store);
}

static void claims_have_their_own_locks(void **state)
{
	const struct fixture *f = *state;
	_cleanup_store_ struct store store = STORE_NULL;
	struct holder holder = { .claim = UINT64_C(123456789012345) };
	pid_t pid;

	open_store(f, true, &store);
	pid = start_holder(&holder, f);
	assert_int_equal(store_claim_lock(&store, holder.claim, 0), -ETIMEDOUT);
	assert_int_equal(store_claim_lock(&store, holder.claim, deadline_in_ms(30)),
			 -ETIMEDOUT);
	assert_int_equal(store_claim_lock(&store, holder.claim + 1, 0), 0);
	assert_true(store_claim_is_locked(&store, holder.claim));
	assert_false(store_claim_is_locked(&store, holder.claim + 1)); /* ours */
	assert_int_equal(store_pools_lock(&store, 0), 0);
	store_pools_unlock(&store);
	begin(&store); /* the ledger's lock is another one */
	store_end(&store);
	end_holder(pid);
	assert_false(store_claim_is_locked(&store, holder.claim));
	assert_int_equal(store_claim_lock(&store, holder.claim, 0), 0);
	store_claim_unlock(&store, holder.claim);
}

/* The lock is dropped when the ledger can neither be used nor set aside. */
static void a_failed_begin_holds_no_lock(void **state)
{
	const struct fixture *f = *state;
	_cleanup_store_ struct store store = STORE_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	struct holder holder = { 0 };

	if (geteuid() == 0) {
		unit_skip("nothing is read-only to root");
		return;
	}
	make_ledger(f);
	open_store(f, true, &store);
	fixture_set(f, LEDGER, "damaged");
	set_mode(f, DIR, 0500);
	assert_failed(store_begin(&store, soon(), &err), -EACCES, &err, "nor set aside",
		      NULL);
	set_mode(f, DIR, 0700);
	fixture_remove(f, LEDGER);
	end_holder(start_holder(&holder, f));
}

#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(the_directory_is_made_on_demand),
		STORE_TEST(no_directory_is_an_empty_ledger),
		STORE_TEST(what_is_saved_is_read),
		STORE_TEST(an_empty_ledger_is_no_file),
		STORE_TEST(what_a_dead_process_left_is_replaced),
		STORE_TEST(a_damaged_ledger_is_set_aside),
		STORE_TEST(a_ledger_of_another_version_stays),
		STORE_TEST(a_claim_that_is_given_back_does_not_count),
		STORE_TEST(the_text_of_a_ledger_set_aside_is_kept),
		STORE_TEST(a_ledger_of_another_boot_is_set_aside),
		STORE_TEST(a_ledger_that_others_can_write_is_set_aside),
		STORE_TEST(a_ledger_of_another_user_is_set_aside),
		STORE_TEST(what_is_no_file_is_set_aside),
		STORE_TEST(a_directory_that_others_can_write_is_refused),
		STORE_TEST(a_directory_of_another_user_is_refused),
		STORE_TEST(a_linked_directory_is_refused),
		STORE_TEST(linked_locks_are_refused),
		STORE_TEST(locks_that_are_not_ours_alone_are_refused),
		STORE_TEST(a_ledger_with_another_name_is_set_aside),
		STORE_TEST(a_root_without_run_or_boot_id_is_an_error),
		STORE_TEST(a_ledger_that_cannot_be_written_is_an_error),
		STORE_TEST(waiting_for_the_lock_has_an_end),
		STORE_TEST(claims_have_their_own_locks),
		STORE_TEST(a_failed_begin_holds_no_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Telling a running irqbalance which CPUs to leave alone; here it is a child of the test. */

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/alloc.h"
#include "hook/irqbalance.h"
#include "survey-fixture.h"

#define OBJECT "irqbalance77"
#define SOCKET "run/irqbalance/" OBJECT ".sock"

/* What it says, and was told; shared with the child. */
static struct {
	char banned[64];
	char told[1024]; /* all requests but "setup", one for each line */
	char uid_seen[16];
	bool silent; /* takes requests and never answers */
	int n_setups;
} * daemon_state;

struct test {
	struct fixture *f;
	struct survey_fixture s;
	pid_t pid; /* of the child; 0: none */
};

/* ---- the daemon ---- */

static void serve(int fd)
{
	char request[512] = { 0 }, answer[256];
	char control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec iov = { request, sizeof(request) - 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	const struct cmsghdr *header;
	struct ucred from = { .uid = (uid_t)-1 };
	size_t n = strlen(daemon_state->told);

	if (recvmsg(fd, &message, 0) <= 0)
		return;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_CREDENTIALS)
		memcpy(&from, CMSG_DATA(header), sizeof(from));
	(void)snprintf(daemon_state->uid_seen, sizeof(daemon_state->uid_seen), "%u",
		       from.uid);
	if (!STREQ(request, "setup")) {
		(void)snprintf(daemon_state->told + n, sizeof(daemon_state->told) - n,
			       "%s\n", request);
		return;
	}
	daemon_state->n_setups++;
	while (daemon_state->silent)
		(void)pause();
	(void)snprintf(answer, sizeof(answer), "SLEEP 10 IRQ 24 LOAD 17 DIFF 0 %s",
		       daemon_state->banned);
	(void)!write(fd, answer, strlen(answer));
}

static int run_daemon(void *arg)
{
	int fd = *(const int *)arg;

	for (;;) {
		int connection = accept(fd, NULL, NULL);

		if (connection < 0)
			return 1;
		serve(connection);
		(void)close(connection);
	}
}

static void start_daemon(struct test *t, const char *banned)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_free_ char *path = fixture_path(t->f, SOCKET);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int on = 1;

	memset(daemon_state, 0, sizeof(*daemon_state));
	(void)snprintf(daemon_state->banned, sizeof(daemon_state->banned), "%s", banned);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fixture_add(t->f, "run/irqbalance/\n");
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	assert_int_equal(listen(fd, 1), 0);
	t->pid = unit_run(run_daemon, &fd);
}

static void stop_daemon(struct test *t)
{
	if (!t->pid)
		return;
	(void)kill(t->pid, SIGKILL);
	(void)unit_exit_status(t->pid);
	t->pid = 0;
}

/* It looks around, and what it was told is in effect. */
static void set_banned(const char *banned)
{
	(void)snprintf(daemon_state->banned, sizeof(daemon_state->banned), "%s", banned);
}

/* What it was told since the last call; it has to be asked something first. */
static void assert_told(const char *expected)
{
	for (int i = 0; i < 200 && !STREQ(daemon_state->told, expected); i++)
		(void)usleep(10000);
	assert_text(daemon_state->told, expected);
	daemon_state->told[0] = '\0';
}

/* ---- the test ---- */

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));
	void *f;
	int r = fixture_setup(&f);

	if (r < 0)
		return r;
	t->f = f;
	fixture_add(f, "sys/devices/system/cpu/online = 0-3\n"
		       "sys/devices/system/cpu/possible = 0-3\n"
		       "sys/devices/system/node/has_memory = 0\n"
		       "proc/irq/\n");
	survey_fixture_setup(&t->s, f, &resource_irq);
	if (!daemon_state)
		daemon_state = unit_shared(sizeof(*daemon_state));
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;
	void *f = t->f;

	stop_daemon(t);
	survey_fixture_done(&t->s);
	free(t);
	return fixture_teardown(&f);
}

static void isolate(struct test *t, const char *domain, const char *cpus)
{
	survey_fixture_claim(&t->s, domain, "irq", "cpus", cpus);
}

static void it_is_told_and_told_back(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *uid = xasprintf("%u", getuid());

	start_daemon(t, "BANNED 00000000");
	isolate(t, "a", "2-3");
	assert_text(survey_fixture_run(&t->s, true), OBJECT " configured -> 2-3\n");
	assert_told("settings cpus 2-3\n");
	assert_text(daemon_state->uid_seen, uid);

	/* That is known, and not asked again. */
	daemon_state->n_setups = 0;
	assert_text(survey_fixture_run(&t->s, false), "");
	assert_int_equal(daemon_state->n_setups, 0);

	set_banned("BANNED 0000000c");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), OBJECT " 2-3 -> configured\n");
	assert_told("settings cpus NULL\n");

	/* It says so ten seconds later; until then that is not to be taken for a baseline. */
	assert_text(survey_fixture_entry(&t->s, OBJECT), "configured|configured|2-3");
	set_banned("BANNED 00000000");
	assert_text(survey_fixture_run(&t->s, false), "");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void one_that_lags_behind_keeps_its_baseline(void **state)
{
	struct test *t = *state;

	start_daemon(t, "BANNED 00000002");
	isolate(t, "a", "2");
	assert_text(survey_fixture_run(&t->s, true), OBJECT " 1 -> 1-2\n");
	set_banned("BANNED 00000006");
	isolate(t, "b", "3");
	(void)survey_fixture_run(&t->s, true);
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	survey_fixture_release(&t->s, "b");
	(void)survey_fixture_run(&t->s, false);
	assert_told("settings cpus 1-2\nsettings cpus 1-3\nsettings cpus 1,3\n"
		    "settings cpus 1\n");
	/* Still what it was three requests ago, and a domain starts. */
	isolate(t, "c", "0");
	(void)survey_fixture_run(&t->s, true);
	assert_told("settings cpus 0-1\n");
	set_banned("BANNED 00000003");
	survey_fixture_release(&t->s, "c");
	(void)survey_fixture_run(&t->s, false);
	assert_told("settings cpus 1\n");
}

static void what_is_configured_is_known(void **state)
{
	static const struct {
		const char *environment;
		size_t size;
		const char *banned;
		const char *change;
	} cases[] = {
#define ENVIRONMENT(text) (text), sizeof(text) - 1
		{ ENVIRONMENT("A=1\0IRQBALANCE_BANNED_CPULIST=0\0"), "BANNED 1",
		  OBJECT " configured -> 0,2-3\n" },
		{ ENVIRONMENT("IRQBALANCE_BANNED_CPUS=00000002\0"), "BANNED 2",
		  OBJECT " configured -> 1-3\n" },
		/* an empty one is none: what the kernel was booted with counts */
		{ ENVIRONMENT("IRQBALANCE_BANNED_CPULIST=\0"), "BANNED 00000003",
		  OBJECT " configured -> 0-3\n" },
		/* somebody told it something else */
		{ ENVIRONMENT("IRQBALANCE_BANNED_CPULIST=0\0"), "BANNED 00000002",
		  OBJECT " 1 -> 1-3\n" },
	};
	struct test *t = *state;

	fixture_add(t->f, "sys/devices/system/cpu/isolated = 0\n"
			  "sys/devices/system/cpu/nohz_full = 1\n");
	start_daemon(t, "");
	isolate(t, "a", "2-3");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fixture_write(t->f, "proc/77/environ", cases[i].environment,
			      cases[i].size);
		set_banned(cases[i].banned);
		assert_text(survey_fixture_run(&t->s, true), cases[i].change);
		ledger_remove_entry(&t->s.ledger, "irq", OBJECT);
	}
}

static void another_word_meanwhile_is_kept(void **state)
{
	struct test *t = *state;

	start_daemon(t, "BANNED 00000000");
	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	set_banned("BANNED 00000001");
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "");
	assert_int_equal(t->s.ledger.n_entries, 0);
	assert_told("settings cpus 2-3\n");
}

static void a_silent_one_holds_nobody_up(void **state)
{
	struct test *t = *state;
	uint64_t start;

	start_daemon(t, "BANNED 00000000");
	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	daemon_state->silent = true;
	survey_fixture_release(&t->s, "a");
	start = unit_now_ms();
	assert_text(survey_fixture_run(&t->s, false), OBJECT " 2-3 -> configured\n");
	assert_in_range(unit_now_ms() - start, 200, 3000);
	assert_non_null(ledger_find_entry(&t->s.ledger, "irq", OBJECT));

	/* A new one that is silent from the start is not counted on. */
	stop_daemon(t);
	fixture_remove(t->f, SOCKET);
	(void)survey_fixture_run(&t->s, false);
	assert_int_equal(t->s.ledger.n_entries, 0);
	start_daemon(t, "BANNED 00000000");
	daemon_state->silent = true;
	isolate(t, "b", "2-3");
	assert_text(survey_fixture_run(&t->s, true), "");
	assert_null(ledger_find_entry(&t->s.ledger, "irq", OBJECT));
}

static void a_dead_ones_socket_is_nobody(void **state)
{
	struct test *t = *state;

	start_daemon(t, "BANNED 00000000");
	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	stop_daemon(t);
	survey_fixture_release(&t->s, "a");
	assert_text(survey_fixture_run(&t->s, false), "");
	assert_int_equal(t->s.ledger.n_entries, 0);
}

static void nonsense_is_no_answer(void **state)
{
	static const char *const answers[] = { "", "BANNED", "BANNED ", "BANNED zz" };
	struct test *t = *state;

	start_daemon(t, "");
	isolate(t, "a", "2-3");
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		set_banned(answers[i]);
		assert_text(survey_fixture_run(&t->s, true), "");
	}
	assert_null(ledger_find_entry(&t->s.ledger, "irq", OBJECT));
}

/* irqbalance 1.9.2 has room for 500 bytes, and would take the first part of a list for all. */
static void a_list_that_is_too_long_is_not_told(void **state)
{
	struct test *t = *state;
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	for (unsigned cpu = 0; cpu < 400; cpu += 2)
		bitset_add(&cpus, cpu);
	list = bitset_format(&cpus);
	start_daemon(t, "BANNED 0");
	isolate(t, "a", list);
	(void)survey_fixture_run(&t->s, true);
	(void)usleep(50000);
	assert_text(daemon_state->told, "");
}

/* What it has moved back is moved off again, as nobody wished that. */
static void its_own_moves_are_no_wish(void **state)
{
	struct test *t = *state;
	_cleanup_free_ char *text = NULL;

	fixture_add(t->f, "proc/irq/24/smp_affinity_list = 0-3\n");
	start_daemon(t, "BANNED 0");
	isolate(t, "a", "2-3");
	(void)survey_fixture_run(&t->s, true);
	fixture_set(t->f, "proc/irq/24/smp_affinity_list", "3\n");
	assert_text(survey_fixture_run(&t->s, false), "24 3 -> 0-1\n");
	survey_fixture_release(&t->s, "a");
	(void)survey_fixture_run(&t->s, false);
	text = fixture_get(t->f, "proc/irq/24/smp_affinity_list");
	assert_text(text, "0-3");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_told_and_told_back),
		TEST(one_that_lags_behind_keeps_its_baseline),
		TEST(what_is_configured_is_known),
		TEST(another_word_meanwhile_is_kept),
		TEST(a_silent_one_holds_nobody_up),
		TEST(a_dead_ones_socket_is_nobody),
		TEST(nonsense_is_no_answer),
		TEST(a_list_that_is_too_long_is_not_told),
		TEST(its_own_moves_are_no_wish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

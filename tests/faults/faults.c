// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * The fault matrix: every change that prepare and release of a golden case make, and everything
 * that can go wrong with it
 *
 * usage: faults SIMHOST HOSTTUNE CASE...
 *
 * For each case the host is simulated, and prepare and release are recorded once: each write to an
 * attribute, and each step of the ledger. Then, for each of them and each fault that it can have,
 * from the same state: the call with that fault, and what comes next: what libvirt does after a
 * failure, "hosttune sync", the administrator. Afterwards the host has to be what it was before,
 * in every file. A prepare that succeeds in spite of the fault has to have done all of it.
 *
 * Prints TAP: a point for each case.
 */

#include <fnmatch.h>
#include <stdio.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/strv.h"
#include "tests/sim/machine.h"

#define CALL_MS 60000

/*
 * Errors that the kernel can give for a write to a path; the first pattern that fits. Numbers,
 * lists and masks it takes as a whole, and half of one is another that somebody else may have set: they are
 * not torn. -ENOSPC for an empty cpuset is no fault but an answer, with an end of its own.
 */
static const struct {
	const char *pattern, *errors;
	bool whole;
} errors[] = {
	{ "run/*", "ENOSPC EIO", false },
	{ "etc/*", "ENOSPC EIO", false },
	{ "*/nr_hugepages", "EINVAL ENOMEM EINTR", true },
	{ "*/scaling_governor", "EINVAL EBUSY EIO ENODEV", false },
	{ "*/energy_performance_preference", "EINVAL EBUSY EIO", false },
	{ "*/driver_override", "EINVAL ENOMEM ENODEV", false },
	{ "*/unbind", "ENODEV EINVAL EIO", false },
	{ "*/bind", "ENODEV EBUSY EINVAL ENOMEM", false },
	{ "*/drivers_probe", "ENODEV EINVAL EIO ENOMEM", false },
	{ "*/create", "ENODEV ENOSPC EUSERS EAGAIN ENOMEM", false },
	{ "*/remove", "EAGAIN ENODEV EBUSY", false },
	{ "proc/irq/*", "EIO EPERM EINVAL ENOSPC ENOMEM", true },
	{ "*/workqueue/*", "EINVAL ENOMEM", true },
	{ "sys/fs/cgroup/*", "EINVAL EBUSY EACCES ENODEV", true },
	{ "sys/kernel/mm/*", "EINVAL EBUSY ENOMEM", false },
	{ "*/watchdog_cpumask", "EINVAL ENOMEM", true },
	{ "proc/sys/*", "EINVAL EPERM EOPNOTSUPP", false },
	{ "*/pm_qos_resume_latency_us", "EINVAL EBUSY ENODEV", false },
	{ "*/boost", "EINVAL EBUSY", false },
	{ "*/no_turbo", "EINVAL EPERM", false },
	{ "*", "EINVAL EBUSY EIO EACCES", false },
};

/* What can happen to any write to an attribute, and to a step of the ledger. */
static const char *const attr_actions[] = { "late EIO", "tear", "block 40", "kill-before",
					    "kill-after" };
static const char *const file_actions[] = { "late EIO", "tear", "kill-before" };

/* How a host is brought back after a hook was killed. */
enum way { WAY_RELEASE, WAY_SYNC, WAY_BY_HAND, WAY_PREPARE, N_WAYS };
static const char *const way_names[] = { "release", "sync", "release by hand",
					 "another prepare" };

struct matrix {
	struct machine m;
	const char *directory;
	char *xml, *name;
	const char *phase; /* of the fault */
	char fault[512];
	enum way way;
	unsigned changes, trials, missed, problems;
};

/* A change that was recorded: which one of its kind on its path. */
struct change {
	char *operation, *path;
	unsigned nth;
};

struct changes {
	struct change *items;
	size_t n;
};

static void problem(struct matrix *x, const char *what, const char *text)
{
	x->problems++;
	printf("# %s with '%s', then %s: %s\n", x->phase, x->fault, way_names[x->way],
	       what);
	for (const char *p = text; p && *p; p += strspn(p, "\n")) {
		int len = (int)strcspn(p, "\n");

		printf("#   %.*s\n", len, p);
		p += len;
	}
}

static void call(struct matrix *x, struct call *ret, const char *input,
		 const char *const *args)
{
	call_done(ret);
	machine_start(&x->m, ret, input, args);
	machine_wait(ret, CALL_MS);
	if (ret->status == 255)
		problem(x, "a call did not end", args[0]);
	else if (ret->status > 128 && ret->status != 137)
		problem(x, "a call crashed", ret->err);
}

static void hook(struct matrix *x, struct call *ret, const char *operation,
		 const char *sub_operation)
{
	call(x, ret, x->xml,
	     (const char *[]){ "hook", x->name, operation, sub_operation, "-", NULL });
}

static void put(struct matrix *x, const char *control, const char *value)
{
	if (machine_put(&x->m, control, value) < 0)
		problem(x, "a control was refused", control);
}

/*
 * Below run/ the lock files and what a killed writer leaves may stay. Caches that were dropped to
 * make room are not brought back.
 */
static bool is_allowed(const char *line)
{
	static const char *const paths[] = { "run/hosttune/ [", "run/hosttune/lock ",
					     "run/hosttune/claims.lock ",
					     "run/hosttune/ledger.json" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (strncmp(line + 2, paths[i], strlen(paths[i])) == 0)
			return true;
	}
	return strstr(line, "meminfo = ") != NULL;
}

static void expect_host(struct matrix *x, const char *checkpoint, const char *what)
{
	_cleanup_free_ char *difference = NULL, *left = NULL;
	_cleanup_strv_ struct strv lines = STRV_NULL, bad = STRV_NULL;

	put(x, "sim/difference", checkpoint);
	difference = machine_get(&x->m, "sim/difference");
	strv_split(&lines, difference ? difference : "? no difference\n", "\n");
	strv_for_each(line, &lines) {
		if (!is_allowed(line))
			strv_push(&bad, line);
	}
	left = strv_join(&bad, "\n");
	if (bad.n > 0)
		problem(x, what, left);
}

/* The state of the domain's claim: NULL if it has none. */
static const char *claim_state(const struct matrix *x)
{
	static const char *const states[] = { "preparing", "live", "releasing" };
	_cleanup_free_ char *ledger = machine_get(&x->m, "run/hosttune/ledger.json");
	_cleanup_free_ char *quoted = xasprintf("\"domain\":\"%s\"", x->name);
	const char *state = NULL, *claim;
	size_t size = 0;

	/* It is one line or many: without its blanks. */
	for (const char *p = ledger; p && *p; p++) {
		if (*p != ' ' && *p != '\n')
			ledger[size++] = *p;
	}
	if (ledger)
		ledger[size] = '\0';
	claim = ledger ? strstr(ledger, quoted) : NULL;
	claim = claim ? strstr(claim, "\"state\":\"") : NULL;
	for (size_t i = 0; claim && i < ARRAY_SIZE(states); i++) {
		if (strncmp(claim + strlen("\"state\":\""), states[i],
			    strlen(states[i])) == 0)
			state = states[i];
	}
	return claim && !state ? "unknown" : state;
}

static void expect_back(struct matrix *x)
{
	const char *state = claim_state(x);

	expect_host(x, "before", "the host is not what it was:");
	if (state)
		problem(x, "the claim is still there:", state);
}

/* Somebody has to come next: what he does has to be enough. */
static void recover(struct matrix *x)
{
	_cleanup_call_ struct call c = { 0 };
	const char *state = claim_state(x);
	bool live = state && STREQ(state, "live");

	x->way = (enum way)(x->trials % N_WAYS);
	if (live && x->way == WAY_SYNC)
		x->way = WAY_RELEASE; /* a claim that is live is for release to end */
	switch (x->way) {
	case WAY_SYNC:
		/* Its own time may run out on a slow machine: then the next one goes on. */
		for (int i = 0;
		     i == 0 || (i < 5 && c.status == 1 && strstr(c.err, "time")); i++)
			call(x, &c, NULL, (const char *[]){ "sync", NULL });
		break;
	case WAY_BY_HAND:
		call(x, &c, NULL, (const char *[]){ "release", x->name, NULL });
		c.status = state ? c.status : 0; /* that there is none is an error */
		break;
	case WAY_PREPARE:
		hook(x, &c, "prepare", "begin");
		if (c.status != 0)
			problem(x, "prepare is refused:", c.err);
		else
			expect_host(x, "prepared", "then prepare is not complete:");
		hook(x, &c, "release", "end");
		break;
	default:
		hook(x, &c, "release", "end");
		break;
	}
	if (c.status != 0)
		problem(x, "that failed:", c.err);
	expect_back(x);
}

/* Calls the hook with a fault. False: the fault did not come to pass. */
static bool call_with_fault(struct matrix *x, struct call *c)
{
	_cleanup_free_ char *left = NULL;
	bool once = !strstr(x->fault, " * ");

	put(x, "sim/faults", x->fault);
	hook(x, c, x->phase, STREQ(x->phase, "prepare") ? "begin" : "end");
	left = machine_get(&x->m, "sim/faults");
	put(x, "sim/faults", "\n");
	if (once && left && *left) {
		x->missed++;
		return false;
	}
	return true;
}

/* An interrupt that can never be moved stays where it is: no reason to refuse a domain. */
static bool is_tolerated(const struct matrix *x)
{
	return fnmatch("write proc/irq/[0-9]* \\* E*", x->fault, 0) == 0;
}

static void try_prepare(struct matrix *x)
{
	_cleanup_call_ struct call c = { 0 };

	put(x, "sim/restore", "before");
	x->way = WAY_RELEASE;
	(void)call_with_fault(x, &c);
	if (c.status == 137) {
		recover(x);
		return;
	}
	if (c.status == 0 && !is_tolerated(x))
		expect_host(x, "prepared",
			    "prepare succeeded, but the host is not prepared:");
	if (c.status != 0 && !strstr(c.err, "hosttune: domain"))
		problem(x, "prepare failed without a reason:", c.err);
	/* libvirt calls it after a failed start, too */
	hook(x, &c, "release", "end");
	if (c.status != 0)
		problem(x, "release failed:", c.err);
	expect_back(x);
}

static void try_release(struct matrix *x)
{
	_cleanup_call_ struct call c = { 0 };

	put(x, "sim/restore", "prepared");
	x->way = WAY_RELEASE;
	(void)call_with_fault(x, &c);
	if (c.status != 0 && c.status != 137)
		problem(x, "release failed:", c.err);
	recover(x);
}

static void try(struct matrix *x, const char *count, const struct change *change,
		const char *action)
{
	/* No file name has a bracket or a star; '?' would do no harm. */
	(void)snprintf(x->fault, sizeof(x->fault), "%s %s %s %s", change->operation,
		       change->path, count, action);
	x->trials++;
	if (STREQ(x->phase, "prepare"))
		try_prepare(x);
	else
		try_release(x);
}

/* Of an interrupt that refuses until release has ended hosttune says so, and leaves it. */
static bool is_given_up(const struct matrix *x, const struct change *change)
{
	return STREQ(x->phase, "release") &&
	       fnmatch("proc/irq/[0-9]*", change->path, 0) == 0;
}

static void try_all(struct matrix *x, const struct change *change)
{
	bool is_file = fnmatch("run/*", change->path, 0) == 0 ||
		       fnmatch("etc/*", change->path, 0) == 0;
	_cleanup_strv_ struct strv words = STRV_NULL;
	char count[16];
	size_t row = 0;

	(void)snprintf(count, sizeof(count), "%u", change->nth);
	while (fnmatch(errors[row].pattern, change->path, 0) != 0)
		row++;
	strv_split(&words, errors[row].errors, " ");
	strv_for_each(error, &words) {
		try(x, count, change, error);
	}
	for (size_t i = 0; !is_file && i < ARRAY_SIZE(attr_actions); i++) {
		if (!STREQ(attr_actions[i], "tear") || !errors[row].whole)
			try(x, count, change, attr_actions[i]);
	}
	for (size_t i = 0; is_file && i < ARRAY_SIZE(file_actions); i++) {
		if (!STREQ(file_actions[i], "tear") || STREQ(change->operation, "write"))
			try(x, count, change, file_actions[i]);
	}
	/* Every time, so that putting it back fails in the same way. */
	if (!is_file && change->nth == 1 && !is_given_up(x, change)) {
		try(x, "*", change, words.items[0]);
		try(x, "*", change, "late EIO");
	}
}

static void changes_done(struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		free(changes->items[i].operation);
		free(changes->items[i].path);
	}
	free(changes->items);
	*changes = (struct changes){ 0 };
}

/* What sim/changes has: "OPERATION PATH...". */
static void read_changes(struct matrix *x, struct changes *ret)
{
	_cleanup_free_ char *text = machine_get(&x->m, "sim/changes");
	_cleanup_strv_ struct strv lines = STRV_NULL;

	strv_split(&lines, text ? text : "", "\n");
	strv_for_each(line, &lines) {
		_cleanup_strv_ struct strv words = STRV_NULL;
		unsigned nth = 1;

		strv_split(&words, line, " ");
		for (size_t i = 0; i < ret->n; i++)
			nth += STREQ(ret->items[i].operation, words.items[0]) &&
			       STREQ(ret->items[i].path, words.items[1]);
		*ARRAY_PUSH(ret->items, ret->n) =
			(struct change){ xstrdup(words.items[0]), xstrdup(words.items[1]),
					 nth };
	}
	x->changes += (unsigned)ret->n;
}

static char *domain_name(const char *xml)
{
	FILE *file = fopen(xml, "re");
	char *line = NULL, *name = NULL, *start, *end;
	size_t room = 0;

	while (file && !name && getline(&line, &room, file) > 0) {
		start = strstr(line, "<name>");
		end = start ? strstr(start, "</name>") : NULL;
		if (end)
			name = xstrndup(start + 6, (size_t)(end - start) - 6);
	}
	free(line);
	if (file)
		(void)fclose(file); /* only read from */
	return name ? name : xstrdup("");
}

/* The recorded calls, without a fault: what each of them changes. */
static void record(struct matrix *x, struct changes *prepare, struct changes *release)
{
	_cleanup_call_ struct call c = { 0 };

	x->phase = "prepare";
	put(x, "sim/checkpoint", "before");
	put(x, "sim/changes", "\n");
	hook(x, &c, "prepare", "begin");
	if (c.status != 0)
		problem(x, "prepare failed:", c.err);
	read_changes(x, prepare);
	put(x, "sim/checkpoint", "prepared");
	x->phase = "release";
	put(x, "sim/changes", "\n");
	hook(x, &c, "release", "end");
	if (c.status != 0)
		problem(x, "release failed:", c.err);
	read_changes(x, release);
	expect_back(x);
}

static void open_case(struct matrix *x, const char *simhost, const char *hosttune)
{
	_cleanup_free_ char *path = xasprintf("%s/host", x->directory);
	_cleanup_free_ char *overlay = xasprintf("%s/overlay.tree", x->directory);
	_cleanup_free_ char *tree = NULL;
	char host[128] = "";
	FILE *file = fopen(path, "re");

	if (!file || !fgets(host, sizeof(host), file))
		problem(x, "there is no file", path);
	if (file)
		(void)fclose(file); /* only read from */
	host[strcspn(host, "\n")] = '\0';
	tree = xasprintf("%s/../../hosts/%s.tree", x->directory, host);
	machine_open(&x->m, simhost, hosttune, (const char *[]){ tree, overlay },
		     access(overlay, F_OK) == 0 ? 2 : 1);
}

static void run_case(struct matrix *x, const char *simhost, const char *hosttune)
{
	struct changes prepare = { 0 }, release = { 0 };

	x->xml = xasprintf("%s/domain.xml", x->directory);
	x->name = domain_name(x->xml);
	open_case(x, simhost, hosttune);
	record(x, &prepare, &release);
	x->phase = "prepare";
	for (size_t i = 0; i < prepare.n; i++)
		try_all(x, &prepare.items[i]);
	x->phase = "release";
	for (size_t i = 0; i < release.n; i++)
		try_all(x, &release.items[i]);
	machine_close(&x->m);
	changes_done(&prepare);
	changes_done(&release);
	free(x->xml);
	free(x->name);
}

int main(int argc, char **argv)
{
	unsigned changes = 0, trials = 0, missed = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: faults SIMHOST HOSTTUNE CASE...\n");
		return 2;
	}
	if (!machine_possible())
		return 0;
	for (int i = 3; i < argc; i++) {
		struct matrix x = { .directory = argv[i] };
		const char *slash = strrchr(argv[i], '/');

		run_case(&x, argv[1], argv[2]);
		printf("%s %d - %s: %u changes, %u faults tried, %u not reached\n",
		       x.problems ? "not ok" : "ok", i - 2, slash ? slash + 1 : argv[i],
		       x.changes, x.trials - x.missed, x.missed);
		changes += x.changes;
		trials += x.trials - x.missed;
		missed += x.missed;
	}
	printf("# %d cases, %u changes, %u faults tried, %u not reached\n", argc - 3,
	       changes, trials, missed);
	printf("1..%d\n", argc - 3);
	return 0;
}

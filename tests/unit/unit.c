// SPDX-License-Identifier: LGPL-2.1-or-later

/* Assertions and child processes; see unit.h. */

#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "common/bitset.h"
#include "unit.h"

static void fail_at(const char *file, int line)
{
	_fail(file, line);
}

void unit_contains(const char *text, const char *part, bool wanted, const char *file,
		   int line)
{
	if (text && (strstr(text, part) != NULL) == wanted)
		return;
	print_error("'%s' %s '%s'\n", text ? text : "(null)",
		    wanted ? "lacks" : "contains", part);
	fail_at(file, line);
}

void unit_text(const char *actual, const char *expected, const char *file, int line)
{
	if (actual == expected || (actual && expected && STREQ(actual, expected)))
		return;
	print_error("'%s' is not '%s'\n", actual ? actual : "(null)",
		    expected ? expected : "(null)");
	fail_at(file, line);
}

void unit_bitset(const struct bitset *set, const char *expected, const char *file,
		 int line)
{
	_cleanup_free_ char *text = bitset_format(set);

	unit_text(text, expected, file, line);
}

static void part(const char *text, const char *wanted, const char *file, int line)
{
	if (wanted)
		unit_contains(text, wanted, true, file, line);
	else
		unit_text(text, NULL, file, line);
}

void unit_failed(int r, int code, struct error *err, const char *cause,
		 const char *remedy, const char *file, int line)
{
	if (r != code) {
		print_error("%d (%s) is not %d (%s)\n", r, err->cause ? err->cause : "-",
			    code, strerror(-code));
		fail_at(file, line);
	}
	part(err->cause, cause, file, line);
	part(err->remedy, remedy, file, line);
	error_done(err);
}

void unit_done(int r, struct error *err, const char *file, int line)
{
	if (r == 0)
		return;
	print_error("%d: %s\n", r, err->cause ? err->cause : "no cause");
	fail_at(file, line);
}

pid_t unit_run(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn(arg));
	return pid;
}

int unit_exit_status(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			fail_msg("waitpid: %s", strerror(errno));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void *unit_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		       0);

	assert_true(p != MAP_FAILED);
	return p;
}

uint64_t unit_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

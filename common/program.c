// SPDX-License-Identifier: LGPL-2.1-or-later
/* Programs that we run; see program.h. */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/program.h"

#define OUTPUT_MAX 65536 /* the last bytes are kept */
#define NOT_STARTED 127
#define POLL_MS 20
#define KILL_GRACE_MS 2000 /* for killed processes to leave the kernel */

enum end { END_EXIT, END_SIGNAL, END_TIMEOUT, END_ERRNO };

/* What the process in between reports. */
struct result {
	enum end end;
	int value; /* exit status, signal or errno */
};

/* Pipes between us and the process in between, and on to the program. */
struct channels {
	int alive[2]; /* we hold the write end as long as we live */
	int result[2];
	int output[2];
};

static void signals_of_interest(sigset_t *ret)
{
	(void)sigemptyset(ret);
	(void)sigaddset(ret, SIGINT);
	(void)sigaddset(ret, SIGTERM);
	(void)sigaddset(ret, SIGHUP);
	(void)sigaddset(ret, SIGQUIT);
}

void program_block_signals(void)
{
	sigset_t set;

	signals_of_interest(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	/* These are errors of write(2), which are dealt with where they happen. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

bool program_interrupted(void)
{
	const struct timespec at_once = { 0 };
	sigset_t set;

	signals_of_interest(&set);
	return sigtimedwait(&set, NULL, &at_once) > 0;
}

char *program_find(const struct sysroot *root, const char *name)
{
	static const char *const directories[] = { "usr/sbin", "usr/bin", "sbin", "bin",
						   "usr/local/sbin" };

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		struct stat st;

		if (sysroot_stat(root, &st, "%s/%s", directories[i], name) == 0 &&
		    S_ISREG(st.st_mode) && st.st_mode & 0111)
			return xasprintf("/%s/%s", directories[i], name);
	}
	return NULL;
}

/* ---------------------------------------------------------------- the program */

static char **null_terminated(const struct strv *v)
{
	char **ret = xcalloc(v->n + 1, sizeof(*ret));

	for (size_t i = 0; i < v->n; i++)
		ret[i] = v->items[i];
	return ret;
}

/* What keeps it from starting goes through @report, which exec closes. */
static _noreturn_ void become_program(const struct program *program, int output,
				      int report)
{
	char **argv = null_terminated(program->argv);
	char **environment = null_terminated(program->environment);
	int error, null;
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_DFL);
	(void)setpgid(0, 0);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		(void)close(STDIN_FILENO);
	if (dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0 &&
	    (STREQ(program->root, "/") || chroot(program->root) == 0) && chdir("/") == 0)
		(void)execve(argv[0], argv, environment);
	error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(NOT_STARTED - 1);
	_exit(NOT_STARTED);
}

/* ---------------------------------------------------------------- in between */

/* Left to be reaped by somebody else. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == pid;
}

/* True when it ended; false when it did not in time, or we are alone. */
static bool wait_for(pid_t pid, int alive, uint64_t deadline)
{
	/* Before Linux 5.3 there is none: poll() skips -1, and we look again and again. */
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN }, { .fd = alive } };

	while (!has_ended(pid)) {
		int left = deadline_left_ms(deadline);
		int r = poll(fds, ARRAY_SIZE(fds), pidfd < 0 ? MIN(left, POLL_MS) : left);

		if (left == 0 || fds[1].revents || (r < 0 && errno != EINTR))
			return has_ended(pid);
	}
	return true;
}

/* Its children are ours now: gone before the locks are free, unless they are stuck. */
static void reap(uint64_t deadline)
{
	while (deadline_left_ms(deadline) > 0) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			return;
		if (pid == 0)
			deadline_sleep_ms(deadline, 1);
	}
}

static struct result watch(const struct program *program, pid_t pid, int alive, int report)
{
	struct result result = { END_EXIT, 0 };
	int status = 0, error;

	if (!wait_for(pid, alive, deadline_in_ms((uint64_t)program->timeout_s * 1000)))
		result.end = END_TIMEOUT;
	/* Also what it left behind: it is reaped after this only. */
	if (result.end == END_TIMEOUT)
		(void)kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (result.end == END_TIMEOUT) {
		reap(deadline_in_ms(KILL_GRACE_MS));
		return result;
	}
	if (WIFSIGNALED(status))
		return (struct result){ END_SIGNAL, WTERMSIG(status) };
	if (read(report, &error, sizeof(error)) == (ssize_t)sizeof(error))
		return (struct result){ END_ERRNO, error };
	return (struct result){ END_EXIT, WEXITSTATUS(status) };
}

static _noreturn_ void stand_between(const struct program *program,
				     const struct channels *c)
{
	struct result result;
	int report[2];
	pid_t pid;

	(void)close(c->alive[1]);
	(void)close(c->result[0]);
	(void)close(c->output[0]);
	(void)setsid(); /* what kills our caller's group does not reach us */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = pipe2(report, O_CLOEXEC) < 0 ? -1 : fork();
	if (pid == 0)
		become_program(program, c->output[1], report[1]);
	if (pid < 0) {
		result = (struct result){ END_ERRNO, errno };
	} else {
		(void)setpgid(pid, pid); /* whoever of the two comes first */
		(void)close(report[1]);
		(void)close(c->output[1]);
		result = watch(program, pid, c->alive[0], report[0]);
	}
	/* Nobody may be there any more to read it. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (write(c->result[1], &result, sizeof(result)) < 0)
		_exit(1);
	_exit(0);
}

/* ---------------------------------------------------------------- we */

static void close_channels(struct channels *c)
{
	int *fds = c->alive; /* all six, one after the other */

	for (size_t i = 0; i < sizeof(*c) / sizeof(int); i++) {
		cleanup_close_fd(&fds[i]);
		fds[i] = -1;
	}
}

static int open_channels(struct channels *c)
{
	if (pipe2(c->alive, O_CLOEXEC) < 0 || pipe2(c->result, O_CLOEXEC) < 0 ||
	    pipe2(c->output, O_CLOEXEC | O_NONBLOCK) < 0)
		return negative_errno();
	/* The program's end blocks, as programs expect. */
	(void)fcntl(c->output[1], F_SETFL, 0);
	return 0;
}

struct tail {
	char *text;
	size_t size;
};

/* Reads what is there; keeps the end. */
static void collect(int fd, struct tail *tail)
{
	for (;;) {
		ssize_t n;

		if (tail->size == OUTPUT_MAX) {
			memmove(tail->text, tail->text + OUTPUT_MAX / 2, OUTPUT_MAX / 2);
			tail->size = OUTPUT_MAX / 2;
		}
		n = read(fd, tail->text + tail->size, OUTPUT_MAX - tail->size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		tail->size += (size_t)n;
	}
}

/* Until there is a result: 0, -EINTR for a signal, -EIO when the one in between died. */
static int listen_to(const struct channels *c, bool to_the_end, struct tail *tail,
		     struct result *result)
{
	sigset_t set;
	_cleanup_close_ int signals = -1;

	signals_of_interest(&set);
	if (!to_the_end)
		signals = signalfd(-1, &set, SFD_CLOEXEC);
	for (;;) {
		struct pollfd fds[] = { { .fd = c->result[0], .events = POLLIN },
					{ .fd = c->output[0], .events = POLLIN },
					{ .fd = signals, .events = POLLIN } };

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return negative_errno();
		collect(c->output[0], tail);
		if (fds[0].revents)
			return read(c->result[0], result, sizeof(*result)) ==
					       (ssize_t)sizeof(*result) ?
				       0 :
				       -EIO;
		if (fds[2].revents && program_interrupted())
			return -EINTR;
		if (fds[1].revents & (POLLHUP | POLLERR))
			deadline_sleep_ms(deadline_in_ms(2), 2); /* nothing more to read */
	}
}

static int explain(const struct program *program, int r, const struct result *result,
		   struct error *err)
{
	const char *name = program->argv->items[0];

	if (r == -EINTR)
		return error_set(err, r, "interrupted while '%s' ran", name);
	if (r < 0)
		return error_set(err, r, "failed to watch '%s': %s", name, strerror(-r));
	switch (result->end) {
	case END_EXIT:
		return result->value ?
			       error_set(err, -ECHILD, "'%s' ended with status %d", name,
					 result->value) :
			       0;
	case END_SIGNAL:
		return error_set(err, -ECHILD, "'%s' was ended by signal %d", name,
				 result->value);
	case END_TIMEOUT:
		return error_set(err, -ETIMEDOUT, "'%s' did not end within %u s", name,
				 program->timeout_s);
	case END_ERRNO:
		break;
	}
	return error_set(err, -result->value, "failed to run '%s': %s", name,
			 strerror(result->value));
}

int program_run(const struct program *program, char **ret_output, struct error *err)
{
	struct channels c = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct tail tail = { xmalloc(OUTPUT_MAX + 1), 0 };
	struct result result = { END_ERRNO, EIO };
	int r = open_channels(&c);
	pid_t pid = r < 0 ? -1 : fork();

	if (r == 0 && pid == 0)
		stand_between(program, &c);
	if (r == 0 && pid < 0)
		r = negative_errno();
	if (r == 0) {
		(void)close(c.alive[0]);
		(void)close(c.result[1]);
		(void)close(c.output[1]);
		c.alive[0] = c.result[1] = c.output[1] = -1;
		r = listen_to(&c, program->to_the_end, &tail, &result);
		/* Whatever the reason to stop: it ends the program, and then itself. */
		(void)close(c.alive[1]);
		c.alive[1] = -1;
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		collect(c.output[0], &tail);
	}
	close_channels(&c);
	tail.text[tail.size] = '\0';
	*ret_output = tail.text;
	return explain(program, r, &result, err);
}

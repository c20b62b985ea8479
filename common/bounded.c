// SPDX-License-Identifier: LGPL-2.1-or-later
/* Calls that may never return; see bounded.h. */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "common/alloc.h"
#include "common/bounded.h"
#include "common/deadline.h"

#define KILL_GRACE_MS 200 /* for a killed child to leave the kernel */
#define RESULT_MAX 65536

static int lock_fd = -1;
static bool left_behind;

/* What goes through the pipe: the result, then cause and remedy, each with its final NUL. */
static void send_result(int fd, int result, const struct error *err)
{
	const char *cause = err->cause ? err->cause : "";
	const char *remedy = err->remedy ? err->remedy : "";
	size_t size = sizeof(result) + strlen(cause) + strlen(remedy) + 2, sent = 0;
	_cleanup_free_ char *message = xcalloc(1, size);

	memcpy(message, &result, sizeof(result));
	(void)stpcpy(stpcpy(message + sizeof(result), cause) + 1, remedy);
	while (sent < size) {
		ssize_t n = write(fd, message + sent, size - sent);

		if (n <= 0)
			_exit(1);
		sent += (size_t)n;
	}
}

static _noreturn_ void child_main(int fd, pid_t parent, bounded_fn *fn, void *arg)
{
	struct error err = ERROR_NULL;
	int null;

	alloc_set_exit_status(1);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1); /* it died before the line above */

	/* Where we were started without the standard streams, the pipe may be one of them. */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int std = 0; std <= 2; std++) {
		if (null < 0 || dup2(null, std) < 0)
			(void)close(std);
	}
	send_result(fd, fn(arg, &err), &err);
	_exit(0);
}

static int start(struct bounded *job, bool apart, bounded_fn *fn, void *arg)
{
	pid_t parent = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return negative_errno();
	job->apart = apart;
	job->pid = fork();
	if (job->pid < 0) {
		int r = negative_errno();

		(void)close(fds[0]);
		(void)close(fds[1]);
		return r;
	}
	if (job->pid == 0) {
		(void)close(fds[0]);
		if (apart && lock_fd >= 0)
			(void)close(lock_fd);
		child_main(fds[1], parent, fn, arg);
	}
	(void)close(fds[1]);
	job->fd = fds[0];
	return 0;
}

int bounded_start(struct bounded *job, bounded_fn *fn, void *arg)
{
	return start(job, false, fn, arg);
}

int bounded_start_apart(struct bounded *job, bounded_fn *fn, void *arg)
{
	return start(job, true, fn, arg);
}

void bounded_set_lock_fd(int fd)
{
	lock_fd = fd;
}

bool bounded_left_behind(void)
{
	return left_behind;
}

/* Reads until the child closes its end: the size, or -ETIMEDOUT. */
static ssize_t receive(int fd, char *buffer, size_t room, uint64_t deadline)
{
	size_t size = 0;

	while (size < room) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;
		int r = poll(&p, 1, deadline_left_ms(deadline));

		if (r < 0 && errno == EINTR)
			continue;
		if (r == 0)
			return -ETIMEDOUT;
		n = read(fd, buffer + size, room - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		size += (size_t)n;
	}
	return (ssize_t)size;
}

/* Reaps a child that has said all it had to say and is about to end; or kills it: if it can die. */
static bool dispose(pid_t pid, bool is_done)
{
	uint64_t grace = deadline_in_ms(KILL_GRACE_MS);

	(void)kill(pid, SIGKILL);
	if (is_done) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return true;
	}
	for (;;) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return true;
		if (deadline_left_ms(grace) == 0)
			return false;
		deadline_sleep_ms(grace, 1);
	}
}

int bounded_finish(struct bounded *job, uint64_t deadline, struct error *err)
{
	_cleanup_free_ char *message = xcalloc(1, RESULT_MAX + 2);
	_cleanup_close_ int fd = TAKE_FD(job->fd);
	ssize_t size = receive(fd, message, RESULT_MAX, deadline);
	const char *cause, *remedy;
	int result;

	if (!dispose(job->pid, size >= (ssize_t)sizeof(result)) && !job->apart)
		left_behind = true;
	if (size < 0)
		return error_set(err, (int)size, "the kernel did not answer in time");
	if ((size_t)size < sizeof(result))
		return error_set(err, -EIO, "the helper process was killed");

	memcpy(&result, message, sizeof(result));
	cause = message + sizeof(result);
	remedy =
		cause + strlen(cause) + 1; /* inside: two NULs follow what was received */
	if (*cause)
		(void)error_set(err, 0, "%s", cause);
	if (*remedy)
		error_remedy(err, "%s", remedy);
	return result;
}

static int call(bool apart, bounded_fn *fn, void *arg, uint64_t deadline,
		struct error *err)
{
	struct bounded job;
	int r = start(&job, apart, fn, arg);

	if (r < 0)
		return error_set(err, r, "failed to start a helper process: %s",
				 strerror(-r));
	return bounded_finish(&job, deadline, err);
}

int bounded_call(bounded_fn *fn, void *arg, uint64_t deadline, struct error *err)
{
	return call(false, fn, arg, deadline, err);
}

int bounded_look(bounded_fn *fn, void *arg, uint64_t deadline, struct error *err)
{
	return call(true, fn, arg, deadline, err);
}

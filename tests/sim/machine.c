// SPDX-License-Identifier: LGPL-2.1-or-later

/* A simulated machine for tests in C; see machine.h. */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/alloc.h"
#include "machine.h"

#define TREES_MAX 8
#define ORPHANS_MS 1000

static _noreturn_ void give_up(const char *what, const char *name)
{
	printf("Bail out! %s '%s': %s\n", what, name, strerror(errno));
	exit(EXIT_FAILURE);
}

bool machine_possible(void)
{
	if (access("/dev/fuse", W_OK) == 0)
		return true;
	puts("1..0 # SKIP /dev/fuse is missing or not writable: no host can be simulated");
	return false;
}

/* Runs a program to its end: its exit status. */
static int run(char *const argv[])
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		give_up("failed to run", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

void machine_open(struct machine *m, const char *simhost, const char *hosttune,
		  const char *const *trees, size_t n)
{
	const char *tmp = getenv("TMPDIR");
	char *argv[TREES_MAX + 3] = { xstrdup(simhost) };

	m->hosttune = hosttune;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		give_up("failed to become", "subreaper");
	(void)snprintf(m->work, sizeof(m->work), "%.40s/hosttune-XXXXXX",
		       tmp ? tmp : "/tmp");
	if (!mkdtemp(m->work))
		give_up("failed to make", m->work);
	(void)snprintf(m->host, sizeof(m->host), "%s/host", m->work);
	if (mkdir(m->host, 0700) < 0)
		give_up("failed to make", m->host);
	for (size_t i = 0; i < n && i < TREES_MAX; i++)
		argv[i + 1] = xstrdup(trees[i]);
	argv[MIN(n, TREES_MAX) + 1] = xstrdup(m->host);
	errno = 0;
	if (run(argv) != 0)
		give_up("the host cannot be simulated with", simhost);
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
}

void machine_close(struct machine *m)
{
	char unmount[] = "fusermount3", option[] = "-uz", remove[] = "rm", all[] = "-rf",
	     one[] = "--one-file-system";

	if (umount2(m->host, MNT_DETACH) < 0)
		(void)run((char *[]){ unmount, option, m->host, NULL });
	while (waitpid(-1, NULL, WNOHANG) > 0)
		; /* the simulator, and what a call left */
	(void)run((char *[]){ remove, all, one, m->work, NULL });
}

char *machine_get(const struct machine *m, const char *path)
{
	_cleanup_free_ char *name = xasprintf("%s/%s", m->host, path);
	_cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC);
	size_t room = 4096, size = 0;
	char *text;

	if (fd < 0)
		return NULL;
	text = xmalloc(room);
	for (;;) {
		ssize_t n = read(fd, text + size, room - size - 1);

		if (n <= 0)
			break;
		size += (size_t)n;
		if (room - size < 4096) {
			room *= 2;
			text = xreallocarray(text, room, 1);
		}
	}
	if (size > 0 && text[size - 1] == '\n')
		size--;
	text[size] = '\0';
	return text;
}

int machine_put(const struct machine *m, const char *path, const char *value)
{
	_cleanup_free_ char *name = xasprintf("%s/%s", m->host, path);
	_cleanup_close_ int fd = open(name, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return -errno;
	return 0;
}

static _noreturn_ void become(const struct machine *m, const struct call *call,
			      const char *input, const char *const *args)
{
	char tool[] = "hosttune", sysroot[] = "--sysroot", *argv[CALL_ARGS_MAX + 4];
	size_t n = 0;
	int fd;

	(void)setpgid(0, 0);
	fd = open(input ? input : "/dev/null", O_RDONLY);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		_exit(126);
	fd = open(call->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(126);
	argv[n++] = tool; /* whatever the file is called */
	argv[n++] = sysroot;
	argv[n++] = xstrdup(m->host);
	while (*args && n < ARRAY_SIZE(argv) - 1)
		argv[n++] = xstrdup(*args++);
	argv[n] = NULL;
	execv(m->hosttune, argv);
	_exit(127);
}

void machine_start(const struct machine *m, struct call *call, const char *input,
		   const char *const *args)
{
	static unsigned count;

	*call = (struct call){ .status = 255 };
	(void)snprintf(call->path, sizeof(call->path), "%s/said.%u", m->work, count++);
	(void)fflush(NULL);
	call->pid = fork();
	if (call->pid < 0)
		give_up("failed to start", m->hosttune);
	if (call->pid == 0)
		become(m, call, input, args);
}

static char *read_all(const char *path)
{
	char *text = xcalloc(1, 65536);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, text, 65535) < 0)
			text[0] = '\0';
		(void)close(fd);
	}
	return text;
}

/* Children that it left are ours: those that it did not leave behind on purpose end now. */
static void wait_children(pid_t group)
{
	for (int ms = 0; ms < ORPHANS_MS; ms++) {
		pid_t pid = waitpid(-group, NULL, WNOHANG);

		if (pid < 0)
			return; /* there are none */
		if (pid == 0)
			(void)usleep(1000);
	}
}

void machine_wait(struct call *call, long ms)
{
	int pidfd = (int)syscall(SYS_pidfd_open, call->pid, 0), status = 0;
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	bool late = pidfd >= 0 && poll(&p, 1, (int)ms) == 0;

	if (late)
		(void)kill(call->pid, SIGKILL);
	if (waitpid(call->pid, &status, 0) < 0)
		give_up("failed to wait for", "hosttune");
	if (pidfd >= 0)
		(void)close(pidfd);
	wait_children(call->pid);
	call->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (late)
		call->status = 255;
	call->err = read_all(call->path);
	(void)unlink(call->path);
}

void call_done(struct call *call)
{
	free(call->err);
	call->err = NULL;
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * kill-at: kill -9 a program just before the N-th change that it makes
 *
 * usage: kill-at N FILE COMMAND [ARGUMENT...]
 *
 * A change is a system call that writes to a file or its metadata, makes, renames or removes one, by
 * the program or a process that it started; messages through pipes are none. Only the program
 * itself is killed: what it started is left to what it has arranged for that. FILE gets a
 * line that says which change it was.
 *
 * The exit status is 137 if the program was killed, its own if it made fewer changes, and
 * 125 if it cannot be traced here.
 */

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_STOP (SIGTRAP | 0x80) /* with PTRACE_O_TRACESYSGOOD */
#define CANNOT_TRACE 125

struct trace {
	pid_t program;
	long n, count;
	bool done; /* the program was killed */
	const char *file;
	int status;
};

static const char *const names[] = {
	[SYS_write] = "write",	      [SYS_pwrite64] = "write",
	[SYS_writev] = "write",	      [SYS_renameat] = "rename",
	[SYS_renameat2] = "rename",   [SYS_unlinkat] = "unlink",
	[SYS_mkdirat] = "mkdir",      [SYS_symlinkat] = "symlink",
	[SYS_ftruncate] = "truncate", [SYS_fallocate] = "truncate",
	[SYS_fchmod] = "chmod",	      [SYS_fchown] = "chown",
	[SYS_fsetxattr] = "setxattr", [SYS_utimensat] = "utimens",
};

static const char *change_name(const struct __ptrace_syscall_info *info)
{
	if (info->entry.nr >= sizeof(names) / sizeof(names[0]))
		return NULL;
	return names[info->entry.nr];
}

/* What descriptor @fd of a process is: "" if it cannot be told. */
static void describe_fd(pid_t pid, unsigned long long fd, char *ret, size_t size)
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/%d/fd/%llu", pid, fd);
	n = readlink(link, ret, size - 1);
	ret[n > 0 ? n : 0] = '\0';
}

static void say(const struct trace *trace, const char *name, const char *target)
{
	FILE *file = fopen(trace->file, "we");

	if (!file)
		return;
	fprintf(file, "%s %s\n", name, target);
	(void)fclose(file); /* only a name in the output */
}

/* The process is about to make a system call. */
static void on_entry(struct trace *trace, pid_t pid)
{
	struct __ptrace_syscall_info info;
	char target[PATH_MAX];
	const char *name;

	if (trace->done ||
	    ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	name = change_name(&info);
	if (!name)
		return;
	describe_fd(pid, info.entry.args[0], target, sizeof(target));
	if (strncmp(target, "pipe:", strlen("pipe:")) == 0 || ++trace->count != trace->n)
		return;

	say(trace, name, target);
	trace->done = true;
	(void)kill(trace->program, SIGKILL);
	/* When it is gone, its children have the signal that they asked for. */
	if (pid != trace->program && waitpid(trace->program, &trace->status, __WALL) < 0)
		trace->status = 0;
}

/* Let a stopped process go on, with the signal that it got if that is its own. */
static void resume(struct trace *trace, pid_t pid, int status)
{
	int signal = WSTOPSIG(status);

	if (signal == SYSCALL_STOP) {
		on_entry(trace, pid);
		signal = 0;
	} else if (status >> 16 != 0 || signal == SIGTRAP || signal == SIGSTOP) {
		signal = 0; /* an event of ptrace, or the start of a traced process */
	}
	/* -ESRCH: killed meanwhile, which the next wait tells. */
	(void)ptrace(PTRACE_SYSCALL, pid, NULL, signal);
}

static int run(struct trace *trace)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			     PTRACE_O_EXITKILL;
	int status;
	pid_t pid;

	if (waitpid(trace->program, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, trace->program, NULL, options) < 0) {
		(void)kill(trace->program, SIGKILL);
		return CANNOT_TRACE;
	}
	(void)ptrace(PTRACE_SYSCALL, trace->program, NULL, NULL);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			resume(trace, pid, status);
		else if (pid == trace->program)
			trace->status = status;
	}
	if (WIFSIGNALED(trace->status))
		return 128 + WTERMSIG(trace->status);
	return WEXITSTATUS(trace->status);
}

int main(int argc, char *argv[])
{
	struct trace trace = { 0 };
	char *end;

	if (argc < 4) {
		fprintf(stderr, "usage: kill-at N FILE COMMAND [ARGUMENT...]\n");
		return 2;
	}
	trace.n = strtol(argv[1], &end, 10);
	if (*end || trace.n < 0) {
		fprintf(stderr, "kill-at: '%s' is not a number\n", argv[1]);
		return 2;
	}
	trace.file = argv[2];
	trace.program = fork();
	if (trace.program < 0) {
		fprintf(stderr, "kill-at: %s\n", strerror(errno));
		return CANNOT_TRACE;
	}
	if (trace.program == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(CANNOT_TRACE);
		(void)raise(SIGSTOP);
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	return run(&trace);
}

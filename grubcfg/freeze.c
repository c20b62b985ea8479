// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * FIFREEZE and FITHAW (linux/fs.h); see freeze.h.
 *
 * Two children: one freezes and thaws; the other, started before it, thaws when the time is over or when
 * everybody else is gone, whichever comes first. We ourselves never touch a frozen file system.
 */

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "common/deadline.h"
#include "common/log.h"
#include "grubcfg/freeze.h"

#define TIMEOUT_S 30

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

/* Nothing that ends a group of processes ends these. */
static void withdraw(void)
{
	sigset_t all;

	(void)setsid();
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
}

/* The end of @alive means that nobody is left who would thaw. */
static _noreturn_ void guard(int fd, int alive, unsigned timeout_s)
{
	uint64_t deadline = deadline_in_ms((uint64_t)timeout_s * 1000);
	struct pollfd p = { .fd = alive };

	withdraw();
	while (poll(&p, 1, deadline_left_ms(deadline)) < 0 && errno == EINTR)
		;
	/* EINVAL: it is not frozen, as it should be. */
	(void)ioctl(fd, FITHAW, 0);
	_exit(0);
}

/* The exit status is the errno of freezing. */
static _noreturn_ void freeze(int fd)
{
	withdraw();
	if (ioctl(fd, FIFREEZE, 0) < 0)
		_exit(errno);
	while (ioctl(fd, FITHAW, 0) < 0 && errno != EINVAL)
		;
	_exit(0);
}

/* Its exit status, or -1 when it was killed. */
static int exit_status(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int freeze_and_thaw(int fd, unsigned timeout_s, struct error *err)
{
	int alive[2], status;
	pid_t watchdog, worker;

	if (pipe2(alive, O_CLOEXEC) < 0)
		return error_set(err, negative_errno(), "failed to make a pipe: %s",
				 strerror(errno));
	watchdog = fork();
	if (watchdog == 0) {
		(void)close(alive[1]);
		guard(fd, alive[0], timeout_s);
	}
	(void)close(alive[0]);
	worker = watchdog < 0 ? -1 : fork();
	if (worker == 0)
		freeze(fd);
	status = worker < 0 ? errno : exit_status(worker);
	/* It has thawed, or not frozen: what is frozen from here on is somebody else's. */
	if (status >= 0 && watchdog > 0)
		(void)kill(watchdog, SIGKILL);
	(void)close(alive[1]);
	if (watchdog > 0)
		(void)exit_status(watchdog);
	if (status == 0 || status == EOPNOTSUPP || status == EBUSY)
		return 0; /* it cannot be, or somebody else does it right now */
	if (status < 0)
		status = EINTR;
	return error_set(err, -status, "failed to freeze the file system of '/boot': %s",
			 strerror(status));
}

static bool has_journal(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC);
}

int freeze_boot(const struct sysroot *root, struct error *err)
{
	struct stat top, boot;
	_cleanup_close_ int fd = sysroot_openf(root, O_RDONLY | O_DIRECTORY, "boot");

	/* On the root file system we would freeze what we run from. */
	if (!root->is_host || fd < 0 || fstat(fd, &boot) < 0 ||
	    fstat(root->fd, &top) < 0 || boot.st_dev == top.st_dev || !has_journal(fd))
		return 0;
	log_debug(NULL, "freezing and thawing the file system of '/boot'");
	return freeze_and_thaw(fd, TIMEOUT_S, err);
}

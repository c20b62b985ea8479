// SPDX-License-Identifier: LGPL-2.1-or-later
/* Locks between processes; see lock.h. */

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>

#include "common/deadline.h"
#include "common/lock.h"

#define WAKE_US 100000 /* how often a waiting process looks at its deadline */

static void on_alarm(_unused_ int signal)
{
}

/* A repeating timer: one that fires just before the wait begins is followed by another. */
static void timer_set(long us)
{
	struct itimerval timer = { .it_interval = { .tv_usec = us },
				   .it_value = { .tv_usec = us } };

	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

int lock_process(int fd, uint64_t deadline)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct sigaction action = { .sa_handler = on_alarm }, former;
	sigset_t alarm, former_mask;
	int r;

	if (fcntl(fd, F_SETLK, &range) == 0)
		return 0;
	/* Waiting in the kernel is fair and wakes at once; SA_RESTART is left out on purpose. */
	(void)sigaction(SIGALRM, &action, &former);
	(void)sigemptyset(&alarm);
	(void)sigaddset(&alarm, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &alarm, &former_mask);
	timer_set(WAKE_US);
	do
		r = fcntl(fd, F_SETLKW, &range) < 0 ? negative_errno() : 0;
	while (r == -EINTR && deadline_left_ms(deadline) > 0);
	timer_set(0);
	(void)sigprocmask(SIG_SETMASK, &former_mask, NULL);
	(void)sigaction(SIGALRM, &former, NULL);
	return r == -EINTR ? -ETIMEDOUT : r;
}

void unlock_process(int fd)
{
	struct flock range = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	(void)fcntl(fd, F_SETLK, &range);
}

static struct flock byte_at(short type, uint64_t offset)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)offset, .l_len = 1
	};
}

int lock_shared_try(int fd, uint64_t offset)
{
	struct flock range = byte_at(F_WRLCK, offset);

	if (fcntl(fd, F_OFD_SETLK, &range) == 0)
		return 0;
	return errno == EACCES ? -EAGAIN : negative_errno();
}

int lock_shared(int fd, uint64_t offset, uint64_t deadline)
{
	for (;;) {
		int r = lock_shared_try(fd, offset);

		if (r != -EAGAIN)
			return r;
		if (deadline_left_ms(deadline) == 0)
			return -ETIMEDOUT;
		deadline_sleep_ms(deadline, 10);
	}
}

bool shared_is_locked(int fd, uint64_t offset)
{
	struct flock range = byte_at(F_WRLCK, offset);

	return fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

void unlock_shared(int fd, uint64_t offset)
{
	struct flock range = byte_at(F_UNLCK, offset);

	(void)fcntl(fd, F_OFD_SETLK, &range);
}

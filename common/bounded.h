/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls into the kernel that may never return.
 *
 * Unbinding a device that somebody holds, writing driver_override while another task is stuck in
 * the same device's lock, or sync(2) with a dead server behind a mount wait in the kernel where
 * no signal reaches. bounded_start() makes such a call in a child process of its own; when the
 * deadline passes the child is killed and, where even that does not end it, left behind. It holds
 * none of our standard streams (libvirt reads the hook's stderr until every holder has closed
 * it), and it is killed when we die.
 *
 *	struct bounded job;
 *	r = bounded_start(&job, fn, arg);
 *	...			start others, they run at the same time
 *	r = bounded_finish(&job, deadline, &err);
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

/*
 * Runs in the child: returns 0 or a negative errno. What it puts in @err reaches the caller of
 * bounded_finish(); on success err->cause may carry a text result.
 */
typedef int bounded_fn(void *arg, struct error *err);

struct bounded {
	pid_t pid;
	int fd; /* read end of the result pipe */
	bool apart; /* does not hold the locks */
};

/* Starts @fn(@arg): 0 or a negative errno. Every started job must be finished. */
int bounded_start(struct bounded *job, bounded_fn *fn, void *arg) _must_check_;

/*
 * Waits for the job. Returns what @fn returned; -ETIMEDOUT when it did not end in time (cause
 * set); -EIO when the child died before it had a result (cause set). The child is gone
 * afterwards, or stuck in the kernel and on its own.
 */
int bounded_finish(struct bounded *job, uint64_t deadline, struct error *err);

/* bounded_start() and bounded_finish(). */
int bounded_call(bounded_fn *fn, void *arg, uint64_t deadline, struct error *err);

/*
 * For children that only look, or change nothing that a lock protects: the same two, but the
 * child does not hold the descriptor given to bounded_set_lock_fd(), and with it the locks.
 */
int bounded_start_apart(struct bounded *job, bounded_fn *fn, void *arg) _must_check_;
int bounded_look(bounded_fn *fn, void *arg, uint64_t deadline, struct error *err);
void bounded_set_lock_fd(int fd);

/* A child that holds the locks was left behind, stuck in the kernel. */
bool bounded_left_behind(void);

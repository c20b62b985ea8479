/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks between processes, with a limit to the wait.
 *
 * Both kinds end with their holder, whatever ends it; they differ in who holds them:
 *
 * - A process lock (F_SETLKW) belongs to the one process that took it. A child that is stuck in
 *   the kernel does not keep it. The process must open that file once only: closing any
 *   descriptor of it drops the lock.
 * - A shared lock (F_OFD_SETLK) belongs to an open file description and lives on in children:
 *   it is held as long as any of them does, so that "nobody works on this any more" can be seen
 *   from its being free. It covers one byte at an offset: one file serves many.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/macro.h"

/* Takes the process lock of @fd: 0, -ETIMEDOUT or another negative errno. */
int lock_process(int fd, uint64_t deadline) _must_check_;
void unlock_process(int fd);

/* Takes the shared lock of @fd at @offset: 0, -EAGAIN when held elsewhere, or another errno. */
int lock_shared_try(int fd, uint64_t offset) _must_check_;

/* As lock_shared_try(), waiting until @deadline: -ETIMEDOUT. */
int lock_shared(int fd, uint64_t offset, uint64_t deadline) _must_check_;
void unlock_shared(int fd, uint64_t offset);

/* Somebody else holds the shared lock. */
bool shared_is_locked(int fd, uint64_t offset);

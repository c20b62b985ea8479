/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What has to be on the disk before one goes on. A few files of a file system are synced one by one, so
 * that nobody waits for what other programs have to write; more than that, the whole file
 * system at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"

#define SYNC_SINGLY_MAX 8

struct sync_group {
	dev_t dev;
	int fds[SYNC_SINGLY_MAX];
	char *paths[SYNC_SINGLY_MAX]; /* of them, for messages */
	size_t n;
	bool whole;
};

struct sync_set {
	struct sync_group *groups;
	size_t n;
};

/* Adds a file or directory; keeps its own descriptor of it. */
int sync_add(struct sync_set *set, int fd, const char *path, struct error *err)
	_must_check_;
/* Waits until all is on the disk, and empties the set: 0 or a negative errno with @err set. */
int sync_flush(struct sync_set *set, struct error *err) _must_check_;
void sync_done(struct sync_set *set);
#define _cleanup_sync_ _cleanup_(sync_done)

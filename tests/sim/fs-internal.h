/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What fs.c, the names of files, and fs-file.c, their content, share. */

#define FUSE_USE_VERSION 32

#include <fuse_lowlevel.h>
#include <pthread.h>

#include "fs.h"
#include "sim-fault.h"

struct fs {
	struct sim *sim;
	struct fuse_session *session;
	FILE *trace;
	pthread_mutex_t lock;
};

extern struct fs fs;

/* What an open file is: it stays that even if the node is removed. */
enum {
	FH_PLAIN,
	FH_ATTR,
};

/* Hold the lock until the end of the function. */
#define LOCKED __attribute__((cleanup(fs_unlock), unused)) const int locked = fs_lock()

int fs_lock(void);
void fs_unlock(const int *locked);

struct node *fs_node(fuse_ino_t ino);
bool fs_is_gone(const struct node *node);
void fs_trace(const char *what, const struct node *node, const char *data, size_t size,
	      int result);
void fs_reply(fuse_req_t req, int r);

/*
 * An access, and what befalls it. fs_before() returns 0 to go on or the error that it has; it may
 * take a while, without the lock. fs_after() is given the result of the access, and returns the
 * one that the program sees.
 */
struct access {
	const char *operation;
	char *path; /* NULL: no part of the machine */
	pid_t caller;
	struct fault_effect effect;
};

#define ACCESS __attribute__((cleanup(fs_access_done))) struct access

int fs_before(struct access *access, fuse_req_t req, const char *operation,
	      const struct node *node, const char *name);
int fs_after(const struct access *access, const char *value, int r);
void fs_access_done(struct access *access);

/*
 * The kernel remembers names of the simulated one's files, until it is told that they are gone:
 * without the lock, before the reply to what removed them.
 */
void fs_forget_names(void);

/* Make an ordinary file this large. */
int fs_resize(struct node *node, size_t size);

void fs_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void fs_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	     struct fuse_file_info *fi);
void fs_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
	      struct fuse_file_info *fi);
void fs_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void fs_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		struct fuse_file_info *fi);
void fs_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

// SPDX-License-Identifier: LGPL-2.1-or-later
/* What has to be on the disk before one goes on; see sync.h. */

#include <fcntl.h>
#include <sys/stat.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/sync.h"

static struct sync_group *group_of(struct sync_set *set, dev_t dev)
{
	struct sync_group *group;

	for (size_t i = 0; i < set->n; i++) {
		if (set->groups[i].dev == dev)
			return &set->groups[i];
	}
	group = ARRAY_PUSH(set->groups, set->n);
	group->dev = dev;
	return group;
}

/* A directory may be added once for each file in it. */
static bool is_in_group(const struct sync_group *group, const struct stat *st)
{
	for (size_t i = 0; i < group->n; i++) {
		struct stat other;

		if (fstat(group->fds[i], &other) == 0 && other.st_ino == st->st_ino)
			return true;
	}
	return false;
}

static void drop_last(struct sync_group *group)
{
	group->n--;
	(void)close(group->fds[group->n]);
	free(group->paths[group->n]);
}

int sync_add(struct sync_set *set, int fd, const char *path, struct error *err)
{
	struct sync_group *group;
	struct stat st;
	int own;

	if (fstat(fd, &st) < 0)
		return error_set(err, negative_errno(), "failed to look at '/%s': %s",
				 path, strerror(errno));
	group = group_of(set, st.st_dev);
	if (group->whole || is_in_group(group, &st))
		return 0;
	if (group->n == SYNC_SINGLY_MAX) {
		/* The first descriptor is kept: it remembers errors since it was opened. */
		group->whole = true;
		while (group->n > 1)
			drop_last(group);
		return 0;
	}
	own = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (own < 0)
		return error_set(err, negative_errno(), "failed to keep '/%s' open: %s",
				 path, strerror(errno));
	group->fds[group->n] = own;
	group->paths[group->n++] = xstrdup(path);
	return 0;
}

static int flush_group(const struct sync_group *group, struct error *err)
{
	for (size_t i = 0; i < group->n; i++) {
		log_debug(NULL, "%s '/%s'", group->whole ? "syncfs" : "fsync",
			  group->paths[i]);
		if ((group->whole ? syncfs(group->fds[i]) : fsync(group->fds[i])) < 0)
			return error_set(err, negative_errno(),
					 "failed to bring '/%s' to the disk: %s",
					 group->paths[i], strerror(errno));
	}
	return 0;
}

int sync_flush(struct sync_set *set, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->n; i++)
		r = flush_group(&set->groups[i], err);
	sync_done(set);
	return r;
}

void sync_done(struct sync_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		while (set->groups[i].n > 0)
			drop_last(&set->groups[i]);
	}
	free(set->groups);
	*set = (struct sync_set){ 0 };
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* systemd's drop-ins for AllowedCPUs; see drop-in.h. */

#include <fcntl.h>

#include "common/alloc.h"
#include "hook/drop-in.h"

#define SETTING "AllowedCPUs="
#define PERSISTENT_DIR "etc/systemd/system.control"

/* Of units in files, and of transient ones. */
static const char *const dirs[] = {
	"run/systemd/system.control",
	"run/systemd/transient",
};

static const char *find_dir(const struct sysroot *root, const char *unit)
{
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		if (sysroot_exists(root, "%s/%s.d/" DROP_IN, dirs[i], unit))
			return dirs[i];
	}
	return NULL;
}

bool drop_in_exists(const struct sysroot *root, const char *unit)
{
	return find_dir(root, unit);
}

int drop_in_read(const struct sysroot *root, const char *unit, struct bitset *ret)
{
	const char *dir = find_dir(root, unit);
	_cleanup_strv_ struct strv lines = STRV_NULL;
	_cleanup_free_ char *text = NULL;
	int r = dir ? sysroot_read(root, &text, "%s/%s.d/" DROP_IN, dir, unit) : -ENOENT;

	if (r < 0)
		return r;
	strv_split(&lines, text, "\n");
	/* Every assignment adds to those before it, but the empty one, which always comes first. */
	for (size_t i = lines.n; i-- > 0;) {
		char *list = lines.items[i];

		if (!str_has_prefix(list, SETTING))
			continue;
		list += strlen(SETTING);
		for (char *c = list; *c; c++)
			*c = *c == ' ' ? ',' : *c;
		return bitset_parse(list, ret);
	}
	return -ENOENT;
}

bool drop_in_is_masked(const struct sysroot *root, const char *unit)
{
	const char *dir = find_dir(root, unit);
	struct stat first, ours;

	return dir &&
	       sysroot_stat(root, &first, PERSISTENT_DIR "/%s.d/" DROP_IN, unit) == 0 &&
	       sysroot_stat(root, &ours, "%s/%s.d/" DROP_IN, dir, unit) == 0 &&
	       first.st_mtime <= ours.st_mtime;
}

int drop_in_remove(const struct sysroot *root, const char *unit, struct error *err)
{
	const char *dir = find_dir(root, unit);
	_cleanup_free_ char *name = xasprintf("%s.d", unit);
	_cleanup_close_ int parent = -1, fd = -1;

	if (!dir)
		return 0;
	parent = sysroot_openf(root, O_RDONLY | O_DIRECTORY, "%s", dir);
	fd = sysroot_openf(root, O_RDONLY | O_DIRECTORY, "%s/%s", dir, name);
	if (parent < 0 || fd < 0)
		return error_set(err, MIN(parent, fd), "failed to open '/%s/%s': %s", dir,
				 name, strerror(-MIN(parent, fd)));
	if (unlinkat(fd, DROP_IN, 0) < 0 && errno != ENOENT)
		return error_set(err, negative_errno(),
				 "failed to remove '/%s/%s/" DROP_IN "': %s", dir, name,
				 strerror(errno));
	(void)unlinkat(parent, name, AT_REMOVEDIR); /* unless there is something in it */
	return 0;
}

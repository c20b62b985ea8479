// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * hosttune-snapshot: everything on a host that hosttune may ever change
 *
 * One sorted line per attribute, so that diff(1) of two snapshots says whether a host is
 * what it was:
 *
 *	PATH = VALUE		attribute; newlines as "\n", backslashes as "\\"
 *	PATH -> NAME		last component of a symbolic link's target
 *	PATH ? REASON		attribute that cannot be read
 *
 * It shares no code with hosttune on purpose. Values that change by themselves are only
 * printed with --volatile.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attributes.h"
#include "common/macro.h"

#define VALUE_MAX (1U << 16)

struct snapshot {
	int root;
	bool with_volatile;
	char **line;
	size_t n_line, room;
};

static int add_line(struct snapshot *snapshot, const char *path, const char *sign,
		    const char *value)
{
	char **bigger, *line;

	if (snapshot->n_line == snapshot->room) {
		size_t room = snapshot->room ? 2 * snapshot->room : 1024;

		bigger = realloc(snapshot->line, room * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		snapshot->line = bigger;
		snapshot->room = room;
	}
	if (asprintf(&line, "%s %s %s", path, sign, value) < 0)
		return -ENOMEM;
	snapshot->line[snapshot->n_line++] = line;
	return 0;
}

static int open_below(const struct snapshot *snapshot, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT,
	};
	long fd;

	/* EAGAIN: somebody somewhere renamed or mounted something meanwhile, openat2(2). */
	do
		fd = syscall(SYS_openat2, snapshot->root, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN);
	return fd < 0 ? -errno : (int)fd;
}

/* Read until the end; an attribute that has no data yet does not make us wait. */
static int read_value(const struct snapshot *snapshot, const char *path, char *value)
{
	_cleanup_close_ int fd = -1;
	size_t size = 0;
	ssize_t n;

	fd = open_below(snapshot, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	do {
		n = read(fd, value + size, VALUE_MAX - 1 - size);
		if (n < 0)
			return -errno;
		size += (size_t)n;
	} while (n > 0 && size < VALUE_MAX - 1);

	while (size > 0 && value[size - 1] == '\n')
		size--;
	value[size] = '\0';
	return 0;
}

static void escape(const char *value, char *ret)
{
	for (; *value; value++) {
		if (*value == '\n' || *value == '\\')
			*ret++ = '\\';
		*ret++ = *value == '\n' ? 'n' : *value;
	}
	*ret = '\0';
}

static int print_attr(struct snapshot *snapshot, const char *path)
{
	static char value[VALUE_MAX], escaped[2 * VALUE_MAX];
	int r;

	r = read_value(snapshot, path, value);
	if (r == -ENOENT || r == -ENOTDIR || r == -ENODEV || r == -ENXIO)
		return 0;
	if (r < 0)
		return add_line(snapshot, path, "?", strerror(-r));
	escape(value, escaped);
	return add_line(snapshot, path, "=", escaped);
}

static int print_link(struct snapshot *snapshot, const char *path)
{
	_cleanup_close_ int fd = -1;
	char target[PATH_MAX];
	const char *slash;
	ssize_t n;

	fd = open_below(snapshot, path, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return 0; /* not a link */
	target[n] = '\0';
	slash = strrchr(target, '/');
	return add_line(snapshot, path, "->", slash ? slash + 1 : target);
}

static int walk(struct snapshot *snapshot, const struct attribute *attribute,
		const char *path, const char *pattern);

/* One entry of a directory whose name matched: go on with the rest of the pattern. */
static int walk_entry(struct snapshot *snapshot, const struct attribute *attribute,
		      const char *dir, const char *name, const char *rest)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s", dir, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return walk(snapshot, attribute, path, rest);
}

/*
 * Find what matches @pattern below @path, which ends where the pattern goes on. Only a
 * component with '*' makes us list a directory.
 */
static int walk(struct snapshot *snapshot, const struct attribute *attribute,
		const char *path, const char *pattern)
{
	_cleanup_free_ char *dir = NULL, *glob = NULL;
	const char *star = strchr(pattern, '*'), *from, *rest;
	struct dirent *entry;
	DIR *stream;
	int fd, r = 0;

	from = star;
	while (star && from > pattern && from[-1] != '/')
		from--;
	if (asprintf(&dir, "%s%.*s", path, star ? (int)(from - pattern) : INT_MAX,
		     pattern) < 0) {
		dir = NULL;
		return -ENOMEM;
	}
	if (!star)
		return attribute->is_link ? print_link(snapshot, dir) :
					    print_attr(snapshot, dir);

	rest = star + strcspn(star, "/");
	glob = strndup(from, (size_t)(rest - from));
	if (!glob)
		return -ENOMEM;
	fd = open_below(snapshot, dir, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	if (fd < 0)
		return 0; /* this host does not have it */
	stream = fdopendir(fd);
	if (!stream) {
		(void)close(fd); /* only read from */
		return -ENOMEM;
	}
	while (r == 0 && (entry = readdir(stream)))
		if (fnmatch(glob, entry->d_name, FNM_PERIOD) == 0)
			r = walk_entry(snapshot, attribute, dir, entry->d_name, rest);
	(void)closedir(stream); /* only read from */
	return r;
}

static int compare(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

static int take(struct snapshot *snapshot)
{
	int r;

	for (const struct attribute *a = attributes; a->pattern; a++) {
		if (a->is_volatile && !snapshot->with_volatile)
			continue;
		r = walk(snapshot, a, "", a->pattern);
		if (r < 0)
			return r;
	}
	if (snapshot->n_line > 0)
		qsort(snapshot->line, snapshot->n_line, sizeof(*snapshot->line), compare);
	for (size_t i = 0; i < snapshot->n_line; i++)
		puts(snapshot->line[i]);
	return fflush(stdout) == 0 ? 0 : -errno;
}

static int parse_options(int argc, char **argv, const char **ret_dir, bool *ret_volatile)
{
	static const struct option names[] = {
		{ "sysroot", required_argument, NULL, 's' },
		{ "volatile", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static const char usage[] =
		"usage: hosttune-snapshot [--sysroot DIR] [--volatile]\n"
		"Print every attribute of the host that hosttune may change.\n"
		"  --sysroot DIR   read that tree instead of /\n"
		"  --volatile      also what changes by itself: free counts, frequencies\n";
	int c;

	while ((c = getopt_long(argc, argv, "h", names, NULL)) >= 0) {
		switch (c) {
		case 's':
			*ret_dir = optarg;
			break;
		case 'v':
			*ret_volatile = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		default:
			return 2;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct snapshot snapshot = { .root = -1 };
	const char *dir = "/";
	int r;

	r = parse_options(argc, argv, &dir, &snapshot.with_volatile);
	if (r != 0)
		return r < 0 ? 0 : r;

	snapshot.root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (snapshot.root < 0) {
		fprintf(stderr, "hosttune-snapshot: '%s': %s\n", dir, strerror(errno));
		return 1;
	}
	r = take(&snapshot);
	if (r < 0)
		fprintf(stderr, "hosttune-snapshot: %s\n", strerror(-r));
	for (size_t i = 0; i < snapshot.n_line; i++)
		free(snapshot.line[i]);
	free(snapshot.line);
	(void)close(snapshot.root); /* O_PATH: nothing to lose */
	return r < 0 ? 1 : 0;
}

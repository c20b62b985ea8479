// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the kernel said while it booted; see kernel-log.h. */

#include <fcntl.h>
#include <stdio.h>

#include "common/alloc.h"
#include "grubcfg/kernel-log.h"

/* CONSOLE_EXT_LOG_MAX of Linux */
#define RECORD_MAX 8192
#define LOG_MAX (16U << 20)

/* "prefix,sequence,time,flags;text\n", then lines " KEY=value" (Documentation/ABI/testing/dev-kmsg). */
static char *read_records(int fd)
{
	char *text = NULL, record[RECORD_MAX + 1];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		alloc_failed();
	while (size < LOG_MAX) {
		ssize_t n = read(fd, record, RECORD_MAX);
		const char *start;

		/* Overwritten before it was read: the next read goes on behind it. */
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		start = strchr(record, ';');
		if (start)
			(void)fprintf(out, "%.*s\n", (int)strcspn(start + 1, "\n"),
				      start + 1);
		(void)fflush(out);
	}
	if (fclose(out) != 0)
		alloc_failed();
	return text;
}

char *kernel_log_read(const struct tree *tree)
{
	_cleanup_close_ int fd = -1;
	char *text;

	if (!tree->root->is_host)
		return tree_read(tree, "var/log/dmesg", &text, NULL) == 0 ? text :
									    xstrdup("");
	fd = sysroot_openf(tree->root, O_RDONLY | O_NONBLOCK, "dev/kmsg");
	return fd < 0 ? xstrdup("") : read_records(fd);
}

/* It is printed just before the line is parsed. */
bool kernel_log_is_whole(const char *log)
{
	return strstr(log, "Kernel command line: ") != NULL;
}

/* 'Unknown kernel command line parameters "a b=c", will be passed to user space.' */
static bool is_listed(const char *log, const struct arg *arg)
{
	static const char before[] = "Unknown kernel command line parameters \"";
	const char *start = strstr(log, before), *end;
	_cleanup_free_ char *list = NULL, *word = NULL;

	if (!start)
		return false;
	start += strlen(before);
	end = strstr(start, "\", will be passed");
	if (!end)
		end = start + strcspn(start, "\n");
	/* A value is listed without its quotes: its blanks look like those between arguments. */
	list = xasprintf(" %.*s ", (int)(end - start), start);
	word = arg->value ? xasprintf(" %s=%s ", arg->name, arg->value) :
			    xasprintf(" %s ", arg->name);
	return strstr(list, word) != NULL;
}

/* "vfio_pci: unknown parameter 'idz' ignored" */
static bool is_refused_by_module(const char *log, const struct arg *arg)
{
	const char *dot = strchr(arg->name, '.');
	_cleanup_free_ char *module = NULL, *text = NULL;

	if (!dot)
		return false;
	module = xstrndup(arg->name, (size_t)(dot - arg->name));
	for (char *p = module; *p; p++) {
		if (*p == '-')
			*p = '_';
	}
	text = xasprintf("%s: unknown parameter '%s' ignored", module, dot + 1);
	return strstr(log, text) != NULL;
}

bool kernel_log_calls_unknown(const char *log, const struct arg *arg)
{
	return is_listed(log, arg) || is_refused_by_module(log, arg);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is built of the files; see built.h. */

#include "grubcfg/built.h"

/* The files that building tools read. */
static bool is_source(const struct sink *sink)
{
	return sink->type == &sink_kernel_cmdline || sink->type == &sink_cmdline_d ||
	       sink->type == &sink_variable;
}

/* The first argument about @changes that only @a has, or NULL. */
static const char *find_missing(const struct cmdline *a, const struct cmdline *b,
				const struct changes *changes)
{
	for (size_t i = 0; i < a->n; i++) {
		if (changes_name(changes, a->items[i].name) &&
		    !cmdline_has(b, &a->items[i]))
			return a->items[i].raw;
	}
	return NULL;
}

/* 0: it has what one of the files has; which of several counts may depend on the tool's version. */
static int compare_one(const struct tree *tree, const struct bootpath *boot,
		       const struct sink *built, const struct cmdline *line,
		       const struct changes *changes, struct error *err)
{
	int differs = 0;

	for (size_t i = 0; i < boot->sinks.n; i++) {
		const struct sink *sink = &boot->sinks.items[i];
		_cleanup_cmdline_ struct cmdline wanted = { 0 };
		const char *missing, *extra;
		int r;

		if (!is_source(sink))
			continue;
		r = sink->type->read(tree, sink, &wanted, err);
		if (r < 0 && r != -ENOENT)
			return r;
		missing = find_missing(&wanted, line, changes);
		extra = find_missing(line, &wanted, changes);
		if (!missing && !extra) {
			error_done(err);
			return 0;
		}
		(void)error_set(err, -EBADMSG, "'/%s' %s '%s'", built->path,
				missing ? "does not have" : "still has",
				missing ? missing : extra);
		differs = 1;
	}
	return differs;
}

int built_compare(const struct tree *tree, const struct bootpath *boot,
		  const struct changes *changes, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < boot->built.n; i++) {
		const struct sink *built = &boot->built.items[i];
		_cleanup_cmdline_ struct cmdline line = { 0 };

		r = built->type->read(tree, built, &line, err);
		if (r == -ENOENT) {
			(void)error_set(err, r, "'/%s' is not there", built->path);
			return 1;
		}
		if (r == -EBADMSG)
			return 1;
		if (r == 0)
			r = compare_one(tree, boot, built, &line, changes, err);
	}
	return r;
}

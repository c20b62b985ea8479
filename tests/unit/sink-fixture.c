// SPDX-License-Identifier: LGPL-2.1-or-later

/* One sink of a small host; see sink-fixture.h. */

#include <stdlib.h>

#include "sink-fixture.h"

struct cmdline sink_wanted(const struct cmdline *now, const char *wanted)
{
	struct cmdline line = { 0 };
	bool *used = calloc(now->n + 1, sizeof(bool));

	assert_non_null(used);
	cmdline_parse(&line, wanted, ARG_NEW);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < line.n; i++) {
			struct arg *arg = &line.items[i];

			for (size_t k = 0; k < now->n && arg->origin == ARG_NEW; k++) {
				const struct arg *old = &now->items[k];

				if (used[k] || (pass == 0 ? !STREQ(old->raw, arg->raw) :
							    !STREQ(old->name, arg->name)))
					continue;
				used[k] = true;
				arg->origin = (int)k;
			}
		}
	}
	free(used);
	return line;
}

void sink_reads_at(const struct fixture *f, const struct sink *sink, const char *line,
		   const char *file, int number)
{
	struct tree tree = { .root = &f->root, .root_path = f->dir };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_cmdline_ struct cmdline got = { 0 };
	_cleanup_free_ char *text = NULL;

	unit_done(sink->type->read(&tree, sink, &got, &err), &err, file, number);
	text = cmdline_format(&got);
	unit_text(text, line, file, number);
	for (size_t i = 0; i < got.n; i++)
		assert_int_equal(got.items[i].origin, i);
}

void sink_read_fails_at(const struct fixture *f, const struct sink *sink, int code,
			const char *cause, const char *remedy, const char *file,
			int number)
{
	struct tree tree = { .root = &f->root, .root_path = f->dir };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_cmdline_ struct cmdline got = { 0 };
	int r = sink->type->read(&tree, sink, &got, &err);

	unit_failed(r, code, &err, cause, remedy, file, number);
}

void sink_file_becomes(const struct fixture *f, const struct sink *sink,
		       const char *wanted, const char *path, const char *content)
{
	_cleanup_tree_ struct tree tree = { .root = &f->root, .root_path = f->dir };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_cmdline_ struct cmdline now = { 0 }, line = { 0 };
	_cleanup_free_ char *text = NULL;
	int r;

	r = sink->type->read(&tree, sink, &now, &err);
	if (r != -ENOENT)
		assert_done(r, &err);
	line = sink_wanted(&now, wanted);
	assert_done(sink->type->write(&tree, sink, &line, &err), &err);
	assert_int_equal(tree_read(&tree, path, &text, NULL), 0);
	assert_text(text, content);
}

void sink_refuses(const struct fixture *f, const struct sink *sink, const char *wanted,
		  int code, const char *cause)
{
	_cleanup_tree_ struct tree tree = { .root = &f->root, .root_path = f->dir };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_cmdline_ struct cmdline now = { 0 }, line = { 0 };
	int r;

	r = sink->type->read(&tree, sink, &now, &err);
	if (r != -ENOENT)
		assert_done(r, &err);
	line = sink_wanted(&now, wanted);
	r = sink->type->write(&tree, sink, &line, &err);
	assert_int_equal(r, code);
	assert_contains(err.cause, cause);
}

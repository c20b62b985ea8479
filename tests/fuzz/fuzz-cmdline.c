// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel's lexer, changes and layers. Input: a command line, and after each line break a change:
 * "+ARG" appends, "-ARG" removes, "ARG" sets. What is applied once is not applied again, the line reads
 * back as what it is, and an argument that a layer takes comes out of it the same.
 */

#include "common/alloc.h"
#include "grubcfg/change.h"
#include "grubcfg/encode.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_layers(const char *raw)
{
	for (int layer = LAYER_PLAIN; layer <= LAYER_EXTLINUX; layer++) {
		_cleanup_cmdline_ struct cmdline a = { 0 }, b = { 0 };
		_cleanup_free_ char *text = NULL, *back = NULL, *any = NULL;
		_cleanup_error_ struct error err = ERROR_NULL;

		(void)decode((enum layer)layer, raw, &any, &err);
		if (encode((enum layer)layer, raw, &text, &err) < 0)
			continue;
		check(decode((enum layer)layer, text, &back, &err) == 0);
		cmdline_parse(&a, raw, ARG_NEW);
		cmdline_parse(&b, back, ARG_NEW);
		check(cmdline_equal(&a, &b));
	}
}

static void check_changes(struct cmdline *line, const char *text)
{
	_cleanup_(changes_done) struct changes changes = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	while (*text) {
		size_t n = strcspn(text, "\n");
		_cleanup_free_ char *word = xstrndup(text, n);
		enum change_op op = *word == '+' ? CHANGE_APPEND :
				    *word == '-' ? CHANGE_REMOVE :
						   CHANGE_SET;

		changes_push(&changes, op, op == CHANGE_SET ? word : word + 1);
		text += n + (text[n] == '\n');
	}
	if (changes_apply(line, &changes, &err) < 0)
		return;
	/* One change at least is kept by a second round; several can take turns ("x=1", "x=2"). */
	if (changes.n == 1)
		check(changes_apply(line, &changes, &err) == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	_cleanup_cmdline_ struct cmdline line = { 0 }, again = { 0 };
	_cleanup_free_ char *text = xcalloc(size + 1, 1), *joined = NULL;
	size_t n;

	memcpy(text, data, size);
	n = strcspn(text, "\n");
	if (text[n])
		text[n++] = '\0';
	cmdline_parse(&line, text, 0);
	joined = cmdline_format(&line);
	cmdline_parse(&again, joined, 0);
	check(cmdline_equal(&line, &again));
	check(line.n_kernel == again.n_kernel);
	for (size_t i = 0; i < line.n; i++)
		check_layers(line.items[i].raw);
	check_changes(&line, text + n);
	return 0;
}

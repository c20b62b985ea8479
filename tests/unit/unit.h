/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * cmocka with what its header needs before it, and assertions of our own
 *
 * Tests are static functions in a table, named by what is true when they pass. A child
 * process must not use assertions: they jump into its copy of the runner. unit_run()
 * makes one, and unit_exit_status() waits for it.
 *
 * cmocka's skip() prints what meson takes for a failure: a test that cannot be arranged
 * here says so with unit_skip() and returns.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "common/error.h"
#include "common/macro.h"

/* @text is not NULL and contains @part, or does not. */
#define assert_contains(text, part) \
	unit_contains((text), (part), true, __FILE__, __LINE__)
#define assert_lacks(text, part) unit_contains((text), (part), false, __FILE__, __LINE__)

/* Strings, either of which may be NULL. */
#define assert_text(actual, expected) unit_text((actual), (expected), __FILE__, __LINE__)

/* The bitset's text form. */
#define assert_bitset(set, expected) unit_bitset((set), (expected), __FILE__, __LINE__)

/* @r is the errno @code, and the cause and remedy contain these; NULL: there is none. */
#define assert_failed(r, code, err, cause_part, remedy_part) \
	unit_failed((r), (code), (err), (cause_part), (remedy_part), __FILE__, __LINE__)

/* @r is 0; else the cause is shown. */
#define assert_done(r, err) unit_done((r), (err), __FILE__, __LINE__)

#define unit_skip(reason) print_message("# skipped: %s: %s\n", __func__, (reason))

struct bitset;

void unit_contains(const char *text, const char *part, bool wanted, const char *file,
		   int line);
void unit_text(const char *actual, const char *expected, const char *file, int line);
void unit_bitset(const struct bitset *set, const char *expected, const char *file,
		 int line);
/* NOLINTNEXTLINE(readability-function-size): only called by the macro above. */
void unit_failed(int r, int code, struct error *err, const char *cause,
		 const char *remedy, const char *file, int line);
void unit_done(int r, struct error *err, const char *file, int line);

/* Runs @fn in a child that exits with what it returns. */
pid_t unit_run(int (*fn)(void *arg), void *arg);

/* Waits for a child: its exit status, or 128 + the signal that ended it. */
int unit_exit_status(pid_t pid);

/* Memory that children share with us, zeroed; it lives as long as the process. */
void *unit_shared(size_t size);

uint64_t unit_now_ms(void);

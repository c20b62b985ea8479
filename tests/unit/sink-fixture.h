/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One sink of a small host: what it reads as, and what its file becomes
 *
 *	fixture_set(f, "boot/cmdline.txt", "quiet\n");
 *	sink_reads(f, &sink, "quiet");
 *	sink_becomes(f, &sink, "quiet a=1", "quiet a=1\n");
 *	sink_refuses(f, &sink, "quiet a=\"", -EILSEQ, "cannot be written");
 *
 * The wanted line is made from what is read, word by word: a word that is there keeps its origin, one with
 * the name of a removed argument takes its place, any other is new.
 */

#include "grubcfg/sink.h"
#include "tree-fixture.h"

#define sink_reads(f, sink, line) sink_reads_at((f), (sink), (line), __FILE__, __LINE__)

/* Reading fails with this errno, and the cause and remedy contain these; NULL: there is none. */
#define sink_read_fails(f, sink, code, cause, remedy) \
	sink_read_fails_at((f), (sink), (code), (cause), (remedy), __FILE__, __LINE__)

/* The sink's own file after a write. */
#define sink_becomes(f, sink, wanted, content) \
	sink_file_becomes((f), (sink), (wanted), (sink)->path, (content))

/* Some file after a write, which is then read again and read as @wanted. */
void sink_file_becomes(const struct fixture *f, const struct sink *sink,
		       const char *wanted, const char *path, const char *content);

/* A write fails, with nothing planned for the sink's file. */
void sink_refuses(const struct fixture *f, const struct sink *sink, const char *wanted,
		  int code, const char *cause);

void sink_reads_at(const struct fixture *f, const struct sink *sink, const char *line,
		   const char *file, int number);
/* NOLINTNEXTLINE(readability-function-size): only called by the macro above. */
void sink_read_fails_at(const struct fixture *f, const struct sink *sink, int code,
			const char *cause, const char *remedy, const char *file,
			int number);

/* @now changed to the words of @wanted, as described above. */
struct cmdline sink_wanted(const struct cmdline *now, const char *wanted);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How init.c says what the kernel made of its command line, and expect.c what kargs makes of it: lines
 * "WHAT TEXT", bytes that are not printable as /dev/kmsg shows them.
 */

#include <stdio.h>

/* What the lines set of the kernel's own parameters, and where it shows. */
#define SHOWN_PARAMETERS                                                      \
	{                                                                     \
		{ "transparent_hugepage",                                     \
		  "/sys/kernel/mm/transparent_hugepage/enabled" },            \
			{ "printk.always_kmsg_dump",                          \
			  "/sys/module/printk/parameters/always_kmsg_dump" }, \
	}

static inline void report_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c >= 127 || c == '\\')
			(void)fprintf(out, "\\x%02x", c);
		else
			(void)fputc(c, out);
	}
}

static inline void report(FILE *out, const char *what, const char *text)
{
	(void)fprintf(out, "%s ", what);
	report_text(out, text);
	(void)fputc('\n', out);
}

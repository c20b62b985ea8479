/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What will change in a file, as 'diff -u' shows it and 'patch -p1' takes it. */
#pragma once

/*
 * The caller frees; empty for equal texts. @before NULL: there is no such file yet. @path is without a
 * leading slash.
 */
char *diff_unified(const char *path, const char *before, const char *after);

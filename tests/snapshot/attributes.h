/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What hosttune-snapshot prints. The list ends with an entry without a pattern. */

#include <stdbool.h>

struct attribute {
	const char *pattern; /* '*' matches within one component */
	bool is_link;
	bool is_volatile; /* changes by itself */
};

extern const struct attribute attributes[];

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong, obsolete or contradictory about arguments: a table of data, and its application. */
#pragma once

#include "grubcfg/machine.h"

enum severity { ADVICE_NOTE, ADVICE_WARNING, ADVICE_ERROR };

/* .arg of what is about all arguments together */
#define ADVICE_WHOLE_LINE "the whole line"

struct advice {
	const char *id; /* "amd-iommu-on": stable, for people and tests */
	enum severity severity;
	char *arg; /* as it stands in the line, or ADVICE_WHOLE_LINE */
	const char *message;
	const char *remedy;
	const char *source; /* file of Linux or document that says so */
};

struct advices {
	struct advice *items;
	size_t n;
};

/* "note", "warning", "error" */
const char *severity_name(enum severity severity);

/* Everything that the table has to say of @line on this machine. */
void advice_find(const struct machine *machine, const struct cmdline *line,
		 struct advices *ret);

/* The rows of the table; NULL behind the last. For tests that want one for each. */
const char *advice_id(size_t index);

void advices_done(struct advices *advices);
#define _cleanup_advices_ _cleanup_(advices_done)

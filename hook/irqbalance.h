/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A running irqbalance and the CPUs that it keeps interrupts off ("banned"), which are set and read by its
 * own socket. Its configuration is not touched, and it is never restarted: a new one has its
 * configured CPUs again, and is told anew.
 *
 * What is told takes effect when it looks around next, every ten seconds; until then it still
 * reports what was before. After giving back, the entry stays in the ledger until it reports the
 * baseline, so that nobody takes the old answer for a new baseline.
 */
#pragma once

#include "hook/resource.h"

/*
 * Part of the irq resource's survey, with objects such as "irqbalance1234" (its process id): true when one
 * runs. One that does not answer is left as it is, for the next survey.
 */
bool irqbalance_survey(const struct host *host, struct ledger *ledger,
		       const struct bitset *isolated, bool taking,
		       struct changes *changes);

bool irqbalance_is_object(const char *object);

/* Tells it. One that cannot be told is logged, and no failure. */
int irqbalance_write(const struct sysroot *root, const char *object, const char *from,
		     const char *to);

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Points in time; see deadline.h. */

#include <limits.h>
#include <time.h>

#include "common/deadline.h"
#include "common/macro.h"

#define NS_PER_MS UINT64_C(1000000)

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (uint64_t)ts.tv_sec * 1000 * NS_PER_MS + (uint64_t)ts.tv_nsec;
}

uint64_t deadline_in_ms(uint64_t ms)
{
	return now_ns() + ms * NS_PER_MS;
}

uint64_t deadline_within_ms(uint64_t deadline, uint64_t ms)
{
	return MIN(deadline, deadline_in_ms(ms));
}

int deadline_left_ms(uint64_t deadline)
{
	uint64_t now = now_ns(), left;

	if (deadline <= now)
		return 0;
	left = (deadline - now + NS_PER_MS - 1) / NS_PER_MS;
	return (int)MIN(left, (uint64_t)INT_MAX);
}

void deadline_sleep_ms(uint64_t deadline, uint64_t ms)
{
	uint64_t left = MIN((uint64_t)deadline_left_ms(deadline), ms);
	struct timespec ts = { .tv_sec = (time_t)(left / 1000),
			       .tv_nsec = (long)(left % 1000 * NS_PER_MS) };

	(void)nanosleep(&ts, NULL); /* woken early: the caller looks again early */
}

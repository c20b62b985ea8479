/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Points in time until which something may take. libvirt waits for its hook without a limit
 * (virHookCall), so that every wait of ours has one.
 */
#pragma once

#include <stdint.h>

/* A deadline is a uint64_t: nanoseconds of CLOCK_MONOTONIC. */

/* The point @ms milliseconds from now. */
uint64_t deadline_in_ms(uint64_t ms);

/* The earlier of @deadline and @ms milliseconds from now. */
uint64_t deadline_within_ms(uint64_t deadline, uint64_t ms);

/* Milliseconds left, rounded up; 0 when it has passed. */
int deadline_left_ms(uint64_t deadline);

/* Sleeps @ms milliseconds, but not beyond @deadline. */
void deadline_sleep_ms(uint64_t deadline, uint64_t ms);

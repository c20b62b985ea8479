/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The systemd that runs this host, through its D-Bus interface (org.freedesktop.systemd1(5)), by
 * libsystemd's sd-bus, which is loaded with the first call. One connection serves all calls; every
 * call is bounded by its deadline, connecting included.
 *
 * Functions return 0 or a negative errno with @err set: -ENOENT when systemd has no such unit loaded,
 * -ETIMEDOUT when it did not answer in time, -ELIBACC or -EOPNOTSUPP when there is no libsystemd.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/bitset.h"
#include "common/error.h"
#include "common/sysroot.h"

/* systemd manages this host's cgroups, and @root is the host (sd_booted(3)). */
bool systemd_is_used(const struct sysroot *root);

/* @name is that of a unit that has a cgroup: "system.slice", "init.scope". */
bool systemd_is_unit_name(const char *name);

/* The property AllowedCPUs of a unit, empty where it has none. */
int systemd_get_cpus(const char *unit, uint64_t deadline, struct bitset *ret,
		     struct error *err);

/*
 * Sets AllowedCPUs until the next boot, as 'systemctl set-property --runtime' does. systemd answers
 * before the kernel's cpuset has changed.
 */
int systemd_set_cpus(const char *unit, const struct bitset *cpus, uint64_t deadline,
		     struct error *err);

/* A timer that runs a program again and again, and the service that it runs. */
struct systemd_timer {
	const char *timer; /* name of the unit; that of the service is the same but for its type */
	const char *description;
	const char *path; /* of the program */
	const char *argv[4]; /* ended by NULL */
	uint64_t capabilities; /* that it may have at most */
	const unsigned *after_s; /* seconds after each start of the timer, ended by 0 */
	unsigned every_s; /* and then, from the end of a run to the next */
};

/* Starts the timer and its service as transient units, of names that are not in use. */
int systemd_start_timer(const struct systemd_timer *timer, uint64_t deadline,
			struct error *err);

int systemd_stop(const char *unit, uint64_t deadline, struct error *err);

/* 1: the unit is active, 0: it is not, or not there. */
int systemd_is_active(const char *unit, uint64_t deadline, struct error *err);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log: the systemd journal where it runs, else syslog; stderr for the administrator's tool;
 * nothing for a hook that works on another root than the host's.
 *
 * common/ returns errors and does not log; whoever handles an error without passing it on logs
 * it, once.
 */
#pragma once

#include <syslog.h>

#include "common/macro.h"

enum log_target {
	LOG_TO_NOTHING,
	LOG_TO_STDERR,
	LOG_TO_SYSTEM, /* the journal, or syslog */
};

/* Where to log, and the least important priority (LOG_ERR ... LOG_DEBUG) that is logged. */
void log_setup(enum log_target target, int max_priority);

/* The name before each message; "hosttune" unless set. */
void log_set_program(const char *name);

/* The least important priority for the system's log; the tool's own messages are not limited. */
void log_limit(int max_priority);

/* The domain that following messages are about: HOSTTUNE_DOMAIN= of the journal; NULL: none. */
void log_set_domain(const char *domain);

/*
 * One message, without a final newline. @resource ("governor", or NULL) becomes the prefix of
 * the text and HOSTTUNE_RESOURCE= of the journal.
 */
void log_message(int priority, const char *resource, const char *fmt, ...) _printf_(3, 4);

#define log_error(resource, ...) log_message(LOG_ERR, (resource), __VA_ARGS__)
#define log_warning(resource, ...) log_message(LOG_WARNING, (resource), __VA_ARGS__)
#define log_info(resource, ...) log_message(LOG_INFO, (resource), __VA_ARGS__)
#define log_debug(resource, ...) log_message(LOG_DEBUG, (resource), __VA_ARGS__)

// SPDX-License-Identifier: LGPL-2.1-or-later
/* The log; see log.h. */

#include <stdio.h>
#include <sys/uio.h>

#include "common/alloc.h"
#include "common/dl.h"
#include "common/log.h"

/* sd_journal_sendv(3), loaded on the first message: libsystemd is optional. */
typedef int journal_sendv_fn(const struct iovec *fields, int n_fields);

static enum log_target log_target = LOG_TO_STDERR;
static int log_max_priority = LOG_INFO;
static const char *log_domain;
static const char *log_program = "hosttune";

void log_setup(enum log_target target, int max_priority)
{
	log_target = target;
	log_max_priority = max_priority;
}

void log_set_program(const char *name)
{
	log_program = name;
}

void log_limit(int max_priority)
{
	if (log_target == LOG_TO_SYSTEM)
		log_max_priority = max_priority;
}

void log_set_domain(const char *domain)
{
	log_domain = domain;
}

static journal_sendv_fn *journal(void)
{
	static journal_sendv_fn *sendv;
	static int tried;
	const struct dl_symbol symbols[] = { { "sd_journal_sendv", (void **)&sendv },
					     { 0 } };
	struct error err = ERROR_NULL;

	if (!tried) {
		tried = 1;
		/* The socket is there exactly when journald runs (systemd-journald(8)). */
		if (access("/run/systemd/journal/socket", F_OK) < 0 ||
		    dl_load("libsystemd.so.0", symbols, &err) < 0)
			sendv = NULL;
		error_done(&err);
	}
	return sendv;
}

static void add_field(struct iovec *fields, int *n, char *text)
{
	if (text)
		fields[(*n)++] = (struct iovec){ text, strlen(text) };
}

static int log_journal(journal_sendv_fn *sendv, int priority, const char *resource,
		       const char *text)
{
	_cleanup_free_ char *message = xasprintf("MESSAGE=%s", text);
	_cleanup_free_ char *level = xasprintf("PRIORITY=%d", priority);
	_cleanup_free_ char *domain = NULL, *about = NULL;
	_cleanup_free_ char *identifier = xasprintf("SYSLOG_IDENTIFIER=%s", log_program);
	struct iovec fields[5];
	int n = 0;

	if (log_domain)
		domain = xasprintf("HOSTTUNE_DOMAIN=%s", log_domain);
	if (resource)
		about = xasprintf("HOSTTUNE_RESOURCE=%s", resource);
	add_field(fields, &n, message);
	add_field(fields, &n, level);
	add_field(fields, &n, identifier);
	add_field(fields, &n, domain);
	add_field(fields, &n, about);
	return sendv(fields, n);
}

void log_message(int priority, const char *resource, const char *fmt, ...)
{
	_cleanup_free_ char *body = NULL, *text = NULL;
	journal_sendv_fn *sendv;
	va_list ap;

	if (log_target == LOG_TO_NOTHING || priority > log_max_priority)
		return;
	va_start(ap, fmt);
	body = xvasprintf(fmt, ap);
	va_end(ap);
	text = xasprintf("%s%s%s%s%s%s", log_domain ? "domain '" : "",
			 log_domain ? log_domain : "", log_domain ? "': " : "",
			 resource ? resource : "", resource ? ": " : "", body);

	if (log_target == LOG_TO_STDERR) {
		(void)fprintf(stderr, "%s: %s\n", log_program, text);
		return;
	}
	sendv = journal();
	if (sendv && log_journal(sendv, priority, resource, text) >= 0)
		return;
	syslog(LOG_DAEMON | priority, "%s: %s", log_program, text);
}

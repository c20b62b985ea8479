// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The only program of a guest: reports by the second serial port what the kernel passed to it, what it said
 * of its command line, and what became of a few parameters; then switches off.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "report.h"

#define RECORD_MAX 8192 /* CONSOLE_EXT_LOG_MAX of Linux */
#define UNKNOWN "Unknown kernel command line parameters \""

static const struct {
	const char *name, *path;
} shown[] = SHOWN_PARAMETERS;

/* Bytes as they are, no echo. */
static FILE *open_port(void)
{
	FILE *port = fopen("/dev/ttyS1", "we");
	struct termios t;

	if (!port || tcgetattr(fileno(port), &t) < 0)
		exit(1);
	cfmakeraw(&t);
	(void)tcsetattr(fileno(port), TCSANOW, &t); /* what is garbled fails the test */
	(void)fputc('\n', port); /* the firmware says things there too */
	return port;
}

/* The records are escaped already. */
static void report_log(FILE *port)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[RECORD_MAX + 1];
	ssize_t n;

	while ((n = read(fd, record, RECORD_MAX)) > 0) {
		char *start, *end;

		record[n] = '\0';
		start = strstr(record, UNKNOWN);
		end = start ? strstr(start, "\", will be passed") : NULL;
		if (end)
			(void)fprintf(port, "unknown %.*s\n",
				      (int)(end - start) - (int)strlen(UNKNOWN),
				      start + strlen(UNKNOWN));
	}
}

/* "value" or "one [that] counts of many" */
static void report_value(FILE *port, const char *name, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[256] = "", *value = line, *bracket;

	if (file && fgets(line, sizeof(line), file))
		line[strcspn(line, "\n")] = '\0';
	bracket = strchr(line, '[');
	if (bracket) {
		value = bracket + 1;
		value[strcspn(value, "]")] = '\0';
	}
	report(port, name, value);
	if (file)
		(void)fclose(file);
}

int main(int argc, char **argv)
{
	FILE *port;

	(void)mkdir("/dev", 0755);
	(void)mkdir("/sys", 0755);
	(void)mount("dev", "/dev", "devtmpfs", 0, NULL);
	(void)mount("sys", "/sys", "sysfs", 0, NULL);
	port = open_port();
	for (int i = 1; i < argc; i++)
		report(port, "argv", argv[i]);
	/* HOME and TERM are the kernel's own. */
	for (char **env = environ; *env; env++) {
		if (strncmp(*env, "HOME=", 5) != 0 && strncmp(*env, "TERM=", 5) != 0)
			report(port, "env", *env);
	}
	report_log(port);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		report_value(port, shown[i].name, shown[i].path);
	(void)fputs("end\n", port);
	(void)fclose(port);
	(void)reboot(RB_POWER_OFF);
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* The host's policy; see config.h. */

#include <syslog.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/config.h"

#define CONFIG_SIZE_MAX (64U << 10)

/* Each setter: 0, or -EINVAL for a value that is not of the form in .wanted. */
struct setting {
	const char *key;
	const char *wanted;
	int (*set)(struct config *config, const char *value);
};

static int set_housekeeping(struct config *config, const char *value)
{
	return bitset_parse(value, &config->housekeeping_cpus);
}

static int set_max_percent(struct config *config, const char *value)
{
	if (parse_unsigned(value, &config->hugepages_max_percent) < 0 ||
	    config->hugepages_max_percent < 1 || config->hugepages_max_percent > 100)
		return -EINVAL;
	return 0;
}

static int parse_timeout(const char *value, unsigned *ret_s)
{
	if (parse_unsigned(value, ret_s) < 0 || *ret_s < 1 || *ret_s > 3600)
		return -EINVAL;
	return 0;
}

static int set_timeout(struct config *config, const char *value)
{
	return parse_timeout(value, &config->prepare_timeout_s);
}

static int set_scripts(struct config *config, const char *value)
{
	config->vfio_tools_scripts = STREQ(value, "yes");
	return config->vfio_tools_scripts || STREQ(value, "no") ? 0 : -EINVAL;
}

static int set_scripts_timeout(struct config *config, const char *value)
{
	return parse_timeout(value, &config->vfio_tools_timeout_s);
}

static int set_allow_devices(struct config *config, const char *value)
{
	strv_done(&config->allow_devices);
	strv_split(&config->allow_devices, value, " ,\t");
	return config->allow_devices.n ? 0 : -EINVAL;
}

static int set_log_level(struct config *config, const char *value)
{
	static const char *const names[] = { "error", "warning", "notice", "info",
					     "debug" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (STREQ(value, names[i])) {
			config->log_level = LOG_ERR + (int)i;
			return 0;
		}
	}
	return -EINVAL;
}

static const struct setting settings[] = {
	{ "housekeeping_cpus", "a list of CPUs such as '0-1,16'", set_housekeeping },
	{ "hugepages_max_percent", "a number from 1 to 100", set_max_percent },
	{ "prepare_timeout", "a number of seconds from 1 to 3600", set_timeout },
	{ "allow_devices", "PCI addresses or vendor:device, with * and ?",
	  set_allow_devices },
	{ "log_level", "error, warning, notice, info or debug", set_log_level },
	{ "vfio_tools_scripts", "yes or no", set_scripts },
	{ "vfio_tools_timeout", "a number of seconds from 1 to 3600",
	  set_scripts_timeout },
};

static int unknown_key(unsigned line, const char *key, struct error *err)
{
	const char *names[ARRAY_SIZE(settings) + 1] = { NULL };
	const char *nearest;

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		names[i] = settings[i].key;
	nearest = parse_nearest(key, names);
	(void)error_set(err, -EINVAL, "/" CONFIG_PATH ": line %u: unknown key '%s'", line,
			key);
	if (nearest)
		error_remedy(err, "did you mean '%s'?", nearest);
	return -EINVAL;
}

static int apply(struct config *config, unsigned line, const char *key, const char *value,
		 struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if (!STREQ(settings[i].key, key))
			continue;
		if (settings[i].set(config, value) < 0)
			return error_set(err, -EINVAL,
					 "/" CONFIG_PATH ": line %u: %s = '%s' is not %s",
					 line, key, value, settings[i].wanted);
		return 0;
	}
	return unknown_key(line, key, err);
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
	return s;
}

static int parse_line(struct config *config, unsigned line, char *text, struct error *err)
{
	char *equals;

	text[strcspn(text, "#")] = '\0';
	text = trim(text);
	if (!*text)
		return 0;
	equals = strchr(text, '=');
	if (!equals)
		return error_set(err, -EINVAL,
				 "/" CONFIG_PATH ": line %u: '%s' is not 'key = value'",
				 line, text);
	*equals = '\0';
	return apply(config, line, trim(text), trim(equals + 1), err);
}

int config_read(const struct sysroot *root, struct config *ret, struct error *err)
{
	struct config config = {
		.hugepages_max_percent = 90,
		.prepare_timeout_s = 30,
		.log_level = LOG_INFO,
		.vfio_tools_timeout_s = 30,
	};
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	unsigned line = 0;
	int r;

	r = sysroot_read_file(root, CONFIG_SIZE_MAX, &text, &size, CONFIG_PATH);
	if (r < 0 && r != -ENOENT)
		return error_set(err, r, "failed to read '/" CONFIG_PATH "': %s",
				 strerror(-r));
	if (text && strlen(text) != size)
		r = error_set(err, -EINVAL, "/" CONFIG_PATH ": contains a NUL byte");
	else
		r = 0;
	for (char *next = text; r == 0 && next;) {
		char *start = strsep(&next, "\n");

		r = parse_line(&config, ++line, start, err);
	}
	if (r < 0) {
		config_done(&config);
		return r;
	}
	*ret = config;
	return 0;
}

void config_done(struct config *config)
{
	bitset_done(&config->housekeeping_cpus);
	strv_done(&config->allow_devices);
}

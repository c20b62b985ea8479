// SPDX-License-Identifier: LGPL-2.1-or-later

/* The host's policy. */

#include <syslog.h>

#include "common/alloc.h"
#include "hook/config.h"
#include "tree-fixture.h"

static void read_good(const struct fixture *f, const char *text, struct config *ret)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_set(f, CONFIG_PATH, text);
	if (config_read(&f->root, ret, &err) < 0)
		fail_msg("'%s': %s", text, err.cause);
	assert_text(err.cause, NULL);
}

static void assert_refused(const struct fixture *f, const char *text, const char *cause,
			   const char *remedy)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	struct config config = { 0 };
	int r;

	fixture_set(f, CONFIG_PATH, text);
	r = config_read(&f->root, &config, &err);
	if (r != -EINVAL)
		fail_msg("accepted: %s", text);
	assert_failed(r, -EINVAL, &err, cause, remedy);
	assert_int_equal(config.hugepages_max_percent, 0); /* untouched */
}

static void assert_defaults(const struct config *config)
{
	assert_true(bitset_is_empty(&config->housekeeping_cpus));
	assert_int_equal(config->hugepages_max_percent, 90);
	assert_int_equal(config->prepare_timeout_s, 30);
	assert_int_equal(config->allow_devices.n, 0);
	assert_int_equal(config->log_level, LOG_INFO);
	assert_false(config->vfio_tools_scripts);
	assert_int_equal(config->vfio_tools_timeout_s, 30);
}

static void a_missing_file_means_the_defaults(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_config_ struct config config = { 0 };

	assert_done(config_read(&f->root, &config, &err), &err);
	assert_defaults(&config);
}

static void an_empty_file_means_the_defaults(void **state)
{
	const struct fixture *f = *state;
	static const char *const texts[] = { "", "\n\n", "# nothing\n", "  \t \r\n#=\n" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_config_ struct config config = { 0 };

		read_good(f, texts[i], &config);
		assert_defaults(&config);
	}
}

static void every_key_is_read(void **state)
{
	const struct fixture *f = *state;
	_cleanup_config_ struct config config = { 0 };
	_cleanup_free_ char *devices = NULL;

	read_good(f,
		  "# policy\n"
		  "housekeeping_cpus = 0-1,16\n"
		  "hugepages_max_percent=75 # of a node\n"
		  "\t prepare_timeout \t=\t 120 \r\n"
		  "allow_devices = 10de:*, 0000:05:??.?\t8086:1533\n"
		  "log_level = debug\n"
		  "vfio_tools_scripts = yes\n"
		  "vfio_tools_timeout = 5",
		  &config);
	assert_bitset(&config.housekeeping_cpus, "0-1,16");
	assert_int_equal(config.hugepages_max_percent, 75);
	assert_int_equal(config.prepare_timeout_s, 120);
	devices = strv_join(&config.allow_devices, "|");
	assert_string_equal(devices, "10de:*|0000:05:??.?|8086:1533");
	assert_int_equal(config.log_level, LOG_DEBUG);
	assert_true(config.vfio_tools_scripts);
	assert_int_equal(config.vfio_tools_timeout_s, 5);
}

static void limits_are_inclusive(void **state)
{
	const struct fixture *f = *state;
	_cleanup_config_ struct config low = { 0 }, high = { 0 };

	read_good(f, "hugepages_max_percent = 1\nprepare_timeout = 1\n", &low);
	assert_int_equal(low.hugepages_max_percent, 1);
	assert_int_equal(low.prepare_timeout_s, 1);
	read_good(f, "hugepages_max_percent = 100\nprepare_timeout = 3600\n", &high);
	assert_int_equal(high.hugepages_max_percent, 100);
	assert_int_equal(high.prepare_timeout_s, 3600);
}

static void every_log_level_is_known(void **state)
{
	const struct fixture *f = *state;
	static const struct {
		const char *text;
		int level;
	} cases[] = {
		{ "log_level = error", LOG_ERR },
		{ "log_level = warning", LOG_WARNING },
		{ "log_level = notice", LOG_NOTICE },
		{ "log_level = info", LOG_INFO },
		{ "log_level = debug", LOG_DEBUG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_config_ struct config config = { 0 };

		read_good(f, cases[i].text, &config);
		assert_int_equal(config.log_level, cases[i].level);
	}
}

static void the_last_of_several_counts(void **state)
{
	const struct fixture *f = *state;
	_cleanup_config_ struct config config = { 0 };

	read_good(f,
		  "allow_devices = a b\nhousekeeping_cpus = 0-3\nprepare_timeout = 5\n"
		  "allow_devices = c\nhousekeeping_cpus = 7\nprepare_timeout = 6\n",
		  &config);
	assert_int_equal(config.allow_devices.n, 1);
	assert_string_equal(config.allow_devices.items[0], "c");
	assert_bitset(&config.housekeeping_cpus, "7");
	assert_int_equal(config.prepare_timeout_s, 6);
}

static void bad_values_are_refused(void **state)
{
	const struct fixture *f = *state;
	static const struct {
		const char *text, *cause;
	} cases[] = {
		{ "housekeeping_cpus = 3-1", "is not a list of CPUs such as '0-1,16'" },
		{ "housekeeping_cpus = all", "housekeeping_cpus = 'all' is not" },
		{ "housekeeping_cpus = 0, 1", "housekeeping_cpus = '0, 1' is not" },
		{ "housekeeping_cpus = 65536", "is not a list" },
		{ "hugepages_max_percent = 0", "is not a number from 1 to 100" },
		{ "hugepages_max_percent = 101", "is not a number from 1 to 100" },
		{ "hugepages_max_percent = 90%", "'90%' is not" },
		{ "hugepages_max_percent =", "'' is not" },
		{ "hugepages_max_percent = -1", "'-1' is not" },
		{ "prepare_timeout = 0", "is not a number of seconds from 1 to 3600" },
		{ "prepare_timeout = 3601", "'3601' is not" },
		{ "prepare_timeout = 30s", "'30s' is not" },
		{ "prepare_timeout = 4294967297", "'4294967297' is not" },
		{ "allow_devices =", "is not PCI addresses or vendor:device" },
		{ "allow_devices = , ,", "is not PCI addresses" },
		{ "log_level = verbose", "is not error, warning, notice, info or debug" },
		{ "log_level = Info", "'Info' is not" },
		{ "vfio_tools_scripts = true", "'true' is not yes or no" },
		{ "vfio_tools_timeout = 0", "is not a number of seconds from 1 to 3600" },
		{ "log_level = info debug", "'info debug' is not" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text =
			xasprintf("# first\n\n%s\nlog_level = info\n", cases[i].text);

		assert_refused(f, text, cases[i].cause, NULL);
		assert_refused(f, text, "/etc/hosttune/hosttune.conf: line 3: ", NULL);
	}
}

static void what_is_no_setting_is_refused(void **state)
{
	const struct fixture *f = *state;

	assert_refused(f, "log_level\n",
		       "/etc/hosttune/hosttune.conf: line 1: 'log_level' is not "
		       "'key = value'",
		       NULL);
	assert_refused(f, "\n\n  [section]  # x\n", "line 3: '[section]' is not", NULL);
	assert_refused(f, "log_level = info\nlog_level # = info\n",
		       "line 2: 'log_level' is not", NULL);
}

static void unknown_keys_are_refused(void **state)
{
	const struct fixture *f = *state;

	assert_refused(f, "prepare_timout = 3\n", "line 1: unknown key 'prepare_timout'",
		       "did you mean 'prepare_timeout'?");
	assert_refused(f, "\nlog-level = info\n", "line 2: unknown key 'log-level'",
		       "did you mean 'log_level'?");
	assert_refused(f, "colour = blue\n", "line 1: unknown key 'colour'", NULL);
	assert_refused(f, "= 3\n", "line 1: unknown key ''", NULL);
	assert_refused(f, "log_level = info\nLOG_LEVEL = info\n", "line 2: unknown key",
		       NULL);
}

static void a_nul_byte_is_refused(void **state)
{
	const struct fixture *f = *state;
	static const char text[] = "log_level = info\n\0prepare_timeout = 1\n";
	_cleanup_error_ struct error err = ERROR_NULL;
	struct config config = { 0 };

	fixture_write(f, CONFIG_PATH, text, sizeof(text) - 1);
	assert_failed(config_read(&f->root, &config, &err), -EINVAL, &err, "NUL byte",
		      NULL);
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
	const struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *large = xmalloc((64 << 10) + 2);
	struct config config = { 0 };

	memset(large, '#', (64 << 10) + 1);
	large[(64 << 10) + 1] = '\0';
	fixture_set(f, CONFIG_PATH, large);
	assert_failed(config_read(&f->root, &config, &err), -EFBIG, &err,
		      "failed to read '/etc/hosttune/hosttune.conf'", NULL);
	fixture_remove(f, CONFIG_PATH);
	fixture_add(f, CONFIG_PATH "/\n");
	assert_failed(config_read(&f->root, &config, &err), -EISDIR, &err,
		      "failed to read '/etc/hosttune/hosttune.conf'", NULL);
	fixture_remove(f, CONFIG_PATH);
	fixture_add(f, CONFIG_PATH " -> hosttune.conf\n");
	assert_failed(config_read(&f->root, &config, &err), -ELOOP, &err,
		      "failed to read", NULL);
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(a_missing_file_means_the_defaults),
		TREE_TEST(an_empty_file_means_the_defaults),
		TREE_TEST(every_key_is_read),
		TREE_TEST(limits_are_inclusive),
		TREE_TEST(every_log_level_is_known),
		TREE_TEST(the_last_of_several_counts),
		TREE_TEST(bad_values_are_refused),
		TREE_TEST(what_is_no_setting_is_refused),
		TREE_TEST(unknown_keys_are_refused),
		TREE_TEST(a_nul_byte_is_refused),
		TREE_TEST(a_file_that_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

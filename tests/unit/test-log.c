// SPDX-License-Identifier: LGPL-2.1-or-later

/* The log on stderr. */

#include <fcntl.h>
#include <stdio.h>

#include "common/log.h"
#include "common/sysroot.h"
#include "unit.h"

/* stderr goes into a pipe from capture_begin() to capture_end(). */
static int saved_stderr = -1, reader = -1;

static void capture_begin(void)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	(void)fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	assert_true(saved_stderr >= 0 && dup2(fds[1], STDERR_FILENO) >= 0);
	(void)close(fds[1]);
	reader = fds[0];
}

static char *capture_end(void)
{
	char *text = NULL;

	(void)fflush(stderr);
	assert_true(dup2(saved_stderr, STDERR_FILENO) >= 0);
	(void)close(saved_stderr);
	assert_int_equal(fd_read_all(reader, 65536, &text, NULL), 0);
	(void)close(reader);
	return text;
}

static int setup(void **state _unused_)
{
	log_setup(LOG_TO_STDERR, LOG_INFO);
	log_set_domain(NULL);
	return 0;
}

static void messages_name_domain_and_resource(void **state _unused_)
{
	_cleanup_free_ char *text = NULL;

	capture_begin();
	log_error(NULL, "plain");
	log_warning("governor", "of %s", "policy0");
	log_set_domain("win11");
	log_info(NULL, "number %d", 7);
	log_error("hugepages", "short");
	log_set_domain(NULL);
	log_error("hugepages", "short");
	text = capture_end();
	assert_string_equal(text, "hosttune: plain\n"
				  "hosttune: governor: of policy0\n"
				  "hosttune: domain 'win11': number 7\n"
				  "hosttune: domain 'win11': hugepages: short\n"
				  "hosttune: hugepages: short\n");
}

static void less_important_messages_are_dropped(void **state _unused_)
{
	_cleanup_free_ char *text = NULL;

	capture_begin();
	log_debug(NULL, "debug at info");
	log_setup(LOG_TO_STDERR, LOG_WARNING);
	log_info(NULL, "info at warning");
	log_warning(NULL, "warning at warning");
	log_setup(LOG_TO_STDERR, LOG_DEBUG);
	log_debug(NULL, "debug at debug");
	text = capture_end();
	assert_string_equal(text, "hosttune: warning at warning\n"
				  "hosttune: debug at debug\n");
}

/* It is for the system's log: what the administrator asked for is always shown. */
static void the_limit_is_not_for_stderr(void **state _unused_)
{
	_cleanup_free_ char *text = NULL;

	log_limit(LOG_ERR);
	capture_begin();
	log_info(NULL, "shown");
	text = capture_end();
	assert_string_equal(text, "hosttune: shown\n");
}

static void messages_have_the_programs_name(void **state _unused_)
{
	_cleanup_free_ char *text = NULL;

	capture_begin();
	log_set_program("kargs");
	log_warning(NULL, "shown");
	log_set_program("hosttune");
	text = capture_end();
	assert_string_equal(text, "kargs: shown\n");
}

static void a_log_to_nothing_is_silent(void **state _unused_)
{
	_cleanup_free_ char *text = NULL;

	log_setup(LOG_TO_NOTHING, LOG_DEBUG);
	capture_begin();
	log_error("governor", "nobody hears this");
	text = capture_end();
	assert_string_equal(text, "");
}

static void formats_in_names_are_not_expanded(void **state _unused_)
{
	_cleanup_free_ char *text = NULL;

	log_set_domain("%s%n");
	capture_begin();
	log_error("%d", "%s", "100%");
	text = capture_end();
	assert_string_equal(text, "hosttune: domain '%s%n': %d: 100%\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(messages_name_domain_and_resource, setup),
		cmocka_unit_test_setup(less_important_messages_are_dropped, setup),
		cmocka_unit_test_setup(the_limit_is_not_for_stderr, setup),
		cmocka_unit_test_setup(messages_have_the_programs_name, setup),
		cmocka_unit_test_setup(a_log_to_nothing_is_silent, setup),
		cmocka_unit_test_setup(formats_in_names_are_not_expanded, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

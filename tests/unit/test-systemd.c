// SPDX-License-Identifier: LGPL-2.1-or-later

/* Calls to systemd, answered by a small server in a child process. */

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/strv.h"
#include "hook/systemd.h"
#include "tree-fixture.h"

#define MANAGER "org.freedesktop.systemd1.Manager"
#define UNITS "/org/freedesktop/systemd1/unit/"

static struct {
	struct fixture *f;
	char *socket;
	char *last; /* path of the dump of the last call that changes something */
	pid_t server;
} bus;

/* ---- server ---- */

static int reply_error(sd_bus_message *m, const char *name)
{
	return sd_bus_reply_method_errorf(m, name, "Unit not loaded or refused.");
}

static int get_unit(sd_bus_message *m)
{
	_cleanup_free_ char *path = NULL;
	const char *unit;

	if (sd_bus_message_read(m, "s", &unit) < 0 || STREQ(unit, "silent.slice"))
		return 1;
	if (STREQ(unit, "gone.slice"))
		return reply_error(m, "org.freedesktop.systemd1.NoSuchUnit");
	if (STREQ(unit, "path.slice"))
		return sd_bus_reply_method_return(m, "s", "not a path");
	path = xasprintf(UNITS "%.*s", (int)strcspn(unit, "."), unit);
	return sd_bus_reply_method_return(m, "o", path);
}

static int get_property(sd_bus_message *m)
{
	const char *path = sd_bus_message_get_path(m), *interface, *property;

	if (sd_bus_message_read(m, "ss", &interface, &property) < 0)
		return 1;
	if (STREQ(property, "ActiveState"))
		return sd_bus_reply_method_return(m, "v", "s",
						  STREQ(path, UNITS "dead") ? "inactive" :
									      "active");
	if (STREQ(path, UNITS "odd"))
		return sd_bus_reply_method_return(m, "v", "s", "0-3");
	if (STREQ(path, UNITS "none"))
		return sd_bus_reply_method_return(m, "v", "ay", 0);
	/* A property is found with the interface of the unit's type only. */
	if (!STREQ(interface, STREQ(path, UNITS "init") ?
				      "org.freedesktop.systemd1.Scope" :
				      "org.freedesktop.systemd1.Slice"))
		return reply_error(m, "org.freedesktop.DBus.Error.UnknownProperty");
	return sd_bus_reply_method_return(m, "v", "ay", 3, 0x0d, 0x80, 0x00);
}

static int change(sd_bus_message *m)
{
	FILE *out = fopen(bus.last, "we");
	const char *unit = "";

	if (!out)
		return -errno;
	(void)sd_bus_message_dump(m, out, SD_BUS_MESSAGE_DUMP_WITH_HEADER);
	(void)fclose(out);
	(void)sd_bus_message_rewind(m, 1);
	(void)sd_bus_message_read_basic(m, 's', &unit);
	if (str_has_prefix(unit, "gone"))
		return reply_error(m, "org.freedesktop.systemd1.NoSuchUnit");
	if (str_has_prefix(unit, "denied"))
		return reply_error(m, "org.freedesktop.DBus.Error.AccessDenied");
	return STREQ(sd_bus_message_get_member(m), "SetUnitProperties") ?
		       sd_bus_reply_method_return(m, "") :
		       sd_bus_reply_method_return(m, "o",
						  "/org/freedesktop/systemd1/job/7");
}

static int answer(sd_bus_message *m, void *arg _unused_, sd_bus_error *error _unused_)
{
	if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus", "Hello"))
		return sd_bus_reply_method_return(m, "s", ":1.7");
	if (sd_bus_message_is_method_call(m, MANAGER, "GetUnit"))
		return get_unit(m);
	if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "Get"))
		return get_property(m);
	return sd_bus_message_is_method_call(m, MANAGER, NULL) ? change(m) : 0;
}

static int serve(void *arg)
{
	const int *listener = arg;
	const sd_id128_t id = { { 1 } };
	sd_bus *server = NULL;
	int fd;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = accept4(*listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0 || sd_bus_new(&server) < 0 || sd_bus_set_fd(server, fd, fd) < 0 ||
	    sd_bus_set_server(server, 1, id) < 0 || sd_bus_start(server) < 0 ||
	    sd_bus_add_filter(server, NULL, answer, NULL) < 0)
		return 1;
	for (;;) {
		int r = sd_bus_process(server, NULL);

		if (r == 0)
			r = sd_bus_wait(server, UINT64_MAX);
		if (r < 0)
			return 0;
	}
}

static int start_server(void **state _unused_)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_free_ char *env = NULL;
	_cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	void *f;

	if (fixture_setup(&f) < 0)
		return -1;
	bus.f = f;
	bus.socket = fixture_path(bus.f, "bus");
	bus.last = fixture_path(bus.f, "last");
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", bus.socket);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 1) < 0)
		return -1;
	env = xasprintf("unix:path=%s", bus.socket);
	(void)setenv("DBUS_SYSTEM_BUS_ADDRESS", env, 1);
	bus.server = unit_run(serve, &listener);
	return 0;
}

static int stop_server(void **state _unused_)
{
	void *f = bus.f;

	(void)kill(bus.server, SIGKILL);
	(void)unit_exit_status(bus.server);
	free(bus.socket);
	free(bus.last);
	return fixture_teardown(&f);
}

/* @part, with single blanks, is in the last call that changed something. */
static void assert_sent(const char *part)
{
	_cleanup_free_ char *last = fixture_get(bus.f, "last");
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *text = NULL;

	assert_non_null(last);
	strv_split(&words, last, " \n");
	text = strv_join(&words, " ");
	assert_contains(text, part);
}

/* ---- client ---- */

static int get(const char *unit, uint64_t ms, struct bitset *ret, struct error *err)
{
	return systemd_get_cpus(unit, deadline_in_ms(ms), ret, err);
}

static void cpus_are_read_bit_by_bit(void **state _unused_)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(get("user.slice", 5000, &cpus, &err), &err);
	assert_bitset(&cpus, "0,2-3,15");
	assert_done(get("init.scope", 5000, &cpus, &err), &err);
	assert_bitset(&cpus, "0,2-3,15");
	assert_done(get("none.slice", 5000, &cpus, &err), &err);
	assert_bitset(&cpus, "");
}

static void a_unit_that_is_not_loaded_is_not_there(void **state _unused_)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_failed(get("gone.slice", 5000, &cpus, &err), -ENOENT, &err,
		      "systemd: Unit", NULL);
	assert_failed(systemd_set_cpus("gone.slice", &cpus, deadline_in_ms(5000), &err),
		      -ENOENT, &err, "systemd: Unit", NULL);
	assert_int_equal(systemd_is_active("gone.slice", deadline_in_ms(5000), &err), 0);
	assert_null(err.cause);
}

static void answers_of_another_kind_are_errors(void **state _unused_)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_true(get("odd.slice", 5000, &cpus, &err) < 0);
	assert_contains(err.cause, "AllowedCPUs of odd.slice is not understood");
	assert_true(get("path.slice", 5000, &cpus, &err) < 0);
	assert_contains(err.cause, "is not understood");
}

static void no_answer_is_not_waited_for_longer_than_allowed(void **state _unused_)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	uint64_t begin = unit_now_ms();

	assert_failed(get("silent.slice", 200, &cpus, &err), -ETIMEDOUT, &err,
		      "systemd:", NULL);
	assert_true(unit_now_ms() - begin < 3000);
	/* And what comes after it is not disturbed. */
	assert_done(get("user.slice", 5000, &cpus, &err), &err);
	/* No time left at all. */
	assert_failed(get("silent.slice", 0, &cpus, &err), -ETIMEDOUT, &err,
		      "systemd:", NULL);
}

static void cpus_are_set_until_the_next_boot(void **state _unused_)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_int_equal(bitset_parse("0-1,9", &cpus), 0);
	assert_done(systemd_set_cpus("a\\x2db.slice", &cpus, deadline_in_ms(5000), &err),
		    &err);
	assert_sent("Member=SetUnitProperties");
	assert_sent("STRING \"a\\x2db.slice\"; BOOLEAN true;");
	assert_sent("STRING \"AllowedCPUs\"");
	assert_sent("BYTE 3; BYTE 2;");
	bitset_done(&cpus);
	assert_done(systemd_set_cpus("user.slice", &cpus, deadline_in_ms(5000), &err),
		    &err);
	assert_sent("ARRAY \"y\" { };");
	assert_failed(systemd_set_cpus("denied.slice", &cpus, deadline_in_ms(5000), &err),
		      -EACCES, &err, "refused", NULL);
}

static void a_timer_is_started_with_its_service(void **state _unused_)
{
	static const unsigned after_s[] = { 2, 60, 0 };
	struct systemd_timer timer = {
		.timer = "x-1.timer",
		.description = "Words",
		.path = "/etc/libvirt/hooks/qemu",
		.argv = { "hosttune", "sync", NULL },
		.capabilities = 5,
		.after_s = after_s,
		.every_s = 30,
	};
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(systemd_start_timer(&timer, deadline_in_ms(5000), &err), &err);
	assert_sent("Member=StartTransientUnit");
	assert_sent("STRING \"x-1.timer\"");
	assert_sent("STRING \"OnActiveSec\";");
	assert_sent("UINT64 2000000;");
	assert_sent("UINT64 60000000;");
	assert_sent("STRING \"OnUnitInactiveSec\";");
	assert_sent("UINT64 30000000;");
	assert_sent("STRING \"x-1.service\"");
	assert_sent("STRING \"/etc/libvirt/hooks/qemu\"");
	assert_sent("STRING \"hosttune\";");
	assert_sent("STRING \"sync\";");
	assert_sent("STRING \"CapabilityBoundingSet\";");
	timer.timer = "denied.timer";
	assert_failed(systemd_start_timer(&timer, deadline_in_ms(5000), &err), -EACCES,
		      &err, "refused", NULL);
}

static void units_are_stopped_and_asked_for(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(systemd_stop("x.timer", deadline_in_ms(5000), &err), &err);
	assert_sent("Member=StopUnit");
	assert_failed(systemd_stop("gone.timer", deadline_in_ms(5000), &err), -ENOENT,
		      &err, "systemd:", NULL);
	assert_int_equal(systemd_is_active("x.timer", deadline_in_ms(5000), &err), 1);
	assert_int_equal(systemd_is_active("dead.timer", deadline_in_ms(5000), &err), 0);
}

static void units_have_names_of_their_types(void **state _unused_)
{
	assert_true(systemd_is_unit_name("system.slice"));
	assert_true(systemd_is_unit_name("init.scope"));
	assert_true(systemd_is_unit_name("a\\x2db.c.service"));
	assert_false(systemd_is_unit_name("docker"));
	assert_false(systemd_is_unit_name("lxc.payload.web"));
	assert_false(systemd_is_unit_name("machine.partition"));
}

static void only_the_host_itself_is_systemds(void **state _unused_)
{
	struct sysroot root = bus.f->root;

	fixture_add(bus.f, "run/systemd/system/x = \n");
	assert_false(systemd_is_used(&root));
	root.is_host = true;
	assert_true(systemd_is_used(&root));
	fixture_remove(bus.f, "run/systemd/system/x");
	fixture_remove(bus.f, "run/systemd/system");
	assert_false(systemd_is_used(&root));
}

/* Last: the server is gone afterwards. */
static void a_connection_that_breaks_is_an_error(void **state _unused_)
{
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	(void)kill(bus.server, SIGKILL);
	assert_true(get("user.slice", 1000, &cpus, &err) < 0);
	assert_non_null(err.cause);
	assert_int_equal(unlink(bus.socket), 0);
	assert_true(get("user.slice", 1000, &cpus, &err) < 0);
	assert_contains(err.cause, "failed to connect to systemd");
	assert_contains(err.remedy, "systemctl status dbus");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus_are_read_bit_by_bit),
		cmocka_unit_test(a_unit_that_is_not_loaded_is_not_there),
		cmocka_unit_test(answers_of_another_kind_are_errors),
		cmocka_unit_test(no_answer_is_not_waited_for_longer_than_allowed),
		cmocka_unit_test(cpus_are_set_until_the_next_boot),
		cmocka_unit_test(a_timer_is_started_with_its_service),
		cmocka_unit_test(units_are_stopped_and_asked_for),
		cmocka_unit_test(units_have_names_of_their_types),
		cmocka_unit_test(only_the_host_itself_is_systemds),
		cmocka_unit_test(a_connection_that_breaks_is_an_error),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}

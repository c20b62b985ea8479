// SPDX-License-Identifier: LGPL-2.1-or-later
/* systemd by D-Bus; see systemd.h. */

#include <syslog.h>
#include <systemd/sd-bus.h>

#include "common/alloc.h"
#include "common/deadline.h"
#include "common/dl.h"
#include "hook/systemd.h"

#define SERVICE "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SERVICE ".Manager"
#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"
#define NO_SUCH_UNIT SERVICE ".NoSuchUnit"
#define USEC_PER_SEC UINT64_C(1000000)

#define BUS_FUNCTIONS(X)                  \
	X(sd_bus_open_system)             \
	X(sd_bus_new)                     \
	X(sd_bus_set_address)             \
	X(sd_bus_start)                   \
	X(sd_bus_close_unref)             \
	X(sd_bus_is_ready)                \
	X(sd_bus_process)                 \
	X(sd_bus_wait)                    \
	X(sd_bus_call)                    \
	X(sd_bus_error_free)              \
	X(sd_bus_path_encode)             \
	X(sd_bus_message_new_method_call) \
	X(sd_bus_message_append)          \
	X(sd_bus_message_append_array)    \
	X(sd_bus_message_append_strv)     \
	X(sd_bus_message_open_container)  \
	X(sd_bus_message_close_container) \
	X(sd_bus_message_enter_container) \
	X(sd_bus_message_read_array)      \
	X(sd_bus_message_read_basic)      \
	X(sd_bus_message_unref)

static BUS_FUNCTIONS(DL_DEFINE)

	/* Types of units that have a cgroup, and the interface that their properties belong to. */
	static const struct {
	const char *suffix;
	const char *interface;
} types[] = {
	{ ".slice", SERVICE ".Slice" },	    { ".scope", SERVICE ".Scope" },
	{ ".service", SERVICE ".Service" }, { ".mount", SERVICE ".Mount" },
	{ ".socket", SERVICE ".Socket" },   { ".swap", SERVICE ".Swap" },
};

static void message_unref(sd_bus_message **message)
{
	if (*message)
		sym_sd_bus_message_unref(*message);
}
#define _cleanup_message_ _cleanup_(message_unref)

static void bus_error_done(sd_bus_error *error)
{
	sym_sd_bus_error_free(error);
}
#define _cleanup_bus_error_ _cleanup_(bus_error_done)

static const char *interface_of(const char *unit)
{
	const char *dot = strrchr(unit, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(types); i++) {
		if (STREQ(dot, types[i].suffix))
			return types[i].interface;
	}
	return NULL;
}

bool systemd_is_used(const struct sysroot *root)
{
	return root->is_host && sysroot_exists(root, "run/systemd/system");
}

bool systemd_is_unit_name(const char *name)
{
	return interface_of(name);
}

/* ---- connection and calls ---- */

static uint64_t left_us(uint64_t deadline)
{
	/* 0 would mean a default of sd-bus. */
	return MAX((uint64_t)deadline_left_ms(deadline) * 1000, UINT64_C(1));
}

/* sd_bus_call() would do this too, with a time limit of its own. */
static int wait_until_ready(sd_bus *bus, uint64_t deadline)
{
	for (;;) {
		int r = sym_sd_bus_is_ready(bus);

		if (r != 0)
			return r < 0 ? r : 0;
		if (deadline_left_ms(deadline) == 0)
			return -ETIMEDOUT;
		r = sym_sd_bus_process(bus, NULL);
		if (r == 0)
			r = sym_sd_bus_wait(bus, left_us(deadline));
		if (r < 0 && r != -EINTR)
			return r;
	}
}

/* systemd's own socket, which is there where no D-Bus daemon runs. */
static int open_private(sd_bus **ret)
{
	int r = sym_sd_bus_new(ret);

	if (r >= 0)
		r = sym_sd_bus_set_address(*ret, PRIVATE_ADDRESS);
	return r < 0 ? r : sym_sd_bus_start(*ret);
}

static int connect_to(int (*open)(sd_bus **ret), uint64_t deadline, sd_bus **ret)
{
	sd_bus *bus = NULL;
	int r = open(&bus);

	if (r >= 0)
		r = wait_until_ready(bus, deadline);
	if (r < 0) {
		if (bus)
			(void)sym_sd_bus_close_unref(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

static int get_bus(uint64_t deadline, sd_bus **ret, struct error *err)
{
	static const struct dl_symbol symbols[] = { BUS_FUNCTIONS(DL_SYMBOL){ 0 } };
	static sd_bus *bus;
	int r = 0;

	if (!sym_sd_bus_call)
		r = dl_load("libsystemd.so.0", symbols, err);
	if (r < 0)
		return r;
	if (bus && sym_sd_bus_is_ready(bus) <= 0) {
		(void)sym_sd_bus_close_unref(bus);
		bus = NULL;
	}
	if (!bus)
		r = connect_to(sym_sd_bus_open_system, deadline, &bus);
	if (r < 0 && r != -ETIMEDOUT)
		r = connect_to(open_private, deadline, &bus);
	if (r < 0) {
		(void)error_set(err, r, "failed to connect to systemd: %s", strerror(-r));
		error_remedy(err, "see 'systemctl status dbus'");
		return r;
	}
	*ret = bus;
	return 0;
}

static int new_call(const char *path, const char *interface, const char *method,
		    uint64_t deadline, sd_bus **ret_bus, sd_bus_message **ret,
		    struct error *err)
{
	int r = get_bus(deadline, ret_bus, err);

	if (r < 0)
		return r;
	r = sym_sd_bus_message_new_method_call(*ret_bus, ret, SERVICE, path, interface,
					       method);
	return r < 0 ? error_set(err, r, "failed to call systemd: %s", strerror(-r)) : 0;
}

/* @built: how the message's parts went together. */
static int call(sd_bus *bus, sd_bus_message *message, int built, uint64_t deadline,
		sd_bus_message **ret, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = { 0 };
	int r = built < 0 ? built :
			    sym_sd_bus_call(bus, message, left_us(deadline), &error, ret);

	if (r >= 0)
		return 0;
	if (error.name && STREQ(error.name, NO_SUCH_UNIT))
		r = -ENOENT;
	return error_set(err, r, "systemd: %s",
			 error.message ? error.message : strerror(-r));
}

/* ---- properties ---- */

/* The reply is inside of the variant. -ENOENT: no such unit is loaded. */
static int get_property(const char *unit, const char *interface, const char *property,
			const char *type, uint64_t deadline, sd_bus_message **ret,
			struct error *err)
{
	_cleanup_message_ sd_bus_message *find = NULL, *get = NULL;
	_cleanup_message_ sd_bus_message *found = NULL;
	const char *path;
	sd_bus *bus;
	int r = new_call(MANAGER_PATH, MANAGER, "GetUnit", deadline, &bus, &find, err);

	if (r < 0)
		return r;
	/* A property of a unit that is not loaded would be that of an empty unit. */
	r = call(bus, find, sym_sd_bus_message_append(find, "s", unit), deadline, &found,
		 err);
	if (r < 0)
		return r;
	r = sym_sd_bus_message_read_basic(found, 'o', &path);
	if (r >= 0)
		r = new_call(path, "org.freedesktop.DBus.Properties", "Get", deadline,
			     &bus, &get, err);
	if (r >= 0)
		r = call(bus, get,
			 sym_sd_bus_message_append(get, "ss", interface, property),
			 deadline, ret, err);
	if (r >= 0)
		r = sym_sd_bus_message_enter_container(*ret, 'v', type);
	if (r < 0 && !err->cause)
		return error_set(err, r, "systemd's answer on %s of %s is not understood",
				 property, unit);
	return MIN(r, 0);
}

int systemd_get_cpus(const char *unit, uint64_t deadline, struct bitset *ret,
		     struct error *err)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const uint8_t *mask;
	const void *data;
	size_t size;
	int r = get_property(unit, interface_of(unit), "AllowedCPUs", "ay", deadline,
			     &reply, err);

	if (r < 0)
		return r;
	r = sym_sd_bus_message_read_array(reply, 'y', &data, &size);
	if (r < 0 || size > BITSET_MAX / 8)
		return error_set(err, -EBADMSG, "AllowedCPUs of %s is not a set of CPUs",
				 unit);
	mask = data;
	bitset_done(ret);
	for (unsigned cpu = 0; cpu < size * 8; cpu++) {
		if (mask[cpu / 8] >> (cpu % 8) & 1)
			bitset_add(ret, cpu);
	}
	return 0;
}

int systemd_set_cpus(const char *unit, const struct bitset *cpus, uint64_t deadline,
		     struct error *err)
{
	_cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
	_cleanup_free_ uint8_t *mask = NULL;
	size_t size = 0;
	sd_bus *bus;
	int r = new_call(MANAGER_PATH, MANAGER, "SetUnitProperties", deadline, &bus,
			 &message, err);

	if (r < 0)
		return r;
	bitset_for_each(cpu, cpus)
		size = cpu / 8 + 1;
	mask = xcalloc(MAX(size, (size_t)1), 1);
	bitset_for_each(cpu, cpus)
		mask[cpu / 8] = (uint8_t)(mask[cpu / 8] | 1U << (cpu % 8));

	(void)sym_sd_bus_message_append(message, "sb", unit, 1);
	(void)sym_sd_bus_message_open_container(message, 'a', "(sv)");
	(void)sym_sd_bus_message_open_container(message, 'r', "sv");
	(void)sym_sd_bus_message_append(message, "s", "AllowedCPUs");
	(void)sym_sd_bus_message_open_container(message, 'v', "ay");
	(void)sym_sd_bus_message_append_array(message, 'y', mask, size);
	(void)sym_sd_bus_message_close_container(message);
	(void)sym_sd_bus_message_close_container(message);
	/* What failed before makes the last one fail too. */
	r = sym_sd_bus_message_close_container(message);
	return call(bus, message, r, deadline, &reply, err);
}

int systemd_is_active(const char *unit, uint64_t deadline, struct error *err)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *state = "";
	int r = get_property(unit, SERVICE ".Unit", "ActiveState", "s", deadline, &reply,
			     err);

	if (r == -ENOENT) {
		error_done(err);
		return 0;
	}
	if (r == 0 && sym_sd_bus_message_read_basic(reply, 's', &state) < 0)
		r = error_set(err, -EBADMSG, "the state of %s is not a text", unit);
	if (r < 0)
		return r;
	return STREQ(state, "active") || STREQ(state, "activating") ||
	       STREQ(state, "reloading");
}

/* ---- jobs ---- */

int systemd_stop(const char *unit, uint64_t deadline, struct error *err)
{
	_cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
	sd_bus *bus;
	int r = new_call(MANAGER_PATH, MANAGER, "StopUnit", deadline, &bus, &message, err);

	if (r < 0)
		return r;
	return call(bus, message,
		    sym_sd_bus_message_append(message, "ss", unit, "replace"), deadline,
		    &reply, err);
}

static void append_timers(sd_bus_message *message, const struct systemd_timer *timer)
{
	(void)sym_sd_bus_message_append(message, "(sv)", "Description", "s",
					timer->description);
	/* Coalesced with other wake-ups of the host. */
	(void)sym_sd_bus_message_append(message, "(sv)", "AccuracyUSec", "t",
					USEC_PER_SEC);
	(void)sym_sd_bus_message_open_container(message, 'r', "sv");
	(void)sym_sd_bus_message_append(message, "s", "TimersMonotonic");
	(void)sym_sd_bus_message_open_container(message, 'v', "a(st)");
	(void)sym_sd_bus_message_open_container(message, 'a', "(st)");
	for (const unsigned *after = timer->after_s; *after; after++)
		(void)sym_sd_bus_message_append(message, "(st)", "OnActiveSec",
						*after * USEC_PER_SEC);
	(void)sym_sd_bus_message_append(message, "(st)", "OnUnitInactiveSec",
					timer->every_s * USEC_PER_SEC);
	(void)sym_sd_bus_message_close_container(message);
	(void)sym_sd_bus_message_close_container(message);
	(void)sym_sd_bus_message_close_container(message);
}

static void append_service(sd_bus_message *message, const struct systemd_timer *timer)
{
	(void)sym_sd_bus_message_append(message, "(sv)", "Description", "s",
					timer->description);
	(void)sym_sd_bus_message_append(message, "(sv)", "Type", "s", "oneshot");
	(void)sym_sd_bus_message_append(message, "(sv)", "TimeoutStartUSec", "t",
					60 * USEC_PER_SEC);
	/* What failed is forgotten: it comes again. That it ran is not worth a line either. */
	(void)sym_sd_bus_message_append(message, "(sv)", "CollectMode", "s",
					"inactive-or-failed");
	(void)sym_sd_bus_message_append(message, "(sv)", "LogLevelMax", "i", LOG_NOTICE);
	(void)sym_sd_bus_message_append(message, "(sv)", "CapabilityBoundingSet", "t",
					timer->capabilities);
	(void)sym_sd_bus_message_open_container(message, 'r', "sv");
	(void)sym_sd_bus_message_append(message, "s", "ExecStart");
	(void)sym_sd_bus_message_open_container(message, 'v', "a(sasb)");
	(void)sym_sd_bus_message_open_container(message, 'a', "(sasb)");
	(void)sym_sd_bus_message_open_container(message, 'r', "sasb");
	(void)sym_sd_bus_message_append(message, "s", timer->path);
	(void)sym_sd_bus_message_append_strv(message, (char **)(uintptr_t)timer->argv);
	(void)sym_sd_bus_message_append(message, "b", 0);
	for (unsigned i = 0; i < 4; i++)
		(void)sym_sd_bus_message_close_container(message);
}

int systemd_start_timer(const struct systemd_timer *timer, uint64_t deadline,
			struct error *err)
{
	_cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
	_cleanup_free_ char *service =
		xasprintf("%.*s.service", (int)strcspn(timer->timer, "."), timer->timer);
	sd_bus *bus;
	int r = new_call(MANAGER_PATH, MANAGER, "StartTransientUnit", deadline, &bus,
			 &message, err);

	if (r < 0)
		return r;
	(void)sym_sd_bus_message_append(message, "ss", timer->timer, "replace");
	(void)sym_sd_bus_message_open_container(message, 'a', "(sv)");
	append_timers(message, timer);
	(void)sym_sd_bus_message_close_container(message);
	(void)sym_sd_bus_message_open_container(message, 'a', "(sa(sv))");
	(void)sym_sd_bus_message_open_container(message, 'r', "sa(sv)");
	(void)sym_sd_bus_message_append(message, "s", service);
	(void)sym_sd_bus_message_open_container(message, 'a', "(sv)");
	append_service(message, timer);
	(void)sym_sd_bus_message_close_container(message);
	(void)sym_sd_bus_message_close_container(message);
	r = sym_sd_bus_message_close_container(message);
	return call(bus, message, r, deadline, &reply, err);
}

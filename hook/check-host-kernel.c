// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules about settings of the running kernel, and about those of the next boot. Kernel:
 * Documentation/admin-guide/cgroup-v2.rst, sysctl/fs.rst, Documentation/block/switching-sched.rst.
 */

#include <inttypes.h>

#include "common/alloc.h"
#include "common/json.h"
#include "common/program.h"
#include "hook/check.h"

#define CGROUP "sys/fs/cgroup/"
#define BLOCK "sys/block"
#define KARGS_S 20 /* for kargs, which reads the boot loader's files */

/* ---- cgroups, systemd ---- */

static void look_cgroup(struct checking *c)
{
	if (sysroot_exists(c->root, CGROUP "cgroup.controllers") ||
	    !sysroot_exists(c->root, "sys/fs/cgroup"))
		return;
	check_seen(c, CGROUP "cgroup.controllers is not there");
	check_found(c, NULL, "this host uses cgroups of version 1");
}

static void look_cpuset(struct checking *c)
{
	_cleanup_free_ char *controllers = check_read(c, CGROUP "cgroup.controllers");
	_cleanup_strv_ struct strv words = STRV_NULL;

	if (!controllers)
		return;
	strv_split(&words, controllers, " ");
	if (!strv_contains(&words, "cpuset"))
		check_found(c, NULL, "there is no cgroup controller for CPUs");
}

static void look_systemd(struct checking *c)
{
	if (sysroot_exists(c->root, "run/systemd/system"))
		return;
	check_seen(c, "run/systemd/system is not there");
	check_found(c, NULL, "systemd does not run this host");
}

/* ---- disks, interrupts, network ---- */

/* The scheduler in brackets of "none mq-deadline [bfq]". */
static void look_scheduler(struct checking *c)
{
	_cleanup_strv_ struct strv disks = STRV_NULL, slow = STRV_NULL;
	_cleanup_free_ char *some = NULL;

	if (!check_list(c, &disks, BLOCK))
		return;
	strv_for_each(disk, &disks) {
		_cleanup_free_ char *text = NULL;
		uint64_t rotational;

		if (!check_number(c, &rotational, BLOCK "/%s/queue/rotational", disk) ||
		    rotational)
			continue;
		text = check_read(c, BLOCK "/%s/queue/scheduler", disk);
		if (text && STREQ(check_choice(text), "bfq"))
			strv_push(&slow, disk);
	}
	if (slow.n == 0)
		return;
	some = check_some(&slow);
	check_seen(c, BLOCK "/%s/queue/scheduler: bfq", slow.items[0]);
	check_found(c, slow.items[0], "the I/O scheduler of %s is bfq", some);
}

static void look_aio(struct checking *c)
{
	uint64_t used, max;

	if (check_number(c, &used, "proc/sys/fs/aio-nr") &&
	    check_number(c, &max, "proc/sys/fs/aio-max-nr") && used > max / 4 * 3)
		check_found(c, NULL,
			    "%" PRIu64 " of %" PRIu64
			    " asynchronous I/O requests are reserved",
			    used, max);
}

/* Running: its socket is there. */
static bool irqbalance_runs(struct checking *c)
{
	_cleanup_strv_ struct strv names = STRV_NULL;

	if (!check_list(c, &names, "run/irqbalance"))
		return false;
	strv_for_each(name, &names) {
		if (str_has_prefix(name, "irqbalance")) {
			check_seen(c, "run/irqbalance/%s", name);
			return true;
		}
	}
	return false;
}

/* Isolation tells it to keep off. */
static void look_irqbalance(struct checking *c)
{
	if (c->needs & NEED_PINS && !(c->needs & NEED_ISOLATION) && irqbalance_runs(c))
		check_found(c, NULL, "irqbalance moves interrupts to CPUs of domains");
}

static void look_bridge(struct checking *c)
{
	uint64_t value;

	if (check_number(c, &value, "proc/sys/net/bridge/bridge-nf-call-iptables") &&
	    value == 1)
		check_found(c, NULL, "bridged packets go through the host's firewall");
}

/* "powersave", "laptop-battery-powersave", ... */
static void look_tuned(struct checking *c)
{
	_cleanup_free_ char *profile = check_read(c, "etc/tuned/active_profile");

	if (profile && strstr(profile, "powersave"))
		check_found(c, NULL, "tuned's profile is '%s'", profile);
}

/* ---- arguments of the kernel ---- */

/* What kargs prints as JSON for @command; NULL: it is not installed, or that is unknown. */
static json_object *ask_kargs(struct checking *c, const char *command)
{
	_cleanup_free_ char *path = program_find(c->root, "kargs"), *output = NULL;
	_cleanup_strv_ struct strv argv = STRV_NULL, environment = STRV_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	struct program program = { .root = "/",
				   .argv = &argv,
				   .environment = &environment,
				   .timeout_s = KARGS_S };
	json_object *object = NULL;
	const char *json;
	int r;

	if (!path)
		return NULL;
	if (!c->root->is_host) {
		check_unknown(c, "kargs is not run below another root");
		return NULL;
	}
	strv_push(&argv, path);
	strv_push(&argv, command);
	strv_push(&argv, "--json");
	strv_push(&environment, "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	strv_push(&environment, "LC_ALL=C");
	r = program_run(&program, &output, &err);
	/* The status says that something is not good; what, is in the JSON. Messages come first. */
	json = r < 0 && r != -ECHILD ? NULL : strchr(output, '{');
	if (!json || json_parse(json, strlen(json), &object) < 0) {
		check_unknown(c, "'kargs %s' says: %.*s", command,
			      (int)strcspn(*output ? output : "nothing", "\n"),
			      *output ? output : "nothing");
		return NULL;
	}
	check_evidence(c, "kargs %s", command);
	return object;
}

static void push_all(json_object *object, const char *key, const char *sign,
		     struct strv *ret)
{
	json_object *array;

	if (json_get_array(object, key, &array) < 0)
		return;
	for (size_t i = 0; i < sym_json_object_array_length(array); i++)
		strv_pushf(ret, "%s%s", sign,
			   sym_json_object_get_string(
				   sym_json_object_array_get_idx(array, i)));
}

static void look_pending(struct checking *c)
{
	_cleanup_json_ json_object *object = ask_kargs(c, "diff");
	_cleanup_strv_ struct strv changes = STRV_NULL;
	_cleanup_free_ char *some = NULL;

	if (!object)
		return;
	push_all(object, "only_next", "+", &changes);
	push_all(object, "only_running", "-", &changes);
	if (changes.n == 0)
		return;
	some = check_some(&changes);
	check_found(c, NULL, "the next boot has other kernel arguments: %s", some);
}

static void look_verified(struct checking *c)
{
	_cleanup_json_ json_object *object = ask_kargs(c, "verify");
	json_object *array;

	if (!object || json_get_array(object, "findings", &array) < 0)
		return;
	for (size_t i = 0; i < sym_json_object_array_length(array); i++) {
		json_object *finding = sym_json_object_array_get_idx(array, i);
		const char *argument, *verdict, *text;
		bool good;

		if (json_get_bool(finding, "good", &good) < 0 || good ||
		    json_get_string(finding, "verdict", &verdict) < 0 ||
		    json_get_string(finding, "argument", &argument) < 0)
			continue;
		if (json_get_string(finding, "evidence", &text) == 0)
			check_evidence(c, "kargs verify: %s", text);
		check_found(c, NULL, "the kernel argument '%s' is not in effect: %s",
			    argument, verdict);
	}
}

static void look_kargs(struct checking *c)
{
	_cleanup_free_ char *path = program_find(c->root, "kargs");

	if (!path)
		check_found(c, NULL, "kargs is not installed");
}

const struct check_rule check_kernel_rules[] = {
	{ "cgroup-v1", SEVERITY_WARNING, NEED_ISOLATION, SEVERITY_ERROR,
	  "CPUs cannot be taken from the host's services, nor isolated for a guest",
	  "kargs set systemd.unified_cgroup_hierarchy=1, then reboot", look_cgroup },
	{ "cpuset-missing", SEVERITY_WARNING, NEED_ISOLATION, SEVERITY_ERROR,
	  "libvirt cannot place threads of QEMU by cgroup, and hosttune cannot keep CPUs free",
	  "kargs remove cgroup_disable=cpuset, or use a kernel that is built with "
	  "CONFIG_CPUSETS",
	  look_cpuset },
	{ "systemd-missing", SEVERITY_NOTICE, NEED_ISOLATION, SEVERITY_WARNING,
	  "services of the host cannot be moved off a domain's CPUs",
	  "use isolcpus: "
	  "kargs apply isolate=CPULIST",
	  look_systemd },
	{ "io-scheduler-bfq", SEVERITY_NOTICE, 0, 0,
	  "it costs CPU time for each request, which a disk without moving parts does not "
	  "need",
	  "echo none > /sys/block/{}/queue/scheduler, by a rule of udev too",
	  look_scheduler },
	{ "aio-limit", SEVERITY_WARNING, 0, 0,
	  "a domain whose disks have io='native' does not start when none are left",
	  "sysctl -w fs.aio-max-nr=1048576, in /etc/sysctl.d too", look_aio },
	{ "irqbalance-on", SEVERITY_NOTICE, 0, 0,
	  "vCPUs that have a CPU to themselves are interrupted for the host",
	  "add <isolation/> to the domain's metadata, which tells irqbalance",
	  look_irqbalance },
	{ "bridge-filter", SEVERITY_NOTICE, 0, 0,
	  "every packet of a guest costs rules of the host, which may drop it",
	  "sysctl -w net.bridge.bridge-nf-call-iptables=0", look_bridge },
	{ "tuned-powersave", SEVERITY_WARNING, 0, 0,
	  "it sets governors and limits that a virtualization host does not want, and sets "
	  "them again",
	  "tuned-adm profile virtual-host", look_tuned },
	{ "kargs-missing", SEVERITY_NOTICE, 0, 0,
	  "whether the next boot has other arguments than this one is not known",
	  "install kargs, which comes with hosttune", look_kargs },
	{ "kernel-arguments-pending", SEVERITY_WARNING, 0, 0,
	  "what was asked for is not there until then", "reboot; see 'kargs diff'",
	  look_pending },
	{ "kernel-arguments-ineffective", SEVERITY_WARNING, 0, 0,
	  "this host has not what it was set up to have", "see 'kargs verify'",
	  look_verified },
};
const size_t n_check_kernel_rules = ARRAY_SIZE(check_kernel_rules);

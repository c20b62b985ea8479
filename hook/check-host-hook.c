// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules about the hook: is it there, and will libvirt run it. libvirt: docs/hooks.rst
 * (qemu first, then executable files of qemu.d by name; no sub-directories; looked for when the
 * daemon starts or reloads).
 */

#include <fcntl.h>
#include <inttypes.h>
#include <sys/xattr.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/check.h"
#include "hook/version.h"

#define HOOKS "etc/libvirt/hooks"
#define HOOK HOOKS "/qemu"
#define DROP_INS HOOKS "/qemu.d"
#define SCRIPT_MAX (1U << 20)
#define BINARY_MAX (64U << 20)
#define LABEL_MAX 256
#define START_TIME 20 /* of /proc/PID/stat, counted after the name and from 1 */

/* A file that libvirt may run as the hook. */
struct hook_file {
	char *path;
	struct stat st;
	bool ours; /* a program with our namespace in it; a script with it is somebody's own */
	bool same_version;
	bool virsh; /* a script that calls it */
};

struct hook_files {
	struct hook_file *items;
	size_t n;
	struct strv directories; /* of qemu.d */
};

static void hook_files_done(struct hook_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->items[i].path);
	free(files->items);
	strv_done(&files->directories);
}
#define _cleanup_hook_files_ _cleanup_(hook_files_done)

static bool contains(const char *text, size_t size, const char *part)
{
	return memmem(text, size, part, strlen(part)) != NULL;
}

/* The word in a line that is no comment. */
static bool script_calls(const char *text, const char *word)
{
	for (const char *at = text; (at = strstr(at, word)); at++) {
		const char *line = at;

		while (line > text && line[-1] != '\n')
			line--;
		line += strspn(line, " \t");
		if (*line != '#' &&
		    (at == text || !strchr("_-./", at[-1]) || at[-1] == '/'))
			return true;
	}
	return false;
}

static bool look_into(struct checking *c, struct hook_file *file)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r;

	if (!S_ISREG(file->st.st_mode))
		return true;
	r = sysroot_read_file(c->root, BINARY_MAX, &text, &size, "%s", file->path);
	if (r < 0) {
		check_unknown(c, "'/%s' cannot be read: %s", file->path, strerror(-r));
		return false;
	}
	if (size > 4 && memcmp(text, "\177ELF", 4) == 0) {
		file->ours = contains(text, size, REQUEST_NAMESPACE);
		file->same_version = contains(text, size, "hosttune " HOSTTUNE_VERSION);
	} else {
		file->virsh = size <= SCRIPT_MAX && script_calls(text, "virsh");
	}
	return true;
}

static bool add_file(struct checking *c, const char *path, struct hook_files *ret)
{
	struct hook_file file = { .path = xstrdup(path) };
	int r = sysroot_stat(c->root, &file.st, "%s", path);

	if (r == 0 && S_ISDIR(file.st.st_mode) && !STREQ(path, HOOK))
		strv_push(&ret->directories, path);
	else if (r == 0 && look_into(c, &file))
		*ARRAY_PUSH(ret->items, ret->n) = (struct hook_file){
			.path = TAKE_PTR(file.path),
			.st = file.st,
			.ours = file.ours,
			.same_version = file.same_version,
			.virsh = file.virsh,
		};
	else if (r < 0 && r != -ENOENT)
		check_unknown(c, "'/%s' cannot be looked at: %s", path, strerror(-r));
	free(file.path);
	return r == 0 || r == -ENOENT;
}

/* False: not all could be seen, which is an unknown finding by now. */
static bool read_hooks(struct checking *c, struct hook_files *ret)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	size_t before = c->n_findings;

	if (!add_file(c, HOOK, ret))
		return false;
	(void)check_list(c, &names, DROP_INS);
	strv_for_each(name, &names) {
		_cleanup_free_ char *path = xasprintf(DROP_INS "/%s", name);

		if (!add_file(c, path, ret))
			return false;
	}
	return c->n_findings == before;
}

static bool is_executable(const struct hook_file *file)
{
	return S_ISREG(file->st.st_mode) && file->st.st_mode & 0111;
}

/* ---- is it there ---- */

static void look_missing(struct checking *c)
{
	_cleanup_hook_files_ struct hook_files files = { 0 };

	if (!read_hooks(c, &files))
		return;
	for (size_t i = 0; i < files.n; i++) {
		if (files.items[i].ours)
			return;
	}
	if (files.n && STREQ(files.items[0].path, HOOK)) {
		check_seen(c, HOOK " is something else");
		check_found(c,
			    "install -D -m 0755 /usr/sbin/hosttune /" DROP_INS
			    "/50-hosttune",
			    "the hook is not installed, beside another one");
	} else {
		check_seen(c, HOOK " is not there");
		check_found(c, "install -D -m 0755 /usr/sbin/hosttune /" HOOK,
			    "the hook is not installed");
	}
}

/* One finding for each file that @is_bad. */
static void find_files(struct checking *c, bool (*is_bad)(const struct hook_file *file),
		       const char *text)
{
	_cleanup_hook_files_ struct hook_files files = { 0 };

	(void)read_hooks(c, &files);
	for (size_t i = 0; i < files.n; i++) {
		const struct hook_file *file = &files.items[i];

		if (!is_bad(file))
			continue;
		check_seen(c, "%s: mode %04o", file->path, file->st.st_mode & 07777);
		check_found(c, file->path, "'/%s' %s", file->path, text);
	}
}

static bool is_ours_and_not_executable(const struct hook_file *file)
{
	return file->ours && !is_executable(file);
}

static void look_executable(struct checking *c)
{
	find_files(c, is_ours_and_not_executable, "is hosttune, and not executable");
}

static bool is_other_and_not_executable(const struct hook_file *file)
{
	return !file->ours && !is_executable(file);
}

static void look_ignored(struct checking *c)
{
	find_files(c, is_other_and_not_executable, "is not executable");
}

static bool is_other_version(const struct hook_file *file)
{
	return file->ours && !file->same_version;
}

static void look_version(struct checking *c)
{
	find_files(c, is_other_version,
		   "is another version of hosttune than this program");
}

static bool calls_virsh(const struct hook_file *file)
{
	return file->virsh && is_executable(file);
}

static void look_virsh(struct checking *c)
{
	find_files(c, calls_virsh, "calls virsh");
}

static bool is_anybodys(const struct hook_file *file)
{
	return file->st.st_mode & (S_IWGRP | S_IWOTH);
}

static void look_writable(struct checking *c)
{
	struct stat st;

	find_files(c, is_anybodys, "can be written by others than root");
	if (sysroot_stat(c->root, &st, HOOKS) == 0 && st.st_mode & (S_IWGRP | S_IWOTH)) {
		check_seen(c, HOOKS ": mode %04o", st.st_mode & 07777);
		check_found(c, HOOKS, "'/" HOOKS "' can be written by others than root");
	}
}

static bool is_not_roots(const struct hook_file *file)
{
	return file->st.st_uid != 0;
}

/* In a captured host's tree every file is that of who captured it. */
static void look_owner(struct checking *c)
{
	if (c->root->is_host)
		find_files(c, is_not_roots, "does not belong to root");
}

static void look_twice(struct checking *c)
{
	_cleanup_hook_files_ struct hook_files files = { 0 };
	_cleanup_strv_ struct strv ours = STRV_NULL;
	_cleanup_free_ char *some = NULL;

	(void)read_hooks(c, &files);
	for (size_t i = 0; i < files.n; i++) {
		if (files.items[i].ours && is_executable(&files.items[i]))
			strv_pushf(&ours, "/%s", files.items[i].path);
	}
	if (ours.n < 2)
		return;
	some = check_some(&ours);
	check_evidence(c, "%s", some);
	check_found(c, ours.items[ours.n - 1], "hosttune is installed %zu times: %s",
		    ours.n, some);
}

static void look_others(struct checking *c)
{
	_cleanup_hook_files_ struct hook_files files = { 0 };
	_cleanup_strv_ struct strv others = STRV_NULL;
	_cleanup_free_ char *some = NULL;

	(void)read_hooks(c, &files);
	for (size_t i = 0; i < files.n; i++) {
		if (!files.items[i].ours && is_executable(&files.items[i]))
			strv_pushf(&others, "/%s", files.items[i].path);
	}
	if (others.n == 0)
		return;
	some = check_some(&others);
	check_evidence(c, "%s", some);
	check_found(c, others.items[0], "there are other hooks: %s", some);
}

static void look_directories(struct checking *c)
{
	_cleanup_hook_files_ struct hook_files files = { 0 };
	_cleanup_free_ char *some = NULL;

	(void)read_hooks(c, &files);
	if (files.directories.n == 0)
		return;
	some = check_some(&files.directories);
	check_evidence(c, "/%s", files.directories.items[0]);
	check_found(c, NULL, "there are directories in '/" DROP_INS "': %s", some);
}

/* ---- will libvirt run it ---- */

/* AppArmor knows what libvirtd may run by its path, links resolved. */
static void look_link(struct checking *c)
{
	static const char *const allowed[] = { "usr/bin/", "usr/sbin/", "bin/", "sbin/",
					       HOOKS };
	_cleanup_free_ char *target = NULL, *enabled = NULL;

	if (sysroot_readlink(c->root, &target, HOOK) < 0 || target[0] != '/')
		return;
	enabled = check_read(c, "sys/module/apparmor/parameters/enabled");
	if (!enabled || *enabled != 'Y')
		return;
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (str_has_prefix(target + 1, allowed[i]))
			return;
	}
	check_seen(c, HOOK " -> %s", target);
	check_found(c, target, "the hook is a link to where AppArmor lets nothing be run");
}

static bool selinux_enforces(struct checking *c)
{
	uint64_t enforce;

	return check_number(c, &enforce, "sys/fs/selinux/enforce") && enforce == 1;
}

static bool is_usable_type(const char *type)
{
	static const char *const types[] = { "virt_hook_t", "virt_etc_t", "virt_etc_rw_t",
					     "etc_t", "bin_t" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (STREQ(type, types[i]))
			return true;
	}
	return false;
}

/* "system_u:object_r:virt_hook_t:s0" */
static void look_label(struct checking *c)
{
	_cleanup_hook_files_ struct hook_files files = { 0 };

	if (!selinux_enforces(c))
		return;
	(void)read_hooks(c, &files);
	for (size_t i = 0; i < files.n; i++) {
		const char *path = files.items[i].path;
		_cleanup_close_ int fd = sysroot_openf(c->root, O_RDONLY, "%s", path);
		_cleanup_strv_ struct strv parts = STRV_NULL;
		char label[LABEL_MAX + 1] = "";

		if (!files.items[i].ours)
			continue;
		if (fd < 0 || fgetxattr(fd, "security.selinux", label, LABEL_MAX) < 0) {
			check_unknown(c, "the SELinux label of '/%s' cannot be read: %s",
				      path, strerror(errno));
			continue;
		}
		strv_split(&parts, label, ":");
		if (parts.n >= 3 && is_usable_type(parts.items[2]))
			continue;
		check_seen(c, "%s: %s", path, label);
		check_found(c, path, "'/%s' has the SELinux label %s", path, label);
	}
}

/* "0 0": now, and when it is committed. */
static void look_confined(struct checking *c)
{
	_cleanup_free_ char *value = NULL;

	if (!selinux_enforces(c))
		return;
	value = check_read(c, "sys/fs/selinux/booleans/virt_hooks_unconfined");
	if (value && *value == '0')
		check_found(c, NULL, "SELinux confines hooks");
}

/* The first process of one of libvirt's daemons, or "". */
static char *find_daemon(struct checking *c)
{
	_cleanup_strv_ struct strv names = STRV_NULL;

	(void)check_list(c, &names, "proc");
	strv_for_each(name, &names) {
		_cleanup_free_ char *comm = NULL;

		/* It may have ended since. */
		if (name[strspn(name, "0123456789")] ||
		    sysroot_read(c->root, &comm, "proc/%s/comm", name) < 0)
			continue;
		if (STREQ(comm, "libvirtd") || STREQ(comm, "virtqemud"))
			return xstrdup(name);
	}
	return xstrdup("");
}

static void look_daemon(struct checking *c)
{
	static const char *const sockets[] = { "libvirt-sock", "virtqemud-sock" };
	_cleanup_free_ char *pid = find_daemon(c);

	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		if (*pid || sysroot_exists(c->root, "run/libvirt/%s", sockets[i]))
			return;
	}
	check_seen(c, "run/libvirt has no socket of a daemon");
	check_found(c, NULL, "neither libvirtd nor virtqemud runs");
}

/* When a process started, in seconds of the epoch; 0: that is not known. */
static uint64_t start_time(struct checking *c, const char *pid)
{
	_cleanup_free_ char *stat = check_read(c, "proc/%s/stat", pid);
	_cleanup_free_ char *host = check_read_file(c, "proc/stat");
	const char *fields = stat ? strrchr(stat, ')') : NULL;
	const char *boot = host ? strstr(host, "\nbtime ") : NULL;
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *digits = NULL;
	uint64_t ticks, since;

	if (!fields || !boot)
		return 0;
	boot += strlen("\nbtime ");
	digits = xstrndup(boot, strspn(boot, "0123456789"));
	strv_split(&words, fields + 1, " ");
	if (words.n < START_TIME || parse_u64(words.items[START_TIME - 1], &ticks) < 0 ||
	    parse_u64(digits, &since) < 0)
		return 0;
	return since + ticks / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* No daemon says which hooks it knows; one that has run since this boot left its directory. */
static void look_unseen(struct checking *c)
{
	_cleanup_hook_files_ struct hook_files files = { 0 };
	_cleanup_free_ char *pid = find_daemon(c);
	uint64_t started;

	if (!*pid || sysroot_exists(c->root, "run/hosttune"))
		return;
	started = start_time(c, pid);
	(void)read_hooks(c, &files);
	for (size_t i = 0; i < files.n && started; i++) {
		const struct hook_file *file = &files.items[i];

		if (!is_executable(file) || (uint64_t)file->st.st_ctime <= started)
			return; /* one was there: it calls all of them */
	}
	if (files.n && started) {
		check_seen(c, "proc/%s/stat; change time of /%s", pid,
			   files.items[0].path);
		check_found(c, NULL,
			    "the hook is newer than the daemon that runs, which may not "
			    "know it");
	}
}

const struct check_rule check_hook_rules[] = {
	{ "hook-missing", SEVERITY_WARNING, NEED_TAGGED, SEVERITY_ERROR,
	  "tagged domains start without what they ask for, or do not start at all",
	  "{}; with SELinux restorecon -R /etc/libvirt/hooks; then systemctl "
	  "reload-or-restart libvirtd (or virtqemud)",
	  look_missing },
	{ "hook-not-executable", SEVERITY_WARNING, NEED_TAGGED, SEVERITY_ERROR,
	  "libvirt does not run it, and does not say so", "chmod 0755 /{}",
	  look_executable },
	{ "hook-ignored", SEVERITY_NOTICE, 0, 0, "libvirt does not run it",
	  "chmod 0755 /{}, or remove it", look_ignored },
	{ "hook-version", SEVERITY_WARNING, 0, 0,
	  "what this program shows is not what the hook does",
	  "install -m 0755 /usr/sbin/hosttune /{}", look_version },
	{ "hook-calls-virsh", SEVERITY_WARNING, 0, 0,
	  "libvirt waits for the hook and virsh for libvirt: both can hang for ever",
	  "do without virsh in /{}: the domain's XML is on its standard input",
	  look_virsh },
	{ "hook-writable", SEVERITY_WARNING, 0, 0,
	  "who can write it is root at the next start", "chmod go-w /{}", look_writable },
	{ "hook-owner", SEVERITY_WARNING, 0, 0, "its owner is root at the next start",
	  "chown root:root /{}", look_owner },
	{ "hook-twice", SEVERITY_WARNING, 0, 0,
	  "libvirt runs each: every claim is made, and given back, twice", "rm {}",
	  look_twice },
	{ "hook-others", SEVERITY_NOTICE, 0, 0,
	  "libvirt runs all of them, and each can refuse a start or change what hosttune set",
	  "see what they do: less {}", look_others },
	{ "hook-directories", SEVERITY_WARNING, 0, 0,
	  "libvirt (6.5 and later) runs files of that directory only; these are for a script "
	  "that calls them, and that has to be /etc/libvirt/hooks/qemu",
	  "move them to another place, and name that in the script", look_directories },
	{ "hook-link", SEVERITY_WARNING, NEED_TAGGED, SEVERITY_ERROR,
	  "libvirtd's profile allows /etc/libvirt/hooks, /usr/bin and /usr/sbin",
	  "install --remove-destination -m 0755 {} /etc/libvirt/hooks/qemu", look_link },
	{ "hook-label", SEVERITY_WARNING, NEED_TAGGED, SEVERITY_ERROR,
	  "libvirt's daemon may not run a file of that type", "restorecon -v /{}",
	  look_label },
	{ "hook-confined", SEVERITY_WARNING, NEED_TAGGED, SEVERITY_ERROR,
	  "it cannot write to /sys then, and tagged domains are refused",
	  "setsebool -P virt_hooks_unconfined on", look_confined },
	{ "daemon-missing", SEVERITY_NOTICE, NEED_TAGGED, SEVERITY_WARNING,
	  "no domain can be started",
	  "systemctl enable --now libvirtd.socket, or "
	  "virtqemud.socket",
	  look_daemon },
	{ "hook-unseen", SEVERITY_WARNING, 0, 0,
	  "libvirt looks for hooks when its daemon starts or reloads, and runs none that came "
	  "later if there was none then",
	  "systemctl reload-or-restart libvirtd (or virtqemud)", look_unseen },
};
const size_t n_check_hook_rules = ARRAY_SIZE(check_hook_rules);

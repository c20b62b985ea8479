// SPDX-License-Identifier: LGPL-2.1-or-later
/* The boot loaders that are a few files and a tool: Proxmox, Raspberry Pi, extlinux, zipl; kernel-install. */

#include <strings.h>

#include "common/alloc.h"
#include "grubcfg/bootpath-internal.h"

#define KERNEL_CMDLINE "etc/kernel/cmdline"
#define PROXMOX_UUIDS "etc/kernel/proxmox-boot-uuids"

static const char *const extlinux_paths[] = { "boot/extlinux/extlinux.conf",
					      "boot/extlinux.conf",
					      "boot/syslinux/syslinux.cfg" };

static struct sink *add(struct probe *probe, const struct sink_type *type,
			const char *path, const char *part, enum sink_scope scope)
{
	return sinks_push(&probe->boot->sinks, type, path, part, scope);
}

static void evidence(struct probe *probe, const char *text)
{
	strv_push(&probe->boot->evidence, text);
}

/* Its partitions are not mounted: the tool copies to them what the two files make. */
int bootpath_proxmox(struct probe *probe, struct error *err)
{
	_cleanup_free_ char *tool = probe_program(probe, "proxmox-boot-tool");
	bool is_efi = tree_exists(probe->tree, "sys/firmware/efi");
	int r;

	if (!tree_exists(probe->tree, PROXMOX_UUIDS))
		return 0;
	if (!tool) {
		r = error_set(err, -ENOPKG,
			      "/" PROXMOX_UUIDS
			      " is there, but proxmox-boot-tool is not");
		error_remedy(err, "install proxmox-kernel-helper");
		return r;
	}
	probe->found = FOUND_PROXMOX;
	evidence(probe, "/" PROXMOX_UUIDS ": proxmox-boot-tool keeps the boot partitions");
	if (tree_exists(probe->tree, "etc/default/grub")) {
		r = bootpath_grub(probe, err);
		if (r < 0)
			return r;
		for (size_t i = 0; i < probe->boot->sinks.n; i++)
			probe->boot->sinks.items[i].is_default = !is_efi;
		probe->found = FOUND_PROXMOX;
	}
	if (is_efi || tree_exists(probe->tree, KERNEL_CMDLINE))
		add(probe, &sink_kernel_cmdline, KERNEL_CMDLINE, NULL, SINK_BOTH)
			->is_default = is_efi;
	evidence(probe, is_efi ? "/sys/firmware/efi: systemd-boot takes the arguments of "
				 "/" KERNEL_CMDLINE :
				 "no EFI: GRUB takes the arguments of /etc/default/grub");
	probe_run(probe, STEP_RUN, tool, "refresh", NULL);
	return 0;
}

/* The firmware's partition moved from /boot to /boot/firmware; a text is left in the old place. */
int bootpath_pi(struct probe *probe, struct error *err _unused_)
{
	static const char *const directories[] = { "boot/firmware", "boot" };

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		_cleanup_free_ char *config = xasprintf("%s/config.txt", directories[i]);
		_cleanup_free_ char *path = xasprintf("%s/cmdline.txt", directories[i]);
		_cleanup_free_ char *text = probe_text(probe, path);

		if (!text || !tree_exists(probe->tree, config))
			continue;
		if (strstr(text, "DO NOT EDIT") || !strstr(text, "root=")) {
			strv_pushf(&probe->boot->evidence,
				   "/%s is not the firmware's: it has no root=", path);
			continue;
		}
		add(probe, &sink_pi, path, NULL, SINK_BOTH)->is_default = true;
		strv_pushf(&probe->boot->evidence,
			   "/%s and cmdline.txt beside it: a Raspberry Pi", config);
		probe->found = FOUND_PI;
		return 0;
	}
	return 0;
}

static bool assigns(const struct probe *probe, const char *path, const char *name)
{
	_cleanup_free_ char *value = probe_setting(probe, path, name);

	return value && *value;
}

/* Debian's u-boot-menu: the last of these that sets the variable wins; unset, /etc/kernel/cmdline. */
static void add_uboot(struct probe *probe)
{
	static const char *const directories[] = { "usr/share/u-boot-menu/conf.d",
						   "etc/u-boot-menu/conf.d" };
	static const char name[] = "U_BOOT_PARAMETERS";
	_cleanup_free_ char *path = xstrdup("etc/default/u-boot");
	bool is_set = assigns(probe, path, name);

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		_cleanup_strv_ struct strv files = STRV_NULL;

		(void)tree_list(probe->tree, directories[i], &files); /* mostly none */
		strv_for_each(file, &files) {
			char *other = xasprintf("%s/%s", directories[i], file);

			if (!assigns(probe, other, name)) {
				free(other);
				continue;
			}
			free(path);
			path = other;
			is_set = true;
		}
	}
	if (!is_set && tree_exists(probe->tree, KERNEL_CMDLINE))
		add(probe, &sink_kernel_cmdline, KERNEL_CMDLINE, NULL, SINK_BOTH)
			->is_default = true;
	else
		add(probe, &sink_variable, path, name, SINK_BOTH)->is_default = true;
}

/* One sink for each label of the file; false: it has none. */
static bool add_labels(struct sinks *sinks, const char *text, const char *path)
{
	_cleanup_free_ char *chosen = NULL;
	_cleanup_strv_ struct strv lines = STRV_NULL;
	size_t before = sinks->n;

	strv_split(&lines, text, "\r\n");
	strv_for_each(line, &lines) {
		const char *word = line + strspn(line, " \t");
		size_t n = strcspn(word, " \t");
		_cleanup_free_ char *value = NULL;

		value = xstrdup(word + n + strspn(word + n, " \t"));
		for (size_t end = strlen(value); end && strchr(" \t", value[end - 1]);)
			value[--end] = '\0';
		if (n == 5 && strncasecmp(word, "label", n) == 0) {
			sinks_push(sinks, &sink_extlinux, path, value, SINK_INSTALLED);
		} else if (n == 7 && strncasecmp(word, "default", n) == 0) {
			free(chosen);
			chosen = TAKE_PTR(value);
		}
	}
	if (sinks->n == before)
		return false;
	for (size_t i = before; i < sinks->n; i++) {
		if (chosen && STREQ(sinks->items[i].part, chosen)) {
			sinks->items[i].is_default = true;
			return true;
		}
	}
	sinks->items[before].is_default = true;
	return true;
}

/* Of a generated file the label that boots is looked at: others may be for rescue. */
static void add_built(struct probe *probe, const char *tool)
{
	for (size_t i = 0; i < ARRAY_SIZE(extlinux_paths); i++) {
		_cleanup_free_ char *text = probe_text(probe, extlinux_paths[i]);
		_cleanup_sinks_ struct sinks labels = { 0 };

		if (!text || !add_labels(&labels, text, extlinux_paths[i]))
			continue;
		for (size_t k = 0; k < labels.n; k++) {
			if (labels.items[k].is_default)
				sinks_push(&probe->boot->built, &sink_extlinux,
					   extlinux_paths[i], labels.items[k].part,
					   SINK_INSTALLED);
		}
		break;
	}
	probe_run(probe, probe->boot->built.n ? STEP_BUILD : STEP_RUN, tool, NULL);
}

int bootpath_extlinux(struct probe *probe, struct error *err)
{
	_cleanup_free_ char *alpine = probe_program(probe, "update-extlinux");
	_cleanup_free_ char *debian = probe_program(probe, "u-boot-update");

	if (alpine && tree_exists(probe->tree, "etc/update-extlinux.conf")) {
		probe->found = FOUND_EXTLINUX;
		add(probe, &sink_variable, "etc/update-extlinux.conf",
		    "default_kernel_opts", SINK_BOTH)
			->is_default = true;
		evidence(probe, "update-extlinux writes extlinux.conf from "
				"/etc/update-extlinux.conf");
		add_built(probe, alpine);
		return 0;
	}
	if (debian && tree_exists(probe->tree, "etc/default/u-boot")) {
		probe->found = FOUND_UBOOT;
		add_uboot(probe);
		evidence(probe, "u-boot-update writes extlinux.conf from "
				"/etc/default/u-boot");
		add_built(probe, debian);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(extlinux_paths); i++) {
		const char *path = extlinux_paths[i];
		_cleanup_free_ char *text = probe_text(probe, path);

		if (!text)
			continue;
		probe->found = FOUND_EXTLINUX;
		strv_pushf(&probe->boot->evidence,
			   "/%s, and nothing here that generates it", path);
		return add_labels(&probe->boot->sinks, text, path) ?
			       0 :
			       error_set(err, -ENOPKG, "/%s has no label", path);
	}
	return 0;
}

/* The section that boots by default, or else the first one. */
static void choose_section(struct probe *probe, size_t first)
{
	_cleanup_free_ char *name = probe_setting(probe, "etc/zipl.conf", "default");
	_cleanup_free_ char *part = xasprintf("[%s]parameters", name ? name : "");
	struct sinks *sinks = &probe->boot->sinks;

	for (size_t i = first; i < sinks->n; i++) {
		if (STREQ(sinks->items[i].part, part))
			first = i;
	}
	sinks->items[first].is_default = true;
}

/* Sections of zipl.conf with arguments of their own. */
int bootpath_zipl(struct probe *probe, struct error *err _unused_)
{
	_cleanup_free_ char *tool = probe_program(probe, "zipl");
	_cleanup_free_ char *text = probe_text(probe, "etc/zipl.conf"), *section = NULL;
	size_t before = probe->boot->sinks.n;

	if (!tool || !text || probe->found & (FOUND_GRUB | FOUND_GRUB_BLS))
		return 0;
	for (char *next = text; next;) {
		const char *line = strsep(&next, "\n");
		_cleanup_free_ char *part = NULL;

		if (line[0] == '[') {
			free(section);
			section = xstrndup(line + 1, strcspn(line + 1, "]"));
			continue;
		}
		line += strspn(line, " \t");
		if (!section || !str_has_prefix(line, "parameters"))
			continue;
		part = xasprintf("[%s]parameters", section);
		add(probe, &sink_variable, "etc/zipl.conf", part, SINK_INSTALLED);
	}
	if (probe->boot->sinks.n == before)
		return 0;
	choose_section(probe, before);
	evidence(probe,
		 "/etc/zipl.conf has sections with arguments, which zipl copies to "
		 "where the machine boots from");
	if (!(probe->found & FOUND_ZIPL))
		probe_run(probe, STEP_RUN, tool, NULL);
	probe->found |= FOUND_ZIPL;
	return 0;
}

/* What the next kernel gets; last, because GRUB's tools go by which of the files is newer. */
int bootpath_kernel_install(struct probe *probe, struct error *err _unused_)
{
	struct sinks *sinks = &probe->boot->sinks;
	bool is_there = tree_exists(probe->tree, KERNEL_CMDLINE);
	bool is_used = probe->has_token_entries || probe->found & FOUND_GRUB_BLS;

	for (size_t i = 0; i < sinks->n; i++) {
		if (STREQ(sinks->items[i].path, KERNEL_CMDLINE))
			return 0;
	}
	if (!sinks->n)
		return 0;
	if (!is_there && (!is_used || probe->found & FOUND_KERNELOPTS ||
			  !probe_has_program(probe, "kernel-install")))
		return 0;
	add(probe, &sink_kernel_cmdline, KERNEL_CMDLINE, NULL, SINK_FUTURE);
	evidence(probe,
		 is_there ?
			 "/" KERNEL_CMDLINE ": kernel-install gives it to new kernels" :
			 "kernel-install gives new kernels what happens to run, because "
			 "there is no /" KERNEL_CMDLINE ": it will be made");
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How this host boots: who owns the arguments, if it is not us (bootpath-owner.c), else a table of boot
 * loaders. Each adds its sinks and steps, in the order of writing. Everything goes by what is installed;
 * os-release only names the row.
 */

#include "grubcfg/bootpath-internal.h"

static const struct loader {
	int (*find)(struct probe *probe, struct error *err);
	bool is_alone; /* where it is, the following ones do not count */
} loaders[] = {
	{ bootpath_proxmox, true },   { bootpath_pi, true },
	{ bootpath_grub, false },     { bootpath_entries, false },
	{ bootpath_uki, false },      { bootpath_zipl, false },
	{ bootpath_extlinux, false }, { bootpath_kernel_install, false },
};

/* The names of rows: the first one fits of which everything was found. */
static const struct row {
	const char *name;
	const char *os_id; /* NULL: any */
	unsigned found;
} rows[] = {
	{ "Proxmox VE with proxmox-boot-tool", NULL, FOUND_PROXMOX },
	{ "Raspberry Pi", NULL, FOUND_PI },
	{ "RHEL 8 BLS", "rhel", FOUND_GRUB_BLS | FOUND_KERNELOPTS },
	{ "RHEL 9.3 BLS", "rhel", FOUND_GRUB_BLS | FOUND_UPDATE_BLS },
	{ "RHEL 9.0 BLS", "rhel", FOUND_GRUB_BLS },
	{ "Fedora BLS", "fedora", FOUND_GRUB_BLS },
	{ "GRUB BLS with kernelopts", NULL, FOUND_GRUB_BLS | FOUND_KERNELOPTS },
	{ "GRUB BLS", NULL, FOUND_GRUB_BLS },
	{ "unified kernel images", NULL, FOUND_UKI },
	{ "Arch systemd-boot", "arch", FOUND_SYSTEMD_BOOT },
	{ "Fedora systemd-boot", "fedora", FOUND_SYSTEMD_BOOT },
	{ "Debian systemd-boot", "debian", FOUND_SYSTEMD_BOOT },
	{ "systemd-boot", NULL, FOUND_SYSTEMD_BOOT },
	{ "Ubuntu GRUB", "ubuntu", FOUND_GRUB },
	{ "Debian GRUB", "debian", FOUND_GRUB },
	{ "SUSE GRUB", "suse", FOUND_GRUB },
	{ "Arch GRUB", "arch", FOUND_GRUB },
	{ "Alpine GRUB", "alpine", FOUND_GRUB },
	{ "RHEL GRUB", "rhel", FOUND_GRUB },
	{ "Fedora GRUB", "fedora", FOUND_GRUB },
	{ "GRUB", NULL, FOUND_GRUB },
	{ "zipl", NULL, FOUND_ZIPL },
	{ "Alpine extlinux", "alpine", FOUND_EXTLINUX },
	{ "u-boot-menu", NULL, FOUND_UBOOT },
	{ "extlinux", NULL, FOUND_EXTLINUX },
};

static const char *name_of_row(const struct probe *probe)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if ((probe->found & rows[i].found) == rows[i].found &&
		    (!rows[i].os_id || strv_contains(&probe->os_ids, rows[i].os_id)))
			return rows[i].name;
	}
	return "unknown";
}

/* What is in it may decide how this host boots. */
static int refuse(const struct unreadable *unreadable, struct error *err)
{
	(void)error_set(err, unreadable->error, "failed to read '/%s': %s",
			unreadable->path, strerror(-unreadable->error));
	if (unreadable->error == -EACCES)
		error_remedy(err, "run it as root");
	return unreadable->error;
}

static int find_loaders(struct probe *probe, struct error *err)
{
	struct bootpath *boot = probe->boot;

	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++) {
		int r;

		/* A generated extlinux.conf may lie beside any other loader. */
		if (loaders[i].find == bootpath_extlinux && boot->sinks.n)
			continue;
		r = loaders[i].find(probe, err);
		if (r < 0)
			return r;
		if (loaders[i].is_alone && boot->sinks.n)
			break;
	}
	boot->name = name_of_row(probe);
	if (probe->unreadable->path)
		return refuse(probe->unreadable, err);
	if (boot->sinks.n)
		return 0;
	(void)error_set(err, -ENOPKG,
			"no boot loader is found whose configuration can be changed");
	error_remedy(err, "mount /boot and the EFI system partition, if they are not");
	return -ENOPKG;
}

/* One sink is the default; of several loaders the one that started this boot. */
static void one_default(struct bootpath *boot)
{
	const struct sink *first = bootpath_default(boot);

	for (size_t i = 0; i < boot->sinks.n; i++) {
		struct sink *sink = &boot->sinks.items[i];

		if (sink != first)
			sink->is_default = false;
	}
}

int bootpath_find(const struct tree *tree, bool include_rescue, struct bootpath *ret,
		  struct error *err)
{
	_cleanup_bootpath_ struct bootpath boot = { 0 };
	struct unreadable unreadable = { 0 };
	_cleanup_(probe_done) struct probe probe = { .tree = tree,
						     .unreadable = &unreadable,
						     .boot = &boot,
						     .include_rescue = include_rescue };

	probe_start(&probe);
	if (!bootpath_owner(&probe)) {
		int r = find_loaders(&probe, err);

		if (r < 0)
			return r;
		one_default(&boot);
	}
	*ret = boot;
	boot = (struct bootpath){ 0 };
	return 0;
}

/* An entry that boots by itself comes before what a tool has to put somewhere first. */
const struct sink *bootpath_default(const struct bootpath *boot)
{
	const struct sink *first = NULL;

	for (size_t i = 0; i < boot->sinks.n; i++) {
		const struct sink *sink = &boot->sinks.items[i];

		if (sink->is_default && (!first || sink->type == &sink_bls))
			first = sink;
	}
	return first;
}

void bootpath_done(struct bootpath *boot)
{
	for (size_t i = 0; i < boot->n_steps; i++) {
		free(boot->steps[i].path);
		strv_done(&boot->steps[i].argv);
	}
	free(boot->steps);
	sinks_done(&boot->sinks);
	sinks_done(&boot->built);
	strv_done(&boot->evidence);
	strv_done(&boot->notes);
	strv_done(&boot->shared);
	free(boot->owner);
	free(boot->owner_command);
	*boot = (struct bootpath){ 0 };
}

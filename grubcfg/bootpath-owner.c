// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hosts whose kernel arguments belong to a tool with a record of its own, which would undo an edit or is
 * undone by it. Their files are never edited: the command to use instead is spelled out.
 */

#include "common/alloc.h"
#include "grubcfg/bootpath-internal.h"

static bool is_nixos(const struct probe *probe)
{
	return tree_exists(probe->tree, "etc/NIXOS");
}

static bool is_snapd(const struct probe *probe)
{
	return tree_exists(probe->tree, "var/lib/snapd/modeenv");
}

static bool is_ostree(const struct probe *probe)
{
	return tree_exists(probe->tree, "run/ostree-booted") ||
	       tree_exists(probe->tree, "sysroot/ostree/deploy") ||
	       tree_exists(probe->tree, "ostree/deploy");
}

static bool is_rpm_ostree(const struct probe *probe)
{
	return is_ostree(probe) && probe_has_program(probe, "rpm-ostree");
}

static bool is_bootc(const struct probe *probe)
{
	return is_ostree(probe) && probe_has_program(probe, "bootc");
}

static bool is_kernelstub(const struct probe *probe)
{
	return probe_has_program(probe, "kernelstub") &&
	       tree_exists(probe->tree, "etc/kernelstub/configuration");
}

/* It is installed on hosts with other loaders too; sysconfig says which one is used. */
static bool is_sdbootutil(const struct probe *probe)
{
	_cleanup_free_ char *type =
		probe_setting(probe, "etc/sysconfig/bootloader", "LOADER_TYPE");

	if (!probe_has_program(probe, "sdbootutil"))
		return false;
	if (type && *type)
		return STREQ(type, "systemd-boot") || STREQ(type, "grub2-bls");
	return tree_exists(probe->tree, "boot/efi/loader/entries");
}

/* The options of the root file system in fstab have "ro". */
static bool has_read_only_root(const struct probe *probe)
{
	_cleanup_free_ char *text = probe_text(probe, "etc/fstab");
	_cleanup_strv_ struct strv lines = STRV_NULL;

	if (text)
		strv_split(&lines, text, "\n");
	strv_for_each(line, &lines) {
		_cleanup_strv_ struct strv fields = STRV_NULL, options = STRV_NULL;

		strv_split(&fields, line, " \t");
		if (fields.n < 4 || fields.items[0][0] == '#' ||
		    !STREQ(fields.items[1], "/"))
			continue;
		strv_split(&options, fields.items[3], ",");
		return strv_contains(&options, "ro");
	}
	return false;
}

static bool is_transactional(const struct probe *probe)
{
	return probe_has_program(probe, "transactional-update") &&
	       has_read_only_root(probe);
}

static const struct owner {
	const char *row;
	const char *owner;
	bool (*is)(const struct probe *probe);
	const char *evidence;
	const char *command; /* %s: the arguments */
	const char *add; /* each that is to be there, in the command; NULL: as it is */
	const char *remove; /* each that is to go; NULL: the command cannot */
} owners[] = {
	{ "NixOS", "nixos-rebuild", is_nixos,
	  "/etc/NIXOS: the boot loader's files are made from configuration.nix",
	  "set boot.kernelParams = [ %s ]; in /etc/nixos/configuration.nix and run: "
	  "nixos-rebuild boot",
	  "\"%s\"", NULL },
	{ "Ubuntu Core", "snapd", is_snapd,
	  "/var/lib/snapd/modeenv: snapd measures and writes the command line",
	  "snap set system system.kernel.cmdline-append=\"%s\"", NULL, NULL },
	{ "rpm-ostree", "rpm-ostree", is_rpm_ostree,
	  "this is an ostree deployment with rpm-ostree: arguments belong to a deployment",
	  "rpm-ostree kargs %s", "--append-if-missing=%s", "--delete-if-present=%s" },
	{ "bootc", "bootc", is_bootc,
	  "this is an ostree deployment with bootc: arguments belong to a deployment",
	  "bootc loader-entries set-options-for-source --source kargs --options \"%s\"",
	  NULL, NULL },
	{ "ostree", "ostree", is_ostree,
	  "this is an ostree deployment: arguments belong to a deployment",
	  "ostree admin kargs edit-in-place %s", "--append-if-missing=%s",
	  "--delete-if-present=%s" },
	{ "Pop!_OS", "kernelstub", is_kernelstub,
	  "/etc/kernelstub/configuration: kernelstub writes the entries from it",
	  "kernelstub %s", "--add-options \"%s\"", "--delete-options \"%s\"" },
	{ "openSUSE with sdbootutil", "sdbootutil", is_sdbootutil,
	  "sdbootutil is installed and writes the boot loader's entries",
	  "change %s in /etc/kernel/cmdline and run: sdbootutil update-all-entries (and, "
	  "with a disk that the TPM unlocks: sdbootutil update-predictions)",
	  NULL, NULL },
	{ "openSUSE MicroOS", "transactional-update", is_transactional,
	  "transactional-update is installed and the root is read-only: grub.cfg belongs "
	  "to a snapshot",
	  "change %s in GRUB_CMDLINE_LINUX_DEFAULT of /etc/default/grub and run: "
	  "transactional-update grub.cfg",
	  NULL, NULL },
};

bool bootpath_owner(struct probe *probe)
{
	struct bootpath *boot = probe->boot;

	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		const struct owner *owner = &owners[i];

		if (!owner->is(probe))
			continue;
		boot->name = owner->row;
		boot->owner = xstrdup(owner->owner);
		boot->owner_command = xstrdup(owner->command);
		boot->owner_add = owner->add;
		boot->owner_remove = owner->remove;
		strv_push(&boot->evidence, owner->evidence);
		return true;
	}
	return false;
}

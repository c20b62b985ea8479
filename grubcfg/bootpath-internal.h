/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of host detection share: bootpath.c has the tables, the others look at one loader each. */
#pragma once

#include "grubcfg/bootpath.h"

/* What was found, for the name of the host's row. */
enum found {
	FOUND_GRUB = 1 << 0, /* arguments are in grub.cfg */
	FOUND_GRUB_BLS = 1 << 1, /* grub.cfg takes boot loader entries */
	FOUND_KERNELOPTS = 1 << 2, /* whose arguments are in the environment block */
	FOUND_UPDATE_BLS =
		1 << 3, /* mkconfig leaves entries alone unless told otherwise */
	FOUND_SYSTEMD_BOOT = 1 << 4,
	FOUND_UKI = 1 << 5,
	FOUND_PROXMOX = 1 << 6,
	FOUND_PI = 1 << 7,
	FOUND_EXTLINUX = 1 << 8,
	FOUND_UBOOT = 1 << 9,
	FOUND_ZIPL = 1 << 10,
};

/* The first file that is there and could not be read. */
struct unreadable {
	int error;
	char *path; /* NULL: all could */
};

struct probe {
	const struct tree *tree;
	struct bootpath *boot;
	bool include_rescue;
	unsigned found;
	struct strv os_ids; /* ID and ID_LIKE of os-release */
	char *machine_id; /* NULL: none yet, as in an image */
	char *loader_info; /* what the running boot loader calls itself; NULL: unknown */
	char *mkconfig; /* path of grub-mkconfig or grub2-mkconfig, or NULL */
	char *mkconfig_text;
	char *grub_cfg; /* the one that is generated, or NULL */
	char *grub_cfg_text;
	bool has_token_entries; /* entries that kernel-install made */
	struct unreadable *unreadable;
};

/* True: the host has an owner, which is in .boot now. */
bool bootpath_owner(struct probe *probe);

/* Each: 0, or a negative errno with @err set; what is not there adds nothing. */
int bootpath_grub(struct probe *probe, struct error *err);
int bootpath_entries(struct probe *probe, struct error *err);
int bootpath_uki(struct probe *probe, struct error *err);
int bootpath_proxmox(struct probe *probe, struct error *err);
int bootpath_pi(struct probe *probe, struct error *err);
int bootpath_extlinux(struct probe *probe, struct error *err);
int bootpath_zipl(struct probe *probe, struct error *err);
int bootpath_kernel_install(struct probe *probe, struct error *err);

/* os-release, the machine id and the running boot loader; .tree, .boot and .unreadable are set. */
void probe_start(struct probe *probe);
void probe_done(struct probe *probe);

/* A program by its name: its path below usr/bin, usr/sbin, bin or sbin, or NULL; the caller frees. */
char *probe_program(const struct probe *probe, const char *name);
bool probe_has_program(const struct probe *probe, const char *name);
/*
 * The text of a file, or NULL; the caller frees. One that is there and cannot be read makes the search
 * fail in the end: what is in it may decide how this host boots.
 */
char *probe_text(const struct probe *probe, const char *path);
/* Without its quotes: the value of the last "KEY=value" of a file for sh, or NULL; the caller frees. */
char *probe_setting(const struct probe *probe, const char *path, const char *key);
/* An EFI variable of the Boot Loader Interface as text, or NULL; the caller frees. */
char *probe_loader_variable(const struct probe *probe, const char *name);
/* Adds a program to be run: a path of probe_program() and arguments, up to NULL. */
void probe_run(struct probe *probe, enum step_kind kind, const char *program, ...)
	__attribute__((sentinel));
/* The name of an entry or image is one that kernel-install gives on this system. */
bool probe_has_token(const struct probe *probe, const char *name);

/* Where the EFI system partition or the extended boot partition may be mounted; NULL-terminated. */
extern const char *const probe_esps[];

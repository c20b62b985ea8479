// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Unified kernel images: the arguments are inside of the signed file, so they are changed where the tool
 * that builds it takes them from, and the tool is run.
 */

#include "common/alloc.h"
#include "common/replace.h"
#include "grubcfg/bootpath-internal.h"
#include "grubcfg/uki.h"

#define INSTALL_CONF "etc/kernel/install.conf"
#define UKI_CONF "etc/kernel/uki.conf"

static bool has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n > m && STREQ(s + n - m, suffix);
}

/* The paths of all images. */
static void find_images(struct probe *probe, struct strv *ret)
{
	for (size_t i = 0; probe_esps[i]; i++) {
		_cleanup_strv_ struct strv names = STRV_NULL;
		_cleanup_free_ char *path = xasprintf("%s/EFI/Linux", probe_esps[i]);

		(void)tree_list(probe->tree, path, &names); /* mostly there is none */
		strv_for_each(name, &names) {
			if (uki_is_name(name))
				strv_pushf(ret, "%s/%s", path, name);
		}
	}
	if (ret->n)
		strv_pushf(&probe->boot->evidence, "/%s: a unified kernel image",
			   ret->items[0]);
}

/* Images of other systems, and of kernels that are gone, are not made anew. */
static void add_built(struct probe *probe, const char *path)
{
	strv_pushf(&probe->boot->evidence,
		   "/%s is built here: its arguments are compared with the files'", path);
	sinks_push(&probe->boot->built, &sink_uki, path, NULL, SINK_INSTALLED);
}

/* "linux-VERSION", "TOKEN-VERSION" or "linux-VERSION-MACHINE_ID" */
static bool has_version(const char *id, const char *version)
{
	size_t n = strlen(version);

	for (const char *p = strchr(id, '-'); p; p = strchr(p + 1, '-')) {
		if (str_has_prefix(p + 1, version) && (!p[1 + n] || p[1 + n] == '-'))
			return true;
	}
	return false;
}

/* By kernel-install or dracut, whose names have the version of a kernel that is installed. */
static void add_built_of_versions(struct probe *probe, const struct strv *images,
				  bool with_token)
{
	_cleanup_strv_ struct strv versions = STRV_NULL;

	(void)tree_list(probe->tree, "usr/lib/modules", &versions); /* none: no image */
	strv_for_each(path, images) {
		const char *name = path_name(path);
		_cleanup_free_ char *id = uki_id(name);
		bool is = false;

		if (with_token && !probe_has_token(probe, name))
			continue;
		strv_for_each(version, &versions) {
			_cleanup_free_ char *kernel =
				xasprintf("usr/lib/modules/%s/vmlinuz", version);

			/* kernel-install leaves out what has no kernel there. */
			is |= has_version(id, version) &&
			      (!with_token || tree_exists(probe->tree, kernel));
		}
		if (is)
			add_built(probe, path);
	}
}

/* The first file of a directory with that ending which has a line that begins with @what. */
static char *file_with(const struct probe *probe, const char *directory,
		       const char *suffix, const char *what)
{
	_cleanup_strv_ struct strv names = STRV_NULL;

	(void)tree_list(probe->tree, directory, &names); /* NULL is the answer then */
	strv_for_each(name, &names) {
		_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
		_cleanup_free_ char *text = NULL;

		if (!has_suffix(name, suffix))
			continue;
		text = probe_text(probe, path);
		for (const char *line = text; line && *line;) {
			line += strspn(line, " \t");
			if (str_has_prefix(line, what))
				return TAKE_PTR(path);
			line += strcspn(line, "\n");
			line += !!*line;
		}
	}
	return NULL;
}

static struct sink *add(struct probe *probe, const struct sink_type *type,
			const char *path, const char *part)
{
	return sinks_push(&probe->boot->sinks, type, path, part, SINK_BOTH);
}

/* What mkinitcpio builds by a preset: NAME_uki="PATH" for each NAME of PRESETS=('NAME' ...). */
static void add_built_of_preset(struct probe *probe, const char *path)
{
	_cleanup_free_ char *presets = probe_setting(probe, path, "PRESETS");
	_cleanup_strv_ struct strv names = STRV_NULL;

	strv_split(&names, presets ? presets : "", "()'\" \t");
	strv_for_each(name, &names) {
		_cleanup_free_ char *key = xasprintf("%s_uki", name);
		_cleanup_free_ char *of_options = xasprintf("%s_options", name);
		_cleanup_free_ char *image = probe_setting(probe, path, key);
		_cleanup_free_ char *options = probe_setting(probe, path, of_options);

		/* --cmdline names another file, --no-cmdline none. */
		if (image && tree_exists(probe->tree, image + strspn(image, "/")) &&
		    !(options && strstr(options, "cmdline")))
			add_built(probe, image + strspn(image, "/"));
	}
}

static void add_built_of_presets(struct probe *probe)
{
	_cleanup_strv_ struct strv names = STRV_NULL;

	(void)tree_list(probe->tree, "etc/mkinitcpio.d", &names); /* none: nothing built */
	strv_for_each(name, &names) {
		_cleanup_free_ char *path = xasprintf("etc/mkinitcpio.d/%s", name);

		if (has_suffix(name, ".preset"))
			add_built_of_preset(probe, path);
	}
}

/* mkinitcpio(8): files of /etc/cmdline.d go before /etc/kernel/cmdline. */
static bool add_mkinitcpio(struct probe *probe)
{
	_cleanup_free_ char *tool = probe_program(probe, "mkinitcpio");
	_cleanup_free_ char *preset = NULL, *dropin = NULL;

	if (!tool)
		return false;
	preset = file_with(probe, "etc/mkinitcpio.d", ".preset", "default_uki=");
	if (!preset)
		return false;
	dropin = file_with(probe, "etc/cmdline.d", ".conf", "");
	strv_pushf(&probe->boot->evidence,
		   "/%s has default_uki: mkinitcpio builds the image with the arguments of "
		   "%s",
		   preset, dropin ? "/etc/cmdline.d" : "/etc/kernel/cmdline");
	if (dropin)
		add(probe, &sink_cmdline_d, "etc/cmdline.d", NULL)->is_default = true;
	else
		add(probe, &sink_kernel_cmdline, "etc/kernel/cmdline", NULL)->is_default =
			true;
	add_built_of_presets(probe);
	probe_run(probe, STEP_BUILD, tool, "-P", NULL);
	return true;
}

/* ukify(1) in uki.conf: "Cmdline=ARG ..." or "Cmdline=@FILE". */
static void add_ukify(struct probe *probe)
{
	_cleanup_free_ char *value = probe_setting(probe, UKI_CONF, "Cmdline");

	if (value && value[0] == '@') {
		add(probe, &sink_kernel_cmdline, value + 1 + strspn(value + 1, "/"), NULL);
		strv_pushf(&probe->boot->evidence,
			   "/" UKI_CONF " takes the arguments from %s", value + 1);
	} else if (value) {
		add(probe, &sink_variable, UKI_CONF, "[UKI]Cmdline");
		strv_push(&probe->boot->evidence,
			  "/" UKI_CONF " has Cmdline=, which counts or does not count "
			  "beside /etc/kernel/cmdline, depending on systemd's version: "
			  "both are changed");
	}
}

static void add_rebuilds(struct probe *probe, const char *tool)
{
	_cleanup_strv_ struct strv versions = STRV_NULL;
	_cleanup_free_ char *text = probe_text(probe, tool);

	/* Since systemd 255. The program may be larger than what is read here. */
	if (!text || strstr(text, "add-all")) {
		probe_run(probe, STEP_BUILD, tool, "add-all", NULL);
		return;
	}
	(void)tree_list(probe->tree, "usr/lib/modules", &versions); /* none: no step */
	strv_for_each(version, &versions) {
		_cleanup_free_ char *kernel =
			xasprintf("/usr/lib/modules/%s/vmlinuz", version);

		if (tree_exists(probe->tree, kernel + 1))
			probe_run(probe, STEP_BUILD, tool, "add", version, kernel, NULL);
	}
}

static bool add_kernel_install(struct probe *probe, const struct strv *images)
{
	_cleanup_free_ char *tool = probe_program(probe, "kernel-install");
	_cleanup_free_ char *layout = probe_setting(probe, INSTALL_CONF, "layout");

	if (!layout)
		layout = probe_setting(probe, "usr/lib/kernel/install.conf", "layout");
	if (!tool || !layout || !STREQ(layout, "uki"))
		return false;
	strv_push(&probe->boot->evidence,
		  "layout=uki in kernel-install's configuration: it builds the image");
	add_ukify(probe);
	add(probe, &sink_kernel_cmdline, "etc/kernel/cmdline", NULL)->is_default = true;
	add_built_of_versions(probe, images, true);
	add_rebuilds(probe, tool);
	return true;
}

static bool add_dracut(struct probe *probe, const struct strv *images)
{
	_cleanup_free_ char *tool = probe_program(probe, "dracut");
	_cleanup_free_ char *uefi = NULL, *conf = NULL, *dropin = NULL;

	uefi = file_with(probe, "etc/dracut.conf.d", ".conf", "uefi=");
	if (!tool || !uefi)
		return false;
	conf = file_with(probe, "etc/dracut.conf.d", ".conf", "kernel_cmdline");
	dropin = file_with(probe, "etc/cmdline.d", ".conf", "");
	if (conf)
		add(probe, &sink_variable, conf, "kernel_cmdline")->is_default = true;
	else if (dropin)
		add(probe, &sink_cmdline_d, "etc/cmdline.d", NULL)->is_default = true;
	else
		add(probe, &sink_kernel_cmdline, "etc/kernel/cmdline", NULL)->is_default =
			true;
	strv_pushf(&probe->boot->evidence, "/%s: dracut builds the image", uefi);
	add_built_of_versions(probe, images, false);
	probe_run(probe, STEP_BUILD, tool, "--force", "--regenerate-all", NULL);
	return true;
}

int bootpath_uki(struct probe *probe, struct error *err _unused_)
{
	_cleanup_strv_ struct strv images = STRV_NULL;

	find_images(probe, &images);
	if (!images.n)
		return 0;
	if (add_kernel_install(probe, &images) || add_mkinitcpio(probe) ||
	    add_dracut(probe, &images)) {
		probe->found |= FOUND_UKI;
		return 0;
	}
	strv_push(&probe->boot->notes,
		  "no tool here is set up to build the unified kernel images: their "
		  "arguments stay as they are");
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * GRUB: which grub.cfg is the generated one, whether the arguments are in it or in boot loader entries, and
 * what the installed grub-mkconfig reads. All of it from the files themselves: distributions differ, and
 * releases of one distribution do.
 */

#include "common/alloc.h"
#include "grubcfg/bootpath-internal.h"

/* The command stands at the beginning of a line. */
static bool has_command(const char *text, const char *command)
{
	size_t n = strlen(command);

	for (const char *line = text; *line;
	     line += strcspn(line, "\n"), line += !!*line) {
		const char *p = line + strspn(line, " \t");

		if (strncmp(p, command, n) == 0 && (!p[n] || strchr(" \t\r\n", p[n])))
			return true;
	}
	return false;
}

/* A grub.cfg that only finds another one and goes on there: on an EFI system partition. */
static bool is_stub(const char *text)
{
	return has_command(text, "configfile") && !has_command(text, "menuentry") &&
	       !has_command(text, "blscfg") && !has_command(text, "linux") &&
	       !strstr(text, "### BEGIN /etc/grub.d/");
}

/* Takes the path if there is a generated grub.cfg. */
static bool take_grub_cfg(struct probe *probe, const char *path)
{
	_cleanup_free_ char *text = probe_text(probe, path);

	if (!text)
		return false;
	if (is_stub(text)) {
		strv_pushf(&probe->boot->evidence,
			   "/%s only goes on to another file: it is never written", path);
		return false;
	}
	probe->grub_cfg = xstrdup(path);
	probe->grub_cfg_text = TAKE_PTR(text);
	return true;
}

/* Distributions link to the one that counts; the default is beside GRUB's modules. */
static void find_grub_cfg(struct probe *probe, bool is_grub2)
{
	static const char *const links[] = { "etc/grub2-efi.cfg", "etc/grub2.cfg" };
	_cleanup_strv_ struct strv vendors = STRV_NULL;

	for (size_t i = 0; is_grub2 && i < ARRAY_SIZE(links); i++) {
		_cleanup_free_ char *target = NULL;
		const char *path;

		if (sysroot_readlink(probe->tree->root, &target, "%s", links[i]) < 0)
			continue;
		path = target;
		while (str_has_prefix(path, "../"))
			path += 3;
		path += strspn(path, "/");
		if (take_grub_cfg(probe, path))
			return;
	}
	if (take_grub_cfg(probe, is_grub2 ? "boot/grub2/grub.cfg" : "boot/grub/grub.cfg"))
		return;
	(void)tree_list(probe->tree, "boot/efi/EFI", &vendors); /* there may be none */
	strv_for_each(vendor, &vendors) {
		_cleanup_free_ char *path = xasprintf("boot/efi/EFI/%s/grub.cfg", vendor);

		if (is_grub2 && take_grub_cfg(probe, path))
			return;
	}
}

static void find_mkconfig(struct probe *probe)
{
	static const char *const names[] = { "grub2-mkconfig", "grub-mkconfig" };

	for (size_t i = 0; i < ARRAY_SIZE(names) && !probe->mkconfig; i++)
		probe->mkconfig = probe_program(probe, names[i]);
	if (probe->mkconfig)
		probe->mkconfig_text = probe_text(probe, probe->mkconfig);
}

static struct sink *add_defaults(struct probe *probe, enum sink_scope scope)
{
	struct sink *sink = sinks_push(&probe->boot->sinks, &sink_grub_default,
				       "etc/default/grub", NULL, scope);

	sink->sources_drop_ins =
		probe->mkconfig_text && strstr(probe->mkconfig_text, "default/grub.d");
	strv_pushf(&probe->boot->evidence, "/%s %s /etc/default/grub.d", probe->mkconfig,
		   sink->sources_drop_ins ? "reads" : "does not read");
	return sink;
}

static void add_mkconfig(struct probe *probe)
{
	struct step *step = ARRAY_PUSH(probe->boot->steps, probe->boot->n_steps);

	step->kind = STEP_GRUB_MKCONFIG;
	step->path = xstrdup(probe->grub_cfg);
	step->timeout_s = 300;
	strv_pushf(&step->argv, "/%s", probe->mkconfig);
}

/* On s390x zipl starts a small system with GRUB in it; SUSE's tool updates both. */
static bool add_suse_zipl(struct probe *probe)
{
	_cleanup_free_ char *tool = probe_program(probe, "update-bootloader");
	_cleanup_free_ char *zipl = probe_program(probe, "zipl");

	if (!tool || !zipl)
		return false;
	strv_push(&probe->boot->evidence,
		  "zipl starts GRUB: update-bootloader updates both");
	probe_run(probe, STEP_RUN, tool, "--config", NULL);
	return true;
}

static void describe_bls(struct probe *probe)
{
	struct strv *evidence = &probe->boot->evidence;

	strv_pushf(evidence,
		   "/%s has 'blscfg': GRUB takes boot loader entries, and what is in "
		   "/etc/default/grub counts for new kernels at best",
		   probe->grub_cfg);
	if (probe->mkconfig_text && strstr(probe->mkconfig_text, "update-bls-cmdline")) {
		probe->found |= FOUND_UPDATE_BLS;
		strv_pushf(evidence,
			   "/%s leaves the entries as they are unless called with "
			   "--update-bls-cmdline",
			   probe->mkconfig);
	} else {
		strv_pushf(&probe->boot->notes,
			   "/%s writes the arguments of /etc/default/grub into the entries "
			   "when somebody runs it; so they are kept the same",
			   probe->mkconfig);
	}
}

int bootpath_grub(struct probe *probe, struct error *err _unused_)
{
	bool is_grub2;

	find_mkconfig(probe);
	if (!probe->mkconfig)
		return 0;
	is_grub2 = strstr(probe->mkconfig, "grub2-mkconfig");
	find_grub_cfg(probe, is_grub2);
	if (!probe->grub_cfg) {
		strv_pushf(&probe->boot->evidence,
			   "/%s is installed, but there is no grub.cfg: GRUB does not boot "
			   "this host",
			   probe->mkconfig);
		return 0;
	}
	strv_pushf(&probe->boot->evidence, "/%s is what GRUB reads", probe->grub_cfg);
	if (has_command(probe->grub_cfg_text, "blscfg")) {
		probe->found |= FOUND_GRUB_BLS;
		describe_bls(probe);
		add_defaults(probe, SINK_FUTURE);
		return 0;
	}
	probe->found |= FOUND_GRUB;
	add_defaults(probe, SINK_BOTH)->is_default = true;
	strv_pushf(&probe->boot->evidence, "/%s writes the arguments into it",
		   probe->mkconfig);
	if (!add_suse_zipl(probe))
		add_mkconfig(probe);
	return 0;
}

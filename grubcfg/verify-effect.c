// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What can be seen of an argument on the running machine; see verify-effect.h.
 *
 * A table says what shows the effect of which parameter. What is not in it is looked for among the
 * parameters of modules, or cannot be seen.
 */

#include <fnmatch.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "grubcfg/kernel-log.h"
#include "grubcfg/value.h"
#include "grubcfg/verify-see.h"

void finding_set(struct finding *ret, enum verdict verdict, const char *fmt, ...)
{
	va_list ap;

	free(ret->evidence);
	ret->verdict = verdict;
	va_start(ap, fmt);
	ret->evidence = xvasprintf(fmt, ap);
	va_end(ap);
}

void finding_remedy(struct finding *ret, const char *text)
{
	free(ret->remedy);
	ret->remedy = xstrdup(text);
}

/* ---------------------------------------------------------------- modules, user space */

static bool same_value(const char *seen, const char *wanted)
{
	uint64_t a, b;

	if (!wanted)
		return STREQ(seen, "Y") || STREQ(seen, "1");
	if (STREQ(seen, wanted))
		return true;
	if (STREQ(seen, "Y") || STREQ(seen, "N"))
		return (seen[0] == 'Y') == value_is_true(wanted);
	if (str_has_prefix(wanted, "0x") && parse_hex(wanted, &a) == 0 &&
	    parse_u64(seen, &b) == 0)
		return a == b;
	return false;
}

/* module.parameter=value, also of what is built in. */
static void see_module(const struct probe *p, struct finding *ret)
{
	const char *dot = strchr(p->arg->name, '.');
	_cleanup_free_ char *module = NULL, *name = NULL, *seen = NULL;

	if (!dot || strchr(p->arg->name, '/'))
		return;
	module = xstrndup(p->arg->name, (size_t)(dot - p->arg->name));
	name = xstrdup(dot + 1);
	for (char *c = module; *c; c++)
		*c = *c == '-' ? '_' : *c;
	for (char *c = name; *c; c++)
		*c = *c == '-' ? '_' : *c;
	if (!sysroot_exists(p->tree->root, "sys/module/%s", module)) {
		finding_set(ret, VERDICT_PRESENT, "the module %s is not loaded now",
			    module);
		return;
	}
	if (sysroot_read(p->tree->root, &seen, "sys/module/%s/parameters/%s", module,
			 name) < 0)
		return;
	if (same_value(seen, p->arg->value)) {
		finding_set(ret, VERDICT_IN_EFFECT,
			    "/sys/module/%s/parameters/%s is '%s'", module, name, seen);
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT, "/sys/module/%s/parameters/%s is '%s'",
		    module, name, seen);
	finding_remedy(
		ret, "see modprobe.d for another value, and what the module says: dmesg");
}

/*
 * systemd reads the same text by other rules (src/basic/proc-cmdline.c): both kinds of quotes, anywhere
 * in a word. Where the two differ, what the kernel sees does not count.
 */
static char *systemd_word(const char **text)
{
	const char *p = *text + strspn(*text, " \t\n\r");
	char *word, *out, quote = '\0';

	if (!*p)
		return NULL;
	out = word = xcalloc(1, strlen(p) + 1);
	for (; *p && (quote || !strchr(" \t\n\r", *p)); p++) {
		if (quote ? *p == quote : (*p == '"' || *p == '\''))
			quote = quote ? '\0' : *p;
		else
			*out++ = *p;
	}
	*text = p;
	return word;
}

static void see_systemd(const struct probe *p, struct finding *ret)
{
	_cleanup_free_ char *line = cmdline_format(&p->machine->running), *seen = NULL;
	const char *rest = line;
	bool found = false;

	for (;;) {
		_cleanup_free_ char *word = systemd_word(&rest), *name = NULL;
		const char *equals;

		if (!word)
			break;
		equals = strchr(word, '=');
		name = xstrndup(word, equals ? (size_t)(equals - word) : strlen(word));
		if (!cmdline_same_name(name, p->arg->name))
			continue;
		found = found ||
			(equals && p->arg->value ? STREQ(equals + 1, p->arg->value) :
						   !equals && !p->arg->value);
		free(seen);
		seen = TAKE_PTR(word);
	}
	if (found) {
		finding_set(ret, VERDICT_PRESENT,
			    "in /proc/cmdline, and systemd reads it so");
		return;
	}
	finding_set(ret, VERDICT_NO_EFFECT, "systemd reads it as '%s'", seen ? seen : "");
	finding_remedy(ret,
		       "put the whole argument in double quotes, and use no single ones");
}

static void see_user_space(const struct probe *p, struct finding *ret)
{
	(void)p;
	finding_set(ret, VERDICT_PRESENT,
		    "in /proc/cmdline; it is for programs, not the kernel");
}

/* ---------------------------------------------------------------- the table */

static const struct {
	const char *name; /* fnmatch(3), with '_' for '-' */
	void (*see)(const struct probe *p, struct finding *ret);
	bool of_user_space; /* that the kernel calls it unknown means nothing */
} effects[] = {
	{ "intel_iommu", see_iommu, false },
	{ "amd_iommu", see_iommu, false },
	{ "iommu", see_iommu_word, false },
	{ "iommu.passthrough", see_passthrough_flag, false },
	{ "isolcpus", see_isolcpus, false },
	{ "nohz_full", see_nohz_full, false },
	{ "irqaffinity", see_irqaffinity, false },
	{ "cpufreq.default_governor", see_governor, false },
	{ "nmi_watchdog", see_nmi_watchdog, false },
	{ "hugepages", see_hugepages, false },
	{ "hugepagesz", see_page_size, false },
	{ "default_hugepagesz", see_default_page_size, false },
	{ "transparent_hugepage", see_thp, false },
	{ "console", see_console, false },
	{ "i915.enable_gvt", see_gvt, false },
	{ "vfio_pci.ids", see_vfio_ids, false },
	{ "systemd.*", see_systemd, true },
	{ "rd.*", see_systemd, true },
	{ "luks.*", see_systemd, true },
	{ "udev.*", see_systemd, true },
	{ "fsck.*", see_systemd, true },
	{ "locale.*", see_systemd, true },
	{ "vconsole.*", see_systemd, true },
	{ "net.ifnames", see_systemd, true },
	{ "modules_load", see_systemd, true },
	{ "splash", see_user_space, true },
	{ "nosplash", see_user_space, true },
	{ "rhgb", see_user_space, true },
	{ "single", see_user_space, true },
	{ "emergency", see_user_space, true },
	{ "rescue", see_user_space, true },
	{ "cryptdevice", see_user_space, true },
	{ "zfs", see_user_space, true },
	{ "ostree", see_user_space, true },
	{ "boot", see_user_space, true },
	{ "*", see_module, false },
};

void verify_effect(const struct probe *probe, struct finding *ret)
{
	_cleanup_free_ char *name = xstrdup(probe->arg->name);
	size_t i = 0;

	finding_set(ret, VERDICT_PRESENT, "in /proc/cmdline; what it does cannot be seen");
	for (char *c = name; *c; c++)
		*c = *c == '-' ? '_' : *c;
	while (fnmatch(effects[i].name, name, 0) != 0 && i < ARRAY_SIZE(effects) - 1)
		i++;
	if (!effects[i].of_user_space &&
	    kernel_log_calls_unknown(probe->log, probe->running)) {
		finding_set(ret, VERDICT_UNKNOWN,
			    "the kernel's log has it among unknown parameters");
		finding_remedy(ret,
			       "see if it is spelt right and if this kernel has it; what a "
			       "program reads is fine");
		return;
	}
	effects[i].see(probe, ret);
}

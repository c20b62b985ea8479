// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * quiet: what the whole host does in the background, and a domain notices.
 *
 *	object		file				attribute of <quiet>
 *	thp/enabled	transparent_hugepage/enabled	thp
 *	thp/defrag	transparent_hugepage/defrag	thp
 *	ksm/run		ksm/run				ksm
 *	ksm/merge_across_nodes				ksm
 *	stat-interval	vm/stat_interval		stat-interval
 *	latency/cpu2	power/pm_qos_resume_latency_us	latency, on the domain's CPUs
 *	boost		cpufreq/boost or no_turbo	boost
 *
 * Kernel: Documentation/admin-guide/mm/transhuge.rst, mm/ksm.rst, sysctl/kernel.rst, sysctl/vm.rst,
 * pm/cpufreq.rst, pm/intel_pstate.rst, Documentation/ABI/testing/sysfs-devices-power. The attributes
 * numa-balancing and watchdog are resources of their own, whose wishes are made here.
 *
 * Values are shown with what tells them apart, "10s" and "10us": of two wishes the quieter one
 * wins, and it is never louder than what the administrator had. What a host does not have is
 * skipped with a note.
 */

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/isolation.h"
#include "hook/resource.h"

#define MM "sys/kernel/mm/"
#define CPU "sys/devices/system/cpu/"
#define LATENCY "latency/"
#define UNLIMITED "unlimited"

/* ---- files ---- */

enum form {
	FORM_PLAIN,
	FORM_CHOICE, /* "always [madvise] never" */
	FORM_SECONDS, /* "10" is "10s" here */
	FORM_LATENCY, /* "10" is "10us", and "0" is "unlimited" */
	FORM_SWITCH, /* "1" is "on" */
	FORM_SWITCH_OFF, /* "1" is "off" */
};

struct file {
	char *path;
	enum form form;
};

static const struct {
	const char *object;
	const char *path;
	enum form form;
} files[] = {
	{ "thp/enabled", MM "transparent_hugepage/enabled", FORM_CHOICE },
	{ "thp/defrag", MM "transparent_hugepage/defrag", FORM_CHOICE },
	{ "ksm/run", MM "ksm/run", FORM_PLAIN },
	{ "ksm/merge_across_nodes", MM "ksm/merge_across_nodes", FORM_PLAIN },
	{ "stat-interval", "proc/sys/vm/stat_interval", FORM_SECONDS },
	/* The first that is there. */
	{ "boost", CPU "cpufreq/boost", FORM_SWITCH },
	{ "boost", CPU "intel_pstate/no_turbo", FORM_SWITCH_OFF },
};

static struct file file_of(const struct sysroot *root, const char *object)
{
	struct file file = { NULL, FORM_PLAIN };

	if (str_has_prefix(object, LATENCY)) {
		file.path = xasprintf(CPU "%s/power/pm_qos_resume_latency_us",
				      object + strlen(LATENCY));
		file.form = FORM_LATENCY;
		return file;
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (!STREQ(files[i].object, object) ||
		    (file.path && !sysroot_exists(root, "%s", files[i].path)))
			continue;
		free(file.path);
		file.path = xstrdup(files[i].path);
		file.form = files[i].form;
		if (sysroot_exists(root, "%s", file.path))
			break;
	}
	return file;
}

/* What the file says, as a value; the caller frees. */
static char *value_of(enum form form, const char *text)
{
	const char *open = strchr(text, '[');

	switch (form) {
	case FORM_CHOICE:
		return open ? xstrndup(open + 1, strcspn(open + 1, "]")) : xstrdup(text);
	case FORM_SECONDS:
		return xasprintf("%ss", text);
	case FORM_LATENCY:
		if (STREQ(text, "0"))
			return xstrdup(UNLIMITED);
		return STREQ(text, "n/a") ? xstrdup(text) : xasprintf("%sus", text);
	case FORM_SWITCH:
		return xstrdup(STREQ(text, "1") ? "on" : "off");
	case FORM_SWITCH_OFF:
		return xstrdup(STREQ(text, "1") ? "off" : "on");
	case FORM_PLAIN:
		break;
	}
	return xstrdup(text);
}

static char *text_of(enum form form, const char *value)
{
	switch (form) {
	case FORM_SECONDS:
		return xstrndup(value, strcspn(value, "s"));
	case FORM_LATENCY:
		if (STREQ(value, UNLIMITED))
			return xstrdup("0");
		return STREQ(value, "n/a") ? xstrdup(value) :
					     xstrndup(value, strcspn(value, "u"));
	case FORM_SWITCH:
		return xstrdup(STREQ(value, "on") ? "1" : "0");
	case FORM_SWITCH_OFF:
		return xstrdup(STREQ(value, "on") ? "0" : "1");
	case FORM_PLAIN:
	case FORM_CHOICE:
		break;
	}
	return xstrdup(value);
}

/* How loud a value is; those of one object compare. */
static uint64_t noise(const char *value)
{
	static const char *const words[] = {
		"never", "defer", "madvise", "defer+madvise", "always",
	};
	uint64_t number;
	char *end;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (STREQ(value, words[i]))
			return i;
	}
	if (STREQ(value, "n/a") || STREQ(value, "off"))
		return 0;
	number = strtoull(value, &end, 10);
	if (end == value)
		return UINT64_MAX; /* unlimited, on */
	return STREQ(end, "s") ? UINT64_MAX - number : number;
}

static const char *quiet_merge(const char *a, const char *b)
{
	return noise(b) < noise(a) ? b : a;
}

/* ---- claim ---- */

static int quiet_read(const struct sysroot *root, const char *object, char **ret,
		      struct error *err)
{
	struct file file = file_of(root, object);
	_cleanup_free_ char *path = file.path, *text = NULL;
	int r = path ? sysroot_read(root, &text, "%s", path) : -ENOENT;

	if (r < 0) {
		(void)error_set(err, r, "failed to read '/%s': %s", path ? path : object,
				strerror(-r));
		return r;
	}
	*ret = value_of(file.form, text);
	return 0;
}

/* What it was before any domain asked, which a domain can only make quieter. */
static int wish(const struct planning *p, const char *knob, const char *object,
		const char *value, struct error *err)
{
	const struct entry *entry = ledger_find_entry(p->ledger, "quiet", object);
	_cleanup_free_ char *baseline = entry ? xstrdup(entry->baseline) : NULL;
	_cleanup_error_ struct error why = ERROR_NULL;
	int r = entry ? 0 : quiet_read(p->host->root, object, &baseline, &why);

	if (r == -ENOENT) {
		strv_pushf(p->notes, "this host has no %s: %s is skipped", object, knob);
		return 0;
	}
	if (r < 0)
		return error_set(err, r, "%s", why.cause);
	(void)claim_add_wish(p->claim, "quiet", object, quiet_merge(baseline, value));
	return 0;
}

static int wish_thp(const struct planning *p, const struct request_knob *knob,
		    struct error *err)
{
	int r = wish(p, knob->name, "thp/enabled", knob->value, err);

	return r < 0 ? r : wish(p, knob->name, "thp/defrag", knob->value, err);
}

/* Which pages may be merged can only be changed while none are. */
static int wish_ksm(const struct planning *p, const struct request_knob *knob,
		    struct error *err)
{
	uint64_t shared;
	int r = 0;

	if (sysroot_read_u64(p->host->root, &shared, MM "ksm/pages_shared") == 0 &&
	    shared && !ledger_find_entry(p->ledger, "quiet", "ksm/merge_across_nodes"))
		strv_push(p->notes, "KSM has merged pages already: whether it merges "
				    "across nodes cannot be changed now, and is skipped");
	else
		r = wish(p, knob->name, "ksm/merge_across_nodes", "0", err);
	return r < 0 ? r : wish(p, knob->name, "ksm/run", "0", err);
}

static bool host_has(const struct planning *p, const char *file, const char *knob)
{
	if (sysroot_exists(p->host->root, "proc/sys/kernel/%s", file))
		return true;
	strv_pushf(p->notes, "this host has no %s: %s is skipped", file, knob);
	return false;
}

static int wish_numa_balancing(const struct planning *p, const struct request_knob *knob,
			       struct error *err _unused_)
{
	if (host_has(p, "numa_balancing", knob->name))
		(void)claim_add_wish(p->claim, resource_numa_balancing.name, "host", "0");
	return 0;
}

static int wish_boost(const struct planning *p, const struct request_knob *knob,
		      struct error *err)
{
	return wish(p, knob->name, "boost", "off", err);
}

static int refuse_zero(const struct planning *p, const struct request_knob *knob,
		       const char *remedy, struct error *err)
{
	(void)error_set(err, -EINVAL, "line %u: %s='0' is not possible",
			p->domain->request.quiet.line, knob->name);
	error_remedy(err, "%s", remedy);
	return -EINVAL;
}

static int wish_stat_interval(const struct planning *p, const struct request_knob *knob,
			      struct error *err)
{
	_cleanup_free_ char *value = NULL;
	unsigned seconds = 0;

	if (parse_unsigned(knob->value, &seconds) < 0 || seconds == 0)
		return refuse_zero(p, knob, "give it one second or more", err);
	value = xasprintf("%us", seconds);
	return wish(p, knob->name, "stat-interval", value, err);
}

/* The CPUs that the domain means to have for itself. */
static const struct bitset *cpus_of(const struct domain *domain)
{
	const struct bitset *cpuset = &domain->request.isolation.cpuset;

	return bitset_is_empty(cpuset) ? &domain->vcpu_cpus : cpuset;
}

static int check_cpus(const struct planning *p, const struct request_knob *knob,
		      struct error *err)
{
	if (!bitset_is_empty(cpus_of(p->domain)))
		return 0;
	(void)error_set(err, -EINVAL,
			"line %u: no CPUs for %s='%s': the domain pins no vCPU",
			p->domain->request.quiet.line, knob->name, knob->value);
	error_remedy(err, "add <vcpupin> elements, or leave %s out", knob->name);
	return -EINVAL;
}

static int wish_latency(const struct planning *p, const struct request_knob *knob,
			struct error *err)
{
	_cleanup_free_ char *value = NULL;
	unsigned us = 0;
	int r = check_cpus(p, knob, err);

	if (r < 0)
		return r;
	if (parse_unsigned(knob->value, &us) == 0 && us == 0)
		return refuse_zero(p, knob,
				   "for the kernel that is no limit at all; 'n/a' is the "
				   "strictest",
				   err);
	value = us ? xasprintf("%uus", us) : xstrdup(knob->value);
	bitset_for_each(cpu, cpus_of(p->domain)) {
		_cleanup_free_ char *object = xasprintf(LATENCY "cpu%u", cpu);

		r = wish(p, knob->name, object, value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int wish_watchdog(const struct planning *p, const struct request_knob *knob,
			 struct error *err)
{
	_cleanup_free_ char *cpus = NULL;
	int r = check_cpus(p, knob, err);

	if (r < 0)
		return r;
	if (!host_has(p, "watchdog_cpumask", knob->name))
		return 0;
	cpus = bitset_format(cpus_of(p->domain));
	(void)claim_add_wish(p->claim, resource_watchdog.name, ISOLATION_CPUS, cpus);
	return 0;
}

static const struct {
	const char *name;
	int (*wish)(const struct planning *p, const struct request_knob *knob,
		    struct error *err);
} knobs[] = {
	{ "thp", wish_thp },
	{ "ksm", wish_ksm },
	{ "numa-balancing", wish_numa_balancing },
	{ "watchdog", wish_watchdog },
	{ "stat-interval", wish_stat_interval },
	{ "latency", wish_latency },
	{ "boost", wish_boost },
};

static int refuse_nothing(const struct request_quiet *quiet, struct error *err)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	_cleanup_free_ char *list = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++)
		strv_push(&names, knobs[i].name);
	list = strv_join(&names, ", ");
	(void)error_set(err, -EINVAL, "line %u: <quiet> asks for nothing", quiet->line);
	error_remedy(err, "remove it, or add what shall be quiet: %s", list);
	return -EINVAL;
}

static int quiet_claim(const struct planning *p, struct error *err)
{
	const struct request_quiet *quiet = &p->domain->request.quiet;

	if (quiet->wanted && quiet->n_knobs == 0)
		return refuse_nothing(quiet, err);
	for (size_t i = 0; i < quiet->n_knobs; i++) {
		const struct request_knob *knob = &quiet->knobs[i];
		int r = 0;

		for (size_t j = 0; r == 0 && j < ARRAY_SIZE(knobs); j++) {
			if (STREQ(knobs[j].name, knob->name))
				r = knobs[j].wish(p, knob, err);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- write ---- */

static int quiet_write(const struct sysroot *root, const char *object,
		       const char *from _unused_, const char *to,
		       uint64_t deadline _unused_, struct error *err)
{
	struct file file = file_of(root, object);
	_cleanup_free_ char *path = file.path, *text = text_of(file.form, to);
	int r = path ? sysroot_write(root, text, "%s", path) : -ENOENT;

	return r < 0 ? error_set(err, r, "failed to write '%s' to '/%s': %s", text,
				 path ? path : object, strerror(-r)) :
		       0;
}

const struct resource resource_quiet = {
	.name = "quiet",
	.claim = quiet_claim,
	.read = quiet_read,
	.merge = quiet_merge,
	.write = quiet_write,
};

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rules and what they find; see check.h. */

#include <inttypes.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/check.h"
#include "hook/qemu-process.h"

#define FILE_MAX (16U << 20)
#define SHOWN_MAX 4 /* names in one finding */
#define EVIDENCE_MAX 100 /* bytes of a value */

#define CHECK_AREA(area, name, of_domain) \
	{ name, of_domain, check_##area##_rules, &n_check_##area##_rules },

const struct check_area check_areas[] = { CHECK_AREAS(CHECK_AREA) };
const size_t n_check_areas = ARRAY_SIZE(check_areas);

const char *severity_name(enum severity severity)
{
	static const char *const names[] = { "notice", "warning", "error" };

	return names[severity];
}

/* ---- findings ---- */

/* @text with @subject in place of "{}". */
static char *fill_in(const char *text, const char *subject)
{
	const char *place = strstr(text, "{}");

	if (!place)
		return xstrdup(text);
	return xasprintf("%.*s%s%s", (int)(place - text), text, subject ? subject : "...",
			 place + 2);
}

static enum severity severity_of(const struct checking *c)
{
	return c->rule->need & c->needs ? c->rule->needed : c->rule->severity;
}

void check_found(struct checking *c, const char *subject, const char *fmt, ...)
{
	struct finding *finding = ARRAY_PUSH(c->findings, c->n_findings);
	va_list ap;

	va_start(ap, fmt);
	finding->what = xvasprintf(fmt, ap);
	va_end(ap);
	finding->rule = c->rule;
	finding->severity = severity_of(c);
	finding->remedy = fill_in(c->rule->remedy, subject);
	finding->evidence = c->evidence ? xstrdup(c->evidence) : NULL;
}

void check_unknown(struct checking *c, const char *fmt, ...)
{
	struct finding *finding;
	va_list ap;

	for (size_t i = 0; i < c->n_findings; i++) {
		if (c->findings[i].rule == c->rule && c->findings[i].unknown)
			return;
	}
	finding = ARRAY_PUSH(c->findings, c->n_findings);
	va_start(ap, fmt);
	finding->what = xvasprintf(fmt, ap);
	va_end(ap);
	finding->rule = c->rule;
	finding->severity = severity_of(c);
	finding->unknown = true;
	finding->remedy =
		xstrdup(geteuid() == 0 ? "find out why, then run 'hosttune check' again" :
					 "run 'hosttune check' as root");
}

void check_evidence(struct checking *c, const char *fmt, ...)
{
	va_list ap;

	free(c->evidence);
	va_start(ap, fmt);
	c->evidence = xvasprintf(fmt, ap);
	va_end(ap);
}

void check_seen(struct checking *c, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	check_evidence(c, "/%s", text);
}

void check_line(struct checking *c, unsigned line)
{
	check_evidence(c, "line %u of the domain's XML", line);
}

/* ---- reading ---- */

/* The first line of @text, shortened. */
static void saw(struct checking *c, const char *path, const char *text)
{
	size_t n = strcspn(text, "\n");

	check_seen(c, "%s: %.*s%s", path, (int)MIN(n, EVIDENCE_MAX), text,
		   n > EVIDENCE_MAX ? "..." : "");
}

static bool is_absence(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ENODEV || r == -ENXIO;
}

static void cannot_read(struct checking *c, const char *path, int r)
{
	check_unknown(c, "'/%s' cannot be read: %s", path, strerror(-r));
}

static char *read_attribute(struct checking *c, const char *path, bool wanted)
{
	char *text = NULL;
	int r = sysroot_read(c->root, &text, "%s", path);

	if (r < 0) {
		if (wanted || !is_absence(r))
			cannot_read(c, path, r);
		return NULL;
	}
	saw(c, path, text);
	return text;
}

/* Formats the path that is named by the last arguments of the calling function. */
#define FORMAT_PATH(path, fmt)                 \
	do {                                   \
		va_list ap_;                   \
                                               \
		va_start(ap_, fmt);            \
		(path) = xvasprintf(fmt, ap_); \
		va_end(ap_);                   \
	} while (0)

char *check_read(struct checking *c, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;

	FORMAT_PATH(path, fmt);
	return read_attribute(c, path, false);
}

char *check_want(struct checking *c, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;

	FORMAT_PATH(path, fmt);
	return read_attribute(c, path, true);
}

char *check_read_file(struct checking *c, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;
	char *text = NULL;
	int r;

	FORMAT_PATH(path, fmt);
	r = sysroot_read_file(c->root, FILE_MAX, &text, NULL, "%s", path);
	if (r < 0) {
		if (!is_absence(r))
			cannot_read(c, path, r);
		return NULL;
	}
	check_evidence(c, "/%s", path);
	return text;
}

bool check_number(struct checking *c, uint64_t *ret, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL, *text = NULL;

	FORMAT_PATH(path, fmt);
	text = read_attribute(c, path, false);
	if (!text)
		return false;
	if (parse_u64(text, ret) == 0)
		return true;
	check_unknown(c, "'/%s' is not a number: '%.*s'", path, EVIDENCE_MAX, text);
	return false;
}

bool check_list(struct checking *c, struct strv *ret, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;
	int r;

	FORMAT_PATH(path, fmt);
	r = sysroot_list(c->root, ret, "%s", path);
	if (r < 0 && !is_absence(r))
		cannot_read(c, path, r);
	return r == 0;
}

/* ---- what was read ---- */

char *check_choice(char *text)
{
	char *open = strchr(text, '[');

	if (!open)
		return text;
	open++;
	open[strcspn(open, "]")] = '\0';
	return open;
}

char *check_some(const struct strv *names)
{
	struct strv shown = { names->items, MIN(names->n, SHOWN_MAX) };
	_cleanup_free_ char *list = strv_join(&shown, ", ");

	if (names->n <= SHOWN_MAX)
		return TAKE_PTR(list);
	return xasprintf("%s and %zu more", list, names->n - SHOWN_MAX);
}

bool check_is_x86(const char *cpuinfo)
{
	return strstr(cpuinfo, "vendor_id") && strstr(cpuinfo, "\nflags");
}

bool check_cpu_has(const char *cpuinfo, const char *flag)
{
	const char *flags = strstr(cpuinfo, "\nflags");
	_cleanup_free_ char *line = NULL;
	_cleanup_strv_ struct strv words = STRV_NULL;

	if (!flags)
		return false;
	line = xstrndup(flags + 1, strcspn(flags + 1, "\n"));
	strv_split(&words, line, " \t:");
	return strv_contains(&words, flag);
}

bool check_meminfo(struct checking *c, const char *key, uint64_t *ret)
{
	_cleanup_free_ char *text = check_want(c, "proc/meminfo"), *digits = NULL;
	const char *s = text ? strstr(text, key) : NULL;

	if (!text)
		return false;
	if (s)
		s += strcspn(s, "0123456789\n");
	digits = s ? xstrndup(s, strspn(s, "0123456789")) : NULL;
	if (digits && parse_u64(digits, ret) == 0) {
		check_seen(c, "proc/meminfo: %s %" PRIu64 " kB", key, *ret);
		return true;
	}
	check_unknown(c, "'/proc/meminfo' has no %s", key);
	return false;
}

/* Names of parameters: "-" and "_" are the same. */
static bool same_name(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char ca = a[i] == '-' ? '_' : a[i], cb = b[i] == '-' ? '_' : b[i];

		if (ca != cb || !ca)
			return false;
	}
	return true;
}

char *check_argument(struct checking *c, const char *name)
{
	_cleanup_free_ char *line = check_want(c, "proc/cmdline");
	_cleanup_strv_ struct strv words = STRV_NULL;
	const char *value = NULL;
	size_t n = strlen(name);

	if (!line)
		return NULL;
	strv_split(&words, line, " \t\n");
	for (size_t i = 0; i < words.n && !STREQ(words.items[i], "--"); i++) {
		const char *word = words.items[i];

		if (strlen(word) >= n && same_name(word, name, n) &&
		    (word[n] == '=' || !word[n])) {
			value = word + n + (word[n] == '=');
			check_seen(c, "proc/cmdline: %s", word);
		}
	}
	return value ? xstrdup(value) : NULL;
}

/* "kernel/drivers/vfio/pci/vfio-pci.ko.xz: ..." of modules.dep and modules.builtin */
static bool lists_module(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *ko = text; (ko = strstr(ko, ".ko")); ko++) {
		const char *start = ko - MIN(n + 1, (size_t)(ko - text));

		if (*start == '/' && same_name(start + 1, name, n))
			return true;
	}
	return false;
}

enum module_state check_module(struct checking *c, const char *name)
{
	static const char *const lists[] = { "dep", "builtin" };
	_cleanup_free_ char *release = NULL;
	bool any = false;

	if (sysroot_exists(c->root, "sys/module/%s", name))
		return MODULE_THERE;
	release = check_want(c, "proc/sys/kernel/osrelease");
	if (!release)
		return MODULE_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_free_ char *text =
			check_read_file(c, "lib/modules/%s/modules.%s", release, lists[i]);

		any |= text != NULL;
		if (text && lists_module(text, name))
			return MODULE_THERE;
	}
	check_seen(c, "lib/modules/%s", release);
	/* A kernel without modules has what is in it. */
	any |= !sysroot_exists(c->root, "proc/modules");
	return any ? MODULE_MISSING : MODULE_UNKNOWN;
}

bool check_has_cpus(struct checking *c)
{
	if (!bitset_is_empty(&c->host->cpus_online))
		return true;
	check_unknown(c, "'/sys/devices/system/cpu' cannot be read");
	return false;
}

bool check_is_running(struct checking *c)
{
	const struct domain *d = &c->guest->domain;
	pid_t pid;
	int r = qemu_find(c->root, d->name, d->uuid, &pid);

	if (r < 0)
		check_unknown(c, "whether the domain runs cannot be found out: %s",
			      strerror(-r));
	return r != 0;
}

bool check_sees_processes(const struct checking *c)
{
	return !c->root->is_host || geteuid() == 0;
}

/* ---- running ---- */

unsigned check_needs(const struct guest *guest)
{
	const struct domain *d = &guest->domain;
	const struct request *request = &d->request;
	unsigned needs = 0;

	needs |= d->tagged ? NEED_TAGGED : 0;
	needs |= STREQ(guest->type, "kvm") ? NEED_KVM : 0;
	needs |= d->n_hostdevs || request->passthrough.n_devices ? NEED_DEVICES : 0;
	needs |= d->hugepages ? NEED_HUGEPAGES : NEED_ORDINARY_PAGES;
	needs |= request->isolation.wanted ? NEED_ISOLATION : 0;
	needs |= d->n_vcpu_pins ? NEED_PINS : 0;
	for (size_t i = 0; i < request->n_mdevs; i++)
		needs |= str_has_prefix(request->mdevs[i].type, "i915-GVTg") ? NEED_GVT :
									       0;
	return needs;
}

static int rank(const struct finding *finding)
{
	return finding->unknown ? -1 : (int)finding->severity;
}

/* Findings of one rank stay in the order of the rules. */
static void sort(struct checking *c)
{
	struct finding *sorted = xcalloc(c->n_findings + 1, sizeof(*sorted));
	size_t n = 0;

	for (int r = SEVERITY_ERROR; r >= -1; r--) {
		for (size_t i = 0; i < c->n_findings; i++) {
			if (rank(&c->findings[i]) == r)
				sorted[n++] = c->findings[i];
		}
	}
	free(c->findings);
	c->findings = sorted;
}

void check_run(struct checking *c)
{
	for (size_t a = 0; a < n_check_areas; a++) {
		const struct check_area *area = &check_areas[a];

		for (size_t i = 0; i < *area->n; i++) {
			if (area->of_domain && !c->guest)
				continue;
			c->rule = &area->rules[i];
			free(c->evidence);
			c->evidence = NULL;
			c->rule->look(c);
		}
	}
	sort(c);
}

void checking_done(struct checking *c)
{
	for (size_t i = 0; i < c->n_findings; i++) {
		free(c->findings[i].what);
		free(c->findings[i].remedy);
		free(c->findings[i].evidence);
	}
	free(c->findings);
	free(c->evidence);
	c->findings = NULL;
	c->evidence = NULL;
	c->n_findings = 0;
}

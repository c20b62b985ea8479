// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Boot loader entries: which of them are this system's to change, who reads them, and which one boots by
 * default. Rescue entries stay as they are, they are there for when an argument was wrong.
 */

#include <fnmatch.h>

#include "common/alloc.h"
#include "grubcfg/bls.h"
#include "grubcfg/bootpath-internal.h"
#include "grubcfg/grubenv.h"

#define ID_LENGTH 32 /* of a machine id */

struct entry {
	char *path;
	char *stem; /* file name without ".conf" */
	char *id; /* without the counter of tries too */
	char *title;
	char *version;
	char *sort_key;
	char *machine_id;
	int left; /* tries; -1: not counted */
	const char *skipped; /* why it is not changed, or NULL */
};

struct entries {
	struct entry *items;
	size_t n;
};

static void entries_done(struct entries *entries)
{
	for (size_t i = 0; i < entries->n; i++) {
		struct entry *entry = &entries->items[i];

		free(entry->path);
		free(entry->stem);
		free(entry->id);
		free(entry->title);
		free(entry->version);
		free(entry->sort_key);
		free(entry->machine_id);
	}
	free(entries->items);
}

/* ---------------------------------------------------------------- whose entry it is */

static bool is_hex(const char *s, size_t n)
{
	return strspn(s, "0123456789abcdef") >= n;
}

/* "MACHINE_ID-" at the beginning of the id, as kernel-install names entries. */
static char *machine_id_of_name(const char *id)
{
	return is_hex(id, ID_LENGTH) && id[ID_LENGTH] == '-' ? xstrndup(id, ID_LENGTH) :
							       NULL;
}

static bool has_modules(const struct probe *probe, const char *version)
{
	_cleanup_free_ char *usr = NULL, *old = NULL;

	if (!version || strchr(version, '/'))
		return false;
	usr = xasprintf("usr/lib/modules/%s", version);
	old = xasprintf("lib/modules/%s", version);
	return tree_exists(probe->tree, usr) || tree_exists(probe->tree, old);
}

/* An image keeps the entries of the machine that it was made on: its kernels are there. */
static bool is_foreign(const struct probe *probe, const struct entry *entry)
{
	return probe->machine_id && entry->machine_id &&
	       !STREQ(probe->machine_id, entry->machine_id) &&
	       !has_modules(probe, entry->version);
}

/* boom(8) names the entries of its snapshots MACHINE_ID-BOOT_ID-VERSION, the middle 7 digits. */
static bool is_snapshot(const struct entry *entry)
{
	const char *rest = entry->id + ID_LENGTH + 1;

	if (is_hex(entry->id, ID_LENGTH) && entry->id[ID_LENGTH] == '-' &&
	    is_hex(rest, 7) && rest[7] == '-')
		return true;
	return entry->title && strcasestr(entry->title, "snapshot");
}

static const char *why_skipped(const struct probe *probe, const struct entry *entry,
			       const struct bls *bls)
{
	if (!bls_find(bls, "linux", 0))
		return bls_find(bls, "efi", 0) || bls_find(bls, "uki", 0) ||
				       bls_find(bls, "uki-url", 0) ?
			       "it starts an EFI program, not a kernel" :
			       "it has no kernel";
	if (!probe->include_rescue &&
	    (strstr(entry->id, "-0-rescue") ||
	     (entry->title && strcasestr(entry->title, "rescue"))))
		return "a rescue entry";
	if (is_snapshot(entry))
		return "of a snapshot";
	if (is_foreign(probe, entry))
		return "of another system: its machine id is another one, and its kernel's "
		       "modules are not here";
	return NULL;
}

/* ".../vmlinuz-6.1.0-13-amd64" or ".../6.1.0/linux" */
static char *version_of_kernel(const char *kernel)
{
	const char *name = kernel ? strrchr(kernel, '/') : NULL;
	const char *before;

	if (!name)
		return NULL;
	if (str_has_prefix(name, "/vmlinuz-") && name[9])
		return xstrdup(name + 9);
	if (!STREQ(name, "/linux"))
		return NULL;
	before = memrchr(kernel, '/', (size_t)(name - kernel));
	return before ? xstrndup(before + 1, (size_t)(name - before) - 1) : NULL;
}

/* What is changed there is changed for every entry that refers to it. */
static void note_kernelopts(struct probe *probe, const struct entry *entry)
{
	probe->found |= FOUND_KERNELOPTS;
	if (entry->skipped)
		strv_pushf(&probe->boot->shared,
			   "/%s has $kernelopts, so it gets the same arguments although it "
			   "is %s",
			   entry->path, entry->skipped);
}

/* tuned and grubby leave variables of GRUB's in entries, whoever reads them. */
static void note_variables(struct probe *probe, const struct entry *entry,
			   const struct bls *bls, const char *text)
{
	const struct bls_line *line;

	for (size_t i = 0; (line = bls_find(bls, "options", i));
	     i = (size_t)(line - bls->items) + 1) {
		if (memchr(text + line->value, '$', line->value_end - line->value))
			strv_pushf(&probe->boot->notes,
				   "/%s: line %u: systemd-boot and zipl pass '$' and what "
				   "follows to the kernel as it is",
				   entry->path, line->number);
	}
}

static int read_entry(struct probe *probe, const char *directory, const char *name,
		      bool grub_reads, struct entries *entries, struct error *err)
{
	_cleanup_bls_ struct bls bls = { 0 };
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name), *text = NULL,
			    *kernel = NULL;
	struct entry *entry;
	int r;

	r = tree_read(probe->tree, path, &text, NULL);
	if (r < 0)
		return error_set(err, r, "failed to read '/%s': %s", path, strerror(-r));
	bls_parse(text, grub_reads, &bls);
	entry = ARRAY_PUSH(entries->items, entries->n);
	entry->path = TAKE_PTR(path);
	entry->stem = xstrndup(name, strlen(name) - strlen(".conf"));
	entry->id = bls_id(name, &entry->left);
	entry->title = bls_value(&bls, text, "title");
	entry->version = bls_value(&bls, text, "version");
	entry->sort_key = bls_value(&bls, text, "sort-key");
	entry->machine_id = bls_value(&bls, text, "machine-id");
	if (!entry->machine_id)
		entry->machine_id = machine_id_of_name(entry->id);
	kernel = bls_value(&bls, text, "linux");
	if (!entry->version)
		entry->version = version_of_kernel(kernel);
	entry->skipped = why_skipped(probe, entry, &bls);
	if (entry->skipped)
		strv_pushf(&probe->boot->evidence, "/%s stays as it is: %s", entry->path,
			   entry->skipped);
	if (grub_reads && strstr(text, "$kernelopts"))
		note_kernelopts(probe, entry);
	if (!grub_reads && !entry->skipped)
		note_variables(probe, entry, &bls, text);
	return 0;
}

/* ---------------------------------------------------------------- which one boots */

static int compare_text(const char *a, const char *b)
{
	return strverscmp(a ? a : "", b ? b : "");
}

/* GRUB: the newest version first. */
static int compare_grub(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = compare_text(y->version, x->version);

	return r ? r : strverscmp(y->id, x->id);
}

/* systemd-boot: without tries left last, then by sort-key, machine id and the newest version. */
static int compare_systemd(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = (x->left == 0) - (y->left == 0);

	if (r == 0)
		r = !x->sort_key - !y->sort_key;
	if (r == 0 && x->sort_key) {
		r = strcmp(x->sort_key, y->sort_key);
		if (r == 0)
			r = compare_text(x->machine_id, y->machine_id);
		if (r == 0)
			r = compare_text(y->version, x->version);
	}
	return r ? r : strverscmp(y->id, x->id);
}

/* The entry that GRUB's saved_entry names: by id, title or number. */
static bool is_saved(const struct entries *entries, size_t index, const char *saved)
{
	const struct entry *entry = &entries->items[index];
	_cleanup_free_ char *number = xasprintf("%zu", index);

	return STREQ(saved, entry->stem) || STREQ(saved, entry->id) ||
	       (entry->title && STREQ(saved, entry->title)) || STREQ(saved, number);
}

static char *grub_default(const struct probe *probe)
{
	static const char *const paths[] = { "boot/grub2/grubenv", "boot/grub/grubenv" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_error_ struct error ignored = ERROR_NULL;
		_cleanup_grubenv_ struct grubenv env = { 0 };
		_cleanup_free_ char *block = NULL;
		size_t size;

		if (tree_read(probe->tree, paths[i], &block, &size) == 0 &&
		    grubenv_parse(block, size, &env, &ignored) == 0 &&
		    grubenv_get(&env, "saved_entry"))
			return xstrdup(grubenv_get(&env, "saved_entry"));
	}
	return NULL;
}

/* The pattern of loader.conf, which an EFI variable overrides. */
static char *systemd_default(const struct probe *probe)
{
	char *pattern = probe_loader_variable(probe, "LoaderEntryDefault");

	for (size_t i = 0; !pattern && probe_esps[i]; i++) {
		_cleanup_free_ char *path =
			xasprintf("%s/loader/loader.conf", probe_esps[i]);
		_cleanup_free_ char *text = probe_text(probe, path);
		_cleanup_bls_ struct bls conf = { 0 };

		if (!text)
			continue;
		bls_parse(text, false, &conf);
		pattern = bls_value(&conf, text, "default");
	}
	return pattern;
}

static bool matches(const struct entry *entry, const char *pattern)
{
	_cleanup_free_ char *id = xasprintf("%s.conf", entry->id);

	return fnmatch(pattern, id, FNM_CASEFOLD) == 0 ||
	       fnmatch(pattern, entry->id, FNM_CASEFOLD) == 0;
}

/* The index of the default; entries are in the order of the menu. */
static size_t find_default(const struct probe *probe, const struct entries *entries,
			   bool grub_reads)
{
	_cleanup_free_ char *wanted =
		grub_reads ? grub_default(probe) : systemd_default(probe);

	for (size_t i = 0; wanted && i < entries->n; i++) {
		if (grub_reads ? is_saved(entries, i, wanted) :
				 matches(&entries->items[i], wanted))
			return i;
	}
	return 0;
}

static const struct entry *choose_default(struct probe *probe,
					  const struct entries *entries, bool grub_reads)
{
	const struct entry *entry;

	if (!entries->n)
		return NULL;
	entry = &entries->items[find_default(probe, entries, grub_reads)];
	if (!entry->skipped)
		return entry;
	strv_pushf(&probe->boot->notes,
		   "the default entry is /%s, which is not changed: %s", entry->path,
		   entry->skipped);
	for (size_t i = 0; i < entries->n; i++) {
		if (!entries->items[i].skipped)
			return &entries->items[i];
	}
	return NULL;
}

/* ---------------------------------------------------------------- directories */

static void add_sinks(struct probe *probe, struct entries *entries, bool grub_reads,
		      bool is_loader)
{
	const struct entry *first;

	if (entries->n)
		qsort(entries->items, entries->n, sizeof(*entries->items),
		      grub_reads ? compare_grub : compare_systemd);
	first = is_loader ? choose_default(probe, entries, grub_reads) : NULL;
	for (size_t i = 0; i < entries->n; i++) {
		struct entry *entry = &entries->items[i];
		struct sink *sink;

		if (entry->skipped)
			continue;
		probe->has_token_entries |= probe_has_token(probe, entry->id);
		sink = sinks_push(&probe->boot->sinks, &sink_bls, entry->path, entry->id,
				  SINK_INSTALLED);
		sink->title = TAKE_PTR(entry->title);
		sink->version = TAKE_PTR(entry->version);
		sink->grub_reads = grub_reads;
		sink->is_default = entry == first;
	}
}

static bool is_entry_name(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && STREQ(name + n - 5, ".conf");
}

static int read_directory(struct probe *probe, const char *directory, bool grub_reads,
			  struct entries *entries, struct error *err)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	size_t before = entries->n;
	int r;

	r = tree_list(probe->tree, directory, &names);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_set(err, r, "failed to list '/%s': %s", directory,
				 strerror(-r));
	strv_for_each(name, &names) {
		if (!is_entry_name(name))
			continue;
		r = read_entry(probe, directory, name, grub_reads, entries, err);
		if (r < 0)
			return r;
	}
	if (entries->n > before)
		strv_pushf(&probe->boot->evidence, "/%s has %zu entries, read by %s",
			   directory, entries->n - before,
			   grub_reads			     ? "GRUB" :
			   probe->found & FOUND_SYSTEMD_BOOT ? "systemd-boot" :
							       "zipl");
	return 0;
}

static int add_grub_entries(struct probe *probe, struct error *err)
{
	_cleanup_(entries_done) struct entries entries = { 0 };
	int r;

	r = read_directory(probe, "boot/loader/entries", true, &entries, err);
	if (r < 0)
		return r;
	if (!entries.n) {
		(void)error_set(err, -ENOPKG,
				"/%s takes boot loader entries, but there is none in "
				"/boot/loader/entries",
				probe->grub_cfg);
		error_remedy(err, "mount /boot");
		return -ENOPKG;
	}
	add_sinks(probe, &entries, true, !(probe->found & FOUND_SYSTEMD_BOOT));
	return 0;
}

static bool is_same_directory(const struct probe *probe, const char *a, const char *b)
{
	struct stat x, y;

	return sysroot_stat(probe->tree->root, &x, "%s", a) == 0 &&
	       sysroot_stat(probe->tree->root, &y, "%s", b) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* All directories are one menu. */
static int add_plain_entries(struct probe *probe, struct error *err)
{
	_cleanup_(entries_done) struct entries entries = { 0 };
	_cleanup_strv_ struct strv seen = STRV_NULL;

	for (size_t i = 0; probe_esps[i]; i++) {
		_cleanup_free_ char *directory =
			xasprintf("%s/loader/entries", probe_esps[i]);
		bool is_seen = false;
		int r;

		strv_for_each(other, &seen)
			is_seen |= is_same_directory(probe, other, directory);
		if (is_seen || (probe->found & FOUND_GRUB_BLS &&
				STREQ(directory, "boot/loader/entries")))
			continue;
		strv_push(&seen, directory);
		r = read_directory(probe, directory, false, &entries, err);
		if (r < 0)
			return r;
	}
	add_sinks(probe, &entries, false, true);
	return 0;
}

static bool has_systemd_boot(struct probe *probe)
{
	if (probe->loader_info && str_has_prefix(probe->loader_info, "systemd-boot")) {
		strv_pushf(&probe->boot->evidence, "this boot was started by %s",
			   probe->loader_info);
		return true;
	}
	for (size_t i = 0; probe_esps[i]; i++) {
		_cleanup_strv_ struct strv names = STRV_NULL;
		_cleanup_free_ char *directory =
			xasprintf("%s/EFI/systemd", probe_esps[i]);

		(void)tree_list(probe->tree, directory, &names); /* mostly there is none */
		strv_for_each(name, &names) {
			if (!str_has_prefix(name, "systemd-boot"))
				continue;
			strv_pushf(&probe->boot->evidence,
				   "/%s/%s: systemd-boot is installed", directory, name);
			return true;
		}
	}
	return false;
}

int bootpath_entries(struct probe *probe, struct error *err)
{
	_cleanup_free_ char *zipl = probe_program(probe, "zipl");
	size_t before;
	int r = 0;

	if (has_systemd_boot(probe))
		probe->found |= FOUND_SYSTEMD_BOOT;
	if (probe->found & FOUND_GRUB_BLS)
		r = add_grub_entries(probe, err);
	if (r < 0)
		return r;
	before = probe->boot->sinks.n;
	if (probe->found & FOUND_SYSTEMD_BOOT)
		return add_plain_entries(probe, err);
	if (!zipl || probe->found & (FOUND_GRUB | FOUND_GRUB_BLS))
		return 0;
	r = add_plain_entries(probe, err);
	if (r == 0 && probe->boot->sinks.n > before) {
		probe->found |= FOUND_ZIPL;
		strv_push(&probe->boot->evidence,
			  "zipl copies the entries to where the machine boots from");
		probe_run(probe, STEP_RUN, zipl, NULL);
	}
	return r;
}

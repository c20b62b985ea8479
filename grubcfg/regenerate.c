// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What has to be run after files were changed; see regenerate.h.
 *
 * grub-mkconfig -o writes its file with 'cat', so that a full disk or a crash leaves a grub.cfg that does
 * not boot. It gets another name to write to; we check what is there and put it in place.
 */

#include <fcntl.h>
#include <sys/stat.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/program.h"
#include "grubcfg/built.h"
#include "grubcfg/grubenv.h"
#include "grubcfg/menu.h"
#include "grubcfg/quote.h"
#include "grubcfg/regenerate.h"

#define GENERATED ".%s.kargs" /* beside grub.cfg */
#define GRUB_CFG_MAX (16U << 20)
#define CHECK_TIMEOUT_S 30
#define TAIL_LINES 3 /* of a failing program's output */

/* ---------------------------------------------------------------- programs */

static bool can_chroot(const struct tree *tree)
{
	return tree->root->is_host || geteuid() == 0;
}

/* Of a script, its interpreter is there too: else nothing runs in this tree. */
static bool can_start(const struct tree *tree, const char *program)
{
	char start[256], *interpreter = start + strlen("#!");
	_cleanup_close_ int fd = sysroot_openf(tree->root, O_RDONLY, "%s", program);
	ssize_t n = fd < 0 ? -1 : read(fd, start, sizeof(start) - 1);

	if (n < 0)
		return false;
	start[n] = '\0';
	if (!str_has_prefix(start, "#!"))
		return true;
	interpreter += strspn(interpreter, " \t");
	interpreter[strcspn(interpreter, " \t\n")] = '\0';
	return sysroot_exists(tree->root, "%s", interpreter);
}

/* The program's path below the root, or NULL. */
static char *find_program(const struct tree *tree, const char *name)
{
	if (*name == '/')
		return sysroot_exists(tree->root, "%s", name) ? xstrdup(name) : NULL;
	return program_find(tree->root, name);
}

int step_check(const struct tree *tree, const struct step *step, struct error *err)
{
	const char *name = step->argv.items[0];
	_cleanup_free_ char *program = find_program(tree, name);

	if (program && can_chroot(tree) && can_start(tree, program))
		return 1;
	if (!tree->root->is_host)
		return 0;
	(void)error_set(
		err, -ENOENT,
		"'%s', which this boot path needs, is not there or cannot be started",
		name);
	error_remedy(err, "install the package that has it");
	return -ENOENT;
}

char *step_format(const struct tree *tree, const struct step *step)
{
	_cleanup_strv_ struct strv words = STRV_NULL;

	if (!tree->root->is_host) {
		strv_push(&words, "chroot");
		strv_push(&words, tree->root_path);
	}
	strv_for_each(arg, &step->argv)
		strv_push(&words, arg);
	if (step->kind == STEP_GRUB_MKCONFIG && !strv_contains(&step->argv, "-o")) {
		strv_push(&words, "-o");
		strv_pushf(&words, "/%s", step->path);
	}
	return quote_words(&words);
}

/* Only what cannot do harm, of the variables that say in which language menu entries are. */
static void pass_locale(struct strv *environment)
{
	static const char *const names[] = { "LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES",
					     "LC_CTYPE" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);

		if (value && value[strspn(value, "abcdefghijklmnopqrstuvwxyz"
						 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
						 "_.@:-")] == '\0')
			strv_pushf(environment, "%s=%s", names[i], value);
	}
}

/* Adds the last lines of what a program said to why it failed. */
static void quote_output(const char *output, struct error *err)
{
	_cleanup_strv_ struct strv lines = STRV_NULL, last = STRV_NULL;
	_cleanup_free_ char *text = NULL, *cause = NULL;

	strv_split(&lines, output, "\n");
	for (size_t i = lines.n > TAIL_LINES ? lines.n - TAIL_LINES : 0; i < lines.n; i++)
		strv_push(&last, lines.items[i]);
	if (last.n == 0)
		return;
	text = strv_join(&last, " / ");
	cause = TAKE_PTR(err->cause);
	(void)error_set(err, 0, "%s: %s", cause, text);
}

static int run(const struct tree *tree, const struct strv *argv, unsigned timeout_s,
	       bool to_the_end, struct error *err)
{
	_cleanup_strv_ struct strv words = STRV_NULL, environment = STRV_NULL;
	_cleanup_free_ char *output = NULL, *text = NULL;
	char *path = find_program(tree, argv->items[0]);
	struct program program = { .root = tree->root->is_host ? "/" : tree->root_path,
				   .argv = &words,
				   .environment = &environment,
				   .timeout_s = timeout_s,
				   .to_the_end = to_the_end };
	int r;

	if (!path)
		return error_set(err, -ENOENT, "there is no program '%s'", argv->items[0]);
	strv_push_take(&words, path);
	for (size_t i = 1; i < argv->n; i++)
		strv_push(&words, argv->items[i]);
	strv_push(&environment, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
				"/sbin:/bin");
	strv_push(&environment, "HOME=/root");
	pass_locale(&environment);
	text = quote_words(&words);
	log_debug(NULL, "run %s", text);
	r = program_run(&program, &output, err);
	if (r < 0)
		quote_output(output, err);
	else if (*output)
		log_debug(NULL, "%s", output);
	return r;
}

int step_run(const struct tree *tree, const struct step *step, bool to_the_end,
	     struct error *err)
{
	int r = run(tree, &step->argv, step->timeout_s, to_the_end, err);

	if (r < 0 && !tree->root->is_host)
		error_remedy(err, "see that /dev, /proc and /sys are mounted below '%s'",
			     tree->root_path);
	return r;
}

/* ---------------------------------------------------------------- grub.cfg */

/* What the changed parameters are in the files that grub.cfg is made from. */
static void read_wanted(const struct tree *tree, const struct bootpath *boot,
			const struct changes *changes, struct cmdline *ret)
{
	for (size_t i = 0; i < boot->sinks.n; i++) {
		const struct sink *sink = &boot->sinks.items[i];
		_cleanup_cmdline_ struct cmdline line = { 0 };
		_cleanup_error_ struct error err = ERROR_NULL;

		if (sink->type != &sink_grub_default ||
		    sink->type->read(tree, sink, &line, &err) < 0)
			continue;
		for (size_t j = 0; j < line.n; j++) {
			if (changes_name(changes, line.items[j].name))
				cmdline_insert(ret, ret->n, line.items[j].raw);
		}
	}
}

static bool is_grub_cfg_old(const struct tree *tree, const struct bootpath *boot,
			    const struct step *step, const struct changes *changes)
{
	_cleanup_cmdline_ struct cmdline wanted = { 0 };
	_cleanup_menu_ struct menu menu = { 0 };
	_cleanup_free_ char *text = NULL;
	const struct menu_entry *entry;

	if (sysroot_read_file(tree->root, GRUB_CFG_MAX, &text, NULL, "%s", step->path) < 0)
		return false;
	menu_read(text, &menu);
	entry = menu_generated(&menu);
	if (menu.is_bls || !entry)
		return false;
	read_wanted(tree, boot, changes, &wanted);
	for (size_t i = 0; i < wanted.n; i++) {
		if (!cmdline_has(&entry->line, &wanted.items[i]))
			return true;
	}
	for (size_t i = 0; i < entry->line.n; i++) {
		if (changes_name(changes, entry->line.items[i].name) &&
		    !cmdline_has(&wanted, &entry->line.items[i]))
			return true;
	}
	return false;
}

int step_is_pending(const struct tree *tree, const struct bootpath *boot,
		    const struct step *step, const struct changes *changes,
		    struct error *err)
{
	_cleanup_error_ struct error why = ERROR_NULL;
	int r = 0;

	switch (step->kind) {
	case STEP_GRUB_MKCONFIG:
		return is_grub_cfg_old(tree, boot, step, changes);
	case STEP_BUILD:
		r = built_compare(tree, boot, changes, &why);
		if (r > 0)
			log_debug(NULL, "%s: to be built", why.cause);
		if (r < 0) {
			*err = why;
			why = ERROR_NULL;
		}
		return r;
	case STEP_RUN:
		break;
	}
	return r;
}

/* ---------------------------------------------------------------- a new grub.cfg */

struct generated {
	int dir;
	char *path; /* of grub.cfg, links resolved */
	char *name; /* of what we have made, in dir */
};

static void generated_done(struct generated *g)
{
	if (g->dir >= 0) {
		_cleanup_free_ char *of_mkconfig = xasprintf("%s.new", g->name);

		(void)unlinkat(g->dir, g->name, 0);
		(void)unlinkat(g->dir, of_mkconfig, 0);
	}
	cleanup_close_fd(&g->dir);
	free(g->path);
	free(g->name);
}

static int prepare(const struct tree *tree, const struct step *step, struct generated *ret)
{
	int r = replace_resolve(tree->root, step->path, &ret->dir, &ret->path);

	if (r == 0)
		ret->name = xasprintf(GENERATED, path_name(ret->path));
	return r;
}

void step_clean(const struct tree *tree, const struct step *step)
{
	_cleanup_(generated_done) struct generated g = { .dir = -1 };

	if (step->kind == STEP_GRUB_MKCONFIG)
		(void)prepare(tree, step, &g); /* what is not there needs no cleaning */
}

/* Its path as the program sees it. */
static char *path_of(const struct generated *g)
{
	return xasprintf("/%.*s%s", (int)(path_name(g->path) - g->path), g->path, g->name);
}

static int run_mkconfig(const struct tree *tree, const struct step *step,
			const struct generated *g, struct error *err)
{
	_cleanup_strv_ struct strv argv = STRV_NULL;
	int r;

	for (size_t i = 0; i < step->argv.n; i++) {
		if (STREQ(step->argv.items[i], "-o"))
			i++;
		else
			strv_push(&argv, step->argv.items[i]);
	}
	strv_push(&argv, "-o");
	strv_push_take(&argv, path_of(g));
	r = run(tree, &argv, step->timeout_s, false, err);
	if (r < 0 && !tree->root->is_host)
		error_remedy(err, "see that /dev, /proc and /sys are mounted below '%s'",
			     tree->root_path);
	return r;
}

/* By GRUB's own checker, which belongs to the same package; 0 where there is none. */
static int check_script(const struct tree *tree, const struct generated *g,
			struct error *err)
{
	static const char *const names[] = { "grub-script-check", "grub2-script-check" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_strv_ struct strv argv = STRV_NULL;
		_cleanup_free_ char *program = program_find(tree->root, names[i]);

		if (!program)
			continue;
		strv_push(&argv, program);
		strv_push_take(&argv, path_of(g));
		return run(tree, &argv, CHECK_TIMEOUT_S, false, err);
	}
	return 0;
}

/* A kernel that is still there, and only the present menu boots; NULL: none. */
static const char *find_lost(const struct tree *tree, const struct menu *old,
			     const struct menu *new)
{
	for (size_t i = 0; i < old->n; i++) {
		const char *name = path_name(old->items[i].kernel);
		bool is_there = false;

		for (size_t j = 0; !is_there && j < new->n; j++)
			is_there = STREQ(path_name(new->items[j].kernel), name);
		if (!is_there && sysroot_exists(tree->root, "boot/%s", name))
			return name;
	}
	return NULL;
}

static bool is_forced(const struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		if (changes->items[i].force)
			return true;
	}
	return false;
}

/* Own entries, and those of other systems, have arguments of their own; one may boot by default. */
static void note_default(const struct tree *tree, const struct step *step,
			 const struct menu *menu, const struct cmdline *wanted)
{
	_cleanup_free_ char *block = NULL, *path = NULL;
	_cleanup_grubenv_ struct grubenv env = { 0 };
	_cleanup_error_ struct error ignored = ERROR_NULL;
	const char *choice = menu->choice;
	const struct menu_entry *entry;
	size_t size;

	path = xasprintf("%.*sgrubenv", (int)(path_name(step->path) - step->path),
			 step->path);
	if (choice && strstr(choice, "saved_entry"))
		choice = tree_read(tree, path, &block, &size) == 0 &&
					 grubenv_parse(block, size, &env, &ignored) == 0 ?
				 grubenv_get(&env, "saved_entry") :
				 NULL;
	entry = menu_find(menu, choice && *choice ? choice : "0");
	for (size_t i = 0; entry && i < wanted->n; i++) {
		if (cmdline_has(&entry->line, &wanted->items[i]))
			continue;
		log_warning(NULL,
			    "note: '%s', which boots by default, does not have '%s': "
			    "what is in /etc/default/grub is not for that entry",
			    entry->title ? entry->title : "", wanted->items[i].raw);
		return;
	}
}

/* It would boot, and what was asked for. */
static int check_menu(const struct tree *tree, const struct bootpath *boot,
		      const struct step *step, const struct changes *changes,
		      const struct file_image *old, const struct file_image *new,
		      struct error *err)
{
	_cleanup_cmdline_ struct cmdline wanted = { 0 };
	_cleanup_menu_ struct menu before = { 0 }, menu = { 0 };
	const struct menu_entry *entry;
	const char *lost;

	menu_read(new->data, &menu);
	if (menu.n_entries == 0 && !menu.is_bls)
		return error_set(err, -EBADMSG, "the new grub.cfg has no menu entry");
	if (menu.is_bls)
		return 0;
	menu_read(old->exists ? old->data : "", &before);
	lost = is_forced(changes) ? NULL : find_lost(tree, &before, &menu);
	if (lost) {
		(void)error_set(err, -EBADMSG,
				"the new grub.cfg has no entry for /boot/%s, which the "
				"present one has",
				lost);
		error_remedy(err, "see what '%s' says, or use --force",
			     step->argv.items[0]);
		return -EBADMSG;
	}
	read_wanted(tree, boot, changes, &wanted);
	entry = menu_generated(&menu);
	for (size_t i = 0; i < wanted.n; i++) {
		if (!entry || !cmdline_has(&entry->line, &wanted.items[i]))
			return error_set(err, -EBADMSG,
					 "the new grub.cfg does not have '%s'",
					 wanted.items[i].raw);
	}
	note_default(tree, step, &menu, &wanted);
	return 0;
}

/* The new bytes with the metadata of the present file, or of what mkconfig made. */
static int read_new(const struct tree *tree, const struct generated *g,
		    const struct file_image *old, struct file_image *ret)
{
	_cleanup_file_image_ struct file_image made = { 0 };
	_cleanup_free_ char *path = path_of(g);
	int r = file_image_read(tree->root, path, GRUB_CFG_MAX, &made);

	if (r < 0 || !made.exists)
		return r < 0 ? r : -ENOENT;
	if (!old->exists) {
		*ret = made;
		made = (struct file_image){ 0 };
		return 0;
	}
	*ret = file_image_with(old, made.data, made.size);
	return 0;
}

int step_generate(const struct tree *tree, const struct bootpath *boot,
		  const struct step *step, const struct changes *changes,
		  struct file_image *ret, struct error *err)
{
	_cleanup_(generated_done) struct generated g = { .dir = -1 };
	_cleanup_file_image_ struct file_image old = { 0 }, new = { 0 };
	int r = prepare(tree, step, &g);

	if (r == 0)
		r = file_image_read(tree->root, g.path, GRUB_CFG_MAX, &old);
	if (r < 0)
		return error_set(err, r, "failed to read '/%s': %s", step->path,
				 strerror(-r));
	r = run_mkconfig(tree, step, &g, err);
	if (r == 0) {
		r = read_new(tree, &g, &old, &new);
		if (r < 0)
			(void)error_set(err, r, "the new grub.cfg cannot be read: %s",
					strerror(-r));
	}
	if (r == 0)
		r = check_script(tree, &g, err);
	if (r == 0)
		r = check_menu(tree, boot, step, changes, &old, &new, err);
	if (r == 0) {
		*ret = new;
		new = (struct file_image){ 0 };
	} else if (!err->remedy) {
		error_remedy(err, "see what '%s' says", step->argv.items[0]);
	}
	return r;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What init.c is to report of a command line, by kargs' reading of it: expect FILE. The rest is what
 * start_kernel() of Linux does with each argument that it reads.
 */

#include "common/alloc.h"
#include "common/strv.h"
#include "grubcfg/cmdline.h"
#include "report.h"

#define FILE_MAX 4096

static const struct {
	const char *name, *path;
} shown[] = SHOWN_PARAMETERS;

/* The kernel's own, that say nothing to the user. */
static bool is_known(const struct arg *arg)
{
	static const char *const names[] = { "console", "mitigations", "panic",
					     "no_timer_check" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (cmdline_same_name(arg->name, names[i]))
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		if (cmdline_same_name(arg->name, shown[i].name))
			return true;
	}
	return false;
}

/* As it is passed on: quotes are gone. */
static char *text_of(const struct arg *arg)
{
	return arg->value ? xasprintf("%s=%s", arg->name, arg->value) :
			    xstrdup(arg->name);
}

/* A later value takes the place of an earlier one; names are compared as they are. */
static void set_env(struct strv *env, const struct arg *arg)
{
	_cleanup_free_ char *start = xasprintf("%s=", arg->name);

	for (size_t i = 0; i < env->n; i++) {
		if (!str_has_prefix(env->items[i], start))
			continue;
		free(env->items[i]);
		env->items[i] = text_of(arg);
		return;
	}
	strv_push_take(env, text_of(arg));
}

static void report_all(const char *what, const struct strv *all)
{
	for (size_t i = 0; i < all->n; i++)
		report(stdout, what, all->items[i]);
}

static void report_unknown(const struct strv *words, const struct strv *env)
{
	if (!words->n && !env->n)
		return;
	(void)printf("unknown");
	for (size_t i = 0; i < words->n + env->n; i++) {
		(void)putchar(' ');
		report_text(stdout,
			    i < words->n ? words->items[i] : env->items[i - words->n]);
	}
	(void)putchar('\n');
}

static void report_shown(const struct cmdline *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		const char *value = "";

		for (size_t j = 0; j < line->n_kernel; j++) {
			if (cmdline_same_name(line->items[j].name, shown[i].name))
				value = line->items[j].value;
		}
		report(stdout, shown[i].name, value);
	}
}

int main(int argc, char **argv)
{
	_cleanup_strv_ struct strv words = STRV_NULL, env = STRV_NULL, init = STRV_NULL;
	_cleanup_cmdline_ struct cmdline line = { 0 };
	char text[FILE_MAX + 1] = "";
	FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;

	if (!file || fread(text, 1, FILE_MAX, file) == 0 || fclose(file) != 0)
		return 2;
	cmdline_parse(&line, text, 0);
	for (size_t i = 0; i < line.n_kernel; i++) {
		const struct arg *arg = &line.items[i];

		/* A module's, which may be loaded later, if it has a dot. */
		if (is_known(arg) || strchr(arg->name, '.'))
			continue;
		if (arg->value)
			set_env(&env, arg);
		else
			strv_push(&words, arg->name);
	}
	/* Another "--" ends those of init. */
	for (size_t i = line.n_kernel + 1; i < line.n; i++) {
		if (!line.items[i].value && STREQ(line.items[i].name, "--"))
			break;
		strv_push_take(&init, text_of(&line.items[i]));
	}
	report_all("argv", &words);
	report_all("argv", &init);
	report_all("env", &env);
	report_unknown(&words, &env);
	report_shown(&line);
	(void)puts("end");
	return 0;
}

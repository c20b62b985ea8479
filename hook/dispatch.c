// SPDX-License-Identifier: LGPL-2.1-or-later
/* Scripts for the dispatcher of VFIO-Tools; see dispatch.h. */

#include <stdio.h>
#include <sys/stat.h>

#include "common/alloc.h"
#include "common/bounded.h"
#include "common/deadline.h"
#include "common/log.h"
#include "common/program.h"
#include "hook/dispatch.h"

#define SCRIPTS "etc/libvirt/hooks/qemu.d"
#define SAID_MAX 200
#define GRACE_MS 5000 /* for a script that was killed, and all that it started, to end */

/* A name that is one component of a path. */
static bool is_component(const char *name)
{
	return *name && !STREQ(name, ".") && !STREQ(name, "..") && !strchr(name, '/');
}

/* An empty one counts as none, as it always did. */
static bool is_script(const struct sysroot *root, const char *path)
{
	struct stat st;

	return sysroot_stat(root, &st, "%s", path) == 0 && S_ISREG(st.st_mode) &&
	       st.st_mode & 0111 && st.st_size > 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Paths below the root. */
static void find_scripts(const struct sysroot *root, const struct dispatch *call,
			 struct strv *ret)
{
	_cleanup_strv_ struct strv names = STRV_NULL;
	_cleanup_free_ char *path = NULL;

	if (!is_component(call->domain) || !is_component(call->operation) ||
	    !is_component(call->sub_operation))
		return;
	path = xasprintf(SCRIPTS "/%s/%s/%s", call->domain, call->operation,
			 call->sub_operation);
	if (is_script(root, path)) {
		strv_push(ret, path);
		return;
	}
	if (sysroot_list(root, &names, "%s", path) < 0)
		return;
	strv_for_each(name, &names) {
		_cleanup_free_ char *script = xasprintf("%s/%s", path, name);

		if (is_script(root, script))
			strv_push(ret, script);
	}
	if (ret->n > 1)
		qsort(ret->items, ret->n, sizeof(*ret->items), by_name);
}

bool dispatch_has_scripts(const struct sysroot *root, const struct dispatch *call)
{
	_cleanup_strv_ struct strv scripts = STRV_NULL;

	find_scripts(root, call, &scripts);
	return scripts.n > 0;
}

/* What libvirt gives its hook. */
static void add_environment(struct strv *environment)
{
	static const char *const names[] = { "PATH", "LC_ALL",	"HOME",
					     "USER", "LOGNAME", "TMPDIR" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread. */
		const char *value = getenv(names[i]);

		if (value)
			strv_pushf(environment, "%s=%s", names[i], value);
	}
}

/* The last line that it wrote, on one line of ours. */
static const char *last_line(char *output)
{
	size_t n = strlen(output);
	char *line;

	while (n > 0 && output[n - 1] == '\n')
		output[--n] = '\0';
	line = strrchr(output, '\n');
	line = line ? line + 1 : output;
	for (char *c = line; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	n = strlen(line);
	return n > SAID_MAX ? line + n - SAID_MAX : line;
}

/* In a child of its own: a script that is stuck in the kernel is left behind. */
static int run_in_child(void *arg, struct error *err)
{
	const struct program *program = arg;
	_cleanup_free_ char *output = NULL, *cause = NULL;
	int r = program_run(program, &output, err);
	const char *said = last_line(output);

	if (r == 0 || !*said)
		return r;
	cause = xstrdup(err->cause);
	return error_set(err, r, "%s: %s", cause, said);
}

static int run_script(const struct dispatch *call, const char *path, uint64_t deadline,
		      struct error *err)
{
	_cleanup_strv_ struct strv argv = STRV_NULL, environment = STRV_NULL;
	struct program program = { .root = "/",
				   .argv = &argv,
				   .environment = &environment,
				   .to_the_end = true };
	int left = deadline_left_ms(deadline), r;

	if (left == 0)
		return error_set(err, -ETIMEDOUT,
				 "'%s' was not run: those before it took %u s", path,
				 call->timeout_s);
	strv_push(&argv, path);
	strv_push(&argv, call->domain);
	strv_push(&argv, call->operation);
	strv_push(&argv, call->sub_operation);
	strv_push(&argv, call->extra);
	add_environment(&environment);
	program.timeout_s = (unsigned)(left + 999) / 1000;
	r = bounded_look(run_in_child, &program,
			 deadline_in_ms((uint64_t)program.timeout_s * 1000 + GRACE_MS),
			 err);
	if (r < 0 && !strstr(err->cause, path))
		error_prefix(err, "'%s'", path);
	if (r == -ETIMEDOUT)
		error_remedy(err, "have it end sooner, or raise vfio_tools_timeout in "
				  "/etc/hosttune/hosttune.conf");
	return r;
}

/* The first failure is the one to tell; the others are in the log. */
static int keep(int r, int this, struct error *why, struct error *err)
{
	if (r < 0) {
		log_error(NULL, "%s", why->cause);
		return r;
	}
	(void)error_set(err, this, "%s", why->cause);
	if (why->remedy)
		error_remedy(err, "%s", why->remedy);
	return this;
}

/* Programs are run by their path: what to put before one below the root, which is "/" but in tests. */
static int find_top(const struct sysroot *root, char **ret, struct error *err)
{
	_cleanup_free_ char *self = NULL;

	if (root->is_host) {
		*ret = xstrdup("");
		return 0;
	}
	self = xasprintf("/proc/self/fd/%d", root->fd);
	*ret = realpath(self, NULL);
	return *ret ? 0 :
		      error_set(err, negative_errno(), "failed to find the root: %s",
				strerror(errno));
}

int dispatch_run(const struct sysroot *root, const struct dispatch *call,
		 struct error *err)
{
	uint64_t deadline = deadline_in_ms((uint64_t)call->timeout_s * 1000);
	_cleanup_strv_ struct strv scripts = STRV_NULL;
	_cleanup_free_ char *top = NULL;
	int r = find_top(root, &top, err);

	if (r < 0)
		return r;
	find_scripts(root, call, &scripts);
	for (size_t i = 0; i < scripts.n && (r == 0 || call->to_the_end); i++) {
		_cleanup_error_ struct error why = ERROR_NULL;
		_cleanup_free_ char *path = xasprintf("%s/%s", top, scripts.items[i]);
		int this = run_script(call, path, deadline, &why);

		if (this < 0)
			r = keep(r, this, &why, err);
	}
	return r;
}

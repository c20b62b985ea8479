// SPDX-License-Identifier: LGPL-2.1-or-later
/* The program as libvirt's hook; see hook-mode.h. */

#include <stdio.h>
#include <sys/wait.h>

#include "common/alloc.h"
#include "common/log.h"
#include "hook/config.h"
#include "hook/dispatch.h"
#include "hook/hook-mode.h"
#include "hook/operation.h"
#include "hook/privilege.h"

struct operation {
	const char *name;
	const char *sub_operation;
	/* One of these; both NULL: nothing to do. */
	int (*with_domain)(const struct sysroot *root, const struct domain *domain,
			   struct error *err);
	int (*with_name)(const struct sysroot *root, const char *name, struct error *err);
	enum privilege privilege;
	bool may_fail;
	bool gives_back;
};

static const struct operation operations[] = {
	{ "prepare", "begin", operation_prepare, NULL, PRIVILEGE_PREPARE, true, false },
	{ "start", "begin", operation_start, NULL, PRIVILEGE_LOOK, true, false },
	{ "started", "begin", NULL, operation_started, PRIVILEGE_ISOLATE, false, false },
	{ "reconnect", "begin", NULL, operation_started, PRIVILEGE_ISOLATE, false, false },
	{ "stopped", "end", NULL, operation_stopped, PRIVILEGE_ISOLATE, false, true },
	{ "release", "end", NULL, operation_release, PRIVILEGE_ISOLATE, false, true },
	/*
	 * "migrate", "restore", "attach" and whatever comes: nothing, and above all no output.
	 */
};

/* At most three lines: libvirt shows them as the reason of a refused start. */
static int report(const struct operation *operation, const char *domain, struct error *err)
{
	log_error(NULL, "%s: %s%s%s", operation->name ? operation->name : "hook",
		  err->cause ? err->cause : "failed", err->remedy ? "; " : "",
		  err->remedy ? err->remedy : "");
	if (!operation->may_fail)
		return EXIT_SUCCESS;
	error_prefix(err, "domain '%s'", domain);
	(void)fprintf(stderr, "hosttune: %s\n", err->cause);
	if (err->remedy)
		(void)fprintf(stderr, "hosttune: what to do: %s\n", err->remedy);
	return EXIT_FAILURE;
}

/* What is on stdin, up to one byte more than the reader of XML accepts. */
static char *read_stdin(size_t *ret_size)
{
	size_t room = 65536, size = 0;
	char *text = xmalloc(room);

	for (;;) {
		ssize_t n = read(STDIN_FILENO, text + size, room - size - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		size += (size_t)n;
		if (size > XML_SIZE_MAX)
			break;
		if (room - size < 2) {
			room *= 2;
			text = xreallocarray(text, room, 1);
		}
	}
	text[size] = '\0';
	*ret_size = size;
	return text;
}

static int run_with_domain(const struct sysroot *root, const struct operation *operation,
			   const char *name, const char *xml, size_t size,
			   struct error *err)
{
	_cleanup_domain_ struct domain domain = { 0 };
	int r = privilege_drop(operation->privilege, err);

	if (r == 0)
		r = domain_read(xml, size, &domain, err);
	if (r < 0)
		return r;
	if (!domain.tagged)
		return 0;
	if (!STREQ(domain.name, name))
		return error_set(err, -EINVAL,
				 "libvirt says the domain is '%s', its XML '%s'", name,
				 domain.name);
	return operation->with_domain(root, &domain, err);
}

static int run_with_name(const struct sysroot *root, const struct operation *operation,
			 const char *name, struct error *err)
{
	int r = privilege_drop(operation->privilege, err);

	return r < 0 ? r : operation->with_name(root, name, err);
}

/* A domain that is not tagged is done with after this one search, but for what it left. */
static int run(const struct sysroot *root, const struct operation *operation,
	       const char *name, struct error *err)
{
	static const char marker[] = REQUEST_MARKER;
	_cleanup_free_ char *xml = NULL;
	size_t size;
	bool tagged;
	int r;

	if (operation->with_name)
		return operation_may_concern(root, name) ?
			       run_with_name(root, operation, name, err) :
			       0;
	xml = read_stdin(&size);
	tagged = memmem(xml, size, marker, sizeof(marker) - 1) != NULL;
	if (tagged)
		return run_with_domain(root, operation, name, xml, size, err);
	if (operation->with_domain != operation_prepare ||
	    !operation_may_concern(root, name))
		return 0;
	/* Its tag was removed, and the release of its last run never came. */
	r = privilege_drop(PRIVILEGE_LOOK, err);
	if (r == 0)
		r = operation_release(root, name, err);
	if (r < 0)
		log_error(NULL, "former claim: %s", err->cause);
	return 0;
}

static int run_and_report(const struct sysroot *root, const struct operation *operation,
			  const char *name)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	return run(root, operation, name, &err) < 0 ? report(operation, name, &err) :
						      EXIT_SUCCESS;
}

/* The configuration is read only where there is a script. */
static bool wants_scripts(const struct sysroot *root, struct dispatch *call)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_config_ struct config config = { 0 };

	if (!root->is_host || !dispatch_has_scripts(root, call))
		return false;
	if (config_read(root, &config, &err) < 0) {
		log_error(NULL, "scripts of qemu.d were not run: %s", err.cause);
		return false;
	}
	call->timeout_s = config.vfio_tools_timeout_s;
	return config.vfio_tools_scripts;
}

static int run_scripts(const struct sysroot *root, const struct operation *operation,
		       const struct dispatch *call)
{
	static const struct operation other = { .may_fail = false };
	_cleanup_error_ struct error err = ERROR_NULL;

	return dispatch_run(root, call, &err) < 0 ?
		       report(operation ? operation : &other, call->domain, &err) :
		       EXIT_SUCCESS;
}

/*
 * Scripts are around what we do: they stop a display manager before its card is taken, and start
 * it when the card is back. They need all privileges, so that ours are dropped in a child then.
 */
static int run_with_scripts(const struct sysroot *root, const struct operation *operation,
			    const struct dispatch *call)
{
	int status = EXIT_SUCCESS;
	pid_t pid;

	if (!operation || !operation->gives_back) {
		status = run_scripts(root, operation, call);
		return status != EXIT_SUCCESS || !operation ?
			       status :
			       run_and_report(root, operation, call->domain);
	}
	pid = fork();
	if (pid == 0)
		_exit(run_and_report(root, operation, call->domain));
	if (pid < 0) {
		log_error(NULL, "scripts of qemu.d were not run: %s", strerror(errno));
		return run_and_report(root, operation, call->domain);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return run_scripts(root, operation, call);
}

int hook_mode(const struct sysroot *root, int argc, char *argv[])
{
	const struct operation *operation = NULL;
	struct dispatch call;
	bool scripts;

	/* Daemons of ordinary users call the hook too, and have no host to change. */
	if (argc < 3 || (root->is_host && geteuid() != 0))
		return EXIT_SUCCESS;
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		if (STREQ(operations[i].name, argv[1]) &&
		    STREQ(operations[i].sub_operation, argv[2]))
			operation = &operations[i];
	}
	call = (struct dispatch){ .domain = argv[0],
				  .operation = argv[1],
				  .sub_operation = argv[2],
				  .extra = argc > 3 ? argv[3] : "-",
				  .to_the_end = operation && operation->gives_back };
	alloc_set_exit_status(operation && operation->may_fail ? EXIT_FAILURE :
								 EXIT_SUCCESS);
	log_setup(root->is_host ? LOG_TO_SYSTEM : LOG_TO_NOTHING, LOG_INFO);
	log_set_domain(argv[0]);
	scripts = wants_scripts(root, &call);
	if (scripts)
		return run_with_scripts(root, operation, &call);
	return operation ? run_and_report(root, operation, argv[0]) : EXIT_SUCCESS;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Kernel modules; see module.h. */

#include <libkmod.h>

#include "common/alloc.h"
#include "common/bounded.h"
#include "common/dl.h"
#include "hook/module.h"

#define KMOD_FUNCTIONS(X)              \
	X(kmod_new)                    \
	X(kmod_unref)                  \
	X(kmod_set_log_priority)       \
	X(kmod_list_next)              \
	X(kmod_module_new_from_lookup) \
	X(kmod_module_get_module)      \
	X(kmod_module_get_name)        \
	X(kmod_module_unref)           \
	X(kmod_module_unref_list)      \
	X(kmod_module_probe_insert_module)

static KMOD_FUNCTIONS(DL_DEFINE)

	static int load_library(struct error *err)
{
	static const struct dl_symbol symbols[] = { KMOD_FUNCTIONS(DL_SYMBOL){ 0 } };

	if (sym_kmod_new)
		return 0;
	return dl_load("libkmod.so.2", symbols, err);
}

static struct kmod_ctx *open_context(const struct sysroot *root)
{
	static const char *const no_config[] = { NULL };
	_cleanup_free_ char *release = NULL, *dir = NULL;
	struct kmod_ctx *ctx;

	if (root->is_host) {
		ctx = sym_kmod_new(NULL, NULL);
	} else {
		if (sysroot_read(root, &release, "proc/sys/kernel/osrelease") < 0)
			release = xstrdup("unknown");
		dir = xasprintf("/proc/self/fd/%d/lib/modules/%s", root->fd, release);
		ctx = sym_kmod_new(dir, no_config);
	}
	if (ctx)
		sym_kmod_set_log_priority(ctx, 0); /* it would write to stderr */
	return ctx;
}

int module_lookup(const struct sysroot *root, const char *alias, struct strv *ret,
		  struct error *err)
{
	struct kmod_list *list = NULL;
	struct kmod_ctx *ctx;
	int r;

	r = load_library(err);
	if (r < 0)
		return r;
	ctx = open_context(root);
	if (!ctx)
		return error_set(err, -EIO, "failed to open the kernel's module index");
	/* An index that is not there at all: the same as no such module. */
	if (sym_kmod_module_new_from_lookup(ctx, alias, &list) < 0)
		list = NULL;
	for (struct kmod_list *l = list; l; l = sym_kmod_list_next(list, l)) {
		struct kmod_module *module = sym_kmod_module_get_module(l);

		strv_push(ret, sym_kmod_module_get_name(module));
		(void)sym_kmod_module_unref(module);
	}
	(void)sym_kmod_module_unref_list(list);
	(void)sym_kmod_unref(ctx);
	return 0;
}

bool module_is_loaded(const struct sysroot *root, const char *name)
{
	_cleanup_free_ char *normal = xstrdup(name);

	for (char *c = normal; *c; c++)
		*c = *c == '-' ? '_' : *c;
	return sysroot_exists(root, "sys/module/%s", normal);
}

struct load {
	const struct sysroot *root;
	const char *name;
};

/* In a child: initialising a module can wait for its hardware. */
static int load_in_child(void *arg, struct error *err)
{
	const struct load *load = arg;
	struct kmod_list *list = NULL;
	struct kmod_module *module;
	struct kmod_ctx *ctx = open_context(load->root);
	int r;

	if (!ctx || sym_kmod_module_new_from_lookup(ctx, load->name, &list) < 0 || !list) {
		(void)error_set(err, -ENOENT, "this kernel has no module '%s'",
				load->name);
		error_remedy(err, "install the package with this kernel's extra modules");
		return -ENOENT;
	}
	module = sym_kmod_module_get_module(list);
	r = sym_kmod_module_probe_insert_module(module, 0, NULL, NULL, NULL, NULL);
	if (r < 0)
		(void)error_set(err, r, "failed to load module '%s': %s", load->name,
				strerror(-r));
	else if (r > 0)
		r = error_set(err, -EPERM, "module '%s' is blacklisted", load->name);
	return r; /* the process ends here: nothing to release */
}

int module_load(const struct sysroot *root, const char *name, uint64_t deadline,
		struct error *err)
{
	struct load load = { root, name };
	int r;

	if (!root->is_host)
		return error_set(err, -EOPNOTSUPP,
				 "module '%s' cannot be loaded below another root", name);
	r = load_library(err);
	if (r < 0)
		return r;
	r = bounded_call(load_in_child, &load, deadline, err);
	if (r == -ETIMEDOUT)
		error_prefix(err, "loading module '%s'", name);
	return r;
}

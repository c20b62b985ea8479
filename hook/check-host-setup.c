// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rules about what else hosttune needs to do its work: configuration, ledger, domains, libraries. */

#include <dlfcn.h>

#include "common/alloc.h"
#include "hook/check.h"

static void look_config(struct checking *c)
{
	_cleanup_config_ struct config config = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	int r = config_read(c->root, &config, &err);

	check_seen(c, CONFIG_PATH);
	if (r == -EACCES || r == -EPERM)
		check_unknown(c, "%s", err.cause);
	else if (r < 0)
		check_found(c, NULL, "%s", err.cause);
}

static void look_ledger(struct checking *c)
{
	_cleanup_strv_ struct strv names = STRV_NULL;

	if (!check_list(c, &names, "run/hosttune"))
		return;
	strv_for_each(name, &names) {
		if (!str_has_prefix(name, "ledger.json.aside-"))
			continue;
		check_seen(c, "run/hosttune/%s", name);
		check_found(c, name, "a ledger could not be used and was set aside");
	}
}

static void look_defined(struct checking *c)
{
	if (c->defined->r < 0)
		check_unknown(c, "'/etc/libvirt/qemu' cannot be read: %s",
			      strerror(-c->defined->r));
	check_seen(c, "etc/libvirt/qemu");
	strv_for_each(problem, &c->defined->problems)
		check_found(c, problem, "a domain cannot be read: %s", problem);
}

/* Of a domain that is checked itself it is another rule's. */
static void look_metadata(struct checking *c)
{
	for (size_t i = 0; i < c->defined->n && !c->guest; i++) {
		const struct guest *guest = &c->defined->items[i];

		if (!guest->metadata.cause)
			continue;
		check_seen(c, "etc/libvirt/qemu/%s.xml", guest->domain.name);
		check_found(c, guest->domain.name, "domain '%s': %s", guest->domain.name,
			    guest->metadata.cause);
	}
}

static void look_libraries(struct checking *c)
{
	static const char *const libraries[] = { "libkmod.so.2", "libnuma.so.1",
						 "libsystemd.so.0" };

	if (!c->root->is_host)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) {
		void *handle = dlopen(libraries[i], RTLD_LAZY | RTLD_LOCAL);

		if (handle)
			(void)dlclose(handle);
		else
			check_found(c, libraries[i], "the library %s is not installed",
				    libraries[i]);
	}
}

const struct check_rule check_setup_rules[] = {
	{ "config-invalid", SEVERITY_ERROR, 0, 0,
	  "no tagged domain starts until it is mended", "mend it; see hosttune.conf(5)",
	  look_config },
	{ "ledger-set-aside", SEVERITY_WARNING, 0, 0,
	  "what it recorded is not given back by hosttune",
	  "compare the host with the baselines in /run/hosttune/{}, then remove it",
	  look_ledger },
	{ "domain-unreadable", SEVERITY_WARNING, 0, 0,
	  "what is wrong with it is a surprise at its next start",
	  "correct it by virsh edit: {}", look_defined },
	{ "domain-metadata-invalid", SEVERITY_ERROR, 0, 0,
	  "a domain with wrong metadata does not start", "virsh edit {}", look_metadata },
	{ "library-missing", SEVERITY_WARNING, 0, 0,
	  "it is loaded when a domain needs it, and that domain is refused",
	  "install the package that has {}", look_libraries },
};
const size_t n_check_setup_rules = ARRAY_SIZE(check_setup_rules);

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Libraries loaded when first needed; see dl.h. */

#include <dlfcn.h>

#include "common/dl.h"

int dl_load(const char *soname, const struct dl_symbol *symbols, struct error *err)
{
	/* Lazy: of thousands of functions a call uses a handful. */
	void *library = dlopen(soname, RTLD_LAZY | RTLD_NODELETE);
	const char *reason;

	for (; library && symbols->name; symbols++) {
		*symbols->address = dlsym(library, symbols->name);
		if (!*symbols->address)
			break;
	}
	if (library && !symbols->name)
		return 0;
	reason = dlerror();
	(void)error_set(err, -ELIBACC, "failed to load '%s': %s", soname,
			reason ? reason : "unknown reason");
	error_remedy(err, "install the package that has '%s'", soname);
	return -ELIBACC;
}

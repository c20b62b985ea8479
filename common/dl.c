// SPDX-License-Identifier: LGPL-2.1-or-later
/* Libraries loaded when first needed; see dl.h. */

#include <dlfcn.h>

#include "common/dl.h"

int dl_load(const char *soname, const struct dl_symbol *symbols, struct error *err)
{
	/* Lazy: of thousands of functions a call uses a handful. */
	void *library = dlopen(soname, RTLD_LAZY | RTLD_NODELETE);
	const struct dl_symbol *symbol = symbols;
	const char *reason;

	for (; library && symbol->name; symbol++) {
		*symbol->address = dlsym(library, symbol->name);
		if (!*symbol->address)
			break;
	}
	if (library && !symbol->name)
		return 0;
	reason = dlerror();
	(void)error_set(err, -ELIBACC, "failed to load '%s': %s", soname,
			reason ? reason : "unknown reason");
	error_remedy(err, "install the package that has '%s'", soname);
	/* All or nothing: that the first is there means that all are. */
	for (symbol = symbols; symbol->name; symbol++)
		*symbol->address = NULL;
	return -ELIBACC;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Capabilities; see privilege.h. */

#include <cap-ng.h>
#include <stdbool.h>

#include "common/dl.h"
#include "hook/privilege.h"

#define CAPNG_FUNCTIONS(X)        \
	X(capng_clear)            \
	X(capng_get_caps_process) \
	X(capng_have_capability)  \
	X(capng_update)           \
	X(capng_apply)

static CAPNG_FUNCTIONS(DL_DEFINE)

	/* In order of need: PRIVILEGE_LOOK has the first two. */
	static const unsigned kept[] = {
		CAP_DAC_READ_SEARCH, /* /proc/PID/fd of other users */
		CAP_SYS_PTRACE, /* the links in it, and numa_maps */
		CAP_SYS_MODULE, /* vfio drivers, mdev parents */
		CAP_SYS_NICE, /* migrate_pages(2) of other users' processes */
	};

int privilege_drop(enum privilege privilege, struct error *err)
{
	static const struct dl_symbol symbols[] = { CAPNG_FUNCTIONS(DL_SYMBOL){ 0 } };
	size_t n = privilege == PRIVILEGE_PREPARE ? ARRAY_SIZE(kept) : 2;
	bool have[ARRAY_SIZE(kept)] = { false };
	capng_select_t what = CAPNG_SELECT_CAPS;
	int r;

	r = dl_load("libcap-ng.so.0", symbols, err);
	if (r < 0)
		return r;
	if (sym_capng_get_caps_process() < 0)
		return error_set(err, -EIO, "failed to read this process's capabilities");
	for (size_t i = 0; i < n; i++)
		have[i] = sym_capng_have_capability(CAPNG_PERMITTED, kept[i]);
	if (sym_capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		what = CAPNG_SELECT_BOTH; /* the bounding set too */

	sym_capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < n; i++) {
		if (have[i])
			(void)sym_capng_update(CAPNG_ADD,
					       CAPNG_EFFECTIVE | CAPNG_PERMITTED |
						       CAPNG_BOUNDING_SET,
					       kept[i]);
	}
	r = sym_capng_apply(what);
	if (r < 0)
		return error_set(err, -EPERM,
				 "failed to drop capabilities (libcap-ng: %d)", r);
	return 0;
}

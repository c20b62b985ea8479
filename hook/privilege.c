// SPDX-License-Identifier: LGPL-2.1-or-later
/* Capabilities; see privilege.h. */

#include <cap-ng.h>

#include "common/dl.h"
#include "hook/privilege.h"

#define CAPNG_FUNCTIONS(X)        \
	X(capng_clear)            \
	X(capng_get_caps_process) \
	X(capng_have_capability)  \
	X(capng_update)           \
	X(capng_apply)

static CAPNG_FUNCTIONS(DL_DEFINE)

	static const struct {
	unsigned capability;
	bool kept[3]; /* by enum privilege */
} table[] = {
	/* /proc/PID/fd of other users; the links in it, and numa_maps */
	{ CAP_DAC_READ_SEARCH, { true, true, true } },
	{ CAP_SYS_PTRACE, { true, true, true } },
	/* remote partitions (cpuset.cpus.partition), an ordinary attribute otherwise */
	{ CAP_SYS_ADMIN, { false, true, false } },
	/* vfio drivers, mdev parents */
	{ CAP_SYS_MODULE, { false, false, true } },
	/* migrate_pages(2) of other users' processes; kernel threads, which have more than we */
	{ CAP_SYS_NICE, { false, true, true } },
};

static bool may_isolate = true;

uint64_t privilege_of(enum privilege privilege)
{
	uint64_t set = UINT64_C(1) << CAP_SETPCAP;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].kept[privilege])
			set |= UINT64_C(1) << table[i].capability;
	}
	return set;
}

bool privilege_may_isolate(void)
{
	return may_isolate;
}

int privilege_drop(enum privilege privilege, struct error *err)
{
	static const struct dl_symbol symbols[] = { CAPNG_FUNCTIONS(DL_SYMBOL){ 0 } };
	bool have[ARRAY_SIZE(table)] = { false };
	capng_select_t what = CAPNG_SELECT_CAPS;
	int r;

	r = dl_load("libcap-ng.so.0", symbols, err);
	if (r < 0)
		return r;
	if (sym_capng_get_caps_process() < 0)
		return error_set(err, -EIO, "failed to read this process's capabilities");
	may_isolate = false;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		have[i] = table[i].kept[privilege] &&
			  sym_capng_have_capability(CAPNG_PERMITTED, table[i].capability);
		if (table[i].capability == CAP_SYS_ADMIN)
			may_isolate = have[i];
	}
	if (sym_capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		what = CAPNG_SELECT_BOTH; /* the bounding set too */

	sym_capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (have[i])
			(void)sym_capng_update(CAPNG_ADD,
					       CAPNG_EFFECTIVE | CAPNG_PERMITTED |
						       CAPNG_BOUNDING_SET,
					       table[i].capability);
	}
	r = sym_capng_apply(what);
	if (r < 0)
		return error_set(err, -EPERM,
				 "failed to drop capabilities (libcap-ng: %d)", r);
	return 0;
}

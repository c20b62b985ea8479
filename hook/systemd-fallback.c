// SPDX-License-Identifier: LGPL-2.1-or-later
/* What there is of systemd.h where libsystemd's headers were not there to build with. */

#include "hook/systemd.h"

static int not_built_in(struct error *err)
{
	(void)error_set(err, -EOPNOTSUPP,
			"systemd runs this host, and this hosttune was built without it");
	error_remedy(err, "install a hosttune that was built with libsystemd");
	return -EOPNOTSUPP;
}

bool systemd_is_used(const struct sysroot *root)
{
	return root->is_host && sysroot_exists(root, "run/systemd/system");
}

bool systemd_is_unit_name(const char *name)
{
	return strchr(name, '.');
}

int systemd_get_cpus(const char *unit _unused_, uint64_t deadline _unused_,
		     struct bitset *ret _unused_, struct error *err)
{
	return not_built_in(err);
}

int systemd_set_cpus(const char *unit _unused_, const struct bitset *cpus _unused_,
		     uint64_t deadline _unused_, struct error *err)
{
	return not_built_in(err);
}

int systemd_start_timer(const struct systemd_timer *timer _unused_,
			uint64_t deadline _unused_, struct error *err)
{
	return not_built_in(err);
}

int systemd_stop(const char *unit _unused_, uint64_t deadline _unused_, struct error *err)
{
	return not_built_in(err);
}

int systemd_is_active(const char *unit _unused_, uint64_t deadline _unused_,
		      struct error *err)
{
	return not_built_in(err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's policy, /etc/hosttune/hosttune.conf: "key = value", one a line, "#" comments. A
 * missing file means the defaults; anything that is not understood is an error that names its
 * line, and no tagged domain starts until it is mended.
 */
#pragma once

#include <stdbool.h>

#include "common/bitset.h"
#include "common/error.h"
#include "common/sysroot.h"

#define CONFIG_PATH "etc/hosttune/hosttune.conf"

struct config {
	struct bitset housekeeping_cpus; /* never isolated; empty: no rule */
	unsigned hugepages_max_percent; /* of a node's memory, all pools together */
	unsigned prepare_timeout_s; /* for everything that prepare does */
	struct strv allow_devices; /* fnmatch(3) on address or vendor:device; empty: all */
	int log_level; /* LOG_ERR ... LOG_DEBUG */
	bool vfio_tools_scripts; /* run those of its dispatcher: dispatch.h */
	unsigned vfio_tools_timeout_s; /* for all scripts of one call */
};

/* Reads the file: 0, or a negative errno with @err set. Release with config_done(). */
int config_read(const struct sysroot *root, struct config *ret, struct error *err);
void config_done(struct config *config);
#define _cleanup_config_ _cleanup_(config_done)

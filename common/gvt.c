// SPDX-License-Identifier: LGPL-2.1-or-later
/* Intel's graphics that GVT-g knows; see gvt.h. */

#include "common/gvt.h"
#include "common/macro.h"

/*
 * i915's is_supported_device() for GVT-g, as device ids (include/drm/intel/pciids.h of Linux): Gen8,
 * Gen9 and Gen9.5 without Cherryview and Gemini Lake. Ranges hold ids of that generation only.
 */
const char *gvt_generation(unsigned id)
{
	static const struct {
		unsigned first, last;
		const char *name;
	} generations[] = {
		{ 0x1602, 0x163e, "Broadwell" },   { 0x1902, 0x193d, "Skylake" },
		{ 0x0a84, 0x0a84, "Broxton" },	   { 0x1a84, 0x1a85, "Broxton" },
		{ 0x5a84, 0x5a85, "Apollo Lake" }, { 0x5902, 0x593b, "Kaby Lake" },
		{ 0x87c0, 0x87c0, "Amber Lake" },  { 0x87ca, 0x87ca, "Amber Lake" },
		{ 0x3e90, 0x3e9c, "Coffee Lake" }, { 0x3ea0, 0x3ea4, "Whiskey Lake" },
		{ 0x3ea5, 0x3ea9, "Coffee Lake" }, { 0x9b21, 0x9b21, "Comet Lake" },
		{ 0x9b41, 0x9b41, "Comet Lake" },  { 0x9ba2, 0x9bac, "Comet Lake" },
		{ 0x9bc2, 0x9bf6, "Comet Lake" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(generations); i++) {
		if (id >= generations[i].first && id <= generations[i].last)
			return generations[i].name;
	}
	return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of Intel's graphics can be shared by GVT-g. */
#pragma once

/* The generation that GVT-g supports and that the device id is of ("Skylake"), or NULL. */
const char *gvt_generation(unsigned id);

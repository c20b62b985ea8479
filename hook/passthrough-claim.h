/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The claim part of the passthrough resource (res-passthrough.c): which PCI devices a domain
 * wants from us, whether it may have each of them, and on which driver.
 */
#pragma once

#include "hook/resource.h"

#define PASSTHROUGH_OVERRIDE_SUFFIX "/driver_override"

/* See struct resource, claim. */
int passthrough_claim(const struct planning *planning, struct error *err);

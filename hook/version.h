/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The version, from meson.build. */
#pragma once

#ifndef HOSTTUNE_VERSION
#error "HOSTTUNE_VERSION is set by the build"
#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 (FIPS 180-4) of bytes in memory: to see whether a file is still as it was written. */
#pragma once

#include <stddef.h>

#define SHA256_HEX_SIZE 65 /* with the final NUL */

/* As sha256sum(1) prints it. */
void sha256_hex(const void *data, size_t size, char ret[SHA256_HEX_SIZE]);

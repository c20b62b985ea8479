/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fuzzers of hosttune share: a small host of plain files, made once and removed at the end of
 * the process.
 */
#pragma once

#include "common/sysroot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What does not hold is a finding. */
void fuzz_require(bool holds);

/* @err has a cause, of one line. */
struct error;
void fuzz_require_cause(const struct error *err);

/* A directory with nothing in it, below /tmp. */
const struct sysroot *fuzz_empty_root(void);

/*
 * Four CPUs and two nodes with hugepages, a graphics card with its audio function, a disk, a parent of
 * mediated devices, interrupts, cgroups. Log messages go nowhere.
 */
const struct sysroot *fuzz_host(void);

/* A file, with its directories, gets these bytes; or a symbolic link is made. */
void fuzz_write(const struct sysroot *root, const char *path, const void *data,
		size_t size);
void fuzz_link(const char *path, const char *target);

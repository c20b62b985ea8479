/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of kernel parameters, read as the kernel reads them: lists, truth, pages, CPUs. */
#pragma once

#include "common/bitset.h"
#include "grubcfg/cmdline.h"

/* @item is one of the comma-separated items of @value; '-' and '_' are the same. */
bool value_has(const char *value, const char *item);

/* Any argument @name of the kernel's part of @line has that item. */
bool value_any_has(const struct cmdline *line, const char *name, const char *item);

/* As kstrtobool(): y, 1, on, t; and a name without value. False for anything else. */
bool value_is_true(const char *value);

/* "2M", "1G", "2048k" or bytes, in KiB; 0 for what is no power of two of at least 1 KiB. */
uint64_t value_page_kib(const char *text);

/* The pages that a hugepages= asks for: "N", or "NODE:N,NODE:N" added up; -EINVAL. */
int value_pages(const char *text, uint64_t *ret) _must_check_;

/*
 * The CPUs of isolcpus=, after its flags, nohz_full= and the like. -EINVAL for what the kernel's
 * cpulist has beyond numbers and ranges ("all", "0-31:2/4").
 */
int value_cpus(const char *value, struct bitset *ret) _must_check_;

/*
 * The size that the hugepages= at @index of @line is for, which is that of the hugepagesz= or
 * default_hugepagesz= before it, or 0: the default size.
 */
uint64_t value_page_kib_at(const struct cmdline *line, size_t index);

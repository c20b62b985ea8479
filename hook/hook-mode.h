/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program as libvirt's hook (https://libvirt.org/hooks.html, src/util/virhook.c):
 *
 *	DOMAIN OPERATION SUB-OPERATION EXTRA	with the domain's XML on stdin
 *
 * Nothing is ever printed on stdout: with migrate and restore it would become the domain. Only
 * prepare and start can fail; libvirt kills the running domain over a failure of the others.
 */
#pragma once

#include "common/sysroot.h"

/* Runs one call with the arguments behind the program's name; returns the exit status. */
int hook_mode(const struct sysroot *root, int argc, char *argv[]);

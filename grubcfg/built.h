/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the programs of a boot path build of the files that are changed, and the host boots: unified kernel
 * images, a generated extlinux.conf. It is never written here, only compared.
 */
#pragma once

#include "grubcfg/bootpath.h"
#include "grubcfg/change.h"

/*
 * Whether all that is built has the parameters of @changes as the files have them: 0 yes; 1 no, or what is
 * there is damaged, with @err saying which (it is no error); a negative errno with @err set where it cannot
 * be read.
 */
int built_compare(const struct tree *tree, const struct bootpath *boot,
		  const struct changes *changes, struct error *err);

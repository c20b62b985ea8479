/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a change did to one command line, taken out of another one: of an entry that was not there at
 * the time of the change, but has its arguments.
 */
#pragma once

#include "grubcfg/cmdline.h"

/*
 * Brings @line, which is like @after, to what is like @before: an argument that came goes, one that was
 * replaced has its former text, one that went comes back at its place. What differs from @after by
 * itself stays, as do locked arguments. A second time, nothing is left to do. Whether @line changed.
 */
bool inverse_apply(struct cmdline *line, const struct cmdline *before,
		   const struct cmdline *after);

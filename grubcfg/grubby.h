/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of grubby(8) that are about kernel arguments, for people and scripts that know them. */
#pragma once

/* Returns the exit status: 0 also where nothing had to be changed, as grubby does. */
int grubby_main(int argc, char *argv[]);

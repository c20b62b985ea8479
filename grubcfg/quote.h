/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text for a person to copy into a shell. */
#pragma once

#include "common/strv.h"

/* One word of sh, quoted where it has to be; the caller frees. */
char *quote_word(const char *word);
/* A command of sh; the caller frees. */
char *quote_words(const struct strv *words);

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Text for a shell; see quote.h. */

#include "grubcfg/quote.h"
#include "common/alloc.h"

static bool is_plain(const char *word)
{
	return *word && word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
					  "%+,-./:=@_")] == '\0';
}

char *quote_word(const char *word)
{
	char *ret, *p;

	if (is_plain(word))
		return xstrdup(word);
	/* Each character becomes four at most, inside quotes. */
	ret = p = xmalloc(4 * strlen(word) + 3);
	*p++ = '\'';
	for (; *word; word++) {
		if (*word == '\'')
			p = stpcpy(p, "'\\''");
		else
			*p++ = *word;
	}
	(void)stpcpy(p, "'");
	return ret;
}

char *quote_words(const struct strv *words)
{
	_cleanup_strv_ struct strv quoted = STRV_NULL;

	strv_for_each(word, words)
		strv_push_take(&quoted, quote_word(word));
	return strv_join(&quoted, " ");
}

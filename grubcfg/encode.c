// SPDX-License-Identifier: LGPL-2.1-or-later
/* The layers between a file and the kernel; see encode.h. */

#include "grubcfg/encode.h"
#include "common/alloc.h"
#include "grubcfg/cmdline.h"

/* Text that grows by characters. */
struct text {
	char *data;
	size_t n;
};

#define _cleanup_text_ _cleanup_(text_done)

static void text_done(struct text *text)
{
	free(text->data);
}

static void text_put(struct text *text, char c)
{
	*ARRAY_PUSH(text->data, text->n) = c;
}

static char *text_take(struct text *text)
{
	text_put(text, '\0');
	return TAKE_PTR(text->data);
}

static int refuse(struct error *err, enum layer layer, const char *arg, const char *what)
{
	(void)error_set(err, -EILSEQ, "%s cannot be written as %s: %s", arg,
			layer_name(layer), what);
	return -EILSEQ;
}

/*
 * GRUB's blscfg takes what follows a '$' for the name of a variable, and drops both where there is none. Only
 * that of 2025 leaves "\$" alone, GRUB's own blsuki never does, and which of them reads an entry is in no
 * file. No other spelling gives a '$': behind a variable's value there is a blank.
 */
static void suggest_without_variable(const char *arg, struct error *err)
{
	error_prefix(err, "GRUB begins a variable with $, and most versions know no way "
			  "around it");
	if (str_has_prefix(arg, "memmap="))
		error_remedy(err, "write memmap=SIZE%%START-1+2 instead of "
				  "memmap=SIZE$START: it reserves the same memory");
	else
		error_remedy(err,
			     "set GRUB_ENABLE_BLSCFG=false in /etc/default/grub and run "
			     "grub2-mkconfig: grub.cfg can have it");
}

static int refuse_character(struct error *err, enum layer layer, const char *arg, char c)
{
	_cleanup_free_ char *what =
		(unsigned char)c > ' ' && (unsigned char)c < 0x7f ?
			xasprintf("it contains the character %c", c) :
			xasprintf("it contains the byte 0x%02x", (unsigned char)c);

	(void)refuse(err, layer, arg, what);
	if (layer == LAYER_GRUB_BLS && c == '$')
		suggest_without_variable(arg, err);
	return -EILSEQ;
}

/* A backslash before each character of @special. */
static int escape(const char *raw, const char *special, char **ret)
{
	_cleanup_text_ struct text text = { 0 };

	for (; *raw; raw++) {
		if (strchr(special, *raw))
			text_put(&text, '\\');
		text_put(&text, *raw);
	}
	*ret = text_take(&text);
	return 0;
}

/* ---------------------------------------------------------------- plain, extlinux */

static int plain_encode(enum layer layer _unused_, const char *raw, char **ret,
			struct error *err _unused_)
{
	*ret = xstrdup(raw);
	return 0;
}

static int plain_decode(enum layer layer, const char *text, char **ret, struct error *err)
{
	const char *p = strpbrk(text, "\n\r");

	if (p)
		return refuse_character(err, layer, text, *p);
	*ret = xstrdup(text);
	return 0;
}

/* Syslinux copies the text; U-Boot, which reads such files too, takes these for its variables. */
static int extlinux_encode(enum layer layer, const char *raw, char **ret,
			   struct error *err)
{
	const char *p = strpbrk(raw, "$\\'");

	if (p)
		return refuse_character(err, layer, raw, *p);
	*ret = xstrdup(raw);
	return 0;
}

/* ---------------------------------------------------------------- shell */

static int shell_double_encode(enum layer layer _unused_, const char *raw, char **ret,
			       struct error *err _unused_)
{
	return escape(raw, "\\\"$`", ret);
}

static int shell_double_decode(enum layer layer, const char *text, char **ret,
			       struct error *err)
{
	_cleanup_text_ struct text plain = { 0 };

	for (const char *p = text; *p; p++) {
		if (strchr("\"$`", *p))
			return refuse_character(err, layer, text, *p);
		if (*p == '\\' && !p[1])
			return refuse_character(err, layer, text, *p);
		if (*p == '\\' && strchr("\\\"$`\n", p[1]))
			p++;
		if (*p != '\n' || p[-1] != '\\')
			text_put(&plain, *p);
	}
	*ret = text_take(&plain);
	return 0;
}

/* An apostrophe ends the quoting, stands behind a backslash, and begins it again. */
static const char apostrophe[] = "'\\''";

static int shell_single_encode(enum layer layer _unused_, const char *raw, char **ret,
			       struct error *err _unused_)
{
	_cleanup_text_ struct text text = { 0 };

	for (; *raw; raw++) {
		if (*raw == '\'') {
			for (const char *p = apostrophe; *p; p++)
				text_put(&text, *p);
		} else {
			text_put(&text, *raw);
		}
	}
	*ret = text_take(&text);
	return 0;
}

static int shell_single_decode(enum layer layer, const char *text, char **ret,
			       struct error *err)
{
	_cleanup_text_ struct text plain = { 0 };

	for (const char *p = text; *p; p++) {
		text_put(&plain, *p);
		if (*p != '\'')
			continue;
		if (!str_has_prefix(p, apostrophe))
			return refuse_character(err, layer, text, *p);
		p += strlen(apostrophe) - 1;
	}
	*ret = text_take(&plain);
	return 0;
}

/* ---------------------------------------------------------------- GRUB */

/* What GRUB's script lexer (grub-core/script/yylex.l) gives a meaning outside quotes, blanks aside. */
static const char grub_special[] = "{}|&$;<>'\"\\";
/* What its linux command puts a backslash before, which the kernel knows nothing of. */
static const char grub_escaped[] = "\\'\"";

/*
 * GRUB's linux command gets words without quotes and joins them for the kernel
 * (grub-core/lib/cmdline.c): quotes go around a word with a blank in it, a backslash before
 * \ ' ". The kernel's own quotes are GRUB's too, and so are left for GRUB to drop and set.
 */
static int grub_encode(enum layer layer, const char *raw, char **ret, struct error *err)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_text_ struct text text = { 0 };
	bool in_quotes = false;
	const char *p;

	cmdline_parse(&line, raw, ARG_NEW);
	if (line.n != 1 || !STREQ(line.items[0].raw, raw))
		return refuse(err, layer, raw, "it is not one argument");
	p = strpbrk(line.items[0].name, grub_escaped);
	if (!p && line.items[0].value)
		p = strpbrk(line.items[0].value, grub_escaped);
	if (p)
		return refuse(err, layer, raw,
			      "GRUB puts a backslash before \\ ' \" inside a value, and the "
			      "kernel keeps it");
	if (layer == LAYER_GRUB_BLS && strchr(raw, '$'))
		return refuse_character(err, layer, raw, '$');
	for (p = raw; *p; p++) {
		if (*p == '"')
			in_quotes = !in_quotes;
		else if (in_quotes ? *p == '$' :
				     strchr(grub_special, *p) || (p == raw && *p == '#'))
			text_put(&text, '\\');
		text_put(&text, *p);
	}
	*ret = text_take(&text);
	return 0;
}

/* The part of a word in "...", from after the first quote; returns the second one, or NULL. */
static const char *grub_double_quoted(const char *p, struct text *word)
{
	for (; *p && *p != '"'; p++) {
		if (*p == '$')
			return NULL;
		if (*p == '\\' && p[1] == '\n') {
			p++;
			continue;
		}
		if (*p == '\\' && p[1] && strchr("$\\\"", p[1]))
			p++;
		else if (*p == '\\' && p[1])
			text_put(word, *p++);
		text_put(word, *p);
	}
	return *p ? p : NULL;
}

/* One word from @p on; returns what follows, or NULL where GRUB would see something else. */
static const char *grub_word(const char *p, struct text *word)
{
	for (; *p && *p != ' ' && *p != '\t'; p++) {
		if (*p == '\'') {
			for (p++; *p && *p != '\''; p++)
				text_put(word, *p);
			if (!*p)
				return NULL;
		} else if (*p == '"') {
			p = grub_double_quoted(p + 1, word);
			if (!p)
				return NULL;
		} else if (*p == '\\') {
			p++;
			if (!*p)
				return NULL;
			if (*p != '\n')
				text_put(word, *p);
		} else if (*p == '\n' || strchr(grub_special, *p)) {
			return NULL;
		} else {
			text_put(word, *p);
		}
	}
	return p;
}

/* As the linux command passes a word to the kernel. */
static void grub_pass(struct text *text, const struct text *word)
{
	bool has_blank = memchr(word->data, ' ', word->n) != NULL;

	if (has_blank)
		text_put(text, '"');
	for (size_t i = 0; i < word->n; i++) {
		if (strchr(grub_escaped, word->data[i]))
			text_put(text, '\\');
		text_put(text, word->data[i]);
	}
	if (has_blank)
		text_put(text, '"');
}

static int grub_decode(enum layer layer, const char *text, char **ret, struct error *err)
{
	_cleanup_text_ struct text line = { 0 };
	const char *p = text;

	for (;;) {
		_cleanup_text_ struct text word = { 0 };

		p += strspn(p, " \t");
		if (!*p || *p == '#')
			break;
		p = grub_word(p, &word);
		if (!p)
			return refuse(err, layer, text,
				      "GRUB would not read it as plain words");
		if (line.n)
			text_put(&line, ' ');
		if (word.n)
			grub_pass(&line, &word);
	}
	*ret = text_take(&line);
	return 0;
}

/* ---------------------------------------------------------------- grubenv */

static int grubenv_encode(enum layer layer _unused_, const char *raw, char **ret,
			  struct error *err _unused_)
{
	return escape(raw, "\\", ret);
}

static int grubenv_decode(enum layer layer, const char *text, char **ret,
			  struct error *err)
{
	_cleanup_text_ struct text plain = { 0 };

	for (; *text; text++) {
		if (*text == '\n')
			return refuse(err, layer, text, "a line ends in it");
		if (*text == '\\' && text[1])
			text++;
		text_put(&plain, *text);
	}
	*ret = text_take(&plain);
	return 0;
}

/* ---------------------------------------------------------------- all layers */

static const struct {
	const char *name;
	int (*encode)(enum layer layer, const char *raw, char **ret, struct error *err);
	int (*decode)(enum layer layer, const char *text, char **ret, struct error *err);
} layers[] = {
	[LAYER_PLAIN] = { "a line of text", plain_encode, plain_decode },
	[LAYER_SHELL_DOUBLE] = { "shell text in double quotes", shell_double_encode,
				 shell_double_decode },
	[LAYER_SHELL_SINGLE] = { "shell text in single quotes", shell_single_encode,
				 shell_single_decode },
	[LAYER_GRUB_SCRIPT] = { "a word of grub.cfg", grub_encode, grub_decode },
	[LAYER_GRUB_BLS] = { "options that GRUB reads", grub_encode, grub_decode },
	[LAYER_GRUBENV] = { "a value of GRUB's environment block", grubenv_encode,
			    grubenv_decode },
	[LAYER_EXTLINUX] = { "append of extlinux.conf", extlinux_encode, plain_decode },
};

const char *layer_name(enum layer layer)
{
	return layers[layer].name;
}

static bool is_grub(enum layer layer)
{
	return layer == LAYER_GRUB_SCRIPT || layer == LAYER_GRUB_BLS;
}

/* Means the same to the kernel: GRUB may have moved quotes to the ends of an argument. */
static bool is_same_line(const char *a, const char *b)
{
	_cleanup_cmdline_ struct cmdline x = { 0 }, y = { 0 };

	cmdline_parse(&x, a, ARG_NEW);
	cmdline_parse(&y, b, ARG_NEW);
	return cmdline_equal(&x, &y);
}

int encode(enum layer layer, const char *raw, char **ret, struct error *err)
{
	_cleanup_free_ char *encoded = NULL, *decoded = NULL;
	int r;

	for (const char *p = raw; *p; p++) {
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			return refuse_character(err, layer, raw, *p);
	}
	r = layers[layer].encode(layer, raw, &encoded, err);
	if (r < 0)
		return r;
	r = layers[layer].decode(layer, encoded, &decoded, err);
	if (r < 0)
		return r;
	if (!STREQ(raw, decoded) && !(is_grub(layer) && is_same_line(raw, decoded)))
		return refuse(err, layer, raw, "it would be read as something else");
	*ret = TAKE_PTR(encoded);
	return 0;
}

int decode(enum layer layer, const char *text, char **ret, struct error *err)
{
	return layers[layer].decode(layer, text, ret, err);
}

int encode_grub_default(enum layer shell, const char *raw, char **ret, struct error *err)
{
	_cleanup_free_ char *word = NULL;
	int r;

	r = encode(LAYER_GRUB_SCRIPT, raw, &word, err);
	if (r < 0)
		return r;
	return encode(shell, word, ret, err);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Layers between a file and the kernel. */

#include "common/alloc.h"
#include "grubcfg/encode.h"
#include "unit.h"

static void each_layer_writes_and_reads_back(void **state _unused_)
{
	static const struct {
		enum layer layer;
		const char *raw, *expected; /* NULL: cannot be written */
	} cases[] = {
		{ LAYER_PLAIN, "a=\"x y\"", "a=\"x y\"" },
		{ LAYER_PLAIN, "a=$x\\'`", "a=$x\\'`" },
		{ LAYER_SHELL_DOUBLE, "a=\"x y\"", "a=\\\"x y\\\"" },
		{ LAYER_SHELL_DOUBLE, "a=$x`\\'!", "a=\\$x\\`\\\\'!" },
		{ LAYER_SHELL_SINGLE, "a=\"x y\"$`\\", "a=\"x y\"$`\\" },
		{ LAYER_SHELL_SINGLE, "it's", "it'\\''s" },
		{ LAYER_GRUB_SCRIPT, "quiet", "quiet" },
		{ LAYER_GRUB_SCRIPT, "memmap=4G$0x1", "memmap=4G\\$0x1" },
		{ LAYER_GRUB_SCRIPT, "pci=a;b", "pci=a\\;b" },
		{ LAYER_GRUB_SCRIPT, "a={b}|c&d<e>f", "a=\\{b\\}\\|c\\&d\\<e\\>f" },
		{ LAYER_GRUB_SCRIPT, "a=\"x y\"", "a=\"x y\"" },
		{ LAYER_GRUB_SCRIPT, "\"a=x y\"", "\"a=x y\"" },
		{ LAYER_GRUB_SCRIPT, "a=\"x $y;z\"", "a=\"x \\$y;z\"" },
		{ LAYER_GRUB_SCRIPT, "a=\"x\"", "a=\"x\"" },
		{ LAYER_GRUB_SCRIPT, "ivrs[0]=1", "ivrs[0]=1" },
		{ LAYER_GRUB_SCRIPT, "#a", "\\#a" },
		{ LAYER_GRUB_SCRIPT, "a#b", "a#b" },
		{ LAYER_GRUB_SCRIPT, "a=it's", NULL },
		{ LAYER_GRUB_SCRIPT, "a=\\x41", NULL },
		{ LAYER_GRUB_SCRIPT, "a=x\" \"y", NULL },
		{ LAYER_GRUB_SCRIPT, "a b", NULL },
		{ LAYER_GRUB_BLS, "pci=a;b", "pci=a\\;b" },
		{ LAYER_GRUB_BLS, "memmap=4G$0x1", NULL },
		{ LAYER_GRUBENV, "a=\\x", "a=\\\\x" },
		{ LAYER_GRUBENV, "a=\"x y\"", "a=\"x y\"" },
		{ LAYER_EXTLINUX, "a=\"x y\"", "a=\"x y\"" },
		{ LAYER_EXTLINUX, "a=$x", NULL },
		{ LAYER_EXTLINUX, "a='x'", NULL },
		{ LAYER_EXTLINUX, "a=\\", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		_cleanup_error_ struct error err = ERROR_NULL;
		int r = encode(cases[i].layer, cases[i].raw, &text, &err);

		if (!cases[i].expected) {
			/* Only there it says how to do without. */
			assert_failed(r, -EILSEQ, &err, layer_name(cases[i].layer),
				      cases[i].layer == LAYER_GRUB_BLS ?
					      "memmap=SIZE%START-1+2" :
					      NULL);
			continue;
		}
		assert_done(r, &err);
		assert_string_equal(text, cases[i].expected);
	}
}

static void a_refusal_names_argument_layer_and_character(void **state _unused_)
{
	static const struct {
		enum layer layer;
		const char *raw, *cause, *remedy;
	} cases[] = {
		{ LAYER_PLAIN, "a\nb",
		  "cannot be written as a line of text: it contains the "
		  "byte 0x0a" },
		{ LAYER_GRUBENV, "a\tb",
		  "a value of GRUB's environment block: it contains the "
		  "byte 0x09" },
		{ LAYER_SHELL_DOUBLE, "caf\xc3\xa9",
		  "in double quotes: it contains the byte 0xc3" },
		{ LAYER_SHELL_SINGLE, "a\x7f",
		  "in single quotes: it contains the byte 0x7f" },
		{ LAYER_EXTLINUX, "a=$x",
		  "a=$x cannot be written as append of extlinux.conf: it "
		  "contains the character $" },
		{ LAYER_GRUB_BLS, "a=$x",
		  "GRUB begins a variable with $, and most versions know no way around it: "
		  "a=$x cannot be written as options that GRUB reads: it contains the "
		  "character $",
		  "GRUB_ENABLE_BLSCFG=false" },
		{ LAYER_GRUB_SCRIPT, "a=\\",
		  "a=\\ cannot be written as a word of grub.cfg: GRUB "
		  "puts a backslash before" },
		{ LAYER_GRUB_BLS, "a b",
		  "a b cannot be written as options that GRUB reads: it is "
		  "not one argument" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		_cleanup_error_ struct error err = ERROR_NULL;

		assert_failed(encode(cases[i].layer, cases[i].raw, &text, &err), -EILSEQ,
			      &err, cases[i].cause, cases[i].remedy);
		assert_null(text);
	}
}

static void text_of_others_is_read_as_its_reader_does(void **state _unused_)
{
	static const struct {
		enum layer layer;
		const char *text, *expected; /* NULL: not plain text to its reader */
	} cases[] = {
		{ LAYER_PLAIN, "caf\xc3\xa9 b", "caf\xc3\xa9 b" },
		{ LAYER_PLAIN, "a\nb", NULL },
		{ LAYER_EXTLINUX, "a $x", "a $x" },
		{ LAYER_SHELL_DOUBLE, "a\\b\\$c\\\nd", "a\\b$cd" },
		{ LAYER_SHELL_DOUBLE, "a\nb", "a\nb" },
		{ LAYER_SHELL_DOUBLE, "a$b", NULL },
		{ LAYER_SHELL_DOUBLE, "a`b", NULL },
		{ LAYER_SHELL_DOUBLE, "a\"b", NULL },
		{ LAYER_SHELL_DOUBLE, "a\\", NULL },
		{ LAYER_SHELL_SINGLE, "a\\b$", "a\\b$" },
		{ LAYER_SHELL_SINGLE, "it'\\''s", "it's" },
		{ LAYER_SHELL_SINGLE, "a'b", NULL },
		{ LAYER_GRUB_SCRIPT, "  a\t b  ", "a b" },
		{ LAYER_GRUB_SCRIPT, "a='x y' b", "\"a=x y\" b" },
		{ LAYER_GRUB_SCRIPT, "dyndbg=\"file x +p\"", "\"dyndbg=file x +p\"" },
		{ LAYER_GRUB_SCRIPT, "a=\"\\\"x\"", "a=\\\"x" },
		{ LAYER_GRUB_SCRIPT, "a=\"\\x\"", "a=\\\\x" },
		{ LAYER_GRUB_SCRIPT, "a='\\'", "a=\\\\" },
		{ LAYER_GRUB_SCRIPT, "a=\\x\\ y", "\"a=x y\"" },
		{ LAYER_GRUB_SCRIPT, "a\\\nb", "ab" },
		{ LAYER_GRUB_SCRIPT, "\"a\\\nb\" c", "ab c" },
		{ LAYER_GRUB_SCRIPT, "a #b c", "a" },
		{ LAYER_GRUB_SCRIPT, "a \"\" b", "a  b" },
		{ LAYER_GRUB_SCRIPT, "a$b", NULL },
		{ LAYER_GRUB_SCRIPT, "\"a$b\"", NULL },
		{ LAYER_GRUB_SCRIPT, "a;b", NULL },
		{ LAYER_GRUB_SCRIPT, "'a", NULL },
		{ LAYER_GRUB_SCRIPT, "\"a", NULL },
		{ LAYER_GRUB_SCRIPT, "a\\", NULL },
		{ LAYER_GRUB_SCRIPT, "a\nb", NULL },
		{ LAYER_GRUB_BLS, "memmap=4G\\$0x1", "memmap=4G$0x1" },
		{ LAYER_GRUBENV, "a\\\\b\\c", "a\\bc" },
		{ LAYER_GRUBENV, "a\nb", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		_cleanup_error_ struct error err = ERROR_NULL;
		int r = decode(cases[i].layer, cases[i].text, &text, &err);

		if (cases[i].expected) {
			assert_done(r, &err);
			assert_string_equal(text, cases[i].expected);
		} else {
			assert_failed(r, -EILSEQ, &err, layer_name(cases[i].layer), NULL);
		}
	}
}

static void grub_defaults_pass_the_shell_and_grub(void **state _unused_)
{
	_cleanup_free_ char *twice = NULL, *once = NULL, *none = NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(encode_grub_default(LAYER_SHELL_DOUBLE, "memmap=4G$0x100000000",
					&twice, &err),
		    &err);
	assert_string_equal(twice, "memmap=4G\\\\\\$0x100000000");
	assert_done(encode_grub_default(LAYER_SHELL_SINGLE, "pci=disable_acs_redir=a;b",
					&once, &err),
		    &err);
	assert_string_equal(once, "pci=disable_acs_redir=a\\;b");
	assert_failed(encode_grub_default(LAYER_SHELL_DOUBLE, "a='b'", &none, &err),
		      -EILSEQ, &err, "a word of grub.cfg", NULL);
}

/* Whatever the printable characters, what is written means the argument, or is refused. */
static void no_character_is_mangled(void **state _unused_)
{
	for (int layer = LAYER_PLAIN; layer <= LAYER_EXTLINUX; layer++) {
		for (int i = 0; i < 95 * 95; i++) {
			const char raw[] = { 'k', '=', (char)(' ' + i / 95),
					     (char)(' ' + i % 95), '\0' };
			_cleanup_free_ char *text = NULL, *back = NULL;
			_cleanup_error_ struct error err = ERROR_NULL;

			if (encode((enum layer)layer, raw, &text, &err) < 0)
				continue;
			assert_done(decode((enum layer)layer, text, &back, &err), &err);
			if (layer != LAYER_GRUB_SCRIPT && layer != LAYER_GRUB_BLS)
				assert_string_equal(back, raw);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_layer_writes_and_reads_back),
		cmocka_unit_test(a_refusal_names_argument_layer_and_character),
		cmocka_unit_test(text_of_others_is_read_as_its_reader_does),
		cmocka_unit_test(grub_defaults_pass_the_shell_and_grub),
		cmocka_unit_test(no_character_is_mangled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

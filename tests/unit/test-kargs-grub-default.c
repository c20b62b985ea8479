// SPDX-License-Identifier: LGPL-2.1-or-later

/* /etc/default/grub and its drop-ins: what is read, and what an edit leaves as it was. */

#include "common/alloc.h"
#include "grubcfg/change.h"
#include "grubcfg/sink.h"
#include "tree-fixture.h"
#include "unit.h"

#define MAIN "etc/default/grub"
#define CLOUD "etc/default/grub.d/50-cloudimg-settings.cfg"
#define OURS "etc/default/grub.d/zz-kargs.cfg"
#define HEADER                                                                            \
	"# Kernel arguments of kargs(8). Read after all others, so it adds to what they " \
	"set.\n"

static struct sink the_sink(bool sources_drop_ins)
{
	static char path[] = MAIN;

	return (struct sink){
		.type = &sink_grub_default,
		.path = path,
		.scope = SINK_BOTH,
		.sources_drop_ins = sources_drop_ins,
	};
}

static void assert_reads(struct fixture *f, const char *text, bool drop_ins,
			 const char *expected)
{
	struct tree tree = { .root = &f->root, .root_path = f->dir };
	const struct sink sink = the_sink(drop_ins);
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *joined = NULL;

	if (text)
		fixture_set(f, MAIN, text);
	assert_done(sink.type->read(&tree, &sink, &line, &err), &err);
	joined = cmdline_format(&line);
	assert_string_equal(joined, expected);
	for (size_t i = 0; i < line.n; i++)
		assert_int_equal(line.items[i].origin, i);
}

static void assert_refuses(struct fixture *f, const char *text, const char *cause,
			   const char *remedy)
{
	struct tree tree = { .root = &f->root, .root_path = f->dir };
	const struct sink sink = the_sink(true);
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_set(f, MAIN, text);
	assert_failed(sink.type->read(&tree, &sink, &line, &err), -EINVAL, &err, cause,
		      remedy);
}

/* "+ARG" appends, "-ARG" removes, "ARG" sets; words end at "; ". */
static void push_changes(struct changes *changes, const char *text)
{
	while (*text) {
		size_t n = strstr(text, "; ") ? (size_t)(strstr(text, "; ") - text) :
						strlen(text);
		_cleanup_free_ char *word = xstrndup(text, n);
		enum change_op op = *word == '+' ? CHANGE_APPEND :
				    *word == '-' ? CHANGE_REMOVE :
						   CHANGE_SET;

		changes_push(changes, op, op == CHANGE_SET ? word : word + 1);
		text += n + (text[n] ? 2 : 0);
	}
}

static int change(struct tree *tree, const struct sink *sink, const char *text,
		  struct error *err)
{
	_cleanup_(changes_done) struct changes changes = { 0 };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	int r;

	push_changes(&changes, text);
	r = sink->type->read(tree, sink, &line, err);
	if (r < 0 && r != -ENOENT)
		return r;
	r = changes_apply(&line, &changes, err);
	return r < 0 ? r : sink->type->write(tree, sink, &line, err);
}

static void assert_content(const struct tree *tree, const char *path, const char *expected)
{
	_cleanup_free_ char *text = NULL;

	if (!expected) {
		assert_int_equal(tree_read(tree, path, &text, NULL), -ENOENT);
		return;
	}
	assert_int_equal(tree_read(tree, path, &text, NULL), 0);
	assert_string_equal(text, expected);
}

/* @ours: what zz-kargs.cfg becomes; NULL: there is none, and where @drop_ins is false none is read. */
static void check(struct fixture *f, bool drop_ins, const char *before,
		  const char *changes, const char *after, const char *ours)
{
	_cleanup_tree_ struct tree tree = { .root = &f->root, .root_path = f->dir };
	const struct sink sink = the_sink(drop_ins);
	_cleanup_error_ struct error err = ERROR_NULL;
	size_t n;

	if (before)
		fixture_set(f, MAIN, before);
	assert_done(change(&tree, &sink, changes, &err), &err);
	assert_content(&tree, MAIN, after);
	assert_content(&tree, OURS, ours);
	n = tree.edits.n;
	assert_done(change(&tree, &sink, changes, &err), &err); /* nothing is left to do */
	assert_int_equal(tree.edits.n, n);
	assert_content(&tree, MAIN, after);
	assert_content(&tree, OURS, ours);
}

static void write_refuses(struct fixture *f, bool drop_ins, const char *before,
			  const char *changes, int code, const char *cause,
			  const char *remedy)
{
	_cleanup_tree_ struct tree tree = { .root = &f->root, .root_path = f->dir };
	const struct sink sink = the_sink(drop_ins);
	_cleanup_error_ struct error err = ERROR_NULL;

	if (before)
		fixture_set(f, MAIN, before);
	assert_failed(change(&tree, &sink, changes, &err), code, &err, cause, remedy);
}

static void both_variables_are_one_line(void **state)
{
	struct fixture *f = *state;

	assert_reads(f,
		     "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\n"
		     "GRUB_CMDLINE_LINUX='console=tty0'\n",
		     false, "console=tty0 quiet splash");
	assert_reads(f, "", false, "");
	assert_reads(f, "GRUB_CMDLINE_LINUX=\n", false, "");
	assert_reads(f, "GRUB_CMDLINE_LINUX=\"a -- b\"\nGRUB_CMDLINE_LINUX_DEFAULT=c",
		     false, "a -- b c");
	assert_reads(f, "GRUB_CMDLINE_LINUX=\"a  b\t c \" # comment\n", false, "a b c");
	assert_reads(f, "GRUB_CMDLINE_LINUX=\"a\"\r\nGRUB_TIMEOUT=5\r\n", false, "a");
}

static void what_grub_makes_of_the_text_counts(void **state)
{
	struct fixture *f = *state;

	assert_reads(f, "GRUB_CMDLINE_LINUX=\"memmap=4G\\\\\\$0x100000000\"\n", false,
		     "memmap=4G$0x100000000");
	assert_reads(f, "GRUB_CMDLINE_LINUX='pci=disable_acs_redir=a\\;b'\n", false,
		     "pci=disable_acs_redir=a;b");
	assert_reads(f, "GRUB_CMDLINE_LINUX='x.dyndbg=\"file y +p\" q'\n", false,
		     "x.dyndbg=\"file y +p\" q");
	assert_reads(f, "GRUB_CMDLINE_LINUX=\"a='x y'\"\n", false, "\"a=x y\"");
	assert_reads(f, "GRUB_CMDLINE_LINUX=\"quiet \\$vt_handoff\"\n", false,
		     "quiet $vt_handoff");
	assert_reads(f, "GRUB_CMDLINE_LINUX='a=${x}b \"c=$1 d\" $x\\$ b'\n", false,
		     "a=${x}b \"c=$1 d\" $x\\$ b");
	assert_refuses(f, "GRUB_CMDLINE_LINUX='a $ b'\n", MAIN ":1: GRUB would not read",
		       NULL);
	assert_refuses(f, "GRUB_CMDLINE_LINUX='a=${x-b'\n",
		       MAIN ":1: GRUB would not read", NULL);
	assert_refuses(f, "GRUB_CMDLINE_LINUX='a=\"$-\"'\n",
		       MAIN ":1: GRUB would not read", NULL);
	assert_refuses(f, "GRUB_CMDLINE_LINUX='a=\\\\$'\n",
		       MAIN ":1: GRUB would not read", NULL);
	assert_refuses(f, "A=1\nGRUB_CMDLINE_LINUX=\"pci=a;b\"\n",
		       MAIN ":2: one of {}|&;<> ends the argument", "backslash");
	assert_refuses(f, "GRUB_CMDLINE_LINUX=\"a\nb\"\n",
		       MAIN ":1: a line break ends the linux command", "backslash");
	assert_refuses(f, "GRUB_CMDLINE_LINUX=\"a 'b\"\n",
		       MAIN ":1: GRUB finds no end of the quotes", NULL);
	assert_refuses(f, "GRUB_CMDLINE_LINUX=\"a #b c\"\n",
		       MAIN ":1: what begins with # is a comment", NULL);
	assert_refuses(f, "GRUB_CMDLINE_LINUX='a=\"x\ty\"'\n",
		       MAIN ":1: a blank within quotes", NULL);
}

static void drop_ins_are_read_in_the_order_of_the_shell(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, MAIN, "GRUB_CMDLINE_LINUX=\"a\"\n");
	fixture_set(f, "etc/default/grub.d/9.cfg",
		    "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX nine\"\n");
	fixture_set(f, "etc/default/grub.d/10.cfg",
		    "GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX} ten\"\n");
	fixture_set(f, "etc/default/grub.d/Z.cfg",
		    "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX Z\"\n");
	fixture_set(f, "etc/default/grub.d/ignored.conf", "GRUB_CMDLINE_LINUX=x\n");
	assert_reads(f, NULL, true, "a ten nine Z");
	assert_reads(f, NULL, false, "a");
}

static void a_missing_file_is_made(void **state)
{
	struct fixture *f = *state;
	struct tree tree = { .root = &f->root, .root_path = f->dir };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	const struct sink sink = the_sink(true);

	assert_int_equal(sink.type->read(&tree, &sink, &line, &err), -ENOENT);
	check(f, true, NULL, "quiet; console=ttyS0", NULL,
	      HEADER
	      "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX console=ttyS0\"\n"
	      "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT quiet\"\n");
	check(f, false, NULL, "quiet", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n", NULL);
}

static void an_edit_changes_its_argument_only(void **state)
{
	static const struct {
		const char *before, *changes, *after;
	} cases[] = {
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\n", "-splash",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\n", "-quiet",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"splash\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n", "-quiet",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT='quiet  splash   a'\n", "-splash",
		  "GRUB_CMDLINE_LINUX_DEFAULT='quiet    a'\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\"a b c d\"\n", "-b; -c; -a",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"d\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT='loglevel=3 q'", "loglevel=7",
		  "GRUB_CMDLINE_LINUX_DEFAULT='loglevel=7 q'" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n", "splash",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT='quiet'\n", "splash",
		  "GRUB_CMDLINE_LINUX_DEFAULT='quiet splash'\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=quiet\n", "splash",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\n", "splash",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"splash\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\"\"\n", "splash",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"splash\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=a\\ b\n", "splash",
		  "GRUB_CMDLINE_LINUX_DEFAULT=a\\ b\" splash\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=a\" b\"'=1 c'\n", "b=2; -c",
		  "GRUB_CMDLINE_LINUX_DEFAULT=a\" b=2\"''\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet \"\n", "splash",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\n" },
		{ "GRUB_TIMEOUT=5", "splash",
		  "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT=\"splash\"\n" },
		{ "GRUB_TIMEOUT=5", "splash; console=tty0",
		  "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"console=tty0\"\n"
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"splash\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\"a \\\n b \\\n c\" # x\n", "-b",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"a \\\n \\\n c\" # x\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\r\nA=1\r\n", "quiet=2",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet=2\"\r\nA=1\r\n" },
		{ "A=1 GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\" B=2\n", "-quiet",
		  "A=1 GRUB_CMDLINE_LINUX_DEFAULT=\"\" B=2\n" },
		{ "export GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n", "x=1",
		  "export GRUB_CMDLINE_LINUX_DEFAULT=\"quiet x=1\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\"a\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"b\"\n",
		  "c",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"a\"\n"
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"b c\"\n" },
		{ "GRUB_CMDLINE_LINUX_DEFAULT=\"a x=1\"\n"
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT b\"\n",
		  "x=2",
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"a x=2\"\n"
		  "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT b\"\n" },
		{ "X='q r'\nGRUB_CMDLINE_LINUX_DEFAULT=\"a $X\"\n", "-r",
		  "X='q'\nGRUB_CMDLINE_LINUX_DEFAULT=\"a $X\"\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(*state, false, cases[i].before, cases[i].changes, cases[i].after,
		      NULL);
}

static void special_characters_pass_both_layers(void **state)
{
	struct fixture *f = *state;

	check(f, false, "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n",
	      "memmap=4G$0x100000000; pci=disable_acs_redir=a;b; x.dyndbg=\"file y +p\"; z=a&b",
	      "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet memmap=4G\\\\\\$0x100000000 "
	      "pci=disable_acs_redir=a\\\\;b x.dyndbg=\\\"file y +p\\\" z=a\\\\&b\"\n",
	      NULL);
	check(f, false, "GRUB_CMDLINE_LINUX_DEFAULT='quiet'\n", "memmap=4G$0x100000000",
	      "GRUB_CMDLINE_LINUX_DEFAULT='quiet memmap=4G\\$0x100000000'\n", NULL);
	check(f, false, "GRUB_CMDLINE_LINUX_DEFAULT=memmap=1\n",
	      "memmap=4G$0x1; -memmap=1",
	      "GRUB_CMDLINE_LINUX_DEFAULT=\"memmap=4G\\\\\\$0x1\"\n", NULL);
	check(f, false, "GRUB_CMDLINE_LINUX_DEFAULT=x=1\n", "x=4G$0x1",
	      "GRUB_CMDLINE_LINUX_DEFAULT=x=4G\\\\\\$0x1\n", NULL);
	write_refuses(f, false, "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n", "a=it's",
		      -EILSEQ, "a=it's cannot be written as a word of grub.cfg", NULL);
}

static void console_goes_where_recovery_entries_have_it_too(void **state)
{
	struct fixture *f = *state;

	check(f, false, "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\nGRUB_CMDLINE_LINUX=\"\"\n",
	      "console=ttyS0; crashkernel=1G; x=1",
	      "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet x=1\"\n"
	      "GRUB_CMDLINE_LINUX=\"console=ttyS0 crashkernel=1G\"\n",
	      NULL);
	/* The last console is /dev/console: a new one may not come before one of the other variable. */
	check(f, false,
	      "GRUB_CMDLINE_LINUX_DEFAULT=\"console=tty0 quiet\"\nGRUB_CMDLINE_LINUX=\"\"\n",
	      "console=ttyS0",
	      "GRUB_CMDLINE_LINUX_DEFAULT=\"console=tty0 quiet console=ttyS0\"\n"
	      "GRUB_CMDLINE_LINUX=\"\"\n",
	      NULL);
}

static void the_variable_that_the_distribution_uses_is_used(void **state)
{
	struct fixture *f = *state;

	check(f, false, "GRUB_CMDLINE_LINUX=\"rhgb quiet\"\n", "x=1",
	      "GRUB_CMDLINE_LINUX=\"rhgb quiet x=1\"\n", NULL);
	check(f, false,
	      "GRUB_CMDLINE_LINUX=\"rhgb quiet\"\nGRUB_CMDLINE_LINUX_DEFAULT="
	      "\"${GRUB_CMDLINE_LINUX_DEFAULT:+$GRUB_CMDLINE_LINUX_DEFAULT }\\$tuned_params\"\n",
	      "x=1",
	      "GRUB_CMDLINE_LINUX=\"rhgb quiet x=1\"\nGRUB_CMDLINE_LINUX_DEFAULT="
	      "\"${GRUB_CMDLINE_LINUX_DEFAULT:+$GRUB_CMDLINE_LINUX_DEFAULT }\\$tuned_params\"\n",
	      NULL);
	check(f, false,
	      "GRUB_CMDLINE_LINUX_DEFAULT=\"splash=silent\"\nGRUB_CMDLINE_LINUX=\"\"\n",
	      "x=1",
	      "GRUB_CMDLINE_LINUX_DEFAULT=\"splash=silent x=1\"\nGRUB_CMDLINE_LINUX=\"\"\n",
	      NULL);
}

static void pages_stay_in_their_order(void **state)
{
	struct fixture *f = *state;
	const char *debian =
		"GRUB_CMDLINE_LINUX=\"hugepagesz=1G hugepages=4 hugepagesz=2M\"\n";

	check(f, true, debian, "hugepagesz=2M; hugepages=8",
	      "GRUB_CMDLINE_LINUX=\"hugepagesz=1G hugepages=4 hugepagesz=2M\"\n",
	      HEADER
	      "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT hugepages=8\"\n");
	check(f, true,
	      "GRUB_CMDLINE_LINUX=\"hugepagesz=2M q hugepagesz=1G hugepages=4\"\n",
	      "hugepagesz=2M; hugepages=8",
	      "GRUB_CMDLINE_LINUX=\"hugepagesz=2M hugepages=8 q hugepagesz=1G "
	      "hugepages=4\"\n",
	      NULL);
	check(f, true, "GRUB_CMDLINE_LINUX=\"q hugepagesz=1G hugepages=4\"\n",
	      "default_hugepagesz=1G",
	      "GRUB_CMDLINE_LINUX=\"q default_hugepagesz=1G hugepagesz=1G hugepages=4\"\n",
	      NULL);
	check(f, true, "GRUB_CMDLINE_LINUX=\"q\"\n",
	      "default_hugepagesz=1G; hugepagesz=1G; hugepages=4; hugepagesz=2M; hugepages=8",
	      "GRUB_CMDLINE_LINUX=\"q\"\n",
	      HEADER "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT "
		     "default_hugepagesz=1G hugepagesz=1G hugepages=4 hugepagesz=2M "
		     "hugepages=8\"\n");
}

static void nothing_is_put_behind_two_dashes(void **state)
{
	struct fixture *f = *state;

	check(f, true, "GRUB_CMDLINE_LINUX=\"a -- b\"\n", "x=1; console=ttyS0",
	      "GRUB_CMDLINE_LINUX=\"a x=1 console=ttyS0 -- b\"\n", NULL);
	check(f, true, "GRUB_CMDLINE_LINUX='-- b'\n", "x=1",
	      "GRUB_CMDLINE_LINUX='x=1 -- b'\n", NULL);
	check(f, true, "GRUB_CMDLINE_LINUX=--\n", "x=1",
	      "GRUB_CMDLINE_LINUX=\"x=1 \"--\n", NULL);
}

static void ubuntu_cloud_image_is_not_overridden(void **state)
{
	struct fixture *f = *state;
	const char *main =
		"GRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\nGRUB_CMDLINE_LINUX=\"\"\n";
	const char *cloud =
		"# Cloud Image specific Grub settings for Generic Cloud Images\n"
		"GRUB_RECORDFAIL_TIMEOUT=0\nGRUB_TIMEOUT=0\n"
		"GRUB_CMDLINE_LINUX_DEFAULT=\"console=tty1 console=ttyS0\"\n"
		"GRUB_TERMINAL=console\n";
	_cleanup_free_ char *after = NULL;

	fixture_set(f, CLOUD, cloud);
	assert_reads(f, main, true, "console=tty1 console=ttyS0");
	check(f, true, main, "intel_iommu=on", main,
	      HEADER
	      "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT intel_iommu=on\"\n");
	assert_text(after = fixture_get(f, CLOUD), cloud);
}

static void our_drop_in_is_extended_and_emptied(void **state)
{
	struct fixture *f = *state;
	const char *main = "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n";

	fixture_set(f, OURS,
		    HEADER
		    "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT a=1\"\n");
	check(f, true, main, "b=2; console=ttyS0; a=3", main,
	      HEADER
	      "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT a=3 b=2\"\n"
	      "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX console=ttyS0\"\n");
}

static void the_last_argument_leaves_a_comment_behind(void **state)
{
	struct fixture *f = *state;
	const char *main = "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n";

	fixture_set(f, OURS,
		    HEADER
		    "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT a=1\"\n");
	check(f, true, main, "-a", main, HEADER);
}

static void a_later_drop_in_that_sets_anew_is_named(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, "etc/default/grub.d/zzz.cfg", "GRUB_CMDLINE_LINUX_DEFAULT=\"x\"\n");
	write_refuses(f, true, "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n", "a=1", -EINVAL,
		      MAIN ": the change would not have its effect, but give 'x'",
		      "let drop-ins add to it");
}

static void what_comes_from_two_places_is_locked(void **state)
{
	struct fixture *f = *state;

	write_refuses(f, false, "X=1\nGRUB_CMDLINE_LINUX_DEFAULT=\"a=$X\"\n", "a=2",
		      -EPERM,
		      "a=1 cannot be changed: it is put together from several variables "
		      "(" MAIN ":2)",
		      NULL);
	write_refuses(f, false,
		      "GRUB_CMDLINE_LINUX_DEFAULT=\"${GRUB_CMDLINE_LINUX:-a=1}\"\n",
		      "a=2", -EPERM, "it stands within ${...}", NULL);
	write_refuses(f, false, "GRUB_CMDLINE_LINUX_DEFAULT=\"a=\\$x\"\n", "a=2", -EPERM,
		      "GRUB puts a variable in there", NULL);
	/* One place, twice in the line: it cannot be taken out of one only. */
	check(f, false,
	      "GRUB_CMDLINE_LINUX=\"a b\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX c\"\n",
	      "-c",
	      "GRUB_CMDLINE_LINUX=\"a b\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX\"\n",
	      NULL);
}

static void broken_files_are_refused_with_their_line(void **state)
{
	static const struct {
		const char *text, *cause, *remedy;
	} cases[] = {
		{ "A=1\nGRUB_CMDLINE_LINUX=\"a b\" console=ttyS0 rd.lvm.lv=a/b\n",
		  MAIN
		  ":2: GRUB_CMDLINE_LINUX is set for the command 'rd.lvm.lv=a/b' only",
		  "inside one pair of quotes" },
		{ "A=1\nGRUB_CMDLINE_LINUX=\"a b\" console=ttyS0\n",
		  MAIN ":2: 'console=' stands outside the quotes of GRUB_CMDLINE_LINUX",
		  "inside one pair of quotes" },
		{ "A=1\nGRUB_CMDLINE_LINUX=\"a\" quiet\n",
		  MAIN ":2: GRUB_CMDLINE_LINUX is set for the command 'quiet' only",
		  "inside one pair of quotes" },
		{ "GRUB_TIMEOUT = 5\n",
		  MAIN
		  ":1: a blank beside '=': a shell takes 'GRUB_TIMEOUT' for a command",
		  "without blanks" },
		{ "GRUB_TIMEOUT= 5\n", MAIN ":1: a blank beside '='", "without blanks" },
		{ "\nGRUB_CMDLINE_LINUX =\"a\"\n", MAIN ":2: a blank beside '='",
		  "without blanks" },
		{ "GRUB_CMDLINE_LINUX+=\" a\"\n",
		  MAIN ":1: GRUB_CMDLINE_LINUX+= is known to",
		  "write GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX ...\"" },
		{ "GRUB_CMDLINE_LINUX=\"a\n", MAIN ":1: a double quote is not closed",
		  "close it" },
		{ "GRUB_CMDLINE_LINUX='a\n\n", MAIN ":1: a single quote is not closed",
		  "close it" },
		{ "GRUB_CMDLINE_LINUX=\"$(cat /etc/args)\"\n",
		  MAIN ":1: the value of GRUB_CMDLINE_LINUX is not known",
		  "write the arguments" },
		{ "X=`date`\nGRUB_CMDLINE_LINUX=\"a $X\"\n",
		  "not known (" MAIN ":1: its value is found out when it is read)",
		  "write the arguments" },
		{ "GRUB_CMDLINE_LINUX=\"a $HOME\"\n", "$HOME is not set in a file",
		  "write the arguments" },
		{ "if true; then\n GRUB_CMDLINE_LINUX=a\nfi\n",
		  MAIN ":2: GRUB_CMDLINE_LINUX is set under a condition",
		  "line of its own" },
		{ "[ -e /x ] && GRUB_CMDLINE_LINUX=a\n",
		  MAIN ":1: GRUB_CMDLINE_LINUX is set under a condition",
		  "line of its own" },
		{ "f() {\n GRUB_CMDLINE_LINUX=a\n}\n",
		  MAIN ":2: GRUB_CMDLINE_LINUX is set", "line of its own" },
		{ "f() { X=1; }\nf\n", MAIN ":2: 'f' could set any variable",
		  "keep to lines" },
		{ "A=1\n. /etc/default/local\n", MAIN ":2: '.' could set any variable",
		  "keep to lines" },
		{ "eval GRUB_CMDLINE_LINUX=a\n", "'eval' could set any variable",
		  "keep to" },
		{ "${X}GRUB_CMDLINE_LINUX=a\n", "could set any variable",
		  "keep to lines" },
		{ ": ${GRUB_CMDLINE_LINUX:=a}\n",
		  "GRUB_CMDLINE_LINUX is set by an expansion", "line of its own" },
		{ "echo \"${Y:-${GRUB_CMDLINE_LINUX:=a}}\"\n",
		  MAIN ":1: GRUB_CMDLINE_LINUX is set by an expansion",
		  "line of its own" },
		{ "A=\"${Y#\"${GRUB_CMDLINE_LINUX=a}\"}\"\n",
		  "GRUB_CMDLINE_LINUX is set by an expansion", "line of its own" },
		{ "A=1\necho ${Y:-${A:=b}}\nGRUB_CMDLINE_LINUX=$A\n",
		  MAIN ":2: A is set by an expansion", "write the arguments" },
		{ "echo ${Y:-${Z//a/b}}\n", "not every shell reads this", "keep to" },
		{ "case a in b) ;; esac\n", MAIN ":1: 'case' is not understood",
		  "keep to" },
		{ "cat <<E\nGRUB_CMDLINE_LINUX=a\nE\n", MAIN ":1: text within the file",
		  "keep" },
		{ "GRUB_CMDLINE_LINUX=(a b)\n", MAIN ":1: a parenthesis",
		  "keep to lines" },
		{ "GRUB_CMDLINE_LINUX[0]=a\n",
		  "'GRUB_CMDLINE_LINUX[0]=a' is not an assignment", "NAME=" },
		{ "export GRUB_CMDLINE_LINUX=$X\n", "is exported from words",
		  "line of its own" },
		{ "GRUB_CMDLINE_LINUX=$'a'\n", "is read in different ways by shells",
		  "keep" },
		{ "GRUB_CMDLINE\\\n_LINUX=a\n", "could set any variable",
		  "keep to lines" },
		{ ";;\n", MAIN ":1: a shell would find a syntax error", "keep to lines" },
		{ "A=1\nif true\nthen A=1\n", MAIN ":2: 'if' has no 'fi'",
		  "keep to lines" },
		{ "for GRUB_CMDLINE_LINUX in a b; do :; done\n", "is set by a loop",
		  "line of its own" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refuses(*state, cases[i].text, cases[i].cause, cases[i].remedy);
}

static void what_does_not_concern_the_variables_is_passed_over(void **state)
{
	assert_reads(
		*state,
		"# comment \"\n"
		"GRUB_DISTRIBUTOR=$( ( . /etc/os-release && echo ${NAME} ) || echo 'De)b' )\n"
		"GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\n"
		"GRUB_DISTRIBUTOR=\"$(sed 's, release .*$,,g' /etc/system-release)\"\n"
		"[ -f /etc/x ] && GRUB_THEME=/x || GRUB_THEME=\"y\"\n"
		"if [ -n \"$GRUB_CMDLINE_LINUX\" ]; then GRUB_X=1; else\n GRUB_X=2; fi\n"
		"for i in a b; do echo fi; done > /dev/null 2>&1\n"
		"while false; do :; done; ( exit 1 ) || true\n"
		"f() { echo x; }\n"
		"export GRUB_TIMEOUT GRUB_DEFAULT=$X\n"
		"LC_ALL=C date >/dev/null &\n"
		"A=\"$(echo ${GRUB_CMDLINE_LINUX:=x} \"${Y:-${GRUB_CMDLINE_LINUX=x}}\")\"\n"
		"unset GRUB_CMDLINE_LINUX\n"
		"A=1 B=\"2\" GRUB_CMDLINE_LINUX_DEFAULT=$A\"b\"c; GRUB_CMDLINE_LINUX=\"a\"#x\n"
		"unset GRUB_CMDLINE_LINUX\n"
		"GRUB_CMDLINE_LINUX=${GRUB_CMDLINE_LINUX:-x}${A:+y}${GRUB_CMDLINE_LINUX-z}",
		false, "xyz 1bc");
}

static void a_change_in_between_is_noticed(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = { .root = &f->root, .root_path = f->dir };
	const struct sink sink = the_sink(false);
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_set(f, MAIN, "GRUB_CMDLINE_LINUX=\"a b\"\n");
	assert_done(sink.type->read(&tree, &sink, &line, &err), &err);
	fixture_set(f, MAIN, "GRUB_CMDLINE_LINUX=\"a\"\n");
	assert_failed(sink.type->write(&tree, &sink, &line, &err), -ESTALE, &err,
		      MAIN " was changed in the meantime", NULL);
}

static void files_that_cannot_be_read_are_named(void **state)
{
	struct fixture *f = *state;
	struct tree tree = { .root = &f->root, .root_path = f->dir };
	const struct sink sink = the_sink(true);
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_add(f, MAIN "/\n");
	assert_failed(sink.type->read(&tree, &sink, &line, &err), -EISDIR, &err,
		      "cannot read " MAIN, NULL);
	fixture_remove(f, MAIN);
	fixture_write(f, MAIN, "A=1\nB=\0\n", 8);
	assert_failed(sink.type->read(&tree, &sink, &line, &err), -EINVAL, &err,
		      MAIN ":2: a NUL byte", "keep to lines");
}

#define TEST_IN_TREE(t) \
	cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

/* ---------------------------------------------------------------- sh is bash */

static void bash_knows_plus(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "usr/bin/bash = x\nusr/bin/sh -> bash\nbin -> usr/bin\n");
	assert_reads(f, "GRUB_CMDLINE_LINUX=\"a b\"\nGRUB_CMDLINE_LINUX+=\" c\"\n", false,
		     "a b c");
	assert_reads(f, "GRUB_CMDLINE_LINUX+=c\nexport GRUB_CMDLINE_LINUX+=' d'\n", false,
		     "c d");
	assert_reads(f, "X=1\nX+=2\nunset Y\nY+=3\nGRUB_CMDLINE_LINUX=\"x=$X y=$Y\"\n",
		     false, "x=12 y=3");
	check(f, false,
	      "GRUB_CMDLINE_LINUX=\"a b\"\nGRUB_CMDLINE_LINUX+=\" c=1\" # more\n",
	      "-a; c=2; d=3",
	      "GRUB_CMDLINE_LINUX=\"b\"\nGRUB_CMDLINE_LINUX+=\" c=2 d=3\" # more\n",
	      NULL);
	assert_refuses(f, "Z+=1\nGRUB_CMDLINE_LINUX=\"a $Z\"\n",
		       "Z is added to, but is not set in a file", "write the arguments");
	assert_refuses(f, "if true; then\n GRUB_CMDLINE_LINUX+=a\nfi\n",
		       MAIN ":2: GRUB_CMDLINE_LINUX is set under a condition",
		       "line of its own");
}

static void other_shells_do_not_know_plus(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "bin/dash = x\nbin/bash = x\nbin/sh -> dash\n");
	assert_refuses(f, "GRUB_CMDLINE_LINUX+=a\n",
		       MAIN ":1: GRUB_CMDLINE_LINUX+= is known",
		       "write GRUB_CMDLINE_LINUX=");
	assert_refuses(f, "GRUB_TIMEOUT+=5 echo\n", MAIN ":1: GRUB_TIMEOUT+= is known",
		       "write GRUB_TIMEOUT=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_TREE(both_variables_are_one_line),
		TEST_IN_TREE(what_grub_makes_of_the_text_counts),
		TEST_IN_TREE(drop_ins_are_read_in_the_order_of_the_shell),
		TEST_IN_TREE(a_missing_file_is_made),
		TEST_IN_TREE(an_edit_changes_its_argument_only),
		TEST_IN_TREE(special_characters_pass_both_layers),
		TEST_IN_TREE(console_goes_where_recovery_entries_have_it_too),
		TEST_IN_TREE(the_variable_that_the_distribution_uses_is_used),
		TEST_IN_TREE(pages_stay_in_their_order),
		TEST_IN_TREE(nothing_is_put_behind_two_dashes),
		TEST_IN_TREE(ubuntu_cloud_image_is_not_overridden),
		TEST_IN_TREE(our_drop_in_is_extended_and_emptied),
		TEST_IN_TREE(the_last_argument_leaves_a_comment_behind),
		TEST_IN_TREE(a_later_drop_in_that_sets_anew_is_named),
		TEST_IN_TREE(what_comes_from_two_places_is_locked),
		TEST_IN_TREE(broken_files_are_refused_with_their_line),
		TEST_IN_TREE(what_does_not_concern_the_variables_is_passed_over),
		TEST_IN_TREE(a_change_in_between_is_noticed),
		TEST_IN_TREE(files_that_cannot_be_read_are_named),
		TEST_IN_TREE(bash_knows_plus),
		TEST_IN_TREE(other_shells_do_not_know_plus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

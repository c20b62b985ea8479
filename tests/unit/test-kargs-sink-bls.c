// SPDX-License-Identifier: LGPL-2.1-or-later

/* The arguments of boot loader entries, and of the environment block behind them. */

#include "common/alloc.h"
#include "common/log.h"
#include "sink-fixture.h"

#define ENTRY "boot/loader/entries/x.conf"
#define GRUBENV "boot/grub2/grubenv"

static char path[] = ENTRY;
static const struct sink grub = { .type = &sink_bls, .path = path, .grub_reads = true };
static const struct sink plain = { .type = &sink_bls, .path = path };

static void set_env(const struct fixture *f, const char *vars, size_t size)
{
	_cleanup_free_ char *block = xmalloc(size);
	_cleanup_free_ char *text = xasprintf("# GRUB Environment Block\n%s", vars);

	memset(block, '#', size);
	for (size_t i = 0; text[i]; i++)
		block[i] = text[i];
	fixture_write(f, GRUBENV, block, size);
}

/* ---------------------------------------------------------------- literal options */

static void both(const struct fixture *f, const char *entry, const char *reads)
{
	fixture_set(f, ENTRY, entry);
	sink_reads(f, &grub, reads);
	sink_reads(f, &plain, reads);
}

static void options_are_read(void **state)
{
	struct fixture *f = *state;

	both(f, "title x\nlinux /v\noptions root=/dev/x  ro quiet \n",
	     "root=/dev/x ro quiet");
	both(f, "title x\nlinux /v\n", "");
	fixture_set(f, ENTRY, "options a=\"b c\" d\n");
	sink_reads(f, &plain, "a=\"b c\" d");
	sink_reads(f, &grub, "\"a=b c\" d"); /* as the kernel gets it */
	both(f, "options a", "a");
	both(f, "#options a\noptions b\n", "b");
}

static void only_the_argument_changes(void **state)
{
	static const char entry[] =
		"title\tx \n# note\nx-foo  bar\noptions  root=/dev/x   "
		"ro\tquiet \n\ngrub_users $grub_users\n";
	struct fixture *f = *state;

	fixture_set(f, ENTRY, entry);
	sink_becomes(f, &plain, "root=/dev/x ro quiet a=1",
		     "title\tx \n# note\nx-foo  bar\noptions  root=/dev/x   ro\tquiet a=1 "
		     "\n\ngrub_users $grub_users\n");
	sink_becomes(f, &plain, "root=/dev/x quiet",
		     "title\tx \n# note\nx-foo  bar\noptions  root=/dev/x  \tquiet "
		     "\n\ngrub_users $grub_users\n");
	sink_becomes(f, &plain, "root=/dev/y ro quiet",
		     "title\tx \n# note\nx-foo  bar\noptions  root=/dev/y   ro\tquiet "
		     "\n\ngrub_users $grub_users\n");
	sink_becomes(f, &plain, "root=/dev/x ro quiet", entry);
}

static void an_entry_without_options_gets_them(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "title x\nlinux /v\n");
	sink_becomes(f, &plain, "a b", "title x\nlinux /v\noptions a b\n");
	fixture_set(f, ENTRY, "title x\nlinux /v");
	sink_becomes(f, &plain, "a", "title x\nlinux /v\noptions a\n");
	/* Where GRUB still reads. */
	fixture_set(f, ENTRY, "title x\nlinux /v\n\ninitrd /i\n");
	sink_becomes(f, &grub, "a", "title x\nlinux /v\noptions a\n\ninitrd /i\n");
	/* "options " without a value makes GRUB stop: it goes. */
	fixture_set(f, ENTRY, "linux /v\noptions \ninitrd /i\n");
	sink_becomes(f, &grub, "a", "linux /v\ninitrd /i\noptions a\n");
}

static void the_last_argument_takes_its_line_with_it(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "linux /v\noptions a\ninitrd /i\n");
	sink_becomes(f, &grub, "", "linux /v\ninitrd /i\n");
	sink_becomes(f, &plain, "", "linux /v\ninitrd /i\n");
	/* All are others: the line stays. */
	sink_becomes(f, &grub, "b c", "linux /v\noptions b c\ninitrd /i\n");
}

/* grubby copies one line over all of them. */
static void each_of_several_options_lines_keeps_its_arguments(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "linux /v\noptions a b\noptions c d\n");
	sink_reads(f, &plain, "a b c d");
	sink_becomes(f, &plain, "a b c=1 d", "linux /v\noptions a b\noptions c=1 d\n");
	sink_becomes(f, &plain, "a b d", "linux /v\noptions a b\noptions d\n");
	sink_becomes(f, &plain, "a b", "linux /v\noptions a b\n");
	sink_becomes(f, &plain, "c d", "linux /v\noptions c d\n");
	/* GRUB sees the first one. */
	sink_reads(f, &grub, "a b");
	sink_becomes(f, &grub, "a b c", "linux /v\noptions a b c\noptions c d\n");
	sink_becomes(f, &grub, "b", "linux /v\noptions b\noptions c d\n");
}

static void arguments_go_before_those_of_init(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "options a -- b\n");
	sink_becomes(f, &plain, "a c -- b", "options a c -- b\n");
	fixture_set(f, ENTRY, "options -- b\n");
	sink_becomes(f, &plain, "c -- b", "options c -- b\n");
}

static void grub_needs_a_blank_behind_options(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "linux /v\noptions\ta b\n");
	sink_reads(f, &plain, "a b");
	sink_read_fails(f, &grub, -EINVAL,
			"/" ENTRY ": line 2: GRUB does not take the tab", "put a blank");
}

static void what_a_reader_misunderstands_is_refused(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "linux /v\noptions a \"b c\n");
	sink_read_fails(f, &plain, -EINVAL, "/" ENTRY ": line 2: a quote is not closed",
			"close it");
	sink_read_fails(f, &grub, -EINVAL, "/" ENTRY ": line 2: a quote is not closed",
			NULL);
	fixture_set(f, ENTRY, "linux /v\noptions a;b c\n");
	sink_reads(f, &plain, "a;b c");
	sink_read_fails(f, &grub, -EINVAL, "/" ENTRY ": line 2", NULL);
	fixture_set(f, ENTRY, "options a #b c\n");
	sink_reads(f, &plain, "a #b c");
	sink_read_fails(f, &grub, -EINVAL, "/" ENTRY ": line 1: '#b' is nothing", "quote");
	fixture_set(f, ENTRY, "options \"a=b c\" \"d=e f\"\n");
	sink_read_fails(f, &plain, -EINVAL,
			"/" ENTRY ": line 1: options that begin and end",
			"write key=\"value\"");
	fixture_write(f, ENTRY, "options a\0b\n", 12);
	sink_read_fails(f, &plain, -EINVAL, "/" ENTRY ": line 1: contains a NUL", NULL);
	fixture_remove(f, ENTRY);
	sink_read_fails(f, &plain, -EINVAL, "/" ENTRY ": no such file", NULL);
}

/* memmap=4G$0x100000000: grubby's sed eats the backslash. */
static void characters_of_grub_are_quoted(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "options memmap=4G\\$0x100000000 b\n");
	sink_reads(f, &grub, "memmap=4G$0x100000000 b");
	sink_becomes(f, &grub, "memmap=4G$0x100000000 b=2",
		     "options memmap=4G\\$0x100000000 b=2\n");
	fixture_set(f, ENTRY, "options a\n");
	/* Old GRUBs expand it in spite of the backslash. */
	sink_refuses(f, &grub, "a memmap=4G$0x100000000", -EILSEQ, "the character $");
	sink_becomes(f, &plain, "a memmap=4G$0x100000000",
		     "options a memmap=4G$0x100000000\n");
	sink_becomes(f, &grub, "a x.dyndbg=\"file a.c +p\"",
		     "options a x.dyndbg=\"file a.c +p\"\n");
	sink_becomes(f, &plain, "a pci=disable_acs_redir=0;1",
		     "options a pci=disable_acs_redir=0;1\n");
}

/* With sed an '&' in a value is the old line again. */
static void an_ampersand_is_a_character(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "options a\n");
	sink_becomes(f, &plain, "a b=x&y", "options a b=x&y\n");
	sink_becomes(f, &grub, "a b=x&y", "options a b=x\\&y\n");
}

static void outer_quotes_are_not_made(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "options \"a=b c\" d\n");
	sink_refuses(f, &plain, "\"a=b c\"", -EINVAL, "lose both in systemd-boot");
}

/* ---------------------------------------------------------------- variables */

static void variables_are_expanded_where_grub_reads(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "options $kernelopts $tuned_params x\n");
	set_env(f, "kernelopts=root=/dev/x ro\ntuned_params=isolcpus=1\n", 1024);
	sink_reads(f, &grub, "root=/dev/x ro isolcpus=1 x");
	sink_reads(f, &plain, "$kernelopts $tuned_params x");
	fixture_set(f, ENTRY, "options ${kernelopts} $tuned_params\n");
	set_env(f, "kernelopts=root=/dev/x ro\n", 1024);
	sink_reads(f, &grub, "root=/dev/x ro");
}

static void kernelopts_are_changed_in_the_block(void **state)
{
	static const char entry[] = "linux /v\noptions $kernelopts $tuned_params\n";
	struct fixture *f = *state;
	_cleanup_free_ char *expected = NULL, *rest = xmalloc(1024);

	fixture_set(f, ENTRY, entry);
	set_env(f, "saved_entry=x\nkernelopts=root=/dev/x  ro a=1 \nboot_success=1\n",
		1024);
	memset(rest, '#', 1023);
	rest[1023] = '\0';
	expected = xasprintf("# GRUB Environment Block\nsaved_entry=x\n"
			     "kernelopts=root=/dev/x  ro a=2 b \nboot_success=1\n%s",
			     rest);
	expected[1024] = '\0';
	sink_file_becomes(f, &grub, "root=/dev/x ro a=2 b", GRUBENV, expected);
	sink_becomes(f, &grub, "root=/dev/x ro a=2 b", entry);
}

static void own_arguments_are_changed_in_the_entry(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "options $kernelopts a=1\n");
	set_env(f, "kernelopts=root=/dev/x\n", 1024);
	sink_becomes(f, &grub, "root=/dev/x a=2", "options $kernelopts a=2\n");
	sink_becomes(f, &grub, "root=/dev/x", "options $kernelopts\n");
	/* Behind another of its name, because the last one wins. */
	sink_becomes(f, &grub, "root=/dev/x a=1 a=3", "options $kernelopts a=1 a=3\n");
	/* Anything else belongs to all kernels. */
	sink_becomes(f, &grub, "root=/dev/x a=1 b", "options $kernelopts a=1\n");
}

static void pairs_are_not_torn_apart(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "options $kernelopts hugepagesz=1G hugepages=2\n");
	set_env(f, "kernelopts=root=/dev/x\n", 1024);
	sink_becomes(f, &grub,
		     "root=/dev/x hugepagesz=1G hugepages=2 hugepagesz=2M hugepages=9",
		     "options $kernelopts hugepagesz=1G hugepages=2 hugepagesz=2M "
		     "hugepages=9\n");
}

static void tuned_owns_its_arguments(void **state)
{
	struct fixture *f = *state;
	struct tree tree = { .root = &f->root, .root_path = f->dir };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_cmdline_ struct cmdline line = { 0 };

	fixture_set(f, ENTRY, "options root=/dev/x $tuned_params\n");
	set_env(f, "tuned_params=isolcpus=1 quiet\n", 1024);
	assert_done(sink_bls.read(&tree, &grub, &line, &err), &err);
	assert_int_equal(line.n, 3);
	assert_null(line.items[0].locked);
	assert_contains(line.items[1].locked, "tuned");
	assert_contains(line.items[2].locked, "tuned");
	sink_refuses(f, &grub, "root=/dev/x quiet", -EINVAL, "would read as");
	sink_becomes(f, &grub, "root=/dev/x a isolcpus=1 quiet",
		     "options root=/dev/x a $tuned_params\n");
}

/* rhbz#1625124: "environment block too small" */
static void a_block_that_is_too_small_is_left_alone(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *before = NULL, *after = NULL, *set = NULL;

	log_setup(LOG_TO_NOTHING, LOG_ERR);
	fixture_set(f, ENTRY, "linux /v\noptions $kernelopts $tuned_params x\n");
	set_env(f, "kernelopts=root=/dev/x ro\ntuned_params=t\n", 80);
	before = fixture_get(f, GRUBENV);
	set = xasprintf("root=/dev/x ro t x abcdefghijklmnopqrstuvwxyz");
	sink_becomes(f, &grub, set,
		     "linux /v\noptions root=/dev/x ro $tuned_params x "
		     "abcdefghijklmnopqrstuvwxyz\n");
	sink_file_becomes(f, &grub, set, GRUBENV, before);
	/* One that fits goes there. */
	sink_becomes(f, &grub, "root=/dev/x ro t x",
		     "linux /v\noptions $kernelopts $tuned_params x\n");
	after = fixture_get(f, GRUBENV);
	assert_string_equal(after, before);
}

/* The others have the block too. */
static void a_sink_that_is_alone_leaves_the_block(void **state)
{
	static char file[] = ENTRY;
	const struct sink alone = {
		.type = &sink_bls, .path = file, .grub_reads = true, .is_alone = true
	};
	struct fixture *f = *state;
	_cleanup_free_ char *before = NULL;

	log_setup(LOG_TO_NOTHING, LOG_ERR);
	fixture_set(f, ENTRY, "linux /v\noptions $kernelopts $tuned_params x\n");
	set_env(f, "kernelopts=root=/dev/x ro\ntuned_params=t\n", 1024);
	before = fixture_get(f, GRUBENV);
	sink_becomes(f, &alone, "root=/dev/x ro t x a=1",
		     "linux /v\noptions root=/dev/x ro $tuned_params x a=1\n");
	sink_file_becomes(f, &alone, "root=/dev/x ro t x a=1", GRUBENV, before);
	sink_becomes(f, &alone, "root=/dev/x t x",
		     "linux /v\noptions root=/dev/x $tuned_params x\n");
	sink_file_becomes(f, &alone, "root=/dev/x t x", GRUBENV, before);
	/* What is its own is no reason to leave the others. */
	sink_becomes(f, &alone, "root=/dev/x ro t x=2",
		     "linux /v\noptions $kernelopts $tuned_params x=2\n");
}

static void a_block_that_is_elsewhere_is_left_alone(void **state)
{
	struct fixture *f = *state;

	log_setup(LOG_TO_NOTHING, LOG_ERR);
	fixture_set(f, ENTRY, "options $kernelopts\n");
	set_env(f, "env_block=512+1\nkernelopts=a\n", 1024);
	sink_becomes(f, &grub, "a b", "options a b\n");
}

static void kernelopts_may_come_from_grub_cfg(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *rest = xmalloc(1025), *expected = NULL;

	fixture_set(f, ENTRY, "options $kernelopts\n");
	set_env(f, "saved_entry=x\n", 1024);
	sink_read_fails(f, &grub, -EINVAL,
			"/" ENTRY ": line 1: $kernelopts is set neither", "mount");
	fixture_set(f, "boot/grub2/grub.cfg",
		    "if [ -z \"${kernelopts}\" ]; then\n"
		    "  set kernelopts=\"root=/dev/x ro \"\nfi\n");
	sink_reads(f, &grub, "root=/dev/x ro");
	memset(rest, '#', 1024);
	rest[1024] = '\0';
	expected = xasprintf("# GRUB Environment Block\nsaved_entry=x\n"
			     "kernelopts=root=/dev/x ro b \n%s",
			     rest);
	expected[1024] = '\0';
	sink_file_becomes(f, &grub, "root=/dev/x ro b", GRUBENV, expected);
}

static void a_dangling_block_is_named(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "options $kernelopts\n");
	fixture_add(f, GRUBENV " -> ../efi/EFI/redhat/grubenv\n");
	sink_read_fails(f, &grub, -EINVAL, "$kernelopts is set neither", "mount");
	fixture_remove(f, GRUBENV);
	fixture_set(f, GRUBENV, "garbage");
	sink_read_fails(f, &grub, -EINVAL, "/" GRUBENV ": line 1", "grub2-editenv");
}

static void a_variable_inside_of_a_word_is_refused(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, ENTRY, "linux /v\noptions root=$rootdev ro\n");
	sink_reads(f, &plain, "root=$rootdev ro");
	sink_read_fails(f, &grub, -EINVAL,
			"/" ENTRY ": line 2: 'root=$rootdev': GRUB expands a variable",
			"\\$");
	fixture_set(f, ENTRY, "options $kernelopts $kernelopts\n");
	set_env(f, "kernelopts=a\n", 1024);
	sink_read_fails(f, &grub, -EINVAL, "second time", NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(options_are_read),
		TEST(only_the_argument_changes),
		TEST(an_entry_without_options_gets_them),
		TEST(the_last_argument_takes_its_line_with_it),
		TEST(each_of_several_options_lines_keeps_its_arguments),
		TEST(arguments_go_before_those_of_init),
		TEST(grub_needs_a_blank_behind_options),
		TEST(what_a_reader_misunderstands_is_refused),
		TEST(characters_of_grub_are_quoted),
		TEST(an_ampersand_is_a_character),
		TEST(outer_quotes_are_not_made),
		TEST(variables_are_expanded_where_grub_reads),
		TEST(kernelopts_are_changed_in_the_block),
		TEST(own_arguments_are_changed_in_the_entry),
		TEST(pairs_are_not_torn_apart),
		TEST(tuned_owns_its_arguments),
		TEST(a_block_that_is_too_small_is_left_alone),
		TEST(a_sink_that_is_alone_leaves_the_block),
		TEST(a_block_that_is_elsewhere_is_left_alone),
		TEST(kernelopts_may_come_from_grub_cfg),
		TEST(a_dangling_block_is_named),
		TEST(a_variable_inside_of_a_word_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

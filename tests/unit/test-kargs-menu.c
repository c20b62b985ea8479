// SPDX-License-Identifier: LGPL-2.1-or-later

/* What a generated grub.cfg boots. */

#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "grubcfg/bootpath.h"
#include "grubcfg/menu.h"
#include "tree-fixture.h"

#define NOBODY 65534

/* As Debian's grub-mkconfig writes it, with what it does not make before and behind. */
#define MENU                                                                                \
	"### BEGIN /etc/grub.d/00_header ###\n"                                             \
	"if [ \"${next_entry}\" ] ; then\n"                                                 \
	"   set default=\"${next_entry}\"\n"                                                \
	"   set next_entry=\n"                                                              \
	"else\n"                                                                            \
	"   set default=\"1>2\"\n"                                                          \
	"fi\n"                                                                              \
	"### END /etc/grub.d/00_header ###\n"                                               \
	"### BEGIN /etc/grub.d/09_custom ###\n"                                             \
	"menuentry 'Memory test' {\n\tlinux16 /memtest.bin\n}\n"                            \
	"### END /etc/grub.d/09_custom ###\n"                                               \
	"### BEGIN /etc/grub.d/10_linux ###\n"                                              \
	"menuentry 'Debian GNU/Linux' --class debian --class os $menuentry_id_option "      \
	"'gnulinux-simple-1' {\n"                                                           \
	"\tinsmod ext2\n"                                                                   \
	"\techo\t'Loading Linux ...'\n"                                                     \
	"\tlinux\t/vmlinuz-6.2 root=UUID=1 ro  quiet \"dyndbg=file a.c +p\" a=1 # b=2\n"    \
	"\tinitrd\t/initrd.img-6.2\n"                                                       \
	"}\n"                                                                               \
	"submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-1' {\n"         \
	"\tmenuentry 'Linux 6.2' --id=x ${menuentry_id_option} 'gnulinux-6.2-advanced' {\n" \
	"\t\tlinux\t/vmlinuz-6.2 root=UUID=1 ro quiet a=1\n"                                \
	"\t}\n"                                                                             \
	"\tmenuentry 'Linux 6.1' --id gnulinux-6.1-advanced {\n"                            \
	"\t\tlinux\t/vmlinuz-6.1 root=UUID=1 ro quiet\n"                                    \
	"\t}\n"                                                                             \
	"}\n"                                                                               \
	"### END /etc/grub.d/10_linux ###\n"                                                \
	"### BEGIN /etc/grub.d/20_linux_xen ###\n"                                          \
	"menuentry 'Xen' {\n"                                                               \
	"\tmultiboot2\t/xen.gz dom0_mem=1G\n"                                               \
	"\tmodule2\t/vmlinuz-6.2 placeholder root=UUID=1 x=1\n"                             \
	"\tmodule2\t--nounzip   /initrd.img-6.2\n"                                          \
	"}\n"                                                                               \
	"### END /etc/grub.d/20_linux_xen ###\n"                                            \
	"### BEGIN /etc/grub.d/30_uefi-firmware ###\n"                                      \
	"menuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' {\n"       \
	"\tfwsetup\n"                                                                       \
	"}\n"                                                                               \
	"### END /etc/grub.d/30_uefi-firmware ###\n"                                        \
	"menuentry last {\n\tlinuxefi /vmlinuz-own own=1\n}\n"

static char *describe(const struct menu_entry *entry)
{
	_cleanup_free_ char *line = cmdline_format(&entry->line);

	return xasprintf("%s|%s|%s|%s|%u%s%s", entry->title ? entry->title : "",
			 entry->id ? entry->id : "", entry->kernel ? entry->kernel : "",
			 line, entry->top, entry->is_in_submenu ? " submenu" : "",
			 entry->is_generated ? " generated" : "");
}

static void entry_is(const struct menu_entry *entry, const char *expected)
{
	_cleanup_free_ char *got = NULL;

	assert_non_null(entry);
	got = describe(entry);
	assert_text(got, expected);
}

static void every_entry_with_a_kernel_is_read(_unused_ void **state)
{
	_cleanup_menu_ struct menu menu = { 0 };

	menu_read(MENU, &menu);
	assert_int_equal(menu.n, 6);
	assert_int_equal(menu.n_entries, 7);
	assert_false(menu.is_bls);
	entry_is(&menu.items[0], "Memory test||/memtest.bin||0");
	entry_is(&menu.items[1], "Debian GNU/Linux|gnulinux-simple-1|/vmlinuz-6.2|"
				 "root=UUID=1 ro quiet \"dyndbg=file a.c +p\" a=1|"
				 "1 generated");
	entry_is(&menu.items[2], "Linux 6.2|gnulinux-6.2-advanced|/vmlinuz-6.2|"
				 "root=UUID=1 ro quiet a=1|2 submenu generated");
	entry_is(&menu.items[3], "Linux 6.1|gnulinux-6.1-advanced|/vmlinuz-6.1|"
				 "root=UUID=1 ro quiet|2 submenu generated");
	entry_is(&menu.items[4], "Xen||/vmlinuz-6.2|placeholder root=UUID=1 x=1|3");
	entry_is(&menu.items[5], "last||/vmlinuz-own|own=1|5");
}

static void the_distributions_first_entry_is_the_generated_one(_unused_ void **state)
{
	_cleanup_menu_ struct menu menu = { 0 }, plain = { 0 }, empty = { 0 };

	menu_read(MENU, &menu);
	assert_ptr_equal(menu_generated(&menu), &menu.items[1]);
	menu_read("menuentry a {\n linux /a\n}\nmenuentry b {\n linux /b\n}\n", &plain);
	assert_ptr_equal(menu_generated(&plain), &plain.items[0]);
	menu_read("menuentry firmware {\n fwsetup\n}\n", &empty);
	assert_int_equal(empty.n_entries, 1);
	assert_null(menu_generated(&empty));
}

static void chosen(const char *choice, const char *title)
{
	_cleanup_menu_ struct menu menu = { 0 };
	const struct menu_entry *entry;

	menu_read(MENU, &menu);
	entry = menu_find(&menu, choice);
	assert_text(entry ? entry->title : NULL, title);
}

static void the_default_is_found_as_grub_names_it(_unused_ void **state)
{
	chosen("0", "Memory test");
	chosen("1", "Debian GNU/Linux");
	chosen("2", "Linux 6.2"); /* the submenu */
	chosen("3", "Xen");
	chosen("5", "last");
	chosen("Debian GNU/Linux", "Debian GNU/Linux");
	chosen("gnulinux-simple-1", "Debian GNU/Linux");
	chosen("gnulinux-advanced-1>gnulinux-6.1-advanced", "Linux 6.1");
	chosen("Advanced options>Linux 6.1", "Linux 6.1");
	chosen("gnulinux-6.1-advanced", "Linux 6.1");
}

/* A number below a submenu, one without a kernel, what is not there. */
static void what_cannot_be_told_is_not_guessed(_unused_ void **state)
{
	chosen("2>1", NULL);
	chosen("4", NULL);
	chosen("uefi-firmware", NULL);
	chosen("6", NULL);
	chosen("18446744073709551615", NULL);
	chosen("gone", NULL);
	chosen("-1", NULL);
	chosen("", NULL);
}

static void choice_is(const char *text, const char *expected)
{
	_cleanup_menu_ struct menu menu = { 0 };

	menu_read(text, &menu);
	assert_text(menu.choice, expected);
}

static void what_boots_by_default_is_read(_unused_ void **state)
{
	choice_is(MENU, "1>2");
	choice_is("set default=\"${saved_entry}\"\n", "${saved_entry}");
	choice_is("set default=\"${next_entry}\"\n", NULL);
	choice_is("set default=0\n", "0");
	choice_is("set default=\"0\"\nset default=\"b c\"\n", "b c");
	choice_is("set default=\"\"\n", "");
	choice_is("set timeout=5\n", NULL);
	choice_is("", NULL);
}

static void entries_of_files_are_told(_unused_ void **state)
{
	static const char *const menus[] = { "insmod blscfg\nblscfg\n",
					     "\tblscfg --path (hd0)/x\n" };
	static const char *const others[] = { "insmod blscfg\n", "# blscfg\n",
					      "blscfgs\n", "echo blscfg\n" };

	for (size_t i = 0; i < ARRAY_SIZE(menus); i++) {
		_cleanup_menu_ struct menu menu = { 0 };

		menu_read(menus[i], &menu);
		assert_true(menu.is_bls);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		_cleanup_menu_ struct menu menu = { 0 };

		menu_read(others[i], &menu);
		assert_false(menu.is_bls);
	}
}

static void line_is(const char *linux_line, const char *expected)
{
	_cleanup_free_ char *text =
		xasprintf("menuentry x {\n\tlinux /v %s\n}\n", linux_line);
	_cleanup_free_ char *line = NULL;
	_cleanup_menu_ struct menu menu = { 0 };

	menu_read(text, &menu);
	assert_int_equal(menu.n, 1);
	line = cmdline_format(&menu.items[0].line);
	assert_text(line, expected);
}

static void arguments_are_as_the_kernel_gets_them(_unused_ void **state)
{
	line_is("memmap=4G\\$0x1000", "memmap=4G$0x1000");
	line_is("'pci=a;b' x=1", "pci=a;b x=1");
	line_is("\"a=b c\"", "\"a=b c\"");
	/* What GRUB puts there is not known. */
	line_is("quiet $vt_handoff", "quiet $vt_handoff");
	line_is("${extra} a=1", "${extra} a=1");
	line_is("", "");
}

/* Cut off, and as somebody may have broken it. */
static void odd_text_is_survived(_unused_ void **state)
{
	static const char *const texts[] = {
		"menuentry",
		"menuentry ",
		"menuentry '",
		"menuentry 'a",
		"menuentry a --id",
		"menuentry a $menuentry_id_option",
		"menuentry a {\nlinux",
		"menuentry a {\nlinux ",
		"submenu",
		"submenu x {\n}\n}\n}\n",
		"set default=\"",
		"linux /outside of=any\n",
		"### BEGIN /etc/grub.d/10_linux",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_menu_ struct menu menu = { 0 };

		menu_read(texts[i], &menu);
		(void)menu_find(&menu, "0");
		(void)menu_generated(&menu);
		assert_true(menu.n <= 1);
	}
}

/* In a child: that of a user who is not root. */
static int find_as_nobody(void *arg)
{
	const struct fixture *f = arg;
	struct tree tree = { .root = &f->root, .root_path = f->dir };
	_cleanup_bootpath_ struct bootpath boot = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 1;
	if (bootpath_find(&tree, false, &boot, &err) != -EACCES)
		return 2;
	if (!strstr(err.cause, "'/boot/grub/grub.cfg'"))
		return 3;
	return err.remedy && strstr(err.remedy, "root") ? 0 : 4;
}

/* "There is no GRUB" would let another, left over boot loader take its place. */
static void a_menu_that_may_not_be_read_is_an_error(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *cfg = fixture_path(f, "boot/grub/grub.cfg");

	fixture_add(f, "usr/sbin/grub-mkconfig = . /etc/default/grub\n"
		       "etc/default/grub = GRUB_CMDLINE_LINUX=\"\"\n"
		       "boot/extlinux/extlinux.conf = label l0\n"
		       "boot/grub/grub.cfg = menuentry x {\n");
	assert_int_equal(chmod(f->dir, 0755), 0);
	assert_int_equal(chmod(cfg, 0), 0);
	assert_int_equal(unit_exit_status(unit_run(find_as_nobody, f)), 0);
	assert_int_equal(chmod(cfg, 0600), 0);
}

#define TEST(name) cmocka_unit_test(name)
#define TREE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(every_entry_with_a_kernel_is_read),
		TEST(the_distributions_first_entry_is_the_generated_one),
		TEST(the_default_is_found_as_grub_names_it),
		TEST(what_cannot_be_told_is_not_guessed),
		TEST(what_boots_by_default_is_read),
		TEST(entries_of_files_are_told),
		TEST(arguments_are_as_the_kernel_gets_them),
		TEST(odd_text_is_survived),
		TREE_TEST(a_menu_that_may_not_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

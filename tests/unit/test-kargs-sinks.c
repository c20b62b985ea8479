// SPDX-License-Identifier: LGPL-2.1-or-later

/* The sinks that are files of arguments, or of variables with arguments. */

#include "common/alloc.h"
#include "sink-fixture.h"

static char kernel_path[] = "etc/kernel/cmdline";
static char directory_path[] = "etc/cmdline.d";
static char pi_path[] = "boot/firmware/cmdline.txt";
static char extlinux_path[] = "boot/extlinux/extlinux.conf";
static char uboot_path[] = "etc/default/u-boot";
static char uboot_name[] = "U_BOOT_PARAMETERS";
static char zipl_path[] = "etc/zipl.conf";
static char zipl_name[] = "[linux]parameters";
static char first_label[] = "l0", second_label[] = "linux two";

static const struct sink kernel_cmdline = { .type = &sink_kernel_cmdline,
					    .path = kernel_path };
static const struct sink cmdline_d = { .type = &sink_cmdline_d, .path = directory_path };
static const struct sink pi = { .type = &sink_pi, .path = pi_path };
static const struct sink label = { .type = &sink_extlinux,
				   .path = extlinux_path,
				   .part = first_label };
static const struct sink label_two = { .type = &sink_extlinux,
				       .path = extlinux_path,
				       .part = second_label };
static const struct sink uboot = { .type = &sink_variable,
				   .path = uboot_path,
				   .part = uboot_name };
static const struct sink zipl = { .type = &sink_variable,
				  .path = zipl_path,
				  .part = zipl_name };

/* ---------------------------------------------------------------- /etc/kernel/cmdline */

static void one_line_changes_only_where_it_has_to(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, kernel_path, "root=/dev/x  ro\tquiet\n");
	sink_reads(f, &kernel_cmdline, "root=/dev/x ro quiet");
	sink_becomes(f, &kernel_cmdline, "root=/dev/x ro quiet a=1",
		     "root=/dev/x  ro\tquiet a=1\n");
	sink_becomes(f, &kernel_cmdline, "root=/dev/x quiet", "root=/dev/x \tquiet\n");
	/* Some of its readers need the line break. */
	fixture_set(f, kernel_path, "root=/dev/x");
	sink_becomes(f, &kernel_cmdline, "root=/dev/x a", "root=/dev/x a\n");
	fixture_set(f, kernel_path, "\n");
	sink_becomes(f, &kernel_cmdline, "a", "a\n");
	fixture_set(f, kernel_path, "");
	sink_becomes(f, &kernel_cmdline, "a", "a\n");
}

/* grubby leaves the first line alone. */
static void several_lines_become_one(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, kernel_path, "# disk\nroot=/dev/x ro\n\n  # console\nquiet\n");
	sink_reads(f, &kernel_cmdline, "root=/dev/x ro quiet");
	sink_becomes(f, &kernel_cmdline, "root=/dev/x ro quiet a",
		     "root=/dev/x ro quiet a\n");
	fixture_set(f, kernel_path, "root=/dev/x \"a\nb\"\n");
	sink_read_fails(f, &kernel_cmdline, -EINVAL,
			"/etc/kernel/cmdline: line 1: a quote is not closed", "close");
}

static void proxmox_reads_the_first_line(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, kernel_path, "root=ZFS=rpool/ROOT/pve-1\nboot=zfs\n");
	fixture_set(f, "etc/kernel/proxmox-boot-uuids", "ABCD-EF01\n");
	sink_read_fails(f, &kernel_cmdline, -EINVAL,
			"/etc/kernel/cmdline: line 2: proxmox-boot-tool reads only",
			"make one line");
	fixture_set(f, kernel_path, "root=ZFS=rpool/ROOT/pve-1 boot=zfs\n\n");
	sink_reads(f, &kernel_cmdline, "root=ZFS=rpool/ROOT/pve-1 boot=zfs");
}

static void a_missing_file_is_made(void **state)
{
	struct fixture *f = *state;
	struct tree tree = { .root = &f->root, .root_path = f->dir };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_free_ char *text = NULL;

	sink_read_fails(f, &kernel_cmdline, -ENOENT, NULL, NULL);
	/* From the list of the default entry, without what tuned adds to each. */
	cmdline_parse(&line, "root=/dev/x ro isolcpus=1 a", 0);
	line.items[2].locked = xstrdup("owned by tuned");
	line.items[3].origin = ARG_NEW;
	assert_done(sink_kernel_cmdline.write(&tree, &kernel_cmdline, &line, &err), &err);
	assert_int_equal(tree_read(&tree, kernel_path, &text, NULL), 0);
	assert_string_equal(text, "root=/dev/x ro a\n");
	assert_int_equal(tree.edits.n, 1);
	assert_int_equal(tree.edits.items[0].mode, 0644);
	tree_done(&tree);
}

static void the_vendors_file_is_the_beginning_of_ours(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, "usr/lib/kernel/cmdline", "root=/dev/x\nquiet\n");
	sink_reads(f, &kernel_cmdline, "root=/dev/x quiet");
	sink_becomes(f, &kernel_cmdline, "root=/dev/x quiet a", "root=/dev/x quiet a\n");
}

static void blanks_that_would_be_squeezed_are_refused(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, kernel_path, "root=/dev/x a=\"b  c\"\n");
	sink_refuses(f, &kernel_cmdline, "root=/dev/x a=\"b  c\" d=\"e  f\"", -EILSEQ,
		     "one blank of several");
	sink_refuses(f, &kernel_cmdline, "root=/dev/x a=\"x  c\"", -EILSEQ,
		     "one blank of several");
	sink_becomes(f, &kernel_cmdline, "root=/dev/x a=\"b  c\" d=\"e f\"",
		     "root=/dev/x a=\"b  c\" d=\"e f\"\n");
}

/* ---------------------------------------------------------------- /etc/cmdline.d */

static void files_of_a_directory_are_one_line(void **state)
{
	struct fixture *f = *state;

	sink_read_fails(f, &cmdline_d, -ENOENT, NULL, NULL);
	fixture_set(f, "etc/cmdline.d/README", "not=this\n");
	sink_read_fails(f, &cmdline_d, -ENOENT, NULL, NULL);
	fixture_set(f, "etc/cmdline.d/9-root.conf", "# root\nroot=/dev/x rw\n");
	fixture_set(f, "etc/cmdline.d/10-a.conf", "quiet\n#off=1\nsplash");
	sink_reads(f, &cmdline_d, "quiet splash root=/dev/x rw");
	sink_file_becomes(f, &cmdline_d, "quiet splash root=/dev/x rw a=1",
			  "etc/cmdline.d/9-root.conf", "# root\nroot=/dev/x rw a=1\n");
	sink_file_becomes(f, &cmdline_d, "quiet splash b root=/dev/x rw",
			  "etc/cmdline.d/10-a.conf", "quiet\n#off=1\nsplash b");
	sink_file_becomes(f, &cmdline_d, "quiet splash b root=/dev/x rw",
			  "etc/cmdline.d/9-root.conf", "# root\nroot=/dev/x rw\n");
	sink_file_becomes(f, &cmdline_d, "splash=1 root=/dev/x rw",
			  "etc/cmdline.d/10-a.conf", "\n#off=1\nsplash=1");
	sink_file_becomes(f, &cmdline_d, "root=/dev/x rw", "etc/cmdline.d/10-a.conf",
			  "\n#off=1\n");
}

static void a_file_without_arguments_gets_a_line(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, "etc/cmdline.d/kargs.conf", "# nothing yet");
	sink_reads(f, &cmdline_d, "");
	sink_file_becomes(f, &cmdline_d, "a b", "etc/cmdline.d/kargs.conf",
			  "# nothing yet\na b\n");
	fixture_set(f, "etc/cmdline.d/z.conf", "x \"y\n");
	sink_read_fails(f, &cmdline_d, -EINVAL,
			"/etc/cmdline.d/z.conf: line 1: a quote is not closed", "close");
}

/* ---------------------------------------------------------------- Raspberry Pi */

static void the_one_line_of_a_pi_is_kept_one(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, pi_path, "console=serial0,115200 root=PARTUUID=1-02 rootwait");
	sink_becomes(f, &pi, "console=serial0,115200 root=PARTUUID=1-02 rootwait a",
		     "console=serial0,115200 root=PARTUUID=1-02 rootwait a");
	fixture_set(f, pi_path, "root=PARTUUID=1-02 rootwait\n\n");
	sink_becomes(f, &pi, "root=PARTUUID=1-02", "root=PARTUUID=1-02\n\n");
	fixture_set(f, pi_path, "root=PARTUUID=1-02\n cgroup_enable=memory\n");
	sink_read_fails(f, &pi, -EINVAL,
			"/boot/firmware/cmdline.txt: line 2: the firmware reads only the "
			"first line",
			"make one line");
	fixture_remove(f, pi_path);
	sink_read_fails(f, &pi, -ENOENT, NULL, NULL);
}

/* ---------------------------------------------------------------- extlinux */

static void a_label_has_its_own_arguments(void **state)
{
	static const char conf[] =
		"default l0\nlabel l0\n\tmenu label One\n\tlinux /v\n"
		"\tAPPEND root=/dev/x  ro\n"
		"LABEL linux two \n  KERNEL /w\n  append root=/dev/y\n";
	struct fixture *f = *state;

	fixture_set(f, extlinux_path, conf);
	sink_reads(f, &label, "root=/dev/x ro");
	sink_reads(f, &label_two, "root=/dev/y");
	sink_becomes(f, &label, "root=/dev/x ro a",
		     "default l0\nlabel l0\n\tmenu label One\n\tlinux /v\n"
		     "\tAPPEND root=/dev/x  ro a\n"
		     "LABEL linux two \n  KERNEL /w\n  append root=/dev/y\n");
	sink_becomes(f, &label_two, "root=/dev/y a",
		     "default l0\nlabel l0\n\tmenu label One\n\tlinux /v\n"
		     "\tAPPEND root=/dev/x  ro\n"
		     "LABEL linux two \n  KERNEL /w\n  append root=/dev/y a\n");
	sink_refuses(f, &label, "root=/dev/x ro a=$b", -EILSEQ, "the character $");
}

static void a_label_without_arguments_gets_a_line(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, extlinux_path,
		    "label l0\n  linux /v\n  initrd /i\nlabel linux two\n");
	sink_reads(f, &label, "");
	sink_becomes(f, &label, "a b",
		     "label l0\n  linux /v\n  append a b\n  initrd /i\nlabel linux two\n");
	sink_becomes(f, &label_two, "a",
		     "label l0\n  linux /v\n  initrd /i\nlabel linux two\n\tappend a\n");
	fixture_set(f, extlinux_path, "label l0\n  append\n  linux /v\n");
	sink_becomes(f, &label, "a", "label l0\n  append a\n  linux /v\n");
	/* Those of all labels. */
	fixture_set(f, extlinux_path, "append x\nlabel l0\n  linux /v\n");
	sink_reads(f, &label, "x");
	sink_becomes(f, &label, "x a", "append x a\nlabel l0\n  linux /v\n");
}

static void labels_that_are_not_plain_are_refused(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, extlinux_path, "label x\n");
	sink_read_fails(f, &label, -EINVAL, "/boot/extlinux/extlinux.conf: no label 'l0'",
			NULL);
	fixture_set(f, extlinux_path, "label l0\nlabel l0\n");
	sink_read_fails(f, &label, -EINVAL, "line 2: a second label 'l0'", NULL);
	fixture_set(f, extlinux_path, "append x\nlabel l0\nappend -\n");
	sink_read_fails(f, &label, -EINVAL, "line 3: 'append -'", NULL);
}

/* ---------------------------------------------------------------- variables */

static void the_quoting_of_a_variable_stays(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, uboot_path,
		    "# U_BOOT_PARAMETERS=no\nU_BOOT_PARAMETERS=\"ro  quiet\" # c\nX=1\n");
	sink_reads(f, &uboot, "ro quiet");
	sink_becomes(f, &uboot, "ro quiet a=$b",
		     "# U_BOOT_PARAMETERS=no\nU_BOOT_PARAMETERS=\"ro  quiet a=\\$b\" # "
		     "c\nX=1\n");
	fixture_set(f, uboot_path, "export U_BOOT_PARAMETERS='ro quiet'\n");
	sink_becomes(f, &uboot, "ro quiet a=$b",
		     "export U_BOOT_PARAMETERS='ro quiet a=$b'\n");
	sink_refuses(f, &uboot, "ro quiet a=it's", -EILSEQ, "single quotes");
	fixture_set(f, uboot_path, "U_BOOT_PARAMETERS=ro\n");
	sink_becomes(f, &uboot, "ro quiet", "U_BOOT_PARAMETERS=\"ro quiet\"\n");
	fixture_set(f, uboot_path, "U_BOOT_PARAMETERS=\"\"\n");
	sink_becomes(f, &uboot, "a b", "U_BOOT_PARAMETERS=\"a b\"\n");
	fixture_set(f, uboot_path, "U_BOOT_PARAMETERS=\n");
	sink_becomes(f, &uboot, "a b", "U_BOOT_PARAMETERS=\"a b\"\n");
	fixture_set(f, uboot_path, "U_BOOT_PARAMETERS=\"a x=\\\"b c\\\" d\"\n");
	sink_reads(f, &uboot, "a x=\"b c\" d");
	sink_becomes(f, &uboot, "a x=\"b c\"", "U_BOOT_PARAMETERS=\"a x=\\\"b c\\\"\"\n");
}

static void a_variable_that_is_not_set_has_its_default(void **state)
{
	struct fixture *f = *state;

	fixture_set(f, uboot_path, "#U_BOOT_PARAMETERS=\"x\"\nU_BOOT_PARAMETERS2=y");
	sink_reads(f, &uboot, "ro quiet");
	sink_becomes(f, &uboot, "ro quiet a",
		     "#U_BOOT_PARAMETERS=\"x\"\nU_BOOT_PARAMETERS2=y\n"
		     "U_BOOT_PARAMETERS=\"ro quiet a\"\n");
}

static void what_needs_a_shell_is_refused(void **state)
{
	static const struct {
		const char *text, *cause;
	} cases[] = {
		{ "U_BOOT_PARAMETERS=\"a\nb\"\n", "line 1: U_BOOT_PARAMETERS: the quote" },
		{ "\nU_BOOT_PARAMETERS=\"a\"b\n", "line 2: U_BOOT_PARAMETERS: more than" },
		{ "U_BOOT_PARAMETERS=\"$X\"\n", "line 1: " },
		{ "U_BOOT_PARAMETERS=\"`x`\"\n", "line 1: " },
		{ "U_BOOT_PARAMETERS=$X\n", "line 1: U_BOOT_PARAMETERS: more than" },
		{ "U_BOOT_PARAMETERS=\"a\" b\n", "something follows" },
		{ "U_BOOT_PARAMETERS=a; X=1\n", "more than one" },
		{ "U_BOOT_PARAMETERS=a\nU_BOOT_PARAMETERS+=b\n",
		  "line 2: U_BOOT_PARAMETERS: is set a second time" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tree tree = { .root = &f->root, .root_path = f->dir };
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_cmdline_ struct cmdline got = { 0 };

		fixture_set(f, uboot_path, cases[i].text);
		assert_int_equal(sink_variable.read(&tree, &uboot, &got, &err), -EINVAL);
		assert_contains(err.cause, cases[i].cause);
		assert_contains(err.cause, "/etc/default/u-boot: ");
	}
	fixture_remove(f, uboot_path);
	sink_read_fails(f, &uboot, -EINVAL, "/etc/default/u-boot: no such file", NULL);
}

static void sections_of_zipl_are_told_apart(void **state)
{
	static const char conf[] =
		"[defaultboot]\ndefault=linux\n[linux]\n\ttarget=/boot\n"
		"\tparameters = \"root=/dev/x  ro\"\n[other]\n"
		"parameters=root=/dev/y\n";
	struct fixture *f = *state;

	fixture_set(f, zipl_path, conf);
	sink_reads(f, &zipl, "root=/dev/x ro");
	sink_becomes(f, &zipl, "root=/dev/x ro a",
		     "[defaultboot]\ndefault=linux\n[linux]\n\ttarget=/boot\n"
		     "\tparameters = \"root=/dev/x  ro a\"\n[other]\n"
		     "parameters=root=/dev/y\n");
	/* A quote inside of the quotes ends them for zipl. */
	sink_refuses(f, &zipl, "root=/dev/x ro a=\"b c\"", -EINVAL, "");
	fixture_set(f, zipl_path, "[linux]\nparameters=root=/dev/x\n");
	sink_becomes(f, &zipl, "root=/dev/x a", "[linux]\nparameters=root=/dev/x a\n");
	fixture_set(f, zipl_path, "[linux]\nimage=/i\n[other]\nimage=/j\n");
	sink_becomes(f, &zipl, "a b",
		     "[linux]\nimage=/i\nparameters=a b\n[other]\nimage=/j\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_line_changes_only_where_it_has_to),
		TEST(several_lines_become_one),
		TEST(proxmox_reads_the_first_line),
		TEST(a_missing_file_is_made),
		TEST(the_vendors_file_is_the_beginning_of_ours),
		TEST(blanks_that_would_be_squeezed_are_refused),
		TEST(files_of_a_directory_are_one_line),
		TEST(a_file_without_arguments_gets_a_line),
		TEST(the_one_line_of_a_pi_is_kept_one),
		TEST(a_label_has_its_own_arguments),
		TEST(a_label_without_arguments_gets_a_line),
		TEST(labels_that_are_not_plain_are_refused),
		TEST(the_quoting_of_a_variable_stays),
		TEST(a_variable_that_is_not_set_has_its_default),
		TEST(what_needs_a_shell_is_refused),
		TEST(sections_of_zipl_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

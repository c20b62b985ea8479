// SPDX-License-Identifier: LGPL-2.1-or-later

/* What changes do to a command line. */

#include "common/alloc.h"
#include "common/strv.h"
#include "grubcfg/change.h"
#include "unit.h"

/*
 * Changes as text, one per word: "ARG" or "=ARG" sets, "+ARG" appends, "-ARG" removes; "!" before
 * all that forces. Words end at "; ".
 */
static void push_changes(struct changes *changes, const char *text)
{
	while (*text) {
		size_t n = strstr(text, "; ") ? (size_t)(strstr(text, "; ") - text) :
						strlen(text);
		_cleanup_free_ char *word = xstrndup(text, n);
		const char *p = word;
		bool force = *p == '!';
		enum change_op op;

		p += force;
		op = *p == '+' ? CHANGE_APPEND : *p == '-' ? CHANGE_REMOVE : CHANGE_SET;
		changes_push(changes, op, op == CHANGE_SET ? p : p + 1);
		changes->items[changes->n - 1].force = force;
		text += n + (text[n] ? 2 : 0);
	}
}

struct change_case {
	const char *line, *changes, *expected;
};

/* Applied twice: the second time must find nothing to do. */
static void check(const struct change_case *c)
{
	_cleanup_(changes_done) struct changes changes = { 0 };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *once = NULL, *twice = NULL;
	int r;

	push_changes(&changes, c->changes);
	cmdline_parse(&line, c->line, 0);
	r = changes_apply(&line, &changes, &err);
	if (r < 0)
		print_error("%s < %s: %s\n", c->line, c->changes, err.cause);
	assert_true(r >= 0);
	once = cmdline_format(&line);
	if (strcmp(once, c->expected) != 0)
		print_error("%s < %s\n", c->line, c->changes);
	assert_string_equal(once, c->expected);
	assert_int_equal(r, strcmp(c->line, c->expected) != 0);
	r = changes_apply(&line, &changes, &err);
	if (r != 0)
		print_error("%s < %s < %s: %s\n", c->line, c->changes, c->changes,
			    r < 0 ? err.cause : "changed again");
	assert_int_equal(r, 0);
	twice = cmdline_format(&line);
	assert_string_equal(twice, once);
}

static void check_all(const struct change_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&cases[i]);
}

static void refuses(const char *text, const char *change, int code, const char *cause,
		    const char *remedy)
{
	_cleanup_(changes_done) struct changes changes = { 0 };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	push_changes(&changes, change);
	cmdline_parse(&line, text, 0);
	assert_failed(changes_apply(&line, &changes, &err), code, &err, cause, remedy);
}

static void one_occurrence_is_set_in_its_place(void **state _unused_)
{
	static const struct change_case cases[] = {
		{ "", "quiet", "quiet" },
		{ "a b", "quiet", "a b quiet" },
		{ "a x=1 b", "x=2", "a x=2 b" },
		{ "x=1 b x=2 x", "x=3", "x=3 b" },
		{ "x=1 b x=2", "x=1", "x=1 b" },
		{ "a -- b", "x=1", "a x=1 -- b" },
		{ "a -- x=2", "x=1", "a x=1 -- x=2" },
		{ "-- b", "x=1", "x=1 -- b" },
		{ "a=\"x\"", "a=x", "a=\"x\"" },
		{ "quiet", "quiet=1", "quiet=1" },
		{ "transparent_hugepage=always q", "transparent-hugepage=never",
		  "transparent-hugepage=never q" },
		{ "transparent_hugepage=never", "transparent-hugepage=never",
		  "transparent_hugepage=never" },
		{ "foobar=1", "foo=1", "foobar=1 foo=1" },
		{ "mitigations=off quiet foo=\"foo  bar\" nosimplefb=1",
		  "foo=\"bar  zap\"; quiet=99; mitigations=0; foobar1=; foobar2",
		  "mitigations=0 quiet=99 foo=\"bar  zap\" nosimplefb=1 foobar1= foobar2" },
	};

	check_all(cases, ARRAY_SIZE(cases));
}

static void another_occurrence_is_appended_once(void **state _unused_)
{
	static const struct change_case cases[] = {
		{ "x=1", "+x=2", "x=1 x=2" },
		{ "x=1 x=2", "+x=2", "x=1 x=2" },
		{ "x=2 x=1", "+x=2", "x=2 x=1 x=2" },
		{ "", "+second_test=0; +second_test=\"1 2\"",
		  "second_test=0 second_test=\"1 2\"" },
		{ "a -- b", "+c", "a c -- b" },
		{ "x=2 x=1", "+x=2; +x=3", "x=2 x=1 x=2 x=3" },
	};

	check_all(cases, ARRAY_SIZE(cases));
}

static void removing_takes_every_occurrence_or_exactly_one_value(void **state _unused_)
{
	static const struct change_case cases[] = {
		{ "quiet a quiet b quiet", "-quiet", "a b" },
		{ "a=1 a=1 a=2 a", "-a=1", "a=2 a" },
		{ "a=1 a a=2", "-a", "" },
		{ "a=\"x y\" b", "-\"a=x y\"", "b" },
		{ "a=\"x y\" b", "-a=x", "a=\"x y\" b" },
		{ "foo bar foobar", "-bar", "foo foobar" },
		{ "vfio-pci.ids=1:2", "-vfio_pci.ids", "" },
		{ "rd.foo=1 rdXfoo=1", "-rd.foo", "rdXfoo=1" },
		{ "a -- a", "-a", "-- a" },
		{ "a", "-b", "a" },
		{ "rd.lvm.lv=vg/a rd.lvm.lv=vg/b", "!-rd.lvm.lv=vg/a", "rd.lvm.lv=vg/b" },
		{ "mitigations=on mitigations=off zap=\"xxx  123\" quiet foo=\"foo  bar\" "
		  "quiet=off nosimplefb=1",
		  "-quiet=on; -quiet=off; -foo; -quiet; -mitigations; -foobar",
		  "zap=\"xxx  123\" nosimplefb=1" },
		{ "psmouse.\"invalid option\" \" notamodule\"", "-x",
		  "psmouse.\"invalid option\" \" notamodule\"" },
	};

	check_all(cases, ARRAY_SIZE(cases));
}

static void consoles_and_their_like_are_never_collapsed(void **state _unused_)
{
	static const struct change_case cases[] = {
		{ "console=tty0", "console=ttyS0", "console=tty0 console=ttyS0" },
		{ "console=ttyS0 console=tty0", "console=ttyS0",
		  "console=ttyS0 console=tty0" },
		{ "console=ttyS0 console=tty0", "+console=ttyS0",
		  "console=ttyS0 console=tty0" },
		{ "console=ttyS0 console=tty0", "console=ttyS0,115200n8",
		  "console=ttyS0,115200n8 console=tty0" },
		{ "foo console=tty0 bar console=ttyS0,115200n8 baz",
		  "+console=ttyS1,115200n8; -console=ttyS0,115200n8",
		  "foo console=tty0 bar baz console=ttyS1,115200n8" },
		{ "crashkernel=1G,high", "crashkernel=128M,low",
		  "crashkernel=1G,high crashkernel=128M,low" },
		{ "crashkernel=1G,high crashkernel=64M,low", "crashkernel=128M,low",
		  "crashkernel=1G,high crashkernel=128M,low" },
		{ "crashkernel=auto", "crashkernel=1G-4G:192M,4G-64G:256M",
		  "crashkernel=1G-4G:192M,4G-64G:256M" },
		{ "systemd.setenv=A=1 systemd.setenv=B=1", "systemd.setenv=A=2",
		  "systemd.setenv=A=2 systemd.setenv=B=1" },
		{ "video=HDMI-A-1:d", "video=DP-1:1024x768",
		  "video=HDMI-A-1:d video=DP-1:1024x768" },
		{ "memmap=1M$2M", "memmap=3M$4M", "memmap=1M$2M memmap=3M$4M" },
		{ "x.dyndbg=+p", "x.dyndbg=\"file y +p\"",
		  "x.dyndbg=+p x.dyndbg=\"file y +p\"" },
		{ "ip=dhcp", "-ip", "" },
		{ "earlycon", "earlycon", "earlycon" },
	};

	check_all(cases, ARRAY_SIZE(cases));
}

static void flags_add_up(void **state _unused_)
{
	static const struct change_case cases[] = {
		{ "", "intel_iommu=on", "intel_iommu=on" },
		{ "intel_iommu=sm_on,igfx_off q", "intel_iommu=on",
		  "intel_iommu=sm_on,igfx_off,on q" },
		{ "intel_iommu=on,sm_on", "intel_iommu=on", "intel_iommu=on,sm_on" },
		{ "intel_iommu=off", "intel_iommu=on", "intel_iommu=on" },
		{ "intel_iommu=off,sm_on", "intel_iommu=on", "intel_iommu=sm_on,on" },
		/* Against itself: said twice, it is the same. */
		{ "", "intel_iommu=on,off", "intel_iommu=on,off" },
		{ "iommu=nopt", "iommu=pt", "iommu=pt" },
		{ "iommu=pt", "iommu=nopt", "iommu=nopt" },
		{ "iommu=soft", "+iommu=off", "iommu=soft,off" },
		{ "pci=noats,realloc=off", "pci=realloc=on", "pci=noats,realloc=on" },
		{ "pci=noats pci=nomsi", "pci=noaer", "pci=noats pci=nomsi,noaer" },
		{ "pci=noats", "pci=disable_acs_redir=0:0.0;0:1.0",
		  "pci=noats,disable_acs_redir=0:0.0;0:1.0" },
		{ "modprobe.blacklist=a modprobe.blacklist=b", "modprobe.blacklist=noa,c",
		  "modprobe.blacklist=a modprobe.blacklist=b,noa,c" },
		{ "intel_iommu=on,sm_on", "-intel_iommu=sm_on", "intel_iommu=on" },
		{ "intel_iommu=on intel_iommu=sm_on q", "-intel_iommu=on",
		  "intel_iommu=sm_on q" },
		{ "pci=noats,nomsi", "-pci=nomsi,noats", "" },
		{ "pci=noats", "-pci=nomsi", "pci=noats" },
		{ "intel-iommu=sm_on", "intel_iommu=on", "intel-iommu=sm_on,on" },
	};

	check_all(cases, ARRAY_SIZE(cases));
}

static void lists_become_one(void **state _unused_)
{
	static const struct change_case cases[] = {
		{ "vfio-pci.ids=1:2 q vfio-pci.ids=3:4", "+vfio-pci.ids=5:6",
		  "vfio-pci.ids=1:2,3:4,5:6 q" },
		{ "vfio-pci.ids=1:2 q vfio_pci.ids=3:4", "+vfio-pci.ids=3:4",
		  "vfio-pci.ids=1:2,3:4 q" },
		{ "vfio-pci.ids=1:2", "+vfio-pci.ids=1:2", "vfio-pci.ids=1:2" },
		{ "vfio-pci.ids=1:2 q", "vfio-pci.ids=5:6", "vfio-pci.ids=5:6 q" },
		{ "vfio-pci.ids=1:2,3:4", "-vfio-pci.ids=1:2", "vfio-pci.ids=3:4" },
		{ "isolcpus=2-5", "isolcpus=6-7", "isolcpus=6-7" },
		{ "isolcpus=2-5", "+isolcpus=6-7", "isolcpus=2-5,6-7" },
		{ "isolcpus=2-5", "+isolcpus=3,4", "isolcpus=2-5" },
		{ "isolcpus=2-5", "+isolcpus=managed_irq,domain,6",
		  "isolcpus=managed_irq,domain,2-5,6" },
		{ "isolcpus=1,domain", "+isolcpus=1", "isolcpus=1,domain" },
		{ "rcu_nocbs", "+rcu_nocbs=2-5", "rcu_nocbs=2-5" },
		{ "rcu_nocbs=2-5", "+rcu_nocbs", "rcu_nocbs=2-5" },
		{ "thp_anon=16K-64K:always;128K,512K:inherit", "+thp_anon=1M:never",
		  "thp_anon=16K-64K:always;128K,512K:inherit;1M:never" },
		{ "nohz_full=2-5 nohz_full=6-7", "nohz_full=2-7", "nohz_full=2-7" },
		{ "module_blacklist=a", "+module_blacklist=b", "module_blacklist=a,b" },
	};

	check_all(cases, ARRAY_SIZE(cases));
	refuses("isolcpus=2\"-\"5", "+isolcpus=9", -EINVAL,
		"double quotes inside its list", "remove it first");
}

static void pages_of_one_size_are_set_without_touching_another(void **state _unused_)
{
	static const struct change_case cases[] = {
		{ "", "hugepagesz=1G; hugepages=16", "hugepagesz=1G hugepages=16" },
		{ "q hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=512 r",
		  "hugepagesz=1G; hugepages=16",
		  "q hugepagesz=1G hugepages=16 hugepagesz=2M hugepages=512 r" },
		{ "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=512",
		  "hugepagesz=2048k; hugepages=0:2,1:2",
		  "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=0:2,1:2" },
		{ "hugepagesz=1G hugepages=4", "hugepagesz=2M; hugepages=512",
		  "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=512" },
		{ "hugepagesz=1G x hugepagesz=2M hugepages=512",
		  "hugepagesz=1G; hugepages=2",
		  "hugepagesz=1G hugepages=2 x hugepagesz=2M hugepages=512" },
		{ "hugepagesz=1G hugepages=4 hugepages=5 hugepagesz=1G hugepages=6 q",
		  "hugepagesz=1G; hugepages=16", "hugepagesz=1G hugepages=16 q" },
		{ "hugepagesz=1G hugepages=8", "hugepages=16",
		  "hugepagesz=1G hugepages=16" },
		{ "hugepages=8 q", "hugepages=16", "hugepages=16 q" },
		{ "q", "hugepages=16", "q hugepages=16" },
		{ "q hugepagesz=1G", "hugepages=16", "q hugepages=16 hugepagesz=1G" },
		{ "q default_hugepagesz=1G r", "hugepages=16",
		  "q default_hugepagesz=1G hugepages=16 r" },
		{ "q hugepagesz=2M hugepages=8", "default_hugepagesz=1G; hugepages=4",
		  "q default_hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=8" },
		{ "q", "default_hugepagesz=1G; hugepagesz=1G; hugepages=4",
		  "q default_hugepagesz=1G hugepagesz=1G hugepages=4" },
		{ "default_hugepagesz=1G hugepages=8",
		  "default_hugepagesz=1G; hugepagesz=1G; hugepages=4",
		  "default_hugepagesz=1G hugepagesz=1G hugepages=4" },
		{ "default_hugepagesz=2M hugepages=8 q", "default_hugepagesz=1G",
		  "default_hugepagesz=1G hugepagesz=2M hugepages=8 q" },
		{ "default_hugepagesz=2M q default_hugepagesz=4M hugepages=1",
		  "default_hugepagesz=1G", "default_hugepagesz=1G q" },
		{ "q hugepagesz=1G hugepages=4", "hugepagesz=1G",
		  "q hugepagesz=1G hugepages=4" },
		{ "-- x", "hugepagesz=1G; hugepages=1", "hugepagesz=1G hugepages=1 -- x" },
		{ "hugepagesz=1G hugepages=4", "+hugepagesz=1G; +hugepages=5",
		  "hugepagesz=1G hugepages=5" },
	};

	check_all(cases, ARRAY_SIZE(cases));
	refuses("hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=5", "hugepages=16",
		-EINVAL, "does not say of which page size: there are 2 of them",
		"hugepagesz=SIZE before it");
	refuses("hugepages=4", "default_hugepagesz=1G", -EINVAL,
		"counts pages of the default size", "remove hugepages first");
	refuses("", "hugepagesz=huge", -EINVAL, "'huge' is not a page size", NULL);
	refuses("", "hugepages", -EINVAL, "needs a value", NULL);
}

static void pages_are_removed_with_their_size(void **state _unused_)
{
	static const struct change_case cases[] = {
		{ "a hugepagesz=1G hugepages=4 b hugepagesz=2M hugepages=4",
		  "-hugepagesz=1G", "a b hugepagesz=2M hugepages=4" },
		{ "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=4",
		  "-hugepagesz=1G; -hugepages=4", "hugepagesz=2M hugepages=4" },
		{ "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=4", "-hugepagesz",
		  "" },
		{ "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=4", "-hugepages",
		  "hugepagesz=1G hugepagesz=2M" },
		{ "hugepagesz=1G hugepages=4", "-hugepages=5",
		  "hugepagesz=1G hugepages=4" },
		{ "hugepagesz=1G hugepages=4", "-hugepagesz=1024M", "" },
		{ "default_hugepagesz=1G hugepages=4 q", "-default_hugepagesz", "q" },
		{ "hugepages=4 q", "-hugepages=4", "q" },
	};

	check_all(cases, ARRAY_SIZE(cases));
}

static void what_the_machine_boots_from_is_protected(void **state _unused_)
{
	static const char *const names[] = {
		"root",
		"rootflags",
		"rootfstype",
		"ro",
		"rw",
		"resume",
		"rd.luks.uuid",
		"rd.lvm.lv",
		"cryptdevice",
		"zfs",
		"ostree",
		"BOOT_IMAGE",
		"initrd",
		"systemd.machine_id",
		"systemd.machine-id",
	};
	static const struct change_case allowed[] = {
		{ "root=/dev/sda1 ro", "root=/dev/sda1; ro; -rw", "root=/dev/sda1 ro" },
		{ "root=/dev/sda1 ro q", "!rw; !root=/dev/sdb1", "root=/dev/sdb1 rw q" },
		{ "ro q rw", "!ro", "ro q" },
		{ "ro rw", "!-ro", "rw" },
		{ "root=1 q", "!-root", "q" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(key_is_protected(names[i]));
	assert_false(key_is_protected("rootwait"));
	assert_false(key_is_protected("rd.driver.blacklist"));
	check_all(allowed, ARRAY_SIZE(allowed));
	refuses("root=1", "root=2", -EPERM, "root is what this machine boots from",
		"--force");
	refuses("root=1", "-root", -EPERM, "root is what", "--force");
	refuses("ro", "rw", -EPERM, "rw is what", "--force");
	refuses("rd.lvm.lv=a", "+rd.lvm.lv=b", -EPERM, "rd.lvm.lv is what", "--force");
}

static void locked_arguments_stay(void **state _unused_)
{
	static const struct {
		const char *change;
		int result;
	} cases[] = {
		{ "x=1", 0 },	    { "x=2", -EPERM },	   { "-x", -EPERM },
		{ "-x=2", 0 },	    { "+x=1", 0 },	   { "+x=2", 1 },
		{ "pci=noats", 0 }, { "pci=ats", -EPERM }, { "-pci=noats", -EPERM },
		{ "pci=nomsi", 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(changes_done) struct changes changes = { 0 };
		_cleanup_cmdline_ struct cmdline line = { 0 };
		_cleanup_error_ struct error err = ERROR_NULL;
		int r;

		cmdline_parse(&line, "a x=1 pci=noats", 0);
		line.items[1].locked = xstrdup("tuned has it");
		line.items[2].locked = xstrdup("tuned has it");
		push_changes(&changes, cases[i].change);
		r = changes_apply(&line, &changes, &err);
		if (r != cases[i].result)
			print_error("%s: %d\n", cases[i].change, r);
		assert_int_equal(r, cases[i].result);
		if (r < 0)
			assert_contains(err.cause, "cannot be changed: tuned has it");
	}
}

static void a_locked_one_that_is_right_is_kept(void **state _unused_)
{
	_cleanup_(changes_done) struct changes changes = { 0 };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *text = NULL;

	cmdline_parse(&line, "x=1 q x=2", 0);
	line.items[2].locked = xstrdup("why");
	push_changes(&changes, "x=2");
	assert_int_equal(changes_apply(&line, &changes, &err), 1);
	text = cmdline_format(&line);
	assert_string_equal(text, "q x=2");
}

static void arguments_are_checked(void **state _unused_)
{
	static const struct {
		const char *arg, *cause, *remedy;
	} bad[] = {
		{ "", "not one argument", "each argument by itself" },
		{ " ", "not one argument", "each argument by itself" },
		{ "a b", "not one argument", "each argument by itself" },
		{ " a", "not one argument", "each argument by itself" },
		{ "a ", "not one argument", "each argument by itself" },
		{ "a\nb", "byte 0x0a", NULL },
		{ "a=\"x\ty\"", "byte 0x09", NULL },
		{ "caf\xc3\xa9", "byte 0xc3", NULL },
		{ "a\x7f", "byte 0x7f", NULL },
		{ "a=\"x", "double quote that is not closed", NULL },
		{ "--", "'--' ends", NULL },
		{ "\"--\"", "'--' ends", NULL },
		{ "=x", "has no name", NULL },
		{ "\"\"", "has no name", NULL },
	};
	static const char *const good[] = {
		"quiet",     "a=",	  "a=b=c", "a=\"x y\"",
		"\"a=x y\"", "a=x\" \"y", "a='x'", "memmap=4G$0x100000000",
		"-x",	     "--x",	  "a=\\",
	};
	_cleanup_error_ struct error err = ERROR_NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_failed(change_check(bad[i].arg, &err), -EINVAL, &err, bad[i].cause,
			      bad[i].remedy);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_done(change_check(good[i], &err), &err);
	refuses("", "a b", -EINVAL, "not one argument", "by itself");
	refuses("", "-a b", -EINVAL, "not one argument", NULL);
}

static void a_quote_that_is_open_lets_nothing_follow(void **state _unused_)
{
	refuses("a b=\"x", "c", -EINVAL, "in another way", "close the double quotes");
}

static void policies_are_found_by_name(void **state _unused_)
{
	assert_int_equal(key_policy("console"), KEY_MULTI);
	assert_int_equal(key_policy("rd.neednet"), KEY_MULTI);
	assert_int_equal(key_policy("foo.dyndbg"), KEY_MULTI);
	assert_int_equal(key_policy("intel-iommu"), KEY_FLAGS);
	assert_int_equal(key_policy("vfio-pci.ids"), KEY_LIST);
	assert_int_equal(key_policy("vfio_pci.ids"), KEY_LIST);
	assert_int_equal(key_policy("hugepages"), KEY_BLOCK);
	assert_int_equal(key_policy("default-hugepagesz"), KEY_BLOCK);
	assert_int_equal(key_policy("quiet"), KEY_SINGLE);
	assert_int_equal(key_policy("Console"), KEY_SINGLE);
	assert_int_equal(key_policy(""), KEY_SINGLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_occurrence_is_set_in_its_place),
		cmocka_unit_test(another_occurrence_is_appended_once),
		cmocka_unit_test(removing_takes_every_occurrence_or_exactly_one_value),
		cmocka_unit_test(consoles_and_their_like_are_never_collapsed),
		cmocka_unit_test(flags_add_up),
		cmocka_unit_test(lists_become_one),
		cmocka_unit_test(pages_of_one_size_are_set_without_touching_another),
		cmocka_unit_test(pages_are_removed_with_their_size),
		cmocka_unit_test(what_the_machine_boots_from_is_protected),
		cmocka_unit_test(locked_arguments_stay),
		cmocka_unit_test(a_locked_one_that_is_right_is_kept),
		cmocka_unit_test(arguments_are_checked),
		cmocka_unit_test(a_quote_that_is_open_lets_nothing_follow),
		cmocka_unit_test(policies_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* How a host boots: what tests/golden/kargs does not have a whole host for. */

#include "common/alloc.h"
#include "grubcfg/bootpath.h"
#include "tree-fixture.h"

#define MACHINE "3f8e1c0a5b7d4e6f9a0b1c2d3e4f5a6b"
#define GUID "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define EFIVARS "sys/firmware/efi/efivars/"
#define SYSTEMD_BOOT "boot/efi/EFI/systemd/systemd-bootx64.efi = MZ\n"
#define GRUB_BLS                                          \
	"usr/sbin/grub2-mkconfig = . /etc/default/grub\n" \
	"etc/default/grub = GRUB_CMDLINE_LINUX=\"\"\n"    \
	"boot/grub2/grub.cfg = insmod blscfg\\nblscfg\n"
#define GRUB                                             \
	"usr/sbin/grub-mkconfig = . /etc/default/grub\n" \
	"etc/default/grub = GRUB_CMDLINE_LINUX=\"\"\n"

/* What was found, one line for each sink and step: "type path part default". */
static char *describe(const struct bootpath *boot)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;

	for (size_t i = 0; i < boot->sinks.n; i++) {
		const struct sink *sink = &boot->sinks.items[i];

		strv_pushf(&lines, "%s%s%s%s", sink->path, sink->part ? " " : "",
			   sink->part ? sink->part : "",
			   sink == bootpath_default(boot) ? " next" : "");
	}
	for (size_t i = 0; i < boot->n_steps; i++) {
		_cleanup_free_ char *argv = strv_join(&boot->steps[i].argv, " ");

		strv_pushf(&lines, "run %s%s%s", argv, boot->steps[i].path ? " > " : "",
			   boot->steps[i].path ? boot->steps[i].path : "");
	}
	return strv_join(&lines, "\n");
}

static struct bootpath find(const struct fixture *f)
{
	struct tree tree = { .root = &f->root, .root_path = f->dir };
	_cleanup_error_ struct error err = ERROR_NULL;
	struct bootpath boot = { 0 };

	assert_done(bootpath_find(&tree, false, &boot, &err), &err);
	return boot;
}

#define assert_found(f, expected)                                \
	do {                                                     \
		_cleanup_bootpath_ struct bootpath b_ = find(f); \
		_cleanup_free_ char *got_ = describe(&b_);       \
                                                                 \
		assert_text(got_, (expected));                   \
	} while (0)

#define assert_evidence(f, part)                                           \
	do {                                                               \
		_cleanup_bootpath_ struct bootpath b_ = find(f);           \
		_cleanup_free_ char *got_ = strv_join(&b_.evidence, "\n"); \
                                                                           \
		assert_contains(got_, (part));                             \
	} while (0)

#define assert_note(f, part)                                            \
	do {                                                            \
		_cleanup_bootpath_ struct bootpath b_ = find(f);        \
		_cleanup_free_ char *got_ = strv_join(&b_.notes, "\n"); \
                                                                        \
		assert_contains(got_, (part));                          \
	} while (0)

static void assert_none(const struct fixture *f, const char *cause, const char *remedy)
{
	struct tree tree = { .root = &f->root, .root_path = f->dir };
	_cleanup_error_ struct error err = ERROR_NULL;
	struct bootpath boot = { 0 };

	assert_failed(bootpath_find(&tree, false, &boot, &err), -ENOPKG, &err, cause,
		      remedy);
}

/* An EFI variable: attributes, then UTF-16. */
static void set_variable(const struct fixture *f, const char *name, const char *value)
{
	_cleanup_free_ char *path = xasprintf(EFIVARS "%s-" GUID, name);
	size_t n = strlen(value) + 1;
	_cleanup_free_ char *data = xcalloc(2 * n + 4, 1);

	data[0] = 6;
	for (size_t i = 0; i < n; i++)
		data[4 + 2 * i] = value[i];
	fixture_write(f, path, data, 2 * n + 4);
}

/* ---------------------------------------------------------------- GRUB */

static void nothing_is_nothing(void **state)
{
	struct fixture *f = *state;

	assert_none(f, "no boot loader is found", "mount /boot");
	fixture_add(f, GRUB);
	assert_none(f, "no boot loader is found", "mount /boot");
}

/* puppet-grub2#79, ostree#1009: the file on the EFI system partition was overwritten. */
static void a_stub_is_never_written(void **state)
{
	struct fixture *f = *state;

	fixture_add(f,
		    "usr/sbin/grub2-mkconfig = x\netc/default/grub = x\n"
		    "boot/efi/EFI/fedora/grub.cfg = search --set=dev\\nset prefix=($dev)"
		    "/grub2\\nconfigfile $prefix/grub.cfg\n"
		    "etc/grub2-efi.cfg -> ../boot/efi/EFI/fedora/grub.cfg\n");
	assert_none(f, "no boot loader is found", "mount /boot");
	fixture_add(f, "boot/grub2/grub.cfg = menuentry 'x' {\\n\\tlinux /v\\n}\n");
	assert_found(f, "etc/default/grub next\n"
			"run /usr/sbin/grub2-mkconfig > boot/grub2/grub.cfg");
	assert_evidence(f, "/boot/efi/EFI/fedora/grub.cfg only goes on to another file");
}

/* RHEL 8 on EFI has no other one. */
static void a_whole_file_of_the_efi_partition_is(void **state)
{
	struct fixture *f = *state;

	fixture_add(f,
		    "usr/sbin/grub2-mkconfig = x\netc/default/grub = x\n"
		    "boot/efi/EFI/redhat/grub.cfg = menuentry 'x' {\\n\\tlinux /v\\n}\n");
	assert_found(f, "etc/default/grub next\n"
			"run /usr/sbin/grub2-mkconfig > boot/efi/EFI/redhat/grub.cfg");
}

/* grub-btrfs#259: a full disk left it empty. */
static void an_empty_file_is_made_anew(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, GRUB "boot/grub/grub.cfg =\n");
	assert_found(f, "etc/default/grub next\n"
			"run /usr/sbin/grub-mkconfig > boot/grub/grub.cfg");
}

static void the_script_says_whether_drop_ins_are_read(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, GRUB "boot/grub/grub.cfg =\n");
	for (int i = 0; i < 2; i++) {
		_cleanup_bootpath_ struct bootpath boot = find(f);

		assert_int_equal(boot.sinks.items[0].sources_drop_ins, i);
		fixture_set(f, "usr/sbin/grub-mkconfig",
			    "for x in /etc/default/grub.d/*.cfg ; do\n");
	}
}

static void entries_that_grub_does_not_take_are_left_alone(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "usr/sbin/grub2-mkconfig = x\netc/default/grub = x\n"
		       "boot/grub2/grub.cfg = # insmod blscfg\\nmenuentry 'x' {\\n}\n"
		       "boot/loader/entries/a.conf = linux /v\\noptions a\n");
	assert_found(f, "etc/default/grub next\n"
			"run /usr/sbin/grub2-mkconfig > boot/grub2/grub.cfg");
}

static void grub_without_its_entries_is_refused(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, GRUB_BLS);
	assert_none(f, "takes boot loader entries, but there is none", "mount /boot");
}

/* mkconfig takes /etc/kernel/cmdline only when it is newer than /etc/default/grub. */
static void the_order_is_that_of_times(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, GRUB_BLS "usr/bin/kernel-install = x\n"
				"boot/loader/entries/a.conf = linux /v\\noptions a\n");
	assert_found(f, "etc/default/grub\nboot/loader/entries/a.conf a next\n"
			"etc/kernel/cmdline");
	assert_evidence(f, "it will be made");
}

static void suse_has_grub_behind_zipl(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "usr/sbin/grub2-mkconfig = x\netc/default/grub = x\n"
		       "boot/grub2/grub.cfg = menuentry 'x' {\\n}\n"
		       "sbin/zipl = x\nsbin/update-bootloader = x\n"
		       "etc/zipl.conf = [x]\\nparameters=y\n");
	assert_found(f, "etc/default/grub next\nrun /sbin/update-bootloader --config");
}

/* ---------------------------------------------------------------- which entry boots */

static void add_entries(const struct fixture *f)
{
	fixture_add(f,
		    "boot/loader/entries/x-5.9.0.conf = title Nine\\nversion 5.9.0\\n"
		    "linux /v\n"
		    "boot/loader/entries/x-5.14.0.conf = title Fourteen\\nversion 5.14.0\\n"
		    "linux /v\n"
		    "boot/loader/entries/x-0-rescue.conf = title R\\nversion 0-rescue\\n"
		    "linux /v\n");
}

static void assert_next(const struct fixture *f, const char *part)
{
	_cleanup_bootpath_ struct bootpath boot = find(f);

	assert_non_null(bootpath_default(&boot));
	assert_text(bootpath_default(&boot)->part, part);
}

static void set_saved(const struct fixture *f, const char *saved)
{
	_cleanup_free_ char *text =
		xasprintf("# GRUB Environment Block\nsaved_entry=%s\n####", saved);

	fixture_set(f, "boot/grub2/grubenv", text);
}

static void grub_boots_the_saved_entry_or_the_newest(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, GRUB_BLS);
	add_entries(f);
	assert_next(f, "x-5.14.0");
	set_saved(f, "x-5.9.0");
	assert_next(f, "x-5.9.0");
	set_saved(f, "Nine");
	assert_next(f, "x-5.9.0");
	set_saved(f, "1");
	assert_next(f, "x-5.9.0");
	set_saved(f, "gone");
	assert_next(f, "x-5.14.0");
	/* grubby makes /etc/kernel/cmdline from the rescue entry. */
	set_saved(f, "x-0-rescue");
	assert_next(f, "x-5.14.0");
	assert_note(f, "the default entry is /boot/loader/entries/x-0-rescue.conf");
}

static void systemd_boot_goes_by_its_configuration(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, SYSTEMD_BOOT);
	add_entries(f);
	assert_next(f, "x-5.14.0");
	fixture_add(f, "boot/efi/loader/loader.conf = # default x-5.14*\\ntimeout 3\\n"
		       "default X-5.9*\n");
	assert_next(f, "x-5.9.0");
	set_variable(f, "LoaderEntryDefault", "x-5.14.0.conf");
	assert_next(f, "x-5.14.0");
}

static void systemd_boot_sorts_by_more_than_the_name(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, SYSTEMD_BOOT
		    "boot/loader/entries/z.conf = linux /v\n"
		    "boot/loader/entries/a.conf = sort-key b\\nversion 1\\nlinux /v\n"
		    "boot/loader/entries/b.conf = sort-key b\\nversion 2\\nlinux /v\n"
		    "boot/loader/entries/c+0-3.conf = sort-key a\\nlinux /v\n");
	assert_found(f,
		     "boot/loader/entries/b.conf b next\nboot/loader/entries/a.conf a\n"
		     "boot/loader/entries/z.conf z\n"
		     "boot/loader/entries/c+0-3.conf c");
}

static void the_running_loader_is_evidence(void **state)
{
	struct fixture *f = *state;

	set_variable(f, "LoaderInfo", "systemd-boot 257.7-1");
	fixture_add(f, "efi/loader/entries/a.conf = linux /v\n");
	assert_found(f, "efi/loader/entries/a.conf a next");
	assert_evidence(f, "this boot was started by systemd-boot 257.7-1");
}

static void a_directory_with_two_names_counts_once(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "boot/EFI/systemd/systemd-bootx64.efi = MZ\n"
		       "boot/loader/entries/a.conf = linux /v\nefi -> boot\n");
	assert_found(f, "boot/loader/entries/a.conf a next");
}

/* ---------------------------------------------------------------- whose entry it is */

static void entries_of_others_stay_as_they_are(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, SYSTEMD_BOOT
		    "etc/machine-id = " MACHINE "\n"
		    "usr/lib/modules/6.1.0/\n"
		    "boot/loader/entries/image.conf = machine-id "
		    "00000000000000000000000000000000\\nlinux /x/6.1.0/linux\n"
		    "boot/loader/entries/other.conf = machine-id "
		    "00000000000000000000000000000000\\nlinux /vmlinuz-5.0.0\n"
		    "boot/loader/entries/" MACHINE "-1234567-6.1.0.conf = linux /v\n"
		    "boot/loader/entries/snap.conf = title Snapshot 7\\nlinux /v\n"
		    "boot/loader/entries/efi.conf = efi /shell.efi\n"
		    "boot/loader/entries/uki.conf = uki /EFI/Linux/x.efi\n"
		    "boot/loader/entries/none.conf = title nothing\n"
		    "boot/loader/entries/README = no entry\n");
	assert_found(f, "boot/loader/entries/image.conf image next");
	assert_evidence(f, "other.conf stays as it is: of another system");
	assert_evidence(f, "-1234567-6.1.0.conf stays as it is: of a snapshot");
	assert_evidence(f, "snap.conf stays as it is: of a snapshot");
	assert_evidence(f, "efi.conf stays as it is: it starts an EFI program");
	assert_evidence(f, "uki.conf stays as it is: it starts an EFI program");
	assert_evidence(f, "none.conf stays as it is: it has no kernel");
}

static void kernel_install_is_known_by_its_entries(void **state)
{
	struct fixture *f = *state;

	fixture_add(f,
		    SYSTEMD_BOOT "usr/bin/kernel-install = x\netc/machine-id = " MACHINE
				 "\nboot/loader/entries/arch.conf = linux /v\n");
	assert_found(f, "boot/loader/entries/arch.conf arch next");
	fixture_add(f, "etc/kernel/entry-token = debian\n"
		       "boot/loader/entries/debian-6.1.0.conf = linux /v\n");
	assert_found(f, "boot/loader/entries/debian-6.1.0.conf debian-6.1.0 next\n"
			"boot/loader/entries/arch.conf arch\netc/kernel/cmdline");
}

/* ---------------------------------------------------------------- others */

static void ukify_takes_a_file(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "boot/efi/EFI/Linux/a.efi = MZ\n"
		       "usr/bin/kernel-install = case add remove\n"
		       "etc/kernel/install.conf = layout=uki\n"
		       "etc/kernel/uki.conf = [UKI]\\nCmdline=@/etc/kernel/uki-cmdline\n"
		       "usr/lib/modules/6.1.0/vmlinuz = x\nusr/lib/modules/6.2.0/\n");
	/* An old kernel-install takes one kernel at a time. */
	assert_found(f, "etc/kernel/uki-cmdline\netc/kernel/cmdline next\n"
			"run /usr/bin/kernel-install add 6.1.0 "
			"/usr/lib/modules/6.1.0/vmlinuz");
}

static void images_that_nobody_builds_are_noted(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, SYSTEMD_BOOT "boot/efi/EFI/Linux/a.efi = MZ\n"
				    "boot/efi/loader/entries/a.conf = linux /v\n");
	assert_found(f, "boot/efi/loader/entries/a.conf a next");
	assert_note(f, "no tool here is set up to build");
}

static void the_last_file_of_u_boot_menu_counts(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "usr/sbin/u-boot-update = x\netc/default/u-boot = #\n"
		       "etc/kernel/cmdline = root=/dev/x\n");
	assert_found(f, "etc/kernel/cmdline next\nrun /usr/sbin/u-boot-update");
	fixture_add(f, "usr/share/u-boot-menu/conf.d/a.conf = U_BOOT_PARAMETERS=\"a\"\n"
		       "etc/u-boot-menu/conf.d/b.conf = U_BOOT_PARAMETERS=\"b\"\n"
		       "etc/u-boot-menu/conf.d/c.conf = U_BOOT_TIMEOUT=1\n");
	assert_found(f, "etc/u-boot-menu/conf.d/b.conf U_BOOT_PARAMETERS next\n"
			"etc/kernel/cmdline\nrun /usr/sbin/u-boot-update");
}

static void zipl_has_a_default_section(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "sbin/zipl = x\netc/zipl.conf = [defaultboot]\\ndefault=b\\n[a]\\n"
		       "parameters=x\\n[b]\\nparameters=y\n");
	assert_found(f, "etc/zipl.conf [a]parameters\netc/zipl.conf [b]parameters next\n"
			"run /sbin/zipl");
}

static void labels_are_those_of_the_file(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "boot/extlinux/extlinux.conf = timeout 1\n");
	assert_none(f, "/boot/extlinux/extlinux.conf has no label", NULL);
	fixture_add(f, "boot/extlinux/extlinux.conf = Default two \\nLABEL one\\n"
		       "  menu label x\\nlabel\\ttwo\n");
	assert_found(f, "boot/extlinux/extlinux.conf one\n"
			"boot/extlinux/extlinux.conf two next");
}

static void proxmox_needs_its_tool(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "etc/kernel/proxmox-boot-uuids = ABCD-0123\n");
	assert_none(f, "proxmox-boot-tool is not", "install");
	fixture_add(f, GRUB "usr/sbin/proxmox-boot-tool = x\n"
			    "boot/grub/grub.cfg = menuentry 'x' {\\n}\n");
	assert_found(f, "etc/default/grub next\n"
			"run /usr/sbin/grub-mkconfig > boot/grub/grub.cfg\n"
			"run /usr/sbin/proxmox-boot-tool refresh");
	/* On EFI systemd-boot takes the other file, which is made where it is missing. */
	fixture_add(f, "sys/firmware/efi/\n");
	assert_found(f, "etc/default/grub\netc/kernel/cmdline next\n"
			"run /usr/sbin/grub-mkconfig > boot/grub/grub.cfg\n"
			"run /usr/sbin/proxmox-boot-tool refresh");
}

/* HA-Supervised#19: the wrong one of two files. */
static void the_firmwares_file_is_found(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "boot/config.txt = x\nboot/cmdline.txt = DO NOT EDIT THIS FILE\n"
		       "boot/firmware/config.txt = x\n"
		       "boot/firmware/cmdline.txt = root=/dev/x\n");
	assert_found(f, "boot/firmware/cmdline.txt next");
	fixture_remove(f, "boot/firmware/cmdline.txt");
	assert_none(f, "no boot loader is found", "mount");
	fixture_add(f, "boot/cmdline.txt = root=/dev/x\n");
	assert_found(f, "boot/cmdline.txt next");
}

static void an_owner_is_asked_instead(void **state)
{
	static const struct {
		const char *tree, *owner;
	} cases[] = {
		{ "etc/NIXOS =\n", "nixos-rebuild" },
		{ "ostree/deploy/\nusr/bin/ostree = x\n", "ostree" },
		{ "run/ostree-booted =\nusr/bin/bootc = x\nusr/bin/rpm-ostree = x\n",
		  "rpm-ostree" },
		{ "usr/bin/kernelstub = x\n", NULL },
		{ "usr/bin/kernelstub = x\netc/kernelstub/configuration = {}\n",
		  "kernelstub" },
		{ "usr/bin/sdbootutil = x\n", NULL },
		{ "usr/bin/sdbootutil = x\nboot/efi/loader/entries/\n", "sdbootutil" },
		{ "usr/bin/sdbootutil = x\nboot/efi/loader/entries/\n"
		  "etc/sysconfig/bootloader = LOADER_TYPE='grub2-efi'\n",
		  NULL },
		{ "usr/sbin/transactional-update = x\netc/fstab = "
		  "#UUID=1 / btrfs ro 0 0\\nUUID=1 / btrfs defaults 0 0\n",
		  NULL },
		{ "usr/sbin/transactional-update = x\n"
		  "etc/fstab = UUID=1 / btrfs noatime,ro 0 0\n",
		  "transactional-update" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		void *one = NULL;
		struct fixture *f;

		assert_int_equal(fixture_setup(&one), 0);
		f = one;
		fixture_add(f, GRUB "boot/grub/grub.cfg =\n");
		fixture_add(f, cases[i].tree);
		{
			_cleanup_bootpath_ struct bootpath boot = find(f);

			assert_text(boot.owner, cases[i].owner);
			assert_int_equal(boot.sinks.n == 0, boot.owner != NULL);
			assert_true(!boot.owner || strstr(boot.owner_command, "%s"));
		}
		assert_int_equal(fixture_teardown(&one), 0);
	}
	(void)state;
}

/* ---------------------------------------------------------------- what is built */

static void assert_built(const struct fixture *f, const char *expected)
{
	_cleanup_bootpath_ struct bootpath boot = find(f);
	_cleanup_strv_ struct strv lines = STRV_NULL;
	_cleanup_free_ char *joined = NULL;

	for (size_t i = 0; i < boot.built.n; i++)
		strv_pushf(&lines, "%s%s%s", boot.built.items[i].path,
			   boot.built.items[i].part ? " " : "",
			   boot.built.items[i].part ? boot.built.items[i].part : "");
	joined = strv_join(&lines, "\n");
	assert_text(joined, expected);
	for (size_t i = 0; i < boot.n_steps; i++)
		assert_int_equal(boot.steps[i].kind,
				 boot.built.n > 0 ? STEP_BUILD : STEP_RUN);
}

static void presets_name_the_images_of_mkinitcpio(void **state)
{
	struct fixture *f = *state;

	fixture_add(
		f,
		"usr/bin/mkinitcpio = x\netc/kernel/cmdline = root=/dev/x\n"
		"efi/EFI/Linux/a.efi = MZ\nefi/EFI/Linux/b.efi = MZ\nefi/EFI/Linux/c.efi = MZ\nefi/EFI/Linux/d.efi = MZ\n"
		"etc/mkinitcpio.d/linux.preset = "
		"PRESETS=('default' 'fallback' 'other' 'gone')\\n"
		"default_uki=\"/efi/EFI/Linux/a.efi\"\\n"
		"fallback_uki=/efi/EFI/Linux/b.efi\\n"
		"fallback_options=\"-S autodetect\"\\n"
		"other_uki=\"/efi/EFI/Linux/c.efi\"\\n"
		"other_options=\"--cmdline /etc/other\"\\n"
		"gone_uki=\"/efi/EFI/Linux/gone.efi\"\\n"
		"unused_uki=\"/efi/EFI/Linux/d.efi\"\n");
	assert_built(f, "efi/EFI/Linux/a.efi\nefi/EFI/Linux/b.efi");
}

static void names_tell_the_images_of_installed_kernels(void **state)
{
	struct fixture *f = *state;

	fixture_add(f,
		    "usr/bin/kernel-install = add-all\netc/machine-id = " MACHINE "\n"
		    "etc/kernel/install.conf = layout=uki\n"
		    "etc/kernel/entry-token = mine\netc/kernel/cmdline = root=/dev/x\n"
		    "usr/lib/modules/6.1/vmlinuz = MZ\nusr/lib/modules/6.12/vmlinuz = MZ\n"
		    "usr/lib/modules/6.3/modules.dep = x\n"
		    "efi/EFI/Linux/" MACHINE "-6.1.efi = MZ\n"
		    "efi/EFI/Linux/mine-6.12+3.efi = MZ\n"
		    "efi/EFI/Linux/mine-6.11.efi = MZ\n"
		    "efi/EFI/Linux/mine-16.1.efi = MZ\n"
		    "efi/EFI/Linux/mine-6.3.efi = MZ\n"
		    "efi/EFI/Linux/other-6.1.efi = MZ\n");
	assert_built(f, "efi/EFI/Linux/" MACHINE "-6.1.efi\n"
			"efi/EFI/Linux/mine-6.12+3.efi");
}

static void the_label_that_boots_is_compared(void **state)
{
	struct fixture *f = *state;

	fixture_add(f, "usr/sbin/u-boot-update = x\n"
		       "etc/default/u-boot = U_BOOT_PARAMETERS=\"ro\"\n");
	assert_built(f, "");
	fixture_add(f,
		    "boot/extlinux/extlinux.conf = default l1\\nlabel l0\\n append a\\n"
		    "label l1\\n append b\n");
	assert_built(f, "boot/extlinux/extlinux.conf l1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_nothing),
		TEST(a_stub_is_never_written),
		TEST(a_whole_file_of_the_efi_partition_is),
		TEST(an_empty_file_is_made_anew),
		TEST(the_script_says_whether_drop_ins_are_read),
		TEST(entries_that_grub_does_not_take_are_left_alone),
		TEST(grub_without_its_entries_is_refused),
		TEST(the_order_is_that_of_times),
		TEST(suse_has_grub_behind_zipl),
		TEST(grub_boots_the_saved_entry_or_the_newest),
		TEST(systemd_boot_goes_by_its_configuration),
		TEST(systemd_boot_sorts_by_more_than_the_name),
		TEST(the_running_loader_is_evidence),
		TEST(a_directory_with_two_names_counts_once),
		TEST(entries_of_others_stay_as_they_are),
		TEST(kernel_install_is_known_by_its_entries),
		TEST(ukify_takes_a_file),
		TEST(images_that_nobody_builds_are_noted),
		TEST(the_last_file_of_u_boot_menu_counts),
		TEST(zipl_has_a_default_section),
		TEST(labels_are_those_of_the_file),
		TEST(proxmox_needs_its_tool),
		TEST(the_firmwares_file_is_found),
		TEST(an_owner_is_asked_instead),
		TEST(presets_name_the_images_of_mkinitcpio),
		TEST(names_tell_the_images_of_installed_kernels),
		TEST(the_label_that_boots_is_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

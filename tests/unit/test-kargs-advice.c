// SPDX-License-Identifier: LGPL-2.1-or-later

/* Each row of the table of advice: a line that it is for, and one that it is not for. */

#include "common/alloc.h"
#include "grubcfg/advice.h"
#include "kargs-host.h"

#define OLD_KERNEL "proc/sys/kernel/osrelease = 4.19.0\n"

/* A row that is for a machine and not for a line names the other machine in .other_host. */
struct advice_case {
	const char *id;
	const char *host;
	const char *line;
	const char *arg; /* that it is about; NULL: the first of @line */
	const char *other_line; /* for which it is silent; NULL: the same */
	const char *other_host; /* NULL: the same */
};

static const char thirty_three[] =
	"a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13 a14 a15 a16 a17 a18 a19 a20 a21 a22 "
	"a23 a24 a25 a26 a27 a28 a29 a30 a31 a32 a33 quiet x.y=1";
static const char thirty_two[] =
	"a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13 a14 a15 a16 a17 a18 a19 a20 a21 a22 "
	"a23 a24 a25 a26 a27 a28 a29 a30 a31 a32 quiet x.y=1";

#define SNP                                                     \
	HOST_AMD "proc/cpuinfo = vendor_id\\t: AuthenticAMD\\n" \
		 "flags\\t: svm sev_snp\n"

static const struct advice_case cases[] = {
	{ "amd-iommu-on", HOST_AMD, "amd_iommu=fullflush,on", NULL,
	  "amd_iommu=force_enable", NULL },
	{ "amd-iommu-unknown", HOST_AMD, "amd_iommu=pt", NULL,
	  "amd_iommu=off,pgtbl_v2 amd_iommu=on", NULL },
	{ "amd-iommu-fullflush", HOST_AMD, "amd_iommu=fullflush", NULL, "iommu.strict=1",
	  NULL },
	{ "intel-iommu-elsewhere", HOST_AMD, "intel_iommu=on", NULL, NULL, HOST_INTEL },
	{ "amd-iommu-elsewhere", HOST_INTEL, "amd_iommu=off", NULL, NULL, HOST_AMD },
	{ "iommu-on", HOST_INTEL, "iommu=on", NULL, "iommu=pt", NULL },
	{ "iommu-on", HOST_INTEL, "iommu=1", NULL, NULL, HOST_ARM },
	{ "iommu-off", HOST_AMD, "quiet amd_iommu=off", "amd_iommu=off", "quiet=off",
	  NULL },
	{ "iommu-off", HOST_INTEL, "intel_iommu=off", NULL, "amd_iommu=off", NULL },
	{ "iommu-off", HOST_ARM, "iommu=off", NULL, "intel_iommu=off", NULL },
	{ "amd-iommu-on", HOST_AMD, "amd_iommu=on", NULL, NULL, HOST_INTEL },
	{ "intel-iommu-default",
	  HOST_INTEL HOST_CONFIG "CONFIG_INTEL_IOMMU_DEFAULT_ON=y\n", "intel_iommu=on",
	  NULL, NULL, HOST_INTEL },
	{ "intel-iommu-igfx-off", HOST_INTEL, "intel_iommu=on,igfx_off", NULL,
	  "intel_iommu=on", NULL },
	{ "intel-iommu-strict", HOST_INTEL, "intel_iommu=strict", NULL, "iommu.strict=1",
	  NULL },
	{ "intel-iommu-forcedac", HOST_INTEL, "intel_iommu=forcedac", NULL,
	  "iommu.forcedac=1", NULL },
	{ "iommu-pt-snp", SNP, "iommu=pt", NULL, NULL, HOST_AMD },
	{ "iommu-passthrough-snp", SNP, "iommu.passthrough=1", NULL,
	  "iommu.passthrough=0", NULL },
	{ "vfio-ids-twice", HOST_AMD, "vfio-pci.ids=1:2 vfio_pci.ids=3:4", NULL,
	  "vfio-pci.ids=1:2,3:4", NULL },
	{ "vfio-ids-module", HOST_AMD HOST_CONFIG "CONFIG_VFIO_PCI=m\n",
	  "vfio-pci.ids=1:2", NULL, NULL, HOST_AMD HOST_CONFIG "CONFIG_VFIO_PCI=y\n" },
	{ "vfio-disable-vga", HOST_AMD HOST_CONFIG "CONFIG_VFIO_PCI=m\n",
	  "vfio-pci.disable_vga=1", NULL, NULL,
	  HOST_AMD HOST_CONFIG "CONFIG_VFIO_PCI_VGA=y\n" },
	{ "vfio-mdev", HOST_AMD, "modules-load=kvmgt,vfio-mdev", NULL, NULL,
	  HOST_AMD OLD_KERNEL },
	{ "vfio-virqfd", HOST_AMD, "rd.driver.pre=vfio_virqfd", NULL, NULL,
	  HOST_AMD "proc/sys/kernel/osrelease = 6.1.0\n" },
	{ "unsafe-interrupts", HOST_AMD, "vfio_iommu_type1.allow_unsafe_interrupts=Y",
	  NULL, "vfio_iommu_type1.allow_unsafe_interrupts=0", NULL },
	{ "unsafe-interrupts-iommufd", HOST_AMD, "iommufd.allow_unsafe_interrupts", NULL,
	  "iommufd.allow_unsafe_interrupts=off", NULL },
	{ "unsafe-noiommu", HOST_AMD, "vfio.enable_unsafe_noiommu_mode=1", NULL,
	  "vfio.enable_unsafe_noiommu_mode=n", NULL },
	{ "acs-override", HOST_AMD, "pcie_acs_override=downstream,multifunction", NULL,
	  "pci=config_acs=1@pci:0:0", NULL },
	{ "config-acs", HOST_AMD OLD_KERNEL, "pci=noaer,config_acs=x", NULL, NULL,
	  HOST_AMD },
	{ "efifb-off", HOST_AMD, "video=efifb:off", NULL, "video=HDMI-A-1:d", NULL },
	{ "framebuffer-list", HOST_AMD, "video=efifb:off,vesafb:off", NULL,
	  "video=efifb:off video=HDMI-A-1:d", NULL },
	{ "gvt-graphics", HOST_INTEL "sys/bus/pci/devices/0000:00:02.0/device = 0x9a49\n",
	  "i915.enable_gvt=1", NULL, NULL, HOST_INTEL },
	{ "gvt-kernel", HOST_INTEL HOST_CONFIG "CONFIG_A=y\n", "i915.enable_gvt=1", NULL,
	  "i915.enable_gvt=0", NULL },
	{ "gvt-guc", HOST_INTEL, "i915.enable_guc=3 i915.enable_gvt=1",
	  "i915.enable_gvt=1", "i915.enable_guc=2 i915.enable_gvt=1", NULL },
	{ "isolation-discarded", HOST_INTEL, "isolcpus=2 isolcpus=3", "isolcpus=3",
	  "isolcpus=2 isolcpus=2 nohz_full=3", NULL },
	{ "isolation-differs", HOST_INTEL, "isolcpus=domain,2-3 nohz_full=2", NULL,
	  "isolcpus=managed_irq,domain,2-3 nohz_full=2,3", NULL },
	{ "isolation-boot-cpu", HOST_INTEL, "nohz_full=0-3", NULL, "nohz_full=1-3", NULL },
	{ "isolation-of-all", HOST_INTEL, "isolcpus=0-15", NULL, "isolcpus=1-15", NULL },
	{ "irqaffinity-isolated", HOST_INTEL, "isolcpus=2-3 irqaffinity=0-2",
	  "irqaffinity=0-2", "isolcpus=2-3 irqaffinity=0-1,4-7", NULL },
	{ "rcu-nocbs-implied", HOST_INTEL, "nohz_full=2-4 rcu_nocbs=2-3", "rcu_nocbs=2-3",
	  "nohz_full=2-4 rcu_nocbs=2-5", NULL },
	{ "governor-old-kernel", HOST_AMD OLD_KERNEL,
	  "cpufreq.default_governor=performance", NULL, NULL, HOST_AMD },
	{ "governor-not-built-in", HOST_AMD HOST_CONFIG "CONFIG_CPU_FREQ_GOV_ONDEMAND=m\n",
	  "cpufreq.default_governor=ondemand", NULL, NULL,
	  HOST_AMD HOST_CONFIG "CONFIG_CPU_FREQ_GOV_ONDEMAND=y\n" },
	{ "governor-pstate", HOST_INTEL, "cpufreq.default_governor=schedutil", NULL,
	  "cpufreq.default_governor=schedutil intel_pstate=passive", NULL },
	{ "nohz-on", HOST_AMD, "nohz=on", NULL, "nohz=off", NULL },
	{ "noapic", HOST_AMD, "noapic", NULL, "apic=verbose", NULL },
	{ "mitigations-off", HOST_AMD, "mitigations=off", NULL, "mitigations=auto,nosmt",
	  NULL },
	{ "hugepages-order", HOST_AMD, "hugepages=16 hugepagesz=1G", "hugepagesz=1G",
	  "hugepagesz=1G hugepages=2", NULL },
	{ "hugepages-order", HOST_AMD, "hugepagesz=1G default_hugepagesz=2M hugepages=2",
	  NULL, "default_hugepagesz=2M hugepages=2", NULL },
	{ "hugepages-twice", HOST_AMD, "hugepages=16 hugepages=2", "hugepages=2",
	  "hugepagesz=1G hugepages=2 default_hugepagesz=2M hugepages=2", NULL },
	{ "hugepages-twice", HOST_AMD, "hugepagesz=2M hugepages=16 hugepages=2",
	  "hugepages=2", "hugepages=16 hugepagesz=1G hugepages=2", NULL },
	{ "hugepagesz-twice", HOST_AMD,
	  "hugepagesz=2M hugepages=16 hugepagesz=2048k hugepages=1", "hugepagesz=2048k",
	  "hugepagesz=2M hugepages=16 hugepagesz=1G hugepages=1", NULL },
	{ "default-hugepagesz-twice", HOST_AMD,
	  "default_hugepagesz=2M default_hugepagesz=1G", NULL, "default_hugepagesz=2M",
	  NULL },
	{ "hugepages-1g",
	  HOST_INTEL "proc/cpuinfo = vendor_id\\t: GenuineIntel\\nflags\\t: fpu\n",
	  "hugepagesz=1G hugepages=1", NULL, NULL, HOST_INTEL },
	{ "hugepages-memory", HOST_INTEL,
	  "hugepagesz=1G hugepages=10 hugepagesz=2M "
	  "hugepages=2500",
	  "hugepages=2500", "hugepagesz=1G hugepages=10 hugepagesz=2M hugepages=2000",
	  NULL },
	{ "hugepages-memory", HOST_INTEL, "default_hugepagesz=1G hugepages=15",
	  "hugepages=15", "hugepages=15", NULL },
	{ "hugepages-memory", HOST_INTEL,
	  "hugepagesz=2M hugepages=1 default_hugepagesz=1G hugepages=15", "hugepages=15",
	  "default_hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=15", NULL },
	{ "thp-value", HOST_AMD, "transparent_hugepage=off", NULL,
	  "transparent_hugepage=madvise", NULL },
	{ "memmap-dollar", HOST_AMD, "memmap=4G$0x100000000", NULL,
	  "memmap=4G@0x100000000", NULL },
	{ "memmap-limit", HOST_AMD, "memmap=4G", NULL,
	  "memmap=4G$0x100000000 memmap=exactmap", NULL },
	{ "ignore-msrs", HOST_AMD, "kvm.ignore_msrs=1", NULL, "kvm.ignore_msrs=0", NULL },
	{ "nested-default", HOST_AMD, "kvm_amd.nested=1", NULL, NULL,
	  HOST_AMD OLD_KERNEL },
	{ "elevator", HOST_AMD, "elevator=noop", NULL, NULL, HOST_AMD OLD_KERNEL },
	{ "overridden", HOST_AMD, "transparent-hugepage=always transparent_hugepage=never",
	  NULL, "console=tty0 console=ttyS0 quiet quiet", NULL },
	{ "not-ascii", HOST_AMD, "name=\xc3\xa4", NULL, "name=a", NULL },
	{ "too-many-unknown", HOST_AMD, thirty_three, "the whole line", thirty_two, NULL },
};

static bool advised(const char *host, const char *text, const char *id, const char *arg)
{
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_advices_ struct advices advices = { 0 };
	size_t said = 0;
	void *state = NULL;

	assert_int_equal(fixture_setup(&state), 0);
	fixture_add(state, host);
	kargs_machine(state, &machine);
	assert_int_equal(fixture_teardown(&state), 0);
	cmdline_parse(&line, text, ARG_NEW);
	if (!arg)
		arg = line.items[0].raw;
	advice_find(&machine, &line, &advices);
	for (size_t i = 0; i < advices.n; i++) {
		const struct advice *a = &advices.items[i];

		assert_true(strlen(a->message) > 0);
		assert_true(strlen(a->remedy) > 0);
		assert_true(strlen(a->source) > 0);
		if (!STREQ(a->id, id))
			continue;
		assert_string_equal(a->arg, arg);
		said++;
	}
	assert_true(said <= 1);
	return said == 1;
}

static void each_row_is_for_what_it_is_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct advice_case *c = &cases[i];

		if (!advised(c->host, c->line, c->id, c->arg))
			fail_msg("%s: nothing said of '%s'", c->id, c->line);
	}
}

static void each_row_is_silent_otherwise(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct advice_case *c = &cases[i];
		const char *line = c->other_line ? c->other_line : c->line;
		const char *host = c->other_host ? c->other_host : c->host;

		assert_true(c->other_line || c->other_host);
		if (advised(host, line, c->id, c->arg))
			fail_msg("%s: said of '%s'", c->id, line);
		/* What belongs to init is none of the kernel's. */
		line = "-- amd_iommu=on elevator=noop mitigations=off";
		if (advised(c->host, line, c->id, NULL))
			fail_msg("%s: said of '%s'", c->id, line);
	}
}

/* Rows whose cases are made by the tests below. */
static bool has_own_test(const char *id)
{
	return STREQ(id, "vfio-ids-long") || STREQ(id, "too-long");
}

static void each_row_has_a_case(void **state)
{
	size_t n = 0;

	(void)state;
	for (const char *id; (id = advice_id(n)); n++) {
		bool found = has_own_test(id);

		for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
			found = found || STREQ(cases[i].id, id);
		if (!found)
			fail_msg("%s has no case", id);
		for (size_t i = 0; i < n; i++)
			assert_string_not_equal(advice_id(i), id);
	}
	assert_true(n > 50);
}

/* "name=aaa...": @size characters in all */
static char *long_arg(const char *name, size_t size)
{
	char *text = xmalloc(size + 1);

	memset(text, 'a', size);
	text[size] = '\0';
	memcpy(text, name, strlen(name));
	return text;
}

static void ids_are_no_longer_than_the_driver_takes(void **state)
{
	size_t name = strlen("vfio-pci.ids=");
	_cleanup_free_ char *fits = long_arg("vfio-pci.ids=", name + 1023);
	_cleanup_free_ char *too_long = long_arg("vfio-pci.ids=", name + 1024);

	(void)state;
	assert_true(advised(HOST_AMD, too_long, "vfio-ids-long", NULL));
	assert_false(advised(HOST_AMD, fits, "vfio-ids-long", NULL));
}

static void lines_are_no_longer_than_the_architecture_takes(void **state)
{
	static const struct {
		const char *host;
		size_t size;
	} archs[] = {
		{ HOST_INTEL, 2048 },
		{ HOST_ARM, 2048 },
		{ HOST_ARM "proc/sys/kernel/arch = armv7l\n", 1024 },
		{ HOST_ARM "proc/sys/kernel/arch = s390x\n", 4096 },
		{ HOST_ARM "proc/sys/kernel/arch = loongarch64\n", 4096 },
		{ "etc/\n", 2048 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		_cleanup_free_ char *fits = long_arg("a=", archs[i].size - 1);
		_cleanup_free_ char *too_long = long_arg("a=", archs[i].size);

		assert_true(
			advised(archs[i].host, too_long, "too-long", "the whole line"));
		assert_false(advised(archs[i].host, fits, "too-long", "the whole line"));
	}
}

/* On a kernel that is not known every row of any kernel applies. */
static void an_unknown_machine_is_told_what_may_be(void **state)
{
	(void)state;
	assert_true(advised("etc/\n", "elevator=noop", "elevator", NULL));
	assert_true(advised("etc/\n", "cpufreq.default_governor=x", "governor-old-kernel",
			    NULL));
	assert_true(advised("etc/\n", "iommu=on", "iommu-on", NULL));
	assert_false(advised("etc/\n", "intel_iommu=on", "intel-iommu-elsewhere", NULL));
	assert_false(advised("etc/\n", "i915.enable_gvt=1", "gvt-graphics", NULL));
}

/* What the profiles make is never advised against. */
static void a_good_line_is_left_in_peace(void **state)
{
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_advices_ struct advices advices = { 0 };
	struct fixture *f = *state;

	fixture_add(f, HOST_INTEL);
	kargs_machine(f, &machine);
	cmdline_parse(&line,
		      "root=UUID=0b4e ro console=tty0 console=ttyS0,115200n8 "
		      "intel_iommu=on iommu=pt i915.enable_gvt=1 "
		      "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=512 "
		      "isolcpus=managed_irq,domain,2-3,6-7 nohz_full=2-3,6-7 "
		      "irqaffinity=0-1,4-5 transparent_hugepage=never skew_tick=1 "
		      "cpufreq.default_governor=performance vfio-pci.ids=10de:2204 -- x",
		      ARG_NEW);
	advice_find(&machine, &line, &advices);
	for (size_t i = 0; i < advices.n; i++)
		fail_msg("%s: %s", advices.items[i].id, advices.items[i].arg);
}

static void severities_have_names(void **state)
{
	(void)state;
	assert_string_equal(severity_name(ADVICE_NOTE), "note");
	assert_string_equal(severity_name(ADVICE_WARNING), "warning");
	assert_string_equal(severity_name(ADVICE_ERROR), "error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_for_what_it_is_for),
		cmocka_unit_test(each_row_is_silent_otherwise),
		cmocka_unit_test(each_row_has_a_case),
		cmocka_unit_test(ids_are_no_longer_than_the_driver_takes),
		cmocka_unit_test(lines_are_no_longer_than_the_architecture_takes),
		cmocka_unit_test(an_unknown_machine_is_told_what_may_be),
		cmocka_unit_test_setup_teardown(a_good_line_is_left_in_peace,
						fixture_setup, fixture_teardown),
		cmocka_unit_test(severities_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

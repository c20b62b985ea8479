// SPDX-License-Identifier: LGPL-2.1-or-later

/* What profiles mean on which machine, and the files that list them. */

#include "common/alloc.h"
#include "grubcfg/profile.h"
#include "kargs-host.h"

/* "arg +arg -arg": set, appended, removed. */
static char *format_changes(const struct changes *changes)
{
	_cleanup_strv_ struct strv words = STRV_NULL;

	for (size_t i = 0; i < changes->n; i++)
		strv_pushf(&words, "%s%s",
			   changes->items[i].op == CHANGE_SET	 ? "" :
			   changes->items[i].op == CHANGE_APPEND ? "+" :
								   "-",
			   changes->items[i].arg);
	return strv_join(&words, " ");
}

struct profile_case {
	const char *host;
	const char *operands; /* with blanks between them */
	const char *changes;
	const char *note; /* a part of the notes, or NULL */
};

static void check(const struct fixture *f, const struct profile_case *c)
{
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_strv_ struct strv operands = STRV_NULL, notes = STRV_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *text = NULL, *said = NULL;

	fixture_add(f, c->host);
	kargs_machine(f, &machine);
	strv_split(&operands, c->operands, " ");
	strv_for_each(operand, &operands) {
		int r = profile_expand(&machine, operand, &changes, &notes, &err);

		assert_done(r, &err);
	}
	text = format_changes(&changes);
	assert_string_equal(text, c->changes);
	said = strv_join(&notes, "\n");
	if (c->note)
		assert_contains(said, c->note);
	/* Whatever the profile: this is not a value, and never is that a default. */
	assert_lacks(text, "amd_iommu=on");
	assert_lacks(text, "mitigations");
}

/* Each case has a host of its own. */
static void check_all(const struct profile_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		void *state = NULL;

		assert_int_equal(fixture_setup(&state), 0);
		check(state, &cases[i]);
		assert_int_equal(fixture_teardown(&state), 0);
	}
}

struct failure {
	const char *host;
	const char *operand;
	int code;
	const char *cause, *remedy;
};

static void check_failures(const struct failure *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_machine_ struct machine machine = { 0 };
		_cleanup_changes_ struct changes changes = { 0 };
		_cleanup_strv_ struct strv notes = STRV_NULL;
		_cleanup_error_ struct error err = ERROR_NULL;
		const struct failure *c = &cases[i];
		void *state = NULL;

		assert_int_equal(fixture_setup(&state), 0);
		fixture_add(state, c->host);
		kargs_machine(state, &machine);
		assert_failed(profile_expand(&machine, c->operand, &changes, &notes, &err),
			      c->code, &err, c->cause, c->remedy);
		assert_int_equal(fixture_teardown(&state), 0);
	}
}

#define GROUPS "sys/kernel/iommu_groups/0/type = DMA\n"

static void iommu_is_switched_on_where_it_is_not(void **state)
{
	static const struct profile_case cases[] = {
		{ HOST_INTEL, "iommu", "intel_iommu=on", "iommu=pt left out" },
		{ HOST_INTEL GROUPS, "iommu", "", "there are IOMMU groups without it" },
		/* The groups are there because of it: it stays wanted. */
		{ HOST_INTEL GROUPS "proc/cmdline = intel_iommu=on\n", "iommu",
		  "intel_iommu=on", NULL },
		{ HOST_INTEL GROUPS "proc/cmdline = intel-iommu=sm_on,on\n", "iommu",
		  "intel_iommu=on", NULL },
		{ HOST_INTEL HOST_CONFIG "CONFIG_INTEL_IOMMU_DEFAULT_ON=y\n", "iommu", "",
		  "CONFIG_INTEL_IOMMU_DEFAULT_ON=y" },
		{ HOST_INTEL HOST_CONFIG "CONFIG_INTEL_IOMMU_DEFAULT_ON=y\n"
					 "proc/cmdline = intel_iommu=off\n",
		  "iommu", "-intel_iommu=off", "says the contrary" },
		{ HOST_INTEL "proc/cmdline = iommu=off\n", "iommu",
		  "-iommu=off intel_iommu=on", "iommu=off is removed" },
		{ HOST_AMD, "iommu", "", "Linux has no amd_iommu=on" },
		{ HOST_AMD "proc/cmdline = amd_iommu=off\n", "iommu", "-amd_iommu=off",
		  NULL },
		{ HOST_AMD "!sys/kernel/iommu_groups\n", "iommu", "",
		  "switch the IOMMU (AMD-Vi) on in the firmware's setup" },
		{ HOST_ARM, "iommu", "", "on aarch64 Linux uses an IOMMU" },
		{ "etc/\n", "iommu", "intel_iommu=on", "not known below this root" },
		/* That is an argument, not the profile. */
		{ HOST_INTEL, "iommu=pt", "iommu=pt", NULL },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* What is removed is what the next boot would have, too, and a word among others. */
static void what_will_undo_a_profile_is_removed(void **state)
{
	struct fixture *f = *state;
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *text = NULL;

	fixture_add(f, HOST_AMD);
	kargs_machine(f, &machine);
	cmdline_parse(&machine.next, "quiet iommu=soft,off amd-iommu=off -- iommu=off", 0);
	assert_done(profile_expand(&machine, "iommu", &changes, &notes, &err), &err);
	text = format_changes(&changes);
	assert_string_equal(text, "-iommu=off -amd_iommu=off");
	assert_int_equal(changes_apply(&machine.next, &changes, &err), 1);
	free(text);
	text = cmdline_format(&machine.next);
	assert_string_equal(text, "quiet iommu=soft -- iommu=off");
}

static void passthrough_takes_ids_only_when_told(void **state)
{
	static const struct profile_case cases[] = {
		{ HOST_AMD, "passthrough", "", "vfio-pci.ids left out" },
		{ HOST_INTEL, "passthrough", "intel_iommu=on", "vfio-pci.ids left out" },
		{ HOST_INTEL, "passthrough=10de:2204,10de:1aef",
		  "intel_iommu=on +vfio-pci.ids=10de:2204,10de:1aef",
		  "takes every device with these ids" },
		{ HOST_INTEL, "passthrough=10de:2204",
		  "intel_iommu=on +vfio-pci.ids=10de:2204",
		  "2 devices are 10de:2204, and all of them go: 0000:01:00.0, "
		  "0000:02:00.0" },
		{ HOST_INTEL, "passthrough=10DE:1", "intel_iommu=on +vfio-pci.ids=10DE:1",
		  "no device of this machine is 10DE:1" },
		{ HOST_INTEL, "passthrough=8086:3e92",
		  "intel_iommu=on +vfio-pci.ids=8086:3e92", "the console goes dark" },
		{ HOST_INTEL HOST_CONFIG "CONFIG_VFIO_PCI=m\n", "passthrough=8086:1",
		  "intel_iommu=on +vfio-pci.ids=8086:1", "vfio-pci is a module here" },
		{ HOST_AMD, "passthrough=1:2:3:4:5:6", "+vfio-pci.ids=1:2:3:4:5:6", NULL },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void passthrough_refuses_what_is_no_id(void **state)
{
	static const char *const bad[] = { "10de",	  "10de:",	   ":2204",
					   "10de::1",	  "10dez:1",	   "0x10de:1",
					   "10de0:1",	  "1:2:3:4:5:6:7", "10de:-1",
					   "0000:01:00.0" };
	_cleanup_free_ char *ids = xmalloc(1101), *operand = NULL;
	const struct failure others[] = {
		{ HOST_INTEL, "passthrough=", -EINVAL, "no device id", "lspci -nn" },
		{ HOST_INTEL HOST_CONFIG "CONFIG_VFIO_PCI=n\n", "passthrough", -ENODEV,
		  "6.12.9-amd64 is built without vfio-pci", "install a kernel" },
	};
	struct failure c = { HOST_INTEL, NULL, -E2BIG, "1023", "leave the ids out" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_free_ char *text = xasprintf("passthrough=%s", bad[i]);
		const struct failure f = { HOST_INTEL, text, -EINVAL, bad[i],
					   "lspci -nn" };

		check_failures(&f, 1);
	}
	check_failures(others, ARRAY_SIZE(others));
	for (size_t i = 0; i < 110; i++)
		(void)stpcpy(ids + i * 10, "10de:2204,");
	operand = xasprintf("passthrough=%s", ids);
	c.operand = operand;
	check_failures(&c, 1);
}

static void gvt_is_for_graphics_that_have_it(void **state)
{
	static const struct profile_case cases[] = {
		{ HOST_INTEL, "gvt", "i915.enable_gvt=1", "i915.enable_guc left out" },
		{ HOST_INTEL HOST_CONFIG "CONFIG_DRM_I915_GVT_KVMGT=m\n", "gvt",
		  "i915.enable_gvt=1", NULL },
		{ HOST_INTEL "proc/cmdline = i915.enable_guc=3\n", "gvt",
		  "i915.enable_gvt=1 -i915.enable_guc=3", "says the contrary" },
		{ HOST_INTEL "proc/cmdline = i915.enable_guc=2\n", "gvt",
		  "i915.enable_gvt=1", NULL },
		{ "etc/\n", "gvt", "i915.enable_gvt=1", "not known below this root" },
	};
	static const struct failure failures[] = {
		{ HOST_INTEL "sys/bus/pci/devices/0000:00:02.0/device = 0x9a49\n", "gvt",
		  -ENODEV, "8086:9a49 has no GVT-g", "SR-IOV" },
		{ HOST_AMD, "gvt", -ENODEV, "no Intel graphics at 0000:00:02.0",
		  "leave gvt out" },
		{ HOST_ARM, "gvt", -ENODEV, "this is aarch64", "leave gvt out" },
		{ HOST_INTEL HOST_CONFIG "CONFIG_A=y\n", "gvt", -ENODEV,
		  "built without GVT-g", "install a kernel" },
		{ HOST_INTEL, "gvt=1", -EINVAL, "takes no value", "write gvt" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
	check_failures(failures, ARRAY_SIZE(failures));
}

#define NO_1G "proc/cpuinfo = vendor_id\\t: GenuineIntel\\nflags\\t: fpu\n"

static void hugepages_come_in_the_right_order(void **state)
{
	static const struct profile_case cases[] = {
		{ HOST_INTEL, "hugepages=2Mx512", "hugepagesz=2M hugepages=512",
		  "default_hugepagesz left out" },
		{ HOST_INTEL, "hugepages=2048kx512", "hugepagesz=2M hugepages=512", NULL },
		{ HOST_INTEL, "hugepages=1GX4 hugepages=2mx16",
		  "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=16", NULL },
		{ HOST_INTEL, "hugepages=1Gx0:2,1:3", "hugepagesz=1G hugepages=0:2,1:3",
		  NULL },
		/* The kernel's own argument. */
		{ HOST_INTEL, "hugepages=512", "hugepages=512", "of the default size" },
		{ HOST_INTEL, "hugepagesz=1G hugepages=0:1,1:1",
		  "hugepagesz=1G hugepages=0:1,1:1", NULL },
		{ HOST_ARM, "hugepages=64Kx16", "hugepagesz=64K hugepages=16",
		  "is not checked" },
		{ "etc/\n", "hugepages=1Gx64", "hugepagesz=1G hugepages=64",
		  "not checked against the memory" },
		{ "etc/\n", "hugepages=1Gx64", "hugepagesz=1G hugepages=64",
		  "need a processor with pdpe1gb" },
		/* 90 % of 16 GiB and not a page more. */
		{ HOST_INTEL, "hugepages=1Gx14", "hugepagesz=1G hugepages=14", NULL },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void hugepages_are_checked_against_the_machine(void **state)
{
	static const struct failure cases[] = {
		{ HOST_INTEL, "hugepages=1Gx15", -ENOMEM,
		  "15360 MiB in pages, and the machine has 16384 MiB",
		  "at most 14745 MiB (90 %)" },
		{ HOST_INTEL, "hugepages=1Gx0:8", -ENOMEM, "node 0 has 8192 MiB",
		  "at most 7372 MiB" },
		{ HOST_INTEL, "hugepages=1Gx2:1", -ENODEV, "no NUMA node 2",
		  "the last node of this machine is 1" },
		{ HOST_INTEL NO_1G, "hugepages=1Gx1", -ENODEV, "pdpe1gb",
		  "use pages of 2M" },
		{ HOST_INTEL, "hugepages=2Mx0", -ERANGE, "asks for no page",
		  "kargs remove hugepagesz=SIZE" },
		{ HOST_INTEL, "hugepages=4Mx1", -EINVAL, "no pages of 4M on x86",
		  "use 2M or 1G" },
		{ HOST_INTEL "proc/sys/kernel/osrelease = 5.15.0\n", "hugepages=1Gx0:1",
		  -ENODEV, "cannot be told pages by node", "5.16" },
	};

	(void)state;
	check_failures(cases, ARRAY_SIZE(cases));
}

static void hugepages_refuse_what_is_not_size_and_count(void **state)
{
	static const char *const bad[] = { "2M",       "2Mx",
					   "x512",     "2Mx-1",
					   "2Mxfew",   "3Mx1",
					   "Mx1",      "2Mx1,2",
					   "2Mx0:",    "2Mx:1",
					   "2Mx0:1,2", "2Mx99999999999999999999",
					   "2Tx1",     "2Mx18446744073709551615",
					   "512x2M" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_free_ char *operand = xasprintf("hugepages=%s", bad[i]);
		const struct failure f = { HOST_INTEL, operand, -EINVAL, bad[i],
					   "hugepages=2Mx1024" };

		check_failures(&f, 1);
	}
}

/* Several sizes are one reserve: nothing is asked for that the machine cannot boot with. */
static void hugepages_of_all_sizes_count_together(void **state)
{
	struct fixture *f = *state;
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_add(f, HOST_INTEL);
	kargs_machine(f, &machine);
	assert_done(profile_expand(&machine, "hugepages=1Gx10", &changes, &notes, &err),
		    &err);
	/* Again, as a drop-in does: the later count stands for it. */
	assert_done(profile_expand(&machine, "hugepages=1Gx11", &changes, &notes, &err),
		    &err);
	assert_failed(profile_expand(&machine, "hugepages=2Mx2048", &changes, &notes,
				     &err),
		      -ENOMEM, &err, "15360 MiB", "in all sizes together");
}

static void isolation_is_consistent(void **state)
{
	static const struct profile_case cases[] = {
		{ HOST_INTEL, "isolate=2-3,6-7",
		  "isolcpus=managed_irq,domain,2-3,6-7 nohz_full=2-3,6-7 irqaffinity=0-1,4-5",
		  "rcu_nocbs left out: nohz_full implies it" },
		{ HOST_INTEL, "isolate=3,2",
		  "isolcpus=managed_irq,domain,2-3 nohz_full=2-3 irqaffinity=0-1,4-7",
		  "CPUs 2,6 are one core" },
		{ HOST_INTEL HOST_CONFIG "CONFIG_RCU_NOCB_CPU=y\n", "isolate=1,5",
		  "isolcpus=managed_irq,domain,1,5 rcu_nocbs=1,5 irqaffinity=0,2-4,6-7",
		  "nohz_full left out" },
		{ HOST_INTEL HOST_CONFIG "CONFIG_NO_HZ_FULL=y\n", "isolate=1,5",
		  "isolcpus=managed_irq,domain,1,5 nohz_full=1,5 irqaffinity=0,2-4,6-7",
		  NULL },
		{ "etc/\n", "isolate=1-3", "isolcpus=managed_irq,domain,1-3 nohz_full=1-3",
		  "irqaffinity left out" },
	};
	static const struct failure failures[] = {
		{ HOST_INTEL, "isolate=0-3", -EINVAL, "CPU 0", "leave CPU 0 out" },
		{ HOST_INTEL, "isolate=6-9", -ENODEV, "no CPU 8", "has 0-7" },
		{ HOST_INTEL, "isolate=", -EINVAL, "''", "isolate=2-5,8" },
		{ HOST_INTEL, "isolate=a", -EINVAL, "'a'", "isolate=2-5,8" },
		{ HOST_INTEL, "isolate", -EINVAL, "needs a value", "isolate=CPULIST" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
	check_failures(failures, ARRAY_SIZE(failures));
}

static void the_default_is_left_out_and_said(void **state)
{
	static const struct profile_case cases[] = {
		{ HOST_INTEL, "no-thp", "transparent_hugepage=never", NULL },
		{ HOST_INTEL, "no_thp", "transparent_hugepage=never", NULL },
		{ HOST_INTEL HOST_CONFIG "CONFIG_TRANSPARENT_HUGEPAGE=y\\n"
					 "CONFIG_TRANSPARENT_HUGEPAGE_NEVER=y\n",
		  "no-thp", "", "it is this kernel's default" },
		{ HOST_INTEL HOST_CONFIG "CONFIG_TRANSPARENT_HUGEPAGE=y\\n"
					 "CONFIG_TRANSPARENT_HUGEPAGE_NEVER=y\n"
					 "proc/cmdline = transparent-hugepage=always\n",
		  "no-thp", "-transparent_hugepage=always", "says the contrary" },
		{ HOST_INTEL HOST_CONFIG "CONFIG_A=y\n", "no-thp", "",
		  "has no transparent hugepages" },
		{ HOST_INTEL, "performance",
		  "cpufreq.default_governor=performance iommu=pt",
		  "mitigations=off left out" },
		{ HOST_INTEL HOST_CONFIG "CONFIG_CPU_FREQ_DEFAULT_GOV_PERFORMANCE=y\\n"
					 "CONFIG_IOMMU_DEFAULT_PASSTHROUGH=y\n",
		  "performance", "", "iommu=pt left out: it is this kernel's default" },
		{ HOST_INTEL HOST_CONFIG "CONFIG_CPU_FREQ_GOV_PERFORMANCE=m\n",
		  "performance", "iommu=pt", "not built into" },
		{ HOST_INTEL "proc/sys/kernel/osrelease = 5.8.0\n", "performance",
		  "iommu=pt", "does not know it (5.9 does)" },
		{ HOST_AMD "proc/cpuinfo = vendor_id\\t: AuthenticAMD\\n"
			   "flags\\t: svm sev_snp\n",
		  "performance", "cpufreq.default_governor=performance",
		  "it would switch SEV-SNP off" },
		{ HOST_ARM, "performance", "cpufreq.default_governor=performance",
		  "argument of x86" },
		{ HOST_INTEL, "latency",
		  "skew_tick=1 nmi_watchdog=0 intel_idle.max_cstate=1",
		  "idle=poll left out" },
		{ HOST_AMD, "latency", "skew_tick=1 nmi_watchdog=0 processor.max_cstate=1",
		  "tsc=reliable left out" },
		{ "etc/\n", "latency", "skew_tick=1 nmi_watchdog=0", "not known" },
		{ HOST_ARM, "latency", "skew_tick=1 nmi_watchdog=0", "arguments of x86" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void other_operands_are_arguments(void **state)
{
	static const struct profile_case cases[] = {
		{ HOST_INTEL, "quiet loglevel=3 isolcpus=1 nogbpages",
		  "quiet loglevel=3 "
		  "isolcpus=1 nogbpages",
		  NULL },
		{ HOST_INTEL, "hugetlb_cma=1G splash debug ro",
		  "hugetlb_cma=1G splash debug ro", NULL },
	};
	static const struct failure failures[] = {
		{ HOST_INTEL, "pasthrough", -EINVAL, "no profile 'pasthrough'",
		  "did you mean 'passthrough'? For an argument of that name: set "
		  "pasthrough" },
		{ HOST_INTEL, "isolat=2-3", -EINVAL, "no profile 'isolat'", "'isolate'" },
		{ HOST_INTEL, "hugepage=2Mx1", -EINVAL, "no profile", "'hugepages'" },
		{ HOST_INTEL, "a b", -EINVAL, "'a b' is not one argument",
		  "each argument by itself" },
		{ HOST_INTEL, "set", -EINVAL, "without an argument", "kargs set ARG" },
		{ HOST_INTEL, "remove", -EINVAL, "without an argument",
		  "kargs remove ARG" },
		{ HOST_INTEL, "set --", -EINVAL, "'--'", NULL },
		{ HOST_INTEL, "", -EINVAL, "'' is not one argument",
		  "each argument by itself" },
		{ HOST_INTEL, "pass\xc3\xa0=1", -EINVAL, "ASCII", NULL },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
	check_failures(failures, ARRAY_SIZE(failures));
}

/* ---------------------------------------------------------------- failures of other tools */

static char *applied(const struct fixture *f, const char *line, const char *operand)
{
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_strv_ struct strv notes = STRV_NULL;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_cmdline_ struct cmdline next = { 0 };

	fixture_add(f, HOST_INTEL);
	kargs_machine(f, &machine);
	cmdline_parse(&next, line, 0);
	assert_done(profile_expand(&machine, operand, &changes, &notes, &err), &err);
	assert_done(MIN(changes_apply(&next, &changes, &err), 0), &err);
	/* And the second time there is nothing to do. */
	assert_int_equal(changes_apply(&next, &changes, &err), 0);
	return cmdline_format(&next);
}

/* One tool adds transparent-hugepage=never beside transparent_hugepage=always. */
static void a_dash_is_not_another_parameter(void **state)
{
	_cleanup_free_ char *line =
		applied(*state, "ro transparent-hugepage=always quiet", "no-thp");

	assert_string_equal(line, "ro transparent_hugepage=never quiet");
}

/* A count that comes before its size is of another size: pages are missing after each reboot. */
static void page_counts_never_come_before_their_size(void **state)
{
	static const struct {
		const char *line, *operand, *expected;
	} cases[] = {
		{ "ro hugepagesz=2M hugepages=64", "hugepages=1Gx4",
		  "ro hugepagesz=2M hugepages=64 hugepagesz=1G hugepages=4" },
		{ "ro hugepagesz=1G hugepagesz=2M hugepages=64", "hugepages=1Gx4",
		  "ro hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=64" },
		{ "default_hugepagesz=1G hugepagesz=1G hugepages=2 quiet",
		  "hugepages=1Gx4",
		  "default_hugepagesz=1G hugepagesz=1G hugepages=4 quiet" },
		{ "hugepages=64 quiet", "hugepages=1Gx4",
		  "hugepages=64 quiet hugepagesz=1G hugepages=4" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *line =
			applied(*state, cases[i].line, cases[i].operand);

		assert_string_equal(line, cases[i].expected);
	}
}

/* A second isolcpus= with other CPUs is ignored by the kernel. */
static void isolation_replaces_what_was_isolated(void **state)
{
	_cleanup_free_ char *line =
		applied(*state, "isolcpus=1-3 ro nohz_full=1-3 irqaffinity=0",
			"isolate=6-7");

	assert_string_equal(line, "isolcpus=managed_irq,domain,6-7 ro nohz_full=6-7 "
				  "irqaffinity=0-5");
}

/* ---------------------------------------------------------------- files */

static int read_config(const struct fixture *f, char **ret_changes, struct error *err)
{
	_cleanup_tree_ struct tree tree = kargs_tree(f);
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_strv_ struct strv notes = STRV_NULL;
	int r;

	fixture_add(f, HOST_INTEL);
	kargs_machine(f, &machine);
	r = profile_config(&machine, &tree, &changes, &notes, err);
	*ret_changes = format_changes(&changes);
	return r;
}

static void no_file_lists_nothing(void **state)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *changes = NULL;

	assert_int_equal(read_config(*state, &changes, &err), 0);
	assert_string_equal(changes, "");
}

static void files_are_read_in_order(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *changes = NULL;

	fixture_set(f, "etc/hosttune/kargs.conf",
		    "# all of them\r\n\n  no-thp  # pages\r\nset  iommu=pt\n"
		    "\tdyndbg=\"file a#b.c # +p\"\nremove\tquiet");
	fixture_set(f, "etc/hosttune/kargs.conf.d/20-b.conf", "loglevel=4\n");
	fixture_set(f, "etc/hosttune/kargs.conf.d/10-a.conf", "loglevel=3\nset set\n");
	fixture_set(f, "etc/hosttune/kargs.conf.d/30-c.conf.bak", "a b c\n");
	fixture_set(f, "etc/hosttune/kargs.conf.d/.conf", "a b c\n");
	assert_int_equal(read_config(f, &changes, &err), 7);
	assert_string_equal(changes, "transparent_hugepage=never iommu=pt "
				     "dyndbg=\"file a#b.c # +p\" -quiet loglevel=3 set "
				     "loglevel=4");
}

static void a_bad_line_is_named(void **state)
{
	static const struct {
		const char *line, *cause, *remedy;
	} cases[] = {
		{ "quiet splash",
		  "/etc/hosttune/kargs.conf: line 3: 'quiet splash' is more than one "
		  "argument",
		  "one on each line" },
		{ "set a b", "line 3: 'set a b' is more than one", "one on each line" },
		{ "isolate=0", "line 3: isolate: CPU 0", "leave CPU 0 out" },
		{ "remove", "line 3: 'remove' is without an argument", "kargs remove" },
		{ "a=\"b", "line 3: 'a=\"b'", NULL },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_free_ char *text = xasprintf("\nquiet\n%s\nro\n", cases[i].line);
		_cleanup_free_ char *changes = NULL;

		fixture_set(f, "etc/hosttune/kargs.conf", text);
		assert_failed(read_config(f, &changes, &err), -EINVAL, &err,
			      cases[i].cause, cases[i].remedy);
	}
}

static void a_drop_in_is_named(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *changes = NULL;

	fixture_set(f, "etc/hosttune/kargs.conf.d/a.conf", "x y\n");
	assert_failed(read_config(f, &changes, &err), -EINVAL, &err,
		      "/etc/hosttune/kargs.conf.d/a.conf: line 1: 'x y'", "each line");
}

static void a_damaged_file_is_refused(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *changes = NULL, *again = NULL;

	fixture_write(f, "etc/hosttune/kargs.conf", "quiet\0x\n", 8);
	assert_failed(read_config(f, &changes, &err), -EINVAL, &err, "NUL byte",
		      "write it anew");
	fixture_remove(f, "etc/hosttune/kargs.conf");
	fixture_add(f, "etc/hosttune/kargs.conf/\n");
	assert_failed(read_config(f, &again, &err), -EISDIR, &err,
		      "failed to read '/etc/hosttune/kargs.conf'", NULL);
	fixture_remove(f, "etc/hosttune/kargs.conf");
	fixture_set(f, "etc/hosttune/kargs.conf.d", "");
	free(again);
	assert_failed(read_config(f, &again, &err), -ENOTDIR, &err,
		      "failed to list '/etc/hosttune/kargs.conf.d'", NULL);
}

/* What help and completion show is what is understood. */
static void every_profile_is_explained(void **state)
{
	struct fixture *f = *state;
	_cleanup_machine_ struct machine machine = { 0 };

	fixture_add(f, HOST_INTEL);
	kargs_machine(f, &machine);
	for (const struct profile_help *p = profile_helps; p->name; p++) {
		_cleanup_changes_ struct changes changes = { 0 };
		_cleanup_strv_ struct strv notes = STRV_NULL;
		_cleanup_error_ struct error err = ERROR_NULL;
		int r = profile_expand(&machine, p->name, &changes, &notes, &err);

		assert_true(strlen(p->text) > 0);
		if (p->value && p->value[0] != '[')
			assert_failed(r, -EINVAL, &err, "needs a value", p->value);
		else
			assert_done(r, &err);
		for (size_t i = 0; i < changes.n; i++)
			assert_string_not_equal(changes.items[i].arg, p->name);
	}
}

#define WITH_TREE(test) \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iommu_is_switched_on_where_it_is_not),
		WITH_TREE(what_will_undo_a_profile_is_removed),
		cmocka_unit_test(passthrough_takes_ids_only_when_told),
		cmocka_unit_test(passthrough_refuses_what_is_no_id),
		cmocka_unit_test(gvt_is_for_graphics_that_have_it),
		cmocka_unit_test(hugepages_come_in_the_right_order),
		cmocka_unit_test(hugepages_are_checked_against_the_machine),
		cmocka_unit_test(hugepages_refuse_what_is_not_size_and_count),
		WITH_TREE(hugepages_of_all_sizes_count_together),
		cmocka_unit_test(isolation_is_consistent),
		cmocka_unit_test(the_default_is_left_out_and_said),
		cmocka_unit_test(other_operands_are_arguments),
		WITH_TREE(a_dash_is_not_another_parameter),
		WITH_TREE(page_counts_never_come_before_their_size),
		WITH_TREE(isolation_replaces_what_was_isolated),
		WITH_TREE(no_file_lists_nothing),
		WITH_TREE(files_are_read_in_order),
		WITH_TREE(a_bad_line_is_named),
		WITH_TREE(a_drop_in_is_named),
		WITH_TREE(a_damaged_file_is_refused),
		WITH_TREE(every_profile_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

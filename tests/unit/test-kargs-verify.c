// SPDX-License-Identifier: LGPL-2.1-or-later

/* Whether what was asked for is there and works, from what the running machine shows. */

#include "common/alloc.h"
#include "grubcfg/verify.h"
#include "kargs-host.h"

/* "arg; +arg; -arg": set, appended, removed */
static void push_wishes(struct changes *changes, const char *text)
{
	_cleanup_strv_ struct strv words = STRV_NULL;

	strv_split(&words, text, ";");
	strv_for_each(word, &words) {
		enum change_op op;

		word += strspn(word, " ");
		op = *word == '+' ? CHANGE_APPEND :
		     *word == '-' ? CHANGE_REMOVE :
				    CHANGE_SET;
		changes_push(changes, op, op == CHANGE_SET ? word : word + 1);
	}
}

struct verify_case {
	const char *host; /* over HOST_INTEL */
	const char *running, *next; /* NULL: the same */
	const char *wanted; /* the finding of the last one counts */
	enum verdict verdict;
	const char *evidence, *remedy; /* parts; NULL remedy: there is none */
};

static void check(struct fixture *f, const struct verify_case *c)
{
	_cleanup_free_ char *cmdline = xasprintf("%s\n", c->running);
	_cleanup_tree_ struct tree tree = kargs_tree(f);
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_changes_ struct changes wanted = { 0 };
	_cleanup_cmdline_ struct cmdline next = { 0 };
	_cleanup_findings_ struct findings findings = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	const struct finding *finding;

	fixture_add(f, HOST_INTEL);
	if (c->host)
		fixture_add(f, c->host);
	fixture_set(f, "proc/cmdline", cmdline);
	kargs_machine(f, &machine);
	push_wishes(&wanted, c->wanted);
	cmdline_parse(&next, c->next ? c->next : c->running, 0);
	assert_done(verify(&tree, &machine, &wanted, &next, &findings, &err), &err);
	assert_true(findings.n > 0);
	finding = &findings.items[findings.n - 1];
	if (finding->verdict != c->verdict)
		fail_msg("'%s' of '%s' is %s (%s), not %s", c->wanted, c->running,
			 verdict_name(finding->verdict), finding->evidence,
			 verdict_name(c->verdict));
	assert_contains(finding->evidence, c->evidence);
	if (c->remedy)
		assert_contains(finding->remedy, c->remedy);
	else
		assert_null(finding->remedy);
	/* Whatever is wrong comes with what to do. */
	assert_true(verdict_is_good(finding->verdict) == (finding->remedy == NULL));
}

static void check_all(const struct verify_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		void *state = NULL;

		assert_int_equal(fixture_setup(&state), 0);
		check(state, &cases[i]);
		assert_int_equal(fixture_teardown(&state), 0);
	}
}

/* ---------------------------------------------------------------- there or not */

static void presence_is_told_from_absence(void **state)
{
	static const struct verify_case cases[] = {
		{ NULL, "a=1 skew_tick=1", NULL, "skew_tick=1", VERDICT_PRESENT,
		  "cannot be seen", NULL },
		{ NULL, "quiet", NULL, "skew_tick=1", VERDICT_MISSING,
		  "/proc/cmdline does not have it", "kargs set 'skew_tick=1'" },
		{ NULL, "skew_tick=0", NULL, "skew_tick=1", VERDICT_MISSING,
		  "/proc/cmdline has skew_tick=0", "kargs set 'skew_tick=1'" },
		{ NULL, "quiet", "quiet skew_tick=1", "skew_tick=1", VERDICT_PENDING,
		  "does not have it", "reboot" },
		{ NULL, "skew_tick=1 skew-tick=0", NULL, "skew_tick=1",
		  VERDICT_OVERRIDDEN, "has skew-tick=0 behind it", "kargs set" },
		{ NULL, "skew_tick=0 skew_tick=1", NULL, "skew_tick=1", VERDICT_PRESENT,
		  "cannot be seen", NULL },
		/* Behind "--" it is init's, not the kernel's. */
		{ NULL, "quiet -- skew_tick=1", NULL, "skew_tick=1", VERDICT_MISSING,
		  "does not have it", "kargs set" },
		{ NULL, "quiet", "quiet -- skew_tick=1", "skew_tick=1", VERDICT_MISSING,
		  "does not have it", "kargs set" },
		/* As GRUB writes what has blanks. */
		{ NULL, "\"dyndbg=file a.c +p\"", NULL, "dyndbg=\"file a.c +p\"",
		  VERDICT_PRESENT, "cannot be seen", NULL },
		{ NULL, "console=ttyS0 console=tty0", NULL, "+console=ttyS0",
		  VERDICT_PRESENT, "cannot be seen", NULL },
		{ NULL, "console=tty0", NULL, "+console=ttyS0", VERDICT_MISSING,
		  "has console=tty0", "kargs append 'console=ttyS0'" },
		/* What the boot configuration adds is there, too. */
		{ "proc/bootconfig = kernel.skew_tick = \"1\"\n", "skew_tick=\"1\" quiet",
		  NULL, "skew_tick=1", VERDICT_PRESENT, "cannot be seen", NULL },
		{ HOST_CONFIG "CONFIG_CMDLINE=\"skew_tick=0\"\n",
		  "skew_tick=1 skew_tick=0", NULL, "skew_tick=1", VERDICT_OVERRIDDEN,
		  "skew_tick=0 behind it", "built into the kernel" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void lists_are_there_when_their_items_are(void **state)
{
	static const struct verify_case cases[] = {
		{ NULL, "module_blacklist=a,b,c", NULL, "+module_blacklist=c,a",
		  VERDICT_PRESENT, "cannot be seen", NULL },
		{ NULL, "module_blacklist=a,b", NULL, "+module_blacklist=c",
		  VERDICT_MISSING, "has module_blacklist=a,b", "kargs append" },
		{ NULL, "module_blacklist=a,b module_blacklist=c", NULL,
		  "+module_blacklist=a", VERDICT_OVERRIDDEN, "has module_blacklist=c",
		  "kargs set" },
		{ NULL, "pci=noaer pci=realloc", NULL, "pci=realloc,noaer",
		  VERDICT_PRESENT, "cannot be seen", NULL },
		{ NULL, "rcu_nocbs=2-3,4", NULL, "rcu_nocbs=2-4", VERDICT_PRESENT,
		  "cannot be seen", NULL },
		{ NULL, "isolcpus=2-3", NULL, "isolcpus=managed_irq,domain,2-3",
		  VERDICT_MISSING, "has isolcpus=2-3", "kargs set" },
		{ "sys/devices/system/cpu/isolated = 2-3\n", "isolcpus=2,3", NULL,
		  "isolcpus=domain,2-3", VERDICT_IN_EFFECT, "'2-3'", NULL },
		{ NULL, "rcu_nocbs=2-3", NULL, "rcu_nocbs=2-4", VERDICT_MISSING,
		  "rcu_nocbs=2-3", "kargs set" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void removals_are_judged(void **state)
{
	static const struct verify_case cases[] = {
		{ NULL, "ro", NULL, "-quiet", VERDICT_IN_EFFECT, "does not have it",
		  NULL },
		{ NULL, "ro quiet", "ro", "-quiet", VERDICT_PENDING,
		  "the next boot will not", "reboot" },
		{ NULL, "ro quiet", NULL, "-quiet", VERDICT_STILL_THERE, "the next boot",
		  "kargs remove 'quiet'" },
		{ NULL, "ro", "ro quiet", "-quiet", VERDICT_STILL_THERE, "the next boot",
		  "kargs remove 'quiet'" },
		{ NULL, "a=2", NULL, "-a=1", VERDICT_IN_EFFECT, "does not have it", NULL },
		{ NULL, "transparent-hugepage=always", NULL, "-transparent_hugepage",
		  VERDICT_STILL_THERE, "the next boot", "kargs remove" },
		{ NULL, "module_blacklist=a,b", NULL, "-module_blacklist=b",
		  VERDICT_STILL_THERE, "the next boot", "kargs remove" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static size_t count_findings(struct fixture *f, const char *wanted)
{
	_cleanup_tree_ struct tree tree = kargs_tree(f);
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_changes_ struct changes changes = { 0 };
	_cleanup_findings_ struct findings findings = { 0 };
	_cleanup_cmdline_ struct cmdline next = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	fixture_add(f, HOST_INTEL);
	kargs_machine(f, &machine);
	push_wishes(&changes, wanted);
	assert_done(verify(&tree, &machine, &changes, &next, &findings, &err), &err);
	for (size_t i = 0; i < findings.n; i++)
		assert_true(findings.items[i].op == CHANGE_REMOVE ||
			    findings.items[i].verdict == VERDICT_MISSING);
	return findings.n;
}

static void a_later_wish_replaces_an_earlier_one(void **state)
{
	static const struct {
		const char *wanted;
		size_t n;
	} cases[] = {
		{ "a=1; a=2", 1 },
		{ "quiet; -quiet", 1 },
		{ "-a; a=1", 1 },
		{ "a=1; -a=2", 2 },
		{ "a=1; a=1", 1 },
		{ "-a=1; a=1", 1 },
		{ "console=tty0; +console=ttyS0", 2 },
		{ "intel_iommu=on; intel_iommu=sm_on", 2 },
		{ "hugepagesz=1G; hugepages=4; hugepagesz=2M; hugepages=8", 4 },
		{ "hugepagesz=1G; hugepages=4; hugepagesz=1G; hugepages=8", 2 },
		{ "isolcpus=1; isolcpus=2", 1 },
		{ "isolcpus=domain,1; isolcpus=managed_irq,1", 1 },
		{ "intel_iommu=on; intel_iommu=off", 1 },
		{ "pci=aer; pci=noaer", 1 },
		{ "root=/dev/sda1; root=/dev/sdb1", 1 },
		{ "vfio-pci.ids=1:2; +vfio_pci.ids=3:4", 2 },
		{ "-vfio-pci.ids=1:2; vfio-pci.ids=1:2,3:4", 1 },
		{ "vfio-pci.ids=1:2,3:4; -vfio-pci.ids=1:2", 1 },
		{ "hugepagesz=1G; hugepages=4; hugepages=8", 2 },
		/* What they make together cannot be said: all are judged. */
		{ "a=1; a=2; hugepagesz=x", 3 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(count_findings(f, cases[i].wanted), cases[i].n);
}

/* Whether the log still has what it says of unknown parameters. */
static void a_log_without_its_beginning_is_told(void **state)
{
	static const struct {
		const char *log;
		bool is_cut;
	} cases[] = {
		{ NULL, true },
		{ "var/log/dmesg = [9999.9] eth0: link is up\n", true },
		{ "var/log/dmesg = [0.0] Linux version\\n[0.1] Kernel command line: a\n",
		  false },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_tree_ struct tree tree = kargs_tree(f);
		_cleanup_machine_ struct machine machine = { 0 };
		_cleanup_changes_ struct changes wanted = { 0 };
		_cleanup_cmdline_ struct cmdline next = { 0 };
		_cleanup_findings_ struct findings findings = { 0 };
		_cleanup_error_ struct error err = ERROR_NULL;

		fixture_add(f, HOST_INTEL);
		if (cases[i].log)
			fixture_add(f, cases[i].log);
		kargs_machine(f, &machine);
		push_wishes(&wanted, "quiet");
		assert_done(verify(&tree, &machine, &wanted, &next, &findings, &err),
			    &err);
		assert_int_equal(findings.log_is_cut, cases[i].is_cut);
	}
}

static void what_the_kernel_does_not_know_is_named(void **state)
{
#define LOG                                                                              \
	"var/log/dmesg = [0.0] Linux version\\n[0.1] Unknown kernel command line "       \
	"parameters \"splash pcie_acs_override=downstream say=a b\", will be passed to " \
	"user space.\\n[2.0] vfio_pci: unknown parameter 'idz' ignored\n"
	static const struct verify_case cases[] = {
		{ LOG, "pcie_acs_override=downstream", NULL,
		  "pcie-acs-override=downstream", VERDICT_UNKNOWN, "unknown parameters",
		  "spelt right" },
		{ LOG, "say=\"a b\"", NULL, "say=\"a b\"", VERDICT_UNKNOWN, "unknown",
		  "spelt right" },
		{ LOG, "vfio-pci.idz=1:2", NULL, "vfio-pci.idz=1:2", VERDICT_UNKNOWN,
		  "unknown", "spelt right" },
		{ LOG, "pcie_acs=1", NULL, "pcie_acs=1", VERDICT_PRESENT,
		  "cannot be seen", NULL },
		/* The log cuts lines that are too long. */
		{ "var/log/dmesg = Unknown kernel command line parameters \"one=1 two\n",
		  "one=1 two=2", NULL, "one=1", VERDICT_UNKNOWN, "unknown",
		  "spelt right" },
		/* That is for a program, and the kernel need not know it. */
		{ LOG, "splash", NULL, "splash", VERDICT_PRESENT, "for programs", NULL },
		{ NULL, "pcie_acs_override=downstream", NULL,
		  "pcie_acs_override=downstream", VERDICT_PRESENT, "cannot be seen",
		  NULL },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* The running host's own messages: one record for each read. */
static void the_running_kernel_is_asked(void **state)
{
	struct fixture *f = *state;

	f->root.is_host = true;
	fixture_set(f, "dev/kmsg",
		    "6,1,0,-;Unknown kernel command line parameters \"nothp\", will be "
		    "passed to user space.\n SUBSYSTEM=x\n");
	check(f,
	      &(struct verify_case){ NULL, "nothp quiet", NULL, "nothp", VERDICT_UNKNOWN,
				     "unknown parameters", "spelt right" });
	check(f, &(struct verify_case){ NULL, "nothp quiet", NULL, "quiet",
					VERDICT_PRESENT, "cannot be seen", NULL });
}

/* ---------------------------------------------------------------- what can be seen */

#define TYPE(t) "sys/kernel/iommu_groups/{0..3}/type = " t "\n"

static void the_iommu_is_seen_by_its_groups(void **state)
{
	static const struct verify_case cases[] = {
		{ TYPE("DMA"), "intel_iommu=on", NULL, "intel_iommu=on",
		  VERDICT_IN_EFFECT, "/sys/kernel/iommu_groups has 4 groups", NULL },
		{ NULL, "intel_iommu=on", NULL, "intel_iommu=on", VERDICT_NO_EFFECT,
		  "is empty", "VT-d" },
		{ NULL, "intel_iommu=off", NULL, "intel_iommu=off", VERDICT_IN_EFFECT,
		  "is empty", NULL },
		{ TYPE("DMA"), "amd_iommu=off", NULL, "amd_iommu=off", VERDICT_NO_EFFECT,
		  "has groups", "remove" },
		{ TYPE("identity"), "iommu=pt", NULL, "iommu=pt", VERDICT_IN_EFFECT,
		  "4 of 4 groups", NULL },
		{ TYPE("DMA-FQ"), "iommu=pt", NULL, "iommu=pt", VERDICT_NO_EFFECT,
		  "no group", "kargs apply iommu" },
		{ "sys/kernel/iommu_groups/0/devices/\n", "iommu.passthrough=1", NULL,
		  "iommu.passthrough=1", VERDICT_PRESENT, "cannot be seen", NULL },
		{ TYPE("DMA"), "iommu.passthrough=0", NULL, "iommu.passthrough=0",
		  VERDICT_PRESENT, "cannot be seen", NULL },
		{ TYPE("DMA"), "iommu=off", NULL, "iommu=off", VERDICT_NO_EFFECT,
		  "has groups", "remove" },
		{ TYPE("DMA"), "iommu=soft", NULL, "iommu=soft", VERDICT_PRESENT,
		  "cannot be seen", NULL },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

#define CPU "sys/devices/system/cpu/"

static void isolation_is_seen_by_its_cpus(void **state)
{
	static const struct verify_case cases[] = {
		{ CPU "isolated = 2-3\n", "isolcpus=managed_irq,domain,2,3", NULL,
		  "isolcpus=managed_irq,domain,2-3", VERDICT_IN_EFFECT,
		  "/sys/devices/system/cpu/isolated is '2-3'", NULL },
		/* A cpuset's partition adds to them. */
		{ CPU "isolated = 2-5\n", "isolcpus=2-3", NULL, "isolcpus=2-3",
		  VERDICT_IN_EFFECT, "'2-5'", NULL },
		{ CPU "isolated =\n", "isolcpus=2-3", NULL, "isolcpus=2-3",
		  VERDICT_NO_EFFECT, "is '', not '2-3'", "dmesg" },
		{ CPU "isolated = 2\n", "isolcpus=2-3", NULL, "isolcpus=2-3",
		  VERDICT_NO_EFFECT, "is '2', not '2-3'", "dmesg" },
		/* CPUs that do not exist are not missed. */
		{ CPU "isolated = 2-7\n", "isolcpus=2-63", NULL, "isolcpus=2-63",
		  VERDICT_IN_EFFECT, "'2-7'", NULL },
		{ CPU "isolated =\n", "isolcpus=managed_irq,2-3", NULL,
		  "isolcpus=managed_irq,2-3", VERDICT_PRESENT, "cannot be seen", NULL },
		{ CPU "nohz_full =   (null)\n", "nohz_full=2-3", NULL, "nohz_full=2-3",
		  VERDICT_NO_EFFECT, "is '', not '2-3'", "dmesg" },
		{ NULL, "nohz_full=2-3", NULL, "nohz_full=2-3", VERDICT_NO_EFFECT,
		  "there is no /sys/devices/system/cpu/nohz_full", "built without" },
		{ CPU "nohz_full = 2-3\n", "nohz_full=2-3", NULL, "nohz_full=2-3",
		  VERDICT_IN_EFFECT, "'2-3'", NULL },
		{ "proc/irq/default_smp_affinity = 3,0000000f\n", "irqaffinity=0-3,32-33",
		  NULL, "irqaffinity=0-3,32,33", VERDICT_IN_EFFECT, "'0-3,32-33'", NULL },
		{ "proc/irq/default_smp_affinity = ff\n", "irqaffinity=0-3", NULL,
		  "irqaffinity=0-3", VERDICT_NO_EFFECT, "is '0-7', not '0-3'",
		  "irqbalance" },
		{ "proc/irq/default_smp_affinity = oops\n", "irqaffinity=0-3", NULL,
		  "irqaffinity=0-3", VERDICT_PRESENT, "cannot be seen", NULL },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

#define PAGES(kib, n) "sys/kernel/mm/hugepages/hugepages-" kib "kB/nr_hugepages = " n "\n"
#define NODE_PAGES(node, kib, n)                                        \
	"sys/devices/system/node/node" node "/hugepages/hugepages-" kib \
	"kB/nr_hugepages"                                               \
	" = " n "\n"

static void pages_are_counted_by_size_and_node(void **state)
{
	static const char both[] =
		"hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=512";
	static const struct verify_case cases[] = {
		{ PAGES("1048576", "4"), both, NULL, "hugepagesz=1G; hugepages=4",
		  VERDICT_IN_EFFECT, "hugepages-1048576kB/nr_hugepages is 4", NULL },
		{ PAGES("2048", "600"), both, NULL, "hugepagesz=2048k; hugepages=512",
		  VERDICT_IN_EFFECT, "hugepages-2048kB/nr_hugepages is 600", NULL },
		{ PAGES("1048576", "3"), both, NULL, "hugepagesz=1G; hugepages=4",
		  VERDICT_NO_EFFECT, "is 3, not 4", "fewer pages" },
		{ NULL, both, NULL, "hugepagesz=1G; hugepages=4", VERDICT_NO_EFFECT,
		  "there is no /sys/kernel/mm/hugepages", "no pages of that size" },
		{ PAGES("1048576", "4"), "default_hugepagesz=1G hugepages=4", NULL,
		  "default_hugepagesz=1G; hugepages=4", VERDICT_IN_EFFECT,
		  "hugepages-1048576kB/nr_hugepages is 4", NULL },
		{ NULL, both, NULL, "hugepagesz=1G", VERDICT_NO_EFFECT, "there is no",
		  "no pages of that size" },
		{ PAGES("1048576", "0"), both, NULL, "hugepagesz=1024M",
		  VERDICT_IN_EFFECT, "hugepages-1048576kB", NULL },
		/* The count is of the other size. */
		{ PAGES("2048", "4"), both, NULL, "hugepagesz=2M; hugepages=4",
		  VERDICT_MISSING, "/proc/cmdline has hugepages=", "kargs set" },
		{ PAGES("2048", "16"), "hugepages=16", NULL, "hugepages=16",
		  VERDICT_IN_EFFECT, "hugepages-2048kB/nr_hugepages is 16", NULL },
		{ PAGES("2048", "8") NODE_PAGES("0", "2048", "6")
			  NODE_PAGES("1", "2048", "2"),
		  "hugepagesz=2M hugepages=0:6,1:2", NULL,
		  "hugepagesz=2M; hugepages=0:6,1:2", VERDICT_IN_EFFECT,
		  "node1/hugepages/hugepages-2048kB/nr_hugepages is 2", NULL },
		{ PAGES("2048", "8") NODE_PAGES("0", "2048", "8")
			  NODE_PAGES("1", "2048", "0"),
		  "hugepagesz=2M hugepages=0:6,1:2", NULL,
		  "hugepagesz=2M; hugepages=0:6,1:2", VERDICT_NO_EFFECT,
		  "node1/hugepages/hugepages-2048kB/nr_hugepages is 0, "
		  "not 2",
		  "fewer pages" },
		{ NULL, "default_hugepagesz=2M", NULL, "default_hugepagesz=2M",
		  VERDICT_IN_EFFECT, "2048 kB", NULL },
		{ NULL, "default_hugepagesz=1G", NULL, "default_hugepagesz=1G",
		  VERDICT_NO_EFFECT, "2048 kB", "no pages of that size" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

#define THP "sys/kernel/mm/transparent_hugepage/enabled = "

static void states_are_compared(void **state)
{
	static const struct verify_case cases[] = {
		{ THP "always madvise [never]\n", "transparent_hugepage=never", NULL,
		  "transparent_hugepage=never", VERDICT_IN_EFFECT, "[never]", NULL },
		{ THP "always [madvise] never\n", "transparent_hugepage=never", NULL,
		  "transparent_hugepage=never", VERDICT_NO_EFFECT, "[madvise]", "tuned" },
		{ NULL, "transparent_hugepage=never", NULL, "transparent_hugepage=never",
		  VERDICT_NO_EFFECT, "there is no", "remove the argument" },
		{ "proc/sys/kernel/nmi_watchdog = 0\n", "nmi_watchdog=0", NULL,
		  "nmi_watchdog=0", VERDICT_IN_EFFECT, "is 0", NULL },
		{ "proc/sys/kernel/nmi_watchdog = 1\n", "nmi_watchdog=0", NULL,
		  "nmi_watchdog=0", VERDICT_NO_EFFECT, "is 1", "sysctl.d" },
		{ CPU "cpufreq/policy{0..3}/scaling_governor = performance\n",
		  "cpufreq.default_governor=performance", NULL,
		  "cpufreq.default_governor=performance", VERDICT_IN_EFFECT,
		  "'performance' for 4 of 4", NULL },
		{ CPU "cpufreq/policy0/scaling_governor = powersave\n",
		  "cpufreq.default_governor=performance", NULL,
		  "cpufreq.default_governor=performance", VERDICT_NO_EFFECT, "nowhere",
		  "tuned" },
		{ NULL, "cpufreq.default_governor=performance", NULL,
		  "cpufreq.default_governor=performance", VERDICT_NO_EFFECT,
		  "no CPU has a governor", "virtual machine" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

#define GPU "sys/bus/pci/devices/0000:00:02.0/"

static void graphics_and_devices_are_seen(void **state)
{
	static const struct verify_case cases[] = {
		{ GPU "mdev_supported_types/i915-GVTg_V5_4/\n", "i915.enable_gvt=1", NULL,
		  "i915.enable_gvt=1", VERDICT_IN_EFFECT, "mdev_supported_types", NULL },
		{ NULL, "i915.enable_gvt=1", NULL, "i915.enable_gvt=1", VERDICT_NO_EFFECT,
		  "there is no", "modprobe kvmgt" },
		{ "sys/module/kvmgt/refcnt = 0\n", "i915.enable_gvt=1", NULL,
		  "i915.enable_gvt=1", VERDICT_NO_EFFECT, "there is no", "dmesg" },
		{ GPU "device = 0x9a49\n", "i915.enable_gvt=1", NULL, "i915.enable_gvt=1",
		  VERDICT_NO_EFFECT, "there is no", "have no GVT-g" },
		{ "sys/class/tty/console/active = tty0 ttyS0\n",
		  "console=tty0 console=ttyS0,115200n8", NULL, "+console=ttyS0,115200n8",
		  VERDICT_IN_EFFECT, "active is 'tty0 ttyS0'", NULL },
		{ "sys/class/tty/console/active = tty0\n", "console=ttyS1", NULL,
		  "console=ttyS1", VERDICT_NO_EFFECT, "active is 'tty0'", "dmesg" },
		{ NULL, "vfio-pci.ids=10de:2204", NULL, "+vfio-pci.ids=10de:2204",
		  VERDICT_NO_EFFECT, "0000:01:00.0 (10de:2204) is with the driver 'none'",
		  "initramfs" },
		{ "sys/bus/pci/devices/0000:0{1..2}:00.0/driver -> ../../drivers/vfio-pci\n",
		  "vfio-pci.ids=10de:2204", NULL, "+vfio_pci.ids=10de:2204",
		  VERDICT_IN_EFFECT, "vfio-pci has all devices", NULL },
		{ NULL, "vfio-pci.ids=10de:ffff", NULL, "+vfio-pci.ids=10de:ffff",
		  VERDICT_NO_EFFECT, "no device of this machine is 10de:ffff", "lspci" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void parameters_of_modules_are_compared(void **state)
{
	static const struct verify_case cases[] = {
		{ "sys/module/kvm_amd/parameters/nested = 1\n", "kvm-amd.nested=1", NULL,
		  "kvm-amd.nested=1", VERDICT_IN_EFFECT,
		  "/sys/module/kvm_amd/parameters/nested is '1'", NULL },
		{ "sys/module/kvm/parameters/ignore_msrs = Y\n", "kvm.ignore-msrs=on",
		  NULL, "kvm.ignore_msrs=on", VERDICT_IN_EFFECT, "'Y'", NULL },
		{ "sys/module/kvm/parameters/ignore_msrs = N\n", "kvm.ignore_msrs", NULL,
		  "kvm.ignore_msrs", VERDICT_NO_EFFECT, "'N'", "modprobe.d" },
		{ "sys/module/i915/parameters/enable_guc = 0\n", "i915.enable_guc=2",
		  NULL, "i915.enable_guc=2", VERDICT_NO_EFFECT, "'0'", "modprobe.d" },
		{ "sys/module/a/parameters/mask = 255\n", "a.mask=0xff", NULL,
		  "a.mask=0xff", VERDICT_IN_EFFECT, "'255'", NULL },
		{ NULL, "a.mask=0xff", NULL, "a.mask=0xff", VERDICT_PRESENT,
		  "the module a is not loaded", NULL },
		/* One that the module does not show. */
		{ "sys/module/a/refcnt = 1\n", "a.mask=0xff", NULL, "a.mask=0xff",
		  VERDICT_PRESENT, "cannot be seen", NULL },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void systemd_reads_by_its_own_rules(void **state)
{
	static const struct verify_case cases[] = {
		{ NULL, "systemd.unit=rescue.target", NULL, "systemd.unit=rescue.target",
		  VERDICT_PRESENT, "systemd reads it so", NULL },
		{ NULL, "\"systemd.setenv=A=b c\"", NULL, "systemd.setenv=\"A=b c\"",
		  VERDICT_PRESENT, "systemd reads it so", NULL },
		/* A quote of the one kind is nothing to the kernel, and the other way round. */
		{ NULL, "systemd.setenv=A='b'", NULL, "systemd.setenv=A='b'",
		  VERDICT_NO_EFFECT, "systemd reads it as 'systemd.setenv=A=b'",
		  "double quotes" },
		{ NULL, "a=don't systemd.debug_shell=1", NULL, "systemd.debug-shell=1",
		  VERDICT_NO_EFFECT, "systemd reads it as ''", "double quotes" },
		{ NULL, "rd.luks.uuid=1 rd.luks.uuid=2", NULL, "+rd.luks.uuid=1",
		  VERDICT_PRESENT, "systemd reads it so", NULL },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void nothing_runs_in_an_image(void **state)
{
	struct fixture *f = *state;
	_cleanup_tree_ struct tree tree = kargs_tree(f);
	_cleanup_machine_ struct machine machine = { 0 };
	_cleanup_changes_ struct changes wanted = { 0 };
	_cleanup_cmdline_ struct cmdline next = { 0 };
	_cleanup_findings_ struct findings findings = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	kargs_machine(f, &machine);
	push_wishes(&wanted, "quiet");
	assert_failed(verify(&tree, &machine, &wanted, &next, &findings, &err), -ENODEV,
		      &err, f->dir, "boot it");
}

static void verdicts_have_names(void **state)
{
	(void)state;
	for (enum verdict v = VERDICT_IN_EFFECT; v <= VERDICT_STILL_THERE; v++)
		assert_true(strlen(verdict_name(v)) > 0);
	assert_string_equal(verdict_name(VERDICT_NO_EFFECT), "no-effect");
	assert_true(verdict_is_good(VERDICT_PRESENT));
	assert_false(verdict_is_good(VERDICT_PENDING));
}

#define WITH_TREE(test) \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presence_is_told_from_absence),
		cmocka_unit_test(lists_are_there_when_their_items_are),
		cmocka_unit_test(removals_are_judged),
		WITH_TREE(a_later_wish_replaces_an_earlier_one),
		WITH_TREE(a_log_without_its_beginning_is_told),
		cmocka_unit_test(what_the_kernel_does_not_know_is_named),
		WITH_TREE(the_running_kernel_is_asked),
		cmocka_unit_test(the_iommu_is_seen_by_its_groups),
		cmocka_unit_test(isolation_is_seen_by_its_cpus),
		cmocka_unit_test(pages_are_counted_by_size_and_node),
		cmocka_unit_test(states_are_compared),
		cmocka_unit_test(graphics_and_devices_are_seen),
		cmocka_unit_test(parameters_of_modules_are_compared),
		cmocka_unit_test(systemd_reads_by_its_own_rules),
		WITH_TREE(nothing_runs_in_an_image),
		cmocka_unit_test(verdicts_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

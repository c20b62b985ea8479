// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules about the host's memory: hugepages and where libvirt looks for them, what the kernel does with
 * memory by itself, swap. Kernel: Documentation/admin-guide/mm/hugetlbpage.rst, transhuge.rst, ksm.rst,
 * Documentation/admin-guide/sysctl/vm.rst, kernel.rst.
 */

#include <inttypes.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/check.h"
#include "hook/host-memory.h"

#define MM "sys/kernel/mm/"
#define THP MM "transparent_hugepage/"
#define SWAPPINESS_MAX 30

/* ---- hugepages ---- */

static void push_size(uint64_t kib, const struct strv *known, struct strv *ret)
{
	_cleanup_free_ char *text = xasprintf("%" PRIu64, kib);

	if (strv_contains(known, text) && !strv_contains(ret, text))
		strv_push(ret, text);
}

/*
 * Page sizes in KiB, of those that this kernel has, that a domain, or without one any defined domain, has its
 * memory in.
 */
static void wanted_sizes(const struct checking *c, uint64_t standard,
			 const struct strv *known, struct strv *ret)
{
	size_t n = c->guest ? 1 : c->defined->n;

	for (size_t i = 0; i < n; i++) {
		const struct guest *guest = c->guest ? c->guest : &c->defined->items[i];
		const struct domain *d = &guest->domain;

		if (!d->hugepages || guest->memfd)
			continue; /* memfd needs no mount */
		if (d->n_pages == 0)
			push_size(standard, known, ret);
		for (size_t p = 0; p < d->n_pages; p++)
			push_size(d->pages[p].size_kib ? d->pages[p].size_kib : standard,
				  known, ret);
	}
}

/* The page size of a mount's options, "rw,pagesize=1024M": the default one where it says nothing. */
static uint64_t size_of_mount(const char *options, uint64_t standard)
{
	_cleanup_strv_ struct strv words = STRV_NULL;
	uint64_t kib = standard;

	strv_split(&words, options, ",");
	strv_for_each(word, &words) {
		_cleanup_free_ char *digits = NULL;
		size_t n;

		if (!str_has_prefix(word, "pagesize="))
			continue;
		word += strlen("pagesize=");
		n = strspn(word, "0123456789");
		digits = xstrndup(word, n);
		(void)!parse_memory_kib(digits, word[n] ? word + n : "b", &kib);
	}
	return kib;
}

static bool is_mounted(const char *mounts, uint64_t size_kib, uint64_t standard)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;

	strv_split(&lines, mounts, "\n");
	strv_for_each(line, &lines) {
		_cleanup_strv_ struct strv fields = STRV_NULL;

		strv_split(&fields, line, " ");
		if (fields.n >= 4 && STREQ(fields.items[2], "hugetlbfs") &&
		    size_of_mount(fields.items[3], standard) == size_kib)
			return true;
	}
	return false;
}

static void look_mounts(struct checking *c)
{
	_cleanup_strv_ struct strv sizes = STRV_NULL, known = STRV_NULL;
	_cleanup_free_ char *mounts = NULL;
	uint64_t standard;

	if (hugepage_default_size(c->root, &standard) < 0)
		return; /* a kernel without hugepages: see the other rule */
	(void)!hugepage_sizes(c->root, &known);
	wanted_sizes(c, standard, &known, &sizes);
	if (sizes.n == 0)
		return;
	mounts = check_read_file(c, "proc/self/mounts");
	if (!mounts)
		mounts = check_read_file(c, "proc/mounts");
	if (!mounts) {
		check_unknown(c, "'/proc/mounts' is not there");
		return;
	}
	strv_for_each(size, &sizes) {
		_cleanup_free_ char *text = NULL, *mount = NULL;
		uint64_t kib;

		if (parse_u64(size, &kib) < 0 || is_mounted(mounts, kib, standard))
			continue;
		text = size_format(kib);
		mount = xasprintf("pagesize=%" PRIu64 "M hugetlbfs /dev/hugepages-%s",
				  kib / 1024, size);
		check_found(c, mount, "no hugetlbfs with pages of %s is mounted", text);
	}
}

static void look_sizes(struct checking *c)
{
	_cleanup_strv_ struct strv sizes = STRV_NULL;
	int r = hugepage_sizes(c->root, &sizes);

	check_seen(c, MM "hugepages");
	if (r == -ENOENT || (r == 0 && sizes.n == 0))
		check_found(c, NULL, "this kernel has no hugepages");
	else if (r < 0)
		check_unknown(c, "'/" MM "hugepages' cannot be read: %s", strerror(-r));
}

/* Pages of 1 GiB want the processor's pdpe1gb (x86). */
static void look_gigantic(struct checking *c)
{
	_cleanup_strv_ struct strv sizes = STRV_NULL;
	_cleanup_free_ char *cpuinfo = check_read_file(c, "proc/cpuinfo");

	if (!cpuinfo || !check_is_x86(cpuinfo) || hugepage_sizes(c->root, &sizes) < 0 ||
	    sizes.n == 0 || strv_contains(&sizes, "1048576"))
		return;
	check_seen(c, MM "hugepages; /proc/cpuinfo: %s pdpe1gb",
		   check_cpu_has(cpuinfo, "pdpe1gb") ? "has" : "no");
	check_found(c, NULL, "there are no hugepages of 1 GiB");
}

/* Pages that no domain on this host can want: libvirt's definitions name no hugepages. */
static void look_idle(struct checking *c)
{
	_cleanup_strv_ struct strv sizes = STRV_NULL;

	if (c->defined->r < 0 || hugepage_sizes(c->root, &sizes) < 0)
		return;
	for (size_t i = 0; i < c->defined->n; i++) {
		if (c->defined->items[i].domain.hugepages)
			return;
	}
	if (c->needs & NEED_HUGEPAGES)
		return;
	strv_for_each(size, &sizes) {
		_cleanup_free_ char *text = NULL;
		uint64_t free_pages, kib;

		if (parse_u64(size, &kib) < 0 ||
		    !check_number(c, &free_pages,
				  MM "hugepages/hugepages-%skB/free_hugepages", size) ||
		    free_pages == 0)
			continue;
		text = size_format(free_pages * kib);
		check_found(c, size,
			    "%s in hugepages are free, and no defined domain uses any",
			    text);
	}
}

/* ---- what the kernel does by itself ---- */

static bool choice_is(struct checking *c, const char *path, const char *word)
{
	_cleanup_free_ char *text = check_read(c, "%s", path);

	return text && STREQ(check_choice(text), word);
}

static void look_thp_always(struct checking *c)
{
	if (choice_is(c, THP "enabled", "always"))
		check_found(c, NULL, "every program gets transparent hugepages");
}

static void look_thp_never(struct checking *c)
{
	if (choice_is(c, THP "enabled", "never"))
		check_found(c, NULL, "transparent hugepages are off");
}

static void look_thp_defrag(struct checking *c)
{
	if (!choice_is(c, THP "enabled", "never") && choice_is(c, THP "defrag", "always"))
		check_found(c, NULL, "page faults wait for memory to be compacted");
}

static void look_ksm(struct checking *c)
{
	uint64_t run;

	if (check_number(c, &run, MM "ksm/run") && run == 1)
		check_found(c, NULL, "KSM merges equal pages of guests");
}

static void look_ksm_nodes(struct checking *c)
{
	uint64_t run, across;

	if (check_number(c, &run, MM "ksm/run") && run == 1 &&
	    check_number(c, &across, MM "ksm/merge_across_nodes") && across == 1 &&
	    bitset_count(&c->host->nodes) > 1)
		check_found(c, NULL, "KSM merges pages of different nodes");
}

static void look_numa_balancing(struct checking *c)
{
	uint64_t value;

	if (check_number(c, &value, "proc/sys/kernel/numa_balancing") && value & 1 &&
	    bitset_count(&c->host->nodes) > 1)
		check_found(c, NULL, "automatic NUMA balancing is on");
}

static void look_zone_reclaim(struct checking *c)
{
	uint64_t value;

	if (check_number(c, &value, "proc/sys/vm/zone_reclaim_mode") && value & 1 &&
	    bitset_count(&c->host->nodes) > 1)
		check_found(c, NULL,
			    "a node's cache is dropped before memory of another is used");
}

static void look_swappiness(struct checking *c)
{
	uint64_t swap, value;

	if (check_meminfo(c, "SwapTotal", &swap) && swap > 0 &&
	    check_number(c, &value, "proc/sys/vm/swappiness") && value > SWAPPINESS_MAX)
		check_found(c, NULL, "vm.swappiness is %" PRIu64 ", and there is swap",
			    value);
}

static void look_overcommit(struct checking *c)
{
	uint64_t value;

	if (check_number(c, &value, "proc/sys/vm/overcommit_memory") && value == 2)
		check_found(c, NULL, "the kernel promises no more memory than it has");
}

const struct check_rule check_memory_rules[] = {
	{ "hugepages-missing", SEVERITY_NOTICE, NEED_HUGEPAGES, SEVERITY_ERROR,
	  "guests need several times the time to find an address without them",
	  "use a kernel that is built with CONFIG_HUGETLBFS", look_sizes },
	{ "hugepages-1g-missing", SEVERITY_NOTICE, 0, 0,
	  "large guests are faster with them, and those that ask for them do not start",
	  "let domains use pages of 2 MiB: <page size='2' unit='M'/>", look_gigantic },
	{ "hugetlbfs-missing", SEVERITY_ERROR, 0, 0,
	  "libvirt gives QEMU hugepages of a size only where that is mounted; it looks when "
	  "its daemon starts",
	  "mount it, in /etc/fstab too (mount -t hugetlbfs -o {} --mkdir), then systemctl "
	  "restart libvirtd or virtqemud; or use <source type='memfd'/>",
	  look_mounts },
	{ "hugepages-idle", SEVERITY_NOTICE, 0, 0, "nothing else can use that memory",
	  "echo 0 > /sys/kernel/mm/hugepages/hugepages-{}kB/nr_hugepages; "
	  "/etc/sysctl.d or the kernel's arguments ask for them",
	  look_idle },
	{ "thp-always", SEVERITY_NOTICE, 0, 0,
	  "khugepaged and compaction run for programs that have no use for it; QEMU asks for "
	  "them by itself",
	  "add <quiet thp='madvise'/> to the domain's metadata, or: kargs set "
	  "transparent_hugepage=madvise",
	  look_thp_always },
	{ "thp-never", SEVERITY_NOTICE, NEED_ORDINARY_PAGES, SEVERITY_WARNING,
	  "memory of guests that are not in hugepages is in pages of 4 KiB, the slowest",
	  "kargs set transparent_hugepage=madvise, or give the domains hugepages",
	  look_thp_never },
	{ "thp-defrag-always", SEVERITY_WARNING, 0, 0,
	  "a guest can stop for milliseconds when it touches new memory",
	  "echo madvise > /sys/kernel/mm/transparent_hugepage/defrag", look_thp_defrag },
	{ "ksm-on", SEVERITY_NOTICE, NEED_PINS | NEED_ISOLATION, SEVERITY_WARNING,
	  "ksmd takes a CPU, breaks transparent hugepages up, and lets a guest find out what "
	  "is in another's memory by timing",
	  "add <quiet ksm='off'/> to the domain's metadata, or: systemctl disable --now ksm "
	  "ksmtuned; echo 2 > /sys/kernel/mm/ksm/run",
	  look_ksm },
	{ "ksm-across-nodes", SEVERITY_WARNING, 0, 0,
	  "a guest reads memory of another node that was its own node's before",
	  "echo 2 > /sys/kernel/mm/ksm/run; "
	  "echo 0 > /sys/kernel/mm/ksm/merge_across_nodes",
	  look_ksm_nodes },
	{ "numa-balancing-on", SEVERITY_NOTICE, NEED_PINS, SEVERITY_WARNING,
	  "guests are interrupted by page faults that only ask where their memory is used; "
	  "where they are pinned, that is known",
	  "add <quiet numa-balancing='off'/> to the domain's metadata, or: sysctl -w "
	  "kernel.numa_balancing=0",
	  look_numa_balancing },
	{ "zone-reclaim-on", SEVERITY_NOTICE, 0, 0,
	  "allocations stop for it, and the host's cache is smaller than it could be",
	  "sysctl -w vm.zone_reclaim_mode=0", look_zone_reclaim },
	{ "swappiness-high", SEVERITY_NOTICE, NEED_ORDINARY_PAGES, SEVERITY_NOTICE,
	  "memory that a guest has not used for long is swapped out, and read back when it "
	  "wants it",
	  "sysctl -w vm.swappiness=10, in /etc/sysctl.d too", look_swappiness },
	{ "overcommit-never", SEVERITY_WARNING, 0, 0,
	  "QEMU reserves more than it uses, and may not start with memory free",
	  "sysctl -w vm.overcommit_memory=0", look_overcommit },
};
const size_t n_check_memory_rules = ARRAY_SIZE(check_memory_rules);

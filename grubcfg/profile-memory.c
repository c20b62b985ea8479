// SPDX-License-Identifier: LGPL-2.1-or-later
/* The profiles hugepages and no-thp; see profile-expansion.h. */

#include <ctype.h>
#include <inttypes.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "grubcfg/profile-expansion.h"
#include "grubcfg/value.h"

/* More in pages than this leaves too little for booting; hosttune's own default for domains. */
#define HUGEPAGES_MAX_PERCENT 90
#define KIB_PER_MIB (UINT64_C(1) << 10)
#define KIB_PER_GIB (UINT64_C(1) << 20)

static char *format_page_size(uint64_t kib)
{
	if (kib % KIB_PER_GIB == 0)
		return xasprintf("%" PRIu64 "G", kib / KIB_PER_GIB);
	if (kib % KIB_PER_MIB == 0)
		return xasprintf("%" PRIu64 "M", kib / KIB_PER_MIB);
	return xasprintf("%" PRIu64 "K", kib);
}

static int check_page_size(struct expansion *e, uint64_t kib, const char *size)
{
	const struct machine *machine = e->machine;

	if (machine_is_not_x86(machine)) {
		expansion_note(e, "whether %s has pages of %s is not checked",
			       machine->arch, size);
		return 0;
	}
	if (kib != 2 * KIB_PER_MIB && kib != KIB_PER_GIB) {
		(void)error_set(e->err, -EINVAL,
				"hugepages: there are no pages of %s on x86", size);
		error_remedy(e->err, "use 2M or 1G");
		return -EINVAL;
	}
	if (kib == KIB_PER_GIB && machine->vendor == CPU_UNKNOWN)
		expansion_note(
			e,
			"pages of 1G need a processor with pdpe1gb, and it is not known "
			"below this root");
	if (kib == KIB_PER_GIB && machine->vendor != CPU_UNKNOWN &&
	    !machine->has_1g_pages) {
		(void)error_set(e->err, -ENODEV,
				"hugepages: this processor has no pages of 1G (pdpe1gb)");
		error_remedy(e->err, "use pages of 2M; in a virtual machine, give it the "
				     "host's processor model");
		return -ENODEV;
	}
	return 0;
}

static int refuse_too_much(struct expansion *e, const char *where, uint64_t wanted,
			   uint64_t memory)
{
	if (memory == 0 || wanted <= memory / 100 * HUGEPAGES_MAX_PERCENT)
		return 0;
	(void)error_set(e->err, -ENOMEM,
			"hugepages: %" PRIu64 " MiB in pages, and %s has %" PRIu64 " MiB",
			wanted / KIB_PER_MIB, where, memory / KIB_PER_MIB);
	error_remedy(e->err,
		     "ask for at most %" PRIu64 " MiB (%d %%) in all sizes together: the "
		     "host has to boot in the rest",
		     memory / 100 * HUGEPAGES_MAX_PERCENT / KIB_PER_MIB,
		     HUGEPAGES_MAX_PERCENT);
	return -ENOMEM;
}

static int no_such_node(struct expansion *e, unsigned id)
{
	const struct machine *machine = e->machine;

	(void)error_set(e->err, -ENODEV, "hugepages: there is no NUMA node %u", id);
	error_remedy(e->err, "the last node of this machine is %u",
		     machine->nodes[machine->n_nodes - 1].id);
	return -ENODEV;
}

/* "N" or "NODE:N,NODE:N", with each node's pages checked against its memory; -EINVAL: neither. */
static int check_pages(struct expansion *e, const char *text, uint64_t kib)
{
	const struct machine *machine = e->machine;
	_cleanup_strv_ struct strv parts = STRV_NULL;
	uint64_t count;

	if (value_pages(text, &count) < 0 || count > UINT64_MAX / 2 / kib)
		return -EINVAL;
	if (count == 0) {
		(void)error_set(e->err, -ERANGE, "hugepages: '%s' asks for no page", text);
		error_remedy(e->err, "to have none of a size made at boot: kargs remove "
				     "hugepagesz=SIZE");
		return -ERANGE;
	}
	if (!strchr(text, ':'))
		return 0;
	strv_split(&parts, text, ",");
	strv_for_each(part, &parts) {
		_cleanup_free_ char *number = xstrndup(part, strcspn(part, ":"));
		_cleanup_free_ char *where = xasprintf("node %s", number);
		size_t k = 0;
		unsigned id;
		int r;

		if (parse_unsigned(number, &id) < 0 ||
		    parse_u64(strchr(part, ':') + 1, &count) < 0)
			return -EINVAL;
		while (k < machine->n_nodes && machine->nodes[k].id != id)
			k++;
		if (machine->n_nodes == 0)
			continue;
		if (k == machine->n_nodes)
			return no_such_node(e, id);
		r = refuse_too_much(e, where, count * kib, machine->nodes[k].memory_kib);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What all sizes asked for until now need together; a size that comes again counts as it was last. */
static uint64_t wanted_kib(const struct changes *changes)
{
	struct {
		uint64_t kib, pages;
	} sizes[16] = { 0 };
	uint64_t total = 0;
	size_t n = 0, at = 0;

	for (size_t i = 0; i < changes->n; i++) {
		const char *arg = changes->items[i].arg;

		if (str_has_prefix(arg, "hugepagesz=")) {
			uint64_t kib = value_page_kib(arg + strlen("hugepagesz="));

			for (at = 0; at < n && sizes[at].kib != kib; at++)
				continue;
			if (at == n && n < ARRAY_SIZE(sizes))
				sizes[n++].kib = kib;
		} else if (str_has_prefix(arg, "hugepages=") && at < n) {
			if (value_pages(arg + strlen("hugepages="), &sizes[at].pages) < 0)
				sizes[at].pages = 0;
		}
	}
	for (size_t i = 0; i < n; i++)
		total += sizes[i].kib * sizes[i].pages;
	return total;
}

static int bad_hugepages(struct expansion *e, const char *value)
{
	(void)error_set(e->err, -EINVAL, "hugepages: '%s' is not SIZExCOUNT", value);
	error_remedy(e->err,
		     "write, for example, hugepages=2Mx1024, or hugepages=1Gx0:4,1:4 "
		     "for two nodes");
	return -EINVAL;
}

int expand_hugepages(struct expansion *e, const char *value)
{
	size_t n = strcspn(value, "xX");
	_cleanup_free_ char *given = xstrndup(value, n), *size = NULL;
	const char *count = value + n + 1;
	uint64_t kib = value_page_kib(given);
	int r;

	/* "hugepages=512" is the kernel's own argument, for pages of the default size. */
	if (*value && strspn(value, "0123456789:,") == strlen(value)) {
		expansion_wantf(e, "hugepages=%s", value);
		expansion_note(e, "taken as an argument, of pages of the default size; "
				  "hugepages=SIZExCOUNT names the size");
		return 0;
	}
	if (kib == 0 || !value[n])
		return bad_hugepages(e, value);
	size = format_page_size(kib);
	r = check_page_size(e, kib, size);
	if (r < 0)
		return r;
	r = check_pages(e, count, kib);
	if (r == -EINVAL)
		return bad_hugepages(e, value);
	if (r < 0)
		return r;
	if (strchr(count, ':') && machine_kernel_before(e->machine, 5, 16)) {
		(void)error_set(e->err, -ENODEV,
				"hugepages: Linux %s cannot be told pages by node",
				e->machine->kernel);
		error_remedy(e->err,
			     "that came with Linux 5.16: leave the nodes out, and "
			     "the pages are spread over all of them");
		return -ENODEV;
	}
	expansion_wantf(e, "hugepagesz=%s", size);
	expansion_wantf(e, "hugepages=%s", count);
	if (e->machine->memory_kib == 0)
		expansion_note(
			e,
			"not checked against the memory, which is not known below this "
			"root");
	expansion_note(
		e,
		"default_hugepagesz left out: it changes which size /dev/hugepages and "
		"programs that name none get; libvirt names the size");
	return refuse_too_much(e, "the machine", wanted_kib(e->changes),
			       e->machine->memory_kib);
}

int expand_no_thp(struct expansion *e, const char *value _unused_)
{
	static const char *const others[] = { "transparent_hugepage=always",
					      "transparent_hugepage=madvise" };
	bool is_absent = expansion_config_is(e, "TRANSPARENT_HUGEPAGE", "n");

	if (!is_absent && !expansion_config_is(e, "TRANSPARENT_HUGEPAGE_NEVER", "y")) {
		expansion_want(e, "transparent_hugepage=never");
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		expansion_drop(e, others[i]);
	expansion_note(e, "transparent_hugepage=never left out: %s",
		       is_absent ? "this kernel has no transparent hugepages" :
				   "it is this kernel's default");
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* A domain, as far as the host is concerned; see domain.h. */

#include <ctype.h>
#include <stdio.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/domain.h"
#include "hook/pci-address.h"

#define VCPUS_MAX 4096U /* more than any QEMU has: a number to be believed */

static bool attr_is(const xmlNode *node, const char *name, const char *value)
{
	const char *actual = node ? xml_attr(node, name) : NULL;

	return actual && STREQ(actual, value);
}

/* An attribute that may be missing. */
static int optional(int r)
{
	return r == -ENOENT ? 0 : r;
}

static int read_cells(const xmlNode *domain, struct domain *d, struct error *err)
{
	unsigned next_id = 0;
	int r;

	xml_for_each_child(node, xml_find(domain, "cpu/numa")) {
		struct domain_cell *cell;

		if (!xml_is(node, "cell"))
			continue;
		cell = ARRAY_PUSH(d->cells, d->n_cells);
		cell->id = next_id;
		r = optional(xml_attr_unsigned(node, "id", &cell->id, err));
		if (r < 0)
			return r;
		next_id = cell->id + 1;
		r = xml_attr_memory(node, "memory", "unit", &cell->memory_kib, err);
		if (r == -ENOENT)
			r = error_set(err, -EINVAL, "line %u: <cell> without memory",
				      xml_line(node));
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_dimm(const xmlNode *node, struct domain *d, struct error *err)
{
	const xmlNode *source = xml_find(node, "source");
	const xmlNode *size = xml_find(node, "target/size");
	const xmlNode *cell = xml_find(node, "target/node");
	const xmlNode *page = xml_find(node, "source/pagesize");
	const xmlNode *nodemask = xml_find(source, "nodemask");
	struct domain_dimm *dimm;
	_cleanup_free_ char *text = NULL;
	int r = 0;

	/* The others are files, SGX or persistent memory: not the hugepage pool. */
	if (!attr_is(node, "model", "dimm") && !attr_is(node, "model", "virtio-mem"))
		return 0;
	dimm = ARRAY_PUSH(d->dimms, d->n_dimms);
	dimm->line = xml_line(node);
	if (attr_is(node, "model", "virtio-mem") && xml_find(node, "target/requested"))
		size = xml_find(node, "target/requested");
	if (!size)
		return error_set(err, -EINVAL, "line %u: <memory> device without size",
				 dimm->line);
	r = xml_text_memory(size, &dimm->size_kib, err);
	if (r == 0 && page)
		r = xml_text_memory(page, &dimm->page_kib, err);
	if (r < 0)
		return r;
	if (cell) {
		text = xml_text(cell);
		if (parse_unsigned(text, &dimm->cell) < 0)
			return error_set(err, -EINVAL,
					 "line %u: <node> '%s' is not a number",
					 xml_line(cell), text);
	}
	if (nodemask) {
		_cleanup_free_ char *list = xml_text(nodemask);

		if (bitset_parse(list, &dimm->nodes) < 0)
			return error_set(err, -EINVAL,
					 "line %u: <nodemask> '%s' is not a list of nodes",
					 xml_line(nodemask), list);
	}
	return 0;
}

/* Memory of guest nodes. Without guest NUMA all that is no DIMM is node 0. */
static int read_memory(const xmlNode *domain, struct domain *d, struct error *err)
{
	const xmlNode *memory = xml_find(domain, "memory");
	uint64_t dimms_kib = 0;
	int r;

	if (memory) {
		r = xml_text_memory(memory, &d->memory_kib, err);
		if (r < 0)
			return r;
	}
	r = read_cells(domain, d, err);
	if (r < 0)
		return r;
	xml_for_each_child(node, xml_find(domain, "devices")) {
		if (!xml_is(node, "memory"))
			continue;
		r = read_dimm(node, d, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < d->n_dimms; i++)
		dimms_kib += d->dimms[i].size_kib;
	if (d->n_cells == 0) {
		struct domain_cell *cell = ARRAY_PUSH(d->cells, d->n_cells);

		cell->memory_kib = d->memory_kib - MIN(dimms_kib, d->memory_kib);
	}
	return 0;
}

static int read_hugepages(const xmlNode *domain, struct domain *d, struct error *err)
{
	const xmlNode *hugepages = xml_find(domain, "memoryBacking/hugepages");
	int r;

	d->hugepages = hugepages != NULL;
	xml_for_each_child(node, hugepages) {
		struct domain_page *page;

		if (!xml_is(node, "page"))
			continue;
		page = ARRAY_PUSH(d->pages, d->n_pages);
		r = xml_attr_memory(node, "size", "unit", &page->size_kib, err);
		if (r == -ENOENT || (r == 0 && page->size_kib == 0))
			r = error_set(err, -EINVAL, "line %u: <page> without size",
				      xml_line(node));
		if (r == 0)
			r = optional(xml_attr_bitset(node, "nodeset", &page->cells, err));
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_numatune(const xmlNode *domain, struct domain *d, struct error *err)
{
	const xmlNode *memory = xml_find(domain, "numatune/memory");
	int r;

	if (memory) {
		d->memory_auto = attr_is(memory, "placement", "auto");
		r = optional(xml_attr_bitset(memory, "nodeset", &d->memory_nodes, err));
		if (r < 0)
			return r;
	}
	xml_for_each_child(node, xml_find(domain, "numatune")) {
		struct domain_memnode *memnode;

		if (!xml_is(node, "memnode"))
			continue;
		memnode = ARRAY_PUSH(d->memnodes, d->n_memnodes);
		r = optional(xml_attr_unsigned(node, "cellid", &memnode->cell, err));
		if (r == 0)
			r = optional(
				xml_attr_bitset(node, "nodeset", &memnode->nodes, err));
		if (r < 0)
			return r;
	}
	return 0;
}

static int push_pin(const xmlNode *node, const char *id, struct domain_pin **pins,
		    size_t *n, struct error *err)
{
	struct domain_pin *pin;
	int r;

	if (*n == VCPUS_MAX)
		return error_set(err, -EINVAL, "line %u: more than %u <%s>",
				 xml_line(node), VCPUS_MAX, (const char *)node->name);
	pin = ARRAY_PUSH(*pins, *n);
	r = optional(xml_attr_unsigned(node, id, &pin->id, err));
	return r < 0 ? r : optional(xml_attr_bitset(node, "cpuset", &pin->cpus, err));
}

/* Without a pin of its own a vCPU may run on all CPUs of <vcpu cpuset>. */
static void add_unpinned(const xmlNode *vcpu, const struct bitset *cpus, struct domain *d)
{
	_cleanup_free_ char *text = vcpu ? xml_text(vcpu) : NULL;
	unsigned count = 0;

	if (!text || bitset_is_empty(cpus) || parse_unsigned(text, &count) < 0)
		return;
	for (unsigned id = 0; id < MIN(count, VCPUS_MAX); id++) {
		struct domain_pin *pin = NULL;

		for (size_t i = 0; i < d->n_vcpu_pins; i++) {
			if (d->vcpu_pins[i].id == id)
				pin = &d->vcpu_pins[i];
		}
		if (pin)
			continue;
		pin = ARRAY_PUSH(d->vcpu_pins, d->n_vcpu_pins);
		pin->id = id;
		bitset_add_all(&pin->cpus, cpus);
	}
}

static int read_cpus(const xmlNode *domain, struct domain *d, struct error *err)
{
	const xmlNode *vcpu = xml_find(domain, "vcpu");
	const xmlNode *partition = xml_find(xml_find(domain, "resource"), "partition");
	_cleanup_bitset_ struct bitset cpus = BITSET_NULL;
	int r = 0;

	xml_for_each_child(node, xml_find(domain, "cputune")) {
		if (xml_is(node, "vcpupin"))
			r = push_pin(node, "vcpu", &d->vcpu_pins, &d->n_vcpu_pins, err);
		else if (xml_is(node, "iothreadpin"))
			r = push_pin(node, "iothread", &d->iothread_pins,
				     &d->n_iothread_pins, err);
		else if (xml_is(node, "emulatorpin"))
			r = optional(
				xml_attr_bitset(node, "cpuset", &d->emulator_cpus, err));
		if (r < 0)
			return r;
	}
	if (vcpu)
		r = optional(xml_attr_bitset(vcpu, "cpuset", &cpus, err));
	for (size_t i = 0; i < d->n_vcpu_pins; i++)
		bitset_add_all(&d->vcpu_cpus, &d->vcpu_pins[i].cpus);
	if (bitset_is_empty(&d->vcpu_cpus))
		bitset_add_all(&d->vcpu_cpus, &cpus);
	add_unpinned(vcpu, &cpus, d);
	if (partition)
		d->resource_partition = xml_text(partition);
	return r;
}

/* libvirt writes numbers of addresses as hexadecimal with 0x, and reads decimal too. */
static int address_part(const xmlNode *node, const char *name, unsigned max, unsigned *ret)
{
	const char *value = xml_attr(node, name);
	uint64_t v = 0;
	int r = 0;

	if (value)
		r = value[0] == '0' && tolower((unsigned char)value[1]) == 'x' ?
			    parse_hex(value, &v) :
			    parse_u64(value, &v);
	if (r < 0 || v > max)
		return -EINVAL;
	*ret = (unsigned)v;
	return 0;
}

static int push_hostdev(const xmlNode *address, bool managed, struct domain *d,
			struct error *err)
{
	struct domain_hostdev *hostdev = ARRAY_PUSH(d->hostdevs, d->n_hostdevs);
	struct pci_address a = { 0 };

	if (address_part(address, "domain", 0xffffffff, &a.pci_domain) < 0 ||
	    address_part(address, "bus", 0xff, &a.bus) < 0 ||
	    address_part(address, "slot", 0x1f, &a.slot) < 0 ||
	    address_part(address, "function", 7, &a.function) < 0)
		return error_set(err, -EINVAL, "line %u: <address> is not a PCI address",
				 xml_line(address));
	(void)pci_address_format(&a, hostdev->address);
	hostdev->managed = managed;
	hostdev->line = xml_line(address);
	return 0;
}

/* As the kernel names the device. */
static void push_mdev(const xmlNode *address, struct domain *d)
{
	const char *uuid = xml_attr(address, "uuid");

	if (!uuid)
		return;
	strv_push(&d->mdevs, uuid);
	for (char *c = d->mdevs.items[d->mdevs.n - 1]; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

/* A device that passes something of the host through; others are left alone. */
static int read_device(const xmlNode *node, struct domain *d, struct error *err)
{
	const xmlNode *source = xml_find(node, "source");
	const xmlNode *address = xml_find(source, "address");
	bool nvme = xml_is(node, "disk") && attr_is(node, "type", "nvme");
	bool pci = xml_is(node, "hostdev") && attr_is(node, "type", "pci");
	bool nic = xml_is(node, "interface") && attr_is(node, "type", "hostdev");

	if (address && xml_is(node, "hostdev") && attr_is(node, "type", "mdev")) {
		push_mdev(address, d);
		return 0;
	}
	if (!address || !(nvme || pci || nic))
		return 0;
	if (nic && xml_attr(address, "type") && !attr_is(address, "type", "pci"))
		return 0;
	return push_hostdev(address, attr_is(nvme ? source : node, "managed", "yes"), d,
			    err);
}

static int read_devices(const xmlNode *domain, struct domain *d, struct error *err)
{
	xml_for_each_child(node, xml_find(domain, "devices")) {
		int r = read_device(node, d, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int domain_read_identity(const xmlNode *domain, struct domain *d, struct error *err)
{
	const xmlNode *name = xml_find(domain, "name"), *uuid = xml_find(domain, "uuid");

	d->name = name ? xml_text(name) : xstrdup("");
	d->uuid = uuid ? xml_text(uuid) : xstrdup("");
	if (!*d->name)
		return error_set(err, -EINVAL, "the domain has no <name>");
	return 0;
}

int domain_find(const xmlDoc *doc, const xmlNode **ret, struct error *err)
{
	const xmlNode *root = xml_root(doc);

	if (root && xml_is(root, "domstatus"))
		root = xml_find(root, "domain");
	if (!root || !xml_is(root, "domain"))
		return error_set(err, -EINVAL,
				 "this is not domain XML: no <domain> element");
	*ret = root;
	return 0;
}

int domain_read_parts(const xmlNode *domain, struct domain *ret, struct error *err)
{
	static int (*const parts[])(const xmlNode *, struct domain *, struct error *) = {
		read_memory, read_hugepages, read_numatune, read_cpus, read_devices,
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int r = parts[i](domain, ret, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int domain_read(const char *xml, size_t size, struct domain *ret, struct error *err)
{
	_cleanup_xml_ xmlDoc *doc = NULL;
	const xmlNode *domain = NULL;
	int r;

	*ret = (struct domain){ 0 };
	r = xml_parse(xml, size, &doc, err);
	if (r < 0)
		return r;
	r = domain_find(doc, &domain, err);
	if (r == 0)
		r = domain_read_identity(domain, ret, err);
	if (r < 0)
		return r;
	r = request_read(domain, &ret->request, err);
	ret->tagged = r != 0; /* a request with an error in it is one */
	return r <= 0 ? r : domain_read_parts(domain, ret, err);
}

static void pins_done(struct domain_pin *pins, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bitset_done(&pins[i].cpus);
	free(pins);
}

void domain_done(struct domain *d)
{
	free(d->name);
	free(d->uuid);
	request_done(&d->request);
	free(d->cells);
	for (size_t i = 0; i < d->n_pages; i++)
		bitset_done(&d->pages[i].cells);
	free(d->pages);
	for (size_t i = 0; i < d->n_memnodes; i++)
		bitset_done(&d->memnodes[i].nodes);
	free(d->memnodes);
	bitset_done(&d->memory_nodes);
	for (size_t i = 0; i < d->n_dimms; i++)
		bitset_done(&d->dimms[i].nodes);
	free(d->dimms);
	bitset_done(&d->vcpu_cpus);
	pins_done(d->vcpu_pins, d->n_vcpu_pins);
	pins_done(d->iothread_pins, d->n_iothread_pins);
	bitset_done(&d->emulator_cpus);
	free(d->resource_partition);
	free(d->hostdevs);
	strv_done(&d->mdevs);
	*d = (struct domain){ 0 };
}

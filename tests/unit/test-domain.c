// SPDX-License-Identifier: LGPL-2.1-or-later

/* A domain, as far as the host is concerned. */

#include "common/alloc.h"
#include "hook/domain.h"
#include "unit.h"

#define TAG "<metadata><host xmlns='urn:hosttune:1'/></metadata>"

/* The children of a tagged <domain>, from line 2 on. */
static int read_tagged(const char *inside, struct domain *ret, struct error *err)
{
	_cleanup_free_ char *xml =
		xasprintf("<domain type='kvm'><name>x</name>" TAG "\n%s</domain>", inside);

	return domain_read(xml, strlen(xml), ret, err);
}

static void read_good(const char *inside, struct domain *ret)
{
	_cleanup_error_ struct error err = ERROR_NULL;

	assert_done(read_tagged(inside, ret, &err), &err);
	assert_true(ret->tagged);
}

static void assert_refused(const char *inside, const char *cause)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_domain_ struct domain domain = { 0 };
	int r = read_tagged(inside, &domain, &err);

	if (r == 0)
		fail_msg("accepted: %s", inside);
	assert_failed(r, -EINVAL, &err, cause, NULL);
}

/* ---- the document ---- */

static int read_text(const char *xml, struct domain *ret, struct error *err)
{
	return domain_read(xml, strlen(xml), ret, err);
}

static void identity_is_read(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_domain_ struct domain a = { 0 }, b = { 0 };

	assert_done(read_text("<domain><name> win11\n</name><uuid>u-u</uuid></domain>",
			      &a, &err),
		    &err);
	assert_string_equal(a.name, "win11");
	assert_string_equal(a.uuid, "u-u");
	assert_false(a.tagged);
	assert_done(read_text("<domain><name>x</name></domain>", &b, &err), &err);
	assert_string_equal(b.uuid, "");
}

static void domstatus_is_looked_into(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_domain_ struct domain domain = { 0 };

	assert_done(read_text("<!-- libvirt's own -->\n<domstatus state='running'>"
			      "<taint flag='x'/><domain><name>x</name>" TAG
			      "<memory unit='GiB'>1</memory></domain></domstatus>",
			      &domain, &err),
		    &err);
	assert_true(domain.tagged);
	assert_int_equal(domain.memory_kib, 1 << 20);
}

static void what_is_no_domain_is_refused(void **state _unused_)
{
	static const struct {
		const char *xml, *cause;
	} cases[] = {
		{ "<network/>", "no <domain> element" },
		{ "<domstatus/>", "no <domain> element" },
		{ "<domstatus><domstatus><domain/></domstatus></domstatus>",
		  "no <domain> element" },
		{ "<domain xmlns='urn:x'/>", "no <domain> element" },
		{ "<domain/>", "the domain has no <name>" },
		{ "<domain><name/></domain>", "the domain has no <name>" },
		{ "<domain><name> \n </name></domain>", "the domain has no <name>" },
		{ "<domain><name>x</name>", "XML is not well-formed: line 1:" },
		{ "", "XML is" },
		{ "<!DOCTYPE domain><domain><name>x</name></domain>",
		  "document type declaration" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_domain_ struct domain domain = { 0 };

		assert_failed(read_text(cases[i].xml, &domain, &err), -EINVAL, &err,
			      cases[i].cause, NULL);
	}
}

static void an_untagged_domain_is_not_looked_at(void **state _unused_)
{
	static const char *const metadata[] = {
		"",
		"<metadata/>",
		"<metadata><host xmlns='urn:host'><any/></host></metadata>",
		"<metadata><host/></metadata>",
	};

	for (size_t i = 0; i < ARRAY_SIZE(metadata); i++) {
		_cleanup_free_ char *xml = xasprintf(
			"<domain><name>x</name>%s<memory unit='furlong'>-1</memory>"
			"<cpu><numa><cell/></numa></cpu><vcpu cpuset='x'/></domain>",
			metadata[i]);
		_cleanup_error_ struct error err = ERROR_NULL;
		_cleanup_domain_ struct domain domain = { 0 };

		assert_done(read_text(xml, &domain, &err), &err);
		assert_false(domain.tagged);
		assert_int_equal(domain.n_cells, 0);
	}
}

static void a_bad_request_is_an_error(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_domain_ struct domain domain = { 0 };

	assert_failed(read_text("<domain><name>x</name><metadata>"
				"<host xmlns='urn:hosttune:1'><hugepagse/></host>"
				"</metadata></domain>",
				&domain, &err),
		      -EINVAL, &err, "unknown element <hugepagse>",
		      "did you mean 'hugepages'?");
}

/* ---- memory ---- */

static void memory_has_units(void **state _unused_)
{
	static const struct {
		const char *xml;
		uint64_t kib;
	} cases[] = {
		{ "<memory>4194304</memory>", 4194304 },
		{ "<memory unit='KiB'>4194304</memory>", 4194304 },
		{ "<memory unit='b'>1025</memory>", 2 },
		{ "<memory unit='KB'>1024</memory>", 1000 },
		{ "<memory unit='MiB'>\n 4096\n</memory>", 4194304 },
		{ "<memory unit='g'>4</memory>", 4194304 },
		{ "<memory unit=''>7</memory>", 7 },
		{ "<currentMemory>1</currentMemory>", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_ struct domain domain = { 0 };

		read_good(cases[i].xml, &domain);
		assert_int_equal(domain.memory_kib, cases[i].kib);
		assert_int_equal(domain.n_cells, 1);
		assert_int_equal(domain.cells[0].id, 0);
		assert_int_equal(domain.cells[0].memory_kib, cases[i].kib);
	}
}

static void bad_memory_is_refused(void **state _unused_)
{
	assert_refused("<memory/>", "line 2: <memory>: content '' is not an amount");
	assert_refused("<memory unit='x'>1</memory>", "line 2: <memory>: content '1'");
	assert_refused("\n<memory>-1</memory>", "line 3: <memory>: content '-1'");
	assert_refused("<memory unit='EiB'>16</memory>", "<memory>: content '16'");
	assert_refused("<memory>1.5</memory>", "'1.5'");
}

static void cells_are_read(void **state _unused_)
{
	_cleanup_domain_ struct domain domain = { 0 };

	read_good("<memory unit='GiB'>9</memory><cpu><numa>"
		  "<cell id='1' cpus='0-1' memory='4' unit='GiB'/>"
		  "<interconnects/>"
		  "<cell cpus='2' memory='1048576'/>"
		  "<cell id='0' memory='1025' unit='b'/>"
		  "</numa></cpu>",
		  &domain);
	assert_int_equal(domain.n_cells, 3);
	assert_int_equal(domain.cells[0].id, 1);
	assert_int_equal(domain.cells[0].memory_kib, 4 << 20);
	assert_int_equal(domain.cells[1].id, 2);
	assert_int_equal(domain.cells[1].memory_kib, 1 << 20);
	assert_int_equal(domain.cells[2].id, 0);
	assert_int_equal(domain.cells[2].memory_kib, 2);
}

static void bad_cells_are_refused(void **state _unused_)
{
	assert_refused("<cpu><numa>\n<cell id='0'/></numa></cpu>",
		       "line 3: <cell> without memory");
	assert_refused("<cpu><numa><cell memory='x'/></numa></cpu>",
		       "<cell>: memory 'x' is not an amount of memory");
	assert_refused("<cpu><numa><cell id='a' memory='1'/></numa></cpu>",
		       "<cell>: id 'a' is not a number");
	assert_refused("<cpu><numa><cell memory='1' unit='q'/></numa></cpu>",
		       "<cell>: memory '1'");
}

static void pages_are_read(void **state _unused_)
{
	_cleanup_domain_ struct domain none = { 0 }, bare = { 0 }, pages = { 0 };

	read_good("<memoryBacking><locked/></memoryBacking>", &none);
	assert_false(none.hugepages);
	read_good("<memoryBacking><hugepages/></memoryBacking>", &bare);
	assert_true(bare.hugepages);
	assert_int_equal(bare.n_pages, 0);
	read_good("<memoryBacking><hugepages><page size='1' unit='G' nodeset='0-1,3'/>"
		  "<page size='2048'/></hugepages></memoryBacking>",
		  &pages);
	assert_true(pages.hugepages);
	assert_int_equal(pages.n_pages, 2);
	assert_int_equal(pages.pages[0].size_kib, 1 << 20);
	assert_bitset(&pages.pages[0].cells, "0-1,3");
	assert_int_equal(pages.pages[1].size_kib, 2048);
	assert_bitset(&pages.pages[1].cells, "");
}

static void bad_pages_are_refused(void **state _unused_)
{
#define PAGE(attributes)                                                 \
	"<memoryBacking><hugepages>\n<page " attributes "/></hugepages>" \
	"</memoryBacking>"
	assert_refused(PAGE(""), "line 3: <page> without size");
	assert_refused(PAGE("size='0'"), "line 3: <page> without size");
	assert_refused(PAGE("size='2' unit='x'"), "<page>: size '2' is not");
	assert_refused(PAGE("size='2048' nodeset='1-'"), "<page>: nodeset '1-' is not");
}

static void pins_are_read(void **state _unused_)
{
	_cleanup_domain_ struct domain pinned = { 0 }, cpuset = { 0 }, none = { 0 };

	read_good("<vcpu cpuset='0-3'>3</vcpu><iothreads>1</iothreads><cputune>"
		  "<vcpupin vcpu='1' cpuset='5'/><vcpupin vcpu='0' cpuset='4'/>"
		  "<iothreadpin iothread='1' cpuset='6'/><emulatorpin cpuset='0-1'/>"
		  "</cputune><resource><partition>/prod/db</partition></resource>",
		  &pinned);
	assert_int_equal(pinned.n_vcpu_pins, 3);
	assert_int_equal(pinned.vcpu_pins[0].id, 1);
	assert_bitset(&pinned.vcpu_pins[0].cpus, "5");
	assert_int_equal(pinned.vcpu_pins[2].id, 2);
	assert_bitset(&pinned.vcpu_pins[2].cpus, "0-3");
	assert_bitset(&pinned.vcpu_cpus, "4-5");
	assert_int_equal(pinned.n_iothread_pins, 1);
	assert_bitset(&pinned.iothread_pins[0].cpus, "6");
	assert_bitset(&pinned.emulator_cpus, "0-1");
	assert_text(pinned.resource_partition, "/prod/db");

	read_good("<vcpu cpuset='2-3'>2</vcpu>", &cpuset);
	assert_int_equal(cpuset.n_vcpu_pins, 2);
	assert_bitset(&cpuset.vcpu_pins[1].cpus, "2-3");

	read_good("<vcpu>4</vcpu>", &none);
	assert_int_equal(none.n_vcpu_pins, 0);
	assert_text(none.resource_partition, NULL);
}

static void pins_of_every_kind_are_checked(void **state _unused_)
{
	assert_refused("<cputune><vcpupin vcpu='x' cpuset='2'/></cputune>",
		       "<vcpupin>: vcpu 'x' is not a number");
	assert_refused("<cputune><iothreadpin iothread='1' cpuset='2-'/></cputune>",
		       "<iothreadpin>: cpuset '2-' is not a list");
	assert_refused("<cputune><emulatorpin cpuset='a'/></cputune>",
		       "<emulatorpin>: cpuset 'a' is not a list");
}

static void pins_without_end_are_refused(void **state _unused_)
{
	static const char pin[] = "<vcpupin vcpu='0' cpuset='0'/>";
	_cleanup_free_ char *text = xcalloc(4097 * strlen(pin) + 64, 1);
	char *end = stpcpy(text, "<cputune>");

	for (int i = 0; i < 4097; i++)
		end = stpcpy(end, pin);
	(void)stpcpy(end, "</cputune>");
	assert_refused(text, "more than 4096 <vcpupin>");
}

static void numatune_is_read(void **state _unused_)
{
	_cleanup_domain_ struct domain strict = { 0 }, automatic = { 0 }, cells = { 0 };

	read_good("<numatune><memory mode='strict' nodeset='0,2'/></numatune>", &strict);
	assert_bitset(&strict.memory_nodes, "0,2");
	assert_false(strict.memory_auto);
	read_good("<numatune><memory mode='interleave' placement='auto'/></numatune>",
		  &automatic);
	assert_true(automatic.memory_auto);
	assert_bitset(&automatic.memory_nodes, "");
	read_good("<numatune><memory nodeset='0'/>"
		  "<memnode cellid='1' mode='interleave' nodeset='2-3'/>"
		  "<memnode cellid='0' mode='strict' nodeset='1'/></numatune>",
		  &cells);
	assert_int_equal(cells.n_memnodes, 2);
	assert_int_equal(cells.memnodes[0].cell, 1);
	assert_bitset(&cells.memnodes[0].nodes, "2-3");
	assert_int_equal(cells.memnodes[1].cell, 0);
	assert_bitset(&cells.memnodes[1].nodes, "1");
}

static void bad_numatune_is_refused(void **state _unused_)
{
	assert_refused("<numatune><memory nodeset='all'/></numatune>",
		       "<memory>: nodeset 'all' is not");
	assert_refused("<numatune><memnode cellid='x'/></numatune>",
		       "<memnode>: cellid 'x' is not a number");
	assert_refused("<numatune><memnode cellid='0' nodeset='3-1'/></numatune>",
		       "<memnode>: nodeset '3-1' is not");
}

static void dimms_are_read(void **state _unused_)
{
	_cleanup_domain_ struct domain domain = { 0 };

	read_good("<memory unit='GiB'>8</memory><devices>"
		  "<memory model='dimm'><source><pagesize unit='GiB'>1</pagesize>"
		  "<nodemask>1-2</nodemask></source>"
		  "<target><size unit='GiB'>2</size><node>1</node></target></memory>"
		  "<memory model='dimm'><target><size unit='MiB'>512</size></target>"
		  "</memory>"
		  "<memory model='nvdimm'><source><path>/x</path></source></memory>"
		  "<memory model='virtio-pmem'/><memory model='sgx-epc'/><memory/>"
		  "</devices>",
		  &domain);
	assert_int_equal(domain.n_dimms, 2);
	assert_int_equal(domain.dimms[0].size_kib, 2 << 20);
	assert_int_equal(domain.dimms[0].page_kib, 1 << 20);
	assert_int_equal(domain.dimms[0].cell, 1);
	assert_bitset(&domain.dimms[0].nodes, "1-2");
	assert_int_equal(domain.dimms[0].line, 2);
	assert_int_equal(domain.dimms[1].size_kib, 512 << 10);
	assert_int_equal(domain.dimms[1].page_kib, 0);
	assert_int_equal(domain.dimms[1].cell, 0);
	assert_bitset(&domain.dimms[1].nodes, "");
	/* Without guest NUMA node 0 has what is no DIMM. */
	assert_int_equal(domain.n_cells, 1);
	assert_int_equal(domain.cells[0].memory_kib, (8 << 20) - (2 << 20) - (512 << 10));
}

static void virtio_mem_counts_what_is_requested(void **state _unused_)
{
	_cleanup_domain_ struct domain domain = { 0 };

	read_good("<devices><memory model='virtio-mem'><target>"
		  "<size unit='GiB'>16</size><requested unit='GiB'>3</requested>"
		  "</target></memory>"
		  "<memory model='virtio-mem'><target><size unit='GiB'>4</size>"
		  "</target></memory>"
		  "<memory model='dimm'><target><size unit='GiB'>5</size>"
		  "<requested unit='GiB'>1</requested></target></memory></devices>",
		  &domain);
	assert_int_equal(domain.n_dimms, 3);
	assert_int_equal(domain.dimms[0].size_kib, 3 << 20);
	assert_int_equal(domain.dimms[1].size_kib, 4 << 20);
	assert_int_equal(domain.dimms[2].size_kib, 5 << 20);
}

static void dimms_larger_than_memory_leave_none(void **state _unused_)
{
	_cleanup_domain_ struct domain domain = { 0 };

	read_good("<memory>1024</memory><devices><memory model='dimm'><target>"
		  "<size>4096</size></target></memory></devices>",
		  &domain);
	assert_int_equal(domain.cells[0].memory_kib, 0);
}

static void bad_dimms_are_refused(void **state _unused_)
{
#define DIMM(inside) "<devices>\n<memory model='dimm'>" inside "</memory></devices>"
	assert_refused(DIMM(""), "line 3: <memory> device without size");
	assert_refused(DIMM("<target><size>x</size></target>"),
		       "<size>: content 'x' is not an amount of memory");
	assert_refused(DIMM("<source><pagesize unit='y'>1</pagesize></source>"
			    "<target><size>1</size></target>"),
		       "<pagesize>: content '1'");
	assert_refused(DIMM("<target><size>1</size>\n<node>a</node></target>"),
		       "line 4: <node> 'a' is not a number");
	assert_refused(DIMM("<source><nodemask>a</nodemask></source>"
			    "<target><size>1</size></target>"),
		       "line 3: <nodemask> 'a' is not a list of nodes");
}

/* ---- CPUs ---- */

static void pins_are_united(void **state _unused_)
{
	static const struct {
		const char *xml, *cpus;
	} cases[] = {
		{ "", "" },
		{ "<vcpu>4</vcpu>", "" },
		{ "<vcpu cpuset='4-7,^5'>4</vcpu>", "4,6-7" },
		{ "<vcpu cpuset='0-7'>2</vcpu><cputune><vcpupin vcpu='0' cpuset='2'/>"
		  "<shares>1</shares><vcpupin vcpu='1' cpuset='4-5'/>"
		  "<emulatorpin cpuset='0'/><iothreadpin iothread='1' cpuset='1'/>"
		  "</cputune>",
		  "2,4-5" },
		{ "<cputune><vcpupin vcpu='0'/></cputune><vcpu cpuset='3'/>", "3" },
		{ "<cputune><vcpupin cpuset='0-3,^2'/><vcpupin cpuset='2'/></cputune>",
		  "0-3" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_ struct domain domain = { 0 };

		read_good(cases[i].xml, &domain);
		assert_bitset(&domain.vcpu_cpus, cases[i].cpus);
	}
}

static void bad_pins_are_refused(void **state _unused_)
{
	assert_refused("<cputune><vcpupin cpuset='2-'/></cputune>",
		       "line 2: <vcpupin>: cpuset '2-' is not a list");
	assert_refused("<vcpu cpuset='x'>1</vcpu>", "<vcpu>: cpuset 'x' is not a list");
}

/* ---- devices ---- */

#define HOSTDEV(attributes, address)                                            \
	"<devices><hostdev mode='subsystem' type='pci' " attributes "><source>" \
	"<address " address "/></source></hostdev></devices>"

static void addresses_are_hexadecimal_or_decimal(void **state _unused_)
{
	static const struct {
		const char *xml, *address;
	} cases[] = {
		{ HOSTDEV("", "domain='0x0000' bus='0x01' slot='0x00' function='0x1'"),
		  "0000:01:00.1" },
		{ HOSTDEV("", "domain='0' bus='17' slot='31' function='7'"),
		  "0000:11:1f.7" },
		{ HOSTDEV("", "bus='0X0A' slot='0x1f'"), "0000:0a:1f.0" },
		{ HOSTDEV("", ""), "0000:00:00.0" },
		{ HOSTDEV("", "domain='0x10000' bus='0xff'"), "10000:ff:00.0" },
		{ HOSTDEV("", "domain='4294967295'"), "ffffffff:00:00.0" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_ struct domain domain = { 0 };

		read_good(cases[i].xml, &domain);
		assert_int_equal(domain.n_hostdevs, 1);
		assert_string_equal(domain.hostdevs[0].address, cases[i].address);
		assert_int_equal(domain.hostdevs[0].line, 2);
	}
}

static void bad_addresses_are_refused(void **state _unused_)
{
	static const char *const cases[] = {
		HOSTDEV("", "bus='0x100'"),
		HOSTDEV("", "bus='256'"),
		HOSTDEV("", "slot='0x20'"),
		HOSTDEV("", "slot='32'"),
		HOSTDEV("", "function='8'"),
		HOSTDEV("", "function='-1'"),
		HOSTDEV("", "bus='ff'"),
		HOSTDEV("", "bus=''"),
		HOSTDEV("", "bus='0x'"),
		HOSTDEV("", "bus=' 1'"),
		HOSTDEV("", "domain='0x100000000'"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused(cases[i], "line 2: <address> is not a PCI address");
}

static void managed_devices_are_told_apart(void **state _unused_)
{
	static const struct {
		const char *xml;
		bool managed;
	} cases[] = {
		{ HOSTDEV("managed='yes'", "bus='1'"), true },
		{ HOSTDEV("managed='no'", "bus='1'"), false },
		{ HOSTDEV("", "bus='1'"), false },
		{ "<devices><interface type='hostdev' managed='yes'><source>"
		  "<address type='pci' bus='1'/></source></interface></devices>",
		  true },
		{ "<devices><interface type='hostdev'><source><address bus='1'/>"
		  "</source></interface></devices>",
		  false },
		{ "<devices><disk type='nvme'><source type='pci' managed='yes' "
		  "namespace='1'><address bus='1'/></source></disk></devices>",
		  true },
		{ "<devices><disk type='nvme' managed='yes'><source type='pci' "
		  "managed='no'><address bus='1'/></source></disk></devices>",
		  false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_ struct domain domain = { 0 };

		read_good(cases[i].xml, &domain);
		assert_int_equal(domain.n_hostdevs, 1);
		assert_string_equal(domain.hostdevs[0].address, "0000:01:00.0");
		assert_int_equal(domain.hostdevs[0].managed, cases[i].managed);
	}
}

static void other_devices_are_left_alone(void **state _unused_)
{
	_cleanup_domain_ struct domain domain = { 0 };

	read_good("<devices>"
		  "<hostdev type='usb'><source><address bus='1' device='300'/></source>"
		  "</hostdev>"
		  "<hostdev type='scsi'><source><address bus='900'/></source></hostdev>"
		  "<hostdev type='pci'><source/></hostdev>"
		  "<hostdev type='pci'><address bus='900'/></hostdev>"
		  "<interface type='network'><source><address bus='900'/></source>"
		  "</interface>"
		  "<interface type='hostdev'><source><address type='usb' bus='900'/>"
		  "</source></interface>"
		  "<disk type='file'><source file='/x'><address bus='900'/></source>"
		  "</disk>"
		  "<controller type='pci'><address bus='900'/></controller>"
		  "</devices>",
		  &domain);
	assert_int_equal(domain.n_hostdevs, 0);
	assert_int_equal(domain.mdevs.n, 0);
}

static void mediated_devices_are_read(void **state _unused_)
{
	_cleanup_domain_ struct domain domain = { 0 };
	_cleanup_free_ char *uuids = NULL;

	read_good("<devices><hostdev type='mdev' model='vfio-pci'><source>"
		  "<address uuid='6f3a3f1c-64d5-4c2c-9c39-1c1b3a9f0001'/></source>"
		  "</hostdev><hostdev type='mdev'><source/></hostdev>"
		  "<hostdev type='mdev'><source><address uuid='second'/></source></hostdev>"
		  "<hostdev type='mdev'><source><address/></source></hostdev></devices>",
		  &domain);
	uuids = strv_join(&domain.mdevs, " ");
	assert_string_equal(uuids, "6f3a3f1c-64d5-4c2c-9c39-1c1b3a9f0001 second");
	assert_int_equal(domain.n_hostdevs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity_is_read),
		cmocka_unit_test(domstatus_is_looked_into),
		cmocka_unit_test(what_is_no_domain_is_refused),
		cmocka_unit_test(an_untagged_domain_is_not_looked_at),
		cmocka_unit_test(a_bad_request_is_an_error),
		cmocka_unit_test(memory_has_units),
		cmocka_unit_test(bad_memory_is_refused),
		cmocka_unit_test(cells_are_read),
		cmocka_unit_test(bad_cells_are_refused),
		cmocka_unit_test(pages_are_read),
		cmocka_unit_test(bad_pages_are_refused),
		cmocka_unit_test(pins_are_read),
		cmocka_unit_test(pins_of_every_kind_are_checked),
		cmocka_unit_test(pins_without_end_are_refused),
		cmocka_unit_test(numatune_is_read),
		cmocka_unit_test(bad_numatune_is_refused),
		cmocka_unit_test(dimms_are_read),
		cmocka_unit_test(virtio_mem_counts_what_is_requested),
		cmocka_unit_test(dimms_larger_than_memory_leave_none),
		cmocka_unit_test(bad_dimms_are_refused),
		cmocka_unit_test(pins_are_united),
		cmocka_unit_test(bad_pins_are_refused),
		cmocka_unit_test(addresses_are_hexadecimal_or_decimal),
		cmocka_unit_test(bad_addresses_are_refused),
		cmocka_unit_test(managed_devices_are_told_apart),
		cmocka_unit_test(other_devices_are_left_alone),
		cmocka_unit_test(mediated_devices_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

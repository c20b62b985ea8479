// SPDX-License-Identifier: LGPL-2.1-or-later
/* A domain as 'hosttune check' sees it; see guest.h. */

#include <limits.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "hook/guest.h"

#define DOMAIN_DIR "etc/libvirt/qemu"
#define SUFFIX ".xml"
#define LIBOSINFO "http://libosinfo.org/xmlns/libvirt/domain/1.0"
#define VCPUS_MAX 4096U
#define CELLS_MAX 128 /* QEMU has no more */

/* An attribute of @node (which may be NULL), or "". */
static const char *attr(const xmlNode *node, const char *name)
{
	const char *value = node ? xml_attr(node, name) : NULL;

	return value ? value : "";
}

static bool attr_is(const xmlNode *node, const char *name, const char *value)
{
	return STREQ(attr(node, name), value);
}

/* A number, or @otherwise: what is none is libvirt's to refuse. */
static unsigned number(const xmlNode *node, const char *name, unsigned otherwise)
{
	unsigned value;

	return parse_unsigned(attr(node, name), &value) == 0 ? value : otherwise;
}

static unsigned text_number(const xmlNode *node, unsigned otherwise)
{
	_cleanup_free_ char *text = node ? xml_text(node) : NULL;
	unsigned value;

	return text && parse_unsigned(text, &value) == 0 ? value : otherwise;
}

/* libosinfo's id, "http://microsoft.com/win/11", which virt-install and virt-manager leave there. */
static bool is_windows(const xmlNode *domain)
{
	xml_for_each_child(info, xml_find(domain, "metadata")) {
		if (!info->ns || !STREQ((const char *)info->ns->href, LIBOSINFO))
			continue;
		xml_for_each_child(os, info) {
			if (strstr(attr(os, "id"), "microsoft.com/"))
				return true;
		}
	}
	return false;
}

static void read_cpu(const xmlNode *domain, struct guest *g)
{
	const xmlNode *cpu = xml_find(domain, "cpu");
	const xmlNode *topology = xml_find(cpu, "topology"),
		      *model = xml_find(cpu, "model");
	unsigned id = 0;

	g->cpu_mode = !*attr(cpu, "mode") && model ? "custom" : attr(cpu, "mode");
	if (model && STREQ(g->cpu_mode, "custom"))
		g->cpu_model = xml_text(model);
	g->has_topology = topology != NULL;
	g->threads = MAX(number(topology, "threads", 1), 1U);
	xml_for_each_child(feature, cpu) {
		if (xml_is(feature, "feature") && attr_is(feature, "name", "topoext") &&
		    (attr_is(feature, "policy", "require") ||
		     attr_is(feature, "policy", "force")))
			g->topoext = true;
	}
	xml_for_each_child(node, xml_find(cpu, "numa")) {
		struct guest_cell *cell;

		if (!xml_is(node, "cell") || g->n_cells == CELLS_MAX)
			continue;
		cell = ARRAY_PUSH(g->cells, g->n_cells);
		cell->id = number(node, "id", id);
		id = cell->id + 1;
		(void)!bitset_parse(attr(node, "cpus"), &cell->vcpus);
		g->shared_memory |= attr_is(node, "memAccess", "shared");
	}
}

static void read_machine(const xmlNode *domain, struct guest *g)
{
	const xmlNode *features = xml_find(domain, "features"),
		      *os = xml_find(domain, "os/type");

	g->type = attr(domain, "type");
	g->machine = attr(os, "machine");
	g->x86 = attr_is(os, "arch", "x86_64") || attr_is(os, "arch", "i686");
	g->windows = is_windows(domain);
	g->vcpus = MIN(text_number(xml_find(domain, "vcpu"), 1), VCPUS_MAX);
	g->hyperv = xml_find(features, "hyperv") != NULL;
	xml_for_each_child(timer, xml_find(domain, "clock")) {
		bool present = !attr_is(timer, "present", "no");

		if (!xml_is(timer, "timer"))
			continue;
		if (attr_is(timer, "name", "hpet"))
			g->hpet = present;
		if (attr_is(timer, "name", "hypervclock"))
			g->hypervclock = present;
	}
}

static void read_tuning(const xmlNode *domain, struct guest *g)
{
	const xmlNode *backing = xml_find(domain, "memoryBacking");
	unsigned count = MIN(text_number(xml_find(domain, "iothreads"), 0), VCPUS_MAX);

	xml_for_each_child(node, xml_find(domain, "cputune")) {
		if (xml_is(node, "vcpusched") && (attr_is(node, "scheduler", "fifo") ||
						  attr_is(node, "scheduler", "rr")))
			g->realtime = true;
	}
	xml_for_each_child(node, xml_find(domain, "iothreadids")) {
		if (xml_is(node, "iothread"))
			bitset_add(&g->iothreads, MIN(number(node, "id", 0), VCPUS_MAX));
	}
	/* Those without an id of their own get the lowest that are free. */
	for (unsigned id = 1; bitset_count(&g->iothreads) < count; id++)
		bitset_add(&g->iothreads, id);
	g->nosharepages = xml_find(backing, "nosharepages") != NULL;
	g->locked = xml_find(backing, "locked") != NULL;
	g->memfd = attr_is(xml_find(backing, "source"), "type", "memfd");
	g->shared_memory |= attr_is(xml_find(backing, "access"), "mode", "shared");
}

static void read_disk(const xmlNode *node, struct guest *g)
{
	struct guest_disk *disk = ARRAY_PUSH(g->disks, g->n_disks);
	const xmlNode *driver = xml_find(node, "driver"),
		      *source = xml_find(node, "source"),
		      *target = xml_find(node, "target");

	disk->device = *attr(node, "device") ? attr(node, "device") : "disk";
	disk->bus = attr(target, "bus");
	disk->target = attr(target, "dev");
	disk->block = attr_is(node, "type", "block");
	if (disk->block)
		disk->path = attr(source, "dev");
	else if (attr_is(node, "type", "file"))
		disk->path = attr(source, "file");
	if (disk->path && disk->path[0] != '/')
		disk->path = NULL; /* an empty drive */
	disk->optional = *attr(source, "startupPolicy") &&
			 !attr_is(source, "startupPolicy", "mandatory");
	disk->raw = attr_is(driver, "type", "raw");
	disk->cache = attr(driver, "cache");
	disk->io = attr(driver, "io");
	disk->discard = attr(driver, "discard");
	disk->detect_zeroes = attr(driver, "detect_zeroes");
	/* What is no number is the id of no thread. */
	disk->iothread =
		*attr(driver, "iothread") ? number(driver, "iothread", UINT_MAX) : 0;
	disk->queues = number(driver, "queues", 0);
	disk->line = xml_line(node);
}

static void read_nic(const xmlNode *node, struct guest *g)
{
	struct guest_nic *nic = ARRAY_PUSH(g->nics, g->n_nics);
	const xmlNode *driver = xml_find(node, "driver");

	nic->type = attr(node, "type");
	nic->model = attr(xml_find(node, "model"), "type");
	nic->driver = attr(driver, "name");
	nic->queues = number(driver, "queues", 0);
	nic->line = xml_line(node);
}

static void read_controller(const xmlNode *node, struct guest *g)
{
	unsigned id = number(xml_find(node, "driver"), "iothread", 0);

	if (!id)
		return;
	bitset_add(&g->controller_iothreads, MIN(id, VCPUS_MAX));
	g->controller_line = xml_line(node);
}

static void read_devices(const xmlNode *domain, struct guest *g)
{
	g->balloon = true; /* libvirt adds one where the XML has none */
	xml_for_each_child(node, xml_find(domain, "devices")) {
		if (xml_is(node, "disk")) {
			read_disk(node, g);
		} else if (xml_is(node, "interface")) {
			read_nic(node, g);
		} else if (xml_is(node, "controller")) {
			read_controller(node, g);
		} else if (xml_is(node, "memballoon")) {
			g->balloon = !attr_is(node, "model", "none");
		} else if (xml_is(node, "filesystem") &&
			   attr_is(xml_find(node, "driver"), "type", "virtiofs")) {
			g->virtiofs = true;
			g->virtiofs_line = xml_line(node);
		}
	}
}

int guest_read(const char *xml, size_t size, struct guest *ret, struct error *err)
{
	const xmlNode *domain = NULL;
	int r;

	*ret = (struct guest){ .type = "", .cpu_mode = "", .machine = "" };
	r = xml_parse(xml, size, &ret->doc, err);
	if (r == 0)
		r = domain_find(ret->doc, &domain, err);
	if (r == 0)
		r = domain_read_identity(domain, &ret->domain, err);
	if (r == 0)
		r = domain_read_parts(domain, &ret->domain, err);
	if (r < 0)
		return r;
	r = request_read(domain, &ret->domain.request, &ret->metadata);
	ret->domain.tagged = r != 0;
	if (r < 0) {
		request_done(&ret->domain.request);
		ret->domain.request = (struct request){ 0 };
	}
	read_machine(domain, ret);
	read_cpu(domain, ret);
	read_tuning(domain, ret);
	read_devices(domain, ret);
	return 0;
}

void guest_done(struct guest *g)
{
	domain_done(&g->domain);
	error_done(&g->metadata);
	free(g->cpu_model);
	for (size_t i = 0; i < g->n_cells; i++)
		bitset_done(&g->cells[i].vcpus);
	free(g->cells);
	bitset_done(&g->iothreads);
	bitset_done(&g->controller_iothreads);
	free(g->disks);
	free(g->nics);
	xml_free(&g->doc);
	*g = (struct guest){ 0 };
}

/* ---- all of them ---- */

static int read_defined(const struct sysroot *root, const char *file, struct guest *ret,
			struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = sysroot_read_file(root, XML_SIZE_MAX, &text, &size, DOMAIN_DIR "/%s",
				  file);

	if (r < 0)
		return error_set(err, r, "%s", strerror(-r));
	return guest_read(text, size, ret, err);
}

void guests_read(const struct sysroot *root, struct guests *ret)
{
	_cleanup_strv_ struct strv files = STRV_NULL;

	*ret = (struct guests){ 0 };
	ret->r = sysroot_list(root, &files, DOMAIN_DIR);
	if (ret->r == -ENOENT)
		ret->r = 0; /* no libvirt, no domains */
	strv_for_each(file, &files) {
		_cleanup_error_ struct error err = ERROR_NULL;
		struct guest guest = { 0 };
		size_t n = strlen(file);

		if (n < strlen(SUFFIX) || !STREQ(file + n - strlen(SUFFIX), SUFFIX))
			continue; /* networks/, autostart/ */
		if (read_defined(root, file, &guest, &err) < 0) {
			strv_pushf(&ret->problems, "%s: %s", file, err.cause);
			guest_done(&guest);
			continue;
		}
		*ARRAY_PUSH(ret->items, ret->n) = guest;
	}
}

void guests_done(struct guests *guests)
{
	for (size_t i = 0; i < guests->n; i++)
		guest_done(&guests->items[i]);
	free(guests->items);
	strv_done(&guests->problems);
	*guests = (struct guests){ 0 };
}

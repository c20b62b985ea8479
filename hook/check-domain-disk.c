// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules about a domain's disks, and about its network cards. libvirt: formatdomain, "Hard drives, floppy
 * disks, CDROMs" and "Network interfaces".
 */

#include <inttypes.h>

#include "common/alloc.h"
#include "hook/check.h"

#define AIO_REQUESTS 1024 /* that QEMU reserves for each thread with native I/O */

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++) {
		if (STREQ(*words, word))
			return true;
	}
	return false;
}

/* One finding for each disk that @is_bad, whose subject is its target. */
static void find_disks(struct checking *c,
		       bool (*is_bad)(const struct guest *g,
				      const struct guest_disk *disk),
		       const char *text)
{
	for (size_t i = 0; i < c->guest->n_disks; i++) {
		const struct guest_disk *disk = &c->guest->disks[i];

		if (!is_bad(c->guest, disk))
			continue;
		check_line(c, disk->line);
		check_found(c, disk->target, "disk %s %s", disk->target, text);
	}
}

static bool is_disk(const struct guest_disk *disk)
{
	return STREQ(disk->device, "disk") || STREQ(disk->device, "lun");
}

static bool is_emulated(const struct guest *g _unused_, const struct guest_disk *disk)
{
	static const char *const buses[] = { "ide", "sata", "fdc", "usb", "sd", NULL };

	return is_disk(disk) && is_one_of(disk->bus, buses);
}

static void look_bus(struct checking *c)
{
	find_disks(c, is_emulated, "is on an emulated bus");
}

static bool is_cached(const struct guest_disk *disk)
{
	static const char *const modes[] = { "",	  "default",
					     "writeback", "writethrough",
					     "unsafe",	  NULL };

	return is_one_of(disk->cache, modes);
}

static bool is_native_and_cached(const struct guest *g _unused_,
				 const struct guest_disk *disk)
{
	return STREQ(disk->io, "native") && is_cached(disk);
}

static void look_native(struct checking *c)
{
	find_disks(c, is_native_and_cached, "has io='native' and a cache of the host");
}

static bool is_unsafe(const struct guest *g _unused_, const struct guest_disk *disk)
{
	return is_disk(disk) && STREQ(disk->cache, "unsafe");
}

static void look_unsafe(struct checking *c)
{
	find_disks(c, is_unsafe, "ignores what the guest wants to be on the disk");
}

static bool is_synchronous(const struct guest *g _unused_, const struct guest_disk *disk)
{
	return is_disk(disk) &&
	       (STREQ(disk->cache, "writethrough") || STREQ(disk->cache, "directsync"));
}

static void look_synchronous(struct checking *c)
{
	find_disks(c, is_synchronous, "waits for the disk with every write");
}

static bool is_cached_twice(const struct guest *g _unused_, const struct guest_disk *disk)
{
	return is_disk(disk) && disk->block && disk->raw && is_cached(disk) &&
	       !STREQ(disk->cache, "unsafe") && !STREQ(disk->cache, "writethrough");
}

static void look_twice(struct checking *c)
{
	find_disks(c, is_cached_twice, "is a whole device, and the host caches it");
}

static bool zeroes_without_discard(const struct guest *g _unused_,
				   const struct guest_disk *disk)
{
	return STREQ(disk->detect_zeroes, "unmap") && !STREQ(disk->discard, "unmap");
}

static void look_zeroes(struct checking *c)
{
	find_disks(c, zeroes_without_discard,
		   "has detect_zeroes='unmap' without discard='unmap'");
}

static bool has_no_discard(const struct guest *g _unused_, const struct guest_disk *disk)
{
	return STREQ(disk->device, "disk") && disk->path && !disk->block &&
	       !STREQ(disk->discard, "unmap");
}

static void look_discard(struct checking *c)
{
	find_disks(c, has_no_discard, "is a file that only grows");
}

/* ---- threads and queues ---- */

static bool has_no_iothread(const struct guest *g, const struct guest_disk *disk)
{
	return disk->iothread && (disk->iothread >= BITSET_MAX ||
				  !bitset_has(&g->iothreads, disk->iothread));
}

static void look_iothread(struct checking *c)
{
	const struct guest *g = c->guest;

	find_disks(c, has_no_iothread, "names an I/O thread that does not exist");
	bitset_for_each(id, &g->controller_iothreads) {
		if (bitset_has(&g->iothreads, id))
			continue;
		check_line(c, g->controller_line);
		check_found(c, NULL,
			    "a controller names I/O thread %u, which does not exist", id);
	}
}

static bool iothread_needs_virtio(const struct guest *g _unused_,
				  const struct guest_disk *disk)
{
	return disk->iothread && *disk->bus && !STREQ(disk->bus, "virtio");
}

static void look_iothread_bus(struct checking *c)
{
	find_disks(c, iothread_needs_virtio, "has an I/O thread, and is not of virtio");
}

static bool wants_iothread(const struct guest *g, const struct guest_disk *disk)
{
	return g->domain.n_vcpu_pins && is_disk(disk) && STREQ(disk->bus, "virtio") &&
	       !disk->iothread;
}

static void look_no_iothread(struct checking *c)
{
	find_disks(c, wants_iothread, "has no I/O thread");
}

static void look_idle_iothread(struct checking *c)
{
	const struct guest *g = c->guest;
	_cleanup_bitset_ struct bitset idle = BITSET_NULL;
	_cleanup_free_ char *list = NULL;

	bitset_add_all(&idle, &g->iothreads);
	bitset_remove_all(&idle, &g->controller_iothreads);
	for (size_t i = 0; i < g->n_disks; i++) {
		if (g->disks[i].iothread < BITSET_MAX)
			bitset_remove(&idle, g->disks[i].iothread);
	}
	if (bitset_is_empty(&idle))
		return;
	list = bitset_format(&idle);
	check_found(c, list, "no disk uses I/O thread %s", list);
}

static bool has_too_many_queues(const struct guest *g, const struct guest_disk *disk)
{
	return disk->queues > g->vcpus;
}

static void look_queues(struct checking *c)
{
	find_disks(c, has_too_many_queues, "has more queues than there are vCPUs");
}

/* ---- what is below ---- */

static void look_source(struct checking *c)
{
	for (size_t i = 0; i < c->guest->n_disks; i++) {
		const struct guest_disk *disk = &c->guest->disks[i];
		struct stat st;
		int r;

		if (!disk->path || disk->optional)
			continue;
		r = sysroot_stat(c->root, &st, "%s", disk->path);
		check_line(c, disk->line);
		if (r == -ENOENT || r == -ENOTDIR)
			check_found(c, disk->path, "disk %s: '%s' is not there",
				    disk->target, disk->path);
		else if (r < 0)
			check_unknown(c, "disk %s: '%s' cannot be looked at: %s",
				      disk->target, disk->path, strerror(-r));
	}
}

/* QEMU reserves requests in each of its threads that has a disk with native I/O. */
static void look_aio(struct checking *c)
{
	_cleanup_bitset_ struct bitset threads = BITSET_NULL;
	uint64_t used, max, wanted;

	for (size_t i = 0; i < c->guest->n_disks; i++) {
		const struct guest_disk *disk = &c->guest->disks[i];

		if (STREQ(disk->io, "native"))
			bitset_add(&threads, MIN(disk->iothread, BITSET_MAX - 1));
	}
	wanted = bitset_count(&threads) * AIO_REQUESTS;
	if (!wanted || check_is_running(c) ||
	    !check_number(c, &used, "proc/sys/fs/aio-nr") ||
	    !check_number(c, &max, "proc/sys/fs/aio-max-nr") || used + wanted <= max)
		return;
	check_found(c, NULL,
		    "the domain reserves %" PRIu64
		    " asynchronous I/O requests, and %" PRIu64 " of %" PRIu64
		    " are in use",
		    wanted, used, max);
}

const struct check_rule check_disk_rules[] = {
	{ "disk-emulated", SEVERITY_WARNING, 0, 0,
	  "every request leaves the guest several times, one at a time",
	  "<target dev='vda' bus='virtio'/> for {}, with the guest's driver installed first",
	  look_bus },
	{ "disk-native-cached", SEVERITY_ERROR, 0, 0,
	  "native I/O needs a cache of 'none' or 'directsync'; libvirt refuses the domain",
	  "<driver ... cache='none' io='native'/> for {}", look_native },
	{ "disk-cache-unsafe", SEVERITY_WARNING, 0, 0,
	  "a crash of the host can destroy the guest's file systems",
	  "<driver ... cache='none'/> for {}", look_unsafe },
	{ "disk-synchronous", SEVERITY_NOTICE, 0, 0,
	  "the guest's own order to write is enough for its data",
	  "<driver ... cache='none'/> for {}", look_synchronous },
	{ "disk-cached-twice", SEVERITY_NOTICE, 0, 0,
	  "memory of the host holds what the guest caches as well, and each request is copied",
	  "<driver ... cache='none' io='native'/> for {}", look_twice },
	{ "disk-zeroes-unmap", SEVERITY_WARNING, 0, 0,
	  "zeroes are found, which costs time, and written all the same",
	  "<driver ... discard='unmap' detect_zeroes='unmap'/> for {}", look_zeroes },
	{ "disk-no-discard", SEVERITY_NOTICE, 0, 0,
	  "what the guest deletes stays on the host's disk",
	  "<driver ... discard='unmap'/> for {}, and fstrim in the guest", look_discard },
	{ "iothread-missing", SEVERITY_ERROR, 0, 0, "libvirt refuses the domain",
	  "<iothreads>N</iothreads>, with N of that number at least", look_iothread },
	{ "iothread-bus", SEVERITY_ERROR, 0, 0,
	  "disks of other buses cannot have one, and libvirt refuses the domain; those of "
	  "SCSI get it by their controller",
	  "bus='virtio' for {}, or <controller type='scsi' model='virtio-scsi'><driver "
	  "iothread='1'/>",
	  look_iothread_bus },
	{ "iothread-none", SEVERITY_NOTICE, 0, 0,
	  "QEMU's main thread serves it, beside everything else",
	  "<iothreads>1</iothreads>, <driver ... iothread='1'/> for {}, and <iothreadpin>",
	  look_no_iothread },
	{ "iothread-idle", SEVERITY_NOTICE, 0, 0,
	  "disks without one are served by QEMU's main "
	  "thread",
	  "<driver ... iothread='{}'/> for a disk, or remove it", look_idle_iothread },
	{ "disk-queues", SEVERITY_NOTICE, 0, 0,
	  "each vCPU uses one; the others only take memory",
	  "leave queues away for {}: it is one for each vCPU then", look_queues },
	{ "disk-missing", SEVERITY_ERROR, 0, 0, "libvirt refuses to start the domain",
	  "put it there, mount what it is on, or <source startupPolicy='optional'/>: {}",
	  look_source },
	{ "disk-aio-short", SEVERITY_ERROR, 0, 0, "QEMU ends at once: io_setup() fails",
	  "sysctl -w fs.aio-max-nr=1048576, in /etc/sysctl.d too", look_aio },
};
const size_t n_check_disk_rules = ARRAY_SIZE(check_disk_rules);

/* ---- network cards ---- */

static bool is_virtio(const struct guest_nic *nic)
{
	return str_has_prefix(nic->model, "virtio");
}

static void look_nic_model(struct checking *c)
{
	for (size_t i = 0; i < c->guest->n_nics; i++) {
		const struct guest_nic *nic = &c->guest->nics[i];

		if (STREQ(nic->type, "hostdev") || STREQ(nic->type, "vdpa") ||
		    is_virtio(nic))
			continue;
		check_line(c, nic->line);
		check_found(c, NULL, "network card %zu is emulated: model '%s'", i,
			    *nic->model ? nic->model : "(libvirt's default)");
	}
}

static void look_nic_driver(struct checking *c)
{
	for (size_t i = 0; i < c->guest->n_nics; i++) {
		if (!STREQ(c->guest->nics[i].driver, "qemu"))
			continue;
		check_line(c, c->guest->nics[i].line);
		check_found(c, NULL, "network card %zu is served by QEMU itself", i);
	}
}

static void look_nic_queues(struct checking *c)
{
	for (size_t i = 0; i < c->guest->n_nics; i++) {
		const struct guest_nic *nic = &c->guest->nics[i];

		if (nic->queues <= c->guest->vcpus)
			continue;
		check_line(c, nic->line);
		check_found(c, NULL,
			    "network card %zu has %u queues, and there are %u vCPUs", i,
			    nic->queues, c->guest->vcpus);
	}
}

static void look_nic_user(struct checking *c)
{
	for (size_t i = 0; i < c->guest->n_nics; i++) {
		if (!STREQ(c->guest->nics[i].type, "user"))
			continue;
		check_line(c, c->guest->nics[i].line);
		check_found(c, NULL, "network card %zu is in a user-mode network", i);
	}
}

static void look_vhost(struct checking *c)
{
	bool wanted = false;

	for (size_t i = 0; i < c->guest->n_nics; i++)
		wanted |= is_virtio(&c->guest->nics[i]) &&
			  !STREQ(c->guest->nics[i].type, "user") &&
			  !STREQ(c->guest->nics[i].driver, "qemu");
	if (!wanted || sysroot_exists(c->root, "dev/vhost-net"))
		return;
	check_seen(c, "dev/vhost-net is not there");
	check_found(c, NULL, "the kernel does not serve virtio's network cards");
}

const struct check_rule check_nic_rules[] = {
	{ "nic-emulated", SEVERITY_WARNING, 0, 0,
	  "every packet leaves the guest several times",
	  "<model type='virtio'/>, with the guest's driver installed first",
	  look_nic_model },
	{ "nic-without-vhost", SEVERITY_NOTICE, 0, 0,
	  "packets are copied by QEMU's main thread", "remove <driver name='qemu'/>",
	  look_nic_driver },
	{ "nic-queues", SEVERITY_NOTICE, 0, 0,
	  "each vCPU uses one; each has a thread of the host",
	  "<driver queues='...'/> with as many as there are vCPUs at most",
	  look_nic_queues },
	{ "nic-user", SEVERITY_NOTICE, 0, 0,
	  "a program of the host makes its connections again, one by one",
	  "<interface type='network'> or 'bridge'", look_nic_user },
	{ "vhost-net-missing", SEVERITY_WARNING, 0, 0,
	  "QEMU's main thread copies every packet", "modprobe vhost_net", look_vhost },
};
const size_t n_check_nic_rules = ARRAY_SIZE(check_nic_rules);

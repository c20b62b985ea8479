// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mdev: a mediated device, created for the domain and removed after it.
 *
 * Kernel: Documentation/driver-api/vfio-mediated-device.rst. UUIDs are unique on the whole host;
 * removing waits while the device is open, so it is made sure first that nobody has it.
 * A device that exists already, with the parent and type asked for, is used and left in place.
 *
 * The object is the UUID, its value "parent/type" or "absent".
 *
 * Not handled: attributes of the instance, and NVIDIA's vGPU since Linux 6.8, which has no mdev.
 */

#include <inttypes.h>

#include "common/alloc.h"
#include "common/bounded.h"
#include "common/deadline.h"
#include "hook/host-use.h"
#include "hook/module.h"
#include "hook/resource.h"

#define ABSENT "absent"
#define MDEV_BUS "sys/class/mdev_bus"
#define MDEV_DEVICES "sys/bus/mdev/devices"
#define ACCESS_TIMEOUT_MS 10000

/* ---- claim ---- */

static int default_uuid(const struct planning *p, const struct request_mdev *request,
			const char **ret, struct error *err)
{
	if (request->uuid) {
		*ret = request->uuid;
		return 0;
	}
	if (p->domain->mdevs.n == 1) {
		*ret = p->domain->mdevs.items[0];
		return 0;
	}
	(void)error_set(err, -EINVAL,
			"metadata line %u: <mdev> without uuid, and the domain has %zu mdev "
			"hostdevs instead of one",
			request->line, p->domain->mdevs.n);
	error_remedy(err, "give the uuid of the hostdev that is meant");
	return -EINVAL;
}

/* The module that makes @parent a parent of mediated devices. */
static void parent_module(const struct sysroot *root, const char *parent, struct strv *ret)
{
	_cleanup_free_ char *driver = NULL, *modalias = NULL;
	_cleanup_error_ struct error ignored = ERROR_NULL;

	if (pci_driver(root, parent, &driver) < 0) {
		/* Not PCI: the s390 matrix, or a virtual parent named as its module. */
		(void)module_lookup(root, STREQ(parent, "matrix") ? "vfio_ap" : parent,
				    ret, &ignored);
	} else if (STREQ(driver, "i915")) {
		(void)module_lookup(root, "kvmgt", ret, &ignored);
	} else if (!*driver && sysroot_read(root, &modalias, PCI_DEVICES "/%s/modalias",
					    parent) == 0) {
		(void)module_lookup(root, modalias, ret, &ignored);
	}
}

static int no_parent(const struct sysroot *root, const char *parent, struct error *err)
{
	_cleanup_strv_ struct strv parents = STRV_NULL;
	_cleanup_free_ char *driver = NULL, *list = NULL;

	(void)error_set(err, -ENODEV, "'%s' offers no mediated devices on this host",
			parent);
	if (pci_driver(root, parent, &driver) == 0 && STREQ(driver, "i915"))
		error_remedy(err, "if this GPU has GVT-g (Broadwell to Comet Lake), run "
				  "'kargs apply gvt' and reboot");
	(void)!sysroot_list(root, &parents, MDEV_BUS);
	list = strv_join(&parents, ", ");
	error_remedy(err, "parents on this host: %s", parents.n ? list : "none");
	return -ENODEV;
}

/* The type is there and has an instance left beside @asked others. */
static int check_type(const struct sysroot *root, const char *parent, const char *type,
		      uint64_t asked, struct error *err)
{
	_cleanup_strv_ struct strv types = STRV_NULL;
	_cleanup_free_ char *list = NULL;
	uint64_t left;
	int r;

	r = sysroot_list(root, &types, MDEV_BUS "/%s/mdev_supported_types", parent);
	if (r < 0)
		return no_parent(root, parent, err);
	if (!strv_contains(&types, type)) {
		list = strv_join(&types, ", ");
		(void)error_set(err, -EINVAL, "'%s' has no type '%s'", parent, type);
		error_remedy(err, "types there: %s", types.n ? list : "none");
		return -EINVAL;
	}
	r = sysroot_read_u64(root, &left,
			     MDEV_BUS "/%s/mdev_supported_types/%s/available_instances",
			     parent, type);
	if (r < 0)
		return error_set(err, r, "failed to read instances left of '%s/%s': %s",
				 parent, type, strerror(-r));
	if (left <= asked) {
		(void)error_set(err, -ENOSPC,
				"'%s' has %" PRIu64 " instances left of type '%s'",
				parent, left, type);
		error_remedy(err,
			     "stop a domain that uses one, or choose a smaller type; "
			     "'hosttune devices' shows what is left");
		return -ENOSPC;
	}
	return 0;
}

static int mdev_read(const struct sysroot *root, const char *object, char **ret,
		     struct error *err);

/* Either it exists as asked for, or not at all. */
static int check_uuid(const struct planning *p, const char *uuid, const char *value,
		      bool *ret_exists, struct error *err)
{
	_cleanup_free_ char *present = NULL;
	const struct claim *holder =
		resource_holder(p->ledger, p->claim->id, "mdev", uuid);
	int r;

	if (holder)
		return error_set(err, -EBUSY, "mediated device %s is held by domain '%s'",
				 uuid, holder->domain);
	if (claim_find_wish(p->claim, "mdev", uuid))
		return error_set(err, -EINVAL, "mediated device %s is asked for twice",
				 uuid);
	r = mdev_read(p->host->root, uuid, &present, err);
	if (r < 0)
		return r;
	*ret_exists = STREQ(present, value);
	if (*ret_exists || STREQ(present, ABSENT))
		return 0;
	(void)error_set(err, -EEXIST,
			"mediated device %s exists already, as %s instead of %s", uuid,
			present, value);
	error_remedy(err, "give the domain another uuid");
	return -EEXIST;
}

/* Instances of the same type that this domain asks for already. */
static uint64_t count_wishes(const struct claim *claim, const char *value)
{
	uint64_t n = 0;

	for (size_t i = 0; i < claim->n_wishes; i++)
		n += STREQ(claim->wishes[i].resource, "mdev") &&
		     STREQ(claim->wishes[i].value, value);
	return n;
}

static int claim_mdev(const struct planning *p, const struct request_mdev *request,
		      struct error *err)
{
	const struct sysroot *root = p->host->root;
	_cleanup_free_ char *value = xasprintf("%s/%s", request->parent, request->type);
	_cleanup_strv_ struct strv modules = STRV_NULL;
	bool exists = false;
	const char *uuid;
	int r;

	r = default_uuid(p, request, &uuid, err);
	if (r == 0)
		r = check_uuid(p, uuid, value, &exists, err);
	if (r < 0)
		return r;
	if (!exists && sysroot_exists(root, MDEV_BUS "/%s", request->parent)) {
		r = check_type(root, request->parent, request->type,
			       count_wishes(p->claim, value), err);
		if (r < 0)
			return r;
	} else if (!exists) {
		parent_module(root, request->parent, &modules);
		if (modules.n == 0 || module_is_loaded(root, modules.items[0]))
			return no_parent(root, request->parent, err);
		claim_add_wish(p->claim, "module", modules.items[0], "loaded");
		strv_pushf(p->notes,
			   "mdev: types of '%s' are known when module '%s' is loaded",
			   request->parent, modules.items[0]);
	}
	claim_add_wish(p->claim, "mdev", uuid, value);
	return 0;
}

static int mdev_claim(const struct planning *p, struct error *err)
{
	const struct request *request = &p->domain->request;
	int r = 0;

	for (size_t i = 0; r == 0 && i < request->n_mdevs; i++)
		r = claim_mdev(p, &request->mdevs[i], err);
	return r;
}

/* ---- read ---- */

/* .../0000:00:02.0/<uuid>: the parent is the directory that the device's is in. */
static int mdev_read(const struct sysroot *root, const char *object, char **ret,
		     struct error *err)
{
	_cleanup_free_ char *path = NULL, *type = NULL;
	char *slash, *parent;
	int r;

	r = sysroot_readlink(root, &path, MDEV_DEVICES "/%s", object);
	if (r == -ENOENT) {
		*ret = xstrdup(ABSENT);
		return 0;
	}
	if (r == 0)
		r = sysroot_readlink_name(root, &type, MDEV_DEVICES "/%s/mdev_type",
					  object);
	if (r < 0) {
		(void)error_set(err, r, "failed to read mediated device %s: %s", object,
				strerror(-r));
		return r;
	}
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	parent = strrchr(path, '/');
	*ret = xasprintf("%s/%s", parent ? parent + 1 : path, type);
	return 0;
}

/* ---- write ---- */

struct access {
	const struct sysroot *root;
	const char *uuid;
	const char *parent;
	const char *type;
};

static int create_in_child(void *arg, struct error *err)
{
	const struct access *a = arg;
	int r = sysroot_write(a->root, a->uuid,
			      MDEV_BUS "/%s/mdev_supported_types/%s/create", a->parent,
			      a->type);

	return r < 0 ? error_set(err, r, "failed to create it: %s", strerror(-r)) : 0;
}

static int remove_in_child(void *arg, struct error *err)
{
	const struct access *a = arg;
	int r = sysroot_write(a->root, "1", MDEV_DEVICES "/%s/remove", a->uuid);

	/* -ENOENT: some drivers remove instances themselves. */
	if (r == 0 || r == -ENOENT || r == -ENODEV)
		return 0;
	return error_set(err, r, "failed to remove it: %s", strerror(-r));
}

static int create(const struct sysroot *root, const char *uuid, const char *value,
		  uint64_t deadline, struct error *err)
{
	_cleanup_free_ char *parent = xstrndup(value, strcspn(value, "/"));
	struct access access = { root, uuid, parent, value + strlen(parent) + 1 };
	/* A parent's driver may register its types after its module is loaded. */
	uint64_t until = deadline_within_ms(deadline, 2000);
	int r;

	while (!sysroot_exists(root, MDEV_BUS "/%s/mdev_supported_types", parent) &&
	       deadline_left_ms(until) > 0)
		deadline_sleep_ms(until, 20);
	r = check_type(root, parent, access.type, 0, err);
	if (r < 0)
		return r;
	return bounded_call(create_in_child, &access, deadline, err);
}

static int remove_mdev(const struct sysroot *root, const char *uuid, uint64_t deadline,
		       struct error *err)
{
	struct access access = { root, uuid, NULL, NULL };
	_cleanup_device_nodes_ struct device_nodes nodes = { 0 };
	int r = mdev_device_nodes(root, uuid, &nodes);

	if (r == 0)
		r = use_wait_closed(root, &nodes, NULL, deadline, err);
	else
		(void)error_set(err, r, "failed to read its device nodes: %s",
				strerror(-r));
	if (r < 0)
		return r;
	return bounded_call(remove_in_child, &access, deadline, err);
}

static int mdev_write(const struct sysroot *root, const char *object,
		      const char *from _unused_, const char *to, uint64_t deadline,
		      struct error *err)
{
	uint64_t until = deadline_within_ms(deadline, ACCESS_TIMEOUT_MS);
	int r = STREQ(to, ABSENT) ? remove_mdev(root, object, until, err) :
				    create(root, object, to, until, err);

	if (r < 0)
		error_prefix(err, "mediated device %s", object);
	return r;
}

const struct resource resource_mdev = {
	.name = "mdev",
	.slow = true,
	.claim = mdev_claim,
	.read = mdev_read,
	.write = mdev_write,
};

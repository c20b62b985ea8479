// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which devices a domain claims, and whether it may have them; see passthrough-claim.h. */

#include <fnmatch.h>
#include <stdio.h>

#include "common/alloc.h"
#include "hook/host-use.h"
#include "hook/module.h"
#include "hook/passthrough-claim.h"

/* One device to claim: from the domain's hostdevs, the request, or both. */
struct want {
	const char *address;
	const struct request_device *request; /* or NULL */
};

struct wants {
	struct want *items;
	size_t n;
};

static bool is_managed(const struct domain *domain, const char *address)
{
	for (size_t i = 0; i < domain->n_hostdevs; i++) {
		if (domain->hostdevs[i].managed &&
		    STREQ(domain->hostdevs[i].address, address))
			return true;
	}
	return false;
}

static struct want *find_want(const struct wants *wants, const char *address)
{
	for (size_t i = 0; i < wants->n; i++) {
		if (STREQ(wants->items[i].address, address))
			return &wants->items[i];
	}
	return NULL;
}

static void collect_wants(const struct planning *p, struct wants *ret)
{
	const struct domain *domain = p->domain;
	const struct request_passthrough *request = &domain->request.passthrough;

	for (size_t i = 0; i < domain->n_hostdevs; i++) {
		const struct domain_hostdev *hostdev = &domain->hostdevs[i];

		if (!hostdev->managed && !find_want(ret, hostdev->address))
			*ARRAY_PUSH(ret->items, ret->n) =
				(struct want){ hostdev->address, NULL };
	}
	for (size_t i = 0; i < request->n_devices; i++) {
		const struct request_device *device = &request->devices[i];
		struct want *want = find_want(ret, device->address);

		if (want)
			want->request = device;
		else if (is_managed(domain, device->address))
			strv_pushf(p->notes,
				   "passthrough: %s is left to libvirt (managed='yes')",
				   device->address);
		else
			*ARRAY_PUSH(ret->items, ret->n) =
				(struct want){ device->address, device };
	}
}

static int check_policy(const struct planning *p, const struct pci_device *device,
			struct error *err)
{
	char id[16];

	(void)snprintf(id, sizeof(id), "%04x:%04x", device->vendor, device->device);
	if (p->config->allow_devices.n == 0)
		return 0;
	strv_for_each(pattern, &p->config->allow_devices) {
		if (fnmatch(pattern, device->address, 0) == 0 ||
		    fnmatch(pattern, id, 0) == 0)
			return 0;
	}
	(void)error_set(err, -EPERM,
			"device %s (%s) may not be passed through on this host",
			device->address, id);
	error_remedy(err, "add it to allow_devices in /" CONFIG_PATH);
	return -EPERM;
}

static int check_identity(const struct pci_device *device, const struct want *want,
			  struct error *err)
{
	char id[16];

	(void)snprintf(id, sizeof(id), "%04x:%04x", device->vendor, device->device);
	if (want->request && want->request->id && strcasecmp(want->request->id, id) != 0) {
		(void)error_set(err, -ENODEV,
				"device %s is %s, not %s as the metadata says",
				device->address, id, want->request->id);
		error_remedy(err, "find its new address with 'hosttune devices', then "
				  "correct the domain");
		return -ENODEV;
	}
	if (pci_is_bridge(device))
		return error_set(err, -EINVAL,
				 "device %s is a bridge and cannot be passed through",
				 device->address);
	if (!device->group) {
		(void)error_set(err, -ENODEV,
				"device %s has no IOMMU group: the IOMMU is off or missing",
				device->address);
		error_remedy(err, "switch VT-d or AMD-Vi on in the firmware, then run "
				  "'kargs apply iommu' and reboot");
		return -ENODEV;
	}
	return 0;
}

static int check_group_members(const struct planning *p, const struct pci_device *device,
			       const struct wants *wants, struct error *err)
{
	const struct sysroot *root = p->host->root;
	_cleanup_strv_ struct strv members = STRV_NULL;
	int r = pci_group_members(root, device->group, &members);

	if (r < 0)
		return error_set(err, r, "failed to read IOMMU group %s: %s",
				 device->group, strerror(-r));
	strv_for_each(address, &members) {
		_cleanup_pci_device_ struct pci_device member = { 0 };

		if (find_want(wants, address) || is_managed(p->domain, address))
			continue;
		r = pci_device_read(root, address, &member, err);
		if (r < 0)
			return r;
		if (!pci_is_stranger(root, &member))
			continue;
		(void)error_set(err, -EPERM,
				"device %s shares IOMMU group %s with %s, which the host "
				"uses by driver '%s'",
				device->address, device->group, address, member.driver);
		error_remedy(err,
			     "pass %s through as well, or move one of them to another "
			     "slot",
			     address);
		return -EPERM;
	}
	return 0;
}

/*
 * Unbinding an SR-IOV function's driver removes its virtual functions, and waits for the guests
 * that have them.
 */
static int check_no_virtual_functions(const struct planning *p,
				      const struct pci_device *device, struct error *err)
{
	_cleanup_strv_ struct strv names = STRV_NULL, functions = STRV_NULL;
	_cleanup_free_ char *list = NULL;
	int r = sysroot_list(p->host->root, &names, PCI_DEVICES "/%s", device->address);

	if (r < 0)
		return error_set(err, r, "failed to read device %s: %s", device->address,
				 strerror(-r));
	strv_for_each(name, &names) {
		char *address;

		if (str_has_prefix(name, "virtfn") &&
		    sysroot_readlink_name(p->host->root, &address, PCI_DEVICES "/%s/%s",
					  device->address, name) == 0)
			strv_push_take(&functions, address);
	}
	if (functions.n == 0)
		return 0;
	list = strv_join(&functions, ", ");
	(void)error_set(err, -EBUSY, "device %s has virtual functions: %s",
			device->address, list);
	error_remedy(err, "remove them first: echo 0 > /" PCI_DEVICES "/%s/sriov_numvfs",
		     device->address);
	return -EBUSY;
}

/* Documentation/ABI/testing/sysfs-kernel-iommu_groups: "direct" regions bar assignment. */
static int check_reserved_regions(const struct planning *p,
				  const struct pci_device *device, struct error *err)
{
	_cleanup_strv_ struct strv words = STRV_NULL;
	_cleanup_free_ char *regions = NULL;

	if (sysroot_read(p->host->root, &regions,
			 "sys/kernel/iommu_groups/%s/reserved_regions", device->group) < 0)
		return 0; /* before Linux 4.11 */
	strv_split(&words, regions, " \n");
	if (!strv_contains(&words, "direct"))
		return 0;
	(void)error_set(
		err, -EPERM,
		"device %s: the firmware reserves memory for it (RMRR) and the kernel "
		"will not let a guest have it",
		device->address);
	error_remedy(err,
		     "look for a firmware setting such as 'shared memory' of the device");
	return -EPERM;
}

static int check_unused(const struct planning *p, const struct pci_device *device,
			const struct wants *wants, bool force, struct error *err)
{
	_cleanup_device_nodes_ struct device_nodes nodes = { 0 };
	_cleanup_strv_ struct strv processes = STRV_NULL, reasons = STRV_NULL,
				   going = STRV_NULL;
	_cleanup_free_ char *list = NULL;
	int r;

	for (size_t i = 0; i < wants->n; i++)
		strv_push(&going, wants->items[i].address);
	r = pci_device_nodes(p->host->root, device, &nodes);
	if (r == 0)
		r = use_find_processes(p->host->root, &nodes, device->address, &processes);
	if (r == 0)
		r = use_find_host(p->host->root, device, &nodes, &going, &reasons);
	if (r == 0 && reasons.n == 0)
		r = use_find_kernel(p->host->root, &nodes, &reasons);
	if (r < 0)
		return error_set(err, r, "failed to find out who uses device %s: %s",
				 device->address, strerror(-r));
	if (processes.n) {
		list = strv_join(&processes, ", ");
		(void)error_set(err, -EBUSY, "device %s is in use on the host by %s",
				device->address, list);
		error_remedy(err, "end those processes first");
		return -EBUSY;
	}
	if (reasons.n && !force) {
		list = strv_join(&reasons, "; ");
		(void)error_set(err, -EBUSY, "device %s is needed by the host: %s",
				device->address, list);
		error_remedy(err, "if it may be taken away all the same, add force='yes'");
		return -EBUSY;
	}
	return 0;
}

/* The driver that a module, loaded or not, is going to register for PCI. */
static char *driver_of_module(const struct sysroot *root, const char *module)
{
	_cleanup_strv_ struct strv drivers = STRV_NULL;

	if (sysroot_list(root, &drivers, "sys/module/%s/drivers", module) == 0) {
		strv_for_each(driver, &drivers) {
			if (str_has_prefix(driver, "pci:"))
				return xstrdup(driver + strlen("pci:"));
		}
	}
	/* Variant drivers are named as their module; the generic one is not. */
	return xstrdup(STREQ(module, "vfio_pci") ? "vfio-pci" : module);
}

/* The modules of VFIO drivers that are made for this device: "vfio_pci:v..." for "pci:v...". */
static int variant_modules(const struct sysroot *root, const struct pci_device *device,
			   struct strv *ret, struct error *err)
{
	_cleanup_free_ char *alias = NULL;

	if (!str_has_prefix(device->modalias, "pci:"))
		return 0;
	alias = xasprintf("vfio_%s", device->modalias);
	return module_lookup(root, alias, ret, err);
}

static void no_such_driver(const struct pci_device *device, const char *driver,
			   const struct strv *modules, struct error *err)
{
	_cleanup_free_ char *list = strv_join(modules, ", ");

	(void)error_set(err, -ENOENT, "'%s' is no VFIO driver for device %s", driver,
			device->address);
	error_remedy(err, "remove driver='%s'; modules for it: %s", driver,
		     modules->n ? list : "vfio_pci");
}

/* The module of the driver asked for, or the best one: a variant before the generic driver. */
static int choose_module(const struct sysroot *root, const struct pci_device *device,
			 const char *wanted, char **ret, struct error *err)
{
	_cleanup_strv_ struct strv modules = STRV_NULL;
	int r = variant_modules(root, device, &modules, err);

	if (r < 0)
		return r;
	if (!strv_contains(&modules, "vfio_pci"))
		strv_push(&modules, "vfio_pci");
	strv_for_each(module, &modules) {
		_cleanup_free_ char *driver = driver_of_module(root, module);
		bool generic = STREQ(module, "vfio_pci");

		if (wanted ? STREQ(driver, wanted) : (!generic || modules.n == 1)) {
			*ret = xstrdup(module);
			return 0;
		}
	}
	if (wanted) {
		no_such_driver(device, wanted, &modules, err);
		return -ENOENT;
	}
	*ret = xstrdup("vfio_pci");
	return 0;
}

/* The VFIO driver for a device, and the module to load for it or NULL. */
static int choose_driver(const struct sysroot *root, const struct pci_device *device,
			 const struct want *want, char **ret_driver, char **ret_module,
			 struct error *err)
{
	const char *wanted = want->request ? want->request->driver : NULL;
	_cleanup_strv_ struct strv known = STRV_NULL;
	_cleanup_free_ char *module = NULL;
	int r;

	*ret_module = NULL;
	if (wanted && sysroot_exists(root, PCI_DRIVERS "/%s", wanted) &&
	    pci_driver_is_vfio(root, wanted)) {
		*ret_driver = xstrdup(wanted);
		return 0;
	}
	r = choose_module(root, device, wanted, &module, err);
	if (r < 0)
		return r;
	*ret_driver = driver_of_module(root, module);
	if (sysroot_exists(root, PCI_DRIVERS "/%s", *ret_driver))
		return 0;
	r = module_lookup(root, module, &known, err);
	if (r == 0 && known.n == 0) {
		r = error_set(err, -ENOENT, "this kernel has no module '%s'", module);
		error_remedy(err, "install the package with this kernel's extra modules");
	}
	*ret_module = TAKE_PTR(module);
	return r;
}

static int add_wishes(const struct planning *p, const struct pci_device *device,
		      const struct want *want, struct error *err)
{
	_cleanup_free_ char *driver = NULL, *module = NULL, *object = NULL;
	int r = choose_driver(p->host->root, device, want, &driver, &module, err);

	if (r < 0)
		return r;
	if (module && !claim_find_wish(p->claim, "module", module))
		claim_add_wish(p->claim, "module", module, "loaded");
	object = xasprintf("%s" PASSTHROUGH_OVERRIDE_SUFFIX, device->address);
	claim_add_wish(p->claim, "passthrough", object, driver);
	claim_add_wish(p->claim, "passthrough", device->address, driver);
	return 0;
}

static int claim_device(const struct planning *p, const struct want *want,
			const struct wants *wants, struct error *err)
{
	_cleanup_pci_device_ struct pci_device device = { 0 };
	const struct request_device *request = want->request;
	const struct sysroot *root = p->host->root;
	const struct claim *holder =
		resource_holder(p->ledger, p->claim->id, "passthrough", want->address);
	bool force = p->domain->request.passthrough.force || (request && request->force);
	int r;

	r = pci_device_read(root, want->address, &device, err);
	if (r == 0)
		r = check_policy(p, &device, err);
	if (r == 0)
		r = check_identity(&device, want, err);
	if (r < 0)
		return r;
	if (holder)
		return error_set(err, -EBUSY, "device %s is held by domain '%s'",
				 device.address, holder->domain);
	r = check_reserved_regions(p, &device, err);
	if (r == 0)
		r = check_group_members(p, &device, wants, err);
	if (r < 0)
		return r;
	if (pci_driver_is_vfio(root, device.driver) &&
	    (!request || !request->driver || STREQ(request->driver, device.driver))) {
		claim_add_wish(p->claim, "passthrough", device.address, device.driver);
		return 0;
	}
	r = check_no_virtual_functions(p, &device, err);
	if (r < 0)
		return r;
	if (*device.driver) {
		r = check_unused(p, &device, wants, force, err);
		if (r < 0)
			return r;
	}
	return add_wishes(p, &device, want, err);
}

int passthrough_claim(const struct planning *p, struct error *err)
{
	struct wants wants = { 0 };
	int r = 0;

	if (!p->domain->request.passthrough.wanted)
		return 0;
	collect_wants(p, &wants);
	if (wants.n == 0)
		strv_push(p->notes,
			  "passthrough: the domain has no PCI device that libvirt "
			  "does not manage: nothing to do");
	for (size_t i = 0; r == 0 && i < wants.n; i++)
		r = claim_device(p, &wants.items[i], &wants, err);
	free(wants.items);
	return r;
}

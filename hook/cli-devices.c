// SPDX-License-Identifier: LGPL-2.1-or-later
/* hosttune devices: IOMMU groups, their devices, mediated devices; see cli.h. */

#include <inttypes.h>
#include <stdio.h>

#include "common/alloc.h"
#include "common/json.h"
#include "common/parse.h"
#include "hook/cli.h"
#include "hook/host-use.h"

#define MDEV_BUS "sys/class/mdev_bus"
#define NO_GROUP "none"

/* One device with all that is shown of it. */
struct row {
	struct pci_device device;
	struct strv processes, reasons;
	uint64_t vfs, max_vfs; /* SR-IOV; 0 of 0 where there is none */
};

struct rows {
	struct row *items;
	size_t n;
};

static void rows_done(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		pci_device_done(&rows->items[i].device);
		strv_done(&rows->items[i].processes);
		strv_done(&rows->items[i].reasons);
	}
	free(rows->items);
}
#define _cleanup_rows_ _cleanup_(rows_done)

static int read_row(const struct sysroot *root, const char *address, struct row *ret,
		    struct error *err)
{
	_cleanup_device_nodes_ struct device_nodes nodes = { 0 };
	const struct strv none = STRV_NULL;
	int r = pci_device_read(root, address, &ret->device, err);

	if (r < 0)
		return r;
	(void)!sysroot_read_u64(root, &ret->vfs, PCI_DEVICES "/%s/sriov_numvfs", address);
	(void)!sysroot_read_u64(root, &ret->max_vfs, PCI_DEVICES "/%s/sriov_totalvfs",
				address);
	/* Who uses it is shown as far as it can be seen. */
	if (*ret->device.driver && !pci_is_bridge(&ret->device) &&
	    pci_device_nodes(root, &ret->device, &nodes) == 0) {
		(void)!use_find_processes(root, &nodes, address, &ret->processes);
		(void)!use_find_host(root, &ret->device, &nodes, &none, &ret->reasons);
	}
	return 0;
}

static const char *group_of(const struct row *row)
{
	return row->device.group ? row->device.group : NO_GROUP;
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *ra = a, *rb = b;
	int order = strverscmp(group_of(ra), group_of(rb));

	return order ? order : strcmp(ra->device.address, rb->device.address);
}

static int read_rows(const struct sysroot *root, struct rows *ret, struct error *err)
{
	_cleanup_strv_ struct strv addresses = STRV_NULL;
	int r = pci_list(root, &addresses);

	if (r < 0 && r != -ENOENT)
		return error_set(err, r, "failed to list PCI devices: %s", strerror(-r));
	strv_for_each(address, &addresses) {
		r = read_row(root, address, ARRAY_PUSH(ret->items, ret->n), err);
		if (r < 0)
			return r;
	}
	if (ret->n > 1)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare_rows);
	return 0;
}

static void print_row(const struct row *row)
{
	const struct pci_device *d = &row->device;
	_cleanup_free_ char *processes = strv_join(&row->processes, ", ");
	_cleanup_free_ char *reasons = strv_join(&row->reasons, "; ");

	(void)printf("  %s %04x:%04x class %06x driver %s%s", d->address, d->vendor,
		     d->device, d->class_code, *d->driver ? d->driver : "(none)",
		     d->boot_vga ? ", boot VGA" : "");
	if (row->max_vfs)
		(void)printf(", SR-IOV %" PRIu64 " of %" PRIu64, row->vfs, row->max_vfs);
	if (*processes)
		(void)printf(", held by %s", processes);
	if (*reasons)
		(void)printf(", needed: %s", reasons);
	(void)putchar('\n');
}

static void print_rows(const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->items[i];

		if (i == 0 || !STREQ(group_of(row), group_of(&rows->items[i - 1])))
			(void)printf("IOMMU group %s\n", group_of(row));
		print_row(row);
	}
}

static void rows_to_json(const struct rows *rows, json_object *array)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->items[i];
		json_object *object = json_push_object(array);
		json_object *processes, *reasons;
		char id[16];

		(void)snprintf(id, sizeof(id), "%04x:%04x", row->device.vendor,
			       row->device.device);
		json_add_string(object, "address", row->device.address);
		json_add_string(object, "iommu_group", row->device.group);
		json_add_string(object, "id", id);
		json_add_number(object, "class", row->device.class_code);
		json_add_string(object, "driver",
				*row->device.driver ? row->device.driver : NULL);
		json_add_bool(object, "boot_vga", row->device.boot_vga);
		json_add_number(object, "sriov_vfs", (int64_t)row->vfs);
		json_add_number(object, "sriov_max_vfs", (int64_t)row->max_vfs);
		processes = json_add_array(object, "held_by");
		strv_for_each(p, &row->processes)
			json_push_string(processes, p);
		reasons = json_add_array(object, "needed");
		strv_for_each(r, &row->reasons)
			json_push_string(reasons, r);
	}
}

/* Calls for every type of every parent; prints when @array is NULL. */
static void show_mdev_types(const struct sysroot *root, json_object *array)
{
	_cleanup_strv_ struct strv parents = STRV_NULL;

	if (sysroot_list(root, &parents, MDEV_BUS) < 0)
		return; /* no parent driver is loaded */
	strv_for_each(parent, &parents) {
		_cleanup_strv_ struct strv types = STRV_NULL;

		(void)!sysroot_list(root, &types, MDEV_BUS "/%s/mdev_supported_types",
				    parent);
		if (!array)
			(void)printf("mdev parent %s\n", parent);
		strv_for_each(type, &types) {
			uint64_t left = 0;
			json_object *object;

			(void)!sysroot_read_u64(root, &left,
						MDEV_BUS "/%s/mdev_supported_types/%s/"
							 "available_instances",
						parent, type);
			if (!array) {
				(void)printf("  %s: %" PRIu64 " left\n", type, left);
				continue;
			}
			object = json_push_object(array);
			json_add_string(object, "parent", parent);
			json_add_string(object, "type", type);
			json_add_number(object, "left", (int64_t)left);
		}
	}
}

int cli_devices(const struct cli *cli, struct error *err)
{
	_cleanup_rows_ struct rows rows = { 0 };
	int r = read_rows(cli->root, &rows, err);

	if (r < 0)
		return r;
	if (cli->json) {
		_cleanup_json_ json_object *object = NULL;
		_cleanup_free_ char *text = NULL;

		r = json_load(err);
		if (r < 0)
			return r;
		object = json_new_object();
		rows_to_json(&rows, json_add_array(object, "devices"));
		show_mdev_types(cli->root, json_add_array(object, "mdev_types"));
		text = json_format(object, true);
		(void)fputs(text, stdout);
		return EXIT_SUCCESS;
	}
	print_rows(&rows);
	show_mdev_types(cli->root, NULL);
	return EXIT_SUCCESS;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The reader and writer of /etc/default/grub. Input: the file, and after a line "%%" a drop-in. What can
 * be read is changed; what could be changed once needs no second time.
 */

#include <stdio.h>

#include "common/alloc.h"
#include "grubcfg/change.h"
#include "grubcfg/sink.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static struct sysroot root = { -1, false };

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* An empty directory: all files are planned ones. */
static void make_root(void)
{
	char directory[] = "/tmp/fuzz-XXXXXX";

	if (root.fd >= 0)
		return;
	check(mkdtemp(directory) != NULL);
	check(sysroot_open(directory, &root) == 0);
	check(rmdir(directory) == 0);
}

static int change(struct tree *tree, const struct sink *sink, struct error *err)
{
	static const char *const args[] = { "intel_iommu=on", "console=ttyS0",
					    "memmap=4G$0x1",  "hugepagesz=1G",
					    "hugepages=2",    "a=\"x y\"" };
	_cleanup_(changes_done) struct changes changes = { 0 };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(args); i++)
		changes_push(&changes, CHANGE_SET, args[i]);
	changes_push(&changes, CHANGE_REMOVE, "quiet");
	r = sink->type->read(tree, sink, &line, err);
	if (r < 0)
		return r;
	r = changes_apply(&line, &changes, err);
	if (r <= 0)
		return r;
	r = sink->type->write(tree, sink, &line, err);
	return r < 0 ? r : 1;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	_cleanup_free_ char *text = xcalloc(size + 1, 1);
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_tree_ struct tree tree = { .root = &root, .root_path = "/" };
	char path[] = "etc/default/grub", *second;
	struct sink sink = { .type = &sink_grub_default, .path = path };

	make_root();
	memcpy(text, data, size);
	second = strstr(text, "\n%%\n");
	if (second) {
		*second = '\0';
		second += 4;
		sink.sources_drop_ins = true;
		check(tree_write(&tree, "etc/default/grub.d/50.cfg", second,
				 strlen(second), 0644, &err) == 0);
		size = strlen(text);
	}
	check(tree_write(&tree, path, text, size, 0644, &err) == 0);
	if (change(&tree, &sink, &err) == 1)
		check(change(&tree, &sink, &err) == 0);
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * The sinks that are not /etc/default/grub. Input: a byte that chooses one, its file, and for an entry
 * that GRUB reads a NUL byte and the environment block.
 *
 * What can be read can be read again after an argument was added, is there once, is gone after it was
 * removed, and then the line is what it was.
 */

#include <stdint.h>
#include <stdio.h>

#include "common/alloc.h"
#include "common/log.h"
#include "grubcfg/sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRY "boot/loader/entries/x.conf"

static const struct sink sinks[] = {
	{ .type = &sink_bls, .path = (char[]){ ENTRY }, .grub_reads = true },
	{ .type = &sink_bls, .path = (char[]){ ENTRY } },
	{ .type = &sink_kernel_cmdline, .path = (char[]){ "etc/kernel/cmdline" } },
	{ .type = &sink_pi, .path = (char[]){ "boot/cmdline.txt" } },
	{ .type = &sink_extlinux,
	  .path = (char[]){ "boot/extlinux/extlinux.conf" },
	  .part = (char[]){ "l0" } },
	{ .type = &sink_variable,
	  .path = (char[]){ "etc/default/u-boot" },
	  .part = (char[]){ "U_BOOT_PARAMETERS" } },
	{ .type = &sink_variable,
	  .path = (char[]){ "etc/zipl.conf" },
	  .part = (char[]){ "[linux]parameters" } },
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* An empty directory: everything is in the overlay. */
static const struct sysroot *empty_root(void)
{
	static struct sysroot root = { -1, false };
	char path[] = "/tmp/fuzz-sink-XXXXXX";

	if (root.fd < 0) {
		require(mkdtemp(path) && sysroot_open(path, &root) == 0);
		require(rmdir(path) == 0);
		log_setup(LOG_TO_NOTHING, LOG_ERR);
	}
	return &root;
}

static size_t count(const struct cmdline *line, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < line->n; i++)
		n += cmdline_same_name(line->items[i].name, name);
	return n;
}

static bool add_and_remove(struct tree *tree, const struct sink *sink,
			   const struct cmdline *before, struct error *err)
{
	_cleanup_cmdline_ struct cmdline line = cmdline_copy(before), added = { 0 },
					 removed = { 0 };

	cmdline_insert(&line, line.n_kernel, "fuzz.added=\"x y\"");
	if (sink->type->write(tree, sink, &line, err) < 0)
		return false;
	require(sink->type->read(tree, sink, &added, err) == 0);
	require(count(&added, "fuzz.added") == 1);
	for (size_t i = added.n; i > 0; i--) {
		if (cmdline_same_name(added.items[i - 1].name, "fuzz.added"))
			cmdline_remove(&added, i - 1);
	}
	require(cmdline_equal(&added, before));
	if (sink->type->write(tree, sink, &added, err) < 0)
		return false;
	require(sink->type->read(tree, sink, &removed, err) == 0);
	require(cmdline_equal(&removed, before));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_tree_ struct tree tree = { .root = empty_root(), .root_path = "/" };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_cmdline_ struct cmdline before = { 0 };
	const struct sink *sink;
	const char *text;
	const uint8_t *end;
	size_t length;

	if (size < 1)
		return 0;
	sink = &sinks[data[0] % ARRAY_SIZE(sinks)];
	text = (const char *)data + 1;
	length = size - 1;
	end = sink->grub_reads ? memchr(text, 0, length) : NULL;
	if (end) {
		size_t rest = length - (size_t)((const char *)end + 1 - text);

		require(tree_write(&tree, "boot/grub2/grubenv", (const char *)end + 1,
				   rest, 0644, &err) == 0);
		length = (size_t)((const char *)end - text);
	}
	require(tree_write(&tree, sink->path, text, length, 0644, &err) == 0);
	if (sink->type->read(&tree, sink, &before, &err) < 0) {
		require(err.cause != NULL);
		return 0;
	}
	if (!count(&before, "fuzz.added") && !add_and_remove(&tree, sink, &before, &err))
		require(err.cause != NULL);
	return 0;
}

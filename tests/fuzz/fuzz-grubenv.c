// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * GRUB's environment block. Input: a value, a NUL byte, a block.
 *
 * Whatever the block is, a value that was set is there, everything else is as it was, and the size is
 * the same.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/alloc.h"
#include "grubcfg/grubenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_others(const struct grubenv *before, const struct grubenv *after,
			 const char *name)
{
	for (size_t i = 0; i < before->n; i++) {
		const char *other = before->items[i].name;

		if (!STREQ(other, name))
			require(STREQ(grubenv_get(before, other),
				      grubenv_get(after, other)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	_cleanup_grubenv_ struct grubenv before = { 0 }, after = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *value = NULL, *block = NULL, *out = NULL;
	size_t length;
	int r;

	if (!end)
		return 0;
	value = xstrndup((const char *)data, (size_t)(end - data));
	length = size - (size_t)(end + 1 - data);
	block = xmalloc(length + 1);
	memcpy(block, end + 1, length);
	block[length] = '\0';
	r = grubenv_set(block, length, "kernelopts", value, &out, &err);
	if (r < 0) {
		require(r == -EINVAL || r == -ENOSPC);
		return 0;
	}
	require(grubenv_parse(block, length, &before, &err) == 0);
	require(grubenv_parse(out, length, &after, &err) == 0);
	require(strlen(out) == length);
	require(STREQ(grubenv_get(&after, "kernelopts"), value));
	check_others(&before, &after, "kernelopts");
	return 0;
}

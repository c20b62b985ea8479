// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Runs a fuzzer over inputs that are kept, with any compiler: each file of the directories that are given,
 * and its beginnings, up to BEGINNINGS_MAX of them. Prints TAP; what does not hold aborts.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/strv.h"
#include "common/sysroot.h"

#define FILE_MAX (1U << 20)
#define BEGINNINGS_MAX 64U

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* In memory of exactly its size, so that a sanitizer sees what is read beyond it. */
static void run_one(const char *text, size_t size)
{
	_cleanup_free_ unsigned char *data = xmalloc(size ? size : 1);

	if (size)
		memcpy(data, text, size);
	(void)LLVMFuzzerTestOneInput(data, size);
}

static void run_file(const char *text, size_t size)
{
	size_t step = size / BEGINNINGS_MAX + 1;

	for (size_t n = 0; n < size; n += step)
		run_one(text, n);
	run_one(text, size);
}

static void die(const char *path, int r)
{
	(void)printf("Bail out! %s: %s\n", path, strerror(-r));
	exit(EXIT_FAILURE); /* NOLINT(concurrency-mt-unsafe): there is one thread */
}

int main(int argc, char *argv[])
{
	unsigned n = 0;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		_cleanup_strv_ struct strv names = STRV_NULL;
		struct sysroot root;
		int r = sysroot_open(argv[i], &root);

		if (r == 0)
			r = sysroot_list(&root, &names, ".");
		if (r < 0)
			die(argv[i], r);
		strv_for_each(name, &names) {
			_cleanup_free_ char *text = NULL;
			size_t size;

			r = sysroot_read_file(&root, FILE_MAX, &text, &size, "%s", name);
			if (r < 0)
				die(name, r);
			run_file(text, size);
			(void)printf("ok %u - %s\n", ++n, name);
		}
		sysroot_close(&root);
	}
	(void)printf("1..%u\n", n);
	return n ? EXIT_SUCCESS : EXIT_FAILURE;
}

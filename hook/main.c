// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One binary, two programs: named "hosttune" it is the administrator's tool; installed under
 * libvirt's names for hooks, .../hooks/qemu or .../hooks/qemu.d/ANYTHING, it is the hook.
 */

#include <fcntl.h>
#include <stdio.h>

#include "hook/cli.h"
#include "hook/hook-mode.h"

static int is_tool(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');

	return STREQ(slash ? slash + 1 : argv0, "hosttune") && !strstr(argv0, "/qemu.d/");
}

/* Started without them, no file of ours may become a standard stream. */
static void open_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

int main(int argc, char *argv[])
{
	struct sysroot root = SYSROOT_NULL;
	int status;

	open_streams();
	if (argc < 1 || is_tool(argv[0]))
		return cli_main(argc, argv);
	if (sysroot_open("/", &root) < 0)
		return EXIT_SUCCESS; /* no operation may fail for this */
	status = hook_mode(&root, argc - 1, argv + 1);
	sysroot_close(&root);
	return status;
}

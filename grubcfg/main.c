// SPDX-License-Identifier: LGPL-2.1-or-later
/* kargs(8); called by the name of grubby, or as 'kargs grubby', it takes grubby's options. */

#include <fcntl.h>

#include "common/replace.h"
#include "grubcfg/cli.h"
#include "grubcfg/grubby.h"

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

/* The place of the command, behind options; only --root has an operand. */
static int find_command(int argc, char *argv[])
{
	int i = 1;

	while (i < argc && argv[i][0] == '-' && !STREQ(argv[i], "--"))
		i += STREQ(argv[i], "--root") ? 2 : 1;
	return i;
}

int main(int argc, char *argv[])
{
	int i = find_command(argc, argv);

	open_streams();
	if (argc > 0 && STREQ(path_name(argv[0]), "grubby"))
		return grubby_main(argc, argv);
	if (i < argc && STREQ(argv[i], "grubby")) {
		/* Without that word, what stands around it is grubby's. */
		memmove(&argv[i], &argv[i + 1], (size_t)(argc - i) * sizeof(*argv));
		return grubby_main(argc - 1, argv);
	}
	return cli_main(argc, argv);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* simhost: a simulated machine to run hosttune on; see README.md. */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "fs.h"

static const char usage[] =
	"usage: simhost [-f] [-t FILE] TREE... MOUNTPOINT\n"
	"Serve the machine that TREE describes, read-write, as a file system.\n"
	"Later trees are laid over earlier ones. Ends when it is unmounted.\n"
	"  -f, --foreground    stay in the foreground\n"
	"  -t, --trace FILE    write a line for every access to an attribute\n"
	"  -h, --help          print this\n";

static int parse_options(int argc, char **argv, struct fs_options *options)
{
	static const struct option names[] = {
		{ "foreground", no_argument, NULL, 'f' },
		{ "trace", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "ft:h", names, NULL)) >= 0) {
		switch (c) {
		case 'f':
			options->foreground = true;
			break;
		case 't':
			options->trace = fopen(optarg, "we");
			if (!options->trace) {
				fprintf(stderr, "simhost: '%s': %s\n", optarg,
					strerror(errno));
				return 1;
			}
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		default:
			return 2;
		}
	}
	if (argc - optind < 2) {
		fputs(usage, stderr);
		return 2;
	}
	options->mountpoint = argv[argc - 1];
	return 0;
}

int main(int argc, char **argv)
{
	struct fs_options options = { 0 };
	struct sim sim = { 0 };
	int r;

	r = parse_options(argc, argv, &options);
	if (r != 0)
		return r < 0 ? 0 : r;

	r = tree_new(&sim.tree);
	for (int i = optind; i < argc - 1 && r == 0; i++)
		r = tree_load(sim.tree, argv[i]);
	if (r == 0)
		r = sim_init(&sim);
	if (r == 0)
		r = fs_run(&sim, &options);
	sim_exit(&sim);
	tree_free(sim.tree);
	if (options.trace && fclose(options.trace) != 0)
		r = -EIO;
	return r < 0 ? 1 : 0;
}

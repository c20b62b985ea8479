// SPDX-License-Identifier: LGPL-2.1-or-later
/* The administrator's tool; see cli.h. */

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/parse.h"
#include "hook/cli.h"
#include "hook/hook-mode.h"
#include "hook/operation.h"
#include "hook/privilege.h"
#include "hook/version.h"
#include "hook/xml.h"

#define DOMAIN_DIR "etc/libvirt/qemu"

static const char usage[] =
	"hosttune [OPTION...] COMMAND\n"
	"\n"
	"Gives the host what a libvirt domain's metadata asks for, and takes it back.\n"
	"\n"
	"Commands:\n"
	"  plan FILE|NAME    show what starting the domain would change; change nothing\n"
	"  check [FILE|NAME] show what is wrong with this host, for this domain\n"
	"  check --list      show all that check looks for, and why\n"
	"  status [NAME]     show claims, what each holds, and what drifted\n"
	"  release NAME      give a domain's claim back by hand\n"
	"  release --stale   give back claims of domains whose QEMU does not run\n"
	"  release --all     give back every claim\n"
	"  sync              finish what processes that died left behind\n"
	"  devices           show IOMMU groups, their devices, and mediated devices\n"
	"  hook DOMAIN OPERATION SUB-OPERATION [EXTRA]\n"
	"                    do what libvirt calls the hook for; domain XML on stdin\n"
	"\n"
	"FILE is domain XML, - is stdin; NAME is a domain's name or UUID.\n"
	"\n"
	"Options:\n"
	"      --json         print JSON (plan, check, status, devices)\n"
	"      --sysroot DIR  read and change the tree DIR instead of /\n"
	"  -h, --help         show this help\n"
	"      --version      show the version\n"
	"\n"
	"Exit status: 0 done; 1 not possible, not ready, failed, drift or unfinished;\n"
	"2 usage.\n"
	"See hosttune(8), hosttune.conf(5), hosttune-metadata(7).\n";

static int usage_error(struct error *err, const char *text)
{
	(void)error_set(err, -EINVAL, "%s", text);
	error_remedy(err, "see 'hosttune --help'");
	return EXIT_USAGE;
}

static int cli_release(const struct cli *cli, struct error *err)
{
	int r;

	if (cli->argc + cli->stale + cli->all != 1)
		return usage_error(err, "release takes NAME, --stale or --all");
	r = cli->argc ? operation_release(cli->root, cli->argv[0], err) :
			operation_release_all(cli->root, cli->stale, err);
	if (r > 0)
		(void)fprintf(stderr, "hosttune: domain '%s' holds no claim\n",
			      cli->argv[0]);
	return MIN(r, EXIT_SUCCESS);
}

static int cli_sync(const struct cli *cli, struct error *err)
{
	int r = operation_sync(cli->root, err);

	return r < 0 ? r : EXIT_SUCCESS;
}

static int cli_hook(const struct cli *cli, struct error *err _unused_)
{
	return hook_mode(cli->root, cli->argc, cli->argv);
}

struct command {
	const char *name;
	int min_operands, max_operands;
	enum privilege privilege;
	bool json;
	bool keeps_privileges; /* drops them itself */
	int (*run)(const struct cli *cli, struct error *err);
};

static const struct command commands[] = {
	{ "plan", 1, 1, PRIVILEGE_LOOK, true, false, cli_plan },
	{ "check", 0, 1, PRIVILEGE_LOOK, true, false, cli_check },
	{ "status", 0, 1, PRIVILEGE_LOOK, true, false, cli_status },
	{ "release", 0, 1, PRIVILEGE_ISOLATE, false, false, cli_release },
	{ "sync", 0, 0, PRIVILEGE_ISOLATE, false, false, cli_sync },
	{ "devices", 0, 0, PRIVILEGE_LOOK, true, false, cli_devices },
	{ "hook", 3, 4, PRIVILEGE_PREPARE, false, true, cli_hook },
};

static const struct command *find_command(const char *name, struct error *err)
{
	const char *names[ARRAY_SIZE(commands) + 1] = { NULL };
	int index;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	index = parse_command("hosttune", name, names, err);
	return index < 0 ? NULL : &commands[index];
}

/* A domain that is defined, by name or UUID: libvirt's own file of it. */
static int find_domain_file(const struct cli *cli, const char *name, char **ret,
			    size_t *ret_size)
{
	_cleanup_strv_ struct strv files = STRV_NULL;

	if (!strchr(name, '/') && sysroot_read_file(cli->root, XML_SIZE_MAX, ret, ret_size,
						    DOMAIN_DIR "/%s.xml", name) == 0)
		return 0;
	if (sysroot_list(cli->root, &files, DOMAIN_DIR) < 0)
		return -ENOENT;
	strv_for_each(file, &files) {
		_cleanup_free_ char *tag = xasprintf("<uuid>%s</uuid>", name),
				    *text = NULL;
		size_t size;

		if (sysroot_read_file(cli->root, XML_SIZE_MAX, &text, &size,
				      DOMAIN_DIR "/%s", file) < 0 ||
		    !strcasestr(text, tag))
			continue;
		*ret = TAKE_PTR(text);
		*ret_size = size;
		return 0;
	}
	return -ENOENT;
}

int cli_read_domain_xml(const struct cli *cli, const char *operand, char **ret,
			size_t *ret_size, struct error *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	if (STREQ(operand, "-")) {
		r = fd_read_all(STDIN_FILENO, XML_SIZE_MAX, ret, ret_size);
		return r < 0 ? error_set(err, r, "failed to read stdin: %s",
					 strerror(-r)) :
			       0;
	}
	fd = open(operand, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))) {
		r = fd_read_all(fd, XML_SIZE_MAX, ret, ret_size);
		return r < 0 ? error_set(err, r, "failed to read '%s': %s", operand,
					 strerror(-r)) :
			       0;
	}
	if (fd < 0 && errno != ENOENT)
		return error_set(err, negative_errno(), "failed to open '%s': %s",
				 operand, strerror(errno));
	if (find_domain_file(cli, operand, ret, ret_size) < 0) {
		(void)error_set(err, -ENOENT,
				"there is no file and no defined domain '%s'", operand);
		error_remedy(err, "see 'virsh list --all'");
		return -ENOENT;
	}
	return 0;
}

enum option_id {
	OPTION_JSON = 256,
	OPTION_SYSROOT,
	OPTION_VERSION,
	OPTION_STALE,
	OPTION_ALL,
	OPTION_LIST,
};

struct arguments {
	struct cli cli;
	const char *sysroot;
	bool done; /* --help or --version was printed */
};

static int parse_options(int argc, char *argv[], struct arguments *ret)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "sysroot", required_argument, NULL, OPTION_SYSROOT },
		{ "stale", no_argument, NULL, OPTION_STALE },
		{ "all", no_argument, NULL, OPTION_ALL },
		{ "list", no_argument, NULL, OPTION_LIST },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (c) {
		case 'h':
			(void)fputs(usage, stdout);
			ret->done = true;
			return 0;
		case OPTION_VERSION:
			(void)puts("hosttune " HOSTTUNE_VERSION);
			ret->done = true;
			return 0;
		case OPTION_JSON:
			ret->cli.json = true;
			break;
		case OPTION_SYSROOT:
			ret->sysroot = optarg;
			break;
		case OPTION_STALE:
			ret->cli.stale = true;
			break;
		case OPTION_ALL:
			ret->cli.all = true;
			break;
		case OPTION_LIST:
			ret->cli.list = true;
			break;
		default:
			return -EINVAL; /* said by getopt_long() */
		}
	}
	ret->cli.argc = argc - optind;
	ret->cli.argv = argv + optind;
	return 0;
}

/* The command's exit status; or, with @err set, why it could not run. */
static int run_command(struct cli *cli, struct error *err)
{
	const struct command *command;
	int r;

	if (cli->argc == 0)
		return usage_error(err, "a command is missing");
	command = find_command(cli->argv[0], err);
	if (!command)
		return EXIT_USAGE;
	cli->argc--;
	cli->argv++;
	if (cli->argc < command->min_operands || cli->argc > command->max_operands)
		return usage_error(err, "wrong number of operands");
	if (cli->json && !command->json)
		return usage_error(err, "--json does not go with this command");
	if ((cli->stale || cli->all) && command->run != cli_release)
		return usage_error(err, "--stale and --all go with release only");
	if (cli->list && (command->run != cli_check || cli->argc))
		return usage_error(err, "--list goes with check, and no domain, only");
	if (!command->keeps_privileges) {
		r = privilege_drop(command->privilege, err);
		if (r < 0)
			return EXIT_FAILURE;
	}
	r = command->run(cli, err);
	return r < 0 ? EXIT_FAILURE : r;
}

int cli_main(int argc, char *argv[])
{
	struct arguments arguments = { .sysroot = "/" };
	_cleanup_error_ struct error err = ERROR_NULL;
	struct sysroot root = SYSROOT_NULL;
	int r;

	log_setup(LOG_TO_STDERR, LOG_WARNING);
	if (parse_options(argc, argv, &arguments) < 0)
		return EXIT_USAGE;
	if (arguments.done)
		return EXIT_SUCCESS;
	r = sysroot_open(arguments.sysroot, &root);
	if (r < 0) {
		(void)fprintf(stderr, "hosttune: failed to open '%s': %s\n",
			      arguments.sysroot, strerror(-r));
		return EXIT_FAILURE;
	}
	arguments.cli.root = &root;
	r = run_command(&arguments.cli, &err);
	if (err.cause)
		(void)fprintf(stderr, "hosttune: %s\n", err.cause);
	if (err.remedy)
		(void)fprintf(stderr, "hosttune: what to do: %s\n", err.remedy);
	sysroot_close(&root);
	if (fflush(stdout) != 0 || ferror(stdout))
		return EXIT_FAILURE;
	return r;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * grubby's options; see grubby.h. What they mean is the same; what differs is what grubby gets wrong:
 * arguments are compared as the kernel does, quotes survive, console= may repeat, and kernels that are
 * installed later have the arguments too, also with --update-kernel=DEFAULT.
 */

#include <getopt.h>
#include <stdio.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/replace.h"
#include "grubcfg/bls.h"
#include "grubcfg/cli.h"
#include "grubcfg/grubby.h"
#include "grubcfg/quote.h"

static const char usage[] =
	"kargs grubby OPTION...\n"
	"\n"
	"  --update-kernel=ALL|DEFAULT|KERNEL  whose arguments: KERNEL is /boot/vmlinuz-VERSION\n"
	"  --args=ARGS                         add, or give another value, to these\n"
	"  --remove-args=ARGS                  remove these\n"
	"  --info=ALL|DEFAULT|KERNEL           show entries\n"
	"  --default-kernel                    show the kernel that boots next\n"
	"  --root=DIR                          of the system in DIR\n"
	"  --help                              show this help\n"
	"\n"
	"Kernels that are installed later have the arguments too, unless KERNEL is given. Where\n"
	"several kernels share theirs in $kernelopts (RHEL 8), DEFAULT changes that one only.\n"
	"Other options of grubby are not there: see kargs(8) for what kargs does.\n";

enum option_id {
	OPTION_UPDATE = 256,
	OPTION_ARGS,
	OPTION_REMOVE,
	OPTION_INFO,
	OPTION_DEFAULT,
	OPTION_ROOT,
};

struct arguments {
	const char *update, *info, *root;
	bool default_kernel;
	struct changes changes;
	bool done;
};

/* Several in one word, split as the kernel does. */
static int add_args(struct changes *changes, enum change_op op, const char *text,
		    struct error *err)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };

	cmdline_parse(&line, text, ARG_NEW);
	for (size_t i = 0; i < line.n; i++) {
		int r = change_check(line.items[i].raw, err);

		if (r < 0)
			return r;
		changes_push(changes, op, line.items[i].raw);
	}
	return 0;
}

static int take_option(int c, struct arguments *ret, struct error *err)
{
	switch (c) {
	case OPTION_UPDATE:
		ret->update = optarg;
		return 0;
	case OPTION_ARGS:
		return add_args(&ret->changes, CHANGE_SET, optarg, err);
	case OPTION_REMOVE:
		return add_args(&ret->changes, CHANGE_REMOVE, optarg, err);
	case OPTION_INFO:
		ret->info = optarg;
		return 0;
	case OPTION_DEFAULT:
		ret->default_kernel = true;
		return 0;
	case OPTION_ROOT:
		ret->root = optarg;
		return 0;
	case 'h':
		(void)fputs(usage, stdout);
		ret->done = true;
		return 0;
	default:
		return error_set(err, -EINVAL, "an option that kargs does not have");
	}
}

static int parse(int argc, char *argv[], struct arguments *ret, struct error *err)
{
	static const struct option options[] = {
		{ "update-kernel", required_argument, NULL, OPTION_UPDATE },
		{ "args", required_argument, NULL, OPTION_ARGS },
		{ "remove-args", required_argument, NULL, OPTION_REMOVE },
		{ "info", required_argument, NULL, OPTION_INFO },
		{ "default-kernel", no_argument, NULL, OPTION_DEFAULT },
		{ "root", required_argument, NULL, OPTION_ROOT },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r;

	while (!ret->done && (c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		r = take_option(c, ret, err);
		if (r < 0)
			return r;
	}
	if (ret->done)
		return 0;
	if (optind < argc)
		return error_set(err, -EINVAL, "'%s' is not an option", argv[optind]);
	if ((ret->update != NULL) + (ret->info != NULL) + ret->default_kernel != 1)
		return error_set(err, -EINVAL,
				 "one of --update-kernel, --info, --default-kernel is "
				 "needed");
	if ((ret->update != NULL) != (ret->changes.n > 0))
		return error_set(err, -EINVAL,
				 "--update-kernel goes with --args or --remove-args");
	return 0;
}

/* ---------------------------------------------------------------- entries */

struct choice {
	const struct plan *plan;
	const char *what; /* "ALL", "DEFAULT" or a path */
};

/* The value of a key of a BLS entry, or NULL; the caller frees. */
static char *entry_value(const struct plan *plan, const struct sink *sink, const char *key)
{
	_cleanup_bls_ struct bls bls = { 0 };
	_cleanup_free_ char *text = NULL;

	if (sink->type != &sink_bls || tree_read(&plan->tree, sink->path, &text, NULL) < 0)
		return NULL;
	bls_parse(text, sink->grub_reads, &bls);
	return bls_value(&bls, text, key);
}

/* As grubby names it: below /boot, however the boot loader sees it. */
static char *kernel_of(const struct plan *plan, const struct sink *sink)
{
	_cleanup_free_ char *value = entry_value(plan, sink, "linux");

	if (!value)
		return sink->version ? xasprintf("/boot/vmlinuz-%s", sink->version) :
				       NULL;
	return str_has_prefix(value, "/boot/") ? TAKE_PTR(value) :
						 xasprintf("/boot%s", value);
}

static bool is_chosen(const struct sink *sink, const void *userdata)
{
	const struct choice *choice = userdata;
	_cleanup_free_ char *kernel = NULL;

	if (STREQ(choice->what, "ALL"))
		return true;
	if (STREQ(choice->what, "DEFAULT"))
		return sink == plan_next_sink(choice->plan) || sink->scope & SINK_FUTURE;
	kernel = kernel_of(choice->plan, sink);
	return kernel && STREQ(kernel, choice->what) && !(sink->scope & SINK_FUTURE);
}

static int check_choice(const struct plan *plan, const struct choice *choice,
			struct error *err)
{
	bool shared = true;

	for (size_t i = 0; i < plan->boot.sinks.n; i++) {
		if (is_chosen(&plan->boot.sinks.items[i], choice))
			return 0;
		shared &= (plan->boot.sinks.items[i].scope & SINK_FUTURE) != 0;
	}
	(void)error_set(err, -ENOENT, "there is no kernel '%s'%s", choice->what,
			shared ? " with arguments of its own: all kernels of this host "
				 "share theirs" :
				 "");
	error_remedy(err, shared ? "use ALL" : "see 'kargs grubby --info=ALL'");
	return -ENOENT;
}

/* Whether $kernelopts of the chosen entries stands in others too, or in those to come that are not meant. */
static bool is_shared(const struct plan *plan, const struct choice *choice)
{
	bool shared = !STREQ(choice->what, "ALL") && !STREQ(choice->what, "DEFAULT");

	for (size_t i = 0; i < plan->boot.sinks.n && !shared; i++) {
		const struct sink *sink = &plan->boot.sinks.items[i];
		_cleanup_free_ char *options = entry_value(plan, sink, "options");

		shared = options && strstr(options, "kernelopts") &&
			 !is_chosen(sink, choice);
	}
	return shared;
}

static int update(const struct arguments *arguments, struct cli *cli, struct error *err)
{
	_cleanup_plan_ struct plan plan = { .lock = -1 };
	const struct choice choice = { &plan, arguments->update };
	const struct plan_choice filter = { is_chosen, &choice };
	const struct strv none = STRV_NULL;
	bool shared;
	int r = plan_open(cli->root, cli->root_path, true, cli->include_rescue, &plan,
			  err);

	if (r == 0)
		r = cli_check_owner(&plan, &arguments->changes, err);
	if (r == 0)
		r = check_choice(&plan, &choice, err);
	if (r != 0)
		return r;
	shared = is_shared(&plan, &choice);
	for (size_t i = 0; i < plan.boot.sinks.n; i++)
		plan.boot.sinks.items[i].is_alone = shared;
	if (shared) /* $kernelopts stays as it is */
		strv_done(&plan.boot.shared);
	r = cli_carry_out(cli, &plan, &arguments->changes, &filter, &none, err);
	return r == EXIT_UNCHANGED ? EXIT_SUCCESS : r;
}

/* ---------------------------------------------------------------- showing */

static void print_value(const char *key, const char *value)
{
	_cleanup_free_ char *text = NULL;

	if (!value)
		return;
	text = xasprintf("%s=\"%s\"", key, value);
	cli_print("", text);
}

static int print_entry(const struct plan *plan, const struct sink *sink, unsigned index,
		       struct error *err)
{
	_cleanup_cmdline_ struct cmdline line = { 0 };
	_cleanup_free_ char *kernel = kernel_of(plan, sink), *args = NULL, *id = NULL,
			    *initrd = entry_value(plan, sink, "initrd"), *root = NULL;
	const struct arg *of_root;
	int r = sink->type->read(&plan->tree, sink, &line, err);

	if (r < 0)
		return r;
	of_root = cmdline_last(&line, "root");
	if (of_root) {
		root = xstrdup(of_root->value ? of_root->value : "");
		cmdline_remove(&line, (size_t)(of_root - line.items));
	}
	args = cmdline_format(&line);
	if (sink->type == &sink_bls)
		id = bls_id(path_name(sink->path), NULL);
	(void)printf("index=%u\n", index);
	print_value("kernel", kernel);
	print_value("args", args);
	print_value("root", root);
	print_value("initrd", initrd);
	print_value("title", sink->title);
	print_value("id", id);
	return 0;
}

static int info(const struct arguments *arguments, const struct cli *cli,
		struct error *err)
{
	_cleanup_plan_ struct plan plan = { .lock = -1 };
	const struct choice choice = { &plan,
				       arguments->info ? arguments->info : "DEFAULT" };
	const struct changes none = { 0 };
	unsigned index = 0;
	int r = cli_look(cli, &plan, err);

	if (r == 0)
		r = cli_check_owner(&plan, &none, err);
	if (r == 0)
		r = check_choice(&plan, &choice, err);
	if (r == 0 && arguments->default_kernel) {
		const struct sink *next = plan_next_sink(&plan);
		_cleanup_free_ char *kernel = next ? kernel_of(&plan, next) : NULL;

		if (!kernel)
			return error_set(err, -ENOENT,
					 "this boot path does not name its kernel");
		cli_print("", kernel);
		return 0;
	}
	for (size_t i = 0; r == 0 && i < plan.boot.sinks.n; i++) {
		const struct sink *sink = &plan.boot.sinks.items[i];
		bool wanted = STREQ(choice.what, "DEFAULT") ?
				      sink == plan_next_sink(&plan) :
				      is_chosen(sink, &choice);

		if (wanted && sink->scope & SINK_INSTALLED)
			r = print_entry(&plan, sink, index, err);
		index += (sink->scope & SINK_INSTALLED) != 0;
	}
	return r;
}

/* ---------------------------------------------------------------- main */

static char *format_command(int argc, char *argv[])
{
	_cleanup_strv_ struct strv words = STRV_NULL;

	strv_push(&words, "kargs");
	strv_push(&words, "grubby");
	for (int i = 1; i < argc; i++)
		strv_push(&words, argv[i]);
	return quote_words(&words);
}

static int run(const struct arguments *arguments, struct cli *cli, struct error *err)
{
	struct sysroot root = SYSROOT_NULL;
	int r = json_load(err);

	if (r == 0)
		r = cli_open(cli->root_path, &root, err);
	cli->root = &root;
	if (r == 0)
		r = arguments->update ? update(arguments, cli, err) :
					info(arguments, cli, err);
	sysroot_close(&root);
	cli->root = NULL;
	return r < 0 ? EXIT_FAILURE : r;
}

int grubby_main(int argc, char *argv[])
{
	struct arguments arguments = { .root = "/" };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *command = format_command(argc, argv);
	struct cli cli = { .name = "grubby", .command = command };
	int r;

	log_set_program("grubby");
	log_setup(LOG_TO_STDERR, LOG_WARNING);
	r = parse(argc, argv, &arguments, &err);
	if (r < 0) {
		error_remedy(&err, "see 'kargs grubby --help'");
		r = EXIT_USAGE;
	} else if (!arguments.done) {
		cli.root_path = arguments.root;
		r = run(&arguments, &cli, &err);
	}
	if (err.cause)
		(void)fprintf(stderr, "grubby: %s\n", err.cause);
	if (err.remedy)
		(void)fprintf(stderr, "grubby: what to do: %s\n", err.remedy);
	changes_done(&arguments.changes);
	return cli_finish(r, arguments.update != NULL);
}

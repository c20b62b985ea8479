// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Makes cases for test-grub-default: files as people write them, and some as nobody should.
 *
 *	grub-default DIR COUNT SEED
 *
 * Of each case N there is DIR/N/before/etc/default/grub, perhaps with drop-ins, and the values that the
 * model sees in them in DIR/N/before/model; then the same under DIR/N/after, with changes of
 * arguments made. Where the model refuses, "refused" has the reason and there is no "model".
 */

#include <fcntl.h>
#include <stdio.h>

#include "common/alloc.h"
#include "grubcfg/change.h"
#include "grubcfg/grub-default.h"

#define ROOM 4096

static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 32) % n;
}

#define ONE_OF(list) ((list)[pick(ARRAY_SIZE(list))])

struct out {
	char text[ROOM];
	size_t n;
};

static void put(struct out *out, const char *text)
{
	while (*text && out->n < ROOM - 1)
		out->text[out->n++] = *text++;
	out->text[out->n] = '\0';
}

/* ---------------------------------------------------------------- files */

static const char *const args[] = {
	"quiet",
	"splash",
	"a=1",
	"b=2",
	"console=tty0",
	"console=ttyS0,115200n8",
	"x.y=z",
	"isolcpus=2-5",
	"rd.lvm.lv=vg/root",
	"hugepagesz=1G",
	"hugepages=4",
	"loglevel=3",
	"vfio-pci.ids=1:2,3:4",
	"pci=noats",
	"mem~x",
	"--",
};
static const char *const bare[] = {
	"a=1",	 "quiet", "b=2\\ c", "\\\"", "\\'", "x\\\\y",
	"q\\$r", "a#b",	  "c=~",     "\\\n", "{d}",
};
static const char *const quoted[] = {
	" ",	 "  ", "\t", "\\\"u v\\\"", "\\$x", "\\\\\\$0x1", "\\\\;", "\\\n", "\\z",
	"'s t'", "#",  "{",  "`",	    "!",    "~",	  "$",	   "$ ",
};
static const char *const single[] = { " ",  "  ", "\"u v\"", "\\$x", "\\;",
				      "\\", "#",  "$A",	     "`" };
static const char *const names[] = { "A", "B", "GRUB_CMDLINE_LINUX",
				     "GRUB_CMDLINE_LINUX_DEFAULT", "GRUB_DISTRIBUTOR" };

static void put_expansion(struct out *out)
{
	static const char *const operators[] = { ":-", ":+", "-", "+" };
	static const char *const words[] = {
		"", "w", "w v ", "$A", "w ${B}", "\"w\"", "}"
	};

	switch (pick(4)) {
	case 0:
	case 1:
		put(out, "$");
		put(out, ONE_OF(names));
		break;
	case 2:
		put(out, "${");
		put(out, ONE_OF(names));
		put(out, "}");
		break;
	default:
		put(out, "${");
		put(out, ONE_OF(names));
		put(out, ONE_OF(operators));
		put(out, ONE_OF(words));
		put(out, "}");
	}
}

static void put_value(struct out *out)
{
	unsigned parts = pick(8) ? 1 : 1 + pick(3);

	for (unsigned i = 0; i < parts; i++) {
		unsigned kind = pick(10), words = pick(6);

		put(out, kind < 6 ? "\"" : kind < 9 ? "'" : "");
		for (unsigned k = 0; k < words; k++) {
			if (kind >= 9)
				put(out, pick(4) ? ONE_OF(bare) : ONE_OF(args));
			else if (pick(4))
				put(out, ONE_OF(args));
			else if (kind < 6)
				put(out, pick(2) ? ONE_OF(quoted) : "");
			else
				put(out, ONE_OF(single));
			if (kind < 6 && !pick(8))
				put_expansion(out);
			if (kind < 9)
				put(out, pick(12) ? " " : "");
		}
		put(out, kind < 6 ? "\"" : kind < 9 ? "'" : "");
		if (!pick(16))
			put_expansion(out);
	}
}

static void put_assignment(struct out *out)
{
	put(out, ONE_OF(names));
	put(out, pick(60) ? "=" : "+=");
	put_value(out);
}

static void put_line(struct out *out)
{
	static const char *const others[] = {
		"# a comment \" '",
		"",
		"GRUB_DEFAULT=0",
		"GRUB_DISTRIBUTOR=$( (. /nowhere && echo ${NAME} ) || echo \"De)b\" )",
		"GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`",
		"[ -f /nowhere ] && GRUB_THEME=/x",
		"if [ -n \"$A\" ]; then\n  GRUB_X=1 # fi\nelse GRUB_X=2; fi",
		"if [ -n \"$A\" ]; then B=3; fi",
		"unset A",
		"unset GRUB_CMDLINE_LINUX",
		"for i in a b; do :; done",
		"f() { GRUB_X=1; }",
		": ${A:=set}",
		"echo \"${A:-${B:=set}}\" ${C:+\"${A=x}\"}",
		"echo hello >/dev/null; : done",
		"test a = a || B=1",
		"! true",
		"( A=2 )",
		"nosuchcommand --x 2>/dev/null",
		"A=1 nosuchcommand 2>/dev/null",
		"B=x && A=y",
		"export A",
	};

	switch (pick(10)) {
	case 0:
	case 1:
	case 2:
		put(out, ONE_OF(others));
		break;
	case 3:
		put_assignment(out);
		put(out, pick(2) ? " " : pick(2) ? "; " : " ; ");
		put_assignment(out);
		break;
	case 4:
		put(out, "export ");
		put_assignment(out);
		break;
	default:
		put(out, pick(10) ? "" : "  ");
		put_assignment(out);
	}
	put(out, pick(20) ? "" : " # \"comment");
	put(out, pick(40) ? "\n" : "\r\n");
}

/* A slip of the keyboard. */
static void damage(struct out *out)
{
	static const char keys[] = "\"'\\$#; &\n={}()`|a";
	size_t at = out->n ? pick((unsigned)out->n) : 0;

	if (out->n == 0)
		return;
	if (pick(2)) {
		out->text[at] = keys[pick(sizeof(keys) - 1)];
	} else {
		memmove(out->text + at, out->text + at + 1, out->n - at);
		out->n--;
	}
}

static void make_file(struct out *out)
{
	unsigned lines = 1 + pick(6);

	out->n = 0;
	out->text[0] = '\0';
	for (unsigned i = 0; i < lines; i++)
		put_line(out);
	if (out->n && !pick(6))
		out->text[--out->n] = '\0';
	if (!pick(5))
		damage(out);
}

/* ---------------------------------------------------------------- cases */

static void must(int r, const char *what)
{
	if (r < 0) {
		(void)fprintf(stderr, "%s: %s\n", what, strerror(-r));
		exit(EXIT_FAILURE);
	}
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		must(-errno, path);
}

static void save(const char *directory, const char *name, const char *data, size_t size)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	must(fd < 0 ? -errno : 0, path);
	if (write(fd, data, size) != (ssize_t)size)
		must(-EIO, path);
}

static void make_tree(const char *root)
{
	static const char *const parts[] = { "", "/etc", "/etc/default",
					     "/etc/default/grub.d" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_free_ char *path = xasprintf("%s%s", root, parts[i]);

		make_directory(path);
	}
}

static char *text_of(const struct shell_value *value)
{
	char *text = xcalloc(value->n + 1, 1);

	for (size_t i = 0; i < value->n; i++)
		text[i] = value->bytes[i].c;
	return text;
}

/* What the model sees below @root is written there. */
static int observe(const struct tree *tree, const struct sink *sink, const char *root,
		   struct cmdline *line)
{
	_cleanup_grub_default_ struct grub_default d = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *a = NULL, *b = NULL, *both = NULL;
	int r = grub_default_read(tree, sink, &d, line, &err);

	if (r < 0) {
		save(root, "refused", err.cause ? err.cause : "?",
		     err.cause ? strlen(err.cause) : 1);
		return r;
	}
	a = text_of(&d.values[VAR_LINUX]);
	b = text_of(&d.values[VAR_DEFAULT]);
	both = xasprintf("%s\n--\n%s\n", a, b);
	save(root, "model", both, strlen(both));
	return 0;
}

static void push_changes(struct changes *changes)
{
	static const char *const new[] = {
		"intel_iommu=on",
		"memmap=4G$0x100000000",
		"pci=disable_acs_redir=a;b",
		"x.dyndbg=\"file y +p\"",
		"console=ttyS1",
		"a=3",
		"quiet=1",
		"hugepagesz=2M",
		"crashkernel=1G",
		"z={&}",
		"loglevel=7",
		"isolcpus=8",
	};
	static const char *const old[] = { "quiet",    "splash",  "a",
					   "b",	       "console", "x.y",
					   "isolcpus", "pci",	  "loglevel=3" };
	unsigned n = 1 + pick(3);

	for (unsigned i = 0; i < n; i++) {
		if (pick(3))
			changes_push(changes, pick(2) ? CHANGE_SET : CHANGE_APPEND,
				     ONE_OF(new));
		else
			changes_push(changes, CHANGE_REMOVE, ONE_OF(old));
	}
}

static void copy_files(const struct tree *tree, const char *root)
{
	static const char *const paths[] = { "etc/default/grub",
					     "etc/default/grub.d/10.cfg",
					     "etc/default/grub.d/9.cfg",
					     "etc/default/grub.d/zz-kargs.cfg" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *text = NULL;
		size_t size;

		if (tree_read(tree, paths[i], &text, &size) == 0)
			save(root, paths[i], text, size);
	}
}

/* @line is changed, written, and what follows from it observed. */
static void change(struct tree *tree, const struct sink *sink, const char *directory,
		   struct cmdline *line)
{
	_cleanup_(changes_done) struct changes changes = { 0 };
	_cleanup_cmdline_ struct cmdline after = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_free_ char *root = xasprintf("%s/after", directory);
	int r;

	push_changes(&changes);
	make_tree(root);
	r = changes_apply(line, &changes, &err);
	if (r >= 0)
		r = sink->type->write(tree, sink, line, &err);
	if (r < 0) {
		save(root, "refused", err.cause, strlen(err.cause));
		return;
	}
	copy_files(tree, root);
	(void)observe(tree, sink, root, &after);
}

static void make_case(const char *top, unsigned number)
{
	_cleanup_free_ char *directory = xasprintf("%s/%u", top, number);
	_cleanup_free_ char *before = xasprintf("%s/before", directory);
	_cleanup_(sysroot_close) struct sysroot root = SYSROOT_NULL;
	_cleanup_tree_ struct tree tree = { .root = &root, .root_path = before };
	char path[] = "etc/default/grub";
	const struct sink sink = { .type = &sink_grub_default,
				   .path = path,
				   .sources_drop_ins = pick(2) };
	_cleanup_cmdline_ struct cmdline line = { 0 };
	struct out out;

	make_directory(directory);
	make_tree(before);
	make_file(&out);
	save(before, path, out.text, out.n);
	if (sink.sources_drop_ins && !pick(3)) {
		make_file(&out);
		save(before,
		     pick(2) ? "etc/default/grub.d/10.cfg" : "etc/default/grub.d/9.cfg",
		     out.text, out.n);
	}
	must(sysroot_open(before, &root), before);
	if (observe(&tree, &sink, before, &line) == 0)
		change(&tree, &sink, directory, &line);
}

int main(int argc, char **argv)
{
	unsigned long count = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;

	if (!count) {
		(void)fputs("usage: grub-default DIR COUNT SEED\n", stderr);
		return EXIT_FAILURE;
	}
	seed = strtoull(argv[3], NULL, 10) * 2654435761U + 1;
	for (unsigned i = 0; i < count; i++)
		make_case(argv[1], i);
	return EXIT_SUCCESS;
}

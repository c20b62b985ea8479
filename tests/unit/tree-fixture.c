// SPDX-License-Identifier: LGPL-2.1-or-later

/* A small host for one test; see tree-fixture.h. */

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>

#include "common/alloc.h"
#include "tests/sim/tree.h"
#include "tree-fixture.h"

int fixture_setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->dir = xstrdup("/tmp/hosttune-unit-XXXXXX");
	if (!mkdtemp(f->dir) || sysroot_open(f->dir, &f->root) < 0)
		return -1;
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st _unused_, int type _unused_,
		      struct FTW *ftw _unused_)
{
	return remove(path);
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	int r = nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	sysroot_close(&f->root);
	free(f->dir);
	free(f);
	return r;
}

char *fixture_path(const struct fixture *f, const char *path)
{
	return xasprintf("%s/%s", f->dir, path);
}

static void make_parents(const struct fixture *f, const char *path)
{
	_cleanup_free_ char *full = fixture_path(f, path);

	for (char *slash = full + strlen(f->dir) + 1; (slash = strchr(slash, '/'));) {
		*slash = '\0';
		if (mkdir(full, 0755) < 0 && errno != EEXIST)
			fail_msg("mkdir '%s': %s", full, strerror(errno));
		*slash++ = '/';
	}
}

void fixture_write(const struct fixture *f, const char *path, const void *data,
		   size_t size)
{
	_cleanup_free_ char *full = fixture_path(f, path);
	FILE *file;

	file = fopen(full, "we");
	if (!file && errno == ENOENT) {
		make_parents(f, path);
		file = fopen(full, "we");
	}
	if (!file)
		fail_msg("open '%s': %s", full, strerror(errno));
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

void fixture_set(const struct fixture *f, const char *path, const char *text)
{
	fixture_write(f, path, text, strlen(text));
}

static void add_node(const struct fixture *f, const struct node *node)
{
	char *path = node_path(node);
	_cleanup_free_ char *full = fixture_path(f, path);

	make_parents(f, path);
	if (node_is_file(node)) {
		fixture_write(f, path, node->data, node->size);
		assert_int_equal(chmod(full, node->mode & 07777), 0);
	} else if (node_is_dir(node)) {
		assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
		for (size_t i = 0; i < node->n_child; i++)
			add_node(f, node->child[i]);
	} else {
		(void)unlink(full); /* usually it is not there */
		assert_int_equal(symlink(node->data, full), 0);
	}
	free(path);
}

void fixture_add(const struct fixture *f, const char *text)
{
	struct tree *tree = NULL;

	assert_int_equal(tree_new(&tree), 0);
	assert_int_equal(tree_parse(tree, "fixture", text), 0);
	for (size_t i = 0; i < tree->root->n_child; i++)
		add_node(f, tree->root->child[i]);
	tree_free(tree);
}

char *fixture_get(const struct fixture *f, const char *path)
{
	_cleanup_free_ char *full = fixture_path(f, path);
	_cleanup_close_ int fd = open(full, O_RDONLY | O_CLOEXEC);
	char *text = NULL;

	if (fd < 0)
		return NULL;
	assert_int_equal(fd_read_all(fd, 64U << 20, &text, NULL), 0);
	return text;
}

void fixture_remove(const struct fixture *f, const char *path)
{
	_cleanup_free_ char *full = fixture_path(f, path);

	assert_int_equal(remove(full), 0);
}

bool fixture_has(const struct fixture *f, const char *path)
{
	_cleanup_free_ char *full = fixture_path(f, path);
	struct stat st;

	return lstat(full, &st) == 0;
}

static void dump_into(const struct fixture *f, const char *path, struct strv *ret)
{
	_cleanup_free_ char *full = fixture_path(f, path);
	struct dirent **names = NULL;
	int n = scandir(full, &names, NULL, alphasort);

	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *sub = xasprintf("%s/%s", path, names[i]->d_name);
		_cleanup_free_ char *value = NULL;
		bool real =
			!STREQ(names[i]->d_name, ".") && !STREQ(names[i]->d_name, "..");

		if (real && names[i]->d_type == DT_DIR) {
			dump_into(f, sub, ret);
		} else if (real && names[i]->d_type == DT_LNK) {
			assert_int_equal(sysroot_readlink(&f->root, &value, "%s", sub), 0);
			strv_pushf(ret, "%s -> %s", sub, value);
		} else if (real) {
			value = fixture_get(f, sub);
			strv_pushf(ret, "%s = %s", sub, value);
		}
		free(names[i]);
	}
	free(names);
}

char *fixture_dump(const struct fixture *f, const char *path)
{
	_cleanup_strv_ struct strv lines = STRV_NULL;

	dump_into(f, path, &lines);
	return strv_join(&lines, "\n");
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* The file tree as it will be; see tree.h. */

#include "grubcfg/tree.h"
#include "common/alloc.h"

#define LINKS_MAX 40 /* as the kernel's own limit */

/*
 * Where a path leads, with every symbolic link followed below the root as openat2(2) does with
 * RESOLVE_IN_ROOT; a name that is not there stands for itself. Without leading slash.
 */
static int resolve(const struct tree *tree, const char *path, char **ret)
{
	_cleanup_free_ char *done = xstrdup(""), *rest = xstrdup(path);
	unsigned links = 0;

	for (;;) {
		_cleanup_free_ char *tail = NULL, *next = NULL, *target = NULL;
		const char *start = rest + strspn(rest, "/");
		size_t n = strcspn(start, "/");
		int r;

		if (n == 0)
			break;
		tail = xstrdup(start + n);
		if (n == 1 && start[0] == '.') {
			free(rest);
			rest = TAKE_PTR(tail);
			continue;
		}
		if (n == 2 && str_has_prefix(start, "..")) {
			char *slash = strrchr(done, '/');

			*(slash ? slash : done) = '\0';
			free(rest);
			rest = TAKE_PTR(tail);
			continue;
		}
		next = xasprintf("%s%s%.*s", done, *done ? "/" : "", (int)n, start);
		r = sysroot_readlink(tree->root, &target, "%s", next);
		if (r < 0 && r != -EINVAL && r != -ENOENT)
			return r;
		if (r == 0 && ++links > LINKS_MAX)
			return -ELOOP;
		free(rest);
		if (r < 0) {
			free(done);
			done = TAKE_PTR(next);
			rest = TAKE_PTR(tail);
			continue;
		}
		if (target[0] == '/')
			*done = '\0';
		rest = xasprintf("%s/%s", target, tail);
	}
	*ret = TAKE_PTR(done);
	return 0;
}

static struct edit *find_edit(const struct tree *tree, const char *target)
{
	for (size_t i = 0; i < tree->edits.n; i++) {
		if (STREQ(tree->edits.items[i].target, target))
			return &tree->edits.items[i];
	}
	return NULL;
}

static char *copy_bytes(const char *bytes, size_t size)
{
	char *copy = xmalloc(size + 1);

	memcpy(copy, bytes, size);
	copy[size] = '\0';
	return copy;
}

/* To open another thing than a file may wait for ever, or set a device going. */
static int check_plain(const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return 0;
	return S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL;
}

int tree_read(const struct tree *tree, const char *path, char **ret, size_t *size)
{
	_cleanup_free_ char *target = NULL;
	const struct edit *edit;
	struct stat st;
	int r;

	r = resolve(tree, path, &target);
	if (r < 0)
		return r;
	edit = find_edit(tree, target);
	if (!edit) {
		r = sysroot_stat(tree->root, &st, "%s", target);
		if (r == 0)
			r = check_plain(&st);
		return r < 0 ? r :
			       sysroot_read_file(tree->root, TREE_FILE_MAX, ret, size,
						 "%s", target);
	}
	*ret = copy_bytes(edit->after, edit->after_size);
	if (size)
		*size = edit->after_size;
	return 0;
}

bool tree_exists(const struct tree *tree, const char *path)
{
	_cleanup_free_ char *target = NULL;

	if (resolve(tree, path, &target) < 0)
		return false;
	return find_edit(tree, target) || sysroot_exists(tree->root, "%s", target);
}

/* The last component of @path when it is directly in @directory, or NULL. */
static const char *name_in(const char *directory, const char *path)
{
	size_t n = strlen(directory);

	if (n > 0) {
		if (!str_has_prefix(path, directory) || path[n] != '/')
			return NULL;
		path += n + 1;
	}
	return strchr(path, '/') ? NULL : path;
}

int tree_list(const struct tree *tree, const char *path, struct strv *ret)
{
	_cleanup_free_ char *target = NULL;
	size_t before = ret->n;
	int r;

	r = resolve(tree, path, &target);
	if (r < 0)
		return r;
	r = sysroot_list(tree->root, ret, "%s", *target ? target : ".");
	if (r < 0 && r != -ENOENT)
		return r;
	for (size_t i = 0; i < tree->edits.n; i++) {
		const struct edit *edit = &tree->edits.items[i];
		const char *name = name_in(target, edit->target);

		/* One that was made since is on the disk, too. */
		if (name && !strv_contains(ret, name))
			strv_push(ret, name);
	}
	strv_sort(ret);
	return ret->n > before ? 0 : r;
}

static void edit_done(struct edit *edit)
{
	free(edit->path);
	free(edit->target);
	free(edit->before);
	free(edit->after);
}

static void drop_edit(struct edits *edits, struct edit *edit)
{
	size_t index = (size_t)(edit - edits->items);

	edit_done(edit);
	edits->n--;
	memmove(edit, edit + 1, (edits->n - index) * sizeof(*edit));
}

/* What is on disk before the first planned change. */
static int read_before(const struct tree *tree, struct edit *edit, mode_t mode)
{
	struct stat st;
	int r;

	edit->mode = mode;
	r = sysroot_stat(tree->root, &st, "%s", edit->target);
	if (r == -ENOENT) {
		edit->before = xstrdup("");
		return 0;
	}
	if (r < 0)
		return r;
	r = check_plain(&st);
	if (r < 0)
		return r;
	edit->existed = true;
	edit->mode = st.st_mode & 07777;
	return sysroot_read_file(tree->root, TREE_FILE_MAX, &edit->before,
				 &edit->before_size, "%s", edit->target);
}

/* The edit of a file, made where there is none yet; *@ret is NULL on failure. */
static int get_edit(struct tree *tree, const char *path, mode_t mode, struct edit **ret)
{
	_cleanup_free_ char *target = NULL;
	struct edit edit = { 0 };
	int r;

	*ret = NULL;
	r = resolve(tree, path, &target);
	if (r < 0)
		return r;
	*ret = find_edit(tree, target);
	if (*ret)
		return 0;
	edit.path = xstrdup(path + strspn(path, "/"));
	edit.target = TAKE_PTR(target);
	r = read_before(tree, &edit, mode);
	if (r < 0) {
		edit_done(&edit);
		return r;
	}
	*ret = ARRAY_PUSH(tree->edits.items, tree->edits.n);
	**ret = edit;
	return 0;
}

static int set_content(struct tree *tree, const char *path, const char *content,
		       size_t size, mode_t mode, struct edit **ret, struct error *err)
{
	struct edit *edit = NULL;
	int r;

	if (size > TREE_FILE_MAX)
		return error_set(err, -EFBIG, "%s would become %zu bytes long", path,
				 size);
	r = get_edit(tree, path, mode, &edit);
	if (r < 0 || !edit)
		return error_set(err, r, "cannot read %s: %s", path, strerror(-r));
	free(edit->after);
	edit->after = copy_bytes(content, size);
	edit->after_size = size;
	*ret = edit;
	if (edit->existed && edit->before_size == size &&
	    memcmp(edit->before, content, size) == 0) {
		drop_edit(&tree->edits, edit);
		*ret = NULL;
	}
	return 0;
}

int tree_write(struct tree *tree, const char *path, const char *content, size_t size,
	       mode_t mode, struct error *err)
{
	struct edit *edit = NULL;

	return set_content(tree, path, content, size, mode, &edit, err);
}

int tree_write_in_place(struct tree *tree, const char *path, const char *content,
			size_t size, struct error *err)
{
	struct edit *edit = NULL;
	int r;

	r = set_content(tree, path, content, size, 0, &edit, err);
	if (r < 0 || !edit)
		return r;
	if (!edit->existed || edit->before_size != size) {
		drop_edit(&tree->edits, edit);
		return error_set(err, -EINVAL,
				 "%s cannot be rewritten in its own blocks: it is not "
				 "%zu bytes long",
				 path, size);
	}
	edit->in_place = true;
	return 0;
}

int tree_touch(struct tree *tree, const char *path, struct error *err)
{
	struct edit *edit = NULL;
	int r = get_edit(tree, path, 0, &edit);

	if (r < 0 || !edit)
		return error_set(err, r, "cannot read %s: %s", path, strerror(-r));
	if (!edit->after) {
		edit->after = copy_bytes(edit->before, edit->before_size);
		edit->after_size = edit->before_size;
	}
	return 0;
}

void tree_done(struct tree *tree)
{
	for (size_t i = 0; i < tree->edits.n; i++)
		edit_done(&tree->edits.items[i]);
	free(tree->edits.items);
	tree->edits = (struct edits){ 0 };
}

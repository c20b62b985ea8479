// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * The whole machine as it was at another time
 *
 * Controls; each takes the name of a checkpoint:
 *	sim/checkpoint	the machine as it is now gets this name
 *	sim/restore	it becomes that again, controls of subsystems included
 *	sim/difference	then has what is different: "- PATH = WAS" and "+ PATH = IS"
 *
 * Files that are directly in sim/, and times, are no part of it.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "sim.h"

struct checkpoint {
	char *name;
	struct tree *tree;
	struct checkpoint *next;
};

static struct checkpoint *find(const struct sim *sim, const char *name)
{
	struct checkpoint *c = sim->checkpoints;

	while (c && !STREQ(c->name, name))
		c = c->next;
	return c;
}

static bool is_control(const struct node *node)
{
	return node_is_file(node) && node->parent && node->parent->parent &&
	       !node->parent->parent->parent && STREQ(node->parent->name, "sim");
}

static bool same_content(const struct node *a, const struct node *b)
{
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	       a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static int copy_content(const struct node *from, struct node *to)
{
	if (same_content(from, to))
		return 0;
	to->mode = from->mode;
	to->uid = from->uid;
	to->gid = from->gid;
	return node_set(to, from->data, from->size);
}

/* Makes @to and all below it what @from is. */
static int copy(const struct node *from, struct node *to)
{
	int r = copy_content(from, to);

	for (size_t i = to->n_child; r == 0 && i-- > 0;) {
		const struct node *same = node_child(from, to->child[i]->name);

		if (!is_control(to->child[i]) &&
		    (!same || (same->mode & S_IFMT) != (to->child[i]->mode & S_IFMT)))
			node_remove(to->child[i]);
	}
	for (size_t i = 0; r == 0 && i < from->n_child; i++) {
		const struct node *child = from->child[i];
		struct node *same = node_child(to, child->name);

		if (is_control(child))
			continue;
		if (!same)
			r = node_add(to, child->name, child->mode, &same);
		if (r == 0)
			r = copy(child, same);
	}
	return r;
}

static int write_checkpoint(struct sim *sim, struct node *node, const char *value)
{
	struct checkpoint *c = find(sim, value);
	int r;

	(void)node; /* nothing is stored */
	if (c)
		return copy(sim->tree->root, c->tree->root);
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->name = strdup(value);
	r = c->name ? tree_new(&c->tree) : -ENOMEM;
	if (r < 0) {
		free(c->name);
		free(c);
		return r;
	}
	c->next = sim->checkpoints;
	sim->checkpoints = c;
	return copy(sim->tree->root, c->tree->root);
}

static int write_restore(struct sim *sim, struct node *node, const char *value)
{
	const struct checkpoint *c = find(sim, value);

	(void)node; /* nothing is stored */
	return c ? copy(c->tree->root, sim->tree->root) : -ENOENT;
}

/* One line of the difference for @node itself. */
static int tell(struct node *out, char sign, const struct node *node)
{
	_cleanup_free_ char *path = node_path(node), *line = NULL;
	int len;

	if (!path)
		return -ENOMEM;
	if (node_is_dir(node))
		len = asprintf(&line, "%c %s/ [%o]\n", sign, path, node->mode & 07777U);
	else
		len = asprintf(&line, "%c %s %s %.*s\n", sign, path,
			       node_is_link(node) ? "->" : "=",
			       (int)strcspn(node->data, "\n"), node->data);
	if (len < 0) {
		line = NULL;
		return -ENOMEM;
	}
	return node_append(out, line, (size_t)len);
}

static int tell_all(struct node *out, char sign, const struct node *node)
{
	int r = tell(out, sign, node);

	for (size_t i = 0; r == 0 && i < node->n_child; i++)
		r = tell_all(out, sign, node->child[i]);
	return r;
}

static int compare(struct node *out, const struct node *was, const struct node *is)
{
	size_t i = 0, j = 0;
	int r = 0;

	if (!same_content(was, is)) {
		r = tell(out, '-', was);
		if (r == 0)
			r = tell(out, '+', is);
	}
	while (r == 0) {
		const struct node *a = i < was->n_child ? was->child[i] : NULL;
		const struct node *b = j < is->n_child ? is->child[j] : NULL;
		int order;

		if (!a && !b)
			break;
		order = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);
		if (order < 0)
			r = tell_all(out, '-', a);
		else if (order > 0)
			r = tell_all(out, '+', b);
		else
			r = compare(out, a, b);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

static int write_difference(struct sim *sim, struct node *node, const char *value)
{
	const struct checkpoint *c = find(sim, value);
	const struct node *root = sim->tree->root;
	int r = node_set(node, "", 0);

	if (!c)
		return -ENOENT;
	for (size_t i = 0; r == 0 && i < root->n_child; i++) {
		const struct node *is = root->child[i], *was;

		if (STREQ(is->name, "sim"))
			continue;
		was = node_child(c->tree->root, is->name);
		r = was ? compare(node, was, is) : tell_all(node, '+', is);
	}
	return r;
}

static int checkpoint_init(struct sim *sim)
{
	int r = tree_setf(sim->tree, S_IFREG | 0200, "", "sim/checkpoint");

	if (r == 0)
		r = tree_setf(sim->tree, S_IFREG | 0200, "", "sim/restore");
	return r < 0 ? r : tree_setf(sim->tree, S_IFREG | 0644, "", "sim/difference");
}

static void checkpoint_exit(struct sim *sim)
{
	while (sim->checkpoints) {
		struct checkpoint *c = sim->checkpoints;

		sim->checkpoints = c->next;
		tree_free(c->tree);
		free(c->name);
		free(c);
	}
}

static const struct sim_attr checkpoint_attrs[] = {
	{ "sim/checkpoint", write_checkpoint },
	{ "sim/restore", write_restore },
	{ "sim/difference", write_difference },
};

const struct sim_subsystem sim_checkpoint = {
	.name = "checkpoint",
	.init = checkpoint_init,
	.exit = checkpoint_exit,
	.attr = checkpoint_attrs,
	.n_attr = ARRAY_SIZE(checkpoint_attrs),
};

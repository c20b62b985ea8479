// SPDX-License-Identifier: LGPL-2.1-or-later

/* The simulated kernel: which subsystem a write belongs to, and what all of them need. */

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "sim.h"

static const struct sim_subsystem *const subsystems[] = {
	&sim_cgroup,	&sim_checkpoint, &sim_control, &sim_cpufreq, &sim_faults,
	&sim_hugepages, &sim_irq,	 &sim_mdev,    &sim_pci,     &sim_quiet,
};

/* Name of the top directory that @node is in. */
static const char *top_name(const struct node *node)
{
	while (node->parent && node->parent->parent)
		node = node->parent;
	return node->name;
}

bool sim_is_kernel(const struct node *node)
{
	const char *top = top_name(node);

	return STREQ(top, "sys") || STREQ(top, "proc");
}

bool sim_is_attr(const struct node *node)
{
	return sim_is_kernel(node) || STREQ(top_name(node), "sim");
}

int sim_init(struct sim *sim)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++) {
		if (!subsystems[i]->init)
			continue;
		r = subsystems[i]->init(sim);
		if (r < 0) {
			fprintf(stderr, "%s: %s\n", subsystems[i]->name, strerror(-r));
			return r;
		}
	}
	return 0;
}

void sim_exit(struct sim *sim)
{
	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++) {
		if (subsystems[i]->exit)
			subsystems[i]->exit(sim);
	}
}

static const struct sim_attr *find_attr(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++)
		for (size_t j = 0; j < subsystems[i]->n_attr; j++)
			if (fnmatch(subsystems[i]->attr[j].pattern, path, 0) == 0)
				return &subsystems[i]->attr[j];
	return NULL;
}

int sim_write(struct sim *sim, struct node *node, const char *data, size_t size)
{
	_cleanup_free_ char *value = NULL, *path = NULL;
	const struct sim_attr *attr;

	if (!node->parent)
		return -ENODEV;

	value = strndup(data, size);
	path = node_path(node);
	if (!value || !path)
		return -ENOMEM;
	size = strlen(value);
	if (size > 0 && value[size - 1] == '\n')
		value[size - 1] = '\0';

	attr = find_attr(path);
	if (attr)
		return attr->on_write(sim, node, value);
	return sim_store(node, value);
}

int sim_store(struct node *node, const char *value)
{
	_cleanup_free_ char *line = NULL;
	int len;

	if (!(node->mode & 0444))
		return 0;
	len = asprintf(&line, "%s\n", value);
	if (len < 0) {
		line = NULL;
		return -ENOMEM;
	}
	return node_set(node, line, (size_t)len);
}

int sim_store_long(struct node *node, long value)
{
	char digits[32];

	(void)snprintf(digits, sizeof(digits), "%ld", value);
	return sim_store(node, digits);
}

char *sim_value(const struct node *node)
{
	size_t size;

	if (!node)
		return NULL;
	size = node->size;
	if (size > 0 && node->data[size - 1] == '\n')
		size--;
	return strndup(node->data, size);
}

bool sim_value_is(const struct node *node, const char *expected)
{
	size_t len = strlen(expected);

	if (!node || strncmp(node->data, expected, len) != 0)
		return false;
	return node->data[len] == '\0' || STREQ(node->data + len, "\n");
}

int sim_parse_long(const char *text, long *ret)
{
	char *end;
	long value;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	value = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return -EINVAL;
	*ret = value;
	return 0;
}

long sim_long(const struct node *node, long fallback)
{
	_cleanup_free_ char *value = sim_value(node);
	long number;

	if (!value || sim_parse_long(value, &number) < 0)
		return fallback;
	return number;
}

bool sim_has_word(const struct node *node, const char *word)
{
	size_t len = strlen(word);

	if (!node || len == 0)
		return false;
	for (const char *p = node->data; *p;) {
		size_t l = strcspn(p, " \n");

		if (l == len && strncmp(p, word, len) == 0)
			return true;
		p += l;
		p += strspn(p, " \n");
	}
	return false;
}

int sim_link(struct node *dir, const char *name, const struct node *target)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	const struct node *common = dir;
	struct node *link;
	const char *p;
	size_t up;
	int r;

	while (!node_is_below(target, common))
		common = common->parent;

	path = node_path(target);
	if (!path)
		return -ENOMEM;
	p = path;
	for (size_t down = node_depth(common); down > 0; down--)
		p += strcspn(p, "/") + 1;

	up = 3 * (node_depth(dir) - node_depth(common));
	text = malloc(up + strlen(p) + 1);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < up; i++)
		text[i] = "../"[i % 3];
	(void)stpcpy(text + up, p); /* there is room: see above */

	link = node_child(dir, name);
	if (!link) {
		r = node_add(dir, name, S_IFLNK | 0777, &link);
		if (r < 0)
			return r;
	}
	return node_set(link, text, strlen(text));
}

void sim_drop(const struct node *dir, const char *name)
{
	struct node *node = node_child(dir, name);

	if (node)
		node_remove(node);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * Faults, and the record of changes
 *
 * Controls:
 *	sim/faults	lines "OPERATION PATTERN COUNT ACTION"; those that are still to come
 *	sim/changes	what was changed since it was last written to
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "sim-fault.h"

#define CHANGES_MAX (4UL << 20)

struct fault {
	char *line; /* as it was written */
	char *operation, *pattern;
	long left; /* accesses until it happens; 0: each one */
	struct fault_effect effect;
};

struct faults {
	struct fault *fault;
	size_t n;
	bool recording;
};

static const struct {
	const char *word;
	enum fault_kind kind;
} actions[] = {
	{ "late", FAULT_LATE },
	{ "tear", FAULT_TEAR },
	{ "block", FAULT_BLOCK },
	{ "kill-before", FAULT_KILL_BEFORE },
	{ "kill-after", FAULT_KILL_AFTER },
};

static int errno_of(const char *name)
{
	for (int e = 1; name && e < 134; e++) {
		const char *known = strerrorname_np(e);

		if (known && STREQ(known, name))
			return e;
	}
	return 0;
}

static int parse_action(const char *word, const char *argument, struct fault_effect *ret)
{
	*ret = (struct fault_effect){ FAULT_ERROR, errno_of(word), 0 };
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (STREQ(actions[i].word, word))
			*ret = (struct fault_effect){ actions[i].kind, EIO, 0 };
	}
	switch (ret->kind) {
	case FAULT_ERROR:
		return ret->error ? 0 : -EINVAL;
	case FAULT_LATE:
		ret->error = errno_of(argument);
		return ret->error ? 0 : -EINVAL;
	case FAULT_BLOCK:
		return argument ? sim_parse_long(argument, &ret->ms) : -EINVAL;
	default:
		return 0;
	}
}

static void fault_done(struct fault *fault)
{
	free(fault->line);
	free(fault->operation);
	free(fault->pattern);
}

static int parse_fault(const char *line, struct fault *ret)
{
	_cleanup_free_ char *copy = strdup(line);
	char *save, *operation, *pattern, *count, *action;

	*ret = (struct fault){ 0 };
	if (!copy)
		return -ENOMEM;
	operation = strtok_r(copy, " ", &save);
	pattern = strtok_r(NULL, " ", &save);
	count = strtok_r(NULL, " ", &save);
	action = strtok_r(NULL, " ", &save);
	if (!action || (!STREQ(count, "*") && sim_parse_long(count, &ret->left) < 0) ||
	    parse_action(action, strtok_r(NULL, " ", &save), &ret->effect) < 0)
		return -EINVAL;
	ret->line = strdup(line);
	ret->operation = strdup(operation);
	ret->pattern = strdup(pattern);
	if (ret->line && ret->operation && ret->pattern)
		return 0;
	fault_done(ret);
	return -ENOMEM;
}

/* The control shows what is still to come. */
static int show(const struct sim *sim)
{
	struct node *node = tree_find(sim->tree, "sim/faults");
	int r = node ? node_set(node, "", 0) : -ENOENT;

	for (size_t i = 0; r == 0 && i < sim->faults->n; i++) {
		const char *line = sim->faults->fault[i].line;

		r = node_append(node, line, strlen(line));
		if (r == 0)
			r = node_append(node, "\n", 1);
	}
	return r;
}

static int add_fault(struct faults *faults, const char *line)
{
	struct fault fault, *bigger;
	int r;

	if (*line == '\0')
		return 0;
	r = parse_fault(line, &fault);
	if (r < 0)
		return r;
	bigger = reallocarray(faults->fault, faults->n + 1, sizeof(*bigger));
	if (!bigger) {
		fault_done(&fault);
		return -ENOMEM;
	}
	bigger[faults->n++] = fault;
	faults->fault = bigger;
	return 0;
}

static void forget(struct faults *faults)
{
	while (faults->n > 0)
		fault_done(&faults->fault[--faults->n]);
}

/* What is written replaces what was to come. */
static int write_faults(struct sim *sim, struct node *node, const char *value)
{
	_cleanup_free_ char *copy = strdup(value);
	char *save;
	int r = 0;

	(void)node; /* show() finds it */
	if (!copy)
		return -ENOMEM;
	forget(sim->faults);
	for (char *line = strtok_r(copy, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save))
		r = add_fault(sim->faults, line);
	if (r < 0)
		forget(sim->faults);
	(void)show(sim); /* out of memory: it shows less */
	return r;
}

static bool is_change(const char *operation)
{
	static const char *const changes[] = { "write", "make", "remove", "rename",
					       "truncate" };

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		if (STREQ(operation, changes[i]))
			return true;
	}
	return false;
}

static bool concerns(const struct fault *fault, const char *operation, const char *path)
{
	return (STREQ(fault->operation, operation) || STREQ(fault->operation, "any") ||
		(STREQ(fault->operation, "change") && is_change(operation))) &&
	       fnmatch(fault->pattern, path, 0) == 0;
}

bool sim_has_faults(const struct sim *sim)
{
	return sim->faults->n > 0 || sim->faults->recording;
}

struct fault_effect sim_fault(struct sim *sim, const char *operation, const char *path)
{
	struct faults *faults = sim->faults;

	for (size_t i = 0; i < faults->n; i++) {
		struct fault *fault = &faults->fault[i];
		struct fault_effect effect = fault->effect;

		if (!concerns(fault, operation, path))
			continue;
		if (fault->left == 0)
			return effect;
		if (--fault->left > 0)
			continue;
		fault_done(fault);
		for (faults->n--; i < faults->n; i++)
			faults->fault[i] = faults->fault[i + 1];
		(void)show(sim); /* out of memory: it shows less */
		return effect;
	}
	return (struct fault_effect){ FAULT_NONE, 0, 0 };
}

void sim_record(struct sim *sim, const char *operation, const char *path,
		const char *value, int result)
{
	struct node *node = tree_find(sim->tree, "sim/changes");
	_cleanup_free_ char *line = NULL;
	int len;

	if (!sim->faults->recording || !is_change(operation) || !node ||
	    node->size > CHANGES_MAX)
		return;
	len = asprintf(&line, "%s %s%s%.*s%s%s\n", operation, path, value ? " = " : "",
		       (int)strcspn(value ? value : "", "\n"), value ? value : "",
		       result < 0 ? " " : "", result < 0 ? strerrorname_np(-result) : "");
	if (len < 0) {
		line = NULL;
		return;
	}
	(void)node_append(node, line, (size_t)len); /* a record that is lost is missed */
}

static int write_changes(struct sim *sim, struct node *node, const char *value)
{
	(void)value; /* whatever it is: from here on */
	sim->faults->recording = true;
	return node_set(node, "", 0);
}

static int fault_init(struct sim *sim)
{
	_cleanup_free_ char *faults = sim_value(tree_find(sim->tree, "sim/faults"));
	int r;

	sim->faults = calloc(1, sizeof(*sim->faults));
	if (!sim->faults)
		return -ENOMEM;
	r = tree_setf(sim->tree, S_IFREG | 0644, "", "sim/changes");
	if (r == 0)
		r = tree_setf(sim->tree, S_IFREG | 0644, "", "sim/faults");
	return r < 0 || !faults ? r : write_faults(sim, NULL, faults);
}

static void fault_exit(struct sim *sim)
{
	if (!sim->faults)
		return;
	forget(sim->faults);
	free(sim->faults->fault);
	free(sim->faults);
	sim->faults = NULL;
}

static const struct sim_attr fault_attrs[] = {
	{ "sim/faults", write_faults },
	{ "sim/changes", write_changes },
};

const struct sim_subsystem sim_faults = {
	.name = "faults",
	.init = fault_init,
	.exit = fault_exit,
	.attr = fault_attrs,
	.n_attr = ARRAY_SIZE(fault_attrs),
};

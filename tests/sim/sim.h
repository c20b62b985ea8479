/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The simulated kernel
 *
 * A struct sim is a tree of files and a table of subsystems. Each subsystem says which
 * attributes it reacts to; a write to any other attribute is simply stored. What a subsystem
 * has to know beyond the kernel's own files is below sim/ of the same tree, where a test can
 * change it (see README.md).
 *
 * sim_write() is the write(2) of an attribute: it returns 0 or the -errno that the kernel
 * would give. Nothing here takes a lock: the caller does.
 */

#include <stdbool.h>
#include <stddef.h>

#include "tree.h"

struct faults;
struct checkpoint;

struct sim {
	struct tree *tree;
	struct faults *faults;
	struct checkpoint *checkpoints;
};

struct sim_attr {
	const char *pattern; /* of the path, for fnmatch(3); '*' matches '/' too */
	int (*on_write)(struct sim *sim, struct node *node, const char *value);
};

struct sim_subsystem {
	const char *name;
	int (*init)(struct sim *sim); /* or NULL: after the description was loaded */
	void (*exit)(struct sim *sim); /* or NULL */
	const struct sim_attr *attr;
	size_t n_attr;
};

extern const struct sim_subsystem sim_cgroup;
extern const struct sim_subsystem sim_checkpoint;
extern const struct sim_subsystem sim_control;
extern const struct sim_subsystem sim_cpufreq;
extern const struct sim_subsystem sim_faults;
extern const struct sim_subsystem sim_hugepages;
extern const struct sim_subsystem sim_irq;
extern const struct sim_subsystem sim_mdev;
extern const struct sim_subsystem sim_pci;
extern const struct sim_subsystem sim_quiet;

int sim_init(struct sim *sim);
void sim_exit(struct sim *sim);
int sim_write(struct sim *sim, struct node *node, const char *data, size_t size);

/* True for the files whose content is the kernel's: below sys/, proc/ and sim/. */
bool sim_is_attr(const struct node *node);
/* True where nobody can make or remove a file: below sys/ and proc/. */
bool sim_is_kernel(const struct node *node);

/* For subsystems. */

/* Store @value and a newline, unless the attribute cannot be read. */
int sim_store(struct node *node, const char *value);
int sim_store_long(struct node *node, long value);
/* The value without its final newline, to be freed; NULL if there is no @node or memory. */
char *sim_value(const struct node *node);
/* Compare a value with @expected, ignoring its final newline. */
bool sim_value_is(const struct node *node, const char *expected);
/* The value as a number, @fallback if there is no @node or number. */
long sim_long(const struct node *node, long fallback);
/* A number as the kernel's kstrtoul() takes it: 0 or -EINVAL. */
int sim_parse_long(const char *text, long *ret);
/* True if @word is one of the space-separated words of the value. */
bool sim_has_word(const struct node *node, const char *word);
/* Make or change the link LINK so that it leads to @target, by a relative path. */
int sim_link(struct node *dir, const char *name, const struct node *target);
/* Remove child @name of @dir, if it is there. */
void sim_drop(const struct node *dir, const char *name);

/* Make or remove sys/class/vfio/@group and dev/vfio/@group. */
int sim_vfio_make_group(struct sim *sim, const char *group);
void sim_vfio_drop_group(struct sim *sim, const char *group);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of each parameter as data, and the steps that changes are made of; for change.c and its parts. */
#pragma once

#include "grubcfg/change.h"

/* What makes two occurrences of a KEY_MULTI parameter speak of the same thing. */
enum multi_part {
	PART_ALL, /* the whole value */
	PART_TO_COMMA, /* console=DEVICE,options */
	PART_TO_COLON, /* video=CONNECTOR:mode */
	PART_TO_EQUALS, /* systemd.setenv=NAME=value */
	PART_SUFFIX, /* crashkernel=size,high beside size,low */
};

enum list_kind {
	LIST_WORDS,
	LIST_OPPOSITES, /* "noX" and "off" speak against other words */
	LIST_CPUS, /* numbers and ranges after words */
};

struct key_rules {
	const char *pattern; /* fnmatch(3), with '_' for both '-' and '_' */
	enum key_policy policy;
	enum multi_part part; /* of KEY_MULTI */
	enum list_kind kind; /* of KEY_FLAGS and KEY_LIST */
	bool is_protected;
	char separator; /* of KEY_FLAGS and KEY_LIST; '\0': a comma */
};

/* The rules for a name; those of KEY_SINGLE when it is not in the table. */
const struct key_rules *key_rules(const char *name);

/* Whether two occurrences of a KEY_MULTI parameter speak of the same thing. */
bool key_same_part(const struct key_rules *rules, const char *value, const char *other);

/* As those of cmdline.h, but -EPERM with @err set for an argument that is locked. */
int change_remove_at(struct cmdline *line, size_t index, struct error *err);
int change_replace_at(struct cmdline *line, size_t index, const char *raw,
		      struct error *err);
/* At the end, before "--". */
void change_add(struct cmdline *line, const char *raw);

/* One occurrence of that name: @wanted in the place of the first, or at the end. */
int change_collapse(struct cmdline *line, const struct arg *wanted, struct error *err);

/* KEY_FLAGS and KEY_LIST: adds the values of @arg, or takes them out. */
int change_list_add(struct cmdline *line, const struct key_rules *rules,
		    const struct arg *arg, bool drop_opposites, struct error *err);
int change_list_remove(struct cmdline *line, const struct key_rules *rules,
		       const struct arg *arg, struct error *err);

/* KEY_BLOCK. @size is that of the last hugepagesz= or default_hugepagesz= among the changes, or NULL. */
int change_pages_set(struct cmdline *line, const struct arg *arg, const char *size,
		     struct error *err);
int change_pages_remove(struct cmdline *line, const struct arg *arg, const char *size,
			struct error *err);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The making of a profile: what its function is given, and what it does with it. Each says what it
 * leaves out. What is left out because it is the default here must still win over an argument that says
 * otherwise: expansion_drop() takes that away.
 */
#pragma once

#include "grubcfg/profile.h"

struct expansion {
	const struct machine *machine;
	const char *profile;
	struct changes *changes;
	struct strv *notes;
	struct error *err;
};

/* What was left out and why, or what the administrator should know. */
void expansion_note(struct expansion *e, const char *fmt, ...) _printf_(2, 3);

/* An argument that shall be there. */
void expansion_want(struct expansion *e, const char *arg);
void expansion_wantf(struct expansion *e, const char *fmt, ...) _printf_(2, 3);

/* Removes an argument that the machine runs with, or will, and that would undo the profile. */
void expansion_drop(struct expansion *e, const char *text);

/* As machine_config_is(). */
bool expansion_config_is(const struct expansion *e, const char *name, const char *value);

/* @value: what follows the '=', or NULL. 0, or a negative errno with .err set. */
int expand_gvt(struct expansion *e, const char *value);
int expand_hugepages(struct expansion *e, const char *value);
int expand_iommu(struct expansion *e, const char *value);
int expand_isolate(struct expansion *e, const char *value);
int expand_latency(struct expansion *e, const char *value);
int expand_no_thp(struct expansion *e, const char *value);
int expand_passthrough(struct expansion *e, const char *value);
int expand_performance(struct expansion *e, const char *value);

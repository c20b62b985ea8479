/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A small host for one test: a directory of plain files that react to nothing
 *
 * 	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
 *
 * 	struct fixture *f = *state;
 * 	fixture_add(f, "sys/devices/system/node/online = 0-1\n"
 * 		       "sys/bus/pci/devices/0000:01:00.0/driver -> ../drivers/nouveau\n");
 * 	r = host_read(&f->root, ...);
 *
 * The text form is that of tests/sim/tree.h; values end with a newline there. What fails
 * fails the test.
 */

#include "common/sysroot.h"
#include "unit.h"

struct fixture {
	char *dir;
	struct sysroot root;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Makes the files, links and directories of @text; a file that is there is replaced. */
void fixture_add(const struct fixture *f, const char *text);

/* Gives a file, made where it is missing, exactly these bytes. */
void fixture_write(const struct fixture *f, const char *path, const void *data,
		   size_t size);
void fixture_set(const struct fixture *f, const char *path, const char *text);

/* Exactly what is in a file, or NULL where there is none. */
char *fixture_get(const struct fixture *f, const char *path);

void fixture_remove(const struct fixture *f, const char *path);
bool fixture_has(const struct fixture *f, const char *path);

/* "DIR/path" of the running host, freed by the caller. */
char *fixture_path(const struct fixture *f, const char *path);

/* Every file with its content and every link with its target, below @path. */
char *fixture_dump(const struct fixture *f, const char *path);

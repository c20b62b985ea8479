// SPDX-License-Identifier: LGPL-2.1-or-later

/*
 * sim/load: what is written there is read as lines of a description, so that a test can
 * change the machine behind the back of everybody: plug a device, start a process, drift an
 * attribute. No subsystem reacts to these changes.
 */

#include "common/macro.h"
#include "sim.h"

static int load_write(struct sim *sim, struct node *node, const char *value)
{
	(void)node; /* nothing is stored */
	return tree_parse(sim->tree, "sim/load", value);
}

static int control_init(struct sim *sim)
{
	return tree_setf(sim->tree, S_IFREG | 0200, "", "sim/load");
}

static const struct sim_attr control_attrs[] = {
	{ "sim/load", load_write },
};

const struct sim_subsystem sim_control = {
	.name = "control",
	.init = control_init,
	.attr = control_attrs,
	.n_attr = ARRAY_SIZE(control_attrs),
};

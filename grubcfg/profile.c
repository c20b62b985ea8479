// SPDX-License-Identifier: LGPL-2.1-or-later
/* The operands of "kargs apply"; see profile.h. */

#include "common/alloc.h"
#include "common/parse.h"
#include "grubcfg/profile-expansion.h"
#include "grubcfg/value.h"

void expansion_note(struct expansion *e, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	strv_pushf(e->notes, "%s: %s", e->profile, text);
}

void expansion_want(struct expansion *e, const char *arg)
{
	changes_push(e->changes, CHANGE_SET, arg);
}

void expansion_wantf(struct expansion *e, const char *fmt, ...)
{
	_cleanup_free_ char *arg = NULL;
	va_list ap;

	va_start(ap, fmt);
	arg = xvasprintf(fmt, ap);
	va_end(ap);
	expansion_want(e, arg);
}

/* The argument, or for values that add up its value among others. */
static bool has_arg(const struct cmdline *line, const struct arg *arg)
{
	if (key_policy(arg->name) == KEY_FLAGS)
		return value_any_has(line, arg->name, arg->value);
	for (size_t i = 0; i < line->n_kernel; i++) {
		if (cmdline_same_arg(&line->items[i], arg))
			return true;
	}
	return false;
}

void expansion_drop(struct expansion *e, const char *text)
{
	_cleanup_cmdline_ struct cmdline given = { 0 };

	cmdline_parse(&given, text, ARG_NEW);
	if (!has_arg(&e->machine->running, &given.items[0]) &&
	    !has_arg(&e->machine->next, &given.items[0]))
		return;
	changes_push(e->changes, CHANGE_REMOVE, text);
	expansion_note(e, "%s is removed: it says the contrary", text);
}

bool expansion_config_is(const struct expansion *e, const char *name, const char *value)
{
	return machine_config_is(e->machine, name, value);
}

/* ---------------------------------------------------------------- operands */

const struct profile_help profile_helps[] = {
	{ "iommu", NULL, "the IOMMU is on" },
	{ "passthrough", "[ID,...]",
	  "iommu; with ids (10de:2204), vfio-pci takes these devices at boot" },
	{ "gvt", NULL, "Intel graphics that can be shared between domains (GVT-g)" },
	{ "hugepages", "SIZExCOUNT", "pages made at boot: 2Mx1024, 1Gx16, 1Gx0:8,1:8" },
	{ "isolate", "CPULIST",
	  "CPUs for domains only: no scheduling, ticks, interrupts" },
	{ "no-thp", NULL, "no transparent hugepages" },
	{ "performance", NULL, "full frequency from boot on, direct DMA of the host" },
	{ "latency", NULL, "no deep idle states, no watchdog interrupts, spread ticks" },
	{ NULL, NULL, NULL },
};

/* In the order of profile_helps. */
static int (*const expanders[])(struct expansion *e, const char *value) = {
	expand_iommu,	expand_passthrough, expand_gvt,		expand_hugepages,
	expand_isolate, expand_no_thp,	    expand_performance, expand_latency,
};
_Static_assert(ARRAY_SIZE(expanders) == ARRAY_SIZE(profile_helps) - 1,
	       "each profile has a function");

/* An argument as it is. */
static int push_arg(struct changes *changes, enum change_op op, const char *arg,
		    struct error *err)
{
	int r = change_check(arg, err);

	if (r == 0)
		changes_push(changes, op, arg);
	return r;
}

/*
 * A slip of the pen would become an argument that nothing reads. Real arguments that look like a
 * profile are let through.
 */
static int refuse_misspelt(const char *operand, const char *name, struct error *err)
{
	static const char *const real[] = { "isolcpus", "hugepagesz", "hugetlb_cma" };
	const char *names[ARRAY_SIZE(expanders) + 1] = { NULL };
	const char *nearest;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(real); i++) {
		if (STREQ(name, real[i]))
			return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(expanders); i++) {
		bool may_be =
			strchr(operand, '=') ? profile_helps[i].value != NULL : true;

		if (may_be && profile_helps[i].name[0] == name[0])
			names[n++] = profile_helps[i].name;
	}
	nearest = parse_nearest(name, names);
	if (!nearest)
		return 0;
	(void)error_set(err, -EINVAL, "there is no profile '%s'", name);
	error_remedy(err, "did you mean '%s'? For an argument of that name: set %s",
		     nearest, operand);
	return -EINVAL;
}

static int expand_profile(struct expansion *e, size_t index, const char *value)
{
	const struct profile_help *help = &profile_helps[index];
	bool needs_value = help->value && help->value[0] != '[';

	if (!value && needs_value) {
		(void)error_set(e->err, -EINVAL, "%s: needs a value", help->name);
		error_remedy(e->err, "write %s=%s", help->name, help->value);
		return -EINVAL;
	}
	if (value && !help->value) {
		(void)error_set(e->err, -EINVAL, "%s: takes no value, and '%s' is one",
				help->name, value);
		error_remedy(e->err, "write %s", help->name);
		return -EINVAL;
	}
	e->profile = help->name;
	return expanders[index](e, value);
}

int profile_expand(const struct machine *machine, const char *operand,
		   struct changes *changes, struct strv *notes, struct error *err)
{
	struct expansion e = { machine, NULL, changes, notes, err };
	const char *equals = strchr(operand, '=');
	_cleanup_free_ char *name =
		xstrndup(operand, equals ? (size_t)(equals - operand) : strlen(operand));
	int r;

	if (str_has_prefix(operand, "set "))
		return push_arg(changes, CHANGE_SET, operand + strlen("set "), err);
	if (str_has_prefix(operand, "remove "))
		return push_arg(changes, CHANGE_REMOVE, operand + strlen("remove "), err);
	if (STREQ(operand, "set") || STREQ(operand, "remove")) {
		(void)error_set(err, -EINVAL, "'%s' is without an argument", operand);
		error_remedy(err, "use the command: kargs %s ARG", operand);
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(expanders); i++) {
		/* iommu=pt is an argument: the kernel's "iommu" always has a value. */
		if (cmdline_same_name(name, profile_helps[i].name) &&
		    !(equals && STREQ(name, "iommu")))
			return expand_profile(&e, i, equals ? equals + 1 : NULL);
	}
	r = refuse_misspelt(operand, name, err);
	if (r < 0)
		return r;
	return push_arg(changes, CHANGE_SET, operand, err);
}

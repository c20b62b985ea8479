// SPDX-License-Identifier: LGPL-2.1-or-later
/* Is each requested argument there? See verify.h. */

#include <ctype.h>

#include "common/alloc.h"
#include "grubcfg/kernel-log.h"
#include "grubcfg/value.h"
#include "grubcfg/verify-effect.h"

/* One of the changes, its argument taken apart. */
struct wish {
	enum change_op op;
	struct cmdline line; /* the argument alone */
	const struct arg *arg;
	uint64_t page_kib;
};

enum presence {
	ABSENT,
	OTHER_VALUE, /* the name is there */
	PRESENT_NOT_LAST,
	PRESENT,
};

/* ---------------------------------------------------------------- presence */

static bool has_all_items(const struct cmdline *line, size_t index, const char *wanted,
			  bool of_all)
{
	_cleanup_strv_ struct strv items = STRV_NULL;
	const struct arg *arg = &line->items[index];

	strv_split(&items, wanted ? wanted : "", ",");
	strv_for_each(item, &items) {
		if (!(of_all ? value_any_has(line, arg->name, item) :
			       value_has(arg->value, item)))
			return false;
	}
	return items.n > 0;
}

/* The words of isolcpus= before its CPUs; none of them means "domain". */
static bool has_flags(const char *value, const char *wanted)
{
	_cleanup_strv_ struct strv items = STRV_NULL;
	bool is_plain = !isalpha((unsigned char)value[0]);

	strv_split(&items, wanted, ",");
	strv_for_each(item, &items) {
		if (!isalpha((unsigned char)item[0]))
			break;
		if (!value_has(value, item) && !(is_plain && STREQ(item, "domain")))
			return false;
	}
	return true;
}

static bool has_same_cpus(const char *a, const char *b)
{
	_cleanup_bitset_ struct bitset x = BITSET_NULL, y = BITSET_NULL;
	_cleanup_free_ char *p = NULL, *q = NULL;

	if (value_cpus(a, &x) < 0 || value_cpus(b, &y) < 0)
		return false;
	p = bitset_format(&x);
	q = bitset_format(&y);
	return STREQ(p, q);
}

/* The argument at @index does what is wanted. */
static bool satisfies(const struct cmdline *line, size_t index, const struct wish *wish)
{
	const struct arg *arg = &line->items[index];

	if (cmdline_same_arg(arg, wish->arg))
		return !cmdline_same_name(arg->name, "hugepages") ||
		       value_page_kib_at(line, index) == wish->page_kib;
	switch (key_policy(arg->name)) {
	case KEY_FLAGS:
		return has_all_items(line, index, wish->arg->value, true);
	case KEY_LIST:
		return (has_same_cpus(arg->value, wish->arg->value) &&
			has_flags(arg->value, wish->arg->value)) ||
		       has_all_items(line, index, wish->arg->value, false);
	case KEY_BLOCK:
		return cmdline_same_name(arg->name, "hugepagesz") &&
		       value_page_kib(arg->value) == value_page_kib(wish->arg->value);
	case KEY_SINGLE:
	case KEY_MULTI:
		break;
	}
	return false;
}

/* Whether a later argument of that name can take away what an earlier one says. */
static bool has_one_winner(const char *name)
{
	enum key_policy policy = key_policy(name);

	return policy == KEY_SINGLE || policy == KEY_LIST ||
	       cmdline_same_name(name, "default_hugepagesz");
}

/* @ret_found: the last that is what is wanted; @ret_other: the last of that name that is not. */
static enum presence find(const struct cmdline *line, const struct wish *wish,
			  const struct arg **ret_found, const struct arg **ret_other)
{
	bool one_winner = has_one_winner(wish->arg->name);
	enum presence presence = ABSENT;

	*ret_found = *ret_other = NULL;
	for (size_t i = 0; i < line->n_kernel; i++) {
		const struct arg *arg = &line->items[i];

		if (!cmdline_same_name(arg->name, wish->arg->name))
			continue;
		if (satisfies(line, i, wish)) {
			presence = PRESENT;
			*ret_found = arg;
			continue;
		}
		*ret_other = arg;
		if (presence == ABSENT)
			presence = OTHER_VALUE;
		else if (presence == PRESENT && one_winner)
			presence = PRESENT_NOT_LAST;
	}
	return presence;
}

static bool is_there(const struct cmdline *line, const struct wish *wish)
{
	const struct arg *unwanted = wish->arg;

	for (size_t i = 0; i < line->n_kernel; i++) {
		const struct arg *arg = &line->items[i];

		if (!cmdline_same_name(arg->name, unwanted->name))
			continue;
		if (!unwanted->value || cmdline_same_arg(arg, unwanted))
			return true;
		if ((key_policy(arg->name) == KEY_FLAGS ||
		     key_policy(arg->name) == KEY_LIST) &&
		    has_all_items(line, i, unwanted->value, false))
			return true;
	}
	return false;
}

/* ---------------------------------------------------------------- findings */

static void judge_removal(const struct wish *wish, const struct cmdline *running,
			  const struct cmdline *next, struct finding *finding)
{
	bool is_now = is_there(running, wish), will_be = is_there(next, wish);

	if (will_be) {
		finding->verdict = VERDICT_STILL_THERE;
		finding->evidence = xstrdup("the command line of the next boot has it");
		finding->remedy = xasprintf("kargs remove '%s'", wish->arg->raw);
	} else if (is_now) {
		finding->verdict = VERDICT_PENDING;
		finding->evidence =
			xstrdup("/proc/cmdline has it, the next boot will not");
		finding->remedy = xstrdup("reboot");
	} else {
		finding->verdict = VERDICT_IN_EFFECT;
		finding->evidence = xstrdup("/proc/cmdline does not have it");
	}
}

static void judge_absence(const struct wish *wish, const struct arg *other,
			  const struct cmdline *next, struct finding *finding)
{
	const struct arg *found, *unwanted;
	enum presence presence = find(next, wish, &found, &unwanted);

	finding->evidence = other ? xasprintf("/proc/cmdline has %s", other->raw) :
				    xstrdup("/proc/cmdline does not have it");
	if (presence == PRESENT) {
		finding->verdict = VERDICT_PENDING;
		finding->remedy = xstrdup("reboot");
		return;
	}
	finding->verdict = VERDICT_MISSING;
	finding->remedy =
		xasprintf("kargs %s '%s', then reboot",
			  wish->op == CHANGE_APPEND ? "append" : "set", wish->arg->raw);
}

static void judge(struct probe *probe, const struct wish *wish,
		  const struct cmdline *next, struct finding *finding)
{
	const struct cmdline *running = &probe->machine->running;
	const struct arg *other;

	if (wish->op == CHANGE_REMOVE) {
		judge_removal(wish, running, next, finding);
		return;
	}
	switch (find(running, wish, &probe->running, &other)) {
	case ABSENT:
	case OTHER_VALUE:
		judge_absence(wish, other, next, finding);
		break;
	case PRESENT_NOT_LAST:
		finding->verdict = VERDICT_OVERRIDDEN;
		finding->evidence =
			xasprintf("/proc/cmdline has %s behind it", other->raw);
		finding->remedy =
			other->locked ?
				xasprintf("%s: %s", other->raw, other->locked) :
				xasprintf("kargs set '%s', then reboot", wish->arg->raw);
		break;
	case PRESENT:
		verify_effect(probe, finding);
		break;
	}
}

/* ---------------------------------------------------------------- wishes */

/* The size that a hugepages= at @index is for: that of the wish for a size before it. */
static uint64_t wished_page_kib(const struct changes *changes, size_t index)
{
	_cleanup_cmdline_ struct cmdline before = { 0 };

	for (size_t i = 0; i < index; i++) {
		if (changes->items[i].op != CHANGE_REMOVE)
			cmdline_parse(&before, changes->items[i].arg, ARG_NEW);
	}
	return value_page_kib_at(&before, before.n);
}

static struct wish wish_of(const struct changes *changes, size_t index)
{
	struct wish wish = { .op = changes->items[index].op };

	cmdline_parse(&wish.line, changes->items[index].arg, ARG_NEW);
	wish.arg = wish.line.n ? &wish.line.items[0] : NULL;
	if (wish.arg && cmdline_same_name(wish.arg->name, "hugepages"))
		wish.page_kib = wished_page_kib(changes, index);
	return wish;
}

/* What all wishes together make of an empty line: what is not in it was taken back by a later one. */
static int net_of(const struct changes *wanted, struct cmdline *ret)
{
	_cleanup_changes_ struct changes all = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	for (size_t i = 0; i < wanted->n; i++) {
		changes_push(&all, wanted->items[i].op, wanted->items[i].arg);
		all.items[i].force = true;
	}
	return changes_apply(ret, &all, &err);
}

static bool is_taken_back(const struct cmdline *net, const struct wish *wish)
{
	const struct arg *found, *other;

	if (wish->op == CHANGE_REMOVE)
		return is_there(net, wish);
	return find(net, wish, &found, &other) != PRESENT;
}

/* An earlier wish is the same. */
static bool is_repeated(const struct changes *wanted, size_t index,
			const struct wish *wish)
{
	for (size_t i = 0; i < index; i++) {
		struct wish before = wish_of(wanted, i);
		bool is = before.arg && cmdline_same_arg(before.arg, wish->arg) &&
			  before.page_kib == wish->page_kib &&
			  (before.op == CHANGE_REMOVE) == (wish->op == CHANGE_REMOVE);

		cmdline_done(&before.line);
		if (is)
			return true;
	}
	return false;
}

int verify(const struct tree *tree, const struct machine *machine,
	   const struct changes *wanted, const struct cmdline *next, struct findings *ret,
	   struct error *err)
{
	_cleanup_cmdline_ struct cmdline net = { 0 };
	_cleanup_free_ char *log = NULL;
	bool has_net;

	if (!machine->is_running_host) {
		(void)error_set(err, -ENODEV, "nothing runs below '%s'", tree->root_path);
		error_remedy(err, "boot it, and run 'kargs verify' there");
		return -ENODEV;
	}
	log = kernel_log_read(tree);
	ret->log_is_cut = !kernel_log_is_whole(log);
	/* Wishes that contradict each other are all judged. */
	has_net = net_of(wanted, &net) >= 0;
	for (size_t i = 0; i < wanted->n; i++) {
		struct wish wish = wish_of(wanted, i);

		if (wish.arg && !is_repeated(wanted, i, &wish) &&
		    !(has_net && is_taken_back(&net, &wish))) {
			struct probe probe = {
				.tree = tree,
				.machine = machine,
				.arg = wish.arg,
				.page_kib = wish.page_kib,
				.log = log,
			};
			struct finding *finding = ARRAY_PUSH(ret->items, ret->n);

			finding->op = wish.op;
			finding->arg = xstrdup(wish.arg->raw);
			judge(&probe, &wish, next, finding);
		}
		cmdline_done(&wish.line);
	}
	return 0;
}

/* ---------------------------------------------------------------- verdicts */

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_IN_EFFECT] = "in-effect", [VERDICT_PRESENT] = "present",
		[VERDICT_NO_EFFECT] = "no-effect", [VERDICT_OVERRIDDEN] = "overridden",
		[VERDICT_UNKNOWN] = "unknown",	   [VERDICT_PENDING] = "pending",
		[VERDICT_MISSING] = "missing",	   [VERDICT_STILL_THERE] = "still-there",
	};

	return names[verdict];
}

bool verdict_is_good(enum verdict verdict)
{
	return verdict == VERDICT_IN_EFFECT || verdict == VERDICT_PRESENT;
}

void findings_done(struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		free(findings->items[i].arg);
		free(findings->items[i].evidence);
		free(findings->items[i].remedy);
	}
	free(findings->items);
	*findings = (struct findings){ 0 };
}

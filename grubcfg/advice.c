// SPDX-License-Identifier: LGPL-2.1-or-later
/* Holds the table of advice against a line; see advice.h and advice-rule.h. */

#include "common/alloc.h"
#include "grubcfg/advice-rule.h"
#include "grubcfg/value.h"

/* One of the alternatives "a|b|c" of @pattern is @text, or an item of it when @is_list. */
static bool matches(const char *pattern, const char *text, bool is_list)
{
	_cleanup_strv_ struct strv alternatives = STRV_NULL;

	strv_split(&alternatives, pattern, "|");
	for (size_t i = 0; i < alternatives.n; i++) {
		const char *alternative = alternatives.items[i];

		if (is_list ? value_has(text, alternative) :
			      cmdline_same_name(text, alternative))
			return true;
	}
	return false;
}

static bool is_for_kernel(const struct rule *rule, const struct machine *machine)
{
	if (machine->kernel_major == 0)
		return true;
	return !machine_kernel_before(machine, rule->from.major, rule->from.minor) &&
	       (rule->until.major == 0 ||
		machine_kernel_before(machine, rule->until.major, rule->until.minor));
}

static void apply(const struct rule *rule, const struct matter *m, struct advices *ret)
{
	struct advice *advice;

	if (m->arg && rule->item && !matches(rule->item, m->arg->value, true))
		return;
	if (rule->when && !rule->when(m))
		return;
	advice = ARRAY_PUSH(ret->items, ret->n);
	*advice = (struct advice){
		.id = rule->id,
		.severity = rule->severity,
		.arg = xstrdup(m->arg ? m->arg->raw : ADVICE_WHOLE_LINE),
		.message = rule->message,
		.remedy = rule->remedy,
		.source = rule->source,
	};
}

void advice_find(const struct machine *machine, const struct cmdline *line,
		 struct advices *ret)
{
	for (size_t k = 0; k < advice_n_rules; k++) {
		const struct rule *rule = &advice_rules[k];
		struct matter m = { .machine = machine, .line = line };

		if (!is_for_kernel(rule, machine))
			continue;
		if (!rule->name) {
			apply(rule, &m, ret);
			continue;
		}
		for (m.index = 0; m.index < line->n_kernel; m.index++) {
			m.arg = &line->items[m.index];
			if (STREQ(rule->name, "*") ||
			    matches(rule->name, m.arg->name, false))
				apply(rule, &m, ret);
		}
	}
}

const char *advice_id(size_t index)
{
	return index < advice_n_rules ? advice_rules[index].id : NULL;
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
		[ADVICE_NOTE] = "note",
		[ADVICE_WARNING] = "warning",
		[ADVICE_ERROR] = "error",
	};

	return names[severity];
}

void advices_done(struct advices *advices)
{
	for (size_t i = 0; i < advices->n; i++)
		free(advices->items[i].arg);
	free(advices->items);
	*advices = (struct advices){ 0 };
}

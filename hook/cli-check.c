// SPDX-License-Identifier: LGPL-2.1-or-later
/* hosttune check: is this host ready, for this domain; see cli.h. */

#include <stdio.h>

#include "common/alloc.h"
#include "common/json.h"
#include "hook/check.h"
#include "hook/cli.h"

#define TEXT_WIDTH 96

/* ---- --list ---- */

static int list_rules(const struct cli *cli)
{
	_cleanup_json_ json_object *root = json_new_object();
	json_object *array = json_add_array(root, "rules");
	_cleanup_free_ char *text = NULL;

	for (size_t a = 0; a < n_check_areas; a++) {
		const struct check_area *area = &check_areas[a];

		for (size_t i = 0; i < *area->n; i++) {
			const struct check_rule *rule = &area->rules[i];
			json_object *object;

			if (!cli->json) {
				(void)printf("%-28s %s: %s\n", rule->id, area->name,
					     rule->why);
				continue;
			}
			object = json_push_object(array);
			json_add_string(object, "id", rule->id);
			json_add_string(object, "area", area->name);
			json_add_string(object, "severity", severity_name(rule->severity));
			json_add_string(object, "why", rule->why);
		}
	}
	if (cli->json) {
		text = json_format(root, true);
		(void)fputs(text, stdout);
	}
	return EXIT_SUCCESS;
}

/* ---- findings ---- */

/* "unknown" is said of what could not be found out, however grave it would be. */
static const char *heading_of(const struct finding *finding)
{
	return finding->unknown ? "unknown" : severity_name(finding->severity);
}

/* @text at an indent, broken between words. */
static void print_wrapped(const char *label, const char *text)
{
	size_t column = strlen(label) + 6;
	const char *separator = "";

	(void)printf("      %s", label);
	while (*text) {
		size_t n = strcspn(text, " ");

		if (*separator && column + n + 1 > TEXT_WIDTH) {
			(void)printf("\n        ");
			separator = "";
			column = 8;
		}
		/* What others wrote is no command to the terminal. */
		(void)printf("%s", separator);
		for (size_t i = 0; i < n; i++)
			(void)putchar((unsigned char)text[i] < ' ' || text[i] == 127 ?
					      '?' :
					      text[i]);
		column += n + 1;
		separator = " ";
		text += n + (text[n] == ' ');
	}
	(void)putchar('\n');
}

static void print_summary(const struct checking *c)
{
	size_t counts[SEVERITY_ERROR + 1] = { 0 }, unknown = 0;

	for (size_t i = 0; i < c->n_findings; i++) {
		if (c->findings[i].unknown)
			unknown++;
		else
			counts[c->findings[i].severity]++;
	}
	(void)printf("%serrors: %zu, warnings: %zu, notices: %zu, unknown: %zu\n",
		     c->n_findings ? "\n" : "", counts[SEVERITY_ERROR],
		     counts[SEVERITY_WARNING], counts[SEVERITY_NOTICE], unknown);
}

static void print_text(const struct checking *c)
{
	const char *heading = "";

	for (size_t i = 0; i < c->n_findings; i++) {
		const struct finding *f = &c->findings[i];

		if (!STREQ(heading, heading_of(f))) {
			(void)printf("%s%s:\n", *heading ? "\n" : "", heading_of(f));
			heading = heading_of(f);
		}
		(void)printf("  %s\n", f->rule->id);
		print_wrapped("", f->what);
		if (f->evidence && !f->unknown)
			print_wrapped("seen: ", f->evidence);
		print_wrapped("why:  ", f->rule->why);
		print_wrapped("do:   ", f->remedy);
	}
	print_summary(c);
}

static bool is_ready(const struct checking *c)
{
	for (size_t i = 0; i < c->n_findings; i++) {
		if (c->findings[i].severity == SEVERITY_ERROR)
			return false;
	}
	return true;
}

static void print_json(const struct checking *c)
{
	_cleanup_json_ json_object *root = json_new_object();
	_cleanup_free_ char *text = NULL;
	json_object *array;

	json_add_string(root, "domain", c->guest ? c->guest->domain.name : NULL);
	json_add_bool(root, "ready", is_ready(c));
	array = json_add_array(root, "findings");
	for (size_t i = 0; i < c->n_findings; i++) {
		const struct finding *f = &c->findings[i];
		json_object *object = json_push_object(array);

		json_add_string(object, "id", f->rule->id);
		json_add_string(object, "severity", severity_name(f->severity));
		json_add_bool(object, "unknown", f->unknown);
		json_add_string(object, "what", f->what);
		json_add_string(object, "why", f->rule->why);
		json_add_string(object, "remedy", f->remedy);
		json_add_string(object, "evidence", f->evidence);
	}
	text = json_format(root, true);
	(void)fputs(text, stdout);
}

/* ---- the command ---- */

/* The host alone is checked for what tagged domains on it are going to need. */
static unsigned needs_of_defined(const struct guests *defined)
{
	unsigned needs = 0;

	for (size_t i = 0; i < defined->n; i++) {
		if (defined->items[i].domain.tagged)
			needs |= check_needs(&defined->items[i]);
	}
	return needs;
}

static int run(const struct cli *cli, const struct guest *guest)
{
	_cleanup_guests_ struct guests defined = { 0 };
	_cleanup_host_ struct host host = { .root = cli->root };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_checking_ struct checking c = { .root = cli->root, .host = &host };

	guests_read(cli->root, &defined);
	/* Without it each rule that needs it is an unknown finding. */
	(void)host_read(cli->root, &host, &err);
	c.defined = &defined;
	c.guest = guest;
	c.needs = guest ? check_needs(guest) : needs_of_defined(&defined);
	check_run(&c);
	if (cli->json)
		print_json(&c);
	else
		print_text(&c);
	return is_ready(&c) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int cli_check(const struct cli *cli, struct error *err)
{
	_cleanup_guest_ struct guest guest = { 0 };
	_cleanup_free_ char *xml = NULL;
	size_t size = 0;
	int r = json_load(err);

	if (r < 0)
		return r;
	if (cli->list)
		return list_rules(cli);
	if (cli->argc == 0)
		return run(cli, NULL);
	r = cli_read_domain_xml(cli, cli->argv[0], &xml, &size, err);
	if (r == 0)
		r = guest_read(xml, size, &guest, err);
	return r < 0 ? r : run(cli, &guest);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* hosttune plan: what prepare would change; see cli.h. */

#include <stdio.h>

#include "common/alloc.h"
#include "common/json.h"
#include "hook/cli.h"
#include "hook/plan.h"

static const char *or_none(const char *value)
{
	return *value ? value : "(none)";
}

static void print_text(const struct plan *plan)
{
	for (size_t i = 0; i < plan->changes.n; i++) {
		const struct change *c = &plan->changes.items[i];

		(void)printf("%s %s %s -> %s\n", c->resource->name, c->object,
			     or_none(c->before), or_none(c->after));
	}
	strv_for_each(note, &plan->notes)
		(void)fprintf(stderr, "hosttune: note: %s\n", note);
}

static void print_json(const struct domain *domain, const struct plan *plan,
		       const struct error *err)
{
	_cleanup_json_ json_object *root = json_new_object();
	_cleanup_free_ char *text = NULL;
	json_object *array;

	json_add_string(root, "domain",
			domain->name); /* null: its XML could not be read */
	json_add_string(root, "uuid", domain->uuid);
	if (domain->name)
		json_add_bool(root, "tagged", domain->tagged);
	else
		json_add_string(root, "tagged", NULL);
	json_add_bool(root, "possible", err->cause == NULL);
	if (err->cause)
		json_add_string(root, "cause", err->cause);
	if (err->remedy)
		json_add_string(root, "remedy", err->remedy);
	array = json_add_array(root, "changes");
	for (size_t i = 0; i < plan->changes.n; i++) {
		const struct change *c = &plan->changes.items[i];
		json_object *change = json_push_object(array);

		json_add_string(change, "resource", c->resource->name);
		json_add_string(change, "object", c->object);
		json_add_string(change, "before", c->before);
		json_add_string(change, "after", c->after);
	}
	array = json_add_array(root, "notes");
	strv_for_each(note, &plan->notes)
		json_push_string(array, note);
	text = json_format(root, true);
	(void)fputs(text, stdout);
}

static int make(const struct cli *cli, const struct domain *domain, struct plan *plan,
		struct error *err)
{
	_cleanup_config_ struct config config = { 0 };
	_cleanup_host_ struct host host = { 0 };
	_cleanup_store_ struct store store = STORE_NULL;
	int r;

	r = config_read(cli->root, &config, err);
	if (r == 0)
		r = host_read(cli->root, &host, err);
	if (r == 0)
		r = store_open(cli->root, false, &store, err);
	if (r == 0)
		r = store_peek(&store, err);
	if (r < 0)
		return r;
	return plan_make(&host, &config, domain, &store.ledger, plan, err);
}

int cli_plan(const struct cli *cli, struct error *err)
{
	_cleanup_domain_ struct domain domain = { 0 };
	_cleanup_plan_ struct plan plan = { 0 };
	_cleanup_free_ char *xml = NULL;
	size_t size = 0;
	int r;

	r = json_load(err);
	if (r < 0)
		return r;
	r = cli_read_domain_xml(cli, cli->argv[0], &xml, &size, err);
	if (r == 0)
		r = domain_read(xml, size, &domain, err);
	if (r == 0 && domain.tagged)
		r = make(cli, &domain, &plan, err);
	else if (r == 0)
		strv_push(&plan.notes,
			  "the domain has no urn:hosttune:1 metadata: nothing "
			  "is done for it");
	if (cli->json) {
		print_json(&domain, &plan, err);
		error_done(err);
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	if (r == 0)
		print_text(&plan);
	return r;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The reader of XML and metadata, and what resources make of a request. Input: domain XML.
 *
 * What is refused has a cause of one line. What a claim names on the host stays below the directories
 * that its resource has, and nothing of the host is changed by planning.
 */

#include "common/json.h"
#include "hook/plan.h"
#include "tests/fuzz/root.h"

static bool is_name(const char *s)
{
	return *s && !strchr(s, '/') && !STREQ(s, ".") && !STREQ(s, "..");
}

static void check_request(const struct request *r)
{
	for (size_t i = 0; i < r->n_governors; i++)
		fuzz_require(is_name(r->governors[i].name));
	for (size_t i = 0; i < r->n_mdevs; i++)
		fuzz_require(is_name(r->mdevs[i].parent) && is_name(r->mdevs[i].type));
	for (size_t i = 0; i < r->passthrough.n_devices; i++) {
		const struct request_device *d = &r->passthrough.devices[i];

		fuzz_require(is_name(d->address) && (!d->driver || is_name(d->driver)));
	}
}

static void check_claim(const struct claim *claim)
{
	for (size_t i = 0; i < claim->n_wishes; i++) {
		const struct wish *wish = &claim->wishes[i];

		fuzz_require(resource_find(wish->resource) != NULL);
		fuzz_require(*wish->object && !strstr(wish->object, ".."));
		fuzz_require(!strchr(wish->value, '\n'));
	}
}

static void check_plan(const struct domain *domain)
{
	_cleanup_config_ struct config config = { 0 };
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_host_ struct host host = { 0 };
	_cleanup_plan_ struct plan plan = { 0 };

	fuzz_require(config_read(fuzz_host(), &config, &err) == 0);
	fuzz_require(host_read(fuzz_host(), &host, &err) == 0);
	if (plan_make(&host, &config, domain, &ledger, &plan, &err) < 0) {
		fuzz_require_cause(&err);
		return;
	}
	check_claim(&plan.claim);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_domain_ struct domain domain = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	fuzz_require(json_load(&err) == 0);
	if (domain_read((const char *)data, size, &domain, &err) < 0) {
		fuzz_require_cause(&err);
		return 0;
	}
	if (!domain.tagged)
		return 0;
	check_request(&domain.request);
	check_plan(&domain);
	return 0;
}

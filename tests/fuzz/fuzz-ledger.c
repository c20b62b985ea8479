// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ledger. Input: the file.
 *
 * What is read is written and read again as the same. On a host, every resource's survey of it comes
 * to an end, and what is asked of it without changing anything.
 */

#include "common/alloc.h"
#include "common/json.h"
#include "hook/converge.h"
#include "tests/fuzz/root.h"

static void check_written(const struct ledger *ledger)
{
	_cleanup_free_ char *text = ledger_format(ledger), *again = NULL;
	_cleanup_ledger_ struct ledger read = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	fuzz_require(ledger_parse(text, strlen(text), &read, &err) == 0);
	again = ledger_format(&read);
	fuzz_require(STREQ(text, again));
}

static void check_surveys(const struct host *host, struct ledger *ledger)
{
	for (size_t i = 0; i < n_resources; i++) {
		_cleanup_changes_ struct changes changes = { 0 };
		_cleanup_error_ struct error err = ERROR_NULL;

		if (!resources[i]->survey)
			continue;
		if (resources[i]->survey(host, ledger, false, &changes, &err) < 0)
			fuzz_require_cause(&err);
		for (size_t j = 0; j < changes.n; j++)
			fuzz_require(
				!STREQ(changes.items[j].before, changes.items[j].after));
	}
}

static void check_claims(const struct host *host, const struct ledger *ledger)
{
	_cleanup_changes_ struct changes drift = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;

	(void)converge_drift(host, ledger, &drift, &err);
	for (size_t i = 0; i < ledger->n_claims; i++) {
		const struct claim *claim = &ledger->claims[i];

		fuzz_require(ledger_find_claim(ledger, claim->id) != NULL);
		for (size_t j = 0; j < n_resources; j++) {
			_cleanup_strv_ struct strv lines = STRV_NULL;

			if (resources[j]->describe)
				resources[j]->describe(host, ledger, claim, &lines);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sysroot *root = fuzz_host();
	_cleanup_free_ char *text = xcalloc(size + 1, 1);
	_cleanup_ledger_ struct ledger ledger = { 0 };
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_host_ struct host host = { 0 };

	memcpy(text, data, size);
	fuzz_require(json_load(&err) == 0);
	if (ledger_parse(text, size, &ledger, &err) < 0) {
		fuzz_require_cause(&err);
		return 0;
	}
	check_written(&ledger);
	fuzz_require(host_read(root, &host, &err) == 0);
	check_claims(&host, &ledger);
	check_surveys(&host, &ledger);
	check_written(&ledger);
	return 0;
}

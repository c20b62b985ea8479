// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The host's policy. Input: the file. What is accepted is within its limits; what is not names a line.
 */

#include <syslog.h>

#include "hook/config.h"
#include "tests/fuzz/root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sysroot *root = fuzz_empty_root();
	_cleanup_error_ struct error err = ERROR_NULL;
	_cleanup_config_ struct config config = { 0 };

	fuzz_write(root, CONFIG_PATH, data, size);
	if (config_read(root, &config, &err) < 0) {
		fuzz_require_cause(&err);
		fuzz_require(strstr(err.cause, "/" CONFIG_PATH) != NULL);
		return 0;
	}
	fuzz_require(config.hugepages_max_percent >= 1 &&
		     config.hugepages_max_percent <= 100);
	fuzz_require(config.prepare_timeout_s >= 1 && config.prepare_timeout_s <= 3600);
	fuzz_require(config.log_level >= LOG_ERR && config.log_level <= LOG_DEBUG);
	strv_for_each(pattern, &config.allow_devices)
		fuzz_require(*pattern);
	return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Values of kernel parameters; see value.h. */

#include <ctype.h>

#include "common/alloc.h"
#include "common/parse.h"
#include "common/strv.h"
#include "grubcfg/value.h"

bool value_has(const char *value, const char *item)
{
	_cleanup_strv_ struct strv items = STRV_NULL;

	strv_split(&items, value ? value : "", ",");
	for (size_t i = 0; i < items.n; i++) {
		if (cmdline_same_name(items.items[i], item))
			return true;
	}
	return false;
}

bool value_any_has(const struct cmdline *line, const char *name, const char *item)
{
	for (size_t i = 0; i < line->n_kernel; i++) {
		if (cmdline_same_name(line->items[i].name, name) &&
		    value_has(line->items[i].value, item))
			return true;
	}
	return false;
}

bool value_is_true(const char *value)
{
	if (!value)
		return true;
	if (strchr("yYtT1", value[0]) && value[0])
		return true;
	return (value[0] == 'o' || value[0] == 'O') &&
	       (value[1] == 'n' || value[1] == 'N');
}

uint64_t value_page_kib(const char *text)
{
	size_t n = text ? strlen(text) : 0;
	_cleanup_free_ char *number = NULL;
	uint64_t size, shift = 0;

	if (n == 0)
		return 0;
	switch (tolower((unsigned char)text[n - 1])) {
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	default:
		break;
	}
	number = xstrndup(text, shift ? n - 1 : n);
	if (parse_u64(number, &size) < 0 || size > UINT64_MAX >> shift)
		return 0;
	size <<= shift;
	return (size & (size - 1)) == 0 ? size >> 10 : 0;
}

int value_pages(const char *text, uint64_t *ret)
{
	_cleanup_strv_ struct strv parts = STRV_NULL;
	uint64_t total = 0, count, node;

	strv_split(&parts, text ? text : "", ",");
	strv_for_each(part, &parts) {
		const char *colon = strchr(part, ':');
		_cleanup_free_ char *number =
			colon ? xstrndup(part, (size_t)(colon - part)) : NULL;

		if ((!colon && parts.n > 1) || (colon && parse_u64(number, &node) < 0) ||
		    parse_u64(colon ? colon + 1 : part, &count) < 0 ||
		    count > UINT64_MAX - total)
			return -EINVAL;
		total += count;
	}
	if (parts.n == 0)
		return -EINVAL;
	*ret = total;
	return 0;
}

int value_cpus(const char *value, struct bitset *ret)
{
	if (!value)
		return -EINVAL;
	while (isalpha((unsigned char)*value)) {
		value += strcspn(value, ",");
		value += *value == ',';
	}
	/* Exclusions are libvirt's, not the kernel's. */
	return strchr(value, '^') || !*value ? -EINVAL : bitset_parse(value, ret);
}

uint64_t value_page_kib_at(const struct cmdline *line, size_t index)
{
	while (index-- > 0) {
		const struct arg *arg = &line->items[index];

		if (cmdline_same_name(arg->name, "hugepagesz") ||
		    cmdline_same_name(arg->name, "default_hugepagesz"))
			return value_page_kib(arg->value);
	}
	return 0;
}

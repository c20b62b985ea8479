// SPDX-License-Identifier: LGPL-2.1-or-later

/* PCI addresses. */

#include "hook/pci-address.h"
#include "unit.h"

static void addresses_are_parsed_and_formatted(void **state _unused_)
{
	static const struct {
		const char *text, *normal;
	} cases[] = {
		{ "0000:01:00.0", "0000:01:00.0" },
		{ "01:00.0", "0000:01:00.0" },
		{ "1:0.0", "0000:01:00.0" },
		{ "0000:ff:1f.7", "0000:ff:1f.7" },
		{ "0000:FF:1F.7", "0000:ff:1f.7" },
		{ "10000:e1:00.0", "10000:e1:00.0" },
		{ "ffffffff:00:00.0", "ffffffff:00:00.0" },
		{ "0:0:0.0", "0000:00:00.0" },
		{ "abcd:ef:02.3", "abcd:ef:02.3" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pci_address address = { 0 };
		char text[PCI_ADDRESS_MAX];

		assert_int_equal(pci_address_parse(cases[i].text, &address), 0);
		assert_string_equal(pci_address_format(&address, text), cases[i].normal);
	}
}

static void parts_go_where_they_belong(void **state _unused_)
{
	struct pci_address address = { 0 };

	assert_int_equal(pci_address_parse("12345:ab:1c.5", &address), 0);
	assert_int_equal(address.pci_domain, 0x12345);
	assert_int_equal(address.bus, 0xab);
	assert_int_equal(address.slot, 0x1c);
	assert_int_equal(address.function, 5);
}

static void anything_else_is_refused(void **state _unused_)
{
	static const char *const texts[] = {
		"",
		":",
		".",
		"01",
		"01:00",
		"01.0",
		"01:00.",
		":00.0",
		"01:.0",
		":01:00.0",
		"0000:01:00.0 ",
		" 0000:01:00.0",
		"0000:01:00.0\n",
		"0000:01:00:0",
		"0000:01.00.0",
		"0000:0000:01:00.0",
		"0000:01:00.8",
		"0000:01:20.0",
		"0000:100:00.0",
		"100000000:01:00.0",
		"000000000:01:00.0",
		"0x0:01:00.0",
		"0000:0x1:00.0",
		"0000:01:0x0.0",
		"0000:01:00.0x0",
		"0000:01:00.g",
		"0000:-1:00.0",
		"0000:+1:00.0",
		"0000:01:00.0.0",
		"gggg:01:00.0",
		"0000:01:00.0/../x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct pci_address address = { 1, 2, 3, 4 };

		if (pci_address_parse(texts[i], &address) != -EINVAL)
			fail_msg("'%s' is accepted", texts[i]);
		assert_int_equal(address.pci_domain, 1);
		assert_int_equal(address.function, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_parsed_and_formatted),
		cmocka_unit_test(parts_go_where_they_belong),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* SHA-256: the examples of FIPS 180-4, and every size around the ends of blocks. */

#include "common/alloc.h"
#include "common/sha256.h"
#include "unit.h"

static void assert_sum(const char *data, size_t size, const char *expected)
{
	char sum[SHA256_HEX_SIZE];

	sha256_hex(data, size, sum);
	assert_string_equal(sum, expected);
}

static void knows_the_standards_examples(_unused_ void **state)
{
	_cleanup_free_ char *million = xmalloc(1000000);

	assert_sum("", 0,
		   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_sum("abc", 3,
		   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_sum("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
		   "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', 1000000);
	assert_sum(million, 1000000,
		   "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* sha256sum(1) of 55, 56, 63, 64, 65, 119 and 120 times 'x'. */
static void knows_the_ends_of_blocks(_unused_ void **state)
{
	static const struct {
		size_t size;
		const char *sum;
	} cases[] = {
		{ 55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072" },
		{ 56, "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e" },
		{ 63, "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2" },
		{ 64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c" },
		{ 65, "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9" },
		{ 119,
		  "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c" },
		{ 120,
		  "13f05a0b594787f5ecd315edc96141bd3243203d1b7d4f0836f37308b276ba98" },
	};
	char text[120];

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_sum(text, cases[i].size, cases[i].sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_standards_examples),
		cmocka_unit_test(knows_the_ends_of_blocks),
	};

	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}

// SPDX-License-Identifier: LGPL-2.1-or-later

/* Libraries loaded when first needed. */

#include "common/dl.h"
#include "unit.h"

static void symbols_are_filled_in(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	double (*cosine)(double) = NULL;
	void *other = NULL;
	const struct dl_symbol symbols[] = { { "cos", (void **)&cosine },
					     { "sin", &other },
					     { 0 } };

	assert_done(dl_load("libm.so.6", symbols, &err), &err);
	assert_text(err.cause, NULL);
	assert_non_null(cosine);
	assert_non_null(other);
	assert_true(cosine(0) > 0.999);
}

static void a_missing_library_is_named(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	void *f = NULL;
	const struct dl_symbol symbols[] = { { "cos", &f }, { 0 } };

	assert_failed(dl_load("libhosttune-none.so.9", symbols, &err), -ELIBACC, &err,
		      "failed to load 'libhosttune-none.so.9': ",
		      "install the package that has 'libhosttune-none.so.9'");
	assert_null(f);
}

static void a_missing_function_is_named(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	void *f = NULL, *g = NULL;
	const struct dl_symbol symbols[] = { { "cos", &f },
					     { "hosttune_no_such_function", &g },
					     { 0 } };
	int r = dl_load("libm.so.6", symbols, &err);

	assert_text(err.remedy, "install the package that has 'libm.so.6'");
	assert_failed(r, -ELIBACC, &err, "hosttune_no_such_function", "libm.so.6");
	assert_null(g);
}

static void no_symbols_is_enough(void **state _unused_)
{
	_cleanup_error_ struct error err = ERROR_NULL;
	const struct dl_symbol symbols[] = { { 0 } };

	assert_done(dl_load("libm.so.6", symbols, &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_are_filled_in),
		cmocka_unit_test(a_missing_library_is_named),
		cmocka_unit_test(a_missing_function_is_named),
		cmocka_unit_test(no_symbols_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0
#include "unit.h"
#include "model/hash.h"
#include "model/hist.h"

static void an_empty_histogram_has_no_quantile(void **state)
{
	struct cl_hist h = {};

	assert_int_equal(cl_hist_quantile(&h, 0.5), 0);
}

static void quantiles_are_at_most_an_eighth_too_high(void **state)
{
	struct cl_hist h = {};
	uint64_t v, q;

	for (v = 1; v <= 100000; v++)
		cl_hist_add(&h, v);
	q = cl_hist_quantile(&h, 0.5);
	assert_in_range(q, 50000, 56250);
	q = cl_hist_quantile(&h, 0.99);
	assert_in_range(q, 99000, 100000);
	assert_int_equal(cl_hist_quantile(&h, 1.0), 100000);
	assert_int_equal(h.max, 100000);
	assert_int_equal(h.nr, 100000);
}

static void the_ends_of_the_scale(void **state)
{
	struct cl_hist h = {};

	cl_hist_add(&h, 0);
	assert_int_equal(cl_hist_quantile(&h, 0.5), 0);
	cl_hist_add(&h, UINT64_MAX);
	assert_true(cl_hist_quantile(&h, 1.0) == UINT64_MAX);
	cl_hist_add(&h, 7);
	cl_hist_add(&h, 8);
	assert_int_equal(cl_hist_quantile(&h, 0.5), 7);
}

struct item {
	struct cl_hash_node node;
};

static void a_hash_finds_what_was_added(void **state)
{
	static struct item items[10000];
	struct cl_hash h = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(items); i++)
		assert_int_equal(cl_hash_add(&h, &items[i].node, i << 32), 0);
	for (i = 0; i < ARRAY_SIZE(items); i += 2)
		cl_hash_del(&h, &items[i].node);
	for (i = 0; i < ARRAY_SIZE(items); i++)
		assert_ptr_equal(cl_hash_find(&h, (uint64_t)i << 32), i % 2 ? &items[i].node : NULL);
	assert_int_equal(h.nr, ARRAY_SIZE(items) / 2);
	cl_hash_free(&h);
	assert_null(cl_hash_find(&h, 1));
	assert_null(cl_hash_any(&h));
}

static void keys_may_repeat(void **state)
{
	struct item a, b;
	struct cl_hash h = {};
	struct cl_hash_node *n;

	cl_hash_add(&h, &a.node, 5);
	cl_hash_add(&h, &b.node, 5);
	n = cl_hash_find(&h, 5);
	assert_non_null(n);
	assert_non_null(cl_hash_next(n));
	assert_null(cl_hash_next(cl_hash_next(n)));
	cl_hash_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_histogram_has_no_quantile),
		cmocka_unit_test(quantiles_are_at_most_an_eighth_too_high),
		cmocka_unit_test(the_ends_of_the_scale),
		cmocka_unit_test(a_hash_finds_what_was_added),
		cmocka_unit_test(keys_may_repeat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

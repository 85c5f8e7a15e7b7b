// SPDX-License-Identifier: GPL-2.0
/* Figures from histograms with a bucket for each power of two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stat/stat.h"

static void fill(struct cl_stat_hist *h, int bucket, uint64_t count, uint64_t ns)
{
	h->bucket[bucket] += count;
	h->count += count;
	h->sum_ns += count * ns;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

static void quantiles_are_bounds_of_buckets(void **state)
{
	struct cl_stat_hist h = {};

	assert_int_equal(cl_stat_quantile(&h, 0.5), 0);
	fill(&h, 10, 98, 1500);
	fill(&h, 12, 2, 5000);
	assert_int_equal(cl_stat_quantile(&h, 0.5), 2047);
	assert_int_equal(cl_stat_quantile(&h, 0.98), 2047);
	/* Never above the largest value. */
	assert_int_equal(cl_stat_quantile(&h, 0.99), 5000);
	assert_int_equal(cl_stat_quantile(&h, 1), 5000);
}

static void the_last_bucket_takes_the_rest(void **state)
{
	struct cl_stat_hist h = {};

	fill(&h, CL_STAT_BUCKETS - 1, 1, 1ULL << 50);
	assert_int_equal(cl_stat_quantile(&h, 0.5), 1ULL << 50);
}

static void an_interval_is_the_difference(void **state)
{
	struct cl_stat_hist then = {}, now;

	fill(&then, 20, 1, 1500000);
	now = then;
	fill(&now, 10, 4, 1500);
	cl_stat_hist_sub(&now, &then);
	assert_int_equal(now.count, 4);
	assert_int_equal(now.sum_ns, 6000);
	/* The largest of all was of before. */
	assert_int_equal(now.max_ns, 2047);
	assert_int_equal(cl_stat_quantile(&now, 0.99), 2047);
}

static void words_name_what_figures_are_of(void **state)
{
	assert_int_equal(cl_stat_by("all"), CL_STAT_ALL);
	assert_int_equal(cl_stat_by("cgroup"), CL_STAT_CGROUP);
	assert_int_equal(cl_stat_by("off"), CL_STAT_OFF);
	assert_int_equal(cl_stat_by(""), CL_STAT_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_bounds_of_buckets),
		cmocka_unit_test(the_last_bucket_takes_the_rest),
		cmocka_unit_test(an_interval_is_the_difference),
		cmocka_unit_test(words_name_what_figures_are_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

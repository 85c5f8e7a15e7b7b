// SPDX-License-Identifier: GPL-2.0
#include "model/hist.h"

static unsigned int bucket_of(uint64_t v)
{
	unsigned int log;

	if (v < 8)
		return v;
	log = 63 - __builtin_clzll(v);
	return (log - 2) * 8 + ((v >> (log - 3)) & 7);
}

/* The largest value of a bucket. */
static uint64_t bucket_top(unsigned int b)
{
	unsigned int shift;

	if (b < 8)
		return b;
	shift = b / 8 - 1;
	return ((uint64_t)(8 + b % 8) << shift) + (((uint64_t)1 << shift) - 1);
}

void cl_hist_add(struct cl_hist *h, uint64_t v)
{
	cl_hist_add_many(h, v, 1);
}

void cl_hist_add_many(struct cl_hist *h, uint64_t v, uint64_t times)
{
	h->bucket[bucket_of(v)] += times;
	h->nr += times;
	if (times && v > h->max)
		h->max = v;
}

void cl_hist_merge(struct cl_hist *h, const struct cl_hist *other)
{
	unsigned int b;

	for (b = 0; b < CL_HIST_BUCKETS; b++)
		h->bucket[b] += other->bucket[b];
	h->nr += other->nr;
	if (other->max > h->max)
		h->max = other->max;
}

uint64_t cl_hist_quantile(const struct cl_hist *h, double share)
{
	uint64_t want = share * h->nr, sum = 0;
	unsigned int b;

	/* The smallest rank that is not below the share: ceil without libm. */
	if (want < share * h->nr || !want)
		want++;
	for (b = 0; b < CL_HIST_BUCKETS; b++) {
		sum += h->bucket[b];
		if (sum >= want)
			return bucket_top(b) < h->max ? bucket_top(b) : h->max;
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A histogram of times: each power of two in eight equal parts, so a quantile
 * is never more than an eighth too high, in constant memory.
 */
#ifndef CONVLIST_HIST_H
#define CONVLIST_HIST_H

#include <stdint.h>

#define CL_HIST_BUCKETS (62 * 8)

struct cl_hist {
	uint64_t nr, max;
	uint64_t bucket[CL_HIST_BUCKETS];
};

void cl_hist_add(struct cl_hist *h, uint64_t v);
void cl_hist_add_many(struct cl_hist *h, uint64_t v, uint64_t times);
void cl_hist_merge(struct cl_hist *h, const struct cl_hist *other);
/* The least bound below which this share (0 to 1) of the values lies; 0: empty. */
uint64_t cl_hist_quantile(const struct cl_hist *h, double share);

#endif

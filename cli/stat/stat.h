/* SPDX-License-Identifier: GPL-2.0 */
/* Statistics as the kernel side keeps them: read, set off against the last reading, printed. */
#ifndef CONVLIST_CLI_STAT_H
#define CONVLIST_CLI_STAT_H

#include <stdint.h>

#include "source/source.h"

struct cl_out;
struct cl_stat;

/* CL_STAT_OFF: no such word. */
enum cl_stat_by cl_stat_by(const char *word);

struct cl_stat *cl_stat_new(enum cl_stat_by by);	/* NULL: out of memory */
void cl_stat_free(struct cl_stat *s);

/* What comes by the ring: names of inodes, failures (warned of), losses. */
void cl_stat_record(struct cl_stat *s, const void *record, size_t len);

/* 0 or a negative errno. */
int cl_stat_read(struct cl_stat *s, struct cl_source *src);

/* What came between the last reading and the one before. */
void cl_stat_print(struct cl_stat *s, struct cl_out *out, uint64_t now_ns, uint64_t interval_ns,
		   bool histogram);

/* The upper bound of the bucket that has this share's value; 0: empty. */
uint64_t cl_stat_quantile(const struct cl_stat_hist *h, double share);
void cl_stat_hist_sub(struct cl_stat_hist *h, const struct cl_stat_hist *earlier);

#endif

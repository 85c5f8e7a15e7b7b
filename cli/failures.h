/* SPDX-License-Identifier: GPL-2.0 */
/* Conversions that failed: data that may be lost is told at once, whatever was asked for. */
#ifndef CONVLIST_FAILURES_H
#define CONVLIST_FAILURES_H

#include <stddef.h>
#include <stdint.h>

struct cl_failure_path;

struct cl_failures {
	struct cl_failure_path *path;	/* of files seen lately; NULL: of none yet */
	uint64_t nr;
};

/* Looks at any record; of a conversion that failed it tells on stderr. */
void cl_failures_record(struct cl_failures *f, const void *record, size_t len);
/* Tells how many more there were than it has told of, and frees. */
void cl_failures_end(struct cl_failures *f);

#endif

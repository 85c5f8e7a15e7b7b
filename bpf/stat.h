/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the hooks keep for `stat` in place of reporting facts: histograms and
 * counters, read from user space. Never recorded, so these may change.
 */
#ifndef CONVLIST_STAT_H
#define CONVLIST_STAT_H

#include "event.h"

enum cl_stat_by {
	CL_STAT_OFF = 0,	/* facts, no statistics */
	CL_STAT_ALL = 1,
	CL_STAT_DEVICE = 2,
	CL_STAT_INODE = 3,
	CL_STAT_COMM = 4,
	CL_STAT_CGROUP = 5,
	CL_STAT_BYS
};

enum cl_stat_stage {
	CL_STAT_STAGE_IO = 0,		/* mapped to data done */
	CL_STAT_STAGE_CONVERT_WAIT = 1,	/* data done to its conversion's begin */
	CL_STAT_STAGE_CONVERT = 2,
	CL_STAT_STAGE_AFTER_CONVERT = 3,	/* converted to visible, where it is in this order */
	CL_STAT_STAGE_VISIBLE = 4,		/* data done to visible */
	CL_STAT_STAGE_DURABLE = 5,		/* visible to the return of the fsync that covers it */
	CL_STAT_STAGE_FSYNC = 6,
	CL_STAT_STAGE_FSYNC_PENDING = 7,	/* in it: the flush of the inode's list */
	CL_STAT_STAGE_FSYNC_DATA = 8,	/* ... pages written and waited for */
	CL_STAT_STAGE_FSYNC_COMMIT = 9,	/* ... the journal's commit */
	CL_STAT_STAGE_FSYNC_FLUSH = 10,	/* ... the device's flush, where fsync asks for it itself */
	CL_STAT_STAGES
};

enum cl_stat_counter {
	CL_COUNT_WRITES = 0,
	CL_COUNT_BYTES = 1,
	CL_COUNT_COMPLETED = 2,
	CL_COUNT_LISTED = 3,
	CL_COUNT_CONVERTED = 4,
	CL_COUNT_CONVERT_ERRORS = 5,
	CL_COUNT_FSYNCS = 6,
	CL_COUNT_FSYNC_ERRORS = 7,
	CL_COUNT_UNFOLLOWED = 8,	/* visible, but too many to follow until durable */
	CL_COUNTERS
};

/* Whose figures these are; what enum cl_stat_by does not ask for is 0. */
struct cl_stat_who {
	__u64 id;		/* inode number, or cgroup */
	__u32 dev;
	__u32 generation;
	char comm[CL_COMM_LEN];
};

/* Bucket b: at least 2^b ns and less than 2^(b+1); the first and the last take the rest. */
#define CL_STAT_BUCKETS 40

struct cl_stat_hist {
	__u64 count;
	__u64 sum_ns;
	__u64 max_ns;
	__u64 bucket[CL_STAT_BUCKETS];
};

struct cl_stat_counts {
	__u64 of[CL_COUNTERS];
};

/* All of one cl_stat_who. */
struct cl_stat_figures {
	struct cl_stat_counts counts;
	struct cl_stat_hist hist[CL_STAT_STAGES];
};

#endif

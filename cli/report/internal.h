/* SPDX-License-Identifier: GPL-2.0 */
/* What gathering and printing a report share. */
#ifndef CONVLIST_REPORT_INTERNAL_H
#define CONVLIST_REPORT_INTERNAL_H

#include "model/model.h"
#include "report/report.h"

#define CL_REPORT_INODES_MAX 4096	/* told apart; all others are counted together */

enum cl_stage {
	CL_STAGE_IO,
	CL_STAGE_LISTED,
	CL_STAGE_VISIBLE,
	CL_STAGE_CONVERT_WAIT,
	CL_STAGE_CONVERT,
	CL_STAGE_COMMIT,
	CL_STAGE_DURABLE,
	CL_STAGE_FSYNC,
	CL_STAGE_FLUSH,
	CL_STAGE_WORK,
	CL_STAGES
};

struct cl_report_inode {
	struct cl_hash_node by_key;
	uint64_t ino;
	uint32_t dev, generation;
	char *path;
	uint64_t writes, bytes, fsyncs, fsync_errors, convert_errors, unfinished;
	struct cl_hist visible, converted, fsync;
};

struct cl_slow_write {
	uint64_t took_ns;		/* the first member: make_room() */
	struct cl_report_inode *inode;
	struct cl_write w;	/* its pointers are not to be followed */
};

struct cl_slow_fsync {
	uint64_t took_ns;		/* the first member: make_room() */
	struct cl_report_inode *inode;
	size_t writes;
	struct cl_fsync f;	/* its pointers are not to be followed */
};

struct cl_report {
	struct cl_sink sink;
	size_t top;
	struct cl_hist stage[CL_STAGES];
	struct cl_hash inodes;
	struct cl_report_inode others;		/* than the first CL_REPORT_INODES_MAX */
	uint64_t nr_others;		/* records, not inodes */
	struct cl_slow_write *write;	/* the slowest first */
	struct cl_slow_fsync *fsync;
	size_t nr_writes, nr_fsyncs;
};

#endif

// SPDX-License-Identifier: GPL-2.0
/* The parts of an fsync, for `stat`: what the task that is in one waits for. */
#include "stat.bpf.h"

#define STAGE_PROGRAM(section, kind, fn, does, stage) \
	SEC(section "/" #fn) \
	int fn##__##kind(void *ctx) \
	{ \
		does(stage); \
		return 0; \
	}

#define STAGE(fn, stage) \
	STAGE_PROGRAM("fentry", fentry, fn, cl_stat_stage_begin, stage) \
	STAGE_PROGRAM("fexit", fexit, fn, cl_stat_stage_end, stage) \
	STAGE_PROGRAM("kprobe", kprobe, fn, cl_stat_stage_begin, stage) \
	STAGE_PROGRAM("kretprobe", kretprobe, fn, cl_stat_stage_end, stage)

STAGE(file_write_and_wait_range, CL_STAT_STAGE_FSYNC_DATA)
/* Of the journal, by a fast commit or a full one; before there were fast ones, the second. */
STAGE(ext4_fc_commit, CL_STAT_STAGE_FSYNC_COMMIT)
STAGE(jbd2_complete_transaction, CL_STAT_STAGE_FSYNC_COMMIT)

// SPDX-License-Identifier: GPL-2.0
/* The parts of an fsync, for `stat`: what the task that is in one waits for. */
#include "stat.bpf.h"

static __always_inline void stage_begin(__u32 stage)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct cl_fsync *fsync = bpf_map_lookup_elem(&cl_fsyncs, &task);

	if (fsync)
		fsync->stage_ns[stage - CL_STAT_STAGE_FSYNC_DATA] = bpf_ktime_get_ns();
}

static __always_inline void stage_end(__u32 stage)
{
	__u64 task = bpf_get_current_pid_tgid(), begin_ns;
	struct cl_fsync *fsync = bpf_map_lookup_elem(&cl_fsyncs, &task);
	struct cl_stat_who who;

	if (!fsync)
		return;
	begin_ns = fsync->stage_ns[stage - CL_STAT_STAGE_FSYNC_DATA];
	who = fsync->who;
	fsync->stage_ns[stage - CL_STAT_STAGE_FSYNC_DATA] = 0;
	if (begin_ns)
		cl_stat_add(&who, stage, cl_stat_since(begin_ns, bpf_ktime_get_ns()));
}

#define STAGE_PROGRAM(section, kind, fn, does, stage) \
	SEC(section "/" #fn) \
	int fn##__##kind(void *ctx) \
	{ \
		does(stage); \
		return 0; \
	}

#define STAGE(fn, stage) \
	STAGE_PROGRAM("fentry", fentry, fn, stage_begin, stage) \
	STAGE_PROGRAM("fexit", fexit, fn, stage_end, stage) \
	STAGE_PROGRAM("kprobe", kprobe, fn, stage_begin, stage) \
	STAGE_PROGRAM("kretprobe", kretprobe, fn, stage_end, stage)

STAGE(file_write_and_wait_range, CL_STAT_STAGE_FSYNC_DATA)
/* Of the journal, by a fast commit or a full one; before there were fast ones, the second. */
STAGE(ext4_fc_commit, CL_STAT_STAGE_FSYNC_COMMIT)
STAGE(jbd2_complete_transaction, CL_STAT_STAGE_FSYNC_COMMIT)
STAGE(blkdev_issue_flush, CL_STAT_STAGE_FSYNC_FLUSH)

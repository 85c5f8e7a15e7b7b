// SPDX-License-Identifier: GPL-2.0
/*
 * What a device is told to do about its cache: by a call that waits for it, or along
 * with a block of the journal, such as the record of a commit. Of ext4 and jbd2 there
 * is no other way.
 */
#include "stat.bpf.h"

static __always_inline bool device_wanted(struct block_device *bdev, struct cl_inode_id *id)
{
	id->dev = BPF_CORE_READ(bdev, bd_dev);
	return cl_filter_kind(&cl_cfg, CL_EV_DEVICE_FLUSH) && cl_filter_dev(&cl_cfg, id->dev);
}

static __always_inline void told(const struct cl_inode_id *id, __u64 flush_id, __u64 begin_ns,
				 int error, enum cl_flush_by by)
{
	struct cl_ev_device_flush *f = cl_reserve(CL_EV_DEVICE_FLUSH, sizeof(*f), id);

	if (!f)
		return;
	f->flush_id = flush_id;
	f->begin_ns = begin_ns ?: f->e.ts_ns;
	f->error = error;
	f->by = by;
	cl_submit(f);
}

static __always_inline void call_begin(struct block_device *bdev)
{
	struct cl_inode_id id = {};

	if (cl_stat_by)
		cl_stat_stage_begin(CL_STAT_STAGE_FSYNC_FLUSH);
	else if (device_wanted(bdev, &id))
		cl_call_begin(CL_CALL_DEVICE_FLUSH, id.dev, cl_new_id(), 0);
}

static __always_inline void call_end(int ret)
{
	struct cl_inode_id id = {};
	struct cl_call *call;

	if (cl_stat_by) {
		cl_stat_stage_end(CL_STAT_STAGE_FSYNC_FLUSH);
		return;
	}
	call = cl_call_end(CL_CALL_DEVICE_FLUSH);
	if (!call)
		return;
	id.dev = call->arg[0];
	told(&id, call->arg[1], call->begin_ns, ret < 0 ? ret : 0, CL_FLUSH_BY_CALL);
}

SEC("fentry/blkdev_issue_flush")
int BPF_PROG(blkdev_issue_flush__fentry, struct block_device *bdev)
{
	call_begin(bdev);
	return 0;
}

SEC("fexit/blkdev_issue_flush")
int BPF_PROG(blkdev_issue_flush__fexit, struct block_device *bdev, int ret)
{
	call_end(ret);
	return 0;
}

SEC("kprobe/blkdev_issue_flush")
int BPF_KPROBE(blkdev_issue_flush__kprobe, struct block_device *bdev)
{
	call_begin(bdev);
	return 0;
}

SEC("kretprobe/blkdev_issue_flush")
int BPF_KRETPROBE(blkdev_issue_flush__kretprobe, int ret)
{
	call_end(ret);
	return 0;
}

/*
 * The device empties its cache before it writes the block. That this is over is
 * what the journal waits for before it calls the transaction committed.
 */
static __always_inline void submitted(__u32 opf, struct buffer_head *bh)
{
	struct cl_inode_id id = {};

	if (cl_stat_by || !(opf & 1U << bpf_core_enum_value(enum req_flag_bits, __REQ_PREFLUSH)))
		return;
	if (device_wanted(BPF_CORE_READ(bh, b_bdev), &id))
		told(&id, cl_new_id(), 0, 0, CL_FLUSH_BY_JOURNAL);
}

SEC("fentry/submit_bh")
int BPF_PROG(submit_bh__fentry, __u32 opf, struct buffer_head *bh)
{
	submitted(opf, bh);
	return 0;
}

SEC("kprobe/submit_bh")
int BPF_KPROBE(submit_bh__kprobe, __u32 opf, struct buffer_head *bh)
{
	submitted(opf, bh);
	return 0;
}

/* Its successor, with the arguments the other way round. */
SEC("fentry/bh_submit")
int BPF_PROG(bh_submit__fentry, struct buffer_head *bh, __u32 opf)
{
	submitted(opf, bh);
	return 0;
}

SEC("kprobe/bh_submit")
int BPF_KPROBE(bh_submit__kprobe, struct buffer_head *bh, __u32 opf)
{
	submitted(opf, bh);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks that ext4 overwrites with zeros by itself: in place of a split of their
 * extent when there is no room for one, or because the rest is not worth a split.
 * All of it goes through the one function, whatever its callers are called.
 */
#include "emit.bpf.h"

static __always_inline void zeroout_begin(struct inode *inode, __u32 lblk, __u32 len)
{
	struct cl_call *call;
	struct cl_inode_id id;

	if (cl_stat_by)
		return;
	cl_identify(inode, &id);
	if (!cl_inode_wanted(&id))
		return;
	call = cl_call_begin(CL_CALL_ZEROOUT, (__u64)inode, (__u64)lblk << 32 | len, cl_new_id());
	if (call)
		call->id = id;
}

static __always_inline void zeroout_end(int ret)
{
	struct cl_call *call = cl_call_end(CL_CALL_ZEROOUT), *conversion;
	struct cl_ev_zeroout *z;
	struct inode *inode;
	__u8 bits;

	if (!call)
		return;
	z = cl_reserve(CL_EV_ZEROOUT, sizeof(*z), &call->id);
	if (!z)
		return;
	inode = (void *)call->arg[0];
	bits = BPF_CORE_READ(inode, i_blkbits);
	z->zeroout_id = call->arg[2];
	z->offset_bytes = call->arg[1] >> 32 << bits;
	z->size_bytes = (call->arg[1] & 0xffffffff) << bits;
	z->begin_ns = call->begin_ns;
	z->error = ret < 0 ? ret : 0;
	z->pad = 0;
	conversion = cl_call_find(CL_CALL_CONVERT);
	z->for_offset_bytes = conversion ? conversion->arg[1] : 0;
	z->for_size_bytes = conversion ? conversion->arg[2] : 0;
	cl_submit(z);
}

SEC("fentry/ext4_issue_zeroout")
int BPF_PROG(ext4_issue_zeroout__fentry, struct inode *inode, __u32 lblk, __u64 pblk, __u32 len)
{
	zeroout_begin(inode, lblk, len);
	return 0;
}

SEC("fexit/ext4_issue_zeroout")
int BPF_PROG(ext4_issue_zeroout__fexit, struct inode *inode, __u32 lblk, __u64 pblk, __u32 len,
	     int ret)
{
	zeroout_end(ret);
	return 0;
}

SEC("kprobe/ext4_issue_zeroout")
int BPF_KPROBE(ext4_issue_zeroout__kprobe, struct inode *inode, __u32 lblk, __u64 pblk, __u32 len)
{
	zeroout_begin(inode, lblk, len);
	return 0;
}

SEC("kretprobe/ext4_issue_zeroout")
int BPF_KRETPROBE(ext4_issue_zeroout__kretprobe, int ret)
{
	zeroout_end(ret);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks that are taken off an inode while writes wait on its list: series only, where
 * whoever takes blocks off waits for these, so that it never happens.
 */
#include "emit.bpf.h"

SEC("tp_btf/ext4_ext_remove_space")
int BPF_PROG(ext4_ext_remove_space__tp, struct inode *inode, __u32 start, __u32 end)
{
	struct cl_inode_id id;
	struct cl_ev_remove *r;
	__u32 pending;
	__u8 bits;

	if (!inode || cl_stat_by)
		return 0;
	pending = aio_dio_pending(inode);
	if (!pending)
		return 0;
	cl_identify(inode, &id);
	if (!cl_inode_wanted(&id))
		return 0;
	r = cl_reserve(CL_EV_REMOVE, sizeof(*r), &id);
	if (!r)
		return 0;
	bits = BPF_CORE_READ(inode, i_blkbits);
	r->offset_bytes = (__u64)start << bits;
	/* The last block is part of it. */
	r->size_bytes = ((__u64)end - start + 1) << bits;
	r->pending = pending;
	r->pad = 0;
	cl_submit(r);
	return 0;
}

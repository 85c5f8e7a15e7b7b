/* SPDX-License-Identifier: GPL-2.0 */
/* How a conversion is told, whoever converts. */
#ifndef CONVLIST_CONVERT_BPF_H
#define CONVLIST_CONVERT_BPF_H

#include "stat.bpf.h"

struct conversion {
	__s64 offset_bytes;
	__u64 size_bytes;
	__u64 begin_ns;
	__s32 error;
	__u32 journal_tid;
	__u32 has_tid;
	__u32 why;
	__u32 entries;
	__u32 flags;
};

static __always_inline void tell_conversion(const struct cl_inode_id *id,
					    const struct conversion *is)
{
	struct cl_ev_convert *c;

	/* Failures are told whatever was asked for. */
	if (cl_stat_by && !is->error)
		return;
	c = cl_reserve(CL_EV_CONVERT, sizeof(*c), id);
	if (!c)
		return;
	c->e.flags = is->flags;
	c->offset_bytes = is->offset_bytes;
	c->size_bytes = is->size_bytes;
	c->begin_ns = is->begin_ns;
	c->error = is->error;
	c->journal_tid = is->journal_tid;
	c->has_tid = is->has_tid;
	c->why = is->why;
	c->entries = is->entries;
	c->pad = 0;
	cl_submit(c);
}

/*
 * The tid is that of the handle under which the extents were handled. Should
 * that not have been seen (0), i_datasync_tid stands in, which another writer may
 * have moved on meanwhile: the true tid is that one or an earlier one.
 */
static __always_inline void conversion_tid(struct inode *inode, __u32 seen, struct conversion *is)
{
	is->journal_tid = seen;
	is->has_tid = seen != 0;
	if (!is->has_tid && !is->error && journal_of(inode)) {
		is->journal_tid = BPF_CORE_READ(ext4_inode(inode), i_datasync_tid);
		is->has_tid = 1;
		is->flags = CL_F_INFERRED;
	}
}

#endif

// SPDX-License-Identifier: GPL-2.0
/* The conversion work of an inode: series only. */
#include "emit.bpf.h"

static __always_inline void work_begin(struct work_struct *work)
{
	struct inode *inode = aio_dio_work_inode(work);
	struct cl_inode_id id;

	if (!inode || cl_stat_by)
		return;
	cl_identify(inode, &id);
	if (cl_inode_wanted(&id))
		cl_call_begin(CL_CALL_WORK, id.ino, (__u64)id.dev << 32 | id.generation, 0);
}

/* The work's last act may have been to let the inode go: only what was noted is used. */
static __always_inline void work_end(void)
{
	struct cl_inode_id id;
	struct cl_ev_work *w;
	struct cl_call call;

	if (!cl_call_end(CL_CALL_WORK, &call))
		return;
	id.ino = call.arg[0];
	id.dev = call.arg[1] >> 32;
	id.generation = (__u32)call.arg[1];
	w = cl_reserve(CL_EV_WORK, sizeof(*w), &id);
	if (!w)
		return;
	w->begin_ns = call.begin_ns;
	cl_submit(w);
}

SEC("fentry/ext4_end_aio_dio_work")
int BPF_PROG(ext4_end_aio_dio_work__fentry, struct work_struct *work)
{
	work_begin(work);
	return 0;
}

SEC("fexit/ext4_end_aio_dio_work")
int BPF_PROG(ext4_end_aio_dio_work__fexit)
{
	work_end();
	return 0;
}

SEC("kprobe/ext4_end_aio_dio_work")
int BPF_KPROBE(ext4_end_aio_dio_work__kprobe, struct work_struct *work)
{
	work_begin(work);
	return 0;
}

SEC("kretprobe/ext4_end_aio_dio_work")
int BPF_KRETPROBE(ext4_end_aio_dio_work__kretprobe)
{
	work_end();
	return 0;
}

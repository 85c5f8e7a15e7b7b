// SPDX-License-Identifier: GPL-2.0
/* The conversion work of an inode: series only. */
#include "emit.bpf.h"

static __always_inline void work_begin(struct work_struct *work)
{
	struct inode *inode = aio_dio_work_inode(work);
	struct cl_call *call;
	struct cl_inode_id id;

	if (!inode || cl_stat_by)
		return;
	cl_identify(inode, &id);
	if (!cl_inode_wanted(&id))
		return;
	call = cl_call_begin(CL_CALL_WORK, 0, 0, 0);
	if (call)
		call->id = id;
}

/* The work's last act may have been to let the inode go: only what was noted is used. */
static __always_inline void work_end(void)
{
	struct cl_call *call = cl_call_end(CL_CALL_WORK);
	struct cl_ev_work *w;

	if (!call)
		return;
	w = cl_reserve(CL_EV_WORK, sizeof(*w), &call->id);
	if (!w)
		return;
	w->begin_ns = call->begin_ns;
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

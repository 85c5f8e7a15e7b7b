// SPDX-License-Identifier: GPL-2.0
/*
 * When the program can see that a write is complete. A kiocb that is not in
 * the table of writes in flight costs one look-up.
 */
#include "stat.bpf.h"

static __always_inline void completed(const struct cl_inflight *write, __s64 result,
				      enum cl_completion_via via)
{
	for (__u32 i = 0; i < CL_WRITES_PER_IOCB; i++) {
		struct cl_ev_completion *c;

		if (i >= write->writes)
			break;
		if (cl_stat_by) {
			cl_stat_seen(write->inode, write->start_bytes[i], result);
			continue;
		}
		c = cl_reserve(CL_EV_COMPLETION, sizeof(*c), &write->id);
		if (!c)
			continue;
		c->write_id = write->write_id[i];
		c->result = result;
		c->via = via;
		c->pad = 0;
		/* The record has its place already: a read with a later id comes after it. */
		c->visible_id = cl_reads ? cl_new_id() : 0;
		cl_submit(c);
	}
}

/* Takes the write away: from here on its kiocb may serve another one. */
static __always_inline bool untrack(__u64 iocb, struct cl_inflight *write)
{
	struct cl_inflight *found;

	if (!cl_tracked)
		return false;
	found = bpf_map_lookup_elem(&cl_inflight, &iocb);
	if (!found)
		return false;
	*write = *found;
	if (!bpf_map_delete_elem(&cl_inflight, &iocb))
		__sync_fetch_and_add(&cl_tracked, -1);
	return true;
}

/*
 * Where completions are kept until they have returned. What runs in an interrupt stays on
 * its CPU until the end, and finds the task's storage either from the first or never.
 */
static __always_inline struct cl_completions *completions(void)
{
	struct cl_task *task = cl_task();
	__u32 zero = 0;

	return task ? &task->completions : bpf_map_lookup_elem(&cl_interrupted, &zero);
}

/* iocb 0: one that is free. NULL: there is none. */
static __always_inline struct cl_completing *completing_of(struct cl_completions *began,
							   __u64 iocb)
{
	for (int i = 0; i < CL_COMPLETING; i++)
		if (began->of[i].iocb == iocb)
			return &began->of[i];
	return NULL;
}

/*
 * libaio. The event is in the ring only when the function returns, and by then
 * the kiocb is free and may even be in use again: so the write is taken out of
 * the table at the entry, and reported at the return.
 *
 * Reads complete in interrupts, and with the series writes as well, which may come
 * while this runs for a write; the kernel then skips the program (recursion_misses).
 * For a read that is of no interest. Where there are such writes, each program has a
 * twin, which is not running then. Should a write be skipped all the same, it is left in
 * a table: that is noticed by the next write of the kiocb, or at the end (attach.c).
 */
static __always_inline bool aio_begin(struct kiocb *iocb, __s64 pos, long res)
{
	struct cl_completing *completing;
	struct cl_completions *began;
	struct cl_inflight write;

	if (!untrack((__u64)iocb, &write))
		return false;
	began = completions();
	completing = began ? completing_of(began, (__u64)iocb) : NULL;
	/* The end of its last one was skipped. */
	if (completing) {
		cl_count_lost(CL_LOST_MISSED);
		__sync_fetch_and_add(&cl_completing, -1);
		completing->iocb = 0;
	}
	completing = began ? completing_of(began, 0) : NULL;
	/* iomap has moved ki_pos behind what was written: else it is another write's. */
	if (!completing || (res > 0 && pos != write.end_bytes)) {
		cl_count_lost(CL_LOST_MISSED);
		return false;
	}
	__sync_fetch_and_add(&cl_completing, 1);
	completing->iocb = (__u64)iocb;
	completing->result = res;
	completing->nested = 0;
	completing->write = write;
	return true;
}

static __always_inline void aio_end(struct cl_completing *completing)
{
	completed(&completing->write, completing->result, CL_VIA_LIBAIO);
	completing->iocb = 0;
	__sync_fetch_and_add(&cl_completing, -1);
}

/*
 * The kiocb's own, if it is of a write that is followed. One whose end was skipped stays
 * where it is: it is noticed by cl_completing.
 */
static __always_inline void aio_returned(struct kiocb *iocb)
{
	struct cl_completions *began = cl_completing ? completions() : NULL;
	struct cl_completing *completing = began ? completing_of(began, (__u64)iocb) : NULL;

	if (completing)
		aio_end(completing);
}

SEC("fentry/aio_complete_rw")
int BPF_PROG(aio_complete_rw__fentry, struct kiocb *iocb, long res)
{
	aio_begin(iocb, iocb->ki_pos, res);
	return 0;
}

SEC("fentry/aio_complete_rw")
int BPF_PROG(aio_complete_rw__fentry_twin, struct kiocb *iocb, long res)
{
	aio_begin(iocb, iocb->ki_pos, res);
	return 0;
}

SEC("fexit/aio_complete_rw")
int BPF_PROG(aio_complete_rw__fexit, struct kiocb *iocb, long res)
{
	aio_returned(iocb);
	return 0;
}

SEC("fexit/aio_complete_rw")
int BPF_PROG(aio_complete_rw__fexit_twin, struct kiocb *iocb, long res)
{
	aio_returned(iocb);
	return 0;
}

/*
 * The return probe is not told of which kiocb it is. It is that of the last one which
 * began, unless that was one that is not followed: those are counted.
 */
static __always_inline struct cl_completing *last_completing(void)
{
	struct cl_completions *began = cl_completing ? completions() : NULL;

	for (int i = CL_COMPLETING - 1; began && i >= 0; i--)
		if (began->of[i].iocb)
			return &began->of[i];
	return NULL;
}

SEC("kprobe/aio_complete_rw")
int BPF_KPROBE(aio_complete_rw__kprobe, struct kiocb *iocb, long res)
{
	struct cl_completing *outer;

	if (aio_begin(iocb, BPF_CORE_READ(iocb, ki_pos), res))
		return 0;
	outer = last_completing();
	if (outer)
		outer->nested++;
	return 0;
}

SEC("kretprobe/aio_complete_rw")
int BPF_KRETPROBE(aio_complete_rw__kretprobe)
{
	struct cl_completing *last = last_completing();

	if (!last)
		return 0;
	if (last->nested)
		last->nested--;
	else
		aio_end(last);
	return 0;
}

/* io_uring. A request's kiocb is its first member. */
static __always_inline void cqe_filled_in(void *req, __s32 res)
{
	struct cl_inflight write;

	if (untrack((__u64)req, &write))
		completed(&write, res, CL_VIA_IO_URING);
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(io_uring_complete__tp, void *ctx_, void *req, __u64 user_data, int res)
{
	cqe_filled_in(req, res);
	return 0;
}

/* Later kernels hand over the CQE itself. */
SEC("tp_btf/io_uring_complete")
int BPF_PROG(io_uring_complete__tp_cqe, void *ctx_, void *req, struct io_uring_cqe *cqe)
{
	cqe_filled_in(req, BPF_CORE_READ(cqe, res));
	return 0;
}

/*
 * By way of perf, as others below a name that ends like this: later kernels run raw
 * tracepoints with preemption on, but not perf's.
 */
SEC("tp/io_uring/io_uring_complete")
int io_uring_complete__tp_perf(struct trace_event_raw_io_uring_complete *event)
{
	cqe_filled_in(event->req, event->res);
	return 0;
}

/* Synchronous writes: the kiocb is on the stack of the caller. */
static __always_inline void returned(__u64 iocb, long ret)
{
	struct cl_inflight write;

	if (ret != -CL_EIOCBQUEUED && untrack(iocb, &write))
		completed(&write, ret, CL_VIA_SYNC);
}

/* Of any sort, buffered ones and overwrites as well. */
static __always_inline void written_again(struct kiocb *iocb)
{
	struct cl_inode_id id;
	struct inode *inode;
	struct cl_event *e;
	__u64 key;

	if (!cl_fsyncs_failed)
		return;
	inode = kiocb_inode(iocb);
	key = (__u64)inode;
	if (bpf_map_delete_elem(&cl_failed, &key))
		return;
	cl_identify(inode, &id);
	e = cl_reserve(CL_EV_REWRITE, sizeof(*e), &id);
	if (e)
		cl_submit(e);
}

SEC("fexit/ext4_file_write_iter")
int BPF_PROG(ext4_file_write_iter__fexit, struct kiocb *iocb, struct iov_iter *from, long ret)
{
	written_again(iocb);
	if (!iocb->ki_complete)
		returned((__u64)iocb, ret);
	return 0;
}

SEC("kprobe/ext4_file_write_iter")
int BPF_KPROBE(ext4_file_write_iter__kprobe, struct kiocb *iocb)
{
	written_again(iocb);
	if (!BPF_CORE_READ(iocb, ki_complete))
		cl_call_begin(CL_CALL_WRITE_ITER, (__u64)iocb, 0, 0);
	return 0;
}

SEC("kretprobe/ext4_file_write_iter")
int BPF_KRETPROBE(ext4_file_write_iter__kretprobe, long ret)
{
	struct cl_call *call = cl_call_end(CL_CALL_WRITE_ITER);

	if (call)
		returned(call->arg[0], ret);
	return 0;
}

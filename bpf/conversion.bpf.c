// SPDX-License-Identifier: GPL-2.0
/*
 * Conversions of direct writes' ranges, and the two things that the series adds
 * around them: the flush of an inode's list, and the work.
 */
#include "convert.bpf.h"

static __always_inline void converted(struct inode *inode, const struct cl_inode_id *id,
				      const struct conversion *is)
{
	if (cl_stat_by)
		cl_stat_converted(inode, is->offset_bytes, is->size_bytes, is->begin_ns, is->error);
	tell_conversion(id, is);
}

/* A write's own conversion, before it completes: was the write told of? */
static __always_inline void check_announced(struct inode *inode, __s64 offset_bytes)
{
	struct cl_submitter_key key = { .inode = (__u64)inode, .offset_bytes = offset_bytes };
	struct cl_submitter *who;
	struct cl_inode_id id;

	cl_identify(inode, &id);
	if (!cl_inode_wanted(&id))
		return;
	who = bpf_map_lookup_elem(&cl_submitters, &key);
	if (!who || !who->announced)
		__sync_fetch_and_add(&cl_unannounced, 1);
}

SEC("tp_btf/ext4_aio_dio_convert_begin")
int BPF_PROG(ext4_aio_dio_convert_begin__tp, struct inode *inode, long long offset, long size,
	     unsigned int entries, int why)
{
	/* The inode never is NULL; but ext4 may be a module, and the verifier asks. */
	if (inode && why == CL_WHY_COMPLETION)
		check_announced(inode, offset);
	cl_call_begin(CL_CALL_CONVERT, (__u64)inode, 0, 0);
	return 0;
}

SEC("tp_btf/ext4_aio_dio_convert_end")
int BPF_PROG(ext4_aio_dio_convert_end__tp, struct inode *inode, long long offset, long size,
	     unsigned int entries, int why, int error, unsigned int tid)
{
	struct conversion is = {
		.offset_bytes = offset,
		.size_bytes = size,
		.error = error,
		.journal_tid = tid,
		.has_tid = tid != 0,
		.why = why,
		.entries = entries,
	};
	struct cl_inode_id id;
	struct cl_call *call;

	if (!inode)	/* never; but ext4 may be a module, and the verifier asks */
		return 0;
	call = cl_call_end(CL_CALL_CONVERT);
	if (call && call->arg[0] == (__u64)inode) {
		is.begin_ns = call->begin_ns;
		/* The last handle, whose tid we are told, may have found written extents only. */
		if (call->arg[3])
			is.journal_tid = call->arg[3];
	}
	cl_identify(inode, &id);
	if (cl_inode_wanted(&id))
		converted(inode, &id, &is);
	return 0;
}

/*
 * Without the tracepoints: the function that converts. Buffered writeback uses
 * it as well, always through ext4_convert_unwritten_io_end_vec; what happens
 * inside of that is not about direct writes.
 */
static __always_inline void convert_begin(struct inode *inode, __s64 offset_bytes, __u64 size_bytes)
{
	struct cl_task *task = cl_task_counted();
	struct cl_call *write, *call;
	struct cl_inode_id id;

	if (cl_call_find_in(task, CL_CALL_BUFFERED))
		return;
	write = cl_call_end_in(task, CL_CALL_DATA_DONE);
	if (write && write->arg[0] == (__u64)inode && write->arg[1] == (__u64)offset_bytes) {
		id = write->id;
	} else {
		cl_identify(inode, &id);
		if (!cl_inode_wanted(&id))
			return;
		__sync_fetch_and_add(&cl_unannounced, 1);
	}
	call = cl_call_begin_in(task, CL_CALL_CONVERT, (__u64)inode, offset_bytes, size_bytes);
	if (call)
		call->id = id;
}

static __always_inline void convert_end(int ret)
{
	struct cl_call *call = cl_call_end(CL_CALL_CONVERT);
	struct conversion is = { .why = CL_WHY_UNKNOWN };
	struct inode *inode;

	if (!call)
		return;
	inode = (void *)call->arg[0];
	is.offset_bytes = call->arg[1];
	is.size_bytes = call->arg[2];
	is.begin_ns = call->begin_ns;
	is.error = ret < 0 ? ret : 0;
	conversion_tid(inode, call->arg[3], &is);
	converted(inode, &call->id, &is);
}

SEC("fentry/ext4_convert_unwritten_extents")
int BPF_PROG(ext4_convert_unwritten_extents__fentry, void *handle, struct inode *inode,
	     long long offset, long len)
{
	convert_begin(inode, offset, len);
	return 0;
}

/* How many arguments it has differs between kernels, and with it the place of the result. */
SEC("fexit/ext4_convert_unwritten_extents")
int ext4_convert_unwritten_extents__fexit(void *ctx)
{
	__u64 ret = 0;

	bpf_get_func_ret(ctx, &ret);
	convert_end((int)ret);
	return 0;
}

SEC("kprobe/ext4_convert_unwritten_extents")
int BPF_KPROBE(ext4_convert_unwritten_extents__kprobe, void *handle, struct inode *inode,
	       long long offset, long len)
{
	convert_begin(inode, offset, len);
	return 0;
}

SEC("kretprobe/ext4_convert_unwritten_extents")
int BPF_KRETPROBE(ext4_convert_unwritten_extents__kretprobe, int ret)
{
	convert_end(ret);
	return 0;
}

/* Writes that must not be torn (RWF_ATOMIC) have a function of their own, where there are such. */
SEC("fentry/ext4_convert_unwritten_extents_atomic")
int BPF_PROG(ext4_convert_unwritten_extents_atomic__fentry, void *handle, struct inode *inode,
	     long long offset, long len)
{
	convert_begin(inode, offset, len);
	return 0;
}

SEC("fexit/ext4_convert_unwritten_extents_atomic")
int ext4_convert_unwritten_extents_atomic__fexit(void *ctx)
{
	__u64 ret = 0;

	bpf_get_func_ret(ctx, &ret);
	convert_end((int)ret);
	return 0;
}

SEC("kprobe/ext4_convert_unwritten_extents_atomic")
int BPF_KPROBE(ext4_convert_unwritten_extents_atomic__kprobe, void *handle, struct inode *inode,
	       long long offset, long len)
{
	convert_begin(inode, offset, len);
	return 0;
}

SEC("kretprobe/ext4_convert_unwritten_extents_atomic")
int BPF_KRETPROBE(ext4_convert_unwritten_extents_atomic__kretprobe, int ret)
{
	convert_end(ret);
	return 0;
}

/* The conversion that this task is in: a direct write's, or buffered writeback's. */
static __always_inline struct cl_call *current_conversion(void)
{
	struct cl_task *task = cl_task_in_calls();
	struct cl_call *call = cl_call_find_in(task, CL_CALL_CONVERT);

	return call ? call : cl_call_find_in(task, CL_CALL_WRITEBACK);
}

/* Fires for unwritten extents alone, in the task that handles them, under its handle. */
SEC("tp_btf/ext4_ext_handle_unwritten_extents")
int BPF_PROG(ext4_ext_handle_unwritten_extents__tp, struct inode *inode)
{
	struct cl_call *call = current_conversion();
	__u32 tid;

	if (call && call->arg[0] == (__u64)inode && current_handle_tid(&tid))
		call->arg[3] = tid;
	return 0;
}

SEC("tp/ext4/ext4_ext_handle_unwritten_extents")
int ext4_ext_handle_unwritten_extents__tp_perf(
	struct trace_event_raw_ext4_ext_handle_unwritten_extents *event)
{
	struct cl_call *call = current_conversion();
	struct inode *inode;
	__u32 tid;

	if (!call)
		return 0;
	inode = (void *)call->arg[0];
	if (BPF_CORE_READ(inode, i_ino) == event->ino && current_handle_tid(&tid))
		call->arg[3] = tid;
	return 0;
}

SEC("fentry/ext4_convert_unwritten_io_end_vec")
int BPF_PROG(ext4_convert_unwritten_io_end_vec__fentry)
{
	cl_call_begin(CL_CALL_BUFFERED, 0, 0, 0);
	return 0;
}

SEC("fexit/ext4_convert_unwritten_io_end_vec")
int BPF_PROG(ext4_convert_unwritten_io_end_vec__fexit)
{
	cl_call_end(CL_CALL_BUFFERED);
	return 0;
}

SEC("kprobe/ext4_convert_unwritten_io_end_vec")
int BPF_KPROBE(ext4_convert_unwritten_io_end_vec__kprobe)
{
	cl_call_begin(CL_CALL_BUFFERED, 0, 0, 0);
	return 0;
}

SEC("kretprobe/ext4_convert_unwritten_io_end_vec")
int BPF_KRETPROBE(ext4_convert_unwritten_io_end_vec__kretprobe)
{
	cl_call_end(CL_CALL_BUFFERED);
	return 0;
}

/* ---- the flush of an inode's list ---- */

static __always_inline void flush_begin(struct inode *inode, int why, __u32 pending)
{
	struct cl_call *call;
	struct cl_inode_id id;

	cl_identify(inode, &id);
	if (!cl_inode_wanted(&id))
		return;
	call = cl_call_begin(CL_CALL_FLUSH, why, pending, 0);
	if (call)
		call->id = id;
}

static __always_inline void flush_counted(__u64 begin_ns)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct cl_fsync *fsync = bpf_map_lookup_elem(&cl_fsyncs, &task);

	if (fsync)
		cl_stat_add(fsync->figures, CL_STAT_STAGE_FSYNC_PENDING,
			    cl_stat_since(begin_ns, bpf_ktime_get_ns()));
}

static __always_inline void flush_end(int error)
{
	struct cl_call *call = cl_call_end(CL_CALL_FLUSH);
	struct cl_ev_flush *f;

	if (!call)
		return;
	if (cl_stat_by) {
		flush_counted(call->begin_ns);
		return;
	}
	f = cl_reserve(CL_EV_FLUSH, sizeof(*f), &call->id);
	if (!f)
		return;
	f->begin_ns = call->begin_ns;
	f->why = call->arg[0];
	f->error = error;
	f->pending = call->arg[1];
	f->pad = 0;
	cl_submit(f);
}

SEC("tp_btf/ext4_aio_dio_flush_begin")
int BPF_PROG(ext4_aio_dio_flush_begin__tp, struct inode *inode, int why, unsigned int pending)
{
	if (inode)
		flush_begin(inode, why, pending);
	return 0;
}

SEC("tp_btf/ext4_aio_dio_flush_end")
int BPF_PROG(ext4_aio_dio_flush_end__tp, struct inode *inode, int why, int error)
{
	flush_end(error);
	return 0;
}

/* The function is called for inodes without entries, too; the tracepoints are not. */
static __always_inline void flush_called(struct inode *inode, int why)
{
	__u32 pending = aio_dio_pending(inode);

	if (pending)
		flush_begin(inode, why, pending);
}

SEC("fentry/flush_aio_dio_completed_IO")
int BPF_PROG(flush_aio_dio_completed_IO__fentry, struct inode *inode, int why)
{
	flush_called(inode, why);
	return 0;
}

SEC("fexit/flush_aio_dio_completed_IO")
int flush_aio_dio_completed_IO__fexit(void *ctx)
{
	__u64 ret = 0;

	bpf_get_func_ret(ctx, &ret);
	flush_end((int)ret);
	return 0;
}

SEC("kprobe/flush_aio_dio_completed_IO")
int BPF_KPROBE(flush_aio_dio_completed_IO__kprobe, struct inode *inode, int why)
{
	flush_called(inode, why);
	return 0;
}

SEC("kretprobe/flush_aio_dio_completed_IO")
int BPF_KRETPROBE(flush_aio_dio_completed_IO__kretprobe, int ret)
{
	flush_end(ret);
	return 0;
}

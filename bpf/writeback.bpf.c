// SPDX-License-Identifier: GPL-2.0
/*
 * Buffered writeback to unwritten extents: when its data is done, and its conversion. An
 * io_end stands for what was sent to the device together, in one or more ranges; the last
 * who puts it leaves it to a work, or converts it at once.
 */
#include "convert.bpf.h"
#include "path.bpf.h"

/* Of an io_end: there is one, or a few of one folio. More: lost. */
#ifdef CL_BASIC
#define RANGES_MAX 16
#else
#define RANGES_MAX 4096
#endif

struct io_end {
	struct ext4_io_end *at;
	struct inode *inode;
	struct cl_inode_id id;
	struct list_head *range;	/* the list's head: none yet */
	struct conversion how;		/* and of which range */
};

/* False: it is not wanted. Who wrote to the pages is not known, so not by task either. */
static __always_inline bool io_end_read(struct ext4_io_end *at, struct io_end *is)
{
	if (cl_filter_by_task(&cl_cfg))
		return false;
	is->at = at;
	is->inode = BPF_CORE_READ(at, inode);
	cl_identify(is->inode, &is->id);
	return cl_inode_wanted(&is->id);
}

static __always_inline struct list_head *ranges_of(const struct io_end *is)
{
	return (void *)is->at + bpf_core_field_offset(struct ext4_io_end, list_vec);
}

/*
 * Goes on to the next range; false: there is none. The io_end is the current task's, so that
 * the list does not change. Verifiers before 6.7 look at the first round of bpf_loop alone, and
 * leave out what cannot happen in it: so nothing here may hang on what is constant there.
 */
static __always_inline bool next_range(struct io_end *is)
{
	struct list_head *prev = is->range, *next = BPF_CORE_READ(prev, next);
	struct ext4_io_end_vec *vec;

	if (!next || next == ranges_of(is))
		return false;
	is->range = next;
	vec = (void *)next - bpf_core_field_offset(struct ext4_io_end_vec, list);
	is->how.offset_bytes = BPF_CORE_READ(vec, offset);
	is->how.size_bytes = BPF_CORE_READ(vec, size);
	return true;
}

cl_loop_body data_done_one(__u32 i, struct io_end *is)
{
	struct cl_ev_writeback *w;
	__u64 write_id;

	if (!next_range(is))
		return 1;
	if (!is->how.size_bytes)
		return 0;
	write_id = cl_new_id();
	w = cl_reserve(CL_EV_WRITEBACK, sizeof(*w), &is->id);
	if (!w)
		return 0;
	w->write_id = write_id;
	w->offset_bytes = is->how.offset_bytes;
	w->size_bytes = is->how.size_bytes;
	cl_submit(w);
	return 0;
}

static __always_inline void data_done(struct io_end *is)
{
	if (cl_stat_by)
		return;
	is->range = ranges_of(is);
	cl_loop(RANGES_MAX, RANGES_MAX, data_done_one, is);
	if (next_range(is))
		cl_count_lost(CL_LOST_MISSED);
}

/* Two at once may each take the other one for the last: then the conversion tells. */
static __always_inline void put(struct ext4_io_end *at)
{
	__u32 flag = BPF_CORE_READ(at, flag);
	__u64 key = (__u64)at;
	struct io_end is = {};
	__u8 told = 1;

	if ((flag & (CL_IO_END_UNWRITTEN | CL_IO_END_FAILED)) != CL_IO_END_UNWRITTEN ||
	    io_end_count(at) != 1)
		return;
	if (!io_end_read(at, &is))
		return;
	bpf_map_update_elem(&cl_written_back, &key, &told, BPF_ANY);
	data_done(&is);
}

SEC("fentry/ext4_put_io_end_defer")
int BPF_PROG(ext4_put_io_end_defer__fentry, struct ext4_io_end *io_end)
{
	put(io_end);
	return 0;
}

SEC("kprobe/ext4_put_io_end_defer")
int BPF_KPROBE(ext4_put_io_end_defer__kprobe, struct ext4_io_end *io_end)
{
	put(io_end);
	return 0;
}

SEC("fentry/ext4_put_io_end")
int BPF_PROG(ext4_put_io_end__fentry, struct ext4_io_end *io_end)
{
	put(io_end);
	return 0;
}

SEC("kprobe/ext4_put_io_end")
int BPF_KPROBE(ext4_put_io_end__kprobe, struct ext4_io_end *io_end)
{
	put(io_end);
	return 0;
}

static __always_inline void convert_begin(struct ext4_io_end *at)
{
	__u64 key = (__u64)at;
	struct dentry *dentry;
	struct cl_call *call;
	struct io_end is = {};

	if (!io_end_read(at, &is))
		return;
	if (!cl_path_told(cl_task(), &is.id)) {
		dentry = any_dentry_of(is.inode);
		if (dentry)
			cl_tell_path(dentry, is.inode, &is.id);
	}
	if (bpf_map_delete_elem(&cl_written_back, &key))
		data_done(&is);
	call = cl_call_begin(CL_CALL_WRITEBACK, (__u64)is.inode, (__u64)at, 0);
	if (call)
		call->id = is.id;
}

cl_loop_body converted_one(__u32 i, struct io_end *is)
{
	if (!next_range(is))
		return 1;
	if (is->how.size_bytes)
		tell_conversion(&is->id, &is->how);
	return 0;
}

static __always_inline void convert_end(int ret)
{
	struct cl_call *call = cl_call_end(CL_CALL_WRITEBACK);
	struct io_end is = { .how.why = CL_WHY_BUFFERED };

	if (!call)
		return;
	is.inode = (void *)call->arg[0];
	is.at = (void *)call->arg[1];
	is.range = ranges_of(&is);
	is.id = call->id;
	is.how.begin_ns = call->begin_ns;
	is.how.error = ret < 0 ? ret : 0;
	if (cl_stat_by && !is.how.error)
		return;
	conversion_tid(is.inode, call->arg[3], &is.how);
	cl_loop(RANGES_MAX, RANGES_MAX, converted_one, &is);
	if (next_range(&is))
		cl_count_lost(CL_LOST_MISSED);
}

SEC("fentry/ext4_convert_unwritten_io_end_vec")
int BPF_PROG(ext4_convert_unwritten_io_end_vec__fentry_writeback, void *handle,
	     struct ext4_io_end *io_end)
{
	convert_begin(io_end);
	return 0;
}

SEC("fexit/ext4_convert_unwritten_io_end_vec")
int BPF_PROG(ext4_convert_unwritten_io_end_vec__fexit_writeback, void *handle,
	     struct ext4_io_end *io_end, int ret)
{
	convert_end(ret);
	return 0;
}

SEC("kprobe/ext4_convert_unwritten_io_end_vec")
int BPF_KPROBE(ext4_convert_unwritten_io_end_vec__kprobe_writeback, void *handle,
	       struct ext4_io_end *io_end)
{
	convert_begin(io_end);
	return 0;
}

SEC("kretprobe/ext4_convert_unwritten_io_end_vec")
int BPF_KRETPROBE(ext4_convert_unwritten_io_end_vec__kretprobe_writeback, int ret)
{
	convert_end(ret);
	return 0;
}

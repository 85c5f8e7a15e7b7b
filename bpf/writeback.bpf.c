// SPDX-License-Identifier: GPL-2.0
/*
 * Buffered writeback to unwritten extents: when its data is done, and its conversion. An
 * io_end stands for what was sent to the device together, in one or more ranges; the last
 * who puts it leaves it to a work, or converts it at once.
 */
#include "convert.bpf.h"
#include "path.bpf.h"

#define RANGES_MAX 16		/* of an io_end; there is one, or a few of one page. More: lost */

struct io_end {
	struct ext4_io_end *at;
	struct inode *inode;
	struct cl_inode_id id;
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

/*
 * The next range, after the element *at of the list (the head: the first one); false: there
 * is none. The io_end is the current task's, so that the list does not change.
 */
static __always_inline bool next_range(struct ext4_io_end *io_end, struct list_head **at,
				       __s64 *offset_bytes, __s64 *size_bytes)
{
	struct list_head *head = (void *)io_end + bpf_core_field_offset(struct ext4_io_end, list_vec);
	struct list_head *prev = *at ? *at : head;
	struct ext4_io_end_vec *vec;

	*at = BPF_CORE_READ(prev, next);
	if (!*at || *at == head)
		return false;
	vec = (void *)*at - bpf_core_field_offset(struct ext4_io_end_vec, list);
	*offset_bytes = BPF_CORE_READ(vec, offset);
	*size_bytes = BPF_CORE_READ(vec, size);
	return true;
}

static __always_inline void data_done_of(const struct io_end *is, __s64 offset_bytes,
					 __s64 size_bytes)
{
	struct cl_ev_writeback *w;
	__u64 write_id = cl_new_id();

	w = cl_reserve(CL_EV_WRITEBACK, sizeof(*w), &is->id);
	if (!w)
		return;
	w->write_id = write_id;
	w->offset_bytes = offset_bytes;
	w->size_bytes = size_bytes;
	cl_submit(w);
}

static __always_inline void data_done(const struct io_end *is)
{
	struct list_head *at = NULL;
	__s64 offset_bytes, size_bytes;

	if (cl_stat_by)
		return;
	for (int i = 0; i < RANGES_MAX; i++) {
		if (!next_range(is->at, &at, &offset_bytes, &size_bytes))
			return;
		if (size_bytes > 0)
			data_done_of(is, offset_bytes, size_bytes);
	}
	if (next_range(is->at, &at, &offset_bytes, &size_bytes))
		cl_count_lost(CL_LOST_MISSED);
}

/* Two at once may each take the other one for the last: then the conversion tells. */
static __always_inline void put(struct ext4_io_end *at)
{
	__u32 flag = BPF_CORE_READ(at, flag);
	__u64 key = (__u64)at;
	struct io_end is;
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
	struct io_end is;

	if (!io_end_read(at, &is))
		return;
	dentry = any_dentry_of(is.inode);
	if (dentry)
		cl_emit_path(cl_task(), dentry, is.inode, &is.id);
	if (bpf_map_delete_elem(&cl_written_back, &key))
		data_done(&is);
	call = cl_call_begin(CL_CALL_WRITEBACK, (__u64)is.inode, (__u64)at, 0);
	if (call)
		call->id = is.id;
}

static __always_inline void convert_end(int ret)
{
	struct cl_call *call = cl_call_end(CL_CALL_WRITEBACK);
	struct conversion is = { .why = CL_WHY_BUFFERED };
	struct list_head *at = NULL;
	__s64 size_bytes;

	if (!call)
		return;
	is.begin_ns = call->begin_ns;
	is.error = ret < 0 ? ret : 0;
	conversion_tid((void *)call->arg[0], call->arg[3], &is);
	for (int i = 0; i < RANGES_MAX; i++) {
		if (!next_range((void *)call->arg[1], &at, &is.offset_bytes, &size_bytes))
			return;
		is.size_bytes = size_bytes;
		if (size_bytes > 0)
			converted((void *)call->arg[0], &call->id, &is);
	}
	if (next_range((void *)call->arg[1], &at, &is.offset_bytes, &size_bytes))
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

// SPDX-License-Identifier: GPL-2.0
/*
 * Reads of files that were written directly: since when they are under way, and how the
 * blocks that they read are mapped; of reads through the page cache, those that it does not
 * have yet. Only where reads are asked for.
 */
#include "emit.bpf.h"

/* Of a read, as in struct cl_call. */
enum read_arg { READ_INODE, READ_ID, READ_OFFSET, READ_BYTES };

/* Before the kernel looks whether any write waits there. */
static __always_inline void begins(enum cl_call_of of, struct inode *inode, __s64 offset_bytes,
				   __u64 bytes)
{
	struct cl_inode_id id;
	struct cl_call *read;

	cl_identify(inode, &id);
	if (!cl_inode_wanted(&id) || !bpf_map_lookup_elem(&cl_paths, &id))
		return;
	read = cl_call_begin(of, (__u64)inode, cl_new_id(), offset_bytes);
	if (!read)
		return;
	read->arg[READ_BYTES] = bytes;
	read->id = id;
}

static __always_inline void read_begins(struct kiocb *iocb, struct iov_iter *to)
{
	begins(CL_CALL_READ, kiocb_inode(iocb), BPF_CORE_READ(iocb, ki_pos),
	       BPF_CORE_READ(to, count));
}

static __always_inline void splice_begins(struct file *in, long long *at, __u64 bytes)
{
	long long offset_bytes;

	if (!bpf_probe_read_kernel(&offset_bytes, sizeof(offset_bytes), at))
		begins(CL_CALL_READ, BPF_CORE_READ(in, f_inode), offset_bytes, bytes);
}

/* Within a read as well, when what it copies to is mapped. */
static __always_inline void fault_begins(struct vm_fault *vmf)
{
	begins(CL_CALL_FAULT, BPF_CORE_READ(vmf, vma, vm_file, f_inode),
	       (__u64)BPF_CORE_READ(vmf, pgoff) << cl_page_bits, 1ULL << cl_page_bits);
}

/* What this task is in, and nothing within that. */
static __always_inline struct cl_call *find_read(void)
{
	struct cl_call *fault = cl_call_find(CL_CALL_FAULT);

	return fault ? fault : cl_call_find(CL_CALL_READ);
}

/* The same, if it is of this inode; NULL: it is not. */
static __always_inline struct cl_call *read_of(struct inode *inode)
{
	struct cl_call *read = find_read();

	return read && read->arg[READ_INODE] == (__u64)inode ? read : NULL;
}

/* Of what is mapped, no more is told than what is read: blocks are more, and so is reading ahead. */
static __always_inline void mapped(const struct cl_call *read, __s64 start, __s64 end,
				   bool unwritten, bool direct)
{
	__s64 from = read->arg[READ_OFFSET], to = from + read->arg[READ_BYTES];
	struct cl_ev_read *r;

	if (start < from)
		start = from;
	if (end > to)
		end = to;
	if (start >= end)
		return;
	r = cl_reserve(CL_EV_READ, sizeof(*r), &read->id);
	if (!r)
		return;
	r->read_id = read->arg[READ_ID];
	r->offset_bytes = start;
	r->size_bytes = end - start;
	r->begin_ns = read->begin_ns;
	r->unwritten = unwritten;
	r->direct = direct;
	current_program_comm(r->comm);
	cl_submit(r);
}

SEC("fentry/ext4_file_read_iter")
int BPF_PROG(ext4_file_read_iter__fentry, struct kiocb *iocb, struct iov_iter *to)
{
	read_begins(iocb, to);
	return 0;
}

SEC("fexit/ext4_file_read_iter")
int BPF_PROG(ext4_file_read_iter__fexit)
{
	cl_call_end(CL_CALL_READ);
	return 0;
}

SEC("kprobe/ext4_file_read_iter")
int BPF_KPROBE(ext4_file_read_iter__kprobe, struct kiocb *iocb, struct iov_iter *to)
{
	read_begins(iocb, to);
	return 0;
}

SEC("kretprobe/ext4_file_read_iter")
int BPF_KRETPROBE(ext4_file_read_iter__kretprobe)
{
	cl_call_end(CL_CALL_READ);
	return 0;
}

SEC("fentry/ext4_file_splice_read")
int BPF_PROG(ext4_file_splice_read__fentry, struct file *in, long long *at, void *pipe,
	     unsigned long bytes)
{
	splice_begins(in, at, bytes);
	return 0;
}

SEC("fexit/ext4_file_splice_read")
int BPF_PROG(ext4_file_splice_read__fexit)
{
	cl_call_end(CL_CALL_READ);
	return 0;
}

SEC("kprobe/ext4_file_splice_read")
int BPF_KPROBE(ext4_file_splice_read__kprobe, struct file *in, long long *at, void *pipe,
	       unsigned long bytes)
{
	splice_begins(in, at, bytes);
	return 0;
}

SEC("kretprobe/ext4_file_splice_read")
int BPF_KRETPROBE(ext4_file_splice_read__kretprobe)
{
	cl_call_end(CL_CALL_READ);
	return 0;
}

/* Faults of mappings: series only. */
SEC("fentry/ext4_filemap_fault")
int BPF_PROG(ext4_filemap_fault__fentry, struct vm_fault *vmf)
{
	fault_begins(vmf);
	return 0;
}

SEC("fexit/ext4_filemap_fault")
int BPF_PROG(ext4_filemap_fault__fexit)
{
	cl_call_end(CL_CALL_FAULT);
	return 0;
}

SEC("kprobe/ext4_filemap_fault")
int BPF_KPROBE(ext4_filemap_fault__kprobe, struct vm_fault *vmf)
{
	fault_begins(vmf);
	return 0;
}

SEC("kretprobe/ext4_filemap_fault")
int BPF_KRETPROBE(ext4_filemap_fault__kretprobe)
{
	cl_call_end(CL_CALL_FAULT);
	return 0;
}

/* Direct reads. Overwrites look up in the same way, but not within a read. */
static __always_inline bool is_direct_read(__u32 flags)
{
	return !(flags & CL_IOMAP_WRITE) && (flags & CL_IOMAP_DIRECT);
}

static __always_inline void mapped_iomap(const struct cl_call *read, struct iomap *iomap)
{
	__s64 start = BPF_CORE_READ(iomap, offset);
	__u16 type = BPF_CORE_READ(iomap, type);

	if (type == CL_IOMAP_MAPPED || type == CL_IOMAP_UNWRITTEN)
		mapped(read, start, start + BPF_CORE_READ(iomap, length),
		       type == CL_IOMAP_UNWRITTEN, true);
}

SEC("fexit/ext4_iomap_begin")
int BPF_PROG(ext4_iomap_begin__fexit_read, struct inode *inode, long long offset,
	     long long length, unsigned int flags, struct iomap *iomap, struct iomap *srcmap,
	     int ret)
{
	struct cl_call *read = !ret && is_direct_read(flags) ? read_of(inode) : NULL;

	if (read)
		mapped_iomap(read, iomap);
	return 0;
}

SEC("kprobe/ext4_iomap_begin")
int BPF_KPROBE(ext4_iomap_begin__kprobe_read, struct inode *inode, long long offset,
	       long long length, unsigned int flags, struct iomap *iomap)
{
	if (is_direct_read(flags) && read_of(inode))
		cl_call_begin(CL_CALL_READ_MAP, (__u64)inode, (__u64)iomap, 0);
	return 0;
}

SEC("kretprobe/ext4_iomap_begin")
int BPF_KRETPROBE(ext4_iomap_begin__kretprobe_read, int ret)
{
	struct cl_call *call = cl_call_end(CL_CALL_READ_MAP), *read;

	if (!call || ret)
		return 0;
	read = read_of((void *)call->arg[0]);
	if (read)
		mapped_iomap(read, (void *)call->arg[1]);
	return 0;
}

/*
 * Folios of the page cache that are filled by the read itself. Lookups outside of that are
 * not the reader's: before it reads, conversions that it waits for look up as well.
 */
static __always_inline void fill_begins(void)
{
	if (find_read())
		cl_call_begin(CL_CALL_FILL, 0, 0, 0);
}

SEC("fentry/ext4_readahead")
int BPF_PROG(ext4_readahead__fentry)
{
	fill_begins();
	return 0;
}

SEC("fexit/ext4_readahead")
int BPF_PROG(ext4_readahead__fexit)
{
	cl_call_end(CL_CALL_FILL);
	return 0;
}

SEC("kprobe/ext4_readahead")
int BPF_KPROBE(ext4_readahead__kprobe)
{
	fill_begins();
	return 0;
}

SEC("kretprobe/ext4_readahead")
int BPF_KRETPROBE(ext4_readahead__kretprobe)
{
	cl_call_end(CL_CALL_FILL);
	return 0;
}

SEC("fentry/ext4_read_folio")
int BPF_PROG(ext4_read_folio__fentry)
{
	fill_begins();
	return 0;
}

SEC("fexit/ext4_read_folio")
int BPF_PROG(ext4_read_folio__fexit)
{
	cl_call_end(CL_CALL_FILL);
	return 0;
}

SEC("kprobe/ext4_read_folio")
int BPF_KPROBE(ext4_read_folio__kprobe)
{
	fill_begins();
	return 0;
}

SEC("kretprobe/ext4_read_folio")
int BPF_KRETPROBE(ext4_read_folio__kretprobe)
{
	cl_call_end(CL_CALL_FILL);
	return 0;
}

static __always_inline void mapped_blocks(const struct cl_call *read, struct ext4_map_blocks *map)
{
	struct inode *inode = (void *)read->arg[READ_INODE];
	__u8 bits = BPF_CORE_READ(inode, i_blkbits);
	__s64 start = (__u64)BPF_CORE_READ(map, m_lblk) << bits;
	__s64 size = (__u64)BPF_CORE_READ(map, m_len) << bits;
	__u32 flags = BPF_CORE_READ(map, m_flags);
	__u32 unwritten = 1U << bpf_core_enum_value(enum bh_state_bits, BH_Unwritten);
	__u32 written = 1U << bpf_core_enum_value(enum bh_state_bits, BH_Mapped);

	if (flags & (unwritten | written))
		mapped(read, start, start + size, flags & unwritten, false);
}

SEC("fexit/ext4_map_blocks")
int BPF_PROG(ext4_map_blocks__fexit, void *handle, struct inode *inode,
	     struct ext4_map_blocks *map, int flags, int ret)
{
	struct cl_call *read;

	if (ret <= 0 || handle || !cl_call_find(CL_CALL_FILL))
		return 0;
	read = read_of(inode);
	if (read)
		mapped_blocks(read, map);
	return 0;
}

SEC("kprobe/ext4_map_blocks")
int BPF_KPROBE(ext4_map_blocks__kprobe, void *handle, struct inode *inode,
	       struct ext4_map_blocks *map)
{
	if (!handle && cl_call_find(CL_CALL_FILL) && read_of(inode))
		cl_call_begin(CL_CALL_READ_MAP, (__u64)inode, (__u64)map, 0);
	return 0;
}

SEC("kretprobe/ext4_map_blocks")
int BPF_KRETPROBE(ext4_map_blocks__kretprobe, int ret)
{
	struct cl_call *call, *read;

	/* Within that of a direct read there is no fill. */
	if (!cl_call_find(CL_CALL_FILL))
		return 0;
	call = cl_call_end(CL_CALL_READ_MAP);
	if (!call || ret <= 0)
		return 0;
	read = read_of((void *)call->arg[0]);
	if (read)
		mapped_blocks(read, (void *)call->arg[1]);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the kernel's own lists of conversions that wait, for one file system:
 * user space calls statfs() on its mount point, ext4_statfs() gives the super
 * block, and from there on it is a walk over lists.
 *
 * No lock is taken. Inodes on the super block's lists are freed after an RCU
 * grace period, and a program of this kind runs inside a read side section.
 * Entries are not protected like that: each step checks that the next element
 * points back, the series' sequence number and count are compared before and
 * after. What does not fit is marked as torn, and user space tries again.
 */
#include "kernel/compat.bpf.h"
#include "kernel/dentry.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define ENTRIES_OF_ONE (1 << 20)	/* no list is longer; bpf_loop needs a bound */
#define INODES_OF_ONE (1 << 23)

/* Whose statfs() it is, in its own PID namespace. */
const volatile __u64 cl_ns_dev = 0;
const volatile __u64 cl_ns_ino = 0;
const volatile __u32 cl_tgid = 0;
/* Rows that the tables have. */
const volatile __u32 cl_max_inodes = 1024;
const volatile __u32 cl_max_entries = 65536;

__u32 cl_dev;		/* found; 0: the file system was not reached, or is no ext4 */
__u32 cl_nr_inodes;	/* rows that were needed: more than cl_max_inodes means loss */
__u32 cl_nr_entries;
__u64 cl_walked;	/* inodes looked at */
__u32 cl_torn;		/* a list of inodes changed while it was walked */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct cl_pending_inode);
} cl_inodes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct cl_pending_entry);
} cl_entries SEC(".maps");

struct walk {
	struct list_head *head;
	struct list_head *at;
	__u64 inode;
	__u32 list;		/* enum cl_pending_list */
	__u32 found;
	/* No bool: what a callback returns must be 0 or 1 for the verifier, too. */
	__u32 torn;
	__u32 ended;
};

static __always_inline bool walk_list(struct walk *w, struct list_head *head, void *step,
				      __u32 bound)
{
	w->head = head;
	w->at = head;
	w->torn = 0;
	w->ended = 0;
	bpf_loop(bound, step, w, 0);
	return w->ended && !w->torn;
}

/* The element after w->at; NULL: the end, or the list changes under us. */
static __always_inline struct list_head *walk_next(struct walk *w)
{
	struct list_head *at = w->at, *next;

	next = BPF_CORE_READ(at, next);
	if (next == w->head) {
		w->ended = 1;
		return NULL;
	}
	if (!next || next == at || BPF_CORE_READ(next, prev) != at) {
		w->torn = 1;
		return NULL;
	}
	w->at = next;
	return next;
}

static __always_inline void add_entry(struct walk *w, __s64 offset, __s64 size, __u64 listed_ns)
{
	struct cl_pending_entry *e;
	__u32 i = cl_nr_entries;

	cl_nr_entries = i + 1;
	w->found++;
	e = bpf_map_lookup_elem(&cl_entries, &i);
	if (!e)
		return;
	e->offset_bytes = offset;
	e->size_bytes = size;
	e->listed_ns = listed_ns;
	e->list = w->list;
	e->pad = 0;
}

static long aio_dio_step(__u32 i, struct walk *w)
{
	struct ext4_aio_dio___series *entry = (void *)walk_next(w);

	if (!entry)
		return 1;
	entry = (void *)entry - bpf_core_field_offset(struct ext4_aio_dio___series, list);
	add_entry(w, BPF_CORE_READ(entry, offset), BPF_CORE_READ(entry, size),
		  BPF_CORE_READ(entry, listed_ns));
	return 0;
}

static long vec_step(__u32 i, struct walk *w)
{
	struct ext4_io_end_vec *vec = (void *)walk_next(w);

	if (!vec)
		return 1;
	vec = (void *)vec - bpf_core_field_offset(struct ext4_io_end_vec, list);
	add_entry(w, BPF_CORE_READ(vec, offset), BPF_CORE_READ(vec, size), 0);
	return 0;
}

static long io_end_step(__u32 i, struct walk *w)
{
	struct list_head *next = walk_next(w);
	struct walk vecs = { .list = CL_PENDING_RSV };
	struct ext4_io_end *io_end;

	if (!next)
		return 1;
	io_end = (void *)next - bpf_core_field_offset(struct ext4_io_end, list);
	if ((__u64)BPF_CORE_READ(io_end, inode) != w->inode ||
	    !walk_list(&vecs, &io_end->list_vec, vec_step, ENTRIES_OF_ONE))
		w->torn = 1;
	w->found += vecs.found;
	return w->torn ? 1 : 0;
}

static __always_inline bool list_is_empty(struct list_head *head)
{
	return BPF_CORE_READ(head, next) == head;
}

static struct cl_path_walk way;	/* one at a time, and little stack is left */

/*
 * Takes the name from any dentry in memory: nobody need have the file open. A global
 * function, which the verifier looks at once and not for each way that leads to it.
 */
__noinline int name_inode(__u64 address, __u32 i)
{
	struct inode *inode = (void *)address;
	struct cl_pending_inode *row;
	struct dentry *dentry;

	row = bpf_map_lookup_elem(&cl_inodes, &i);
	if (!row)
		return 0;
	if (!BPF_CORE_READ(inode, i_nlink))
		row->flags |= CL_PENDING_UNLINKED;
	dentry = any_dentry_of(inode);
	if (!dentry) {
		row->flags |= CL_PENDING_NO_NAME | CL_PENDING_CLOSED;
		return 0;
	}
	if (BPF_CORE_READ(dentry, d_lockref.count) <= 0)
		row->flags |= CL_PENDING_CLOSED;
	cl_path_collect(dentry, &way);
	if (way.truncated)
		row->flags |= CL_PENDING_TRUNCATED;
	row->path_bytes = cl_path_write(&way, row->path);
	return 0;
}

static __always_inline void add_inode(struct inode *inode, __u32 first, bool torn)
{
	struct cl_pending_inode *row;
	__u32 i = cl_nr_inodes;

	if (cl_nr_entries == first && !torn)
		return;
	cl_nr_inodes = i + 1;
	row = bpf_map_lookup_elem(&cl_inodes, &i);
	if (!row)
		return;
	row->ino = BPF_CORE_READ(inode, i_ino);
	row->generation = BPF_CORE_READ(inode, i_generation);
	row->flags = torn ? CL_PENDING_TORN : 0;
	row->first = first;
	row->entries = cl_nr_entries - first;
	row->path_bytes = 0;
	name_inode((__u64)inode, i);
}

/* The inodes that have direct writes to convert: the series lists them. */
static long aio_dio_inode_step(__u32 i, struct walk *w)
{
	struct ext4_aio_dio_inode___series *ad = (void *)walk_next(w);
	struct walk listed = { .list = CL_PENDING_LISTED };
	struct walk converting = { .list = CL_PENDING_CONVERTING };
	__u32 first = cl_nr_entries, seq, pending;
	bool torn = false;

	if (!ad)
		return 1;
	cl_walked++;
	ad = (void *)ad - bpf_core_field_offset(struct ext4_aio_dio_inode___series, sb_list);
	seq = BPF_CORE_READ(ad, seq);
	if (!walk_list(&listed, &ad->complete_list, aio_dio_step, ENTRIES_OF_ONE))
		torn = true;
	if (!walk_list(&converting, &ad->converting_list, aio_dio_step, ENTRIES_OF_ONE))
		torn = true;
	pending = BPF_CORE_READ(ad, pending.counter);
	if (seq != BPF_CORE_READ(ad, seq) || pending != listed.found + converting.found)
		torn = true;
	add_inode(BPF_CORE_READ(ad, inode), first, torn);
	return 0;
}

/* All inodes in memory: nothing lists those with buffered conversions. */
static long rsv_inode_step(__u32 i, struct walk *w)
{
	struct inode *inode = (void *)walk_next(w);
	struct walk io_ends = { .list = CL_PENDING_RSV };
	struct ext4_inode_info *ei;
	__u32 first;
	bool torn;

	if (!inode)
		return 1;
	cl_walked++;
	inode = (void *)inode - bpf_core_field_offset(struct inode, i_sb_list);
	ei = ext4_inode(inode);
	if (list_is_empty(&ei->i_rsv_conversion_list))
		return 0;
	first = cl_nr_entries;
	io_ends.inode = (__u64)inode;
	torn = !walk_list(&io_ends, &ei->i_rsv_conversion_list, io_end_step, ENTRIES_OF_ONE);
	add_inode(inode, first, torn);
	return 0;
}

static __always_inline bool is_us(void)
{
	struct bpf_pidns_info ns = {};

	return !bpf_get_ns_current_pid_tgid(cl_ns_dev, cl_ns_ino, &ns, sizeof(ns)) &&
	       ns.tgid == cl_tgid;
}

static __always_inline void walk_super(struct dentry *dentry)
{
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	struct walk w = {};

	if (!is_us())
		return;
	cl_dev = BPF_CORE_READ(sb, s_dev);
	if (bpf_core_field_exists(struct ext4_sb_info___series, s_aio_dio_inodes)) {
		struct ext4_sb_info___series *sbi = BPF_CORE_READ(sb, s_fs_info);

		if (!walk_list(&w, &sbi->s_aio_dio_inodes, aio_dio_inode_step, INODES_OF_ONE))
			cl_torn = 1;
	}
	if (!walk_list(&w, &sb->s_inodes, rsv_inode_step, INODES_OF_ONE))
		cl_torn = 1;
}

SEC("fentry/ext4_statfs")
int BPF_PROG(ext4_statfs__fentry, struct dentry *dentry)
{
	walk_super(dentry);
	return 0;
}

SEC("kprobe/ext4_statfs")
int BPF_KPROBE(ext4_statfs__kprobe, struct dentry *dentry)
{
	walk_super(dentry);
	return 0;
}

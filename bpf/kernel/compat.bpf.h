/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One accessor for each fact about the kernel's structures that more than one
 * program needs, or that differs between kernels.
 */
#ifndef CONVLIST_KERNEL_COMPAT_H
#define CONVLIST_KERNEL_COMPAT_H

#include "types.h"
#include "event.h"

static __always_inline struct ext4_inode_info *ext4_inode(struct inode *inode)
{
	return (void *)inode - bpf_core_field_offset(struct ext4_inode_info, vfs_inode);
}

/* Whichever of its names is in memory; NULL: none. */
static __always_inline struct dentry *any_dentry_of(struct inode *inode)
{
	struct hlist_node *alias = BPF_CORE_READ(inode, i_dentry.first);

	if (!alias)
		return NULL;
	if (bpf_core_field_exists(struct dentry___unnamed, d_alias))
		return (void *)alias - bpf_core_field_offset(struct dentry___unnamed, d_alias);
	return (void *)alias - bpf_core_field_offset(struct dentry, d_u.d_alias);
}

static __always_inline struct inode *kiocb_inode(struct kiocb *iocb)
{
	return BPF_CORE_READ(iocb, ki_filp, f_inode);
}

struct kiocb_facts {
	struct file *file;
	struct inode *inode;
	__s64 pos;
	__u32 flags;
	bool sync;
	struct cl_inode_id id;
};

static __always_inline void kiocb_read(struct kiocb *iocb, struct kiocb_facts *is)
{
	struct file *file = BPF_CORE_READ(iocb, ki_filp);
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	is->file = file;
	is->inode = inode;
	is->pos = BPF_CORE_READ(iocb, ki_pos);
	is->flags = BPF_CORE_READ(iocb, ki_flags);
	is->sync = !BPF_CORE_READ(iocb, ki_complete);
	is->id.ino = BPF_CORE_READ(inode, i_ino);
	is->id.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	is->id.generation = BPF_CORE_READ(inode, i_generation);
}

/* The same of a pointer whose type the verifier knows: no helper is called for each field. */
static __always_inline void kiocb_read_typed(struct kiocb *iocb, struct kiocb_facts *is)
{
	struct inode *inode = iocb->ki_filp->f_inode;

	is->file = iocb->ki_filp;
	is->inode = inode;
	is->pos = iocb->ki_pos;
	is->flags = iocb->ki_flags;
	is->sync = !iocb->ki_complete;
	is->id.ino = inode->i_ino;
	is->id.dev = inode->i_sb->s_dev;
	is->id.generation = inode->i_generation;
}

/* How many have yet to put it: an atomic_t, or a refcount_t around one. */
static __always_inline int io_end_count(struct ext4_io_end *io_end)
{
	int count = 0;

	bpf_probe_read_kernel(&count, sizeof(count),
			      (void *)io_end + bpf_core_field_offset(struct ext4_io_end, count));
	return count;
}

/* The inode whose conversion work this is: series only. */
static __always_inline struct inode *aio_dio_work_inode(struct work_struct *work)
{
	struct ext4_aio_dio_inode___series *ad;

	if (!bpf_core_type_exists(struct ext4_aio_dio_inode___series))
		return NULL;
	ad = (void *)work - bpf_core_field_offset(struct ext4_aio_dio_inode___series, work.work);
	return BPF_CORE_READ(ad, inode);
}

static __always_inline struct ext4_sb_info *ext4_sb(struct super_block *sb)
{
	return BPF_CORE_READ(sb, s_fs_info);
}

/* NULL: the file system has none. */
static __always_inline struct journal_s *journal_of(struct inode *inode)
{
	struct super_block *sb = BPF_CORE_READ(inode, i_sb);
	struct ext4_sb_info *sbi = ext4_sb(sb);

	return BPF_CORE_READ(sbi, s_journal);
}

/* Writes of the inode that wait for their conversion: series only, else 0. */
static __always_inline __u32 aio_dio_pending(struct inode *inode)
{
	struct ext4_inode_info___series *ei;

	if (!bpf_core_field_exists(struct ext4_inode_info___series, i_aio_dio))
		return 0;
	ei = (void *)inode - bpf_core_field_offset(struct ext4_inode_info___series, vfs_inode);
	/* Without such a write yet, this reads from address 0: as 0. */
	return BPF_CORE_READ(ei, i_aio_dio, pending.counter);
}

/*
 * Fast commits may make an fsync durable without a full commit. The mount
 * option says so (995a3ed67fc8), the callback stays after a remount took the
 * option away: either is taken for 'on', since a tid compared where a fast
 * commit did the work would accuse a correct kernel.
 */
static __always_inline bool ext4_fast_commits(struct ext4_sb_info *sbi, struct journal_s *journal)
{
	if (!bpf_core_field_exists(journal->j_fc_cleanup_callback))
		return false;
	return (BPF_CORE_READ(sbi, s_mount_opt2) & CL_MOUNT2_FAST_COMMIT) ||
	       BPF_CORE_READ(journal, j_fc_cleanup_callback);
}

/* CL_CACHE_*: from flags of the queue to its limits with 1122c0c1cc71. */
static __always_inline __u32 device_cache(struct block_device *bdev)
{
	struct request_queue *q = BPF_CORE_READ(bdev, bd_queue);

	if (bpf_core_field_exists(q->limits.features)) {
		if (!(BPF_CORE_READ(q, limits.features) & CL_FEAT_WRITE_CACHE) ||
		    (BPF_CORE_READ(q, limits.flags) & CL_FLAG_CACHE_DISABLED))
			return CL_CACHE_NONE;
		return CL_CACHE_VOLATILE;
	}
	if (!bpf_core_field_exists(q->queue_flags))
		return CL_CACHE_UNREADABLE;
	return BPF_CORE_READ(q, queue_flags) & CL_QUEUE_FLAG_WC ? CL_CACHE_VOLATILE : CL_CACHE_NONE;
}

/* fn(i, at) for each i below n, until it returns other than 0. */
#ifdef CL_BASIC
#define cl_loop(n, max, fn, at)						\
	for (__u32 i_ = 0; i_ < (max); i_++)				\
		if (i_ >= (n) || fn(i_, (at)))				\
			break
#define cl_loop_body static __always_inline long
#else
/* The verifier looks at the body alone, not at each way through all the rounds. */
#define cl_loop(n, max, fn, at) bpf_loop(n, fn, at, 0)
#define cl_loop_body static long
#endif

/* A field of the current task. Where the verifier knows its type, no helper reads it. */
#ifdef CL_BASIC
#define current_read(field)							\
	({									\
		struct task_struct *task_ = (void *)bpf_get_current_task();	\
		BPF_CORE_READ(task_, field);					\
	})
#else
#define current_read(field) (bpf_get_current_task_btf()->field)
#endif

/*
 * The transaction that the current task's handle belongs to; false: it holds
 * none. Without a journal ext4 keeps a small count in the handle's place
 * (EXT4_NOJOURNAL_MAX_REF_COUNT).
 */
static __always_inline bool current_handle_tid(__u32 *tid)
{
	struct jbd2_journal_handle *handle = current_read(journal_info);

	if ((unsigned long)handle <= 4096)
		return false;
	*tid = BPF_CORE_READ(handle, h_transaction, t_tid);
	return *tid != 0;
}

/* A worker of io_uring acts for its process, and is named for itself. */
static __always_inline void current_program_comm(char *comm)
{
	if (current_read(flags) & CL_PF_IO_WORKER) {
		struct task_struct *leader = current_read(group_leader);

		bpf_probe_read_kernel(comm, sizeof(leader->comm), &leader->comm);
	} else {
		bpf_get_current_comm(comm, sizeof(((struct task_struct *)0)->comm));
	}
}

#endif

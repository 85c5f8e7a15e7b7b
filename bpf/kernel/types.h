/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's types, with only the fields that are used here. libbpf moves
 * each access to where the running kernel has the field (CO-RE), so neither a
 * generated vmlinux.h nor kernel headers are needed to build.
 */
#ifndef CONVLIST_KERNEL_TYPES_H
#define CONVLIST_KERNEL_TYPES_H

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct hlist_bl_node {
	struct hlist_bl_node *next, **pprev;
};

struct qstr {
	__u32 hash, len;
	const unsigned char *name;
};

struct inode;
struct super_block;
struct block_device;

struct lockref {
	int count;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
	struct lockref d_lockref;
	union {
		struct hlist_node d_alias;
	} d_u;
};

/* Later kernels have the union without a name. */
struct dentry___unnamed {
	struct hlist_node d_alias;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_flags;
	struct dentry *s_root;
	struct block_device *s_bdev;
	struct list_head s_inodes;
	void *s_fs_info;
};

struct cl_atomic {
	int counter;
};

struct inode {
	__u16 i_mode;
	unsigned int i_flags;
	__u8 i_blkbits;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
	struct cl_atomic i_writecount;
	struct list_head i_sb_list;
	struct hlist_head i_dentry;
	__u32 i_generation;
};

struct path {
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_mode;
};

struct kiocb {
	struct file *ki_filp;
	long long ki_pos;
	void (*ki_complete)(struct kiocb *iocb, long ret);
	int ki_flags;
};

struct vm_area_struct {
	struct file *vm_file;
};

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long pgoff;
};

struct iov_iter {
	unsigned long count;
};

struct iomap {
	long long offset;
	__u64 length;
	__u16 type;
};

struct work_struct {
	void *func;
};

struct bio {
	void *bi_private;
};

struct iomap_dio {
	struct kiocb *iocb;
	unsigned int flags;
};

/* Later kernels: for what fits into one bio. */
struct iomap_dio_simple {
	struct kiocb *iocb;
	unsigned int dio_flags;
	struct bio bio;
};

struct task_struct {
	unsigned int flags;
	struct task_struct *group_leader;
	char comm[16];
	void *journal_info;
};

struct queue_limits {
	__u32 features;
	__u32 flags;
};

struct request_queue {
	unsigned long queue_flags;
	struct queue_limits limits;
};

struct block_device {
	__u32 bd_dev;
	struct request_queue *bd_queue;
};

struct buffer_head {
	struct block_device *b_bdev;
};

struct transaction_s {
	unsigned int t_tid;
};

struct jbd2_journal_handle {
	struct transaction_s *h_transaction;
};

struct journal_s {
	struct block_device *j_fs_dev;
	unsigned int j_commit_sequence;
	void *j_fc_cleanup_callback;
};

struct ext4_inode_info {
	struct inode vfs_inode;
	struct list_head i_rsv_conversion_list;
	unsigned int i_datasync_tid;
};

struct ext4_sb_info {
	struct journal_s *s_journal;
	unsigned int s_mount_opt2;
};

struct ext4_map_blocks {
	__u32 m_lblk;
	unsigned int m_len;
	unsigned int m_flags;
};

/* Buffered writeback's own list of conversions. */
struct ext4_io_end_vec {
	struct list_head list;
	long long offset;
	long size;
};

struct ext4_io_end {
	struct list_head list;
	struct inode *inode;
	unsigned int flag;
	struct cl_atomic count;
	struct list_head list_vec;
};

struct io_uring_cqe {
	__s32 res;
};

struct kstatfs;

/* What tracepoints have for perf. */
struct trace_event_raw_ext4_ext_handle_unwritten_extents {
	unsigned long ino;
};

struct trace_event_raw_jbd2_end_commit {
	__u32 dev;
	unsigned int transaction;
};

struct trace_event_raw_io_uring_complete {
	void *req;
	int res;
};

/*
 * What only the series has. The suffix is dropped when libbpf looks for the
 * type: the same object loads on a kernel without the fields, as long as their
 * presence is asked for first.
 */
struct aio_dio_count___series {
	int counter;
};

struct delayed_work___series {
	struct work_struct work;
};

/* What an inode has from its first write of that kind on. */
struct ext4_aio_dio_inode___series {
	struct inode *inode;
	struct list_head sb_list;
	struct list_head complete_list;
	struct list_head converting_list;
	struct aio_dio_count___series pending;
	unsigned int seq;
	struct delayed_work___series work;
};

struct ext4_inode_info___series {
	struct ext4_aio_dio_inode___series *i_aio_dio;
	struct inode vfs_inode;
};

struct ext4_sb_info___series {
	struct list_head s_aio_dio_inodes;
};

struct ext4_aio_dio___series {
	struct list_head list;
	long long offset;
	long size;
	__u64 listed_ns;
};

#pragma clang attribute pop

/* Their values are the running kernel's: see bpf_core_enum_value(). */
enum bh_state_bits {
	BH_Mapped = 4,
	BH_Unwritten = 11,
};

enum req_flag_bits {
	__REQ_PREFLUSH = 18,
};

/* Macros of the kernel: BTF does not carry them. Their values have not changed since they came. */
#define CL_IOMAP_WRITE		(1 << 0)	/* ae259a9c8593 */
#define CL_IOMAP_DIRECT		(1 << 4)
#define CL_IOMAP_MAPPED		2		/* 19319b5321b6 */
#define CL_IOMAP_UNWRITTEN	3
#define CL_IOMAP_DIO_UNWRITTEN	(1 << 0)	/* ff6a9292e6f6 */
#define CL_IOCB_DSYNC		0x2		/* RWF_DSYNC */
#define CL_IOCB_SYNC		0x4		/* RWF_SYNC */
#define CL_EIOCBQUEUED		529
#define CL_PF_IO_WORKER		0x10		/* 3bfe6106693b */
#define CL_MOUNT2_FAST_COMMIT	0x10		/* 995a3ed67fc8 */
#define CL_QUEUE_FLAG_WC	(1UL << 17)	/* 93e9d8e836cb */
#define CL_FEAT_WRITE_CACHE	(1U << 0)	/* 1122c0c1cc71 */
#define CL_FLAG_CACHE_DISABLED	(1U << 0)
#define CL_IO_END_UNWRITTEN	0x1		/* bd2d0210cf22 */
#define CL_IO_END_FAILED	0x2		/* never converted */
#define CL_FMODE_WRITE		0x2
#define CL_PF_KTHREAD		0x00200000
#define CL_S_IFMT		0170000
#define CL_S_IFREG		0100000
#define CL_SB_SYNCHRONOUS	(1 << 4)
#define CL_SB_DIRSYNC		(1 << 7)
#define CL_S_SYNC		(1 << 0)
#define CL_S_DIRSYNC		(1 << 6)

#endif

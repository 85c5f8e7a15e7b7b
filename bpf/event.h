/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The facts that the kernel side reports and user space reads: the only header
 * that both sides include. Records are only ever appended to: a field or a
 * value, once released, keeps its place and its meaning, because recordings
 * hold these bytes.
 *
 * Order. Records stand in the ring buffer in the order in which they were
 * reserved. A hook reserves its record before the kernel code it watches goes
 * on, so whatever the kernel orders (listed before completion, converted before
 * the flush returns) is ordered in the stream as well. Time stamps are taken
 * just before and may run a little out of step between CPUs: rules decide by
 * the order in the stream, and show the times.
 */
#ifndef CONVLIST_EVENT_H
#define CONVLIST_EVENT_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define CL_COMM_LEN 16
#define CL_PATH_MAX 1024

enum cl_event_kind {
	CL_EV_NONE = 0,
	CL_EV_WRITE = 1,	/* a direct write that touched unwritten extents: its data is done */
	CL_EV_LISTED = 2,	/* ... its conversion was put off: it is on its inode's list */
	CL_EV_COMPLETION = 3,	/* ... the program can see that it is complete */
	CL_EV_CONVERT = 4,	/* a range's unwritten extents were converted, or failed to be */
	CL_EV_FLUSH = 5,	/* somebody flushed an inode's list, and the flush is over */
	CL_EV_WORK = 6,		/* the conversion work ran on an inode */
	CL_EV_FSYNC_BEGIN = 7,
	CL_EV_FSYNC_END = 8,
	CL_EV_COMMIT = 9,	/* a journal transaction was committed */
	CL_EV_PATH = 10,	/* the path of an inode; the hooks' is within its file system */
	CL_EV_LOST = 11,	/* facts are missing here; made in user space, never by a hook */
	CL_EV_ZEROOUT = 12,	/* blocks of an inode were overwritten with zeros by ext4 itself */
	CL_EV_DEVICE_FLUSH = 13, /* a device was told to empty its cache */
	CL_EV_CLOSE = 14,	/* the last who could write to a file closed it; with a name still */
	CL_EV_SYNC = 15,	/* sync, syncfs or the like: of a whole file system, as it begins */
	CL_EV_REWRITE = 16,	/* the first write of any sort to a file since its fsync failed */
	CL_EV_DELETE = 17,	/* a file is gone: without a name, and nobody has it open */
	CL_EV_REMOVE = 18,	/* blocks are taken off an inode on whose list writes wait */
	CL_EV_READ = 19,	/* a read looked up blocks of a file that was written directly */
	CL_EV_NAME = 20,	/* a regular file got a name, or loses one */
	CL_EV_WRITEBACK = 21,	/* buffered writeback to unwritten extents: its data is done */
	CL_EV_KINDS
};

/* cl_event.flags */
#define CL_F_INFERRED 0x0001	/* the hook stands in for the exact one: order is not certain */
#define CL_F_TRUNCATED 0x0002	/* CL_EV_PATH: leading components are missing */
#define CL_F_UNLINKED 0x0004	/* CL_EV_PATH: the name is gone */

struct cl_event {
	__u32 size_bytes;	/* of the whole record */
	__u16 kind;		/* enum cl_event_kind */
	__u16 flags;		/* CL_F_* */
	__u64 ts_ns;		/* CLOCK_MONOTONIC */
	__u64 ino;
	__u32 dev;		/* the kernel's dev_t: major << 20 | minor */
	__u32 generation;	/* i_generation: tells a reused inode number apart */
	__u32 tgid;		/* CL_EV_WRITE: of the submitter, 0 when unknown; */
	__u32 tid;		/* else of the task in which the hook fired */
};

struct cl_ev_write {
	struct cl_event e;
	__u64 write_id;		/* unique within one run, never 0 */
	__s64 offset_bytes;
	__u64 size_bytes;
	__u64 submit_ns;	/* 0: not seen */
	__u32 sync;		/* 1: a synchronous write (no completion of its own) */
	__u32 dsync;		/* 1: O_DSYNC, O_SYNC or the RWF_ twins */
	char comm[CL_COMM_LEN];	/* submitter; empty when unknown */
	/*
	 * Ids are handed out in the order in which hooks asked for them, write_id when
	 * the conversion could begin. By these, too: 0 when it was not seen.
	 */
	__u64 mapped_id;	/* the blocks were looked up; before that the write owns none */
	__u64 landed_id;	/* the device had told of the last part of the data */
	__u64 landed_ns;
};

/*
 * A range of pages that were written back together, by whatever task. It is not told
 * who had written to them, or when; only that this was before.
 */
struct cl_ev_writeback {
	struct cl_event e;
	__u64 write_id;		/* as in cl_ev_write, and from the same numbers */
	__s64 offset_bytes;
	__u64 size_bytes;
};

struct cl_ev_listed {
	struct cl_event e;
	__u64 write_id;		/* 0: the write was not seen */
	__s64 offset_bytes;
	__u64 size_bytes;
	__u32 pending;		/* entries of this inode, this one counted */
	__u32 pad;
};

enum cl_completion_via {
	CL_VIA_UNKNOWN = 0,
	CL_VIA_SYNC = 1,	/* the system call returned */
	CL_VIA_LIBAIO = 2,	/* the event is in the completion ring */
	CL_VIA_IO_URING = 3,	/* the CQE is filled in */
	CL_VIA_WRITEBACK = 4,	/* no such record: what is written back was complete before */
};

struct cl_ev_completion {
	struct cl_event e;
	__u64 write_id;
	__s64 result;		/* bytes, or a negative errno */
	__u32 via;		/* enum cl_completion_via */
	__u32 pad;
	__u64 visible_id;	/* see cl_ev_write; 0: reads are not watched */
};

/*
 * Who converts or flushes. The first values are those of the series'
 * tracepoints (enum ext4_aio_dio_why in fs/ext4/ext4.h).
 */
enum cl_why {
	CL_WHY_COMPLETION = 0,	/* in the write's own completion, as stock kernels do */
	CL_WHY_WORK = 1,
	CL_WHY_FSYNC = 2,
	CL_WHY_READ = 3,	/* buffered and direct reads, splice */
	CL_WHY_FAULT = 4,
	CL_WHY_WRITE = 5,	/* buffered, unaligned or extending writes */
	CL_WHY_WRITEBACK = 6,
	CL_WHY_LAYOUT = 7,	/* truncate, fallocate, move, swap, migrate, verity ... */
	CL_WHY_MAP = 8,		/* fiemap, SEEK_HOLE, SEEK_DATA, FIBMAP */
	CL_WHY_DRAIN = 9,	/* sync, syncfs, freeze, remount, umount, quota off */
	CL_WHY_UNKNOWN = 10,	/* the hook that was found does not tell */
	CL_WHY_BUFFERED = 11,	/* buffered writeback, its own */
	CL_WHYS
};

struct cl_ev_convert {
	struct cl_event e;	/* ts_ns: the end */
	__s64 offset_bytes;
	__u64 size_bytes;
	__u64 begin_ns;		/* 0: not seen */
	__s32 error;		/* 0 or a negative errno */
	__u32 journal_tid;	/* the transaction it joined; see has_tid */
	__u32 has_tid;		/* 0: no journal, or the hook does not tell */
	__u32 why;		/* enum cl_why */
	__u32 entries;		/* listed writes that it covers; 0: not a list's conversion */
	__u32 pad;
};

struct cl_ev_flush {
	struct cl_event e;	/* ts_ns: the end */
	__u64 begin_ns;
	__u32 why;		/* enum cl_why */
	__s32 error;
	__u32 pending;		/* entries when it began */
	__u32 pad;
};

struct cl_ev_work {
	struct cl_event e;	/* ts_ns: the end */
	__u64 begin_ns;
};

struct cl_ev_fsync_begin {
	struct cl_event e;
	__u64 fsync_id;		/* unique within one run, never 0 */
	__s64 start_bytes;	/* the range the caller asked for: msync, O_DSYNC */
	__s64 end_bytes;	/* inclusive; the largest __s64 for a whole file */
	__u32 datasync;
	__u32 pad;
	char comm[CL_COMM_LEN];
};

/* cl_ev_fsync_end.journal */
#define CL_JOURNAL_NONE 0	/* no journal: committed_tid means nothing */
#define CL_JOURNAL_FULL 1	/* every commit is a full one */
#define CL_JOURNAL_FAST 2	/* fast commits are on: durable without a full commit, too */

/* cl_ev_fsync_end.cache: that of the device that holds the data, as the kernel believes */
#define CL_CACHE_UNKNOWN 0	/* older recordings do not tell */
#define CL_CACHE_NONE 1		/* what is written is durable at once */
#define CL_CACHE_VOLATILE 2	/* what is written is durable once it is flushed */
#define CL_CACHE_UNREADABLE 3	/* the kernel keeps it where we do not know */

struct cl_ev_fsync_end {
	struct cl_event e;
	__u64 fsync_id;
	__s32 ret;		/* 0 or a negative errno */
	__u32 committed_tid;	/* what the journal had committed when fsync returned */
	__u32 journal;		/* CL_JOURNAL_* */
	__u32 cache;		/* CL_CACHE_* */
};

struct cl_ev_commit {
	struct cl_event e;	/* dev is the file system's, or its journal device's */
	__u32 journal_tid;
	__u32 pad;
};

struct cl_ev_path {
	struct cl_event e;
	__u32 len_bytes;	/* without the NUL that follows */
	char path[];
};

struct cl_ev_lost {
	struct cl_event e;
	__u64 count;
	__u32 where;		/* enum cl_lost_where */
	__u32 pad;
};

struct cl_ev_zeroout {
	struct cl_event e;	/* ts_ns: the end */
	__u64 zeroout_id;	/* of its begin; see cl_ev_write */
	__s64 offset_bytes;
	__u64 size_bytes;
	__u64 begin_ns;
	__s32 error;		/* 0 or a negative errno */
	__u32 pad;
	/* The direct write's range in whose conversion it happened; size 0: in none. */
	__s64 for_offset_bytes;
	__u64 for_size_bytes;
};

enum cl_flush_by {
	CL_FLUSH_BY_CALL = 0,	/* blkdev_issue_flush, and it is over */
	CL_FLUSH_BY_JOURNAL = 1, /* it was submitted with a block of the journal */
};

struct cl_ev_device_flush {
	struct cl_event e;	/* dev is the device's own, ino 0 */
	__u64 flush_id;		/* of its begin; see cl_ev_write */
	__u64 begin_ns;
	__s32 error;		/* 0 or a negative errno */
	__u32 by;		/* enum cl_flush_by */
};

struct cl_ev_sync {
	struct cl_event e;	/* ino 0 */
	__u32 wait;		/* 0: it only starts what a second one waits for */
	__u32 pad;
};

struct cl_ev_remove {
	struct cl_event e;	/* ts_ns: the begin; nothing is converted until it is over */
	__s64 offset_bytes;
	__u64 size_bytes;
	__u32 pending;		/* entries of this inode */
	__u32 pad;
};

struct cl_ev_read {
	struct cl_event e;	/* ts_ns: the look-up's end */
	__u64 read_id;		/* of the whole read's begin; see cl_ev_write */
	__s64 offset_bytes;	/* the part of it that is mapped alike */
	__u64 size_bytes;
	__u64 begin_ns;
	__u32 unwritten;	/* 1: it gets zeros; 0: what is on the device */
	__u32 direct;		/* 0: to fill the page cache */
	char comm[CL_COMM_LEN];
};

enum cl_name_how {
	CL_NAME_CREATE = 0,
	CL_NAME_LINK = 1,	/* also the first one of an O_TMPFILE */
	CL_NAME_RENAME = 2,
	CL_NAME_UNLINK = 3,	/* it begins; the others are over, without error */
	CL_NAME_HOWS
};

/* Which name it is, is told by its hash in its directory. */
struct cl_ev_name {
	struct cl_event e;	/* the file; and the task that did it */
	__u64 dir_ino;
	__u64 old_dir_ino;	/* of a rename: where it was before; else 0 */
	__u32 dir_generation;
	__u32 name_hash;
	__u32 old_dir_generation;
	__u32 old_name_hash;
	__u32 how;		/* enum cl_name_how */
	/*
	 * 1: only what was before matters. The directory is a synchronous one, or whoever
	 * did it does not count: the kernel itself, or filtered out.
	 */
	__u32 settled;
	char comm[CL_COMM_LEN];
};

/* Where facts can get lost; also the index of the kernel side's counters. */
enum cl_lost_where {
	CL_LOST_RING = 0,	/* the ring buffer was full */
	CL_LOST_WRITES = 1,	/* the table of writes in flight was full */
	CL_LOST_FSYNCS = 2,	/* the table of running fsyncs was full */
	CL_LOST_SUBMITTER = 3,	/* a filter needs the submitter, and it was not seen */
	CL_LOST_MISSED = 4,	/* the kernel skipped a probe (kretprobe or recursion) */
	CL_LOST_WHERES
};

/* What user space asks of the hooks; set before they are attached. 0: any. */
struct cl_config {
	__u32 dev;
	__u32 tgid;
	__u64 ino;
	__u32 kinds;		/* 1 << CL_EV_*; 0: all */
	__u32 comm_len;		/* 0: any; compares this many bytes */
	char comm[CL_COMM_LEN];
};

/*
 * What `pending` reads out of the kernel's lists: not a stream of facts, but
 * two tables. Never recorded, so these may change.
 */
enum cl_pending_list {
	CL_PENDING_LISTED = 0,		/* direct write, waits for its conversion */
	CL_PENDING_CONVERTING = 1,	/* direct write, taken for conversion */
	CL_PENDING_RSV = 2,		/* buffered writeback's list (i_rsv_conversion_list) */
	CL_PENDING_LISTS
};

/* cl_pending_inode.flags */
#define CL_PENDING_TORN 0x1	/* the list changed while it was read */
#define CL_PENDING_NO_NAME 0x2	/* nothing in memory says how it is called */
#define CL_PENDING_UNLINKED 0x4
#define CL_PENDING_TRUNCATED 0x8 /* leading components of the path are missing */
#define CL_PENDING_CLOSED 0x10	/* no process has it open by this name */

struct cl_pending_inode {
	__u64 ino;
	__u32 generation;
	__u32 flags;
	__u32 first;		/* its entries in the other table */
	__u32 entries;
	__u32 path_bytes;
	__u32 pad;
	char path[CL_PATH_MAX + 256];
};

struct cl_pending_entry {
	__s64 offset_bytes;
	__u64 size_bytes;
	__u64 listed_ns;	/* CLOCK_MONOTONIC; 0: not kept */
	__u32 list;		/* enum cl_pending_list */
	__u32 pad;
};

/*
 * What user space looks at when it detaches, to find completions that went by
 * unseen. Never recorded either.
 */
struct cl_inode_id {
	__u64 ino;
	__u32 dev;
	__u32 generation;
};

/* A short write that is carried on adds a second one to the same kiocb. */
#define CL_WRITES_PER_IOCB 4

/*
 * A write between its data being done and its completion being visible. One that
 * is still here when its kiocb serves another write has completed unseen.
 */
struct cl_inflight {
	struct cl_inode_id id;
	__u64 write_id[CL_WRITES_PER_IOCB];
	__u64 done_ns;		/* of the last one */
	__s64 end_bytes;	/* where that one ends: ki_pos at its completion */
	__u32 writes;
	__u32 pad;
	__u64 inode;		/* the kernel's address */
	__s64 start_bytes[CL_WRITES_PER_IOCB];
};

#endif

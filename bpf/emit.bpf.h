/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a fact leaves the kernel: identify the inode, filter, reserve, stamp,
 * submit; and count what was lost. Nothing is formatted or judged here. The
 * maps are defined in maps.bpf.c and shared by all programs of the object.
 */
#ifndef CONVLIST_EMIT_BPF_H
#define CONVLIST_EMIT_BPF_H

#include "kernel/compat.bpf.h"
#include "filter.h"
#include "stat.h"

struct cl_submitter_key {
	__u64 inode;		/* the kernel's address */
	__s64 offset_bytes;
};

struct cl_submitter {
	__u64 submit_ns;
	__u32 tgid;
	__u32 tid;
	char comm[CL_COMM_LEN];
	__u64 cgroup;		/* 0: not asked for */
	__u64 mapped_id;
	/* When the device was done with the data, or the last part of it; zeros: not seen. */
	__u64 landed_id;
	__u64 landed_ns;
	__u64 landed_iocb;	/* of two writes at one offset, whose */
	/* For stat, from its data being done until it is both converted and visible: */
	__u64 done_ns;
	__u64 converted_ns;
	__u64 size_bytes;	/* 0: not in between */
	__u32 figures;
	__u32 visible;
	__u64 announced;	/* its data was told to be done */
};

/* Calls that are running: what the hook at the end needs of the one at the start. */
enum cl_call_of {
	CL_CALL_CONVERT,
	CL_CALL_BUFFERED,	/* conversions in it are buffered writeback's */
	CL_CALL_WRITEBACK,	/* the same, for who follows these */
	CL_CALL_FLUSH,
	CL_CALL_WORK,
	CL_CALL_WRITE_ITER,
	CL_CALL_MAP,
	CL_CALL_ZEROOUT,
	CL_CALL_DEVICE_FLUSH,
	CL_CALL_DATA_DONE,	/* ends when the conversion begins that it leads to */
	CL_CALL_READ,
	CL_CALL_FAULT,		/* of a mapping: it reads a page */
	CL_CALL_READ_MAP,	/* its lookup of blocks */
	CL_CALL_FILL,		/* of the page cache, within a read */
	CL_CALL_NAME,
	CL_CALLS,
};

struct cl_call {
	__u64 running;
	__u64 begin_ns;
	__u64 arg[4];		/* as the two hooks agree */
	struct cl_inode_id id;	/* if they do */
};

/* A libaio completion that is being put into the ring. */
struct cl_completing {
	__u64 iocb;		/* 0: none */
	__s64 result;
	__u32 nested;		/* calls within this one, in interrupts */
	__u32 pad;
	struct cl_inflight write;
};

/* So many may be within one another: a task's, a soft interrupt's and a hard one's. */
#define CL_COMPLETING 3

struct cl_completions {
	struct cl_completing of[CL_COMPLETING];
};

/* What is kept of a task. */
struct cl_task {
	struct cl_call call[CL_CALLS];
	struct cl_completions completions;
	struct cl_inode_id path_of;		/* its path was told */
};

struct cl_fsync {
	__u64 fsync_id;
	__u64 inode;
	/* For stat: */
	__u64 begin_ns;
	__u64 stage_ns[CL_STAT_STAGES - CL_STAT_STAGE_FSYNC_DATA];
	__u32 figures;
	__u32 seen_head;	/* the writes that it covers end here */
	__u32 seen;
};

struct cl_map_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
};

struct cl_map_inflight {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, __u64);		/* the kiocb's address */
	__type(value, struct cl_inflight);
};

struct cl_map_submitters {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct cl_submitter_key);
	__type(value, struct cl_submitter);
};

struct cl_map_tasks {
#ifdef CL_BASIC
	/* Nobody says when a task is gone: after so many, facts count as lost. */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);		/* pid_tgid */
#else
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
#endif
	__type(value, struct cl_task);
};

/* Of CPUs: in an interrupt that finds its task just being given its storage. */
struct cl_map_interrupted {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cl_completions);
};

struct cl_map_fsyncs {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);		/* pid_tgid */
	__type(value, struct cl_fsync);
};

struct cl_map_paths {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct cl_inode_id);
	__type(value, __u8);
};

struct cl_map_failed {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);		/* the inode's address */
	__type(value, __u8);
};

/* Buffered writeback's io_ends, by address, whose data was told to be done. */
struct cl_map_written_back {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
};

extern struct cl_map_ring cl_ring SEC(".maps");
extern struct cl_map_inflight cl_inflight SEC(".maps");
extern struct cl_map_submitters cl_submitters SEC(".maps");
extern struct cl_map_tasks cl_tasks SEC(".maps");
extern struct cl_map_interrupted cl_interrupted SEC(".maps");
extern struct cl_map_fsyncs cl_fsyncs SEC(".maps");
extern struct cl_map_paths cl_paths SEC(".maps");
extern struct cl_map_failed cl_failed SEC(".maps");
extern struct cl_map_written_back cl_written_back SEC(".maps");

extern const volatile struct cl_config cl_cfg;
extern const volatile __u64 cl_wakeup_bytes;
extern const volatile __u32 cl_reads;
extern const volatile __u32 cl_page_bits;
#ifdef CL_BASIC
/*
 * For kernels without bpf_loop (e6f2dd0f8067, 5.17), and so maybe without callbacks, without
 * atomic instructions that have a result (5ffa25502b5a, 5.12), and without storage of tasks
 * (a10787e6d58c, 5.12): no statistics, ids by the clock, a table of tasks.
 */
#define cl_stat_by CL_STAT_OFF
#else
extern const volatile __u32 cl_stat_by;
#endif
extern __u64 cl_stat_full;
extern __u64 cl_lost[CL_LOST_WHERES];
extern __u64 cl_last_id;
extern __u32 cl_writes_hooked;
extern __u64 cl_unannounced;
extern __u64 cl_tracked;
extern __u64 cl_completing;
extern __u64 cl_fsyncs_failed;

static __always_inline void cl_count_lost(enum cl_lost_where where)
{
	__sync_fetch_and_add(&cl_lost[where], 1);
}

static __always_inline __u64 cl_new_id(void)
{
#ifdef CL_BASIC
	return bpf_ktime_get_ns() << 8 | (bpf_get_smp_processor_id() & 0xff);
#else
	return __sync_fetch_and_add(&cl_last_id, 1) + 1;
#endif
}

static __always_inline void cl_identify(struct inode *inode, struct cl_inode_id *id)
{
	id->ino = BPF_CORE_READ(inode, i_ino);
	id->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	id->generation = BPF_CORE_READ(inode, i_generation);
}

static __always_inline bool cl_inode_wanted(const struct cl_inode_id *id)
{
	return cl_filter_inode(&cl_cfg, id->dev, id->ino);
}

/*
 * NULL: not wanted, or (counted) no room. Stamped as of the current task; the
 * caller fills in the rest and calls cl_submit().
 */
static __always_inline void *cl_reserve(enum cl_event_kind kind, __u32 size_bytes,
					const struct cl_inode_id *id)
{
	struct cl_event *e;
	__u64 task, now;

	if (!cl_filter_kind(&cl_cfg, kind))
		return NULL;
	now = bpf_ktime_get_ns();
	e = bpf_ringbuf_reserve(&cl_ring, size_bytes, 0);
	if (!e) {
		cl_count_lost(CL_LOST_RING);
		return NULL;
	}
	task = bpf_get_current_pid_tgid();
	e->size_bytes = size_bytes;
	e->kind = kind;
	e->flags = 0;
	e->ts_ns = now;
	e->ino = id->ino;
	e->dev = id->dev;
	e->generation = id->generation;
	e->tgid = task >> 32;
	e->tid = (__u32)task;
	return e;
}

/*
 * User space looks into the ring by itself many times a second. It is woken
 * only when a good part is full: a wakeup for each event would cost more than
 * the event.
 */
static __always_inline void cl_submit(void *event)
{
	__u64 waiting = bpf_ringbuf_query(&cl_ring, BPF_RB_AVAIL_DATA);

	bpf_ringbuf_submit(event, waiting >= cl_wakeup_bytes ? BPF_RB_FORCE_WAKEUP
							     : BPF_RB_NO_WAKEUP);
}

/*
 * Made if need be. NULL: there is no room for it; or it has to be made, and another program
 * of this CPU, which was interrupted or preempted, is just doing something of that kind.
 * Before 6.2, also if it has been made.
 */
static __always_inline struct cl_task *cl_task(void)
{
#ifdef CL_BASIC
	static const struct cl_task none;
	__u64 task = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&cl_tasks, &task, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&cl_tasks, &task);
#else
	return bpf_task_storage_get(&cl_tasks, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
#endif
}

/* The same; none is counted, since a fact may be lost by it. */
static __always_inline struct cl_task *cl_task_counted(void)
{
	struct cl_task *task = cl_task();

	if (!task)
		cl_count_lost(CL_LOST_MISSED);
	return task;
}

/*
 * For who only looks for a call. A table of tasks knows that there is none, and is not to
 * fill up with whoever passes by.
 */
static __always_inline struct cl_task *cl_task_in_calls(void)
{
#ifdef CL_BASIC
	__u64 task = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&cl_tasks, &task);
#else
	return cl_task_counted();
#endif
}

/* NULL: the task is in no such call. */
static __always_inline struct cl_call *cl_call_find_in(struct cl_task *task, enum cl_call_of of)
{
	return task && task->call[of].running ? &task->call[of] : NULL;
}

/* Returns its record, to which the caller may add; NULL: there is no room for it. */
static __always_inline struct cl_call *cl_call_begin_in(struct cl_task *task, enum cl_call_of of,
							__u64 a, __u64 b, __u64 c)
{
	struct cl_call *call;

	if (!task)
		return NULL;
	call = &task->call[of];
	/* The end of one was skipped. */
	if (call->running)
		cl_count_lost(CL_LOST_MISSED);
	call->running = 1;
	call->begin_ns = bpf_ktime_get_ns();
	call->arg[0] = a;
	call->arg[1] = b;
	call->arg[2] = c;
	call->arg[3] = 0;
	return call;
}

/* Its record, which stays until the next one begins; NULL: its start was not seen. */
static __always_inline struct cl_call *cl_call_end_in(struct cl_task *task, enum cl_call_of of)
{
	struct cl_call *call = cl_call_find_in(task, of);

	if (call)
		call->running = 0;
	return call;
}

/* Those of the current task, of which nothing else is needed. */
static __always_inline struct cl_call *cl_call_find(enum cl_call_of of)
{
	return cl_call_find_in(cl_task_in_calls(), of);
}

static __always_inline struct cl_call *cl_call_begin(enum cl_call_of of, __u64 a, __u64 b, __u64 c)
{
	return cl_call_begin_in(cl_task_counted(), of, a, b, c);
}

static __always_inline struct cl_call *cl_call_end(enum cl_call_of of)
{
	return cl_call_end_in(cl_task_in_calls(), of);
}

#endif

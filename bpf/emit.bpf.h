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
};

struct cl_landed {
	__u64 landed_id;
	__u64 landed_ns;
};

/* Calls that are running: what the hook at the end needs of the one at the start. */
enum cl_call_of {
	CL_CALL_CONVERT = 1,
	CL_CALL_BUFFERED,	/* conversions in it are buffered writeback's */
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
};

struct cl_call_key {
	__u64 task;		/* pid_tgid */
	__u64 of;		/* enum cl_call_of */
};

struct cl_call {
	__u64 begin_ns;
	__u64 arg[4];		/* as the two hooks agree */
};

/* A libaio completion that is being put into the ring. */
struct cl_completing {
	__u64 iocb;
	__s64 result;
	__u32 nested;		/* calls within this one, in interrupts */
	__u32 pad;
	struct cl_inflight write;
};

struct cl_fsync {
	__u64 fsync_id;
	__u64 inode;
	/* For stat: */
	__u64 begin_ns;
	__u64 stage_ns[CL_STAT_STAGES - CL_STAT_STAGE_FSYNC_DATA];
	struct cl_stat_who who;
	__u32 seen_head;	/* the writes that it covers end here */
	__u32 seen;
};

struct cl_map_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
};

struct cl_map_inflight {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);		/* the kiocb's address */
	__type(value, struct cl_inflight);
};

struct cl_map_submitters {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct cl_submitter_key);
	__type(value, struct cl_submitter);
};

struct cl_map_landed {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);		/* the kiocb's address */
	__type(value, struct cl_landed);
};

struct cl_map_calls {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct cl_call_key);
	__type(value, struct cl_call);
};

struct cl_map_completing {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);		/* pid_tgid */
	__type(value, struct cl_completing);
};

struct cl_map_fsyncs {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
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

extern struct cl_map_ring cl_ring SEC(".maps");
extern struct cl_map_inflight cl_inflight SEC(".maps");
extern struct cl_map_submitters cl_submitters SEC(".maps");
extern struct cl_map_landed cl_landed SEC(".maps");
extern struct cl_map_calls cl_calls SEC(".maps");
extern struct cl_map_completing cl_completing SEC(".maps");
extern struct cl_map_fsyncs cl_fsyncs SEC(".maps");
extern struct cl_map_paths cl_paths SEC(".maps");
extern struct cl_map_failed cl_failed SEC(".maps");

extern const volatile struct cl_config cl_cfg;
extern const volatile __u64 cl_wakeup_bytes;
extern const volatile __u32 cl_reads;
extern const volatile __u32 cl_page_bits;
#ifdef CL_BASIC
/*
 * For kernels without bpf_loop (e6f2dd0f8067, 5.17), and so maybe without callbacks and without
 * atomic instructions that have a result (5ffa25502b5a, 5.12): no statistics, ids by the clock.
 */
#define cl_stat_by CL_STAT_OFF
#else
extern const volatile __u32 cl_stat_by;
#endif
extern __u64 cl_stat_full;
extern __u64 cl_lost[CL_LOST_WHERES];
extern __u64 cl_last_id;
extern __u64 cl_unannounced;
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

static __always_inline struct cl_call *cl_call_find(enum cl_call_of of)
{
	struct cl_call_key key = { .task = bpf_get_current_pid_tgid(), .of = of };

	return bpf_map_lookup_elem(&cl_calls, &key);
}

static __always_inline void cl_call_begin(enum cl_call_of of, __u64 a, __u64 b, __u64 c)
{
	struct cl_call_key key = { .task = bpf_get_current_pid_tgid(), .of = of };
	struct cl_call call = { .begin_ns = bpf_ktime_get_ns(), .arg = { a, b, c } };

	/* One is there still: the end of that call was skipped. */
	if (!bpf_map_update_elem(&cl_calls, &key, &call, BPF_NOEXIST))
		return;
	cl_count_lost(CL_LOST_MISSED);
	bpf_map_update_elem(&cl_calls, &key, &call, BPF_ANY);
}

/* Takes the call's record away; false: its start was not seen. */
static __always_inline bool cl_call_end(enum cl_call_of of, struct cl_call *call)
{
	struct cl_call_key key = { .task = bpf_get_current_pid_tgid(), .of = of };
	struct cl_call *found = bpf_map_lookup_elem(&cl_calls, &key);

	if (!found)
		return false;
	*call = *found;
	bpf_map_delete_elem(&cl_calls, &key);
	return true;
}

#endif

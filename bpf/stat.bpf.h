/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Statistics in place of facts: with cl_stat_by set, the hooks' bodies call these
 * and the ring stays empty, but for paths and failures. Without it the verifier
 * removes all of it.
 */
#ifndef CONVLIST_STAT_BPF_H
#define CONVLIST_STAT_BPF_H

#include "emit.bpf.h"

/* A write from its data being done until it is both converted and visible. */
struct cl_stat_write {
	struct cl_stat_who who;
	__u64 done_ns;
	__u64 converted_ns;
	__u64 size_bytes;
	__u64 visible;
};

/* When writes of an inode became visible that no fsync has covered since. */
#define CL_STAT_FOLLOWED 256

struct cl_stat_visible {
	__u32 head;		/* the next to fill */
	__u32 tail;		/* the first that is not durable */
	__u64 visible_ns[CL_STAT_FOLLOWED];
};

struct cl_map_stat_hists {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct cl_stat_key);
	__type(value, struct cl_stat_hist);
};

struct cl_map_stat_counts {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct cl_stat_who);
	__type(value, struct cl_stat_counts);
};

struct cl_map_stat_writes {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct cl_submitter_key);
	__type(value, struct cl_stat_write);
};

struct cl_map_stat_visible {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);		/* the inode's address */
	__type(value, struct cl_stat_visible);
};

extern struct cl_map_stat_hists cl_stat_hists SEC(".maps");
extern struct cl_map_stat_counts cl_stat_counts SEC(".maps");
extern struct cl_map_stat_writes cl_stat_writes SEC(".maps");
extern struct cl_map_stat_visible cl_stat_visible SEC(".maps");

/* What a new row of any table begins as: too large for a program's stack. */
#define CL_STAT_ZEROES sizeof(struct cl_stat_visible)
extern const volatile __u8 cl_stat_zeroes[CL_STAT_ZEROES];

_Static_assert(CL_STAT_ZEROES >= sizeof(struct cl_stat_hist) &&
	       CL_STAT_ZEROES >= sizeof(struct cl_stat_counts), "a row is larger");

static __always_inline __u32 cl_stat_bucket(__u64 ns)
{
	__u32 log = 0;

	if (ns >> 32) {
		log += 32;
		ns >>= 32;
	}
	if (ns >> 16) {
		log += 16;
		ns >>= 16;
	}
	if (ns >> 8) {
		log += 8;
		ns >>= 8;
	}
	if (ns >> 4) {
		log += 4;
		ns >>= 4;
	}
	if (ns >> 2) {
		log += 2;
		ns >>= 2;
	}
	log += ns >> 1;
	return log < CL_STAT_BUCKETS ? log : CL_STAT_BUCKETS - 1;
}

/* A function of its own: its callers are many, and their stacks near the limit. */
static __noinline int cl_stat_add(const struct cl_stat_who *who, __u32 stage, __u64 ns)
{
	struct cl_stat_key key = { .stage = stage };
	struct cl_stat_hist *h;
	__u32 b;

	if (!who)
		return 0;
	key.who = *who;
	h = bpf_map_lookup_elem(&cl_stat_hists, &key);
	if (!h) {
		bpf_map_update_elem(&cl_stat_hists, &key, (const void *)cl_stat_zeroes,
				    BPF_NOEXIST);
		h = bpf_map_lookup_elem(&cl_stat_hists, &key);
		if (!h) {
			__sync_fetch_and_add(&cl_stat_full, 1);
			return 0;
		}
	}
	b = cl_stat_bucket(ns);
	if (b >= CL_STAT_BUCKETS)
		return 0;
	__sync_fetch_and_add(&h->count, 1);
	__sync_fetch_and_add(&h->sum_ns, ns);
	__sync_fetch_and_add(&h->bucket[b], 1);
	if (ns > h->max_ns)
		h->max_ns = ns;		/* two at once may leave the smaller */
	return 0;
}

static __noinline int cl_stat_count(const struct cl_stat_who *who, __u32 counter, __u64 n)
{
	struct cl_stat_who key;
	struct cl_stat_counts *c;

	if (!who || counter >= CL_COUNTERS)
		return 0;
	key = *who;
	c = bpf_map_lookup_elem(&cl_stat_counts, &key);
	if (!c) {
		bpf_map_update_elem(&cl_stat_counts, &key, (const void *)cl_stat_zeroes,
				    BPF_NOEXIST);
		c = bpf_map_lookup_elem(&cl_stat_counts, &key);
		if (!c) {
			__sync_fetch_and_add(&cl_stat_full, 1);
			return 0;
		}
	}
	__sync_fetch_and_add(&c->of[counter], n);
	return 0;
}

/* @comm: CL_COMM_LEN bytes */
static __always_inline void cl_stat_whose(struct cl_stat_who *who, const struct cl_inode_id *id,
					  const char *comm, __u64 cgroup)
{
	__builtin_memset(who, 0, sizeof(*who));
	switch (cl_stat_by) {
	case CL_STAT_OFF:
		break;
	case CL_STAT_INODE:
		who->id = id->ino;
		who->generation = id->generation;
		who->dev = id->dev;
		break;
	case CL_STAT_DEVICE:
		who->dev = id->dev;
		break;
	case CL_STAT_COMM:
		__builtin_memcpy(who->comm, comm, sizeof(who->comm));
		break;
	case CL_STAT_CGROUP:
		who->id = cgroup;
		break;
	}
}

static __always_inline __u64 cl_stat_since(__u64 from_ns, __u64 to_ns)
{
	return to_ns > from_ns ? to_ns - from_ns : 0;
}

/* A part of the fsync that the current task is in, if it is in one. */
static __always_inline void cl_stat_stage_begin(__u32 stage)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct cl_fsync *fsync = bpf_map_lookup_elem(&cl_fsyncs, &task);

	if (fsync)
		fsync->stage_ns[stage - CL_STAT_STAGE_FSYNC_DATA] = bpf_ktime_get_ns();
}

static __always_inline void cl_stat_stage_end(__u32 stage)
{
	__u64 task = bpf_get_current_pid_tgid(), begin_ns;
	struct cl_fsync *fsync = bpf_map_lookup_elem(&cl_fsyncs, &task);
	struct cl_stat_who who;

	if (!fsync)
		return;
	begin_ns = fsync->stage_ns[stage - CL_STAT_STAGE_FSYNC_DATA];
	who = fsync->who;
	fsync->stage_ns[stage - CL_STAT_STAGE_FSYNC_DATA] = 0;
	if (begin_ns)
		cl_stat_add(&who, stage, cl_stat_since(begin_ns, bpf_ktime_get_ns()));
}

static __always_inline void cl_stat_data_done(const struct cl_submitter_key *key,
					      const struct cl_submitter *by,
					      const struct cl_inode_id *id, __u64 size_bytes)
{
	struct cl_stat_write write = {
		.done_ns = bpf_ktime_get_ns(),
		.size_bytes = size_bytes,
	};
	const char nobody[CL_COMM_LEN] = {};

	cl_stat_whose(&write.who, id, by ? by->comm : nobody, by ? by->cgroup : 0);
	cl_stat_count(&write.who, CL_COUNT_WRITES, 1);
	cl_stat_count(&write.who, CL_COUNT_BYTES, size_bytes);
	if (by)
		cl_stat_add(&write.who, CL_STAT_STAGE_IO, cl_stat_since(by->submit_ns, write.done_ns));
	bpf_map_update_elem(&cl_stat_writes, key, &write, BPF_ANY);
}

struct cl_stat_range {
	struct cl_submitter_key at;
	__s64 end_bytes;
	__u64 begin_ns;
	__u64 end_ns;
	__s64 error;
};

/* Writes do not overlap on a list: where one ends the next begins, or the range does. */
static long cl_stat_converted_one(__u32 i, struct cl_stat_range *r)
{
	struct cl_submitter_key key = r->at;
	struct cl_stat_write *w = bpf_map_lookup_elem(&cl_stat_writes, &key);
	struct cl_stat_who who;

	if (!w || !w->size_bytes)
		return 1;
	who = w->who;
	r->at.offset_bytes += w->size_bytes;
	if (r->error) {
		cl_stat_count(&who, CL_COUNT_CONVERT_ERRORS, 1);
		bpf_map_delete_elem(&cl_stat_writes, &key);
		return r->at.offset_bytes >= r->end_bytes ? 1 : 0;
	}
	if (r->begin_ns) {
		cl_stat_add(&who, CL_STAT_STAGE_CONVERT_WAIT, cl_stat_since(w->done_ns, r->begin_ns));
		cl_stat_add(&who, CL_STAT_STAGE_CONVERT, cl_stat_since(r->begin_ns, r->end_ns));
	}
	cl_stat_count(&who, CL_COUNT_CONVERTED, 1);
	if (w->visible)
		bpf_map_delete_elem(&cl_stat_writes, &key);
	else
		w->converted_ns = r->end_ns;
	return r->at.offset_bytes >= r->end_bytes ? 1 : 0;
}

static __always_inline void cl_stat_converted(struct inode *inode, __s64 offset_bytes,
					      __u64 size_bytes, __u64 begin_ns, __s32 error)
{
	struct cl_stat_range r = {
		.at = { .inode = (__u64)inode, .offset_bytes = offset_bytes },
		.end_bytes = offset_bytes + size_bytes,
		.begin_ns = begin_ns,
		.end_ns = bpf_ktime_get_ns(),
		.error = error,
	};

	bpf_loop(1 << 20, cl_stat_converted_one, &r, 0);
}

static __always_inline void cl_stat_listed(struct inode *inode, __s64 offset_bytes)
{
	struct cl_submitter_key key = { .inode = (__u64)inode, .offset_bytes = offset_bytes };
	struct cl_stat_write *w = bpf_map_lookup_elem(&cl_stat_writes, &key);
	struct cl_stat_who who;

	if (!w)
		return;
	who = w->who;
	cl_stat_count(&who, CL_COUNT_LISTED, 1);
}

/* The program can see that the write at offset_bytes is complete. */
static __always_inline void cl_stat_seen(__u64 inode, __s64 offset_bytes, __s64 result)
{
	struct cl_submitter_key key = { .inode = inode, .offset_bytes = offset_bytes };
	struct cl_stat_write *w = bpf_map_lookup_elem(&cl_stat_writes, &key);
	__u64 now_ns = bpf_ktime_get_ns();
	struct cl_stat_visible *v;
	struct cl_stat_who who;

	if (w) {
		who = w->who;
		cl_stat_count(&who, CL_COUNT_COMPLETED, 1);
		cl_stat_add(&who, CL_STAT_STAGE_VISIBLE, cl_stat_since(w->done_ns, now_ns));
		if (w->converted_ns) {
			cl_stat_add(&who, CL_STAT_STAGE_AFTER_CONVERT,
				    cl_stat_since(w->converted_ns, now_ns));
			bpf_map_delete_elem(&cl_stat_writes, &key);
		} else {
			w->visible = 1;
		}
	}
	if (result <= 0)
		return;
	v = bpf_map_lookup_elem(&cl_stat_visible, &inode);
	if (!v) {
		bpf_map_update_elem(&cl_stat_visible, &inode, (const void *)cl_stat_zeroes,
				    BPF_NOEXIST);
		v = bpf_map_lookup_elem(&cl_stat_visible, &inode);
		if (!v)
			return;
	}
	v->visible_ns[__sync_fetch_and_add(&v->head, 1) & (CL_STAT_FOLLOWED - 1)] = now_ns;
}

#endif

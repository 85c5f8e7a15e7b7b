/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Statistics in place of facts: with cl_stat_by set, the hooks' bodies call these
 * and the ring stays empty, but for paths and failures. Without it the verifier
 * removes all of it.
 */
#ifndef CONVLIST_STAT_BPF_H
#define CONVLIST_STAT_BPF_H

#include "emit.bpf.h"

/* When writes of an inode became visible that no fsync has covered since. */
#define CL_STAT_FOLLOWED 256

struct cl_stat_visible {
	__u32 head;		/* the next to fill */
	__u32 tail;		/* the first that is not durable */
	__u64 visible_ns[CL_STAT_FOLLOWED];
};

/* Which of the figures are whose; a write and an fsync keep the place of theirs. */
struct cl_map_stat_index {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct cl_stat_who);
	__type(value, __u32);
};

struct cl_map_stat_figures {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cl_stat_figures);
};

struct cl_map_stat_visible {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);		/* the inode's address */
	__type(value, struct cl_stat_visible);
};

extern struct cl_map_stat_index cl_stat_index SEC(".maps");
extern struct cl_map_stat_figures cl_stat_figures SEC(".maps");
extern struct cl_map_stat_visible cl_stat_visible SEC(".maps");

extern __u32 cl_stat_used;
extern __u32 cl_stat_all;	/* one more than the place of CL_STAT_ALL; 0: it has none yet */

/* What a new row begins as: too large for a program's stack. */
extern const volatile __u8 cl_stat_zeroes[sizeof(struct cl_stat_visible)];

#define CL_STAT_NOWHERE 0xffffffff	/* no figures are left */

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

/* Functions of their own: their callers are many, and their stacks near the limit. */
static __noinline int cl_stat_add(__u32 figures, __u32 stage, __u64 ns)
{
	struct cl_stat_figures *f = bpf_map_lookup_elem(&cl_stat_figures, &figures);
	struct cl_stat_hist *h;
	__u32 b = cl_stat_bucket(ns);

	if (stage >= CL_STAT_STAGES || b >= CL_STAT_BUCKETS)
		return 0;
	if (!f) {
		__sync_fetch_and_add(&cl_stat_full, 1);
		return 0;
	}
	h = &f->hist[stage];
	__sync_fetch_and_add(&h->count, 1);
	__sync_fetch_and_add(&h->sum_ns, ns);
	__sync_fetch_and_add(&h->bucket[b], 1);
	if (ns > h->max_ns)
		h->max_ns = ns;		/* two at once may leave the smaller */
	return 0;
}

static __noinline int cl_stat_count(__u32 figures, __u32 counter, __u64 n)
{
	struct cl_stat_figures *f = bpf_map_lookup_elem(&cl_stat_figures, &figures);

	if (counter >= CL_COUNTERS)
		return 0;
	if (f)
		__sync_fetch_and_add(&f->counts.of[counter], n);
	else
		__sync_fetch_and_add(&cl_stat_full, 1);
	return 0;
}

/* Where the figures of these are: CL_STAT_NOWHERE when there are too many. */
static __always_inline __u32 cl_stat_place(const struct cl_stat_who *who)
{
	__u32 *found = bpf_map_lookup_elem(&cl_stat_index, who), place;

	if (found)
		return *found;
	place = __sync_fetch_and_add(&cl_stat_used, 1);
	/* Another task may have been first: then this place stays empty. */
	if (bpf_map_update_elem(&cl_stat_index, who, &place, BPF_NOEXIST)) {
		found = bpf_map_lookup_elem(&cl_stat_index, who);
		return found ? *found : CL_STAT_NOWHERE;
	}
	return place;
}

/* @comm: CL_COMM_LEN bytes */
static __always_inline __u32 cl_stat_whose(const struct cl_inode_id *id, const char *comm,
					   __u64 cgroup)
{
	struct cl_stat_who who = {};
	__u32 place;

	/* To find who is nobody costs as much as a hook. */
	if (cl_stat_by == CL_STAT_ALL && cl_stat_all)
		return cl_stat_all - 1;
	switch (cl_stat_by) {
	case CL_STAT_OFF:
	case CL_STAT_ALL:
		break;
	case CL_STAT_INODE:
		who.id = id->ino;
		who.generation = id->generation;
		who.dev = id->dev;
		break;
	case CL_STAT_DEVICE:
		who.dev = id->dev;
		break;
	case CL_STAT_COMM:
		__builtin_memcpy(who.comm, comm, sizeof(who.comm));
		break;
	case CL_STAT_CGROUP:
		who.id = cgroup;
		break;
	}
	place = cl_stat_place(&who);
	if (cl_stat_by == CL_STAT_ALL && place != CL_STAT_NOWHERE)
		cl_stat_all = place + 1;
	return place;
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

	if (!fsync)
		return;
	begin_ns = fsync->stage_ns[stage - CL_STAT_STAGE_FSYNC_DATA];
	fsync->stage_ns[stage - CL_STAT_STAGE_FSYNC_DATA] = 0;
	if (begin_ns)
		cl_stat_add(fsync->figures, stage, cl_stat_since(begin_ns, bpf_ktime_get_ns()));
}

/* w: NULL where the submitter is not known */
static __always_inline void cl_stat_data_done(const struct cl_submitter_key *key,
					      struct cl_submitter *w,
					      const struct cl_inode_id *id, __u64 size_bytes)
{
	if (!w) {
		struct cl_submitter none = {};

		bpf_map_update_elem(&cl_submitters, key, &none, BPF_ANY);
		w = bpf_map_lookup_elem(&cl_submitters, key);
		if (!w)
			return;
	}
	w->done_ns = bpf_ktime_get_ns();
	w->converted_ns = 0;
	w->size_bytes = size_bytes;
	w->visible = 0;
	w->figures = cl_stat_whose(id, w->comm, w->cgroup);
	cl_stat_count(w->figures, CL_COUNT_WRITES, 1);
	cl_stat_count(w->figures, CL_COUNT_BYTES, size_bytes);
	if (w->submit_ns)
		cl_stat_add(w->figures, CL_STAT_STAGE_IO, cl_stat_since(w->submit_ns, w->done_ns));
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
	struct cl_submitter *w = bpf_map_lookup_elem(&cl_submitters, &key);

	if (!w || !w->size_bytes)
		return 1;
	r->at.offset_bytes += w->size_bytes;
	if (r->error) {
		cl_stat_count(w->figures, CL_COUNT_CONVERT_ERRORS, 1);
		w->size_bytes = 0;
		return r->at.offset_bytes >= r->end_bytes ? 1 : 0;
	}
	if (r->begin_ns) {
		cl_stat_add(w->figures, CL_STAT_STAGE_CONVERT_WAIT, cl_stat_since(w->done_ns, r->begin_ns));
		cl_stat_add(w->figures, CL_STAT_STAGE_CONVERT, cl_stat_since(r->begin_ns, r->end_ns));
	}
	cl_stat_count(w->figures, CL_COUNT_CONVERTED, 1);
	if (w->visible)
		w->size_bytes = 0;
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
	struct cl_submitter *w = bpf_map_lookup_elem(&cl_submitters, &key);

	if (w && w->size_bytes)
		cl_stat_count(w->figures, CL_COUNT_LISTED, 1);
}

/* The program can see that the write at offset_bytes is complete. */
static __always_inline void cl_stat_seen(__u64 inode, __s64 offset_bytes, __s64 result)
{
	struct cl_submitter_key key = { .inode = inode, .offset_bytes = offset_bytes };
	struct cl_submitter *w = bpf_map_lookup_elem(&cl_submitters, &key);
	__u64 now_ns = bpf_ktime_get_ns();
	struct cl_stat_visible *v;

	if (w && w->size_bytes) {
		cl_stat_count(w->figures, CL_COUNT_COMPLETED, 1);
		cl_stat_add(w->figures, CL_STAT_STAGE_VISIBLE, cl_stat_since(w->done_ns, now_ns));
		if (w->converted_ns) {
			cl_stat_add(w->figures, CL_STAT_STAGE_AFTER_CONVERT,
				    cl_stat_since(w->converted_ns, now_ns));
			w->size_bytes = 0;
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

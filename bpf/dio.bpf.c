// SPDX-License-Identifier: GPL-2.0
/*
 * Direct writes on unwritten extents: who submits them, when their data is
 * done, and when their conversion is put off.
 */
#include "path.bpf.h"

/*
 * In the submitter's context. A write's first mapping starts at its ki_pos, so
 * the pair finds it again; two writes in flight at one offset of one file share
 * the later submitter. Pure overwrites map without CL_IOMAP_WRITE.
 */
static __always_inline void submitted(struct inode *inode, __s64 offset_bytes, __u32 flags, int ret)
{
	struct cl_submitter_key key = { .inode = (__u64)inode, .offset_bytes = offset_bytes };
	struct cl_submitter who = {};
	__u64 task;

	if (ret || !(flags & CL_IOMAP_WRITE) || !(flags & CL_IOMAP_DIRECT))
		return;
	task = bpf_get_current_pid_tgid();
	who.submit_ns = bpf_ktime_get_ns();
	who.tgid = task >> 32;
	who.tid = (__u32)task;
	current_program_comm(who.comm);
	if (cl_stat_by == CL_STAT_CGROUP)
		who.cgroup = bpf_get_current_cgroup_id();
	who.mapped_id = cl_new_id();
	bpf_map_update_elem(&cl_submitters, &key, &who, BPF_ANY);
}

SEC("fexit/ext4_iomap_begin")
int BPF_PROG(ext4_iomap_begin__fexit, struct inode *inode, long long offset, long long length,
	     unsigned int flags, struct iomap *iomap, struct iomap *srcmap, int ret)
{
	submitted(inode, offset, flags, ret);
	return 0;
}

SEC("kprobe/ext4_iomap_begin")
int BPF_KPROBE(ext4_iomap_begin__kprobe, struct inode *inode, long long offset, long long length,
	       unsigned int flags)
{
	if ((flags & CL_IOMAP_WRITE) && (flags & CL_IOMAP_DIRECT))
		cl_call_begin(CL_CALL_MAP, (__u64)inode, offset, flags);
	return 0;
}

SEC("kretprobe/ext4_iomap_begin")
int BPF_KRETPROBE(ext4_iomap_begin__kretprobe, int ret)
{
	struct cl_call *call = cl_call_end(CL_CALL_MAP);

	if (call)
		submitted((void *)call->arg[0], call->arg[1], call->arg[2], ret);
	return 0;
}

/*
 * When the device is done with a part of the data: the write's own completion may
 * still wait for a worker for long. Mostly in interrupts, so a part may be missed
 * that completes while another one is noted: then it is not known when it landed.
 */
static __always_inline void landed(struct kiocb *iocb)
{
	struct cl_submitter_key key = {
		.inode = (__u64)kiocb_inode(iocb),
		.offset_bytes = BPF_CORE_READ(iocb, ki_pos),
	};
	struct cl_submitter *who = bpf_map_lookup_elem(&cl_submitters, &key);

	if (!who)
		return;
	who->landed_ns = bpf_ktime_get_ns();
	who->landed_id = cl_new_id();
	who->landed_iocb = (__u64)iocb;
}

static __always_inline void landed_part(struct iomap_dio *dio)
{
	if (!cl_stat_by && (BPF_CORE_READ(dio, flags) & CL_IOMAP_DIO_UNWRITTEN))
		landed(BPF_CORE_READ(dio, iocb));
}

SEC("fentry/iomap_dio_bio_end_io")
int BPF_PROG(iomap_dio_bio_end_io__fentry, struct bio *bio)
{
	landed_part(bio->bi_private);
	return 0;
}

SEC("kprobe/iomap_dio_bio_end_io")
int BPF_KPROBE(iomap_dio_bio_end_io__kprobe, struct bio *bio)
{
	landed_part(BPF_CORE_READ(bio, bi_private));
	return 0;
}

static __always_inline void landed_at_once(struct bio *bio)
{
	struct iomap_dio_simple *dio =
		(void *)bio - bpf_core_field_offset(struct iomap_dio_simple, bio);

	if (!cl_stat_by && (BPF_CORE_READ(dio, dio_flags) & CL_IOMAP_DIO_UNWRITTEN))
		landed(BPF_CORE_READ(dio, iocb));
}

SEC("fentry/iomap_dio_simple_end_io")
int BPF_PROG(iomap_dio_simple_end_io__fentry, struct bio *bio)
{
	landed_at_once(bio);
	return 0;
}

SEC("kprobe/iomap_dio_simple_end_io")
int BPF_KPROBE(iomap_dio_simple_end_io__kprobe, struct bio *bio)
{
	landed_at_once(bio);
	return 0;
}

/* False: the write is not wanted, or it cannot be told. */
static __always_inline bool submitter_wanted(const struct cl_submitter *who)
{
	if (!cl_filter_by_task(&cl_cfg))
		return true;
	if (!who) {
		cl_count_lost(CL_LOST_SUBMITTER);
		return false;
	}
	return cl_filter_task(&cl_cfg, who->tgid, who->comm);
}

/* Ties the write to its kiocb, which is all that later hooks are given. */
static __always_inline void track(struct kiocb *iocb, const struct kiocb_facts *is, __u64 write_id,
				  long size)
{
	struct cl_inflight new = {
		.id = is->id,
		.write_id = { write_id },
		.writes = 1,
		.done_ns = bpf_ktime_get_ns(),
		.end_bytes = is->pos + size,
		.inode = (__u64)is->inode,
		.start_bytes = { is->pos },
	};
	struct cl_inflight *old;
	__u64 key = (__u64)iocb;

	if (!bpf_map_update_elem(&cl_inflight, &key, &new, BPF_NOEXIST)) {
		__sync_fetch_and_add(&cl_tracked, 1);
		return;
	}
	old = bpf_map_lookup_elem(&cl_inflight, &key);
	if (!old) {
		cl_count_lost(CL_LOST_WRITES);
		return;
	}
	if (old->id.ino == is->id.ino && old->id.dev == is->id.dev && old->end_bytes == is->pos &&
	    old->writes < CL_WRITES_PER_IOCB) {
		old->start_bytes[old->writes & (CL_WRITES_PER_IOCB - 1)] = is->pos;
		old->write_id[old->writes++ & (CL_WRITES_PER_IOCB - 1)] = write_id;
		old->done_ns = new.done_ns;
		old->end_bytes = new.end_bytes;
		return;
	}
	cl_count_lost(CL_LOST_MISSED);
	*old = new;
}

/* announce: the conversion follows at once, in this task. */
static __always_inline void data_done(struct kiocb *iocb, const struct kiocb_facts *is, long size,
				      bool announce)
{
	struct cl_submitter_key key = { .inode = (__u64)is->inode, .offset_bytes = is->pos };
	struct cl_submitter *who;
	struct cl_task *task;
	struct cl_call *call;
	struct cl_ev_write *w;
	__u64 write_id;

	if (!cl_inode_wanted(&is->id))
		return;
	task = announce ? cl_task_counted() : cl_task();
	if (announce) {
		call = cl_call_begin_in(task, CL_CALL_DATA_DONE, (__u64)is->inode, is->pos, 0);
		if (call)
			call->id = is->id;
	}
	who = bpf_map_lookup_elem(&cl_submitters, &key);
	if (who)
		who->announced = 1;
	if (!submitter_wanted(who))
		return;
	cl_emit_path(task, is->file, is->inode, &is->id);
	write_id = cl_new_id();
	track(iocb, is, write_id, size);
	if (cl_stat_by) {
		cl_stat_data_done(&key, who, &is->id, size);
		return;
	}
	w = cl_reserve(CL_EV_WRITE, sizeof(*w), &is->id);
	if (!w)
		return;
	w->write_id = write_id;
	w->offset_bytes = is->pos;
	w->size_bytes = size;
	w->sync = is->sync;
	w->dsync = !!(is->flags & (CL_IOCB_DSYNC | CL_IOCB_SYNC));
	w->landed_id = 0;
	w->landed_ns = 0;
	if (who) {
		if (who->landed_iocb == (__u64)iocb) {
			w->landed_id = who->landed_id;
			w->landed_ns = who->landed_ns;
		}
		w->mapped_id = who->mapped_id;
		w->submit_ns = who->submit_ns;
		w->e.tgid = who->tgid;
		w->e.tid = who->tid;
		__builtin_memcpy(w->comm, who->comm, sizeof(w->comm));
	} else {
		w->mapped_id = 0;
		w->submit_ns = 0;
		w->e.tgid = 0;
		w->e.tid = 0;
		__builtin_memset(w->comm, 0, sizeof(w->comm));
	}
	cl_submit(w);
}

static __always_inline bool converts(long size, int error, __u32 flags)
{
	return !error && size > 0 && (flags & CL_IOMAP_DIO_UNWRITTEN);
}

SEC("fentry/ext4_end_io_dio")
int BPF_PROG(ext4_end_io_dio__fentry, struct kiocb *iocb, long size, int error, unsigned int flags)
{
	struct kiocb_facts is;

	if (converts(size, error, flags)) {
		kiocb_read_typed(iocb, &is);
		data_done(iocb, &is, size, false);
	}
	return 0;
}

SEC("kprobe/ext4_end_io_dio")
int BPF_KPROBE(ext4_end_io_dio__kprobe, struct kiocb *iocb, long size, int error,
	       unsigned int flags)
{
	struct kiocb_facts is;

	if (converts(size, error, flags)) {
		kiocb_read(iocb, &is);
		data_done(iocb, &is, size, false);
	}
	return 0;
}

/* The same function without the series: 8d5d02e6b176 named it, later kernels renamed it. */
SEC("fentry/ext4_dio_write_end_io")
int BPF_PROG(ext4_dio_write_end_io__fentry, struct kiocb *iocb, long size, int error,
	     unsigned int flags)
{
	struct kiocb_facts is;

	if (converts(size, error, flags)) {
		kiocb_read_typed(iocb, &is);
		data_done(iocb, &is, size, true);
	}
	return 0;
}

SEC("kprobe/ext4_dio_write_end_io")
int BPF_KPROBE(ext4_dio_write_end_io__kprobe, struct kiocb *iocb, long size, int error,
	       unsigned int flags)
{
	struct kiocb_facts is;

	if (converts(size, error, flags)) {
		kiocb_read(iocb, &is);
		data_done(iocb, &is, size, true);
	}
	return 0;
}

/*
 * Under the list's lock, so with interrupts off: before conversion and completion of this
 * write. Where its completion came in an interrupt, the hook at its start is skipped if
 * it was running for another write just then: this one is not, and takes its place. Not
 * while hooks come and go: a write's completion has to be seen as well.
 */
SEC("tp_btf/ext4_aio_dio_listed")
int BPF_PROG(ext4_aio_dio_listed__tp, struct inode *inode, struct kiocb *iocb, long long offset,
	     long size, unsigned int pending)
{
	__u64 key = (__u64)iocb, write_id = 0;
	struct cl_inflight *write;
	struct cl_ev_listed *l;
	struct kiocb_facts is;
	struct cl_inode_id id;

	/* Never; but ext4 may be a module, and the verifier asks. */
	if (!inode || !iocb)
		return 0;
	cl_identify(inode, &id);
	if (!cl_inode_wanted(&id))
		return 0;
	write = bpf_map_lookup_elem(&cl_inflight, &key);
	/* If there is one of an earlier write, its completion was skipped. */
	if (cl_writes_hooked && (!write || write->end_bytes != offset + size)) {
		kiocb_read(iocb, &is);
		data_done(iocb, &is, size, false);
		write = bpf_map_lookup_elem(&cl_inflight, &key);
	}
	if (write)
		write_id = write->write_id[(write->writes - 1) & (CL_WRITES_PER_IOCB - 1)];
	else if (cl_filter_by_task(&cl_cfg))
		return 0;
	if (cl_stat_by) {
		cl_stat_listed(inode, offset);
		return 0;
	}
	l = cl_reserve(CL_EV_LISTED, sizeof(*l), &id);
	if (!l)
		return 0;
	l->write_id = write_id;
	l->offset_bytes = offset;
	l->size_bytes = size;
	l->pending = pending;
	l->pad = 0;
	cl_submit(l);
	return 0;
}

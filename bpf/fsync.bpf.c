// SPDX-License-Identifier: GPL-2.0
/* fsync, fdatasync, msync and the sync of O_DSYNC writes: begin, end, what was committed. */
#include "path.bpf.h"

static __always_inline void stat_begin(struct cl_fsync *fsync, const struct cl_inode_id *id,
				       const char *comm)
{
	struct cl_stat_visible *v;

	fsync->figures = cl_stat_whose(id, comm, cl_stat_by == CL_STAT_CGROUP ?
							 bpf_get_current_cgroup_id() : 0);
	fsync->begin_ns = bpf_ktime_get_ns();
	v = bpf_map_lookup_elem(&cl_stat_visible, &fsync->inode);
	if (v) {
		fsync->seen = 1;
		fsync->seen_head = v->head;
	}
}

struct durable {
	__u64 inode;
	__u64 now_ns;
	__u32 figures;
	__u32 at;
};

static long durable_one(__u32 i, struct durable *d)
{
	__u64 inode = d->inode;
	struct cl_stat_visible *v = bpf_map_lookup_elem(&cl_stat_visible, &inode);
	__u64 visible_ns;

	if (!v)
		return 1;
	visible_ns = v->visible_ns[d->at++ & (CL_STAT_FOLLOWED - 1)];
	cl_stat_add(d->figures, CL_STAT_STAGE_DURABLE, cl_stat_since(visible_ns, d->now_ns));
	return 0;
}

/* The writes seen complete before it began; two fsyncs at once may count one twice. */
static __always_inline void stat_durable(const struct cl_fsync *fsync, __u64 now_ns)
{
	struct durable d = {
		.inode = fsync->inode,
		.now_ns = now_ns,
		.figures = fsync->figures,
	};
	struct cl_stat_visible *v;
	__u32 n;

	v = bpf_map_lookup_elem(&cl_stat_visible, &d.inode);
	if (!v)
		return;
	n = fsync->seen_head - v->tail;
	if ((__s32)n <= 0)
		return;
	if (n > CL_STAT_FOLLOWED) {
		cl_stat_count(d.figures, CL_COUNT_UNFOLLOWED, n - CL_STAT_FOLLOWED);
		n = CL_STAT_FOLLOWED;
	}
	d.at = fsync->seen_head - n;
	v->tail = fsync->seen_head;
	bpf_loop(n, durable_one, &d, 0);
}

static __always_inline void stat_end(const struct cl_fsync *fsync, int ret)
{
	__u64 now_ns = bpf_ktime_get_ns();

	cl_stat_count(fsync->figures, CL_COUNT_FSYNCS, 1);
	cl_stat_add(fsync->figures, CL_STAT_STAGE_FSYNC, cl_stat_since(fsync->begin_ns, now_ns));
	if (ret)
		cl_stat_count(fsync->figures, CL_COUNT_FSYNC_ERRORS, 1);
	else if (fsync->seen)
		stat_durable(fsync, now_ns);
}

static __always_inline void fsync_begin(struct file *file, __s64 start, __s64 end, int datasync)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct cl_ev_fsync_begin *b;
	char comm[CL_COMM_LEN] = {};
	struct cl_fsync fsync = {};
	struct cl_inode_id id;
	struct inode *inode;

	inode = BPF_CORE_READ(file, f_inode);
	cl_identify(inode, &id);
	if (!cl_inode_wanted(&id))
		return;
	current_program_comm(comm);
	if (!cl_filter_task(&cl_cfg, task >> 32, comm))
		return;
	cl_emit_path(cl_task(), file, inode, &id);
	fsync.fsync_id = cl_new_id();
	fsync.inode = (__u64)inode;
	if (cl_stat_by)
		stat_begin(&fsync, &id, comm);
	if (bpf_map_update_elem(&cl_fsyncs, &task, &fsync, BPF_ANY))
		cl_count_lost(CL_LOST_FSYNCS);

	if (cl_stat_by)
		return;
	b = cl_reserve(CL_EV_FSYNC_BEGIN, sizeof(*b), &id);
	if (!b)
		return;
	b->fsync_id = fsync.fsync_id;
	b->start_bytes = start;
	b->end_bytes = end;
	b->datasync = !!datasync;
	b->pad = 0;
	__builtin_memcpy(b->comm, comm, sizeof(b->comm));
	cl_submit(b);
}

/* Whoever writes to the file again before the next fsync is told of. */
static __always_inline void note_failure(__u64 inode, int ret)
{
	__u8 failed = 1;

	if (ret < 0) {
		bpf_map_update_elem(&cl_failed, &inode, &failed, BPF_ANY);
		cl_fsyncs_failed = 1;
	} else if (cl_fsyncs_failed) {
		bpf_map_delete_elem(&cl_failed, &inode);
	}
}

static __always_inline void fsync_end(int ret)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct cl_ev_fsync_end *e;
	struct ext4_sb_info *sbi;
	struct journal_s *journal;
	struct cl_fsync *running;
	struct cl_fsync fsync;
	struct cl_inode_id id;
	struct inode *inode;

	running = bpf_map_lookup_elem(&cl_fsyncs, &task);
	if (!running)
		return;
	fsync = *running;
	bpf_map_delete_elem(&cl_fsyncs, &task);
	if (cl_stat_by) {
		stat_end(&fsync, ret);
		return;
	}
	note_failure(fsync.inode, ret);
	inode = (void *)fsync.inode;	/* the caller's file holds it */
	cl_identify(inode, &id);
	sbi = ext4_sb(BPF_CORE_READ(inode, i_sb));
	journal = BPF_CORE_READ(sbi, s_journal);

	e = cl_reserve(CL_EV_FSYNC_END, sizeof(*e), &id);
	if (!e)
		return;
	e->fsync_id = fsync.fsync_id;
	e->ret = ret;
	e->committed_tid = 0;
	e->journal = CL_JOURNAL_NONE;
	e->cache = device_cache(BPF_CORE_READ(inode, i_sb, s_bdev));
	if (journal) {
		e->committed_tid = BPF_CORE_READ(journal, j_commit_sequence);
		e->journal = ext4_fast_commits(sbi, journal) ? CL_JOURNAL_FAST : CL_JOURNAL_FULL;
	}
	cl_submit(e);
}

SEC("fentry/ext4_sync_file")
int BPF_PROG(ext4_sync_file__fentry, struct file *file, long long start, long long end,
	     int datasync)
{
	fsync_begin(file, start, end, datasync);
	return 0;
}

SEC("fexit/ext4_sync_file")
int BPF_PROG(ext4_sync_file__fexit, struct file *file, long long start, long long end,
	     int datasync, int ret)
{
	fsync_end(ret);
	return 0;
}

SEC("kprobe/ext4_sync_file")
int BPF_KPROBE(ext4_sync_file__kprobe, struct file *file, long long start, long long end,
	       int datasync)
{
	fsync_begin(file, start, end, datasync);
	return 0;
}

SEC("kretprobe/ext4_sync_file")
int BPF_KRETPROBE(ext4_sync_file__kretprobe, int ret)
{
	fsync_end(ret);
	return 0;
}

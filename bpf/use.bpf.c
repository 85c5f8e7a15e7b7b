// SPDX-License-Identifier: GPL-2.0
/*
 * When a file is closed for the last time by somebody who could write to it, when it
 * is gone, and when whole file systems are synced. Only files of which direct writes or fsyncs
 * were seen matter; those have told their path.
 */
#include "emit.bpf.h"

static __always_inline void tell(enum cl_event_kind kind, struct inode *inode)
{
	struct cl_inode_id id;
	struct cl_event *e;

	cl_identify(inode, &id);
	if (!cl_inode_wanted(&id) || !bpf_map_lookup_elem(&cl_paths, &id))
		return;
	e = cl_reserve(kind, sizeof(*e), &id);
	if (e)
		cl_submit(e);
}

static __always_inline void evicted(struct inode *inode)
{
	if (!cl_stat_by && !BPF_CORE_READ(inode, i_nlink))
		tell(CL_EV_DELETE, inode);
}

static __always_inline void closed(struct inode *inode, struct file *file)
{
	if (cl_stat_by || !(BPF_CORE_READ(file, f_mode) & CL_FMODE_WRITE))
		return;
	/* Another one can still write; or the name is gone, and the data is to go, too. */
	if (BPF_CORE_READ(inode, i_writecount.counter) != 1 || !BPF_CORE_READ(inode, i_nlink))
		return;
	tell(CL_EV_CLOSE, inode);
}

static __always_inline void synced(struct super_block *sb, int wait)
{
	struct cl_inode_id id = { .dev = BPF_CORE_READ(sb, s_dev) };
	struct cl_ev_sync *s;

	if (cl_stat_by || !cl_filter_dev(&cl_cfg, id.dev))
		return;
	s = cl_reserve(CL_EV_SYNC, sizeof(*s), &id);
	if (!s)
		return;
	s->wait = !!wait;
	s->pad = 0;
	cl_submit(s);
}

SEC("fentry/ext4_release_file")
int BPF_PROG(ext4_release_file__fentry, struct inode *inode, struct file *file)
{
	closed(inode, file);
	return 0;
}

SEC("kprobe/ext4_release_file")
int BPF_KPROBE(ext4_release_file__kprobe, struct inode *inode, struct file *file)
{
	closed(inode, file);
	return 0;
}

SEC("fentry/ext4_sync_fs")
int BPF_PROG(ext4_sync_fs__fentry, struct super_block *sb, int wait)
{
	synced(sb, wait);
	return 0;
}

SEC("kprobe/ext4_sync_fs")
int BPF_KPROBE(ext4_sync_fs__kprobe, struct super_block *sb, int wait)
{
	synced(sb, wait);
	return 0;
}

SEC("fentry/ext4_evict_inode")
int BPF_PROG(ext4_evict_inode__fentry, struct inode *inode)
{
	evicted(inode);
	return 0;
}

SEC("kprobe/ext4_evict_inode")
int BPF_KPROBE(ext4_evict_inode__kprobe, struct inode *inode)
{
	evicted(inode);
	return 0;
}

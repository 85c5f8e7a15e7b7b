// SPDX-License-Identifier: GPL-2.0
/*
 * Regular files get names: by create, link (also of an O_TMPFILE), rename; and lose
 * them. A name is known by its directory and by the hash of it there, which is all that
 * is needed to find it again.
 */
#include "path.bpf.h"

/* Its changes are on the device when the call that made them returns. */
static __always_inline bool is_dirsync(struct inode *dir)
{
	return (BPF_CORE_READ(dir, i_sb, s_flags) & (CL_SB_SYNCHRONOUS | CL_SB_DIRSYNC)) ||
	       (BPF_CORE_READ(dir, i_flags) & (CL_S_SYNC | CL_S_DIRSYNC));
}

/* A server in the kernel has its own ways to sync directories. */
static __always_inline bool by_kernel(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, flags) & CL_PF_KTHREAD;
}

static __always_inline struct inode *dir_of(struct dentry *dentry)
{
	return BPF_CORE_READ(dentry, d_parent, d_inode);
}

/* The name that it was known by is not, or not the only, one now. */
static __always_inline void tell_path(struct dentry *dentry, const struct cl_inode_id *id)
{
	struct cl_path_walk *walk;
	struct cl_ev_path *p;

	p = cl_reserve(CL_EV_PATH, CL_PATH_RESERVED, id);
	if (!p)
		return;
	walk = (void *)p + CL_PATH_RECORD;
	cl_path_collect(dentry, walk);
	p->len_bytes = cl_path_write(walk, p->path);
	p->e.size_bytes = sizeof(*p) + p->len_bytes + 1;
	if (walk->truncated)
		p->e.flags |= CL_F_TRUNCATED;
	cl_submit(p);
}

static __always_inline bool is_wanted(struct inode *inode, const struct cl_inode_id *id)
{
	return !cl_stat_by && (BPF_CORE_READ(inode, i_mode) & CL_S_IFMT) == CL_S_IFREG &&
	       cl_inode_wanted(id);
}

static __always_inline void fill(struct cl_ev_name *n, struct dentry *dentry, __u32 how)
{
	struct inode *dir = dir_of(dentry);

	n->dir_ino = BPF_CORE_READ(dir, i_ino);
	n->dir_generation = BPF_CORE_READ(dir, i_generation);
	n->name_hash = BPF_CORE_READ(dentry, d_name.hash);
	n->old_dir_ino = 0;
	n->old_dir_generation = 0;
	n->old_name_hash = 0;
	n->how = how;
	n->settled = 0;
}

/* old: of a rename, else NULL. The kernel moves the dentry only after this. */
static __always_inline void named(struct dentry *dentry, struct inode *inode, struct dentry *old,
				  __u32 how)
{
	struct cl_inode_id id;
	struct cl_ev_name *n;
	char comm[CL_COMM_LEN] = {};
	bool settled;

	cl_identify(inode, &id);
	if (!is_wanted(inode, &id))
		return;
	current_program_comm(comm);
	settled = by_kernel() || is_dirsync(dir_of(dentry)) || (old && is_dirsync(dir_of(old))) ||
		  !cl_filter_task(&cl_cfg, bpf_get_current_pid_tgid() >> 32, comm);
	/* Of others it tells what was there before. */
	if (settled && how == CL_NAME_CREATE)
		return;
	if (how != CL_NAME_CREATE && bpf_map_lookup_elem(&cl_paths, &id))
		tell_path(dentry, &id);
	n = cl_reserve(CL_EV_NAME, sizeof(*n), &id);
	if (!n)
		return;
	fill(n, dentry, how);
	n->settled = settled;
	if (old) {
		struct inode *dir = dir_of(old);

		n->old_dir_ino = BPF_CORE_READ(dir, i_ino);
		n->old_dir_generation = BPF_CORE_READ(dir, i_generation);
		n->old_name_hash = BPF_CORE_READ(old, d_name.hash);
	}
	__builtin_memcpy(n->comm, comm, sizeof(n->comm));
	cl_submit(n);
}

/* As it begins. Of a file that nobody synced, and that goes with it, nothing is told. */
static __always_inline void unnamed(struct dentry *dentry)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct cl_inode_id id;
	struct cl_ev_name *n;

	cl_identify(inode, &id);
	if (!is_wanted(inode, &id))
		return;
	if (BPF_CORE_READ(inode, i_nlink) == 1 && !bpf_map_lookup_elem(&cl_paths, &id))
		return;
	n = cl_reserve(CL_EV_NAME, sizeof(*n), &id);
	if (!n)
		return;
	fill(n, dentry, CL_NAME_UNLINK);
	__builtin_memset(n->comm, 0, sizeof(n->comm));
	cl_submit(n);
}

static __always_inline void call_begins(struct dentry *dentry, struct dentry *old, __u32 how)
{
	if (!cl_stat_by)
		cl_call_begin(CL_CALL_NAME, (__u64)dentry, (__u64)old, how);
}

static __always_inline void call_ends(int ret)
{
	struct cl_call *call = cl_call_end(CL_CALL_NAME);
	struct dentry *dentry, *old;

	if (!call || ret)
		return;
	dentry = (void *)call->arg[0];
	old = (void *)call->arg[1];
	named(dentry, BPF_CORE_READ(old ?: dentry, d_inode), old, call->arg[2]);
}

/* The result is asked for: how many arguments stand before it is not the same everywhere. */
static __always_inline bool has_failed(void *ctx)
{
	__u64 ret = 1;

	return bpf_get_func_ret(ctx, &ret) || (int)ret;
}

SEC("fexit/ext4_create")
int BPF_PROG(ext4_create__fexit, void *idmap, struct inode *dir, struct dentry *dentry)
{
	if (!has_failed(ctx))
		named(dentry, BPF_CORE_READ(dentry, d_inode), NULL, CL_NAME_CREATE);
	return 0;
}

SEC("fexit/ext4_link")
int BPF_PROG(ext4_link__fexit, struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	if (!has_failed(ctx))
		named(dentry, BPF_CORE_READ(dentry, d_inode), NULL, CL_NAME_LINK);
	return 0;
}

SEC("fexit/ext4_rename2")
int BPF_PROG(ext4_rename2__fexit, void *idmap, struct inode *old_dir, struct dentry *old,
	     struct inode *dir, struct dentry *dentry)
{
	if (!has_failed(ctx))
		named(dentry, BPF_CORE_READ(old, d_inode), old, CL_NAME_RENAME);
	return 0;
}

SEC("fentry/ext4_unlink")
int BPF_PROG(ext4_unlink__fentry, struct inode *dir, struct dentry *dentry)
{
	unnamed(dentry);
	return 0;
}

SEC("kprobe/ext4_create")
int BPF_KPROBE(ext4_create__kprobe, void *idmap, struct inode *dir, struct dentry *dentry)
{
	call_begins(dentry, NULL, CL_NAME_CREATE);
	return 0;
}

SEC("kretprobe/ext4_create")
int BPF_KRETPROBE(ext4_create__kretprobe, int ret)
{
	call_ends(ret);
	return 0;
}

SEC("kprobe/ext4_link")
int BPF_KPROBE(ext4_link__kprobe, struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	call_begins(dentry, NULL, CL_NAME_LINK);
	return 0;
}

SEC("kretprobe/ext4_link")
int BPF_KRETPROBE(ext4_link__kretprobe, int ret)
{
	call_ends(ret);
	return 0;
}

SEC("kprobe/ext4_rename2")
int BPF_KPROBE(ext4_rename2__kprobe, void *idmap, struct inode *old_dir, struct dentry *old,
	       struct inode *dir, struct dentry *dentry)
{
	call_begins(dentry, old, CL_NAME_RENAME);
	return 0;
}

SEC("kretprobe/ext4_rename2")
int BPF_KRETPROBE(ext4_rename2__kretprobe, int ret)
{
	call_ends(ret);
	return 0;
}

SEC("kprobe/ext4_unlink")
int BPF_KPROBE(ext4_unlink__kprobe, struct inode *dir, struct dentry *dentry)
{
	unnamed(dentry);
	return 0;
}

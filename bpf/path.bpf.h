/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The path of an inode within its file system, the first time the inode is
 * seen. Where it is mounted is known to user space.
 */
#ifndef CONVLIST_PATH_BPF_H
#define CONVLIST_PATH_BPF_H

#include "emit.bpf.h"

#define CL_PATH_DEPTH 32
#define CL_NAME_MAX 256

/* Room for one more name beyond the longest path: the verifier knows no sums. */
#define CL_PATH_RECORD (sizeof(struct cl_ev_path) + CL_PATH_MAX + CL_NAME_MAX)

struct cl_path_walk {
	struct dentry *dentry[CL_PATH_DEPTH];
	__u32 depth;
	bool truncated;
	bool unlinked;
};

/* Collects the components from the leaf upwards, as many as there is room for. */
static __always_inline void cl_path_collect(struct dentry *dentry, struct cl_path_walk *walk)
{
	__u32 len_bytes = 0;

	walk->depth = 0;
	walk->truncated = false;
	walk->unlinked = false;
	for (int i = 0; i < CL_PATH_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (!parent || parent == dentry)
			return;
		if (!BPF_CORE_READ(dentry, d_hash.pprev))
			walk->unlinked = true;
		len_bytes += BPF_CORE_READ(dentry, d_name.len) + 1;
		if (len_bytes >= CL_PATH_MAX)
			break;
		walk->dentry[i] = dentry;
		walk->depth = i + 1;
		dentry = parent;
	}
	walk->truncated = true;
}

/* Writes "/a/b/c", without more than CL_PATH_MAX - 1 bytes; returns the length. */
static __always_inline __u32 cl_path_write(const struct cl_path_walk *walk, char *path)
{
	__u32 at = 0;

	path[0] = '/';
	path[1] = 0;
	for (int i = CL_PATH_DEPTH - 1; i >= 0; i--) {
		const unsigned char *name;
		long n;

		if (i >= walk->depth)
			continue;
		name = BPF_CORE_READ(walk->dentry[i], d_name.name);
		if (at >= CL_PATH_MAX)
			break;
		path[at] = '/';
		n = bpf_probe_read_kernel_str(&path[at + 1], CL_NAME_MAX - 1, name);
		if (n <= 0)
			break;
		at += n;	/* the slash, and the name without its NUL */
	}
	if (!at)
		return 1;
	return at < CL_PATH_MAX ? at : CL_PATH_MAX - 1;
}

static __always_inline void cl_emit_path(struct file *file, struct inode *inode,
					 const struct cl_inode_id *id)
{
	struct cl_path_walk walk;
	struct cl_ev_path *p;
	__u8 seen = 1;

	if (bpf_map_lookup_elem(&cl_paths, id))
		return;
	p = cl_reserve(CL_EV_PATH, CL_PATH_RECORD, id);
	if (!p)
		return;
	cl_path_collect(BPF_CORE_READ(file, f_path.dentry), &walk);
	p->len_bytes = cl_path_write(&walk, p->path);
	p->e.size_bytes = sizeof(*p) + p->len_bytes + 1;
	if (walk.truncated)
		p->e.flags |= CL_F_TRUNCATED;
	if (walk.unlinked || !BPF_CORE_READ(inode, i_nlink))
		p->e.flags |= CL_F_UNLINKED;
	cl_submit(p);
	bpf_map_update_elem(&cl_paths, id, &seen, BPF_ANY);
}

#endif

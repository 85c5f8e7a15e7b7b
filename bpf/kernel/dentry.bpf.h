/* SPDX-License-Identifier: GPL-2.0 */
/* The path of a dentry within its file system. */
#ifndef CONVLIST_KERNEL_DENTRY_H
#define CONVLIST_KERNEL_DENTRY_H

#include "compat.bpf.h"

#define CL_PATH_DEPTH 32
#define CL_NAME_MAX 256

struct cl_path_walk {
	struct dentry *dentry[CL_PATH_DEPTH];
	__u32 depth;
	bool truncated;
	bool unlinked;
};

struct cl_path_at {
	struct cl_path_walk *walk;
	struct dentry *dentry;
	char *path;
	__u32 len_bytes;
};

cl_loop_body cl_path_collect_one(__u32 i, struct cl_path_at *at)
{
	struct cl_path_walk *walk = at->walk;
	struct dentry *dentry = at->dentry;
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

	if (!parent || parent == dentry) {
		walk->truncated = false;
		return 1;
	}
	if (!BPF_CORE_READ(dentry, d_hash.pprev))
		walk->unlinked = true;
	at->len_bytes += BPF_CORE_READ(dentry, d_name.len) + 1;
	if (at->len_bytes >= CL_PATH_MAX || i >= CL_PATH_DEPTH)
		return 1;
	walk->dentry[i] = dentry;
	walk->depth = i + 1;
	at->dentry = parent;
	return 0;
}

/* Collects the components from the leaf upwards, as many as there is room for. */
static __always_inline void cl_path_collect(struct dentry *dentry, struct cl_path_walk *walk)
{
	struct cl_path_at at = { .walk = walk, .dentry = dentry };

	walk->depth = 0;
	walk->truncated = true;
	walk->unlinked = false;
	cl_loop(CL_PATH_DEPTH, CL_PATH_DEPTH, cl_path_collect_one, &at);
}

cl_loop_body cl_path_write_one(__u32 i, struct cl_path_at *at)
{
	struct cl_path_walk *walk = at->walk;
	__u64 from_root = walk->depth - 1ULL - i, len_bytes = at->len_bytes;
	struct dentry *dentry;
	long n;

	if (from_root >= CL_PATH_DEPTH || len_bytes >= CL_PATH_MAX)
		return 1;
	dentry = walk->dentry[from_root];	/* ours: not for CO-RE to move */
	barrier_var(len_bytes);	/* else the compiler sees that this changes nothing */
	len_bytes &= CL_PATH_MAX - 1;
	at->path[len_bytes] = '/';
	n = bpf_probe_read_kernel_str(&at->path[len_bytes + 1], CL_NAME_MAX - 1,
				      BPF_CORE_READ(dentry, d_name.name));
	if (n <= 0)
		return 1;
	at->len_bytes = len_bytes + n;	/* the slash, and the name without its NUL */
	return 0;
}

/*
 * Writes "/a/b/c", no longer than CL_PATH_MAX - 1 bytes; returns the length. The
 * buffer has room for one name more: the verifier knows no sums.
 */
static __always_inline __u32 cl_path_write(struct cl_path_walk *walk, char *path)
{
	struct cl_path_at at = { .walk = walk, .path = path };

	path[0] = '/';
	path[1] = 0;
	cl_loop(walk->depth, CL_PATH_DEPTH, cl_path_write_one, &at);
	if (!at.len_bytes)
		return 1;
	return at.len_bytes < CL_PATH_MAX ? at.len_bytes : CL_PATH_MAX - 1;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* The path of a dentry within its file system. */
#ifndef CONVLIST_KERNEL_DENTRY_H
#define CONVLIST_KERNEL_DENTRY_H

#include "types.h"
#include "event.h"

#define CL_PATH_DEPTH 32
#define CL_NAME_MAX 256

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

/*
 * Writes "/a/b/c", no longer than CL_PATH_MAX - 1 bytes; returns the length. The
 * buffer has room for one name more: the verifier knows no sums. Nor is it to know by
 * how much the path grew each time, or it looks at all ways to get there.
 */
static __always_inline __u32 cl_path_write(const struct cl_path_walk *walk, char *path)
{
	__u32 at = 0;

	path[0] = '/';
	path[1] = 0;
	for (int i = CL_PATH_DEPTH - 1; i >= 0; i--) {
		struct dentry *dentry;
		long n;

		if (i >= walk->depth)
			continue;
		dentry = walk->dentry[i];	/* ours: not for CO-RE to move */
		if (at >= CL_PATH_MAX)
			break;
		barrier_var(at);	/* else the compiler sees that this changes nothing */
		at &= CL_PATH_MAX - 1;
		path[at] = '/';
		n = bpf_probe_read_kernel_str(&path[at + 1], CL_NAME_MAX - 1,
					      BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0)
			break;
		at += n;	/* the slash, and the name without its NUL */
	}
	if (!at)
		return 1;
	return at < CL_PATH_MAX ? at : CL_PATH_MAX - 1;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The path of an inode within its file system, the first time the inode is
 * seen. Where it is mounted is known to user space.
 */
#ifndef CONVLIST_PATH_BPF_H
#define CONVLIST_PATH_BPF_H

#include "stat.bpf.h"
#include "kernel/dentry.bpf.h"

/* Room for one more name beyond the longest path: the verifier knows no sums. */
#define CL_PATH_RECORD (sizeof(struct cl_ev_path) + CL_PATH_MAX + CL_NAME_MAX)
/* Behind it the way up to the root is noted: the stack has no room for that as well. */
#define CL_PATH_RESERVED (CL_PATH_RECORD + sizeof(struct cl_path_walk))

/* task: the current one, or NULL */
static __always_inline bool cl_path_told(struct cl_task *task, const struct cl_inode_id *id)
{
	if (task && task->path_of.ino == id->ino && task->path_of.dev == id->dev &&
	    task->path_of.generation == id->generation)
		return true;
	if (!bpf_map_lookup_elem(&cl_paths, id))
		return false;
	if (task)
		task->path_of = *id;
	return true;
}

/* dentry: by which name */
static __always_inline void cl_tell_path(struct dentry *dentry, struct inode *inode,
					 const struct cl_inode_id *id)
{
	struct cl_path_walk *walk;
	struct cl_ev_path *p;
	__u8 seen = 1;

	p = cl_reserve(CL_EV_PATH, CL_PATH_RESERVED, id);
	if (!p)
		return;
	walk = (void *)p + CL_PATH_RECORD;
	cl_path_collect(dentry, walk);
	p->len_bytes = cl_path_write(walk, p->path);
	p->e.size_bytes = sizeof(*p) + p->len_bytes + 1;
	if (walk->truncated)
		p->e.flags |= CL_F_TRUNCATED;
	if (walk->unlinked || !BPF_CORE_READ(inode, i_nlink))
		p->e.flags |= CL_F_UNLINKED;
	cl_submit(p);
	bpf_map_update_elem(&cl_paths, id, &seen, BPF_ANY);
}

/* By which name it was opened. */
static __always_inline void cl_emit_path(struct cl_task *task, struct file *file,
					 struct inode *inode, const struct cl_inode_id *id)
{
	if (!cl_path_told(task, id))
		cl_tell_path(BPF_CORE_READ(file, f_path.dentry), inode, id);
}

#endif

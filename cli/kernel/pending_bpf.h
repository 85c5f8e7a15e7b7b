/* SPDX-License-Identifier: GPL-2.0 */
/* Reads the kernel's lists of conversions that wait, by way of bpf/pending.bpf.c. */
#ifndef CONVLIST_PENDING_BPF_H
#define CONVLIST_PENDING_BPF_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"

struct cl_pending;

/* What was on the lists of one file system; valid until the next read. */
struct cl_pending_view {
	const struct cl_pending_inode *inodes;
	size_t nr_inodes;
	const struct cl_pending_entry *entries;	/* inodes[i].first is an index here */
	size_t nr_entries;
	__u64 walked;		/* inodes looked at */
	bool torn;		/* lists changed under each try: some may be missing */
	bool lost;		/* more than the largest tables hold: some are missing */
};

/* Negative errno after a message. */
int cl_pending_open(struct cl_pending **p);
void cl_pending_close(struct cl_pending *p);

/*
 * Reads the lists of the ext4 on dev, mounted at mount_point. -ENODEV: the path
 * leads to another file system by now; others as statfs(2) or a reload gave them.
 * No message is printed.
 */
int cl_pending_read(struct cl_pending *p, const char *mount_point, __u32 dev,
		    struct cl_pending_view *view);

#endif

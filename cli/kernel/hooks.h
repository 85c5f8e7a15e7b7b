/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was hooked, how, and which facts that gives. The kernel side fills in
 * the report; rules say what they need; cl_hooks_missing() brings both together.
 */
#ifndef CONVLIST_HOOKS_H
#define CONVLIST_HOOKS_H

#include <stdbool.h>

#include <linux/types.h>

/* Facts that a rule can need and a hook can provide. */
enum cl_need {
	CL_NEED_WRITE = 1 << 0,		/* CL_EV_WRITE: data done */
	CL_NEED_LISTED = 1 << 1,
	CL_NEED_COMPLETION = 1 << 2,
	CL_NEED_CONVERT = 1 << 3,	/* CL_EV_CONVERT with its error */
	CL_NEED_CONVERT_TID = 1 << 4,	/* ... and its tid */
	CL_NEED_FSYNC = 1 << 5,		/* begin, end, return value */
	CL_NEED_COMMITTED_TID = 1 << 6,	/* cl_ev_fsync_end.committed_tid and journal */
	CL_NEED_COMMIT = 1 << 7,	/* CL_EV_COMMIT */
	CL_NEED_FLUSH = 1 << 8,
	CL_NEED_WORK = 1 << 9,
	CL_NEED_PATH = 1 << 10,
	CL_NEED_SUBMITTER = 1 << 11,
	CL_NEED_FSYNC_STAGES = 1 << 12,	/* no facts: only stat asks for these */
	CL_NEED_LANDED = 1 << 13,	/* cl_ev_write.landed_id */
	CL_NEED_ZEROOUT = 1 << 14,
	CL_NEED_DEVICE_FLUSH = 1 << 15,	/* CL_EV_DEVICE_FLUSH */
	CL_NEED_CLOSE = 1 << 16,	/* CL_EV_CLOSE, CL_EV_SYNC, CL_EV_DELETE */
	CL_NEED_REWRITE = 1 << 17,
	CL_NEED_REMOVE = 1 << 18,
	CL_NEED_READ = 1 << 19,		/* CL_EV_READ, and cl_ev_completion.visible_id */
	CL_NEED_NAME = 1 << 20,
	CL_NEED_WRITEBACK = 1 << 21,	/* CL_EV_WRITEBACK, and CL_EV_CONVERT of these */
};
#define CL_NEEDS 22

/* Their hooks are placed only for who asks for them. */
#define CL_NEEDS_ASKED (CL_NEED_FSYNC_STAGES | CL_NEED_READ)

/* Whoever wants figures and no facts; the programs of other hooks would have nothing to do. */
#define CL_NEEDS_OF_STAT                                                                    \
	(CL_NEED_WRITE | CL_NEED_SUBMITTER | CL_NEED_LISTED | CL_NEED_COMPLETION |          \
	 CL_NEED_CONVERT | CL_NEED_FLUSH | CL_NEED_FSYNC | CL_NEED_FSYNC_STAGES |           \
	 CL_NEED_WRITEBACK /* failures */)

enum cl_hook_how {
	CL_HOW_MISSING = 0,	/* the kernel has it, but no candidate could be hooked */
	CL_HOW_ABSENT = 1,	/* the kernel cannot produce such facts (stock: no list; no
				 * io_uring), so none is missed */
	CL_HOW_TRACEPOINT = 2,
	CL_HOW_FENTRY = 3,
	CL_HOW_KPROBE = 4,
	CL_HOWS
};

struct cl_hook_state {
	const char *name;	/* what is watched: "completion, io_uring" */
	const char *target;	/* the function or tracepoint found; NULL when missing */
	const char *note;	/* why missing, what a stand-in costs; NULL */
	enum cl_hook_how how;
	bool inferred;		/* records carry CL_F_INFERRED: order is not certain */
	__u32 provides;		/* enum cl_need, or'ed; also when missing: what is missed */
};

#define CL_HOOKS_MAX 32
#define CL_KERNEL_LEN 65

struct cl_hooks_report {
	char kernel[CL_KERNEL_LEN];	/* uname -r */
	bool patched;			/* the conversion-list series is there */
	unsigned int nr;
	struct cl_hook_state hook[CL_HOOKS_MAX];
};

const char *cl_how_name(enum cl_hook_how how);
const char *cl_need_name(enum cl_need need);	/* one bit */

/*
 * The needs that are not met: nobody provides them, or one of those who should
 * is missing (completions need libaio, io_uring and synchronous calls alike).
 */
__u32 cl_hooks_missing(const struct cl_hooks_report *report, __u32 needs);

/* Of these, the ones that nobody was to provide: older recordings are of older hooks. */
__u32 cl_hooks_unwatched(const struct cl_hooks_report *report, __u32 needs);

/* The needs that are met, but by a hook that only infers. */
__u32 cl_hooks_inferred(const struct cl_hooks_report *report, __u32 needs);

/*
 * Whether a conversion's hook says on whose account it is. Only the series' tracepoint
 * does; a function's sees whoever calls it. True as well where no conversion is seen.
 */
bool cl_hooks_tell_who_converts(const struct cl_hooks_report *report);

#endif

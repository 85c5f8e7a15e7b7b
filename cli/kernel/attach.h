/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracing programs, loaded and attached. attach.c and pending_bpf.c are the
 * only users of the skeletons.
 */
#ifndef CONVLIST_ATTACH_H
#define CONVLIST_ATTACH_H

#include "event.h"
#include "hooks.h"

struct cl_live_options;
struct cl_attach;

/*
 * Negative errno after a message: -EPERM, -ENOTSUP, or what the kernel said.
 * The environment's CONVLIST_HOOKS (tracepoint, fentry or kprobe) names the
 * class of hooks to begin with, where one has to be tried out.
 */
int cl_attach_open(const struct cl_live_options *opt, struct cl_attach **attach);
void cl_attach_close(struct cl_attach *a);

int cl_attach_ring_fd(const struct cl_attach *a);
const struct cl_hooks_report *cl_attach_report(const struct cl_attach *a);

/*
 * How many facts were lost so far, by place. Programs that the kernel passed over are asked
 * for with a call to it each: without ask, they are those of the last time.
 */
void cl_attach_lost(struct cl_attach *a, bool ask, __u64 lost[CL_LOST_WHERES]);

struct cl_stat_reader;
long long cl_attach_stat(const struct cl_attach *a, const struct cl_stat_reader *reader);

/* No more facts. The ring and the counters stay readable. */
void cl_attach_detach(struct cl_attach *a);

#endif

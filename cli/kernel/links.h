/* SPDX-License-Identifier: GPL-2.0 */
/* Programs attached to what their names say, and what the kernel passed over of each. */
#ifndef CONVLIST_LINKS_H
#define CONVLIST_LINKS_H

#include <stdbool.h>

#include "candidates.h"

#define CL_LINKS_MAX (CL_HOOKS_MAX * CL_CANDIDATE_PROGRAMS)

struct bpf_link;
struct bpf_object;
struct bpf_program;
struct cl_features;

/*
 * What the kernel passes over may be of no interest: reads and overwrites use some of the same
 * functions, mostly in interrupts. Where a loss leaves a trace, that is counted instead.
 */
enum cl_link_misses {
	CL_MISSES_COUNT,
	CL_MISSES_LEAVE_TRACES,		/* in a table: see bpf/completion.bpf.c */
	CL_MISSES_UNANNOUNCED,		/* a conversion that no write announced: cl_unannounced */
	CL_MISSES_TOLD_BY_LISTED,	/* the same, and a write that is listed is told of then */
	CL_MISS_KINDS,
};

struct cl_links {
	unsigned int nr;
	struct cl_link {
		struct bpf_link *link;
		const char *name;	/* of the program */
		int prog_fd;
		bool kprobe;
		enum cl_link_misses misses;
	} of[CL_LINKS_MAX];
	__u64 missed[CL_MISS_KINDS];	/* by those that are gone */
	bool tells_listed;		/* one of them hangs, or hung, on what lists writes */
};

/* Before it is loaded: how it will be attached. */
void cl_links_prepare(struct bpf_program *prog, const struct cl_features *f);

/* The program of that name. 0 or a negative errno. */
int cl_links_add(struct cl_links *links, const struct bpf_object *obj,
		 const struct cl_features *f, const char *name);

/*
 * How often the kernel did not run a program where it should have, by links there are and
 * were, where that is a loss.
 */
__u64 cl_links_missed(const struct cl_links *links, __u64 unannounced);

/* Takes the newest away. */
void cl_links_drop(struct cl_links *links);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For each thing that is watched, the ways to hook it, best first; and which of
 * them this kernel takes. The table is in hooks.c.
 */
#ifndef CONVLIST_CANDIDATES_H
#define CONVLIST_CANDIDATES_H

#include <stdbool.h>

#include "hooks.h"

struct cl_features;

#define CL_CANDIDATES 5
#define CL_CANDIDATE_PROGRAMS 7

struct cl_candidate {
	enum cl_hook_how how;
	const char *target;
	/* <function or tracepoint>__<fentry|fexit|tp|kprobe|kretprobe>, in the skeleton */
	const char *programs[CL_CANDIDATE_PROGRAMS];
	const char *only_with;	/* the target that an earlier hook must have got */
	const char *unless;	/* a tracepoint: where it is, this way would miss some */
	const char *note;
	bool inferred;
	bool perf;		/* a tracepoint by way of perf: dearer, but see hooks.c */
	/* Of the function or tracepoint, where they differ between kernels; 0: any. */
	unsigned int args;
	unsigned int pointer;	/* this one is a pointer */
};

/* What the kernel must have for the facts to exist at all. */
enum cl_hook_of {
	CL_HOOK_OF_EXT4,
	CL_HOOK_OF_SERIES,
	CL_HOOK_OF_AIO,
	CL_HOOK_OF_IO_URING,
	CL_HOOK_OF_ATOMIC_WRITES,
};

struct cl_hook {
	const char *name;
	enum cl_hook_of of;
	__u32 provides;
	struct cl_candidate candidates[CL_CANDIDATES];
};

struct cl_choice {
	const struct cl_hook *hook;
	const struct cl_candidate *candidate;	/* NULL: none is left */
	bool absent;
	bool refused[CL_CANDIDATES];
	char note[120];
};

struct cl_choices {
	const struct cl_features *features;
	enum cl_hook_how first;
	unsigned int nr;
	struct cl_choice of[CL_HOOKS_MAX];
};

/*
 * wanted: enum cl_need, or'ed; hooks that provide none of these are left out.
 * first: passes over the candidates of earlier classes, of hooks that have a choice.
 * Keeps f, which must outlive c.
 */
#define CL_HOOKS_BEST CL_HOW_MISSING
void cl_hooks_choose(const struct cl_features *f, enum cl_hook_how first, __u32 wanted,
		     struct cl_choices *c);

/*
 * The kernel refused the program: its candidate is out, the next one's turn.
 * false: no chosen candidate has this program, so nothing was changed.
 */
bool cl_hooks_refused(struct cl_choices *c, const char *program, const char *why);

bool cl_hooks_wants_program(const struct cl_choices *c, const char *program);

/* Strings in the report live as long as *c. */
void cl_hooks_fill_report(const struct cl_choices *c, struct cl_hooks_report *report);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the running kernel has, found out by looking and never by its version.
 * Works without privileges as far as the kernel lets itself be looked at.
 */
#ifndef CONVLIST_FEATURES_H
#define CONVLIST_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

#include "symbols.h"
#include "btf_types.h"

struct cl_features {
	char release[65];
	bool ext4;		/* ext4 is there: built in, or its module is loaded */
	bool ext4_module;	/* ... as a module */
	bool ext4_types;	/* ... and its types are known */
	bool patched;		/* the conversion-list series */
	bool aio;		/* the kernel has libaio's system calls */
	bool io_uring;
	bool atomic_writes;	/* ext4 converts those by a function of their own */
	bool preempts;		/* a task may be preempted within the kernel, or it is not known */
	bool own_returns;	/* each task keeps its returns: kprobe.multi misses none of them */
	bool basic_bpf;		/* programs have no loops with a callback: no stat, no pending */
	bool may_load;		/* root, or CAP_BPF and CAP_PERFMON */
	char lockdown[32];	/* "none", "integrity", "confidentiality"; "" when unknown */

	bool own_types;		/* the kernel itself has BTF, whatever file was named */
	struct cl_types *types;
	struct cl_symbols *symbols;
};

/*
 * Fills *f in; what cannot be found out stays false. An ext4 that is a module and
 * not loaded is loaded first, where that is allowed. 0, -ENOMEM, or another errno after
 * a message about the file of types.
 */
int cl_features_probe(struct cl_features *f);
void cl_features_fini(struct cl_features *f);

/*
 * 0, or -EPERM, -ENOTSUP after a message that says what is missing to load BPF
 * programs for ext4.
 */
int cl_features_require(const struct cl_features *f);

#endif

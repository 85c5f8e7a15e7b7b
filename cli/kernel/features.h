/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the running kernel has, found out by looking and never by its version.
 * Works without privileges as far as the kernel lets itself be looked at.
 */
#ifndef CONVLIST_FEATURES_H
#define CONVLIST_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

#define CL_BTFS 3	/* vmlinux, and where they are modules ext4 and jbd2 */

struct btf;

struct cl_features {
	char release[65];
	bool btf;		/* types of the kernel itself */
	const char *btf_file;	/* ... from this file; NULL: the kernel has them */
	bool ext4;		/* ext4 is there: built in, or its module is loaded */
	bool ext4_module;	/* ... as a module */
	bool ext4_btf;		/* ... and its types are known */
	bool patched;		/* the conversion-list series */
	bool aio;		/* the kernel has libaio's system calls */
	bool io_uring;
	bool atomic_writes;	/* ext4 converts those by a function of their own */
	bool preempts;		/* a task may be preempted within the kernel, or it is not known */
	bool own_returns;	/* each task keeps its returns: kprobe.multi misses none of them */
	bool basic_bpf;		/* programs have no loops with a callback: no stat, no pending */
	bool may_load;		/* root, or CAP_BPF and CAP_PERFMON */
	char lockdown[32];	/* "none", "integrity", "confidentiality"; "" when unknown */

	struct btf *btfs[CL_BTFS];
	char **symbols;		/* of the kernel's functions, those that may matter; sorted */
	size_t nr_symbols;
};

/*
 * From now on the types are those in the file: BTF as bpftool and pahole write it, or an
 * ELF file that has it, of the kernel and, if ext4 is a module, its types as well. The name
 * must stay. For a kernel that has none of its own; programs that need the kernel's own types
 * (fentry) are out of reach then, and kprobes and raw tracepoints are left.
 */
void cl_features_use_btf(const char *file);

/*
 * Fills *f in; what cannot be found out stays false. An ext4 that is a module and
 * not loaded is loaded first, where that is allowed. 0, -ENOMEM, or another errno after
 * a message about the file of types.
 */
int cl_features_probe(struct cl_features *f);
void cl_features_fini(struct cl_features *f);

/* Types tell: a function that fentry can take, a tracepoint, a struct. */
bool cl_features_btf_func(const struct cl_features *f, const char *name);
bool cl_features_tracepoint(const struct cl_features *f, const char *name);
/* How many arguments it hands to a program; 0: there is none. */
unsigned int cl_features_tracepoint_args(const struct cl_features *f, const char *name);
unsigned int cl_features_func_args(const struct cl_features *f, const char *name);
/* Whether that argument, counted from 0, is a pointer. */
bool cl_features_tracepoint_pointer(const struct cl_features *f, const char *name, unsigned int arg);
bool cl_features_struct(const struct cl_features *f, const char *name);

/*
 * The symbol a kprobe on the function has to name: the name itself, or the one
 * that the compiler made of it without touching its arguments. NULL: there is
 * none. *changed is set when only a copy with other arguments is left.
 */
const char *cl_features_kprobe(const struct cl_features *f, const char *name,
			       const char **changed);

/*
 * 0, or -EPERM, -ENOTSUP after a message that says what is missing to load BPF
 * programs for ext4.
 */
int cl_features_require(const struct cl_features *f);

#endif

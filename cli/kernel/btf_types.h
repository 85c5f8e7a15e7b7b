/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's type information (BTF) knows, its own and that of ext4 and jbd2. */
#ifndef CONVLIST_BTF_TYPES_H
#define CONVLIST_BTF_TYPES_H

#include <stdbool.h>

struct cl_types;

/*
 * From now on the types are those in the file: BTF as bpftool and pahole write it, or an
 * ELF file that has it, of the kernel and, if ext4 is a module, its types as well. The name
 * must stay. For a kernel that has none of its own; programs that need the kernel's own types
 * (fentry) are out of reach then, and kprobes and raw tracepoints are left.
 */
void cl_types_use_file(const char *file);

/* 0, also if there are none; -ENOMEM; or another errno after a message about the file. */
int cl_types_load(struct cl_types **types);
void cl_types_free(struct cl_types *t);

bool cl_types_are_there(const struct cl_types *t);
/* Where they are from; NULL: the kernel. */
const char *cl_types_file(const struct cl_types *t);

/* A function that fentry can take, a tracepoint, a struct; any function. */
bool cl_types_fentry(const struct cl_types *t, const char *name);
bool cl_types_tracepoint(const struct cl_types *t, const char *name);
bool cl_types_struct(const struct cl_types *t, const char *name);
bool cl_types_func(const struct cl_types *t, const char *name);

/* How many arguments it hands to a program; 0: there is none. */
unsigned int cl_types_tracepoint_args(const struct cl_types *t, const char *name);
unsigned int cl_types_func_args(const struct cl_types *t, const char *name);
/* Whether that argument, counted from 0, is a pointer. */
bool cl_types_tracepoint_pointer(const struct cl_types *t, const char *name, unsigned int arg);

/* What a program for fentry, fexit or a typed tracepoint is loaded for. */
struct cl_types_target {
	unsigned int id;
	int btf_fd;	/* of the module's types; 0: the kernel's own. Stays with the types */
};

/* 0, or a negative errno; -ESRCH: there is none. */
int cl_types_func_target(struct cl_types *t, const char *name, struct cl_types_target *target);
int cl_types_tracepoint_target(struct cl_types *t, const char *name,
			       struct cl_types_target *target);

#endif

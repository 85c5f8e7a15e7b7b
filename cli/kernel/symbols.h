/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's functions by their symbols, as a kprobe has to name them. */
#ifndef CONVLIST_SYMBOLS_H
#define CONVLIST_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

/* All zeroes: not read yet. */
struct cl_symbols {
	const char *table;	/* NULL: /proc/kallsyms */
	char **name;		/* those that may matter; sorted */
	size_t nr;
	bool read;
};

/* All hooks are in functions whose names begin like this; no others are kept. */
bool cl_symbol_matters(const char *name);

/*
 * The symbol of a function: its name, or the one that the compiler made of it without
 * touching its arguments. NULL: there is none. *changed is set when only a copy with other
 * arguments is left. The first call reads the kernel's table, which takes a while.
 */
const char *cl_symbols_find(struct cl_symbols *s, const char *function, const char **changed);

void cl_symbols_free(struct cl_symbols *s);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a program finds between the completion of a direct write and the
 * conversion of its extents: the cases, and what they are made of.
 *
 * A case returns 0, FAILED or SKIPPED; the helpers that return either leave the
 * reason in the window.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FAILED 1
#define SKIPPED 77

#define BLOCK 4096
#define FILE_BLOCKS 64
#define FILE_BYTES ((off_t)FILE_BLOCKS * BLOCK)
#define FIRST 8		/* the blocks that are written */
#define COUNT 4
#define WRITTEN_AT ((off_t)FIRST * BLOCK)
#define WRITTEN_BYTES (COUNT * BLOCK)

struct window {
	const char *dir;
	const char *sysfs;	/* /sys/fs/ext4/DEVICE */
	char path[4096];
	bool uring;		/* write with io_uring, not with libaio */
	int fd;			/* buffered */
	int direct_fd;
	char *data;		/* what was written */
	char *buffer;		/* aligned, WRITTEN_BYTES */
	char *premapped;	/* the file, mapped and read before the write */
	size_t mapped;		/* its length */
	char why[256];
};

enum case_needs {
	/* The window is open when the case begins. */
	NEEDS_WINDOW,
	/* The case opens it itself. */
	NEEDS_NOTHING,
	/* A device that takes half a second for a write: -s. */
	NEEDS_SLOW_WRITES,
};

struct window_case {
	const char *name;
	int (*run)(struct window *w);
	/*
	 * The lines of the series without which this case fails, by the name that
	 * tests/kernels/unguarded.patch gives them. With a plus between names, any
	 * one of them is enough. test_guards.sh takes them out.
	 */
	const char *guards;
	enum case_needs needs;
};

#define CASE(name, guards) { #name, case_##name, guards, NEEDS_WINDOW }
#define CASE_NEEDS(name, guards, needs) { #name, case_##name, guards, needs }

/* Each ends with a row without a name. */
extern const struct window_case read_cases[], write_cases[], layout_cases[], ioctl_cases[],
	report_cases[], promise_cases[], race_cases[], flight_cases[];

/* ---- the window: window.c ---- */

int wrong(struct window *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
int skipped(struct window *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* wrong(), with what errno says. */
int broken(struct window *w, const char *call);

/* The file: preallocated, nothing pending, mapped, and read through the mapping. */
int open_file(struct window *w, off_t bytes);
/* What open_file() has opened; a case may do it earlier. */
void close_file(struct window *w);
void close_mapping(struct window *w);

/* Completed asynchronous direct writes of w->data, a block each. */
int write_data(struct window *w, off_t at, int blocks);
/* The same, not waited for; all of them are then waited for by finish_writes(). */
int start_writes(struct window *w, int fd, off_t at, int blocks, int rwf);
int finish_writes(struct window *w);
/* A number of the file system's folder in sysfs, -1 if it is not there. */
long sysfs_number(struct window *w, const char *name);
int set_sysfs(struct window *w, const char *name, long value);
long pending(struct window *w);
/* FAILED if there are less than count. */
int expect_pending(struct window *w, long count);

/* What is there at a place, by pread(), or in memory: WRITTEN_BYTES. */
int expect_read(struct window *w, int fd, off_t at);
int expect_data(struct window *w, const char *got);
int expect_zeros(struct window *w, int fd, off_t at, size_t bytes);

/* Another file beside the window's, unlinked at once; -1 and errno. */
int open_beside(struct window *w, const char *suffix, off_t preallocated);

#endif

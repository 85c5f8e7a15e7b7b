/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where facts come from: the live kernel, or a file of facts. Everything behind
 * this interface is the same code for all of them.
 */
#ifndef CONVLIST_SOURCE_H
#define CONVLIST_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "stat.h"

struct cl_hooks_report;

/*
 * Gets one record. len is what the source can vouch for; nothing in the record
 * has been looked at yet. A negative value ends the poll and is handed through.
 */
typedef int (*cl_record_fn)(void *ctx, const void *record, size_t len);

struct cl_source {
	const struct cl_source_ops *ops;
	/* cl_model_since() of the records to come; may change where poll settles. */
	__u64 since_ns;
	/* Writes and fsyncs of some tasks are filtered out. */
	bool some_tasks;
	/* All of other files is: fsyncs of their directories, too. */
	bool one_file;
	/* It ends with the command that it is about, which so has done all that it meant to. */
	bool of_command;
	/* Where its facts can be looked at again, a recording or text; NULL: nowhere. */
	const char *file;
	bool text;
};

struct cl_source_ops {
	const char *name;

	/*
	 * Hands over the records that are there, in stream order; waits for up
	 * to timeout_ms when there is none. Returns how many were handed over
	 * (0: none in that time), -EINTR after a signal, -ENODATA when the
	 * stream is over, or another negative errno.
	 *
	 * Loss: when poll returns and settled() does not deny it, whatever was lost
	 * before the last record that it handed over has been handed over too, as
	 * CL_EV_LOST: the live source reads the loss counters after it has emptied
	 * the ring. Only then may a caller settle what it suspects.
	 */
	int (*poll)(struct cl_source *src, int timeout_ms, cl_record_fn fn, void *ctx);

	/*
	 * Whether the last poll did tell all loss up to its last record; NULL:
	 * each does.
	 */
	bool (*settled)(struct cl_source *src);

	/*
	 * The stream ended, or ends with what was handed over last, before its
	 * end; a message told why. NULL: never.
	 */
	bool (*cut)(struct cl_source *src);

	/*
	 * No new facts from here on (hooks are detached). What is in the ring
	 * and what was lost still comes: poll until -ENODATA. May be called
	 * twice.
	 */
	int (*stop)(struct cl_source *src);

	/* What was hooked and how; valid until close. Never NULL. */
	const struct cl_hooks_report *(*hooks)(struct cl_source *src);

	/* What is now in the stream's time; NULL: its latest time stamp. */
	uint64_t (*now_ns)(void);

	void (*close)(struct cl_source *src);
};

struct cl_live_options {
	struct cl_config filter;
	__u64 ring_bytes;	/* 0: default; rounded up to what the kernel takes */
	/*
	 * enum cl_stat_by: not 0 for statistics in place of facts (stat.h). Paths and
	 * failed conversions are told all the same.
	 */
	__u32 stat_by;
	/* Reads as well: CL_EV_READ. */
	bool reads;
	/* Hooks that are only placed when asked for as well: for who looks what there is. */
	bool all_hooks;
};

/*
 * Loads and attaches; facts flow when it returns 0. Filters: dev and ino apply
 * to every record that has them, tgid and comm to writes (their submitter) and
 * fsyncs only, since conversions and commits run in the kernel's own tasks.
 *
 * Negative errno after a message that says what to do: -EPERM (no root),
 * -ENOTSUP (no BTF, or a hook without which nothing can be seen) ...
 */
int cl_source_live_open(const struct cl_live_options *opt, struct cl_source **src);

/*
 * What was counted since it was opened: called once for each whose figures there are.
 * Returns how many values found no room in the tables, or a negative errno.
 */
struct cl_stat_reader {
	void (*figures)(void *ctx, const struct cl_stat_who *who,
			const struct cl_stat_figures *figures);
	void *ctx;
};

long long cl_source_live_stat(struct cl_source *src, const struct cl_stat_reader *reader);

/* Reads a text file of facts (vector.h). Messages name file and line. */
int cl_source_vector_open(const char *path, const struct cl_config *filter,
			  struct cl_source **src);

#endif

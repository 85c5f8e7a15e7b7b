/* SPDX-License-Identifier: GPL-2.0 */
/* The records of one frame: gathered into bytes, and taken out of them again. */
#ifndef CONVLIST_RECORD_EVENTS_H
#define CONVLIST_RECORD_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "record/format.h"

/* ---- gathered ---- */

struct cl_gather;

struct cl_gather *cl_gather_new(void);
void cl_gather_free(struct cl_gather *g);

/*
 * Adds a record of any content. -ENOSPC: the frame is full, pack it first.
 * -EMSGSIZE: no record is that long, or that short.
 */
int cl_gather_record(struct cl_gather *g, const void *record, size_t len);
/* Adds a mark: all loss up to here has been told. -ENOSPC as above. */
int cl_gather_mark(struct cl_gather *g);

size_t cl_gather_entries(const struct cl_gather *g);	/* marks included */

/* The frame's bytes, the gatherer's until its next use, which begins anew. */
const void *cl_gather_take(struct cl_gather *g, size_t *bytes);

/* ---- taken out ---- */

struct cl_events {
	const unsigned char *order;
	__u32 nr_entries, next;
	unsigned int nr_groups;
	struct {
		__u32 size_bytes, stride_bytes, nr, next;
		size_t offset;
	} group[CL_GROUPS_MAX];
	unsigned char *data;	/* records, each aligned to 8 bytes */
	size_t need, size;	/* of data: for this frame, and what there is */
};

/*
 * raw stays in use until the next call. Returns NULL, or what is wrong with it.
 * A struct of zeros is one that is empty.
 */
const char *cl_events_open(struct cl_events *v, const void *raw, size_t bytes);
void cl_events_free(struct cl_events *v);

enum cl_entry {
	CL_ENTRY_NONE,		/* this frame is over */
	CL_ENTRY_RECORD,	/* *record, *len */
	CL_ENTRY_MARK,
};

enum cl_entry cl_events_next(struct cl_events *v, const void **record, size_t *len);
/* Once more from the first. */
void cl_events_rewind(struct cl_events *v);

#endif

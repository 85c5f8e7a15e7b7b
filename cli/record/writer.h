/* SPDX-License-Identifier: GPL-2.0 */
/* Makes frames of a stream of records: when one is full, or old enough. */
#ifndef CONVLIST_RECORD_WRITER_H
#define CONVLIST_RECORD_WRITER_H

#include <stdint.h>

#include "record/frame.h"

struct cl_writer;

/*
 * Gets each frame, and when the first of its records came in (cl_now_ns()). A
 * negative value is handed through, and goes on to be the writer's answer.
 */
typedef int (*cl_frame_fn)(void *ctx, const struct cl_frame *f, uint64_t begin_ns);

/* flush_ns: no record waits longer than this, as long as cl_writer_settle() is called. */
struct cl_writer *cl_writer_new(uint64_t flush_ns, cl_frame_fn out, void *ctx);
void cl_writer_free(struct cl_writer *w);

/* A cl_record_fn. */
int cl_writer_record(void *writer, const void *record, size_t len);

/* All loss up to here has been told: see struct cl_source_ops, poll and settled. */
int cl_writer_settle(struct cl_writer *w);

/* Hands out what is there. */
int cl_writer_flush(struct cl_writer *w);

uint64_t cl_writer_records(const struct cl_writer *w);

#endif

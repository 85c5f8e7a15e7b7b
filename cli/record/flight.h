/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flight recorder: the latest stretch of a stream, packed, in memory.
 *
 * Its beginning lies in the middle of things. What was before it and still
 * matters is kept as well: the records of writes that are not durable yet, of
 * fsyncs that run, and the paths of inodes. So a broken promise is found again
 * in what is saved, however long ago the write was.
 */
#ifndef CONVLIST_RECORD_FLIGHT_H
#define CONVLIST_RECORD_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"
#include "record/about.h"
#include "record/frame.h"

struct cl_flight;

/*
 * last_ns: how much is kept; bytes_max: of memory for it, packed. Before anything
 * else: cl_flight_restart().
 */
struct cl_flight *cl_flight_new(uint64_t last_ns, uint64_t bytes_max);
void cl_flight_free(struct cl_flight *f);

/* A cl_frame_fn. */
int cl_flight_add(void *flight, const struct cl_frame *frame, uint64_t begin_ns);

/*
 * Lets go what is too old by now. Not while something that was found has to be
 * saved: the write that it is about may have come to its end since. 0 or -ENOMEM.
 */
int cl_flight_age(struct cl_flight *f);

/*
 * Empties it. m tells from now on what still matters: it gets each record too,
 * and outlives the recorder or its next restart. since_ns: as of the source.
 */
void cl_flight_restart(struct cl_flight *f, const struct cl_model *m, uint64_t since_ns);

/*
 * Saves what is there to path, a file that appears when it is whole; about gets
 * the stretch's own beginning, end its number of records. 0, or a negative errno
 * after a message.
 */
int cl_flight_save(struct cl_flight *f, const char *path, struct cl_about *about,
		   struct cl_about_end *end, uint64_t *bytes);

/* Less than last_ns is kept, for want of memory. */
bool cl_flight_short(const struct cl_flight *f);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* A whole run on its way into a file: records in, frames out, once a second at least. */
#ifndef CONVLIST_RECORD_TAPE_H
#define CONVLIST_RECORD_TAPE_H

#include "record/about.h"
#include "source/source.h"

struct cl_tape;

/* 0, or a negative errno after a message. */
int cl_tape_open(const char *path, const struct cl_about *about, struct cl_tape **tape);

/*
 * A cl_record_fn that never fails: when the disk is full, a message says so, and
 * what is to come is let go. The run that is recorded goes on.
 */
int cl_tape_record(void *tape, const void *record, size_t len);
void cl_tape_settle(struct cl_tape *tape);
bool cl_tape_failed(const struct cl_tape *tape);

/*
 * Writes its end and closes; end->records is filled in, and *bytes, how long the
 * file is. 0, or the first error.
 */
int cl_tape_end(struct cl_tape *tape, struct cl_about_end *end, uint64_t *bytes);

/* What a recording of this source, with these options, says of itself. */
void cl_about_source(struct cl_about *about, struct cl_source *src,
		     const struct cl_live_options *opt, char **command);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* A recording, entry by entry. Nothing in the file is trusted. */
#ifndef CONVLIST_RECORD_READER_H
#define CONVLIST_RECORD_READER_H

#include <stdio.h>

#include "record/about.h"
#include "record/events.h"

struct cl_reader;

/*
 * Begins to read f, which stays the caller's. *wrong: a constant that says why
 * this is no recording that can be read. 0, -EINVAL, -ENOTSUP (a version to
 * come), -EIO or -ENOMEM.
 */
int cl_reader_new(FILE *f, struct cl_reader **r, const char **wrong);
void cl_reader_free(struct cl_reader *r);

const struct cl_about *cl_reader_about(const struct cl_reader *r);

/*
 * CL_ENTRY_NONE: there is no more, or it cannot be read. A record is valid until
 * the next call. It is as it came in, but that what was added to its kind since
 * then is there, as zeros.
 */
enum cl_entry cl_reader_next(struct cl_reader *r, const void **record, size_t *len);

/* After CL_ENTRY_NONE: NULL, or why it ends too early, and where in the file. */
const char *cl_reader_wrong(const struct cl_reader *r, uint64_t *at_bytes);
/* Its last words. NULL: there are none. */
const struct cl_about_end *cl_reader_end(const struct cl_reader *r);

/* Whether the file begins as a recording does; -errno when it cannot be read. */
int cl_reader_looks_like(const char *path);

#endif

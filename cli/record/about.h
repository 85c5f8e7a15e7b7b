/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a recording says of itself: at its beginning what was asked for and what
 * was hooked, at its end how the run ended. JSON (docs/json.md, types recording
 * and recording_end), so that a field more breaks no reader.
 */
#ifndef CONVLIST_RECORD_ABOUT_H
#define CONVLIST_RECORD_ABOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "kernel/hooks.h"
#include "session.h"

struct cl_buf;
struct cl_out;

#define CL_ABOUT_STARTED_LEN 24

struct cl_about {
	const char *convlist;		/* the version that wrote it */
	char started[CL_ABOUT_STARTED_LEN];	/* 2025-01-31T23:59:59Z */
	struct cl_hooks_report hooks;
	uint64_t since_ns;		/* struct cl_source */
	uint64_t carried;		/* of a stretch: so many records are older than since_ns */
	uint64_t last_ns;		/* --last; 0: the whole run */
	const char *saved_for;		/* why a stretch was saved; NULL: the whole run */
	bool incomplete;		/* of a stretch: what was before and matters was too much */
	struct cl_config filter;	/* dev, ino, tgid and whether there is a comm */
	uint64_t ring_bytes;
	const char *const *command;	/* NULL terminated; NULL: none */
	uint32_t size_bytes[CL_EV_KINDS];	/* of records, then; 0: no such kind */

	void *owner;			/* of the strings, if it was parsed */
	const char **words;
};

struct cl_about_end {
	bool full;			/* could not be written to its end */
	uint64_t run_ns, records;
	struct cl_command_status status;
};

/* Everything but what the caller knows: version, time, sizes. */
void cl_about_init(struct cl_about *a);
void cl_about_free(struct cl_about *a);

/* whole: with what only a reader of the file needs. */
void cl_about_print(const struct cl_about *a, const char *file, bool whole, struct cl_out *o);

/* The frames' JSON: 0 or a negative errno. */
int cl_about_write(const struct cl_about *a, struct cl_buf *b);
int cl_about_end_write(const struct cl_about_end *e, struct cl_buf *b);

/* Fill in *a or *e. NULL, or what is wrong with the text; then there is nothing to free. */
const char *cl_about_parse(struct cl_about *a, const void *json, size_t len);
const char *cl_about_end_parse(struct cl_about_end *e, const void *json, size_t len);

#endif

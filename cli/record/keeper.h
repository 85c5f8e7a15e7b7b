/* SPDX-License-Identifier: GPL-2.0 */
/* record --last: a flight recorder, the rules that set it off, and its saves. */
#ifndef CONVLIST_RECORD_KEEPER_H
#define CONVLIST_RECORD_KEEPER_H

#include "record/about.h"
#include "source/source.h"

struct cl_model;
struct cl_out;
struct cl_keeper;

struct cl_keeper_options {
	const char *path;
	struct cl_about about;		/* last_ns: how much is kept */
	uint64_t memory_bytes;
	uint64_t saves;			/* for broken rules, at most */
};

/* Violations go to out, and what is saved. 0, or a negative errno after a message. */
int cl_keeper_open(const struct cl_keeper_options *opt, struct cl_source *src, struct cl_out *out,
		   struct cl_keeper **k);
void cl_keeper_close(struct cl_keeper *k);

int cl_keeper_record(struct cl_keeper *k, const void *record, size_t len);
void cl_keeper_settle(struct cl_keeper *k);

enum cl_save_why {
	CL_SAVE_RULE,
	CL_SAVE_ASKED,
	CL_SAVE_END,
};

/* To the next file in line, or, for CL_SAVE_END, to the one of that name. */
int cl_keeper_save(struct cl_keeper *k, enum cl_save_why why);

/* Saves for the last time. 0, or the first error of all saves; messages were given. */
int cl_keeper_end(struct cl_keeper *k, struct cl_about_end *end, uint64_t *bytes);

/* As it starts anew after a loss: of the time since then. */
const struct cl_model *cl_keeper_model(const struct cl_keeper *k);
uint64_t cl_keeper_lost(const struct cl_keeper *k);	/* before that */
uint64_t cl_keeper_saves(const struct cl_keeper *k);

#endif

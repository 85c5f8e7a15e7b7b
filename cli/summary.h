/* SPDX-License-Identifier: GPL-2.0 */
/* What check ends with: counts, latencies and the verdict. */
#ifndef CONVLIST_SUMMARY_H
#define CONVLIST_SUMMARY_H

#include "rules/rule.h"
#include "session.h"

struct cl_summary {
	const char *kernel;
	const struct cl_model *model;
	const struct cl_rules *rules;
	const struct cl_command_status *command;	/* NULL: there was none */
	uint64_t run_ns;
};

void cl_summary_print(const struct cl_summary *s, struct cl_out *o);

/*
 * The same as JSON into a file: a new file in the place of the old one, so that
 * a reader sees all of it or none. 0, or a negative errno after a message.
 */
int cl_summary_write(const struct cl_summary *s, const char *path);

#endif

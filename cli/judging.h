/* SPDX-License-Identifier: GPL-2.0 */
/* A source, the model that follows it, and the rules that judge: what check, report
 * and the flight recorder have in common. */
#ifndef CONVLIST_JUDGING_H
#define CONVLIST_JUDGING_H

#include "rules/rule.h"
#include "session.h"

struct cl_judging {
	struct cl_source *source;	/* not owned */
	struct cl_model *model;
	struct cl_rules *rules;
};

/* Violations go to out as they are found, max_printed at most. 0 or -ENOMEM, said. */
int cl_judging_begin(struct cl_judging *j, struct cl_source *src, struct cl_out *out,
		     uint64_t max_printed);
void cl_judging_end(struct cl_judging *j);

/* For cl_session.settle. */
void cl_judging_settle(struct cl_judging *j);

/* Violations that are certain are printed now, whatever becomes of their writes. */
void cl_judging_tell(struct cl_judging *j);

/* No record comes any more: what is judged only then. */
void cl_judging_finish(struct cl_judging *j);

/* The exit status that says the verdict. */
int cl_judging_status(const struct cl_judging *j, bool strict);

/* Whether nobody reads standard output any more. */
bool cl_stdout_gone(const struct cl_out *o);

#endif

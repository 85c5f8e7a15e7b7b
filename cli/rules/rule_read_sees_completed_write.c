// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

/* Which writes a read is held against, model/read.c knows. */
static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_write *w = j->w;

	if (w->result <= 0 || w->convert_error)
		return CL_NO_CLAIM;	/* somebody was told, or is by another rule */
	if (!j->read->unwritten)
		return CL_HOLDS;
	if (w->inferred || w->visible_inferred || j->completion_inferred ||
	    j->conversion_hook_inferred) {
		*why = "the order of completion, conversion and read is inferred";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

const struct cl_rule cl_rule_read_sees_completed_write = {
	.name = "read_sees_completed_write",
	.text = "no read begun after a write's completion maps its range as unwritten",
	.found = "a read that began later found the blocks unwritten: the reader got zeros",
	.needs = CL_NEED_WRITE | CL_NEED_COMPLETION | CL_NEED_CONVERT | CL_NEED_READ,
	.severity = CL_VERDICT_VIOLATION,
	.at_read = true,
	.asked_by = "only with --reads",
	.judge = judge,
};

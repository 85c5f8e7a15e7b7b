// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

/* What is certain about one too many, model/once.c knows. */
static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	if (!j->again)
		return CL_HOLDS;
	if (j->fsyncs_unseen && !j->w->removed_ns) {
		*why = "a conversion may be of a write that is filtered out";
		return CL_UNSURE;
	}
	if (j->w->inferred || j->conversion_inferred) {
		*why = "the order of writes and conversions is inferred";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

const struct cl_rule cl_rule_converted_once = {
	.name = "converted_once",
	.text = "no range is converted a second time for the same write, or after its truncate",
	.found = "a range was converted that no write waited for: "
		 "it may show what was on the disk before",
	.needs = CL_NEED_WRITE | CL_NEED_LISTED | CL_NEED_CONVERT | CL_NEED_FSYNC |
		 CL_NEED_REMOVE,
	.severity = CL_VERDICT_VIOLATION,
	.at_conversion = true,
	.judge = judge,
};

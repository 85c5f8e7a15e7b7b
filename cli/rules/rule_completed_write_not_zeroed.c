// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_write *w = j->w;

	if (w->result <= 0 || w->convert_error)
		return CL_NO_CLAIM;	/* somebody was told, or is by another rule */
	if (w->zeroed == CL_NOT_ZEROED)
		return CL_HOLDS;
	if (w->zeroed == CL_ZEROED_MEANWHILE) {
		*why = "zeros and the data of a write were under way at once: which came last is "
		       "not known";
		return CL_UNSURE;
	}
	if (w->inferred || (j->conversion_hook_inferred && !w->zeroed_under_way)) {
		*why = "the order of conversion, zeroout and completion is inferred";
		return CL_UNSURE;
	}
	return w->zeroed_under_way ? CL_PROVEN : CL_BROKEN;
}

const struct cl_rule cl_rule_completed_write_not_zeroed = {
	.name = "completed_write_not_zeroed",
	.text = "the file system writes no zeros over a write that is not converted yet",
	.found = "the file system wrote zeros over the write's data: it is lost",
	.needs = CL_NEED_WRITE | CL_NEED_COMPLETION | CL_NEED_CONVERT | CL_NEED_ZEROOUT,
	.severity = CL_VERDICT_VIOLATION,
	.at_completion = true,
	.at_zeroout = true,
	.judge = judge,
};

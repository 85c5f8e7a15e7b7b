// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_write *w = j->w;
	bool unsure;

	if (j->f->ret || !cl_write_promised(j, &unsure))
		return CL_NO_CLAIM;
	/* A failed one is conversion_error_reaches_fsync's: one violation for one loss. */
	if (!w->nr_gaps)
		return w->convert_error ? CL_NO_CLAIM : CL_HOLDS;
	if (unsure || j->f->inferred || w->inferred) {
		*why = "the order of completion and fsync is inferred";
		return CL_UNSURE;
	}
	if (j->conversion_inferred) {
		*why = "the end of conversions is inferred";
		return CL_UNSURE;
	}
	if (w->earlier_unsure) {
		*why = "an earlier conversion of the same blocks may have converted the write";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

const struct cl_rule cl_rule_converted_before_fsync_returns = {
	.name = "converted_before_fsync_returns",
	.text = "a write seen complete before fsync is converted when that fsync returns 0",
	.found = "the write was not converted by then: a crash would have taken it back",
	.needs = CL_NEED_WRITE | CL_NEED_COMPLETION | CL_NEED_CONVERT | CL_NEED_FSYNC,
	.severity = CL_VERDICT_VIOLATION,
	.judge = judge,
};

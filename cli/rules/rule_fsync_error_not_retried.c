// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

/*
 * After an fsync that failed the kernel takes the pages and blocks for clean, or has
 * told the error and forgets it. The next one returns 0 and says nothing of the data
 * that was lost. Only what is written again has another chance.
 */
static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_fsync *f = j->f;

	if (f->ret || !f->failed_before)
		return CL_NO_CLAIM;
	if (f->rewritten)
		return CL_HOLDS;
	if (f->inferred) {
		*why = "the order of fsyncs is inferred";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

const struct cl_rule cl_rule_fsync_error_not_retried = {
	.name = "fsync_error_not_retried",
	.text = "after an fsync that failed, the program writes again before the next one",
	.needs = CL_NEED_WRITE | CL_NEED_COMPLETION | CL_NEED_FSYNC | CL_NEED_REWRITE,
	.severity = CL_VERDICT_WARNING,
	.at_call = true,
	.found = "fsync failed and was called again, with nothing written between: its 0 says "
		 "nothing of the writes that the first one failed for",
	.advice = "take what was written since the last good fsync for lost: write it again, or stop",
	.judge = judge,
};

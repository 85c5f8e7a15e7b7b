// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

/*
 * Two threads each have their fsync, both owe the same writes, and one of them fails:
 * the kernel tells an error once to each open file, so the other one may return 0.
 * That one returned before the first had committed is no matter of programs: the
 * rules of the file system have it.
 */
static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_fsync *f = j->f;

	if (!f->beside)
		return CL_NO_CLAIM;
	if (f->inferred) {
		*why = "the order of fsyncs is inferred";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

const struct cl_rule cl_rule_racing_fsync_covers_both = {
	.name = "racing_fsync_covers_both",
	.text = "of two fsyncs at once that cover the same writes, not one alone fails",
	.needs = CL_NEED_WRITE | CL_NEED_COMPLETION | CL_NEED_FSYNC,
	.severity = CL_VERDICT_WARNING,
	.at_call = true,
	.found = "of two fsyncs at once one failed, and the other returned 0 for the same writes: "
		 "the error is told to one caller only",
	.advice = "let one thread at a time call fsync, or give an error that one of them meets to all",
	.judge = judge,
};

// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

/*
 * A failed conversion leaves stale blocks or zeros where the program's data
 * should be, so an fsync that returns 0 all the same breaks the promise. But
 * the error is told once to each open file, and is forgotten with the inode
 * when memory gets tight (lib/errseq.c): only an fsync during which the
 * conversion failed, and which was alone, had to tell it.
 */
static enum cl_finding judge_failed(const struct cl_judge *j, const char **why)
{
	if (j->w->converted_seq < j->f->begin_seq) {
		*why = "a conversion failed before the fsync began; the error may have been told";
		return CL_UNSURE;
	}
	if (j->fsyncs_unseen || j->f->inode->nr_fsyncs > 1) {
		*why = "a conversion failed; another fsync may tell the error";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_write *w = j->w;
	enum cl_finding finding = CL_BROKEN;
	bool unsure;

	if (j->f->ret || !cl_write_promised(j, &unsure))
		return CL_NO_CLAIM;
	if (!w->nr_gaps && !w->convert_error)
		return CL_HOLDS;
	if (!w->nr_gaps)
		finding = judge_failed(j, why);
	if (finding != CL_BROKEN)
		return finding;
	if (unsure || j->f->inferred || w->inferred) {
		*why = "the order of completion and fsync is inferred";
		return CL_UNSURE;
	}
	if (w->nr_gaps && j->conversion_inferred) {
		*why = "the end of conversions is inferred";
		return CL_UNSURE;
	}
	if (w->nr_gaps && w->earlier_unsure) {
		*why = "an earlier conversion of the same blocks may have converted the write";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

const struct cl_rule cl_rule_converted_before_fsync_returns = {
	.name = "converted_before_fsync_returns",
	.text = "a write seen complete before fsync is converted when that fsync returns 0",
	.needs = CL_NEED_WRITE | CL_NEED_COMPLETION | CL_NEED_CONVERT | CL_NEED_FSYNC,
	.severity = CL_VERDICT_VIOLATION,
	.judge = judge,
};

// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

/*
 * A failed conversion leaves stale blocks or zeros where the program's data
 * should be, so an fsync that returns 0 all the same breaks the promise. But
 * the error is told once to each open file, and is forgotten with the inode
 * when memory gets tight (lib/errseq.c); which open file an fsync is of is not
 * in the facts, nor are other calls that take the error (sync_file_range). So
 * only an fsync which itself ran into the failure, and was alone, certainly had
 * to tell it.
 */
static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_write *w = j->w;
	const struct cl_fsync *f = j->f;
	bool unsure;

	/* Not converted yet, in part, is another rule's matter. */
	if (w->nr_gaps || !w->convert_error || !cl_write_promised(j, &unsure))
		return CL_NO_CLAIM;
	if (f->ret)
		return CL_HOLDS;
	if (w->converted_seq < f->begin_seq) {
		*why = "a conversion failed before the fsync began; the error may have been told";
		return CL_UNSURE;
	}
	/* No longer FAILED: one that began later has ended already. */
	if (j->fsyncs_unseen || f->inode->nr_fsyncs > 1 || w->state != CL_WRITE_FAILED) {
		*why = "a conversion failed; another fsync may tell the error";
		return CL_UNSURE;
	}
	if (w->why != CL_WHY_FSYNC) {
		*why = "a conversion failed in another task; another call may have told the error";
		return CL_UNSURE;
	}
	if (unsure || f->inferred || w->inferred) {
		*why = "the order of completion and fsync is inferred";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

const struct cl_rule cl_rule_conversion_error_reaches_fsync = {
	.name = "conversion_error_reaches_fsync",
	.text = "a conversion that fails makes the fsync that waits for it fail",
	.found = "the write's conversion had failed: "
		 "its data is lost, and the program was not told",
	.needs = CL_NEED_WRITE | CL_NEED_COMPLETION | CL_NEED_CONVERT | CL_NEED_FSYNC,
	.severity = CL_VERDICT_VIOLATION,
	.judge = judge,
};

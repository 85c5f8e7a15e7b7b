// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_fsync *f = j->f;
	const struct cl_write *w = j->w;
	bool unsure;

	if (f->ret || f->journal == CL_JOURNAL_NONE || !cl_write_promised(j, &unsure))
		return CL_NO_CLAIM;
	/* Not converted is the other rule's matter: one violation for one loss. */
	if (w->nr_gaps || w->convert_error)
		return CL_NO_CLAIM;
	if (!w->has_tid) {
		*why = "the transaction of a conversion is not known";
		return CL_UNSURE;
	}
	if (w->committed_ns || cl_tid_geq(f->committed_tid, w->tid))
		return CL_HOLDS;
	if (f->journal == CL_JOURNAL_FAST) {
		*why = "a fast commit may have made the conversion durable";
		return CL_UNSURE;
	}
	if (unsure || f->inferred || w->inferred) {
		*why = "the order of completion and fsync is inferred";
		return CL_UNSURE;
	}
	if (w->earlier_unsure) {
		*why = "an earlier conversion of the same blocks may have converted the write";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

const struct cl_rule cl_rule_committed_before_fsync_returns = {
	.name = "committed_before_fsync_returns",
	.text = "the transaction of that conversion is committed when fsync returns 0",
	.found = "the transaction of the write's conversion was not committed by then: "
		 "a crash would have taken the write back",
	.needs = CL_NEED_WRITE | CL_NEED_COMPLETION | CL_NEED_CONVERT | CL_NEED_CONVERT_TID |
		 CL_NEED_FSYNC | CL_NEED_COMMITTED_TID,
	.severity = CL_VERDICT_VIOLATION,
	.judge = judge,
};

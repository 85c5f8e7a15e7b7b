// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

/*
 * An fsync does not cover a write that is in flight when it begins. Whether the
 * program thinks so cannot be seen while later fsyncs follow, as they do in many
 * that are right to have writes under way all the time. When none does, it can.
 */
static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_write *w = j->w;

	if (j->moment == CL_AT_FILE_END) {
		if (j->how != CL_SYNCED_EARLY)
			return CL_NO_CLAIM;
		if (!j->fsyncs_unseen)
			return CL_BROKEN;
		*why = "an fsync that is filtered out may have covered the writes";
		return CL_UNSURE;
	}
	if (j->moment == CL_AT_END)
		return w->fsynced && w->mapped_id && !w->early.id ? CL_HOLDS : CL_NO_CLAIM;
	if (!j->f->late)
		return CL_NO_CLAIM;
	*why = "a write was in flight at an fsync, and a later one covers it: which of them the "
	       "program relied on is not known";
	return CL_UNSURE;
}

const struct cl_rule cl_rule_no_write_in_flight_at_fsync = {
	.name = "no_write_in_flight_at_fsync",
	.text = "a write completes before the fsync begins that shall cover it",
	.needs = CL_NEED_WRITE | CL_NEED_SUBMITTER | CL_NEED_COMPLETION | CL_NEED_FSYNC |
		 CL_NEED_CLOSE,
	.severity = CL_VERDICT_WARNING,
	.at_end = true,
	.at_call = true,
	.found = "the last fsync began while writes were in flight, and does not cover them: a crash "
		 "may take them back",
	.advice = "call fsync after the writes have completed; in io_uring, link it to them or let it drain",
	.judge = judge,
};

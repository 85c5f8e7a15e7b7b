// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

/*
 * A file that nobody can write to any more, and writes to it that no fsync or sync
 * followed, then or later. That the journal may have committed by itself meanwhile
 * is luck.
 */
static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_write *w = j->w;

	if (j->moment == CL_AT_FILE_END) {
		if (j->how != CL_NEVER_SYNCED)
			return CL_NO_CLAIM;	/* no_write_in_flight_at_fsync's */
		if (!j->fsyncs_unseen)
			return CL_BROKEN;
		*why = "an fsync that is filtered out may have covered the writes";
		return CL_UNSURE;
	}
	if (w->dsync || !w->visible_seq || w->result <= 0)
		return CL_NO_CLAIM;
	return w->fsynced ? CL_HOLDS : CL_NO_CLAIM;
}

const struct cl_rule cl_rule_completed_write_is_synced = {
	.name = "completed_write_is_synced",
	.text = "a file is synced before it is closed for the last time, or at least after that",
	.needs = CL_NEED_WRITE | CL_NEED_COMPLETION | CL_NEED_FSYNC | CL_NEED_CLOSE,
	.severity = CL_VERDICT_WARNING,
	.at_end = true,
	.found = "the file was closed, and no fsync covers its last writes: a crash may take them back",
	.advice = "call fsync or fdatasync after the last write has completed, or write with RWF_DSYNC",
	.judge = judge,
};

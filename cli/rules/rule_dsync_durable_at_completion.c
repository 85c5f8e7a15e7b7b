// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

/* Of a device without a volatile cache nobody asks more. */
static bool left_in_cache(const struct cl_judge *j)
{
	return j->flushes_seen && j->w->inode->dev->cache == CL_CACHE_VOLATILE &&
	       !cl_write_flushed(j->w);
}

/* Without a transaction it is durable only if there is no journal. */
static enum cl_finding judge_converted(const struct cl_write *w, const char **why)
{
	const struct cl_dev *dev = w->inode->dev;

	if (w->committed_ns)
		return CL_HOLDS;
	if (!dev->journal_known) {
		*why = "no fsync has told what the journal is like";
		return CL_UNSURE;
	}
	if (dev->journal == CL_JOURNAL_NONE)
		return CL_HOLDS;
	if (dev->journal == CL_JOURNAL_FAST) {
		*why = "a fast commit may have made the conversion durable";
		return CL_UNSURE;
	}
	if (!w->has_tid) {
		*why = "the transaction of a conversion is not known";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

static enum cl_finding judge_failed(const struct cl_judge *j, const char **why)
{
	if (j->fsyncs_unseen || j->w->inode->nr_fsyncs || j->w->state != CL_WRITE_FAILED) {
		*why = "a conversion failed; an fsync may have told the error";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_write *w = j->w;
	enum cl_finding finding = CL_BROKEN;

	if (!w->dsync || w->result <= 0)
		return CL_NO_CLAIM;
	if (!w->nr_gaps)
		finding = w->convert_error ? judge_failed(j, why) : judge_converted(w, why);
	if (finding == CL_HOLDS && left_in_cache(j))
		finding = CL_BROKEN;
	if (finding == CL_HOLDS)
		return finding;
	/* Its own sync, or its conversion, was perhaps not hooked yet. */
	if (!w->all_hooked)
		return CL_NO_CLAIM;
	if (finding == CL_UNSURE)
		return finding;
	if (w->visible_inferred || j->completion_inferred || w->inferred || j->fsync_inferred ||
	    j->conversion_inferred) {
		*why = "the order of conversion, sync and completion is inferred";
		return CL_UNSURE;
	}
	if (w->nr_gaps && w->earlier_unsure) {
		*why = "an earlier conversion of the same blocks may have converted the write";
		return CL_UNSURE;
	}
	if (!w->nr_gaps && j->fsyncs_unseen) {
		*why = "its own sync may be one that is filtered out";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

const struct cl_rule cl_rule_dsync_durable_at_completion = {
	.name = "dsync_durable_at_completion",
	.text = "an O_DSYNC write is converted, committed and flushed when it is seen complete",
	.found = "the write asked to be durable by then, and was not: "
		 "a crash or a power cut may take it back",
	.needs = CL_NEED_WRITE | CL_NEED_COMPLETION | CL_NEED_CONVERT | CL_NEED_CONVERT_TID |
		 CL_NEED_FSYNC | CL_NEED_COMMITTED_TID,
	.severity = CL_VERDICT_VIOLATION,
	.at_completion = true,
	.about_flush = true,
	.judge = judge,
};

// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

/*
 * The data, not what makes it readable: the conversion's own way to the device is
 * the commit's matter. Any flush of the device will do, whoever asked for it, and
 * whether or not somebody waits for it: the last one that was begun says all.
 */
static enum cl_finding judge(const struct cl_judge *j, const char **why)
{
	const struct cl_dev *dev = j->f->inode->dev;
	bool unsure;

	if (j->f->ret || dev->cache == CL_CACHE_UNKNOWN || dev->cache == CL_CACHE_NONE ||
	    !cl_write_promised(j, &unsure))
		return CL_NO_CLAIM;
	if (cl_write_flushed(j->w))
		return CL_HOLDS;
	if (dev->cache == CL_CACHE_UNREADABLE) {
		*why = "whether the device has a volatile cache cannot be read on this kernel";
		return CL_UNSURE;
	}
	if (unsure || j->f->inferred || j->w->inferred) {
		*why = "the order of completion and fsync is inferred";
		return CL_UNSURE;
	}
	return CL_BROKEN;
}

const struct cl_rule cl_rule_flushed_before_fsync_returns = {
	.name = "flushed_before_fsync_returns",
	.text = "a volatile cache is flushed after the data is in it and before fsync returns 0",
	.found = "the device was not told to flush its cache since the write's data was there: "
		 "a power cut may take it back",
	.needs = CL_NEED_WRITE | CL_NEED_COMPLETION | CL_NEED_FSYNC | CL_NEED_DEVICE_FLUSH,
	.severity = CL_VERDICT_VIOLATION,
	.about_flush = true,
	.judge = judge,
};

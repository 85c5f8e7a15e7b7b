// SPDX-License-Identifier: GPL-2.0
#include "kernel/hooks.h"

const char *cl_how_name(enum cl_hook_how how)
{
	switch (how) {
	case CL_HOW_MISSING:
		return "missing";
	case CL_HOW_ABSENT:
		return "absent";
	case CL_HOW_TRACEPOINT:
		return "tracepoint";
	case CL_HOW_FENTRY:
		return "fentry";
	case CL_HOW_KPROBE:
		return "kprobe";
	case CL_HOWS:
		break;
	}
	return "unknown";
}

const char *cl_need_name(enum cl_need need)
{
	switch (need) {
	case CL_NEED_WRITE:
		return "write";
	case CL_NEED_LISTED:
		return "listed";
	case CL_NEED_COMPLETION:
		return "completion";
	case CL_NEED_CONVERT:
		return "conversion";
	case CL_NEED_CONVERT_TID:
		return "conversion tid";
	case CL_NEED_FSYNC:
		return "fsync";
	case CL_NEED_COMMITTED_TID:
		return "committed tid";
	case CL_NEED_COMMIT:
		return "commit";
	case CL_NEED_FLUSH:
		return "flush";
	case CL_NEED_WORK:
		return "work";
	case CL_NEED_PATH:
		return "path";
	case CL_NEED_SUBMITTER:
		return "submitter";
	case CL_NEED_FSYNC_STAGES:
		return "fsync stages";
	case CL_NEED_LANDED:
		return "data on the device";
	case CL_NEED_ZEROOUT:
		return "zeroout";
	case CL_NEED_DEVICE_FLUSH:
		return "device flush";
	case CL_NEED_CLOSE:
		return "close";
	case CL_NEED_REWRITE:
		return "rewrite";
	case CL_NEED_REMOVE:
		return "remove";
	case CL_NEED_READ:
		return "read";
	case CL_NEED_NAME:
		return "name";
	case CL_NEED_WRITEBACK:
		return "writeback";
	}
	return "unknown";
}

__u32 cl_hooks_missing(const struct cl_hooks_report *report, __u32 needs)
{
	__u32 provided = 0, missed = 0;
	unsigned int i;

	for (i = 0; i < report->nr; i++) {
		const struct cl_hook_state *h = &report->hook[i];

		provided |= h->provides;
		if (h->how == CL_HOW_MISSING)
			missed |= h->provides;
	}
	return needs & (~provided | missed);
}

__u32 cl_hooks_unwatched(const struct cl_hooks_report *report, __u32 needs)
{
	unsigned int i;

	for (i = 0; i < report->nr; i++)
		needs &= ~report->hook[i].provides;
	return needs;
}

__u32 cl_hooks_inferred(const struct cl_hooks_report *report, __u32 needs)
{
	__u32 inferred = 0;
	unsigned int i;

	for (i = 0; i < report->nr; i++)
		if (report->hook[i].inferred && report->hook[i].how > CL_HOW_ABSENT)
			inferred |= report->hook[i].provides;
	return needs & inferred & ~cl_hooks_missing(report, needs);
}

bool cl_hooks_tell_who_converts(const struct cl_hooks_report *report)
{
	unsigned int i;
	bool told = true;

	for (i = 0; i < report->nr; i++) {
		const struct cl_hook_state *h = &report->hook[i];

		if (!(h->provides & CL_NEED_CONVERT) || h->how <= CL_HOW_ABSENT || h->inferred)
			continue;
		if (h->how == CL_HOW_TRACEPOINT)
			return true;
		told = false;
	}
	return told;
}

// SPDX-License-Identifier: GPL-2.0
#include "filter.h"
#include "model/event_table.h"
#include "source/wanted.h"

bool cl_wanted(const struct cl_config *f, const void *record, size_t len)
{
	const union cl_any_event *any = record;
	const struct cl_event *e = record;

	if (cl_event_check(record, len) || e->kind == CL_EV_LOST)
		return true;
	if (!cl_filter_kind(f, e->kind))
		return false;
	if (e->kind == CL_EV_COMMIT || e->kind == CL_EV_DEVICE_FLUSH || e->kind == CL_EV_SYNC)
		return cl_filter_dev(f, e->dev);
	if (!cl_filter_inode(f, e->dev, e->ino))
		return false;
	if (e->kind == CL_EV_WRITE)
		return cl_filter_task(f, e->tgid, any->write.comm);
	if (e->kind == CL_EV_WRITEBACK)
		return !cl_filter_by_task(f);	/* nobody knows whose it is */
	if (e->kind == CL_EV_NAME && any->name.how != CL_NAME_UNLINK)
		return cl_filter_task(f, e->tgid, any->name.comm);
	if (e->kind == CL_EV_FSYNC_BEGIN)
		return cl_filter_task(f, e->tgid, any->fsync_begin.comm);
	return true;
}

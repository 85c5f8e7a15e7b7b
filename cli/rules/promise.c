// SPDX-License-Identifier: GPL-2.0
#include "rules/rule.h"

bool cl_write_promised(const struct cl_judge *j, bool *unsure)
{
	const struct cl_write *w = j->w;
	const struct cl_fsync *f = j->f;

	*unsure = false;
	if (!w->visible_seq) {
		/* An exact hook would have told by now if it came before the fsync. */
		*unsure = j->completion_inferred;
		return *unsure;
	}
	if (w->result <= 0)
		return false;	/* the program was told that it failed */
	if (w->visible_inferred) {
		*unsure = true;
		return true;
	}
	return w->visible_seq < f->begin_seq && w->visible_ns < f->begin_ns;
}

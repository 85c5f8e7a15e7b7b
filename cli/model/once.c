// SPDX-License-Identifier: GPL-2.0
/*
 * On whose account a conversion is. Each write whose data is done has one coming:
 * its own, before it completes; or, once it is listed, its part in one of the list,
 * which says how many entries it stands for. Two writes to the same blocks have two,
 * though the first one leaves nothing to do for the other. So a conversion that is on
 * the account of no write that was seen, and of a range of which it was seen that all
 * is settled, is one too many. So is one of a write whose blocks were taken off before.
 *
 * That is known only where the hook tells who converts: elsewhere others use the same
 * function, and may be after blocks that are unwritten for the second time.
 */
#include <errno.h>
#include <string.h>

#include "model/internal.h"

#define STEP_NS 1000000		/* stamps of two CPUs: never this far out of step */

static bool can_be_for(const struct cl_write *w, const struct cl_conversion *c)
{
	if (w->own_done || !c->entries != !w->listed_ns)
		return false;
	if (!c->entries)
		return w->range.start == c->range.start && w->range.end == c->range.end;
	return w->range.start >= c->range.start && w->range.end <= c->range.end;
}

static void tell(const struct cl_model *m, const struct cl_write *w,
		 const struct cl_conversion *again)
{
	size_t i;

	for (i = 0; i < m->nr_sinks; i++)
		if (m->sink[i]->write_converted)
			m->sink[i]->write_converted(m->sink[i]->ctx, m, w, again);
}

/* A copy of what is long over may be all that is left of the first time. */
static void tell_again(struct cl_model *m, struct cl_inode *inode, const struct cl_taken *t,
		       const struct cl_conversion *c)
{
	struct cl_write w = t->w;

	w.inode = inode;
	w.nr_gaps = 0;
	w.convert_error = 0;
	w.convert_begin_ns = t->by.begin_ns;
	w.converted_ns = t->by.end_ns;
	w.why = t->by.why;
	w.tid = t->by.tid;
	w.has_tid = t->by.has_tid;
	w.zeroout = NULL;
	tell(m, &w, c);
}

static int take(struct cl_model *m, struct cl_write *w, const struct cl_conversion *c, bool sure)
{
	struct cl_taken *t;

	w->own_done = true;
	if (c->error)
		return 0;	/* that is no conversion, and another one may follow */
	if (!m->taken) {
		m->taken = calloc(CL_TAKEN_MAX, sizeof(*m->taken));
		if (!m->taken)
			return -ENOMEM;
	}
	t = &m->taken[m->nr_taken++ % CL_TAKEN_MAX];
	t->w = *w;
	t->by = *c;
	t->sure = sure && w->all_hooked;
	if (w->removed_ns && sure && c->begin_ns > w->removed_ns)
		tell_again(m, w->inode, t, c);
	else
		tell(m, w, NULL);
	return 0;
}

/*
 * It is for no write that was seen. Is it for one that was not? Of a list's it is known
 * whether all was seen that is on it; else, such a write was under way before all hooks
 * were there, and its conversion began then.
 */
static void find_first(struct cl_model *m, struct cl_inode *inode, const struct cl_conversion *c)
{
	const struct cl_taken *t;
	uint64_t n;

	if (inode->once_unsure || (c->entries && !inode->entries_known) || !c->begin_ns)
		return;
	for (n = 1; n <= m->nr_taken && n <= CL_TAKEN_MAX; n++) {
		t = &m->taken[(m->nr_taken - n) % CL_TAKEN_MAX];
		if (t->by.ino != c->ino || t->by.dev != c->dev ||
		    t->by.generation != c->generation ||
		    !cl_overlap(&t->w.range, c->range.start, c->range.end - 1))
			continue;
		if (t->sure && t->by.end_ns >= m->since_ns &&
		    c->begin_ns > t->by.end_ns + (c->entries ? 0 : STEP_NS))
			tell_again(m, inode, t, c);
		return;
	}
}

static void unlate(struct cl_model *m, struct cl_write *w)
{
	cl_once_forget(m, w);
	cl_write_end_if_over(m, w);
}

/* The next one that still has one coming and shares blocks with it; *any is set by each. */
static struct cl_write *next_pending(struct cl_inode *inode, size_t *i,
				     const struct cl_conversion *c, bool *any)
{
	struct cl_write *w;

	while (*i < inode->nr_pending) {
		w = inode->pending[(*i)++];
		if (w->range.start >= c->range.end)
			return NULL;
		if (w->own_done || w->range.end <= c->range.start)
			continue;
		*any = true;
		if (can_be_for(w, c))
			return w;
	}
	return NULL;
}

static struct cl_write *next_late(struct cl_inode *inode, struct cl_list **pos,
				  const struct cl_conversion *c, bool *any)
{
	struct cl_write *w;

	while (*pos != &inode->late) {
		w = container_of(*pos, struct cl_write, late);
		*pos = (*pos)->next;
		if (!cl_overlap(&w->range, c->range.start, c->range.end - 1))
			continue;
		*any = true;
		if (can_be_for(w, c))
			return w;
	}
	return NULL;
}

static unsigned int count(struct cl_inode *inode, const struct cl_conversion *c, bool *any)
{
	size_t i = cl_pending_first(inode, c->range.start);
	struct cl_list *pos = inode->late.next;
	unsigned int n = 0;

	while (next_late(inode, &pos, c, any))
		n++;
	while (next_pending(inode, &i, c, any))
		n++;
	return n;
}

/*
 * More than it stands for: which of them is not known, and so nothing is of their
 * blocks. Of equal ones it does not matter which.
 */
int cl_once(struct cl_model *m, struct cl_inode *inode, const struct cl_conversion *c)
{
	size_t i = cl_pending_first(inode, c->range.start);
	struct cl_list *pos = inode->late.next;
	unsigned int n, most = c->entries ?: 1;
	struct cl_write *w;
	bool any = false, sure;
	int err = 0;

	if (c->why == CL_WHY_UNKNOWN || c->why == CL_WHY_BUFFERED)
		return 0;
	n = count(inode, c, &any);
	if (!n) {
		/* On the account of one that was not seen, and of what else? */
		if (any)
			inode->once_unsure = true;
		else if (!c->error)
			find_first(m, inode, c);
		return 0;
	}
	sure = n <= most || !c->entries;
	if (c->entries)
		most = n;
	while (!err && most && (w = next_late(inode, &pos, c, &any))) {
		most--;
		err = take(m, w, c, sure);
		unlate(m, w);
	}
	while (!err && most && (w = next_pending(inode, &i, c, &any))) {
		most--;
		err = take(m, w, c, sure);
	}
	return err;
}

void cl_once_covered(struct cl_model *m, struct cl_write *w, const struct cl_conversion *c)
{
	struct cl_inode *inode = w->inode;

	if (w->own_done || inode->once_unsure || c->why == CL_WHY_UNKNOWN)
		return;
	if (m->nr_late == CL_LATE_MAX) {
		inode->once_unsure = true;
		return;
	}
	cl_list_add_tail(&w->late, &inode->late);
	m->nr_late++;
}

/* What was written there is nobody's any more, and is not to be converted. */
void cl_once_removed(struct cl_model *m, const struct cl_ev_remove *e)
{
	struct cl_inode *inode = cl_inode_find(m, &e->e);
	int64_t end = e->offset_bytes + e->size_bytes;
	struct cl_write *w;
	size_t i;

	if (!inode)
		return;
	for (i = cl_pending_first(inode, e->offset_bytes); i < inode->nr_pending; i++) {
		w = inode->pending[i];
		if (w->range.start >= end)
			return;
		if (w->listed_ns && !w->own_done && w->range.end > e->offset_bytes)
			w->removed_ns = e->e.ts_ns;
	}
}

void cl_once_listed(struct cl_write *w, uint32_t pending)
{
	if (w->inode->nr_listed == pending)
		w->inode->entries_known = true;
}

void cl_once_forget(struct cl_model *m, struct cl_write *w)
{
	if (cl_list_empty(&w->late))
		return;
	cl_list_del(&w->late);
	m->nr_late--;
}

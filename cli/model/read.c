// SPDX-License-Identifier: GPL-2.0
/*
 * Reads, against the direct writes of the same blocks that were seen complete before the
 * read began. As long as such a write is not converted nothing can make its blocks
 * unwritten rightly: truncate, punch hole, zero range and the like wait for its
 * conversion, and the fact of a conversion comes before those of its blocks afterwards.
 * Of a converted write that is not so, and what is done to its blocks is not followed; of
 * the latest of these it is told that they are found written.
 */
#include <string.h>

#include "model/internal.h"

static void tell(const struct cl_model *m, const struct cl_write *w, const struct cl_read *r)
{
	size_t i;

	for (i = 0; i < m->nr_sinks; i++)
		if (m->sink[i]->write_read)
			m->sink[i]->write_read(m->sink[i]->ctx, m, w, r);
}

/* Ids tell what came first, since a read that is only begun leaves no record. */
static bool seen_before(const struct cl_write *w, const struct cl_read *r)
{
	return w->visible_id && w->visible_id < r->id;
}

static void look_at_pending(const struct cl_model *m, const struct cl_inode *inode,
			    const struct cl_read *r)
{
	struct cl_write *w;
	size_t i;

	for (i = cl_pending_first(inode, r->range.start); i < inode->nr_pending; i++) {
		w = inode->pending[i];
		if (w->range.start >= r->range.end)
			return;
		if (!seen_before(w, r) || w->range.end <= r->range.start)
			continue;
		if (r->unwritten && (w->read_unwritten || !cl_write_gap_in(w, &r->range)))
			continue;
		w->read_unwritten |= r->unwritten;
		tell(m, w, r);
	}
}

static void look_at_converted(const struct cl_model *m, const struct cl_inode *inode,
			      const struct cl_read *r)
{
	const struct cl_list *pos = inode->converted.prev;
	const struct cl_write *w;
	unsigned int n;

	for (n = 0; n < CL_READ_LOOKS_MAX && pos != &inode->converted; n++, pos = pos->prev) {
		w = container_of(pos, struct cl_write, by_inode);
		if (seen_before(w, r) && cl_overlap(&w->range, r->range.start, r->range.end - 1))
			tell(m, w, r);
	}
}

void cl_read(struct cl_model *m, const struct cl_ev_read *e)
{
	const struct cl_inode *inode = cl_inode_find(m, &e->e);
	struct cl_read r = {
		.id = e->read_id,
		.begin_ns = e->begin_ns,
		.mapped_ns = e->e.ts_ns,
		.range = { e->offset_bytes, e->offset_bytes + e->size_bytes },
		.tgid = e->e.tgid,
		.tid = e->e.tid,
		.unwritten = e->unwritten,
		.direct = e->direct,
	};

	if (!inode)
		return;
	memcpy(r.comm, e->comm, sizeof(r.comm));
	look_at_pending(m, inode, &r);
	if (!r.unwritten)
		look_at_converted(m, inode, &r);
}

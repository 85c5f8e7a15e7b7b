// SPDX-License-Identifier: GPL-2.0
/*
 * Zeros that the file system itself wrote, against the writes that were under way
 * on the same blocks. A write owns its blocks from the time they were looked up
 * until they are converted: truncate, punch and zero range wait for it, so within
 * that time nothing makes zeros right that come after its data. What is converted
 * may be zeroed again, by a zero range as anybody may ask for; so no more than
 * what is under way has to be known.
 */
#include <errno.h>
#include <string.h>

#include "model/internal.h"

#define STEP_NS 1000000		/* stamps of two CPUs: never this far out of step */

/* Ids tell what came first; the later of the two facts may be the first in the stream. */
static enum cl_zeroed how_zeroed(const struct cl_write *w, const struct cl_zeroout *z)
{
	bool landed_known = w->landed_id > w->mapped_id && w->mapped_id && w->landed_id < w->id;

	if ((landed_known ? w->landed_id : w->id) < z->id)
		return z->error ? CL_ZEROED_MEANWHILE : CL_ZEROED_AFTER;
	/* Zeroed when its blocks were looked up: so it could not be mapped to them before. */
	return w->mapped_id > z->id ? CL_NOT_ZEROED : CL_ZEROED_MEANWHILE;
}

/* Keeps what says most. */
static int note(struct cl_model *m, struct cl_write *w, const struct cl_zeroout *z)
{
	enum cl_zeroed zeroed = how_zeroed(w, z);
	bool under_way = w->id > z->id;
	size_t i;

	if (zeroed < w->zeroed || zeroed == CL_NOT_ZEROED ||
	    (zeroed == w->zeroed && under_way <= w->zeroed_under_way))
		return 0;
	if (!w->zeroout) {
		w->zeroout = malloc(sizeof(*w->zeroout));
		if (!w->zeroout)
			return -ENOMEM;
	}
	*w->zeroout = *z;
	w->zeroed = zeroed;
	w->zeroed_under_way = under_way;
	for (i = 0; w->visible_ns && i < m->nr_sinks; i++)
		if (m->sink[i]->write_zeroed)
			m->sink[i]->write_zeroed(m->sink[i]->ctx, m, w);
	return 0;
}

static int remember(struct cl_model *m, const struct cl_zeroout *z)
{
	if (!m->zeroouts) {
		m->zeroouts = calloc(CL_ZEROOUTS_MAX, sizeof(*m->zeroouts));
		if (!m->zeroouts)
			return -ENOMEM;
	}
	m->zeroouts[m->nr_zeroouts++ % CL_ZEROOUTS_MAX] = *z;
	return 0;
}

int cl_zeroout(struct cl_model *m, const struct cl_ev_zeroout *e)
{
	const struct cl_zeroout z = {
		.id = e->zeroout_id,
		.ino = e->e.ino,
		.dev = e->e.dev,
		.generation = e->e.generation,
		.range = { e->offset_bytes, e->offset_bytes + e->size_bytes },
		.converted = { e->for_offset_bytes, e->for_offset_bytes + e->for_size_bytes },
		.begin_ns = e->begin_ns,
		.end_ns = e->e.ts_ns,
		.error = e->error,
		.tid = e->e.tid,
	};
	struct cl_inode *inode = cl_inode_find(m, &e->e);
	struct cl_write *w;
	size_t i;
	int err;

	err = remember(m, &z);
	if (err || !inode)
		return err;
	for (i = cl_pending_first(inode, z.range.start); i < inode->nr_pending; i++) {
		w = inode->pending[i];
		if (w->range.start >= z.range.end)
			break;
		err = !w->buffered && cl_write_gap_in(w, &z.range) ? note(m, w, &z) : 0;
		if (err)
			return err;
	}
	return 0;
}

int cl_zeroout_catch_up(struct cl_model *m, struct cl_write *w)
{
	const struct cl_zeroout *z;
	uint64_t n;
	int err;

	for (n = 1; n <= m->nr_zeroouts; n++) {
		if (n > CL_ZEROOUTS_MAX) {
			m->doubts |= CL_DOUBT_LIMIT;
			return 0;
		}
		z = &m->zeroouts[(m->nr_zeroouts - n) % CL_ZEROOUTS_MAX];
		if (w->submit_ns && z->end_ns + STEP_NS < w->submit_ns)
			return 0;
		if (z->ino != w->inode->ino || z->dev != w->inode->dev->dev ||
		    z->generation != w->inode->generation || !cl_write_gap_in(w, &z->range))
			continue;
		err = note(m, w, z);
		if (err)
			return err;
	}
	return 0;
}

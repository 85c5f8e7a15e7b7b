// SPDX-License-Identifier: GPL-2.0
/* Conversions, commits and flushes: what makes writes durable. */
#include <errno.h>
#include <string.h>

#include "model/internal.h"

#define STEP_NS 1000000		/* stamps of two CPUs: never this far out of step */
#define FLIGHT_NS 1000000000ULL	/* of a write whose mapping was not seen: hardly longer */
#define BLIND_HISTORY 1024	/* how far to look back where a write's mapping was not seen */

/* Takes what the conversion covers out of the write's gaps. */
static bool close_gaps(struct cl_model *m, struct cl_write *w, const struct cl_range *r)
{
	struct cl_range gap[2 * CL_GAPS];
	unsigned int i, n = 0;
	bool covered = false;

	for (i = 0; i < w->nr_gaps; i++) {
		const struct cl_range *g = &w->gap[i];

		if (r->start >= g->end || g->start >= r->end) {
			gap[n++] = *g;
			continue;
		}
		covered = true;
		if (g->start < r->start)
			gap[n++] = (struct cl_range){ g->start, r->start };
		if (r->end < g->end)
			gap[n++] = (struct cl_range){ r->end, g->end };
	}
	if (n > CL_GAPS) {
		m->doubts |= CL_DOUBT_LIMIT;
		return false;
	}
	memcpy(w->gap, gap, n * sizeof(*gap));
	w->nr_gaps = n;
	return covered;
}

/* One conversion's part in a write; several may have to come together. */
static void cover(struct cl_model *m, struct cl_write *w, const struct cl_conversion *c)
{
	if (!close_gaps(m, w, &c->range))
		return;
	if (c->error) {
		w->convert_error = c->error;
	} else if (!w->nr_covers++) {
		w->has_tid = c->has_tid;
		w->tid = c->tid;
	} else {
		w->has_tid &= c->has_tid;
		if (cl_tid_geq(c->tid, w->tid))
			w->tid = c->tid;
	}
	w->why = c->why;
	if (!w->convert_begin_ns || (c->begin_ns && c->begin_ns < w->convert_begin_ns))
		w->convert_begin_ns = c->begin_ns;
	w->converted_ns = c->end_ns;
	w->converted_seq = c->seq;
}

static void give_up_oldest_failed(struct cl_model *m, struct cl_inode *inode)
{
	if (inode->nr_failed > CL_FAILED_MAX)
		cl_write_settle(m, container_of(inode->failed.next, struct cl_write, by_inode));
}

/* It is off the pending array, and no gap is left. */
static void converted(struct cl_model *m, struct cl_write *w, const struct cl_conversion *by)
{
	struct cl_inode *inode = w->inode;

	m->nr_unconverted--;
	cl_once_covered(m, w, by);
	if (w->listed_ns) {
		inode->nr_listed--;
		m->counts.pending--;
	}
	if (w->convert_error) {
		if (w->result < 0) {
			cl_write_settle(m, w);	/* the program knows */
			return;
		}
		w->state = CL_WRITE_FAILED;
		cl_list_add_tail(&w->by_inode, &inode->failed);
		inode->nr_failed++;
		give_up_oldest_failed(m, inode);
		return;
	}
	if (!w->buffered) {
		m->counts.converted++;
		cl_hist_add_span(&m->counts.convert, w->done_ns, w->converted_ns);
	}
	if (w->has_tid) {
		w->state = CL_WRITE_CONVERTED;
		cl_list_add_tail(&w->by_inode, &inode->converted);
		cl_list_add_tail(&w->by_dev, &inode->dev->converted);
		return;
	}
	/* No journal, or a hook that does not tell: an fsync knows which it is. */
	inode->dev->tid_unknown = true;
	cl_write_settle(m, w);
}

static void remove_pending(struct cl_inode *inode, size_t i)
{
	struct cl_write **p = inode->pending + i;

	inode->nr_pending--;
	memmove(p, p + 1, (inode->nr_pending - i) * sizeof(*p));
}

static int remember(struct cl_model *m, const struct cl_conversion *c)
{
	if (!m->history) {
		m->history = calloc(CL_HISTORY_MAX, sizeof(*m->history));
		if (!m->history)
			return -ENOMEM;
	}
	m->history[m->nr_history++ % CL_HISTORY_MAX] = *c;
	return 0;
}

int cl_convert(struct cl_model *m, const struct cl_ev_convert *e)
{
	const struct cl_conversion c = {
		.ino = e->e.ino,
		.dev = e->e.dev,
		.generation = e->e.generation,
		.range = { e->offset_bytes, e->offset_bytes + e->size_bytes },
		.begin_ns = e->begin_ns,
		.end_ns = e->e.ts_ns,
		.seq = m->seq,
		.tid = e->journal_tid,
		.why = e->why,
		.entries = e->entries,
		.error = e->error,
		.has_tid = e->has_tid,
	};
	struct cl_inode *inode;
	struct cl_write *w;
	size_t i;
	int err;

	if (e->error)
		m->counts.conversion_errors++;
	err = cl_inode_get(m, &e->e, &inode);
	if (err || !inode)
		return err;
	if (!e->error) {
		err = remember(m, &c);
		if (err)
			return err;
	}
	cl_inode_use(m, inode);
	err = cl_once(m, inode, &c);
	for (i = cl_pending_first(inode, c.range.start); i < inode->nr_pending;) {
		w = inode->pending[i];
		if (w->range.start >= c.range.end)
			break;
		cover(m, w, &c);
		if (w->nr_gaps) {
			i++;
			continue;
		}
		remove_pending(inode, i);
		converted(m, w, &c);
	}
	cl_inode_unuse(m, inode);
	return err;
}

/* It was in flight when what is known of its blocks began. */
static bool mapped_before(const struct cl_model *m, const struct cl_write *w)
{
	if (!m->since_ns)
		return false;
	return w->submit_ns ? w->submit_ns < m->since_ns : w->done_ns < m->since_ns + FLIGHT_NS;
}

/*
 * Two writes to the same unwritten blocks can be under way at once. The first
 * conversion converts for both; the other write's own finds nothing to do, and
 * fdatasync need not commit the transaction it ran in. Nothing can make the
 * blocks unwritten again meanwhile: truncate and punch wait for direct I/O.
 * So whatever was converted since the write was mapped counts for it, with the
 * transaction of that conversion. Returns the one that had the last part in it.
 */
static const struct cl_conversion *look_back(struct cl_model *m, struct cl_write *w)
{
	uint64_t most = w->submit_ns ? CL_HISTORY_MAX : BLIND_HISTORY, n;
	const struct cl_conversion *c, *last = NULL;

	for (n = 1; w->nr_gaps; n++) {
		if (n > m->nr_history) {
			w->earlier_unsure |= mapped_before(m, w);
			return last;
		}
		if (n > most)
			break;
		c = &m->history[(m->nr_history - n) % CL_HISTORY_MAX];
		if (w->submit_ns && c->end_ns + STEP_NS < w->submit_ns)
			return last;
		if (c->ino != w->inode->ino || c->dev != w->inode->dev->dev ||
		    c->generation != w->inode->generation ||
		    !cl_overlap(&c->range, w->range.start, w->range.end - 1))
			continue;
		if (c->end_ns > w->submit_ns && w->submit_ns) {
			cover(m, w, c);
			last = c;
		} else {
			w->earlier_unsure = true;
		}
	}
	/* Not known when it was mapped: what was seen is what can be said. */
	if (w->nr_gaps && w->submit_ns)
		w->earlier_unsure = true;
	return last;
}

void cl_convert_catch_up(struct cl_model *m, struct cl_write *w)
{
	const struct cl_conversion *by = look_back(m, w);
	struct cl_inode *inode = w->inode;
	size_t i;

	if (w->nr_gaps)
		return;
	for (i = cl_pending_first(inode, w->range.start); inode->pending[i] != w; i++)
		;
	remove_pending(inode, i);
	converted(m, w, by);
}

void cl_commit(struct cl_model *m, uint32_t dev, uint32_t tid, uint64_t ts_ns)
{
	struct cl_dev *d = cl_dev_find(m, dev);
	struct cl_list *pos, *tmp;
	struct cl_write *w;

	if (!d)
		return;
	cl_list_for_each_safe(pos, tmp, &d->converted) {
		w = container_of(pos, struct cl_write, by_dev);
		if (!cl_tid_geq(tid, w->tid))
			continue;
		w->committed_ns = ts_ns;
		cl_write_settle(m, w);
	}
}

/* One that begins later covers all that an earlier one did. */
int cl_device_flush(struct cl_model *m, const struct cl_ev_device_flush *e)
{
	struct cl_dev *d;
	int err;

	if (e->error)
		return 0;
	err = cl_dev_get(m, e->e.dev, &d);
	if (err || !d || e->flush_id <= d->flush_id)
		return err;
	d->flush_id = e->flush_id;
	d->flush_ns = e->begin_ns;
	return 0;
}

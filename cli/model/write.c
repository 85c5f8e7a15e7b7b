// SPDX-License-Identifier: GPL-2.0
/* A write from data done to the end of its life. */
#include <errno.h>
#include <string.h>

#include "model/internal.h"

struct cl_write *cl_write_find(const struct cl_model *m, uint64_t id)
{
	struct cl_hash_node *n = cl_hash_find(&m->writes, id);

	return n ? container_of(n, struct cl_write, by_id) : NULL;
}

bool cl_write_gap_in(const struct cl_write *w, const struct cl_range *r)
{
	unsigned int i;

	for (i = 0; i < w->nr_gaps; i++)
		if (cl_overlap(r, w->gap[i].start, w->gap[i].end - 1))
			return true;
	return false;
}

void cl_write_end(struct cl_model *m, struct cl_write *w, bool finished)
{
	size_t i;

	for (i = 0; i < m->nr_sinks; i++)
		if (m->sink[i]->write_end)
			m->sink[i]->write_end(m->sink[i]->ctx, m, w, finished);
	cl_use_write_end(m, w);
	cl_list_del(&w->by_inode);
	cl_list_del(&w->by_dev);
	cl_once_forget(m, w);
	cl_hash_del(&m->writes, &w->by_id);
	/* Out of memory here costs no more than a duplicate not known as one. */
	cl_seen_add(&m->seen_writes, w->id, w->done_ns);
	cl_inode_unuse(m, w->inode);
	free(w->zeroout);
	free(w);
}

/* When nobody waits for anything: not the program, nor an fsync, nor its own conversion. */
void cl_write_end_if_over(struct cl_model *m, struct cl_write *w)
{
	if (w->state != CL_WRITE_DURABLE || w->refs || !cl_list_empty(&w->late))
		return;
	if (w->visible_ns) {
		cl_write_end(m, w, true);
		return;
	}
	/* Its completion is still to come, or was not seen: not kept for ever. */
	cl_list_add_tail(&w->by_inode, &m->unseen);
	if (++m->nr_unseen <= CL_UNSEEN_MAX)
		return;
	m->nr_unseen--;
	cl_write_end(m, container_of(m->unseen.next, struct cl_write, by_inode), true);
}

void cl_write_put(struct cl_model *m, struct cl_write *w)
{
	w->refs--;
	cl_write_end_if_over(m, w);
}

void cl_write_settle(struct cl_model *m, struct cl_write *w)
{
	if (w->state == CL_WRITE_FAILED)
		w->inode->nr_failed--;
	w->state = CL_WRITE_DURABLE;
	cl_list_del(&w->by_inode);
	cl_list_del(&w->by_dev);
	cl_write_end_if_over(m, w);
}

static void complete(struct cl_model *m, struct cl_write *w, const struct cl_early *c, bool inferred)
{
	size_t i;

	w->visible_ns = c->ts_ns;
	w->visible_seq = c->seq;
	w->visible_inferred = inferred;
	w->result = c->result;
	w->via = c->via;
	w->visible_id = c->visible_id;
	m->counts.completed++;
	cl_hist_add_span(&m->counts.visible, w->done_ns, c->ts_ns);
	for (i = 0; i < m->nr_sinks; i++)
		if (m->sink[i]->write_visible)
			m->sink[i]->write_visible(m->sink[i]->ctx, m, w);
}

/* Takes the completion that came before its write, if there is one. */
static void take_early(struct cl_model *m, struct cl_write *w)
{
	size_t i;

	for (i = 0; i < CL_EARLY_MAX; i++) {
		if (m->early[i].write_id != w->id)
			continue;
		/* Out of order, so nothing is certain about this write's. */
		complete(m, w, &m->early[i], true);
		m->counts.unmatched--;
		m->early[i].write_id = 0;
		return;
	}
}

/* The same id again: the same record, or not what an id is for. */
static bool repeated(struct cl_model *m, const struct cl_ev_write *e)
{
	const struct cl_write *w = cl_write_find(m, e->write_id);
	bool same;

	if (w)
		same = w->done_ns == e->e.ts_ns && w->range.start == e->offset_bytes &&
		       w->inode->ino == e->e.ino && w->inode->dev->dev == e->e.dev;
	else if (!cl_seen_find(&m->seen_writes, e->write_id, e->e.ts_ns, &same))
		return false;
	m->counts.duplicates++;
	if (!same)
		m->doubts |= CL_DOUBT_ID;
	return true;
}

static struct cl_write *write_new(const struct cl_model *m, const struct cl_ev_write *e)
{
	struct cl_write *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	cl_list_init(&w->by_inode);
	cl_list_init(&w->by_dev);
	cl_list_init(&w->late);
	w->id = e->write_id;
	w->range.start = e->offset_bytes;
	w->range.end = e->offset_bytes + e->size_bytes;
	w->gap[0] = w->range;
	w->nr_gaps = 1;
	w->tgid = e->e.tgid;
	memcpy(w->comm, e->comm, sizeof(w->comm));
	w->sync = e->sync;
	w->dsync = e->dsync;
	w->inferred = e->e.flags & CL_F_INFERRED;
	w->all_hooked = e->e.ts_ns >= m->since_ns &&
			(m->since_ns || m->counts.kind[CL_EV_FSYNC_BEGIN]);
	w->submit_ns = e->submit_ns;
	w->done_ns = e->e.ts_ns;
	w->mapped_id = e->mapped_id;
	w->landed_id = e->landed_id;
	w->landed_ns = e->landed_ns;
	return w;
}

/* *write: NULL when there is nothing to follow. */
static int add(struct cl_model *m, const struct cl_ev_write *e, struct cl_write **write)
{
	struct cl_inode *inode;
	struct cl_write *w;
	int err;

	*write = NULL;
	if (m->writes.nr >= CL_WRITES_MAX) {
		m->doubts |= CL_DOUBT_LIMIT;
		return 0;
	}
	err = cl_inode_get(m, &e->e, &inode);
	if (err || !inode)
		return err;
	w = write_new(m, e);
	if (!w)
		return -ENOMEM;
	w->inode = inode;
	err = cl_hash_add(&m->writes, &w->by_id, w->id);
	if (!err) {
		err = cl_pending_add(inode, w);
		if (err)
			cl_hash_del(&m->writes, &w->by_id);
	}
	if (err) {
		free(w);
		return err;
	}
	cl_inode_use(m, inode);
	m->nr_unconverted++;
	*write = w;
	return 0;
}

int cl_write_done(struct cl_model *m, const struct cl_ev_write *e)
{
	struct cl_write *w;
	int err;

	if (repeated(m, e))
		return 0;
	m->counts.writes++;
	err = add(m, e, &w);
	if (err || !w)
		return err;
	err = cl_use_write(m, w);
	if (!err)
		err = cl_zeroout_catch_up(m, w);
	if (err)
		return err;
	if (m->counts.unmatched)
		take_early(m, w);
	cl_convert_catch_up(m, w);
	return 0;
}

/*
 * What was written back, the program had written before: an fsync that begins later owes
 * it as well. Of what the program does, and of which conversion is whose, nothing is known:
 * so the rest of what is asked of a direct write is not asked of this.
 */
int cl_writeback_done(struct cl_model *m, const struct cl_ev_writeback *e)
{
	const struct cl_ev_write as_write = {
		.e = e->e,
		.write_id = e->write_id,
		.offset_bytes = e->offset_bytes,
		.size_bytes = e->size_bytes,
	};
	struct cl_write *w;
	int err;

	if (repeated(m, &as_write))
		return 0;
	m->counts.writebacks++;
	err = add(m, &as_write, &w);
	if (err || !w)
		return err;
	w->buffered = true;
	w->tgid = 0;
	w->via = CL_VIA_WRITEBACK;
	w->visible_ns = w->done_ns;
	w->visible_seq = m->seq;
	w->result = e->size_bytes;
	w->own_done = true;
	return 0;
}

/* What it says of the list does not fit to what was seen of it. */
static void listed_unseen(struct cl_model *m, const struct cl_event *e)
{
	struct cl_inode *inode = cl_inode_find(m, e);

	m->counts.listed++;
	if (inode)
		inode->once_unsure = true;
}

int cl_write_listed(struct cl_model *m, const struct cl_ev_listed *e)
{
	struct cl_write *w = e->write_id ? cl_write_find(m, e->write_id) : NULL;
	bool same;

	if (!w) {
		if (e->write_id && cl_seen_find(&m->seen_writes, e->write_id, 0, &same))
			m->counts.duplicates++;
		else
			listed_unseen(m, &e->e);
		return 0;
	}
	if (w->listed_ns) {
		m->counts.duplicates++;
		return 0;
	}
	w->listed_ns = e->e.ts_ns;
	m->counts.listed++;
	if (w->state != CL_WRITE_PENDING)
		return 0;
	w->inode->nr_listed++;
	cl_once_listed(w, e->pending);
	if (w->inode->nr_listed > m->counts.pending_inode_max)
		m->counts.pending_inode_max = w->inode->nr_listed;
	if (++m->counts.pending > m->counts.pending_max)
		m->counts.pending_max = m->counts.pending;
	return 0;
}

int cl_write_completed(struct cl_model *m, const struct cl_ev_completion *e)
{
	const struct cl_early c = { e->write_id, e->e.ts_ns, m->seq, e->visible_id, e->result,
				    e->via };
	struct cl_write *w = cl_write_find(m, e->write_id);
	bool same;

	if (!w) {
		if (cl_seen_find(&m->seen_writes, e->write_id, 0, &same)) {
			m->counts.duplicates++;
			return 0;
		}
		m->counts.unmatched++;
		m->early[m->next_early++ % CL_EARLY_MAX] = c;
		return 0;
	}
	if (w->visible_ns) {
		m->counts.duplicates++;
		return 0;
	}
	complete(m, w, &c, e->e.flags & CL_F_INFERRED);
	if (w->state == CL_WRITE_FAILED && e->result < 0) {
		cl_write_settle(m, w);	/* the program knows */
	} else if (w->state == CL_WRITE_DURABLE && !w->refs && cl_list_empty(&w->late)) {
		m->nr_unseen--;
		cl_write_end(m, w, true);
	}
	return 0;
}

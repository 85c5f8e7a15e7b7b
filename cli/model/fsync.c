// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "model/internal.h"

static struct cl_fsync *find(const struct cl_model *m, uint64_t id)
{
	struct cl_hash_node *n = cl_hash_find(&m->fsyncs, id);

	return n ? container_of(n, struct cl_fsync, by_id) : NULL;
}

static bool repeated(struct cl_model *m, const struct cl_ev_fsync_begin *e)
{
	const struct cl_fsync *f = find(m, e->fsync_id);
	bool same;

	if (f)
		same = f->begin_ns == e->e.ts_ns && f->tid == e->e.tid;
	else if (!cl_seen_find(&m->seen_fsyncs, e->fsync_id, e->e.ts_ns, &same))
		return false;
	m->counts.duplicates++;
	if (!same)
		m->doubts |= CL_DOUBT_ID;
	return true;
}

static size_t list_length(const struct cl_list *l)
{
	const struct cl_list *pos;
	size_t n = 0;

	for (pos = l->next; pos != l; pos = pos->next)
		n++;
	return n;
}

static void look_at(struct cl_fsync *f, struct cl_write *w)
{
	if (f->start > f->last || !cl_overlap(&w->range, f->start, f->last))
		return;
	w->refs++;
	f->write[f->nr_writes++] = w;
}

/* The writes that it may have to make durable: in its range, and not durable. */
static int collect(struct cl_model *m, struct cl_fsync *f)
{
	struct cl_inode *inode = f->inode;
	struct cl_list *pos, *tmp;
	size_t i, n;

	n = inode->nr_pending + inode->nr_failed + list_length(&inode->converted);
	if (!n)
		return 0;
	if (n > CL_LOOKS_MAX - m->nr_looks) {
		m->doubts |= CL_DOUBT_LIMIT;
		return 0;
	}
	f->write = malloc(n * sizeof(*f->write));
	if (!f->write)
		return -ENOMEM;
	for (i = 0; i < inode->nr_pending; i++)
		look_at(f, inode->pending[i]);
	cl_list_for_each_safe(pos, tmp, &inode->converted)
		look_at(f, container_of(pos, struct cl_write, by_inode));
	cl_list_for_each_safe(pos, tmp, &inode->failed)
		look_at(f, container_of(pos, struct cl_write, by_inode));
	m->nr_looks += f->nr_writes;
	return 0;
}

static void fsync_free(struct cl_model *m, struct cl_fsync *f)
{
	size_t i;

	cl_hash_del(&m->fsyncs, &f->by_id);
	f->inode->nr_fsyncs--;
	m->nr_looks -= f->nr_writes;
	for (i = 0; i < f->nr_writes; i++)
		cl_write_put(m, f->write[i]);
	cl_inode_unuse(m, f->inode);
	free(f->write);
	free(f);
}

int cl_fsync_begin(struct cl_model *m, const struct cl_ev_fsync_begin *e)
{
	struct cl_inode *inode;
	struct cl_fsync *f;
	int err;

	if (repeated(m, e))
		return 0;
	if (m->fsyncs.nr >= CL_FSYNCS_MAX) {
		m->doubts |= CL_DOUBT_LIMIT;
		return 0;
	}
	err = cl_inode_get(m, &e->e, &inode);
	if (err || !inode)
		return err;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->inode = inode;
	f->id = e->fsync_id;
	f->start = e->start_bytes;
	f->last = e->end_bytes;
	f->datasync = e->datasync;
	f->tgid = e->e.tgid;
	f->tid = e->e.tid;
	memcpy(f->comm, e->comm, sizeof(f->comm));
	f->begin_ns = e->e.ts_ns;
	f->begin_seq = m->seq;
	f->inferred = e->e.flags & CL_F_INFERRED;
	err = cl_hash_add(&m->fsyncs, &f->by_id, f->id);
	if (err) {
		free(f);
		return err;
	}
	cl_inode_use(m, inode);
	inode->nr_fsyncs++;
	err = collect(m, f);
	if (!err)
		err = cl_use_fsync_begin(m, f);
	if (err)
		fsync_free(m, f);
	return err;
}

/* Notes the first fsync that kept its promise to a write. */
static void note_cover(const struct cl_fsync *f, struct cl_write *w)
{
	if (f->ret || w->fsync_end_ns || !w->visible_seq || w->visible_seq > f->begin_seq ||
	    w->nr_gaps || w->convert_error)
		return;
	if (f->journal != CL_JOURNAL_NONE && !w->committed_ns &&
	    !(w->has_tid && cl_tid_geq(f->committed_tid, w->tid)))
		return;
	w->fsync_begin_ns = f->begin_ns;
	w->fsync_end_ns = f->end_ns;
	w->fsync_tgid = f->tgid;
	memcpy(w->fsync_comm, f->comm, sizeof(w->fsync_comm));
}

/*
 * An error is reported once to each open file. After an fsync that reported
 * it, another one's 0 says nothing wrong, so the writes are let go. After one
 * that returned 0 it has been judged.
 */
static void settle_failed(struct cl_model *m, const struct cl_fsync *f)
{
	struct cl_list *pos, *tmp;
	size_t i;

	if (f->ret) {
		cl_list_for_each_safe(pos, tmp, &f->inode->failed)
			cl_write_settle(m, container_of(pos, struct cl_write, by_inode));
		return;
	}
	for (i = 0; i < f->nr_writes; i++)
		if (f->write[i]->state == CL_WRITE_FAILED && f->write[i]->visible_seq &&
		    f->write[i]->visible_seq < f->begin_seq)
			cl_write_settle(m, f->write[i]);
}

int cl_fsync_end(struct cl_model *m, const struct cl_ev_fsync_end *e)
{
	struct cl_fsync *f = find(m, e->fsync_id);
	bool same;
	size_t i;

	if (!f) {
		if (cl_seen_find(&m->seen_fsyncs, e->fsync_id, 0, &same))
			m->counts.duplicates++;
		else
			m->counts.unmatched++;	/* it began before we did */
		return 0;
	}
	if (f->inode->ino != e->e.ino || f->inode->dev->dev != e->e.dev)
		m->doubts |= CL_DOUBT_ID;
	f->end_ns = e->e.ts_ns;
	f->ret = e->ret;
	f->committed_tid = e->committed_tid;
	f->journal = e->journal;
	f->inferred |= e->e.flags & CL_F_INFERRED;
	f->inode->dev->journal_known = true;
	f->inode->dev->journal = f->journal;
	f->inode->dev->cache = e->cache;
	m->counts.fsyncs++;
	m->counts.fsync_errors += f->ret != 0;
	cl_hist_add_span(&m->counts.fsync, f->begin_ns, f->end_ns);
	cl_use_fsync_end(m, f);

	for (i = 0; i < m->nr_sinks; i++)
		if (m->sink[i]->fsync_end)
			m->sink[i]->fsync_end(m->sink[i]->ctx, m, f);
	for (i = 0; i < f->nr_writes; i++)
		note_cover(f, f->write[i]);
	settle_failed(m, f);
	cl_use_fsync_judged(m, f);
	cl_name_fsync_end(m, f);
	if (f->journal != CL_JOURNAL_NONE)
		cl_commit(m, e->e.dev, f->committed_tid, f->end_ns);
	cl_seen_add(&m->seen_fsyncs, f->id, f->begin_ns);
	fsync_free(m, f);
	return 0;
}

void cl_fsync_free_all(struct cl_model *m)
{
	struct cl_hash_node *n;

	while ((n = cl_hash_any(&m->fsyncs)))
		fsync_free(m, container_of(n, struct cl_fsync, by_id));
	cl_hash_free(&m->fsyncs);
}

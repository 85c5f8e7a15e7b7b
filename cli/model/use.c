// SPDX-License-Identifier: GPL-2.0
/*
 * What programs make of fsync: which writes it came too early for, or not at all,
 * and what they do when it fails. An fsync covers what was done on the device when
 * it began, or at least nobody can say that it does not; what was mapped before
 * and done later was in flight for certain.
 */
#include <errno.h>
#include <string.h>

#include "model/internal.h"

#define STEP_NS 1000000		/* stamps of two CPUs: never this far out of step */

static bool same_program(const struct cl_fsync_seen *a, const struct cl_fsync *f)
{
	return a->tgid == f->tgid || (cl_by_worker(a->comm) && cl_by_worker(f->comm));
}

struct cl_fsync_seen cl_fsync_seen_of(const struct cl_model *m, const struct cl_fsync *f)
{
	struct cl_fsync_seen s = {
		.id = f->id,
		.begin_ns = f->begin_ns,
		.begin_seq = f->begin_seq,
		.end_ns = f->end_ns,
		.end_seq = f->end_ns ? m->seq : 0,
		.tgid = f->tgid,
		.tid = f->tid,
		.ret = f->ret,
		.datasync = f->datasync,
	};

	memcpy(s.comm, f->comm, sizeof(s.comm));
	return s;
}

int cl_use_fsync_begin(struct cl_model *m, struct cl_fsync *f)
{
	const struct cl_use *use = f->inode->use;
	struct cl_past_fsync *past;
	size_t i;

	for (i = 0; use && i < CL_UNSYNCED_HOWS; i++) {
		f->past_writes[i] = use->unsynced[i].writes;
		f->past_bytes[i] = use->unsynced[i].bytes;
	}
	if (!m->past) {
		m->past = calloc(CL_FSYNCS_SEEN_MAX, sizeof(*m->past));
		if (!m->past)
			return -ENOMEM;
	}
	f->nth = m->nr_past++;
	past = &m->past[f->nth % CL_FSYNCS_SEEN_MAX];
	past->ino = f->inode->ino;
	past->dev = f->inode->dev->dev;
	past->generation = f->inode->generation;
	past->start = f->start;
	past->last = f->last;
	past->seen = cl_fsync_seen_of(m, f);
	return 0;
}

/* Whether it owes something to a write that the other one owes it as well. */
static bool same_debt(const struct cl_fsync *f, const struct cl_fsync_seen *other)
{
	uint64_t seq = f->begin_seq < other->begin_seq ? f->begin_seq : other->begin_seq;
	const struct cl_write *w;
	size_t i;

	for (i = 0; i < f->nr_writes; i++) {
		w = f->write[i];
		if (w->visible_seq && w->visible_seq < seq && w->result > 0)
			return true;
	}
	return false;
}

static const struct cl_fsync_seen *find_beside(const struct cl_use *use, const struct cl_fsync *f)
{
	const struct cl_fsync_seen *other = f->ret ? &use->good : &use->failed;

	return other->id && other->end_seq > f->begin_seq && same_program(other, f) &&
	       same_debt(f, other) ? other : NULL;
}

static void note_synced(struct cl_unsynced *u, uint64_t writes, uint64_t bytes)
{
	if (writes <= u->synced_writes)
		return;
	u->synced_writes = writes;
	u->synced_bytes = bytes;
}

void cl_use_fsync_end(struct cl_model *m, struct cl_fsync *f)
{
	struct cl_use *use = f->inode->use;
	size_t i;

	for (i = 0; i < f->nr_writes; i++) {
		f->late |= f->write[i]->early.id && !f->write[i]->fsynced;
		f->write[i]->fsynced = true;
	}
	if (m->nr_past - f->nth <= CL_FSYNCS_SEEN_MAX)
		m->past[f->nth % CL_FSYNCS_SEEN_MAX].seen = cl_fsync_seen_of(m, f);
	if (!use)
		return;
	f->late |= f->past_writes[CL_SYNCED_EARLY] > use->unsynced[CL_SYNCED_EARLY].synced_writes;
	for (i = 0; i < CL_UNSYNCED_HOWS; i++)
		note_synced(&use->unsynced[i], f->past_writes[i], f->past_bytes[i]);
	f->beside = find_beside(use, f);
	if (use->failed.id && use->failed.end_seq < f->begin_seq && same_program(&use->failed, f)) {
		f->failed_before = &use->failed;
		f->rewritten = use->rewritten;
	}
}

void cl_use_fsync_judged(struct cl_model *m, const struct cl_fsync *f)
{
	struct cl_use *use = f->inode->use;

	if (!use)
		return;
	if (f->ret) {
		/* Of writes that are safe already, or of none, it says nothing. */
		if (use->write_seq < f->begin_seq && use->write_seq > use->good_seq) {
			use->failed = cl_fsync_seen_of(m, f);
			use->rewritten = false;
		}
		return;
	}
	if (f->failed_before)
		use->failed.id = 0;
	if (f->begin_seq > use->good_seq)
		use->good_seq = f->begin_seq;
	use->good = cl_fsync_seen_of(m, f);
}

static bool is_early(const struct cl_past_fsync *past, const struct cl_write *w)
{
	const struct cl_inode *inode = w->inode;

	if (past->ino != inode->ino || past->dev != inode->dev->dev ||
	    past->generation != inode->generation ||
	    !cl_overlap(&w->range, past->start, past->last))
		return false;
	if (past->seen.id < w->mapped_id || past->seen.id > w->id)
		return false;
	/* A worker also syncs O_DSYNC writes, each within its range. */
	return past->seen.tgid == w->tgid ||
	       (cl_by_worker(past->seen.comm) && !past->start && past->last == INT64_MAX);
}

/* Ids tell what came first; data done may be far behind in the stream. */
static void find_early(const struct cl_model *m, struct cl_write *w)
{
	const struct cl_past_fsync *past;
	uint64_t n;

	if (!w->mapped_id || !w->submit_ns)
		return;
	for (n = 1; n <= m->nr_past && n <= CL_FSYNCS_SEEN_MAX; n++) {
		past = &m->past[(m->nr_past - n) % CL_FSYNCS_SEEN_MAX];
		if (past->seen.begin_ns + STEP_NS < w->submit_ns)
			return;
		if (is_early(past, w) && past->seen.id > w->early.id)
			w->early = past->seen;
	}
}

int cl_use_write(struct cl_model *m, struct cl_write *w)
{
	struct cl_use *use = w->inode->use;

	if (!use) {
		use = calloc(1, sizeof(*use));
		if (!use)
			return -ENOMEM;
		cl_list_add_tail(&use->list, &m->uses);
		use->inode = w->inode;
		w->inode->use = use;
	}
	use->write_seq = m->seq;
	use->rewritten = true;
	find_early(m, w);
	return 0;
}

/* It may be over by now. */
static struct cl_fsync_seen as_of_now(const struct cl_model *m, const struct cl_fsync_seen *early)
{
	const struct cl_past_fsync *past;
	uint64_t n;

	for (n = 1; early->id && n <= m->nr_past && n <= CL_FSYNCS_SEEN_MAX; n++) {
		past = &m->past[(m->nr_past - n) % CL_FSYNCS_SEEN_MAX];
		if (past->seen.id == early->id)
			return past->seen;
	}
	return *early;
}

void cl_use_write_end(struct cl_model *m, const struct cl_write *w)
{
	uint64_t sync_seq = w->inode->dev->sync_seq;
	struct cl_use *use = w->inode->use;
	struct cl_unsynced *u;

	if (!use || w->buffered || w->fsynced || w->dsync || !w->visible_seq || w->result <= 0 ||
	    !w->all_hooked || sync_seq > w->visible_seq)
		return;
	u = &use->unsynced[w->early.id ? CL_SYNCED_EARLY : CL_NEVER_SYNCED];
	if (sync_seq > u->last.visible_seq)
		note_synced(u, u->writes, u->bytes);
	u->writes++;
	u->bytes += w->range.end - w->range.start;
	u->last = *w;
	u->last.early = as_of_now(m, &w->early);
}

void cl_use_close(struct cl_model *m, const struct cl_event *e)
{
	const struct cl_inode *inode = cl_inode_find(m, e);

	if (!inode || !inode->use)
		return;
	inode->use->closed_ns = e->ts_ns;
	inode->use->closed_seq = m->seq;
}

void cl_use_delete(struct cl_model *m, const struct cl_event *e)
{
	const struct cl_inode *inode = cl_inode_find(m, e);

	if (inode && inode->use)
		inode->use->deleted = true;
}

void cl_use_sync(struct cl_model *m, const struct cl_event *e)
{
	struct cl_dev *dev = cl_dev_find(m, e->dev);

	if (dev)
		dev->sync_seq = m->seq;
}

void cl_use_rewrite(struct cl_model *m, const struct cl_event *e)
{
	const struct cl_inode *inode = cl_inode_find(m, e);

	if (inode && inode->use)
		inode->use->rewritten = true;
}

bool cl_use_unsynced(const struct cl_inode *inode, enum cl_unsynced_how how)
{
	const struct cl_unsynced *u = &inode->use->unsynced[how];

	return u->writes > u->synced_writes && !inode->use->deleted && inode->dev->sync_seq < u->last.visible_seq &&
	       inode->use->closed_seq > u->last.visible_seq;
}

/* Once: the counts start anew. */
static void tell(struct cl_model *m, struct cl_use *use)
{
	size_t i;

	if (!cl_use_unsynced(use->inode, CL_NEVER_SYNCED) &&
	    !cl_use_unsynced(use->inode, CL_SYNCED_EARLY))
		return;
	for (i = 0; i < m->nr_sinks; i++)
		if (m->sink[i]->file_unsynced)
			m->sink[i]->file_unsynced(m->sink[i]->ctx, m, use->inode);
	for (i = 0; i < CL_UNSYNCED_HOWS; i++)
		use->unsynced[i].writes = use->unsynced[i].synced_writes = 0;
}

void cl_use_free(struct cl_model *m, struct cl_inode *inode)
{
	if (!inode->use)
		return;
	tell(m, inode->use);
	cl_list_del(&inode->use->list);
	free(inode->use);
}

void cl_use_end(struct cl_model *m)
{
	struct cl_list *pos, *tmp;

	cl_list_for_each_safe(pos, tmp, &m->uses)
		tell(m, container_of(pos, struct cl_use, list));
}

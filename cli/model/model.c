// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "model/internal.h"

struct cl_model *cl_model_new(void)
{
	struct cl_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	cl_list_init(&m->idle);
	cl_list_init(&m->unseen);
	cl_list_init(&m->uses);
	cl_list_init(&m->new_names);
	cl_list_init(&m->synced_names);
	return m;
}

void cl_model_end(struct cl_model *m)
{
	struct cl_hash_node *n;

	cl_fsync_free_all(m);
	while ((n = cl_hash_any(&m->writes))) {
		struct cl_write *w = container_of(n, struct cl_write, by_id);

		cl_write_end(m, w, w->state == CL_WRITE_DURABLE);
	}
	cl_use_end(m);
	cl_name_end(m);
}

void cl_model_free(struct cl_model *m)
{
	if (!m)
		return;
	cl_model_end(m);
	cl_hash_free(&m->writes);
	cl_inode_free_all(m);
	cl_seen_free(&m->seen_writes);
	cl_seen_free(&m->seen_fsyncs);
	free(m->history);
	free(m->taken);
	free(m->zeroouts);
	free(m->past);
	free(m);
}

int cl_model_add_sink(struct cl_model *m, const struct cl_sink *sink)
{
	if (m->nr_sinks == CL_SINKS)
		return -ENOSPC;
	m->sink[m->nr_sinks++] = sink;
	return 0;
}

void cl_model_since(struct cl_model *m, uint64_t since_ns)
{
	m->since_ns = since_ns;
}

void cl_model_patience(struct cl_model *m, uint64_t ns)
{
	m->patience_ns = ns;
}

void cl_model_doubt(struct cl_model *m, enum cl_doubt doubt)
{
	m->doubts |= doubt;
}

/* Whatever is under way may yet be judged by the last one. */
static bool flush_counts(const struct cl_model *m, const struct cl_ev_device_flush *e)
{
	const struct cl_dev *d = cl_dev_find(m, e->e.dev);

	return m->writes.nr && d && d->flush_id == e->flush_id;
}

bool cl_model_cares(const struct cl_model *m, const struct cl_event *e)
{
	const union cl_any_event *any = (const void *)e;
	const struct cl_inode *inode;

	switch (e->kind) {
	case CL_EV_WRITE:
		return cl_write_find(m, any->write.write_id);
	case CL_EV_WRITEBACK:
		return cl_write_find(m, any->writeback.write_id);
	case CL_EV_LISTED:
		return cl_write_find(m, any->listed.write_id);
	case CL_EV_COMPLETION:
		return cl_write_find(m, any->completion.write_id);
	case CL_EV_FSYNC_BEGIN:
		return cl_hash_find(&m->fsyncs, any->fsync_begin.fsync_id);
	case CL_EV_PATH:
		return cl_inode_find(m, e);
	case CL_EV_DEVICE_FLUSH:
		return flush_counts(m, &any->device_flush);
	case CL_EV_NAME:
		return cl_name_cares(m, &any->name);
	case CL_EV_FLUSH:
	case CL_EV_WORK:
	case CL_EV_READ:
	case CL_EV_FSYNC_END:
	case CL_EV_COMMIT:
	case CL_EV_LOST:
		return false;
	}
	/* What it means is not said here: kept as long as its inode is in use. */
	inode = cl_inode_find(m, e);
	return inode && inode->nr_users;
}

static void lost(struct cl_model *m, const struct cl_ev_lost *e)
{
	uint64_t *sum = &m->counts.lost[e->where];

	if (__builtin_add_overflow(*sum, e->count, sum))
		*sum = UINT64_MAX;
	m->doubts |= CL_DOUBT_LOST;
}

int cl_model_record(void *model, const void *record, size_t len)
{
	const union cl_any_event *any = record;
	const struct cl_event *e = record;
	struct cl_model *m = model;
	size_t i;

	m->seq++;
	if (cl_event_check(record, len)) {
		m->counts.malformed++;
		m->doubts |= CL_DOUBT_MALFORMED;
		return 0;
	}
	m->counts.kind[e->kind]++;
	if (e->ts_ns > m->last_ns)
		m->last_ns = e->ts_ns;
	if (e->flags & CL_F_INFERRED)
		m->inferred |= 1U << e->kind;
	for (i = 0; i < m->nr_sinks; i++)
		if (m->sink[i]->event)
			m->sink[i]->event(m->sink[i]->ctx, e);

	switch (e->kind) {
	case CL_EV_WRITE:
		return cl_write_done(m, &any->write);
	case CL_EV_WRITEBACK:
		return cl_writeback_done(m, &any->writeback);
	case CL_EV_LISTED:
		return cl_write_listed(m, &any->listed);
	case CL_EV_COMPLETION:
		return cl_write_completed(m, &any->completion);
	case CL_EV_CONVERT:
		return cl_convert(m, &any->convert);
	case CL_EV_FSYNC_BEGIN:
		return cl_fsync_begin(m, &any->fsync_begin);
	case CL_EV_FSYNC_END:
		return cl_fsync_end(m, &any->fsync_end);
	case CL_EV_COMMIT:
		cl_commit(m, e->dev, any->commit.journal_tid, e->ts_ns);
		return 0;
	case CL_EV_PATH:
		return cl_inode_path(m, &any->path);
	case CL_EV_LOST:
		lost(m, &any->lost);
		return 0;
	case CL_EV_ZEROOUT:
		return cl_zeroout(m, &any->zeroout);
	case CL_EV_DEVICE_FLUSH:
		return cl_device_flush(m, &any->device_flush);
	case CL_EV_CLOSE:
		cl_use_close(m, e);
		cl_name_close(m, e);
		return 0;
	case CL_EV_SYNC:
		cl_use_sync(m, e);
		cl_name_sync(m, e);
		return 0;
	case CL_EV_DELETE:
		cl_use_delete(m, e);
		cl_name_delete(m, e);
		return 0;
	case CL_EV_REWRITE:
		cl_use_rewrite(m, e);
		return 0;
	case CL_EV_REMOVE:
		cl_once_removed(m, &any->remove);
		return 0;
	case CL_EV_READ:
		cl_read(m, &any->read);
		return 0;
	case CL_EV_NAME:
		return cl_name(m, &any->name);
	}
	return 0;	/* flush, work: counted, and shown by trace */
}

const struct cl_counts *cl_model_counts(const struct cl_model *m)
{
	return &m->counts;
}

unsigned int cl_model_doubts(const struct cl_model *m)
{
	return m->doubts;
}

uint32_t cl_model_inferred(const struct cl_model *m)
{
	return m->inferred;
}

const struct cl_write *cl_model_write(const struct cl_model *m, uint64_t id)
{
	return cl_write_find(m, id);
}

uint64_t cl_model_last_ns(const struct cl_model *m)
{
	return m->last_ns;
}

uint64_t cl_model_unconverted(const struct cl_model *m)
{
	return m->nr_unconverted;
}

uint64_t cl_model_lost(const struct cl_model *m)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < CL_LOST_WHERES; i++)
		if (__builtin_add_overflow(sum, m->counts.lost[i], &sum))
			return UINT64_MAX;
	return sum;
}

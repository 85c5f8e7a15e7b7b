// SPDX-License-Identifier: GPL-2.0
/* What a report is made of, gathered while the facts go by. */
#include <string.h>

#include "report/internal.h"
#include "util.h"

/*
 * Makes room in a list of the slowest, whose entries begin with the time that
 * they took. NULL: this one is not among them.
 */
static void *make_room(void *list, size_t size, size_t *nr, size_t top, uint64_t took)
{
	char *begin = list, *at = begin + *nr * size;

	while (at > begin && *(const uint64_t *)(at - size) < took)
		at -= size;
	if (at == begin + top * size)
		return NULL;
	if (*nr < top)
		++*nr;
	memmove(at + size, at, begin + (*nr - 1) * size - at);
	return at;
}

static struct cl_report_inode *find_inode(struct cl_report *r, const struct cl_inode *inode)
{
	uint64_t key = cl_hash_mix(inode->ino, (uint64_t)inode->dev->dev << 32 | inode->generation);
	struct cl_hash_node *n = cl_hash_find(&r->inodes, key);
	struct cl_report_inode *i;

	for (; n; n = cl_hash_next(n)) {
		i = container_of(n, struct cl_report_inode, by_key);
		if (i->ino == inode->ino && i->dev == inode->dev->dev &&
		    i->generation == inode->generation)
			break;
	}
	if (!n) {
		i = r->inodes.nr < CL_REPORT_INODES_MAX ? calloc(1, sizeof(*i)) : NULL;
		if (!i || cl_hash_add(&r->inodes, &i->by_key, key)) {
			free(i);
			r->nr_others++;
			return &r->others;
		}
		i->ino = inode->ino;
		i->dev = inode->dev->dev;
		i->generation = inode->generation;
	}
	if (inode->path && (!i->path || strcmp(i->path, inode->path))) {
		free(i->path);
		i->path = strdup(inode->path);
	}
	return i;
}

static void add_span(struct cl_hist *h, uint64_t from, uint64_t to)
{
	/* Stamps of two CPUs may be a little out of step. */
	if (from && to)
		cl_hist_add(h, to > from ? to - from : 0);
}

static void note_slow_write(struct cl_report *r, const struct cl_write *w,
			    struct cl_report_inode *inode)
{
	uint64_t from = w->submit_ns ? w->submit_ns : w->done_ns;
	uint64_t took = w->visible_ns > from ? w->visible_ns - from : 0;
	struct cl_slow_write *s;

	if (!w->visible_ns)
		return;
	s = make_room(r->write, sizeof(*s), &r->nr_writes, r->top, took);
	if (s)
		*s = (struct cl_slow_write){ took, inode, *w };
}

static void write_end(void *ctx, const struct cl_model *m, const struct cl_write *w,
		      bool finished)
{
	struct cl_report *r = ctx;
	struct cl_report_inode *inode;

	if (w->buffered)
		return;		/* how long a program waits is told of its own writes */
	inode = find_inode(r, w->inode);
	inode->writes++;
	inode->bytes += w->range.end - w->range.start;
	inode->unfinished += !finished;
	inode->convert_errors += w->convert_error != 0;
	add_span(&r->stage[CL_STAGE_IO], w->submit_ns, w->done_ns);
	add_span(&r->stage[CL_STAGE_LISTED], w->done_ns, w->listed_ns);
	add_span(&r->stage[CL_STAGE_VISIBLE], w->done_ns, w->visible_ns);
	add_span(&inode->visible, w->done_ns, w->visible_ns);
	add_span(&r->stage[CL_STAGE_DURABLE], w->done_ns, w->fsync_end_ns);
	if (!w->nr_gaps) {
		add_span(&r->stage[CL_STAGE_CONVERT_WAIT], w->done_ns, w->convert_begin_ns);
		add_span(&r->stage[CL_STAGE_CONVERT], w->convert_begin_ns, w->converted_ns);
		add_span(&r->stage[CL_STAGE_COMMIT], w->converted_ns, w->committed_ns);
		add_span(&inode->converted, w->done_ns, w->converted_ns);
	}
	note_slow_write(r, w, inode);
}

static void fsync_end(void *ctx, const struct cl_model *m, const struct cl_fsync *f)
{
	struct cl_report *r = ctx;
	struct cl_report_inode *inode = find_inode(r, f->inode);
	uint64_t took = f->end_ns > f->begin_ns ? f->end_ns - f->begin_ns : 0;
	struct cl_slow_fsync *s;

	inode->fsyncs++;
	inode->fsync_errors += f->ret != 0;
	add_span(&inode->fsync, f->begin_ns, f->end_ns);
	add_span(&r->stage[CL_STAGE_FSYNC], f->begin_ns, f->end_ns);
	s = make_room(r->fsync, sizeof(*s), &r->nr_fsyncs, r->top, took);
	if (s)
		*s = (struct cl_slow_fsync){ took, inode, f->nr_writes, *f };
}

static void event(void *ctx, const struct cl_event *e)
{
	struct cl_report *r = ctx;

	if (e->kind == CL_EV_FLUSH)
		add_span(&r->stage[CL_STAGE_FLUSH], ((const struct cl_ev_flush *)e)->begin_ns,
			 e->ts_ns);
	if (e->kind == CL_EV_WORK)
		add_span(&r->stage[CL_STAGE_WORK], ((const struct cl_ev_work *)e)->begin_ns,
			 e->ts_ns);
}

struct cl_report *cl_report_new(size_t top)
{
	struct cl_report *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->sink = (struct cl_sink){ .ctx = r, .event = event, .fsync_end = fsync_end, .write_end = write_end };
	r->top = top;
	r->write = calloc(top + 1, sizeof(*r->write));
	r->fsync = calloc(top + 1, sizeof(*r->fsync));
	if (r->write && r->fsync)
		return r;
	cl_report_free(r);
	return NULL;
}

void cl_report_free(struct cl_report *r)
{
	struct cl_hash_node *n;

	if (!r)
		return;
	while ((n = cl_hash_any(&r->inodes))) {
		struct cl_report_inode *i = container_of(n, struct cl_report_inode, by_key);

		cl_hash_del(&r->inodes, n);
		free(i->path);
		free(i);
	}
	cl_hash_free(&r->inodes);
	free(r->others.path);
	free(r->write);
	free(r->fsync);
	free(r);
}

const struct cl_sink *cl_report_sink(struct cl_report *r)
{
	return &r->sink;
}


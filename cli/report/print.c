// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "output/output.h"
#include "report/internal.h"
#include "util.h"

static const struct {
	const char *name, *text;
} stages[CL_STAGES] = {
	[CL_STAGE_IO] = { "io", "mapped to data done" },
	[CL_STAGE_LISTED] = { "listed", "data done to listed" },
	[CL_STAGE_VISIBLE] = { "visible", "data done to seen complete" },
	[CL_STAGE_CONVERT_WAIT] = { "convert_wait", "data done to its conversion's begin" },
	[CL_STAGE_CONVERT] = { "convert", "its conversion, begin to end" },
	[CL_STAGE_COMMIT] = { "commit", "converted to committed" },
	[CL_STAGE_DURABLE] = { "durable", "data done to the fsync that covers it" },
	[CL_STAGE_FSYNC] = { "fsync", "fsync, begin to end" },
	[CL_STAGE_FLUSH] = { "flush", "flush of a list, begin to end" },
	[CL_STAGE_WORK] = { "work", "conversion work, begin to end" },
};

static const struct cl_out_column stage_columns[] = {
	{ "stage", "STAGE", -12 },    { "count", "COUNT", 9 },	   { "p50_ns", "P50", 8 },
	{ "p99_ns", "P99", 8 },	      { "p999_ns", "P99.9", 8 },   { "max_ns", "MAX", 8 },
	{ "meaning", "MEANING", -1 }, {}
};

static const struct cl_out_column inode_columns[] = {
	{ "generation", "", 0 },
	{ "dev", "DEV", -7 },
	{ "ino", "INODE", 9 },
	{ "writes", "WRITES", 9 },
	{ "write_bytes", "BYTES", 12 },
	{ "unfinished", "UNDER-WAY", 9 },
	{ "convert_errors", "ERRORS", 6 },
	{ "visible_p99_ns", "VISIBLE99", 9 },
	{ "converted_p99_ns", "CONVERT99", 9 },
	{ "fsyncs", "FSYNCS", 8 },
	{ "fsync_errors", "FAILED", 6 },
	{ "fsync_p99_ns", "FSYNC99", 8 },
	{ "path", "PATH", -1 },
	{}
};

static const struct cl_out_column write_columns[] = {
	{ "took_ns", "WRITE-TOOK", 10 },
	{ "data_done_ns", "DATA-DONE", 15 },
	{ "dev", "DEV", -7 },
	{ "ino", "INODE", 9 },
	{ "offset_bytes", "OFFSET", 12 },
	{ "size_bytes", "SIZE", 8 },
	{ "pid", "PID", 7 },
	{ "comm", "COMM", -15 },
	{ "io_ns", "I/O", 8 },
	{ "visible_after_ns", "VISIBLE", 8 },
	{ "converted_after_ns", "CONVERT", 8 },
	{ "committed_after_ns", "COMMIT", 8 },
	{ "fsync_after_ns", "FSYNC", 8 },
	{ "path", "PATH", -1 },
	{}
};

static const struct cl_out_column fsync_columns[] = {
	{ "took_ns", "FSYNC-TOOK", 10 }, { "begin_ns", "BEGIN", 15 },
	{ "dev", "DEV", -7 },		 { "ino", "INODE", 9 },
	{ "pid", "PID", 7 },		 { "comm", "COMM", -15 },
	{ "covers", "COVERS", 8 },	 { "ret", "RET", 7 },
	{ "path", "PATH", -1 },		 {}
};

static void print_stages(const struct cl_report *r, struct cl_out *o)
{
	const struct cl_hist *h;
	size_t i;

	cl_out_columns(o, stage_columns);
	for (i = 0; i < CL_STAGES; i++) {
		h = &r->stage[i];
		if (!h->nr)
			continue;
		cl_out_row_begin(o, "stage");
		cl_out_str(o, "stage", stages[i].name);
		cl_out_u64(o, "count", h->nr);
		cl_out_ns(o, "p50_ns", cl_hist_quantile(h, 0.50));
		cl_out_ns(o, "p99_ns", cl_hist_quantile(h, 0.99));
		cl_out_ns(o, "p999_ns", cl_hist_quantile(h, 0.999));
		cl_out_ns(o, "max_ns", h->max);
		cl_out_str(o, "meaning", stages[i].text);
		cl_out_end(o);
	}
}

static void p99_or_null(struct cl_out *o, const char *key, const struct cl_hist *h)
{
	if (h->nr)
		cl_out_ns(o, key, cl_hist_quantile(h, 0.99));
	else
		cl_out_null(o, key);
}

/* Who they are: nothing is known of the many that are counted together. */
static void print_identity(const struct cl_report *r, const struct cl_report_inode *i,
			   struct cl_out *o)
{
	if (i == &r->others) {
		cl_out_null(o, "dev");
		cl_out_null(o, "ino");
	} else {
		cl_out_dev(o, "dev", i->dev);
		cl_out_u64(o, "ino", i->ino);
	}
}

static void print_inode(const struct cl_report *r, const struct cl_report_inode *i,
			struct cl_out *o)
{
	cl_out_row_begin(o, "inode");
	if (i == &r->others)
		cl_out_null(o, "generation");
	else
		cl_out_u64(o, "generation", i->generation);
	print_identity(r, i, o);
	cl_out_u64(o, "writes", i->writes);
	cl_out_u64(o, "write_bytes", i->bytes);
	cl_out_u64(o, "unfinished", i->unfinished);
	cl_out_u64(o, "convert_errors", i->convert_errors);
	p99_or_null(o, "visible_p99_ns", &i->visible);
	p99_or_null(o, "converted_p99_ns", &i->converted);
	cl_out_u64(o, "fsyncs", i->fsyncs);
	cl_out_u64(o, "fsync_errors", i->fsync_errors);
	p99_or_null(o, "fsync_p99_ns", &i->fsync);
	cl_out_str(o, "path", i->path);
	cl_out_end(o);
}

static int busiest_first(const void *a, const void *b)
{
	const struct cl_report_inode *x = *(const struct cl_report_inode *const *)a;
	const struct cl_report_inode *y = *(const struct cl_report_inode *const *)b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	if (x->fsyncs != y->fsyncs)
		return x->fsyncs < y->fsyncs ? 1 : -1;
	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return x->generation < y->generation ? -1 : x->generation > y->generation;
}

static void merge(struct cl_report *r, const struct cl_report_inode *i)
{
	r->others.writes += i->writes;
	r->others.bytes += i->bytes;
	r->others.unfinished += i->unfinished;
	r->others.convert_errors += i->convert_errors;
	r->others.fsyncs += i->fsyncs;
	r->others.fsync_errors += i->fsync_errors;
	cl_hist_merge(&r->others.visible, &i->visible);
	cl_hist_merge(&r->others.converted, &i->converted);
	cl_hist_merge(&r->others.fsync, &i->fsync);
}

static void print_inodes(struct cl_report *r, struct cl_out *o)
{
	struct cl_report_inode **list = calloc(r->inodes.nr + 1, sizeof(*list));
	struct cl_hash_node *n;
	size_t nr = 0, i;

	cl_out_columns(o, inode_columns);
	for (i = 0; list && i < r->inodes.size; i++)
		for (n = r->inodes.bucket[i]; n; n = n->next)
			list[nr++] = container_of(n, struct cl_report_inode, by_key);
	if (nr)
		qsort(list, nr, sizeof(*list), busiest_first);
	for (i = 0; i < nr; i++) {
		if (i < r->top)
			print_inode(r, list[i], o);
		else
			merge(r, list[i]);
	}
	if (r->others.writes || r->others.fsyncs) {
		free(r->others.path);
		r->others.path = strdup("(all others)");
		print_inode(r, &r->others, o);
	}
	free(list);
}

static void print_slow_write(const struct cl_report *r, const struct cl_slow_write *s,
			     struct cl_out *o)
{
	const struct cl_write *w = &s->w;

	cl_out_row_begin(o, "slow_write");
	cl_out_ns(o, "took_ns", s->took_ns);
	cl_out_time(o, "data_done_ns", w->done_ns);
	print_identity(r, s->inode, o);
	cl_out_s64(o, "offset_bytes", w->range.start);
	cl_out_u64(o, "size_bytes", w->range.end - w->range.start);
	cl_out_u64(o, "pid", w->tgid);
	cl_out_strn(o, "comm", w->comm, CL_COMM_LEN);
	cl_out_span(o, "io_ns", w->submit_ns, w->done_ns);
	cl_out_span(o, "visible_after_ns", w->done_ns, w->visible_ns);
	cl_out_span(o, "converted_after_ns", w->done_ns, w->nr_gaps ? 0 : w->converted_ns);
	cl_out_span(o, "committed_after_ns", w->done_ns, w->committed_ns);
	cl_out_span(o, "fsync_after_ns", w->done_ns, w->fsync_end_ns);
	cl_out_str(o, "path", s->inode->path);
	cl_out_end(o);
}

static void print_slow_fsync(const struct cl_report *r, const struct cl_slow_fsync *s,
			     struct cl_out *o)
{
	cl_out_row_begin(o, "slow_fsync");
	cl_out_ns(o, "took_ns", s->took_ns);
	cl_out_time(o, "begin_ns", s->f.begin_ns);
	print_identity(r, s->inode, o);
	cl_out_u64(o, "pid", s->f.tgid);
	cl_out_strn(o, "comm", s->f.comm, CL_COMM_LEN);
	cl_out_u64(o, "covers", s->writes);
	cl_out_error_code(o, "ret", s->f.ret);
	cl_out_str(o, "path", s->inode->path);
	cl_out_end(o);
}

void cl_report_print(struct cl_report *r, struct cl_out *o)
{
	size_t i;

	print_stages(r, o);
	print_inodes(r, o);
	cl_out_columns(o, write_columns);
	for (i = 0; i < r->nr_writes; i++)
		print_slow_write(r, &r->write[i], o);
	cl_out_columns(o, fsync_columns);
	for (i = 0; i < r->nr_fsyncs; i++)
		print_slow_fsync(r, &r->fsync[i], o);
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "record/events.h"
#include "record/writer.h"
#include "util.h"

struct cl_writer {
	struct cl_gather *gather;
	struct cl_packer *packer;
	cl_frame_fn out;
	void *ctx;
	uint64_t flush_ns, begin_ns, records, handed_out;
	bool marked;		/* nothing came since the last mark */
	int error;
};

struct cl_writer *cl_writer_new(uint64_t flush_ns, cl_frame_fn out, void *ctx)
{
	struct cl_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->out = out;
	w->ctx = ctx;
	w->flush_ns = flush_ns;
	w->marked = true;
	w->gather = cl_gather_new();
	w->packer = cl_packer_new();
	if (w->gather && w->packer)
		return w;
	cl_writer_free(w);
	return NULL;
}

void cl_writer_free(struct cl_writer *w)
{
	if (!w)
		return;
	cl_gather_free(w->gather);
	cl_packer_free(w->packer);
	free(w);
}

int cl_writer_flush(struct cl_writer *w)
{
	struct cl_frame f;
	const void *raw;
	size_t bytes;

	if (w->error || !cl_gather_entries(w->gather))
		return w->error;
	raw = cl_gather_take(w->gather, &bytes);
	w->error = cl_frame_pack(w->packer, CL_FRAME_EVENTS, raw, bytes, &f);
	if (!w->error) {
		f.records = w->records - w->handed_out;
		w->handed_out = w->records;
		w->error = w->out(w->ctx, &f, w->begin_ns);
	}
	return w->error;
}

static int add(struct cl_writer *w, const void *record, size_t len)
{
	if (!cl_gather_entries(w->gather))
		w->begin_ns = cl_now_ns();
	return record ? cl_gather_record(w->gather, record, len) : cl_gather_mark(w->gather);
}

static int add_or_flush(struct cl_writer *w, const void *record, size_t len)
{
	int err;

	if (w->error)
		return w->error;
	err = add(w, record, len);
	if (err == -ENOSPC) {
		err = cl_writer_flush(w);
		if (!err)
			err = add(w, record, len);
	}
	if (err)
		w->error = err;
	return err;
}

int cl_writer_record(void *writer, const void *record, size_t len)
{
	struct cl_writer *w = writer;
	int err = add_or_flush(w, record, len);

	w->records += !err;
	w->marked = false;
	return err;
}

int cl_writer_settle(struct cl_writer *w)
{
	int err = w->marked ? w->error : add_or_flush(w, NULL, 0);

	w->marked = true;
	if (!err && cl_gather_entries(w->gather) && cl_now_ns() - w->begin_ns >= w->flush_ns)
		err = cl_writer_flush(w);
	return err;
}

uint64_t cl_writer_records(const struct cl_writer *w)
{
	return w->records;
}

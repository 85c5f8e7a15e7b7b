// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "record/carried.h"
#include "record/file.h"
#include "record/flight.h"
#include "record/writer.h"
#include "util.h"

struct kept {
	struct cl_list list;
	struct cl_frame frame;	/* stored: follows */
	uint64_t begin_ns;
	unsigned char stored[];
};

struct cl_flight {
	uint64_t last_ns, bytes_max, since_ns;
	struct cl_list frames;		/* oldest first */
	uint64_t bytes;
	bool is_short;
	const struct cl_model *model;
	struct cl_carried carried;
	struct cl_packer *packer;
	struct cl_events events;
	unsigned char *raw;
};

struct cl_flight *cl_flight_new(uint64_t last_ns, uint64_t bytes_max)
{
	struct cl_flight *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->last_ns = last_ns;
	f->bytes_max = bytes_max;
	cl_list_init(&f->frames);
	f->packer = cl_packer_new();
	f->raw = malloc(CL_FRAME_RAW_MAX);
	if (f->packer && f->raw)
		return f;
	cl_flight_free(f);
	return NULL;
}

static struct kept *oldest(const struct cl_flight *f)
{
	return container_of(f->frames.next, struct kept, list);
}

static void drop_oldest(struct cl_flight *f)
{
	struct kept *k = oldest(f);

	cl_list_del(&k->list);
	f->bytes -= sizeof(*k) + k->frame.stored_bytes;
	free(k);
}

static void drop_all(struct cl_flight *f)
{
	while (!cl_list_empty(&f->frames))
		drop_oldest(f);
}

void cl_flight_free(struct cl_flight *f)
{
	if (!f)
		return;
	drop_all(f);
	cl_packer_free(f->packer);
	cl_events_free(&f->events);
	cl_carried_free(&f->carried);
	free(f->raw);
	free(f);
}

void cl_flight_restart(struct cl_flight *f, const struct cl_model *m, uint64_t since_ns)
{
	drop_all(f);
	cl_carried_clear(&f->carried);
	f->model = m;
	f->since_ns = since_ns;
}

bool cl_flight_short(const struct cl_flight *f)
{
	return f->is_short;
}

/* Lets the oldest frame go, but for what of it still matters. */
static int age(struct cl_flight *f)
{
	const struct cl_frame *frame = &oldest(f)->frame;
	int err;

	/* Our own bytes: they fail for want of memory only. */
	if (cl_frame_unpack(f->packer, frame, f->raw) ||
	    cl_events_open(&f->events, f->raw, frame->raw_bytes))
		return -ENOMEM;
	err = cl_carried_take(&f->carried, f->model, &f->events, f->last_ns);
	drop_oldest(f);
	f->since_ns = oldest(f)->begin_ns;
	return err;
}

/* When the frame after the oldest began: until then the oldest was the latest. */
static uint64_t end_of_oldest(const struct cl_flight *f)
{
	const struct cl_list *second = f->frames.next->next;

	return second == &f->frames ? UINT64_MAX :
				      container_of(second, struct kept, list)->begin_ns;
}

int cl_flight_add(void *flight, const struct cl_frame *frame, uint64_t begin_ns)
{
	struct cl_flight *f = flight;
	struct kept *k = malloc(sizeof(*k) + frame->stored_bytes);

	if (!k)
		return -ENOMEM;
	k->frame = *frame;
	k->frame.stored = memcpy(k->stored, frame->stored, frame->stored_bytes);
	k->begin_ns = begin_ns;
	cl_list_add_tail(&k->list, &f->frames);
	f->bytes += sizeof(*k) + frame->stored_bytes;
	return 0;
}

int cl_flight_age(struct cl_flight *f)
{
	uint64_t now = cl_now_ns();
	int err = 0;

	while (!err && end_of_oldest(f) != UINT64_MAX) {
		bool old = end_of_oldest(f) + f->last_ns <= now;

		if (!old && f->bytes <= f->bytes_max)
			break;
		f->is_short |= !old;
		err = age(f);
	}
	return err;
}

static int add_carried(void *ctx, const struct cl_frame *frame, uint64_t begin_ns)
{
	return cl_record_file_add(ctx, frame);
}

static int save_carried(const struct cl_flight *f, struct cl_record_file *file)
{
	struct cl_writer *w = cl_writer_new(0, add_carried, file);
	const void *record;
	size_t at = 0, len;
	int err = w ? 0 : -ENOMEM;

	while (!err && cl_carried_next(&f->carried, &at, &record, &len))
		err = cl_writer_record(w, record, len);
	if (!err)
		err = cl_writer_settle(w);
	if (!err)
		err = cl_writer_flush(w);
	cl_writer_free(w);
	return err;
}

int cl_flight_save(struct cl_flight *f, const char *path, struct cl_about *about,
		   struct cl_about_end *end, uint64_t *bytes)
{
	struct cl_record_file *file;
	struct cl_list *pos, *tmp;
	int err;

	about->since_ns = f->since_ns;
	about->last_ns = f->last_ns;
	about->carried = f->carried.records;
	about->incomplete = f->carried.incomplete;
	err = cl_record_file_create(path, about, true, &file);
	if (err)
		return err;
	err = save_carried(f, file);
	end->records = f->carried.records;
	cl_list_for_each_safe(pos, tmp, &f->frames) {
		struct kept *k = container_of(pos, struct kept, list);

		if (!err)
			err = cl_record_file_add(file, &k->frame);
		end->records += k->frame.records;
	}
	return cl_record_file_end(file, err ? NULL : end, bytes) ?: err;
}

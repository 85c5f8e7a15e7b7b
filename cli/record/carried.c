// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/event_table.h"
#include "record/carried.h"

#define BYTES_MAX (4U << 20)

static size_t room_of(size_t len)
{
	return sizeof(uint64_t) + ((len + 7) & ~(size_t)7);
}

bool cl_carried_next(const struct cl_carried *c, size_t *at, const void **record, size_t *len)
{
	uint64_t n;

	if (*at == c->bytes)
		return false;
	memcpy(&n, c->data + *at, sizeof(n));
	*record = c->data + *at + sizeof(n);
	*len = n;
	*at += room_of(n);
	return true;
}

void cl_carried_clear(struct cl_carried *c)
{
	c->bytes = 0;
	c->records = 0;
	c->nr_writes = 0;
	c->incomplete = false;
}

void cl_carried_free(struct cl_carried *c)
{
	free(c->data);
	free(c->write);
	memset(c, 0, sizeof(*c));
}

static int by_inode(const void *a, const void *b)
{
	const struct carried_write *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->generation < y->generation ? -1 : x->generation > y->generation;
}

static struct carried_write inode_of(const struct cl_event *e)
{
	return (struct carried_write){ .ino = e->ino, .dev = e->dev,
				       .generation = e->generation };
}

static int note_write(struct cl_carried *c, const struct cl_event *e, const struct cl_range *range)
{
	size_t max = c->max_writes ? 2 * c->max_writes : 64;
	struct carried_write *p = c->write;

	if (c->nr_writes == c->max_writes) {
		p = realloc(p, max * sizeof(*p));
		if (!p)
			return -ENOMEM;
		c->write = p;
		c->max_writes = max;
	}
	p[c->nr_writes] = inode_of(e);
	p[c->nr_writes++].range = *range;
	return 0;
}

/* Whether a carried write has blocks in common with it. */
static bool converts_carried(const struct cl_carried *c, const struct cl_ev_convert *e)
{
	const struct carried_write key = inode_of(&e->e);
	size_t low = 0, high = c->nr_writes, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (by_inode(&c->write[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < c->nr_writes && !by_inode(&c->write[low], &key); low++)
		if (cl_overlap(&c->write[low].range, e->offset_bytes,
			       e->offset_bytes + e->size_bytes - 1))
			return true;
	return false;
}

static bool matters(const struct cl_carried *c, const struct cl_model *m,
		    const struct cl_event *e, size_t len)
{
	if (cl_event_check(e, len))
		return false;
	if (e->kind == CL_EV_CONVERT)
		return converts_carried(c, (const void *)e);
	return cl_model_cares(m, e);
}

static int note_if_write(struct cl_carried *c, const struct cl_model *m, const struct cl_event *e,
			 size_t len)
{
	const union cl_any_event *any = (const void *)e;
	struct cl_range r;

	if (cl_event_check(e, len) || !cl_model_cares(m, e))
		return 0;
	if (e->kind == CL_EV_WRITE)
		r = (struct cl_range){ any->write.offset_bytes,
				       any->write.offset_bytes + any->write.size_bytes };
	else if (e->kind == CL_EV_WRITEBACK)
		r = (struct cl_range){ any->writeback.offset_bytes,
				       any->writeback.offset_bytes + any->writeback.size_bytes };
	else
		return 0;
	return note_write(c, e, &r);
}

static void remove_at(struct cl_carried *c, size_t at, size_t end)
{
	memmove(c->data + at, c->data + end, c->bytes - end);
	c->bytes -= end - at;
	c->records--;
}

/* The latest path is the one that counts. */
static void forget_path(struct cl_carried *c, const struct cl_event *path)
{
	const struct carried_write key = inode_of(path);
	size_t at = 0, before = 0, len;
	const void *record;

	for (; cl_carried_next(c, &at, &record, &len); before = at) {
		const struct cl_event *e = record;
		const struct carried_write other = inode_of(e);

		if (e->kind == CL_EV_PATH && !by_inode(&key, &other)) {
			remove_at(c, before, at);
			return;
		}
	}
}

static int append(struct cl_carried *c, const void *record, uint64_t len)
{
	size_t need = c->bytes + room_of(len), size = 2 * need;
	unsigned char *p;

	if (need > BYTES_MAX) {
		c->incomplete = true;
		return 0;
	}
	if (need > c->size) {
		p = realloc(c->data, size);
		if (!p)
			return -ENOMEM;
		c->data = p;
		c->size = size;
	}
	p = c->data + c->bytes;
	memcpy(p, &len, sizeof(len));
	memcpy(p + sizeof(len), record, len);
	c->bytes = need;
	c->records++;
	return 0;
}

/* What was noted of the writes is for one round: writes are over by and by. */
static int note_carried(struct cl_carried *c, const struct cl_model *m)
{
	const void *record;
	size_t at = 0, len;
	int err = 0;

	c->nr_writes = 0;
	while (!err && cl_carried_next(c, &at, &record, &len))
		err = note_if_write(c, m, record, len);
	return err;
}

static void sort_writes(struct cl_carried *c)
{
	if (c->nr_writes)
		qsort(c->write, c->nr_writes, sizeof(*c->write), by_inode);
}

static void let_go(struct cl_carried *c, const struct cl_model *m)
{
	size_t at = 0, to = 0, len;
	const void *record;

	while (cl_carried_next(c, &at, &record, &len)) {
		const unsigned char *from = c->data + at - room_of(len);

		if (!matters(c, m, record, len)) {
			c->records--;
			continue;
		}
		memmove(c->data + to, from, room_of(len));
		to += room_of(len);
	}
	c->bytes = to;
	if (!to)
		c->incomplete = false;
}

int cl_carried_take(struct cl_carried *c, const struct cl_model *m, struct cl_events *v,
		    uint64_t last_ns)
{
	const void *record;
	enum cl_entry e;
	size_t len;
	int err = note_carried(c, m);

	while (!err && (e = cl_events_next(v, &record, &len)) != CL_ENTRY_NONE)
		if (e == CL_ENTRY_RECORD)
			err = note_if_write(c, m, record, len);
	if (err)
		return err;
	sort_writes(c);
	let_go(c, m);
	cl_events_rewind(v);
	while (!err && (e = cl_events_next(v, &record, &len)) != CL_ENTRY_NONE) {
		const struct cl_ev_write *w = record;

		if (e != CL_ENTRY_RECORD || !matters(c, m, record, len))
			continue;
		if (w->e.kind == CL_EV_PATH)
			forget_path(c, &w->e);
		/* What was converted while it was in flight may be gone by now. */
		if (w->e.kind == CL_EV_WRITE && w->submit_ns + last_ns < w->e.ts_ns)
			c->incomplete = true;
		err = append(c, record, len);
	}
	return err;
}

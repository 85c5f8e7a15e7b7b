// SPDX-License-Identifier: GPL-2.0
#include "failures.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "model/event_table.h"
#include "model/hash.h"
#include "util.h"

#define TOLD 20		/* a device that is gone fails them all */
#define PATHS 4096

/* The latest file of each place: one that has to give way is told without its path. */
struct cl_failure_path {
	uint64_t ino;
	uint32_t dev, generation;
	char *path;
};

static struct cl_failure_path *place(const struct cl_failures *f, const struct cl_event *e)
{
	return &f->path[cl_hash_mix(e->ino, (uint64_t)e->dev << 32 | e->generation) % PATHS];
}

static void note_path(struct cl_failures *f, const struct cl_ev_path *p)
{
	struct cl_failure_path *at;

	if (!f->path)
		f->path = calloc(PATHS, sizeof(*f->path));
	if (!f->path)
		return;
	at = place(f, &p->e);
	free(at->path);
	*at = (struct cl_failure_path){ p->e.ino, p->e.dev, p->e.generation, strdup(p->path) };
}

static const char *path_of(const struct cl_failures *f, const struct cl_event *e)
{
	const struct cl_failure_path *at = f->path ? place(f, e) : NULL;

	if (!at || !at->path || at->ino != e->ino || at->dev != e->dev ||
	    at->generation != e->generation)
		return "path not known";
	return at->path;
}

static void tell(const struct cl_failures *f, const struct cl_ev_convert *c)
{
	cl_warn("a conversion failed: %s, %llu bytes at %lld of inode %llu on %u:%u (%s)",
		strerror(-c->error), c->size_bytes, c->offset_bytes, c->e.ino,
		cl_dev_major(c->e.dev), cl_dev_minor(c->e.dev), path_of(f, &c->e));
}

void cl_failures_record(struct cl_failures *f, const void *record, size_t len)
{
	const struct cl_ev_convert *c = record;

	if (len < sizeof(c->e))
		return;
	if (c->e.kind == CL_EV_PATH) {
		if (!cl_event_check(record, len))
			note_path(f, record);
	} else if (c->e.kind == CL_EV_CONVERT && len >= sizeof(*c) && c->error) {
		if (!cl_event_check(record, len) && f->nr++ < TOLD)
			tell(f, c);
	}
}

void cl_failures_end(struct cl_failures *f)
{
	size_t i;

	if (f->nr > TOLD)
		cl_warn("%llu more conversions failed", (unsigned long long)(f->nr - TOLD));
	for (i = 0; f->path && i < PATHS; i++)
		free(f->path[i].path);
	free(f->path);
	*f = (struct cl_failures){};
}

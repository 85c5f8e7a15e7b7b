// SPDX-License-Identifier: GPL-2.0
/* A recording as a source: what the live source gave, in the same portions. */
#include <errno.h>
#include <string.h>

#include "filter.h"
#include "log.h"
#include "model/event_table.h"
#include "record/reader.h"
#include "source/recording.h"
#include "source/wanted.h"
#include "util.h"

#define AT_ONCE 4096	/* entries a poll, so that signals and output are looked after */

struct recording {
	struct cl_source src;
	struct cl_config filter;
	struct cl_reader *reader;
	FILE *file;
	char *name;
	uint64_t records;
	bool settled, over, cut, stopped;
};

static void at_end(struct recording *r)
{
	uint64_t at_bytes;
	const char *wrong = cl_reader_wrong(r->reader, &at_bytes);

	r->over = true;
	if (!wrong)
		return;
	r->cut = true;
	cl_err("%s: byte %llu: %s; what comes before is read", r->name,
	       (unsigned long long)at_bytes, wrong);
}

/* From here on it is as if hooks had been placed just now. */
static void pass_carried(struct recording *r)
{
	const struct cl_about *about = cl_reader_about(r->reader);

	if (r->records >= about->carried)
		r->src.since_ns = about->since_ns;
}

static int recording_poll(struct cl_source *src, int timeout_ms, cl_record_fn fn, void *ctx)
{
	struct recording *r = container_of(src, struct recording, src);
	const void *record;
	enum cl_entry e;
	int i, n = 0, err;
	size_t len;

	if (r->stopped || r->over)
		return -ENODATA;
	r->settled = false;
	for (i = 0; i < AT_ONCE && !r->settled; i++) {
		e = cl_reader_next(r->reader, &record, &len);
		if (e == CL_ENTRY_NONE) {
			at_end(r);
			break;
		}
		if (e == CL_ENTRY_MARK) {
			r->settled = true;
			pass_carried(r);
			continue;
		}
		r->records++;
		if (!cl_wanted(&r->filter, record, len))
			continue;
		err = fn(ctx, record, len);
		if (err < 0)
			return err;
		n++;
	}
	return r->over && !n ? -ENODATA : n;
}

static bool recording_settled(struct cl_source *src)
{
	const struct recording *r = container_of(src, struct recording, src);

	return r->settled || r->over || r->stopped;
}

static bool recording_cut(struct cl_source *src)
{
	return container_of(src, struct recording, src)->cut;
}

static int recording_stop(struct cl_source *src)
{
	struct recording *r = container_of(src, struct recording, src);

	/* Not read to its end: nothing is known of what comes after. */
	if (!r->over)
		r->cut = true;
	r->stopped = true;
	return 0;
}

static const struct cl_hooks_report *recording_hooks(struct cl_source *src)
{
	return &cl_reader_about(container_of(src, struct recording, src)->reader)->hooks;
}

static void recording_close(struct cl_source *src)
{
	struct recording *r = container_of(src, struct recording, src);

	cl_reader_free(r->reader);
	fclose(r->file);
	free(r->name);
	free(r);
}

static const struct cl_source_ops recording_ops = {
	.name = "recording",
	.poll = recording_poll,
	.settled = recording_settled,
	.cut = recording_cut,
	.stop = recording_stop,
	.hooks = recording_hooks,
	.close = recording_close,
};

static void begin(struct recording *r, const struct cl_config *filter)
{
	const struct cl_about *about = cl_reader_about(r->reader);

	r->src.ops = &recording_ops;
	r->filter = *filter;
	r->src.some_tasks = cl_filter_by_task(filter) || cl_filter_by_task(&about->filter);
	r->src.of_command = about->command && !about->last_ns;
	r->src.one_file = filter->ino || about->filter.ino;
	pass_carried(r);
	if (!about->incomplete)
		return;
	r->cut = true;
	cl_warn("%s: writes from before its beginning that matter are not all in it", r->name);
}

int cl_source_recording_fopen(FILE *f, const char *name, const struct cl_config *filter,
			      struct cl_source **src)
{
	struct recording *r = calloc(1, sizeof(*r));
	const char *wrong = "out of memory";
	int err = -ENOMEM;

	if (r)
		r->name = strdup(name);
	if (r && r->name)
		err = cl_reader_new(f, &r->reader, &wrong);
	if (err) {
		cl_err("%s: %s", name, wrong);
		if (r)
			free(r->name);
		free(r);
		fclose(f);
		return err;
	}
	r->file = f;
	begin(r, filter);
	*src = &r->src;
	return 0;
}

int cl_source_recording_open(const char *path, const struct cl_config *filter,
			     struct cl_source **src)
{
	FILE *f = fopen(path, "re");
	int err;

	if (!f) {
		err = -errno;
		cl_err("%s: %s", path, strerror(-err));
		return err;
	}
	err = cl_source_recording_fopen(f, path, filter, src);
	if (!err)
		(*src)->file = path;
	return err;
}

struct find {
	const char *path;
	uint64_t ino;
	uint32_t dev;
	bool several;
};

static int find_path(void *ctx, const void *record, size_t len)
{
	const struct cl_ev_path *p = record;
	struct find *f = ctx;

	if (cl_event_check(record, len) || p->e.kind != CL_EV_PATH || strcmp(p->path, f->path))
		return 0;
	f->several |= f->ino && (f->ino != p->e.ino || f->dev != p->e.dev);
	f->ino = p->e.ino;
	f->dev = p->e.dev;
	return f->several ? -EINVAL : 0;
}

/* Goes through all of it: where names change, the last may be the one. */
int cl_recording_find(const char *recording, const char *path, struct cl_config *filter)
{
	const struct cl_config all = { .dev = filter->dev, .ino = filter->ino };
	struct cl_source *src;
	struct find f = { .path = path };
	int n, err;

	err = cl_source_recording_open(recording, &all, &src);
	if (err)
		return err;
	do
		n = src->ops->poll(src, 0, find_path, &f);
	while (n >= 0);
	src->ops->close(src);
	if (n != -ENODATA && n != -EINVAL)
		return n;
	if (f.several)
		cl_err("%s: several inodes are called %s: choose by --device and --inode",
		       recording, path);
	else if (!f.ino)
		cl_err("%s: nothing in it is called %s", recording, path);
	if (f.several || !f.ino)
		return f.several ? -EINVAL : -ENOENT;
	filter->dev = f.dev;
	filter->ino = f.ino;
	return 0;
}

const struct cl_about *cl_source_about(const struct cl_source *src)
{
	if (src->ops != &recording_ops)
		return NULL;
	return cl_reader_about(container_of(src, struct recording, src)->reader);
}

const struct cl_about_end *cl_source_about_end(const struct cl_source *src)
{
	if (src->ops != &recording_ops)
		return NULL;
	return cl_reader_end(container_of(src, struct recording, src)->reader);
}

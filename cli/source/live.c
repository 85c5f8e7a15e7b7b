// SPDX-License-Identifier: GPL-2.0
/* The live kernel as a source of facts: the ring buffer, and what did not fit into it. */
#include <errno.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "filter.h"
#include "kernel/attach.h"
#include "kernel/mounts.h"
#include "source.h"
#include "util.h"

/*
 * The hooks wake us only when a good part of the ring is full; below that we
 * look by ourselves, this often, so that output is live.
 */
#define LOOK_EVERY_MS 50

/*
 * That programs were passed over is asked of the kernel with a call for each, which while facts
 * come all the time costs more than to read these: so only this often. Until then what is
 * suspected is not settled.
 */
#define ASK_EVERY_NS 100000000ULL

struct live {
	struct cl_source src;
	struct cl_attach *attach;
	struct ring_buffer *ring;
	__u64 lost[CL_LOST_WHERES];	/* handed over so far */
	__u64 asked_ns;			/* for programs passed over */
	bool settled;			/* and since then no fact has come */
	bool stopped;

	/* of the poll that is running */
	cl_record_fn fn;
	void *ctx;
};

/* The hooks know a path within its file system; where that is mounted is our part. */
static int on_path(struct live *l, const struct cl_ev_path *inner)
{
	union {
		struct cl_ev_path p;
		char room[sizeof(struct cl_ev_path) + CL_PATH_MAX];
	} full = { .p.e = inner->e };

	cl_full_path(inner->e.dev, inner->path, full.p.path, CL_PATH_MAX);
	full.p.len_bytes = strlen(full.p.path);
	full.p.e.size_bytes = sizeof(full.p) + full.p.len_bytes + 1;
	return l->fn(l->ctx, &full, full.p.e.size_bytes);
}

/* The room taken for a path is more than its record: the record says how much it is. */
static int on_record(void *ctx, void *data, size_t len)
{
	const struct cl_event *e = data;
	struct live *l = ctx;

	if (len >= sizeof(*e) && e->size_bytes < len)
		len = e->size_bytes;
	if (len > sizeof(struct cl_ev_path) && e->kind == CL_EV_PATH &&
	    !(e->flags & CL_F_TRUNCATED))
		return on_path(l, data);
	return l->fn(l->ctx, data, len);
}

/* Returns how many losses were handed over. */
static int hand_over_losses(struct live *l)
{
	__u64 lost[CL_LOST_WHERES], now_ns = cl_now_ns();
	bool ask = l->stopped || now_ns - l->asked_ns >= ASK_EVERY_NS;
	int n = 0;

	if (ask) {
		l->asked_ns = now_ns;
		l->settled = true;
	}
	cl_attach_lost(l->attach, ask, lost);
	for (int where = 0; where < CL_LOST_WHERES; where++) {
		struct cl_ev_lost record = {
			.e = { .size_bytes = sizeof(record), .kind = CL_EV_LOST, .ts_ns = now_ns },
			.where = where,
		};
		int err;

		if (lost[where] <= l->lost[where])
			continue;
		record.count = lost[where] - l->lost[where];
		l->lost[where] = lost[where];
		err = l->fn(l->ctx, &record, sizeof(record));
		if (err < 0)
			return err;
		n++;
	}
	return n;
}

static int live_poll(struct cl_source *src, int timeout_ms, cl_record_fn fn, void *ctx)
{
	struct live *l = container_of(src, struct live, src);
	__u64 until_ns = cl_now_ns() + timeout_ms * 1000000ULL;
	int n, losses;

	l->fn = fn;
	l->ctx = ctx;
	for (;;) {
		__u64 now_ns;

		n = ring_buffer__consume(l->ring);
		if (n < 0)
			return n;
		l->settled &= !n;
		losses = hand_over_losses(l);
		if (losses < 0)
			return losses;
		if (n + losses > 0)
			return n + losses;
		if (l->stopped)
			return -ENODATA;
		now_ns = cl_now_ns();
		if (now_ns >= until_ns)
			return 0;
		n = (until_ns - now_ns + 999999) / 1000000;
		n = ring_buffer__poll(l->ring, n < LOOK_EVERY_MS ? n : LOOK_EVERY_MS);
		if (n < 0)
			return n;
		if (n > 0) {
			l->settled = false;
			losses = hand_over_losses(l);
			return losses < 0 ? losses : n + losses;
		}
	}
}

static bool live_settled(struct cl_source *src)
{
	return container_of(src, struct live, src)->settled;
}

static int live_stop(struct cl_source *src)
{
	struct live *l = container_of(src, struct live, src);

	if (!l->stopped)
		cl_attach_detach(l->attach);
	l->stopped = true;
	return 0;
}

static const struct cl_hooks_report *live_hooks(struct cl_source *src)
{
	return cl_attach_report(container_of(src, struct live, src)->attach);
}

static void live_close(struct cl_source *src)
{
	struct live *l = container_of(src, struct live, src);

	ring_buffer__free(l->ring);
	cl_attach_close(l->attach);
	free(l);
}

long long cl_source_live_stat(struct cl_source *src, const struct cl_stat_reader *reader)
{
	return cl_attach_stat(container_of(src, struct live, src)->attach, reader);
}

static const struct cl_source_ops live_ops = {
	.name = "live",
	.poll = live_poll,
	.settled = live_settled,
	.stop = live_stop,
	.hooks = live_hooks,
	.now_ns = cl_now_ns,
	.close = live_close,
};

int cl_source_live_open(const struct cl_live_options *opt, struct cl_source **src)
{
	struct live *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	l->src.ops = &live_ops;
	err = cl_attach_open(opt, &l->attach);
	if (!err) {
		l->ring = ring_buffer__new(cl_attach_ring_fd(l->attach), on_record, l, NULL);
		if (!l->ring)
			err = -errno;
	}
	if (err) {
		live_close(&l->src);
		return err;
	}
	l->src.since_ns = cl_now_ns();
	l->src.some_tasks = cl_filter_by_task(&opt->filter);
	l->src.one_file = opt->filter.ino;
	*src = &l->src;
	return 0;
}

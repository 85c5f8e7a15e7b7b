// SPDX-License-Identifier: GPL-2.0
/* convlist trace: each fact, or each write's life, as it happens. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "filter_opts.h"
#include "judging.h"
#include "log.h"
#include "model/event_table.h"
#include "model/model.h"
#include "output/output.h"

struct trace_options {
	struct cl_filter_options filter;
	const char *events, *kinds;
	uint64_t duration_ns, ring_bytes;
	bool json, writes, reads;
};

#define FIELD(f) offsetof(struct trace_options, f)

static const struct cl_opt trace_opts[] = {
	CL_OPT_FILTER_ROWS(struct trace_options, filter),
	{ "kinds", 'e', CL_OPT_STRING, FIELD(kinds), "KINDS",
	  "only these: write,listed,completion,convert,flush,work,fsync_begin,..." },
	{ "writes", 'w', CL_OPT_FLAG, FIELD(writes), NULL,
	  "one line per write when its life is over, not one per fact" },
	{ "duration", 'D', CL_OPT_DURATION, FIELD(duration_ns), "TIME",
	  "end after this time: 10, 200ms, 3m" },
	{ "reads", 0, CL_OPT_FLAG, FIELD(reads), NULL,
	  "reads as well, of files that are written directly" },
	{ "buffer", 'b', CL_OPT_SIZE, FIELD(ring_bytes), "SIZE", "ring buffer: 64K, 16M" },
	{ "events", 0, CL_OPT_PATH, FIELD(events), "FILE",
	  "print the facts in FILE, not this kernel's; needs no root" },
	CL_OPT_JSON_ROW(struct trace_options, json),
	{}
};

static const struct cl_opt_spec trace_spec = {
	.command = "trace",
	.operands = "[RECORDING]",
	.about = "Prints direct writes into unwritten extents and buffered writeback to them, their\n"
		 "conversion, fsyncs and journal commits, until Ctrl-C. Times are those since boot. With --writes the times are from\n"
		 "a write's data being done; '-' is what did not happen or was not seen.\n"
		 "Of a RECORDING, the same is printed as when it was made; needs no root.",
	.examples = "  convlist trace -f /mnt/data/file\n"
		    "  convlist trace --writes -c fio --duration 10\n"
		    "  convlist trace -e convert,commit --json | jq .journal_tid\n"
		    "  convlist trace --writes -i 12 run.rec",
	.opts = trace_opts,
};

static const struct cl_out_column event_columns[] = {
	{ "generation", "", 0 }, { "tid", "", 0 },
	{ "ts_ns", "TIME", 15 }, { "kind", "KIND", -11 }, { "dev", "DEV", -7 },
	{ "ino", "INO", 9 },	 { "tgid", "PID", 7 },	  {}
};

static const struct cl_out_column write_columns[] = {
	{ "finished", "", 0 },
	{ "data_done_ns", "DATA-DONE", 15 },
	{ "dev", "DEV", -7 },
	{ "ino", "INO", 9 },
	{ "offset_bytes", "OFFSET", 12 },
	{ "size_bytes", "SIZE", 8 },
	{ "pid", "PID", 7 },
	{ "comm", "COMM", -15 },
	{ "io_ns", "I/O", 8 },
	{ "listed_after_ns", "LISTED", 8 },
	{ "visible_after_ns", "VISIBLE", 8 },
	{ "converted_after_ns", "CONVERT", 8 },
	{ "committed_after_ns", "COMMIT", 8 },
	{ "fsync_after_ns", "FSYNC", 8 },
	{}
};

struct trace {
	struct trace_options opt;
	struct cl_out *out;
	struct cl_source *source;
	struct cl_model *model;
	struct cl_sink sink;
	uint64_t malformed;
};

static void print_event(void *ctx, const struct cl_event *e)
{
	struct trace *t = ctx;

	cl_out_row_begin(t->out, "event");
	cl_event_print(t->out, e);
	cl_out_end(t->out);
}

static int print_record(void *ctx, const void *record, size_t len)
{
	struct trace *t = ctx;

	if (!cl_event_check(record, len)) {
		print_event(t, record);
	} else if (!t->malformed++) {
		cl_out_flush(t->out);
		cl_warn("a malformed record came in");
	}
	return 0;	/* write errors: unwanted() */
}

static void print_write(void *ctx, const struct cl_model *m, const struct cl_write *w,
			bool finished)
{
	struct trace *t = ctx;
	struct cl_out *o = t->out;

	cl_out_row_begin(o, "write");
	cl_out_time(o, "data_done_ns", w->done_ns);
	cl_out_dev(o, "dev", w->inode->dev->dev);
	cl_out_u64(o, "ino", w->inode->ino);
	cl_out_s64(o, "offset_bytes", w->range.start);
	cl_out_u64(o, "size_bytes", w->range.end - w->range.start);
	if (w->buffered) {
		cl_out_null(o, "pid");
		cl_out_null(o, "comm");
	} else {
		cl_out_u64(o, "pid", w->tgid);
		cl_out_strn(o, "comm", w->comm, CL_COMM_LEN);
	}
	cl_out_span(o, "io_ns", w->submit_ns, w->done_ns);
	cl_out_span(o, "listed_after_ns", w->done_ns, w->listed_ns);
	cl_out_span(o, "visible_after_ns", w->done_ns, w->buffered ? 0 : w->visible_ns);
	cl_out_span(o, "converted_after_ns", w->done_ns, w->converted_ns);
	cl_out_span(o, "committed_after_ns", w->done_ns, w->committed_ns);
	cl_out_span(o, "fsync_after_ns", w->done_ns, w->fsync_end_ns);
	cl_out_str(o, "via", cl_via_name(w->via));
	if (w->visible_ns && !w->buffered)
		cl_out_s64(o, "result", w->result);
	if (w->converted_ns) {
		cl_out_str(o, "why", cl_why_name(w->why));
		cl_out_error_code(o, "convert_error", w->convert_error);
	}
	if (w->has_tid)
		cl_out_u64(o, "tid", w->tid);
	if (w->fsync_end_ns) {
		cl_out_u64(o, "fsync_pid", w->fsync_tgid);
		cl_out_strn(o, "fsync_comm", w->fsync_comm, CL_COMM_LEN);
	}
	cl_out_bool(o, "finished", finished);
	cl_out_str(o, "path", w->inode->path);
	cl_out_end(o);
}

static void warn_of_loss(void *ctx, const struct cl_event *e)
{
	const struct cl_ev_lost *lost = (const void *)e;
	struct trace *t = ctx;

	if (e->kind != CL_EV_LOST)
		return;
	cl_out_flush(t->out);	/* on a terminal the warning stands where it belongs */
	cl_warn("%llu facts were lost (%s)", lost->count, cl_lost_name(lost->where));
}

/* Between two looks at the source: what came of the last one goes out. */
static bool unwanted(void *ctx)
{
	struct trace *t = ctx;

	cl_out_flush(t->out);
	return cl_stdout_gone(t->out);
}

static void settle(void *ctx)
{
	struct trace *t = ctx;

	if (t->model)
		cl_session_tell(t->source, t->model);
}

/* "write,convert" to bits; 0 or -EINVAL after a message. */
static int parse_kinds(const char *s, uint32_t *kinds)
{
	while (*s) {
		size_t len = strcspn(s, ",");
		enum cl_event_kind kind = cl_event_kind(s, len);

		if (kind == CL_EV_NONE) {
			cl_err("-e: unknown kind '%.*s'", (int)len, s);
			return -EINVAL;
		}
		*kinds |= 1U << kind;
		s += len + (s[len] == ',');
	}
	return *kinds ? 0 : -EINVAL;
}

static int run(struct trace *t, const struct cl_origin *from)
{
	struct cl_session session = {
		.record = print_record,
		.record_ctx = t,
		.settle = settle,
		.unwanted = unwanted,
		.ctx = t,
		.duration_ns = t->opt.duration_ns,
	};
	int err;

	t->out = cl_out_new(stdout, t->opt.json ? "json" : "text");
	if (!t->out)
		return -ENOMEM;
	if (t->opt.writes) {
		t->sink = (struct cl_sink){ .ctx = t, .event = warn_of_loss,
					     .write_end = print_write };
		t->model = cl_model_new();
		if (!t->model)
			return -ENOMEM;
		cl_model_add_sink(t->model, &t->sink);
		session.record = cl_model_record;
		session.record_ctx = t->model;
	}
	err = cl_session_open(from, &t->source);
	if (err)
		return err;
	session.source = t->source;
	cl_out_columns(t->out, t->opt.writes ? write_columns : event_columns);
	cl_out_batch(t->out);
	err = cl_session_run(&session);
	/* Which prints the writes whose life is not over. */
	cl_model_free(t->model);
	t->model = NULL;
	cl_out_flush(t->out);
	if (err || !cl_out_error(t->out) || cl_out_error(t->out) == -EPIPE)
		return err;	/* a closed pipe: the reader has seen enough */
	cl_err("writing the output failed: %s", strerror(-cl_out_error(t->out)));
	return cl_out_error(t->out);
}

static int usage(const char *what)
{
	cl_err("trace: %s", what);
	return CL_EXIT_USAGE;
}

int cmd_trace(int argc, char **argv)
{
	struct cl_origin from = {};
	struct trace t = {};
	int err, first, status;

	err = cl_opt_parse(&trace_spec, argc, argv, &t.opt, &first);
	if (err)
		return err == CL_OPT_HELP ? CL_EXIT_OK : CL_EXIT_USAGE;
	if (t.opt.kinds && t.opt.writes)
		return usage("--kinds and --writes exclude each other");
	if (t.opt.kinds && parse_kinds(t.opt.kinds, &from.live.filter.kinds))
		return CL_EXIT_USAGE;
	if (argc - first > 1 || (t.opt.events && first < argc))
		return usage("takes one recording, or --events");
	from.recording = first < argc ? argv[first] : NULL;
	if (from.recording && (t.opt.duration_ns || t.opt.ring_bytes || t.opt.reads))
		return usage("--duration, --buffer and --reads go with no recording");
	from.events = t.opt.events;
	from.live.ring_bytes = t.opt.ring_bytes;
	from.live.reads = t.opt.reads;
	err = cl_filter_origin(&t.opt.filter, &from);
	if (!err)
		err = run(&t, &from);
	status = err ? CL_EXIT_CANNOT_RUN : CL_EXIT_OK;
	/* Everything that could be read was printed, but that is not all. */
	if (!err && t.source->ops->cut && t.source->ops->cut(t.source) && !cl_out_error(t.out))
		status = CL_EXIT_INCONCLUSIVE;
	cl_model_free(t.model);
	if (t.source)
		t.source->ops->close(t.source);
	cl_out_free(t.out);
	return status;
}

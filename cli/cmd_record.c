// SPDX-License-Identifier: GPL-2.0
/* convlist record: facts into a file. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "filter_opts.h"
#include "judging.h"
#include "log.h"
#include "output/output.h"
#include "record/keeper.h"
#include "record/tape.h"

struct record_options {
	struct cl_filter_options filter;
	const char *events, *output;
	uint64_t duration_ns, linger_ns, ring_bytes, last_ns, memory_bytes, saves;
	bool json, reads;
};

#define FIELD(f) offsetof(struct record_options, f)

static const struct cl_opt record_opts[] = {
	{ "output", 'o', CL_OPT_PATH, FIELD(output), "FILE", "where to (required)" },
	{ "last", 'l', CL_OPT_DURATION, FIELD(last_ns), "TIME",
	  "keep only the latest stretch, in memory, and save it when a rule is broken" },
	{ "memory", 'm', CL_OPT_SIZE, FIELD(memory_bytes), "SIZE",
	  "with --last: use at most this much for it, packed (64M)" },
	{ "saves", 0, CL_OPT_U64, FIELD(saves), "N",
	  "with --last: save at most N times for broken rules (10)" },
	CL_OPT_FILTER_ROWS(struct record_options, filter),
	{ "duration", 'D', CL_OPT_DURATION, FIELD(duration_ns), "TIME",
	  "end after this time: 10, 200ms, 3m; a command is told to end" },
	{ "linger", 0, CL_OPT_DURATION, FIELD(linger_ns), "TIME",
	  "after the command, wait at most this long for conversions (1s)" },
	{ "reads", 0, CL_OPT_FLAG, FIELD(reads), NULL,
	  "reads as well, of files that are written directly" },
	{ "buffer", 'b', CL_OPT_SIZE, FIELD(ring_bytes), "SIZE", "ring buffer: 64K, 16M" },
	{ "events", 'e', CL_OPT_PATH, FIELD(events), "FILE",
	  "record the facts in FILE, not this kernel's; needs no root" },
	CL_OPT_JSON_ROW(struct record_options, json),
	{}
};

static const struct cl_opt_spec record_spec = {
	.command = "record",
	.operands = "[--] [COMMAND...]",
	.about = "Runs COMMAND, or watches until Ctrl-C, and records every fact. check, trace and\n"
		 "report read the FILE, on any machine and without root, and say what they would\n"
		 "have said live.\n\n"
		 "With --last it is a flight recorder: it keeps the latest TIME in memory and saves\n"
		 "it to FILE.1, FILE.2, ... a second after a rule was broken, and at each SIGUSR1;\n"
		 "and to FILE when it ends.\n\n"
		 "Exit status: 0 all is recorded, 2 wrong usage, 3 could not run, or not write all,\n"
		 "4 facts were lost. What became of COMMAND is in the last lines.",
	.examples = "  convlist record -o run.rec -- fio job.fio\n"
		    "  convlist record -o run.rec -D 60 -d /dev/nvme0n1p2\n"
		    "  convlist record -o flight.rec --last 30s -c mysqld",
	.opts = record_opts,
};

struct record {
	struct record_options opt;
	struct cl_origin from;
	struct cl_out *out;
	struct cl_source *source;
	struct cl_model *model;		/* of a tape: says what is worth waiting for */
	struct cl_tape *tape;
	struct cl_keeper *keeper;	/* with --last, in place of both */
	char **command;
};

static const struct cl_model *model_of(const struct record *r)
{
	return r->keeper ? cl_keeper_model(r->keeper) : r->model;
}

static int on_record(void *ctx, const void *record, size_t len)
{
	struct record *r = ctx;

	if (r->keeper)
		return cl_keeper_record(r->keeper, record, len);
	cl_tape_record(r->tape, record, len);
	return cl_model_record(r->model, record, len);
}

static void settle(void *ctx)
{
	struct record *r = ctx;

	if (r->keeper)
		cl_keeper_settle(r->keeper);
	else
		cl_tape_settle(r->tape);
}

static void asked(void *ctx)
{
	cl_keeper_save(((struct record *)ctx)->keeper, CL_SAVE_ASKED);
}

static bool unfinished(void *ctx)
{
	return cl_model_unconverted(model_of(ctx));
}

/* A full disk does not end what is recorded; mere watching has lost its point. */
static bool unwanted(void *ctx)
{
	const struct record *r = ctx;

	return !r->command && r->tape && cl_tape_failed(r->tape);
}

static int open_keeper(struct record *r, const struct cl_about *about)
{
	const struct cl_keeper_options opt = {
		.path = r->opt.output,
		.about = *about,
		.memory_bytes = r->opt.memory_bytes,
		.saves = r->opt.saves,
	};

	return cl_keeper_open(&opt, r->source, r->out, &r->keeper);
}

static int open_all(struct record *r)
{
	struct cl_about about;
	int err;

	r->from.events = r->opt.events;
	r->from.live.ring_bytes = r->opt.ring_bytes;
	r->from.live.reads = r->opt.reads;
	err = cl_filter_origin(&r->opt.filter, &r->from);
	if (!err)
		err = cl_session_open(&r->from, &r->source);
	if (err)
		return err;
	cl_about_source(&about, r->source, &r->from.live, r->command);
	about.last_ns = r->opt.last_ns;
	r->out = cl_out_new(stdout, r->opt.json ? "json" : "text");
	if (!r->opt.last_ns)
		r->model = cl_model_new();
	if (!r->out || (!r->opt.last_ns && !r->model)) {
		cl_err("out of memory");
		return -ENOMEM;
	}
	if (!r->opt.last_ns)
		err = cl_tape_open(r->opt.output, &about, &r->tape);
	else
		err = open_keeper(r, &about);
	if (!err)
		cl_about_print(&about, r->opt.output, false, r->out);
	return err;
}

static void close_all(struct record *r)
{
	cl_keeper_close(r->keeper);
	cl_model_free(r->model);
	if (r->source)
		r->source->ops->close(r->source);
	cl_out_free(r->out);
}

static void print_end(const struct record *r, const struct cl_about_end *end, uint64_t bytes,
		      uint64_t lost)
{
	const struct cl_counts *counts = cl_model_counts(model_of(r));

	cl_out_block_begin(r->out, "recorded");
	cl_out_str(r->out, "file", r->opt.output);
	cl_out_u64(r->out, "facts", end->records);
	cl_out_u64(r->out, "writes", counts->writes);
	cl_out_u64(r->out, "fsyncs", counts->fsyncs);
	cl_out_u64(r->out, "stored_bytes", bytes);
	cl_out_u64(r->out, "lost", lost);
	if (r->keeper)
		cl_out_u64(r->out, "saves", cl_keeper_saves(r->keeper));
	cl_out_ns(r->out, "run_ns", end->run_ns);
	cl_command_status_print(&end->status, r->out);
	cl_out_end(r->out);
}

/* The end of the recording, told and written. */
static int finish(struct record *r, struct cl_about_end *end)
{
	uint64_t bytes, lost = cl_model_lost(model_of(r));
	int err;

	if (r->keeper) {
		lost += cl_keeper_lost(r->keeper);
		err = cl_keeper_end(r->keeper, end, &bytes);
	} else {
		err = cl_tape_end(r->tape, end, &bytes);
	}
	print_end(r, end, bytes, lost);
	if (err)
		return CL_EXIT_CANNOT_RUN;
	return lost ? CL_EXIT_INCONCLUSIVE : CL_EXIT_OK;
}

static int run(struct record *r)
{
	struct cl_session session = {
		.record = on_record,
		.record_ctx = r,
		.settle = settle,
		.asked = r->opt.last_ns ? asked : NULL,
		.unwanted = unwanted,
		.unfinished = unfinished,
		.ctx = r,
		.duration_ns = r->opt.duration_ns,
		.linger_ns = r->opt.linger_ns,
		.command = r->command,
		.command_to_stderr = r->opt.json,
	};
	struct cl_about_end end = {};
	uint64_t begin_ns;
	int err;

	if (open_all(r))
		return CL_EXIT_CANNOT_RUN;
	session.source = r->source;
	begin_ns = cl_now_ns();
	err = cl_session_run(&session);
	end.run_ns = cl_now_ns() - begin_ns;
	end.status = session.status;
	/* What came in before an error is worth having. */
	return finish(r, &end) ?: err ? CL_EXIT_CANNOT_RUN : CL_EXIT_OK;
}

static int usage(const char *what)
{
	cl_err("record: %s", what);
	return CL_EXIT_USAGE;
}

int cmd_record(int argc, char **argv)
{
	struct record r = { .opt = { .linger_ns = 1000000000 } };
	int first, err, status;

	err = cl_opt_parse(&record_spec, argc, argv, &r.opt, &first);
	if (err)
		return err == CL_OPT_HELP ? CL_EXIT_OK : CL_EXIT_USAGE;
	if (!r.opt.output)
		return usage("needs --output FILE");
	if (!r.opt.last_ns && (r.opt.memory_bytes || r.opt.saves))
		return usage("--memory and --saves go with --last");
	if (r.opt.events && first < argc)
		return usage("--events and a command exclude each other");
	r.opt.memory_bytes = r.opt.memory_bytes ? r.opt.memory_bytes : 64 << 20;
	r.opt.saves = r.opt.saves ? r.opt.saves : 10;
	r.command = first < argc ? argv + first : NULL;
	status = run(&r);
	close_all(&r);
	return status;
}

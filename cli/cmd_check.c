// SPDX-License-Identifier: GPL-2.0
/* convlist check: judge whether fsync kept its promises. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "filter_opts.h"
#include "judging.h"
#include "log.h"
#include "output/output.h"
#include "record/tape.h"
#include "source/recording.h"
#include "summary.h"

struct check_options {
	struct cl_filter_options filter;
	const char *events, *summary, *record;
	uint64_t duration_ns, linger_ns, ring_bytes, max_violations;
	bool json, strict, reads;
};

#define FIELD(f) offsetof(struct check_options, f)

static const struct cl_opt check_opts[] = {
	CL_OPT_FILTER_ROWS(struct check_options, filter),
	{ "duration", 'D', CL_OPT_DURATION, FIELD(duration_ns), "TIME",
	  "end after this time: 10, 200ms, 3m; a command is told to end" },
	{ "linger", 0, CL_OPT_DURATION, FIELD(linger_ns), "TIME",
	  "after the command, wait at most this long for conversions (1s)" },
	{ "max-violations", 'n', CL_OPT_U64, FIELD(max_violations), "N",
	  "print at most N violations (20) and a few warnings, count all" },
	{ "summary", 's', CL_OPT_PATH, FIELD(summary), "FILE", "write the summary as JSON to FILE" },
	{ "strict", 0, CL_OPT_FLAG, FIELD(strict), NULL, "end with status 1 on warnings, too" },
	{ "reads", 0, CL_OPT_FLAG, FIELD(reads), NULL,
	  "watch reads as well: do they see what was written?" },
	{ "buffer", 'b', CL_OPT_SIZE, FIELD(ring_bytes), "SIZE", "ring buffer: 64K, 16M" },
	{ "record", 'r', CL_OPT_PATH, FIELD(record), "FILE",
	  "record the run as well, to look at it again: see record" },
	{ "events", 'e', CL_OPT_PATH, FIELD(events), "FILE",
	  "judge the facts in FILE, not this kernel; needs no root" },
	CL_OPT_JSON_ROW(struct check_options, json),
	{}
};

static const struct cl_opt_spec check_spec = {
	.command = "check",
	.operands = "[RECORDING | [--] COMMAND...]",
	.about = "Runs COMMAND, or watches until Ctrl-C, and judges: is every direct write that was\n"
		 "seen complete before an fsync, and all that was written back by then, converted and\n"
		 "committed when that fsync returns 0?\n"
		 "Prints each violation as it is found, with what it rests on, and a summary.\n"
		 "Warns as well where a program uses fsync wrongly, which changes the status only\n"
		 "with --strict. A RECORDING is judged by the same code, without root.\n\n"
		 "Exit status: 0 ok, 1 violation, 2 wrong usage, 3 could not run, 4 inconclusive.\n"
		 "It is that of the verdict; what became of COMMAND is in the summary.",
	.examples = "  convlist check fio job.fio\n"
		    "  convlist check --json --duration 60 -d /dev/nvme0n1p2\n"
		    "  convlist check --summary out.json -f /mnt/data -- ./database-test\n"
		    "  convlist check run.rec",
	.opts = check_opts,
};

struct check {
	struct check_options opt;
	struct cl_origin from;
	struct cl_out *out;
	struct cl_source *source;
	struct cl_judging judging;
	struct cl_tape *tape;
	char **command;
};

static int on_record(void *ctx, const void *record, size_t len)
{
	struct check *c = ctx;

	if (c->tape)
		cl_tape_record(c->tape, record, len);
	return cl_model_record(c->judging.model, record, len);
}

static void settle(void *ctx)
{
	struct check *c = ctx;

	if (c->tape)
		cl_tape_settle(c->tape);
	cl_judging_settle(&c->judging);
}

static bool unfinished(void *ctx)
{
	return cl_model_unconverted(((struct check *)ctx)->judging.model);
}

/* A command goes on without a reader, for its verdict; mere watching ends. */
static bool unwanted(void *ctx)
{
	const struct check *c = ctx;

	return !c->command && !c->opt.summary && !c->tape && cl_stdout_gone(c->out);
}

static void print_beginning(const struct check *c)
{
	const struct cl_hooks_report *hooks = c->source->ops->hooks(c->source);
	unsigned int i, missing = 0;

	for (i = 0; i < hooks->nr; i++)
		missing += hooks->hook[i].how == CL_HOW_MISSING && hooks->hook[i].provides;
	cl_out_block_begin(c->out, "check");
	cl_out_str(c->out, "kernel", hooks->kernel);
	cl_out_str(c->out, "source", c->source->ops->name);
	cl_out_bool(c->out, "patched", hooks->patched);
	cl_out_u64(c->out, "hooks_missing", missing);
	cl_out_end(c->out);
	cl_rules_print_decidable(c->out, hooks);
}

static int open_tape(struct check *c)
{
	struct cl_about about;

	if (!c->opt.record)
		return 0;
	cl_about_source(&about, c->source, &c->from.live, c->command);
	return cl_tape_open(c->opt.record, &about, &c->tape);
}

static int open_all(struct check *c)
{
	int err;

	c->from.events = c->opt.events;
	c->from.live.ring_bytes = c->opt.ring_bytes;
	c->from.live.reads = c->opt.reads;
	err = cl_filter_origin(&c->opt.filter, &c->from);
	if (!err)
		err = cl_session_open(&c->from, &c->source);
	if (!err)
		err = open_tape(c);
	if (err)
		return err;
	if (c->command)
		c->source->of_command = true;
	if (c->opt.record)
		c->source->file = c->opt.record;
	c->out = cl_out_new(stdout, c->opt.json ? "json" : "text");
	if (!c->out) {
		cl_err("out of memory");
		return -ENOMEM;
	}
	return cl_judging_begin(&c->judging, c->source, c->out, c->opt.max_violations);
}

static void close_all(struct check *c)
{
	struct cl_about_end end = {};
	uint64_t bytes;

	if (c->tape)
		cl_tape_end(c->tape, &end, &bytes);
	cl_judging_end(&c->judging);
	if (c->source)
		c->source->ops->close(c->source);
	cl_out_free(c->out);
}

/* As it was when it ran: a recording knows. */
static void fill_in(const struct check *c, struct cl_session *session, struct cl_summary *s)
{
	const struct cl_about_end *end = cl_source_about_end(c->source);

	s->kernel = c->source->ops->hooks(c->source)->kernel;
	s->model = c->judging.model;
	s->rules = c->judging.rules;
	s->command = end ? &end->status : &session->status;
	if (cl_source_about(c->source))
		s->run_ns = end ? end->run_ns : 0;
}

static int run(struct check *c)
{
	struct cl_session session = {
		.record = on_record,
		.record_ctx = c,
		.settle = settle,
		.unwanted = unwanted,
		.unfinished = unfinished,
		.ctx = c,
		.duration_ns = c->opt.duration_ns,
		.linger_ns = c->opt.linger_ns,
		.command = c->command,
		.command_to_stderr = c->opt.json,
	};
	struct cl_summary summary = {};
	struct cl_about_end end = {};
	bool failed = false;
	uint64_t begin_ns, bytes;
	int err;

	if (open_all(c))
		return CL_EXIT_CANNOT_RUN;
	print_beginning(c);
	session.source = c->source;
	begin_ns = cl_now_ns();
	if (cl_session_run(&session))
		return CL_EXIT_CANNOT_RUN;
	summary.run_ns = cl_now_ns() - begin_ns;
	cl_judging_finish(&c->judging);
	if (c->tape) {
		end.run_ns = summary.run_ns;
		end.status = session.status;
		failed = cl_tape_end(c->tape, &end, &bytes);
		c->tape = NULL;
	}
	fill_in(c, &session, &summary);
	cl_summary_print(&summary, c->out);
	err = cl_out_error(c->out);
	if (err && err != -EPIPE)
		cl_err("writing the output failed: %s", strerror(-err));
	failed |= err && err != -EPIPE;
	failed |= c->opt.summary && cl_summary_write(&summary, c->opt.summary);
	err = cl_judging_status(&c->judging, c->opt.strict);
	return failed && err != CL_EXIT_VIOLATION ? CL_EXIT_CANNOT_RUN : err;
}

static int usage(const char *what)
{
	cl_err("check: %s", what);
	return CL_EXIT_USAGE;
}

int cmd_check(int argc, char **argv)
{
	struct check c = { .opt = { .linger_ns = 1000000000, .max_violations = 20 } };
	int first, err, status;

	err = cl_opt_parse(&check_spec, argc, argv, &c.opt, &first);
	if (err)
		return err == CL_OPT_HELP ? CL_EXIT_OK : CL_EXIT_USAGE;
	if (c.opt.events && first < argc)
		return usage("--events goes with no command and no recording");
	if (cl_names_recording(argc, argv, first))
		c.from.recording = argv[first];
	else if (first < argc)
		c.command = argv + first;
	if (c.from.recording &&
	    (c.opt.duration_ns || c.opt.ring_bytes || c.opt.record || c.opt.reads))
		return usage("--duration, --buffer, --record and --reads go with no recording");
	status = run(&c);
	close_all(&c);
	return status;
}

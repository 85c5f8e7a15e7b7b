// SPDX-License-Identifier: GPL-2.0
/* convlist check: judge whether fsync kept its promises. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "commands.h"
#include "filter_opts.h"
#include "log.h"
#include "output/output.h"
#include "summary.h"

struct check_options {
	struct cl_filter_options filter;
	const char *events, *summary;
	uint64_t duration_ns, linger_ns, ring_bytes, max_violations;
	bool json, strict;
};

#define FIELD(f) offsetof(struct check_options, f)

static const struct cl_opt check_opts[] = {
	CL_OPT_FILTER_ROWS(struct check_options, filter),
	{ "duration", 'D', CL_OPT_DURATION, FIELD(duration_ns), "TIME",
	  "end after this time: 10, 200ms, 3m; a command is told to end" },
	{ "linger", 0, CL_OPT_DURATION, FIELD(linger_ns), "TIME",
	  "after the command, wait at most this long for conversions (1s)" },
	{ "max-violations", 'n', CL_OPT_U64, FIELD(max_violations), "N",
	  "print at most N violations, count all (20)" },
	{ "summary", 's', CL_OPT_PATH, FIELD(summary), "FILE", "write the summary as JSON to FILE" },
	{ "strict", 0, CL_OPT_FLAG, FIELD(strict), NULL, "end with status 1 on warnings, too" },
	{ "buffer", 'b', CL_OPT_SIZE, FIELD(ring_bytes), "SIZE", "ring buffer: 64K, 16M" },
	{ "events", 'e', CL_OPT_PATH, FIELD(events), "FILE",
	  "judge the facts in FILE, not this kernel; needs no root" },
	CL_OPT_JSON_ROW(struct check_options, json),
	{}
};

static const struct cl_opt_spec check_spec = {
	.command = "check",
	.operands = "[--] [COMMAND...]",
	.about = "Runs COMMAND, or watches until Ctrl-C, and judges: is every direct write that was\n"
		 "seen complete before an fsync converted and committed when that fsync returns 0?\n"
		 "Prints each violation as it is found, with what it rests on, and a summary.\n\n"
		 "Exit status: 0 ok, 1 violation, 2 wrong usage, 3 could not run, 4 inconclusive.\n"
		 "It is that of the verdict; what became of COMMAND is in the summary.",
	.examples = "  convlist check fio job.fio\n"
		    "  convlist check --json --duration 60 -d /dev/nvme0n1p2\n"
		    "  convlist check --summary out.json -f /mnt/data -- ./database-test",
	.opts = check_opts,
};

struct check {
	struct check_options opt;
	struct cl_out *out;
	struct cl_source *source;
	struct cl_model *model;
	struct cl_rules *rules;
	bool has_command;
};

static void settle(void *ctx)
{
	struct check *c = ctx;

	cl_rules_settle(c->rules, c->model);
}

static bool unfinished(void *ctx)
{
	return cl_model_unconverted(((struct check *)ctx)->model);
}

/* A command goes on without a reader, for its verdict; mere watching ends. */
static bool unwanted(void *ctx)
{
	const struct check *c = ctx;
	struct pollfd p = { .fd = STDOUT_FILENO };

	if (c->has_command || c->opt.summary)
		return false;
	return cl_out_error(c->out) || (poll(&p, 1, 0) == 1 && p.revents & (POLLERR | POLLNVAL));
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

static int open_all(struct check *c)
{
	struct cl_live_options live = { .ring_bytes = c->opt.ring_bytes };
	int err;

	err = cl_filter_config(&c->opt.filter, &live.filter);
	if (!err)
		err = cl_session_open(c->opt.events, &live, &c->source);
	if (err)
		return err;
	c->out = cl_out_new(stdout, c->opt.json ? "json" : "text");
	c->model = cl_model_new();
	if (c->out)
		c->rules = cl_rules_new(c->out, c->source->ops->hooks(c->source),
					live.filter.tgid || live.filter.comm_len,
					c->opt.max_violations);
	if (!c->rules || !c->model) {
		cl_err("out of memory");
		return -ENOMEM;
	}
	return cl_model_add_sink(c->model, cl_rules_sink(c->rules));
}

static void close_all(struct check *c)
{
	cl_model_free(c->model);
	cl_rules_free(c->rules);
	if (c->source)
		c->source->ops->close(c->source);
	cl_out_free(c->out);
}

static int exit_status(const struct check *c)
{
	switch (cl_rules_verdict(c->rules, c->model)) {
	case CL_VERDICT_VIOLATION:
		return CL_EXIT_VIOLATION;
	case CL_VERDICT_INCONCLUSIVE:
		return CL_EXIT_INCONCLUSIVE;
	case CL_VERDICT_WARNING:
		return c->opt.strict ? CL_EXIT_VIOLATION : CL_EXIT_OK;
	case CL_VERDICT_OK:
		break;
	}
	return CL_EXIT_OK;
}

static int run(struct check *c, char **command)
{
	struct cl_session session = {
		.record = cl_model_record,
		.settle = settle,
		.unwanted = unwanted,
		.unfinished = unfinished,
		.ctx = c,
		.duration_ns = c->opt.duration_ns,
		.linger_ns = c->opt.linger_ns,
		.command = command,
		.command_to_stderr = c->opt.json,
	};
	struct cl_summary summary = { .command = command ? &session.status : NULL };
	uint64_t begin_ns;
	int err;

	err = open_all(c);
	if (err)
		return CL_EXIT_CANNOT_RUN;
	print_beginning(c);
	session.source = c->source;
	session.record_ctx = c->model;
	begin_ns = cl_now_ns();
	err = cl_session_run(&session);
	if (err)
		return CL_EXIT_CANNOT_RUN;
	summary.kernel = c->source->ops->hooks(c->source)->kernel;
	summary.model = c->model;
	summary.rules = c->rules;
	summary.run_ns = cl_now_ns() - begin_ns;
	cl_summary_print(&summary, c->out);
	err = cl_out_error(c->out);
	if (err && err != -EPIPE)
		cl_err("writing the output failed: %s", strerror(-err));
	if (c->opt.summary && cl_summary_write(&summary, c->opt.summary))
		return CL_EXIT_CANNOT_RUN;
	return err && err != -EPIPE ? CL_EXIT_CANNOT_RUN : exit_status(c);
}

int cmd_check(int argc, char **argv)
{
	struct check c = { .opt = { .linger_ns = 1000000000, .max_violations = 20 } };
	int first, err, status;

	err = cl_opt_parse(&check_spec, argc, argv, &c.opt, &first);
	if (err)
		return err == CL_OPT_HELP ? CL_EXIT_OK : CL_EXIT_USAGE;
	if (c.opt.events && first < argc) {
		cl_err("check: --events and a command exclude each other");
		return CL_EXIT_USAGE;
	}
	c.has_command = first < argc;
	status = run(&c, c.has_command ? argv + first : NULL);
	close_all(&c);
	return status;
}

// SPDX-License-Identifier: GPL-2.0
/* convlist stat: how long each stage takes, counted in the kernel. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "filter_opts.h"
#include "judging.h"
#include "kernel/hooks.h"
#include "log.h"
#include "output/output.h"
#include "session.h"
#include "stat/stat.h"

struct stat_options {
	struct cl_filter_options filter;
	const char *by;
	uint64_t duration_ns;
	bool json, histogram;
};

#define FIELD(f) offsetof(struct stat_options, f)

static const struct cl_opt stat_opts[] = {
	{ "by", 'b', CL_OPT_STRING, FIELD(by), "WHAT",
	  "figures for each device, inode, comm or cgroup; all: of all together (default)" },
	{ "histogram", 'H', CL_OPT_FLAG, FIELD(histogram), NULL, "draw each stage's histogram, too" },
	CL_OPT_FILTER_ROWS(struct stat_options, filter),
	{ "duration", 'D', CL_OPT_DURATION, FIELD(duration_ns), "TIME",
	  "end after this time: 10, 200ms, 3m" },
	CL_OPT_JSON_ROW(struct stat_options, json),
	{}
};

static const struct cl_opt_spec stat_spec = {
	.command = "stat",
	.operands = "[INTERVAL [COUNT]] [-- COMMAND...]",
	.about = "Counts direct writes into unwritten extents and fsyncs, and how long each stage of\n"
		 "theirs takes, in the kernel: no event crosses to user space. Prints what came in\n"
		 "each INTERVAL, COUNT times or until COMMAND or Ctrl-C ends it; without INTERVAL,\n"
		 "once, at the end. Histograms have a bucket for each power of two, so quantiles are\n"
		 "the upper bound of one: at most twice too high. Failed conversions are told at once.\n"
		 "Exit status: 0 it came to its end, 2 wrong usage, 3 could not run.",
	.examples = "  convlist stat 1\n"
		    "  convlist stat --by inode 10 6\n"
		    "  convlist stat --json -d /dev/nvme0n1p2 -- fio job.fio",
	.opts = stat_opts,
};

struct stat_run {
	struct stat_options opt;
	uint64_t interval_ns, count, printed;
	uint64_t next_ns, last_ns;
	int error;		/* of a reading, which ends the run */
	struct cl_out *out;
	struct cl_source *source;
	struct cl_stat *stat;
	char **command;
};

static bool all_printed(const struct stat_run *s)
{
	return s->count && s->printed == s->count;
}

static int print_now(struct stat_run *s)
{
	uint64_t now_ns = cl_now_ns();
	int err = cl_stat_read(s->stat, s->source);

	if (err)
		return err;
	cl_stat_print(s->stat, s->out, now_ns, now_ns - s->last_ns, s->opt.histogram);
	s->last_ns = now_ns;
	s->printed++;
	return 0;
}

static void settle(void *ctx)
{
	struct stat_run *s = ctx;

	if (!s->interval_ns || all_printed(s) || cl_now_ns() < s->next_ns)
		return;
	s->error = print_now(s);
	s->next_ns += s->interval_ns;
}

static bool unwanted(void *ctx)
{
	const struct stat_run *s = ctx;

	return s->error || all_printed(s) || cl_stdout_gone(s->out);
}

/* Stages without figures are said to be so, not left out in silence. */
static void tell_missing(const struct cl_hooks_report *hooks)
{
	for (unsigned int i = 0; i < hooks->nr; i++)
		if (hooks->hook[i].how == CL_HOW_MISSING)
			cl_warn("cannot be watched on this kernel, so its figures are missing: %s",
				hooks->hook[i].name);
}

static void tell_command(const struct cl_command_status *status)
{
	if (status->signal)
		cl_warn("the command was ended by signal %d", status->signal);
	else if (status->ran && status->exit_status)
		cl_warn("the command ended with status %d", status->exit_status);
}

static int record(void *ctx, const void *record, size_t len)
{
	cl_stat_record(((struct stat_run *)ctx)->stat, record, len);
	return 0;
}

static int run(struct stat_run *s, struct cl_origin *from, enum cl_stat_by by)
{
	struct cl_session session = {
		.record = record,
		.record_ctx = s,
		.settle = settle,
		.unwanted = unwanted,
		.ctx = s,
		.duration_ns = s->opt.duration_ns,
		.command = s->command,
		.command_to_stderr = s->opt.json,
	};
	int err;

	s->out = cl_out_new(stdout, s->opt.json ? "json" : "text");
	s->stat = cl_stat_new(by);
	if (!s->out || !s->stat) {
		cl_err("out of memory");
		return -ENOMEM;
	}
	from->live.stat_by = by;
	from->live.ring_bytes = 1 << 18;	/* for names and failures alone */
	err = cl_filter_origin(&s->opt.filter, from);
	if (!err)
		err = cl_session_open(from, &s->source);
	if (err)
		return err;
	session.source = s->source;
	s->last_ns = cl_now_ns();
	s->next_ns = s->last_ns + s->interval_ns;
	tell_missing(s->source->ops->hooks(s->source));
	err = cl_session_run(&session) ?: s->error;
	tell_command(&session.status);
	if (!err && !all_printed(s))
		err = print_now(s);
	if (!err && cl_out_error(s->out) && cl_out_error(s->out) != -EPIPE) {
		err = cl_out_error(s->out);
		cl_err("writing the output failed: %s", strerror(-err));
	}
	return err;
}

static int usage(const char *what)
{
	cl_err("stat: %s", what);
	return CL_EXIT_USAGE;
}

/* INTERVAL, COUNT, and behind "--" a command. False: they are something else. */
static bool parse_operands(struct stat_run *s, int argc, char **argv, int first)
{
	bool command = !strcmp(argv[first - 1], "--");

	if (!command && first < argc && strcmp(argv[first], "--")) {
		if (cl_parse_duration(argv[first++], &s->interval_ns) || !s->interval_ns)
			return false;
		if (first < argc && strcmp(argv[first], "--") &&
		    (cl_parse_u64(argv[first++], &s->count) || !s->count))
			return false;
	}
	if (!command && first < argc) {
		if (strcmp(argv[first++], "--") || first == argc)
			return false;
		command = true;
	}
	if (command && first < argc)
		s->command = argv + first;
	return true;
}

int cmd_stat(int argc, char **argv)
{
	struct stat_run s = { .opt = { .by = "all" } };
	struct cl_origin from = {};
	enum cl_stat_by by;
	int err, first;

	err = cl_opt_parse(&stat_spec, argc, argv, &s.opt, &first);
	if (err)
		return err == CL_OPT_HELP ? CL_EXIT_OK : CL_EXIT_USAGE;
	by = cl_stat_by(s.opt.by);
	if (by == CL_STAT_OFF)
		return usage("--by takes all, device, inode, comm or cgroup");
	if (!parse_operands(&s, argc, argv, first))
		return usage("takes INTERVAL and COUNT, and a command behind --");
	err = run(&s, &from, by);
	cl_stat_free(s.stat);
	if (s.source)
		s.source->ops->close(s.source);
	cl_out_free(s.out);
	return err ? CL_EXIT_CANNOT_RUN : CL_EXIT_OK;
}

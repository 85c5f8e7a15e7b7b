// SPDX-License-Identifier: GPL-2.0
/* convlist report: what a recording comes to. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "filter_opts.h"
#include "judging.h"
#include "log.h"
#include "output/output.h"
#include "report/report.h"
#include "source/recording.h"
#include "summary.h"

#define TOP_MAX 10000

struct report_options {
	struct cl_filter_options filter;
	const char *events;
	uint64_t top;
	bool json;
};

#define FIELD(f) offsetof(struct report_options, f)

static const struct cl_opt report_opts[] = {
	{ "top", 'n', CL_OPT_U64, FIELD(top), "N",
	  "how many inodes, slow writes, slow fsyncs and violations to list (10)" },
	CL_OPT_FILTER_ROWS(struct report_options, filter),
	{ "events", 'e', CL_OPT_PATH, FIELD(events), "FILE", "of the facts in this text file" },
	CL_OPT_JSON_ROW(struct report_options, json),
	{}
};

static const struct cl_opt_spec report_spec = {
	.command = "report",
	.operands = "RECORDING",
	.about = "Sums up a recording: each broken rule with what it rests on, how long each stage\n"
		 "of a write's life took, the inodes with the most written, the slowest writes and\n"
		 "fsyncs, and the summary that check prints. Needs no root.\n\n"
		 "Exit status: 0 the report is printed (whatever the verdict), 2 wrong usage,\n"
		 "3 could not run, 4 the recording is cut off or damaged: it is of what comes before.",
	.examples = "  convlist report run.rec\n"
		    "  convlist report -n 100 -f /mnt/data/table run.rec\n"
		    "  convlist report --json run.rec | jq 'select(.type == \"slow_fsync\")'",
	.opts = report_opts,
};

struct report {
	struct report_options opt;
	struct cl_origin from;
	struct cl_out *out;
	struct cl_source *source;
	struct cl_judging judging;
	struct cl_report *report;
};

static void settle(void *ctx)
{
	cl_judging_settle(&((struct report *)ctx)->judging);
}

static bool unwanted(void *ctx)
{
	return cl_stdout_gone(((struct report *)ctx)->out);
}

static int open_all(struct report *r)
{
	int err;

	r->from.events = r->opt.events;
	err = cl_filter_origin(&r->opt.filter, &r->from);
	if (!err)
		err = cl_session_open(&r->from, &r->source);
	if (err)
		return err;
	r->out = cl_out_new(stdout, r->opt.json ? "json" : "text");
	r->report = cl_report_new(r->opt.top);
	if (!r->out || !r->report) {
		cl_err("out of memory");
		return -ENOMEM;
	}
	err = cl_judging_begin(&r->judging, r->source, r->out, r->opt.top);
	return err ? err : cl_model_add_sink(r->judging.model, cl_report_sink(r->report));
}

static void close_all(struct report *r)
{
	cl_judging_end(&r->judging);
	cl_report_free(r->report);
	if (r->source)
		r->source->ops->close(r->source);
	cl_out_free(r->out);
}

static void print(struct report *r)
{
	const struct cl_about_end *end = cl_source_about_end(r->source);
	const struct cl_summary summary = {
		.kernel = r->source->ops->hooks(r->source)->kernel,
		.model = r->judging.model,
		.rules = r->judging.rules,
		.command = end ? &end->status : NULL,
		.run_ns = end ? end->run_ns : 0,
	};

	cl_judging_finish(&r->judging);
	cl_report_print(r->report, r->out);
	cl_summary_print(&summary, r->out);
}

static int run(struct report *r)
{
	struct cl_session session = {
		.record = cl_model_record,
		.settle = settle,
		.unwanted = unwanted,
		.ctx = r,
	};
	const struct cl_about *about;
	int err;

	if (open_all(r))
		return CL_EXIT_CANNOT_RUN;
	session.source = r->source;
	session.record_ctx = r->judging.model;
	about = cl_source_about(r->source);
	if (about)
		cl_about_print(about, r->from.recording, false, r->out);
	cl_rules_print_decidable(r->out, r->source->ops->hooks(r->source));
	if (cl_session_run(&session))
		return CL_EXIT_CANNOT_RUN;
	print(r);
	err = cl_out_error(r->out);
	if (err && err != -EPIPE) {
		cl_err("writing the output failed: %s", strerror(-err));
		return CL_EXIT_CANNOT_RUN;
	}
	return r->source->ops->cut && r->source->ops->cut(r->source) && !err ?
		       CL_EXIT_INCONCLUSIVE : CL_EXIT_OK;
}

static int usage(const char *what)
{
	cl_err("report: %s", what);
	return CL_EXIT_USAGE;
}

int cmd_report(int argc, char **argv)
{
	struct report r = { .opt = { .top = 10 } };
	int first, err, status;

	err = cl_opt_parse(&report_spec, argc, argv, &r.opt, &first);
	if (err)
		return err == CL_OPT_HELP ? CL_EXIT_OK : CL_EXIT_USAGE;
	if (r.opt.top > TOP_MAX)
		return usage("--top is at most 10000");
	if (argc - first != !r.opt.events)
		return usage("takes one recording, or --events");
	r.from.recording = r.opt.events ? NULL : argv[first];
	status = run(&r);
	close_all(&r);
	return status;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Any file as a recording: read, followed, judged, reported. Checksums are not
 * looked at (FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION): a forger's are right.
 */
#include <errno.h>
#include <string.h>

#include "judging.h"
#include "model/event_table.h"
#include "output/output.h"
#include "report/report.h"
#include "source/recording.h"

static FILE *null;

/* Prints what trace prints of each record that is one. */
static int print(void *ctx, const void *record, size_t len)
{
	struct cl_out *o = ctx;

	if (cl_event_check(record, len))
		return 0;
	cl_out_row_begin(o, "event");
	cl_event_print(o, record);
	cl_out_end(o);
	return 0;
}

struct run {
	struct cl_out *out;
	struct cl_judging judging;
};

static int on_record(void *ctx, const void *record, size_t len)
{
	struct run *r = ctx;

	print(r->out, record, len);
	return cl_model_record(r->judging.model, record, len);
}

static void go_through(struct cl_source *src, struct run *r)
{
	int n;

	do {
		n = src->ops->poll(src, 0, on_record, r);
		if (src->ops->settled(src))
			cl_judging_settle(&r->judging);
	} while (n >= 0);
	if (n != -ENODATA && n != -ENOMEM)
		abort();
	/* What is not whole is never well. */
	if (src->ops->cut(src) &&
	    cl_rules_verdict(r->judging.rules, r->judging.model) < CL_VERDICT_INCONCLUSIVE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cl_config all = {};
	struct cl_report *report = cl_report_new(3);
	struct cl_source *src;
	struct run r;
	FILE *f;

	if (!size)
		goto out;
	null = null ? null : fopen("/dev/null", "w");
	f = fmemopen((void *)data, size, "r");
	if (!f || cl_source_recording_fopen(f, "fuzzed", &all, &src))
		goto out;
	r.out = cl_out_new(null, data[size - 1] & 1 ? "json" : "text");
	if (!cl_judging_begin(&r.judging, src, r.out, 5)) {
		cl_model_add_sink(r.judging.model, cl_report_sink(report));
		cl_about_print(cl_source_about(src), "fuzzed", true, r.out);
		go_through(src, &r);
		cl_model_end(r.judging.model);
		cl_report_print(report, r.out);
		cl_rules_print_decidable(r.out, src->ops->hooks(src));
		cl_judging_end(&r.judging);
	}
	cl_out_free(r.out);
	src->ops->close(src);
out:
	cl_report_free(report);
	return 0;
}

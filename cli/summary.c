// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "model/event_table.h"
#include "output/output.h"
#include "summary.h"

static void print_hist(struct cl_out *o, const char *key, const struct cl_hist *h)
{
	cl_out_object(o, key);
	cl_out_u64(o, "count", h->nr);
	cl_out_ns(o, "p50_ns", cl_hist_quantile(h, 0.50));
	cl_out_ns(o, "p99_ns", cl_hist_quantile(h, 0.99));
	cl_out_ns(o, "max_ns", h->max);
	cl_out_close(o);
}

static void print_lost(struct cl_out *o, const struct cl_counts *c)
{
	size_t i;

	cl_out_object(o, "lost_where");
	for (i = 0; i < CL_LOST_WHERES; i++)
		cl_out_u64(o, cl_lost_name(i), c->lost[i]);
	cl_out_close(o);
}

void cl_summary_print(const struct cl_summary *s, struct cl_out *o)
{
	const struct cl_counts *c = cl_model_counts(s->model);

	cl_out_block_begin(o, "summary");
	cl_out_str(o, "kernel", s->kernel);
	cl_out_str(o, "verdict", cl_verdict_name(cl_rules_verdict(s->rules, s->model)));
	cl_out_u64(o, "violations", cl_rules_violations(s->rules));
	cl_out_u64(o, "warnings", cl_rules_warnings(s->rules));
	cl_out_u64(o, "writes", c->writes);
	cl_out_u64(o, "completed", c->completed);
	cl_out_u64(o, "listed", c->listed);
	cl_out_u64(o, "converted", c->converted);
	cl_out_u64(o, "unconverted", cl_model_unconverted(s->model));
	cl_out_u64(o, "writebacks", c->writebacks);
	cl_out_u64(o, "conversions", c->kind[CL_EV_CONVERT]);
	cl_out_u64(o, "conversion_errors", c->conversion_errors);
	cl_out_u64(o, "fsyncs", c->fsyncs);
	cl_out_u64(o, "fsync_errors", c->fsync_errors);
	cl_out_u64(o, "commits", c->kind[CL_EV_COMMIT]);
	cl_out_u64(o, "pending_max", c->pending_inode_max);
	cl_out_u64(o, "pending_total_max", c->pending_max);
	cl_out_u64(o, "lost", cl_model_lost(s->model));
	print_lost(o, c);
	cl_out_u64(o, "malformed", c->malformed);
	cl_out_u64(o, "duplicates", c->duplicates);
	cl_out_u64(o, "unmatched", c->unmatched);
	cl_command_status_print(s->command, o);
	cl_out_ns(o, "run_ns", s->run_ns);
	print_hist(o, "done_to_visible", &c->visible);
	print_hist(o, "done_to_converted", &c->convert);
	print_hist(o, "fsync", &c->fsync);
	cl_rules_print(s->rules, s->model, o);
	cl_out_end(o);
}

static int print_to(const struct cl_summary *s, const char *path)
{
	FILE *f __cleanup_file = fopen(path, "we");
	struct cl_out *o;
	int err;

	if (!f)
		return -errno;
	o = cl_out_new(f, "json");
	if (!o)
		return -ENOMEM;
	cl_summary_print(s, o);
	err = cl_out_error(o);
	cl_out_free(o);
	return err;
}

int cl_summary_write(const struct cl_summary *s, const char *path)
{
	char *tmp __cleanup_free = NULL;
	struct stat st;
	int err;

	/* A pipe or /dev/stdout stays what it is. */
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		err = print_to(s, path);
	} else {
		if (asprintf(&tmp, "%s.%d.tmp", path, (int)getpid()) < 0) {
			tmp = NULL;
			return -ENOMEM;
		}
		err = print_to(s, tmp);
		if (!err && rename(tmp, path))
			err = -errno;
		if (err)
			unlink(tmp);
	}
	if (err)
		cl_err("%s: %s", path, strerror(-err));
	return err;
}

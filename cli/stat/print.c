// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "output/output.h"
#include "stat/internal.h"

static const struct {
	const char *name, *meaning;
} stages[CL_STAT_STAGES] = {
	[CL_STAT_STAGE_IO] = { "io", "mapped to data done" },
	[CL_STAT_STAGE_CONVERT_WAIT] = { "convert_wait", "data done to its conversion's begin" },
	[CL_STAT_STAGE_CONVERT] = { "convert", "conversion" },
	[CL_STAT_STAGE_AFTER_CONVERT] = { "after_convert", "converted to visible" },
	[CL_STAT_STAGE_VISIBLE] = { "visible", "data done to visible" },
	[CL_STAT_STAGE_DURABLE] = { "durable", "visible to the return of the fsync that covers it" },
	[CL_STAT_STAGE_FSYNC] = { "fsync", "fsync" },
	[CL_STAT_STAGE_FSYNC_PENDING] = { "fsync_pending", "in fsync: pending conversions" },
	[CL_STAT_STAGE_FSYNC_DATA] = { "fsync_data", "in fsync: pages" },
	[CL_STAT_STAGE_FSYNC_COMMIT] = { "fsync_commit", "in fsync: the journal's commit" },
	[CL_STAT_STAGE_FSYNC_FLUSH] = { "fsync_flush", "in fsync: the device's flush" },
};

static const char *const counters[CL_COUNTERS] = {
	[CL_COUNT_WRITES] = "writes",
	[CL_COUNT_BYTES] = "bytes",
	[CL_COUNT_COMPLETED] = "completed",
	[CL_COUNT_LISTED] = "listed",
	[CL_COUNT_CONVERTED] = "converted",
	[CL_COUNT_CONVERT_ERRORS] = "convert_errors",
	[CL_COUNT_FSYNCS] = "fsyncs",
	[CL_COUNT_FSYNC_ERRORS] = "fsync_errors",
	[CL_COUNT_UNFOLLOWED] = "unfollowed",
};

#define WHO_COLUMNS { "dev", "DEVICE", -7 }, { "ino", "INO", 9 }, { "comm", "COMM", -15 }, \
		    { "cgroup", "CGROUP", 8 }
#define NR_WHO 4
#define COLUMNS_MAX 14

static const struct cl_out_column stage_columns[] = {
	WHO_COLUMNS, { "stage", "STAGE", -14 }, { "meaning", "", 0 }, { "count", "COUNT", 9 },
	{ "mean_ns", "MEAN", 8 }, { "p50_ns", "P50", 8 }, { "p99_ns", "P99", 8 },
	{ "max_ns", "MAX", 8 }, {}
};

static const struct cl_out_column bucket_columns[] = {
	WHO_COLUMNS, { "stage", "STAGE", -14 }, { "from_ns", "FROM", 8 }, { "to_ns", "BELOW", 8 },
	{ "count", "COUNT", 9 }, { "bar", "", -1 }, {}
};

static bool shows(enum cl_stat_by by, const char *key)
{
	switch (by) {
	case CL_STAT_DEVICE:
		return !strcmp(key, "dev");
	case CL_STAT_INODE:
		return !strcmp(key, "dev") || !strcmp(key, "ino");
	case CL_STAT_COMM:
		return !strcmp(key, "comm");
	case CL_STAT_CGROUP:
		return !strcmp(key, "cgroup");
	default:
		return false;
	}
}

/* Of the columns that say whose figures these are, those that there are. */
static void set_columns(struct cl_out *out, enum cl_stat_by by, const struct cl_out_column *from,
			struct cl_out_column *cols)
{
	size_t n = 0;

	for (size_t i = 0; from[i].key; i++)
		if (i >= NR_WHO || shows(by, from[i].key))
			cols[n++] = from[i];
	cols[n] = (struct cl_out_column){};
	cl_out_columns(out, cols);
}

static void print_who(const struct cl_stat *s, struct cl_out *out, const struct cl_stat_who *who)
{
	if (shows(s->by, "dev"))
		cl_out_dev(out, "dev", who->dev);
	if (shows(s->by, "ino"))
		cl_out_u64(out, "ino", who->id);
	if (shows(s->by, "comm"))
		cl_out_strn(out, "comm", who->comm, CL_COMM_LEN);
	if (shows(s->by, "cgroup"))
		cl_out_u64(out, "cgroup", who->id);
}

static void print_name(const struct cl_stat *s, struct cl_out *out, const struct cl_stat_who *who)
{
	char path[4096];

	if (s->by == CL_STAT_INODE)
		cl_out_str(out, "path", cl_stat_path(s, who));
	if (s->by == CL_STAT_CGROUP)
		cl_out_str(out, "path", cl_stat_cgroup_path(who->id, path, sizeof(path)) ? path : NULL);
}

/* What came since the last reading; false: nothing. */
static bool since_last(const struct cl_stat *s, const struct cl_stat_row *row,
		       struct cl_stat_hist *hist)
{
	*hist = row->hist;
	for (size_t low = 0, high = s->last.nr_rows; low < high;) {
		const struct cl_stat_row *then = &s->last.row[(low + high) / 2];
		int c = memcmp(&then->key, &row->key, sizeof(row->key.who));

		c = c ? c : (int)then->key.stage - (int)row->key.stage;
		if (!c) {
			cl_stat_hist_sub(hist, &then->hist);
			break;
		}
		if (c < 0)
			low = (low + high) / 2 + 1;
		else
			high = (low + high) / 2;
	}
	return hist->count;
}

static void print_stage(const struct cl_stat *s, struct cl_out *out, const struct cl_stat_row *row)
{
	struct cl_stat_hist h;

	if (row->key.stage >= CL_STAT_STAGES || !since_last(s, row, &h))
		return;
	cl_out_row_begin(out, "stat_stage");
	print_who(s, out, &row->key.who);
	cl_out_str(out, "stage", stages[row->key.stage].name);
	cl_out_str(out, "meaning", stages[row->key.stage].meaning);
	cl_out_u64(out, "count", h.count);
	cl_out_ns(out, "mean_ns", h.sum_ns / h.count);
	cl_out_ns(out, "p50_ns", cl_stat_quantile(&h, 0.50));
	cl_out_ns(out, "p99_ns", cl_stat_quantile(&h, 0.99));
	cl_out_ns(out, "max_ns", h.max_ns);
	print_name(s, out, &row->key.who);
	cl_out_end(out);
}

static void print_buckets(const struct cl_stat *s, struct cl_out *out,
			  const struct cl_stat_row *row)
{
	static const char bar[] = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";
	uint64_t most = 0;
	struct cl_stat_hist h;

	if (row->key.stage >= CL_STAT_STAGES || !since_last(s, row, &h))
		return;
	for (int b = 0; b < CL_STAT_BUCKETS; b++)
		most = h.bucket[b] > most ? h.bucket[b] : most;
	for (int b = 0; b < CL_STAT_BUCKETS; b++) {
		if (!h.bucket[b])
			continue;
		cl_out_row_begin(out, "stat_bucket");
		print_who(s, out, &row->key.who);
		cl_out_str(out, "stage", stages[row->key.stage].name);
		cl_out_ns(out, "from_ns", b ? 1ULL << b : 0);
		cl_out_ns(out, "to_ns", 2ULL << b);
		cl_out_u64(out, "count", h.bucket[b]);
		cl_out_strn(out, "bar", bar, h.bucket[b] * (sizeof(bar) - 1) / most);
		cl_out_end(out);
	}
}

static void print_counts(const struct cl_stat *s, struct cl_out *out, const struct cl_stat_total *t)
{
	struct cl_stat_counts c = t->counts;
	uint64_t any = 0;

	for (size_t i = 0; i < s->last.nr_totals; i++)
		if (!memcmp(&s->last.total[i].who, &t->who, sizeof(t->who)))
			for (int n = 0; n < CL_COUNTERS; n++)
				c.of[n] -= s->last.total[i].counts.of[n];
	for (int n = 0; n < CL_COUNTERS; n++)
		any |= c.of[n];
	if (!any)
		return;
	cl_out_row_begin(out, "stat_counts");
	print_who(s, out, &t->who);
	for (int n = 0; n < CL_COUNTERS; n++)
		cl_out_u64(out, counters[n], c.of[n]);
	print_name(s, out, &t->who);
	cl_out_end(out);
}

void cl_stat_print(struct cl_stat *s, struct cl_out *out, uint64_t now_ns, uint64_t interval_ns,
		   bool histogram)
{
	static const struct cl_out_column none[] = { {} };
	struct cl_out_column cols[COLUMNS_MAX];

	cl_out_columns(out, none);
	cl_out_row_begin(out, "stat");
	cl_out_time(out, "time_ns", now_ns);
	cl_out_ns(out, "interval_ns", interval_ns);
	cl_out_u64(out, "lost", s->lost + s->full);
	cl_out_end(out);
	for (size_t i = 0; i < s->now.nr_totals; i++)
		print_counts(s, out, &s->now.total[i]);
	set_columns(out, s->by, stage_columns, cols);
	for (size_t i = 0; i < s->now.nr_rows; i++)
		print_stage(s, out, &s->now.row[i]);
	if (histogram)
		set_columns(out, s->by, bucket_columns, cols);
	for (size_t i = 0; i < s->now.nr_rows && histogram; i++)
		print_buckets(s, out, &s->now.row[i]);
	cl_out_columns(out, none);
}

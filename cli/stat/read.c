// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "model/event_table.h"
#include "model/hist.h"
#include "stat/internal.h"

static const char *const bys[CL_STAT_BYS] = {
	[CL_STAT_ALL] = "all",	 [CL_STAT_DEVICE] = "device", [CL_STAT_INODE] = "inode",
	[CL_STAT_COMM] = "comm", [CL_STAT_CGROUP] = "cgroup",
};

enum cl_stat_by cl_stat_by(const char *word)
{
	for (int by = CL_STAT_ALL; by < CL_STAT_BYS; by++)
		if (!strcmp(word, bys[by]))
			return by;
	return CL_STAT_OFF;
}

struct cl_stat *cl_stat_new(enum cl_stat_by by)
{
	struct cl_stat *s = calloc(1, sizeof(*s));

	if (s)
		s->by = by;
	return s;
}

static void free_reading(struct cl_stat_reading *r)
{
	free(r->row);
	free(r->total);
	memset(r, 0, sizeof(*r));
}

void cl_stat_free(struct cl_stat *s)
{
	if (!s)
		return;
	free_reading(&s->now);
	free_reading(&s->last);
	for (size_t i = 0; i < s->nr_names; i++)
		free(s->name[i].path);
	free(s->name);
	free(s);
}

/* ---- what comes by the ring ---- */

static void add_name(struct cl_stat *s, const struct cl_ev_path *p)
{
	struct cl_stat_name *more;

	more = reallocarray(s->name, s->nr_names + 1, sizeof(*more));
	if (!more)
		return;
	s->name = more;
	more[s->nr_names] = (struct cl_stat_name){
		.ino = p->e.ino,
		.dev = p->e.dev,
		.generation = p->e.generation,
		.path = strdup(p->path),
	};
	if (more[s->nr_names].path)
		s->nr_names++;
}

const char *cl_stat_path(const struct cl_stat *s, const struct cl_stat_who *who)
{
	/* The last that was told: a file may have been renamed. */
	for (size_t i = s->nr_names; i-- > 0;)
		if (s->name[i].ino == who->id && s->name[i].dev == who->dev &&
		    s->name[i].generation == who->generation)
			return s->name[i].path;
	return NULL;
}

void cl_stat_record(struct cl_stat *s, const void *record, size_t len)
{
	const struct cl_event *e = record;

	if (cl_event_check(record, len))
		return;
	if (e->kind == CL_EV_PATH) {
		add_name(s, record);
	} else if (e->kind == CL_EV_LOST) {
		const struct cl_ev_lost *lost = record;

		s->lost += lost->count;
		cl_warn("%llu facts were lost (%s): the figures are too low", lost->count,
			cl_lost_name(lost->where));
	}
}

/* ---- readings ---- */

static int compare_rows(const void *a, const void *b)
{
	const struct cl_stat_row *x = a, *y = b;
	int c = memcmp(&x->key.who, &y->key.who, sizeof(x->key.who));

	return c ? c : (int)x->key.stage - (int)y->key.stage;
}

static int compare_totals(const void *a, const void *b)
{
	const struct cl_stat_total *x = a, *y = b;

	return memcmp(&x->who, &y->who, sizeof(x->who));
}

/* Room for one more; NULL after it was noted that there is none. */
static void *grow(struct cl_stat *s, void **array, size_t *nr, size_t size)
{
	void *more = reallocarray(*array, *nr + 1, size);

	if (!more) {
		s->error = -ENOMEM;
		return NULL;
	}
	*array = more;
	return (char *)more + size * (*nr)++;
}

static void on_figures(void *ctx, const struct cl_stat_who *who, const struct cl_stat_figures *f)
{
	struct cl_stat *s = ctx;
	struct cl_stat_total *total;
	struct cl_stat_row *row;

	total = grow(s, (void **)&s->now.total, &s->now.nr_totals, sizeof(*total));
	if (total)
		*total = (struct cl_stat_total){ *who, f->counts };
	for (uint32_t stage = 0; stage < CL_STAT_STAGES; stage++) {
		if (!f->hist[stage].count)
			continue;
		row = grow(s, (void **)&s->now.row, &s->now.nr_rows, sizeof(*row));
		if (row)
			*row = (struct cl_stat_row){ { *who, stage }, f->hist[stage] };
	}
}

int cl_stat_read(struct cl_stat *s, struct cl_source *src)
{
	struct cl_stat_reader reader = { on_figures, s };
	long long full;

	free_reading(&s->last);
	s->last = s->now;
	memset(&s->now, 0, sizeof(s->now));
	s->error = 0;
	full = cl_source_live_stat(src, &reader);
	if (full < 0 || s->error)
		return full < 0 ? full : s->error;
	if ((uint64_t)full > s->full)
		cl_warn("%llu values found no room in the kernel's tables: narrow it down with a "
			"filter, or with --by", (unsigned long long)(full - s->full));
	s->full = full;
	if (s->now.nr_rows)
		qsort(s->now.row, s->now.nr_rows, sizeof(*s->now.row), compare_rows);
	if (s->now.nr_totals)
		qsort(s->now.total, s->now.nr_totals, sizeof(*s->now.total), compare_totals);
	return 0;
}

/* ---- figures ---- */

void cl_stat_hist_sub(struct cl_stat_hist *h, const struct cl_stat_hist *earlier)
{
	h->count -= earlier->count;
	h->sum_ns -= earlier->sum_ns;
	for (int b = 0; b < CL_STAT_BUCKETS; b++)
		h->bucket[b] -= earlier->bucket[b];
	/* The largest may be of before: then that of the last bucket in use stands in. */
	if (h->max_ns == earlier->max_ns) {
		uint64_t most = h->max_ns;

		h->max_ns = UINT64_MAX;
		h->max_ns = cl_stat_quantile(h, 1);
		if (h->max_ns > most)
			h->max_ns = most;
	}
}

/* A bucket's values may all be its largest: the true quantile is at least half of that. */
uint64_t cl_stat_quantile(const struct cl_stat_hist *h, double share)
{
	struct cl_hist fine = {};

	for (int b = 0; b < CL_STAT_BUCKETS - 1; b++)
		cl_hist_add_many(&fine, (2ULL << b) - 1, h->bucket[b]);
	cl_hist_add_many(&fine, h->max_ns, h->bucket[CL_STAT_BUCKETS - 1]);
	if (h->max_ns < fine.max)
		fine.max = h->max_ns;
	return fine.nr ? cl_hist_quantile(&fine, share) : 0;
}

bool cl_stat_cgroup_path(uint64_t id, char *path, size_t size)
{
	char root[] = "/sys/fs/cgroup", *roots[] = { root, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	bool found = false;
	FTSENT *e;

	/* A cgroup's number is that of its folder's inode. */
	while (fts && !found && (e = fts_read(fts)))
		if (e->fts_info == FTS_D && e->fts_statp->st_ino == id) {
			snprintf(path, size, "%s", e->fts_path[sizeof(root) - 1] ?
						   e->fts_path + sizeof(root) - 1 : "/");
			found = true;
		}
	if (fts)
		fts_close(fts);
	return found;
}

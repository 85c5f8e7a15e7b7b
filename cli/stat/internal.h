/* SPDX-License-Identifier: GPL-2.0 */
/* What reading and printing statistics share. */
#ifndef CONVLIST_CLI_STAT_INTERNAL_H
#define CONVLIST_CLI_STAT_INTERNAL_H

#include "stat/stat.h"
#include "util.h"

struct cl_stat_row {
	struct cl_stat_key {
		struct cl_stat_who who;
		uint32_t stage;
	} key;
	struct cl_stat_hist hist;
};

struct cl_stat_total {
	struct cl_stat_who who;
	struct cl_stat_counts counts;
};

/* One reading, in the order of its keys. */
struct cl_stat_reading {
	struct cl_stat_row *row;
	struct cl_stat_total *total;
	size_t nr_rows, nr_totals;
};

struct cl_stat_name {
	uint64_t ino;
	uint32_t dev, generation;
	char *path;
};

struct cl_stat {
	enum cl_stat_by by;
	struct cl_stat_reading now, last;
	struct cl_stat_name *name;
	size_t nr_names;
	uint64_t lost, full;
	int error;		/* of the reading that is under way */
};

/* NULL: not known. */
const char *cl_stat_path(const struct cl_stat *s, const struct cl_stat_who *who);
/* A cgroup's folder below the mount of cgroup2; false: it is gone, or not mounted. */
bool cl_stat_cgroup_path(uint64_t id, char *path, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What the model's own files share. */
#ifndef CONVLIST_MODEL_INTERNAL_H
#define CONVLIST_MODEL_INTERNAL_H

#include <string.h>

#include "model/event_table.h"
#include "model/model.h"

/* Bounds, so that a stream of nonsense cannot eat the machine. */
#define CL_WRITES_MAX (1 << 20)		/* alive */
#define CL_FSYNCS_MAX (1 << 16)		/* running */
#define CL_LOOKS_MAX (1 << 22)		/* of running fsyncs at writes */
#define CL_IDLE_MAX 4096		/* inodes kept for their path */
#define CL_DEVS_MAX 1024
#define CL_UNSEEN_MAX 16384		/* durable, completion not seen */
#define CL_FAILED_MAX 1024		/* per inode */
#define CL_SEEN_MAX 16384		/* ids remembered */
#define CL_EARLY_MAX 256		/* completions ahead of their write */
#define CL_HISTORY_MAX 16384		/* conversions remembered */
#define CL_TAKEN_MAX 4096		/* writes remembered with what converted them */
#define CL_LATE_MAX 16384		/* converted, but not on their own account */
#define CL_ZEROOUTS_MAX 1024		/* zeroouts remembered */
#define CL_FSYNCS_SEEN_MAX 4096		/* fsyncs remembered */
#define CL_READ_LOOKS_MAX 256		/* of a read at writes that are converted */
#define CL_NAMES_MAX 32768		/* not synced yet */

/*
 * Ids whose write or fsync is over, the last CL_SEEN_MAX of them: a record that
 * comes twice must not begin a second life.
 */
struct cl_seen_id {
	struct cl_hash_node by_id;
	uint64_t ts_ns;
};

struct cl_seen {
	struct cl_hash ids;
	struct cl_seen_id *ring;
	size_t nr, next;
};

/* A write that was converted, and by what; its pointers are not to be followed. */
struct cl_taken {
	struct cl_write w;
	struct cl_conversion by;
	bool sure;
};

struct cl_past_fsync {
	uint64_t ino;
	uint32_t dev, generation;
	int64_t start, last;
	struct cl_fsync_seen seen;
};

struct cl_early {
	uint64_t write_id, ts_ns, seq, visible_id;
	int64_t result;
	uint32_t via;
};

struct cl_model {
	struct cl_counts counts;
	unsigned int doubts;
	uint32_t inferred;
	uint64_t seq;			/* of the record at hand, from 1 */
	uint64_t since_ns;		/* see cl_model_since() */
	uint64_t patience_ns;
	uint64_t last_ns;		/* the latest time stamp */
	uint64_t nr_unconverted;
	uint64_t nr_looks;		/* at most CL_LOOKS_MAX */

	struct cl_hash writes, inodes, fsyncs;
	struct cl_seen seen_writes, seen_fsyncs;
	struct cl_list idle, unseen;
	size_t nr_idle, nr_unseen;
	struct cl_dev *dev[CL_DEVS_MAX];
	size_t nr_devs;
	struct cl_early early[CL_EARLY_MAX];
	size_t next_early;
	struct cl_conversion *history;	/* ring of those without error */
	uint64_t nr_history;		/* ever */
	struct cl_taken *taken;		/* ring */
	uint64_t nr_taken;		/* ever */
	size_t nr_late;
	struct cl_zeroout *zeroouts;	/* ring */
	uint64_t nr_zeroouts;		/* ever */
	struct cl_past_fsync *past;	/* ring */
	uint64_t nr_past;		/* ever */
	struct cl_list uses;		/* struct cl_use */
	struct cl_hash names, names_by_file, dirs;
	struct cl_list new_names, synced_names;	/* whose file its program has synced, or not */

	const struct cl_sink *sink[CL_SINKS];
	size_t nr_sinks;
};

/* inode.c */
struct cl_inode *cl_inode_find(const struct cl_model *m, const struct cl_event *e);
/* The record's inode, made when it is new. *inode: NULL when out of bounds. */
int cl_inode_get(struct cl_model *m, const struct cl_event *e, struct cl_inode **inode);
void cl_inode_use(struct cl_model *m, struct cl_inode *inode);
void cl_inode_unuse(struct cl_model *m, struct cl_inode *inode);
void cl_inode_free_all(struct cl_model *m);
int cl_inode_path(struct cl_model *m, const struct cl_ev_path *p);
struct cl_dev *cl_dev_find(const struct cl_model *m, uint32_t dev);
/* Made when it is new. *d: NULL when out of bounds. */
int cl_dev_get(struct cl_model *m, uint32_t dev, struct cl_dev **d);
/* Index of the first pending write that may overlap a range from start on. */
size_t cl_pending_first(const struct cl_inode *inode, int64_t start);
int cl_pending_add(struct cl_inode *inode, struct cl_write *w);

/* seen.c */
int cl_seen_add(struct cl_seen *s, uint64_t id, uint64_t ts_ns);
/* Whether the id is over; *same: the record with it had this time stamp. */
bool cl_seen_find(const struct cl_seen *s, uint64_t id, uint64_t ts_ns, bool *same);
void cl_seen_free(struct cl_seen *s);

struct cl_write *cl_write_find(const struct cl_model *m, uint64_t id);
/* write.c: each handles one kind of record: 0 or -ENOMEM */
int cl_write_done(struct cl_model *m, const struct cl_ev_write *e);
int cl_writeback_done(struct cl_model *m, const struct cl_ev_writeback *e);
int cl_write_listed(struct cl_model *m, const struct cl_ev_listed *e);
int cl_write_completed(struct cl_model *m, const struct cl_ev_completion *e);
void cl_write_put(struct cl_model *m, struct cl_write *w);
/* Whether there are blocks in the range that are not converted. */
bool cl_write_gap_in(const struct cl_write *w, const struct cl_range *r);
/* Nothing more is expected of it: durable, given up, or told to the program. */
void cl_write_settle(struct cl_model *m, struct cl_write *w);
void cl_write_end_if_over(struct cl_model *m, struct cl_write *w);
void cl_write_end(struct cl_model *m, struct cl_write *w, bool finished);

/* convert.c */
int cl_convert(struct cl_model *m, const struct cl_ev_convert *e);
/* A write that is done now, against the conversions during its flight. */
void cl_convert_catch_up(struct cl_model *m, struct cl_write *w);
void cl_commit(struct cl_model *m, uint32_t dev, uint32_t tid, uint64_t ts_ns);
int cl_device_flush(struct cl_model *m, const struct cl_ev_device_flush *e);

/* once.c: whose account a conversion is on. Before it covers anything. */
int cl_once(struct cl_model *m, struct cl_inode *inode, const struct cl_conversion *c);
/* It is converted by c; if not on its own account, that is still to come. */
void cl_once_covered(struct cl_model *m, struct cl_write *w, const struct cl_conversion *c);
void cl_once_removed(struct cl_model *m, const struct cl_ev_remove *e);
/* It was listed, and its inode has so many entries. */
void cl_once_listed(struct cl_write *w, uint32_t pending);
void cl_once_forget(struct cl_model *m, struct cl_write *w);

/* zeroout.c */
int cl_zeroout(struct cl_model *m, const struct cl_ev_zeroout *e);
/* A write that is done now, against the zeroouts during its flight. */
int cl_zeroout_catch_up(struct cl_model *m, struct cl_write *w);

/* read.c */
void cl_read(struct cl_model *m, const struct cl_ev_read *e);

/* use.c: what programs make of fsync */
int cl_use_fsync_begin(struct cl_model *m, struct cl_fsync *f);
/* Before the sinks are told that it is over, and after that. */
void cl_use_fsync_end(struct cl_model *m, struct cl_fsync *f);
void cl_use_fsync_judged(struct cl_model *m, const struct cl_fsync *f);
int cl_use_write(struct cl_model *m, struct cl_write *w);
void cl_use_write_end(struct cl_model *m, const struct cl_write *w);
void cl_use_close(struct cl_model *m, const struct cl_event *e);
void cl_use_sync(struct cl_model *m, const struct cl_event *e);
void cl_use_delete(struct cl_model *m, const struct cl_event *e);
void cl_use_rewrite(struct cl_model *m, const struct cl_event *e);
/* Nothing more comes of the file: tells what is unsynced. */
void cl_use_free(struct cl_model *m, struct cl_inode *inode);
void cl_use_end(struct cl_model *m);

/* fsyncs sent through libaio are done by the kernel's workers. */
static inline bool cl_by_worker(const char *comm)
{
	return !strncmp(comm, "kworker/", 8);
}

struct cl_fsync_seen cl_fsync_seen_of(const struct cl_model *m, const struct cl_fsync *f);

/* name.c: names of files, and whether these are synced */
int cl_name(struct cl_model *m, const struct cl_ev_name *e);
void cl_name_fsync_end(struct cl_model *m, const struct cl_fsync *f);
void cl_name_sync(struct cl_model *m, const struct cl_event *e);
void cl_name_close(struct cl_model *m, const struct cl_event *e);
void cl_name_delete(struct cl_model *m, const struct cl_event *e);
bool cl_name_cares(const struct cl_model *m, const struct cl_ev_name *e);
/* Tells of those that were not synced, and drops all. */
void cl_name_end(struct cl_model *m);

/* fsync.c */
int cl_fsync_begin(struct cl_model *m, const struct cl_ev_fsync_begin *e);
int cl_fsync_end(struct cl_model *m, const struct cl_ev_fsync_end *e);
void cl_fsync_free_all(struct cl_model *m);

static inline void cl_hist_add_span(struct cl_hist *h, uint64_t from, uint64_t to)
{
	/* Stamps of two CPUs may be a little out of step. */
	cl_hist_add(h, to > from ? to - from : 0);
}

#endif

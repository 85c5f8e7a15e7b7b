/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Turns the stream of facts into the lives of writes. Knows nothing of rules
 * or output: it tells its sinks what happened and what it knows at that point.
 *
 * Memory is bounded by the writes in flight: a write is let go when the program
 * has seen it complete and it is durable (converted, and its transaction
 * committed) and no running fsync looks at it.
 */
#ifndef CONVLIST_MODEL_H
#define CONVLIST_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"
#include "model/hash.h"
#include "model/hist.h"
#include "util.h"

#define CL_GAPS 4

struct cl_range {
	int64_t start, end;	/* bytes, end not included */
};

/* Where in its life a write is, as far as the file system goes. */
enum cl_write_state {
	CL_WRITE_PENDING,	/* data done, not converted, or not all of it */
	CL_WRITE_CONVERTED,	/* its transaction not committed yet */
	CL_WRITE_FAILED,	/* its conversion failed, nobody was told yet */
	CL_WRITE_DURABLE,	/* or as durable as can be known, or given up */
};

/* Zeros that the file system wrote; its tid is of the task, not a transaction. */
struct cl_zeroout {
	uint64_t id, ino;
	uint32_t dev, generation, tid;
	struct cl_range range;
	struct cl_range converted;	/* of the write that it was done for; empty: not known */
	uint64_t begin_ns, end_ns;
	int error;
};

/* Of a range, without error unless it says so. */
struct cl_conversion {
	uint64_t ino;
	uint32_t dev, generation;
	struct cl_range range;
	uint64_t begin_ns, end_ns, seq;
	uint32_t tid, why, entries;
	int error;
	bool has_tid;
};

/* Whether the file system wrote zeros over a write that was under way; in rising order. */
enum cl_zeroed {
	CL_NOT_ZEROED,
	CL_ZEROED_MEANWHILE,	/* zeros and data were under way at once, or the zeros failed */
	CL_ZEROED_AFTER,	/* the data was on the device when the zeros began */
};

/* A read of a part of a file, and how its blocks were mapped. */
struct cl_read {
	uint64_t id, begin_ns, mapped_ns;	/* id is of its begin; see cl_write */
	struct cl_range range;
	uint32_t tgid, tid;
	char comm[CL_COMM_LEN];
	bool unwritten, direct;
};

/* An fsync, as far as other facts refer to it. */
struct cl_fsync_seen {
	uint64_t id;			/* 0: there is none */
	uint64_t begin_ns, begin_seq;
	uint64_t end_ns, end_seq;	/* 0: not over yet */
	uint32_t tgid, tid;
	int ret;
	bool datasync;
	char comm[CL_COMM_LEN];
};

struct cl_write {
	struct cl_hash_node by_id;
	struct cl_list by_inode;	/* CONVERTED, FAILED; DURABLE: model's unseen list */
	struct cl_list by_dev;		/* CONVERTED */
	struct cl_inode *inode;
	enum cl_write_state state;
	unsigned int refs;		/* running fsyncs that look at it */

	uint64_t id;
	struct cl_range range;
	struct cl_range gap[CL_GAPS];	/* not converted yet */
	unsigned int nr_gaps;
	unsigned int nr_covers;		/* conversions that had a part in it */

	uint32_t tgid;			/* submitter */
	char comm[CL_COMM_LEN];
	bool sync, dsync;
	bool buffered;			/* writeback, by whomever: visible from the start */
	bool inferred;			/* the place of WRITE in the stream is not certain */
	/*
	 * The source says so, or fsyncs, which are hooked last, were seen before it: what
	 * this write leads to is not unseen for want of a hook.
	 */
	bool all_hooked;

	/* Times; 0: has not happened, or was not seen. seq: place in the stream. */
	uint64_t submit_ns, done_ns, listed_ns;
	uint64_t visible_ns, visible_seq;
	bool visible_inferred;
	int64_t result;
	uint32_t via;

	uint64_t convert_begin_ns, converted_ns, converted_seq;
	int convert_error;
	uint32_t why, tid;
	bool has_tid;
	uint64_t removed_ns;		/* blocks of it were taken off meanwhile; 0: none */
	bool own_done;			/* one was on its own account; see once.c */
	struct cl_list late;		/* inode's, if not, and it needs none */
	bool earlier_unsure;		/* an earlier conversion may have done it; see catch_up */
	uint64_t committed_ns;

	/* Places in the order of ids (see cl_ev_write); id is that of data done. */
	uint64_t mapped_id, landed_id, landed_ns, visible_id;
	bool read_unwritten;		/* such a read was told */
	enum cl_zeroed zeroed;
	bool zeroed_under_way;		/* data done came later: it was not converted for certain */
	struct cl_zeroout *zeroout;	/* its own copy */

	bool fsynced;			/* an fsync that began after data done is over, well or not */
	struct cl_fsync_seen early;	/* the program's last that began while it was in flight */

	/* The first fsync that covers it and returned 0. */
	uint64_t fsync_begin_ns, fsync_end_ns;
	uint32_t fsync_tgid;
	char fsync_comm[CL_COMM_LEN];
};

/* Writes seen complete, whose life was over before an fsync came that covers them. */
struct cl_unsynced {
	uint64_t writes, bytes;		/* ever */
	uint64_t synced_writes, synced_bytes; /* of these, those that an fsync followed */
	struct cl_write last;		/* its pointers are not to be followed */
};

enum cl_unsynced_how {
	CL_NEVER_SYNCED,
	CL_SYNCED_EARLY,		/* by an fsync that began while they were in flight */
	CL_UNSYNCED_HOWS
};

enum cl_name_fate {
	CL_NAME_SYNCED,		/* with its directory, or the file system */
	CL_NAME_UNSYNCED,	/* the file is closed, and nothing more comes */
	CL_NAME_UNFOLLOWED,	/* there were too many */
};

/* A name that a program gave to a file; dropped when it is synced, or gone. */
struct cl_name {
	struct cl_hash_node by_file, by_name;
	struct cl_list by_dir;
	struct cl_list list;		/* the model's */
	struct cl_dir *dir;		/* the model's own */
	uint64_t ino, dir_ino;
	uint32_t dev, generation, hash;
	uint32_t how;			/* enum cl_name_how */
	uint32_t tgid, tid;
	char comm[CL_COMM_LEN];
	uint64_t made_ns, made_seq;
	char *path;			/* NULL: not known */
	struct cl_fsync_seen fsync;	/* of the file, by the same program, the last that returned 0 */
	bool written_too;		/* ext4 has written the name down with the file */
	uint64_t closed_ns, closed_seq;	/* the last who could write closed the file; 0: not yet */
	enum cl_name_fate fate;
};

/* What programs made of fsync on a file that they write directly. */
struct cl_use {
	struct cl_list list;		/* the model's */
	struct cl_inode *inode;
	uint64_t closed_ns, closed_seq;	/* the last who could write closed it; 0: not yet */
	uint64_t write_seq;		/* the newest write */
	uint64_t good_seq;		/* where the newest fsync that returned 0 began */
	struct cl_fsync_seen good;	/* that one */
	struct cl_fsync_seen failed;	/* the last that returned an error; none since it is settled */
	bool rewritten;			/* since that one */
	bool deleted;
	struct cl_unsynced unsynced[CL_UNSYNCED_HOWS];
};

struct cl_inode {
	struct cl_hash_node by_key;
	struct cl_list idle;		/* nothing in flight: kept for its path */
	struct cl_dev *dev;
	uint64_t ino;
	uint32_t generation;
	char *path;			/* within its file system; NULL: not known */
	uint32_t path_flags;

	struct cl_write **pending;	/* sorted by start */
	size_t nr_pending, max_pending;
	int64_t longest;		/* write that ever was pending */
	struct cl_list converted, failed;
	size_t nr_failed;
	size_t nr_listed;		/* listed and not converted */
	size_t nr_users;		/* writes and fsyncs that point here */
	size_t nr_fsyncs;		/* running */
	struct cl_use *use;		/* NULL: no direct write was seen */
	struct cl_fsync_seen good;	/* the last fsync that returned 0, of any file */
	uint64_t closed_ns, closed_seq;	/* as in cl_name */

	struct cl_list late;		/* converted by others, their own is still to come */
	bool entries_known;		/* nothing is on its list that was not seen to get there */
	bool once_unsure;		/* what a conversion is for is not known; see once.c */
};

struct cl_dev {
	uint32_t dev;
	struct cl_list converted;	/* by_dev, in the order of conversion */
	bool tid_unknown;		/* a conversion did not tell its transaction */
	bool journal_known;		/* an fsync has told */
	uint32_t journal;		/* CL_JOURNAL_* */
	uint32_t cache;			/* CL_CACHE_*, as the last fsync told */
	uint64_t flush_id, flush_ns;	/* begin of the last flush without error; 0: none yet */
	uint64_t sync_seq;		/* the last sync or syncfs began; 0: none */
};

struct cl_fsync {
	struct cl_hash_node by_id;
	struct cl_inode *inode;
	struct cl_write **write;	/* those in its range that were there when it began */
	size_t nr_writes;

	uint64_t id;
	int64_t start, last;		/* last is included */
	bool datasync;
	uint32_t tgid, tid;
	char comm[CL_COMM_LEN];
	uint64_t begin_ns, begin_seq;
	bool inferred;			/* the place of its begin or end is not certain */
	uint64_t nth;			/* of all */
	uint64_t past_writes[CL_UNSYNCED_HOWS], past_bytes[CL_UNSYNCED_HOWS];

	/* From here on: known when it ends. */
	uint64_t end_ns;
	int ret;
	uint32_t committed_tid;
	uint32_t journal;		/* CL_JOURNAL_* */
	/* Of the same program and file, or NULL: */
	const struct cl_fsync_seen *failed_before;	/* the one before, if it failed */
	const struct cl_fsync_seen *beside;	/* ran at the same time; one failed, the other did not */
	bool rewritten;			/* the file, since failed_before */
	bool late;			/* the first to cover some write that was in flight at another */
};

/* Why nothing certain can be said any more; sticks once set. */
enum cl_doubt {
	CL_DOUBT_LOST = 1 << 0,		/* facts were lost */
	CL_DOUBT_MALFORMED = 1 << 1,	/* a record was none */
	CL_DOUBT_LIMIT = 1 << 2,	/* more at once than the model holds */
	CL_DOUBT_ID = 1 << 3,		/* an id stood for two things */
	CL_DOUBT_CUT = 1 << 4,		/* the source ended before its end */
};
#define CL_DOUBTS 5

struct cl_counts {
	uint64_t kind[CL_EV_KINDS];	/* records */
	uint64_t writes, listed, completed, converted;	/* direct ones */
	uint64_t writebacks, conversion_errors;
	uint64_t fsyncs, fsync_errors;
	uint64_t pending, pending_max, pending_inode_max;	/* listed, not converted */
	uint64_t malformed, duplicates, unmatched;
	uint64_t lost[CL_LOST_WHERES];
	struct cl_hist visible, convert, fsync;	/* from data done; fsync: its length */
};

struct cl_model;

/* Told in stream order. What is handed over is valid during the call. */
struct cl_sink {
	void *ctx;
	void (*event)(void *ctx, const struct cl_event *e);
	void (*fsync_end)(void *ctx, const struct cl_model *m, const struct cl_fsync *f);
	/* Its life is over; or, at the end of the stream, still under way. */
	void (*write_end)(void *ctx, const struct cl_model *m, const struct cl_write *w,
			  bool finished);
	/* The program can see that it is complete. */
	void (*write_visible)(void *ctx, const struct cl_model *m, const struct cl_write *w);
	/*
	 * It was converted on its own account, without error; or, with again, a second
	 * time, by a conversion that is on nobody's account, or for the first time, but
	 * after its blocks were taken off the inode: w is a copy then.
	 */
	void (*write_converted)(void *ctx, const struct cl_model *m, const struct cl_write *w,
				const struct cl_conversion *again);
	/* Zeros were written over it later than that. */
	void (*write_zeroed)(void *ctx, const struct cl_model *m, const struct cl_write *w);
	/*
	 * A read that began after w was seen complete maps some of its blocks; where it
	 * says that they are unwritten, these are not converted. That is told once.
	 */
	void (*write_read)(void *ctx, const struct cl_model *m, const struct cl_write *w,
			   const struct cl_read *r);
	/* Some of its writes are unsynced, and will not be. */
	void (*file_unsynced)(void *ctx, const struct cl_model *m, const struct cl_inode *inode);
	/* Nothing more comes of a name whose file its program has synced. */
	void (*name_end)(void *ctx, const struct cl_model *m, const struct cl_name *n);
};

struct cl_model *cl_model_new(void);
/* The write of this id, if its life is not over; else NULL. */
const struct cl_write *cl_model_write(const struct cl_model *m, uint64_t id);
/* The latest time stamp so far. */
uint64_t cl_model_last_ns(const struct cl_model *m);
/* No record comes after this: hands over the writes still under way. */
void cl_model_end(struct cl_model *m);
/* The same, and frees. */
void cl_model_free(struct cl_model *m);
/* At most CL_SINKS; sink must outlive the model. */
int cl_model_add_sink(struct cl_model *m, const struct cl_sink *sink);
#define CL_SINKS 4

/*
 * What was before since_ns is not known: of a write that was in flight then, it
 * is not certain what converted it. 0: nothing was. As of the records to come.
 */
void cl_model_since(struct cl_model *m, uint64_t since_ns);
/*
 * The end comes while programs go on: what one of them did a shorter time ago than this
 * may be in the middle of something. 0: they are over.
 */
void cl_model_patience(struct cl_model *m, uint64_t ns);
#define CL_NAME_PATIENCE_NS 5000000000ULL
/* Something that the records do not tell of. */
void cl_model_doubt(struct cl_model *m, enum cl_doubt doubt);
/* Whether a checked record is of something that still goes on; CONVERTs aside. */
bool cl_model_cares(const struct cl_model *m, const struct cl_event *e);

/* A cl_record_fn. Anything may be in record: 0, or -ENOMEM. */
int cl_model_record(void *model, const void *record, size_t len);

const struct cl_counts *cl_model_counts(const struct cl_model *m);
unsigned int cl_model_doubts(const struct cl_model *m);	/* enum cl_doubt */
/* Kinds (1 << CL_EV_*) of which some record had CL_F_INFERRED. */
uint32_t cl_model_inferred(const struct cl_model *m);
/* Writes with their data done and not converted, listed or not. */
uint64_t cl_model_unconverted(const struct cl_model *m);
uint64_t cl_model_lost(const struct cl_model *m);	/* sum */

/* Whether the device was told to flush after it was told of the write's data. */
static inline bool cl_write_flushed(const struct cl_write *w)
{
	return w->inode->dev->flush_id > w->id;
}
/* Whether the file was closed with such writes, and none of them was synced since. */
bool cl_use_unsynced(const struct cl_inode *inode, enum cl_unsynced_how how);

static inline bool cl_overlap(const struct cl_range *r, int64_t start, int64_t last)
{
	return r->start <= last && start < r->end;
}

/* jbd2's tid_geq(): tids wrap around. */
static inline bool cl_tid_geq(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) >= 0;
}

#endif

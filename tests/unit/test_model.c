// SPDX-License-Identifier: GPL-2.0
#include "unit.h"
#include "model/event_table.h"
#include "model/internal.h"

static uint64_t now;	/* the time stamp of the next record */

struct facts {
	struct cl_model *m;
	struct cl_sink sink;
	unsigned int ended, unfinished, unsynced, reads, unseen;
	uint64_t last_unsynced;
	struct cl_write last;
};

static void write_end(void *ctx, const struct cl_model *m, const struct cl_write *w,
		      bool finished)
{
	struct facts *f = ctx;

	f->ended++;
	f->unfinished += !finished;
	f->last = *w;
}

static void write_read(void *ctx, const struct cl_model *m, const struct cl_write *w,
		       const struct cl_read *r)
{
	struct facts *f = ctx;

	assert_true(w->visible_id < r->id);
	assert_true(cl_overlap(&w->range, r->range.start, r->range.end - 1));
	f->reads++;
	f->unseen += r->unwritten;
}

static void file_unsynced(void *ctx, const struct cl_model *m, const struct cl_inode *inode)
{
	struct facts *f = ctx;

	assert_true(cl_use_unsynced(inode, CL_NEVER_SYNCED));
	f->unsynced++;
	f->last_unsynced = inode->ino;
}

static int setup(void **state)
{
	struct facts *f = calloc(1, sizeof(*f));

	now = 1000000;
	f->m = cl_model_new();
	f->sink = (struct cl_sink){ .ctx = f, .write_end = write_end,
				    .file_unsynced = file_unsynced, .write_read = write_read };
	cl_model_add_sink(f->m, &f->sink);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct facts *f = *state;

	cl_model_free(f->m);
	free(f);
	return 0;
}

#define HEAD(k, type, i) \
	.e = { .size_bytes = sizeof(struct type), .kind = k, .ts_ns = now += 1000, \
	       .dev = 8 << 20 | 1, .ino = i }
#define FEED(f, record) \
	assert_int_equal(cl_model_record((f)->m, &(record), (record).e.size_bytes), 0)

static void feed_write(struct facts *f, uint64_t ino, uint64_t id, int64_t offset, uint64_t size)
{
	struct cl_ev_write e = { HEAD(CL_EV_WRITE, cl_ev_write, ino), .write_id = id,
				 .offset_bytes = offset, .size_bytes = size, .submit_ns = now - 500 };

	FEED(f, e);
}

static void feed_writeback(struct facts *f, uint64_t ino, uint64_t id, int64_t offset, uint64_t size)
{
	struct cl_ev_writeback e = { HEAD(CL_EV_WRITEBACK, cl_ev_writeback, ino), .write_id = id,
				     .offset_bytes = offset, .size_bytes = size };

	FEED(f, e);
}

static void feed_listed(struct facts *f, uint64_t ino, uint64_t id)
{
	struct cl_ev_listed e = { HEAD(CL_EV_LISTED, cl_ev_listed, ino), .write_id = id,
				  .size_bytes = 1 };

	FEED(f, e);
}

#define VISIBLE_ID 1000	/* of all completions here */

static void feed_completion(struct facts *f, uint64_t id)
{
	struct cl_ev_completion e = { HEAD(CL_EV_COMPLETION, cl_ev_completion, 12), .write_id = id,
				      .result = 1, .visible_id = VISIBLE_ID };

	FEED(f, e);
}

static void feed_read(struct facts *f, uint64_t id, int64_t offset, uint64_t size, bool unwritten)
{
	struct cl_ev_read e = { HEAD(CL_EV_READ, cl_ev_read, 12), .read_id = id,
				.offset_bytes = offset, .size_bytes = size,
				.unwritten = unwritten };

	FEED(f, e);
}

static void feed_convert(struct facts *f, uint64_t ino, int64_t offset, uint64_t size, uint32_t tid)
{
	struct cl_ev_convert e = { HEAD(CL_EV_CONVERT, cl_ev_convert, ino), .offset_bytes = offset,
				   .size_bytes = size, .journal_tid = tid, .has_tid = tid != 0 };

	FEED(f, e);
}

static void feed_commit(struct facts *f, uint32_t tid)
{
	struct cl_ev_commit e = { HEAD(CL_EV_COMMIT, cl_ev_commit, 0), .journal_tid = tid };

	FEED(f, e);
}

static void feed_fsync(struct facts *f, uint64_t ino, uint64_t id, bool end, uint32_t committed)
{
	struct cl_ev_fsync_begin b = { HEAD(CL_EV_FSYNC_BEGIN, cl_ev_fsync_begin, ino),
				       .fsync_id = id, .end_bytes = INT64_MAX };
	struct cl_ev_fsync_end e = { HEAD(CL_EV_FSYNC_END, cl_ev_fsync_end, ino), .fsync_id = id,
				     .committed_tid = committed, .journal = CL_JOURNAL_FULL };

	if (end)
		FEED(f, e);
	else
		FEED(f, b);
}

static void feed_bare(struct facts *f, enum cl_event_kind kind, uint64_t ino)
{
	struct cl_event e = { .size_bytes = sizeof(e), .kind = kind, .ts_ns = now += 1000,
			      .dev = 8 << 20 | 1, .ino = ino };

	assert_int_equal(cl_model_record(f->m, &e, sizeof(e)), 0);
}

static void feed_sync(struct facts *f)
{
	struct cl_ev_sync e = { HEAD(CL_EV_SYNC, cl_ev_sync, 0), .wait = 1 };

	FEED(f, e);
}

static void a_write_ends_when_seen_and_committed(void **state)
{
	struct facts *f = *state;

	feed_write(f, 12, 1, 0, 4096);
	feed_completion(f, 1);
	feed_convert(f, 12, 0, 4096, 5);
	feed_commit(f, 4);
	assert_int_equal(f->ended, 0);
	feed_commit(f, 5);
	assert_int_equal(f->ended, 1);
	assert_int_equal(f->last.state, CL_WRITE_DURABLE);
	assert_int_equal(f->last.tid, 5);
}

static void without_a_journal_converted_is_enough(void **state)
{
	struct facts *f = *state;

	feed_write(f, 12, 1, 0, 4096);
	feed_convert(f, 12, 0, 4096, 0);
	assert_int_equal(f->ended, 0);
	feed_completion(f, 1);
	assert_int_equal(f->ended, 1);
}

static void a_running_fsync_holds_its_writes(void **state)
{
	struct facts *f = *state;

	feed_write(f, 12, 1, 0, 4096);
	feed_completion(f, 1);
	feed_fsync(f, 12, 1, false, 0);
	feed_fsync(f, 12, 2, false, 0);
	feed_convert(f, 12, 0, 4096, 5);
	feed_commit(f, 5);
	feed_fsync(f, 12, 1, true, 5);
	assert_int_equal(f->ended, 0);
	feed_fsync(f, 12, 2, true, 5);
	assert_int_equal(f->ended, 1);
	assert_true(f->last.fsync_end_ns);
}

static void pending_counts_what_is_listed_and_not_converted(void **state)
{
	struct facts *f = *state;
	const struct cl_counts *c = cl_model_counts(f->m);
	int i;

	for (i = 0; i < 10; i++) {
		feed_write(f, 12 + i % 2, i + 1, i * 4096, 4096);
		feed_listed(f, 12 + i % 2, i + 1);
	}
	assert_int_equal(c->pending, 10);
	assert_int_equal(c->pending_inode_max, 5);
	feed_convert(f, 12, 0, 1 << 20, 5);
	assert_int_equal(c->pending, 5);
	assert_int_equal(cl_model_unconverted(f->m), 5);
	assert_int_equal(c->pending_max, 10);
	assert_int_equal(c->converted, 5);
}

static void conversions_find_writes_of_all_lengths(void **state)
{
	struct facts *f = *state;
	int i;

	/* One long write before many short ones, and the conversion at its end. */
	feed_write(f, 12, 1000, 0, 1 << 20);
	for (i = 0; i < 200; i++)
		feed_write(f, 12, i + 1, i * 4096, 4096);
	feed_convert(f, 12, (1 << 20) - 4096, 4096, 5);
	assert_int_equal(cl_model_unconverted(f->m), 201);
	feed_convert(f, 12, 100 * 4096, 4096, 5);
	assert_int_equal(cl_model_unconverted(f->m), 200);
	feed_convert(f, 12, 0, 1 << 20, 5);
	assert_int_equal(cl_model_unconverted(f->m), 0);
	assert_int_equal(cl_model_doubts(f->m), 0);
}

static void too_many_pieces_are_a_doubt(void **state)
{
	struct facts *f = *state;
	int i;

	feed_write(f, 12, 1, 0, 1 << 20);
	for (i = 1; i < 20; i += 2)
		feed_convert(f, 12, i * 4096, 4096, 5);
	assert_int_equal(cl_model_doubts(f->m), CL_DOUBT_LIMIT);
}

/* Writes without end, a thousand at a time. */
static void memory_follows_the_writes_in_flight(void **state)
{
	struct facts *f = *state;
	uint64_t id = 1;
	int round, i;

	for (round = 0; round < 300; round++) {
		for (i = 0; i < 1000; i++) {
			feed_write(f, 12 + round, id, i * 4096, 4096);
			feed_completion(f, id++);
		}
		assert_true(f->m->writes.nr <= 1000);
		feed_convert(f, 12 + round, 0, 1000 * 4096, round + 1);
		feed_commit(f, round + 1);
	}
	assert_int_equal(f->ended, 300000);
	assert_int_equal(f->m->writes.nr, 0);
	assert_true(f->m->inodes.nr <= CL_IDLE_MAX);
	assert_int_equal(cl_model_doubts(f->m), 0);
}

static void idle_inodes_are_let_go(void **state)
{
	struct facts *f = *state;
	uint64_t i;

	for (i = 0; i < 3 * CL_IDLE_MAX; i++)
		feed_convert(f, 100 + i, 0, 4096, 1);
	assert_int_equal(f->m->inodes.nr, CL_IDLE_MAX);
}

static void completions_never_seen_do_not_pile_up(void **state)
{
	struct facts *f = *state;
	uint64_t i;

	for (i = 0; i < CL_UNSEEN_MAX + 10; i++) {
		feed_write(f, 12, i + 1, i * 4096, 4096);
		feed_convert(f, 12, i * 4096, 4096, 0);
	}
	assert_int_equal(f->ended, 10);
	assert_int_equal(f->m->nr_unseen, CL_UNSEEN_MAX);
	feed_completion(f, CL_UNSEEN_MAX + 10);
	assert_int_equal(f->m->nr_unseen, CL_UNSEEN_MAX - 1);
}

static void what_is_under_way_is_told_at_the_end(void **state)
{
	struct facts *f = *state;

	feed_write(f, 12, 1, 0, 4096);
	feed_fsync(f, 12, 1, false, 0);
	cl_model_free(f->m);
	f->m = NULL;
	assert_int_equal(f->ended, 1);
	assert_int_equal(f->unfinished, 1);
}

static void loss_sums_do_not_wrap(void **state)
{
	struct facts *f = *state;
	struct cl_ev_lost e = { HEAD(CL_EV_LOST, cl_ev_lost, 0), .count = UINT64_MAX };

	FEED(f, e);
	FEED(f, e);
	e.where = CL_LOST_MISSED;
	FEED(f, e);
	assert_true(cl_model_lost(f->m) == UINT64_MAX);
	assert_int_equal(cl_model_doubts(f->m), CL_DOUBT_LOST);
}

/* Possible records in no order at all, from few enough values to collide. */
static void any_order_does_no_harm(void **state)
{
	struct facts *f = *state;
	uint64_t x = 88172645463325252ULL;
	int round;

	for (round = 0; round < 400000; round++) {
		uint64_t id, ino;
		int64_t offset;

		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		id = 1 + (x >> 8) % 200;
		ino = 12 + (x >> 16) % 3;
		offset = (x >> 24) % 16 * 4096;
		switch (x % 9) {
		case 0:
		case 1:
			feed_write(f, ino, round / 100 * 50 + id, offset, 4096 << (x >> 32) % 4);
			break;
		case 2:
			feed_listed(f, ino, round / 100 * 50 + id);
			break;
		case 3:
			feed_completion(f, round / 100 * 50 + id);
			break;
		case 4: {
			struct cl_ev_convert e = { HEAD(CL_EV_CONVERT, cl_ev_convert, ino),
						   .offset_bytes = offset, .size_bytes = 8192,
						   .journal_tid = round / 50,
						   .has_tid = (x >> 40) % 8 != 0,
						   .error = (x >> 48) % 16 ? 0 : -5 };

			FEED(f, e);
			break;
		}
		case 5:
			feed_fsync(f, ino, round / 100 * 5 + id, false, 0);
			break;
		case 6:
			feed_fsync(f, ino, round / 100 * 5 + id, true, round / 60);
			break;
		case 8:
			feed_writeback(f, ino, round / 100 * 50 + id, offset, 4096 << (x >> 32) % 4);
			break;
		case 7:
			feed_commit(f, round / 50 - 2);
			feed_bare(f, (x >> 40) % 2 ? CL_EV_CLOSE : CL_EV_REWRITE, ino);
			if (!((x >> 44) % 16))
				feed_sync(f);
			break;
		}
	}
	assert_true(f->ended > 1000);
}

/* One direct write, complete and committed, and the file closed. */
static void write_and_close(struct facts *f, uint64_t ino, uint64_t id)
{
	feed_write(f, ino, id, 0, 4096);
	feed_convert(f, ino, 0, 4096, 5);
	feed_completion(f, id);
	feed_commit(f, 5);
	feed_bare(f, CL_EV_CLOSE, ino);
}

static void unsynced_files_are_told_at_the_end_and_once(void **state)
{
	struct facts *f = *state;

	feed_fsync(f, 2, 1, false, 0);
	write_and_close(f, 12, 10);
	write_and_close(f, 13, 11);
	write_and_close(f, 14, 12);
	feed_fsync(f, 13, 2, false, 0);
	feed_fsync(f, 13, 2, true, 5);
	assert_int_equal(f->unsynced, 0);
	cl_model_end(f->m);
	assert_int_equal(f->unsynced, 2);
	assert_int_equal(f->last_unsynced, 14);
	cl_model_end(f->m);
	assert_int_equal(f->unsynced, 2);
}

static void a_sync_leaves_nothing_unsynced(void **state)
{
	struct facts *f = *state;

	feed_fsync(f, 2, 1, false, 0);
	write_and_close(f, 12, 10);
	feed_sync(f);
	write_and_close(f, 13, 11);
	cl_model_end(f->m);
	assert_int_equal(f->unsynced, 1);
	assert_int_equal(f->last_unsynced, 13);
}

static void unsynced_files_that_are_let_go_are_told(void **state)
{
	struct facts *f = *state;
	uint64_t ino;

	feed_fsync(f, 2, 1, false, 0);
	write_and_close(f, 12, 10);
	for (ino = 100; ino < 100 + CL_IDLE_MAX + 10; ino++)
		feed_convert(f, ino, 0, 4096, 5);
	assert_int_equal(f->unsynced, 1);
}

static void reads_are_held_against_what_was_complete(void **state)
{
	struct facts *f = *state;
	uint64_t id;

	for (id = 1; id <= 4; id++)
		feed_write(f, 12, id, id * 4096, 4096);
	feed_completion(f, 2);
	feed_completion(f, 3);
	feed_read(f, VISIBLE_ID - 1, 0, 1 << 20, true);
	assert_int_equal(f->unseen, 0);
	feed_read(f, VISIBLE_ID + 1, 0, 3 * 4096, true);
	assert_int_equal(f->unseen, 1);
	/* Not told again of the same. */
	feed_read(f, VISIBLE_ID + 1, 0, 1 << 20, true);
	assert_int_equal(f->unseen, 2);
	feed_convert(f, 12, 0, 1 << 20, 5);
	feed_read(f, VISIBLE_ID + 1, 0, 1 << 20, true);
	assert_int_equal(f->reads, 2);
	feed_read(f, VISIBLE_ID + 1, 0, 1 << 20, false);
	assert_int_equal(f->reads, 4);
	feed_commit(f, 5);
	feed_read(f, VISIBLE_ID + 1, 0, 1 << 20, false);
	assert_int_equal(f->reads, 4);
}

static void reads_look_at_no_more_than_the_latest(void **state)
{
	const uint64_t many = 2 * CL_READ_LOOKS_MAX;
	struct facts *f = *state;
	uint64_t id;

	for (id = 1; id <= many; id++) {
		feed_write(f, 12, id, id * 4096, 4096);
		feed_completion(f, id);
		feed_convert(f, 12, id * 4096, 4096, 5);
	}
	feed_read(f, VISIBLE_ID + 1, 0, (many + 1) * 4096, false);
	assert_int_equal(f->reads, CL_READ_LOOKS_MAX);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_write_ends_when_seen_and_committed),
		T(without_a_journal_converted_is_enough),
		T(a_running_fsync_holds_its_writes),
		T(pending_counts_what_is_listed_and_not_converted),
		T(conversions_find_writes_of_all_lengths),
		T(too_many_pieces_are_a_doubt),
		T(memory_follows_the_writes_in_flight),
		T(idle_inodes_are_let_go),
		T(completions_never_seen_do_not_pile_up),
		T(what_is_under_way_is_told_at_the_end),
		T(loss_sums_do_not_wrap),
		T(any_order_does_no_harm),
		T(unsynced_files_are_told_at_the_end_and_once),
		T(a_sync_leaves_nothing_unsynced),
		T(unsynced_files_that_are_let_go_are_told),
		T(reads_are_held_against_what_was_complete),
		T(reads_look_at_no_more_than_the_latest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

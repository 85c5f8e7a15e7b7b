// SPDX-License-Identifier: GPL-2.0
/* Names of files: how many are kept, and what their directory does for them. */
#include "unit.h"
#include "model/event_table.h"
#include "model/internal.h"

static uint64_t now;	/* the time stamp of the next record */

struct facts {
	struct cl_model *m;
	struct cl_sink sink;
	unsigned int names[CL_NAME_UNFOLLOWED + 1];
};

static void name_end(void *ctx, const struct cl_model *m, const struct cl_name *n)
{
	((struct facts *)ctx)->names[n->fate]++;
}

static int setup(void **state)
{
	struct facts *f = calloc(1, sizeof(*f));

	now = 1000000;
	f->m = cl_model_new();
	f->sink = (struct cl_sink){ .ctx = f, .name_end = name_end };
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

static void feed_fsync(struct facts *f, uint64_t ino, uint64_t id, bool end)
{
	struct cl_ev_fsync_begin b = { HEAD(CL_EV_FSYNC_BEGIN, cl_ev_fsync_begin, ino),
				       .fsync_id = id, .end_bytes = INT64_MAX };
	struct cl_ev_fsync_end e = { HEAD(CL_EV_FSYNC_END, cl_ev_fsync_end, ino), .fsync_id = id,
				     .committed_tid = 5, .journal = CL_JOURNAL_FULL };

	if (end)
		FEED(f, e);
	else
		FEED(f, b);
}

static void feed_close(struct facts *f, uint64_t ino)
{
	struct { struct cl_event e; } r = { HEAD(CL_EV_CLOSE, cl_event, ino) };

	FEED(f, r);
}

static void feed_name(struct facts *f, uint64_t ino, uint64_t dir, uint32_t hash)
{
	struct cl_ev_name e = { HEAD(CL_EV_NAME, cl_ev_name, ino), .dir_ino = dir,
				.name_hash = hash };

	FEED(f, e);
}

static void synced_and_closed(struct facts *f, uint64_t ino)
{
	feed_fsync(f, ino, ino, false);
	feed_fsync(f, ino, ino, true);
	feed_close(f, ino);
}

/* Of the names that there is no room for, those go first whose file was not synced. */
static void names_are_bounded(void **state)
{
	struct facts *f = *state;
	uint64_t i;

	feed_name(f, 100, 2, 0);
	synced_and_closed(f, 100);
	for (i = 1; i < CL_NAMES_MAX + 10; i++)
		feed_name(f, 100 + i, 2, i);
	assert_int_equal(f->names[CL_NAME_UNFOLLOWED], 10);
	cl_model_end(f->m);
	assert_int_equal(f->names[CL_NAME_UNSYNCED], 1);
	assert_int_equal(f->names[CL_NAME_SYNCED], 0);
}

static void a_directory_syncs_all_its_names(void **state)
{
	struct facts *f = *state;
	uint64_t i;

	for (i = 0; i < 1000; i++) {
		feed_name(f, 100 + i, 2 + i % 2, i);
		synced_and_closed(f, 100 + i);
	}
	feed_fsync(f, 2, 5000, false);
	feed_name(f, 3000, 2, 5000);
	feed_fsync(f, 2, 5000, true);
	synced_and_closed(f, 3000);
	assert_int_equal(f->names[CL_NAME_SYNCED], 500);
	cl_model_end(f->m);
	assert_int_equal(f->names[CL_NAME_UNSYNCED], 501);
	cl_model_end(f->m);
	assert_int_equal(f->names[CL_NAME_UNSYNCED], 501);
}

/* Of a directory where the same names come and go. */
static void names_that_go_leave_nothing(void **state)
{
	struct facts *f = *state;
	uint64_t i;

	for (i = 0; i < 200000; i++) {
		struct cl_ev_name e = { HEAD(CL_EV_NAME, cl_ev_name, 100 + i), .dir_ino = 2,
					.name_hash = i % 100, .how = CL_NAME_UNLINK };

		feed_name(f, 100 + i, 2, i % 100);
		if (i % 2)
			FEED(f, e);
	}
	assert_int_equal(f->m->names.nr, 50);
	assert_int_equal(f->names[CL_NAME_UNFOLLOWED], 0);
}

static void what_was_just_done_is_not_told_where_programs_go_on(void **state)
{
	struct facts *f = *state;

	cl_model_patience(f->m, CL_NAME_PATIENCE_NS);
	feed_name(f, 100, 2, 1);
	synced_and_closed(f, 100);
	now += CL_NAME_PATIENCE_NS;
	feed_name(f, 101, 2, 2);
	synced_and_closed(f, 101);
	cl_model_end(f->m);
	assert_int_equal(f->names[CL_NAME_UNSYNCED], 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(names_are_bounded),
		T(a_directory_syncs_all_its_names),
		T(names_that_go_leave_nothing),
		T(what_was_just_done_is_not_told_where_programs_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

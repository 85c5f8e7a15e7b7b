// SPDX-License-Identifier: GPL-2.0
/* However long a recording is, and whatever it holds, the model stays small. */
#include "recordings.h"
#include "model/internal.h"

static void tell(struct cl_model *m, const void *record)
{
	const struct cl_event *e = record;

	assert_int_equal(cl_model_record(m, record, e->size_bytes), 0);
}

static void memory_follows_the_writes_in_flight(void **state)
{
	struct cl_model *m = cl_model_new();
	uint64_t i, ts = 1000;

	for (i = 1; i < 100000; i++) {
		struct cl_ev_write w = a_write(i, ts += 100);
		struct cl_ev_completion c = a_completion(i, ts += 100);
		struct cl_ev_convert v = a_convert(i, ts += 100, i / 100);

		w.e.ino = c.e.ino = v.e.ino = i / 3;
		w.offset_bytes = v.offset_bytes = i % 1000 * 4096;
		tell(m, &w);
		tell(m, &c);
		tell(m, &v);
		if (i % 100 == 99) {
			const struct cl_ev_commit t = a_commit(ts += 100, i / 100);

			tell(m, &t);
		}
		assert_true(m->writes.nr <= 100);
		assert_true(m->inodes.nr <= CL_IDLE_MAX + 100);
	}
	assert_true(m->writes.size <= 1024 && m->inodes.size <= 2 * CL_IDLE_MAX);
	assert_true(m->seen_writes.nr <= CL_SEEN_MAX);
	assert_int_equal(cl_model_doubts(m), 0);
	cl_model_free(m);
}

static void writes_that_never_end_are_bounded(void **state)
{
	struct cl_model *m = cl_model_new();
	uint64_t i, begin_ns = cl_now_ns();

	for (i = 1; i < CL_WRITES_MAX + 100; i++) {
		const struct cl_ev_write w = a_write(i, 1000 + i);

		tell(m, &w);
	}
	assert_int_equal(m->writes.nr, CL_WRITES_MAX);
	assert_int_equal(cl_model_doubts(m), CL_DOUBT_LIMIT);
	cl_model_free(m);
	/* Taking it apart must not take for ever. */
	assert_true(cl_now_ns() - begin_ns < 60000000000ULL);
}

static void fsyncs_that_never_end_are_bounded(void **state)
{
	struct cl_model *m = cl_model_new();
	uint64_t i;

	for (i = 1; i < 50000; i++) {
		const struct cl_ev_write w = a_write(i, 1000 + i);

		tell(m, &w);
	}
	for (i = 1; i < 1000; i++) {
		const struct cl_ev_fsync_begin b = a_fsync_begin(i, 100000 + i);

		tell(m, &b);
	}
	assert_true(m->nr_looks <= CL_LOOKS_MAX);
	assert_int_equal(cl_model_doubts(m), CL_DOUBT_LIMIT);
	for (i = 1; i < 1000; i++) {
		const struct cl_ev_fsync_end e = a_fsync_end(i, 200000 + i, 0);

		tell(m, &e);
	}
	assert_int_equal(m->nr_looks, 0);
	cl_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_follows_the_writes_in_flight),
		cmocka_unit_test(writes_that_never_end_are_bounded),
		cmocka_unit_test(fsyncs_that_never_end_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0
/* The flight recorder: what it keeps has to judge as the whole run does. */
#include <errno.h>

#include "recordings.h"
#include "judging.h"
#include "output/output.h"
#include "record/keeper.h"
#include "source/recording.h"

#define MS 1000000ULL

static struct cl_hooks_report hooks;
static FILE *null;
static uint64_t ts;

/* Instead of the program's clock (cli/util.c): it goes on when a test says so. */
static uint64_t now_ns = 1000 * MS;

uint64_t cl_now_ns(void)
{
	return now_ns;
}

static const struct cl_hooks_report *fake_hooks(struct cl_source *src)
{
	return &hooks;
}

static const struct cl_source_ops fake_ops = { .name = "fake", .hooks = fake_hooks };
static struct cl_source fake;

struct flight {
	struct cl_keeper *k;
	struct cl_out *out;
	const char *path;
};

static struct flight start(uint64_t last_ns, uint64_t memory_bytes, uint64_t saves)
{
	struct cl_keeper_options opt = { .about = about_nothing(), .memory_bytes = memory_bytes,
					 .saves = saves };
	struct flight f = {};

	fake = (struct cl_source){ .ops = &fake_ops };
	hooks = opt.about.hooks;
	f.path = opt.path = temporary();
	opt.about.last_ns = last_ns;
	null = null ? null : fopen("/dev/null", "w");
	f.out = cl_out_new(null, "text");
	assert_int_equal(cl_keeper_open(&opt, &fake, f.out, &f.k), 0);
	return f;
}

static uint64_t finish(struct flight *f)
{
	struct cl_about_end end = {};
	uint64_t bytes = 0;

	assert_int_equal(cl_keeper_end(f->k, &end, &bytes), 0);
	cl_keeper_close(f->k);
	cl_out_free(f->out);
	return bytes;
}

static void tell(struct flight *f, const void *record)
{
	const struct cl_event *e = record;

	assert_int_equal(cl_keeper_record(f->k, record, e->size_bytes), 0);
}

/* A write that goes the whole way, in this transaction. */
static void good_write(struct flight *f, uint64_t id, uint32_t tid)
{
	const struct cl_ev_write w = a_write(id, ts += 100);
	const struct cl_ev_completion c = a_completion(id, ts += 100);
	const struct cl_ev_convert v = a_convert(id, ts += 100, tid);
	const struct cl_ev_commit t = a_commit(ts += 100, tid);

	tell(f, &w);
	tell(f, &c);
	tell(f, &v);
	tell(f, &t);
	cl_keeper_settle(f->k);
}

static void stuck_write(struct flight *f, uint64_t id)
{
	const struct cl_ev_write w = a_write(id, ts += 100);
	const struct cl_ev_completion c = a_completion(id, ts += 100);

	tell(f, &w);
	tell(f, &c);
	cl_keeper_settle(f->k);
}

static void an_fsync(struct flight *f, uint64_t id, uint32_t tid)
{
	const struct cl_ev_fsync_begin b = a_fsync_begin(id, ts += 100);
	const struct cl_ev_fsync_end e = a_fsync_end(id, ts += 100, tid);

	tell(f, &b);
	tell(f, &e);
	cl_keeper_settle(f->k);
}

static void a_path(struct flight *f, const char *path)
{
	struct {
		struct cl_ev_path p;
		char room[32];
	} p = { .p = { .e = { .kind = CL_EV_PATH, .ts_ns = ts += 100, .ino = 12,
			      .dev = 8 << 20 | 1 } } };

	p.p.len_bytes = strlen(path);
	strcpy(p.p.path, path);
	p.p.e.size_bytes = sizeof(p.p) + p.p.len_bytes + 1;
	tell(f, &p);
	cl_keeper_settle(f->k);
}

struct judged {
	enum cl_verdict verdict;
	uint64_t violations, writes, paths;
	char path[32];
};

static void take_path(void *ctx, const struct cl_event *e)
{
	struct judged *j = ctx;

	if (e->kind != CL_EV_PATH)
		return;
	j->paths++;
	snprintf(j->path, sizeof(j->path), "%s", ((const struct cl_ev_path *)e)->path);
}

/* What check says of the file, which is no more afterwards; nr 0: no number. */
static struct judged judge(const struct flight *f, unsigned int nr)
{
	const struct cl_config all = {};
	struct judged judged = {};
	const struct cl_sink sink = { .ctx = &judged, .event = take_path };
	struct cl_judging j;
	struct cl_source *src;
	char path[80];
	int n;

	snprintf(path, sizeof(path), nr ? "%s.%u" : "%s", f->path, nr);
	assert_int_equal(cl_source_recording_open(path, &all, &src), 0);
	assert_int_equal(cl_judging_begin(&j, src, NULL, 0), 0);
	cl_model_add_sink(j.model, &sink);
	do {
		n = src->ops->poll(src, 0, cl_model_record, j.model);
		if (src->ops->settled(src))
			cl_judging_settle(&j);
	} while (n >= 0);
	assert_int_equal(n, -ENODATA);
	judged.verdict = cl_rules_verdict(j.rules, j.model);
	judged.violations = cl_rules_violations(j.rules);
	judged.writes = cl_model_counts(j.model)->writes;
	cl_judging_end(&j);
	src->ops->close(src);
	unlink(path);
	return judged;
}

/* Long enough for all that was told to be older than the stretch. */
static void let_time_pass(struct flight *f, uint64_t id, uint64_t ns)
{
	const uint64_t until_ns = now_ns + ns;

	for (; now_ns < until_ns; now_ns += 2 * MS, id++)
		good_write(f, id, id);
}

static void only_the_latest_is_kept(void **state)
{
	struct flight f = start(40 * MS, 1 << 20, 10);
	struct judged j;

	a_path(&f, "/old");
	a_path(&f, "/new");
	let_time_pass(&f, 1, 300 * MS);
	finish(&f);
	j = judge(&f, 0);
	assert_int_equal(j.verdict, CL_VERDICT_OK);
	assert_true(j.writes >= 5 && j.writes < 60);
	/* Told once, long ago, and needed still. */
	assert_string_equal(j.path, "/new");
	assert_int_equal(j.paths, 1);
}

static void a_broken_promise_to_an_old_write_is_found_again(void **state)
{
	struct flight f = start(40 * MS, 1 << 20, 10);
	const struct cl_ev_convert late = a_convert(1, 0, 900);
	struct cl_ev_convert v = late;
	struct judged j;

	stuck_write(&f, 1);
	let_time_pass(&f, 1000, 200 * MS);
	an_fsync(&f, 1, 2000);
	/* Converted and committed right after: the model has let it go by then. */
	v.e.ts_ns = ts += 100;
	tell(&f, &v);
	let_time_pass(&f, 2000, 1500 * MS);
	j = judge(&f, 1);
	assert_int_equal(j.verdict, CL_VERDICT_VIOLATION);
	assert_int_equal(j.violations, 1);
	let_time_pass(&f, 4000, 100 * MS);
	finish(&f);
	/* And by now it is over. */
	j = judge(&f, 0);
	assert_int_equal(j.verdict, CL_VERDICT_OK);
}

/* A write that was carried, and has come to its end in a part that is gone. */
static void a_write_that_is_over_is_let_go(void **state)
{
	struct flight f = start(40 * MS, 1 << 20, 10);
	struct cl_ev_convert v;
	struct cl_ev_commit t;
	struct judged j;

	stuck_write(&f, 1);
	let_time_pass(&f, 1000, 100 * MS);
	v = a_convert(1, ts += 100, 900);
	tell(&f, &v);
	let_time_pass(&f, 1100, 100 * MS);
	t = a_commit(ts += 100, 900);
	tell(&f, &t);
	let_time_pass(&f, 1200, 200 * MS);
	an_fsync(&f, 1, 5);
	finish(&f);
	j = judge(&f, 0);
	assert_int_equal(j.verdict, CL_VERDICT_OK);
	assert_int_equal(j.violations, 0);
}

/* Converted long ago, and its transaction is still not committed. */
static void an_old_conversion_is_known_too(void **state)
{
	struct flight f = start(40 * MS, 1 << 20, 10);
	struct cl_ev_convert v;
	struct judged j;

	let_time_pass(&f, 1, 20 * MS);
	stuck_write(&f, 500);
	v = a_convert(500, ts += 100, 1 << 20);
	tell(&f, &v);
	let_time_pass(&f, 1000, 100 * MS);
	an_fsync(&f, 1, 1 << 20);
	finish(&f);
	j = judge(&f, 0);
	assert_int_equal(j.verdict, CL_VERDICT_OK);

	f = start(40 * MS, 1 << 20, 10);
	stuck_write(&f, 500);
	v = a_convert(500, ts += 100, 1 << 20);
	tell(&f, &v);
	let_time_pass(&f, 1000, 100 * MS);
	an_fsync(&f, 1, 1 << 19);
	finish(&f);
	j = judge(&f, 0);
	assert_int_equal(j.verdict, CL_VERDICT_VIOLATION);
}

static void after_a_loss_it_begins_anew(void **state)
{
	struct flight f = start(10000 * MS, 1 << 20, 10);
	const struct cl_ev_lost lost = { .e = { .size_bytes = sizeof(lost), .kind = CL_EV_LOST },
					 .count = 3 };
	struct judged j;

	good_write(&f, 1, 1);
	stuck_write(&f, 2);
	tell(&f, &lost);
	cl_keeper_settle(f.k);
	assert_int_equal(cl_keeper_lost(f.k), 3);
	good_write(&f, 3, 3);
	an_fsync(&f, 1, 3);
	finish(&f);
	j = judge(&f, 0);
	assert_int_equal(j.verdict, CL_VERDICT_OK);
	assert_int_equal(j.writes, 1);
}

static void it_saves_so_many_times_and_when_asked(void **state)
{
	struct flight f = start(10 * MS, 1 << 20, 1);

	stuck_write(&f, 1);
	an_fsync(&f, 1, 5);
	let_time_pass(&f, 1000, 1100 * MS);
	assert_int_equal(cl_keeper_saves(f.k), 1);
	an_fsync(&f, 2, 5);
	let_time_pass(&f, 3000, 1100 * MS);
	assert_int_equal(cl_keeper_saves(f.k), 1);
	assert_int_equal(cl_keeper_save(f.k, CL_SAVE_ASKED), 0);
	assert_int_equal(cl_keeper_saves(f.k), 2);
	finish(&f);
	assert_int_equal(judge(&f, 1).verdict, CL_VERDICT_VIOLATION);
	judge(&f, 2);
	judge(&f, 0);
}

/*
 * What converted the blocks of a write that was in flight at the beginning may
 * have been before it; the write's own conversion, in a later transaction, found
 * nothing to do then.
 */
static void what_was_before_the_beginning_is_not_known(void **state)
{
	const struct cl_ev_write w = a_write(1, 2000);
	const struct cl_ev_completion c = a_completion(1, 2100);
	const struct cl_ev_convert v = a_convert(1, 2200, 9);
	const struct cl_ev_fsync_begin b = a_fsync_begin(1, 2300);
	const struct cl_ev_fsync_end e = a_fsync_end(1, 2400, 5);
	const void *records[] = { &w, &c, &v, &b, &e };
	static const struct {
		uint64_t since_ns;
		enum cl_verdict verdict;
	} cases[] = {
		{ 0, CL_VERDICT_VIOLATION },
		{ 1990, CL_VERDICT_VIOLATION },	/* mapped just then */
		{ 1991, CL_VERDICT_INCONCLUSIVE },
	};
	struct cl_judging j;
	size_t i, k;

	hooks = about_nothing().hooks;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake = (struct cl_source){ .ops = &fake_ops, .since_ns = cases[i].since_ns };
		assert_int_equal(cl_judging_begin(&j, &fake, NULL, 0), 0);
		for (k = 0; k < ARRAY_SIZE(records); k++) {
			const struct cl_event *event = records[k];

			cl_model_record(j.model, event, event->size_bytes);
		}
		cl_judging_settle(&j);
		assert_int_equal(cl_rules_verdict(j.rules, j.model), cases[i].verdict);
		cl_judging_end(&j);
	}
}

static void memory_has_a_limit(void **state)
{
	struct flight f = start(3600000 * MS, 64 << 10, 1);
	unsigned int i;
	struct judged j;

	for (i = 1; i < 80000; i++) {
		struct cl_ev_write w = a_write(i, ts += 100);
		const struct cl_ev_completion c = a_completion(i, ts += 100);
		const struct cl_ev_convert v = a_convert(i, ts += 100, i);
		const struct cl_ev_commit t = a_commit(ts += 100, i);

		w.submit_ns = ts - i * 7919 % 100000 - 1000;
		tell(&f, &w);
		tell(&f, &c);
		tell(&f, &v);
		tell(&f, &t);
		if (i % 1000 == 0)
			cl_keeper_settle(f.k);
	}
	/* Less a frame that is not full yet, and its memory is not that of frames. */
	assert_true(finish(&f) < 3 * (64 << 10));
	j = judge(&f, 0);
	assert_true(j.writes > 1000 && j.writes < 79999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_latest_is_kept),
		cmocka_unit_test(a_broken_promise_to_an_old_write_is_found_again),
		cmocka_unit_test(a_write_that_is_over_is_let_go),
		cmocka_unit_test(an_old_conversion_is_known_too),
		cmocka_unit_test(after_a_loss_it_begins_anew),
		cmocka_unit_test(it_saves_so_many_times_and_when_asked),
		cmocka_unit_test(what_was_before_the_beginning_is_not_known),
		cmocka_unit_test(memory_has_a_limit),
	};

	ts = 1000000000;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

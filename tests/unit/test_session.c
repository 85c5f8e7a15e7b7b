// SPDX-License-Identifier: GPL-2.0
/* The loop around a source and a command; the source is made up. */
#include <errno.h>
#include <signal.h>

#include "unit.h"
#include "kernel/hooks.h"
#include "session.h"

struct fake {
	struct cl_source src;
	int ahead, handed_over;	/* records to come after stop, and so far */
	int error;
	bool stopped;
};

static int fake_poll(struct cl_source *src, int timeout_ms, cl_record_fn fn, void *ctx)
{
	struct fake *f = container_of(src, struct fake, src);
	char record = 0;

	if (f->error)
		return f->error;
	if (!f->stopped)
		return usleep(1000 * (timeout_ms < 5 ? timeout_ms : 5)) ? -EINTR : 0;
	if (!f->ahead)
		return -ENODATA;
	f->ahead--;
	f->handed_over++;
	return fn(ctx, &record, 1) < 0 ? -EIO : 1;
}

static int fake_stop(struct cl_source *src)
{
	container_of(src, struct fake, src)->stopped = true;
	return 0;
}

static const struct cl_source_ops fake_ops = { .name = "fake", .poll = fake_poll,
					       .stop = fake_stop };

static int count_record(void *ctx, const void *record, size_t len)
{
	++*(int *)ctx;
	return 0;
}

static int run(struct fake *f, struct cl_session *s, char **command)
{
	static int records;

	*f = (struct fake){ .src.ops = &fake_ops, .ahead = 3, .error = f->error };
	records = 0;
	s->source = &f->src;
	s->record = count_record;
	s->record_ctx = &records;
	s->command = command;
	return cl_session_run(s);
}

static void what_is_left_after_the_command_is_read(void **state)
{
	struct cl_session s = {};
	struct fake f = {};

	assert_int_equal(run(&f, &s, (char *[]){ "true", NULL }), 0);
	assert_true(f.stopped);
	assert_int_equal(f.handed_over, 3);
	assert_true(s.status.ran);
	assert_int_equal(s.status.exit_status, 0);
}

static void a_failing_command_is_told_not_an_error(void **state)
{
	struct cl_session s = {};
	struct fake f = {};

	assert_int_equal(run(&f, &s, (char *[]){ "sh", "-c", "exit 7", NULL }), 0);
	assert_int_equal(s.status.exit_status, 7);
	assert_int_equal(s.status.signal, 0);
	assert_int_equal(run(&f, &s, (char *[]){ "sh", "-c", "kill -KILL $$", NULL }), 0);
	assert_int_equal(s.status.exit_status, -1);
	assert_int_equal(s.status.signal, SIGKILL);
}

static void a_command_that_is_not_there_is_an_error(void **state)
{
	struct cl_session s = {};
	struct fake f = {};

	assert_int_equal(run(&f, &s, (char *[]){ "/no/such/command", NULL }), -ENOENT);
	assert_int_equal(run(&f, &s, (char *[]){ "/dev/null", NULL }), -EACCES);
	assert_false(s.status.ran);
}

static void a_command_gets_its_signals_back(void **state)
{
	struct cl_session s = {};
	struct fake f = {};

	signal(SIGPIPE, SIG_IGN);
	/* Dies of SIGPIPE, as anywhere else, instead of a write error. */
	assert_int_equal(run(&f, &s, (char *[]){ "sh", "-c", "kill -PIPE $$", NULL }), 0);
	assert_int_equal(s.status.signal, SIGPIPE);
	signal(SIGPIPE, SIG_DFL);
}

static void time_ends_the_watching_and_the_command(void **state)
{
	struct cl_session s = { .duration_ns = 50000000 };
	struct fake f = {};
	uint64_t begin = cl_now_ns();

	assert_int_equal(run(&f, &s, NULL), 0);
	assert_int_equal(f.handed_over, 3);
	assert_int_equal(run(&f, &s, (char *[]){ "sleep", "60", NULL }), 0);
	assert_int_equal(s.status.signal, SIGTERM);
	assert_true(cl_now_ns() - begin < 10000000000ULL);
}

static void a_signal_ends_the_watching(void **state)
{
	struct cl_session s = {};
	struct fake f = {};
	pid_t self = getpid();
	char line[64];

	snprintf(line, sizeof(line), "sleep 0.1; kill -INT %d; exec sleep 60", self);
	assert_int_equal(run(&f, &s, (char *[]){ "sh", "-c", line, NULL }), 0);
	assert_true(s.status.ran);
	assert_int_equal(s.status.signal, SIGINT);
	assert_int_equal(f.handed_over, 3);
}

static bool always(void *ctx)
{
	return true;
}

static void lingering_has_a_limit(void **state)
{
	struct cl_session s = { .unfinished = always, .linger_ns = 100000000 };
	struct fake f = {};
	uint64_t begin = cl_now_ns();

	assert_int_equal(run(&f, &s, (char *[]){ "true", NULL }), 0);
	assert_true(cl_now_ns() - begin >= 100000000);
	assert_true(cl_now_ns() - begin < 10000000000ULL);
}

static void nobody_who_wants_to_know_ends_it(void **state)
{
	struct cl_session s = { .unwanted = always };
	struct fake f = {};

	assert_int_equal(run(&f, &s, NULL), 0);
}

static void a_failing_source_takes_the_command_with_it(void **state)
{
	struct cl_session s = {};
	struct fake f = { .error = -EIO };

	assert_int_equal(run(&f, &s, (char *[]){ "sleep", "60", NULL }), -EIO);
	assert_int_equal(s.status.signal, SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_after_the_command_is_read),
		cmocka_unit_test(a_failing_command_is_told_not_an_error),
		cmocka_unit_test(a_command_that_is_not_there_is_an_error),
		cmocka_unit_test(a_command_gets_its_signals_back),
		cmocka_unit_test(time_ends_the_watching_and_the_command),
		cmocka_unit_test(a_signal_ends_the_watching),
		cmocka_unit_test(lingering_has_a_limit),
		cmocka_unit_test(nobody_who_wants_to_know_ends_it),
		cmocka_unit_test(a_failing_source_takes_the_command_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

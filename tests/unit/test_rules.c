// SPDX-License-Identifier: GPL-2.0
/* Each rule by itself; what streams of facts come to is in tests/golden. */
#include <errno.h>

#include "unit.h"
#include "rules/rule.h"

static struct cl_inode inode = { .nr_fsyncs = 1 };
static struct cl_fsync fsync_before;	/* returned 0, committed tid 10 */
static struct cl_write good;		/* seen, converted in tid 10 */

static int setup(void **state)
{
	fsync_before = (struct cl_fsync){ .inode = &inode, .begin_seq = 10, .begin_ns = 1000,
					  .committed_tid = 10, .journal = CL_JOURNAL_FULL };
	good = (struct cl_write){ .inode = &inode, .visible_seq = 5, .visible_ns = 500,
				  .result = 4096, .converted_seq = 12, .converted_ns = 1200,
				  .has_tid = true, .tid = 10 };
	return 0;
}

static const struct cl_rule *const converted = &cl_rule_converted_before_fsync_returns;
static const struct cl_rule *const committed = &cl_rule_committed_before_fsync_returns;
static const struct cl_rule *const reported = &cl_rule_conversion_error_reaches_fsync;
static const struct cl_rule *const flushed = &cl_rule_flushed_before_fsync_returns;
static const struct cl_rule *const dsync = &cl_rule_dsync_durable_at_completion;

static enum cl_finding judge(const struct cl_rule *rule)
{
	const struct cl_judge j = { .f = &fsync_before, .w = &good };
	const char *why = NULL;
	enum cl_finding finding = rule->judge(&j, &why);

	if (finding == CL_UNSURE)
		assert_non_null(why);
	return finding;
}

static void make_pending(void)
{
	good.nr_gaps = 1;
	good.converted_seq = good.converted_ns = 0;
	good.has_tid = false;
}

static void a_kept_promise_holds(void **state)
{
	assert_int_equal(judge(converted), CL_HOLDS);
	assert_int_equal(judge(committed), CL_HOLDS);
}

static void a_pending_write_breaks_only_the_first_rule(void **state)
{
	make_pending();
	assert_int_equal(judge(converted), CL_BROKEN);
	assert_int_equal(judge(committed), CL_NO_CLAIM);
}

static void a_later_transaction_breaks_the_second_rule(void **state)
{
	good.tid = 11;
	assert_int_equal(judge(converted), CL_HOLDS);
	assert_int_equal(judge(committed), CL_BROKEN);
	good.committed_ns = 1300;
	assert_int_equal(judge(committed), CL_HOLDS);
}

static void transactions_wrap_around(void **state)
{
	good.tid = UINT32_MAX;
	fsync_before.committed_tid = 3;
	assert_int_equal(judge(committed), CL_HOLDS);
	good.tid = 4;
	fsync_before.committed_tid = UINT32_MAX;
	assert_int_equal(judge(committed), CL_BROKEN);
}

static void nothing_is_promised_without_a_completion_before(void **state)
{
	make_pending();
	good.visible_seq = 11;
	assert_int_equal(judge(converted), CL_NO_CLAIM);
	good.visible_seq = 5;
	good.visible_ns = 1000;
	assert_int_equal(judge(converted), CL_NO_CLAIM);
	good.visible_ns = 500;
	good.result = -5;
	assert_int_equal(judge(converted), CL_NO_CLAIM);
	good.result = 4096;
	fsync_before.ret = -5;
	assert_int_equal(judge(converted), CL_NO_CLAIM);
}

static void inferred_order_is_no_proof(void **state)
{
	make_pending();
	good.visible_inferred = true;
	assert_int_equal(judge(converted), CL_UNSURE);
	good.visible_inferred = false;
	fsync_before.inferred = true;
	assert_int_equal(judge(converted), CL_UNSURE);
	fsync_before.inferred = false;
	good.earlier_unsure = true;
	assert_int_equal(judge(converted), CL_UNSURE);
}

static void journals_differ(void **state)
{
	good.tid = 11;
	fsync_before.journal = CL_JOURNAL_FAST;
	assert_int_equal(judge(committed), CL_UNSURE);
	fsync_before.journal = CL_JOURNAL_NONE;
	assert_int_equal(judge(committed), CL_NO_CLAIM);
	fsync_before.journal = CL_JOURNAL_FULL;
	good.has_tid = false;
	assert_int_equal(judge(committed), CL_UNSURE);
}

static void a_failed_conversion_is_told_by_the_fsync_that_met_it(void **state)
{
	assert_int_equal(judge(reported), CL_NO_CLAIM);
	good.convert_error = -5;
	good.state = CL_WRITE_FAILED;
	good.why = CL_WHY_FSYNC;
	assert_int_equal(judge(converted), CL_NO_CLAIM);
	assert_int_equal(judge(committed), CL_NO_CLAIM);
	assert_int_equal(judge(reported), CL_BROKEN);
	fsync_before.ret = -5;
	assert_int_equal(judge(reported), CL_HOLDS);
	fsync_before.ret = 0;
	good.result = -5;
	assert_int_equal(judge(reported), CL_NO_CLAIM);
	good.result = 4096;
	good.visible_seq = 11;
	assert_int_equal(judge(reported), CL_NO_CLAIM);
}

static void somebody_else_may_have_told_the_error(void **state)
{
	good.convert_error = -5;
	good.state = CL_WRITE_FAILED;
	good.why = CL_WHY_FSYNC;
	good.converted_seq = 9;
	assert_int_equal(judge(reported), CL_UNSURE);
	good.converted_seq = 12;
	inode.nr_fsyncs = 2;
	assert_int_equal(judge(reported), CL_UNSURE);
	inode.nr_fsyncs = 1;
	good.state = CL_WRITE_DURABLE;
	assert_int_equal(judge(reported), CL_UNSURE);
	good.state = CL_WRITE_FAILED;
	good.why = CL_WHY_WORK;
	assert_int_equal(judge(reported), CL_UNSURE);
	good.why = CL_WHY_FSYNC;
	good.visible_inferred = true;
	assert_int_equal(judge(reported), CL_UNSURE);
}

static void a_dsync_write_is_durable_when_it_is_complete(void **state)
{
	struct cl_dev dev = { .journal_known = true, .journal = CL_JOURNAL_FULL };
	struct cl_judge j = { .w = &good };
	const char *why = NULL;

	inode.dev = &dev;
	inode.nr_fsyncs = 0;
	assert_int_equal(dsync->judge(&j, &why), CL_NO_CLAIM);
	good.dsync = good.all_hooked = true;
	assert_int_equal(dsync->judge(&j, &why), CL_BROKEN);
	good.all_hooked = false;
	assert_int_equal(dsync->judge(&j, &why), CL_NO_CLAIM);
	good.all_hooked = true;
	dev.journal = CL_JOURNAL_FAST;
	assert_int_equal(dsync->judge(&j, &why), CL_UNSURE);
	dev.journal = CL_JOURNAL_NONE;
	assert_int_equal(dsync->judge(&j, &why), CL_HOLDS);
	dev.journal = CL_JOURNAL_FULL;
	j.fsyncs_unseen = true;
	assert_int_equal(dsync->judge(&j, &why), CL_UNSURE);
	good.committed_ns = 1300;
	assert_int_equal(dsync->judge(&j, &why), CL_HOLDS);
	make_pending();
	assert_int_equal(dsync->judge(&j, &why), CL_BROKEN);
	j.conversion_inferred = true;
	assert_int_equal(dsync->judge(&j, &why), CL_UNSURE);
	j = (struct cl_judge){ .w = &good };
	good.result = -5;
	assert_int_equal(dsync->judge(&j, &why), CL_NO_CLAIM);
	good.result = 4096;
	good.nr_gaps = 0;
	good.convert_error = -5;
	good.state = CL_WRITE_FAILED;
	assert_int_equal(dsync->judge(&j, &why), CL_BROKEN);
	inode.nr_fsyncs = 1;
	assert_int_equal(dsync->judge(&j, &why), CL_UNSURE);
}

static void a_flush_begins_after_the_data(void **state)
{
	struct cl_dev dev = { .cache = CL_CACHE_VOLATILE };

	inode.dev = &dev;
	good.id = 20;
	assert_int_equal(judge(flushed), CL_BROKEN);
	dev.flush_id = 19;
	assert_int_equal(judge(flushed), CL_BROKEN);
	good.visible_inferred = true;
	assert_int_equal(judge(flushed), CL_UNSURE);
	good.visible_inferred = false;
	dev.cache = CL_CACHE_UNREADABLE;
	assert_int_equal(judge(flushed), CL_UNSURE);
	dev.cache = CL_CACHE_NONE;
	assert_int_equal(judge(flushed), CL_NO_CLAIM);
	dev.cache = CL_CACHE_VOLATILE;
	dev.flush_id = 21;
	assert_int_equal(judge(flushed), CL_HOLDS);
	fsync_before.ret = -5;
	assert_int_equal(judge(flushed), CL_NO_CLAIM);
}

static void a_dsync_write_is_not_left_in_the_cache(void **state)
{
	struct cl_dev dev = { .journal_known = true, .cache = CL_CACHE_VOLATILE };
	struct cl_judge j = { .w = &good, .flushes_seen = true };
	const char *why = NULL;

	inode.dev = &dev;
	good.dsync = good.all_hooked = true;
	good.committed_ns = 1300;
	good.id = 20;
	assert_int_equal(dsync->judge(&j, &why), CL_BROKEN);
	good.all_hooked = false;
	assert_int_equal(dsync->judge(&j, &why), CL_NO_CLAIM);
	good.all_hooked = true;
	j.flushes_seen = false;
	assert_int_equal(dsync->judge(&j, &why), CL_HOLDS);
	j.flushes_seen = true;
	dev.flush_id = 21;
	assert_int_equal(dsync->judge(&j, &why), CL_HOLDS);
}

static void a_read_is_of_what_was_complete_before(void **state)
{
	const struct cl_rule *reads = &cl_rule_read_sees_completed_write;
	struct cl_read read = { .id = 30 };
	struct cl_judge j = { .w = &good, .read = &read };
	const char *why = NULL;

	assert_int_equal(reads->judge(&j, &why), CL_HOLDS);
	make_pending();
	read.unwritten = true;
	assert_int_equal(reads->judge(&j, &why), CL_BROKEN);
	good.visible_inferred = true;
	assert_int_equal(reads->judge(&j, &why), CL_UNSURE);
	assert_non_null(why);
	/* It failed, or is to be told by fsync. */
	good.convert_error = -EIO;
	assert_int_equal(reads->judge(&j, &why), CL_NO_CLAIM);
	good.convert_error = 0;
	good.result = -EIO;
	assert_int_equal(reads->judge(&j, &why), CL_NO_CLAIM);
}

static void hooks_decide_what_can_be_decided(void **state)
{
	struct cl_hooks_report r = { .nr = 3, .hook = {
		{ .how = CL_HOW_FENTRY, .provides = CL_NEED_COMPLETION },
		{ .how = CL_HOW_KPROBE, .provides = CL_NEED_CONVERT, .inferred = true },
		{ .how = CL_HOW_ABSENT, .provides = CL_NEED_COMPLETION | CL_NEED_LISTED },
	} };

	assert_int_equal(cl_hooks_missing(&r, CL_NEED_COMPLETION | CL_NEED_CONVERT), 0);
	assert_int_equal(cl_hooks_missing(&r, CL_NEED_LISTED), 0);
	assert_int_equal(cl_hooks_missing(&r, CL_NEED_FSYNC), CL_NEED_FSYNC);
	assert_int_equal(cl_hooks_inferred(&r, ~0U), CL_NEED_CONVERT);
	/* One of several that completions need: without it some are not seen. */
	r.hook[2].how = CL_HOW_MISSING;
	assert_int_equal(cl_hooks_missing(&r, CL_NEED_COMPLETION), CL_NEED_COMPLETION);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(a_kept_promise_holds),
		T(a_pending_write_breaks_only_the_first_rule),
		T(a_later_transaction_breaks_the_second_rule),
		T(transactions_wrap_around),
		T(nothing_is_promised_without_a_completion_before),
		T(inferred_order_is_no_proof),
		T(journals_differ),
		T(a_failed_conversion_is_told_by_the_fsync_that_met_it),
		T(somebody_else_may_have_told_the_error),
		T(a_dsync_write_is_durable_when_it_is_complete),
		T(a_flush_begins_after_the_data),
		T(a_dsync_write_is_not_left_in_the_cache),
		T(a_read_is_of_what_was_complete_before),
		T(hooks_decide_what_can_be_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

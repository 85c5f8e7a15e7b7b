// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "unit.h"
#include "model/event_table.h"
#include "output/output.h"

static void every_kind_has_a_row(void **state)
{
	unsigned int kind;

	for (kind = CL_EV_NONE + 1; kind < CL_EV_KINDS; kind++) {
		const struct cl_event_info *info = cl_event_info(kind);

		if (!info)
			fail_msg("kind %u of event.h has no row in the event table", kind);
		assert_true(info->size_bytes >= sizeof(struct cl_event));
		assert_non_null(info->fields);
		assert_int_equal(cl_event_kind(info->name, strlen(info->name)), kind);
	}
	assert_null(cl_event_info(CL_EV_NONE));
	assert_null(cl_event_info(CL_EV_KINDS));
	assert_null(cl_event_info(UINT32_MAX));
	assert_int_equal(cl_event_kind("writ", 4), CL_EV_NONE);
	assert_int_equal(cl_event_kind("", 0), CL_EV_NONE);
}

/* Fields must lie in the record, or validation and print would read beyond it. */
static void fields_lie_in_their_records(void **state)
{
	unsigned int kind;

	for (kind = CL_EV_NONE + 1; kind < CL_EV_KINDS; kind++) {
		const struct cl_event_info *info = cl_event_info(kind);
		const struct cl_field *f;

		for (f = info->fields; f->name; f++) {
			assert_true(f->offset >= sizeof(struct cl_event));
			if (f->type == CL_FIELD_COMM)
				assert_true(f->offset + CL_COMM_LEN <= info->size_bytes);
			else if (f->type != CL_FIELD_PATH)
				assert_true(f->offset + sizeof(__u32) <= info->size_bytes);
			assert_true(f->type != CL_FIELD_ENUM || f->nr_names);
		}
	}
}

static union cl_any_event good_write(void)
{
	union cl_any_event any = {
		.write = {
			.e = { .size_bytes = sizeof(any.write), .kind = CL_EV_WRITE, .ts_ns = 1 },
			.write_id = 1,
			.size_bytes = 4096,
		},
	};

	return any;
}

static int check(const union cl_any_event *any)
{
	return cl_event_check(any, any->e.size_bytes);
}

static void sizes_are_checked(void **state)
{
	union cl_any_event any = good_write();
	size_t len;

	assert_int_equal(check(&any), 0);
	for (len = 0; len < sizeof(any.write); len++)
		assert_int_equal(cl_event_check(&any, len), -EINVAL);
	/* A later version may append fields. */
	any.e.size_bytes += 8;
	assert_int_equal(check(&any), 0);
	any.e.size_bytes = sizeof(any.write) - 1;
	assert_int_equal(cl_event_check(&any, sizeof(any.write)), -EINVAL);
	any.e.size_bytes = 0;
	assert_int_equal(cl_event_check(&any, sizeof(any.write)), -EINVAL);
}

#define REFUSED(statement)                               \
	do {                                             \
		union cl_any_event any = good_write();   \
		statement;                               \
		assert_int_equal(check(&any), -EINVAL);  \
	} while (0)

static void impossible_values_are_refused(void **state)
{
	REFUSED(any.e.kind = CL_EV_NONE);
	REFUSED(any.e.kind = CL_EV_KINDS);
	REFUSED(any.e.kind = 0xffff);
	REFUSED(any.e.flags = 8);
	REFUSED(any.e.ts_ns = 0);
	REFUSED(any.write.write_id = 0);
	REFUSED(any.write.offset_bytes = -1);
	REFUSED(any.write.size_bytes = 0);
	REFUSED(any.write.size_bytes = UINT64_MAX);
	REFUSED((any.write.offset_bytes = INT64_MAX, any.write.size_bytes = 1));
	REFUSED(any.write.sync = 2);
}

static void paths_end_within_their_record(void **state)
{
	union cl_any_event any = {
		.path.e = { .size_bytes = sizeof(any.path) + 3, .kind = CL_EV_PATH, .ts_ns = 1 },
		.path.len_bytes = 2,
	};

	memcpy(any.path.path, "/a", 3);
	assert_int_equal(check(&any), 0);
	any.path.len_bytes = 3;
	assert_int_equal(check(&any), -EINVAL);
	any.path.len_bytes = UINT32_MAX;
	assert_int_equal(check(&any), -EINVAL);
	any.path.len_bytes = 1;
	assert_int_equal(check(&any), -EINVAL);
}

static void errors_and_enums_are_checked(void **state)
{
	union cl_any_event any = {
		.fsync_end = {
			.e = { .size_bytes = sizeof(any.fsync_end), .kind = CL_EV_FSYNC_END,
			       .ts_ns = 1 },
			.fsync_id = 1,
			.ret = -5,
		},
	};

	assert_int_equal(check(&any), 0);
	any.fsync_end.ret = 1;
	assert_int_equal(check(&any), -EINVAL);
	any.fsync_end.ret = -4096;
	assert_int_equal(check(&any), -EINVAL);
	any.fsync_end.ret = 0;
	any.fsync_end.journal = CL_JOURNAL_FAST + 1;
	assert_int_equal(check(&any), -EINVAL);
}

/* Random bytes: whatever passes the check must print without reading astray. */
static void nonsense_does_no_harm(void **state)
{
	FILE *null = fopen("/dev/null", "w");
	struct cl_out *o = cl_out_new(null, "json");
	uint64_t x = 88172645463325252ULL;
	unsigned int passed = 0;
	int round;

	for (round = 0; round < 200000; round++) {
		union cl_any_event any = {};
		size_t i, len = round % 160;
		void *copy;

		for (i = 0; i < len; i++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			/* Mostly zeros, or nothing would ever pass. */
			any.bytes[i] = x % 4 ? 0 : x >> 32;
		}
		any.e.kind = round % (CL_EV_KINDS + 1);
		any.e.size_bytes = round % 7 ? len : len + 8;
		any.e.flags &= 7;
		/* On the heap and of exactly this length: ASan sees the first byte too far. */
		copy = malloc(len + !len);
		memcpy(copy, &any, len);
		if (!cl_event_check(copy, len)) {
			passed++;
			cl_out_row_begin(o, "event");
			cl_event_print(o, copy);
			cl_out_end(o);
		}
		free(copy);
	}
	assert_true(passed > 100);
	cl_out_free(o);
	fclose(null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_row),
		cmocka_unit_test(fields_lie_in_their_records),
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(impossible_values_are_refused),
		cmocka_unit_test(paths_end_within_their_record),
		cmocka_unit_test(errors_and_enums_are_checked),
		cmocka_unit_test(nonsense_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
